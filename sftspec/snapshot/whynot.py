"""What a word names in a snapshot: candidates, rows that are none and why, or nothing at all.

A record's id or its beginning, a source's key, or `FILE:LINE`. What neither the index nor the
rejected rows know is looked for in the sources as they are now.
"""

from collections.abc import Iterator
import re
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sftspec.engine.seek import Row
from sftspec.expr.show import show
from sftspec.ground.report import Fault, Misuse, did_you_mean, listing, there_are
from sftspec.plan.graph import Graph, Render
from sftspec.snapshot.lineage import Tracer
from sftspec.snapshot.setaside import Reject
from sftspec.stages.candidates import Candidates as Rendered
from sftspec.stages.evidence import Facts

LEAST_ID, WHOLE_ID = 6, 32
MOST_KNOWN = 400
_HEX = re.compile(r"[0-9a-f]+")
_LINE = re.compile(r"(.+):([0-9]{1,12})")


class Untaken(Struct, frozen=True):
    """A template that does not take a row: its condition, and the values that decided it.

    `takes`: it does take the row as it is now, which the build did not see so.
    """

    template: str
    where: str
    facts: tuple[str, ...]
    takes: bool = False


class Unused(Struct, frozen=True):
    """A good row that is no candidate. `used_by`: the sources that look it up."""

    source: str
    file: str
    line: int
    key: str
    templates: tuple[Untaken, ...]
    used_by: tuple[str, ...]


class Searched(Struct, frozen=True):
    """A source that was looked through for a key, and why it could not be, if so."""

    source: str
    problem: str | None = None


class Meant(Struct, frozen=True):
    """What a word names. `places`: candidates in the index. `also`: an id that begins with it too."""

    places: tuple[int, ...] = ()
    rows: tuple[Reject, ...] = ()
    unused: tuple[Unused, ...] = ()
    searched: tuple[Searched, ...] = ()
    hint: str | None = None
    also: str | None = None

    @property
    def nothing(self) -> bool:
        """Whether there is no such thing."""
        return not (self.places or self.rows or self.unused)


def meant(tracer: Tracer, word: str, source: str | None = None) -> Meant:
    """What a word names. Raises Misuse where it is the beginning of several ids."""
    graph = tracer.snapshot.graph
    if source is not None and source not in graph.sources:
        names = list(graph.sources)
        hint = did_you_mean(source, names) or there_are(names, 20) or ""
        raise Misuse("unknown-source", f"no source is called `{source}`", hint=hint)
    found = _on_line(tracer, word, source)
    if found is not None:
        return found
    ids = _ids(tracer, word)
    if ids and len(word) == WHOLE_ID:
        return Meant(places=ids)
    places = _of_source(tracer, tracer.all.by_key(word), source)
    files = _files(tracer, source)
    rows = _rows(tracer.rejects.by_key(word), files)
    if places or rows:
        also = tracer.all.rows(ids[:1])[0]["id"] if ids else None
        return Meant(places=tuple(places), rows=tuple(rows), also=also)
    if len(ids) > 1:
        known = [row["id"] for row in tracer.all.rows(ids)]
        raise Misuse(
            "ambiguous-id", f"`{word}` is the beginning of several ids",
            hint=f"write more of it: `{known[0]}` or `{known[1]}`",
        )  # fmt: skip
    return Meant(places=ids) if ids else _in_sources(tracer, word, source)


def _ids(tracer: Tracer, word: str) -> tuple[int, ...]:
    plain = word.lower()
    if not LEAST_ID <= len(plain) <= WHOLE_ID or not _HEX.fullmatch(plain):
        return ()
    return tuple(tracer.all.by_id(plain))


def _of_source(tracer: Tracer, places: list[int], source: str | None) -> list[int]:
    if source is None or not places:
        return places
    names = tracer.all.some(["source"], places)["source"]
    return [place for place, name in zip(places, names, strict=True) if name == source]


def _files(tracer: Tracer, source: str | None) -> dict[str, str]:
    """The files of one source or all, each with the first source that reads it."""
    found: dict[str, str] = {}
    for name, about in tracer.snapshot.manifest.sources.items():
        if source in {None, name}:
            for one in about["files"]:
                found.setdefault(one["path"], name)
    return found


def _rows(found: list[Reject], files: dict[str, str]) -> list[Reject]:
    """Of what was set aside the rows of some files, each with its source."""
    return [
        replace(one, source=files[one.file])
        for one in found
        if one.id is None and one.file in files
    ]


# a line of a file


