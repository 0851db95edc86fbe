"""One task, as any engine runs it: pure but for the objects that it puts into the store."""

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from sftspec.engine.inputs import signature, source_changed
from sftspec.engine.store import Header, Store
from sftspec.plan.graph import Emit, Lookup, Render, Rows, SourcePart
from sftspec.ports.files import read_range, reading
from sftspec.stages.chunk import Chunk, LookupTable, Prepared, note_rows
from sftspec.stages.prepare import prepare


class ChunkTask(Struct, frozen=True, tag="chunk"):
    """A chunk of a source, and which of its results are wanted: rows, and renders by key."""

    rows: Rows
    chunk: Chunk
    sign: tuple[int, ...]
    rows_key: str | None
    renders: tuple[tuple[str, Render], ...]
    lookups: dict[str, str]


class LookupTask(Struct, frozen=True, tag="lookup"):
    """A referenced source as a whole."""

    lookup: Lookup
    chunks: tuple[tuple[Chunk, tuple[int, ...]], ...]
    key: str
    lookups: dict[str, str]


class EmitTask(Struct, frozen=True, tag="emit"):
    """A shard: store keys of candidates, and for each record which one and which row of it."""

    emit: Emit
    key: str
    objects: tuple[str, ...]
    picks: bytes
    rows: int


Task: TypeAlias = ChunkTask | LookupTask | EmitTask


class Done(Struct, frozen=True):
    """What a task made: headers by key."""

    headers: dict[str, Header]


_prepared: OrderedDict[tuple[str, bytes], Prepared] = OrderedDict()
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

            tables = [store.table(key, "turns") for key in task.objects]
            parts, meta = emit_shard(task.emit, tables, task.picks)
            return Done({task.key: store.put(task.key, parts, meta)})


def _read(
    part: SourcePart,
    chunk: Chunk,
    sign: tuple[int, ...],
    root: Path,
    lookups: Mapping[str, LookupTable],
) -> Prepared:
    with reading(root, chunk.path) as descriptor:
        before = signature(descriptor)
        data = read_range(descriptor, chunk.offset, chunk.length)
        head = read_range(descriptor, 0, chunk.head)
        after = signature(descriptor)
    if not before == after == sign or len(data) != chunk.length:
        raise source_changed(chunk.path)
    return prepare(part, chunk, data, head, lookups)


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


def _chunk(task: ChunkTask, root: Path, store: Store) -> Done:
    from sftspec.stages.render import render
    from sftspec.stages.rows import rows_table

    prepared = _read(
        task.rows.source, task.chunk, task.sign, root, _tables(task.lookups, store)
    )
    headers: dict[str, Header] = {}
    if task.rows_key is not None:
        parts, meta = rows_table(prepared)
        headers[task.rows_key] = store.put(task.rows_key, parts, meta)
    for key, stage in task.renders:
        table = render(stage, prepared)
        narrow = table.drop_columns(["turns", "evidence"])
        meta = {"candidates": table.num_rows}
        parts = {
            "narrow": narrow,
            "turns": table.select(["turns"]),
            "why": table.select(["evidence"]),
        }
        headers[key] = store.put(key, parts, meta)
    return Done(headers)


def _lookup(task: LookupTask, root: Path, store: Store) -> Done:
    import pyarrow as pa

    part = task.lookup.source
    tables = _tables(task.lookups, store)
    names = [field.name for field in part.fields]
    index: dict[str, bytes] = {}
    for chunk, sign in task.chunks:
        note_rows(index, names, _read(part, chunk, sign, root, tables))
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
