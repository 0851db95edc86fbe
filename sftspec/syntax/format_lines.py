"""Pieces to lines: which pieces stand together, how far a line is indented, what is a row.

Line breaks are the author's, but for one rule: a bracket that spans lines opens at the end of
a line and closes at the start of one.
"""

from msgspec import Struct

from sftspec.syntax.format_pieces import CLOSERS, OPENERS, Piece

STEP = 2
ROWS = {"extend", "facet", "gate", "rubric", "share", "user"}


class Row(Struct, frozen=True):
    """A line that is aligned with its neighbours of the same `kind`: where its cells begin."""

    kind: str
    cells: tuple[int, ...]


class Line(Struct):
    """A line to be; a comment on a line of its own has no pieces."""

    pieces: list[Piece]
    blank: bool
    comment: str = ""
    indent: int = 0
    row: Row | None = None


class _Bracket(Struct):
    """An open bracket: the indent of the line that opened it, and the line inside so far.

    `rows`: how lines of a body are aligned, "" for not at all. `head`: the first word of the
    line, `by` and `typed`: whether it holds `by` or a type.
    """

    kind: str = "{"
    at: int = -1
    indent: int = -STEP
    direct: bool = False
    spans: bool = False
    rows: str = ""
    head: str = ""
    by: bool = False
    typed: bool = False

    def begin(self) -> None:
        """A new line of the body."""
        self.head, self.by, self.typed = "", False, False

    def note(self, piece: Piece) -> None:
        """A piece of the line."""
        if piece.kind == "word":
            self.head = self.head or piece.text
            self.by = self.by or piece.text == "by"
        elif piece.kind == ":":
            self.typed = True
        elif piece.kind == ",":
            self.begin()

    def inner(self) -> str:
        """How the lines of a body are aligned that opens here."""
        if self.typed:
            return "fields" if self.rows == "fields" else ""
        if self.by or self.head in ROWS:
            return "values"
        return "fields" if self.head == "schema" else ""


def lines_of(pieces: list[Piece]) -> list[Line]:
    """The lines of a sound text. Changes `breaks` of the pieces where the rule asks for it."""
    _open_up(pieces)
    lines: list[Line] = []
    for piece in pieces:
        if not lines or piece.breaks:
            lines.append(Line([], blank=bool(lines) and piece.breaks > 1))
        if piece.kind == "comment":
            lines[-1].comment = piece.text
        else:
            lines[-1].pieces.append(piece)
    stack = [_Bracket()]
    for line in lines:
        _place(line, stack)
    return lines


def _open_up(pieces: list[Piece]) -> None:
    """Break behind and before the brackets that span lines; no blank line there."""
    stack = [_Bracket()]
    for at, piece in enumerate(pieces):
        if piece.breaks:
            stack[-1].direct = True
        if piece.kind in CLOSERS:
            stack.append(_Bracket(piece.kind, at))
        elif piece.kind == "triple":
            stack[-1].spans = True
        elif piece.kind in OPENERS:
            bracket = stack.pop()
            spans = bracket.direct or bracket.spans
            stack[-1].spans = stack[-1].spans or spans
            if bracket.direct or (spans and bracket.kind == "{"):
                first = pieces[bracket.at + 1]
                if first.kind == "comment" and not first.breaks:
                    first = pieces[bracket.at + 2]
                first.breaks = piece.breaks = 1


def _place(line: Line, stack: list[_Bracket]) -> None:
    """The line's indent, and whether it is a row; the stack is that of the line's end then."""
    pieces = line.pieces
    inside = stack[-1]
    closes = bool(pieces) and pieces[0].kind in OPENERS
    line.indent = inside.indent + (0 if closes else STEP)
    if inside.kind == "{" and pieces:
        inside.begin()
        if not closes:
            line.row = _row(pieces, inside.rows)
    for piece in pieces:
        if piece.kind in CLOSERS:
            rows = stack[-1].inner() if piece.kind == "{" else ""
            stack.append(_Bracket(piece.kind, indent=line.indent, rows=rows))
        elif piece.kind in OPENERS:
            stack.pop()
        else:
            stack[-1].note(piece)


def _row(pieces: list[Piece], rows: str) -> Row | None:
    """A line that is one entry, whole, of a name and something: where its cells begin."""
    if len(pieces) < 2 or pieces[0].kind != "word" or not _whole(pieces):
        return None
    second = pieces[1]
    equal = next((at for at, piece in enumerate(pieces) if piece.kind != "word"), 0)
    if equal and pieces[equal].kind == "=":
        return Row(f"{equal}=", (equal,))
    if second.text == "by":
        return Row("1=", (1,))
    if rows == "fields" and second.kind == ":" and len(pieces) > 2:
        return Row(":", (2,))
    if rows == "values" and second.kind in {"word", "number", "string"} and not second.touch:
        amount = second.kind == "string" or second.text.endswith("%")
        more = amount and len(pieces) > 2 and pieces[2].kind != "," and not pieces[2].touch
        return Row("value", (1, 2) if more else (1,))
    return None


def _whole(pieces: list[Piece]) -> bool:
    """Whether a line holds one entry and all of it."""
    depth = 0
    for at, piece in enumerate(pieces):
        if piece.kind in CLOSERS:
            depth += 1
        elif piece.kind in OPENERS:
            depth -= 1
        elif piece.kind == "triple" or (piece.kind == "," and not depth and pieces[at + 1 :]):
            return False
    return depth == 0
