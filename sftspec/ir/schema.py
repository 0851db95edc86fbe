"""Output contracts as a checker that names the reason.

The checker is generated msgspec types where they can say it (native, a microsecond), and plain
Python where they cannot, or to find out why a value was refused. Reason classes:
`invalid_json`, `missing_field`, `extra_field`, `type_error`, `invalid_enum`, `out_of_range`,
`pattern`, `rule`.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from math import ceil, floor
from typing import Annotated, Any, Literal, Union

import msgspec
from msgspec import Meta, Struct

from sftspec.expr import nodes as ex, types
from sftspec.expr.evaluate import compile_vector
from sftspec.ir.json_schema import number

REASONS = (
    "invalid_json", "missing_field", "extra_field", "type_error", "invalid_enum", "out_of_range",
    "pattern", "rule",
)  # fmt: skip


class Contract(Struct, frozen=True):
    """What a stage needs of a schema: its record and the rules between fields."""

    record: types.Record
    rules: tuple[tuple[ex.Typed, ex.Typed | None, str], ...] = ()


class Broken(Struct, frozen=True):
    """Why a value breaks its contract: a reason class, the path, and what was wanted."""

    reason: str
    path: str
    detail: str

    @property
    def evidence(self) -> str:
        """Path and detail in a line."""
        return f"{self.path}: {self.detail}" if self.path else self.detail


# checking, with the reason


def check(value: Any, contract: Contract) -> Broken | None:
    """Why a decoded JSON value breaks the contract, or None."""
    return explain(value, contract.record, "") or _broken_rule(value, contract)


def explain(value: Any, kind: types.Type, path: str) -> Broken | None:
    """Why a value is not of a type, or None."""
    match kind:
        case types.Union():
            return _explain_union(value, kind, path)
        case types.Record():
            return _explain_record(value, kind, path)
        case types.List(of=of):
            if not isinstance(value, list):
                return _wrong(value, kind, path)
            for index, item in enumerate(value):
                broken = explain(item, of, f"{path}[{index}]")
                if broken:
                    return broken
            return None
        case types.Literal(value=wanted):
            if value == wanted:
                return None
            if isinstance(value, str):
                return Broken("invalid_enum", path, f"wanted {wanted}")
            return _wrong(value, kind, path)
        case types.Facet(values=values):
            if isinstance(value, str):
                return (
                    None
                    if value in values
                    else Broken("invalid_enum", path, f"facet {kind.name}")
                )
            return _wrong(value, kind, path)
        case _:
            return _explain_simple(value, kind, path)


def _explain_simple(value: Any, kind: types.Type, path: str) -> Broken | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case types.Text():
            return _explain_text(value, kind, path)
        case types.Int():
            good = number and isinstance(value, int)
        case types.Number():
            good = number
        case types.Bool():
            good = isinstance(value, bool)
        case types.Null():
            good = value is None
        case _:
            good = True
    if not good:
        return _wrong(value, kind, path)
    if isinstance(kind, types.Int | types.Number):
        return _range(value, kind, path)
    return None


def _range(value: Any, kind: types.Int | types.Number, path: str) -> Broken | None:
    exact = Decimal(value)
    if kind.min is not None and exact < Decimal(kind.min):
        return Broken("out_of_range", path, f"below {kind.min}")
    if kind.max is not None and exact > Decimal(kind.max):
        return Broken("out_of_range", path, f"above {kind.max}")
    return None


def _explain_text(value: Any, kind: types.Text, path: str) -> Broken | None:
    if not isinstance(value, str):
        return _wrong(value, kind, path)
    if kind.min_chars is not None and len(value) < kind.min_chars:
        return Broken("out_of_range", path, f"shorter than {kind.min_chars} characters")
    if kind.max_chars is not None and len(value) > kind.max_chars:
        return Broken("out_of_range", path, f"longer than {kind.max_chars} characters")
    if kind.pattern is not None:
        from sftspec.expr.measures.matches import matches

        if not matches(value, kind.pattern):
            return Broken("pattern", path, f"does not match {kind.pattern}")
    return None


def _explain_record(value: Any, kind: types.Record, path: str) -> Broken | None:
    if not isinstance(value, dict):
        return _wrong(value, kind, path)
    known = {field.name for field in kind.fields}
    for name in value:
        if name not in known:
            return Broken("extra_field", _join(path, name), "not in the contract")
    for field in kind.fields:
        if field.name not in value:
            if field.optional:
                continue
            return Broken("missing_field", _join(path, field.name), "missing")
        broken = explain(value[field.name], field.type, _join(path, field.name))
        if broken:
            return broken
    return None


def _explain_union(value: Any, kind: types.Union, path: str) -> Broken | None:
    found = [explain(value, arm, path) for arm in kind.arms]
    if None in found:
        return None
    reasons = [broken for broken in found if broken and broken.reason != "type_error"]
    if any(broken.reason == "invalid_enum" for broken in reasons):
        words = [arm.value for arm in kind.arms if isinstance(arm, types.Literal)]
        return Broken("invalid_enum", path, f"wanted {' | '.join(words)}")
    return reasons[0] if reasons else _wrong(value, kind, path)


_JSON_NAMES = {str: "a string", bool: "a boolean", int: "an integer", float: "a number",
               list: "a list", dict: "an object", type(None): "null"}  # fmt: skip


def _wrong(value: Any, kind: types.Type, path: str) -> Broken:
    found = _JSON_NAMES.get(type(value), type(value).__name__)
    return Broken("type_error", path, f"wanted {types.say(kind)}, found {found}")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _broken_rule(value: dict[str, Any], contract: Contract) -> Broken | None:
    for require, when, text in contract.rules:
        if when is not None and not _holds(when, value):
            continue
        if not _holds(require, value):
            return Broken("rule", "", text)
    return None


def _holds(node: ex.Typed, value: dict[str, Any]) -> bool:
    return bool(compile_vector(node).over(lambda path: [reach(value, path)], 1)[0])


def reach(value: Any, path: tuple[str, ...]) -> Any:
    """The value at a path; null where any step is missing."""
    for part in path:
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


# the fast way


class Codec(Struct, frozen=True):
    """A contract ready for use: `decode` raises `msgspec.ValidationError` on a broken value."""

    contract: Contract
    decode: Callable[[bytes], Any] | None

    def render(self, text: bytes) -> tuple[str | None, Broken | None]:
        """JSON text of a value to JSON text in field order, or why not.

        Numbers keep their value: a whole number stays whole.
        """
        if self.decode is not None:
            try:
                return msgspec.json.encode(self.decode(text)).decode(), None
            except msgspec.ValidationError:
                pass
        value = msgspec.json.decode(text)
        broken = check(value, self.contract)
        if broken:
            return None, broken
        return msgspec.json.encode(ordered(value, self.contract.record)).decode(), None


def codec(contract: Contract) -> Codec:
    """The contract's codec, made once."""
    return _codec(msgspec.json.encode(contract))


