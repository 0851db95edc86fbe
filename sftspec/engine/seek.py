"""Single rows of sources, by their line or their key, without the rows before them.

A file of lines is entered at the line; of others the rows are cut as ever and one run of them is
read. What a row is joined with is looked up by key in the same way, and not read whole.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
import os
from pathlib import Path
import re
import tempfile
from typing import Any

from msgspec import Struct, structs

from sftspec.engine.glimpse import Run, opened, runs
from sftspec.engine.inputs import Reading, files_of, read_inputs
from sftspec.engine.store import Store
from sftspec.expr import types
from sftspec.plan.graph import Graph
from sftspec.plan.parts import FieldPart, SourcePart
from sftspec.ports.base import format_of, is_table, source_format
from sftspec.ports.files import reading
from sftspec.stages.chunk import Chunk, LookupTable, Prepared, RowReject, key_text, note_rows
from sftspec.stages.prepare import prepare

BLOCK = 1024 * 1024
FILTER_FROM = 16 * 1024 * 1024
NEAR = 32 * 1024 * 1024
MOST_HASHED = 8 * 1024 * 1024
_BY_LINE = {"jsonl", "csv", "tsv"}  # where a row begins, so does a line
_PLAIN = re.compile(r"[A-Za-z0-9_. :-]+")
_AUTO = re.compile(r"[0-9a-f]{32}")
Wanted = Callable[[int, str | None], bool]


class Row(Struct, frozen=True):
    """A row as its source has it now: `prepared` holds it alone, or `reject` says why it is none."""

    path: str
    line: int
    prepared: Prepared
    reject: RowReject | None = None

    @property
    def key(self) -> str | None:
        """Its key, where it has one that can be read."""
        return self.reject.key if self.reject else self.prepared.keys[0]


class Seeker:
    """Finds rows in the sources of one graph. Raises Fault where a file cannot be read."""

    def __init__(self, graph: Graph, home: Path) -> None:
        self.graph = graph
        self.home = home
        self.known: dict[tuple[str, str], Row | None] = {}

    def at(self, name: str, path: str, line: int, *, begins: bool = False) -> list[Row]:
        """The rows that begin on a line of a file. `begins`: it is known that one does."""
        part = self.graph.sources[name].source
        with opened(part, path, self.home) as data:
            for run in _runs_at(path, data, part, line, begins=begins):
                found = self._rows(part, run, lambda at, _: at == line)
                if found:
                    return found
        return []

    def of(self, name: str, path: str, line: int, key: str, lines: int) -> Row | None:
        """The row with a key that began on a line, of about so many `lines` of its file.

        Of a large file of lines it is looked for where that line should be, so that those before
        need not be counted; then its line is taken as said.
        """
        part = self.graph.sources[name].source
        needle = _needle(part, key) if format_of(part.format, path) == "jsonl" else None
        with opened(part, path, self.home) as data:
            if needle is not None and len(data) > FILTER_FROM:
                for run in _lines_near(path, data, needle, line, lines):
                    found = self._rows(part, run, lambda _, one: one == key)
                    if found:
                        return found[0]
            for run in _runs_at(path, data, part, line, begins=True):
                found = self._rows(part, run, lambda at, one: (at, one) == (line, key))
                if found:
                    return found[0]
        return None

    def find(self, name: str, key: str) -> Row | None:
        """The first good row of a source with that key."""
        if (name, key) not in self.known:
            self.known[name, key] = self._find(self.graph.sources[name].source, key)
        return self.known[name, key]

    def _find(self, part: SourcePart, key: str) -> Row | None:
        if part.key is None and not _AUTO.fullmatch(_of_row(part, key)):
            return None
        for path in files_of(part, self.graph.paths[part.name], self.home):
            with opened(part, path, self.home) as data:
                for run in _runs_with(path, data, part, key):
                    found = self._rows(part, run, lambda _, one: one == key)
                    good = next((row for row in found if row.reject is None), None)
                    if good is not None:
                        return good
        return None

    def _rows(self, part: SourcePart, run: Run, wanted: Wanted) -> list[Row]:
        """The rows of a run that are wanted, the good ones first."""
        chunk, piece, head = run
        bare = structs.replace(part, joins=(), leave_out=())
        prepared = prepare(bare, chunk, piece, head, {})
        if (part.joins or part.leave_out) and _some(chunk, prepared, wanted):
            lookups = self._lookups(part, prepared, _some(chunk, prepared, wanted))
            prepared = prepare(part, chunk, piece, head, lookups)
        rows = [
            Row(chunk.path, chunk.line + prepared.lines[at], _alone(prepared, at))
            for at in _some(chunk, prepared, wanted)
        ]
        return rows + [
            Row(chunk.path, chunk.line + one.line, _alone(prepared), one)
            for one in prepared.rejects
            if wanted(chunk.line + one.line, one.key)
        ]

    def _lookups(
        self, part: SourcePart, prepared: Prepared, rows: Sequence[int]
    ) -> dict[str, LookupTable]:
        """Of the sources that some rows refer to, the rows that they refer to."""
        found: dict[str, dict[str, bytes]] = {}
        for join in (*part.joins, *part.leave_out):
            names = [field.name for field in self.graph.sources[join.source].source.fields]
            mine = found.setdefault(join.source, {})
            for at in rows:
                value = prepared.columns[join.field][at]
                row = None if value is None else self.find(join.source, key_text((value,)))
                if row is not None:
                    note_rows(mine, names, row.prepared)
        return {
            name: LookupTable({key: at for at, key in enumerate(index)}, list(index.values()))
            for name, index in found.items()
        }


def _some(chunk: Chunk, prepared: Prepared, wanted: Wanted) -> list[int]:
    return [
        at
        for at, (line, key) in enumerate(zip(prepared.lines, prepared.keys, strict=True))
        if wanted(chunk.line + line, key)
    ]


def _alone(prepared: Prepared, *rows: int) -> Prepared:
    """Some of the rows, and nothing of the others."""
    return Prepared(
        lines=[prepared.lines[at] for at in rows],
        keys=[prepared.keys[at] for at in rows],
        rids=[prepared.rids[at] for at in rows],
        groups=[prepared.groups[at] for at in rows],
        columns={
            name: [column[at] for at in rows] for name, column in prepared.columns.items()
        },
        rejects=[],
        read=len(rows),
        places=[prepared.places[at] for at in rows],
    )


def unchanged(graph: Graph, source: str, entry: Mapping[str, Any], home: Path) -> bool:
    """Whether a file is as a manifest has it: by its size, and by its digest where it is small."""
    path = str(entry["path"])
    with reading(home, path) as descriptor:
        size = os.fstat(descriptor).st_size
    if size != entry["bytes"]:
        return False
    part = graph.sources[source].source
    if size > MOST_HASHED or part.format == "hf" or set(path) & set("*?["):
        return True
    alone = structs.replace(graph, paths={source: (path,)})
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        store.prepare()
        (file,) = read_inputs(alone, Reading(home, store, rehash=True, hashed=True))[source]
    return bool(file.digest == entry["digest"])


# where rows stand


def _runs_at(
    path: str, data: Any, part: SourcePart, line: int, *, begins: bool
) -> Iterator[Run]:
    """The runs that may hold a row that begins on the line."""
    name = format_of(part.format, path)
    if name == "jsonl" or (begins and name in _BY_LINE):
        yield from _run_on(path, data, source_format(name), line)
        return
    for run in runs(path, data, part):
        last = run[0].line + (run[0].take or run[1].count(b"\n"))
        if run[0].line > line:
            return
        if line <= last:
            yield run


def _run_on(path: str, data: Any, shape: Any, line: int) -> Iterator[Run]:
    """The one row that begins on a line."""
    size = len(data)
    head = shape.head_end(data, size)
    start = line_start(data, line)
    if line > 0 and head <= start < size:
        end = next(iter(shape.row_ends(data, start, size)))
        yield Chunk(path, start, end - start, line, "", head), data[start:end], data[:head]


def line_start(data: Any, line: int) -> int:
    """The offset of a line (from 1) in a buffer; its size where there are fewer."""
    at, left = 0, line - 1
    while left > 0 and at < len(data):
        block = data[at : at + BLOCK]
        count = block.count(b"\n")
        if count >= left:
            end = -1
            for _ in range(left):
                end = block.find(b"\n", end + 1)
            return int(at + end + 1)
        left -= count
        at += len(block)
    return at


def _runs_with(path: str, data: Any, part: SourcePart, key: str) -> Iterator[Run]:
    """The runs that may hold a row with the key: of a large file only those that spell it."""
    name = format_of(part.format, path)
    shape = source_format(name)
    needle = None
    if len(data) > FILTER_FROM and not is_table(shape):
        needle = _needle(part, key)
    if needle is None:
        yield from runs(path, data, part)
    elif name == "jsonl":
        yield from _lines_with(path, data, needle)
    else:
        yield from (run for run in runs(path, data, part) if needle in run[1])


def _lines_with(path: str, data: Any, needle: bytes) -> Iterator[Run]:
    """The lines that hold some bytes."""
    size, line, known = len(data), 1, 0
    at = data.find(needle)
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        end = (data.find(b"\n", at) + 1) or size
        while known < start:
            block = data[known : min(known + BLOCK, start)]
            line += block.count(b"\n")
            known += len(block)
        yield Chunk(path, start, end - start, line), data[start:end], b""
        at = data.find(needle, end)


def _lines_near(path: str, data: Any, needle: bytes, line: int, lines: int) -> Iterator[Run]:
    """The lines that hold some bytes, not far from where a line should be."""
    size = len(data)
    guess = size * min(line, lines) // max(lines, 1)
    start, end = max(0, guess - NEAR), min(size, guess + NEAR)
    at = data.find(needle, start, end)
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        behind = (data.find(b"\n", at) + 1) or size
        yield Chunk(path, start, behind - start, line), data[start:behind], b""
        at = data.find(needle, behind, end)


def _of_row(part: SourcePart, key: str) -> str:
    """The key of the row that an element of a list belongs to."""
    return key.rpartition("[")[0] if part.each and "[" in key else key


def _needle(part: SourcePart, key: str) -> bytes | None:
    """Bytes that stand in every row with the key; None where that is not known."""
    if part.key is None or len(part.key) != 1:
        return None
    field = next((one for one in part.fields if one.name == part.key[0]), None)
    mended = any(line.field == part.key[0] for line in part.sets)
    if field is None or mended or not _spelled(field):
        return None
    word = _of_row(part, key)
    return word.encode() if _PLAIN.fullmatch(word) else None


def _spelled(field: FieldPart) -> bool:
    """Whether a file spells the field's value as the key does."""
    kinds = types.arms(types.without_null(field.type))
    plain = all(isinstance(kind, types.Text | types.Literal | types.Int) for kind in kinds)
    return plain and not field.of_file and not field.json
