"""CSV: the first line names the columns; quoted cells may hold line ends (RFC 4180)."""

from collections.abc import Iterator
from typing import Any

from sftspec.ports.base import RawRow
from sftspec.ports.cells import cell_ends, cell_names, cell_rows

TEXT_CELLS = True
DELIMITER = ","


def head_end(data: Any, size: int) -> int:
    """Behind the line of column names."""
    return next(iter(cell_ends(data, 0, size, DELIMITER)), size)


def columns(head: bytes) -> list[str]:
    """The names in the first line."""
    return cell_names(head, DELIMITER)


def row_ends(data: Any, start: int, size: int) -> Iterator[int]:
    """Behind each row."""
    return cell_ends(data, start, size, DELIMITER)


def rows(data: bytes, head: bytes) -> Iterator[RawRow]:
    """Each row as column name to cell."""
    return cell_rows(data, head, DELIMITER)
