"""A few samples of a template, read and rendered as a build does, without the rest and the store.

Of the template's own source only as much is read as is asked for; what it joins or leaves out
by is read whole.
"""

from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
import os
from pathlib import Path
import tempfile
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from sftspec.engine.inputs import check_empty, files_of, mapped
from sftspec.ground.record import Part, Turn
from sftspec.ground.report import Fault
from sftspec.plan.graph import Graph, Render
from sftspec.plan.parts import SourcePart
from sftspec.ports.base import format_of, is_table, packing, source_format
from sftspec.ports.files import reading
from sftspec.ports.packed import unpack
from sftspec.stages.candidates import Candidates
from sftspec.stages.chunk import Chunk, LookupTable, Prepared, RowReject, note_rows
from sftspec.stages.prepare import prepare
from sftspec.stages.render import ids, render_candidates
from sftspec.stages.spoken import calls_text

PIECE = 256 * 1024
MOST = 16 * 1024 * 1024
Run: TypeAlias = tuple[Chunk, bytes, bytes]


class Sample(Struct, frozen=True):
    """A candidate as it would be written; `rejected` is stage, reason and evidence.

    `tools`: JSON text. `worse`: the rejected answer of a pair.
    """

    template: str
    version: str
    source: str
    path: str
    line: int
    key: str
    variant: int
    variants: int
    id: str
    tags: dict[str, Any]
    turns: tuple[Turn, ...]
    rejected: tuple[str, str, str] | None
    tools: str | None = None
    worse: str | None = None


class Glimpse(Struct, frozen=True):
    """Samples of a template, and what became of the rows that were read on the way.

    `aside`: how many of them were set aside, by reason. `why`: why a key that was asked for
    has no sample.
    """

    template: str
    samples: tuple[Sample, ...]
    read: int
    aside: dict[str, int]
    why: str | None = None


