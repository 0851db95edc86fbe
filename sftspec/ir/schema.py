"""Output contracts as a checker that names the reason.

The checker is generated msgspec types where they can say it (native, a microsecond), and plain
Python where they cannot, or to find out why a value was refused. Reason classes:
`invalid_json`, `missing_field`, `extra_field`, `type_error`, `invalid_enum`, `out_of_range`,
`pattern`, `rule`.
"""

from collections.abc import Sequence
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
                    else Broken("invalid_enum", path, f"wanted {types.say(kind)}")
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
    """A decimal number and its bound compare as the nearest doubles: 0.1 is not above 0.1."""
    low, high = _ends(kind)
    if low is not None and value < low:
        return Broken("out_of_range", path, f"below {kind.min}")
    if high is not None and value > high:
        return Broken("out_of_range", path, f"above {kind.max}")
    return None


def _ends(kind: types.Int | types.Number) -> tuple[int | float | None, int | float | None]:
    if isinstance(kind, types.Int):
        return kind.min, kind.max
    return number(kind.min), number(kind.max)


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
        words += [types.say(arm) for arm in kind.arms if isinstance(arm, types.Facet)]
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


class Codec:
    """A contract ready for use over many values."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.kind = _struct(contract.record) if _native(contract.record) else None
        self.rules = [
            compile_vector(require if when is None else ex.Or(ex.Not(when), require))
            for require, when, _ in contract.rules
        ]

    def render(self, values: Sequence[Any]) -> tuple[list[str | None], dict[int, Broken]]:
        """Decoded JSON values to JSON texts in field order; and, by place, why one broke.

        Numbers keep their value: a whole number stays whole.
        """
        texts: list[str | None] = [None] * len(values)
        good: list[int] = []
        broken: dict[int, Broken] = {}
        encode, convert, kind = msgspec.json.encode, msgspec.convert, self.kind
        for index, value in enumerate(values):
            if kind is not None:
                try:
                    texts[index] = encode(convert(value, kind)).decode()
                    good.append(index)
                    continue
                except msgspec.ValidationError:
                    pass
            why = explain(value, self.contract.record, "")
            if why is None:
                texts[index] = encode(ordered(value, self.contract.record)).decode()
                good.append(index)
            else:
                broken[index] = why
        self._judge(values, good, texts, broken)
        return texts, broken

    def _judge(
        self,
        values: Sequence[Any],
        good: list[int],
        texts: list[str | None],
        broken: dict[int, Broken],
    ) -> None:
        """The rules between fields, over all values that have the right shape."""
        kept = [values[index] for index in good]
        for rule, (_, _, text) in zip(self.rules, self.contract.rules, strict=True):
            hits = rule.over(lambda path: [reach(value, path) for value in kept], len(kept))
            for index, hit in zip(good, hits, strict=True):
                if not hit and index not in broken:
                    broken[index] = Broken("rule", "", text)
                    texts[index] = None


def codec(contract: Contract) -> Codec:
    """The contract's codec, made once."""
    return _codec(msgspec.json.encode(contract))


@cache
def _codec(encoded: bytes) -> Codec:
    return Codec(msgspec.json.decode(encoded, type=Contract))


def _native(kind: types.Type) -> bool:
    """Whether msgspec's own types say all of it."""
    match kind:
        case types.Record(fields=fields):
            return all(_native(field.type) for field in fields)
        case types.List(of=of):
            return _native(of)
        case types.Union(arms=arms):
            return _tellable(arms) and all(_native(arm) for arm in arms)
        case types.Text(pattern=pattern, min_chars=low, max_chars=high):
            return pattern is None and all(
                end is None or 0 <= end < _WIDE for end in (low, high)
            )
        case types.Int() | types.Number():
            return all(end is None or -_WIDE < end < _WIDE for end in _ends(kind))
        case _:
            return True


_WIDE = 2**63
_FAMILIES = (
    (types.Record,), (types.List,), (types.Int, types.Number),
    (types.Text, types.Facet),
)  # fmt: skip


def _tellable(arms: Sequence[types.Type]) -> bool:
    """Whether a value's JSON type alone says which arm it may be."""
    counts = [sum(isinstance(arm, family) for arm in arms) for family in _FAMILIES]
    counts[-1] += any(isinstance(arm, types.Literal) for arm in arms)
    return max(counts) <= 1 and not any(isinstance(arm, types.Any) for arm in arms)


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
