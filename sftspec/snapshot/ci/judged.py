"""What was built, judged: its papers against those in git, its gates, its version; and frozen papers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from sftspec.ground.report import Fault, Report
from sftspec.ground.text import Span
from sftspec.ir import goals, nodes
from sftspec.snapshot.ci.base import HEAD, Base, committed, listed
from sftspec.snapshot.compare.base import Diff
from sftspec.snapshot.compare.forms.base import judgement
from sftspec.snapshot.compare.proposed import proposed
from sftspec.snapshot.gatetext import explain_line, said
from sftspec.snapshot.manifest import (
    FREEZE,
    MANIFEST,
    PLAN,
    README,
    Manifest,
    Unreadable,
    decode,
)  # fmt: skip
from sftspec.snapshot.opened import git

REVIEWED = (MANIFEST, PLAN, README)
STORE = ".sftspec"
NOT_READ = ("other-compiler", "snapshot-damaged")


class Compared(Struct, frozen=True):
    """A snapshot and what there was before it. `diff`: None where there was nothing."""

    diff: Diff | None
    notes: tuple[str, ...] = ()


# papers


def papers_behind(
    folder: Path, manifest: Manifest, spec: nodes.Spec, base: Base, report: Report
) -> tuple[str, ...]:
    """The papers whose bytes in HEAD are not those that were built, and an error about them."""
    inside = f"compiled/{manifest.dataset}/{manifest.version}"
    there = committed(base.home, HEAD, inside, REVIEWED)
    behind = [name for name in REVIEWED if there.get(name) != (folder / name).read_bytes()]
    if not behind:
        return ()
    paths = tuple(f"{base.folder}{inside}/{name}" for name in behind)
    missing = [name for name in behind if name not in there]
    how = (
        "not committed"
        if len(missing) == len(behind)
        else "committed as another build made them"
    )
    others = _differing(there.get(MANIFEST), manifest)
    report.error(
        "papers-behind", spec.dataset.span, f"{', '.join(paths)}: {how}{others}",
        hint=_hint(manifest, spec, there.get(MANIFEST)),
    )  # fmt: skip
    return paths


def _read(data: bytes | None) -> Manifest | None:
    try:
        return None if data is None else decode(data)
    except Unreadable:
        return None


def _differing(data: bytes | None, manifest: Manifest) -> str:
    """Which fields of the manifest are not as committed."""
    other = _read(data)
    if other is None:
        return ""
    names = [
        name
        for name in Manifest.__struct_fields__
        if name != "checksum" and getattr(other, name) != getattr(manifest, name)
    ]
    return f" (they differ in {', '.join(names)})" if names else ""


def _hint(manifest: Manifest, spec: nodes.Spec, data: bytes | None) -> str:
    other = _read(data)
    if other is not None and other.compiler != manifest.compiler:
        return f"they are of another compiler: {_apart(other.compiler, manifest.compiler)}; build with the same"
    folder = f"compiled/{manifest.dataset}/{manifest.version}"
    return f"run `sftspec build {spec.path}`, look at what it came to, and commit {folder}"


def _apart(committed_: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    was, now = (
        {f"sftspec {one['version']} (revision {one['revision']})", *one["libraries"]}
        for one in (committed_, here)
    )
    return f"{', '.join(sorted(was - now))} there, {', '.join(sorted(now - was))} here"


def frozen_papers(base: Base, report: Report) -> None:
    """An error for each paper of a version frozen at the base that is another one now, or gone."""
    frozen = {
        path.removesuffix(f"/{FREEZE}")
        for path in listed(base.home, base.revision, "compiled")
        if path.endswith(f"/{FREEZE}")
    }
    words = ("diff", "--relative", "--no-renames", "--diff-filter=MDT", "--name-only", "-z")
    found = git(base.home, *words, base.revision, HEAD, "--", "compiled")
    for path in found.decode("utf-8", "surrogateescape").split("\0"):
        if path.rpartition("/")[0] in frozen:
            report.error(
                "frozen-papers-changed", None, f"{path} is of a frozen version and is not as it was",
                path=f"{base.folder}{path}",
                hint=f"`git checkout {base.revision[:12]} -- {path}` takes it back; what changed is for another version",
            )  # fmt: skip


def store_in_git(base: Base, report: Report) -> None:
    """An error where a commit brings results along: nobody computed them here."""
    found = listed(base.home, HEAD, STORE)
    if found:
        report.error(
            "store-in-git", None, f"git has {len(found)} files of the store, such as {found[0]}",
            path=f"{base.folder}{found[0]}",
            hint=f"`git rm -r --cached {STORE}`, and `{STORE}/` in .gitignore",
        )  # fmt: skip


# gates


def gates_held(
    manifest: Manifest, spec: nodes.Spec, names: Sequence[str], report: Report
) -> None:
    """An error for each requirement that is not met, at its line; a warning for one that only warns."""
    for name, gate in manifest.gates.items():
        if names and name not in names:
            continue
        lines = spec.gates[name].lines if name in spec.gates else ()
        for at, line in enumerate(gate["lines"]):
            if not line["holds"]:
                say = report.error if line["require"] else report.warn
                say(
                    "gate-not-met", _span(lines, at, spec),
                    f"gate `{name}`: {line['text']}, and it is {said(line)}",
                )  # fmt: skip


def _span(lines: Sequence[goals.GateLine], at: int, spec: nodes.Spec) -> Span | None:
    return lines[at].span if at < len(lines) else spec.dataset.span


def explained(manifest: Manifest, names: Sequence[str]) -> tuple[str, ...]:
    """Each line of the gates that is not met, drawn; safe to show."""
    return tuple(
        text
        for name, gate in manifest.gates.items()
        if not names or name in names
        for line in gate["lines"]
        if not line["holds"]
        for text in explain_line(line)
    )


def tests_passed(manifest: Manifest, spec: nodes.Spec, report: Report) -> None:
    """A warning where tests of templates fail and no gate minds."""
    failed = manifest.tests.get("failed", [])
    if failed and all(gate["holds"] for gate in manifest.gates.values()):
        report.warn(
            "tests-failed", spec.dataset.span, f"{len(failed)} of its tests fail: {failed[0]}",
            hint="`sftspec test` says more; `require tests() == 100%` in a gate would stop it here",
        )  # fmt: skip


# versions


def compared(manifest: Manifest, spec: nodes.Spec, base: Base, report: Report) -> Compared:
    """What was built against the base and the last frozen version; an error where its version says too little."""
    name = f"{manifest.dataset}@{manifest.version}"
    try:
        found = proposed(name, base.given or HEAD, base.home)
    except Fault as fault:
        if fault.slug not in NOT_READ:
            raise
        report.warn(
            "not-compared", spec.dataset.span,
            f"what was there before cannot be read, so no version is asked for: {fault.message}",
            hint=fault.hint or None,
        )  # fmt: skip
        return Compared(None, (f"not compared: {fault.message}",))
    if found.diff is None:
        return Compared(None, found.notes)
    last = found.diff.versions[-1]
    if not last.enough:
        report.error(
            "bump-too-small", spec.dataset.span, judgement(last),
            hint=f"declare v{last.least}, and lock and build it",
        )  # fmt: skip
    return Compared(found.diff, found.notes)
