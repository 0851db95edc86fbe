"""Compressed files: decoded whole or refused; what is torn, doubled or a bomb says so."""

import gzip
import hashlib
import io
import json
import os
import zlib

from hypothesis import given, settings, strategies as st
import pytest
import zstandard

from sftspec.ground.report import Fault
from sftspec.ports import packed
from sftspec.ports.packed import unpack

steady = settings(deadline=None, derandomize=True, max_examples=100)
TORN = "the compressed data break off"
MORE = "something stands behind the end of the compressed data"
DAMAGED = "the compressed data are damaged"


def gz(data, level=6):
    return gzip.compress(data, level, mtime=0)


def zst(data, level=3, **how):
    return zstandard.ZstdCompressor(level=level, **how).compress(data)


PACK = {".gz": gz, ".zst": zst}
LINES = b"".join(b'{"id":"%d","text":"row %d"}\n' % (n, n * n) for n in range(2_000))


def opened(tmp_path, data, packing, most=None):
    """The decoded bytes, and the digest of the compressed ones."""
    path = tmp_path / f"rows.jsonl{packing}"
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    out = io.BytesIO()
    try:
        found = unpack(descriptor, path.name, packing, out, most)
    finally:
        os.close(descriptor)
    return out.getvalue(), found


def refused(tmp_path, data, packing):
    with pytest.raises(Fault) as caught:
        opened(tmp_path, data, packing)
    assert f"rows.jsonl{packing}" == caught.value.path
    assert caught.value.hint
    return caught.value.slug, caught.value.message.partition(": ")[2]


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("data", [b"", b"x", LINES, os.urandom(3 << 20)], ids=len)
def test_a_sound_file_is_decoded_and_its_own_bytes_are_hashed(tmp_path, packing, data):
    whole = PACK[packing](data)
    assert (data, hashlib.sha256(whole).hexdigest()) == opened(tmp_path, whole, packing)


@pytest.mark.parametrize("how", [{"write_content_size": False}, {"write_checksum": True}])
def test_a_frame_says_its_size_and_checksum_or_not(tmp_path, how):
    assert LINES == opened(tmp_path, zst(LINES, **how), ".zst")[0]


@pytest.mark.parametrize("packing", PACK)
def test_wherever_it_breaks_off_it_is_refused(tmp_path, packing):
    whole = PACK[packing](LINES)
    for end in {
        0,
        1,
        5,
        10,
        18,
        len(whole) // 2,
        len(whole) - 9,
        len(whole) - 8,
        len(whole) - 1,
    }:
        assert ("bad-compression", TORN) == refused(tmp_path, whole[:end], packing), end


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("size", [10, 3 << 20])
@pytest.mark.parametrize(
    "behind", [b"\0", b"\0" * 4096, b"x", None], ids=["a NUL", "NULs", "a letter", "a second"]
)
def test_what_stands_behind_the_end_is_refused(tmp_path, packing, size, behind):
    whole = PACK[packing](os.urandom(size))
    more = PACK[packing](b"more") if behind is None else behind
    assert ("bad-compression", MORE) == refused(tmp_path, whole + more, packing)


@pytest.mark.parametrize("packing", PACK)
def test_what_stands_behind_a_block_that_ends_with_the_file_is_refused(
    tmp_path, packing, monkeypatch
):
    whole = PACK[packing](b"some words")
    monkeypatch.setattr(packed, "_BLOCK", len(whole))
    assert b"some words" == opened(tmp_path, whole, packing)[0]
    assert ("bad-compression", MORE) == refused(tmp_path, whole + b"x", packing)


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("data", [b"plain text\n" * 9, b"PK\x03\x04" + bytes(60), LINES])
def test_other_data_under_the_name_is_refused(tmp_path, packing, data):
    slug, why = refused(tmp_path, data, packing)
    assert "bad-compression" == slug
    assert why == "this is no gzip data" if packing == ".gz" else why.startswith(DAMAGED)


