"""Compressed files: decoded once into a file of their own, with an eye on bombs and what is torn."""

from collections.abc import Iterator
import hashlib
import os
from typing import Any
import zlib

from sftspec.ground.report import Fault

MAX_DECODED = 64 * 1024**3
MAX_RATIO = 200
FREE = 16 * 1024 * 1024
_BLOCK = 1 << 20
_STEP = 1 << 10  # of zstd: decodes to 32 MiB at most


def unpack(descriptor: int, path: str, packing: str, out: Any, most: int | None = None) -> str:
    """Write a file's decoded bytes to `out`; the SHA-256 of its compressed ones.

    `most` stops after so many bytes. Raises Fault where the file is torn, where something stands
    behind its end, or where it grows out of all proportion.
    """
    decode = _gzip if packing == ".gz" else _zstd
    state = hashlib.sha256()
    read = written = 0

    def blocks() -> Iterator[bytes]:
        nonlocal read
        while block := os.pread(descriptor, _BLOCK, read):
            read += len(block)
            state.update(block)
            yield block

    try:
        for piece in decode(blocks()):
            written += len(piece)
            if written > MAX_DECODED or (written > FREE and written > MAX_RATIO * read):
                raise Fault(
                    "decompression-bomb", f"`{path}` grows more than {MAX_RATIO} times as it is decoded"
                    if written <= MAX_DECODED else f"`{path}` has more than {MAX_DECODED >> 30} GiB inside",
                    path=path, hint="if that is right, decompress it and name the plain file",
                )  # fmt: skip
            out.write(piece)
            if most is not None and written >= most:
                break
    except ValueError as error:
        raise Fault(
            "bad-compression", f"`{path}`: {error}", path=path,
            hint="compress it again; one file has one gzip member or zstd frame",
        ) from None  # fmt: skip
    out.flush()
    return state.hexdigest()


def _gzip(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """One member (RFC 1952), its checksum held against what came out."""
    state: Any = zlib.decompressobj(wbits=31)
    for block in blocks:
        data = block
        while data and not state.eof:
            try:
                piece = state.decompress(data, _BLOCK)
            except zlib.error as error:
                raise ValueError(_said(error)) from None
            yield piece
            data = state.unconsumed_tail
        if state.eof and (state.unused_data or data):
            raise ValueError("something stands behind the end of the compressed data")
    if not state.eof:
        raise ValueError("the compressed data break off")


def _said(error: Exception) -> str:
    text = str(error)
    if "header" in text:
        return "this is no gzip data"
    if "check" in text:
        return "the compressed data do not match their checksum"
    return "the compressed data are damaged"


def _zstd(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """One frame (RFC 8878)."""
    import zstandard

    state: Any = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    for block in blocks:
        if state.eof:
            raise ValueError("something stands behind the end of the compressed data")
        for at in range(0, len(block), _STEP):
            if state.eof:
                raise ValueError("something stands behind the end of the compressed data")
            try:
                yield state.decompress(block[at : at + _STEP])
            except zstandard.ZstdError as error:
                raise ValueError(f"the compressed data are damaged ({error})") from None
        if state.eof and state.unused_data:
            raise ValueError("something stands behind the end of the compressed data")
    if not state.eof:
        raise ValueError("the compressed data break off")
