"""Gemma 1 and 2 of Google, by the template that ships with the models: no system's turn, no tools."""

from sftspec.ports.chats_kit import check_order, check_talk, closer, cutter
from sftspec.ports.segments import SAID, WORDS, CannotSay, Options, Segment, Talk

CONTROLS = ("<bos>", "<start_of_turn>", "<end_of_turn>")
BEGIN = "<bos>"
KEEPS = True

_own = cutter(CONTROLS)
_close = closer("<end_of_turn>", "\n")


def segments(talk: Talk, options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """User and model in turns, each text trimmed."""
    check_talk(talk)
    messages = talk.messages
    if messages[0].role == "system":
        raise CannotSay(
            "no-place-for-system", "turn 1 is the system's, and the template knows none"
        )
    check_order(messages, 0)
    out = [Segment(BEGIN, control=True)]
    for turn, message in enumerate(messages):
        text = message.text.strip()
        if message.role == "assistant":
            out += _own("<start_of_turn>model\n", turn)
            if text:
                out.append(Segment(text, WORDS, turn))
            out += _close(turn)
        else:
            out += _own("<start_of_turn>user\n", turn)
            if text:
                out.append(Segment(text, SAID, turn))
            out += _own("<end_of_turn>\n", turn)
    return out


def prompt(options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """The head of the model's turn."""
    return list(_own("<start_of_turn>model\n", -1))