@pytest.mark.parametrize("packing", PACK)
def test_a_flipped_bit_is_refused(tmp_path, packing):
    whole = bytearray(zst(LINES, write_checksum=True) if packing == ".zst" else gz(LINES))
    for at in range(len(whole) // 3, len(whole), 97):
        whole[at] ^= 4
        assert "bad-compression" == refused(tmp_path, bytes(whole), packing)[0], at
        whole[at] ^= 4


def test_a_wrong_checksum_is_told_from_damage(tmp_path):
    whole = bytearray(gz(LINES))
    whole[-6] ^= 1
    assert (
        "the compressed data do not match their checksum"
        == refused(tmp_path, bytes(whole), ".gz")[1]
    )


def test_a_zlib_stream_is_no_gzip_file(tmp_path):
    assert ("bad-compression", "this is no gzip data") == refused(
        tmp_path, zlib.compress(LINES), ".gz"
    )


@pytest.mark.parametrize("packing", PACK)
def test_a_file_that_grows_two_hundredfold_is_a_bomb(tmp_path, packing):
    bomb = PACK[packing](bytes(64 << 20), 9)
    assert len(bomb) < 100_000
    slug, _ = refused(tmp_path, bomb, packing)
    assert "decompression-bomb" == slug


@pytest.mark.parametrize("packing", PACK)
def test_a_bomb_costs_no_memory(packing):
    """A sea of zeros comes in pieces of a few mebibytes."""
    bomb = PACK[packing](bytes(256 << 20), 1)
    decode = packed._gzip if packing == ".gz" else packed._zstd
    blocks = (bomb[at : at + (1 << 20)] for at in range(0, len(bomb), 1 << 20))
    sizes = [len(piece) for piece in decode(blocks)]
    assert 256 << 20 == sum(sizes)
    assert max(sizes) <= 32 << 20


@pytest.mark.parametrize("packing", PACK)
def test_small_files_may_grow_as_they_like_and_large_ones_have_an_end(
    tmp_path, packing, monkeypatch
):
    assert bytes(15 << 20) == opened(tmp_path, PACK[packing](bytes(15 << 20)), packing)[0]
    monkeypatch.setattr(packed, "MAX_DECODED", 1 << 20)
    assert (
        "decompression-bomb"
        == refused(tmp_path, PACK[packing](os.urandom(2 << 20)), packing)[0]
    )


def test_a_frame_with_a_window_of_gibibytes_is_refused(tmp_path):
    how = zstandard.ZstdCompressionParameters(window_log=30, compression_level=1)
    whole = (
        zstandard.ZstdCompressor(compression_params=how).stream_reader(io.BytesIO(LINES)).read()
    )
    slug, why = refused(tmp_path, whole, ".zst")
    assert ("bad-compression", True) == (slug, why.startswith(DAMAGED))


@pytest.mark.parametrize("packing", PACK)
def test_as_much_is_decoded_as_is_asked_for(tmp_path, packing):
    whole = PACK[packing](os.urandom(5 << 20))
    assert 1 << 20 <= len(opened(tmp_path, whole, packing, most=1 << 20)[0]) < 5 << 20


@steady
@given(
    st.binary(max_size=300),
    st.sampled_from(sorted(PACK)),
    st.binary(min_size=1, max_size=20),
    st.data(),
)
def test_any_damage_is_a_fault_or_leaves_the_data_as_they_were(
    tmp_path_factory, data, packing, junk, draw
):
    whole = bytearray(PACK[packing](data))
    at = draw.draw(st.integers(0, len(whole) - 1))
    whole[at : at + len(junk)] = junk
    said = ""
    try:
        assert data == opened(tmp_path_factory.getbasetemp(), bytes(whole), packing)[0]
    except Fault as fault:
        said = f"{fault.slug} {fault.message}"
    except AssertionError:
        assert packing == ".zst"  # a frame without a checksum cannot tell
    assert said.isprintable()
    assert said.startswith("bad-compression ") or not said


def test_json_lines_of_the_shelf_are_the_same_packed_or_not(tmp_path):
    for packing, pack in PACK.items():
        lines = opened(tmp_path, pack(LINES), packing)[0].splitlines()
        assert [n * n for n in range(2_000)] == [
            int(json.loads(one)["text"][4:]) for one in lines
        ]
