"""Compare two snapshots: what changed in the spec, the records and the numbers, and by which cause.

    sftspec diff legal@0.1.0 legal@0.2.0     two snapshots; also git:REVISION:NAME, or a folder
    sftspec diff legal --base main           the one here with the one at the merge base

It exits 1 where the changes ask for more than the version declared. With `--base` that is judged
against the last frozen version where there is one, and only by what is new since the base.
"""

import argparse
from pathlib import Path
import sys
from typing import Any

from sftspec.verbs.base import add_root, colours, natural

FORMATS = ("text", "markdown", "json", "html")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("before", metavar="A", help="NAME, NAME@VERSION, NAME@frozen, git:REV:NAME or a folder")
    add("after", metavar="B", nargs="?", help="the same; with --base left out")
    add("--base", metavar="REV", help="compare A with what it was at the merge base with REV")
    add("--format", choices=FORMATS, default="text")
    add("--output", type=Path, metavar="FILE", help="write it there")
    add(
        "--samples",
        type=natural,
        default=2,
        metavar="N",
        help="records of a group (2; 3 at most)",
    )
    add("--all", action="store_true", help="cut no list")
    add("--no-texts", action="store_true", help="compare no words of records")
    add_root(parser)


def run(args: argparse.Namespace) -> int:
    """Compare, and say how the two differ; 1 where the version declared says too little."""
    import gc

    from sftspec.snapshot.compare.forms.base import OK, TOO_SMALL, verdict

    if (args.after is None) is (args.base is None):
        from sftspec.ground.report import Misuse

        hint = "write `sftspec diff A B`, or `sftspec diff NAME --base REV`"
        raise Misuse("bad-arguments", "it takes two snapshots, or one and `--base`", hint=hint)
    _few(args.samples)
    gc.disable()  # what is compared has no cycles worth looking for
    name, diff, notes = _compared(args)
    found = OK if diff is None else verdict(diff)
    text = (
        _text(args, name, diff, notes) if args.format != "json" else _json(found, diff, notes)
    )
    if args.output is not None:
        args.output.write_bytes(text.encode())
        text = _written(args, found)
    sys.stdout.write(text)
    if found == TOO_SMALL and args.format != "json" and (args.output or args.format != "text"):
        _say_finding(diff)
    return 1 if found == TOO_SMALL else 0


def _few(samples: int) -> None:
    """Raises Misuse where more records of a group are asked for than are kept."""
    from sftspec.ground.report import Misuse
    from sftspec.snapshot.compare.records import MOST_SAMPLES

    if samples > MOST_SAMPLES:
        hint = f"of a group {MOST_SAMPLES} are kept; `sftspec query` finds all"
        raise Misuse("bad-arguments", f"`--samples` is {MOST_SAMPLES} at most", hint=hint)


def _compared(args: argparse.Namespace) -> tuple[str, Any, tuple[str, ...]]:
    """The name of what is proposed, the diff, and what is to be said where there is none."""
    texts = not args.no_texts
    if args.base is not None:
        from sftspec.snapshot.compare.proposed import proposed

        return proposed(args.before, args.base, args.root, texts=texts)
    from sftspec.snapshot.compare.diff import diff
    from sftspec.snapshot.opened import open_snapshot

    before, after = (open_snapshot(name, args.root) for name in (args.before, args.after))
    return after.label, diff(before, after, texts=texts), ()


def _json(found: str, diff: Any, notes: tuple[str, ...]) -> str:
    from sftspec.ground.render import answer

    return answer(found, diff=diff) if diff else answer(found, diff=None, notes=notes)


def _text(args: argparse.Namespace, name: str, diff: Any, notes: tuple[str, ...]) -> str:
    from sftspec.snapshot.compare.forms import html, markdown, text
    from sftspec.snapshot.compare.forms.base import Look

    look = Look(samples=args.samples, whole=args.all)
    if args.format == "text":
        colour = args.output is None and colours(sys.stdout)
        shown = text.render(diff, look, colour=colour) if diff else ""
        return shown or text.nothing(name, notes, colour=colour)
    if args.format == "html":
        return html.render(diff, look) if diff else html.nothing(name, notes)
    return markdown.render(diff, look) if diff else markdown.nothing(name, notes)


def _written(args: argparse.Namespace, found: str) -> str:
    from sftspec.ground.render import answer, escape

    path = str(args.output)
    return answer(found, output=path) if args.format == "json" else f"{found}: {escape(path)}\n"


def _say_finding(diff: Any) -> None:
    from sftspec.ground.render import escape
    from sftspec.snapshot.compare.forms.base import FINDING, judgement

    sys.stderr.write(f"{FINDING}: {judgement(diff.versions[-1], escape)}\n")
