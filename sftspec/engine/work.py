"""One task, as any engine runs it: pure but for the objects that it puts into the store."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from sftspec.engine.inputs import (
    bad_file,
    chunk_bytes,
    chunk_digest,
    mapped,
    signature,
    source_changed,
)  # fmt: skip
from sftspec.engine.keys import key_on
from sftspec.engine.store import Header, Store
from sftspec.engine.token_work import EncodeTask, TokensTask, emit_tokens, encode_candidates
from sftspec.plan.graph import Emit, Lookup, Render, Rows
from sftspec.plan.parts import SourcePart
from sftspec.ports.base import Piece, format_of, is_table, source_format
from sftspec.ports.files import read_range, reading
from sftspec.stages.chunk import Chunk, LookupTable, Prepared, note_rows
from sftspec.stages.prepare import prepare

ROWS = "rows"


class Wanted(Struct, frozen=True):
    """A result of a chunk: its rows, or of a template who its candidates are or their rendering.

    `kind`: rows, who or render. `base`: the stage's part of the key.
    """

    kind: str
    template: str
    base: bytes
    render: Render | None = None

    @property
    def name(self) -> str:
        """What it is called among a chunk's results."""
        return f"{self.kind} {self.template}" if self.template else self.kind


class ChunkTask(Struct, frozen=True, tag="chunk"):
    """A chunk of a source and the results wanted of it.

    `known`: of templates of which only the rendering is wanted, the object that says who their
    candidates are, so that no other row need be read. `joined`: digests of what its rows are joined with, which are in the results' keys as the
    chunk's own digest is.
    """

    number: int
    rows: Rows
    chunk: Chunk
    sign: tuple[int, ...]
    wanted: tuple[Wanted, ...]
    joined: tuple[str, ...]
    lookups: dict[str, str]
    known: dict[str, str]


class LookupTask(Struct, frozen=True, tag="lookup"):
    """A referenced source as a whole."""

    lookup: Lookup
    chunks: tuple[tuple[Chunk, tuple[int, ...]], ...]
    key: str
    lookups: dict[str, str]


class EmitTask(Struct, frozen=True, tag="emit"):
    """A shard: store keys of candidates, and for each record which one and which row of it.

    `fresh`: keys that this run's workers made, and hashed as they did.
    """

    emit: Emit
    key: str
    objects: tuple[str, ...]
    picks: bytes
    rows: int
    fresh: tuple[str, ...] = ()


Task: TypeAlias = ChunkTask | LookupTask | EmitTask | EncodeTask | TokensTask


class Done(Struct, frozen=True):
    """What a task came to: headers by name or key, which of them it made, the chunk's digest."""

    headers: dict[str, Header]
    number: int = 0
    made: tuple[str, ...] = ()
    sha256: str = ""


_lookups: OrderedDict[str, LookupTable] = OrderedDict()


def perform(task: Task, root: Path, store: Store) -> Done:
    """Run a task. Raises Fault, or Corrupt where an input object is bad."""
    match task:
        case ChunkTask():
            return _chunk(task, root, store)
        case LookupTask():
            return _lookup(task, root, store)
        case EmitTask():
            from sftspec.stages.emit import emit_shard

            store.verified.update((key, "turns") for key in task.fresh)
            parts, meta = emit_shard(
                task.emit,
                len(task.objects),
                lambda at: store.table(task.objects[at], "turns"),
                task.picks,
            )
            return Done({task.key: store.put(task.key, parts, meta)})
        case EncodeTask():
            return Done({task.key: encode_candidates(task, root, store)}, made=(task.key,))
        case TokensTask():
            return Done({task.key: emit_tokens(task, store)})


class _Bytes(Struct):
    """The bytes of a chunk as they are parsed, and their digest."""

    data: bytes
    head: bytes
    sha256: str


def _read(
    part: SourcePart, chunk: Chunk, sign: tuple[int, ...], root: Path, store: Store
) -> _Bytes:
    """A chunk's bytes, hashed. Raises Fault where they are not what was scanned."""
    if chunk.spool:
        data = store.buffer(chunk.spool, "data").to_pybytes()
        return _Bytes(data, store.buffer(chunk.spool, "head").to_pybytes(), chunk.sha256)
    shape = source_format(format_of(part.format, chunk.path))
    with reading(root, chunk.path) as descriptor:
        before = signature(descriptor)
        if before != sign:
            raise source_changed(chunk.path)
        if is_table(shape):
            found = _table_bytes(shape, chunk, descriptor, sign)
        else:
            data = read_range(descriptor, chunk.offset, chunk.length)
            head = read_range(descriptor, 0, chunk.head)
            found = _Bytes(data, head, chunk_digest(head, data))
        after = signature(descriptor)
    changed = chunk.sha256 not in {"", found.sha256}
    if after != sign or changed or (not is_table(shape) and len(found.data) != chunk.length):
        raise source_changed(chunk.path)
    return found


