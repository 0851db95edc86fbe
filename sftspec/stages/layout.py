"""Conversations laid out by a chat template, as numbers of runs of text and of control tokens.

A run is text that is encoded as one. It ends at a control token, where what the model writes
begins or ends, and where the template says so; so no token is half trained.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct
import numpy as np

from sftspec.plan.graph import Encode
from sftspec.ports.chat import has_calls, tools_of, turn_texts
from sftspec.ports.segments import (
    BEGIN_TOKEN,
    CALL,
    END,
    END_TOKEN,
    WORDS,
    Call,
    CannotSay,
    Message,
    Segment,
    Talk,
)  # fmt: skip
from sftspec.ports.vocabulary import Tokenizer

_calls = msgspec.json.Decoder(list[Call]).decode
_tools = msgspec.json.Decoder(tuple[dict[str, Any], ...]).decode


class Told(Struct, frozen=True, gc=False):
    """A record's conversation, and which of its turns carry loss."""

    talk: Talk
    trains: tuple[bool, ...]


def told(table: Any, rows: Sequence[int]) -> Iterator[Told]:
    """The conversations of some rows. `table`: turns, maybe tools (`ground.record`)."""
    turns = table["turns"].combine_chunks()
    messages = turns.flatten()
    roles = messages.field("role").to_pylist()
    trains = messages.field("train").to_pylist()
    texts = turn_texts(messages.field("parts"))
    said = (
        _with_calls(messages, roles, texts)
        if has_calls(table)
        else list(map(Message, roles, texts))
    )
    ends = np.cumsum(turns.value_lengths().to_numpy(zero_copy_only=False)).tolist()
    kits = _kits(tools_of(table))
    for row in rows:
        start, end = ends[row - 1] if row else 0, ends[row]
        yield Told(Talk(tuple(said[start:end]), kits[row]), tuple(trains[start:end]))


def _with_calls(messages: Any, roles: list[str], texts: list[str]) -> list[Message]:
    calls = [
        () if text is None else tuple(_calls(text))
        for text in messages.field("calls").to_pylist()
    ]
    answers, names = messages.field("call_id").to_pylist(), messages.field("name").to_pylist()
    return list(map(Message, roles, texts, calls, answers, names))


def _kits(texts: Sequence[str | None]) -> list[Any]:
    known: dict[str | None, Any] = {None: None}
    for text in texts:
        if text not in known:
            known[text] = _tools(text or "[]") or None
    return [known[text] for text in texts]


def samples_of(stage: Encode, one: Told) -> list[tuple[Talk, tuple[bool, ...]]]:
    """The samples that a loss policy makes of a record: what is laid out, and which turns are trained."""
    asked = [
        train and message.role == "assistant"
        for message, train in zip(one.talk.messages, one.trains, strict=True)
    ]
    if stage.loss == "all_assistant_turns":
        return [(one.talk, tuple(asked))]
    places = [at for at, train in enumerate(asked) if train]
    if stage.loss == "last_assistant_turn":
        places = places[-1:]
    return [
        (
            one.talk if at + 1 == len(asked) else until(one.talk, at + 1),
            (*(False,) * at, True),
        )
        for at in places
    ]  # fmt: skip


def until(talk: Talk, count: int) -> Talk:
    """The first turns of a conversation."""
    return Talk(talk.messages[:count], talk.tools)


class Layouts:
    """Samples one behind the other. `codes`: a text's number, or -1 less that of a control token.

    `names`: the control tokens that were met; `controls`: their codes, by every name they go by.
    """

    def __init__(self, stage: Encode, template: Any, tokenizer: Tokenizer) -> None:
        self.stage = stage
        self.template = template
        self.tokenizer = tokenizer
        self.texts: dict[str, int] = {}
        self.controls: dict[str, int] = {}
        self.names: list[str] = []
        self.codes: list[int] = []
        self.trained: list[bool] = []
        self.ends: list[int] = []

    def add(self, talk: Talk, trains: Sequence[bool]) -> None:
        """Lay a sample out. Raises CannotSay where its template, or the proof of it, has no place for it."""
        segments = self.template.segments(talk, self.stage.options)
        check_layout(segments, talk, trains, keeps=self.template.KEEPS)
        silent = self._silent(talk)
        texts, controls = self.texts, self.controls
        codes, flags = self.codes, self.trained
        run, kind = "", 0
        bare = self.tokenizer.begin is None
        for segment in segments:
            text, part = segment.text, segment.part
            if bare and text == BEGIN_TOKEN:
                continue
            now = 0
            if part >= WORDS:
                trained = trains[segment.turn] and (segment.turn, part) not in silent
                now = 2 if trained else 1
            if run and (segment.control or segment.apart or (text and now != kind)):
                codes.append(texts.setdefault(run, len(texts)))
                flags.append(kind == 2)
                run = ""
            if segment.control:
                codes.append(controls.get(text) or self._control(text))
                flags.append(now == 2)
            elif text:
                run, kind = run + text, now
        if run:
            codes.append(texts.setdefault(run, len(texts)))
            flags.append(kind == 2)
        self.ends.append(len(codes))

    def _silent(self, talk: Talk) -> frozenset[tuple[int, int]]:
        """Turns and parts without loss where calls are not trained: calls, and the end behind them."""
        if self.stage.calls:
            return frozenset()
        turns = [at for at, one in enumerate(talk.messages) if one.calls]
        return frozenset((at, part) for at in turns for part in (CALL, END))

    def _control(self, name: str) -> int:
        """A code for a control token that was not met before."""
        own = {BEGIN_TOKEN: self.tokenizer.begin, END_TOKEN: self.tokenizer.end}.get(
            name
        ) or name
        code = self.controls.setdefault(own, -1 - len(self.names))
        if code == -1 - len(self.names):
            self.names.append(own)
        self.controls[name] = code
        return code


def check_layout(
    segments: Sequence[Segment], talk: Talk, trains: Sequence[bool], *, keeps: bool
) -> None:
    """That a layout says what the conversation says. Raises CannotSay with what it does not.

    Of each trained turn: its words stand there whole, but for the space around them, its calls
    too, and something ends it. Where earlier turns are laid out anew, only the last is trained.
    """
    trained = [at for at, train in enumerate(trains) if train]
    if not keeps and trained and trained != [len(talk.messages) - 1]:
        raise CannotSay(
            "turns_not_kept",
            f"turn {trained[0] + 1} is laid out anew by what follows it; `loss = expand` trains it",
        )
    answers = [segment for segment in segments if segment.part >= WORDS]
    for at in trained:
        mine = [segment for segment in answers if segment.turn == at]
        message = talk.messages[at]
        words = "".join([segment.text for segment in mine if segment.part == WORDS])
        if words != message.text and _bare(words) != _bare(message.text):
            raise CannotSay(
                "unproven", f"turn {at + 1} does not say the assistant's words alone"
            )
        if bool(message.calls) != (CALL in [segment.part for segment in mine]):
            raise CannotSay("unproven", f"turn {at + 1} does not say its calls")
        if not mine or mine[-1].part != END:
            raise CannotSay("unproven", f"nothing ends turn {at + 1}")


def _bare(words: str) -> tuple[str, str]:
    """Thoughts and words, without the space around them that templates lay out otherwise."""
    head, tag, rest = words.partition("</think>")
    if not tag:
        return "", words.strip()
    return head.strip().removeprefix("<think>").strip(), rest.strip()
