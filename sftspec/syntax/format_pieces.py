"""A spec's text as pieces: each token and comment, with what is known of the gap before it.

Reads what is not sound too: a character that begins nothing is a piece of kind `odd`, so the
pieces and the gaps between them are always the whole text.
"""

from collections.abc import Iterator
import re

from msgspec import Struct

from sftspec.syntax.tree import dedent

CLOSERS = {"(": ")", "[": "]", "{": "}"}
OPENERS = {closer: opener for opener, closer in CLOSERS.items()}
_PIECE = re.compile(
    r"""
      (?P<gap>[ \t\n]+)
    | (?P<comment>\#[^\n]*)
    | (?P<triple>\"""(?s:.*?)\""")
    | (?P<unclosed>\""")
    | (?P<string>"(?:\\.|[^"\\\n])*")
    | (?P<number>v[0-9]+\.[0-9]+\.[0-9]+\b|-?[0-9][0-9_]*(?:\.[0-9]+)?%?)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>[()\[\]{},:|]|==|!=|<=|>=|<|>|=|\.\.|\.)
    | (?P<odd>"[^\n]*|.)
    """,
    re.VERBOSE,
)
_ENDS = {"word", "number", "string", "triple", ")", "]"}
_BEGINS = {"word", "number", "string", "triple", "(", "["}
_OPERATORS = {"and", "or", "in", "has"}
_JOINED = {".": "word", "..": "number"}  # what must stand on both sides for the gap to go


class Piece(Struct):
    """A token or comment. A sign's kind is the sign itself.

    `breaks`: newlines in the gap before it. `touch`: it stands close to the piece before it
    where a space would say something else, or be wrong.
    """

    kind: str
    text: str
    start: int
    breaks: int
    touch: bool


def pieces_of(source: str) -> list[Piece]:
    """The pieces of a text, in its order."""
    found: list[Piece] = []
    breaks, close = 0, False
    for match in _PIECE.finditer(source):
        kind, text = match.lastgroup or "", match[0]
        if kind == "gap":
            breaks, close = text.count("\n"), False
            continue
        if kind == "sign":
            kind = text
        elif kind == "comment":
            text = text.rstrip(" \t")
        found.append(Piece(kind, text, match.start(), breaks, close))
        breaks, close = 0, True
    _settle_touch(found)
    return found


def _settle_touch(pieces: list[Piece]) -> None:
    """From "there is no gap" to "there shall be none"."""
    for at, piece in enumerate(pieces):
        before = pieces[at - 1] if at else piece
        if piece.kind in _JOINED or before.kind in _JOINED:
            piece.touch = not piece.breaks and _joined(pieces, at)
        else:
            piece.touch = (
                piece.touch
                and before.kind in _ENDS
                and piece.kind in _BEGINS
                and (piece.text not in _OPERATORS or before.kind == "number")
                and not _is_operator(pieces, at - 1)
            )


def _joined(pieces: list[Piece], at: int) -> bool:
    """Whether a dot is part of a path or an interval; where it is neither, it stays as it was."""
    before, piece = pieces[max(at - 1, 0)], pieces[at]
    close = before.kind in {*_ENDS, *_JOINED} and piece.kind in {*_BEGINS, *_JOINED}
    index = at if piece.kind in _JOINED else at - 1
    sides = {one.kind for one in pieces[max(index - 1, 0) : index + 2 : 2]}
    return (piece.touch and close) or sides == {_JOINED[pieces[index].kind]}


def _is_operator(pieces: list[Piece], at: int) -> bool:
    """Whether a word joins what is around it; at the start of a line `in(x)` is a call."""
    word = pieces[at]
    if word.text == "not":
        return True
    behind = at > 0 and not word.breaks and pieces[at - 1].kind in _ENDS
    return word.text in _OPERATORS and behind


def content(pieces: list[Piece]) -> Iterator[tuple[str, str, bool, bool]]:
    """What of a text formatting keeps: the tokens, what texts say, the ends of lines that count."""
    stack: list[str] = []
    before = "{"
    for piece in pieces:
        kind, text = piece.kind, piece.text
        if kind == "triple":
            text = _said(text)
        inside = bool(stack) and stack[-1] != "{"
        ends = piece.breaks > 0 and not inside and before != "{" and kind != "}"
        yield kind, text, piece.touch, ends
        if kind in CLOSERS:
            stack.append(kind)
        elif kind in OPENERS and stack:
            stack.pop()
        before = kind


def _said(raw: str) -> str:
    try:
        return dedent(raw)
    except ValueError:
        return raw


def trouble(pieces: list[Piece]) -> str | None:
    """Why lines cannot be told in a text; None where they can."""
    stack: list[Piece] = []
    for piece in pieces:
        if piece.kind == "odd":
            return f"`{piece.text[:1]}` in it begins nothing"
        if piece.kind in CLOSERS:
            stack.append(piece)
        elif piece.kind in OPENERS and (not stack or stack.pop().kind != OPENERS[piece.kind]):
            return f"a `{piece.kind}` in it closes nothing"
    return f"a `{stack[-1].kind}` in it is not closed" if stack else None


def unsound_text(pieces: list[Piece]) -> Piece | None:
    """A `\"\"\"` that nothing closes, or a text whose quotes stand where they should not.

    Behind such a one nobody can tell what is text and what is not.
    """
    for piece in pieces:
        if piece.kind == "unclosed":
            return piece
        if piece.kind == "triple":
            try:
                dedent(piece.text)
            except ValueError:
                return piece
    return None
