"""The conversations of chosen records, read back from the JSON Lines that were emitted.

A file's bytes are hashed while they are read: nothing of it may be shown before the reader is closed,
which raises where they are not those that were sealed.
"""

from collections.abc import Iterator
from itertools import compress
from typing import Any

import msgspec
from msgspec import Raw, Struct
import numpy as np

from sftspec.ground.record import message_text
from sftspec.ground.report import Fault
from sftspec.snapshot.hashing import Hashing


class _Function(Struct):
    name: Raw
    arguments: Raw


class _Call(Struct):
    function: _Function


class Message(Struct):
    """A turn as it was emitted."""

    role: str
    content: str = ""
    name: str = ""
    tool_calls: list[_Call] = []

    @property
    def calls(self) -> list[tuple[str, str]]:
        """The name and the arguments, in JSON, of each call."""
        return [
            (msgspec.json.decode(one.function.name, type=str), _arguments(one.function.arguments))
            for one in self.tool_calls
        ]  # fmt: skip

    @property
    def spoken(self) -> str:
        """What the turn says: its words, or its calls as JSON (`stages.talk.spoken`)."""
        if self.content or not self.tool_calls:
            return self.content
        words = (
            f'{{"name":{bytes(one.function.name).decode()},'
            f'"arguments":{_arguments(one.function.arguments)}}}'
            for one in self.tool_calls
        )
        return f"[{','.join(words)}]"


class Talk(Struct):
    """A record's conversation."""

    messages: list[Message]

    def value(self, name: str) -> Any:
        """What a condition calls by that name (`stages.talk.talked`)."""
        match name:
            case "turns":
                return len(self.messages)
            case "calls":
                return sum(len(one.tool_calls) for one in self.messages)
            case "response":
                answers = (m for m in reversed(self.messages) if m.role == "assistant")
                return next((one.spoken for one in answers), "")
            case "text":
                return message_text([one.spoken for one in self.messages])
            case _:
                return message_text([m.content for m in self.messages if m.role == name])


_decode = msgspec.json.Decoder(Talk).decode


def _arguments(raw: Raw) -> str:
    """A call's arguments as JSON text: an object in some profiles, a text that holds it in others."""
    text = bytes(raw).decode()
    return msgspec.json.decode(text, type=str) if text.startswith('"') else text


def talks(hashing: Hashing, part: str, positions: Any) -> Iterator[Talk]:
    """The conversations of a part at positions, an array that rises.

    Raises Fault where a file is not there, or not as it was sealed.
    """
    snapshot = hashing.snapshot
    records = {one.name: one.records or 0 for one in snapshot.manifest.files}
    start = 0
    for name in snapshot.shards(part):
        end = start + records[name]
        first, last = np.searchsorted(positions, [start, end])
        if first < last:
            wanted = np.zeros(records[name], np.uint8)
            wanted[positions[first:last] - start] = 1
            yield from _of_file(hashing, name, wanted.tobytes())
        start = end
    if len(positions) and positions[-1] >= start:
        raise Fault(
            "snapshot-damaged", f"{snapshot.label} lists no file with all of `{part}`",
            path=snapshot.name, hint="`sftspec verify` says what else is wrong",
        )  # fmt: skip


def _of_file(hashing: Hashing, name: str, wanted: bytes) -> Iterator[Talk]:
    """The lines that are wanted of a file."""
    path = hashing.snapshot.need(name)
    hashing.begin(name)
    try:
        with path.open("rb") as stream:
            yield from map(_decode, compress(stream, wanted))
    finally:
        hashing.wait(name)