@cache
def _codec(encoded: bytes) -> Codec:
    contract = msgspec.json.decode(encoded, type=Contract)
    if contract.rules or not _native(contract.record):
        return Codec(contract, None) if not _native(contract.record) else _ruled(contract)
    return Codec(contract, msgspec.json.Decoder(_struct(contract.record)).decode)


def _ruled(contract: Contract) -> Codec:
    """Native types first, then the rules over the decoded struct's fields."""
    kind = _struct(contract.record)
    decoder = msgspec.json.Decoder(kind)
    rules = [_compiled_rule(require, when) for require, when, _ in contract.rules]

    def decode(text: bytes) -> Any:
        value = decoder.decode(text)
        for rule in rules:
            if not rule(value):
                raise msgspec.ValidationError("rule")
        return value

    return Codec(contract, decode)


def _compiled_rule(require: ex.Typed, when: ex.Typed | None) -> Callable[[Any], bool]:
    wanted = compile_vector(ex.Or(ex.Not(when), require) if when is not None else require)

    def holds(value: Any) -> bool:
        return bool(wanted.run([[_attribute(value, path)] for path in wanted.paths], 1)[0])

    return holds


def _attribute(value: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        if value is None:
            return None
        value = getattr(value, f"f_{part}", None)
        if value is msgspec.UNSET:
            return None
    return value


def _native(kind: types.Type) -> bool:
    """Whether msgspec's own types say all of it."""
    match kind:
        case types.Record(fields=fields):
            return all(_native(field.type) for field in fields)
        case types.List(of=of):
            return _native(of)
        case types.Union(arms=arms):
            records = [arm for arm in arms if isinstance(arm, types.Record)]
            texts = [arm for arm in arms if isinstance(arm, types.Text | types.Facet)]
            literals = [arm for arm in arms if isinstance(arm, types.Literal)]
            return (
                len(records) <= 1
                and len(texts) + bool(literals) <= 1
                and not any(isinstance(arm, types.Any) for arm in arms)
                and all(_native(arm) for arm in arms)
            )
        case types.Text(pattern=pattern):
            return pattern is None
        case types.Number():
            return True
        case _:
            return True


def _struct(record: types.Record) -> Any:
    fields: list[Any] = []
    for field in record.fields:
        kind = _python(field.type)
        name = f"f_{field.name}"
        if field.optional:
            fields.append((name, kind | msgspec.UnsetType, msgspec.UNSET))
        else:
            fields.append((name, kind))
    rename = {f"f_{field.name}": field.name for field in record.fields}
    return msgspec.defstruct(
        record.schema or "Record", fields, kw_only=True, rename=rename,
        forbid_unknown_fields=True, gc=False,
    )  # fmt: skip


def _python(kind: types.Type) -> Any:
    match kind:
        case types.Union(arms=arms):
            names = tuple(arm.value for arm in arms if isinstance(arm, types.Literal))
            rest = [_python(arm) for arm in arms if not isinstance(arm, types.Literal)]
            return Union[tuple([Literal[names], *rest] if names else rest)]  # noqa: UP007
        case types.Record():
            return _struct(kind)
        case types.List(of=of):
            return list[_python(of)]  # type: ignore[misc]
        case types.Literal(value=value):
            return Literal[value]
        case types.Facet(values=values):
            return Literal[values]
        case types.Text(min_chars=low, max_chars=high):
            return _meta(str, min_length=low, max_length=high)
        case types.Int(min=low, max=high):
            return _meta(int, ge=low, le=high)
        case types.Number(min=low, max=high):
            bounds = {"ge": number(low), "le": number(high)}
            return Union[_meta(int, **_whole(bounds)), _meta(float, **bounds)]  # noqa: UP007
        case types.Bool():
            return bool
        case types.Null():
            return None
        case _:
            return Any


def _whole(bounds: dict[str, Any]) -> dict[str, Any]:
    """Bounds of a decimal number as bounds of the whole numbers inside."""
    low, high = bounds["ge"], bounds["le"]
    return {
        "ge": None if low is None else ceil(low),
        "le": None if high is None else floor(high),
    }


def _meta(kind: Any, **bounds: Any) -> Any:
    known = {key: value for key, value in bounds.items() if value is not None}
    return Annotated[kind, Meta(**known)] if known else kind


def ordered(value: Any, kind: types.Type) -> Any:
    """A valid value with its keys in schema order, all the way down."""
    if isinstance(kind, types.Record) and isinstance(value, dict):
        return {
            field.name: ordered(value[field.name], field.type)
            for field in kind.fields
            if field.name in value
        }
    if isinstance(kind, types.List) and isinstance(value, list):
        return [ordered(item, kind.of) for item in value]
    if isinstance(kind, types.Union):
        arm = next((arm for arm in kind.arms if explain(value, arm, "") is None), None)
        return ordered(value, arm) if arm else value
    return value
