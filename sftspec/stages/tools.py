"""Tools of a conversation, and whether its calls keep to them: names, arguments, ids, answers."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct
import xxhash

from sftspec.plan.parts import ToolsPart
from sftspec.ports.dialogue import Call, Misshapen, Said, dialect
from sftspec.stages.arguments import broken_arguments, chosen_arguments

Failure = tuple[str, str]
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 9
_decode = msgspec.json.Decoder().decode


class Kit(Struct, frozen=True):
    """The tools that a record declares: as JSON text (none where there are none), and by name."""

    text: str | None
    schemas: Mapping[str, Mapping[str, Any]]


NONE = Kit(None, {})


def declared_kit(part: ToolsPart) -> Kit:
    """The kit of `tool` blocks."""
    schemas = {name: _decode(text)["parameters"] for name, text in part.declared}
    return _kit([text for _, text in part.declared], schemas)


def row_kit(value: Any, name: str) -> Kit | Failure:
    """The kit that stands in a row, or why it cannot be read."""
    if value is None:
        return NONE
    try:
        return _row_kit(msgspec.json.encode(value), name)
    except Misshapen as error:
        return error.reason, error.evidence


@lru_cache(256)
def _row_kit(value: bytes, name: str) -> Kit:
    found = [_there(one) for one in dialect(name).tools(_decode(value))]
    words = [msgspec.json.encode(one).decode() for one in found]
    schemas = {one["name"]: one.get("parameters") or {} for one in found}
    if len(schemas) < len(found):
        raise Misshapen("invalid_tool", "two tools have one name")
    return _kit(words, schemas)


def _there(value: Any) -> Any:
    """A tool without its keys that are null: a table pads each tool with the keys of the others."""
    if isinstance(value, dict):
        return {key: _there(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_there(item) for item in value]
    return value


def _kit(words: Sequence[str], schemas: Mapping[str, Mapping[str, Any]]) -> Kit:
    if not words:
        return NONE
    text = ",".join(f'{{"type":"function","function":{word}}}' for word in words)
    return Kit(f"[{text}]", schemas)


def inferred_kit(talk: Sequence[Said]) -> Kit:
    """The tools as a conversation's calls show them: names, arguments and the types of their values."""
    found: dict[str, dict[str, Any]] = {}
    for call in (call for said in talk for call in said.calls):
        fields = found.setdefault(call.name, {})
        for name, value in _decode(call.arguments).items():
            fields.setdefault(name, {"type": _TYPES.get(type(value), "string")})
    schemas = {
        name: {"type": "object", "properties": dict(sorted(found[name].items()))}
        for name in sorted(found)
    }
    words = [
        msgspec.json.encode({"name": name, "parameters": shape}).decode()
        for name, shape in schemas.items()
    ]
    return Kit(_kit(words, schemas).text, {name: {} for name in schemas})


_TYPES = {
    str: "string", bool: "boolean", int: "integer", float: "number", list: "array",
    dict: "object", type(None): "null",
}  # fmt: skip


def settle_calls(talk: Sequence[Said]) -> Failure | None:
    """Give every call an id and every observation its call's; why they do not fit, or None."""
    waiting: list[tuple[str | None, Call]] = []
    known: set[str] = set()
    number = 0
    for at, said in enumerate(talk, 1):
        if said.role == "tool":
            found = _answered(said, waiting)
            if found is None:
                return "unknown_call_id", f"turn {at}: it answers no call that waits"
            waiting.remove(found)
            said.call_id, said.name = found[1].id, found[1].name
            continue
        if waiting:
            return (
                "unanswered_call",
                f"turn {at}: {waiting[0][1].name[:40]} was called and gave nothing",
            )
        for call in said.calls:
            number += 1
            given = call.id
            if given is not None and any(given == other for other, _ in waiting):
                return "duplicate_call_id", f"turn {at}: two calls have one id"
            if given is None or given in known:  # some recorders use an id again later
                call.id = _made_id(call, number)
            known.add(str(call.id))
            waiting.append((given, call))
    return None


def _answered(
    said: Said, waiting: Sequence[tuple[str | None, Call]]
) -> tuple[str | None, Call] | None:
    """The call that an observation answers: by id, else by name, else the first that waits."""
    if said.call_id is not None:
        return next((one for one in waiting if one[0] == said.call_id), None)
    if said.name is not None:
        return next((one for one in waiting if one[1].name == said.name), None)
    return waiting[0] if waiting else None


def _made_id(call: Call, number: int) -> str:
    """Nine letters and digits, which every server takes; equal conversations get equal ones."""
    words = f"{number}\0{call.name}\0{call.arguments}".encode()
    value = xxhash.xxh3_64_intdigest(words)
    out = []
    for _ in range(ID_LENGTH):
        value, rest = divmod(value, len(_LETTERS))
        out.append(_LETTERS[rest])
    return "".join(out)


def choose(talk: Sequence[Said], kit: Kit) -> None:
    """Settle on one of the accepted values of each argument."""
    for said in talk:
        for call in said.calls:
            if call.accepted is not None:
                chosen = chosen_arguments(call.accepted, kit.schemas.get(call.name) or {})
                call.arguments = msgspec.json.encode(chosen).decode()
                call.accepted = None


def broken_calls(talk: Sequence[Said], kit: Kit) -> Failure | None:
    """Why some call does not keep to the tools that are declared, or None."""
    for said in talk:
        for call in said.calls:
            schema = kit.schemas.get(call.name)
            if schema is None:
                return "undeclared_tool", f"{call.name[:60]}: no such tool is declared"
            if not schema:
                continue
            broken = broken_arguments(_decode(call.arguments), schema)
            if broken is not None:
                return broken.reason, f"{call.name[:60]}: {broken.evidence}"
    return None
