"""Whether others lay conversations out as we do: the first byte that differs, or the first token."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct
import numpy as np

from sftspec.plan.graph import Encode
from sftspec.ports.chat_servers import Prompt
from sftspec.ports.foreign_chat import ForeignTemplate
from sftspec.ports.segments import (
    BEGIN_TOKEN,
    END_TOKEN,
    WORDS,
    CannotSay,
    Options,
    Segment,
    Talk,
    text_of,
)
from sftspec.ports.vocabulary import Tokenizer
from sftspec.stages.encode import Encoding, Sample
from sftspec.stages.layout import until

CONTEXT = 60
"""Bytes that are shown before and behind the first that differs."""


class Told(Struct, frozen=True):
    """A record: its id, and its conversation."""

    id: str
    talk: Talk


class Difference(Struct, frozen=True):
    """The first byte, or token, that differs. `what`: of which text, or what else is the matter."""

    id: str
    what: str
    at: int
    ours: str
    theirs: str


class Verdict(Struct):
    """How many records were compared, how many we have no place for, and what differs."""

    compared: int = 0
    refused: int = 0
    differing: int = 0
    first: Difference | None = None

    def take(self, found: Difference | None) -> None:
        """Count one record."""
        self.compared += 1
        if found is not None:
            self.differing += 1
            self.first = self.first or found


class Ours(Struct, frozen=True):
    """A prompt as we lay it out: text and ids, and the BOS token that it begins with."""

    text: str
    ids: tuple[int, ...]
    begin: str = ""


class Side:
    """Our side: a chat's template and tokenizer."""

    def __init__(self, stage: Encode, template: Any, tokenizer: Tokenizer) -> None:
        self.stage = stage
        self.template = template
        self.tokenizer = tokenizer

    def prompt(self, talk: Talk) -> Ours:
        """What stands before the last turn, which is the assistant's, as it is encoded for training."""
        last = len(talk.messages) - 1
        head = _before(self.template.segments(talk, self.stage.options), last)
        trains = (*(False,) * last, True)
        work = Encoding(self.stage, self.template, self.tokenizer)
        found = work.encode([Sample(0, talk, trains)])
        if 0 in work.aside or not found.trained.any():
            reason, evidence = work.aside.get(0, ("nothing_trained", "no token is trained"))
            raise CannotSay(reason, evidence)
        ids = found.ids[: int(np.argmax(found.trained))].tolist()
        return Ours(
            self.spelled(text_of(head)), tuple(ids), self.spelled(self.template.BEGIN or "")
        )

    def spelled(self, text: str) -> str:
        """A text whose BOS and EOS are the tokenizer's own."""
        begin, end = self.tokenizer.begin or "", self.tokenizer.end or ""
        return text.replace(BEGIN_TOKEN, begin).replace(END_TOKEN, end)

    def said(self, ids: Sequence[int]) -> bytes:
        """What ids stand for; those that are none of the tokenizer's by their number."""
        if all(0 <= one < self.tokenizer.size for one in ids):
            return self.tokenizer.spell(np.array(ids, np.int32), np.array([0, len(ids)]))[0]
        return b"".join(
            self.said([one]) if 0 <= one < self.tokenizer.size else f"\\id{one}\\".encode()
            for one in ids
        )


def _before(segments: Iterable[Segment], turn: int) -> list[Segment]:
    """What stands before what the model writes in a turn."""
    found: list[Segment] = []
    for segment in segments:
        if segment.turn == turn and segment.part >= WORDS:
            return found
        found.append(segment)
    return found


def with_template(side: Side, theirs: ForeignTemplate, records: Iterable[Told]) -> Verdict:
    """Our texts against those of a template's file: whole conversations, and the prompt of the last turn."""
    verdict = Verdict()
    for record in records:
        try:
            laid = side.template.segments(record.talk, side.stage.options)
        except CannotSay:
            verdict.refused += 1
            continue
        verdict.take(_of_record(side, theirs, record, laid))
    return verdict


def _of_record(
    side: Side, theirs: ForeignTemplate, record: Told, laid: list[Segment]
) -> Difference | None:
    """A whole conversation, then the prompt of its last turn if that is the assistant's."""
    options, last = side.stage.options, len(record.talk.messages) - 1
    ours = side.spelled(text_of(laid))
    found = _of_template(
        "conversation", record, ours, lambda: theirs.text(record.talk, options)
    )
    if found is not None or record.talk.messages[last].role != "assistant":
        return found
    head = until(record.talk, last)
    ours = side.spelled(text_of(_before(laid, last)))
    return _of_template("prompt", record, ours, lambda: theirs.text(head, options, ask=True))


def _of_template(
    what: str, record: Told, ours: str, render: Callable[[], str]
) -> Difference | None:
    try:
        theirs = render()
    except CannotSay as why:
        return Difference(record.id, f"{what}: the other template refuses it", 0, "", str(why))
    return _texts(what, record.id, ours.encode(), theirs.encode())


def with_server(
    side: Side, ask: Callable[[Talk, Options], Prompt], records: Iterable[Told]
) -> Verdict:
    """Our prompts against a server's, before the last turn of the assistant in each record."""
    verdict = Verdict()
    for record in records:
        talk = _to_last(record.talk)
        try:
            ours = None if talk is None else side.prompt(talk)
        except CannotSay:
            ours = None
        if talk is None or ours is None:
            verdict.refused += 1
            continue
        head = until(talk, len(talk.messages) - 1)
        verdict.take(compare(side, record.id, ours, ask(head, side.stage.options)))
    return verdict


def _to_last(talk: Talk) -> Talk | None:
    """The conversation up to the last turn of the assistant that has a turn before it."""
    for at in range(len(talk.messages) - 1, 0, -1):
        if talk.messages[at].role == "assistant":
            return until(talk, at + 1)
    return None


def compare(side: Side, number: str, ours: Ours, theirs: Prompt) -> Difference | None:
    """What differs between two prompts: their texts, else their ids."""
    mine = ours.text.encode()
    other = theirs.text.encode() if theirs.text is not None else side.said(theirs.ids or ())
    if theirs.bare and mine == ours.begin.encode() + other:
        return None
    if mine != other:
        return _texts("prompt", number, mine, other)
    if theirs.ids is None or theirs.ids == ours.ids:
        return None
    at = _first(ours.ids, theirs.ids)
    shown = [
        " ".join(
            f"{one}:{side.said([one]).decode('utf-8', 'replace')}" for one in ids[at : at + 4]
        )
        for ids in (ours.ids, theirs.ids)
    ]
    return Difference(number, "ids of one text", at, *shown)


def _texts(what: str, number: str, ours: bytes, theirs: bytes) -> Difference | None:
    if ours == theirs:
        return None
    at = _first(ours, theirs)
    return Difference(number, what, at, _around(ours, at), _around(theirs, at))


def _first(one: Sequence[int], other: Sequence[int]) -> int:
    """Where two sequences begin to differ."""
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return at
    return min(len(one), len(other))


def _around(data: bytes, at: int) -> str:
    """The bytes around a place, cut ones as they can be shown."""
    start = max(0, at - CONTEXT)
    shown = data[start : at + CONTEXT].decode("utf-8", "backslashreplace")
    return f"{'…' if start else ''}{shown}{'…' if at + CONTEXT < len(data) else ''}"
