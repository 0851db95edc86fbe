"""A chunk of a source, the rows made of it, and the rows set aside."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.ground.canon import canonical

MAX_EVIDENCE = 200


class Chunk(Struct, frozen=True, omit_defaults=True):
    """A run of rows of one file. `line`: the number (from 1) of its first line or row.

    `sha256` covers the file's head (the first `head` bytes) and the run; it is empty where nobody
    hashed the bytes yet. Of a table file, `skip` and `take` say which rows of `group` it is.
    `spool`: the object of the store that holds what was decoded of a compressed file.
    """

    path: str
    offset: int
    length: int
    line: int
    sha256: str = ""
    head: int = 0
    group: int = 0
    skip: int = 0
    take: int = 0
    spool: str = ""


class RowReject(Struct, frozen=True):
    """A row set aside. `line` is relative to the chunk, from 0; `of`: the key it yields to."""

    line: int
    key: str | None
    stage: str
    reason: str
    evidence: str


class Prepared(Struct):
    """The good rows of a chunk, column by column, and the others.

    `places`: which row of the chunk each is, counting all that it holds, from 0. `rids` are 16 bytes that identify a row across builds: source and key.
    """

    lines: list[int]
    keys: list[str]
    rids: list[bytes]
    groups: list[str | None]
    columns: dict[str, list[Any]]
    rejects: list[RowReject]
    read: int
    places: list[int]


class LookupTable(Struct, frozen=True):
    """Rows of a referenced source by key, as JSON."""

    index: Mapping[str, int]
    rows: Sequence[bytes]

    def get(self, key: str | None) -> dict[str, Any] | None:
        """The row of a key."""
        at = None if key is None else self.index.get(key)
        return None if at is None else msgspec.json.decode(self.rows[at])


def note_rows(index: dict[str, bytes], names: Sequence[str], prepared: Prepared) -> None:
    """Add a chunk's rows to those of a referenced source: of equal keys the first stays."""
    columns = [prepared.columns[name] for name in names]
    for key, *values in zip(prepared.keys, *columns, strict=True):
        if key not in index:
            index[key] = msgspec.json.encode(dict(zip(names, values, strict=True)))


def key_text(parts: tuple[Any, ...]) -> str:
    """A key as one text: itself where it is one text, else canonical JSON."""
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0]
    return canonical(parts[0] if len(parts) == 1 else list(parts)).decode()


def shorten(evidence: str) -> str:
    """Evidence for people: escaped, at most 200 characters."""
    plain = evidence if evidence.isprintable() else evidence.encode("unicode_escape").decode()
    return plain if len(plain) <= MAX_EVIDENCE else plain[: MAX_EVIDENCE - 1] + "…"
