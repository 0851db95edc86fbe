"""Start a project: a small spec with rows of its own, which checks, tests and builds as it stands.

The folder becomes the project's root: `.sftroot` marks it, unless pyproject.toml or .git does. No
file that is there is changed. The project's own (`README.md`, the lists for git) are kept as they
are; where one of the spec's is there, nothing is written at all.
"""

import argparse
from collections.abc import Mapping
from contextlib import suppress
import os
from pathlib import Path
import re
import sys
from typing import Any

PROJECT = {  # as it is shipped, and its name in the project: kept where there is one
    "sftroot": ".sftroot",
    "gitignore": ".gitignore",
    "readme.md": "README.md",
    "compiled/gitignore": "compiled/.gitignore",
}
SPEC = {  # these must be new
    "specs/starter.sft": "specs/starter.sft",
    "specs/data/starter.jsonl": "specs/data/starter.jsonl",
}
IGNORED = ".sftspec/"
GATE = "freeze"
MAX_NAME = 64
_WORD = "starter"  # the name's place in what is shipped, and in the names of the files
_RESERVED = {"and", "or", "not", "in", "has"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    parser.add_argument(
        "dir", nargs="?", type=Path, default=Path(), metavar="DIR", help="the folder (this one)"
    )
    parser.add_argument(
        "--name", help="the dataset and its spec (else they are called as the folder is)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Write the files, and say what to run next."""
    home: Path = args.dir
    name = _name(args.name, home)
    texts = {file: text for file, text in _texts(name).items() if not _kept(home, file)}
    _refuse(home, texts)
    _write(home, texts)
    kept = [file for file in PROJECT.values() if os.path.lexists(home / file)]
    kept = [file for file in kept if file not in texts]
    steps = _steps(home, name)
    if args.format == "json":
        from sftspec.ground.render import answer

        words: dict[str, Any] = {"written": list(texts), "kept": kept, "next": steps}
        sys.stdout.write(answer("ok", folder=str(home.absolute()), name=name, **words))
    else:
        _show(home, list(texts), kept, steps)
    return 0


def _name(given: str | None, home: Path) -> str:
    """The name given, or the folder's own made one. Raises Misuse where it can be none."""
    folder = Path(os.path.normpath(home.absolute())).name
    name = re.sub(r"[^A-Za-z0-9_]", "_", folder) if given is None else given
    sound = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) and name not in _RESERVED
    if not sound or len(name) > MAX_NAME:
        from sftspec.ground.report import Misuse

        what = f"`{given}`" if given is not None else f"the folder's name `{folder}`"
        raise Misuse(
            "bad-name", f"{what} cannot name a dataset",
            hint=f"say `--name NAME`: ASCII letters, digits and `_`, a letter first, at most {MAX_NAME}",
        )  # fmt: skip
    return name


def _texts(name: str) -> dict[str, bytes]:
    """Every file of the project, by its name there."""
    shelf = Path(__file__).parent / "starter"
    return {
        file.replace(_WORD, name): (shelf / shipped).read_bytes().replace(_WORD.encode(), name.encode())
        for shipped, file in {**PROJECT, **SPEC}.items()
    }  # fmt: skip


def _kept(home: Path, file: str) -> bool:
    """Whether the project has this one of its own, or has no need of it."""
    if file == ".sftroot":
        from sftspec.ir.resolve import MARKS

        return any(os.path.lexists(home / mark) for mark in MARKS)
    return file in PROJECT.values() and os.path.lexists(home / file)


def _refuse(home: Path, texts: Mapping[str, bytes]) -> None:
    """Raises Fault where something stands in the way of a file or of its folder."""
    found: dict[str, None] = {}
    if home.exists() and not home.is_dir():
        found[str(home)] = None
    for file in texts:
        if os.path.lexists(home / file):
            found[file] = None
        for folder in list(Path(file).parents)[:-1]:
            place = home / folder
            if place.is_symlink() or (place.exists() and not place.is_dir()):
                found[str(folder)] = None
    if found:
        raise _in_the_way(list(found), home)


def _in_the_way(files: list[str], home: Path) -> Exception:
    from sftspec.ground.report import Fault, listing

    are = "is" if len(files) == 1 else "are"
    return Fault(
        "existing-files", f"{listing(files)} {are} there already; nothing was written",
        path=str(home), hint="say another `--name`, or another folder",
    )  # fmt: skip


def _write(home: Path, texts: Mapping[str, bytes]) -> None:
    """Each file whole or not at all; where one fails, those before it are taken away again."""
    made: list[Path] = []
    try:
        for file, data in texts.items():
            for folder in reversed((home / file).parents):
                if not folder.exists():
                    folder.mkdir()
                    made.append(folder)
            _place(home, file, data)
            made.append(home / file)
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):
                _take_away(path)
        raise


def _place(home: Path, file: str, data: bytes) -> None:
    from sftspec.snapshot.disk import Disk

    disk, target = Disk(), home / file
    aside = target.with_name(f".{target.name}.{os.urandom(8).hex()}")
    descriptor = disk.create(aside)
    try:
        try:
            disk.write(descriptor, data, aside)
        finally:
            disk.close(descriptor, aside)
        placed = disk.place(aside, target)
    except BaseException:
        _take_away(aside)
        raise
    if not placed:  # it came into being just now
        _take_away(aside)
        raise _in_the_way([file], home)


def _take_away(path: Path) -> None:
    if path.is_dir():
        path.rmdir()  # only what is empty: somebody else may have put something in
    else:
        path.unlink()


def _steps(home: Path, name: str) -> list[str]:
    """The commands to go on with."""
    import shlex

    spec = f"specs/{name}.sft"
    away = os.path.normpath(home) != "."
    return [
        *([f"cd {shlex.quote(str(home))}"] if away else []),
        f"sftspec check {spec}",
        f"sftspec test {spec}",
        f"sftspec lock {spec}",
        f"sftspec build {spec} --gate {GATE}",
    ]


def _show(home: Path, written: list[str], kept: list[str], steps: list[str]) -> None:
    from sftspec.ground.render import escape

    out = [f"  wrote  {escape(str(home / file))}" for file in written]
    for file in kept:
        lacks = file == ".gitignore" and not _ignores(home / file)
        more = f", to which to add the line `{IGNORED}`" if lacks else ""
        out.append(f"  kept   {escape(str(home / file))}{more}")
    out += ["", "  next", *(f"    {escape(step)}" for step in steps)]
    sys.stdout.write("\n".join(out) + "\n")


def _ignores(path: Path) -> bool:
    """Whether a .gitignore that was there keeps the store out."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return False
    return IGNORED.encode().rstrip(b"/") in {line.strip().strip(b"/") for line in lines}
