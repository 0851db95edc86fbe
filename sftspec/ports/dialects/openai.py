"""OpenAI's chat messages: `role`, `content`, `tool_calls`, `tool_call_id`; tools as functions."""

from typing import Any

from sftspec.ports.dialogue import (
    Call,
    Misshapen,
    Said,
    call_of,
    items_of,
    name_of,
    said_role,
    spoken,
    text_of,
)  # fmt: skip

ROLES = {
    "system": "system", "developer": "system", "user": "user", "assistant": "assistant",
    "tool": "tool", "function": "tool",
}  # fmt: skip


def messages(value: Any, roles: dict[str, str]) -> list[Said]:
    """The turns of a list of messages. A weight of 0 leaves an assistant's turn untrained."""
    found: list[Said] = []
    for at, one in enumerate(items_of(value, "messages"), 1):
        if not isinstance(one, dict):
            raise Misshapen("type_error", f"message {at} is no object")
        role = said_role(one.get("role"), roles, at)
        text = text_of(one.get("content"), at)
        said = spoken(role, text, at, train=one.get("weight") != 0)
        role = said.role
        said.calls += calls(one.get("tool_calls") or [], at)
        if one.get("function_call"):
            said.calls.append(call_of(one["function_call"], at))
        if said.calls and role != "assistant":
            raise Misshapen("invalid_call", f"message {at}: only the assistant calls tools")
        if role == "tool":
            said.name = name_of(one.get("name"))
            said.call_id = name_of(one.get("tool_call_id"))
        found.append(said)
    return found


def calls(value: Any, at: int = 1) -> list[Call]:
    """The calls of a `tool_calls` list, or of a list of bare functions."""
    found: list[Call] = []
    for one in items_of(value, f"message {at}: tool_calls"):
        inner = one.get("function", one) if isinstance(one, dict) else one
        call = call_of(inner, at)
        call.id = name_of(one.get("id")) or call.id
        found.append(call)
    return found


def tools(value: Any) -> list[dict[str, Any]]:
    """The functions of a tool list: `{"type": "function", "function": {…}}`, or bare."""
    found: list[dict[str, Any]] = []
    for one in items_of(value, "tools"):
        inner = one.get("function", one) if isinstance(one, dict) else one
        if not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
            raise Misshapen("invalid_tool", "a tool has no name")
        shape = inner.get("parameters")
        if shape is not None and not isinstance(shape, dict):
            raise Misshapen(
                "invalid_tool", f"{inner['name'][:40]}: its parameters are no schema"
            )
        found.append(inner)
    return found
