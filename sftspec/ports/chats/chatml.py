"""ChatML as OpenAI published it and most trainers have it: no BOS, no default system prompt, no tools.

How tools stand in ChatML each model settles for itself: see `qwen25` and `qwen3`.
"""

from sftspec.ports.chats_kit import check_talk, closer, cutter, no_tools
from sftspec.ports.segments import SAID, WORDS, Options, Segment, Talk

CONTROLS = ("<|im_start|>", "<|im_end|>")
BEGIN = None
KEEPS = True

_own = cutter(CONTROLS)
_close = closer("<|im_end|>", "\n")


def segments(talk: Talk, options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """Each turn in its brackets, its text as it is."""
    check_talk(talk)
    out: list[Segment] = []
    for turn, message in enumerate(talk.messages):
        role = message.role
        if role == "tool" or message.calls:
            raise no_tools(message, turn)
        out += _own(f"<|im_start|>{role}\n", turn)
        if role == "assistant":
            if message.text:
                out.append(Segment(message.text, WORDS, turn))
            out += _close(turn)
        else:
            if message.text:
                out.append(Segment(message.text, SAID, turn))
            out += _own("<|im_end|>\n", turn)
    return out


def prompt(options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """The head of the assistant's turn."""
    return list(_own("<|im_start|>assistant\n", -1))
