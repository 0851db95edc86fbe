"""Leases: who uses a store now, so that nothing is swept from under a build.

A build holds the store's gate together with other builds, `sftspec gc` holds it alone. The kernel
keeps the gate (`flock`) and lets go of it when its holder ends, however that ends; no clock and no
process number is asked. The files in `leases/` are for people: they say who holds it. Workers
write under the lease of the build that started them.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
import fcntl
import os
from pathlib import Path
import platform
from typing import IO

import msgspec
from msgspec import Struct

from sftspec.engine.log import Log
from sftspec.engine.store import MARK, check_format, store_fault
from sftspec.ground.report import Fault

GATE, LEASES = "gate.lock", "leases"


class Lease(Struct, frozen=True):
    """Who holds a store: the verb, for which dataset and project, and the process."""

    verb: str
    dataset: str = ""
    project: str = ""
    host: str = ""
    process: int = 0


class InUse(Exception):  # noqa: N818 - a finding, which the verb prints
    """Others use the store. `leases`: who they are; one may have come or gone meanwhile."""

    def __init__(self, leases: list[Lease]) -> None:
        super().__init__("the store is in use")
        self.leases = leases


def lease_of(verb: str, dataset: str, home: Path) -> Lease:
    """The lease of this process."""
    project = os.fsencode(home.resolve()).decode("utf-8", "backslashreplace")
    return Lease(verb, dataset, project, platform.node(), os.getpid())


@contextmanager
def leased(root: Path, lease: Lease, log: Log) -> Iterator[None]:
    """Hold a store together with others; a sweep that is on its way is waited for.

    Raises Fault where the place cannot be written, or is of a later format.
    """
    with _gate(root) as gate:
        if not _taken(gate, fcntl.LOCK_SH):
            log.say("warning", text="`sftspec gc` is at this store; waiting for its end")
            fcntl.flock(gate, fcntl.LOCK_SH)
        with _named(root, lease):
            yield


@contextmanager
def alone(root: Path, lease: Lease) -> Iterator[None]:
    """Hold a store alone. Raises InUse where others hold it, and Fault where it is none."""
    if not (root / MARK).is_file():
        raise Fault(
            "not-a-store", f"`{root}` is no store: it has no file `{MARK}`", path=str(root),
            hint="`--store` and `SFTSPEC_STORE` name the folder that builds keep their work in",
        )  # fmt: skip
    with _gate(root) as gate:
        if not _taken(gate, fcntl.LOCK_EX):
            raise InUse([found for _, found in leases(root) if found is not None])
        with _named(root, lease):
            yield


def leases(root: Path) -> Iterator[tuple[Path, Lease | None]]:
    """Each file of a lease, and who holds it; None where its holder is dead."""
    for path in sorted((root / LEASES).glob("*.json")):
        with suppress(FileNotFoundError), path.open("rb") as stream:
            yield path, None if _taken(stream, fcntl.LOCK_SH) else _read(stream)


def _read(stream: IO[bytes]) -> Lease:
    try:
        return msgspec.json.decode(stream.read(), type=Lease)
    except msgspec.MsgspecError:  # it is being written
        return Lease("build")


def _taken(stream: IO[bytes], kind: int) -> bool:
    """Whether the lock could be had at once."""
    try:
        fcntl.flock(stream, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # a file system that has no locks
        raise store_fault(error, Path(stream.name)) from None
    return True


@contextmanager
def _gate(root: Path) -> Iterator[IO[bytes]]:
    """The file that is locked; the kernel lets go of it when it is closed."""
    try:
        check_format(root)
        (root / LEASES).mkdir(parents=True, exist_ok=True)
        stream = (root / GATE).open("a+b")  # some network file systems ask for both ways
    except OSError as error:
        raise store_fault(error, root) from None
    with stream:
        yield stream


@contextmanager
def _named(root: Path, lease: Lease) -> Iterator[None]:
    """A file that says who holds the gate, for as long as it is held."""
    path = root / LEASES / f"{os.getpid()}-{os.urandom(8).hex()}.json"
    try:
        stream = path.open("xb", buffering=0)
    except OSError as error:
        raise store_fault(error, path) from None
    with stream:
        try:
            _say(stream, lease, path)
            yield
        finally:
            path.unlink(missing_ok=True)


def _say(stream: IO[bytes], lease: Lease, path: Path) -> None:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.write(msgspec.json.encode(lease))
    except OSError as error:
        raise store_fault(error, path) from None
