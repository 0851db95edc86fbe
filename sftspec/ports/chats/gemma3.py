"""Gemma 3 of Google, by the template that ships with the models: no turn of the system, no tools.

The system's words stand before the user's first.
"""

from sftspec.ports.chats_kit import check_order, check_talk, closer, cutter
from sftspec.ports.segments import SAID, SCAFFOLD, WORDS, CannotSay, Options, Segment, Talk

CONTROLS = ("<bos>", "<start_of_turn>", "<end_of_turn>")
BEGIN = "<bos>"
KEEPS = True

_own = cutter(CONTROLS)
_close = closer("<end_of_turn>", "\n")


def segments(talk: Talk, options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """User and model in turns, each text trimmed; the system's is not."""
    check_talk(talk)
    messages = talk.messages
    first = 1 if messages[0].role == "system" else 0
    if first == len(messages):
        raise CannotSay("no-turns", "the system's words stand alone; they open the user's turn")
    check_order(messages, first)
    out = [Segment(BEGIN, control=True)]
    for turn in range(first, len(messages)):
        message = messages[turn]
        text = message.text.strip()
        if message.role == "assistant":
            out += _own("<start_of_turn>model\n", turn)
            if text:
                out.append(Segment(text, WORDS, turn))
            out += _close(turn)
            continue
        out += _own("<start_of_turn>user\n", turn)
        if turn == first == 1:
            out += (Segment(messages[0].text, SAID, 0), Segment("\n\n", SCAFFOLD, 0))
        if text:
            out.append(Segment(text, SAID, turn))
        out += _own("<end_of_turn>\n", turn)
    return out


def prompt(options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """The head of the model's turn."""
    return list(_own("<start_of_turn>model\n", -1))
