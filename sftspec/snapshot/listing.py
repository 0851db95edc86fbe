"""What lies in a snapshot's folder: every name, one folder deep, through no symbolic link."""

from collections.abc import Collection
import os
from pathlib import Path
import stat

Listing = dict[str, os.stat_result | OSError]


def listing(folder: Path, inner: Collection[str]) -> Listing:
    """Each name in a folder and in those of its folders that are in `inner`, as it stands there.

    An inner folder that cannot be listed has its error. Raises OSError where `folder` cannot.
    """
    found: Listing = dict(_entries(folder))
    for name in inner:
        one = found.get(name)
        if isinstance(one, os.stat_result) and stat.S_ISDIR(one.st_mode):
            try:
                found |= {f"{name}/{file}": there for file, there in _entries(folder / name)}
            except OSError as error:
                found[name] = error
    return found


def size_of(one: os.stat_result | OSError) -> int | None:
    """The bytes of a regular file; None of anything else."""
    if isinstance(one, os.stat_result) and stat.S_ISREG(one.st_mode):
        return one.st_size
    return None


def _entries(folder: Path) -> list[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        return [(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
