"""What of a store no snapshot needs: marked from the roots of snapshots that stand, then swept.

Both are for who holds the store alone (`engine.lease`). An object goes where no roots that live
name it; roots go last, so that a sweep that is cut off can still say whose the rest was. Whatever
is taken can be made again from the sources: a wrong guess costs time, never a byte of a result.
"""

from collections.abc import Iterable, Iterator, Mapping
import os
from pathlib import Path
import re
import shutil
import stat
from typing import TypeAlias

import msgspec
from msgspec import Struct

from sftspec.engine.lease import LEASES, leases
from sftspec.engine.roots import ROOTS, Roots, project_folder, project_name, read_roots
from sftspec.engine.store import Store, store_fault

KINDS = ("objects", "tmp", "quarantine", "stat", LEASES, "staging", ROOTS)  # in this order
UNUSED = "no snapshot uses them: of plans, of builds that did not end, or of an older sftspec"
_KEY = re.compile(r"[0-9a-f]{64}")

Standing: TypeAlias = Mapping[tuple[str, str], str | None]


class Dead(Struct, frozen=True):
    """Something that nothing needs."""

    kind: str
    path: Path
    bytes: int
    why: str


class Kept(Struct, frozen=True):
    """Roots that live: whose, why, and what of the store they hold. Several may hold the same."""

    project: str
    dataset: str
    version: str
    id: str
    why: str
    objects: int
    bytes: int


class Survey(Struct, frozen=True):
    """What would go and what stays.

    `unreadable`: files of roots of which nobody knows what they name; while there is one, no
    object goes. `unmarked`: snapshots that stand, with no roots here. `objects` and `bytes`: all
    objects that stay.
    """

    dead: tuple[Dead, ...]
    kept: tuple[Kept, ...]
    unreadable: tuple[str, ...]
    unmarked: tuple[tuple[str, str], ...]
    objects: int
    bytes: int


class _Judged(Struct, frozen=True):
    """A record of roots. `ours`: of the project that asks; `lives`: what it names is kept."""

    path: Path
    bytes: int
    roots: Roots
    folder: Path
    ours: bool
    lives: bool
    why: str

    @property
    def place(self) -> tuple[str, str]:
        """Dataset and version."""
        return self.roots.dataset, self.roots.version


def survey(root: Path, home: Path, standing: Standing) -> Survey:
    """Mark what is needed of a store. Raises Fault where it cannot be read.

    `home`: the project that asks; of others every record counts for as long as their folder is
    there. `standing`: id by dataset and version of the project's snapshots, None where a manifest
    is there and cannot be read.
    """
    try:
        return _survey(Store(root), home, standing)
    except OSError as error:
        raise store_fault(error, Path(error.filename or root)) from None


def _survey(store: Store, home: Path, standing: Standing) -> Survey:
    judged, unreadable = _judge_all(store, home, standing)
    objects = dict(_objects(store.root))
    needed: set[str] = set()
    for one in judged:
        if one.lives:
            needed.update(one.roots.keys)
    dead = [] if unreadable else [*_dead_objects(store.root, objects, judged, needed)]
    left = {key: size for key, size in objects.items() if unreadable or key in needed}
    dead += _litter(store, home, judged)
    if not unreadable:
        dead += [Dead(ROOTS, one.path, one.bytes, one.why) for one in judged if not one.lives]
    marked = {one.place for one in judged if one.lives and one.ours}
    return Survey(
        tuple(dead),
        tuple(_kept(one, objects) for one in judged if one.lives),
        tuple(unreadable),
        tuple(sorted(set(standing) - marked)),
        len(left),
        sum(left.values()),
    )


# roots


def _judge_all(store: Store, home: Path, standing: Standing) -> tuple[list[_Judged], list[str]]:
    """Every record of roots, and the names of the files that are none."""
    mine, found, unreadable = project_name(home, store.root), [], []
    for path, size in _files(store.root / ROOTS):
        value = store.record(ROOTS, path.stem) if path.suffix == ".json" else None
        roots = read_roots(value)
        if roots is None:
            unreadable.append(path.name)
            continue
        folder = project_folder(roots.project, store.root)
        ours = roots.project == mine
        lives, why = _judge(roots, standing) if ours else _judge_other(folder)
        found.append(_Judged(path, size, roots, folder, ours, lives, why))
    return found, unreadable


