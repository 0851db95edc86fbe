"""Two indexes side by side: which chosen records came, went, changed, and how they fared before.

Both are sorted by id, so they are joined by their ids' first eight bytes, and everything else is
done on numbers of words: what a record is never becomes a Python object.
"""

from functools import cached_property
from typing import Any

from msgspec import Struct
import numpy as np

from sftspec.snapshot.compare.cells import Cells
from sftspec.snapshot.compare.names import Compared
from sftspec.snapshot.compare.side import ABSENT, Index, grouped, packed, shared, taken
from sftspec.snapshot.compare.sources import files_of
from sftspec.snapshot.compare.told import Told

__all__ = ["ABSENT", "Both", "Evidence", "Found"]
ADDED, REMOVED, MODIFIED, RETAGGED, MOVED, SAME = (
    "added", "removed", "modified", "retagged", "moved", "same",
)  # fmt: skip
HOWS = ("", ADDED, REMOVED, MODIFIED, RETAGGED, MOVED, SAME)
MOST_SAMPLES = 3
TRAIN = "train"


class Evidence(Struct, frozen=True):
    """What the indexes tell of why a record fared so.

    `touched`: the file of its row has other bytes. `beyond`: it is a sample that the other side makes
    none of. `text`: it says something else. `apart`: and is longer or shorter by another number of
    characters than most that its template makes of its source. `facets`: those of which it has
    another value. `quota`: of its cell another number is taken.
    """

    touched: bool = False
    beyond: bool = False
    text: bool = False
    apart: bool = False
    facets: tuple[str, ...] = ()
    quota: bool = False


class Found(Struct, frozen=True):
    """Records that fared alike, for all that is known for the same reason.

    `rows`: places in the two indexes of a few of them, -1 for none. `cells`: those they are in.
    """

    how: str
    template: str
    source: str
    was: str
    now: str
    count: int
    evidence: Evidence
    rows: tuple[tuple[int, int], ...] = ()
    cells: frozenset[int] = frozenset()


