"""What a build reads: the files of each source, their digests, and where they are cut in chunks.

A file is cut after a row where the row's own hash says so, so that a row inserted at the top
moves one chunk and not all. The bytes of a chunk are hashed by the task that parses them, so that
what was hashed is what was read. A stat record of a file that has been still for two seconds
vouches for its digests; `--rehash` reads it all the same.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
import hashlib
import mmap
import os
from pathlib import Path
import time
from typing import Any

import msgspec
from msgspec import Struct, structs
import xxhash

from sftspec.engine.store import Store
from sftspec.ground.canon import canonical, digest, raw_digest
from sftspec.ground.report import Fault, did_you_mean, listing
from sftspec.plan.graph import Graph
from sftspec.plan.parts import SourcePart
from sftspec.ports.base import format_of, is_table, packing, source_format
from sftspec.ports.files import expand, read_range, reading
from sftspec.ports.hub import hub_files
from sftspec.ports.packed import unpack
from sftspec.stages.chunk import Chunk

DEFAULT_CHUNK = 16 * 1024 * 1024
MAX_HEAD = 1024 * 1024
STILL_NS = 2_000_000_000
_SCAN = 4
_WINDOW = 64 * 1024 * 1024


class SourceFile(Struct, frozen=True):
    """A file of a source: its digest, size, stat signature and chunks.

    The digest is over those of the file's chunks of the default size, whatever `--chunk-bytes`
    says; it is empty until the tasks have hashed the chunks. `still`: whether a stat record may
    vouch for the file from now on.
    """

    path: str
    digest: str
    size: int
    sign: tuple[int, ...]
    chunks: tuple[Chunk, ...]
    still: bool = False


class _Record(Struct, frozen=True):
    scan: int
    chunk_bytes: int
    file: SourceFile


class Reading(Struct, frozen=True):
    """How sources are read: where, in chunks of which size, and whether stat may vouch.

    `hashed`: every file is hashed at once, which is otherwise left to the tasks.
    """

    root: Path
    store: Store
    chunk_bytes: int = DEFAULT_CHUNK
    rehash: bool = False
    hashed: bool = False


def read_inputs(graph: Graph, how: Reading) -> dict[str, tuple[SourceFile, ...]]:
    """The files of every source, sorted by path. Raises Fault where one cannot be read.

    A source that others look up is hashed here; of the others the tasks hash what they read.
    """
    found: dict[str, tuple[SourceFile, ...]] = {}
    for name, patterns in graph.paths.items():
        part = graph.sources[name].source
        paths = files_of(part, patterns, how.root)
        try:
            found[name] = tuple(
                _file(part, path, how, hashed=how.hashed or name in graph.lookups)
                for path in paths
            )
        except Fault as fault:
            raise Fault(
                fault.slug,
                f"source `{name}`: {fault.message}",
                path=fault.path,
                hint=fault.hint,
            ) from None
    return found


def files_of(part: SourcePart, patterns: Sequence[str], root: Path) -> list[str]:
    """The files of a source, sorted by path. Raises Fault where a pattern matches none."""
    paths: dict[str, None] = {}
    for pattern in patterns:
        if part.format == "hf":
            matched = hub_files(root, pattern, part.split)
        else:
            matched = expand(root, pattern)
        if not matched:
            raise Fault(
                "source-not-found", f"source `{part.name}`: no file matches `{pattern}`",
                path=pattern, hint="paths are relative to the spec file that names them",
            )  # fmt: skip
        paths.update(dict.fromkeys(matched))
    for path in paths:
        if any("\ud800" <= char <= "\udfff" for char in path):
            raise Fault(
                "bad-file-name",
                f"source `{part.name}`: the name of `{path}` is not UTF-8",
                path=path,
            )
    return sorted(paths, key=lambda path: path.encode("utf-8", "surrogateescape"))


def _place(part: SourcePart, path: str) -> str:
    """The name of a file's stat record."""
    words = f"{part.format}\0{path}".encode("utf-8", "surrogateescape")
    return hashlib.sha256(words).hexdigest()


def _file(part: SourcePart, path: str, how: Reading, *, hashed: bool) -> SourceFile:
    with reading(how.root, path) as descriptor:
        sign = signature(descriptor)
        known = None if how.rehash else _known(part, path, sign, how)
        if known is not None:
            _check_known(part, known, descriptor, how.store)
            return known
        still = time.time_ns() - max(sign[3], sign[4]) > STILL_NS
        if packing(path):
            file = _spooled(part, path, descriptor, how, sign)
        else:
            file = _scan(part, path, descriptor, how, sign, hashed=hashed)
            _check_head(part, file, descriptor)
        if signature(descriptor) != sign:
            raise source_changed(path)
    file = structs.replace(file, still=still)
    if file.digest:
        note_file(part, file, how)
    return file


