"""What the first rows of a file say of its columns: which there are, of which kinds, null or absent.

It never fails for the rows' sake: a file that cannot be read tells nothing, and why.
"""

from collections.abc import Iterator
import mmap
import os
from pathlib import Path
import tempfile
from typing import Any

from msgspec import Struct

from sftspec.ground.report import Fault
from sftspec.ports.base import (
    Problem,
    format_by_name,
    format_of,
    is_table,
    packing,
    source_format,
)
from sftspec.ports.files import read_range, read_start, reading
from sftspec.ports.jsontext import read_json
from sftspec.ports.packed import unpack

MOST = 8 * 1024 * 1024
PIECE = 256 * 1024
MAX_ROWS = 100_000
MAX_FILES = 16
MAX_COLUMNS = 1_000
MAX_WORDS = 64
SPOKEN = ("from", "role")


class Column(Struct):
    """A column. `empty`: whether a text of it is empty.

    `keys`: of objects in it, or in its lists, the names, and of each how many have it. `says`: what
    such objects say under a key that may be a role's.
    """

    kinds: dict[str, int] = {}
    empty: bool = False
    objects: int = 0
    keys: dict[str, int] = {}
    says: dict[str, dict[str, None]] = {}

    @property
    def there(self) -> int:
        """In how many rows it stands."""
        return sum(self.kinds.values())

    def add(self, value: Any) -> None:
        """Note a value."""
        kind = _KINDS.get(type(value), "object")
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if value == "":
            self.empty = True
        items = value if kind == "list" else [value] if kind == "object" else ()
        for item in items:
            if isinstance(item, dict):
                self._object(item)

    def _object(self, item: dict[str, Any]) -> None:
        self.objects += 1
        for key, inner in item.items():
            if key in self.keys or len(self.keys) < MAX_WORDS:
                self.keys[key] = self.keys.get(key, 0) + 1
            if key in SPOKEN and isinstance(inner, str):
                said = self.says.setdefault(key, {})
                if len(said) < MAX_WORDS:
                    said[inner[:MAX_WORDS]] = None


_KINDS: dict[type, str] = {
    str: "text", bool: "truth", int: "number", float: "number", list: "list", dict: "object",
    type(None): "null",
}  # fmt: skip


class Seen(Struct):
    """Columns as the rows have them. `whole`: whether these are all rows.

    `size`: how many rows there are, looked at or not; None where that is not known.
    """

    rows: int = 0
    whole: bool = True
    size: int | None = 0
    columns: dict[str, Column] = {}

    def add(self, row: dict[str, Any]) -> None:
        """Note a row."""
        self.rows += 1
        for name, value in row.items():
            if name in self.columns or len(self.columns) < MAX_COLUMNS:
                self.columns.setdefault(name, Column()).add(value)

    def may_lack(self, column: str) -> bool:
        """Whether a row was seen in which the column does not stand."""
        found = self.columns.get(column)
        return found is None or found.there < self.rows


def look(root: Path, paths: list[str], format_: str) -> Seen:
    """The rows at the start of files below the root. Raises Fault or ValueError with the reason."""
    seen = Seen()
    for at, path in enumerate(paths):
        if at >= MAX_FILES or seen.rows >= MAX_ROWS:
            seen.whole, seen.size = False, None
            break
        with reading(root, path) as descriptor, tempfile.TemporaryFile() as scratch:
            inner = descriptor
            if packing(path):
                unpack(descriptor, path, packing(path), scratch, MOST)
                inner = scratch.fileno()
            if os.fstat(inner).st_size:
                _file(inner, _format(format_, path), seen)
        if packing(path):  # it was unpacked in part, maybe
            seen.whole, seen.size = False, None
    return seen


def _format(given: str, path: str) -> str:
    return format_of(given or "hf", path)


def other_json(root: Path, path: str, given: str) -> str:
    """The format of a JSON file that is not what is said of it: an array, or lines; else nothing."""
    named = given or format_by_name(path)
    if named not in {"json", "jsonl"} or packing(path):
        return given
    start = read_start(root, path, MOST).lstrip()
    if named == "jsonl":
        return "json" if start.startswith(b"[") else given
    first, _, rest = start.partition(b"\n")
    whole = first.startswith(b"{") and not isinstance(read_json(first), Problem)
    return "jsonl" if whole and rest.strip() else given


def _file(descriptor: int, format_: str, seen: Seen) -> None:
    shape = source_format(format_)
    rows = (
        _of_table(descriptor, shape, seen)
        if is_table(shape)
        else _of_text(descriptor, shape, seen)
    )
    for value in rows:
        if seen.rows >= MAX_ROWS:
            seen.whole, seen.size = False, seen.size if is_table(shape) else None
            return
        if not isinstance(value, Problem):
            seen.add(value)
            if seen.size is not None and not is_table(shape):
                seen.size += 1


def _of_text(descriptor: int, shape: Any, seen: Seen) -> Iterator[Any]:
    """Rows of the file's first part; the last one may be cut off, and is left out then."""
    size = os.fstat(descriptor).st_size
    data = read_range(descriptor, 0, MOST)
    head = shape.head_end(data, size)
    body, cut = data[head:], size > len(data)
    if cut:
        seen.whole, seen.size = False, None
    for name in shape.columns(data[:head]) or ():
        seen.columns.setdefault(name, Column())
    last = None
    for row in shape.rows(body, data[:head]):
        if last is not None:
            yield last.value
        last = row
    if last is not None and not cut:
        yield last.value


def _of_table(descriptor: int, shape: Any, seen: Seen) -> Iterator[Any]:
    """Rows of a table's first pieces; its columns are there even where it has no rows."""
    data = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
    for name in shape.columns(shape.head(data)):
        seen.columns.setdefault(name, Column())
    pieces, room = shape.pieces(data, PIECE), MOST
    if seen.size is not None:
        seen.size += sum(piece.take for piece in pieces)
    for piece in pieces:
        if room <= 0:
            seen.whole = False
            return
        stream = shape.fetch(data, piece)
        room -= len(stream)
        for row in shape.rows(stream, b""):
            yield row.value


def why(error: Exception) -> str:
    """What kept a file from being read, in a few words."""
    return error.message if isinstance(error, Fault) else str(error).split("\n")[0][:200]
