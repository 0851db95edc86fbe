"""From a render with marks to segments: where each assistant's turn begins and ends, checked against other renders.

`laid out` are texts with marks; what a recipe is derived from holds for every conversation of the
same shape, that is with the same own text of the template around the same fields.
"""

from bisect import bisect_right
import re

from msgspec import Struct

from sftspec.ports.chat_marks import OWN
from sftspec.ports.foreign_laid import Laid, Rerun, Stretch, not_derived
from sftspec.ports.foreign_proof import check_brackets, check_tagged
from sftspec.ports.foreign_talk import (
    ARGUMENTS,
    NAME,
    TEXT,
    TOOLS,
    all_texts,
    field,
    kind_of,
    turn_of,
)  # fmt: skip
from sftspec.ports.segments import (
    CALL,
    END,
    SAID,
    SCAFFOLD,
    WORDS,
    CannotSay,
    Message,
    Segment,
    Talk,
)  # fmt: skip

Item = Segment | tuple[int, int, int]
"""A segment of the template's own, or a run of data: its number, part and turn."""


class Recipe(Struct):
    """Segments of all conversations of a shape."""

    items: list[Item]
    spoken: list[int]
    """The turns whose words were checked."""

    def fill(self, laid: Laid, talk: Talk) -> list[Segment] | None:
        """The segments; None where they do not say the assistant's words."""
        out: list[Segment] = []
        words = dict.fromkeys(self.spoken, "")
        text, ends = laid.text, laid.ends
        for item in self.items:
            if isinstance(item, tuple):
                run, part, turn = item
                said = text[ends[run - 1] if run else 0 : ends[run]]
                out.append(Segment(said, part, turn))
                if part == WORDS:
                    words[turn] += said
            else:
                out.append(item)
                if item.part == WORDS:
                    words[item.turn] += item.text
        good = all(
            said.strip() == talk.messages[turn].text.strip() for turn, said in words.items()
        )
        return out if good else None


def derive(
    laid: Laid, talk: Talk, rerun: Rerun, *, keeps: bool, strict: bool = False
) -> tuple[Recipe, list[Segment]]:
    """The segments of a conversation's shape, verified, and this one's. Raises CannotSay.

    An assistant's turn before the last that is not verified is laid out as what others say, so that
    it cannot be trained; with `strict` it is refused.
    """
    _nothing_lost(laid, talk)
    turns = [at for at, one in enumerate(talk.messages) if one.role == "assistant"]
    stretches = []
    for at in turns if keeps else turns[-1:]:
        try:
            stretches.append(_stretch(laid, talk, at, rerun))
        except CannotSay:
            if strict or at == turns[-1]:
                raise
    check_brackets(laid, talk, rerun)
    check_tagged(laid, talk, stretches)
    return _Cutter(laid, talk, stretches, rerun.controls).recipe()


def _nothing_lost(laid: Laid, talk: Talk) -> None:
    """Raises CannotSay where tools, or a turn of others, stand nowhere."""
    there = set(laid.marks)
    if talk.tools and TOOLS not in there:
        raise CannotSay(
            "no-place-for-tools", f"{len(talk.tools)} tools are declared, and it knows none"
        )
    for at, one in enumerate(talk.messages):
        if one.role != "assistant" and one.text.strip() and field(at, TEXT) not in there:
            raise CannotSay("turn-dropped", f"turn {at + 1}, the {one.role}'s, stands nowhere")


def _stretch(laid: Laid, talk: Talk, at: int, rerun: Rerun) -> Stretch:
    """What the model writes of a turn. Raises CannotSay where other renders do not agree."""
    asked = rerun.text(Talk(talk.messages[:at], talk.tools), True)  # noqa: FBT003 - whether to ask
    if not laid.text.startswith(asked):
        raise not_derived(f"turn {at + 1} does not begin where a server would ask for it")
    start = len(asked)
    mine = [run for run in laid.runs() if turn_of(run[2]) == at]
    if any(run[0] < start for run in mine):
        raise not_derived(f"words of turn {at + 1} stand before a server would ask for it")
    behind = max((run[1] for run in mine), default=start)
    last = at + 1 == len(talk.messages)
    alone = laid.text if last else rerun.text(Talk(talk.messages[: at + 1], talk.tools), False)  # noqa: FBT003
    if alone[:behind] != laid.text[:behind]:
        raise not_derived(f"what follows turn {at + 1} lays it out anew")
    close, end = _end(laid, talk.messages[at], (behind, len(alone)), rerun)
    if alone[:end] != laid.text[:end]:
        raise not_derived(f"what follows turn {at + 1} ends it otherwise")
    _complete(laid, talk.messages[at], at, (start, close))
    return Stretch(at, start, *_zone(laid, talk.messages[at], at, start), close, end)


def _zone(laid: Laid, message: Message, at: int, start: int) -> tuple[int, int]:
    """Up to where a turn's words stand, and the part of the template's own text among them.

    That is WORDS where the template writes again what it took out of them, such as the tags of
    thoughts; else it is what the model writes around its words, and goes with what ends them.
    """
    mine = [run for run in laid.runs() if run[2] == field(at, TEXT)]
    stop = mine[-1][1] if mine else start
    wanted = message.text.strip()
    if laid.text[start:stop].strip() == wanted:
        return stop, WORDS
    if "".join([laid.text[a:b] for a, b, _ in mine]).strip() != wanted:
        raise CannotSay(
            "words-changed", f"turn {at + 1} is laid out with other words than its own"
        )
    return stop, END


