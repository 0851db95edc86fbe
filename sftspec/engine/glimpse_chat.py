"""A sample as a chat lays it out and encodes it, token by token, as a build would."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.engine.glimpse import Sample
from sftspec.engine.vocabularies import loaded, read_vocabulary, template_of
from sftspec.ground.record import message_text
from sftspec.ground.report import Misuse, Report, SpecError, did_you_mean, there_are
from sftspec.ir.resolve import load, root_of
from sftspec.plan.chats import encode_part
from sftspec.plan.graph import Encode
from sftspec.ports.segments import Call, Message, Talk
from sftspec.stages.encode import Encoding, Sample as Encodable
from sftspec.stages.layout import Told, samples_of


def chat_of(path: Path, root: Path | None, name: str) -> tuple[Encode, str]:
    """A chat of a spec, written or not, and its tokenizer's path. Raises SpecError, or Misuse."""
    report = Report()
    found = load(path, root or root_of(path), report)
    if found is None or report.failed:
        raise SpecError(report)
    chats = found[0].chats
    if name not in chats:
        raise Misuse(
            "unknown-chat", f"no chat is called `{name}`",
            hint=did_you_mean(name, chats) or there_are(list(chats)) or "write a `chat` block",
        )  # fmt: skip
    return encode_part(chats[name]), chats[name].tokenizer


class Token(Struct, frozen=True):
    """One or more tokens whose bytes make whole characters: ids, what they say, whether they are trained."""

    ids: tuple[int, ...]
    text: str
    trained: bool
    control: bool


class Laid(Struct, frozen=True):
    """A record under a chat: its samples of tokens, or why it has none."""

    samples: tuple[tuple[Token, ...], ...]
    rejected: tuple[str, str] | None


class Layer:
    """Lays samples out under one chat. Raises Fault where its tokenizer cannot be read."""

    def __init__(self, stage: Encode, tokenizer: str, home: Path) -> None:
        self.stage = stage
        vocabulary = read_vocabulary(home, tokenizer)
        self.tokenizer = loaded(home, vocabulary, stage)
        self.template = template_of(stage, self.tokenizer)
        self.controls = {number: name for name, number in self.tokenizer.controls.items()}

    def lay(self, sample: Sample) -> Laid:
        """The sample's tokens."""
        work = Encoding(self.stage, self.template, self.tokenizer)
        several = [
            Encodable(0, talk, trains)
            for talk, trains in samples_of(self.stage, told_of(sample))
        ]
        if not any(any(one.trains) for one in several):
            return Laid((), ("nothing_trained", "no turn of an assistant carries loss"))
        found = work.encode(several)  # all of it is shown, though it may be too long
        work.fit(found)
        starts = found.offsets.tolist()
        samples = tuple(
            self._tokens(found.ids[start:end].tolist(), found.trained[start:end].tolist())
            for start, end in pairwise(starts)
        )
        return Laid(samples, work.aside.get(0))

    def _spelled(self, ids: list[int]) -> list[bytes]:
        """What each token adds: some tokenizers drop a space where a text begins."""
        import numpy as np

        alone = self.tokenizer.spell(np.array(ids, np.int32), np.arange(len(ids) + 1))
        pairs = np.array([ids[:-1], ids[1:]], np.int32).T.reshape(-1)
        both = self.tokenizer.spell(pairs, 2 * np.arange(len(ids)))
        return [*alone[:1], *(two[len(one) :] for two, one in zip(both, alone, strict=False))]

    def _tokens(self, ids: list[int], trained: list[bool]) -> tuple[Token, ...]:
        """Tokens one by one; those that only together make a character stand together."""
        spelled = self._spelled(ids)
        found: list[Token] = []
        held: list[int] = []
        data = b""
        for number, said, train in zip(ids, spelled, trained, strict=True):
            held.append(number)
            data += said
            try:
                text = data.decode()
            except UnicodeDecodeError:
                continue
            found.append(Token(tuple(held), text, train, number in self.controls))
            held, data = [], b""
        if held:
            found.append(
                Token(tuple(held), data.decode("utf-8", "replace"), trained[-1], control=False)
            )
        return tuple(found)


def told_of(sample: Sample) -> Told:
    """The sample as chat templates take it."""
    messages = tuple(
        Message(
            turn.role,
            message_text([part.text for part in turn.parts]),
            tuple(msgspec.convert(list(turn.calls), list[Call])),
            turn.call_id,
            turn.name,
        )
        for turn in sample.turns
    )
    tools: Any = tuple(msgspec.json.decode(sample.tools)) if sample.tools else None
    return Told(Talk(messages, tools or None), tuple(turn.train for turn in sample.turns))
