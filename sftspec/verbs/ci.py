"""What a team's CI asks: check, lock, build what changed, hold papers, gates and versions, and report.

    sftspec ci --base origin/main --report report.md

Every spec of the project, or those that are named, as files or folders. What has not changed since
HEAD and the base parted is not built. Nothing is fetched, and nothing is written but the store,
`compiled/` and the report.
"""

import argparse
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
import sys
from typing import Any, NamedTuple

from sftspec.verbs.base import (
    add_engine_options,
    add_root,
    colours,
    log_of,
    settings_of,
    table,
)  # fmt: skip

SHOWN = 10
"""GitHub shows so many errors and so many warnings of a step."""


class Spec(NamedTuple):
    """A spec that was checked; `spec` is None where it has errors."""

    path: Path
    home: Path
    shown: str
    report: Any
    spec: Any = None
    graph: Any = None
    lock: Any = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "specs", type=Path, nargs="*", metavar="SPEC", help="spec files, or folders of them (else all of the project)"
    )  # fmt: skip
    add_root(parser)
    parser.add_argument(
        "--base", default="", metavar="REV", help="the branch that this goes into (else HEAD itself)"
    )  # fmt: skip
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write a report in Markdown"
    )
    parser.add_argument("--all", action="store_true", help="build what did not change, too")
    parser.add_argument(
        "--gate", action="append", default=[], metavar="NAME", help="hold this gate alone; may be said again"
    )  # fmt: skip
    parser.add_argument(
        "--no-lock", action="store_true", help="a spec need have no lock; one that is there is held"
    )  # fmt: skip
    parser.add_argument("--format", choices=("text", "json", "github"), default="text")
    add_engine_options(parser)


def run(args: argparse.Namespace) -> int:
    """Judge every spec, report, and say it in a code."""
    import gc

    from sftspec.snapshot.ci.base import OK, Round, base_of

    gc.disable()  # what a build makes has no cycles worth looking for
    specs = [_checked(path, args) for path in _paths(args)]
    _check_gates(specs, args)
    _say_twins(specs)
    bases = {home: base_of(home, args.base) for home in {one.home: None for one in specs}}
    general = _general(bases.values())
    outcomes = tuple(_outcome(one, bases[one.home], args) for one in specs)
    names = dict.fromkeys(base.name for base in bases.values())
    found = Round(", ".join(names), outcomes, general)
    if args.report is not None:
        from sftspec.snapshot.ci.report import report

        args.report.write_bytes(report(found).encode("utf-8", "backslashreplace"))
    shows = {"json": _json, "github": _github, "text": _text}
    shows[args.format](found, args)
    return {OK: 0, "fault": 3}.get(found.verdict, 1)


# which specs


def _paths(args: argparse.Namespace) -> list[Path]:
    """The specs that are meant, each once, as seen from here."""
    from sftspec.ground.report import Misuse
    from sftspec.ir.project import near, spec_files
    from sftspec.snapshot.names import project_root

    if args.locked and args.no_lock:
        raise Misuse("bad-arguments", "`--locked` and `--no-lock` contradict each other")
    places = args.specs or [project_root(args.root)]
    found = {
        path.resolve(): near(path)
        for place in places
        for path in (spec_files(place) if place.is_dir() else [place])
    }
    if not found:
        raise Misuse(
            "no-spec", f"no file below {' and '.join(map(str, places))} declares a dataset",
            hint="name the folder that the specs are in",
        )  # fmt: skip
    return list(found.values())


def _checked(path: Path, args: argparse.Namespace) -> Spec:
    """A spec checked, and held against its lock."""
    from sftspec.ground.report import Enough, Report
    from sftspec.ir.resolve import load, root_of
    from sftspec.plan.lockfile import judge_lock
    from sftspec.plan.lower import lower

    home, report = (args.root or root_of(path)).resolve(), Report()
    real = path.resolve()
    shown = real.relative_to(home).as_posix() if real.is_relative_to(home) else str(path)
    loaded = load(path, home, report)
    if loaded is None:
        return Spec(path, home, shown, report)
    graph, lock = lower(*loaded), None
    with suppress(Enough):
        lock = judge_lock(path, loaded[0], graph, report, locked=_locked(path, args))
    return Spec(path, home, shown, report, loaded[0], graph, lock)


def _locked(path: Path, args: argparse.Namespace) -> bool:
    from sftspec.plan.lockfile import lock_path

    return not args.no_lock or lock_path(path).exists()


