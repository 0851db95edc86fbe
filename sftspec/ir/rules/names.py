"""Names that become files: a snapshot is copied to other systems, and none of its files is two."""

from sftspec.ground.portable import portable
from sftspec.ground.report import Label
from sftspec.ground.text import Span
from sftspec.ir.nodes import Spec
from sftspec.ir.world import World

MAX_NAME = 64
_REJECTED = "rejected"  # what was set aside is a file of this name


def dataset(spec: Spec, world: World) -> None:
    """The dataset is a folder, and its version one in it."""
    for what, name in (("dataset", spec.dataset.name), ("version", spec.dataset.version)):
        _portable(what, name, spec.dataset.span, world)


def parts(spec: Spec, world: World) -> None:
    """A part is a file of each format, beside train's and the papers."""
    seen: dict[str, tuple[str, Span | None]] = {"train": ("train", None)}
    for name, span in _parts(spec, world):
        _portable("part", name, span, world)
        other, first = seen.setdefault(name.lower(), (name, span))
        if name.lower() == _REJECTED:
            world.report.error(
                "duplicate-name", span, f"`{name}` is the file of the rows that were set aside",
                hint="give the part another name",
            )  # fmt: skip
        elif other != name:
            world.report.error(
                "unportable-name", span, f"only case tells part `{name}` from part `{other}`",
                labels=(Label(first, "first here"),) if first else (),
                hint="where case does not count their files are one; rename it",
            )  # fmt: skip


def _parts(spec: Spec, world: World) -> list[tuple[str, Span]]:
    """Each declared part and where its name stands."""
    block = world.pending.get(("split", "split"))
    entries = block[0].body().entries if block else ()
    known = dict(spec.split.parts)
    found = [(entry.word(0) or "", entry.phrase[0].span) for entry in entries]
    return [(name, span) for name, span in found if name in known]


def _portable(what: str, name: str, span: Span, world: World) -> None:
    if len(name) > MAX_NAME:
        shown = f"{name[:20]}…"
        problem = f"has {len(name)} characters, and a file's name has room for {MAX_NAME}"
    elif not portable(name):
        shown, problem = name, "is a device where a file is wanted, on some systems"
    else:
        return
    world.report.error("unportable-name", span, f"{what} `{shown}` {problem}")


RULES = (dataset, parts)
