"""A few samples of a template, read and rendered as a build does, without the rest and the store.

Of the template's own source only as much is read as is asked for; what it joins or leaves out
by is read whole.
"""

from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
import mmap
import os
from pathlib import Path
from typing import Any

from msgspec import Struct

from sftspec.engine.inputs import files_of
from sftspec.ground.record import Part, Turn
from sftspec.plan.graph import Graph, Render
from sftspec.ports.base import Format, source_format
from sftspec.ports.files import reading
from sftspec.stages.chunk import Chunk, LookupTable, Prepared, RowReject, note_rows
from sftspec.stages.prepare import prepare
from sftspec.stages.render import Candidates, ids, render_candidates

PIECE = 256 * 1024
MOST = 16 * 1024 * 1024


class Sample(Struct, frozen=True):
    """A candidate as it would be written; `rejected` is stage, reason and evidence."""

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
        shape = source_format(part.format)
        for path in files_of(name, self.graph.paths[name], self.home):
            with reading(self.home, path) as descriptor:
                if not os.fstat(descriptor).st_size:
                    continue
                with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as data:
                    for chunk in _cut(path, data, shape):
                        piece = data[chunk.offset : chunk.offset + chunk.length]
                        yield chunk, prepare(part, chunk, piece, data[: chunk.head], lookups)

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
        """The template's first candidates, or those of the row with the key."""
        stage = self.graph.renders[template]
        look = _Look(stage, count, key)
        with closing(self.pieces(stage.source.name)) as pieces:
            for chunk, prepared in pieces:
                look.at(chunk, prepared)
                if look.done:
                    break
        why = None if key is None or look.samples else look.why()
        return Glimpse(template, tuple(look.samples), look.read, dict(look.aside), why)


def _cut(path: str, data: Any, shape: Format) -> Iterator[Chunk]:
    """Runs of whole rows."""
    size = len(data)
    head = shape.head_end(data, size)
    begin, line = head, 1 + data[:head].count(b"\n")
    for end in shape.row_ends(data, head, size):
        if end - begin >= PIECE or end == size:
            yield Chunk(path, begin, end - begin, line, "", head)
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
        turns=tuple(
            Turn(role=turn.role, parts=_parts(turn.parts, index), train=turn.train)
            for turn in cand.turns
        ),
        rejected=cand.fates[index],
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
