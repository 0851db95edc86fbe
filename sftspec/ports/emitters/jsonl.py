"""Chat JSON Lines: `{"messages":[{"role":…,"content":…},…],"tools":[…]}`, one record a line, LF, UTF-8."""

from itertools import pairwise
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.ports.chat import Talk, has_calls, tools_of, turn_texts

FOLDER = ""
SUFFIX = "jsonl"
ALWAYS_NUMBERED = False


class Message(Struct, frozen=True, gc=False):
    """A turn as trainers read it."""

    role: str
    content: str


class Conversation(Struct, frozen=True, gc=False):
    """A line of the file."""

    messages: list[Message]


def lines(table: Any, profile: str) -> list[memoryview]:
    """Each record as a line. `table`: turns, maybe tools (`ground.record`)."""
    turns = table["turns"].combine_chunks()
    if has_calls(table):
        return _told(turns, tools_of(table), profile)
    if profile in {"openai", "mistral"} and not all(_trained(turns)):
        return _weighed(turns)
    messages = turns.flatten()
    roles = messages.field("role").to_pylist()
    said = list(map(Message, roles, turn_texts(messages.field("parts"))))
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


def _trained(turns: Any) -> list[bool]:
    """Whether each assistant turn is trained on."""
    messages = turns.flatten()
    pairs = zip(
        messages.field("role").to_pylist(), messages.field("train").to_pylist(), strict=True
    )
    return [train for role, train in pairs if role == "assistant"]


def _weighed(turns: Any) -> list[memoryview]:
    """Plain records whose untrained answers must say so."""
    messages = turns.flatten()
    texts = turn_texts(messages.field("parts"))
    columns = (messages.field("role").to_pylist(), texts, messages.field("train").to_pylist())
    said = [
        {
            "role": role,
            "content": text,
            **({"weight": 0} if role == "assistant" and not train else {}),
        }
        for role, text, train in zip(*columns, strict=True)
    ]
    out = []
    at = 0
    for depth in turns.value_lengths().to_pylist():
        line = msgspec.json.encode({"messages": said[at : at + depth]}) + b"\n"
        out.append(memoryview(line))
        at += depth
    return out


def _told(turns: Any, tools: Any, profile: str) -> list[memoryview]:
    """Records that may call tools."""
    talk = Talk(turns, profile)
    several = talk.several() if profile in {"openai", "mistral"} else [False] * len(tools)
    out = []
    for messages, kit, many in zip(talk.records(), tools, several, strict=True):
        line = f'{{"messages":[{",".join(messages)}]'
        if kit is not None and profile != "plain":
            line += f',"tools":{kit}'
            if profile == "openai":
                line += f',"parallel_tool_calls":{"true" if many else "false"}'
        out.append(memoryview(f"{line}}}\n".encode()))
    return out
