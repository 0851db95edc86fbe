"""Records as chat messages, in the profiles that trainers and servers read.

hf: a call's arguments are an object. openai: they are a text, an untrained answer has weight 0.
mistral: as openai, ids of nine letters and digits. plain: `role` and `content` alone.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from sftspec.ground.record import message_text
from sftspec.ports.mistral_kit import short_id

_encode = msgspec.json.encode
_calls = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode


class Talk:
    """Records of one table, each as a list of messages in JSON text.

    `turns`: an Arrow array of `ground.record.turns_type(calls=True)`. Keys stand in one order and
    nothing is null; a message without text that calls has no `content`.
    """

    def __init__(self, turns: Any, profile: str) -> None:
        messages = turns.flatten()
        self.profile = profile
        self.roles = messages.field("role").to_pylist()
        self.trains = messages.field("train").to_pylist()
        self.texts = turn_texts(messages.field("parts"))
        self.names = messages.field("name").to_pylist()
        self.answers = messages.field("call_id").to_pylist()
        self.calls = messages.field("calls").to_pylist()
        self.depths = turns.value_lengths().to_pylist()

    def records(self) -> list[list[str]]:
        """The messages of each record."""
        found: list[list[str]] = []
        at = 0
        for depth in self.depths:
            found.append([self._message(place) for place in range(at, at + depth)])
            at += depth
        return found

    def several(self) -> list[bool]:
        """Whether some turn of each record calls more than one tool."""
        found = []
        at = 0
        for depth in self.depths:
            calls = self.calls[at : at + depth]
            found.append(any(text is not None and len(_calls(text)) > 1 for text in calls))
            at += depth
        return found

    def _message(self, at: int) -> str:
        role, text, calls = self.roles[at], self.texts[at], self.calls[at]
        out = [f'{{"role":"{role}"']
        if text or calls is None:
            out.append(f',"content":{_encode(text).decode()}')
        if self.profile != "plain":
            if calls is not None:
                out.append(f',"tool_calls":[{",".join(map(self._call, _calls(calls)))}]')
            if role == "tool":
                if self.names[at]:
                    out.append(f',"name":{_encode(self.names[at]).decode()}')
                if self.answers[at]:
                    out.append(
                        f',"tool_call_id":{_encode(self._id(self.answers[at])).decode()}'
                    )
            if (
                self.profile in {"openai", "mistral"}
                and role == "assistant"
                and not self.trains[at]
            ):
                out.append(',"weight":0')
        out.append("}")
        return "".join(out)

    def _call(self, call: dict[str, msgspec.Raw]) -> str:
        arguments = bytes(call["arguments"])
        if self.profile != "hf":
            arguments = _encode(arguments.decode())
        number = _encode(self._id(msgspec.json.decode(call["id"]))).decode()
        return (
            f'{{"id":{number},"type":"function","function":'
            f'{{"name":{bytes(call["name"]).decode()},"arguments":{arguments.decode()}}}}}'
        )

    def _id(self, number: str) -> str:
        """An id as the profile wants it: mistral takes nine letters and digits and nothing else."""
        return short_id(number) if self.profile == "mistral" else number


def turn_texts(parts: Any) -> list[str]:
    """The text of each turn, of its parts."""
    coded = parts.flatten().field("text")
    texts: list[str] = coded.dictionary.take(coded.indices).to_pylist()
    sizes = parts.value_lengths().to_pylist()
    if len(texts) == len(sizes) and all(size == 1 for size in sizes):
        return texts
    out: list[str] = []
    at = 0
    for size in sizes:
        out.append(texts[at] if size == 1 else message_text(texts[at : at + size]))
        at += size
    return out


def tools_of(table: Any) -> Sequence[str | None]:
    """The tools of each record as JSON text, or None."""
    if "tools" not in table.column_names:
        return [None] * int(table.num_rows)
    found: list[str | None] = table["tools"].to_pylist()
    return found


def has_calls(table: Any) -> bool:
    """Whether a table's turns may call tools."""
    return len(table["turns"].type.value_type) > 3