def _end(
    laid: Laid, message: Message, within: tuple[int, int], rerun: Rerun
) -> tuple[int, int]:
    """The control token that ends a turn. Raises CannotSay where there is none."""
    behind, most = within
    found = [
        (start + one.start(), start + one.end())
        for start, end, whose in laid.runs()
        if whose == OWN and end > behind
        for one in rerun.controls.finditer(laid.text[start:end])
        if start + one.start() >= behind and start + one.end() <= most
    ]
    known = [one for one in found if laid.text[one[0] : one[1]] == rerun.end]
    if message.calls and found:
        return known[0] if known else found[-1]
    if not message.text.strip() and known:
        return known[0]
    if not found or laid.text[behind : found[0][0]].strip():
        raise CannotSay(
            "no-end-of-turn",
            "the template writes no control token behind the assistant's words",
        )
    return found[0]


def _complete(laid: Laid, message: Message, at: int, within: tuple[int, int]) -> None:
    """Raises CannotSay where a turn's stretch lacks a call, or has what is not its own."""
    inside = {
        whose for start, end, whose in laid.runs() if start < within[1] and end > within[0]
    } - {OWN}
    if any(turn_of(whose) != at for whose in inside):
        raise not_derived(f"what others say stands within turn {at + 1}")
    for call, one in enumerate(message.calls):
        wanted = {field(at, NAME, call)}
        if any(all_texts(one.arguments)):
            wanted.add(field(at, ARGUMENTS, call))
        if not wanted <= inside:
            raise CannotSay("calls-dropped", f"call {call + 1} of turn {at + 1} stands nowhere")


class _Cutter:
    """Cuts a render into segments at control tokens and at the ends of stretches."""

    def __init__(
        self, laid: Laid, talk: Talk, stretches: list[Stretch], controls: re.Pattern[str]
    ) -> None:
        self.laid = laid
        self.talk = talk
        self.stretches = stretches
        self.starts = [one.start for one in stretches]
        self.controls = controls
        self.items: list[Item] = []
        runs = [
            (start, turn_of(whose)) for start, _, whose in laid.runs() if turn_of(whose) >= 0
        ]
        self.fields = sorted([*runs, *((one.start, one.turn) for one in stretches)])
        self.before = (-1, False)

    def recipe(self) -> tuple[Recipe, list[Segment]]:
        """All of it. Raises CannotSay where the words are not the assistant's."""
        for number, (start, end, whose) in enumerate(self.laid.runs()):
            if whose == OWN:
                self._literal(start, end)
            else:
                self._data(number, start, whose)
        recipe = Recipe(self.items, [one.turn for one in self.stretches])
        found = recipe.fill(self.laid, self.talk)
        if found is None:
            raise not_derived("its segments do not say the assistant's words")
        return recipe, found

    def _at(self, place: int) -> Stretch | None:
        """The stretch at a place."""
        at = bisect_right(self.starts, place) - 1
        return self.stretches[at] if at >= 0 and place < self.stretches[at].end else None

    def _literal(self, start: int, end: int) -> None:
        at = start
        for number, piece in enumerate(self.controls.split(self.laid.text[start:end])):
            control = number % 2 == 1
            cuts = [place for place in self.starts if at < place < at + len(piece)]
            if control and cuts:
                raise not_derived("a turn begins within a control token")
            for stop in (*cuts, at + len(piece)):
                if at < stop:
                    part, turn = self._part(at, stop, control=control)
                    self.items.append(Segment(self.laid.text[at:stop], part, turn, control))
                at = stop

    def _part(self, start: int, end: int, *, control: bool) -> tuple[int, int]:
        """The part and the turn of the template's own text."""
        one = self._at(start)
        if one is None:
            text = self.laid.text[start:end]
            return SCAFFOLD, self._near(end, control=control, blank=not text.strip())
        self.before = (one.turn, start >= one.close)
        if start < one.stop:
            return one.part, one.turn
        called = start < one.close and self.talk.messages[one.turn].calls
        return (CALL if called else END), one.turn

    def _near(self, end: int, *, control: bool, blank: bool) -> int:
        """The turn that text of the template is about, where no stretch holds it.

        Of the turn before are its first control token, and blanks behind that; the rest is of the next.
        """
        before, closed = self.before
        at = bisect_right(self.fields, (end, -1))
        after = self.fields[at][1] if at < len(self.fields) else before
        if before < 0 or (closed and not blank):
            self.before = (-1, False)
            return after
        self.before = (before, closed or control)
        return before

    def _data(self, number: int, start: int, whose: int) -> None:
        one = self._at(start)
        turn = turn_of(whose)
        self.before = (turn, False)
        part = SAID
        if one is not None:
            part = WORDS if kind_of(whose) == TEXT else CALL
        self.items.append((number, part, turn))
