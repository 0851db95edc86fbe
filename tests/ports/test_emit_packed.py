"""Packs in Parquet: samples come back by their lengths, with nothing between them and no mask."""

from pathlib import Path
import runpy
from types import SimpleNamespace

from hypothesis import given
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sftspec.ports.emitters import packed
from sftspec.ports.samples import Report

made = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("made_samples.py"))))


def file_of(packs):
    return pa.BufferReader(packed.files(made.samples_of(packs))["parquet"])


def split(row):
    """The samples of a row, as pairs of ids and labels."""
    at, found = 0, []
    for length in row["seq_lengths"]:
        found.append((row["input_ids"][at : at + length], row["labels"][at : at + length]))
        at += length
    return found


def test_the_columns_are_these():
    names = ["input_ids", "labels", "position_ids", "seq_lengths"]
    want = pa.schema([(name, pa.list_(pa.int32())) for name in names])
    assert want == pq.read_schema(file_of(made.TWO))


def test_a_row_is_a_pack():
    want = {
        "input_ids": [[11, 12, 13, 21, 22], [31]],
        "labels": [[-100, 12, 13, -100, -100], [-100]],
        "position_ids": [[0, 1, 2, 0, 1], [0]],
        "seq_lengths": [[3, 2], [1]],
    }
    assert want == pq.read_table(file_of(made.TWO)).to_pydict()


@made.steady
@given(made.PACKS)
def test_packs_come_back_sample_by_sample(packs):
    rows = pq.read_table(file_of(packs)).to_pylist()
    want = [[(made.ids_of(one), made.labels_of(one)) for one in pack] for pack in packs]
    assert want == [split(row) for row in rows]


@made.steady
@given(made.PACKS)
def test_each_row_keeps_what_readers_rely_on(packs):
    for row in pq.read_table(file_of(packs)).to_pylist():
        sizes = {len(row["input_ids"]), len(row["labels"]), sum(row["seq_lengths"])}
        assert {len(row["position_ids"])} == sizes
        pairs = zip(row["input_ids"], row["labels"], strict=True)
        assert all(label in {-100, number} for number, label in pairs)
        assert [n for size in row["seq_lengths"] for n in range(size)] == row["position_ids"]
        firsts = np.flatnonzero(np.array(row["position_ids"]) == 0)
        assert {-100} == {row["labels"][first] for first in firsts}
        assert min(row["seq_lengths"]) > 0


def test_a_group_has_64_rows():
    found = pq.ParquetFile(file_of([[[(1, False)]]] * 130)).metadata
    assert [64, 64, 2] == [found.row_group(at).num_rows for at in range(found.num_row_groups)]


def test_equal_samples_give_equal_bytes():
    one, two = (packed.files(made.samples_of(made.TWO))["parquet"] for _ in range(2))
    assert one.equals(two)


def test_the_paper_is_the_report():
    found = packed.papers(made.REPORT)
    assert ["packing.json"] == list(found)
    assert made.REPORT == msgspec.json.decode(found["packing.json"], type=Report)
    assert found["packing.json"].endswith(b"}\n")


def test_a_file_of_too_many_tokens_is_refused():
    ids = np.broadcast_to(np.int32(1), 2**31)
    with pytest.raises(ValueError, match="at most 2147483647 tokens"):
        packed.lists(ids, np.array([0, 2**31]))
