"""Text files: one file is one row with one column, `text`."""

from collections.abc import Iterator
from typing import Any

from sftspec.ports.base import Problem, RawRow

TEXT_CELLS = True
MAX_TEXT = 64 * 1024 * 1024


def head_end(data: Any, size: int) -> int:  # noqa: ARG001 - the shelf's shape
    """Text has no head."""
    return 0


def columns(head: bytes) -> list[str]:  # noqa: ARG001 - the shelf's shape
    """The one column."""
    return ["text"]


def row_ends(data: Any, start: int, size: int) -> Iterator[int]:  # noqa: ARG001
    """The end of the file."""
    yield size


def rows(data: bytes, head: bytes) -> Iterator[RawRow]:  # noqa: ARG001
    """The whole file."""
    if len(data) > MAX_TEXT:
        yield RawRow(0, data[:64], Problem("row_too_long", f"more than {MAX_TEXT >> 20} MiB"))
        return
    try:
        yield RawRow(0, data, {"text": data.decode("utf-8")})
    except UnicodeDecodeError as error:
        yield RawRow(0, data, Problem("invalid_utf8", f"byte {error.start} is not UTF-8"))
