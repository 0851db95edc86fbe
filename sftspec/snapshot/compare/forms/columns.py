"""Columns of a terminal: how wide a text is there, lines of so many columns, and tables."""

from collections.abc import Iterable, Iterator
import unicodedata

from sftspec.ground.render import escape

WIDE = 100
CELL = 9
"""No column of a table is made narrower."""
Row = tuple[str, ...]


def table(
    rows: Iterable[Row], *, indent: str = "  ", right: frozenset[int] = frozenset()
) -> Iterator[str]:
    """Rows in aligned columns; of cells too wide their ends are cut, and the last one is wrapped."""
    shown = [tuple(map(escape, row)) for row in rows]
    if not shown:
        return
    widths = [max(map(width_of, column)) for column in zip(*shown, strict=True)]
    if widths[-1] == 0:
        shown, widths = [row[:-1] for row in shown], widths[:-1]
    over = len(indent) + sum(widths) + 2 * (len(widths) - 1) - WIDE
    while over > 0 and max(widths) > CELL:
        widths[widths.index(max(widths))] -= 1
        over -= 1
    behind = " " * (len(indent) + sum(widths[:-1]) + 2 * (len(widths) - 1))
    for row in shown:
        *cells, last = (_pad(cell, widths[at], at in right) for at, cell in enumerate(row))
        end = wrapped(row[-1], behind) if width_of(row[-1]) > widths[-1] else [behind + last]
        for at, line in enumerate(end):
            yield line if at else (indent + "  ".join([*cells, line[len(behind) :]])).rstrip()


def _pad(cell: str, width: int, right: bool) -> str:  # noqa: FBT001 - of a column
    if width_of(cell) > width:
        cell = cell[: fitting(cell, width - 1)] + "…"
    blank = " " * (width - width_of(cell))
    return blank + cell if right else cell + blank


def wrapped(text: str, indent: str, then: str | None = None) -> Iterator[str]:
    """A safe text in lines of the width, those after the first behind `then`."""
    line, begun = indent, False
    behind = indent if then is None else then
    for word in text.split(" ") if text.strip() else ():
        if begun and width_of(line) + 1 + width_of(word) > WIDE:
            yield line.rstrip()
            line, begun = behind, False
        gap, rest = " " if begun else "", word
        while rest and width_of(line + gap + rest) > WIDE:  # longer than a line
            cut = max(fitting(rest, WIDE - width_of(line)), 1)
            yield line + rest[:cut]
            line, rest = behind, rest[cut:]
        line, begun = line + gap + rest, True
    if begun:
        yield line.rstrip()


def width_of(text: str) -> int:
    """How many columns a text takes."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def fitting(text: str, room: int) -> int:
    """How many characters of a text fit."""
    used = 0
    for at, char in enumerate(text):
        used += width_of(char)
        if used > room:
            return at
    return len(text)
