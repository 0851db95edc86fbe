"""Joint cells of two mixtures under one numbering, and how many records each part takes of each."""

from typing import Any, Protocol

import numpy as np

from sftspec.snapshot.compare.names import Compared
from sftspec.snapshot.compare.side import Index, shared, taken

MOST_CELLS = 2_000


class Joined(Protocol):
    """Places of records in two indexes, -1 for none, and where the second has chosen them."""

    left: Any
    right: Any
    now: Any


class Cells:
    """The cells of two mixtures. `alike`: whether both have the same; else nothing is said of them."""

    def __init__(self, two: Compared, a: Index, b: Index) -> None:
        facets = [list(one.plan.mixture.facets) for one in (two.before, two.after)]
        facets[0] = [two.names.now("facet", name) for name in facets[0]]
        renamed = any(
            two.names.of(kind) for kind in ("source", "template") if kind in facets[1]
        )
        self.alike = facets[0] == facets[1] and not renamed
        self.a, self.b, words = shared(a.cells(), b.cells())
        self.part_a, self.part_b, _ = shared(a.parts, b.parts)
        self.width = len(words) + 1
        keys = [
            self._key(self.part_a, self.a)[a.chosen],
            self._key(self.part_b, self.b)[b.chosen],
        ]
        most = max((int(key.max(initial=0)) for key in keys), default=0) + 1
        self.counts = [np.bincount(key, minlength=most) for key in keys]

    def _key(self, part: Any, cell: Any) -> Any:
        """A number for a part and a cell of it."""
        return (part + 1) * self.width + cell + 1

    def key(self, rows: Any, both: Joined) -> Any:
        """A number for the cells that records were and are in; one for all where there are too many."""
        if not self.alike or self.width > MOST_CELLS:
            return np.zeros(len(rows), np.int64)
        was, now = taken(self.a, both.left[rows]), taken(self.b, both.right[rows])
        return (was + 1) * self.width + now + 1

    def moved(self, rows: Any, both: Joined) -> Any:
        """Of chosen records, whether the other side takes another number of their cell and part."""
        if not self.alike:
            return np.ones(len(rows), bool)
        now = both.now[rows]
        cell = np.where(now, taken(self.b, both.right[rows]), taken(self.a, both.left[rows]))
        part = np.where(
            now, taken(self.part_b, both.right[rows]), taken(self.part_a, both.left[rows])
        )
        key = self._key(part, cell)
        return self.counts[0][key] != self.counts[1][key]

    def of_groups(self, group: Any, rows: Any, both: Joined) -> dict[int, frozenset[int]]:
        """The cells that the records of each group are or were in."""
        if not self.alike:
            return {}
        found: dict[int, set[int]] = {}
        for cells, places in ((self.a, both.left[rows]), (self.b, both.right[rows])):
            key = np.unique(group * self.width + taken(cells, places) + 1)
            for one in key.tolist():
                number, cell = divmod(one, self.width)
                if cell:
                    found.setdefault(number, set()).add(cell - 1)
        return {number: frozenset(some) for number, some in found.items()}
