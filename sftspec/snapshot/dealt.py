"""How the split and the mixture came to what they did with one candidate.

A snapshot keeps who was chosen and what each candidate drew. The part of one that was not chosen, and
whether a cap held it back, are worked out anew: from the draws of its group, and from who of its
row, its group or its facet's value came before it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct
import numpy as np
import pyarrow as pa

from sftspec.expr import nodes as ex
from sftspec.expr.evaluate import compile_vector
from sftspec.ground.canon import draw
from sftspec.plan.graph import CapPart, Mix
from sftspec.snapshot.candidates import Candidates
from sftspec.snapshot.opened import Snapshot
from sftspec.stages.joint import CellCount, MixResult, PartResult
from sftspec.stages.prepare import row_ids
from sftspec.stages.split import WHOLE, split

MOST_BEFORE, FEW = 3, 50_000
Row = dict[str, Any]


class Parted(Struct, frozen=True):
    """The draw of what is kept together, in basis points, and the range of each part.

    `by`: `group` or `row`. `name`: the group, or the row's key.
    """

    by: str
    name: str
    draw: int
    ranges: tuple[tuple[str, int, int], ...]
    part: str


class Limit(Struct, frozen=True):
    """A line of the mixture that a candidate counts in; `wanted` is None where it is a share of others."""

    label: str
    wanted: int | None
    there: int
    chosen: int


class Mixed(Struct, frozen=True):
    """A candidate in its cell: the `rank`-th lowest draw of `of`, of which the lowest `taken` are chosen.

    `drawn` and `last`: its draw and that of the last one taken, in millionths. `cap`: the cap that
    held it back before the cell was filled, behind the candidates `before` it; `rank` and `of` are
    then those it would have had, had it alone not been held back. What is not known is None.
    """

    cell: dict[str, str | None]
    drawn: int
    rank: int
    of: int | None
    taken: int
    last: int | None
    cap: str | None
    before: tuple[str, ...]
    caps: tuple[str, ...]
    limits: tuple[Limit, ...]


class Dealer:
    """Works out what became of candidates of one snapshot."""

    def __init__(self, snapshot: Snapshot, candidates: Candidates) -> None:
        self.graph = snapshot.graph
        self.result: MixResult = snapshot.plan.mixture
        self.names = [name for name, _ in self.graph.mix.parts]
        self.all = candidates
        stages = self.graph.renders.values()
        self._samples = {one.template.name: one.template.samples for one in stages}
        self._repeated = any(one.repeats > 1 for one in stages)
        self._sources = {one.source.name: one.source.identity for one in stages}
        codes, fates = self.all.coded("fate")
        place = {name: at for at, name in enumerate(self.names)}
        self._part = np.array([place.get(str(fate), -1) for fate in fates], np.int16)[codes]
        left = np.array([fate == "not_chosen" for fate in fates], bool)[codes]
        self.left = left
        self.alive = left | (self._part >= 0)

    # the split

    def parted(self, row: Row) -> Parted:
        """What decided the part of a candidate."""
        stage = self.graph.split
        grouped = "group" in stage.together and row["group"] is not None
        rid = row_ids(self._sources[row["source"]], [row["key"]])[0]
        name = b"group\0" + row["group"].encode() if grouped else b"row\0" + rid
        drawn = (draw(stage.seed, "split", name) * WHOLE) >> 64
        ranges, edge = [], 0
        for part, bp in stage.parts:
            ranges.append((part, edge, edge + bp))
            edge += bp
        ranges.append((self.names[0], edge, WHOLE))
        part = next(one for one, low, high in ranges if low <= drawn < high)
        return Parted(
            by="group" if grouped else "row", name=row["group"] if grouped else row["key"],
            draw=drawn, ranges=tuple(ranges), part=part,
        )  # fmt: skip

    def parts_of(self, places: Any) -> Any:
        """The number of each place's part: as it was chosen, else as its group draws."""
        found = self._part[places].copy()
        left = np.flatnonzero(found < 0)
        if len(left):
            few: Any = _Few(self, places[left])  # all that the split sees of a pool
            tables, _ = split(self.graph.split, few)
            found[left] = tables["parts"]["part"].to_numpy()
        return found

    # the mixture

    def mixed(self, row: Row, place: int) -> Mixed:
        """What decided whether a candidate that nothing set aside was chosen."""
        part = int(self.parts_of(np.array([place]))[0])
        result = self.result.parts[part]
        cap, before = (None, ()) if row["position"] is not None else self._cap_on(place, part)
        fellows, whole = self._fellows(row, place, part)
        fellows = np.union1d(fellows, [place])
        fellows = fellows[self._ordered(fellows)]
        taken = fellows[self._part[fellows] == part]
        of = len(fellows) if whole else self._available(row, result, len(taken))
        if not whole and cap is not None:  # the mixture did not count it
            of = of + 1 if of is not None and len(fellows) > 1 else None
        return Mixed(
            cell=self._cell(row),
            drawn=_millionths(row["rank"]),
            rank=1 + int(np.flatnonzero(fellows == place)[0]),
            of=of,
            taken=len(taken),
            last=_millionths(self.all.ranks()[taken[-1]]) if len(taken) else None,
            cap=cap,
            before=before,
            caps=tuple(map(said_cap, self.graph.mix.caps)),
            limits=tuple(self._limits(row, result, train=part == 0)),
        )

    def _fellows(self, row: Row, place: int, part: int) -> tuple[Any, bool]:
        """The candidates of its cell and part that no cap held back, and whether these are all.

        Of a large index, others that were not chosen and drew more than it are not looked at.
        """
        codes, cells = self.all.coded("cell")
        alike = codes == cells.index(row["cell"])
        left = np.flatnonzero(alike & self.left)
        whole = self._repeated or self.all.size <= FEW
        if not whole:
            ranks = self.all.ranks()
            chosen = row["position"] is not None
            left = left[:0] if chosen else left[ranks[left] <= ranks[place]]
        left = left[self.parts_of(left) == part]
        left = left[self._kept(left, len(self.graph.mix.caps))]
        found = np.concatenate([np.flatnonzero(alike & (self._part == part)), left])
        return found[self._same_truths(found, row)].astype(np.int64), whole

    def _ordered(self, places: Any) -> Any:
        """The order in which places are taken: lowest level, draw and id first."""
        return np.lexsort((places, self.all.ranks()[places], self._levels(places)))

    def _levels(self, places: Any) -> Any:
        """How often each repeats its row."""
        if not self._repeated:
            return np.zeros(len(places), np.int32)
        some = self.all.some(["template", "variant"], places)
        pairs = zip(some["template"], some["variant"], strict=True)
        return np.array([variant // self._samples[name] for name, variant in pairs], np.int32)

    def _same_truths(self, places: Any, row: Row) -> Any:
        """Which places meet the same conditions of shares and bounds as the row."""
        same = np.ones(len(places), bool)
        for node in _conditions(self.graph.mix):
            names = sorted({_column(path) for path in ex.paths(node)})
            columns = self.all.some([n for n in names if n in self.all.names], places)
            hits = _truths(node, columns, len(places))
            (wanted,) = _truths(node, {name: [row[name]] for name in columns}, 1)
            same &= np.array(hits, bool) == wanted
        return same

    def _cell(self, row: Row) -> dict[str, str | None]:
        return {facet: row[_column((facet,))] for facet in self.result.facets}

    def _available(self, row: Row, result: PartResult, taken: int) -> int | None:
        """How many of its cell were there; None where cells of other conditions look alike."""
        values = tuple(str(value) for value in self._cell(row).values())
        found: list[CellCount] = [one for one in result.cells if one.values == values]
        if len(found) > 1:
            found = [one for one in found if one.chosen == taken]
        return found[0].available if len(found) == 1 else None

    def _limits(self, row: Row, result: PartResult, *, train: bool) -> Iterator[Limit]:
        """The quotas that the candidate counts in, in the order of the spec."""
        mix = self.graph.mix
        truths = [
            bool(_truths(node, {name: [value] for name, value in row.items()}, 1)[0])
            for node in _conditions(mix)
        ]
        known = list(_labels(mix, truths, train=train))
        for at, quota in enumerate(result.quotas):
            facet, value, holds = (
                known[at][1:] if at < len(known) else _suffixed(quota.label, mix)
            )
            if not holds or (facet and not _has(row.get(_column((facet,))), value)):
                continue
            wanted = quota.wanted if quota.wanted >= 0 else None
            yield Limit(quota.label, wanted, quota.there, quota.chosen)

    # caps

    def _cap_on(self, place: int, part: int) -> tuple[str | None, tuple[str, ...]]:
        """The cap that set a candidate aside, and the ids of some that came before it."""
        mine = np.array([place])
        for number, cap in enumerate(self.graph.mix.caps, 1):
            if self._kept(mine, number)[0]:
                continue
            others = self._sharers(cap, mine, number - 1)
            others = others[self.parts_of(others) == part]
            ids = self.all.some(["id"], self._under(cap, others)[:MOST_BEFORE])["id"]
            return said_cap(cap), tuple(one.hex() for one in ids)
        return None, ()

    def _kept(self, places: Any, number: int) -> Any:
        """Which places the first caps leave. A cap looks at those that the caps before it left."""
        if not number or not len(places):
            return np.ones(len(places), bool)
        cap = self.graph.mix.caps[number - 1]
        sharers = self._sharers(cap, places, number - 1)
        return np.isin(places, self._under(cap, sharers))

    def _sharers(self, cap: CapPart, places: Any, number: int) -> Any:
        """The places that may share a label with some, of those that the caps before leave."""
        labels = self._labels_of(cap, places)
        wanted = {one for label in labels for one in _each(label) if one is not None}
        found = np.union1d(np.flatnonzero(self.alive & self._sharing(cap, wanted)), places)
        return found[self._kept(found, number)]

    def _under(self, cap: CapPart, places: Any) -> Any:
        """The places that a cap leaves of these, of each part by itself."""
        parts = self.parts_of(places)
        order = self._ordered(places)
        labels = self._labels_of(cap, places[order])
        seen: dict[tuple[int, Any], int] = {}
        keep = []
        for at, label in zip(order.tolist(), labels, strict=True):
            names = [(int(parts[at]), one) for one in _each(label)]
            if label is not None and any(seen.get(name, 0) >= cap.count for name in names):
                continue
            for name in names:
                seen[name] = seen.get(name, 0) + 1
            keep.append(places[at])
        return np.array(keep, np.int64)

    def _labels_of(self, cap: CapPart, places: Any) -> list[Any]:
        if cap.per == "source_row":
            some = self.all.some(["source", "key"], places)
            return list(zip(some["source"], some["key"], strict=True))
        (column,) = self.all.some([_column((cap.per,))], places).values()
        return column

    def _sharing(self, cap: CapPart, wanted: set[Any]) -> Any:
        """Which candidates may have one of some labels."""
        if cap.per == "source_row":
            return self.all.among("key", {key for _, key in wanted})
        name = _column((cap.per,))
        if pa.types.is_list(self.all.column(name).type):
            return np.ones(self.all.size, bool)
        return self.all.among(name, wanted)


class _Few:
    """What the split sees of some candidates."""

    def __init__(self, dealer: Dealer, places: Any) -> None:
        grouped = "group" in dealer.graph.split.together
        wanted = ["source", "key", *(["group"] if grouped else [])]
        some = dealer.all.some(wanted, places)
        names = dealer._sources  # noqa: SLF001 - a part of it
        pairs = zip(some["source"], some["key"], strict=True)
        self.size = len(places)
        self._columns = {
            "rid": pa.array(
                [row_ids(names[one], [key])[0] for one, key in pairs], pa.binary(16)
            ),
            "group": pa.array(some.get("group", [None] * len(places)), pa.string()),
        }

    def arrow(self, name: str) -> Any:
        """A column by its name in the pool."""
        return self._columns[name]


def said_cap(cap: CapPart) -> str:
    """A cap as the spec writes it."""
    return f"at most {cap.count} per {cap.per}"


def _column(path: tuple[str, ...]) -> str:
    """The index's column for a name of the pool: a facet, a measure or what says who it is."""
    name = path[0]
    if name.startswith("@m"):
        return f"measure.{name[2:]}"
    return name if name in {"source", "template", "variant", "group"} else f"tag.{name}"


def _conditions(mix: Mix) -> list[ex.Typed]:
    """The conditions that tell cells apart, in the order of `stages.joint`."""
    shares = [share.where for share in mix.shares if share.where is not None]
    return shares + [bound.where for bound in mix.bounds]


def _truths(node: ex.Typed, columns: dict[str, list[Any]], rows: int) -> list[Any]:
    """A condition over columns of the index; what nothing set aside has no reason."""

    def get(path: tuple[str, ...]) -> Sequence[Any]:
        return columns.get(_column(path), [None] * rows)

    return [bool(value) for value in compile_vector(node).over(get, rows)]


def _labels(
    mix: Mix, truths: Sequence[bool], *, train: bool
) -> Iterator[tuple[str, str, str, bool]]:
    """Label, facet, value and truth of each quota of shares and bounds, as the mixture lists them."""
    number = 0
    for share in mix.shares:
        holds = True
        if share.where is not None:
            holds = truths[number]
            number += 1
        elif train and share.facet == mix.curriculum:
            continue
        for value, _ in share.quotas:
            yield f"{share.facet} {value}", share.facet, value, holds
    for bound in mix.bounds:
        yield bound.text, "", "", truths[number]
        number += 1


def _suffixed(label: str, mix: Mix) -> tuple[str, str, bool]:
    """Facet and value of a quota of the curriculum or a stratum."""
    words, _, _ = label.rpartition(" (")
    for facet in (mix.curriculum, *mix.strata):
        if facet and words.startswith(f"{facet} "):
            return facet, words.removeprefix(f"{facet} "), True
    return "", "", False


def _has(found: Any, value: str) -> bool:
    return value in found if isinstance(found, list) else str(found) == value


def _each(label: Any) -> list[Any]:
    return label if isinstance(label, list) else [label]


def _millionths(rank: Any) -> int:
    """A draw as a share of the whole range."""
    return (int(rank) * 1_000_000) >> 64
