"""Arguments of a call against the tool's JSON Schema, with the reason where they break it.

The part of JSON Schema (2020-12) that tools are declared in: type, enum, const, properties,
required, items, additionalProperties, anyOf, oneOf, allOf, bounds, pattern, and $ref inside the
schema. What is not known says nothing, as the standard has it; an argument that is not declared is
refused all the same, because a server would.
"""

from collections.abc import Mapping
from functools import lru_cache
import operator
from typing import Any

from sftspec.ir.schema import Broken

MAX_DEPTH = 64
_NAMES = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,),
    "null": (type(None),), "array": (list,), "object": (dict,),
}  # fmt: skip
_FOUND = {str: "a string", bool: "a boolean", int: "an integer", float: "a number",
          list: "a list", dict: "an object", type(None): "null"}  # fmt: skip


def broken_arguments(value: Any, schema: Mapping[str, Any]) -> Broken | None:
    """Why a call's arguments break their tool's schema, or None."""
    return _Judge(schema).object(value, schema, "", strict=True)


def chosen_arguments(
    accepted: Mapping[str, list[Any]], schema: Mapping[str, Any]
) -> dict[str, Any]:
    """Of each argument the first accepted value that keeps the schema; the first if none does.

    `""` says that the argument may be left out, which it is where no value stands before it, and
    where the schema declares no such argument.
    """
    judge = _Judge(schema)
    fields = schema.get("properties")
    known: Mapping[str, Any] = fields if isinstance(fields, Mapping) else {}
    required = _names(schema.get("required"))
    more = schema.get("additionalProperties", False)
    found: dict[str, Any] = {}
    for name, values in accepted.items():
        may_go = "" in values and name not in required
        if may_go and name not in known and more is False:
            continue
        for value in values:
            if value == "" and may_go:
                break
            if judge.any(value, known.get(name), name) is None and not (
                value == "" and len(values) > 1
            ):
                found[name] = value
                break
        else:
            found[name] = next((v for v in values if v != ""), values[0] if values else None)
    return found


class _Judge:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.depth = 0

    def any(self, value: Any, schema: Any, path: str) -> Broken | None:
        """A value against a schema."""
        if schema is False:
            return Broken("extra_argument", path, "not admitted")
        if not isinstance(schema, Mapping) or self.depth > MAX_DEPTH:
            return None
        self.depth += 1
        try:
            return self._any(value, schema, path)
        finally:
            self.depth -= 1

    def _any(self, value: Any, schema: Mapping[str, Any], path: str) -> Broken | None:
        if isinstance(schema.get("$ref"), str):
            return self.any(value, self._ref(schema["$ref"]), path)
        broken = self._type(value, schema, path) or self._chosen(value, schema, path)
        if broken:
            return broken
        match value:
            case dict():
                return self.object(value, schema, path, strict=False)
            case list():
                return self._list(value, schema, path)
            case bool() | None:
                return None
            case int() | float():
                return _range(value, schema, path)
            case str():
                return _text(value, schema, path)
            case _:
                return None

    def _ref(self, name: str) -> Any:
        found: Any = self.root
        for part in name.removeprefix("#/").split("/"):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found

    def _type(self, value: Any, schema: Mapping[str, Any], path: str) -> Broken | None:
        given = schema.get("type")
        names = given if isinstance(given, list) else [given]
        kinds = [_NAMES[name] for name in names if isinstance(name, str) and name in _NAMES]
        if not kinds or any(_is(value, kind) for kind in kinds):
            return None
        wanted = " or ".join(str(name) for name in names)
        return Broken(
            "type_error", path, f"wanted {wanted}, found {_FOUND.get(type(value), '?')}"
        )

    def _chosen(self, value: Any, schema: Mapping[str, Any], path: str) -> Broken | None:
        options = schema.get("enum")
        if isinstance(options, list) and not any(_same(value, one) for one in options):
            return Broken("invalid_enum", path, f"wanted one of {len(options)} values")
        if "const" in schema and not _same(value, schema["const"]):
            return Broken("invalid_enum", path, "wanted another value")
        for word in ("anyOf", "oneOf"):
            arms = schema.get(word)
            if isinstance(arms, list) and arms:
                found = [self.any(value, arm, path) for arm in arms]
                if None not in found:
                    return next(
                        (one for one in found if one and one.reason != "type_error"), found[0]
                    )
        arms = schema.get("allOf")
        for arm in arms if isinstance(arms, list) else ():
            broken = self.any(value, arm, path)
            if broken:
                return broken
        return None

    def object(
        self, value: Any, schema: Mapping[str, Any], path: str, *, strict: bool
    ) -> Broken | None:
        """An object's fields; `strict` refuses those that are not declared."""
        if not isinstance(value, dict):
            return Broken("type_error", path, "wanted an object")
        fields = schema.get("properties")
        known: Mapping[str, Any] = fields if isinstance(fields, Mapping) else {}
        for name in _names(schema.get("required")):
            if name not in value:
                return Broken("missing_argument", _join(path, name), "missing")
        more = schema.get("additionalProperties", not strict if known or strict else True)
        for name, item in value.items():
            if name not in known and more is False:
                return Broken("extra_argument", _join(path, name), "not declared")
            broken = self.any(item, known.get(name, more), _join(path, name))
            if broken:
                return broken
        return None

    def _list(self, value: list[Any], schema: Mapping[str, Any], path: str) -> Broken | None:
        least, most = schema.get("minItems"), schema.get("maxItems")
        if isinstance(least, int) and len(value) < least:
            return Broken("out_of_range", path, f"fewer than {least} items")
        if isinstance(most, int) and len(value) > most:
            return Broken("out_of_range", path, f"more than {most} items")
        of = schema.get("items")
        for at, item in enumerate(value):
            broken = self.any(item, of, f"{path}[{at}]")
            if broken:
                return broken
        return None


def _names(value: Any) -> list[str]:
    """The names in a list of them; a schema of a row may hold anything."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _same(a: Any, b: Any) -> bool:
    """Whether two JSON values are equal: 1 is 1.0 and is not true."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return bool(a == b)


def _is(value: Any, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return bool in kinds
    if isinstance(value, float) and kinds == (int,):
        return value.is_integer()  # 5.0 is an integer to JSON Schema
    return isinstance(value, kinds)


_ENDS = (
    ("minimum", operator.lt, "below"), ("maximum", operator.gt, "above"),
    ("exclusiveMinimum", operator.le, "not above"), ("exclusiveMaximum", operator.ge, "not below"),
)  # fmt: skip


def _range(value: float, schema: Mapping[str, Any], path: str) -> Broken | None:
    for word, bad, said in _ENDS:
        end = schema.get(word)
        if isinstance(end, int | float) and not isinstance(end, bool) and bad(value, end):
            return Broken("out_of_range", path, f"{said} {end}")
    return None


def _text(value: str, schema: Mapping[str, Any], path: str) -> Broken | None:
    least, most = schema.get("minLength"), schema.get("maxLength")
    if isinstance(least, int) and len(value) < least:
        return Broken("out_of_range", path, f"shorter than {least} characters")
    if isinstance(most, int) and len(value) > most:
        return Broken("out_of_range", path, f"longer than {most} characters")
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and _matches(value, pattern) is False:
        return Broken("pattern", path, f"does not match {pattern[:80]}")
    return None


@lru_cache(4096)
def _matches(value: str, pattern: str) -> bool | None:
    """Whether a text matches; None where the pattern is none that RE2 knows."""
    import re2

    from sftspec.expr.measures.matches import compiled

    try:
        return compiled(pattern).search(value) is not None
    except re2.error:
        return None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
