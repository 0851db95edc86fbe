"""What gates count: candidates of the pool, and rows of the sources by source and fate.

Both answer alike: which there are, for which of them a condition holds, and how many that is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest, nsmallest
from typing import Any

from msgspec import Struct
import numpy as np

from sftspec.expr import nodes as ex
from sftspec.expr.evaluate import compile_vector
from sftspec.plan.parts import SourcePart
from sftspec.stages.pool import Pool


class RowCount(Struct, frozen=True):
    """How many rows of a source were used, or set aside for a reason."""

    source: str
    origin: str
    license: str
    rejected: str | None
    rows: int


def row_counts(
    source: SourcePart, read: int, aside: Iterable[Any], doubled: Mapping[str, int]
) -> list[RowCount]:
    """The rows of a source by fate.

    `aside`: columns of the reasons for which rows were set aside. `doubled`: how many rows yielded
    to one that came before, by reason.
    """
    fates: Counter[str | None] = Counter(doubled)
    for column in aside:
        counts = column.value_counts().to_pylist()
        fates.update({one["values"]: one["counts"] for one in counts})
    fates[None] = read - fates.total()
    return [
        RowCount(source.name, source.origin, source.license, fate, fates[fate])
        for fate in sorted(fates, key=lambda fate: fate or "")
        if fates[fate]
    ]


class Records:
    """The candidates. `chosen`: truth values. `reasons`: why each was rejected, or None."""

    def __init__(self, pool: Pool, chosen: Any, reasons: Sequence[str | None]) -> None:
        self.pool = pool
        self.chosen = chosen
        self.reasons = reasons

    def whole(self, of: str) -> Any:
        """Those that were chosen, or those that could be rendered; repeats are no renderings."""
        if of == "chosen":
            return np.asarray(self.chosen, bool)
        return self.pool.rendered() & (self.pool.level() == 0)

    def values(self, node: ex.Typed) -> list[Any]:
        """An expression's value for every candidate."""

        def get(path: tuple[str, ...]) -> Sequence[Any]:
            return self.reasons if path == ("rejected",) else self.pool.get(path)

        return compile_vector(node).over(get, self.pool.size)

    def holds(self, node: ex.Typed | None) -> Any:
        """Where a condition holds; everywhere where there is none."""
        return _truths(node, self.values, self.pool.size)

    def size(self, places: Any) -> int:
        """How many candidates stand at some places."""
        return int(np.count_nonzero(places))

    def first(self, places: Any, most: int) -> list[int]:
        """The first of some places, by id."""
        order = self.pool.by_id()
        return [int(place) for place in order[places[order]][:most]]

    def extreme(
        self, places: Any, values: Sequence[Any], most: int, *, high: bool
    ) -> list[int]:
        """Of some places those with the highest or lowest values, ties by id."""
        order = self.pool.by_id()
        known = (p for p in order[places[order]].tolist() if values[p] is not None)
        pick = nlargest if high else nsmallest
        return pick(most, known, key=values.__getitem__)

    def ids(self, places: Sequence[int]) -> tuple[str, ...]:
        """The ids of some candidates."""
        column = self.pool.arrow("id")
        return tuple(column[place].as_py().hex() for place in places)


class Rows:
    """The rows that were read, counted by source and fate."""

    def __init__(self, counts: Sequence[RowCount]) -> None:
        self.counts = counts
        self.weights = np.array([one.rows for one in counts], np.int64)

    def whole(self, _: str) -> Any:
        """All of them."""
        return np.ones(len(self.counts), bool)

    def values(self, node: ex.Typed) -> list[Any]:
        """An expression's value for every count."""
        return compile_vector(node).over(
            lambda path: [getattr(one, path[0]) for one in self.counts], len(self.counts)
        )

    def holds(self, node: ex.Typed | None) -> Any:
        """Where a condition holds; everywhere where there is none."""
        return _truths(node, self.values, len(self.counts))

    def size(self, places: Any) -> int:
        """How many rows stand at some places."""
        return int(self.weights[places].sum())

    def most(self, places: Any) -> list[RowCount]:
        """The counts at some places, the largest first."""
        found = [self.counts[place] for place in np.flatnonzero(places).tolist()]
        return sorted(found, key=lambda one: (-one.rows, one.source, one.rejected or ""))


def _truths(node: ex.Typed | None, values: Any, size: int) -> Any:
    if node is None:
        return np.ones(size, bool)
    return np.fromiter((bool(value) for value in values(node)), bool, size)
