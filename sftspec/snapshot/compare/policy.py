"""The version that changes ask for, and whether the one declared says as much.

A change is compared with the last frozen version, because that is what others rely on, and with
the base that it is proposed against, so that only what it breaks itself is held against it.
"""

from collections.abc import Sequence

from sftspec.ground.semver import LEVELS, higher, version_of
from sftspec.snapshot.compare.base import Change, Versions


def asked(changes: Sequence[Change]) -> str:
    """The largest bump that some change asks for."""
    level = "none"
    for change in changes:
        level = higher(level, change.bump)
    return level


def judged(
    against: str, before: str, declared: str, changes: Sequence[Change],
    known: Sequence[Change] = (),
) -> Versions:  # fmt: skip
    """Whether `declared` says as much as the changes since `before` ask for.

    `known`: the changes that were there before this one was proposed. Where nothing that is new
    asks for more than was declared, it is enough: the others were let pass before.
    """
    level = asked(changes)
    least = version_of(before).bumped(level)
    short = [
        change
        for change in changes
        if version_of(declared) < version_of(before).bumped(change.bump)
    ]
    old = {_key(change) for change in known}
    fresh = [change for change in short if _key(change) not in old]
    return Versions(
        against=against, before=before, declared=declared, asked=level, least=str(least),
        enough=not fresh, breaks=tuple(sorted(fresh, key=_rank)), known=len(short) - len(fresh),
    )  # fmt: skip


def _key(change: Change) -> tuple[str, ...]:
    return (change.rule, change.kind, change.name, change.what, change.before, change.after)


def _rank(change: Change) -> int:
    return -LEVELS.index(change.bump)
