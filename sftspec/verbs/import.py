"""Turn the configuration of another trainer into a spec: its datasets, shares and roles of messages.

It reads LLaMA-Factory's dataset_info.json, the `datasets` of axolotl, and the mixers of open-instruct.
What a configuration cannot say is a line that ends in a TODO; what a spec cannot say is a warning.
"""  # noqa: N999 - a verb's file is called as its word is, and nobody imports one by statement

import argparse
import os
from pathlib import Path
import re
import sys
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sftspec.ground.report import Report
    from sftspec.ports.foreign.base import Desk, Imported
    from sftspec.ports.foreign.places import Ground
    from sftspec.ports.foreign.settle import Source

MAX_NAME = 64
MAX_FILE = 64 * 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    from sftspec.verbs.base import add_root

    parser.add_argument(
        "file", metavar="FILE", help="dataset_info.json, or a configuration in YAML or JSON"
    )
    parser.add_argument(
        "--entry", nargs="+", action="extend", default=[], metavar="NAME",
        help="the datasets that are meant (all of them)",
    )  # fmt: skip
    parser.add_argument(
        "--name", help="the dataset (else it is called as the entry or the file)"
    )
    parser.add_argument("--out", type=Path, metavar="SPEC", help="the spec (specs/NAME.sft)")
    parser.add_argument("--force", action="store_true", help="overwrite a spec that is there")
    add_root(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Write the spec, and say what is left to be seen to."""
    from sftspec.ground.report import Report, SpecError
    from sftspec.ports.foreign.base import Desk

    report = Report()
    desk = Desk(report, os.fsencode(args.file).decode("utf-8", "backslashreplace"))
    place = Path(os.path.realpath(args.file))
    imported = _imported(_bytes(place), args.entry, desk)
    if imported is None or report.failed:
        raise SpecError(report)
    names = _names(imported)
    name = _name(args.name, place, names)
    ground, out = _ground(args, name, place)
    sources = _sources(imported, names, ground, desk)
    text = _text(name, imported, sources, desk)
    if text is None:
        raise SpecError(report)
    text = _checked(text, out, ground, report)
    _write(out, text, force=args.force)
    _show(args, _Done(name, out, text, imported, sources), report)
    return 0


# what is read


def _bytes(place: Path) -> bytes:
    from sftspec.ports.files import read_start

    return read_start(place.parent, place.name, MAX_FILE)


def _imported(data: bytes, wanted: list[str], desk: "Desk") -> "Imported | None":
    """The configuration by the reader that it fits."""
    from sftspec.ports.foreign import axolotl, llamafactory, openinstruct
    from sftspec.ports.foreign.base import choose
    from sftspec.ports.foreign.read import read_config

    config = read_config(data, desk)
    if config is None:
        return None
    for reader in (axolotl, openinstruct, llamafactory):
        if reader.fits(config):
            chosen = choose(reader.names(config), wanted)
            imported: Imported = reader.read(config, chosen, desk)
            return imported
    hint = "it has neither `datasets` with paths (axolotl), nor a `dataset_mixer` (open-instruct), nor entries with `file_name` or a hub's name (LLaMA-Factory)"
    if isinstance(config.get("dataset"), str):
        hint = "it names datasets of LLaMA-Factory's dataset_info.json: import that file, and say which with `--entry`"
    desk.error("unknown-config", "this is no configuration that is known", hint)
    return None


def _names(imported: "Imported") -> list[str]:
    """The names of the sources."""
    from sftspec.ports.base import FORMATS
    from sftspec.ports.foreign.fields import identifier, unique

    found = []
    for entry in imported.entries:
        last = entry.name.replace("\\", "/").rstrip("/").rpartition("/")[2]
        while Path(last).suffix.lower() in {*FORMATS, ".gz", ".zst"}:
            last = last[: -len(Path(last).suffix)]
        found.append(identifier(last, "dataset"))
    return unique(found)


def _name(given: str | None, place: Path, names: list[str]) -> str:
    """The dataset's name. Raises Misuse where the one given can be none."""
    from sftspec.ground.portable import portable
    from sftspec.ports.foreign.fields import RESERVED, identifier

    if given is None:
        name = names[0] if len(names) == 1 else identifier(place.stem, "dataset")
        return name if portable(name) else f"{name}_data"
    sound = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", given) and given not in RESERVED
    if not sound or len(given) > MAX_NAME or not portable(given):
        from sftspec.ground.report import Misuse

        raise Misuse(
            "bad-name", f"`{given}` cannot name a dataset",
            hint=f"ASCII letters, digits and `_`, a letter first, at most {MAX_NAME}",
        )  # fmt: skip
    return given


def _ground(args: argparse.Namespace, name: str, config: Path) -> "tuple[Ground, Path]":
    """The root, the folders, and the spec's own place. Raises Misuse where it is not below the root."""
    from sftspec.ground.report import Misuse
    from sftspec.ir.resolve import root_of
    from sftspec.ports.foreign.places import Ground

    base = args.root or root_of(Path.cwd() / "spec.sft")
    out = args.out or Path(os.path.relpath(base)) / "specs" / f"{name}.sft"
    whole = Path(os.path.realpath(out))
    root = Path(os.path.realpath(args.root or root_of(whole)))
    if out.suffix != ".sft" or not whole.is_relative_to(root):
        raise Misuse(
            "bad-arguments", f"`{out}` is not the name of a spec below {root}",
            hint="say `--out specs/NAME.sft`, and the project's root with `--root DIR`",
        )  # fmt: skip
    return Ground(root, whole.parent, config.parent), out


def _sources(
    imported: "Imported", names: list[str], ground: "Ground", desk: "Desk"
) -> "list[Source]":
    """Each entry, held against the rows that are there."""
    from sftspec.ground.report import Fault
    from sftspec.ports.foreign.data import look, other_json, why
    from sftspec.ports.foreign.places import spot_of
    from sftspec.ports.foreign.settle import settle

    found = []
    for entry, name in zip(imported.entries, names, strict=True):
        spot = spot_of(entry, name, ground, desk)
        seen = None
        try:
            if len(spot.there) == 1:
                spot.format = other_json(ground.root, spot.there[0], spot.format)
            seen = look(ground.root, spot.there, spot.format) if spot.there else None
        except (Fault, ValueError, OSError, NotImplementedError) as error:
            desk.warn(
                "rows-not-read", f"the rows of `{entry.name[:60]}` cannot be read: {why(error)}",
                "the fields are those that the configuration declares; compare them with the rows",
            )  # fmt: skip
        known = seen if seen and (seen.rows or seen.columns) else None
        found.append(settle(entry, name, spot, known, desk))
    return found


# what is written


def _text(name: str, imported: "Imported", sources: "list[Source]", desk: "Desk") -> str | None:
    """The spec, laid out; None where nothing of the configuration can be taken."""
    from sftspec.ports.foreign.mixture import mixture_of
    from sftspec.ports.foreign.spec import spec_text
    from sftspec.syntax.format import format_text

    mixture = mixture_of(sources, desk)
    if all(source.excluded for source in sources):
        desk.error(
            "nothing-imported", "no record can be made of any of the entries",
            hint="the warnings say why; `--entry` names others",
        )  # fmt: skip
        return None
    config = Path(desk.path).name
    return format_text(spec_text(name, config, imported, sources, mixture)).text


def _checked(text: str, out: Path, ground: "Ground", report: "Report") -> str:
    """The text, which passes `check` as it would in its place. That it does not is our mistake."""
    from sftspec.ground.render import render
    from sftspec.ground.report import Report
    from sftspec.ir.resolve import load

    own = Report()
    shown = (ground.home / out.name).relative_to(ground.root)
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(folder) / shown
        aside.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(text.encode())
        load(aside, Path(folder), own)
    if own.failed:
        raise AssertionError(f"the imported spec has errors:\n{render(own.sorted(), 'text')}")
    report.items.extend(own.items)
    return text


def _write(out: Path, text: str, *, force: bool) -> None:
    """The whole file or none of it. Raises Fault where one is there and `--force` is not said."""
    from sftspec.ground.report import Fault
    from sftspec.snapshot.disk import Disk

    disk = Disk()
    disk.make_folder(out.parent)
    aside = out.with_name(f".{out.name}.{os.urandom(8).hex()}")
    descriptor = disk.create(aside)
    try:
        try:
            disk.write(descriptor, text.encode(), aside)
        finally:
            disk.close(descriptor, aside)
        placed = disk.place(aside, out)
        if not placed and force:
            disk.move(aside, out)
    finally:
        aside.unlink(missing_ok=True)
    if not placed and not force:
        raise Fault(
            "existing-files", f"`{out}` is there already; nothing was written",
            path=str(out), hint="say another `--out`, or `--force` to overwrite it",
        )  # fmt: skip


# what is said


class _Done:
    """What came of an import."""

    def __init__(
        self, name: str, out: Path, text: str, imported: "Imported", sources: "list[Source]"
    ) -> None:
        self.name = name
        self.out = out
        self.todo = text.count("# TODO")
        self.trainer = imported.trainer
        self.sources = sources
        self.next = [one.spot.fetch for one in sources if one.spot.fetch and not one.excluded]

    def steps(self) -> list[str]:
        """The commands to go on with."""
        import shlex

        spec = shlex.quote(str(self.out))
        return [*self.next, f"sftspec check {spec}", f"sftspec preview {spec}"]


def _show(args: argparse.Namespace, done: _Done, report: "Report") -> None:
    from sftspec.ground.render import answer, as_dict, escape
    from sftspec.verbs.base import show_report

    if args.format == "json":
        sources = [
            {"name": one.name, "entry": one.entry.name, "excluded": one.excluded or None}
            for one in done.sources
        ]
        words: dict[str, Any] = {"trainer": done.trainer, "sources": sources, "todo": done.todo}
        items = [as_dict(item) for item in report.sorted()]
        sys.stdout.write(
            answer("ok", spec=str(done.out), name=done.name, **words, next=done.steps(), diagnostics=items)
        )  # fmt: skip
        return
    show_report(report)
    out = [f"  wrote  {escape(str(done.out))}", ""]
    taken = sum(not source.excluded for source in done.sources)
    more = f", {len(done.sources) - taken} excluded" if taken < len(done.sources) else ""
    out += [f"  {done.trainer}: {taken} of {len(done.sources)} sources taken{more}"]
    out += [f"  {done.todo} lines say TODO: `grep -n TODO` finds them", "", "  next"]
    out += [f"    {escape(step)}" for step in done.steps()]
    sys.stdout.write("\n".join(out) + "\n")
