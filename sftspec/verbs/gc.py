"""Remove from the store what no snapshot needs; without --yes, say what would go and what stays."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
import os
from pathlib import Path
import sys
from typing import Any

from sftspec.verbs.base import add_root, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    add_root(parser)
    parser.add_argument(
        "--store", type=Path, metavar="DIR", help="where results are kept (.sftspec/v1)"
    )
    parser.add_argument("--yes", action="store_true", help="remove it")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Look, and with --yes sweep; 1 where the store is in use, or roots cannot be read."""
    from sftspec.engine.lease import InUse
    from sftspec.engine.store import store_of
    from sftspec.ir.resolve import root_of

    home = (args.root or root_of(Path.cwd() / "x")).absolute()
    given = args.store or os.environ.get("SFTSPEC_STORE")
    store = store_of(home, Path(given).absolute() if given else None)
    try:
        found = _collect(home, store, yes=args.yes)
    except InUse as error:
        return _in_use(store, error.leases, args.format)
    if found.unreadable:
        _say_unreadable(store, found.unreadable)
    sys.stdout.write(
        _json(store, found, done=args.yes)
        if args.format == "json"
        else _text(store, found, done=args.yes)
    )
    return 1 if found.unreadable else 0


def _collect(home: Path, store: Path, *, yes: bool) -> Any:
    """The survey, with what lies in staging; all of it is gone then where that was asked for."""
    from msgspec.structs import replace

    from sftspec.engine.lease import alone, lease_of
    from sftspec.engine.sweep import Survey, survey, sweep
    from sftspec.snapshot.leftovers import leftovers, standing

    compiled = home / "compiled"
    with ExitStack() as held:
        found = Survey((), (), (), (), 0, 0)
        if store.exists():
            held.enter_context(alone(store, lease_of("gc", "", home)))
            found = survey(store, home, standing(compiled))
        staging = [*leftovers(compiled, held)]
        found = replace(found, dead=(*found.dead, *staging))
        if yes:
            for _ in sweep(found.dead):
                pass
    return found


# what was found


def _sums(dead: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Things of one kind that go for one reason, counted."""
    sums: dict[tuple[str, str], list[int]] = {}
    for one in dead:
        sums.setdefault((one.kind, one.why), []).append(one.bytes)
    for (kind, why), sizes in sums.items():
        yield {"kind": kind, "why": why, "count": len(sizes), "bytes": sum(sizes)}


def _json(store: Path, found: Any, *, done: bool) -> str:
    from sftspec.ground.render import answer

    return answer(
        "unreadable-roots" if found.unreadable else "ok",
        store=str(store), removed=done, count=len(found.dead), bytes=_bytes(found),
        dead=list(_sums(found.dead)), kept=found.kept,
        objects=found.objects, objects_bytes=found.bytes,
        unmarked=found.unmarked, unreadable=found.unreadable,
    )  # fmt: skip


def _bytes(found: Any) -> int:
    return sum(one.bytes for one in found.dead)


def _text(store: Path, found: Any, *, done: bool) -> str:
    from sftspec.ground.render import escape

    out = [f"{escape(str(store))}\n\n"]
    rows = [("", "gone" if done else "would go", "count", "bytes", "why")]
    rows += [
        ("", one["kind"], str(one["count"]), str(one["bytes"]), one["why"])
        for one in _sums(found.dead)
    ]
    if found.dead:
        out.append(table(rows, right=frozenset({2, 3})) + "\n")
    rows = [("", "stays", "objects", "bytes", "why")]
    rows += [
        ("", f"{one.dataset} {one.version}", str(one.objects), str(one.bytes), one.why)
        for one in found.kept
    ]
    if found.kept:
        out.append(table(rows, right=frozenset({2, 3})) + "\n")
    out.extend(_unmarked(found))
    out.append(f"  {found.objects} objects stay, {found.bytes} bytes\n")
    out.append(f"  {_end(found, done=done)}\n")
    return "".join(out)


def _end(found: Any, *, done: bool) -> str:
    if not found.dead:
        return "there is nothing to remove"
    size = f"{_bytes(found)} bytes"
    return f"{size} are gone" if done else f"{size} would go; `sftspec gc --yes` removes them"


def _unmarked(found: Any) -> Iterator[str]:
    """Snapshots whose work goes though they stand: nobody noted here what they need."""
    from sftspec.engine.sweep import UNUSED
    from sftspec.ground.render import escape

    if any(one.why == UNUSED for one in found.dead):
        for dataset, version in found.unmarked:
            yield (
                f"  {escape(dataset)} {escape(version)} stands, and no build has marked here what it "
                "needs:\n    build it first, and what that uses stays\n\n"
            )


# what is in the way


def _say(text: str) -> None:
    from sftspec.ground.render import escape

    sys.stderr.write("".join(f"{escape(line)}\n" for line in text.splitlines()))


def _in_use(store: Path, leases: Sequence[Any], form: str) -> int:
    _say("error[store-in-use]: the store is in use, so nothing is removed")
    for one in leases:
        about = f" of {one.dataset}" if one.dataset else ""
        _say(f"  `{one.verb}`{about} in {one.project}, process {one.process} on {one.host}")
    _say("  hint: wait until it is through, and run `sftspec gc` again")
    if form == "json":
        from sftspec.ground.render import answer

        sys.stdout.write(answer("store-in-use", store=str(store), leases=leases))
    return 1


def _say_unreadable(store: Path, names: Sequence[str]) -> None:
    _say(
        "error[unreadable-roots]: what a snapshot needs cannot be read, so no object is removed"
    )
    for name in names:
        _say(f"  {store / 'roots' / name}")
    _say(
        "  hint: build the specs of this store again; a file that is still bad then can be removed"
    )
