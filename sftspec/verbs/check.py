"""Check a spec: names, types, templates, shares. Reads no data and starts nothing."""

import argparse
from pathlib import Path

from sftspec.ground.report import Report
from sftspec.verbs.base import add_root, show_report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    parser.add_argument("specs", type=Path, nargs="+", metavar="spec", help="spec files (.sft)")
    add_root(parser)
    parser.add_argument("--format", choices=("text", "json", "github", "sarif"), default="text")


def run(args: argparse.Namespace) -> int:
    """Check each spec; one report over all of them."""
    import gc

    from sftspec.ir.resolve import load, root_of

    gc.disable()
    report = Report()
    for spec in args.specs:
        load(spec, args.root or root_of(spec), report)
    code = show_report(report, args.format)
    if args.format == "text" and not report.items:
        import sys

        word = f"{len(args.specs)} specs" if len(args.specs) > 1 else str(args.specs[0])
        from sftspec.ground.render import escape

        sys.stderr.write(f"{escape(word)}: no problems\n")
    return code
