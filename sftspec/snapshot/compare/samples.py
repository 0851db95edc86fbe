"""Sample records of groups: where they come from, and what of them changed."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from sftspec.snapshot.compare.base import Group, Sample, TurnDiff
from sftspec.snapshot.compare.lines import Place, Record, records, with_worse
from sftspec.snapshot.compare.records import MODIFIED, RETAGGED, Both
from sftspec.snapshot.compare.texts import turn_diffs

_NAMES = ("id", "key", "file", "line")
Pair = tuple[int, int]
"""Places of a record in the two indexes, -1 for none."""


class Sampler:
    """The samples of some groups. Each column and file is read once.

    `blind`: whether texts were wanted that are not here.
    """

    def __init__(
        self,
        both: Both,
        groups: Sequence[Group],
        rows: Sequence[Sequence[Pair]],
        *,
        texts: bool,
    ) -> None:
        self.both = both
        self.given = list(zip(groups, rows, strict=True))
        self.texts = texts
        self.blind = False
        self._values: dict[tuple[int, str], dict[int, Any]] = {}
        self._wanted: dict[tuple[int, str], dict[int, None]] = {}
        self._ask()
        self._records = self._read()
        self._groups = tuple(
            replace(group, samples=tuple(self._sample(group.how, pair) for pair in pairs))
            for group, pairs in self.given
        )

    def groups(self) -> tuple[Group, ...]:
        """The groups with their samples."""
        return self._groups

    def _ask(self) -> None:
        """Note which values are wanted of which records."""
        for group, pairs in self.given:
            for pair in pairs:
                side = _side(pair)
                for name in _NAMES:
                    self._wanted.setdefault((side, name), {})[pair[side]] = None
                changed = group.how in {MODIFIED, RETAGGED}
                for number in (0, 1) if changed else ():
                    columns = (
                        ["part", "position"] if group.how == MODIFIED and self.texts else []
                    )
                    for name in columns:
                        self._wanted.setdefault((number, name), {})[pair[number]] = None

    def _value(self, side: int, column: str, row: int) -> Any:
        key = (side, column)
        if key not in self._values:
            rows = list(self._wanted[key])
            found = (self.both.a, self.both.b)[side].values(column, rows)
            self._values[key] = dict(zip(rows, found, strict=True))
        return self._values[key][row]

    def _place(self, side: int, row: int) -> Place:
        part, position = self._value(side, "part", row), self._value(side, "position", row)
        return str(part), -1 if position is None else int(position)

    def _read(self) -> tuple[dict[Place, Record], dict[Place, Record]]:
        """The records whose words are compared, of both sides."""
        if not self.texts:
            return {}, {}
        pairs = [pair for group, some in self.given if group.how == MODIFIED for pair in some]
        a, b = (
            records(index.snapshot, [self._place(side, pair[side]) for pair in pairs])
            for side, index in enumerate((self.both.a, self.both.b))
        )
        return a, b

    def _sample(self, how: str, pair: Pair) -> Sample:
        side = _side(pair)
        named = {name: self._value(side, name, pair[side]) for name in _NAMES}
        return Sample(
            id=named["id"], key=named["key"] or "", file=named["file"], line=named["line"] or 0,
            tags=tuple(self.both.tags(*pair)) if how in {MODIFIED, RETAGGED} else (),
            turns=self._turns(pair) if how == MODIFIED and self.texts else (),
        )  # fmt: skip

    def _turns(self, pair: Pair) -> tuple[TurnDiff, ...]:
        places = [self._place(side, row) for side, row in enumerate(pair)]
        was, now = (some.get(place) for some, place in zip(self._records, places, strict=True))
        if was is None or now is None:
            self.blind = True
            return ()
        found = turn_diffs(was, now)
        if found:
            return found
        sides = (self.both.a, self.both.b)
        whole = [
            with_worse(index.snapshot, place[0], one)
            for index, place, one in zip(sides, places, (was, now), strict=True)
        ]
        return turn_diffs(whole[0], whole[1])


def _side(pair: Pair) -> int:
    return 1 if pair[1] >= 0 else 0
