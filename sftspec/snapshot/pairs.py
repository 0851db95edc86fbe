"""Values of two facets that never meet in a chosen record though each occurs: the long tail.

The most surprising come first: those that would meet most often if the facets were independent.
Whole numbers decide; ties go by name.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from msgspec import Struct
import numpy as np

from sftspec.snapshot.fates import (
    CHOSEN,
    NOT_CHOSEN,
    REJECTED,
    Candidates,
    Facet,
    column_of,
    facet_of,
)  # fmt: skip
from sftspec.snapshot.opened import Snapshot
from sftspec.snapshot.reached import routes

BUILT_IN = ("layer", "source", "template", "origin", "license")
_Found = tuple[int, tuple[str, str], tuple[str, str], tuple[int, int]]


class Pair(Struct, frozen=True):
    """Two values that never meet.

    `counts`: how often each is chosen. `expected`: how often they would meet. `not_chosen`, `rejected`:
    candidates that have both. `templates`: those that could make one.
    """

    facets: tuple[str, str]
    values: tuple[str, str]
    counts: tuple[int, int]
    expected: int
    not_chosen: int
    rejected: int | None
    templates: tuple[str, ...]


class Things(Struct, frozen=True):
    """Candidates, or cells of a mixture: their facets, and how many of each fate a thing stands for."""

    facets: dict[str, Facet]
    counts: Any

    @property
    def total(self) -> int:
        """How many records are chosen."""
        return int(self.counts[CHOSEN].sum())


def of_index(found: Candidates, names: Sequence[str]) -> Things:
    """The candidates of an index, repeats left out."""
    found.load(map(column_of, names))
    counts = [
        (found.state == state) & ~found.repeats for state in (CHOSEN, NOT_CHOSEN, REJECTED)
    ]
    return Things({name: found.facet(name) for name in names}, np.array(counts))


def of_plan(snapshot: Snapshot, names: Sequence[str]) -> Things:
    """The cells of the mixture, by those facets that it is over; rejected candidates are not there."""
    mixture = snapshot.plan.mixture
    cells = [cell for part in mixture.parts for cell in part.cells]
    facets = {
        name: facet_of([cell.values[at] for cell in cells])
        for at, name in enumerate(mixture.facets)
        if name in names
    }
    counts = [(cell.chosen, max(cell.available - cell.chosen, 0), 0) for cell in cells]
    return Things(facets, np.array(counts, np.int64).reshape(len(cells), 3).T)


def never(snapshot: Snapshot, things: Things, most: int, *, known: bool) -> list[Pair]:
    """The first pairs that never meet. `known`: whether rejected candidates are counted."""
    if not most:
        return []
    places = np.flatnonzero(things.counts[CHOSEN])
    weights = things.counts[CHOSEN][places].astype(np.int64)
    facets = {name: _Chosen(facet.at(places), weights) for name, facet in things.facets.items()}
    found: list[_Found] = []
    for one, two in combinations(facets, 2):
        found += _apart((one, two), facets[one], facets[two], most)
    found.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    return [_pair(snapshot, things, pair, known=known) for pair in found[:most]]


class _Chosen:
    """A facet of what was chosen: each thing once per value, and how often each value is."""

    def __init__(self, facet: Facet, weights: Any) -> None:
        self.facet = facet
        self.weights = weights
        self.size = len(facet.values)
        places = np.arange(len(weights))
        self.places, _, self.codes = facet.across(places, places)
        self.often = _count(self.codes, weights[self.places], self.size)

    def met(self, other: "_Chosen") -> Any:
        """How often each value meets each of another facet."""
        if other.facet.starts is not None and self.facet.starts is None:
            return other.met(self).T
        places, left, right = self.places, self.codes, None
        if other.facet.starts is None:
            right = other.facet.codes[places]  # null is -1, and stands before the others
        else:
            places, left, right = other.facet.across(places, left)
        width = other.size + 1
        table = _count(left * width + right + 1, self.weights[places], self.size * width)
        return table.reshape(self.size, width)[:, 1:]


def _count(codes: Any, weights: Any, size: int) -> Any:
    if len(weights) and weights.max() == 1:
        return np.bincount(codes, minlength=size)
    return np.bincount(codes, weights=weights, minlength=size).astype(np.int64)


def _apart(names: tuple[str, str], one: _Chosen, two: _Chosen, most: int) -> Iterator[_Found]:
    """The pairs of two facets that never meet, by the product of their counts: the first, and ties."""
    product = np.where(one.met(two) == 0, np.outer(one.often, two.often), 0)
    least = np.partition(product, -most, axis=None)[-most] if product.size > most else 0
    for a, b in np.argwhere((product > 0) & (product >= least)).tolist():
        counts = (int(one.often[a]), int(two.often[b]))
        values = (one.facet.values[a], two.facet.values[b])
        yield int(product[a, b]), names, values, counts


def _pair(snapshot: Snapshot, things: Things, found: _Found, *, known: bool) -> Pair:
    product, names, values, counts = found
    both = np.ones(things.counts.shape[1], bool)
    for name, value in zip(names, values, strict=True):
        both &= _has(things.facets[name], value, len(both))
    total = things.total
    made = routes(snapshot.graph, dict(zip(names, values, strict=True)))
    return Pair(
        facets=names, values=values, counts=counts,
        expected=(2 * product + total) // (2 * total),
        not_chosen=int(things.counts[NOT_CHOSEN][both].sum()),
        rejected=int(things.counts[REJECTED][both].sum()) if known else None,
        templates=tuple(dict.fromkeys(route.template for route in made)),
    )  # fmt: skip


def _has(facet: Facet, value: str, size: int) -> Any:
    """Which things have a value."""
    wanted = facet.values.index(value)
    if facet.starts is None:
        return facet.codes == wanted
    places, _, codes = facet.across(np.arange(size), np.arange(size))
    there = np.zeros(size, bool)
    there[places[codes == wanted]] = True
    return there
