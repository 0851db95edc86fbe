"""Types as they are written: `string(pattern = "…") | null`, and the words behind them."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from sftspec.expr import nodes as ex, types
from sftspec.expr.relate import Result, pattern_ok
from sftspec.ground.report import did_you_mean, listing
from sftspec.ground.text import Span
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.world import World
from sftspec.ports.base import MAP_KEY, MAP_VALUE
from sftspec.syntax import tree

MAX_FIELDS = 2_000
FIELD = Form("FIELD : TYPE [{]", "a field and its type")
HELP = Form(
    "description = TEXT", "a line that tells the caller of a tool what it is", once=True
)
_PLAIN: dict[str, types.Type] = {
    "string": types.Text(),
    "integer": types.Int(),
    "number": types.Number(),
    "boolean": types.Bool(),
    "null": types.Null(),
    "any": types.Any(),
}
_FROM = 'write `from "Column"`, `from file_stem`, `from map_key` or `from json`'
_OF_MAP = {"map_key": MAP_KEY, "map_value": MAP_VALUE}
_BOUNDS = {
    "string": ("pattern", "min_chars", "max_chars"),
    "integer": ("min", "max"),
    "number": ("min", "max"),
}


class FieldType(Struct):
    """A type and the words behind it: `optional`, `from "Column"`, `from file_stem`, `from json`."""

    type: types.Type
    optional: bool = False
    column: str | None = None
    of_file: str | None = None
    json: bool = False


def read_type(entry: tree.Entry, world: World, allow: tuple[str, ...]) -> FieldType | None:
    """The type of a field line. `allow`: which words may follow it."""
    union = entry.type
    if union is None:
        return None
    field = FieldType(types.Null())
    kinds: list[types.Type] = []
    for index, arm in enumerate(union.arms):
        last = index == len(union.arms) - 1
        kind, rest = _arm(arm, entry, world)
        if kind is None:
            return None
        kinds.append(kind)
        if rest and not last:
            world.report.error(
                "malformed-type", rest[0].span, "this belongs behind the whole type"
            )
            return None
        if not _suffix(rest, field, allow, world):
            return None
    field.type = types.union(kinds)
    return field


def _arm(
    arm: tree.Arm, entry: tree.Entry, world: World
) -> tuple[types.Type | None, tuple[Any, ...]]:
    head, rest = arm.items[0], arm.items[1:]
    match head:
        case tree.Ref(parts=(name,)):
            if name == "facet":
                return _facet(rest, head.span, world)
            if name == "record":
                if entry.body is None:
                    world.report.error(
                        "missing-body", head.span, "a record has its fields in a body"
                    )
                return nested(entry.body, world), rest
            return _named(name, head.span, world), rest
        case tree.Call():
            return _bounded(head, world), rest
        case tree.Text():
            return types.Literal(head.value), rest
        case tree.ListType():
            return _list(head, entry, world), rest
        case _:
            world.report.error("malformed-type", head.span, "this is no type")
            return None, rest


def _list(head: tree.ListType, entry: tree.Entry, world: World) -> types.Type | None:
    kinds: list[types.Type] = []
    for arm in head.of.arms:
        kind, rest = _arm(arm, entry, world)
        if kind is None:
            return None
        if rest:
            world.report.error("malformed-type", rest[0].span, "this belongs behind the list")
            return None
        kinds.append(kind)
    return types.List(types.union(kinds))


def _named(name: str, span: Span, world: World) -> types.Type | None:
    if name in _PLAIN:
        return _PLAIN[name]
    known = [*_PLAIN, "facet", "record", *world.names("schema")]
    if ("schema", name) not in world.pending:
        world.report.error(
            "unknown-type", span, f"no type is called `{name}`",
            hint=did_you_mean(name, known) or f"there are {listing(known, 12)}",
        )  # fmt: skip
        return None
    schema = world.get("schema", name, span)
    return schema.record if schema else None


def _facet(
    rest: tuple[Any, ...], span: Span, world: World
) -> tuple[types.Type | None, tuple[Any, ...]]:
    if not rest or not isinstance(rest[0], tree.Ref):
        world.report.error(
            "malformed-type", span, "a facet's name is missing", hint="write `facet NAME`"
        )
        return None, rest
    facet = world.facet(rest[0].name, rest[0].span)
    return (facet.type if facet else None), rest[1:]


def _bounded(call: tree.Call, world: World) -> types.Type | None:
    known = _BOUNDS.get(call.name)
    if known is None:
        bare = call.name in _PLAIN
        world.report.error(
            "wrong-arguments" if bare else "unknown-type", call.span,
            f"`{call.name}` has no bounds" if bare else f"no type is called `{call.name}(…)`",
            hint=did_you_mean(call.name, _BOUNDS),
        )  # fmt: skip
        return None
    given: dict[str, Any] = {}
    for arg in call.args:
        before = len(world.report.items)
        name = arg.name if isinstance(arg, tree.Named) else ""
        value = (
            _bound(call.name, name, arg.value, world)
            if isinstance(arg, tree.Named) and name in known
            else None
        )
        if value is None:
            wanted = "a number" if call.name == "number" else "a whole number"
            if len(world.report.items) == before:
                world.report.error(
                    "wrong-arguments", arg.span,
                    f"`{call.name}` takes {listing(known)}" if name not in known
                    else f"`{name}` is {'a text in quotes' if name == 'pattern' else wanted}",
                    hint=f"write `{call.name}({name if name in known else known[0]} = …)`",
                )  # fmt: skip
            return None
        given[name] = value
    make: dict[str, Callable[..., types.Type]] = {
        "string": types.Text, "integer": types.Int, "number": types.Number,
    }  # fmt: skip
    return make[call.name](**given)


def _bound(kind: str, name: str, node: tree.Expr, world: World) -> Any:
    if name == "pattern":
        if isinstance(node, tree.Text):
            result = Result(ex.Const(node.value), types.Text())
            return node.value if pattern_ok(result, node.span, world.report) else None
        return None
    if kind == "number" and isinstance(node, tree.Int | tree.Number):
        return str(node.value)
    return node.value if isinstance(node, tree.Int) else None


def _suffix(
    rest: tuple[Any, ...], field: FieldType, allow: tuple[str, ...], world: World
) -> bool:
    items = list(rest)
    while items:
        word = items.pop(0)
        name = word.name if isinstance(word, tree.Ref) else ""
        if name == "optional" and "optional" in allow:
            field.optional = True
        elif name == "from" and "from" in allow and items:
            target = items.pop(0)
            if not _from(target, field, world):
                return False
        elif name == "from" and "from" in allow:
            world.report.error(
                "malformed-type", word.span, "`from` names a column", hint=_FROM
            )  # fmt: skip
            return False
        else:
            words = " or ".join(f"`{one}`" for one in allow)
            world.report.error("malformed-type", word.span, f"only {words} can follow a type")
            return False
    return True


def _from(target: Any, field: FieldType, world: World) -> bool:
    if isinstance(target, tree.Text):
        field.column = target.value
        return True
    name = target.name if isinstance(target, tree.Ref) else ""
    if name in {"file_stem", "file_name"}:
        field.of_file = name
        return True
    if name in _OF_MAP:
        field.column = _OF_MAP[name]
        return True
    if name == "json":
        field.json = True
        return True
    world.report.error("malformed-type", target.span, "`from` names a column", hint=_FROM)
    return False


def read_record(name: str | None, found: list[Line], world: World) -> types.Record | None:
    """The record that field lines declare."""
    fields: list[types.Field] = []
    good = True
    names: set[str] = set()
    room = MAX_FIELDS
    for item in found:
        if "field" not in item.slots:
            continue
        field = item.name("field")
        if field in names:
            world.report.error(
                "duplicate-name", item.slots["field"].span, f"field `{field}` stands twice"
            )
            good = False
            continue
        names.add(field)
        typed = read_type(item.entry, world, allow=("optional",))
        if typed is None:
            good = False
            continue
        text = help_of(item, world)
        room -= 1 + _weight(typed.type)
        if room < 0:
            world.report.error(
                "too-large", item.slots["field"].span,
                f"a record has at most {MAX_FIELDS} fields and alternatives, all the way down",
            )  # fmt: skip
            return None
        fields.append(types.Field(field, typed.type, typed.optional, text))
    return types.Record(tuple(fields), name) if good else None


def help_of(item: Line, world: World) -> str:
    """The line for a tool's caller that a field's body gives; none where it is of a record."""
    if item.entry.body is None or _is_record(item.entry):
        return ""
    found = lines("the field", item.entry.head, item.entry.body, (HELP,), world.report)
    return found[0].text().value if found else ""


def _is_record(entry: tree.Entry) -> bool:
    arms = entry.type.arms if entry.type else ()
    return "record" in " ".join(arm.span.source for arm in arms).replace("[", " ").split()


def _weight(kind: types.Type) -> int:
    """How many fields and alternatives a type has, all the way down."""
    match kind:
        case types.Union(arms=parts):
            return sum(1 + _weight(part) for part in parts)
        case types.Record(fields=fields):
            return sum(1 + _weight(field.type) for field in fields)
        case types.List(of=of):
            return _weight(of)
        case _:
            return 0


def nested(body: tree.Body | None, world: World) -> types.Record | None:
    """The record that a `record { … }` body declares."""
    if body is None:
        return None
    found = lines("record", body.span, body, (FIELD,), world.report)
    return read_record(None, found, world)
