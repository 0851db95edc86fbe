"""Re-hash a snapshot: every file, nothing missing, nothing added."""

import argparse
from pathlib import Path
import sys
from typing import Any

from sftspec.verbs.base import add_root


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    parser.add_argument("snapshot", help="a folder, or NAME or NAME@VERSION under compiled/")
    add_root(parser)
    parser.add_argument("--expect", metavar="ID", help="the id the snapshot must have")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Verify, and say of each file what was done to it."""
    from sftspec.snapshot.names import find
    from sftspec.snapshot.verify import Wrong, verify

    folder = find(args.snapshot, args.root)
    verdict = verify(folder)
    wrong = list(verdict.wrong)
    if args.expect and verdict.id and verdict.id != args.expect:
        wrong.append(Wrong("other-id", "MANIFEST.json", f"its id is {verdict.id}"))
    if args.format == "json":
        sys.stdout.write(_json(verdict, wrong, folder))
    else:
        _show(verdict, wrong, folder, expected=bool(args.expect))
    return 1 if wrong else 0


def _json(verdict: Any, wrong: list[Any], folder: Path) -> str:
    from sftspec.ground.render import answer

    return answer(
        "wrong" if wrong else "ok", snapshot=str(folder),
        id=verdict.id, files=verdict.files, bytes=verdict.bytes, wrong=wrong,
    )  # fmt: skip


def _show(verdict: Any, wrong: list[Any], folder: Path, *, expected: bool) -> None:
    from sftspec.ground.render import escape

    for one in wrong:
        sys.stdout.write(f"{one.kind}: {escape(one.name)}: {escape(one.detail)}\n")
    if wrong and all(one.kind == "missing" for one in wrong) and verdict.id:
        sys.stdout.write("  hint: the data are not committed; build the spec to fill them in\n")
    if not wrong:
        word = "is the one expected" if expected else "self-consistent, not authenticated"
        sys.stdout.write(
            f"{escape(str(folder))}: {verdict.files} files, {verdict.bytes} bytes, {word}\n{verdict.id}\n"
        )