def _check_gates(specs: Sequence[Spec], args: argparse.Namespace) -> None:
    """A gate that no spec has is misspelt, where every spec could be read."""
    known = [name for one in specs if one.spec for name in one.spec.gates]
    for name in args.gate:
        if name not in known and all(one.spec for one in specs):
            from sftspec.ground.report import Misuse, did_you_mean, there_are

            hint = did_you_mean(name, known) or there_are(list(dict.fromkeys(known))) or ""
            raise Misuse("unknown-gate", f"no spec has a gate `{name}`", hint=hint)


def _say_twins(specs: Sequence[Spec]) -> None:
    """Two specs whose snapshots would be in one place: an error in each."""
    places: dict[tuple[Any, ...], list[Spec]] = {}
    for one in specs:
        if one.graph is not None:
            place = (one.home, one.graph.dataset, one.graph.version)
            places.setdefault(place, []).append(one)
    for some in places.values():
        for one in some if len(some) > 1 else ():
            other = next(two.shown for two in some if two is not one)
            one.report.error(
                "same-dataset", one.spec.dataset.span,
                f"{other} declares {one.graph.dataset} v{one.graph.version} too",
                hint="give one of them another name, or name the specs that are meant",
            )  # fmt: skip


def _general(bases: Iterable[Any]) -> tuple[Any, ...]:
    """What is wrong with what git has, whatever the specs say."""
    from sftspec.ground.report import Report
    from sftspec.snapshot.ci.judged import frozen_papers, store_in_git

    report = Report()
    for base in bases:
        frozen_papers(base, report)
        store_in_git(base, report)
    return tuple(report.sorted())


# one spec


def _outcome(one: Spec, base: Any, args: argparse.Namespace) -> Any:
    """What becomes of a spec: looked at, built where it changed, judged."""
    from msgspec.structs import replace

    from sftspec.ground.report import Fault, SpecError
    from sftspec.snapshot.ci.base import FAULT, REFUSED, Outcome, moved

    known = Outcome(spec=base.folder + one.shown)
    if one.graph is not None:
        known = replace(known, dataset=one.graph.dataset, version=one.graph.version)
    try:
        done = known if one.report.failed else _judged(one, base, known, args)
    except SpecError as error:
        one.report.items.extend(error.report.items)
        done = replace(known, state=REFUSED)
    except (Fault, OSError) as error:
        done = replace(known, state=FAULT, fault=_told(error))
    items = tuple(moved(item, base.folder) for item in one.report.sorted())
    return replace(done, diagnostics=items)


def _told(error: Any) -> dict[str, str | None]:
    from sftspec.ground.report import Fault

    if isinstance(error, OSError):
        reason = (error.strerror or str(error)).lower()
        error = Fault("io-error", f"{error.filename or 'the system'}: {reason}")
    return {
        name: getattr(error, name) or None
        for name in ("slug", "message", "path", "stage", "hint")
    }


def _judged(one: Spec, base: Any, known: Any, args: argparse.Namespace) -> Any:
    from msgspec.structs import replace

    from sftspec.snapshot.ci.base import UNCHANGED
    from sftspec.snapshot.ci.changed import look

    settings = replace(settings_of(args), root=one.home, locked=_locked(one.path, args))
    looked = look(one.graph, one.lock, base, settings.store)
    why = looked.why or (("asked",) if args.all else ())
    known = replace(known, why=why, notes=looked.notes)
    if not why:
        return replace(known, state=UNCHANGED)
    return _built(one, base, known, args, settings)


def _built(one: Spec, base: Any, known: Any, args: argparse.Namespace, settings: Any) -> Any:
    """The snapshot of a spec, built and judged; a finding where none comes of it."""
    from msgspec.structs import replace

    from sftspec.build import EmptyDataset, ShortMixture, build
    from sftspec.ground.report import Fault
    from sftspec.snapshot.ci.base import UNBUILT
    from sftspec.snapshot.shortfall import explain_empty, explain_shortfall

    span = one.spec.dataset.span
    try:
        built = build(one.path, settings, log_of(args))
    except ShortMixture as short:
        lines = explain_shortfall(short.result, short.rejected)
        one.report.error("shortfall", span, "the shares of its mixture cannot be met")
    except EmptyDataset as empty:
        lines = explain_empty(empty.read, empty.taken)
        one.report.error("empty-dataset", span, "no record is chosen")
    except Fault as fault:
        if fault.slug != "frozen-version":
            raise
        lines = ""
        one.report.error("frozen-version", span, fault.message, hint=fault.hint)
    else:
        return _held(one, base, known, built, args)
    return replace(known, state=UNBUILT, lines=tuple(lines.splitlines()))


