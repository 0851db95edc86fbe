"""Output contracts as JSON Schema, for a prompt to show."""

from typing import Any

import msgspec

from sftspec.expr import types


def json_schema(record: types.Record) -> str:
    """The contract as one line of JSON Schema (2020-12), in field order."""
    return msgspec.json.encode(_schema(record)).decode()


def tool_schema(name: str, description: str, record: types.Record) -> dict[str, Any]:
    """A tool as trainers and servers know it: name, description, parameters."""
    about = {"description": description} if description else {}
    return {"name": name, **about, "parameters": _schema(record)}


def _schema(kind: types.Type) -> dict[str, Any]:
    match kind:
        case types.Union():
            return _union_schema(kind)
        case types.Record(fields=fields):
            return {
                "type": "object",
                "properties": {field.name: _field(field) for field in fields},
                "required": [field.name for field in fields if not field.optional],
                "additionalProperties": False,
            }
        case types.List(of=of):
            return {"type": "array", "items": _schema(of)}
        case types.Literal(value=value):
            return {"const": value}
        case types.Facet(values=values):
            return {"enum": list(values)}
        case types.Any():
            return {}
        case _:
            return _simple_schema(kind)


def _field(field: types.Field) -> dict[str, Any]:
    shape = _schema(field.type)
    return {**shape, "description": field.help} if field.help else shape


def _simple_schema(kind: types.Type) -> dict[str, Any]:
    match kind:
        case types.Text(pattern=pattern, min_chars=low, max_chars=high):
            words: dict[str, Any] = {"pattern": pattern, "minLength": low, "maxLength": high}
            name = "string"
        case types.Int(min=low, max=high):
            words, name = {"minimum": low, "maximum": high}, "integer"
        case types.Number(min=low, max=high):
            words, name = {"minimum": number(low), "maximum": number(high)}, "number"
        case _:
            words, name = {}, types.say(kind)
    return {"type": name, **{key: value for key, value in words.items() if value is not None}}


def number(text: str | None) -> int | float | None:
    """A bound as written, as the number that it is."""
    if text is None:
        return None
    return float(text) if "." in text else int(text)


def _union_schema(kind: types.Union) -> dict[str, Any]:
    names = [arm.value for arm in kind.arms if isinstance(arm, types.Literal)]
    rest = [arm for arm in kind.arms if not isinstance(arm, types.Literal)]
    if names and all(isinstance(arm, types.Null) for arm in rest):
        return {"enum": [*names, *([None] if rest else [])]}
    others = [arm for arm in rest if not isinstance(arm, types.Null)]
    if not names and len(others) == 1 and len(rest) == 2:
        inner = _schema(others[0])
        if isinstance(inner.get("type"), str) and inner["type"] not in {"object", "array"}:
            return {**inner, "type": [inner["type"], "null"]}
    parts = [{"enum": names}] if names else []
    return {"anyOf": [*parts, *(_schema(arm) for arm in rest)]}
