"""Lines to text: one space or none between pieces, cells of neighbouring rows under one another."""

from itertools import pairwise

from sftspec.syntax.format_lines import STEP, Line
from sftspec.syntax.format_pieces import Piece, pieces_of

COMMENT_COLUMN = 49
COMMENT_GAP = 3
MAX_CELL = 80
_NONE_BEHIND = {"(", "["}
_NONE_BEFORE = {")", "]", ",", ":"}


def text_of(lines: list[Line]) -> str:
    """The text of laid out lines, each with its newline."""
    cells = [_cells(line) for line in lines]
    for run in _runs(lines):
        _align([cells[at] for at in run], 0)
    out: list[str] = []
    for line, words in zip(lines, cells, strict=True):
        if line.blank:
            out.append("")
        code = " " * line.indent + " ".join(words)
        out.append(_with_comment(code, line.comment) if words else code + line.comment)
    return "\n".join(out) + "\n" if out else ""


def one_line(source: str) -> str:
    """A piece of a line as the formatter spaces it, without line ends and comments."""
    return _joined([piece for piece in pieces_of(source) if piece.kind != "comment"], 0)


def _with_comment(code: str, comment: str) -> str:
    if not comment:
        return code
    length = len(code) - code.rfind("\n") - 1
    return code + " " * max(COMMENT_COLUMN - length, COMMENT_GAP) + comment


def _cells(line: Line) -> list[str]:
    """The text of each cell; a line that is no row is one cell, a comment is none."""
    starts = (0, *(line.row.cells if line.row else ()), len(line.pieces))
    found = [_joined(line.pieces[start:end], line.indent) for start, end in pairwise(starts)]
    return found if line.pieces else []


def _joined(pieces: list[Piece], indent: int) -> str:
    out = [_shown(pieces[0], indent)] if pieces else []
    for before, piece in pairwise(pieces):
        out.append(_gap(before, piece))
        out.append(_shown(piece, indent))
    return "".join(out)


def _gap(before: Piece, piece: Piece) -> str:
    if piece.touch or before.kind in _NONE_BEHIND or piece.kind in _NONE_BEFORE:
        return " " if before.kind == "{" else ""
    return " "


def _shown(piece: Piece, indent: int) -> str:
    """A piece as written; a block text with its closing quotes one step in, and all with them."""
    if piece.kind != "triple":
        return piece.text
    lines = piece.text.split("\n")
    old, new = lines[-1][:-3], " " * (indent + STEP)
    rests = [line[len(old) :] if line.startswith(old) else "" for line in lines[1:-1]]
    body = [new + rest if rest else "" for rest in rests]
    return "\n".join(['"""', *body, new + '"""'])


def _runs(lines: list[Line]) -> list[list[int]]:
    """Neighbouring rows of one kind. A comment between them is nothing, a blank line an end."""
    found: list[list[int]] = [[]]
    for at, line in enumerate(lines):
        last = lines[found[-1][-1]].row if found[-1] else None
        if line.blank or (
            line.pieces and (not line.row or not last or line.row.kind != last.kind)
        ):
            found.append([])
        if line.row:
            found[-1].append(at)
    return found


def _align(rows: list[list[str]], column: int) -> None:
    """Pad a column, and behind it those of neighbours that have one more."""
    width = max((len(row[column]) for row in rows), default=0)
    if width <= MAX_CELL:
        for row in rows:
            row[column] = row[column].ljust(width)
    group: list[list[str]] = []
    for row in [*rows, []]:
        if len(row) > column + 2:
            group.append(row)
        elif group:
            _align(group, column + 1)
            group = []