class Both:
    """Two snapshots' indexes, joined: what each fact is of a record that one side or both have."""

    def __init__(self, two: Compared, tolds: tuple[Told, Told]) -> None:
        self.two, self.tolds = two, tolds
        self.values: dict[str, tuple[Any, Any, list[str]]] = {}
        self.a = a = Index(two.before, two.names)
        self.b = b = Index(two.after)
        left, right = _joined(a.ids, b.ids)
        only_a = np.setdiff1d(np.arange(a.size), left, assume_unique=True)
        only_b = np.setdiff1d(np.arange(b.size), right, assume_unique=True)
        self.left = np.concatenate([left, only_a, np.full(len(only_b), -1)])
        self.right = np.concatenate([right, np.full(len(only_a), -1), only_b])
        self.both = (self.left >= 0) & (self.right >= 0)
        self.was = taken(a.chosen, self.left, 0).astype(bool)
        self.now = taken(b.chosen, self.right, 0).astype(bool)
        self.alive = (
            taken(a.alive, self.left, 0).astype(bool), taken(b.alive, self.right, 0).astype(bool),
        )  # fmt: skip

    # facts of each record

    @cached_property
    def text(self) -> Any:
        """Where both have a record and it says something else."""
        found = np.zeros(len(self.left), bool)
        for word in range(4):
            found[self.both] |= (
                self.a.content[self.left[self.both], word]
                != self.b.content[self.right[self.both], word]
            )
        return found

    @cached_property
    def apart(self) -> Any:
        """Where a text that changed is not longer or shorter as most of its template and source are."""
        rows = np.flatnonzero(self.text)
        found = np.zeros(len(self.left), bool)
        if len(rows):
            deltas = [self._longer(name, rows) for name in ("chars.prompt", "chars.response")]
            of = packed([self.template[0][rows], self.source[0][rows]])
            group, first, counts = grouped([of, *deltas])
            order = np.lexsort((np.arange(len(counts)), -counts, of[first]))
            heads = order[np.unique(of[first][order], return_index=True)[1]]
            found[rows] = ~np.isin(group, heads)
        return found

    def _longer(self, name: str, rows: Any) -> Any:
        """By how many characters texts are longer than they were."""
        now, was = self.b.numbers(name), self.a.numbers(name)
        return taken(now, self.right[rows]) - taken(was, self.left[rows])

    @cached_property
    def facets(self) -> dict[str, Any]:
        """Of each facet that both have, where a record has another value; those with such records."""
        found = {}
        for name in self.a.facets:
            if name in self.b.facets:
                one, other, words = shared(self.a.facet(name), self.b.facet(name))
                other_value = self.both & (taken(one, self.left) != taken(other, self.right))
                if other_value.any():
                    found[name] = other_value
                    self.values[name] = (one, other, [*words, ""])
        return found

    def word(self, column: str) -> tuple[Any, list[str]]:
        """A column of words as it is now, or was where a record is gone."""
        one, other, words = shared(self.a.coded[column], self.b.coded[column])
        there = self.right >= 0
        return np.where(there, taken(other, self.right), taken(one, self.left)), words

    @cached_property
    def template(self) -> tuple[Any, list[str]]:
        """The template of each record."""
        return self.word("template")

    @cached_property
    def source(self) -> tuple[Any, list[str]]:
        """The source of each record's row."""
        return self.word("source")

    @cached_property
    def touched(self) -> Any:
        """Where the row's file has bytes that the other side's source has not."""
        one = taken(_touched(self, self.a, 0), self.left, 0)
        other = taken(_touched(self, self.b, 1), self.right, 0)
        return (one | other).astype(bool)

    @cached_property
    def beyond(self) -> Any:
        """Where a record that one side has is a sample that the other makes none of."""
        limits = [_limits(graph) for graph in self.two.graphs]
        old = self.two.names.renamed("template", limits[0])
        found = np.zeros(len(self.left), bool)
        if all(old.get(name, most) == most for name, most in limits[1].items()):
            return found
        for side, places, most in ((self.a, self.left, limits[1]), (self.b, self.right, old)):
            alone = ~self.both & (places >= 0)
            table = np.array(
                [most.get(word, 1 << 30) for word in side.coded["template"][1]] or [0]
            )
            rows = places[alone]
            if len(rows):
                found[alone] = (
                    side.numbers("variant")[rows] >= table[side.coded["template"][0][rows]]
                )
        return found

    @cached_property
    def cells(self) -> Cells:
        """The cells of the mixture on both sides."""
        return Cells(self.two, self.a, self.b)

    def facet_key(self, rows: Any) -> Any:
        """A number for the facets of which records have another value."""
        flags = [flag[rows] for flag in self.facets.values()]
        return packed(flags) if flags else np.zeros(len(rows), np.int64)

    def evidence(self, row: int, *, quota: bool = False) -> Evidence:
        """What is known of one record."""
        return Evidence(
            touched=bool(self.touched[row]), beyond=bool(self.beyond[row]), text=bool(self.text[row]),
            apart=bool(self.apart[row]),
            facets=tuple(name for name, flag in self.facets.items() if flag[row]), quota=quota,
        )  # fmt: skip

    def tags(self, left: int, right: int) -> list[tuple[str, str, str]]:
        """The facets of which a record has another value, and both values."""
        found = []
        for name in self.facets:
            one, other, words = self.values[name]
            was, now = words[one[left]], words[other[right]]
            if was != now:
                found.append((name, was.replace(",", ", "), now.replace(",", ", ")))
        return found

    # groups

    @cached_property
    def how(self) -> Any:
        """How each chosen record fared, as a place in `HOWS`; 0 where it is chosen on no side."""
        how = np.zeros(len(self.left), np.int8)
        how[self.now & ~self.was], how[self.was & ~self.now] = 1, 2
        both = self.was & self.now
        how[both] = 6
        one, other, _ = shared((self.a.stand, self.a.stands), (self.b.stand, self.b.stands))
        how[both & (taken(one, self.left) != taken(other, self.right))] = 5
        for flag in self.facets.values():
            how[both & flag] = 4
        how[both & self.text] = 3
        return how

    def totals(self) -> dict[str, int]:
        """Chosen records by how they fared."""
        counts = np.bincount(self.how, minlength=len(HOWS))
        return {word: int(counts[at]) for at, word in enumerate(HOWS) if word}

    def groups(self) -> list[Found]:
        """Those that did not stay as they were, in groups; the largest of each kind first."""
        rows = np.flatnonzero((self.how > 0) & (self.how < 6))
        if not len(rows):
            return []
        quota = self._quota(rows)
        states = self._states(rows)
        keys = [
            self.how[rows], self.template[0][rows], self.source[0][rows], *states,
            self.touched[rows], self.beyond[rows], self.text[rows], self.apart[rows],
            self.facet_key(rows), quota,
        ]  # fmt: skip
        displaced = self._displaced(rows)
        if displaced.any():
            keys.append(np.where(displaced, self.cells.key(rows, self), -1))
        group, first, counts = grouped(keys)
        cells = self.cells.of_groups(group, rows, self) if displaced.any() else {}
        order = np.argsort(group, kind="stable")
        starts = np.concatenate([[0], np.cumsum(counts)])
        found = []
        for number, head in enumerate(first.tolist()):
            end = min(starts[number] + MOST_SAMPLES, starts[number + 1])
            some = rows[order[starts[number] : end]]
            row = int(rows[head])
            found.append(
                Found(
                    how=HOWS[self.how[row]], template=self.template[1][self.template[0][row]],
                    source=self.source[1][self.source[0][row]],
                    was=self.a.state_word(int(states[0][head])),
                    now=self.b.state_word(int(states[1][head])), count=int(counts[number]),
                    evidence=self.evidence(row, quota=bool(quota[head])),
                    rows=tuple((int(self.left[at]), int(self.right[at])) for at in some),
                    cells=cells.get(number, frozenset()),
                )
            )  # fmt: skip
        return found

    def _displaced(self, rows: Any) -> Any:
        """Which of some records were or are left over, alive and not chosen."""
        one, other = self.alive
        return one[rows] & other[rows] & (self.was[rows] != self.now[rows])

    def _quota(self, rows: Any) -> Any:
        """Of records that are left over on one side, whether another number is taken of their cell."""
        found = np.zeros(len(rows), bool)
        some = self._displaced(rows)
        if some.any():
            found[some] = self.cells.moved(rows[some], self)
        return found

    def _states(self, rows: Any) -> tuple[Any, Any]:
        """Where records stood and stand; of a text that changed it is all one in which phase."""
        was, now = taken(self.a.stand, self.left[rows]), taken(self.b.stand, self.right[rows])
        stays = np.isin(self.how[rows], [3, 4])
        return (
            np.where(stays, self.a.part_of(was), was), np.where(stays, self.b.part_of(now), now),
        )  # fmt: skip

    # what was held out

    def leaks(self) -> dict[str, tuple[int, int]]:
        """Records of parts held out that are in train now, by their part: by id, and by what they say."""
        found = {}
        train = self.now & (taken(_in_train(self.b), self.right) == 1)
        for number, part in enumerate(self.a.parts[1]):
            if not part or part == TRAIN:
                continue
            held = self.was & (taken(self.a.parts[0], self.left) == number)
            moved = int((held & train).sum())
            again = self._said_again(held, train & ~held)
            if moved or again:
                found[part] = (moved, again)
        return found

    def _said_again(self, held: Any, train: Any) -> int:
        """How many records of train say what was held out, and train did not say before."""
        out = np.unique(self.a.content[self.left[held], 0])
        known = self.was & (taken(_in_train(self.a), self.left) == 1)
        before = self.a.content[self.left[known], 0]
        out = np.setdiff1d(out, before[np.isin(before, out)])
        return int(np.isin(self.b.content[self.right[train], 0], out).sum()) if len(out) else 0


