"""`moved`: a definition that has another name now, and is the same one."""

from sftspec.ground.report import Label, did_you_mean, listing
from sftspec.ir.forms.base import Form, Line
from sftspec.ir.nodes import Move
from sftspec.ir.world import World

KIND = "moved"
KINDS = (
    "template", "source", "prompt", "phrasing", "schema", "table", "tool", "facet", "coverage", "gate",
)  # fmt: skip
FORM = Form(
    f"moved [{'|'.join(KINDS)}] NAME to NAME2",
    "another name for what was called so: its records keep their ids, and a diff sees no removal",
)


def lower(line: Line, world: World) -> Move | None:
    """The move. The new name is of one definition, and the old one of none of its kind."""
    kind = _kind(line, world)
    if kind is None or not (_alone(line, kind, world) and _gone(line, kind, world)):
        return None
    old, new = line.name("name"), line.name("name2")
    return Move(kind=kind, old=old, new=new, span=line.entry.head)


def _kind(line: Line, world: World) -> str | None:
    """What has moved; None, with the reason, where that is nothing or one of several."""
    old, new, said = line.name("name"), line.name("name2"), _said(line)
    open_to = [kind for kind in KINDS if said in {None, kind}]
    kinds = [kind for kind in open_to if (kind, _last(new, kind, world)) in world.pending]
    if not kinds:
        known = [name for kind in open_to for name in world.names(kind)]
        world.report.error(
            "moved-to-nothing", line.slots["name2"].span, f"no {said or 'definition'} is called `{new}`",
            hint=did_you_mean(new, known) or "write `moved OLD to NEW`, NEW as it is called now",
        )  # fmt: skip
    if len(kinds) > 1:
        world.report.error(
            "moved-ambiguous", line.slots["name2"].span, f"`{new}` is {listing(kinds)}",
            hint=f"write `moved {kinds[0]} {old} to {new}`",
        )  # fmt: skip
    return kinds[0] if len(kinds) == 1 else None


def _alone(line: Line, kind: str, world: World) -> bool:
    """Whether no line before says that the same name moved elsewhere, or another one to here."""
    old, new = line.name("name"), line.name("name2")
    to = world.done.setdefault((f"{kind} moved to", new), line)
    if to is not line:
        world.report.error(
            "duplicate-name", line.slots["name2"].span, f"two names cannot both move to `{new}`",
            labels=(Label(to.entry.head, "the other"),),
        )  # fmt: skip
    away = world.done.setdefault((f"{kind} moved from", old), line)
    if away is not line:
        world.report.error(
            "duplicate-name", line.slots["name"].span, f"{kind} `{old}` cannot move twice",
            labels=(Label(away.entry.head, "the other"),),
        )  # fmt: skip
    return to is line and away is line


def _gone(line: Line, kind: str, world: World) -> bool:
    """Whether nothing of the kind has the old name."""
    old = line.name("name")
    if (kind, old) not in world.pending:
        return True
    world.report.error(
        "moved-still-there", line.slots["name"].span, f"{kind} `{old}` is still there",
        labels=(Label(world.pending[kind, old][0].entry.head, "here"),),
        hint="delete the one that is old, or the line that says it moved",
    )  # fmt: skip
    return False


def _said(line: Line) -> str | None:
    """The kind that a line names."""
    return next((word for word in KINDS if word in line.words), None)


def _last(name: str, kind: str, world: World) -> str:
    """What a name of a kind is called in the end, where it moved on; a circle ends anywhere."""
    walked: list[tuple[str, str]] = []
    while (kind, name) not in world.pending:
        key = (f"{kind} last", name)
        if key in world.done:
            name = world.done[key]
            break
        world.done[key] = name
        walked.append(key)
        line = _next(name, kind, world)
        if line is None:
            break
        name = line.name("name2")
    world.done.update(dict.fromkeys(walked, name))
    return name


def _next(name: str, kind: str, world: World) -> Line | None:
    """The line that says where a name of a kind moved."""
    for key in (f"{kind} {name}", name):
        line, _ = world.pending.get((KIND, key), (None, None))
        if line is not None and _said(line) in {None, kind}:
            return line
    return None
