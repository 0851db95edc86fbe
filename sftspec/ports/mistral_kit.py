"""What the templates of Mistral's generations share. Source: mistral-common 1.13.1, from which ids are equal.

Turns of one role that follow one another are one turn. The tools stand before the last turn of the
user, and in v2 and v3 the system prompt within it, so earlier turns look otherwise once more follows.
"""

from collections.abc import Callable
from functools import lru_cache
import hashlib
import json  # noqa: TID251 - calls, tools and results are spelled as this codec spells them
import re
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.ports.segments import (
    CALL,
    END,
    SAID,
    SCAFFOLD,
    WORDS,
    Call,
    CannotSay,
    Message,
    Segment,
    Talk,
)

BEGIN = "<s>"
FINISH = "</s>"
CONTROLS = (
    *(BEGIN, FINISH, "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"),
    *("[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]"),
)
"""The control tokens of v2 and v3."""
LATER_CONTROLS = (*CONTROLS, "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]")
"""The control tokens of v7."""

JOINT = "\n\n"
DEEPEST = 300
_SHORT = re.compile(r"[A-Za-z0-9]{9}")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MERGED = frozenset(["user", "assistant"])
_FIRST = frozenset(["system", "user"])
_AFTER = {
    "": {"system", "user", "assistant", "tool"},
    "system": {"system", "user", "assistant"},
    "user": {"system", "user", "assistant"},
    "assistant": {"user", "assistant", "tool"},
    "tool": {"user", "assistant", "tool"},
}
_spell = json.JSONEncoder(ensure_ascii=False).encode
_BEGIN = Segment(BEGIN, SCAFFOLD, -1, control=True)


class Turn(Struct, gc=False):
    """A turn: its role, where it begins, and the places of its messages; -1 and none for nobody's."""

    role: str
    at: int
    places: list[int]


class Rules(Struct, frozen=True):
    """How one generation differs from another.

    `system`: whether a system turn stands where it is, between tokens of its own. `mixed`: whether a
    turn may have words and calls. `history`: whether calls and results before the last turn of the
    user are laid out. `ids`: whether calls and results have ids. `result`: what a tool gave.
    """

    result: Callable[[Message, int], list[Segment]]
    system: bool = False
    mixed: bool = False
    history: bool = True
    ids: bool = True


def short_id(number: str) -> str:
    """A call's id as Mistral takes it: nine letters and digits, drawn from it where it is not that."""
    if _SHORT.fullmatch(number):
        return number
    return hashlib.sha256(b"sftspec/call-id/1\0" + number.encode()).hexdigest()[:9]


def laid_out(talk: Talk, rules: Rules) -> list[Segment]:
    """A conversation of v2 or later. Raises CannotSay."""
    turns = gathered(talk)
    if not rules.system:
        turns = with_user(turns)
    last = last_user(turns)
    out = [_BEGIN]
    for number, turn in enumerate(turns):
        known = rules.history or number > last
        if turn.role == "user":
            out += _user(talk, turn, rules, last=number == last)
        elif turn.role == "assistant":
            said = _assistant(talk, turn, rules)
            out += said if known or not _calls(talk, turn) else ()
        elif turn.role == "system":
            out += _system(talk.messages[turn.at].text, turn.at)
        elif known:
            out += rules.result(talk.messages[turn.at], turn.at)
    return out


def gathered(talk: Talk) -> list[Turn]:
    """The turns of a conversation that mistral-common takes. Raises CannotSay for any other."""
    turns: list[Turn] = []
    before = ""
    busy = bool(talk.tools)
    for at, message in enumerate(talk.messages):
        role = message.role
        if role not in _AFTER[before]:
            raise CannotSay("turns-out-of-order", f"turn {at + 1}: {role} after {before}")
        if role == before and role in _MERGED:
            turns[-1].places.append(at)
        else:
            turns.append(Turn(role, at, [at]))
        before = role
        busy = busy or role == "tool" or bool(message.calls)
    if not turns:
        raise CannotSay("no-turns", "the conversation has no turn")
    if len(talk.messages) == 1 and before not in _FIRST:
        raise CannotSay("turns-out-of-order", f"its only turn is the {before}'s")
    if busy:
        _named(talk)
        _answered(talk.messages)
    return turns


