"""Renders of foreign chat templates: with marks, and how to make others."""

from collections.abc import Callable
import re
from typing import Any

from msgspec import Struct

from sftspec.ports.chat_marks import OWN
from sftspec.ports.segments import SAID, SCAFFOLD, CannotSay, Segment, Talk


class Laid(Struct):
    """A render: its runs end at `ends` and have `marks`; `tagged` are from blocks of `generation`."""

    text: str
    ends: list[int]
    marks: list[int]
    tagged: list[tuple[int, int]]

    def runs(self) -> list[tuple[int, int, int]]:
        """Start, end and mark of each."""
        return list(zip([0, *self.ends], self.ends, self.marks, strict=False))

    def shape(self) -> tuple[Any, ...]:
        """The template's own text, and which fields stand between."""
        return tuple(whose or self.text[start:end] for start, end, whose in self.runs())

    def cut(self, controls: re.Pattern[str]) -> list[Segment]:
        """Segments of no turn."""
        return [
            segment
            for start, end, whose in self.runs()
            for segment in (
                _own(self.text[start:end], controls)
                if whose == OWN
                else [Segment(self.text[start:end], SAID)]
            )
        ]


class Rerun(Struct):
    """What other renders need: how to render, the template's controls and constants, what ends words."""

    text: Callable[[Talk, bool], str]
    controls: re.Pattern[str]
    constants: re.Pattern[str]
    end: str | None


class Stretch(Struct):
    """What the model writes of a turn: from where to where, and where what ends it begins.

    Its words stop at `stop`; the template's own text among them is of `part`.
    """

    turn: int
    start: int
    stop: int
    part: int
    close: int
    end: int


def _own(text: str, controls: re.Pattern[str]) -> list[Segment]:
    """The template's own text, cut at its control tokens."""
    return [
        Segment(piece, SCAFFOLD, -1, at % 2 == 1)
        for at, piece in enumerate(controls.split(text))
        if piece
    ]


def not_derived(why: str) -> CannotSay:
    """The refusal of a conversation whose spans are not certain."""
    return CannotSay("template-not-derived", why)
