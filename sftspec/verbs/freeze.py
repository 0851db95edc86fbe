"""Freeze a version whose gates hold: from then on it stays as it is."""

import argparse
from pathlib import Path
import sys
from typing import Any

from sftspec.verbs.base import add_root


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    parser.add_argument("snapshot", help="a folder, or NAME or NAME@VERSION under compiled/")
    add_root(parser)
    parser.add_argument("--by", required=True, metavar="WHO", help="who approves it")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why it is frozen")
    parser.add_argument(
        "--weaker",
        default="",
        metavar="TEXT",
        help="why its gates may be weaker than the last ones",
    )
    parser.add_argument(
        "--expect",
        default="",
        metavar="ID",
        help="the id that was reviewed: no other is frozen",
    )
    parser.add_argument(
        "--sign", type=Path, metavar="KEY", help="sign it with this private key (PEM); needs the extra `sign`"
    )  # fmt: skip
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Freeze, or say everything that is in the way."""
    from sftspec.ground.report import Misuse
    from sftspec.snapshot.freezing import Asked, Refused, freeze
    from sftspec.snapshot.names import find

    said = {"--by": args.by, "--reason": args.reason}
    for option, text in said.items():
        if not text.strip():
            raise Misuse("bad-arguments", f"`{option}` says nothing")
    asked = Asked(args.by.strip(), args.reason.strip(), args.weaker.strip(), args.expect)
    try:
        done = freeze(find(args.snapshot, args.root), asked, sign=_signer(args.sign))
    except Refused as refused:
        _refused(refused.blockers, as_json=args.format == "json")
        return 1
    if args.format == "json":
        from sftspec.ground.render import answer

        sys.stdout.write(
            answer(
                "ok",
                snapshot=str(done.folder),
                id=done.id,
                fresh=done.fresh,
                freeze=done.freeze,
            )
        )
    else:
        _show(done)
    return 0


def _signer(key: Path | None) -> Any:
    if key is None:
        return None
    from sftspec.snapshot.signing import sign

    private = key.read_bytes()
    return lambda entries, subject: sign(entries, subject, private)


def _refused(found: list[Any], *, as_json: bool) -> None:
    if as_json:
        from sftspec.ground.render import answer

        sys.stdout.write(answer("refused", blockers=found))
        return
    from sftspec.snapshot.blockers import told

    sys.stdout.write("not frozen\n" + told(found))


def _show(done: Any) -> None:
    from sftspec.ground.render import escape

    one = done.freeze
    word = "frozen" if done.fresh else "frozen already"
    lines = [
        f"{one.dataset} {one.version}  {word} by {one.approver}: {one.reason}",
        done.id,
        *(f"  let go: gate {weak.gate}: {weak.was}" for weak in one.weaker),
        *([f"  because {one.weaker_reason}"] if one.weaker else []),
        f"  commit {done.folder}/FREEZE.json",
    ]
    sys.stdout.write("".join(f"{escape(line)}\n" for line in lines))
