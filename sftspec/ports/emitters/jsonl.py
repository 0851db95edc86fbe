"""Chat JSON Lines: `{"messages":[{"role":…,"content":…},…]}`, one record a line, LF, UTF-8."""

from itertools import pairwise
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.ground.record import message_text

SUFFIX = "jsonl"


class Message(Struct, frozen=True, gc=False):
    """A turn as trainers read it."""

    role: str
    content: str


class Conversation(Struct, frozen=True, gc=False):
    """A line of the file."""

    messages: list[Message]


def lines(turns: Any) -> list[memoryview]:
    """Each record as a line. `turns`: an Arrow array of `ground.record.turns_type()`."""
    messages = turns.flatten()
    roles = messages.field("role").to_pylist()
    parts = messages.field("parts")
    coded = parts.flatten().field("text")
    texts = coded.dictionary.take(coded.indices).to_pylist()
    if len(texts) > len(roles):
        texts = _joined(texts, parts.value_lengths().to_pylist())
    said = list(map(Message, roles, texts))
    encode_into = msgspec.json.Encoder().encode_into
    whole = bytearray()
    ends: list[int] = []
    at = 0
    for depth in turns.value_lengths().to_pylist():
        encode_into(Conversation(said[at : at + depth]), whole, -1)
        whole += b"\n"
        ends.append(len(whole))
        at += depth
    view = memoryview(whole)
    return [view[start:end] for start, end in pairwise([0, *ends])]


def _joined(texts: list[str], sizes: list[int]) -> list[str]:
    """The text of each turn, of its parts."""
    out: list[str] = []
    at = 0
    for size in sizes:
        out.append(texts[at] if size == 1 else message_text(texts[at : at + size]))
        at += size
    return out
