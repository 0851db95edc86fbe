"""ShareGPT's conversations: `from` and `value`; calls and observations as LLaMA-Factory has them."""

from typing import Any

from sftspec.ports.dialogue import (
    Call,
    Misshapen,
    Said,
    calls_of,
    items_of,
    said_role,
    spoken,
    text_of,
)

ROLES = {
    "system": "system", "human": "user", "user": "user", "gpt": "assistant",
    "chatgpt": "assistant", "bing": "assistant", "bard": "assistant", "assistant": "assistant",
    "tool": "tool", "observation": "tool", "function_call": "call",
}  # fmt: skip


def messages(value: Any, roles: dict[str, str]) -> list[Said]:
    """The turns of a list of `{"from": …, "value": …}`."""
    found: list[Said] = []
    for at, one in enumerate(items_of(value, "conversations"), 1):
        if not isinstance(one, dict):
            raise Misshapen("type_error", f"message {at} is no object")
        role = said_role(one.get("from"), roles, at)
        text = text_of(one.get("value"), at)
        found.append(spoken(role, text, at, train=one.get("weight") != 0))
    return found


def calls(value: Any, at: int = 1) -> list[Call]:
    """One call or a list of them, as objects or JSON text."""
    return calls_of(value, at)
