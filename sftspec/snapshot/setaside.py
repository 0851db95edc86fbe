"""What a snapshot's rejected.jsonl says of a row or a candidate: found as bytes, decoded where met.

The file is hashed beside the reading, as the index is.
"""

import mmap
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.snapshot.hashing import Hashing
from sftspec.snapshot.opened import REJECTED, Snapshot

_encode = msgspec.json.encode


class Reject(Struct, frozen=True):
    """A line of rejected.jsonl: a row, or where it has an id a candidate. `of`: the id it yields to.

    `source` is not in it: it is the one that reads the file.
    """

    file: str
    line: int
    stage: str
    reason: str
    evidence: str = ""
    key: str | None = None
    id: str | None = None
    template: str | None = None
    variant: int | None = None
    of: str | None = None
    source: str | None = None


class Rejects:
    """Every row and candidate of a snapshot that was set aside. Raises Fault where that is not there."""

    def __init__(self, snapshot: Snapshot, hashing: Hashing) -> None:
        path = snapshot.need(REJECTED)
        hashing.begin(REJECTED)
        with path.open("rb") as stream:
            size = path.stat().st_size
            self._data: Any = (
                mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) if size else b""
            )
        self._decode = msgspec.json.Decoder(Reject).decode

    def by_key(self, key: str) -> list[Reject]:
        """The rows and candidates with a key."""
        found = self._with(b'"key":' + _encode(key) + b",")
        return [one for one in found if one.key == key]

    def by_id(self, name: str) -> Reject | None:
        """The candidate with an id."""
        found = self._with(b'"id":' + _encode(name) + b",")
        return next((one for one in found if one.id == name), None)

    def by_line(self, path: str, line: int) -> list[Reject]:
        """The rows and candidates of what stands on a line of a file."""
        found = self._with(b'{"file":' + _encode(path) + b',"line":%d,' % line)
        return [one for one in found if (one.file, one.line) == (path, line)]

    def yielding_to(self, name: str) -> list[Reject]:
        """The candidates that were set aside for the one with an id."""
        found = self._with(b'"of":' + _encode(name) + b"}")
        return [one for one in found if one.of == name]

    def keys(self) -> list[str]:
        """The keys of rows and candidates that were set aside, as far as they could be read."""
        lines = (self._decode(line) for line in bytes(self._data).splitlines())
        return [one.key for one in lines if one.key is not None]

    def _with(self, needle: bytes) -> list[Reject]:
        """The lines that hold some bytes; the bytes may stand in another of their fields."""
        found = []
        at = self._data.find(needle)
        while at >= 0:
            start = self._data.rfind(b"\n", 0, at) + 1
            end = self._data.find(b"\n", at)
            found.append(self._decode(self._data[start:end]))
            at = self._data.find(needle, end)
        return found
