"""`split`: the division into parts, and what stays together."""

from sftspec.ground.report import listing
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.goals import Split
from sftspec.ir.world import World
from sftspec.syntax import tree

KIND = "split"
_NAMES = ("source_row", "group")
FORM = Form(
    "split {",
    "the division into parts; what no part names is train",
    inner=(
        Form("keep together LIST", "what is never split over two parts", once=True),
        Form("PART PERCENT [stratify by LIST]", "a part and its share of the groups"),
    ),
)


def lower(line: Line, world: World) -> Split:
    """The parts beside train."""
    parts: dict[str, int] = {}
    stratify: list[str] = []
    together: list[str] = []
    for item in lines("split", line.entry.head, line.entry.body, FORM.inner, world.report):
        if item.form.head == "keep together":
            together = _together(item, world)
            continue
        name = item.name("part")
        if name == "train" or name in parts:
            word = (
                "train is what the others leave"
                if name == "train"
                else f"part `{name}` stands twice"
            )
            world.report.error("duplicate-name", item.slots["part"].span, word)
            continue
        if not 0 < item.bp() < 10_000:
            world.report.error(
                "out-of-range", item.slots["percent"].span, "a part is between 0% and 100%"
            )
        parts[name] = item.bp()
        for node in item.items("list") if "list" in item.slots else ():
            facet = world.facet(node.span.source, node.span)
            if facet and facet.many:
                world.report.error(
                    "many-share", node.span,
                    f"records carry several values of `{facet.name}`, so it has no strata",
                )  # fmt: skip
            elif facet and facet.name not in stratify:
                stratify.append(facet.name)
    if sum(parts.values()) >= 10_000:
        world.report.error(
            "share-over-100", line.entry.head, "the parts leave nothing for train"
        )
    return Split(
        parts=tuple(parts.items()), stratify=tuple(stratify), together=tuple(together),
        span=line.entry.head,
    )  # fmt: skip


def _together(item: Line, world: World) -> list[str]:
    found: list[str] = []
    for node in item.items():
        if isinstance(node, tree.Call) and node.name == "near_duplicates":
            world.report.error("not-built-yet", node.span, "`near_duplicates` is not built yet")
        elif isinstance(node, tree.Ref) and node.name in _NAMES:
            found.append(node.name)
        else:
            world.report.error(
                "unknown-name", node.span, f"`{node.span.source}` is nothing that can stay together",
                hint=f"there are {listing(_NAMES)}",
            )  # fmt: skip
    return found
