"""No template: a prompt's text as it is, the answer right behind it, and EOS.

Whatever should stand between prompt and answer the body writes. Turns on end that are not the
assistant's have a blank line between them; behind an answer's EOS the next turn follows at once, as
a document of its own would. A BOS stands first where the tokenizer has one.
"""

from sftspec.ports.chats_kit import check_talk, closer, cutter, no_tools
from sftspec.ports.segments import (
    BEGIN_TOKEN,
    END_TOKEN,
    SAID,
    WORDS,
    Options,
    Segment,
    Talk,
)

CONTROLS = (BEGIN_TOKEN, END_TOKEN)
BEGIN = BEGIN_TOKEN
KEEPS = True

_own = cutter(CONTROLS)
_close = closer(END_TOKEN)


def segments(talk: Talk, options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """The texts, and EOS behind each answer."""
    check_talk(talk)
    out = [Segment(BEGIN, control=True)]
    joined = False
    for turn, message in enumerate(talk.messages):
        if message.role == "tool" or message.calls:
            raise no_tools(message, turn)
        if message.role == "assistant":
            if message.text:
                out.append(Segment(message.text, WORDS, turn))
            out += _close(turn)
            joined = False
            continue
        if joined:
            out += _own("\n\n", turn)
        if message.text:
            out.append(Segment(message.text, SAID, turn))
        joined = True
    return out


def prompt(options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """Nothing: the model answers right behind the text."""
    return []
