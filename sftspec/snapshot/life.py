"""Where each version of a dataset stands in its life, and what is in the way of the next freeze."""

from pathlib import Path

from msgspec import Struct

from sftspec.ground.report import Fault
from sftspec.snapshot.blockers import Blocker, blockers, last_frozen
from sftspec.snapshot.names import by_version, versions_of
from sftspec.snapshot.opened import INDEX, Snapshot, open_folder

EXPLORATION, CANDIDATE, FROZEN, SUPERSEDED = "exploration", "candidate", "frozen", "superseded"
DAMAGED = "damaged"


class Stand(Struct, frozen=True):
    """A version and its state. `gates`: those that do not hold. `data`: whether its files are here."""

    version: str
    state: str
    id: str = ""
    chosen: int = 0
    gates: tuple[str, ...] = ()
    data: bool = False
    approver: str = ""
    reason: str = ""


class Life(Struct, frozen=True):
    """A dataset's versions, lowest first. `next`: the candidate to be frozen, and what blocks it."""

    dataset: str
    versions: tuple[Stand, ...]
    next: str | None
    blockers: tuple[Blocker, ...]


def life(home: Path, declared: str | None = None) -> Life:
    """The versions under a dataset's folder, and the one that a spec declares."""
    opened: list[Snapshot] = []
    damaged: list[Stand] = []
    for name in versions_of(home):
        try:
            opened.append(open_folder(home / name, f"{home.name}@{name}"))
        except Fault as fault:
            damaged.append(Stand(name, DAMAGED, reason=fault.message))
    frozen = [one.manifest.version for one in opened if one.freeze]
    last = frozen[-1] if frozen else None
    stood = [*(_stand(one, last) for one in opened), *damaged]
    stands = tuple(sorted(stood, key=lambda one: by_version(one.version)))
    if declared is not None and all(one.version != declared for one in stands):
        fresh = (*stands, Stand(declared, EXPLORATION))
        stands = tuple(sorted(fresh, key=lambda one: by_version(one.version)))
    ahead = [one for one in opened if _state(one, last) == CANDIDATE]
    if not ahead:
        return Life(home.name, stands, None, ())
    one = ahead[-1]
    try:
        found = [*_not_here(one), *blockers(one, last_frozen(one))]
    except Fault as fault:  # a frozen version that it must be held against
        found = [Blocker(fault.slug, fault.message, hint=fault.hint)]
    return Life(home.name, stands, one.manifest.version, tuple(found))


def _not_here(one: Snapshot) -> list[Blocker]:
    """Files that a freeze would miss, told by their names and sizes."""
    missing = tuple(entry.name for entry in one.manifest.files if not one.has(entry.name))
    if not missing:
        return []
    hint = "build the spec to fill them in"
    return [
        Blocker("not-whole", f"{len(missing)} of its files are not here", missing[:10], hint)
    ]


def _state(one: Snapshot, last: str | None) -> str:
    if last is not None and by_version(one.manifest.version) < by_version(last):
        return SUPERSEDED
    return FROZEN if one.freeze else CANDIDATE


def _stand(one: Snapshot, last: str | None) -> Stand:
    failing = tuple(name for name, gate in one.manifest.gates.items() if not gate["holds"])
    return Stand(
        one.manifest.version, _state(one, last), one.id, one.manifest.counts["chosen"], failing,
        one.has(INDEX), one.freeze.approver if one.freeze else "",
        one.freeze.reason if one.freeze else "",
    )  # fmt: skip
