"""How types relate: fields of records, what can be compared, which facet a value belongs to."""

from msgspec import Struct

from sftspec.expr import nodes, types
from sftspec.ground.report import Report, did_you_mean, listing
from sftspec.ground.text import Span

MAX_PATTERN = 1024


class Result(Struct, frozen=True):
    """A typed expression and its type."""

    node: nodes.Typed
    type: types.Type


def step(kind: types.Type, part: str) -> types.Type | None:
    """The type of a field of a value; a null on the way makes it nullable."""
    found: list[types.Type] = []
    for arm in types.arms(kind):
        match arm:
            case types.Null():
                found.append(types.Null())
            case types.Any():
                found.append(types.Any())
            case types.Record() | types.Response():
                record = arm if isinstance(arm, types.Record) else arm.record
                field = record.field(part) if record else None
                if field is None:
                    return None
                found.append(field.type)
                if field.optional:
                    found.append(types.Null())
            case _:
                return None
    return types.union(found)


def no_such_field(kind: types.Type, part: str, owner: str, span: Span, report: Report) -> None:
    """Say that a value has no such field, and which it has."""
    known: list[str] = []
    for arm in types.arms(kind):
        record = arm.record if isinstance(arm, types.Response) else arm
        if isinstance(record, types.Record):
            known.extend(field.name for field in record.fields)
    if known:
        hint = did_you_mean(part, known) or f"it has {listing(known)}"
    else:
        hint = f"it is {types.say(kind)}"
    report.error("unknown-field", span, f"`{owner}` has no field `{part}`", hint=hint)


def facet_of(kind: types.Type) -> types.Facet | None:
    """The facet a value or a list of values belongs to."""
    kind = types.without_null(kind)
    if isinstance(kind, types.List):
        kind = kind.of
    return kind if isinstance(kind, types.Facet) else None


def comparable(a: types.Type, b: types.Type) -> bool:
    """Whether two values can ever be equal."""
    if isinstance(a, types.Null):
        return types.nullable(b)
    if isinstance(b, types.Null):
        return types.nullable(a)
    a, b = types.without_null(a), types.without_null(b)
    if isinstance(a, types.Any) or isinstance(b, types.Any):
        return True
    if isinstance(a, types.Facet) and isinstance(b, types.Facet):
        return a.name == b.name
    literals = [arm.value for arm in types.arms(a) if isinstance(arm, types.Literal)]
    others = [arm.value for arm in types.arms(b) if isinstance(arm, types.Literal)]
    if (
        literals
        and others
        and len(literals) == len(types.arms(a))
        and len(others) == len(types.arms(b))
    ):
        return bool(set(literals) & set(others))
    return (
        (types.is_text(a) and types.is_text(b))
        or (types.is_number(a) and types.is_number(b))
        or type(a) is type(b)
    )


def pattern_ok(result: Result, span: Span, report: Report) -> bool:
    """Whether a value is a pattern that RE2 takes."""
    from sftspec.expr.measures.matches import compiled

    node = result.node
    if not (isinstance(node, nodes.Const) and isinstance(node.value, str)):
        report.error("not-a-constant", span, "a pattern is written out, in quotes")
        return False
    if len(node.value) > MAX_PATTERN:
        report.error("bad-pattern", span, f"a pattern has at most {MAX_PATTERN} characters")
        return False
    try:
        compiled(node.value)
    except Exception as error:  # noqa: BLE001 - re2.error is only known once re2 is loaded
        why = error.args[0] if error.args else error
        words = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
        report.error(
            "bad-pattern", span, f"RE2 does not take this pattern: {words}",
            hint="look-around and back-references are not in RE2; patterns run in linear time",
        )  # fmt: skip
        return False
    return True
