"""Which snapshots stand under `compiled/`, and what builds that died left beside them."""

from collections.abc import Iterator
from contextlib import ExitStack
import fcntl
import os
from pathlib import Path

from sftspec.engine.sweep import Dead
from sftspec.snapshot.manifest import ASIDE, MANIFEST, STAGING, Unreadable, decode, snapshot_id


def standing(compiled: Path) -> dict[tuple[str, str], str | None]:
    """Id by dataset and version; None where a manifest is there and cannot be read.

    A version that was set aside and is the only one of its kind stands: the next build of the
    dataset puts it back. Raises OSError where a folder cannot be listed.
    """
    folders = [
        (dataset.name, version.name, version)
        for dataset in _folders(compiled)
        if dataset.name != STAGING
        for version in _folders(dataset)
    ] + [
        (dataset.name, aside.name.removesuffix(ASIDE), aside)
        for dataset in _folders(compiled / STAGING)
        for aside in _folders(dataset)
        if _only_one(aside, compiled / dataset.name)
    ]
    found = {(name, version): _id(folder / MANIFEST) for name, version, folder in folders}
    return {place: one for place, one in found.items() if one != ""}


def _id(path: Path) -> str | None:
    """The id in a manifest; empty where there is none, None where it cannot be read."""
    try:
        data = path.read_bytes()
        decode(data)
    except FileNotFoundError:
        return ""
    except (OSError, Unreadable):
        return None
    return snapshot_id(data)


def leftovers(compiled: Path, held: ExitStack) -> Iterator[Dead]:
    """What the next build of each dataset would take away, for who holds the locks in `held`.

    A dataset that is being sealed, from whatever store, is passed over.
    """
    for folder in _folders(compiled / STAGING):
        stream = held.enter_context((folder.parent / f"{folder.name}.lock").open("a"))
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        for left in sorted(folder.iterdir()):
            if not _only_one(left, compiled / folder.name):
                yield Dead("staging", left, _size(left), "of builds that died as they sealed")


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder, sorted; none where it is not there."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except FileNotFoundError:
        return []


def _only_one(left: Path, home: Path) -> bool:
    """Whether it is a snapshot set aside of which there is no other."""
    name = left.name
    return name.endswith(ASIDE) and not (home / name.removesuffix(ASIDE)).exists()


def _size(path: Path) -> int:
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    return sum(
        (Path(folder) / name).lstat().st_size
        for folder, _, names in os.walk(path)
        for name in names
    )
