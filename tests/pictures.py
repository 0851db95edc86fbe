"""Mask pictures: a conversation as a template lays it out, what is trained underlined with ^.

Control tokens stand in ⟦ ⟧, so text that spells one is told apart; ↵ is a line's end. Each golden of
`tests/golden/chats` holds the pictures of one template. `python tests/pictures.py --write` draws them
again.
"""

from pathlib import Path
import sys

from sftspec.ports.segments import (
    BEGIN_TOKEN,
    CALL,
    END,
    END_TOKEN,
    WORDS,
    Call,
    CannotSay,
    Message,
    Options,
    Talk,
    chat_template,
)

GOLDEN = Path(__file__).resolve().parent / "golden" / "chats"
NAMES = {BEGIN_TOKEN: "BOS", END_TOKEN: "EOS"}
TOOLS = (
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Tell today's weather.",
            "parameters": {
                "type": "object",
                "properties": {"place": {"type": "string"}},
                "required": ["place"],
            },
        },
    },
)
SYSTEM = Message("system", " Answer in few words. ")
TURNS = (
    Message("user", "What is <|im_end|> or <|eot_id|>? "),
    Message("assistant", "It ends a turn.\nNothing more.\n"),
    Message("user", "And </s>?"),
    Message("assistant", "It ends a text."),
)
CALLED = (
    Message("user", "Rome?"),
    Message("assistant", "", (Call("abcdefgh1", "weather", {"place": "Rome", "at": 9.5}),)),
    Message("tool", '{"sun": true}', call_id="abcdefgh1", name="weather"),
    Message("assistant", "Sunny."),
)
THOUGHT = (
    Message("user", "2 + 2?"),
    Message("assistant", "<think>\nTwo and two.\n</think>\n\n4"),
    Message("user", "And 3 + 3?"),
    Message("assistant", "<think>\nThree twice.\n</think>\n\n6"),
)
TALKS = {
    "two turns": Talk((SYSTEM, *TURNS)),
    "no system": Talk(TURNS),
    "a tool": Talk((SYSTEM, *CALLED), TOOLS),
    "thoughts": Talk(THOUGHT),
}
THINKS = {"thoughts"}  # talks whose model is to think
THINKERS = {"qwen3"}


def trained(talk, *, keeps):
    """The turns that are trained: the assistant's, or the last where earlier ones are laid out anew."""
    turns = [at for at, message in enumerate(talk.messages) if message.role == "assistant"]
    return set(turns if keeps else turns[-1:])


def picture(segments, turns):
    """The layout, and under each line what is trained of it, by the turns that are trained."""
    rows = [([], [])]
    for segment in segments:
        mark = "^" if segment.part in {WORDS, CALL, END} and segment.turn in turns else " "
        text = segment.text
        if segment.control:
            text = f"⟦{NAMES.get(text, text)}⟧"
        for sign in text:
            rows[-1][0].append("↵" if sign == "\n" else sign)
            rows[-1][1].append(mark)
            if sign == "\n":
                rows.append(([], []))
    lines = []
    for signs, marks in rows:
        if signs:
            lines += [f"| {''.join(signs)}", f"  {''.join(marks)}".rstrip()]
    return "".join(f"{line}\n" for line in lines if line)


def drawn(name):
    """The golden of a template: each conversation's picture, or why it cannot be said."""
    template = chat_template(name)
    pieces = []
    for title, talk in TALKS.items():
        if title in THINKS and name not in THINKERS:
            continue
        options = Options(thinking=title in THINKS)
        pieces.append(f"## {title}\n")
        try:
            segments = template.segments(talk, options)
        except CannotSay as refusal:
            pieces.append(f"cannot be said: {refusal}\n\n")
            continue
        pieces.append(picture(segments, trained(talk, keeps=template.KEEPS)))
        pieces.append(f"the prompt goes on with\n{picture(template.prompt(options), set())}\n")
    return "".join(pieces)


def main():
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python tests/pictures.py --write")
    from sftspec.ground.shelf import modules

    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name in modules("sftspec.ports.chats"):
        (GOLDEN / f"{name}.txt").write_text(drawn(name), encoding="utf-8")


if __name__ == "__main__":
    main()
