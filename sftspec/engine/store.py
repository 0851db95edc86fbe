"""The content-addressed store: what stages made, found again by key, trusted only when re-hashed.

An object is a file named by its key: a header in JSON with its SHA-256, then parts, each with
theirs. It is written aside and renamed, so it is there whole or not at all; it needs no fsync,
because one that is torn is found out when it is read, set aside in `quarantine/` and made again.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
import errno
import hashlib
import os
from pathlib import Path
import tempfile
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.ground.report import Fault

FORMAT = 1
FOLDERS = ("objects", "tmp", "quarantine", "stat", "builds", "roots", "leases")
MARK = "FORMAT"
MAGIC = b"SFTSPEC2"
_ALIGN = 64
_FRONT = len(MAGIC) + 4 + 32  # magic, the header's length, its SHA-256


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
    """Objects under one folder. Safe for several processes and builds at once.

    `tell` hears of each object that was found damaged where a header was asked for. A `careful`
    store re-hashes an object's parts then too, so that all that is damaged is found in one walk.
    `used`: the keys of all objects that were found or put, in order.
    """

    def __init__(
        self, root: Path, tell: Callable[[str], None] | None = None, *, careful: bool = False
    ) -> None:
        self.root = root
        self.tell = tell
        self.careful = careful
        self.verified: set[tuple[str, str]] = set()
        self.used: dict[str, None] = {}

    def prepare(self) -> None:
        """Make the folders. Raises Fault where the place cannot be written, or is of a later format."""
        try:
            mark = self.root / MARK
            check_format(self.root)
            for name in FOLDERS:
                (self.root / name).mkdir(parents=True, exist_ok=True)
                if not os.access(self.root / name, os.W_OK | os.X_OK):
                    raise PermissionError(errno.EACCES, f"`{name}` is read-only")
            if not mark.exists():
                self._write_text(mark, f"{FORMAT}\n")
        except OSError as error:
            raise store_fault(error, self.root) from None

    def _path(self, key: str) -> Path:
        return self.root / "objects" / key[:2] / key

    def header(self, key: str) -> Header | None:
        """The header of an object, or None where there is none that can be read."""
        try:
            header = self._header(key)
            if header is not None and self.careful:
                for part in header.parts:
                    self.buffer(key, part.name)
        except Corrupt:
            if self.tell is not None:
                self.tell(key)
            return None
        return header

    def _header(self, key: str) -> Header | None:
        """As `header`. Raises Corrupt where it is damaged."""
        try:
            with self._path(key).open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                start = stream.read(_FRONT)
                text = stream.read(min(int.from_bytes(start[8:12], "little"), size))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise store_fault(error, self._path(key)) from None
        header = _decode(start, text)
        if header is None or header.key != key or _end(header, len(text)) != size:
            self.quarantine(key)
            raise Corrupt(key)
        self.used[key] = None
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
            with self._aside() as aside:
                with aside.open("xb") as stream:
                    stream.write(start)
                    for part in header.parts:
                        stream.write(bytes(part.offset - stream.tell()))
                        stream.write(buffers[part.name])
                aside.rename(path)
        except OSError as error:
            raise store_fault(error, path) from None
        self.verified.update((key, part.name) for part in header.parts)
        self.used[key] = None
        return header

    @contextmanager
    def _aside(self) -> Iterator[Path]:
        """A new name to write under; what is still there in the end is taken away."""
        aside = self.root / "tmp" / f"{os.getpid()}-{os.urandom(8).hex()}"
        try:
            yield aside
        except BaseException:
            aside.unlink(missing_ok=True)
            raise

    @contextmanager
    def scratch(self) -> Iterator[Any]:
        """A file of no name for what does not fit in memory; gone in the end."""
        try:
            with tempfile.TemporaryFile(dir=self.root / "tmp") as stream:
                yield stream
        except OSError as error:
            raise store_fault(error, self.root / "tmp") from None

    def buffer(self, key: str, name: str) -> Any:
        """The bytes of a part, memory-mapped, re-hashed the first time this process reads them."""
        import pyarrow as pa

        header = self._header(key)
        if header is None:
            raise Corrupt(key)
        part = header.part(name)
        if not part.length:
            return pa.py_buffer(b"")
        try:
            with pa.memory_map(str(self._path(key))) as mapped:
                mapped.seek(part.offset)
                found = mapped.read_buffer(part.length)
        except FileNotFoundError:  # another build set it aside just now
            raise Corrupt(key) from None
        except OSError as error:
            raise store_fault(error, self._path(key)) from None
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
        """A small JSON record, or None where there is none that is whole."""
        path = self.root / folder / f"{name}.json"
        try:
            digest, _, text = path.read_bytes().partition(b"\n")
            if digest.decode("ascii", "replace") != hashlib.sha256(text).hexdigest():
                return None
            return msgspec.json.decode(text)
        except (OSError, msgspec.MsgspecError):
            return None

    def note(self, folder: str, name: str, value: Any) -> None:
        """Write a small JSON record, its SHA-256 on the line above."""
        path = self.root / folder / f"{name}.json"
        text = msgspec.json.encode(value)
        try:
            self._write_text(path, f"{hashlib.sha256(text).hexdigest()}\n{text.decode()}")
        except OSError as error:
            raise store_fault(error, path) from None

    def _write_text(self, path: Path, text: str) -> None:
        with self._aside() as aside:
            aside.write_text(text, encoding="utf-8")
            aside.rename(path)


def store_of(home: Path, given: Path | None = None) -> Path:
    """Where a project's store is: where it was said to be, else in the project."""
    return given or home / ".sftspec" / "v1"


def to_buffer(part: Any) -> Any:
    """A table as uncompressed Arrow IPC; bytes as they are."""
    import pyarrow as pa

    if isinstance(part, bytes | bytearray | memoryview | pa.Buffer):
        return part
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, part.schema) as writer:
        writer.write_table(part.combine_chunks())
    return sink.getvalue()


def check_format(root: Path) -> None:
    """Raises Fault where a store is of another format; one that is yet to be made is of ours."""
    mark = root / MARK
    if not mark.exists():
        return
    found = mark.read_bytes()[:40].decode("utf-8", "replace").strip()
    if found != str(FORMAT):
        raise Fault(
            "store-format", f"the store has format {found}, this compiler writes {FORMAT}",
            path=str(mark.parent), hint="use another store with `--store`, or upgrade sftspec",
        )  # fmt: skip


def _decode(start: bytes, text: bytes) -> Header | None:
    """The header, or None where it is not the one that was written."""
    try:
        return msgspec.json.decode(text, type=Header) if start == _front(text) else None
    except msgspec.MsgspecError:
        return None


def _end(header: Header, text: int) -> int:
    """Where an object ends whose header takes so many bytes."""
    return max((part.offset + part.length for part in header.parts), default=_FRONT + text)


def _layout(
    key: str, buffers: Mapping[str, Any], hashes: Mapping[str, str], meta: dict[str, Any]
) -> tuple[Header, bytes]:
    """Header and first bytes of an object. Offsets are fixed by the header's longest spelling."""
    names = list(buffers)
    room = _FRONT + len(msgspec.json.encode(_header(key, names, buffers, hashes, meta, 10**15)))
    first = _aligned(room)
    header = _header(key, names, buffers, hashes, meta, first)
    text = msgspec.json.encode(header)
    return header, _front(text) + text


def _front(text: bytes) -> bytes:
    """What stands before a header: what tells that it is whole."""
    return MAGIC + len(text).to_bytes(4, "little") + hashlib.sha256(text).digest()


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
