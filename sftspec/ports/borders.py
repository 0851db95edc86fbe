"""Where a text may be cut so that its pieces, encoded one by one, have the ids of the whole.

There are two proofs. A splitter that is known letter by letter has borders whatever stands around
them (`ports.splitters`). And where no token of the vocabulary crosses, merges have nothing to do
with one another (`ports.crossing`): between characters that are all of one match of the splitter, or
anywhere if the tokenizer has no splitter.
"""

from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from sftspec.ports.crossing import WIDE as FIRST, Crossing
from sftspec.ports.splitters import (
    EDGE,
    LETTER,
    MARK,
    NAMES,
    NUMBER,
    OTHER,
    UPPER,
    WIDE,
    Classes,
    forms,
    table,
    whole,
)


class Borders(Protocol):
    """Says where a text may be cut."""

    def cuts(self, codes: Any, starts: Any, ends: Any) -> Any:
        """Whether a piece begins at each character (bool) of several texts that are not empty.

        `codes`: of all of them (uint32, or uint8 where all are ASCII). `starts`, `ends`: of each.
        """

    def single(self, text: str, sizes: list[int]) -> list[bool]:
        """Which of these pieces, one behind the other, the model gets as they are: unsplit."""


class Spelled:
    """Borders of a tokenizer without splitter: those that no token crosses."""

    def __init__(self, crossing: Crossing) -> None:
        self.crossing = crossing

    def cuts(self, codes: Any, starts: Any, ends: Any) -> Any:
        import numpy as np

        del ends
        found = np.empty(len(codes), bool)
        np.logical_not(self.crossing.crossed(codes[:-1], codes[1:]), out=found[1:])
        found[starts] = True
        return found

    def single(self, text: str, sizes: list[int]) -> list[bool]:
        del text
        return [True] * len(sizes)


class Split:
    """Borders of a form of splitter, and where wide letters meet that no token has together.

    `kept`: code points that are not cut beside for that.
    """

    def __init__(
        self, form: str, crossing: Crossing | None, kept: AbstractSet[int] = frozenset()
    ) -> None:
        import numpy as np

        self.table = table(form)
        self.classes = Classes(forms()[form], kept)
        self.whole = whole(form)
        self.crossing = crossing
        self.cased, self.thirds = forms()[form].cased, forms()[form].thirds
        self.kept = np.zeros(0x10000, bool)
        self.kept[[one for one in kept if one < 0x10000]] = True

    def cuts(self, codes: Any, starts: Any, ends: Any) -> Any:
        kinds = self.classes.of(codes)
        found = self.table.take(_contexts(kinds, starts, ends))
        if codes.itemsize > 1 and self.crossing is not None:
            self._apart(codes, kinds, found)
        if self.thirds:
            self._thirds(kinds, starts, found)
        found[starts] = True
        return found

    def _apart(self, codes: Any, kinds: Any, found: Any) -> None:
        """Cut before wide letters, where no token has them and the letter or sign before together."""
        import numpy as np

        wide = kinds == WIDE
        before = wide | ((kinds == OTHER) & (codes - np.uint32(FIRST) < 0x10000 - FIRST))
        at = np.flatnonzero(wide[1:] & before[:-1]) + 1
        at = at[~self.kept.take(codes[at - 1])]
        if self.cased and len(at):
            # a letter that has a case, or a mark, further on would be of another match than before
            others = np.flatnonzero(~wide)
            following = np.append(kinds[others], EDGE)[np.searchsorted(others, at)]
            at = at[(following != UPPER) & (following != LETTER) & (following != MARK)]
        if self.crossing is not None:
            found[at] |= ~self.crossing.crossed(codes[at - 1], codes[at])

    def _thirds(self, kinds: Any, starts: Any, found: Any) -> None:
        """Cut numbers behind every third digit."""
        import numpy as np

        digits = kinds == NUMBER
        first = digits.copy()
        first[1:] &= ~digits[:-1]
        first[starts] |= digits[starts]
        digits &= ~first
        at, firsts = np.flatnonzero(digits), np.flatnonzero(first)
        begun = firsts[np.searchsorted(firsts, at, "right") - 1] if len(at) else at
        found[at[(at - begun) % 3 == 0]] = True

    def single(self, text: str, sizes: list[int]) -> list[bool]:
        import numpy as np

        codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        names = np.frombuffer(NAMES, np.uint8).take(self.classes.of(codes)).tobytes()
        match, found, at = self.whole.fullmatch, [], 0
        for size in sizes:
            found.append(match(names, at, at + size) is not None)
            at += size
        return found


def _contexts(kinds: Any, starts: Any, ends: Any) -> Any:
    """Each character's class with those of its neighbours, two before and one behind (uint16)."""
    import numpy as np

    found = kinds.astype(np.uint16)
    wide = found.copy()
    found <<= 4
    found[:-1] |= wide[1:]
    wide <<= 8
    found[1:] |= wide[:-1]
    wide <<= 4
    found[2:] |= wide[:-2]
    # a text knows nothing of its neighbours
    found[starts] &= 0x00FF
    found[ends - 1] &= 0xFFF0
    found[starts[ends - starts > 1] + 1] &= 0x0FFF
    return found
