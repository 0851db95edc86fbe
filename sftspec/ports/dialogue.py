"""What a row's own conversation is turned into, and the dialects that it may be written in."""

from functools import cache
from importlib import import_module
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.ground.shelf import modules
from sftspec.ports.base import Problem
from sftspec.ports.jsontext import read_json

ROLES = ("system", "user", "assistant", "tool")
MEANINGS = (*ROLES, "call", "text", "drop")


class Misshapen(Exception):  # noqa: N818 - sets a row aside, is no error
    """A conversation, tool list or call that cannot be read: a reason, and evidence."""

    def __init__(self, reason: str, evidence: str) -> None:
        super().__init__(evidence)
        self.reason = reason
        self.evidence = evidence


class Call(Struct):
    """A request for a tool. `arguments`: a JSON object as text, as short as it can be.

    `accepted`: of each argument the values that would do, of which one is yet to be chosen by the
    tool's schema; `""` among them says that it may be left out.
    """

    name: str
    arguments: str
    id: str | None = None
    accepted: dict[str, list[Any]] | None = None


class Said(Struct):
    """A turn of one conversation.

    `parts`: element and text of each part, where there are several; else the turn is its `text`.
    `spans`: start and end bytes of data in the text, where parts do not say it.
    """

    role: str
    text: str
    train: bool = False
    calls: list[Call] = []
    name: str | None = None
    call_id: str | None = None
    parts: list[tuple[str | None, str, list[int]]] = []


def dialects() -> list[str]:
    """The dialects that conversations, tools or calls may be written in."""
    return modules("sftspec.ports.dialects")


@cache
def dialect(name: str) -> Any:
    """The dialect's module: any of `messages`, `tools` and `calls`, and `ROLES` for messages."""
    return import_module(f"sftspec.ports.dialects.{name}")


def said_role(name: Any, roles: dict[str, str], at: int) -> str:
    """What a role's name means. Raises Misshapen where it is none of those known."""
    if not isinstance(name, str):
        raise Misshapen("type_error", f"message {at}: its role is no text")
    found = roles.get(name)
    if found is None:
        raise Misshapen("unknown_role", f"message {at}: role {name[:40]!r}")
    return found


def text_of(value: Any, at: int) -> str:
    """A message's text; null is none. Raises Misshapen where it is something else."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_part(item, at) for item in value)
    raise Misshapen("type_error", f"message {at}: its content is no text")


def _part(item: Any, at: int) -> str:
    """A part of a message that has several: text alone can be taken."""
    if (
        isinstance(item, dict)
        and item.get("type") == "text"
        and isinstance(item.get("text"), str)
    ):
        return str(item["text"])
    kind = str(item.get("type"))[:20] if isinstance(item, dict) else type(item).__name__
    raise Misshapen("unsupported_part", f"message {at}: a part of kind {kind!r}")


def json_text(value: Any, what: str) -> str:
    """A JSON value, or the text of one, as short JSON text. Raises Misshapen."""
    if not isinstance(value, str):
        return msgspec.json.encode(value).decode()
    raw = value.encode("utf-8", "surrogatepass")
    found = read_json(raw)
    if isinstance(found, Problem):
        raise Misshapen(found.reason, f"{what}: {found.evidence}")
    return msgspec.json.format(raw, indent=-1).decode()


def call_of(value: Any, at: int) -> Call:
    """`{"name": …, "arguments": …}` as a call. Raises Misshapen."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise Misshapen("invalid_call", f"message {at}: a call has no name")
    given = value.get("arguments", value.get("parameters"))
    arguments = "{}" if given in (None, "") else json_text(given, f"message {at}: arguments")
    if not arguments.startswith("{"):
        raise Misshapen("invalid_call", f"message {at}: the arguments are no object")
    return Call(value["name"], arguments, name_of(value.get("id")))


def name_of(value: Any) -> str | None:
    """A name or an id; an empty one is none."""
    return value if isinstance(value, str) and value else None


def items_of(value: Any, what: str) -> list[Any]:
    """A list, or the JSON text of one. Raises Misshapen."""
    if isinstance(value, str):
        found = read_json(value.encode("utf-8", "surrogatepass"))
        if isinstance(found, Problem):
            raise Misshapen(found.reason, f"{what}: {found.evidence}")
        value = found[0]
    if not isinstance(value, list):
        raise Misshapen("type_error", f"{what}: wanted a list")
    return value


def spoken(role: str, text: str, at: int, *, train: bool = True) -> Said:
    """A turn of a role; of `call` the text is the JSON of one call or several. Raises Misshapen."""
    if role != "call":
        return Said(role, text, role == "assistant" and train)
    calls = calls_of(text, at)
    if not calls:
        raise Misshapen("invalid_call", f"message {at}: no call is in it")
    return Said("assistant", "", train, calls)


def calls_of(value: Any, at: int) -> list[Call]:
    """One call or a list of them, as objects or JSON text. Raises Misshapen."""
    if isinstance(value, str) and not value.lstrip().startswith("["):
        value = f"[{value}]"
    elif isinstance(value, dict):
        value = [value]
    return [call_of(one, at) for one in items_of(value, f"message {at}: call")]
