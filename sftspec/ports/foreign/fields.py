"""The typed fields of an imported source, as its columns and the template's needs have it."""

from collections.abc import Iterable
import re

from msgspec import Struct

from sftspec.ground.portable import portable
from sftspec.ports.foreign.base import Asked, Talked
from sftspec.ports.foreign.data import Column
from sftspec.ports.foreign.settle import Source

MAX_NAME = 48
RESERVED = {"and", "or", "not", "in", "has", "null", "true", "false"}
_BLANK = {"\u115f", "\u1160", "\u3164"}  # letters that cannot be seen
_SAFE = ("input", "system", "rejected")  # may be absent or null, where nobody saw all rows


class Field(Struct):
    """A field: its type as it is written, and what its values may lack."""

    name: str
    column: str
    type: str = "string"
    nullable: bool = False
    optional: bool = False
    empty: bool = False
    json: bool = False
    body: tuple[str, ...] = ()

    @property
    def lacks(self) -> bool:
        """Whether it may be null in a template."""
        return self.nullable or self.optional


def identifier(text: str, fallback: str) -> str:
    """A name that the language has, as near to a text as it can be."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_")[:MAX_NAME].rstrip("_")
    if not name:
        return fallback
    if name[0].isdigit():
        name = f"{fallback}_{name}"
    return f"{name}_" if name in RESERVED or not portable(name) else name


def unique(names: Iterable[str]) -> list[str]:
    """The names, a number behind each that came before."""
    found: dict[str, None] = {}
    for name in names:
        new, number = name, 2
        while new in found:
            new, number = f"{name}_{number}", number + 1
        found[new] = None
    return list(found)


def fields_of(source: Source) -> dict[str, Field]:
    """The fields by what they are for, in the order in which they are declared."""
    shape = source.shape
    if isinstance(shape, Asked):
        found = {**_texts(source, shape), **_lists(source, shape)}
    elif isinstance(shape, Talked):
        found = _talk(source, shape)
    else:
        found = {}
    if shape is not None and shape.wanted:
        found["wanted"] = _bare(source, shape.wanted, "boolean")
    fixed = isinstance(shape, Asked) and bool(shape.history)  # the dialect knows them by name
    wanted = [use if fixed else identifier(f.column, use) for use, f in found.items()]
    for field, name in zip(found.values(), unique(wanted), strict=True):
        field.name = name
    return found


def declared(field: Field) -> str:
    """The line that declares a field."""
    column = "" if field.name == field.column else f" from {quoted(field.column)}"
    null = " | null" if field.nullable else ""
    may = " optional" if field.optional else ""
    text = " from json" if field.json else ""
    body = f" {{ {', '.join(field.body)} }}" if field.body else ""
    return f"{field.name}: {field.type}{null}{may}{column}{text}{body}"


def quoted(text: str) -> str:
    """A text in quotes; what is not plain stands as an escape."""
    out = []
    for char in text:
        if char in {'"', "\\"}:
            out.append(f"\\{char}")
        elif char == "\n":
            out.append("\\n")
        elif " " <= char <= "~" or _letter(char):
            out.append(char)
        else:
            units = char.encode("utf-16-be", "surrogatepass")
            out += [f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)]
    return f'"{"".join(out)}"'


def _letter(char: str) -> bool:
    return char.isalnum() and char <= "\ud7ff" and char not in _BLANK


def _bare(source: Source, column: str, type_: str) -> Field:
    """A field of a type, with what the rows say of its column."""
    field = Field("", column, type_)
    seen = source.column(column)
    if seen is not None and source.seen is not None:
        field.nullable = "null" in seen.kinds
        field.optional = source.seen.may_lack(column)
        field.empty = seen.empty
    return field


def _texts(source: Source, shape: Asked) -> dict[str, Field]:
    """What is asked and answered, and the system prompt."""
    found = {}
    for use in ("instruction", "input", "output", "rejected", "system"):
        column = getattr(shape, use)
        if not column:
            continue
        field = _bare(source, column, "string")
        if use in _SAFE and (source.seen is None or not source.seen.whole):
            field.nullable = field.optional = field.empty = True
        found[use] = field
    return found


def _lists(source: Source, shape: Asked) -> dict[str, Field]:
    found = {}
    if shape.history:
        found["history"] = _listed(source, shape.history)
        if source.seen is None or not source.seen.whole:
            found["history"].nullable = found["history"].optional = True
    if shape.tools:
        found["tools"] = _tools(source, shape.tools)
    return found


def _talk(source: Source, shape: Talked) -> dict[str, Field]:
    found = {"messages": _listed(source, shape.messages)}
    for use in ("chosen", "rejected"):
        column = getattr(shape, use)
        if column:
            found[use] = _message(source, column, shape.keys)
    if shape.system:
        field = found["system"] = _bare(source, shape.system, "string")
        if source.seen is None or not source.seen.whole:
            field.nullable = field.optional = field.empty = True
    if shape.tools:
        found["tools"] = _tools(source, shape.tools)
    return found


def _listed(source: Source, column: str) -> Field:
    """A list, or JSON text of one."""
    field = _bare(source, column, "[any]")
    seen = source.column(column)
    field.json = seen is not None and "text" in seen.kinds and "list" not in seen.kinds
    return field


def _tools(source: Source, column: str) -> Field:
    """Tools as a list or as JSON text; where the text may be empty it stays one."""
    seen = source.column(column)
    if seen is not None and "list" in seen.kinds:
        return _bare(source, column, "[any]")
    field = _bare(source, column, "string")
    if source.seen is None or not source.seen.whole:
        field.nullable = field.optional = field.empty = True
    elif not field.empty and not field.lacks:
        field.type, field.json = "[any]", True
    field.nullable = field.nullable or field.empty  # an empty text is mended to null
    return field


def _message(source: Source, column: str, keys: tuple[str, str]) -> Field:
    """One message: its role and text, and whatever else the rows have beside them."""
    if any(not key or identifier(key, "") != key for key in keys):  # no dialect reads it either
        return _bare(source, column, "any")
    field = _bare(source, column, "record")
    seen = source.column(column) or Column()
    lines = [f"{key}: string" for key in keys]
    for key, count in seen.keys.items():
        if key not in keys and identifier(key, "") == key:
            lines.append(f"{key}: any{' optional' if count < seen.objects else ''}")
    field.body = tuple(lines)
    return field
