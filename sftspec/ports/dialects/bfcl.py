"""The Berkeley Function-Calling Leaderboard: lists of messages, functions in its own types, accepted values."""

from typing import Any

from sftspec.ports.dialogue import (
    Call,
    Misshapen,
    Said,
    items_of,
    said_role,
    text_of,
)

ROLES = {"system": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
_TYPES = {"dict": "object", "float": "number", "tuple": "array", "String": "string", "double": "number", "long": "integer"}  # fmt: skip


def messages(value: Any, roles: dict[str, str]) -> list[Said]:
    """A question: a list of turns, each a list of messages."""
    found: list[Said] = []
    for turn in items_of(value, "question"):
        for one in turn if isinstance(turn, list) else [turn]:
            at = len(found) + 1
            if not isinstance(one, dict):
                raise Misshapen("type_error", f"message {at} is no object")
            role = said_role(one.get("role"), roles, at)
            found.append(Said(role, text_of(one.get("content"), at), role == "assistant"))
    return found


def tools(value: Any) -> list[dict[str, Any]]:
    """The functions, their types as JSON Schema names them; `any` admits everything."""
    if isinstance(value, dict):
        value = [value]
    found = []
    for one in items_of(value, "function"):
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise Misshapen("invalid_tool", "a function has no name")
        found.append({**one, "parameters": _schema(one.get("parameters") or {})})
    return found


def _schema(value: Any) -> Any:
    if isinstance(value, list):
        return [_schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    out: dict[str, Any] = {}
    for key, item in value.items():
        if key == "type" and isinstance(item, str):
            if item == "any":
                continue
            out[key] = _TYPES.get(item, item)
        elif key == "properties" and isinstance(item, dict):
            out[key] = {name: _schema(inner) for name, inner in item.items()}
        elif key in {"items", "additionalProperties"}:
            out[key] = _schema(item)
        elif key != "optional":
            out[key] = item
    return out


def calls(value: Any, at: int = 1) -> list[Call]:  # noqa: ARG001 - the shelf's shape
    """The calls of a `ground_truth`, with the values that are accepted of each argument."""
    found: list[Call] = []
    for one in items_of(value, "ground_truth"):
        if not isinstance(one, dict) or len(one) != 1:
            raise Misshapen(
                "invalid_call", f"call {len(found) + 1}: wanted one function's name"
            )
        name, given = next(iter(one.items()))
        if not isinstance(given, dict):
            raise Misshapen("invalid_call", f"{name[:40]}: its arguments are no object")
        accepted = {
            key: [_inside(item) for item in (values if isinstance(values, list) else [values])]
            for key, values in given.items()
        }
        found.append(Call(name, "{}", accepted=accepted))
    return found


def _first(accepted: Any) -> Any:
    """The first accepted value of a field inside of an object."""
    return _inside(accepted[0] if isinstance(accepted, list) and accepted else accepted)


def _inside(value: Any) -> Any:
    """A value whose fields are lists of accepted ones again."""
    if isinstance(value, dict):
        return {
            key: _first(given)
            for key, given in value.items()
            if not (isinstance(given, list) and len(given) > 1 and given[0] == "")
        }
    if isinstance(value, list):
        return [_inside(item) for item in value]
    return value
