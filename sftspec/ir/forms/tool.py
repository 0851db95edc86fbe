"""`tool`: a function that the model may call."""

from sftspec.expr import types
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.forms.kinds import FIELD, read_record
from sftspec.ir.json_schema import tool_schema
from sftspec.ir.nodes import Schema, Tool
from sftspec.ir.world import World

KIND = "tool"
FORM = Form(
    "tool NAME {",
    "a function that the model may call",
    inner=(
        Form("description = TEXT", "what it does, for the model to read", once=True),
        Form("parameters {", "its arguments", once=True, inner=(FIELD,)),
        Form("returns NAME", "the contract or plain type of what it gives", once=True),
    ),
)
_PLAIN: dict[str, types.Type] = {
    "string": types.Text(), "integer": types.Int(), "number": types.Number(),
    "boolean": types.Bool(), "any": types.Any(),
}  # fmt: skip


def lower(line: Line, world: World) -> Tool | None:
    """The tool, or None where its parameters cannot be typed."""
    name = line.name("name")
    found = lines(f"tool `{name}`", line.entry.head, line.entry.body, FORM.inner, world.report)
    by_head = {item.form.head: item for item in found}
    text = by_head["description"].text().value if "description" in by_head else ""
    if not text:
        world.report.warn(
            "missing-description", line.entry.head, f"tool `{name}` has no description",
            hint='write `description = "…"`: it is what the model chooses by',
        )  # fmt: skip
    record: types.Record | None = types.Record(())
    if "parameters" in by_head:
        item = by_head["parameters"]
        owner = f"the parameters of `{name}`"
        fields = lines(owner, item.entry.head, item.entry.body, (FIELD,), world.report)
        record = read_record(None, fields, world)
    returns = _returns(by_head["returns"], world) if "returns" in by_head else None
    if record is None:
        return None
    return Tool(
        name=name,
        record=record,
        schema=tool_schema(name, text, record),
        returns=returns,
        span=line.entry.head,
    )


def _returns(item: Line, world: World) -> types.Type | None:
    name = item.name("name")
    if name in _PLAIN:
        return _PLAIN[name]
    schema: Schema | None = world.get("schema", name, item.slots["name"].span)
    return schema.record if schema else None
