"""A conversation as a chat template lays it out: segments of text and control tokens.

The model trains on segments by what they are, never by where their text is found. A control token
is a segment of its own and becomes one id; any other text is text, whatever it spells.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from msgspec import Struct

SCAFFOLD, SAID, WORDS, CALL, END = range(5)
"""What a segment is: the template's own text; what others say (system, user, tool); the words of an
assistant's turn; its calls; and what ends its turn, or stands around its words and is the model's too.
The last three are the model's to write."""

BEGIN_TOKEN, END_TOKEN = "\0begin", "\0end"
"""Control tokens of templates that leave them to the tokenizer: its own BOS and EOS."""


class Call(Struct, frozen=True, gc=False):
    """A call of a tool; arguments are a JSON value."""

    id: str
    name: str
    arguments: dict[str, Any]


class Message(Struct, frozen=True, gc=False):
    """A turn. `text` may be empty where there are calls; `call_id` and `name` are of a tool's turn."""

    role: str
    text: str
    calls: tuple[Call, ...] = ()
    call_id: str | None = None
    name: str | None = None


class Talk(Struct, frozen=True, gc=False):
    """A conversation, and the declarations of the tools at hand: None where there are none."""

    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] | None = None


class Options(Struct, frozen=True, omit_defaults=True):
    """What a chat block says to its template.

    `date`: today's, for templates that tell it, as they write it. `thinking`: whether the model
    writes the block of thoughts itself; else the prompt supplies an empty one.
    """

    date: str = "26 Jul 2024"
    thinking: bool = False


class Segment(Struct, frozen=True, gc=False):
    """A piece of the layout.

    `control`: its text names a control token. `part`: one of the five above. `turn`: the message that
    it is of, -1 where it is of none. `apart`: text that is encoded apart from the text before it.
    """

    text: str
    part: int = SCAFFOLD
    turn: int = -1
    control: bool = False
    apart: bool = False


class CannotSay(Exception):  # noqa: N818 - the record is rejected, with the reason
    """A conversation that the template has no place for. `reason`: a slug; `evidence`: what it is."""

    def __init__(self, reason: str, evidence: str) -> None:
        super().__init__(f"{reason}: {evidence}")
        self.reason = reason
        self.evidence = evidence


class ChatTemplate(Protocol):
    """A module of the shelf `ports.chats`; its docstring says whose template it is, and its source."""

    CONTROLS: tuple[str, ...]
    """Control tokens that its segments may name."""

    BEGIN: str | None
    """The control token that every conversation begins with, once; None where it has none."""

    KEEPS: bool
    """Whether earlier turns are laid out the same whatever follows them."""

    segments: Callable[[Talk, Options], list[Segment]]
    """The conversation, all of it. Raises CannotSay."""

    prompt: Callable[[Options], list[Segment]]
    """What a server adds behind a conversation for the model to answer."""


@cache
def chat_template(name: str) -> Any:
    """The built-in template of that name."""
    return import_module(f"sftspec.ports.chats.{name}")


def text_of(segments: list[Segment]) -> str:
    """The layout as a server's template renders it: control tokens by their spelling."""
    return "".join([segment.text for segment in segments])
