"""Check a spec: names, types, templates, shares. Reads no data and starts nothing."""

import argparse
from pathlib import Path

from sftspec.ground.report import Report
from sftspec.verbs.base import add_root, show_report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    parser.add_argument("specs", type=Path, nargs="+", metavar="spec", help="spec files (.sft)")
    add_root(parser)
    parser.add_argument(
        "--locked", action="store_true", help="the lock must be there and up to date (for CI)"
    )
    parser.add_argument(
        "--of", action="store_true", help="check the specs that are made of these files: those that import one, too"
    )  # fmt: skip
    parser.add_argument("--format", choices=("text", "json", "github", "sarif"), default="text")


def run(args: argparse.Namespace) -> int:
    """Check each spec; one report over all of them."""
    import gc

    from sftspec.ir.resolve import load, root_of
    from sftspec.plan.lockfile import judge_lock, lock_path
    from sftspec.plan.lower import lower

    gc.disable()
    report = Report()
    specs = _of(args, report) if args.of else args.specs
    for path in specs:
        loaded = load(path, args.root or root_of(path), report)
        if loaded is not None and (args.locked or lock_path(path).exists()):
            judge_lock(path, loaded[0], lower(*loaded), report, locked=args.locked)
    code = show_report(report, args.format)
    if args.format == "text" and not report.items:
        import sys

        word = str(specs[0]) if len(specs) == 1 else f"{len(specs)} specs"
        from sftspec.ground.render import escape

        sys.stderr.write(f"{escape(word)}: no problems\n")
    return code


def _of(args: argparse.Namespace, report: Report) -> list[Path]:
    """The specs of the project that some files are part of; what is part of none is looked over."""
    from sftspec.ir.project import look_over, made_of
    from sftspec.ir.resolve import root_of

    specs, loose = made_of(args.specs, args.root or root_of(Path.cwd() / "x"), args.root)
    for path in loose:
        look_over(path, report)
    return specs
