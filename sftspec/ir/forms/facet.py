"""`facet` and `extend facet`: an axis of the tag taxonomy and its values."""

from sftspec.ground.report import Label
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.nodes import FacetDef, FacetValue
from sftspec.ir.world import BUILT_IN, RECORD, World
from sftspec.syntax import tree

KIND = "facet"
_VALUE = Form(
    "VALUE [TEXT] [from TEXTS]",
    "a value, the line that tells annotators its border, and how data spell it",
)
FORM = Form(
    "facet NAME [many|optional|ordered] [many|optional|ordered] [many|optional|ordered] {",
    "an axis of the tag taxonomy",
    inner=(_VALUE,),
)
EXTEND = Form("extend facet NAME {", "more values for an imported facet", inner=(_VALUE,))


def lower(line: Line, world: World) -> FacetDef | None:
    """The facet with the values that `extend` adds."""
    name = line.name("name")
    if name in BUILT_IN:
        world.report.error("duplicate-name", line.entry.head, f"facet `{name}` is built in")
        return None
    if name in RECORD:
        world.report.error(
            "duplicate-name", line.entry.head, f"`{name}` is a part of every record",
            hint="give the facet another name",
        )  # fmt: skip
        return None
    values = _values(name, line, world)
    for other in world.extensions.get(name, ()):
        values.extend(_values(name, other, world))
    first: dict[str, FacetValue] = {}
    for value in values:
        for word in (value.name, *value.spellings):
            if word in first and first[word] is not value:
                world.report.error(
                    "duplicate-name", value.span, f"facet `{name}` has `{word}` twice",
                    labels=tuple(Label(span, "first here") for span in (first[word].span,) if span),
                )  # fmt: skip
            first.setdefault(word, value)
    if not values and not line.body().entries:
        world.report.error("empty-block", line.entry.head, f"facet `{name}` has no values")
    if not values:
        return None
    return FacetDef(
        name=name,
        values=tuple({value.name: value for value in values}.values()),
        many="many" in line.words,
        ordered="ordered" in line.words,
        optional="optional" in line.words,
        span=line.entry.head,
    )


def _values(name: str, line: Line, world: World) -> list[FacetValue]:
    found = lines(f"facet `{name}`", line.entry.head, line.entry.body, (_VALUE,), world.report)
    return [
        FacetValue(
            name=item.name("value"),
            help=item.text().value if "text" in item.slots else "",
            spellings=tuple(
                node.value for node in item.items("texts") if isinstance(node, tree.Text)
            )
            if "texts" in item.slots
            else (),
            span=item.slots["value"].span,
        )
        for item in found
    ]
