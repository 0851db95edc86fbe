"""What stands between a candidate and its freeze, told from its papers alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from sftspec.ground.render import escape
from sftspec.plan.graph import Graph
from sftspec.snapshot.compare.gates import Weakness, weaknesses
from sftspec.snapshot.frozen import frozen_versions
from sftspec.snapshot.names import by_version
from sftspec.snapshot.opened import Snapshot, open_folder

DUPLICATE_KEY = "duplicate-key"


class Blocker(Struct, frozen=True):
    """A reason not to freeze. `lines`: what explains it, ready to show; `hint`: what would mend it."""

    slug: str
    message: str
    lines: tuple[str, ...] = ()
    hint: str = ""


def last_frozen(one: Snapshot) -> Snapshot | None:
    """The highest frozen version of a snapshot's dataset, but itself."""
    if one.folder is None:
        return None
    home: Path = one.folder.parent
    others = [name for name in frozen_versions(home) if name != one.manifest.version]
    return (
        open_folder(home / others[-1], f"{one.manifest.dataset}@{others[-1]}")
        if others
        else None
    )


def blockers(one: Snapshot, last: Snapshot | None, *, excused: bool = False) -> list[Blocker]:
    """Every reason. `last`: the last frozen version. `excused`: there is a reason for weaker gates."""
    found = [*_gates(one), *_tests(one), *_doubles(one)]
    if last is not None:
        found += [*_order(one, last), *_weaker(one, last, excused=excused), *_bump(one, last)]
    return found


def _gates(one: Snapshot) -> list[Blocker]:
    from sftspec.snapshot.gatetext import explain_line

    gates: dict[str, Any] = one.manifest.gates
    if not gates:
        return [
            Blocker(
                "no-gate", "no gate says what must hold",
                hint="declare one, such as `gate freeze { require tests() == 100% }`",
            )
        ]  # fmt: skip
    return [
        Blocker(
            "gate-not-met", f"gate `{name}` does not hold",
            tuple(
                text
                for line in gate["lines"]
                if line["require"] and not line["holds"]
                for text in explain_line(line)
            ),
        )
        for name, gate in gates.items()
        if not gate["holds"]
    ]  # fmt: skip


def _tests(one: Snapshot) -> list[Blocker]:
    failed = one.manifest.tests.get("failed", [])
    if not failed:
        return []
    return [Blocker("tests-failed", f"{len(failed)} tests of templates fail", tuple(failed))]


def _doubles(one: Snapshot) -> list[Blocker]:
    """Keys that repeat: none may, but where a gate says how many."""
    counts = {
        name: info.get("rejected", {}).get(DUPLICATE_KEY, 0)
        for name, info in one.manifest.sources.items()
    }
    bounded = any(
        line.of == "rows" and DUPLICATE_KEY in line.text
        for gate in one.graph.judge.gates
        for line in gate.lines
    )
    there = {name: count for name, count in counts.items() if count}
    if bounded or not there:
        return []
    said = tuple(f"source {name}: {count} rows" for name, count in there.items())
    return [
        Blocker(
            "duplicate-keys", f"{sum(there.values())} rows were left out because their key came before",
            said, f'mend the rows, or say in a gate how many may be: '
            f'`require count(rejected == "{DUPLICATE_KEY}") <= {sum(there.values())} of rows`',
        )
    ]  # fmt: skip


def _order(one: Snapshot, last: Snapshot) -> list[Blocker]:
    if by_version(one.manifest.version) > by_version(last.manifest.version):
        return []
    return [
        Blocker(
            "version-behind", f"v{last.manifest.version} is frozen already",
            hint="raise the version in the dataset block",
        )
    ]  # fmt: skip


def weaker_than(last: Graph, now: Graph) -> list[Weakness]:
    """The requirements of the last frozen version that this one lets go."""
    return weaknesses(last, now)


def _weaker(one: Snapshot, last: Snapshot, *, excused: bool) -> list[Blocker]:
    found = [] if excused else weaker_than(last.graph, one.graph)
    if not found:
        return []
    return [
        Blocker(
            "weaker-gates", f"its gates are weaker than those v{last.manifest.version} was frozen on",
            tuple(f"gate {weak.gate}: {weak.why}" for weak in found),
            'put them back, or say why with `--weaker "the reason"`',
        )
    ]  # fmt: skip


def _bump(one: Snapshot, last: Snapshot) -> list[Blocker]:
    from sftspec.snapshot.compare.diff import diff

    verdict = diff(last, one, texts=False).versions[0]
    if verdict.enough:
        return []
    said = tuple(
        f"{change.subject}: {change.what} ({change.bump})" for change in verdict.breaks[:10]
    )
    return [
        Blocker(
            "bump-too-small", f"its changes since v{verdict.before} ask for v{verdict.least} at least",
            said, f"declare v{verdict.least}",
        )
    ]  # fmt: skip


def told(found: Sequence[Blocker]) -> str:
    """Everything that is in the way, one below the other, safe to show."""
    out = []
    for one in found:
        out.append(f"  {one.slug}: {one.message}")
        out += [f"    {line}" for line in one.lines]
        out += [f"    hint: {one.hint}"] if one.hint else []
    return "".join(f"{escape(line)}\n" for line in out)
