"""Re-hash a snapshot against its manifest, with a closed listing; say what was done to what."""

from collections.abc import Iterator
import hashlib
from pathlib import Path
import stat

from msgspec import Struct

from sftspec.snapshot.frozen import BadFreeze, Freeze, decode_freeze, freeze_id, frozen_versions
from sftspec.snapshot.listing import Listing, listing, size_of
from sftspec.snapshot.manifest import (
    FREEZE,
    MANIFEST,
    RECEIPT,
    SIGNATURE,
    UNLISTED,
    FileEntry,
    Manifest,
    Unreadable,
    decode,
    folders_of,
    snapshot_id,
)  # fmt: skip

BLOCK = 8 * 1024 * 1024
INDEX = "index.parquet"


class Wrong(Struct, frozen=True):
    """A file that is not as the manifest has it.

    `kind`: unreadable, missing, extra, truncated, extended, corrupt, swapped, not-a-file,
    not-a-folder, root, freeze.
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
        data = None if _is_strange(folder / MANIFEST) else (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        return Verdict("", 0, 0, (Wrong("missing", MANIFEST, "there is no manifest"),))
    except OSError as error:
        return Verdict("", 0, 0, (_unreadable(MANIFEST, error),))
    if data is None:
        return Verdict("", 0, 0, (_not_a_file(MANIFEST),))
    try:
        manifest = decode(data)
    except Unreadable as error:
        return Verdict("", 0, 0, (Wrong("unreadable", MANIFEST, str(error)),))
    inner = folders_of(entry.name for entry in manifest.files)
    there = listing(folder, inner)
    wrong = list(_folders(there, inner))
    closed = {one.name for one in wrong}
    entries = [one for one in manifest.files if one.name.partition("/")[0] not in closed]
    changed, found = _files(folder, there, entries)
    wrong.extend(changed)
    wrong.extend(_extra(there, {*inner, *(entry.name for entry in manifest.files), *UNLISTED}))
    wrong.extend(_freeze(folder, data))
    if not wrong:
        wrong.extend(_root(folder, manifest))
    total = sum(size for size, _ in found.values())
    return Verdict(snapshot_id(data), len(found), total, tuple(wrong))


def _is_strange(path: Path) -> bool:
    """Whether something stands there that is no regular file."""
    return path.is_symlink() or (path.exists() and not path.is_file())


def _not_a_file(name: str) -> Wrong:
    return Wrong("not-a-file", name, "it is not a regular file")


def _unreadable(name: str, error: OSError) -> Wrong:
    return Wrong("unreadable", name, (error.strerror or str(error)).lower())


def _hash(path: Path) -> tuple[int, str]:
    state, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while piece := stream.read(BLOCK):
            state.update(piece)
            size += len(piece)
    return size, state.hexdigest()


def _folders(there: Listing, inner: list[str]) -> Iterator[Wrong]:
    """The folders whose files cannot be looked at; of one that is not there each file is missing."""
    for name in inner:
        one = there.get(name)
        if isinstance(one, OSError):
            yield _unreadable(name, one)
        elif one is not None and not stat.S_ISDIR(one.st_mode):
            yield Wrong("not-a-folder", name, "it is not a folder")


def _files(
    folder: Path, there: Listing, entries: list[FileEntry]
) -> tuple[list[Wrong], dict[str, tuple[int, str]]]:
    wrong: list[Wrong] = []
    found: dict[str, tuple[int, str]] = {}
    for entry in entries:
        try:
            if entry.name in there and size_of(there[entry.name]) is None:
                wrong.append(_not_a_file(entry.name))
            else:
                found[entry.name] = _hash(folder / entry.name)
        except FileNotFoundError:
            wrong.append(Wrong("missing", entry.name, f"{entry.bytes} bytes are not there"))
        except OSError as error:
            wrong.append(_unreadable(entry.name, error))
    owners = {entry.sha256: entry.name for entry in entries}
    wrong.extend(
        _changed(folder, entry, *found[entry.name], owners)
        for entry in entries
        if entry.name in found and found[entry.name] != (entry.bytes, entry.sha256)
    )
    return wrong, found


def _changed(
    folder: Path, entry: FileEntry, size: int, digest: str, owners: dict[str, str]
) -> Wrong:
    """The right word for what was done to a file."""
    other = owners.get(digest)
    if other not in {None, entry.name} and size > 0:
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


def _extra(there: Listing, known: set[str]) -> Iterator[Wrong]:
    """What nobody listed, and what stands in the place of papers that nobody lists."""
    names = {name.encode("utf-8", "backslashreplace").decode() for name in there}
    for name in sorted(names - known):
        yield Wrong("extra", name, "the manifest does not list it")
    for name in (RECEIPT, FREEZE, SIGNATURE):
        if name in there and size_of(there[name]) is None:
            yield _not_a_file(name)


def _freeze(folder: Path, data: bytes) -> list[Wrong]:
    path = folder / FREEZE
    if not path.exists() and (folder / SIGNATURE).exists():
        return [
            Wrong("missing", FREEZE, "it is signed, and the freeze that was signed is not here")
        ]
    if not path.is_file() or path.is_symlink():
        return []
    try:
        frozen = decode_freeze(path.read_bytes())
    except OSError as error:
        return [_unreadable(FREEZE, error)]
    except BadFreeze as error:
        return [Wrong("freeze", FREEZE, str(error))]
    if frozen.manifest != snapshot_id(data):
        return [Wrong("freeze", FREEZE, "another manifest was frozen")]
    return _chain(folder, frozen)


def _chain(folder: Path, frozen: Freeze) -> list[Wrong]:
    """The freeze before, where other frozen versions lie beside this one."""
    if frozen.previous is None or folder.resolve().parent.name != frozen.dataset:
        return []
    home = folder.resolve().parent
    others = [name for name in frozen_versions(home) if name != frozen.version]
    known = {freeze_id((home / name / FREEZE).read_bytes()) for name in others}
    if frozen.previous in known:
        return []
    return [Wrong("freeze", FREEZE, "the freeze before it is not here, or was changed")]


def _root(folder: Path, manifest: Manifest) -> list[Wrong]:
    """The Merkle root over the chosen records, worked out again from the index."""
    from sftspec.engine.papers import merkle_root

    if not any(entry.name == INDEX for entry in manifest.files):
        return [Wrong("root", INDEX, "there is no index to work the root out from")]
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(folder / INDEX, columns=["id", "content", "position"])
        taken = table.filter(table["position"].is_valid())
        leaves = [
            a + b
            for a, b in zip(taken["id"].to_pylist(), taken["content"].to_pylist(), strict=True)
        ]
        root = merkle_root(leaves)
    except (pa.ArrowException, OSError, KeyError, TypeError) as error:
        return [Wrong("root", INDEX, f"it is no index: {str(error)[:100]}")]
    if root == manifest.root:
        return []
    return [Wrong("root", INDEX, "its records do not hash to the manifest's root")]
