"""What a build reads: the files of each source, their digests, and where they are cut in chunks.

A file is cut after a row where the row's own hash says so, so that a row inserted at the top
moves one chunk and not all. A stat record of a file that has been still for two seconds vouches
for its digest; `--rehash` reads it all the same.
"""

from collections.abc import Sequence
import hashlib
import mmap
import os
from pathlib import Path
import time
from typing import Any

import msgspec
from msgspec import Struct
import xxhash

from sftspec.engine.store import Store
from sftspec.ground.canon import canonical, digest
from sftspec.ground.report import Fault, did_you_mean, listing
from sftspec.plan.graph import Graph, SourcePart
from sftspec.ports.base import source_format
from sftspec.ports.files import expand, read_range, reading
from sftspec.stages.chunk import Chunk

DEFAULT_CHUNK = 16 * 1024 * 1024
MAX_HEAD = 1024 * 1024
STILL_NS = 2_000_000_000
_SCAN = 3


class SourceFile(Struct, frozen=True):
    """A file of a source: its digest, size, stat signature and chunks.

    The digest is over those of the file's chunks of the default size, whatever `--chunk-bytes`
    says, so that its bytes are hashed once for both.
    """

    path: str
    digest: str
    size: int
    sign: tuple[int, ...]
    chunks: tuple[Chunk, ...]


class _Record(Struct, frozen=True):
    scan: int
    chunk_bytes: int
    still: bool
    file: SourceFile


def read_inputs(
    graph: Graph, root: Path, store: Store, *, chunk_bytes: int, rehash: bool = False
) -> dict[str, tuple[SourceFile, ...]]:
    """The files of every source, sorted by path. Raises Fault where one cannot be read."""
    found: dict[str, tuple[SourceFile, ...]] = {}
    for name, patterns in graph.paths.items():
        part = graph.sources[name].source
        paths = files_of(name, patterns, root)
        try:
            found[name] = tuple(
                _file(part, path, root, store, chunk_bytes, rehash=rehash) for path in paths
            )
        except Fault as fault:
            raise Fault(
                fault.slug,
                f"source `{name}`: {fault.message}",
                path=fault.path,
                hint=fault.hint,
            ) from None
    return found


def files_of(name: str, patterns: Sequence[str], root: Path) -> list[str]:
    """The files of a source, sorted by path. Raises Fault where a pattern matches none."""
    paths: dict[str, None] = {}
    for pattern in patterns:
        matched = expand(root, pattern)
        if not matched:
            raise Fault(
                "source-not-found", f"source `{name}`: no file matches `{pattern}`",
                path=pattern, hint="paths are relative to the spec file that names them",
            )  # fmt: skip
        paths.update(dict.fromkeys(matched))
    for path in paths:
        if any("\ud800" <= char <= "\udfff" for char in path):
            raise Fault(
                "bad-file-name",
                f"source `{name}`: the name of `{path}` is not UTF-8",
                path=path,
            )
    return sorted(paths, key=lambda path: path.encode("utf-8", "surrogateescape"))


def _file(
    part: SourcePart, path: str, root: Path, store: Store, chunk_bytes: int, *, rehash: bool
) -> SourceFile:
    place = hashlib.sha256(
        f"{part.format}\0{path}".encode("utf-8", "surrogateescape")
    ).hexdigest()
    with reading(root, path) as descriptor:
        sign = signature(descriptor)
        known = None if rehash else _known(store.record("stat", place), sign, chunk_bytes)
        if known is not None:
            _check_head(part, known, descriptor)
            return known
        still = time.time_ns() - max(sign[3], sign[4]) > STILL_NS
        file = _scan(part, path, descriptor, chunk_bytes, sign)
        if signature(descriptor) != sign:
            raise source_changed(path)
        _check_head(part, file, descriptor)
    store.note("stat", place, _Record(_SCAN, chunk_bytes, still, file))
    return file


