"""Mistral's first generation (7B v0.1 and v0.2, 8x7B), without tools. Source: mistral-common, v1.

`[INST]` and `[/INST]` are text here and no control tokens, so a user's text that spells one looks
like the template's own, as it does to the servers. The system prompt stands in the user's first turn.
"""

from sftspec.ports import mistral_kit as kit
from sftspec.ports.chats_kit import check_talk, no_tools
from sftspec.ports.segments import (
    SCAFFOLD,
    WORDS,
    Options,
    Segment,
    Talk,
)

CONTROLS = (kit.BEGIN, kit.FINISH)
BEGIN = kit.BEGIN
KEEPS = True


def segments(talk: Talk, options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """The conversation. Raises CannotSay, also for one with tools."""
    check_talk(talk)
    turns = kit.gathered(talk)
    for at, message in enumerate(talk.messages):
        if message.calls or message.role == "tool":
            raise no_tools(message, at)
    out = [Segment(BEGIN, SCAFFOLD, -1, control=True)]
    first = True
    for turn in kit.with_user(turns):
        if turn.role == "assistant":
            kit.single_minded(talk, turn)
            out += kit.spoken(talk, turn.places, WORDS, WORDS)
            out.append(kit.finish(turn.places[-1]))
            continue
        out.append(Segment("[INST] ", SCAFFOLD, turn.at, apart=True))
        out += kit.user_text(talk, turn, prompt=first)
        out.append(Segment(" [/INST]", SCAFFOLD, turn.at))
        first = False
    return out


def prompt(options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """Nothing: the model answers behind `[/INST]`."""
    return []
