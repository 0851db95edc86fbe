"""Roots: which objects a build used, kept in the store under the snapshot that came of it.

`sftspec gc` marks from them. No build reads them: a record that is old or lost costs time, and
never a byte of a result.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

import msgspec
from msgspec import Struct

from sftspec.engine.store import Store
from sftspec.ground.canon import canonical, raw_digest

ROOTS, FORMAT = "roots", 1
KEY = 32  # bytes


class Roots(Struct, frozen=True):
    """What a snapshot needs of the store. `project`: as `project_name` says it.

    `used`: the objects' keys, one behind the other: there may be thousands, and every build writes them.
    """

    format: int
    project: str
    dataset: str
    version: str
    snapshot: str
    used: bytes

    @property
    def keys(self) -> list[str]:
        """The objects' keys."""
        return [self.used[at : at + KEY].hex() for at in range(0, len(self.used), KEY)]


def keep_roots(store: Store, home: Path, about: tuple[str, str, str]) -> None:
    """Write what the build used. `about`: dataset, version and id of the snapshot.

    The id is in the record's name: that of a snapshot that stands is not touched by a build that
    is about to take its place.
    """
    project = project_name(home, store.root)
    name = raw_digest("roots", canonical([project, *about])).hex()
    used = bytes.fromhex("".join(store.used))
    store.note(ROOTS, name, Roots(FORMAT, project, *about, used))


def read_roots(value: Any) -> Roots | None:
    """A record as it was written; None where it is none that this compiler knows."""
    try:
        found = msgspec.convert(value, Roots)
    except msgspec.MsgspecError:
        return None
    return found if found.format == FORMAT and len(found.used) % KEY == 0 else None


def project_name(home: Path, store: Path) -> str:
    """What a project is called in its store: seen from a store that lies in it, else its path.

    So a project that is moved with its store stays the same. Names need not be UTF-8.
    """
    home, store = home.resolve(), store.resolve()
    seen = Path(os.path.relpath(home, store)) if store.is_relative_to(home) else home
    return quote_from_bytes(os.fsencode(seen))


def project_folder(name: str, store: Path) -> Path:
    """Where the project of that name is, or was."""
    seen = os.fsdecode(unquote_to_bytes(name))
    return Path(os.path.normpath(store.resolve() / seen))
