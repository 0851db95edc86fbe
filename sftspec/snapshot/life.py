"""Where each version of a dataset stands in its life, and what is in the way of the next freeze."""

from pathlib import Path

from msgspec import Struct

from sftspec.snapshot.blockers import Blocker, blockers, last_frozen
from sftspec.snapshot.names import by_version, versions_of
from sftspec.snapshot.opened import INDEX, Snapshot, open_folder

EXPLORATION, CANDIDATE, FROZEN, SUPERSEDED = "exploration", "candidate", "frozen", "superseded"


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
    opened = [open_folder(home / name, f"{home.name}@{name}") for name in versions_of(home)]
    frozen = [one.manifest.version for one in opened if one.freeze]
    last = frozen[-1] if frozen else None
    stands = tuple(_stand(one, last) for one in opened)
    if declared is not None and all(one.version != declared for one in stands):
        fresh = (*stands, Stand(declared, EXPLORATION))
        stands = tuple(sorted(fresh, key=lambda one: by_version(one.version)))
    ahead = [one for one in opened if _state(one, last) == CANDIDATE]
    if not ahead:
        return Life(home.name, stands, None, ())
    one = ahead[-1]
    found = blockers(one, last_frozen(one))
    return Life(home.name, stands, one.manifest.version, tuple(found))


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
