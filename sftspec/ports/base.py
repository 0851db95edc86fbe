"""What a source format is: where its rows end, and what each of them says."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from msgspec import Struct


class Problem(Struct, frozen=True):
    """Why a row cannot be read: a reason and evidence that is no raw data."""

    reason: str
    evidence: str


class RawRow(Struct, frozen=True):
    """A row as the file has it.

    `line`: its first line, from 0, in its chunk. `raw`: its bytes without the line end.
    `value`: column name to value, or why there is none.
    """

    line: int
    raw: bytes
    value: dict[str, Any] | Problem


class Format(Protocol):
    """A module of the `sources` shelf."""

    TEXT_CELLS: bool
    """Whether every value is a text that the declared type must make something of."""

    def row_ends(self, data: Any, start: int, size: int) -> Iterator[int]:
        """Offsets just behind each row of a file (a buffer), from `start` on."""

    def head_end(self, data: Any, size: int) -> int:
        """Where the file's head (column names) ends; 0 where it has none."""

    def columns(self, head: bytes) -> list[str] | None:
        """The columns of a file with this head; None where each row names its own.

        Raises ValueError with the reason where the head cannot be read.
        """

    def rows(self, data: bytes, head: bytes) -> Iterator[RawRow]:
        """The rows of a chunk."""


@cache
def source_format(name: str) -> Format:
    """The format of that name."""
    module: Any = import_module(f"sftspec.ports.sources.{name}")
    return module  # type: ignore[no-any-return]
