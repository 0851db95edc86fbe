"""`schema`: an output contract."""

from sftspec.expr import types
from sftspec.expr.check import Checker, Scope
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.forms.kinds import FIELD, read_record
from sftspec.ir.nodes import Rule, Schema
from sftspec.ir.world import World

KIND = "schema"
FORM = Form(
    "schema NAME {",
    "an output contract: fields in the order of the JSON, and rules between them",
    inner=(
        FIELD,
        Form("require COND [when COND2]", "a rule between fields"),
    ),
)


def lower(line: Line, world: World) -> Schema | None:
    """The contract, or None where a field has no known type."""
    name = line.name("name")
    found = lines(
        f"schema `{name}`", line.entry.head, line.entry.body, FORM.inner, world.report
    )
    record = read_record(name, found, world)
    if record is None:
        return None
    scope = Scope({field.name: _seen(field) for field in record.fields}, f"schema `{name}`")
    rules: list[Rule] = []
    checker = Checker(scope, world.report)
    for item in found:
        if "cond" not in item.slots:
            continue
        require = checker.condition(item.slots["cond"])
        when = checker.condition(item.slots["cond2"]) if "cond2" in item.slots else None
        if require is not None and (when is not None or "cond2" not in item.slots):
            rules.append(Rule(require=require, when=when, text=_said(item)))
    return Schema(name=name, record=record, rules=tuple(rules), span=line.entry.head)


def _seen(field: types.Field) -> types.Type:
    return types.union([field.type, types.Null()]) if field.optional else field.type


def _said(item: Line) -> str:
    return item.quoted
