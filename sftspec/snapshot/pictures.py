"""Samples of tokens as people see them: the text as laid out, and what of it is trained.

On a terminal with colours trained tokens are green, every other one underlined so that borders
show; without colours a line of `^` stands below what is trained.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sftspec.engine.glimpse_chat import Laid, Token
from sftspec.ground.render import defuse, escape
from sftspec.plan.graph import Encode

Paint = Callable[[str, str], str]


def picture(laid: Laid, stage: Encode, paint: Paint | None) -> str:
    """A record under a chat."""
    out = []
    if laid.rejected:
        reason, evidence = laid.rejected
        word = f"rejected {reason}"
        out.append(f"  {paint('bad', word) if paint else word}: {escape(evidence)}\n")
    for number, tokens in enumerate(laid.samples, 1):
        count = sum(len(token.ids) for token in tokens)
        trained = sum(len(token.ids) for token in tokens if token.trained)
        which = f"sample {number} of {len(laid.samples)}: " if len(laid.samples) > 1 else ""
        head = f"  {which}{count} tokens of {stage.window}, {trained} trained"
        lines = _painted(tokens, paint) if paint else _underlined(tokens)
        out.append("\n".join([paint("quiet", head) if paint else head, "", *lines]) + "\n")
    return "\n".join(out)


def _lines(tokens: tuple[Token, ...]) -> Iterator[list[tuple[str, Token, int]]]:
    """The text line by line, each a list of pieces with their token and its number."""
    line: list[tuple[str, Token, int]] = []
    for number, token in enumerate(tokens):
        first, *rest = token.text.split("\n")
        line.append((escape(first), token, number))
        for text in rest:
            if not line[-1][0] or token.trained:  # a break that is trained shows as one
                line[-1] = (line[-1][0] + ("⏎" if token.trained else ""), *line[-1][1:])
            yield line
            line = [(escape(text), token, number)]
    yield line


def _painted(tokens: tuple[Token, ...], paint: Paint) -> Iterator[str]:
    for line in _lines(tokens):
        shown = "".join(
            paint("even" if number % 2 else "odd", text)
            if token.trained
            else paint("quiet", text) if token.control else text
            for text, token, number in line
        )  # fmt: skip
        yield f"  {defuse(shown)}".rstrip(" ")


def _underlined(tokens: tuple[Token, ...]) -> Iterator[str]:
    for line in _lines(tokens):
        text = "".join(piece for piece, _, _ in line)
        marks = "".join(
            ("^" if token.trained else " ") * len(piece) for piece, token, _ in line
        )
        yield f"  {defuse(text)}".rstrip(" ")
        if "^" in marks:
            yield f"  {marks}".rstrip(" ")


def as_values(laid: Laid) -> dict[str, Any]:
    """The same as plain values."""
    return {
        "rejected": {"reason": laid.rejected[0], "evidence": laid.rejected[1]}
        if laid.rejected
        else None,
        "samples": [
            [
                {
                    "ids": list(token.ids),
                    "text": token.text,
                    "trained": token.trained,
                    "control": token.control,
                }
                for token in tokens
            ]
            for tokens in laid.samples
        ],
    }
