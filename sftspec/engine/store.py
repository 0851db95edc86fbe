"""The content-addressed store: what stages made, found again by key, trusted only when re-hashed.

An object is a file named by its key: a header in JSON, then parts, each with its SHA-256. It is
written aside and renamed, so it is there whole or not at all; it needs no fsync, because one
that is torn is found out when it is read, set aside in `quarantine/` and made again.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
import errno
import fcntl
import hashlib
import os
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.ground.report import Fault

FORMAT = 1
MAGIC = b"SFTSPEC1"
_ALIGN = 64


class PartInfo(Struct, frozen=True):
    """A part of an object: where it lies and what its bytes hash to."""

    name: str
    offset: int
    length: int
    sha256: str


class Header(Struct, frozen=True):
    """What an object says of itself. `meta`: small totals that go with it."""

    key: str
    parts: tuple[PartInfo, ...]
    meta: dict[str, Any]

    def part(self, name: str) -> PartInfo:
        """The part of that name."""
        return next(part for part in self.parts if part.name == name)

    @property
    def digest(self) -> str:
        """SHA-256 over all that the object holds, which is what a later stage depends on."""
        state = hashlib.sha256(msgspec.json.encode(self.meta, order="sorted"))
        for part in self.parts:
            state.update(f"{part.name} {part.sha256}\n".encode())
        return state.hexdigest()


class Corrupt(Exception):  # noqa: N818 - handled by making the object again, not an error
    """An object does not hold what it says; it was set aside."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Store:
    """Objects under one folder. Safe for several processes and builds at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.verified: set[tuple[str, str]] = set()

    def prepare(self) -> None:
        """Make the folders. Raises Fault where the place cannot be written, or is of a later format."""
        try:
            for name in ("objects", "tmp", "quarantine", "stat", "builds"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            mark = self.root / "FORMAT"
            if not mark.exists():
                self._write_text(mark, f"{FORMAT}\n")
            found = mark.read_text().strip()
        except OSError as error:
            raise store_fault(error, self.root) from None
        if found != str(FORMAT):
            raise Fault(
                "store-format", f"the store has format {found}, this compiler writes {FORMAT}",
                path=str(self.root), hint="use another store with `--store`, or upgrade sftspec",
            )  # fmt: skip

    def _path(self, key: str) -> Path:
        return self.root / "objects" / key[:2] / key

    def header(self, key: str) -> Header | None:
        """The header of an object, or None where there is none that can be read."""
        try:
            with self._path(key).open("rb") as stream:
                start = stream.read(12)
                text = stream.read(int.from_bytes(start[8:], "little"))
                size = os.fstat(stream.fileno()).st_size
        except FileNotFoundError:
            return None
        if start[:8] != MAGIC:
            self.quarantine(key)
            return None
        try:
            header = msgspec.json.decode(text, type=Header)
        except msgspec.MsgspecError:
            self.quarantine(key)
            return None
        end = max((part.offset + part.length for part in header.parts), default=0)
        if header.key != key or end > size:
            self.quarantine(key)
            return None
        return header

    def put(self, key: str, parts: Mapping[str, Any], meta: Mapping[str, Any]) -> Header:
        """Write an object of named parts (Arrow tables or bytes)."""
        buffers = {name: to_buffer(part) for name, part in parts.items()}
        hashes = {name: hashlib.sha256(buffer).hexdigest() for name, buffer in buffers.items()}
        header, start = _layout(key, buffers, hashes, dict(meta))
        known = self.header(key)
        if known is not None:
            if known.digest != header.digest:
                raise Fault(
                    "nondeterministic-stage", "a stage gave two results for equal inputs",
                    path=str(self._path(key)), hint="please report it; the inputs are all in the key",
                )  # fmt: skip
            return known
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = self.root / "tmp" / f"{os.getpid()}-{os.urandom(8).hex()}"
            with aside.open("xb") as stream:
                stream.write(start)
                for part in header.parts:
                    stream.write(bytes(part.offset - stream.tell()))
                    stream.write(buffers[part.name])
            aside.rename(path)
        except OSError as error:
            raise store_fault(error, path) from None
        self.verified.update((key, part.name) for part in header.parts)
        return header

    def buffer(self, key: str, name: str) -> Any:
        """The bytes of a part, memory-mapped, re-hashed the first time this process reads them."""
        import pyarrow as pa

        header = self.header(key)
        if header is None:
            raise Corrupt(key)
        part = header.part(name)
        if not part.length:
            return pa.py_buffer(b"")
        with pa.memory_map(str(self._path(key))) as mapped:
            mapped.seek(part.offset)
            found = mapped.read_buffer(part.length)
        if (key, name) not in self.verified:
            if hashlib.sha256(found).hexdigest() != part.sha256:
                self.quarantine(key)
                raise Corrupt(key)
            self.verified.add((key, name))
        return found

    def table(self, key: str, name: str) -> Any:
        """A part that is an Arrow table, its columns mapped and not copied."""
        import pyarrow as pa

        return pa.ipc.open_file(pa.BufferReader(self.buffer(key, name))).read_all()

    def quarantine(self, key: str) -> None:
        """Set a bad object aside, so that it is made again."""
        try:
            self._path(key).rename(self.root / "quarantine" / f"{key}-{os.urandom(4).hex()}")
        except FileNotFoundError:
            pass
        except OSError as error:
            raise store_fault(error, self._path(key)) from None

    # small records

    def record(self, folder: str, name: str) -> Any:
        """A small JSON record, or None."""
        path = self.root / folder / f"{name}.json"
        try:
            return msgspec.json.decode(path.read_bytes())
        except (OSError, msgspec.MsgspecError):
            return None

    def note(self, folder: str, name: str, value: Any) -> None:
        """Write a small JSON record."""
        path = self.root / folder / f"{name}.json"
        try:
            self._write_text(path, msgspec.json.encode(value).decode())
        except OSError as error:
            raise store_fault(error, path) from None

    def _write_text(self, path: Path, text: str) -> None:
        aside = self.root / "tmp" / f"{os.getpid()}-{os.urandom(8).hex()}"
        aside.write_text(text)
        aside.rename(path)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """One holder at a time; the kernel lets go when the process ends."""
        path = self.root / f"{name}.lock"
        with path.open("a") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield


def to_buffer(part: Any) -> Any:
    """A table as uncompressed Arrow IPC; bytes as they are."""
    import pyarrow as pa

    if isinstance(part, bytes | bytearray | memoryview | pa.Buffer):
        return part
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, part.schema) as writer:
        writer.write_table(part.combine_chunks())
    return sink.getvalue()


def _layout(
    key: str, buffers: Mapping[str, Any], hashes: Mapping[str, str], meta: dict[str, Any]
) -> tuple[Header, bytes]:
    """Header and first bytes of an object. Offsets are fixed by the header's longest spelling."""
    names = list(buffers)
    room = 12 + len(msgspec.json.encode(_header(key, names, buffers, hashes, meta, 10**15)))
    first = _aligned(room)
    header = _header(key, names, buffers, hashes, meta, first)
    text = msgspec.json.encode(header)
    return header, MAGIC + len(text).to_bytes(4, "little") + text


def _header(
    key: str, names: list[str], buffers: Mapping[str, Any], hashes: Mapping[str, str],
    meta: dict[str, Any], first: int,
) -> Header:  # fmt: skip
    parts = []
    at = first
    for name in names:
        length = memoryview(buffers[name]).nbytes
        parts.append(PartInfo(name, at, length, hashes[name]))
        at = _aligned(at + length)
    return Header(key, tuple(parts), meta)


def _aligned(at: int) -> int:
    return -(-at // _ALIGN) * _ALIGN


def store_fault(error: OSError, path: Path) -> Fault:
    """An I/O error as a fault that says what to do."""
    reason = (error.strerror or str(error)).lower()
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Fault(
            "disk-full", f"the disk is full: {path.name}", path=str(path),
            hint="free some space, or name another place with `--store`; finished work is kept",
        )  # fmt: skip
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return Fault(
            "store-not-writable", f"the store cannot be written: {reason}", path=str(path),
            hint="name another place with `--store DIR` or `SFTSPEC_STORE`",
        )  # fmt: skip
    return Fault("io-error", f"{path.name}: {reason}", path=str(path))


Opener = Callable[[str], Store]
