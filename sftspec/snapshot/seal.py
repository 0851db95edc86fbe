"""Write aside, sync, swap: a build that dies leaves the old snapshot or the new one, never half.

One builder of a dataset seals at a time (a lock that the kernel lets go of when the process
ends), so what lies in the staging folder when the lock is taken belongs to the dead.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
import fcntl
import hashlib
from pathlib import Path
from typing import Any

from sftspec.engine.store import store_fault
from sftspec.ground.report import Fault
from sftspec.snapshot.disk import Disk
from sftspec.snapshot.manifest import (
    ASIDE,
    COMMITTED,
    FREEZE,
    MANIFEST,
    RECEIPT,
    SIGNATURE,
    STAGING,
    folders_of,
)  # fmt: skip

BLOCK = 8 * 1024 * 1024
IGNORE = """\
# Committed per version: who it is, what it meant, who froze it. Data can be built again.
/*
!/.gitignore
!/*/
/.staging/
/*/*
!/*/*/
/*/*/*
!/*/*/MANIFEST.json
!/*/*/plan.json
!/*/*/FREEZE.json
!/*/*/SIGNATURE.json
!/*/*/README.md
"""
Bytes = Callable[[], Any]


def seal(
    compiled: Path, dataset: str, version: str, files: Mapping[str, tuple[Bytes, str | None]],
    manifest: bytes, receipt: bytes, *, disk: Disk | None = None,
) -> Path:  # fmt: skip
    """Put a snapshot in its place.

    `files`: name, with the one folder it may lie in, to a function that gives the bytes, and
    their SHA-256 where they are yet to be checked (what the store gives it has hashed). Raises
    Fault where the disk fails, and where a frozen version would change.
    """
    disk = disk or Disk()
    target = compiled / dataset / version
    staging = compiled / STAGING / dataset
    _check_twin(compiled, dataset)
    try:
        first = not compiled.exists()
        disk.make_folder(staging)
        disk.make_folder(target.parent)
        if first:
            (compiled / ".gitignore").write_text(IGNORE, encoding="utf-8")
        with locked(compiled / STAGING / f"{dataset}.lock"):
            _recover(disk, staging, target.parent)
            fresh = staging / f"{version}.new"
            try:
                _check_frozen(target, manifest)
                _write_all(disk, fresh, target, files, manifest, receipt)
                _swap(disk, fresh, target, staging)
            finally:
                _sweep(disk, staging, target.parent)
    except OSError as error:
        raise store_fault(error, target) from None
    return target


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """The lock of a dataset, held; the kernel lets go of it when the process ends."""
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _recover(disk: Disk, staging: Path, home: Path) -> None:
    """What a dead build left: an old snapshot set aside goes back, of any version; the rest goes."""
    for aside in sorted(staging.glob(f"*{ASIDE}")):
        version = home / aside.name.removesuffix(ASIDE)
        if aside.is_dir() and not version.exists():
            disk.move(aside, version)
    for left in sorted(staging.iterdir()):
        disk.remove(left)


def _check_twin(compiled: Path, dataset: str) -> None:
    """Two datasets that only case tells apart are one folder where case does not count."""
    for path in sorted(compiled.glob("*")):
        if path.name != dataset and path.name.lower() == dataset.lower():
            raise Fault(
                "case-twin", f"`{path.name}` is there, the same name as `{dataset}` but for case",
                path=str(compiled), hint="give the dataset another name, or the same one",
            )  # fmt: skip


def _check_frozen(target: Path, manifest: bytes) -> None:
    if not (target / FREEZE).exists():
        return
    try:
        same = (target / MANIFEST).read_bytes() == manifest
    except FileNotFoundError:
        same = False
    if not same:
        raise Fault(
            "frozen-version", f"version {target.name} is frozen and this build differs from it",
            path=str(target), hint="raise the version in the dataset block",
        )  # fmt: skip


def _write_all(
    disk: Disk, fresh: Path, target: Path, files: Mapping[str, tuple[Bytes, str | None]],
    manifest: bytes, receipt: bytes,
) -> None:  # fmt: skip
    """Every file and its folder, then the receipt, then the manifest, each synced; then the whole."""
    inner = [fresh / name for name in folders_of(files)]
    for folder in (fresh, *inner):
        disk.make_folder(folder)
    for name in sorted(files):
        give, wanted = files[name]
        _write(disk, fresh / name, give(), wanted)
    for folder in inner:
        disk.sync_folder(folder)
    _write(disk, fresh / RECEIPT, receipt, None)
    for name in (FREEZE, SIGNATURE):
        if (target / FREEZE).exists() and (target / name).exists():
            _write(disk, fresh / name, (target / name).read_bytes(), None)
    _write(disk, fresh / MANIFEST, manifest, None)
    disk.sync_folder(fresh)


def _write(disk: Disk, path: Path, data: Any, wanted: str | None) -> None:
    descriptor = disk.create(path)
    state = hashlib.sha256()
    try:
        view = memoryview(data)
        for at in range(0, len(view), BLOCK):
            piece = view[at : at + BLOCK]
            if wanted is not None:
                state.update(piece)
            disk.write(descriptor, piece, path)
        disk.sync(descriptor, path)
    finally:
        disk.close(descriptor, path)
    if wanted is not None and state.hexdigest() != wanted:
        raise Fault("damaged-result", f"`{path.name}` is not what was made", path=str(path))


def _swap(disk: Disk, fresh: Path, target: Path, staging: Path) -> None:
    """The new snapshot in its place, at once."""
    if not disk.place(fresh, target):
        _only_ours(target)
        disk.exchange(fresh, target, staging / f"{target.name}{ASIDE}")
    disk.sync_folder(target.parent)
    disk.sync_folder(target.parent.parent)


def _only_ours(target: Path) -> None:
    """A target that holds something else than a snapshot is not replaced."""
    if (target / MANIFEST).exists():
        return
    strange = sorted(path.name for path in target.iterdir() if path.name not in COMMITTED)
    if strange:
        raise Fault(
            "target-in-use", f"{target.name} holds `{strange[0]}` and no manifest", path=str(target),
            hint="move it away; a version's folder is the compiler's",
        )  # fmt: skip


def _sweep(disk: Disk, staging: Path, home: Path) -> None:
    """Take away what is not needed; what cannot go now goes with the next build."""
    for left in sorted(staging.iterdir()):
        if left.name.endswith(ASIDE) and not (home / left.name.removesuffix(ASIDE)).exists():
            continue  # the only one of its version
        with suppress(OSError):
            disk.remove(left)