class Reader:
    """Reads the sources of one graph; a referenced source is read once."""

    def __init__(self, graph: Graph, home: Path) -> None:
        self.graph = graph
        self.home = home
        self.lookups: dict[str, LookupTable] = {}

    def pieces(self, name: str) -> Generator[tuple[Chunk, Prepared]]:
        """The source's rows, some at a time, in the order of the files."""
        part = self.graph.sources[name].source
        lookups = {
            join.source: self._lookup(join.source) for join in (*part.joins, *part.leave_out)
        }
        most = None if name in self.graph.lookups else MOST
        for path in files_of(part, self.graph.paths[name], self.home):
            with opened(part, path, self.home, most) as data:
                for chunk, piece, head in runs(path, data, part):
                    yield chunk, prepare(part, chunk, piece, head, lookups)

    def _lookup(self, name: str) -> LookupTable:
        if name not in self.lookups:
            names = [field.name for field in self.graph.sources[name].source.fields]
            rows: dict[str, bytes] = {}
            for _, prepared in self.pieces(name):
                note_rows(rows, names, prepared)
            places = {key: index for index, key in enumerate(rows)}
            self.lookups[name] = LookupTable(places, list(rows.values()))
        return self.lookups[name]

    def samples(self, template: str, count: int, key: str | None = None) -> Glimpse:
        """The template's first candidates of each of its sources, or those of the row with the key."""
        stages = [one for one in self.graph.renders.values() if one.template.name == template]
        looks = [self._look(stage, -(-count // len(stages)), key) for stage in stages]
        samples = tuple(sample for look in looks for sample in look.samples)[:count]
        aside: Counter[str] = sum((look.aside for look in looks), Counter())
        why = None if key is None or samples else "; ".join(look.why() for look in looks)
        return Glimpse(template, samples, sum(look.read for look in looks), dict(aside), why)

    def _look(self, stage: Render, count: int, key: str | None) -> "_Look":
        look = _Look(stage, count, key)
        with closing(self.pieces(stage.source.name)) as pieces:
            for chunk, prepared in pieces:
                look.at(chunk, prepared)
                if look.done:
                    break
        return look


@contextmanager
def opened(part: SourcePart, path: str, home: Path, most: int | None = None) -> Iterator[Any]:
    """A file's bytes, decoded, as a buffer; of a compressed one the first `most` or a little more."""
    with reading(home, path) as descriptor, tempfile.TemporaryFile() as scratch:
        inner = descriptor
        if packing(path):
            unpack(descriptor, path, packing(path), scratch, most)
            inner = scratch.fileno()
        if os.fstat(inner).st_size:
            with mapped(inner) as data:
                yield data
        else:
            check_empty(source_format(format_of(part.format, path)), path)
            yield b""


def runs(path: str, data: Any, part: SourcePart) -> Iterator[Run]:
    """The runs of a file. Raises Fault where it is not whole; what was cut off here just ends."""
    cut = _cut(path, data, part) if len(data) else iter(())
    while True:
        try:
            run = next(cut, None)
        except ValueError as error:
            if packing(path):
                return
            raise Fault("bad-file", f"`{path}` cannot be read: {error}", path=path) from None
        if run is None:
            return
        yield run


def _cut(path: str, data: Any, part: SourcePart) -> Iterator[Run]:
    """Runs of whole rows, their bytes and the file's head."""
    shape = source_format(format_of(part.format, path))
    if is_table(shape):
        for piece in shape.pieces(data, PIECE):
            chunk = Chunk(
                path, piece.offset, piece.length, piece.line,
                group=piece.group, skip=piece.skip, take=piece.take,
            )  # fmt: skip
            yield chunk, shape.fetch(data, piece), b""
        return
    size = len(data)
    head = shape.head_end(data, size)
    begin, line = head, 1 + data[:head].count(b"\n")
    for end in shape.row_ends(data, head, size):
        if end - begin >= PIECE or end == size:
            chunk = Chunk(path, begin, end - begin, line, "", head)
            yield chunk, data[begin:end], data[:head]
            line += data[begin:end].count(b"\n")
            begin = end


class _Look:
    """Gathers the samples of one template, piece by piece."""

    def __init__(self, stage: Render, count: int, key: str | None) -> None:
        self.stage = stage
        self.count = count
        self.key = key
        self.samples: list[Sample] = []
        self.read = self.bytes = 0
        self.aside: Counter[str] = Counter()
        self.seen: set[str] = set()
        self.reject: tuple[str, RowReject] | None = None

    @property
    def done(self) -> bool:
        """Whether more rows would show nothing more."""
        if self.key is not None:
            return self.key in self.seen
        return len(self.samples) >= self.count or self.bytes >= MOST

    def at(self, chunk: Chunk, prepared: Prepared) -> None:
        """The samples in a piece."""
        self.read += prepared.read
        self.bytes += chunk.length
        for reject in prepared.rejects:
            self.aside[reject.reason] += 1
            if reject.key == self.key is not None and self.reject is None:
                self.reject = (f"{chunk.path}:{chunk.line + reject.line}", reject)
        doubles = self._doubles(prepared)
        if self.key is not None and self.key not in self.seen:
            return
        cand = render_candidates(self.stage, prepared)
        for row in doubles:
            _set_aside(cand, row)
        for index, row in enumerate(cand.rows):
            wanted = self.key is None or (prepared.keys[row] == self.key and row not in doubles)
            if wanted and len(self.samples) < self.count:
                self.samples.append(_sample(self.stage, chunk, cand, index))

    def _doubles(self, prepared: Prepared) -> set[int]:
        """Rows whose key was there before."""
        found: set[int] = set()
        for row, key in enumerate(prepared.keys):
            if key in self.seen:
                found.add(row)
            self.seen.add(key)
        return found

    def why(self) -> str:
        """Why the key has no sample."""
        name = self.stage.source.name
        if self.key in self.seen:
            return f"template `{self.stage.template.name}` does not take this row of `{name}`"
        if self.reject is not None:
            place, reject = self.reject
            return f"{place} is rejected, {reject.reason}: {reject.evidence}"
        return f"no row of source `{name}` has this key"


def _set_aside(cand: Candidates, row: int) -> None:
    reason = "duplicate-row" if cand.stage.source.key is None else "duplicate-key"
    for index, of in enumerate(cand.rows):
        if of == row:
            cand.fates[index] = ("ingest", reason, "an earlier row has this key")


def _sample(stage: Render, chunk: Chunk, cand: Candidates, index: int) -> Sample:
    row, variant = cand.rows[index], cand.variants[index]
    key = cand.prepared.keys[row]
    return Sample(
        template=stage.template.name,
        version=stage.template.version,
        source=stage.source.name,
        path=chunk.path,
        line=chunk.line + cand.prepared.lines[row],
        key=key,
        variant=variant,
        variants=stage.template.samples * stage.repeats,
        id=ids(stage, [key], [variant])[0].hex(),
        tags={tag.facet: cand.get((tag.facet,))[index] for tag in stage.template.tags},
        turns=_turns(cand, index),
        rejected=cand.fates[index],
        tools=cand.tools[index],
        worse=cand.worse[index],
    )


def _turns(cand: Candidates, index: int) -> tuple[Turn, ...]:
    if cand.talks is None:
        return tuple(
            Turn(role=turn.role, parts=_parts(turn.parts, index), train=turn.train)
            for turn in cand.turns
        )
    return tuple(
        Turn(
            role=said.role,
            parts=tuple(
                Part(text, "text", element, tuple(spans)) for element, text, spans in said.parts
            ),
            train=said.train,
            name=said.name,
            call_id=said.call_id,
            calls=tuple(msgspec.json.decode(calls_text(said))) if said.calls else (),
        )
        for said in cand.talks[index]
    )


def _parts(parts: Any, index: int) -> tuple[Part, ...]:
    """A turn's parts; of several the empty ones are left out."""
    found = [
        Part(
            text=part.texts.texts[index],
            element=part.element,
            data_spans=tuple(int(edge) for edge in part.texts.spans[index]),
        )
        for part in parts
    ]
    return tuple(part for part in found if part.text or len(found) == 1)
