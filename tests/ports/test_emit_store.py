"""Packs to map into memory, read with `struct` and `numpy.frombuffer` alone."""

from itertools import pairwise
from pathlib import Path
import runpy
import struct
from types import SimpleNamespace

from hypothesis import given
import numpy as np

from sftspec.ports.emitters import store

made = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("made_samples.py"))))


def files_of(packs):
    return {name: bytes(data) for name, data in store.files(made.samples_of(packs)).items()}


def read(files, name):
    """Each document's sequences, as the index says."""
    index, data = files[f"{name}.idx"], files[f"{name}.bin"]
    magic, version, code, count, documents = struct.unpack_from("<9sQBQQ", index)
    assert (b"MMIDIDX\0\0", 1, 4) == (magic, version, code)
    assert len(index) == 34 + 12 * count + 8 * documents
    lengths = np.frombuffer(index, "<i4", count, 34)
    places = np.frombuffer(index, "<i8", count, 34 + 4 * count)
    bounds = np.frombuffer(index, "<i8", documents, 34 + 12 * count)
    assert len(data) == 4 * lengths.sum()
    found = [
        np.frombuffer(data, "<i4", length, place).tolist()
        for length, place in zip(lengths.tolist(), places.tolist(), strict=True)
    ]
    assert bounds[0] == 0
    return [found[start:end] for start, end in pairwise(bounds.tolist())]


def test_a_pack_is_a_document_and_a_sample_a_sequence():
    files = files_of(made.TWO)
    assert ["tokens.bin", "tokens.idx", "labels.bin", "labels.idx"] == list(files)
    assert [[[11, 12, 13], [21, 22]], [[31]]] == read(files, "tokens")
    assert [[[-100, 12, 13], [-100, -100]], [[-100]]] == read(files, "labels")


@made.steady
@given(made.PACKS)
def test_packs_come_back_sample_by_sample(packs):
    files = files_of(packs)
    assert [[made.ids_of(one) for one in pack] for pack in packs] == read(files, "tokens")
    assert [[made.labels_of(one) for one in pack] for pack in packs] == read(files, "labels")


def test_both_pairs_have_one_index():
    files = files_of(made.TWO)
    assert files["tokens.idx"] == files["labels.idx"]


def test_the_bytes_are_these():
    want = (
        "4d4d49444944580000" "0100000000000000" "04" "0100000000000000" "0200000000000000"
        "02000000" "0000000000000000" "00000000000000000100000000000000"
    )  # fmt: skip
    files = files_of([[[(7, False), (258, True)]]])
    assert want == files["tokens.idx"].hex()
    assert "0700000002010000" == files["tokens.bin"].hex()
    assert "9cffffff02010000" == files["labels.bin"].hex()