def _answered(messages: tuple[Message, ...]) -> None:
    """Raises CannotSay where the turns behind a turn that calls are not as many as its calls.

    The first message is not looked at, and the last calls may be without an answer.
    """
    owed = 0
    for at, message in enumerate(messages[1:], 2):
        if message.role == "tool":
            owed -= 1
        elif message.role == "assistant":
            if owed:
                raise CannotSay("calls-unanswered", _owed(owed, at))
            owed = len(message.calls)
    if owed < 0:
        raise CannotSay("calls-unanswered", _owed(owed, len(messages)))


def _owed(owed: int, at: int) -> str:
    kind = "calls without an answer" if owed > 0 else "answers without a call"
    return f"turn {at}: {abs(owed)} {kind}"


def _named(talk: Talk) -> None:
    """Raises CannotSay where a tool's name is not of at most 64 letters, digits, - and _."""
    names: list[str] = [_function(tool)["name"] for tool in talk.tools or ()]
    for message in talk.messages:
        if message.calls:
            names += [call.name for call in message.calls]
        if message.role == "tool" and message.name is not None:
            names.append(message.name)
    for name in names:
        if not _NAME.fullmatch(name):
            raise CannotSay("tool-name", f"{name[:80]!r}")


def with_user(turns: list[Turn]) -> list[Turn]:
    """The turns without those of the system, the first of them the user's."""
    turns = [turn for turn in turns if turn.role != "system"]
    return turns if turns and turns[0].role == "user" else [Turn("user", -1, []), *turns]


def last_user(turns: list[Turn]) -> int:
    """Which turn is the user's last; -1 where none is."""
    number = len(turns) - 1
    while number >= 0 and turns[number].role != "user":
        number -= 1
    return number


def single_minded(talk: Talk, turn: Turn) -> None:
    """Raises CannotSay where a turn of the assistant has words and calls, or neither."""
    texts = calls = False
    for at in turn.places:
        message = talk.messages[at]
        if not message.text and not message.calls:
            raise CannotSay("nothing-said", f"turn {at + 1} has no words and no calls")
        texts = texts or bool(message.text)
        calls = calls or bool(message.calls)
    if texts and calls:
        raise CannotSay("words-beside-calls", f"turn {turn.at + 1} has words and calls")


def user_text(talk: Talk, turn: Turn, *, prompt: bool) -> list[Segment]:
    """What the user says, with `prompt` behind what all system turns say."""
    said = spoken(talk, turn.places, SAID, SCAFFOLD)
    if not prompt:
        return said
    places = [at for at, message in enumerate(talk.messages) if message.role == "system"]
    head = spoken(talk, places, SAID, SCAFFOLD) if places else []
    return [*head, Segment(JOINT, SCAFFOLD, turn.at), *said] if head else said


def spoken(talk: Talk, places: list[int], part: int, joint: int) -> list[Segment]:
    """The texts of messages, but empty ones, with an empty line between."""
    out: list[Segment] = []
    for at in places:
        text = talk.messages[at].text
        if text:
            if out:
                out.append(Segment(JOINT, joint, at))
            out.append(Segment(text, part, at))
    return out


@lru_cache(maxsize=4096)
def _token(name: str, at: int) -> Segment:
    """A control token of the template's own."""
    return Segment(name, SCAFFOLD, at, control=True)


@lru_cache(maxsize=4096)
def finish(at: int) -> Segment:
    """The end of the assistant's turn."""
    return Segment(FINISH, END, at, control=True)


def _system(text: str, at: int) -> list[Segment]:
    said = [Segment(text, SAID, at)] if text else []
    return [_token("[SYSTEM_PROMPT]", at), *said, _token("[/SYSTEM_PROMPT]", at)]


def _user(talk: Talk, turn: Turn, rules: Rules, *, last: bool) -> list[Segment]:
    out = _tools(talk.tools) if last and talk.tools else []
    out.append(_token("[INST]", turn.at))
    out += user_text(talk, turn, prompt=last and not rules.system)
    out.append(_token("[/INST]", turn.at))
    return out


