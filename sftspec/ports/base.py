"""What a source format is: where its rows end, and what each of them says."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any, Protocol

from msgspec import Struct

MAP_KEY = "\0map_key"
MAP_VALUE = "\0map_value"
PACKED = (".gz", ".zst")
FORMATS = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "tsv",
    ".txt": "text", ".md": "text", ".parquet": "parquet", ".arrow": "arrow",
}  # fmt: skip


class Problem(Struct, frozen=True):
    """Why a row cannot be read: a reason and evidence that is no raw data."""

    reason: str
    evidence: str


class RawRow(Struct, frozen=True):
    """A row as the file has it.

    `line`: its first line, from 0, in its chunk. `raw`: its bytes without the line end; empty
    where the format has none. `value`: column name to value, or why there is none.
    """

    line: int
    raw: bytes
    value: dict[str, Any] | Problem


class Piece(Struct, frozen=True):
    """A run of rows of a table file: its bytes, and which rows of which group they are."""

    offset: int
    length: int
    line: int
    group: int
    skip: int
    take: int


class Format(Protocol):
    """A module of the `sources` shelf: rows that stand one behind the other in bytes."""

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


class TableFormat(Protocol):
    """A module of the shelf whose files are tables; its `pieces` are read apart."""

    TEXT_CELLS: bool

    def head(self, data: Any) -> bytes:
        """What the file (a buffer) says of its columns. Raises ValueError with the reason."""

    def columns(self, head: bytes) -> list[str]:
        """The columns that such a head names."""

    def pieces(self, data: Any, target: int) -> list[Piece]:
        """Runs of rows of about `target` bytes. Raises ValueError with the reason."""

    def fetch(self, data: Any, piece: Piece) -> bytes:
        """The rows of a piece in the shape that `rows` reads."""

    def rows(self, data: bytes, head: bytes) -> Iterator[RawRow]:
        """The rows of a piece."""


@cache
def source_format(name: str) -> Any:
    """The format of that name: a `Format`, or a `TableFormat` where it has `pieces`."""
    return import_module(f"sftspec.ports.sources.{name}")


def is_table(shape: Any) -> bool:
    """Whether a format's files are tables."""
    return hasattr(shape, "pieces")


def packing(path: str) -> str:
    """`.gz` or `.zst` where the name ends so, else nothing."""
    suffix = PurePosixPath(path).suffix
    return suffix if suffix in PACKED else ""


def format_by_name(path: str) -> str | None:
    """The format that a file's name says, compressed or not."""
    return FORMATS.get(PurePosixPath(path.removesuffix(packing(path))).suffix)


def format_of(given: str, path: str) -> str:
    """The format of one file of a source: `hf` folders hold files of several."""
    return (format_by_name(path) or "arrow") if given == "hf" else given