def _on_line(tracer: Tracer, word: str, source: str | None) -> Meant | None:
    """What stands on a line; None where the word names no file of the snapshot."""
    match = _LINE.fullmatch(word)
    if match is None:
        return None
    name, line = match[1].removeprefix("./"), int(match[2])
    files = _files(tracer, source)
    paths = [path for path in files if path == name or path.endswith(f"/{name}")]
    if not paths:
        return None
    places: list[int] = []
    rows: list[Reject] = []
    for path in paths:
        places += _of_source(tracer, tracer.all.by_line(path, line), source)
        rows += _rows(tracer.rejects.by_line(path, line), files)
    if places or rows:
        return Meant(places=tuple(places), rows=tuple(rows))
    unused: list[Unused] = []
    searched: list[Searched] = []
    for path in paths:
        try:
            now = tracer.seeker.at(files[path], path, line)
            unused += [
                _unused(tracer.snapshot.graph, files[path], row)
                for row in now
                if not row.reject
            ]
            searched.append(Searched(files[path]))
        except Fault as fault:
            searched.append(Searched(files[path], fault.message))
    hint = f"no row begins on line {line} of `{paths[0]}`"
    return Meant(unused=tuple(unused), searched=tuple(searched), hint=None if unused else hint)


# a key that only sources know


def _in_sources(tracer: Tracer, key: str, source: str | None) -> Meant:
    graph = tracer.snapshot.graph
    unused: list[Unused] = []
    searched: list[Searched] = []
    for name in [source] if source else list(graph.sources):
        try:
            row = tracer.seeker.find(name, key)
        except Fault as fault:
            searched.append(Searched(name, fault.message))
            continue
        searched.append(Searched(name))
        if row is not None:
            unused.append(_unused(graph, name, row))
    hint = None if unused else _hint(tracer, key)
    return Meant(unused=tuple(unused), searched=tuple(searched), hint=hint)


def _hint(tracer: Tracer, key: str) -> str | None:
    """What may have been meant by a word that is nothing."""
    near = did_you_mean(key, _near(tracer, key)) if key else None
    meant = _elsewhere(tracer, key) or near
    short = len(key) < LEAST_ID and _HEX.fullmatch(key.lower())
    if meant or (key.strip() and not short):
        return meant
    return "write a record's id or its first six digits or more, a row's key, or FILE:LINE"


def _elsewhere(tracer: Tracer, key: str) -> str | None:
    """Which other sources have the key, where one was named that has not."""
    places = tracer.all.by_key(key)
    names = set(tracer.all.some(["source"], places)["source"]) if places else set()
    names |= {
        str(one.source) for one in _rows(tracer.rejects.by_key(key), _files(tracer, None))
    }
    return f"it is a key of {listing(sorted(names))}" if names else None


def _near(tracer: Tracer, key: str) -> list[str]:
    """Keys of the snapshot that might be meant: those that begin or end as the word does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pa.chunked_array(
        [tracer.all.column("key"), pa.array(tracer.rejects.keys(), pa.string())]
    )
    edge = max(1, len(key) - 2)
    alike = pc.or_(
        pc.starts_with(column, pattern=key[:edge]), pc.ends_with(column, pattern=key[-edge:])
    )
    size = pc.utf8_length(column)
    near = pc.and_(pc.less_equal(size, len(key) + 2), pc.greater_equal(size, len(key) - 2))
    found = pc.unique(column.filter(pc.and_(alike, near))).to_pylist()
    if not found and len(column) <= MOST_KNOWN * 10:
        found = pc.unique(column).to_pylist()
    return sorted(found)[:MOST_KNOWN]


def _unused(graph: Graph, source: str, row: Row) -> Unused:
    """A row that is no candidate: what each template of its source says, and who looks it up."""
    stages = [one for one in graph.renders.values() if one.source.name == source]
    return Unused(
        source=source, file=row.path, line=row.line, key=row.key or "",
        templates=tuple(_untaken(stage, row) for stage in stages),
        used_by=tuple(dict.fromkeys(_users(graph, source))),
    )  # fmt: skip


def _users(graph: Graph, source: str) -> Iterator[str]:
    for name, rows in graph.sources.items():
        for join in (*rows.source.joins, *rows.source.leave_out):
            if join.source == source:
                yield name


def _untaken(stage: Render, row: Row) -> Untaken:
    where = stage.template.where
    if where is None:
        return Untaken(stage.template.name, "", (), takes=True)
    bare = replace(stage, template=replace(stage.template, where=None))
    cand: Any = Rendered(bare, row.prepared)
    facts = Facts(where, cand.get, cand.count)
    return Untaken(stage.template.name, show(where), tuple(facts.of(0)), takes=facts.holds(0))