def _check_head(part: SourcePart, file: SourceFile, descriptor: int) -> None:
    """Raises Fault where a file's own list of columns lacks one that the source's fields need."""
    length = file.chunks[0].head if file.chunks else file.size
    if length > MAX_HEAD:
        raise Fault(
            "bad-head", f"the first line of `{file.path}` has more than {MAX_HEAD >> 20} MiB",
            path=file.path, hint="is a quoted cell in it never closed?",
        )  # fmt: skip
    try:
        columns = source_format(part.format).columns(read_range(descriptor, 0, length))
    except ValueError as error:
        raise Fault(
            "bad-head", f"the first line of `{file.path}`: {error}", path=file.path
        ) from None
    if columns is None or not file.size:
        return
    for field in part.fields:
        name, count = field.column, columns.count(field.column)
        if count == 1 or field.of_file or (field.optional and not count):
            continue
        if count:
            raise Fault(
                "duplicate-column",
                f"`{file.path}` has {count} columns `{name}`",
                path=file.path,
            )
        raise Fault(
            "missing-column", f"`{file.path}` has no column `{name}`", path=file.path,
            hint=did_you_mean(name, columns) or f"it has {listing(columns, 20) or 'none'}",
        )  # fmt: skip


def source_changed(path: str) -> Fault:
    """The fault that a file was written while it was read."""
    return Fault(
        "source-changed", f"`{path}` changed while it was read", path=path,
        hint="build again once nothing writes to it",
    )  # fmt: skip


def signature(descriptor: int) -> tuple[int, ...]:
    """What tells that a file is the same: device, inode, size, mtime, ctime."""
    found = os.fstat(descriptor)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _known(record: Any, sign: tuple[int, ...], chunk_bytes: int) -> SourceFile | None:
    try:
        found = msgspec.convert(record, _Record)
    except msgspec.MsgspecError:
        return None
    same = found.scan == _SCAN and found.chunk_bytes == chunk_bytes and found.file.sign == sign
    return found.file if same and found.still else None


def _scan(
    part: SourcePart, path: str, descriptor: int, chunk_bytes: int, sign: tuple[int, ...]
) -> SourceFile:
    size = sign[2]
    if size == 0:
        return SourceFile(path, digest("source", canonical([])), 0, sign, ())
    with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as data:
        shape = source_format(part.format)
        head = shape.head_end(data, size)
        edges = cut(data, shape.row_ends(data, head, size), head, chunk_bytes)
        digests = _digests(data, head, edges)
        whole = digests
        if chunk_bytes != DEFAULT_CHUNK:
            plain = cut(data, shape.row_ends(data, head, size), head, DEFAULT_CHUNK)
            whole = _digests(data, head, plain)
        chunks = []
        line = 1 + data[:head].count(b"\n")
        for (start, end), one in zip(edges, digests, strict=True):
            chunks.append(Chunk(path, start, end - start, line, one, head))
            line += data[start:end].count(b"\n")
    return SourceFile(path, digest("source", canonical(whole)), size, sign, tuple(chunks))


def _digests(data: Any, head: int, edges: Sequence[tuple[int, int]]) -> list[str]:
    found = []
    for start, end in edges:
        with memoryview(data)[start:end] as piece:
            found.append(chunk_digest(data[:head], piece))
    return found


def chunk_digest(head: Any, data: Any) -> str:
    """What a chunk's results depend on: its file's head, then its own bytes."""
    state = hashlib.sha256(head)
    state.update(data)
    return state.hexdigest()


def cut(data: Any, ends: Any, start: int, target: int) -> list[tuple[int, int]]:
    """Start and end of each chunk.

    A chunk ends after a row when it holds a quarter of the target and the row's xxh3_64 falls
    below a bound in proportion to the row's length, or when it holds four times the target: on
    average a chunk has the target's size, whatever the rows' sizes (content-defined chunking).
    """
    least, most = target // 4, target * 4
    room = max(target - least, 1)
    found: list[tuple[int, int]] = []
    begin = row = start
    for end in ends:
        length = end - begin
        if length >= most or (
            length >= least
            and xxhash.xxh3_64_intdigest(data[row:end]) * room < (end - row) << 64
        ):
            found.append((begin, end))
            begin = end
        row = end
    if row > begin:
        found.append((begin, row))
    return found