def _in_train(side: Index) -> Any:
    """1 where a record is in train, else 0."""
    codes, words = side.parts
    return np.array([*(word == TRAIN for word in words), False], np.int64)[codes]


def _limits(graph: Any) -> dict[str, int]:
    """How many samples of a row each template makes."""
    return {name: s.template.samples * s.repeats for name, s in graph.templates().items()}


def _touched(both: Both, side: Index, number: int) -> Any:
    """For each record of a side whether the other side's source has the bytes of its row's file."""
    sources, files = side.coded["source"], side.coded["file"]
    table = np.ones((len(sources[1]) + 1, len(files[1]) + 1), np.int64)
    for at, name in enumerate(sources[1]):
        pair = files_of(name, both.two, both.tolds)
        known = set(pair[1 - number].digests.values())
        own = pair[number].digests
        for place, path in enumerate(files[1]):
            if own.get(path) in known:
                table[at, place] = 0
    return table[sources[0], files[0]]


def _joined(one: Any, other: Any) -> tuple[Any, Any]:
    """Places of the ids that both have. Ids are told apart by eight bytes, or by all where two share them."""
    a, b = one[:, 0], other[:, 0]
    twins = any(len(side) > 1 and (side[1:] == side[:-1]).any() for side in (a, b))
    if twins:
        a, b = (
            np.array([(int(x) << 64) | int(y) for x, y in side], object)
            for side in (one, other)
        )
    at = np.searchsorted(b, a)
    inside = np.flatnonzero(at < len(b))
    left = inside[b[at[inside]] == a[inside]]
    right = at[left]
    same = (one[left] == other[right]).all(axis=1)
    return left[same], right[same]
