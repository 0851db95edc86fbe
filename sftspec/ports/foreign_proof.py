"""What a template's derived spans are held against: the same conversation between brackets, and its own tags."""

from collections.abc import Iterable

from sftspec.ports.chat_marks import OWN
from sftspec.ports.foreign_laid import Laid, Rerun, Stretch, not_derived
from sftspec.ports.foreign_talk import TEXT, Bracketed, bracketed, kind_of, turn_of
from sftspec.ports.segments import Talk

Interval = tuple[int, int, int]


def check_brackets(laid: Laid, talk: Talk, rerun: Rerun) -> None:
    """Raises CannotSay where fields stand elsewhere once brackets are put around what they say."""
    some = bracketed(talk, rerun.constants)
    text, found = _unbracketed(rerun.text(some.talk, False), some)  # noqa: FBT003 - not to ask
    if text != laid.text:
        raise not_derived("it renders other text once fields stand between brackets")
    runs = laid.runs()
    for start, end, whose in found:
        over = {mark for a, b, mark in runs if a < end and b > start}
        if whose not in over or over - {OWN, whose}:
            raise not_derived("a field stands elsewhere once it is between brackets")
    for a, b, mark in runs:
        if _answers(talk, mark):
            bare = _outside(laid.text, (a, b), found)
            if rerun.constants.sub("", bare).strip():
                raise not_derived("some text is a field's that stands outside of its brackets")


def _unbracketed(text: str, some: Bracketed) -> tuple[str, list[Interval]]:
    """A render without its brackets, and where they stood."""
    out: list[str] = []
    found: list[Interval] = []
    opened, start, size = "", 0, 0
    for sign in text:
        if sign in some.whose:
            if opened:
                raise not_derived("a field stands within another's brackets")
            opened, start = sign, size
        elif sign in some.closing:
            if opened != some.closing[sign]:
                raise not_derived("a field is cut where no constant of the template is")
            found.append((start, size, some.whose[opened]))
            opened = ""
        else:
            out.append(sign)
            size += 1
    if opened:
        raise not_derived("a field is cut where no constant of the template is")
    return "".join(out), found


def _outside(text: str, run: tuple[int, int], found: Iterable[Interval]) -> str:
    """What of a run no brackets hold."""
    at, end = run
    out = []
    for start, stop, _ in found:
        if stop > at and start < end:
            out.append(text[at : max(at, start)])
            at = stop
    return "".join([*out, text[at:end]])


def check_tagged(laid: Laid, talk: Talk, stretches: Iterable[Stretch]) -> None:
    """Raises CannotSay where blocks of `generation` hold what others say, or not all of a turn's words."""
    if not laid.tagged:
        return
    verified = {one.turn for one in stretches}
    for start, end, mark in laid.runs():
        if mark == OWN:
            continue
        held = sum(max(0, min(end, b) - max(start, a)) for a, b in laid.tagged)
        turn = turn_of(mark)
        if turn in verified and held < end - start:
            raise not_derived(
                "a block of `generation` does not hold all that the assistant says"
            )
        if held and (turn < 0 or talk.messages[turn].role != "assistant"):
            raise not_derived("a block of `generation` holds what others say")


def _answers(talk: Talk, mark: int) -> bool:
    """Whether a mark is of the words of an assistant's turn."""
    turn = turn_of(mark)
    return turn >= 0 and kind_of(mark) == TEXT and talk.messages[turn].role == "assistant"
