"""Llama 3 (3.0) of Meta: `ChatFormat` of llama-models, with texts trimmed as the model's template does."""

from sftspec.ports.chats_kit import check_talk, closer, cutter, no_tools
from sftspec.ports.segments import SAID, WORDS, Options, Segment, Talk

CONTROLS = ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
BEGIN = "<|begin_of_text|>"
KEEPS = True

_own = cutter(CONTROLS)
_close = closer("<|eot_id|>")


def segments(talk: Talk, options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """Each turn behind its header."""
    check_talk(talk)
    out = [Segment(BEGIN, control=True)]
    for turn, message in enumerate(talk.messages):
        role = message.role
        if role == "tool" or message.calls:
            raise no_tools(message, turn)
        out += _own(f"<|start_header_id|>{role}<|end_header_id|>\n\n", turn)
        text = message.text.strip()
        if role == "assistant":
            if text:
                out.append(Segment(text, WORDS, turn))
            out += _close(turn)
        else:
            if text:
                out.append(Segment(text, SAID, turn))
            out += _own("<|eot_id|>", turn)
    return out


def prompt(options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """The header of the assistant's turn."""
    return list(_own("<|start_header_id|>assistant<|end_header_id|>\n\n", -1))
