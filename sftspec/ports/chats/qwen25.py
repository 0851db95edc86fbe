"""Qwen 2.5 of Alibaba Cloud, by the template that ships with the models; its own system prompt by default."""

from sftspec.ports.chats_kit import closer, cutter, qwen_answer, qwen_calls, qwen_tools
from sftspec.ports.segments import SAID, SCAFFOLD, WORDS, CannotSay, Options, Segment, Talk

CONTROLS = ("<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>")
BEGIN = None
KEEPS = True

_DEFAULT = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."

_own = cutter(CONTROLS)
_close = closer("<|im_end|>", "\n")


def segments(talk: Talk, options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """The system's turn with the tools, then each turn; turns of tools on end are one."""
    messages = talk.messages
    if not messages:
        raise CannotSay("no-turns", "the conversation has no turn")
    first = 1 if messages[0].role == "system" else 0
    out = _opening(talk, first)
    for turn in range(first, len(messages)):
        message = messages[turn]
        role = message.role
        if role == "tool":
            qwen_answer(out, _own, messages, turn)
            continue
        out += _own(f"<|im_start|>{role}\n", turn)
        text = message.text
        if role == "assistant":
            if text:
                out.append(Segment(text, WORDS, turn))
            if message.calls:
                qwen_calls(out, message, turn, "\n" if text else "")
            out += _close(turn)
        else:
            if text:
                out.append(Segment(text, SAID, turn))
            out += _own("<|im_end|>\n", turn)
    return out


def prompt(options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """The head of the assistant's turn."""
    return list(_own("<|im_start|>assistant\n", -1))


def _opening(talk: Talk, first: int) -> list[Segment]:
    """The system's turn, its own or the default, with the tools."""
    turn = first - 1
    out = list(_own("<|im_start|>system\n", turn))
    if first == 0:
        out.append(Segment(_DEFAULT, SCAFFOLD, turn))
    elif talk.messages[0].text:
        out.append(Segment(talk.messages[0].text, SAID, turn))
    if talk.tools:
        out += _own("\n\n", turn)
        qwen_tools(out, _own, talk.tools, turn)
    else:
        out += _own("<|im_end|>\n", turn)
    return out
