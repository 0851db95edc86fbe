"""A snapshot's coverages cell by cell, and what would fill the cells that are short.

Manifest and plan say what each cell needs, has and holds, and which templates reach it; the index
says what became of the rows that could have filled it.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
import numpy as np
import pyarrow as pa

from sftspec.expr import nodes as ex
from sftspec.expr.show import percent, show
from sftspec.plan.graph import CoveragePart, Graph
from sftspec.snapshot.fates import IN_INDEX, Candidates, Coded, coded, combined
from sftspec.snapshot.opened import INDEX, REJECTED as REJECTED_FILE, Snapshot
from sftspec.snapshot.pairs import BUILT_IN, Pair, never, of_index, of_plan
from sftspec.snapshot.reached import Route, routes

WITH_LINE = ("expect", "screened")
_SAID = tuple(f'"reason":"{reason}"'.encode() for reason in WITH_LINE)
_ORDER = ("chosen", "not chosen", "rejected")
_Fate = tuple[str, str, str]


class Fate(Struct, frozen=True):
    """What became of candidates: `chosen`, `not chosen` or `rejected`, then why.

    `line`: the line of the spec that set them aside, where one did.
    """

    fate: str
    reason: str
    line: str
    candidates: int


class Way(Struct, frozen=True):
    """A way to fill a cell. `rows`, `fates`: what there is of it; None where no index says so."""

    route: Route
    rows: int | None = None
    fates: tuple[Fate, ...] | None = None


class Cell(Struct, frozen=True):
    """A cell: what it needs, what was rendered for it, what was chosen; the ways to fill it."""

    values: tuple[str, ...]
    need: int
    have: int
    chosen: int
    ways: tuple[Way, ...] = ()

    @property
    def state(self) -> str:
        """`met`, `short` or `empty`."""
        return "met" if self.chosen >= self.need else "short" if self.chosen else "empty"


class Covered(Struct, frozen=True):
    """A coverage, cell by cell."""

    name: str
    over: tuple[str, ...]
    need: int
    cells: tuple[Cell, ...]

    @property
    def met(self) -> int:
        """How many cells hold what they need."""
        return sum(cell.state == "met" for cell in self.cells)


class Report(Struct, frozen=True):
    """All coverages that were asked for, and pairs of values that never meet.

    `over`: the facets whose pairs were looked at. `chosen`: how many records that is of.
    """

    coverages: tuple[Covered, ...]
    pairs: tuple[Pair, ...]
    over: tuple[str, ...]
    chosen: int
    index: bool


def report(snapshot: Snapshot, names: Sequence[str], most: int, *, wide: bool) -> Report:
    """The coverages of these names, and the first `most` pairs; `wide`: of built-in facets too."""
    found = Candidates(snapshot) if snapshot.has(INDEX) else None
    parts = {part.name: part for part in snapshot.graph.judge.coverages}
    coverages = tuple(_covered(snapshot, parts[name], found) for name in names)
    facets = [name for name in snapshot.graph.judge.facets if wide or name not in BUILT_IN]
    facets = facets if most else []
    things = of_index(found, facets) if found else of_plan(snapshot, facets)
    pairs = never(snapshot, things, most, known=found is not None)
    return Report(
        coverages, tuple(pairs), tuple(things.facets), things.total, found is not None
    )


def _covered(snapshot: Snapshot, part: CoveragePart, found: Candidates | None) -> Covered:
    cells = [
        Cell(tuple(one["cell"]), one["need"], one["have"], one["chosen"])
        for one in snapshot.manifest.coverages[part.name]["cells"]
    ]
    short = [cell for cell in cells if cell.state != "met"]
    wanted = [cell.values for cell in short]
    seen = _Seen(snapshot, part, found, wanted) if found is not None and short else None
    ways = {values: tuple(_ways(snapshot, part, values, seen)) for values in wanted}
    return Covered(
        part.name, part.over, part.need,
        tuple(replace(cell, ways=ways.get(cell.values, ())) for cell in cells),
    )  # fmt: skip


def _ways(
    snapshot: Snapshot, part: CoveragePart, values: tuple[str, ...], seen: "_Seen | None"
) -> Iterator[Way]:
    """The ways to fill a cell, with what there is of each where an index says so."""
    wanted = dict(zip(part.over, values, strict=True))
    for route in routes(snapshot.graph, wanted, part.where):
        yield seen.way(values, route) if seen else Way(route)


class _Seen:
    """The candidates of some cells, by cell, source and template."""

    def __init__(
        self, snapshot: Snapshot, part: CoveragePart, found: Candidates,
        wanted: Sequence[tuple[str, ...]],
    ) -> None:  # fmt: skip
        self.fates: dict[tuple[Any, ...], list[Fate]] = {}
        things, cells = _in_cells(part, found, wanted)
        place = [
            Coded(cells, list(wanted)),
            *(coded(found.column(name)).at(things) for name in IN_INDEX),
        ]
        joint, rows = combined([*place, _reasons(snapshot, found, things)], len(things))
        for (*where, (fate, reason, line)), count in zip(
            rows, np.bincount(joint).tolist(), strict=True
        ):
            several = self.fates.setdefault(tuple(where), [])
            several.append(Fate(fate, reason, line, count))
        self.rows = _rows(part, found, things, place)

    def way(self, values: tuple[str, ...], route: Route) -> Way:
        """A way with what there is of it."""
        at = (values, route.source, route.template)
        fates = sorted(self.fates.get(at, ()), key=_first)
        return Way(route, self.rows.get(at, 0), tuple(fates))


def _first(one: Fate) -> tuple[Any, ...]:
    """Chosen ones first, then those that were left, then by how many."""
    return (_ORDER.index(one.fate), -one.candidates, one.reason, one.line)


def _rows(
    part: CoveragePart, found: Candidates, things: Any, place: Sequence[Coded]
) -> dict[tuple[Any, ...], int]:
    """How many rows stand behind the candidates at each place.

    A row's samples have its tags, so its first one stands for it, unless `where` looks at texts.
    """
    joint, rows = combined(place, len(things))
    asked = ex.paths(part.where) if part.where is not None else []
    if all(path[0] in part.over or f"tag.{path[0]}" in found.names for path in asked):
        counts = np.bincount(joint[found.variant[things] == 0], minlength=len(rows))
        return dict(zip(rows, counts.tolist(), strict=True))
    keys = found.column("key").take(things).dictionary_decode()
    table = pa.table({"place": joint, "key": keys}).group_by("place")
    counted = table.aggregate([("key", "count_distinct")]).to_pydict()
    return {
        rows[at]: count
        for at, count in zip(counted["place"], counted["key_count_distinct"], strict=True)
    }


def _in_cells(
    part: CoveragePart, found: Candidates, wanted: Sequence[tuple[str, ...]]
) -> tuple[Any, Any]:
    """The candidates in some cells, and the number of the cell: once for each that one is in."""
    things = np.flatnonzero(~found.repeats & found.holds(part.where))
    cells = np.zeros(len(things), np.int64)
    known: dict[tuple[str, ...], int] = {(): 0}
    for at, name in enumerate(part.over):
        facet = found.facet(name)
        numbers: dict[tuple[str, ...], int] = {}
        table = np.full((len(known), len(facet.values) + 1), -1, np.int64)
        places = {value: code for code, value in enumerate(facet.values)}
        for values in wanted:
            start = numbers.setdefault(values[: at + 1], len(numbers))
            table[known[values[:at]], places.get(values[at], -1)] = start
        table[:, -1] = -1
        things, cells, codes = facet.across(things, cells)
        cells = table[cells, codes]
        things, cells = things[cells >= 0], cells[cells >= 0]
        known = numbers
    return things, cells  # cells were numbered in the order in which they are wanted


def _reasons(snapshot: Snapshot, found: Candidates, things: Any) -> Coded:
    """What became of some candidates, by number."""
    known: dict[_Fate, int] = {}
    numbers = [known.setdefault(_fate(word), len(known)) for word in found.fate.values]
    codes = np.array(numbers or [0])[found.fate.codes[things]]
    told = [number for (_, reason, _), number in known.items() if reason in WITH_LINE]
    asked = np.flatnonzero(np.isin(codes, told))
    if len(asked) and snapshot.has(REJECTED_FILE):
        ids: dict[str, list[int]] = {}
        for place, one in zip(asked, found.column("id").take(things[asked]), strict=True):
            ids.setdefault(one.as_py().hex(), []).append(int(place))
        fates = list(known)
        for name, line in _lines(snapshot, ids):
            fate, reason, _ = fates[codes[ids[name][0]]]
            codes[ids[name]] = known.setdefault((fate, reason, line), len(known))
    return Coded(codes, list(known))


def _fate(word: str) -> _Fate:
    if word.startswith("rejected:"):
        return ("rejected", word.removeprefix("rejected:"), "")
    return ("not chosen" if word == "not_chosen" else "chosen", "", "")


def _lines(snapshot: Snapshot, ids: Container[str]) -> Iterator[tuple[str, str]]:
    """Of candidates that a line of the spec set aside: the id and the line."""
    texts: dict[str, list[str]] = {}
    for name, stage in snapshot.graph.templates().items():
        lines = [one.text for one in stage.template.expects] + [one.text for one in stage.drops]
        texts[name] = sorted(lines, key=len)
    with snapshot.checked(REJECTED_FILE).open("rb") as stream:
        for raw in stream:
            if not any(word in raw for word in _SAID):
                continue
            one = msgspec.json.decode(raw)
            if one.get("id") in ids:
                said = f"{one['evidence']}: "
                known = [
                    text for text in texts[one["template"]] if said.startswith(f"{text}: ")
                ]
                if known:
                    yield one["id"], known[-1]


def bounds(graph: Graph, over: Sequence[str], values: Sequence[str]) -> list[str]:
    """What of the mixture can keep more records of a cell from being chosen, in words."""
    wanted = dict(zip(over, values, strict=True))
    facets = {(name,) for name in graph.judge.facets}
    found = []
    for share in graph.mix.shares:
        parts = dict(share.quotas)
        if wanted.get(share.facet) in parts and routes(graph, wanted, share.where):
            bp = parts[wanted[share.facet]] * 10_000 // sum(parts.values())
            of = f" where {show(share.where, facets)}" if share.where is not None else ""
            found.append(f"share {share.facet}{of} {{ {wanted[share.facet]} {percent(bp)} }}")
    found += [
        one.text for one in graph.mix.bounds if one.most and routes(graph, wanted, one.where)
    ]
    found += [f"at most {cap.count} per {cap.per}" for cap in graph.mix.caps]
    if graph.mix.total is not None:
        found.append(f"total = {graph.mix.total}")
    return found
