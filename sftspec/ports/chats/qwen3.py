"""Qwen 3 (hybrid) of Alibaba Cloud, by the template that ships with the models.

Thoughts of an assistant's turn are text up to `</think>`. The last turn has a block of thoughts, be
it empty; those of turns before the last question are dropped, so earlier turns change with what
follows. Without `thinking` the server supplies the empty block; else the model writes it.
"""

from sftspec.ports.chats_kit import closer, cutter, qwen_answer, qwen_calls, qwen_tools
from sftspec.ports.segments import (
    SAID,
    WORDS,
    CannotSay,
    Message,
    Options,
    Segment,
    Talk,
)

THINK, THINK_END = "<think>", "</think>"
CONTROLS = (
    *("<|im_start|>", "<|im_end|>", THINK, THINK_END),
    *("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"),
)
BEGIN = None
KEEPS = False

_ASSISTANT = "<|im_start|>assistant\n"
_NO_THOUGHTS = f"{THINK}\n\n{THINK_END}\n\n"

_own = cutter(CONTROLS)
_close = closer("<|im_end|>", "\n")


def segments(talk: Talk, options: Options) -> list[Segment]:
    """The system's turn with the tools, then each turn; thoughts only behind the last question."""
    messages = talk.messages
    if not messages:
        raise CannotSay("no-turns", "the conversation has no turn")
    asked, last = _last_question(messages), len(messages) - 1
    out, first = _opening(talk)
    for turn in range(first, last + 1):
        message = messages[turn]
        role = message.role
        if role == "assistant":
            thoughts, words = _thoughts(message.text, turn)
            before_calls = "\n" if words else ""
            if turn > asked and (turn == last or thoughts):
                words = _think(out, turn, thoughts, words, thinking=options.thinking)
            else:
                out += _own(_ASSISTANT, turn)
            if words:
                out.append(Segment(words, WORDS, turn))
            if message.calls:
                qwen_calls(out, message, turn, before_calls)
            out += _close(turn)
        elif role == "tool":
            qwen_answer(out, _own, messages, turn)
        else:
            out += _own(f"<|im_start|>{role}\n", turn)
            if message.text:
                out.append(Segment(message.text, SAID, turn))
            out += _own("<|im_end|>\n", turn)
    return out


def prompt(options: Options) -> list[Segment]:
    """The head of the assistant's turn, and the empty block of thoughts where it is not to think."""
    return list(_own(_ASSISTANT if options.thinking else _ASSISTANT + _NO_THOUGHTS, -1))


def _opening(talk: Talk) -> tuple[list[Segment], int]:
    """The system's turn, if there is one or there are tools, and the first turn behind it."""
    first = 1 if talk.messages[0].role == "system" else 0
    turn = first - 1
    text = talk.messages[0].text if first else ""
    out: list[Segment] = []
    if first or talk.tools:
        out += _own("<|im_start|>system\n", turn)
    if text:
        out.append(Segment(text, SAID, turn))
    if talk.tools:
        if first:
            out += _own("\n\n", turn)
        qwen_tools(out, _own, talk.tools, turn)
    elif first:
        out += _own("<|im_end|>\n", turn)
    return out, first


def _last_question(messages: tuple[Message, ...]) -> int:
    """The last turn of the user that is not the answer of a tool in disguise."""
    for turn in range(len(messages) - 1, -1, -1):
        if messages[turn].role == "user":
            text = messages[turn].text
            if not (text.startswith("<tool_response>") and text.endswith("</tool_response>")):
                return turn
    if messages[-1].role == "assistant":
        raise CannotSay(
            "no-question",
            "no turn of the user asks; the template would lay the last turn out without thoughts, "
            "and the prompt with them",
        )
    return len(messages) - 1


def _thoughts(text: str, turn: int) -> tuple[str, str]:
    """What an assistant thinks and what it says. Raises CannotSay where the template drops some of it."""
    if THINK_END not in text:
        return "", text
    head, *between, words = text.split(THINK_END)
    before, *blocks = head.split(THINK)
    if not blocks:
        before, blocks = "", [head]
    if between or len(blocks) > 1 or before.strip():
        raise CannotSay(
            "thoughts-lost",
            f"turn {turn + 1} has text that is neither in its one block of thoughts nor behind it; "
            "the template would drop it",
        )
    return blocks[0].strip("\n"), words.lstrip("\n")


def _think(out: list[Segment], turn: int, thoughts: str, words: str, *, thinking: bool) -> str:
    """Lays out the head of a turn and its block of thoughts; the text that follows."""
    words = words.lstrip("\n")
    if not thinking:
        if thoughts:
            raise CannotSay(
                "thoughts-unasked",
                f"turn {turn + 1} thinks; without `thinking` the prompt supplies an empty block",
            )
        out += _own(_ASSISTANT + _NO_THOUGHTS, turn)
        return words
    out += _own(_ASSISTANT, turn)
    out += (
        Segment(THINK, WORDS, turn, control=True),
        Segment(f"\n{thoughts}\n", WORDS, turn),
        Segment(THINK_END, WORDS, turn, control=True),
    )
    return f"\n\n{words}"
