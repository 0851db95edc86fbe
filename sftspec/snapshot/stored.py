"""Packs of tokens out of a snapshot's `store`, through maps of its files.

A shard is four files. `.tokens.bin` and `.labels.bin` are int32 one behind the other, `.tokens.idx`
and `.labels.idx` say where samples (sequences) and packs (documents) begin; both must be equal. An
index is mapped and never parsed, so opening costs the same for ten rows and for ten million.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
import hashlib
from io import FileIO
from itertools import accumulate
import mmap
import os
from pathlib import Path
import re
import resource
import struct
import sys
from typing import Any

from msgspec import Struct
import numpy as np

from sftspec.ground.report import Fault
from sftspec.snapshot.manifest import FileEntry

MAGIC = b"MMIDIDX\x00\x00"
HEAD = struct.Struct("<9sQBQQ")
BOUNDS, PLACE = struct.Struct("<2q"), struct.Struct("<q")
INT32 = 4
KINDS = ("tokens.bin", "tokens.idx", "labels.bin", "labels.idx")

Identity = tuple[int, int, int, int, str]
# what this process has hashed: a file is known by where it lies and by when it was last written
_sound: set[Identity] = set()


class Shard(Struct, frozen=True):
    """The files of a shard, as the manifest lists them."""

    tokens: FileEntry
    index: FileEntry
    labels: FileEntry
    twin: FileEntry


class Lent(Struct, frozen=True):
    """A pack as it lies in the maps: tokens, labels and the lengths of its samples; read only."""

    ids: Any
    labels: Any
    lengths: Any


class Store:
    """The packs of one part, by number. It pickles: whoever unpickles it opens the files anew.

    `check`: `lazy` hashes a shard as it is first touched, `open` all of them at once, `never`
    trusts the disk. A shard is hashed once in a process. Raises Fault, which names the file.
    """

    def __init__(self, folder: Path, shards: Sequence[Shard], check: str, label: str) -> None:
        self.folder, self.shards, self.check = folder.resolve(), tuple(shards), check
        self.label = label
        self._open()
        if check == "open":
            for number in range(len(self.shards)):
                self._maps(number)

    def _open(self) -> None:
        """Look at every file's size and every index's head; map nothing yet."""
        heads = [_head(self.folder, shard, self.label) for shard in self.shards]
        self._starts = [0, *accumulate(head.packs for head in heads)]
        self.samples = sum(head.samples for head in heads)
        self.tokens = sum(shard.tokens.bytes for shard in self.shards) // INT32
        self._mapped: dict[int, _Maps] = {}
        self._most = most_mapped()

    @property
    def packs(self) -> int:
        """How many packs there are."""
        return self._starts[-1]

    def lend(self, number: int) -> Lent:
        """The pack of that number, as it lies in the maps."""
        shard = bisect_right(self._starts, number) - 1
        maps = self._mapped.get(shard)
        if maps is None:
            maps = self._mapped[shard] = self._maps(shard)
        return maps.lend(number - self._starts[shard])

    def _maps(self, shard: int) -> "_Maps":
        """A shard mapped. Where too many are, the one that was mapped first goes."""
        if len(self._mapped) >= self._most:
            self._mapped.pop(next(iter(self._mapped)))
        check = self.check != "never"
        return _Maps(self.folder, self.shards[shard], self.label, check=check)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "folder": self.folder, "shards": self.shards, "check": self.check,
            "label": self.label, "sound": _sound,
        }  # fmt: skip

    def __setstate__(self, state: dict[str, Any]) -> None:
        _sound.update(state.pop("sound"))
        self.__dict__.update(state)
        self._open()


def most_mapped() -> int:
    """How many shards may be mapped at once: a map holds its file open, before Python 3.13."""
    if sys.version_info >= (3, 13):
        return 8192
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(4, min(soft, 1 << 16) // 6)  # three files each, half of what may be open


class _Maps:
    """The maps of a shard."""

    def __init__(self, folder: Path, shard: Shard, label: str, *, check: bool) -> None:
        index, tokens, labels = (
            _File(folder, entry, label) for entry in (shard.index, shard.tokens, shard.labels)
        )
        self._index, self._map = index, index.map(check=check)
        head = _read_head(self._map, index)
        self._at = HEAD.size + 4 * head.samples
        self._packs = self._at + 8 * head.samples
        self._samples = head.samples
        self._lengths = np.frombuffer(self._map, "<i4", head.samples, HEAD.size)
        self._ids = np.frombuffer(tokens.map(check=check), "<i4")
        self._labels = np.frombuffer(labels.map(check=check), "<i4")

    def lend(self, number: int) -> Lent:
        first, end = BOUNDS.unpack_from(self._map, self._packs + 8 * number)
        if not 0 <= first < end <= self._samples:
            raise self._index.damaged(f"pack {number} begins and ends nowhere")
        (begin,) = PLACE.unpack_from(self._map, self._at + 8 * first)
        (last,) = PLACE.unpack_from(self._map, self._at + 8 * (end - 1))
        begin, stop = begin // INT32, last // INT32 + int(self._lengths[end - 1])
        if not 0 <= begin < stop <= len(self._ids):
            raise self._index.damaged(f"pack {number} has tokens that are not there")
        return Lent(self._ids[begin:stop], self._labels[begin:stop], self._lengths[first:end])


class _File:
    """A listed file. Raises Fault where it is not there in its size."""

    def __init__(self, folder: Path, entry: FileEntry, label: str) -> None:
        self._path, self._entry, self._label = folder / entry.name, entry, label
        self.bytes = entry.bytes

    @contextmanager
    def open(self) -> Iterator[FileIO]:
        """The file to read, looked at."""
        try:
            with self._path.open("rb", buffering=0) as stream:
                size = os.fstat(stream.fileno()).st_size
                if size != self._entry.bytes or not size:
                    raise self.damaged(f"{size} bytes of {self._entry.bytes}")
                yield stream
        except FileNotFoundError:
            raise Fault(
                "no-data", f"{self._label} has no `{self._entry.name}` here", path=str(self._path),
                hint="data are not committed; build the spec to fill them in",
            ) from None  # fmt: skip
        except OSError as error:
            raise Fault(
                "io-error", f"{self._entry.name} cannot be read: {error.strerror}",
                path=str(self._path),
            ) from None  # fmt: skip

    def map(self, *, check: bool) -> mmap.mmap:
        """The whole of it, read only; hashed before, unless that was done or `check` is off."""
        untracked: Any = {"trackfd": False} if sys.version_info >= (3, 13) else {}
        with self.open() as stream:
            if check:
                self._check(stream)
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ, **untracked)

    def _check(self, stream: FileIO) -> None:
        """It is read, not looked at through the map: pages that were would count as ours."""
        found = os.fstat(stream.fileno())
        identity: Identity = (
            found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, self._entry.sha256,
        )  # fmt: skip
        if identity not in _sound:
            if hashlib.file_digest(stream, "sha256").hexdigest() != self._entry.sha256:
                raise self.damaged("its bytes are not those that were sealed")
            _sound.add(identity)

    def damaged(self, why: str) -> Fault:
        return Fault(
            "snapshot-damaged", f"{self._entry.name} of {self._label}: {why}", path=str(self._path),
            hint="build the spec again; `sftspec verify` says what else is wrong",
        )  # fmt: skip


class _Head(Struct, frozen=True):
    """What the head of an index counts."""

    samples: int
    packs: int


def _head(folder: Path, shard: Shard, label: str) -> _Head:
    """The head of a shard's index, and a look at the others' sizes."""
    for entry in (shard.tokens, shard.labels, shard.twin):
        with _File(folder, entry, label).open():
            pass
    index = _File(folder, shard.index, label)
    with index.open() as stream:
        head = _read_head(stream.read(HEAD.size), index)
    if (shard.twin.sha256, shard.twin.bytes) != (shard.index.sha256, shard.index.bytes):
        raise index.damaged(f"`{shard.twin.name}` is of other samples")
    if shard.tokens.bytes != shard.labels.bytes or shard.tokens.bytes % INT32:
        raise index.damaged("there are other labels than tokens")
    return head


def _read_head(data: Any, index: _File) -> _Head:
    if len(data) < HEAD.size:
        raise index.damaged("it is no index")
    magic, version, code, samples, documents = HEAD.unpack_from(data)
    if (magic, version, code) != (MAGIC, 1, INT32) or documents < 2:
        raise index.damaged("it is no index of int32 in version 1")
    if HEAD.size + 12 * samples + 8 * documents != index.bytes:
        raise index.damaged(f"it says of {samples} samples and has bytes for others")
    return _Head(samples, documents - 1)


def shards_of(
    entries: Sequence[FileEntry], folder: str, part: str, lacking: Callable[[str], Fault]
) -> list[Shard]:
    """The shards of a part in their order. Raises what `lacking` makes of a file's name."""
    named = {entry.name: entry for entry in entries}
    pattern = re.compile(
        rf"{re.escape(f'{folder}/{part}')}-(\d{{5,}})-of-(\d{{5,}})\.tokens\.bin"
    )
    matches = [found for found in map(pattern.fullmatch, named) if found]
    if not matches:
        raise lacking(f"{folder}/{part}-00000-of-00001.tokens.bin")
    total = int(matches[0][2])
    stems = [f"{folder}/{part}-{number:05}-of-{total:05}" for number in range(total)]

    def entry(name: str) -> FileEntry:
        if name not in named:
            raise lacking(name)
        return named[name]

    return [Shard(*(entry(f"{stem}.{kind}") for kind in KINDS)) for stem in stems]
