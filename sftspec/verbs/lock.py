"""Pin what a spec is made of: the bytes of its sources, and the text of each definition by version."""

import argparse
from pathlib import Path
import sys
from typing import Any

from sftspec.verbs.base import add_spec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    add_spec(parser)
    parser.add_argument(
        "--upgrade", action="append", default=[], metavar="NAME",
        help="accept what changed of a source or a definition under its version",
    )  # fmt: skip
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where the lock is behind"
    )
    parser.add_argument("--store", type=Path, metavar="DIR", help="where results are kept")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Compare, refuse what changed silently, write the rest."""
    import os

    from sftspec.engine.locking import locking

    place = args.store or os.environ.get("SFTSPEC_STORE")
    store = Path(place).absolute() if place else None
    done = locking(args.spec, args.root, tuple(args.upgrade), store=store, dry=args.check)
    behind = args.check and done.stale
    if args.format == "json":
        from sftspec.ground.render import answer

        verdict = "stale-lock" if behind else "ok"
        sys.stdout.write(answer(verdict, lock=str(done.path), changes=done.drifts))
    else:
        _show(done, dry=args.check)
    return 1 if behind else 0


def _show(done: Any, *, dry: bool) -> None:
    from sftspec.ground.render import escape

    for drift in done.drifts:
        what = f": {', '.join(drift.what)}" if drift.what else ""
        sys.stdout.write(escape(f"  {drift.how:<9} {drift.kind} {drift.name}{what}") + "\n")
    word = "up to date" if not done.stale else "behind" if dry else "written"
    sys.stdout.write(escape(f"{done.path}: {word}") + "\n")