def note_file(part: SourcePart, file: SourceFile, how: Reading) -> None:
    """Keep what is known of a file under its stat."""
    how.store.note("stat", _place(part, file.path), _Record(_SCAN, how.chunk_bytes, file))


def settled(file: SourceFile, digests: Sequence[str]) -> SourceFile:
    """The file with its chunks' digests, as the tasks found them."""
    chunks = tuple(
        structs.replace(chunk, sha256=one)
        for chunk, one in zip(file.chunks, digests, strict=True)
    )
    whole = file.digest or digest("source", canonical([chunk.sha256 for chunk in chunks]))
    return structs.replace(file, chunks=chunks, digest=whole)


def _check_known(part: SourcePart, file: SourceFile, descriptor: int, store: Store) -> None:
    """As `_check_head`, of a file that need not be read again."""
    if not packing(file.path):
        _check_head(part, file, descriptor)
    elif file.chunks:
        head = store.buffer(file.chunks[0].spool, "head").to_pybytes()
        shape = source_format(format_of(part.format, file.path))
        _check_columns(part, file.path, shape.columns(head))


def _check_head(part: SourcePart, file: SourceFile, descriptor: int) -> None:
    """Raises Fault where a file's own list of columns lacks one that the source's fields need."""
    shape = source_format(format_of(part.format, file.path))
    if not file.size:
        return
    try:
        if is_table(shape):
            with mapped(descriptor) as data:
                columns = shape.columns(shape.head(data))
        else:
            length = file.chunks[0].head if file.chunks else file.size
            if length > MAX_HEAD:
                raise Fault(
                    "bad-head", f"the first line of `{file.path}` has more than {MAX_HEAD >> 20} MiB",
                    path=file.path, hint="is a quoted cell in it never closed?",
                )  # fmt: skip
            columns = shape.columns(read_range(descriptor, 0, length))
    except ValueError as error:
        raise Fault(
            "bad-head", f"the first line of `{file.path}`: {error}", path=file.path
        ) from None
    _check_columns(part, file.path, columns)


def _check_columns(part: SourcePart, path: str, columns: list[str] | None) -> None:
    if columns is None:
        return
    for field in part.fields:
        name, count = field.column, columns.count(field.column)
        if count == 1 or field.of_file or (field.optional and not count):
            continue
        if count:
            raise Fault("duplicate-column", f"`{path}` has {count} columns `{name}`", path=path)
        raise Fault(
            "missing-column", f"`{path}` has no column `{name}`", path=path,
            hint=did_you_mean(name, columns) or f"it has {listing(columns, 20) or 'none'}",
        )  # fmt: skip


def source_changed(path: str) -> Fault:
    """The fault that a file was written while it was read."""
    return Fault(
        "source-changed", f"`{path}` changed while it was read", path=path,
        hint="build again once nothing writes to it",
    )  # fmt: skip


def bad_file(path: str, error: ValueError) -> Fault:
    """The fault that a file is not of its format, with the format's reason."""
    return Fault(
        "bad-file", f"`{path}` cannot be read: {error}", path=path,
        hint="is it whole, and of the format that its name says?",
    )  # fmt: skip


def check_empty(shape: Any, path: str) -> None:
    """Raises Fault where a file without a byte is none of its format: lines may be none, brackets not."""
    try:
        if is_table(shape):
            shape.head(b"")
        else:
            shape.head_end(b"", 0)
    except ValueError:
        raise bad_file(path, ValueError("it is empty")) from None


def signature(descriptor: int) -> tuple[int, ...]:
    """What tells that a file is the same: device, inode, size, mtime, ctime."""
    found = os.fstat(descriptor)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _known(
    part: SourcePart, path: str, sign: tuple[int, ...], how: Reading
) -> SourceFile | None:
    try:
        found = msgspec.convert(how.store.record("stat", _place(part, path)), _Record)
    except msgspec.MsgspecError:
        return None
    file = found.file
    same = found.scan == _SCAN and found.chunk_bytes == how.chunk_bytes and file.sign == sign
    if not same or not file.still or (packing(path) and not file.chunks):
        return None  # a packed file without rows is small: its head stands nowhere else
    spools = [chunk.spool for chunk in file.chunks if chunk.spool]
    return None if any(how.store.header(key) is None for key in spools) else file


