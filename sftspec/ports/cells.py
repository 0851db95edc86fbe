"""Rows of cells between delimiters, as the `csv` and `tsv` formats share them."""

from collections.abc import Iterator
import csv
import sys
from typing import Any

from sftspec.ports.base import Problem, RawRow

MAX_CELL = 16 * 1024 * 1024


class _Lines:
    """Hands lines to the reader and remembers how far it read."""

    def __init__(self, data: Any, start: int, size: int) -> None:
        self.data = data
        self.at = start
        self.size = size
        self.line = 0

    def __iter__(self) -> Iterator[str]:
        while self.at < self.size:
            found = self.data.find(b"\n", self.at, self.size)
            end = self.size if found < 0 else found + 1
            piece = bytes(self.data[self.at : end])
            self.at = end
            self.line += 1
            yield piece.decode("utf-8", "surrogateescape")


def cell_ends(data: Any, start: int, size: int, delimiter: str) -> Iterator[int]:
    """Offsets behind each row, found by the reader itself: quoted line ends do not count."""
    csv.field_size_limit(min(MAX_CELL, sys.maxsize))
    lines = _Lines(data, start, size)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            next(reader)
        except StopIteration:
            return
        except csv.Error:
            pass
        yield lines.at


def cell_names(head: bytes, delimiter: str) -> list[str]:
    """The columns that a head names. Raises ValueError with the reason where it cannot be read."""
    csv.field_size_limit(min(MAX_CELL, sys.maxsize))
    try:
        text = head.decode("utf-8").removeprefix("\ufeff")
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8") from None
    except csv.Error as error:
        raise ValueError(_words(str(error))) from None


def cell_rows(data: bytes, head: bytes, delimiter: str) -> Iterator[RawRow]:
    """Rows of a chunk whose columns `head` names."""
    csv.field_size_limit(min(MAX_CELL, sys.maxsize))
    names = cell_names(head, delimiter)
    lines = _Lines(data, 0, len(data))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    start, line = 0, 0
    while True:
        problem: Problem | None = None
        cells: list[str] = []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = Problem("invalid_csv", _words(str(error)))
        raw = data[start : lines.at].rstrip(b"\r\n")
        if raw or cells:
            yield RawRow(line, raw, problem or _row(names, cells))
        start, line = lines.at, lines.line


def _words(message: str) -> str:
    """The reader's words in ours."""
    if "unexpected end" in message:
        return "a quoted cell is never closed"
    if "expected after" in message:
        return "text stands behind a closing quote"
    if "new-line character" in message:
        return "a carriage return stands outside quotes"
    if "field larger" in message:
        return f"a cell has more than {MAX_CELL >> 20} Mi characters"
    return message


def _row(names: list[str], cells: list[str]) -> dict[str, Any] | Problem:
    if len(cells) != len(names):
        return Problem("invalid_csv", f"{len(cells)} cells where the head names {len(names)}")
    for cell in cells:
        if not cell.isascii():
            try:
                cell.encode()
            except UnicodeEncodeError:
                return Problem("invalid_utf8", "a cell is not UTF-8")
    return dict(zip(names, cells, strict=True))
