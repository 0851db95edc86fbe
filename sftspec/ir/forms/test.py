"""`test`: a template's unit test."""

from typing import Any

from sftspec.expr import types
from sftspec.expr.check import Checker, Scope
from sftspec.expr.relate import no_such_field, step
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.forms.turns import response_record
from sftspec.ir.nodes import Expect, Template, UnitTest
from sftspec.ir.schema import explain
from sftspec.ir.world import World
from sftspec.syntax import tree

KIND = "test"
FORM = Form(
    "test TEMPLATE TEXT {",
    "a template's unit test: given a row, expect of the sample",
    inner=(
        Form("given NAME {", "the row; fields left out are absent", once=True, needed=True,
             inner=(Form("FIELD = [EXPR] [{]", "a field and its value"),)),
        Form("expect COND", "what must hold; `rejected` is the reason it was refused", needed=True),
    ),
)  # fmt: skip


def lower(line: Line, world: World) -> UnitTest | None:
    """The test with its row as plain values."""
    node = line.slots["template"]
    template: Template | None = world.get("template", line.name("template"), node.span)
    title = line.text().value
    found = lines(
        f"test of `{line.name('template')}`",
        line.entry.head,
        line.entry.body,
        FORM.inner,
        world.report,
    )
    if template is None:
        return None
    row: Any = {}
    for item in found:
        if item.form.head == "given":
            if item.name("name") != template.alias:
                world.report.error(
                    "unknown-name", item.slots["name"].span,
                    f"template `{template.name}` calls its row `{template.alias}`",
                )  # fmt: skip
            row = _record(item.body(), template.row, template.alias, world)
    record = response_record(list(template.turns), world)
    more = {template.alias: template.row, "rejected": types.union([types.Text(), types.Null()])}
    checker = Checker(world.record_scope(row=more, response=record), world.report)
    expects = []
    for item in found:
        if item.form.head == "expect":
            cond = checker.condition(item.slots["cond"])
            if cond is not None:
                text = item.quoted
                expects.append(Expect(node=cond, text=text, span=item.span))
    return UnitTest(
        template=template.name,
        title=title,
        row=row,
        expects=tuple(expects),
        span=line.entry.head,
    )


def _record(
    body: tree.Body, kind: types.Type, owner: str, world: World, *, contract: bool = False
) -> dict[str, Any]:
    """A record's values; what a contract promises may be broken, that is what a test is for."""
    found: dict[str, Any] = {}
    for item in lines(f"`{owner}`", body.span, body, FORM.inner[0].inner, world.report):
        name = item.name("field")
        inner = step(kind, name)
        if inner is None:
            no_such_field(kind, name, owner, item.slots["field"].span, world.report)
            continue
        if "expr" in item.slots:
            found[name] = _given(item.slots["expr"], inner, name, world, judged=not contract)
        elif item.entry.body is not None:
            found[name] = _record(
                item.entry.body, inner, f"{owner}.{name}", world, contract=contract or _promised(inner)
            )  # fmt: skip
    for field in _nullable_fields(kind):
        found.setdefault(field, None)
    return found


def _promised(kind: types.Type) -> bool:
    return any(isinstance(arm, types.Record) and arm.schema for arm in types.arms(kind))


def _given(node: tree.Expr, kind: types.Type, name: str, world: World, *, judged: bool) -> Any:
    """A field's value, which must be of the field's type."""
    before = len(world.report.items)
    value = _value(node, kind, world)
    broken = explain(value, kind, "") if judged and not _promised(kind) else None
    if broken and len(world.report.items) == before:
        world.report.error(
            "type-mismatch", node.span, f"field `{name}` is {types.say(kind)}, and this is not"
        )
    return value


def _nullable_fields(kind: types.Type) -> list[str]:
    """Fields that are null where a test does not give them."""
    records = [arm for arm in types.arms(kind) if isinstance(arm, types.Record)]
    return [
        f.name for r in records for f in r.fields if types.nullable(f.type) and not f.optional
    ]


def _value(node: tree.Expr | tree.Body, kind: types.Type, world: World) -> Any:
    match node:
        case tree.Text(value=value):
            return value
        case tree.Int(value=number):
            return number
        case tree.Number(value=text):
            return float(text)
        case tree.List(items=items):
            inner = next(
                (arm.of for arm in types.arms(kind) if isinstance(arm, types.List)), types.Any()
            )
            return [_value(item, inner, world) for item in items]
        case tree.Body():
            return _record(node, kind, "the item", world)
        case tree.Ref(parts=(("null" | "true" | "false") as word,)):
            return {"null": None, "true": True, "false": False}[word]
        case _:
            facet = next(
                (arm for arm in types.arms(kind) if isinstance(arm, types.Facet)), None
            )
            result = Checker(Scope({}, "a test's row"), world.report).value(node, facet)
            return getattr(result.node, "value", None) if result else None
