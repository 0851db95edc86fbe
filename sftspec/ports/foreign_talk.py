"""A conversation as chat templates of others see it: plain, with marks, or with fields between brackets."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
import re
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.ports.chat_marks import mark
from sftspec.ports.segments import Call, CannotSay, Message, Talk

TOOLS = 1
TEXT, OTHER, NAME, ARGUMENTS = range(4)
"""Kinds of a turn's fields. The last two are of a call: 2 more for each call before it."""
_BITS = 12
_MOST_CALLS = (1 << _BITS - 1) - 2
_FREE = (range(0x20000, 0x2A6D0), range(0x30000, 0x31340))
"""Rare ideographs: no blanks, of one case, and not escaped where a value is spelled."""


def field(turn: int, kind: int, call: int = 0) -> int:
    """The mark of a turn's field."""
    return (turn + 1 << _BITS) | kind + 2 * call


def turn_of(whose: int) -> int:
    """The turn of a mark; -1 for tools, and what is the template's own."""
    return (whose >> _BITS) - 1


def kind_of(whose: int) -> int:
    """The kind of a turn's field."""
    kind = whose & (1 << _BITS) - 1
    return kind if kind < NAME else NAME + kind % 2


def as_messages(talk: Talk) -> list[dict[str, Any]]:
    """Messages as the profile `hf` writes them."""
    return [_message(one) for one in talk.messages]


def _message(one: Message) -> dict[str, Any]:
    found: dict[str, Any] = {"role": one.role}
    if one.text or not one.calls:
        found["content"] = one.text
    if one.calls:
        found["tool_calls"] = [
            {"id": call.id, "type": "function",
             "function": {"name": call.name, "arguments": call.arguments}}
            for call in one.calls
        ]  # fmt: skip
    if one.name is not None:
        found["name"] = one.name
    if one.call_id is not None:
        found["tool_call_id"] = one.call_id
    return found


def marked_messages(talk: Talk) -> list[dict[str, Any]]:
    """The same with marks. Raises CannotSay where a turn has too many calls."""
    return [_message(_marked(turn, one)) for turn, one in enumerate(talk.messages)]


def _marked(turn: int, one: Message) -> Any:
    if not one.calls and one.name is None and one.call_id is None:
        return Message(one.role, mark(one.text, field(turn, TEXT)))
    if len(one.calls) > _MOST_CALLS:
        raise CannotSay("template-not-derived", f"turn {turn + 1} has {len(one.calls)} calls")
    other = field(turn, OTHER)
    calls = tuple(
        Call(
            mark(call.id, other),
            mark(call.name, field(turn, NAME, at)),
            with_mark(call.arguments, field(turn, ARGUMENTS, at)),
        )
        for at, call in enumerate(one.calls)
    )
    ids = None if one.call_id is None else mark(one.call_id, other)
    name = None if one.name is None else mark(one.name, other)
    return Message(one.role, mark(one.text, field(turn, TEXT)), calls, ids, name)


def with_mark(value: Any, whose: int) -> Any:
    """A JSON value with a mark on each text and key."""
    if isinstance(value, str):
        return mark(value, whose)
    if isinstance(value, dict):
        return {mark(key, whose): with_mark(item, whose) for key, item in value.items()}
    return [with_mark(item, whose) for item in value] if isinstance(value, list) else value


class Kit:
    """Declarations of tools, plain and with marks, and how they were spelled as JSON, by their ids."""

    def __init__(self, tools: Sequence[dict[str, Any]] | None) -> None:
        self.plain: Any = None if tools is None else list(tools)
        self.marked: Any = with_mark(self.plain, TOOLS)
        self.spelled = self._known(self.plain)
        self.spelled_marked = self._known(self.marked)

    @staticmethod
    def _known(tools: Any) -> tuple[frozenset[int], dict[Any, str]]:
        return frozenset(map(id, (tools, *tools) if tools else ())), {}


def kit_of(tools: tuple[dict[str, Any], ...] | None) -> Kit:
    """The declarations of a conversation."""
    return _kit(None if tools is None else msgspec.json.encode(tools))


@lru_cache(maxsize=64)  # most records of a dataset have the same tools
def _kit(raw: bytes | None) -> Kit:
    return Kit(None if raw is None else msgspec.json.decode(raw))


# brackets


class Bracketed(Struct):
    """A conversation whose fields stand between brackets; `whose`: the mark that each pair stands for.

    The brackets are rare characters that nothing of the data has. They stand inside of blanks, and
    outside of what the template may look for in data.
    """

    talk: Talk
    whose: dict[str, int]
    closing: dict[str, str]


def bracketed(talk: Talk, constants: re.Pattern[str]) -> Bracketed:
    """A conversation between brackets. Raises CannotSay where there are not enough of them."""
    work = _Brackets(talk, constants)
    return Bracketed(work.talk(talk), work.whose, work.closing)


class _Brackets:
    """Takes two characters for each piece of a field."""

    def __init__(self, talk: Talk, constants: re.Pattern[str]) -> None:
        used = set("".join(all_texts(talk)))
        self.free = (sign for codes in _FREE for sign in map(chr, codes) if sign not in used)
        self.constants = constants
        self.whose: dict[str, int] = {}
        self.closing: dict[str, str] = {}

    def talk(self, talk: Talk) -> Talk:
        """All of it; ids and names stay as they are, for templates look them up."""
        tools = talk.tools
        if tools is not None:
            tools = tuple(self.described(tool) for tool in tools)
        return Talk(tuple(map(self.message, range(len(talk.messages)), talk.messages)), tools)

    def described(self, value: Any) -> Any:
        """A declaration's descriptions; what else it says is looked up, or compared."""
        if isinstance(value, dict):
            return {
                key: self.text(item, TOOLS)
                if key == "description" and isinstance(item, str)
                else self.described(item)
                for key, item in value.items()
            }
        return [self.described(item) for item in value] if isinstance(value, list) else value

    def message(self, turn: int, one: Message) -> Message:
        """A turn."""
        calls = tuple(
            Call(
                call.id,
                call.name,
                self.value(call.arguments, field(turn, ARGUMENTS, at)),
            )
            for at, call in enumerate(one.calls)
        )
        text = self.text(one.text, field(turn, TEXT))
        return Message(one.role, text, calls, one.call_id, one.name)

    def value(self, value: Any, whose: int) -> Any:
        """The texts in a JSON value."""
        if isinstance(value, str):
            return self.text(value, whose)
        if isinstance(value, dict):
            return {key: self.value(item, whose) for key, item in value.items()}
        return [self.value(item, whose) for item in value] if isinstance(value, list) else value

    def text(self, text: str, whose: int) -> str:
        """Every other piece is one of the template's constants."""
        pieces = self.constants.split(text)
        for at in range(0, len(pieces), 2):
            core = pieces[at].strip()
            if core:
                start = pieces[at].index(core)
                pieces[at] = (
                    pieces[at][:start]
                    + self.around(core, whose)
                    + pieces[at][start + len(core) :]
                )
        return "".join(pieces)

    def around(self, core: str, whose: int) -> str:
        """A piece between brackets."""
        opening, closing = next(self.free, ""), next(self.free, "")
        if not closing:
            raise CannotSay("template-not-derived", "it has too many pieces to tell apart")
        self.whose[opening] = whose
        self.closing[closing] = opening
        return f"{opening}{core}{closing}"


def all_texts(value: Any) -> Iterator[str]:
    """Every text of a conversation, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from all_texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from all_texts(item)
    elif isinstance(value, Struct):
        yield from all_texts([getattr(value, name) for name in value.__struct_fields__])
