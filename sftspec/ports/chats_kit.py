"""What chat templates share: their own text, cut at its control tokens, and JSON as Jinja spells it."""

from collections.abc import Callable
from functools import lru_cache
import re
from typing import Any

import msgspec

from sftspec.ports.segments import CALL, END, SAID, SCAFFOLD, CannotSay, Message, Segment, Talk

Own = Callable[[str, int], tuple[Segment, ...]]
"""A template's own text, of a turn, as segments."""

TOOL_CALL, TOOL_CALL_END = "<tool_call>", "</tool_call>"
QWEN_TOOLS = (
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>"
)
QWEN_TOOLS_END = (
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments "
    "within <tool_call></tool_call> XML tags:\n<tool_call>\n"
    '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call><|im_end|>\n'
)
# Floats that msgspec spells otherwise than Python: with an exponent, or near to one.
_OTHERWISE = re.compile(rb"[0-9][eE]|0\.0000")
_encode = msgspec.json.encode
_decode = msgspec.json.decode
_format = msgspec.json.format


def cutter(controls: tuple[str, ...]) -> Own:
    """A function that cuts a template's own text at its control tokens; SCAFFOLD, all of it."""
    pattern = re.compile(f"({'|'.join(map(re.escape, controls))})")

    @lru_cache(maxsize=4096)
    def own(text: str, turn: int) -> tuple[Segment, ...]:
        pieces = pattern.split(text)  # every other one is a control token
        return tuple(
            Segment(piece, SCAFFOLD, turn, at % 2 == 1)
            for at, piece in enumerate(pieces)
            if piece
        )

    return own


def closer(control: str, after: str = "") -> Callable[[int], tuple[Segment, ...]]:
    """A function that gives the end of an assistant's turn: the control token, and text behind it."""

    @lru_cache(maxsize=4096)
    def close(turn: int) -> tuple[Segment, ...]:
        end = Segment(control, END, turn, control=True)
        return (end, Segment(after, SCAFFOLD, turn)) if after else (end,)

    return close


def tojson(value: Any, indent: int = 0) -> str:
    """A JSON value as the `tojson` of chat templates spells it: keys in their order, no escapes but JSON's.

    `indent`: so many blanks a level, on lines of their own; 0 is one line.
    """
    raw = _encode(value)
    if _OTHERWISE.search(raw) is not None:
        raw = _encode(_python_floats(value))
    return _format(raw, indent=indent).decode()


def _python_floats(value: Any) -> Any:
    """The value with each float spelled as Python does."""
    if type(value) is float:
        return msgspec.Raw(repr(value).encode())
    if type(value) is dict:
        return {key: _python_floats(item) for key, item in value.items()}
    if type(value) is list or type(value) is tuple:
        return [_python_floats(item) for item in value]
    return value


def declared(tools: tuple[dict[str, Any], ...], indent: int = 0) -> tuple[str, ...]:
    """Each declaration by `tojson`."""
    return _declared(_encode(tools), indent)


@lru_cache(maxsize=64)  # most records of a dataset have the same tools
def _declared(raw: bytes, indent: int) -> tuple[str, ...]:
    return tuple(tojson(tool, indent) for tool in _decode(raw))


def no_tools(message: Message, turn: int) -> CannotSay:
    """The refusal of a turn that calls a tool or answers for one."""
    what = "answers for a tool" if message.role == "tool" else "calls a tool"
    return CannotSay(
        "no-place-for-tools", f"turn {turn + 1} {what}, and the template knows none"
    )


def check_talk(talk: Talk) -> None:
    """Raises CannotSay where there is no turn, or where tools are declared."""
    if not talk.messages:
        raise CannotSay("no-turns", "the conversation has no turn")
    if talk.tools:
        raise CannotSay("no-place-for-tools", "tools are declared, and the template knows none")


def check_order(messages: tuple[Message, ...], first: int) -> None:
    """Raises CannotSay unless user and assistant take turns, the user first, from `first` on."""
    wanted = "user"
    for turn in range(first, len(messages)):
        message = messages[turn]
        if message.role == "tool" or message.calls:
            raise no_tools(message, turn)
        if message.role != wanted:
            raise CannotSay(
                "turns-out-of-order",
                f"turn {turn + 1} is the {message.role}'s; the template wants the {wanted}'s",
            )
        wanted = "assistant" if wanted == "user" else "user"


def qwen_tools(
    out: list[Segment], own: Own, tools: tuple[dict[str, Any], ...], turn: int
) -> None:
    """The declarations in a Qwen's system turn, and the end of that turn."""
    out += own(QWEN_TOOLS, turn)
    out.append(Segment("\n" + "\n".join(declared(tools)), SAID, turn))
    out += own(QWEN_TOOLS_END, turn)


def qwen_calls(out: list[Segment], message: Message, turn: int, before: str) -> None:
    """A Qwen's calls. `before`: what stands before the first."""
    for call in message.calls:
        if before:
            out.append(Segment(before, CALL, turn))
        out += (
            Segment(TOOL_CALL, CALL, turn, control=True),
            Segment(
                f'\n{{"name": "{call.name}", "arguments": {tojson(call.arguments)}}}\n', CALL, turn
            ),
            Segment(TOOL_CALL_END, CALL, turn, control=True),
        )  # fmt: skip
        before = "\n"


def qwen_answer(out: list[Segment], own: Own, messages: tuple[Message, ...], turn: int) -> None:
    """What a tool says to a Qwen: turns of tools on end are one turn of the user."""
    starts = turn == 0 or messages[turn - 1].role != "tool"
    ends = turn + 1 == len(messages) or messages[turn + 1].role != "tool"
    head = "<|im_start|>user\n<tool_response>\n" if starts else "\n<tool_response>\n"
    tail = "\n</tool_response><|im_end|>\n" if ends else "\n</tool_response>"
    out += own(head, turn)
    if messages[turn].text:
        out.append(Segment(messages[turn].text, SAID, turn))
    out += own(tail, turn)
