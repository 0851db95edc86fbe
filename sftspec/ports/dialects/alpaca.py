"""Alpaca's fields: `instruction`, `input`, `output`; maybe `system`, and `history` of pairs."""

from typing import Any

from sftspec.ports.dialogue import Misshapen, Said, items_of

ROLES: dict[str, str] = {}
FIELDS = ("instruction", "output")


def messages(value: Any, roles: dict[str, str]) -> list[Said]:  # noqa: ARG001 - the shelf's shape
    """System, the pairs of the history, and the instruction with its input beside it."""
    if not isinstance(value, dict):
        raise Misshapen("type_error", "wanted an object with `instruction` and `output`")
    found: list[Said] = []
    if value.get("system"):
        found.append(Said("system", _text(value, "system")))
    for pair in items_of(value.get("history") or [], "history"):
        if not (
            isinstance(pair, list | tuple)
            and len(pair) == 2
            and all(isinstance(t, str) for t in pair)
        ):
            raise Misshapen("type_error", "history: wanted pairs of texts")
        found += [Said("user", pair[0]), Said("assistant", pair[1], train=True)]
    parts = [("instruction", _text(value, "instruction"))]
    if value.get("input"):
        parts.append(("context", _text(value, "input")))
    user = Said("user", "\n\n".join(text for _, text in parts))
    user.parts = [(element, text, [0, len(text.encode())]) for element, text in parts]
    return [*found, user, Said("assistant", _text(value, "output"), train=True)]


def _text(value: dict[str, Any], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str):
        raise Misshapen(
            "missing_field" if text is None else "type_error", f"{name}: wanted a text"
        )
    return text
