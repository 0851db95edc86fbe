"""Two snapshots to their diff: changes of meaning, records and causes, shifts, funnel, gates, versions.

Without an index it says what the papers tell; without data it shows no text. What it could not
look at stands in its notes.
"""

from collections.abc import Sequence
from typing import Any

from sftspec.snapshot.compare.base import Change, Diff, Group, Side, Versions
from sftspec.snapshot.compare.meaning import changes
from sftspec.snapshot.compare.names import Compared, compared
from sftspec.snapshot.compare.numbers import facet_shifts, funnel, gate_movements, length_shifts
from sftspec.snapshot.compare.policy import judged
from sftspec.snapshot.compare.told import Told, told
from sftspec.snapshot.opened import INDEX, Snapshot

LEAK = "moved-into-train"


def diff(before: Snapshot, after: Snapshot, *, texts: bool = True) -> Diff:
    """The diff of two snapshots. `texts`: whether sample records' words are compared.

    Raises Fault where one of them is damaged, or of a compiler that is not understood.
    """
    two = compared(before, after)
    tolds = told(before), told(after)
    found = changes(before, after)
    notes: list[str] = []
    if before.manifest.dataset != after.manifest.dataset:
        notes.append("these are two datasets: no record of one is a record of the other")
    totals: dict[str, int] = {}
    groups: tuple[Group, ...] = ()
    if _has_index(before, notes) & _has_index(after, notes):
        totals, groups, more = _records(two, tolds, found, notes, texts=texts)
        found = (*found, *more)
    else:
        found = (*found, *_by_itself(two, found))
    return Diff(
        before=_side(before, tolds[0]), after=_side(after, tolds[1]), changes=found, totals=totals,
        groups=groups, facets=facet_shifts(two, tolds),
        lengths=length_shifts(before.manifest, after.manifest), funnel=funnel(two, tolds),
        gates=gate_movements(two, tolds), versions=(_versions(two, found),), notes=tuple(notes),
    )  # fmt: skip


def _versions(two: Compared, found: Sequence[Change]) -> Versions:
    a, b = two.before.manifest, two.after.manifest
    state = "frozen" if two.before.freeze else "candidate"
    return judged(f"{two.before.name} ({state})", a.version, b.version, found)


def _side(one: Snapshot, said: Told) -> Side:
    from sftspec.snapshot.compare.lines import shards

    m = one.manifest
    filled = [name for name, part in said.parts.items() if part.chosen]
    return Side(
        name=one.name, dataset=m.dataset, version=m.version, id=one.id,
        frozen=one.freeze is not None, chosen=said.counts.chosen, records=one.has(INDEX),
        texts=all(shards(one, part)[0] for part in filled),
    )  # fmt: skip


def _has_index(one: Snapshot, notes: list[str]) -> bool:
    if one.has(INDEX):
        return True
    notes.append(
        f"{one.name} has no index here, so its records are not compared; build it to see them"
    )
    return False


def _by_itself(two: Compared, found: Sequence[Change]) -> list[Change]:
    """Records that differ though no change of the spec asks for more than a patch."""
    if two.before.manifest.root == two.after.manifest.root:
        return []
    if any(change.bump in {"minor", "major"} for change in found):
        return []
    return [_unexplained("records changed")]


def _unexplained(what: str) -> Change:
    return Change(
        "records", "minor", "records", "", f"{what}, and no change of the spec explains it"
    )


# records


def _records(
    two: Compared, tolds: tuple[Told, Told], found: Sequence[Change], notes: list[str], *,
    texts: bool,
) -> tuple[dict[str, int], tuple[Group, ...], list[Change]]:  # fmt: skip
    from sftspec.snapshot.compare.causes import Causes
    from sftspec.snapshot.compare.pool import passages
    from sftspec.snapshot.compare.records import Both
    from sftspec.snapshot.compare.samples import Sampler

    both = Both(two, tolds)
    made = both.groups()
    causes = Causes(two, found, passages(both) if made else ()).all(made)
    groups, rows = _merged(made, causes)
    sampler = Sampler(both, groups, rows, texts=texts)
    if sampler.blind:
        notes.append(
            "the texts of changed records are not shown, their data are not here on both sides"
        )
    more = _leaks(both.leaks())
    alone = sum(
        one.count for one, why in zip(made, causes, strict=True)
        if all(change.kind == "compiler" or change.bump == "none" for change in why)
    )  # fmt: skip
    if alone:
        more.append(_unexplained(f"{alone} record{'s' * (alone != 1)} changed"))
    return both.totals(), sampler.groups(), more


def _merged(
    made: Sequence[Any], causes: Sequence[Sequence[Change]]
) -> tuple[list[Group], list[tuple[tuple[int, int], ...]]]:
    """Groups that differ in nothing that is shown are one; the largest of each kind first."""
    from sftspec.snapshot.compare.causes import say
    from sftspec.snapshot.compare.records import HOWS, MOST_SAMPLES

    found: dict[tuple[Any, ...], tuple[int, tuple[tuple[int, int], ...]]] = {}
    for one, why in zip(made, causes, strict=True):
        key = (one.how, one.template, one.source, one.was, one.now, say(why))
        count, rows = found.get(key, (0, ()))
        found[key] = (count + one.count, (*rows, *one.rows)[:MOST_SAMPLES])
    rank = {how: at for at, how in enumerate(HOWS)}
    order = sorted(found.items(), key=lambda item: (rank[item[0][0]], -item[1][0], item[0][1:]))
    groups = [
        Group(how, template, source, was, now, count, why)
        for (how, template, source, was, now, why), (count, _) in order
    ]
    return groups, [rows for _, (_, rows) in order]


def _leaks(leaks: dict[str, tuple[int, int]]) -> list[Change]:
    """Records that went from a part that is held out into train: what was measured on them is void."""
    found = []
    for part, (moved, again) in leaks.items():
        if moved:
            what = f"{moved} record{'s' * (moved != 1)} of {part} {'are' if moved != 1 else 'is'} in train now"
            found.append(Change(LEAK, "major", "split", part, what))
        if again:
            what = f"{again} record{'s' * (again != 1)} of train say{'s' * (again == 1)} what {part} held out"
            found.append(Change(LEAK, "major", "split", part, what))
    return found
