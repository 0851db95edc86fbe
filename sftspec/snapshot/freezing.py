"""A candidate whose gates hold becomes a frozen version: FREEZE.json is put beside its manifest.

The snapshot's own bytes are re-hashed before and never touched. One freezer of a dataset works at a
time; what was looked at is looked at again under the lock, so of two that freeze at once one does it
and the other is told.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from sftspec.engine.store import store_fault
from sftspec.ground.report import Fault
from sftspec.snapshot.blockers import Blocker, blockers, last_frozen, weaker_than
from sftspec.snapshot.disk import Disk
from sftspec.snapshot.frozen import (
    FREEZE_FORMAT,
    Freeze,
    Weaker,
    decode_freeze,
    encode_freeze,
    freeze_id,
)  # fmt: skip
from sftspec.snapshot.manifest import FREEZE, MANIFEST, SIGNATURE, STAGING, snapshot_id
from sftspec.snapshot.opened import Snapshot, open_folder
from sftspec.snapshot.seal import locked
from sftspec.snapshot.verify import verify


class Refused(Exception):  # noqa: N818 - a finding, which the verb prints
    """A version that may not be frozen, with every reason."""

    def __init__(self, found: list[Blocker]) -> None:
        super().__init__("; ".join(one.message for one in found))
        self.blockers = found


class Asked(Struct, frozen=True):
    """Who freezes and why. `weaker`: why its gates may be weaker. `expect`: the id that was looked at."""

    approver: str
    reason: str
    weaker: str = ""
    expect: str = ""


class Frozen(Struct, frozen=True):
    """What a freeze came to. `fresh`: it was not there before, just so."""

    folder: Path
    id: str
    freeze: Freeze
    fresh: bool


def freeze(
    folder: Path, asked: Asked, *, sign: Callable[[dict[str, str], str], bytes] | None = None,
    disk: Disk | None = None,
) -> Frozen:  # fmt: skip
    """Freeze the snapshot in a folder. `sign`: digests of its files and its name to a signature.

    Raises Refused with the reasons, Fault where it is not whole or the disk fails.
    """
    disk = disk or Disk()
    one = open_folder(folder)
    if asked.expect and asked.expect != one.id:
        raise Refused([Blocker("other-id", f"its id is {one.id}, not {asked.expect}")])
    _check_whole(folder)
    staging = folder.parent.parent / STAGING
    dataset = folder.parent.name
    try:
        disk.make_folder(staging / dataset)
        with locked(staging / f"{dataset}.lock"):
            return _under_lock(folder, one.id, asked, sign, disk)
    except OSError as error:
        raise store_fault(error, folder) from None


def _check_whole(folder: Path) -> None:
    wrong = verify(folder).wrong
    if wrong:
        said = tuple(f"{one.kind}: {one.name}: {one.detail}" for one in wrong[:10])
        hint = "build the spec to fill the data in, then freeze"
        raise Refused(
            [Blocker("not-whole", "the snapshot is not as it was sealed", said, hint)]
        )


def _under_lock(
    folder: Path,
    seen: str,
    asked: Asked,
    sign: Callable[[dict[str, str], str], bytes] | None,
    disk: Disk,
) -> Frozen:
    one = open_folder(folder)
    if one.id != seen:
        raise Refused([Blocker("other-id", "another build took its place meanwhile")])
    last = last_frozen(one)
    fresh = _freeze_of(one, last, asked)
    if one.freeze is not None:
        done, data = _again(one, fresh), (folder / FREEZE).read_bytes()
    else:
        found = blockers(one, last, excused=bool(asked.weaker))
        if found:
            raise Refused(found)
        data = encode_freeze(fresh)
        done = Frozen(folder, one.id, decode_freeze(data), fresh=True)
    signed = None  # before anything is written: a key may be none
    if sign is not None and (done.fresh or not (folder / SIGNATURE).exists()):
        subject = f"{one.manifest.dataset}@{one.manifest.version}"
        signed = sign(entries_of(one, data), subject)
    if done.fresh:
        disk.remove(folder / SIGNATURE)  # of a freeze that is not here any more
        _put(disk, folder / FREEZE, data)
    if signed is not None:  # also where a freeze died before it was signed
        _put(disk, folder / SIGNATURE, signed)
    return done


def _again(one: Snapshot, fresh: Freeze) -> Frozen:
    """A version that is frozen already: well where it is by the same approver for the same reason."""
    there = one.freeze
    assert there is not None  # noqa: S101 - the caller looked
    if (there.approver, there.reason) == (fresh.approver, fresh.reason) and one.folder:
        return Frozen(one.folder, one.id, there, fresh=False)
    raise Refused(
        [
            Blocker(
                "already-frozen", f"v{there.version} is frozen by {there.approver}: {there.reason}",
                hint="a frozen version stays as it is; raise the version for the next one",
            )
        ]
    )  # fmt: skip


def _freeze_of(one: Snapshot, last: Snapshot | None, asked: Asked) -> Freeze:
    weak = weaker_than(last.graph, one.graph) if last is not None else []
    previous = None
    if last is not None and last.folder is not None:
        previous = freeze_id((last.folder / FREEZE).read_bytes())
    return Freeze(
        format_version=FREEZE_FORMAT, dataset=one.manifest.dataset, version=one.manifest.version,
        manifest=one.id, gates=_answers(one.manifest.gates), approver=asked.approver,
        reason=asked.reason, previous=previous,
        weaker=tuple(Weaker(weak.gate, weak.was, weak.now) for weak in weak),
        weaker_reason=asked.weaker if weak else "",
    )  # fmt: skip


def _answers(gates: dict[str, Any]) -> dict[str, Any]:
    words = ("text", "require", "holds", "measured")
    return {
        name: {
            "holds": gate["holds"],
            "lines": [{word: line[word] for word in words} for line in gate["lines"]],
        }
        for name, gate in gates.items()
    }


def entries_of(one: Snapshot, freeze_data: bytes) -> dict[str, str]:
    """What a signature covers: the manifest, the freeze, and every file that the manifest lists."""
    import hashlib

    if one.folder is None:
        raise Fault("no-data", "a snapshot out of git cannot be signed", path=one.name)
    manifest = (one.folder / MANIFEST).read_bytes()
    if snapshot_id(manifest) != one.id:
        raise Fault("snapshot-damaged", "the manifest changed meanwhile", path=str(one.folder))
    papers = {MANIFEST: manifest, FREEZE: freeze_data}
    listed = {entry.name: entry.sha256 for entry in one.manifest.files}
    return listed | {name: hashlib.sha256(data).hexdigest() for name, data in papers.items()}


def _put(disk: Disk, path: Path, data: bytes) -> None:
    """A file that was not there, whole or not at all."""
    aside = path.parent.parent.parent / STAGING / path.parent.parent.name / f"{path.name}.new"
    with suppress(FileNotFoundError):
        disk.remove(aside)
    descriptor = disk.create(aside)
    try:
        disk.write(descriptor, data, aside)
        disk.sync(descriptor, aside)
    finally:
        disk.close(descriptor, aside)
    if not disk.place(aside, path):
        raise Refused([Blocker("already-frozen", f"{path.name} is there meanwhile")])
    disk.sync_folder(path.parent)