@contextmanager
def mapped(descriptor: int) -> Iterator[Any]:
    """The bytes of an open file that is not empty."""
    data = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
    try:
        yield data
    finally:
        with suppress(BufferError):  # an error on its way holds a view and unmaps it in the end
            data.close()


def _scan(
    part: SourcePart, path: str, descriptor: int, how: Reading, sign: tuple[int, ...], *,
    hashed: bool,
) -> SourceFile:  # fmt: skip
    """The file's chunks, hashed where that is asked for or where other chunks make the digest."""
    size = os.fstat(descriptor).st_size
    shape = source_format(format_of(part.format, path))
    if size == 0:
        check_empty(shape, path)
        return SourceFile(path, digest("source", canonical([])), 0, sign, ())
    with mapped(descriptor) as data:
        try:
            chunks = _chunks(shape, path, data, size, how.chunk_bytes)
            plain = chunks
            if how.chunk_bytes != DEFAULT_CHUNK:
                plain = _chunks(shape, path, data, size, DEFAULT_CHUNK)
        except ValueError as error:
            raise bad_file(path, error) from None
        whole = ""
        if hashed or plain is not chunks or not chunks:
            digests = {c: chunk_digest(*chunk_bytes(shape, data, c)) for c in (*plain, *chunks)}
            whole = digest("source", canonical([digests[c] for c in plain]))
            if hashed:
                chunks = tuple(structs.replace(c, sha256=digests[c]) for c in chunks)
    return SourceFile(path, whole, size, sign, chunks)


def _chunks(shape: Any, path: str, data: Any, size: int, target: int) -> tuple[Chunk, ...]:
    if is_table(shape):
        return tuple(
            Chunk(path, p.offset, p.length, p.line, "", 0, p.group, p.skip, p.take)
            for p in shape.pieces(data, target)
        )
    head = shape.head_end(data, size)
    found = []
    line = 1 + data[:head].count(b"\n")
    edges = cut(data, _forgetting(data, shape.row_ends(data, head, size)), head, target)
    for start, end in edges:
        found.append(Chunk(path, start, end - start, line, "", head))
        line += data[start:end].count(b"\n")
        _forget(data, end)
    return tuple(found)


def _forgetting(data: Any, ends: Iterator[int]) -> Iterator[int]:
    """The ends, with what lies well behind them let go."""
    known = 0
    for end in ends:
        yield end
        if end - known > _WINDOW:
            known = end
            _forget(data, end)


def _forget(data: Any, end: int) -> None:
    """Drop a mapped file's pages up to `end` from this process; they come back when they are read."""
    upto = end - end % mmap.PAGESIZE
    if upto and isinstance(data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        data.madvise(mmap.MADV_DONTNEED, 0, upto)


def chunk_bytes(shape: Any, data: Any, chunk: Chunk) -> tuple[bytes, bytes]:
    """What the digest of a chunk covers: the file's head, and the run's own bytes."""
    body = data[chunk.offset : chunk.offset + chunk.length]
    if is_table(shape):
        rows = f"\0{chunk.group},{chunk.skip},{chunk.take}".encode()
        return shape.head(data) + rows, body
    return data[: chunk.head], body


def chunk_digest(head: Any, data: Any) -> str:
    """What a chunk's results depend on: its file's head, then its own bytes."""
    state = hashlib.sha256(head)
    state.update(data)
    return state.hexdigest()


def _spooled(
    part: SourcePart, path: str, descriptor: int, how: Reading, sign: tuple[int, ...]
) -> SourceFile:
    """A compressed file: decoded beside the store, cut, and each chunk kept as an object."""
    with how.store.scratch() as scratch:
        packed = unpack(descriptor, path, packing(path), scratch)
        inner = scratch.fileno()
        file = _scan(part, path, inner, how, sign, hashed=True)
        _check_head(part, file, inner)
        chunks = []
        for chunk in file.chunks:
            key = raw_digest("spool", chunk.sha256.encode()).hex()
            with mapped(inner) as data:
                parts = {
                    "head": data[: chunk.head],
                    "data": data[chunk.offset : chunk.offset + chunk.length],
                }
            how.store.put(key, parts, {})
            chunks.append(structs.replace(chunk, spool=key))
    whole = digest("packed", packed.encode(), file.digest.encode())
    return structs.replace(file, digest=whole, size=sign[2], chunks=tuple(chunks))


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
