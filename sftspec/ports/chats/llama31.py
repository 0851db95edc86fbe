"""Llama 3.1, 3.2 and 3.3 of Meta, by the template that ships with the models; tools in the user's turn.

Every conversation has a system turn, which tells the date. The model's own tools (`ipython`) are
not spoken of.
"""

from functools import lru_cache

from sftspec.ports.chats_kit import closer, cutter, declared, tojson
from sftspec.ports.segments import (
    CALL,
    SAID,
    SCAFFOLD,
    WORDS,
    CannotSay,
    Message,
    Options,
    Segment,
    Talk,
)

CONTROLS = ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
BEGIN = "<|begin_of_text|>"
KEEPS = True

_TOOLS = (
    "Given the following functions, please respond with a JSON for a function call with its proper "
    "arguments that best answers the given prompt.\n\n"
    'Respond in the format {"name": function name, "parameters": dictionary of argument name and '
    "its value}.Do not use variables.\n\n"
)
_USER = "<|start_header_id|>user<|end_header_id|>\n\n"
_ASSISTANT = "<|start_header_id|>assistant<|end_header_id|>\n\n"
_TOOL = "<|start_header_id|>ipython<|end_header_id|>\n\n"

_own = cutter(CONTROLS)
_close = closer("<|eot_id|>")


def segments(talk: Talk, options: Options) -> list[Segment]:
    """The system's turn, the tools before the first question, and each turn behind its header."""
    messages = talk.messages
    if not messages:
        raise CannotSay("no-turns", "the conversation has no turn")
    first = 1 if messages[0].role == "system" else 0
    out = list(_head(options.date, bool(talk.tools), first - 1))
    if first:
        _say(out, messages[0].text.strip(), 0)
    out += _own("<|eot_id|>", first - 1)
    if talk.tools:
        _offer(out, talk, first)
        first += 1
    for turn in range(first, len(messages)):
        message = messages[turn]
        if message.role == "assistant":
            _answer(out, message, turn)
            continue
        if message.role == "tool":
            out += _own(_TOOL, turn)
            out.append(Segment(tojson(message.text), SAID, turn))
        else:
            out += _own(f"<|start_header_id|>{message.role}<|end_header_id|>\n\n", turn)
            _say(out, message.text.strip(), turn)
        out += _own("<|eot_id|>", turn)
    return out


def prompt(options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """The header of the assistant's turn."""
    return list(_own(_ASSISTANT, -1))


@lru_cache(maxsize=256)
def _head(date: str, tools: bool, turn: int) -> tuple[Segment, ...]:  # noqa: FBT001 - a cache's key
    """The template's part of the system turn. The date is text, whatever it spells."""
    told = "Environment: ipython\n" if tools else ""
    told += f"Cutting Knowledge Date: December 2023\nToday Date: {date}\n\n"
    head = _own("<|begin_of_text|><|start_header_id|>system<|end_header_id|>", turn)
    return (*head, Segment(f"\n\n{told}", SCAFFOLD, turn))


def _say(out: list[Segment], text: str, turn: int) -> None:
    if text:
        out.append(Segment(text, SAID, turn))


def _offer(out: list[Segment], talk: Talk, turn: int) -> None:
    """The first question, the tools before it."""
    if len(talk.messages) <= turn or talk.messages[turn].role != "user":
        raise CannotSay(
            "turns-out-of-order",
            f"turn {turn + 1} is not the user's; the template puts the tools there",
        )
    out += _own(_USER, turn)
    out.append(Segment(_TOOLS, SCAFFOLD, turn))
    tools = "\n\n".join(declared(talk.tools or (), 4))
    out.append(Segment(f"{tools}\n\n", SAID, turn))
    _say(out, talk.messages[turn].text.strip(), turn)
    out += _own("<|eot_id|>", turn)


def _answer(out: list[Segment], message: Message, turn: int) -> None:
    """The assistant's words, or its call."""
    out += _own(_ASSISTANT, turn)
    text = message.text.strip()
    if message.calls:
        if len(message.calls) > 1:
            raise CannotSay(
                "parallel-calls",
                f"turn {turn + 1} calls {len(message.calls)} tools at once; the template takes one",
            )
        if text:
            raise CannotSay(
                "words-beside-calls",
                f"turn {turn + 1} says something and calls a tool; the template would drop the words",
            )
        call = message.calls[0]
        written = f'{{"name": "{call.name}", "parameters": {tojson(call.arguments)}}}'
        out.append(Segment(written, CALL, turn))
    elif text:
        out.append(Segment(text, WORDS, turn))
    out += _close(turn)
