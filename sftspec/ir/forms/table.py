"""`table`: a text per value of a facet."""

from sftspec.ground.report import listing
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.nodes import Table
from sftspec.ir.world import World

KIND = "table"
FORM = Form(
    "table NAME by FACET {",
    "a text per value of a facet, read as `{{ name[row.field] }}`",
    inner=(Form("VALUE TEXT", "a value and its text"),),
)


def lower(line: Line, world: World) -> Table | None:
    """The table; every value of the facet must have its text."""
    name = line.name("name")
    facet = world.facet(line.name("facet"), line.slots["facet"].span)
    found = lines(f"table `{name}`", line.entry.head, line.entry.body, FORM.inner, world.report)
    if facet is None:
        return None
    texts: dict[str, str] = {}
    before = len(world.report.items)
    for item in found:
        value = world.value_of(facet, item.slots["value"])
        if value is None:
            continue
        if value in texts:
            world.report.error(
                "duplicate-name",
                item.slots["value"].span,
                f"table `{name}` has `{value}` twice",
            )
        texts[value] = item.text().value
    missing = [value.name for value in facet.values if value.name not in texts]
    if missing and len(world.report.items) == before:
        world.report.error(
            "missing-value", line.entry.head,
            f"table `{name}` has no text for {listing(missing)} of facet `{facet.name}`",
            hint=f'write `{missing[0]} "…"`',
        )  # fmt: skip
    return Table(name=name, facet=facet.name, texts=tuple(texts.items()), span=line.entry.head)
