"""What is proposed: a snapshot against the one at the merge base, and against the last frozen version.

A frozen version is what others rely on, so where there is one it decides; the merge base says what
is new since then, and what was let pass before is not held against the proposal.
"""

from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from sftspec.ground.report import Fault, Misuse
from sftspec.snapshot.compare.base import Diff, Versions
from sftspec.snapshot.compare.diff import diff
from sftspec.snapshot.compare.policy import judged
from sftspec.snapshot.manifest import FREEZE, MANIFEST, snapshot_id
from sftspec.snapshot.names import by_version, project_root, versions_of
from sftspec.snapshot.opened import GIT, Snapshot, git, open_folder, open_snapshot

SHORT = 12


class Proposal(NamedTuple):
    """A proposal. `diff`: None where there is nothing to compare with, which `notes` say."""

    name: str
    diff: Diff | None
    notes: tuple[str, ...]


def proposed(
    name: str, revision: str, root: Path | None = None, *, texts: bool = True
) -> Proposal:
    """The snapshot of a name against those that were there before. Raises Fault and Misuse."""
    if "/" in name or ":" in name:
        hint = f"`sftspec diff legal --base {revision}`"
        raise Misuse("bad-arguments", "with `--base` a snapshot is said by its name", hint=hint)
    home = project_root(root)
    after = open_snapshot(name, home)
    base = _merge_base(home, revision)
    dataset = name.partition("@")[0]
    before, frozen = _at(home, base, dataset), _last_frozen(home, dataset, after)
    where = f"the merge base with `{revision}`, {base[:SHORT]}, has no snapshot of {dataset}"
    if before is not None:
        made = diff(before, after, texts=texts)
        if frozen is not None:
            made = replace(made, versions=_versions(made, frozen, before, after))
        return Proposal(after.label, made, ())
    if frozen is None:
        note = f"nothing to compare with: {where}, and no version before it is frozen"
        return Proposal(after.label, None, (note,))
    made = diff(frozen, after, texts=texts)
    note = f"{where}, so it is compared with the last frozen version alone"
    return Proposal(after.label, replace(made, notes=(note, *made.notes)), ())


def _merge_base(home: Path, revision: str) -> str:
    said = git(home, "merge-base", "--", revision, "HEAD").decode().split()
    return said[0]


def _at(home: Path, base: str, dataset: str) -> Snapshot | None:
    """The snapshot at the merge base, with its data where the working tree has the very same."""
    try:
        found = open_snapshot(f"{GIT}{base}:{dataset}", home)
    except Fault as fault:
        if fault.slug != "snapshot-not-found":
            raise
        return None
    folder = home / "compiled" / dataset / found.manifest.version
    paper = folder / MANIFEST
    same = paper.is_file() and snapshot_id(paper.read_bytes()) == found.id
    name = f"{GIT}{base[:SHORT]}:{dataset}"
    return replace(found, name=name, folder=folder if same else None)


def _last_frozen(home: Path, dataset: str, after: Snapshot) -> Snapshot | None:
    """The highest frozen version in the working tree below the one that is proposed."""
    folder = home / "compiled" / dataset
    known = [
        version
        for version in versions_of(folder)
        if (folder / version / FREEZE).is_file()
        and by_version(version) < by_version(after.manifest.version)
    ]
    return open_folder(folder / known[-1], f"{dataset}@{known[-1]}") if known else None


def _versions(
    made: Diff, frozen: Snapshot, before: Snapshot, after: Snapshot
) -> tuple[Versions, ...]:
    """What the merge base asks for, and then what decides: what the frozen version asks for."""
    against = f"{frozen.name} (frozen)"
    if frozen.id == before.id:
        return tuple(replace(one, against=against) for one in made.versions)
    last = judged(
        against, frozen.manifest.version, after.manifest.version,
        diff(frozen, after, texts=False).changes, diff(frozen, before, texts=False).changes,
    )  # fmt: skip
    return (*made.versions, last)
