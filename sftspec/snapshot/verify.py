"""Re-hash a snapshot against its manifest, with a closed listing; say what was done to what."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.snapshot.manifest import (
    FREEZE,
    MANIFEST,
    RECEIPT,
    FileEntry,
    Manifest,
    Unreadable,
    decode,
    snapshot_id,
)  # fmt: skip

BLOCK = 8 * 1024 * 1024


class Wrong(Struct, frozen=True):
    """A file that is not as the manifest has it.

    `kind`: unreadable, missing, extra, truncated, extended, corrupt, swapped, not-a-file, root,
    freeze.
    """

    kind: str
    name: str
    detail: str


class Verdict(Struct, frozen=True):
    """What verification found. `id`: the snapshot's id, where there is a manifest."""

    id: str
    files: int
    bytes: int
    wrong: tuple[Wrong, ...]

    @property
    def good(self) -> bool:
        """Whether the snapshot holds what it says."""
        return not self.wrong


def verify(folder: Path) -> Verdict:
    """Check the snapshot in a folder."""
    try:
        data = _plain(folder / MANIFEST)
    except FileNotFoundError:
        return Verdict("", 0, 0, (Wrong("missing", MANIFEST, "there is no manifest"),))
    except OSError as error:
        return Verdict("", 0, 0, (Wrong("not-a-file", MANIFEST, str(error.strerror)),))
    try:
        manifest = decode(data)
    except Unreadable as error:
        return Verdict("", 0, 0, (Wrong("unreadable", MANIFEST, str(error)),))
    wrong, found = _files(folder, manifest)
    wrong.extend(_extra(folder, manifest))
    wrong.extend(_freeze(folder, data))
    if not wrong:
        wrong.extend(_root(folder, manifest))
    total = sum(size for size, _ in found.values())
    return Verdict(snapshot_id(data), len(found), total, tuple(wrong))


def _plain(path: Path) -> bytes:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise OSError(0, "not a regular file")
    return path.read_bytes()


def _hash(path: Path) -> tuple[int, str]:
    state, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while piece := stream.read(BLOCK):
            state.update(piece)
            size += len(piece)
    return size, state.hexdigest()


def _files(folder: Path, manifest: Manifest) -> tuple[list[Wrong], dict[str, tuple[int, str]]]:
    wrong: list[Wrong] = []
    found: dict[str, tuple[int, str]] = {}
    for entry in manifest.files:
        path = folder / entry.name
        if path.is_symlink() or (path.exists() and not path.is_file()):
            wrong.append(Wrong("not-a-file", entry.name, "it is not a regular file"))
        elif not path.exists():
            wrong.append(Wrong("missing", entry.name, f"{entry.bytes} bytes are not there"))
        else:
            found[entry.name] = _hash(path)
    owners = {entry.sha256: entry.name for entry in manifest.files}
    wrong.extend(
        _changed(folder, entry, *found[entry.name], owners)
        for entry in manifest.files
        if entry.name in found and found[entry.name] != (entry.bytes, entry.sha256)
    )
    return wrong, found


def _changed(
    folder: Path, entry: FileEntry, size: int, digest: str, owners: dict[str, str]
) -> Wrong:
    """The right word for what was done to a file."""
    other = owners.get(digest)
    if other is not None:
        return Wrong("swapped", entry.name, f"it holds what `{other}` should")
    if size < entry.bytes:
        return Wrong("truncated", entry.name, f"{size} bytes of {entry.bytes}")
    if size > entry.bytes:
        start = _start_hash(folder / entry.name, entry.bytes)
        if start == entry.sha256:
            return Wrong("extended", entry.name, f"{size - entry.bytes} bytes too many")
    return Wrong("corrupt", entry.name, "its bytes are not those that were sealed")


def _start_hash(path: Path, size: int) -> str:
    state = hashlib.sha256()
    with path.open("rb") as stream:
        while size > 0:
            piece = stream.read(min(size, BLOCK))
            state.update(piece)
            size -= len(piece)
    return state.hexdigest()


def _extra(folder: Path, manifest: Manifest) -> list[Wrong]:
    known = {entry.name for entry in manifest.files} | {MANIFEST, RECEIPT, FREEZE}
    names = sorted(path.name for path in folder.iterdir())
    wrong = [
        Wrong("extra", name, "the manifest does not list it")
        for name in names
        if name not in known
    ]
    wrong += [
        Wrong("not-a-file", name, "it is not a regular file")
        for name in (RECEIPT, FREEZE)
        if (folder / name).is_symlink() or (folder / name).is_dir()
    ]
    return wrong


def _freeze(folder: Path, data: bytes) -> list[Wrong]:
    path = folder / FREEZE
    if not path.is_file():
        return []
    try:
        frozen: Any = msgspec.json.decode(path.read_bytes())
        same = frozen["manifest"] == snapshot_id(data)
    except (msgspec.MsgspecError, KeyError, TypeError):
        return [Wrong("freeze", FREEZE, "it cannot be read")]
    return [] if same else [Wrong("freeze", FREEZE, "another manifest was frozen")]


def _root(folder: Path, manifest: Manifest) -> list[Wrong]:
    """The Merkle root over the chosen records, worked out again from the index."""
    from sftspec.engine.papers import merkle_root

    if not any(entry.name == "index.parquet" for entry in manifest.files):
        return []
    import pyarrow.parquet as pq

    table = pq.read_table(folder / "index.parquet", columns=["id", "content", "position"])
    taken = table.filter(table["position"].is_valid())
    leaves = [
        a + b
        for a, b in zip(taken["id"].to_pylist(), taken["content"].to_pylist(), strict=True)
    ]
    if merkle_root(leaves) == manifest.root:
        return []
    return [Wrong("root", "index.parquet", "its records do not hash to the manifest's root")]
