"""The text of a spec file and places in it. Offsets are characters; lines are found when printed."""

from bisect import bisect_right
from functools import lru_cache

from msgspec import Struct


class SpecText(Struct, frozen=True, eq=False):
    """A spec file: its path as people write it, and its text (LF line ends)."""

    path: str
    text: str

    def line_starts(self) -> list[int]:
        """Offset of the first character of each line."""
        return _line_starts(self.text)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1; a tab is one column."""
        starts = self.line_starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of line `number` (from 1) without its newline."""
        start = self.line_starts()[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]


@lru_cache(maxsize=8)
def _line_starts(text: str) -> list[int]:
    starts = [0]
    find = text.find
    at = find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = find("\n", at + 1)
    return starts


class Span(Struct, frozen=True, eq=False):
    """The characters `start` up to `end` of a spec file."""

    text: SpecText
    start: int
    end: int

    def to(self, other: "Span") -> "Span":
        """The span from the start of this to the end of the other."""
        return Span(self.text, self.start, max(self.end, other.end))

    def part(self, start: int, end: int) -> "Span":
        """A span in the same file."""
        return Span(self.text, start, end)

    @property
    def source(self) -> str:
        """The characters themselves."""
        return self.text.text[self.start : self.end]

    @property
    def line(self) -> int:
        """The line it begins on, from 1."""
        return self.text.position(self.start)[0]

    @property
    def where(self) -> str:
        """`path:line:column`."""
        line, column = self.text.position(self.start)
        return f"{self.text.path}:{line}:{column}"
