"""Packs for NeMo: what its reader cuts out of them is each sample's inputs, targets and mask."""

from pathlib import Path
import runpy
from types import SimpleNamespace

from hypothesis import given
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from sftspec.ports.emitters import nemo

made = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("made_samples.py"))))


def file_of(packs):
    return pa.BufferReader(nemo.files(made.samples_of(packs))["idx.parquet"])


def fed(row):
    """What the reader feeds, sample by sample: a token and the one to predict, where it counts."""
    ends = [*row["seq_start_id"][1:], len(row["input_ids"])]
    found = []
    for start, end in zip(row["seq_start_id"], ends, strict=True):
        inputs, targets = row["input_ids"][start : end - 1], row["input_ids"][start + 1 : end]
        mask = row["loss_mask"][start : end - 1]
        found.append(list(zip(inputs, targets, mask, strict=True)))
    return found


def test_the_columns_are_these():
    ints, bytes_ = pa.list_(pa.int32()), pa.list_(pa.int8())
    want = pa.schema([("input_ids", ints), ("loss_mask", bytes_), ("seq_start_id", ints)])
    assert want == pq.read_schema(file_of(made.TWO))


def test_a_row_is_a_pack_whose_mask_stands_where_the_token_is_predicted():
    want = {
        "input_ids": [[11, 12, 13, 21, 22], [31]],
        "loss_mask": [[1, 1, 0, 0, 0], [0]],
        "seq_start_id": [[0, 3], [0]],
    }
    assert want == pq.read_table(file_of(made.TWO)).to_pydict()


@made.steady
@given(made.PACKS)
def test_the_reader_trains_the_very_tokens(packs):
    rows = pq.read_table(file_of(packs)).to_pylist()
    want = [
        [
            [
                (number, target, int(label != -100))
                for number, target, label in zip(
                    made.ids_of(one)[:-1],
                    made.ids_of(one)[1:],
                    made.labels_of(one)[1:],
                    strict=True,
                )
            ]
            for one in pack
        ]
        for pack in packs
    ]
    assert want == [fed(row) for row in rows]


@made.steady
@given(made.PACKS)
def test_each_row_keeps_what_the_reader_relies_on(packs):
    for row in pq.read_table(file_of(packs)).to_pylist():
        assert len(row["input_ids"]) == len(row["loss_mask"])
        starts = row["seq_start_id"]
        assert (0, sorted(set(starts))) == (starts[0], starts)
        ends = [*starts[1:], len(row["input_ids"])]
        assert {0} == {row["loss_mask"][end - 1] for end in ends}
        assert set(row["loss_mask"]) <= {0, 1}


def test_a_group_has_500_rows():
    found = pq.ParquetFile(file_of([[[(1, False)]]] * 501)).metadata
    assert [500, 1] == [found.row_group(at).num_rows for at in range(found.num_row_groups)]


def test_equal_samples_give_equal_bytes():
    one, two = (nemo.files(made.samples_of(made.TWO))["idx.parquet"] for _ in range(2))
    assert one.equals(two)


def test_the_metadata_are_a_list_of_one():
    found = nemo.papers(made.REPORT)
    assert ["metadata.json"] == list(found)
    want = {
        "dataset_max_seqlen": 599,
        "max_samples_per_bin": 3,
        "min_packed_seqlen": 700,
        "pack_size": 1_024,
        "packing_efficiency": 87.67,
        "packing_factor": 2.25,
    }
    assert [want] == msgspec.json.decode(found["metadata.json"])


def test_a_part_without_packs_has_no_metadata():
    empty = msgspec.structs.replace(made.REPORT, packs=0, samples=0, tokens=0)
    assert {} == nemo.papers(empty)
