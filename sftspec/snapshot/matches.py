"""Which records of a snapshot meet a condition, in what order, and how they are spread.

They stand by id, as in the index, so the first of them are as good as drawn. Where texts are read
they stand in the order of the files: parts as the split has them, then positions.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice, product
from typing import Any

from msgspec import Struct
import numpy as np

from sftspec.expr import nodes as ex
from sftspec.expr.evaluate import compile_vector
from sftspec.snapshot.asked import SPOKEN, Asked, needs_text
from sftspec.snapshot.hashing import Hashing
from sftspec.snapshot.index import Group, Index
from sftspec.snapshot.opened import INDEX
from sftspec.snapshot.talks import Talk, talks

BATCH = 2_000
_PART = 1 << 48
_ASKED = {"chosen": "@part", "candidates": "@fate", "rejected": "@fate"}


class Found(Struct, frozen=True):
    """What matches: places in the index, in order. `of`: how many were asked.

    `whole` is False where reading stopped once there were enough: there may be more.
    """

    places: Any
    of: int
    whole: bool


class Search:
    """A question over a snapshot; nothing is answered before what was read is known to be sealed."""

    def __init__(self, hashing: Hashing, asked: Asked) -> None:
        snapshot = hashing.snapshot
        self.hashing = hashing
        self.asked = asked
        self.parts = [name for name, _ in snapshot.graph.mix.parts]
        hashing.begin(INDEX)
        for name in snapshot.shards(self.parts[0])[:1] if asked.told else ():
            hashing.begin(name)  # it is likely to be read
        with self._doubted():
            self.index = Index(snapshot.need(INDEX), snapshot.graph)

    @contextmanager
    def _doubted(self) -> Iterator[None]:
        """Where the index cannot be read, it may not be what was sealed: that is said first."""
        try:
            yield
        except Exception:
            self.hashing.wait(INDEX)
            raise

    def find(self, want: int | None = None) -> Found:
        """The places of what matches; where texts are read, all, or a few more than `want`.

        Raises Fault where the index, or a file that is read, is not as it was sealed.
        """
        with self._doubted():
            found = self._found(want)
        self.hashing.wait(INDEX)
        return found

    def _found(self, want: int | None) -> Found:
        conditions = ex.conjuncts(self.asked.node)
        told = [node for node in conditions if needs_text(node)]
        inside = ex.all_of([node for node in conditions if node not in told])
        node = ex.all_of(told)
        if node is None:
            places, _, of = self._narrowed(inside)
            return Found(places, of, whole=True)
        places, slots, of = self._narrowed(inside, slots=True)
        order = np.argsort(slots)
        places, slots = places[order], slots[order]
        found: list[int] = []
        done = 0
        with closing(self._read(node, places, slots)) as batches:
            for batch in batches:
                done += len(batch)
                found.extend(places[done - len(batch) : done][batch].tolist())
                if want is not None and len(found) > want:
                    break
        return Found(np.array(found, np.int64), of, whole=done == len(places))

    def spread(self, found: Found, names: Sequence[str]) -> list[tuple[tuple[Any, ...], int]]:
        """How many there are of each combination of values, most first.

        A record counts under each of several values that it has.
        """
        matches = np.zeros(self.index.size, bool)
        matches[found.places] = True
        counts: dict[tuple[Any, ...], int] = {}
        for group in self.index.groups(names):
            codes, columns = group.joint(names)
            mine = matches[group.start : group.start + group.size]
            sums = np.bincount(codes[mine], minlength=len(columns[0])).tolist()
            for number in np.flatnonzero(sums).tolist():
                for cell in _cells([column[number] for column in columns]):
                    counts[cell] = counts.get(cell, 0) + sums[number]
        return sorted(counts.items(), key=lambda one: (-one[1], _sortable(one[0])))

    def values(self, names: Sequence[str], places: Any) -> dict[str, list[Any]]:
        """The values of some records by name, of texts too."""
        inside = [name for name in names if name not in SPOKEN]
        some = self.index.some(inside, places)
        found = {name: some.values(name) for name in inside}
        spoken = [name for name in names if name in SPOKEN]
        read = self.told(places) if spoken else []
        return found | {n: [t and t.value(n) for t in read] for n in spoken}

    def told(self, places: Any) -> list[Talk | None]:
        """The conversations of records, None of those that were not chosen."""
        some = self.index.some(["@part", "@position"], places)
        part, position = (some.values(n) for n in ("@part", "@position"))
        slots = [
            -1 if p is None else self._slot(self.parts.index(p), at)
            for p, at in zip(part, position, strict=True)
        ]
        order = sorted((n for n, slot in enumerate(slots) if slot >= 0), key=slots.__getitem__)
        found: list[Talk | None] = [None] * len(slots)
        with closing(self._talks(np.array([slots[n] for n in order], np.int64))) as read:
            for number, talk in zip(order, read, strict=True):
                found[number] = talk
        return found

    # the places

    def _narrowed(self, node: ex.Typed | None, *, slots: bool = False) -> tuple[Any, Any, int]:
        """Places that meet a condition on the index, with `slots` theirs; how many were asked."""
        names = [] if node is None else [path[0] for path in ex.paths(node)]
        more = ["@part", "@position"] if slots else [_ASKED[self.asked.of]]
        pieces, found, of = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0
        for group in self.index.groups([*names, *more]):
            asked = self._population(group)
            of += int(asked.sum())
            if node is not None and asked.any():
                asked = asked & group.holds(node)
            local = np.flatnonzero(asked)
            pieces.append(local + group.start)
            if slots:
                found.append(self._slots(group)[local])
        return np.concatenate(pieces), np.concatenate(found), of

    def _population(self, group: Group) -> Any:
        """Which candidates of a group are asked."""
        if self.asked.of == "chosen":
            return group.there("part")
        if self.asked.of == "candidates":
            return np.ones(group.size, bool)
        fate = group.coded("@fate")
        return np.array([str(v).startswith("rejected:") for v in fate.values], bool)[fate.codes]

    def _slots(self, group: Group) -> Any:
        """A number for each candidate that was chosen: the order of the files."""
        part = group.coded("@part")
        ranks = {name: at for at, name in enumerate(self.parts)}
        places = np.array([ranks.get(value, 0) for value in part.values], np.int64)
        return self._slot(places[part.codes], group.numbers("position"))

    @staticmethod
    def _slot(part: Any, position: Any) -> Any:
        return part * _PART + position

    # texts

    def _read(self, node: ex.Typed, places: Any, slots: Any) -> Generator[Any, None, None]:
        """Whether records meet a condition on texts, batch by batch."""
        vector = compile_vector(node)
        names = [path[0] for path in vector.paths]
        some = self.index.some([n for n in names if n not in SPOKEN], places)
        start = 0
        with closing(self._talks(slots)) as read:
            while batch := list(islice(read, BATCH)):
                end = start + len(batch)
                columns: list[Sequence[Any]] = [
                    [talk.value(name) for talk in batch] if name in SPOKEN
                    else some.values(name, start, end)
                    for name in names
                ]  # fmt: skip
                yield np.array(list(map(bool, vector.run(columns, len(batch)))), bool)
                start = end

    def _talks(self, slots: Any) -> Generator[Talk, None, None]:
        """The conversations at slots, which rise."""
        ends = np.searchsorted(slots, [_PART * at for at in range(len(self.parts) + 1)])
        for at, part in enumerate(self.parts):
            yield from talks(self.hashing, part, slots[ends[at] : ends[at + 1]] - _PART * at)


def _cells(values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """The combinations that a record counts under."""
    options = [(value or [None]) if isinstance(value, list) else [value] for value in values]
    return product(*options)


def _sortable(cell: tuple[Any, ...]) -> list[tuple[bool, bool, Any]]:
    """A cell to sort by: numbers, then texts, then what is absent."""
    return [(v is None, isinstance(v, str), 0 if v is None else v) for v in cell]
