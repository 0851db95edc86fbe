"""Samples in Parquet, one a row: what is read back is what was put in."""

from pathlib import Path
import runpy
from types import SimpleNamespace

from hypothesis import given
import pyarrow as pa
import pyarrow.parquet as pq

from sftspec.ports.emitters import tokens

made = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("made_samples.py"))))


def read(packs):
    return pq.read_table(pa.BufferReader(tokens.files(made.samples_of(packs))["parquet"]))


def test_the_columns_are_these():
    ints, bytes_ = pa.list_(pa.int32()), pa.list_(pa.int8())
    want = pa.schema([("input_ids", ints), ("attention_mask", bytes_), ("labels", ints)])
    assert want == read(made.TWO).schema
    assert ["parquet"] == list(tokens.files(made.samples_of(made.TWO)))


def test_a_row_is_a_sample():
    want = {
        "input_ids": [[11, 12, 13], [21, 22], [31]],
        "attention_mask": [[1, 1, 1], [1, 1], [1]],
        "labels": [[-100, 12, 13], [-100, -100], [-100]],
    }
    assert want == read(made.TWO).to_pydict()


@made.steady
@given(made.PACKS)
def test_samples_come_back_in_order(packs):
    flat, rows = [sample for pack in packs for sample in pack], read(packs).to_pylist()
    assert [made.ids_of(sample) for sample in flat] == [row["input_ids"] for row in rows]
    assert [made.labels_of(sample) for sample in flat] == [row["labels"] for row in rows]
    assert [[1] * len(sample) for sample in flat] == [row["attention_mask"] for row in rows]


def test_equal_samples_give_equal_bytes():
    one, two = (tokens.files(made.samples_of(made.TWO))["parquet"] for _ in range(2))
    assert one.equals(two)
    assert len({len(one), len(two)}) == 1