def _table_bytes(shape: Any, chunk: Chunk, descriptor: int, sign: tuple[int, ...]) -> _Bytes:
    with mapped(descriptor) as data:
        sha256 = chunk_digest(*chunk_bytes(shape, data, chunk))
        piece = Piece(
            chunk.offset, chunk.length, chunk.line, chunk.group, chunk.skip, chunk.take
        )
        try:
            return _Bytes(shape.fetch(data, piece), b"", sha256)
        except ValueError as error:
            if signature(descriptor) != sign:
                raise source_changed(chunk.path) from None
            raise bad_file(chunk.path, error) from None


def _tables(keys: Mapping[str, str], store: Store) -> dict[str, LookupTable]:
    """The lookup tables that a task needs; the last few are kept."""
    found: dict[str, LookupTable] = {}
    for name, key in keys.items():
        if key not in _lookups:
            table = store.table(key, "rows")
            names = table["key"].to_pylist()
            _lookups[key] = LookupTable(
                {name: index for index, name in enumerate(names)}, table["json"].to_pylist()
            )
            while len(_lookups) > 8:
                _lookups.popitem(last=False)
        found[name] = _lookups[key]
    return found


def chunk_inputs(chunk: Chunk, part: SourcePart, sha256: str) -> tuple[str, ...]:
    """What of a chunk its results depend on: its bytes, its head, and its file's name if used."""
    names = chunk.path if any(field.of_file for field in part.fields) else ""
    return (sha256, str(chunk.head), names)


def _chunk(task: ChunkTask, root: Path, store: Store) -> Done:
    part = task.rows.source
    found = _read(part, task.chunk, task.sign, root, store)
    inputs = (*chunk_inputs(task.chunk, part, found.sha256), *task.joined)
    keys = {one.name: key_on(one.base, inputs) for one in task.wanted}
    done: dict[str, Header] = {}
    if not task.chunk.sha256:  # else the driver looked already
        headers = {name: store.header(key) for name, key in keys.items()}
        done = {name: header for name, header in headers.items() if header is not None}
    missing = [one for one in task.wanted if one.name not in done]
    if missing:
        tables = _tables(task.lookups, store)
        only = _only(task, missing, store)
        prepared = prepare(part, task.chunk, found.data, found.head, tables, only)
        for one in _made(missing, prepared):
            done[one.name] = store.put(keys[one.name], one.parts, one.meta)
    made = tuple(one.name for one in missing)
    return Done(done, task.number, made, found.sha256)


def _only(task: ChunkTask, missing: Sequence[Wanted], store: Store) -> list[int] | None:
    """The places of the rows that are wanted, where those are known; else None, for all."""
    if task.rows.source.each or any(one.template not in task.known for one in missing):
        return None
    places: set[int] = set()
    for key in task.known.values():
        places.update(store.table(key, "who")["place"].to_pylist())
    return sorted(places)


class _Made(Struct):
    """A result as it goes into the store."""

    name: str
    parts: dict[str, Any]
    meta: dict[str, Any]


def _made(missing: Sequence[Wanted], prepared: Prepared) -> Iterator[_Made]:
    """The results that are missing; a template's candidates are made once for both of its."""
    from sftspec.stages.render import candidates_of, render_candidates, what_table, who_table
    from sftspec.stages.rows import rows_table

    templates: dict[str, list[Wanted]] = {}
    for one in missing:
        if one.kind == "rows":
            yield _Made(one.name, *rows_table(prepared))
        else:
            templates.setdefault(one.template, []).append(one)
    for several in templates.values():
        stage = several[0].render
        assert stage is not None  # noqa: S101 - a template's results come with its stage
        whole = any(one.kind == "render" for one in several)
        cand = (render_candidates if whole else candidates_of)(stage, prepared)
        for one in several:
            if one.kind == "who":
                yield _Made(one.name, {"who": who_table(cand)}, {"candidates": cand.count})
            else:
                yield _Made(one.name, _parts(what_table(cand)), {"candidates": cand.count})


def _parts(table: Any) -> dict[str, Any]:
    """The parts of a rendering: narrow facts, measures, texts, and evidence."""
    names = table.column_names
    wide = [name for name in ("turns", "tools", "rejected") if name in names]
    measures = [name for name in names if name.startswith("m.")]
    return {
        "what": table.drop_columns([*wide, *measures, "evidence"]),
        "measures": table.select(measures),
        "turns": table.select(wide),
        "why": table.select(["evidence"]),
    }


def _lookup(task: LookupTask, root: Path, store: Store) -> Done:
    import pyarrow as pa

    part = task.lookup.source
    tables = _tables(task.lookups, store)
    names = [field.name for field in part.fields]
    index: dict[str, bytes] = {}
    for chunk, sign in task.chunks:
        found = _read(part, chunk, sign, root, store)
        note_rows(index, names, prepare(part, chunk, found.data, found.head, tables))
    rows = pa.table(
        {
            "key": pa.array(list(index), pa.string()),
            "json": pa.array(list(index.values()), pa.binary()),
        }
    )
    return Done({task.key: store.put(task.key, {"rows": rows}, {"rows": len(index)})})


def encode_task(task: Task) -> bytes:
    """A task as it goes to a worker."""
    return msgspec.msgpack.encode(task)


def decode_task(data: bytes) -> Task:
    """A task as a worker got it."""
    task: Any = msgspec.msgpack.decode(data, type=Task)
    return task  # type: ignore[no-any-return]