def _judge(roots: Roots, standing: Standing) -> tuple[bool, str]:
    """Whether the snapshot of our own roots stands, and what is to say of it."""
    name = f"{roots.dataset} {roots.version}"
    place = (roots.dataset, roots.version)
    if place not in standing:
        return False, f"{name} ({_short(roots.snapshot)}) is not in compiled/"
    if standing[place] is None:
        return True, "it stands, with a manifest that cannot be read"
    if standing[place] == roots.snapshot:
        return True, "it stands"
    return False, f"{name} ({_short(roots.snapshot)}) was replaced"


def _short(snapshot: str) -> str:
    """The first digits of a snapshot's id."""
    return snapshot.removeprefix("sha256:")[:12]


def _judge_other(folder: Path) -> tuple[bool, str]:
    """Another project's roots live until its folder is gone; one that hides may be there."""
    try:
        there = stat.S_ISDIR(folder.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        there = False
    except OSError:
        there = True
    return there, f"of {folder}, {'another project' if there else 'a project that is gone'}"


def _kept(one: _Judged, objects: Mapping[str, int]) -> Kept:
    roots = one.roots
    sizes = [objects[key] for key in roots.keys if key in objects]
    return Kept(
        str(one.folder), roots.dataset, roots.version, roots.snapshot, one.why,
        len(sizes), sum(sizes),
    )  # fmt: skip


# objects


def _objects(root: Path) -> Iterator[tuple[str, int]]:
    """Key and size of each object; what is not named as one is not ours."""
    for folder in _folders(root / "objects"):
        for path, size in _files(folder):
            if _KEY.fullmatch(path.name) and folder.name == path.name[:2]:
                yield path.name, size


def _dead_objects(
    root: Path, objects: Mapping[str, int], judged: Iterable[_Judged], needed: set[str]
) -> Iterator[Dead]:
    whose: dict[str, str] = {}
    for one in judged:
        if not one.lives:
            whose.update(dict.fromkeys(one.roots.keys, one.why))
    for key, size in objects.items():
        if key not in needed:
            path = root / "objects" / key[:2] / key
            yield Dead("objects", path, size, whose.get(key, UNUSED))


# all else


def _litter(store: Store, home: Path, judged: Iterable[_Judged]) -> Iterator[Dead]:
    """What is nobody's, as the store is held alone; and stat records of files that are gone."""
    root = store.root
    for path, size in _files(root / "tmp"):
        yield Dead("tmp", path, size, "whoever wrote them is gone")
    for path, size in _files(root / "quarantine"):
        yield Dead("quarantine", path, size, "they were damaged, and made again")
    homes = {home, *(one.folder for one in judged)}
    for path, size in _files(root / "stat"):
        if not _is_of_a_file(store.record("stat", path.stem), homes):
            yield Dead("stat", path, size, "their files are gone, or the records are damaged")
    for path, holder in leases(root):
        if holder is None:
            yield Dead(LEASES, path, path.lstat().st_size, "their holders are dead")


class _File(Struct):
    path: str


class _Stat(Struct):
    """Of a stat record, what says whose it is: a path of a project, we know not of which."""

    file: _File


def _is_of_a_file(record: object, homes: Iterable[Path]) -> bool:
    try:
        path = msgspec.convert(record, _Stat).file.path
    except msgspec.MsgspecError:
        return False
    return any(os.path.lexists(home / path) for home in homes)


def _files(folder: Path) -> list[tuple[Path, int]]:
    """Files and links of a folder with their sizes, sorted; none where there is no folder."""
    return [
        (Path(entry.path), entry.stat(follow_symlinks=False).st_size)
        for entry in _entries(folder)
        if not entry.is_dir(follow_symlinks=False)
    ]


def _folders(folder: Path) -> list[Path]:
    return [Path(one.path) for one in _entries(folder) if one.is_dir(follow_symlinks=False)]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []


# the sweep


def sweep(dead: Iterable[Dead]) -> Iterator[Dead]:
    """Take them away one after the other, roots last. It may be cut off anywhere."""
    for one in sorted(dead, key=lambda one: KINDS.index(one.kind)):
        try:
            if one.path.is_dir() and not one.path.is_symlink():
                shutil.rmtree(one.path)
            else:
                one.path.unlink(missing_ok=True)
        except OSError as error:
            raise store_fault(error, one.path) from None
        yield one
