"""Re-hash a snapshot: every file, nothing missing, nothing added."""

import argparse
from pathlib import Path
import sys
from typing import Any

from sftspec.verbs.base import add_root

PACKS = 16
"""Packs that the model is shown, evenly over all there are."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    parser.add_argument("snapshot", help="a folder, or NAME or NAME@VERSION under compiled/")
    add_root(parser)
    parser.add_argument("--expect", metavar="ID", help="the id the snapshot must have")
    parser.add_argument(
        "--key",
        type=Path,
        metavar="PUB",
        help="the public key (PEM) that it must be signed with",
    )
    parser.add_argument(
        "--leak",
        action="store_true",
        help="let a small model show that packed samples do not see one another",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Verify, and say of each file what was done to it."""
    from sftspec.snapshot.names import find
    from sftspec.snapshot.verify import Wrong, verify

    folder = find(args.snapshot, args.root)
    wanted = _id(args.expect) if args.expect else ""
    verdict = verify(folder)
    wrong = list(verdict.wrong)
    if wanted and verdict.id and verdict.id != wanted:
        wrong.append(Wrong("other-id", "MANIFEST.json", f"its id is {verdict.id}"))
    if args.key and not wrong:
        wrong += _signature(folder, args.key)
    found = None
    if args.leak and not wrong:
        found, leaks = _leak(folder)
        wrong += leaks
    trust = _trust(args) if not wrong else "wrong"
    if args.format == "json":
        sys.stdout.write(_json(verdict, wrong, folder, trust, found))
    else:
        _show(verdict, wrong, folder, trust)
        _show_leak(found)
    return 1 if wrong else 0


def _id(text: str) -> str:
    """A whole id, with or without the name of its digest. Raises Misuse where it is none."""
    from sftspec.ground.report import Misuse

    digits = text.removeprefix("sha256:")
    if len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise Misuse(
            "bad-arguments", f"`{text[:80]}` is no id of a snapshot",
            hint="an id is `sha256:` and 64 digits, as `build` and `verify` print it",
        )  # fmt: skip
    return f"sha256:{digits}"


def _trust(args: argparse.Namespace) -> str:
    """Why a snapshot that holds what it says is the one that is meant."""
    said = ["it is the one expected"] * bool(args.expect) + ["signed with this key"] * bool(
        args.key
    )
    return " and ".join(said) or "self-consistent, not authenticated"


def _signature(folder: Path, key: Path) -> list[Any]:
    """What is wrong with the signature, whose files were re-hashed before."""
    from sftspec.snapshot.freezing import entries_of
    from sftspec.snapshot.manifest import FREEZE, SIGNATURE
    from sftspec.snapshot.opened import open_folder
    from sftspec.snapshot.signing import MOST_BYTES, check
    from sftspec.snapshot.verify import Wrong

    one = open_folder(folder)
    public = key.read_bytes()
    if not (folder / SIGNATURE).is_file() or one.freeze is None:
        return [Wrong("signature", SIGNATURE, "it is not signed")]
    entries = entries_of(one, (folder / FREEZE).read_bytes())
    with (folder / SIGNATURE).open("rb") as stream:
        data = stream.read(MOST_BYTES + 1)
    why = check(data, entries, f"{one.manifest.dataset}@{one.manifest.version}", public)
    return [Wrong("signature", SIGNATURE, why)] if why else []


def _leak(folder: Path) -> tuple[Any, list[Any]]:
    """What the model showed, and what is wrong with packs, whose files were re-hashed before."""
    from sftspec.snapshot.leak import leak
    from sftspec.snapshot.manifest import MANIFEST, decode
    from sftspec.snapshot.packs import shelves, spread
    from sftspec.snapshot.verify import Wrong

    several = shelves(folder, decode((folder / MANIFEST).read_bytes()))
    wrong = [
        Wrong("leak", one.name, f"row {row}: positions do not begin anew with each sample")
        for one in several
        if (row := one.astray()) is not None
    ]
    found = leak(spread(several, PACKS), PACKS)
    if not (found.holds or wrong):
        wrong.append(Wrong("leak", found.where, found.why))
    return found, wrong


def _json(verdict: Any, wrong: list[Any], folder: Path, trust: str, found: Any) -> str:
    from sftspec.ground.render import answer

    shown = {} if found is None else {"leak": found}
    return answer(
        "wrong" if wrong else "ok", snapshot=str(folder),
        id=verdict.id, files=verdict.files, bytes=verdict.bytes, wrong=wrong, trust=trust, **shown,
    )  # fmt: skip


def _show_leak(found: Any) -> None:
    """How the model's answers compare."""
    if found is None:
        return
    seen = (
        f"{found.control} with a mask of ones" if found.control else "no pack has two samples"
    )
    sys.stdout.write(
        f"leak: {found.packs} packs, {found.segments} samples: logits packed and alone differ by "
        f"{found.difference} at most ({seen})\n"
    )


def _show(verdict: Any, wrong: list[Any], folder: Path, trust: str) -> None:
    from sftspec.ground.render import escape
    from sftspec.snapshot.manifest import COMMITTED

    for one in wrong:
        sys.stdout.write(f"{one.kind}: {escape(one.name)}: {escape(one.detail)}\n")
    if wrong and verdict.id and all(one.kind == "missing" for one in wrong):
        papers = [one.name for one in wrong if one.name in COMMITTED]
        data = "the data are not committed; build the spec to fill them in"
        hint = f"{papers[0]} is committed: take it back with git" if papers else data
        sys.stdout.write(f"  hint: {hint}\n")
    if not wrong:
        sys.stdout.write(
            f"{escape(str(folder))}: {verdict.files} files, {verdict.bytes} bytes, {trust}\n{verdict.id}\n"
        )