def _assistant(talk: Talk, turn: Turn, rules: Rules) -> list[Segment]:
    if not rules.mixed:
        single_minded(talk, turn)
    out = spoken(talk, turn.places, WORDS, WORDS)
    calls = _calls(talk, turn)
    if not out and not calls:
        raise CannotSay("nothing-said", f"turn {turn.at + 1} has no words and no calls")
    if out and out[-1].text[-1] == " ":
        words = out.pop()
        if bare := words.text.rstrip(" "):
            out.append(Segment(bare, WORDS, words.turn))
    if calls:
        at = next(at for at in turn.places if talk.messages[at].calls)
        said = _spell([_call(call, rules) for call in calls])
        out += (Segment("[TOOL_CALLS]", CALL, at, control=True), Segment(said, CALL, at))
    out.append(finish(turn.places[-1]))
    return out


def _calls(talk: Talk, turn: Turn) -> list[Call]:
    return [call for at in turn.places for call in talk.messages[at].calls]


def _call(call: Call, rules: Rules) -> dict[str, Any]:
    spelled = {"name": call.name, "arguments": call.arguments}
    return {**spelled, "id": short_id(call.id)} if rules.ids else spelled


def _tools(tools: tuple[dict[str, Any], ...]) -> list[Segment]:
    """The declarations, of which mistral-common knows the name, description and parameters."""
    return [
        _token("[AVAILABLE_TOOLS]", -1),
        Segment(_declared(msgspec.json.encode(tools)), SAID),
        _token("[/AVAILABLE_TOOLS]", -1),
    ]


@lru_cache(maxsize=64)  # most records of a dataset have the same tools
def _declared(raw: bytes) -> str:
    known = []
    for tool in msgspec.json.decode(raw):
        function = _function(tool)
        shown = {
            "name": function["name"],
            "description": function.get("description") or "",
            "parameters": function.get("parameters") or {},
        }
        known.append({"type": "function", "function": shown})
    return _spell(known)


def _function(tool: dict[str, Any]) -> dict[str, Any]:
    function: dict[str, Any] = tool["function"]
    return function


def results(value: Any, at: int) -> list[Segment]:
    """What a tool gave, as v2 and v3 lay it out. Raises CannotSay where it cannot be spelled."""
    try:
        text = _spell(value)
        text.encode()
    except (ValueError, RecursionError) as error:
        raise CannotSay("result-unreadable", f"turn {at + 1}: {type(error).__name__}") from None
    return [
        _token("[TOOL_RESULTS]", at),
        Segment(text, SAID, at),
        _token("[/TOOL_RESULTS]", at),
    ]


def result_value(message: Message, at: int) -> Any:
    """What a tool gave: the value of its text where that is JSON, else the text; nothing is `{}`."""
    if not message.text:
        return {}
    try:
        value = json.loads(message.text)
    except json.JSONDecodeError:
        return message.text
    except (ValueError, RecursionError) as error:  # numbers too long, too many brackets
        raise CannotSay("result-unreadable", f"turn {at + 1}: {type(error).__name__}") from None
    if message.text.count("[") + message.text.count("{") > DEEPEST and _deep(value):
        raise CannotSay("result-unreadable", f"turn {at + 1}: nested more than {DEEPEST} deep")
    return value


def _deep(value: Any) -> bool:
    """How deep the codec goes is a matter of the stack at hand, so there is a bound below it."""
    level = [value]
    for _ in range(DEEPEST):
        items = [item for one in level for item in (one.values() if type(one) is dict else one)]
        level = [item for item in items if type(item) is dict or type(item) is list]
    return bool(level)


def answered_id(message: Message, at: int) -> str:
    """The id of the call that a tool's turn answers. Raises CannotSay where it has none."""
    if message.call_id is None:
        raise CannotSay("call-id", f"turn {at + 1}: it does not say which call it answers")
    return short_id(message.call_id)


def _result_v3(message: Message, at: int) -> list[Segment]:
    number = answered_id(message, at)
    return results({"content": result_value(message, at), "call_id": number}, at)


def _result_v7(message: Message, at: int) -> list[Segment]:
    said = [Segment(message.text, SAID, at)] if message.text else []
    return [
        _token("[TOOL_RESULTS]", at),
        Segment(answered_id(message, at), SCAFFOLD, at),
        _token("[TOOL_CONTENT]", at),
        *said,
        _token("[/TOOL_RESULTS]", at),
    ]


V3 = Rules(_result_v3)
V7 = Rules(_result_v7, system=True, mixed=True)
