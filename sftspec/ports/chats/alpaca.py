"""Alpaca: plain text under `### Instruction:` and `### Response:`, laid out as trainers settled on it.

The system's words, or else Alpaca's own sentence, come first. An input is part of the instruction:
a body that wants `### Input:` writes it. A line's end stands behind `### Response:` (Stanford's own
script has none). Of several turns each answer ends in EOS, and the next instruction follows a blank
line. A BOS stands first where the tokenizer has one.
"""

from sftspec.ports.chats_kit import check_order, check_talk, closer, cutter
from sftspec.ports.segments import (
    BEGIN_TOKEN,
    END_TOKEN,
    SAID,
    SCAFFOLD,
    WORDS,
    Options,
    Segment,
    Talk,
)

CONTROLS = (BEGIN_TOKEN, END_TOKEN)
BEGIN = BEGIN_TOKEN
KEEPS = True

_DEFAULT = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)
_INSTRUCTION = "\n\n### Instruction:\n"
_RESPONSE = "\n\n### Response:\n"

_own = cutter(CONTROLS)
_close = closer(END_TOKEN)


def segments(talk: Talk, options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """A sentence of what this is, then instructions and responses in turns."""
    check_talk(talk)
    messages = talk.messages
    first = 1 if messages[0].role == "system" else 0
    check_order(messages, first)
    out = [Segment(BEGIN, control=True)]
    if first and messages[0].text:
        out.append(Segment(messages[0].text, SAID, 0))
    else:
        out.append(Segment(_DEFAULT, SCAFFOLD, first - 1))
    for turn in range(first, len(messages)):
        message = messages[turn]
        if message.role == "assistant":
            out += _own(_RESPONSE, turn)
            if message.text:
                out.append(Segment(message.text, WORDS, turn))
            out += _close(turn)
        else:
            out += _own(_INSTRUCTION, turn)
            if message.text:
                out.append(Segment(message.text, SAID, turn))
    return out


def prompt(options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """The head of the response."""
    return list(_own(_RESPONSE, -1))