def _held(one: Spec, base: Any, known: Any, built: Any, args: argparse.Namespace) -> Any:
    """What was built, held against git, its gates and what was there before."""
    from msgspec.structs import replace

    from sftspec.snapshot.ci import judged
    from sftspec.snapshot.ci.base import BUILT

    manifest, report = built.manifest, one.report
    behind = judged.papers_behind(built.folder, manifest, one.spec, base, report)
    judged.gates_held(manifest, one.spec, args.gate, report)
    judged.tests_passed(manifest, one.spec, report)
    found = judged.compared(manifest, one.spec, base, report)
    lines = judged.explained(manifest, args.gate)
    return replace(
        known, state=BUILT, snapshot=str(built.folder), id=built.id, counts=manifest.counts,
        gates=manifest.gates, behind=behind, lines=lines, diff=found.diff,
        notes=(*known.notes, *found.notes),
    )  # fmt: skip


# what is said


def _text(found: Any, args: argparse.Namespace) -> None:
    """What became of each spec on stdout; what is wrong on stderr."""
    from sftspec.ground.render import render
    from sftspec.snapshot.ci.report import fault_lines

    sys.stdout.write(_told_all(found, args))
    sys.stdout.flush()
    sys.stderr.write(render(found.said(), "text", colour=colours(sys.stderr)))
    _say(line for one in found.outcomes if one.fault for line in fault_lines(one))


def _told_all(found: Any, args: argparse.Namespace) -> str:
    from sftspec.ground.render import escape

    rows = [(one.label, one.spec, _state(one)) for one in found.outcomes]
    out = [f"against {escape(found.base)}\n", table(rows)]
    for one in found.outcomes:
        said = (*(f"note: {escape(note)}" for note in one.notes), *one.lines)
        out += [f"\n{escape(one.label)}\n", *(f"  {line}\n" for line in said)] if said else []
    if args.report is not None:
        out.append(f"\nreport: {escape(str(args.report))}\n")
    return "".join(out)


def _state(one: Any) -> str:
    from sftspec.snapshot.ci.base import BUILT
    from sftspec.snapshot.ci.report import STATES, because

    why = f": {because(one)}" if one.why else ""
    chosen = f"; {one.counts['chosen']} records" if one.state == BUILT else ""
    return f"{STATES[one.state]}{why}{chosen}"


def _say(lines: Iterable[str]) -> None:
    from sftspec.ground.render import escape

    sys.stderr.writelines(f"{escape(line)}\n" for line in lines)


def _github(found: Any, args: argparse.Namespace) -> None:
    """As text, and annotations on stdout: as many as GitHub shows, errors first."""
    from sftspec.ground.render import render
    from sftspec.ground.report import Diagnostic
    from sftspec.snapshot.ci.report import fault_lines

    said = found.said()
    faults = [
        Diagnostic(
            one.fault["slug"],
            "error",
            one.fault["message"],
            path=one.spec,
            hint=one.fault["hint"],
        )
        for one in found.outcomes
        if one.fault
    ]
    errors = [*faults, *(one for one in said if one.severity == "error")]
    warnings = [one for one in said if one.severity != "error"]
    sys.stdout.write(_told_all(found, args))
    sys.stdout.write(render([*errors[:SHOWN], *warnings[:SHOWN]], "github"))
    sys.stdout.flush()
    rest = [*errors[SHOWN:], *warnings[SHOWN:]]
    sys.stderr.write(render(rest, "text") if rest else "")
    _say(line for one in found.outcomes if one.fault for line in fault_lines(one))


def _json(found: Any, args: argparse.Namespace) -> None:
    from sftspec.ground.render import answer, as_dict

    fault = next((one.fault for one in found.outcomes if one.fault), None)
    sys.stdout.write(
        answer(
            found.verdict, base=found.base, datasets=[_plain(one) for one in found.outcomes],
            diagnostics=[as_dict(one) for one in found.said()],
            report=None if args.report is None else str(args.report),
            **({"fault": fault} if fault else {}),
        )
    )  # fmt: skip


def _plain(one: Any) -> dict[str, Any]:
    """An outcome as plain values; of its diff what it came to."""
    from msgspec import structs

    about = structs.asdict(one)
    diff = about.pop("diff")
    about.pop("diagnostics")
    return {
        **about, "versions": diff.versions if diff else (),
        "changes": diff.changes if diff else (), "totals": diff.totals if diff else {},
    }  # fmt: skip
