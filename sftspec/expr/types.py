"""What a value can be. Records carry their fields; a union with `null` must be met with care."""

from typing import TypeAlias

from msgspec import Struct


class Text(Struct, frozen=True, tag="text"):
    """Any text; with a pattern or bounds where a contract gives them."""

    pattern: str | None = None
    min_chars: int | None = None
    max_chars: int | None = None


class Int(Struct, frozen=True, tag="integer"):
    """A whole number of any size."""

    min: int | None = None
    max: int | None = None


class Number(Struct, frozen=True, tag="number"):
    """A whole or decimal number; bounds are kept as written."""

    min: str | None = None
    max: str | None = None


class Bool(Struct, frozen=True, tag="boolean"):
    """True or false."""


class Null(Struct, frozen=True, tag="null"):
    """Nothing."""


class Bp(Struct, frozen=True, tag="percent"):
    """A percentage, in basis points."""


class Any(Struct, frozen=True, tag="any"):
    """Any JSON value; nothing is known of it."""


class Literal(Struct, frozen=True, tag="literal"):
    """One given text."""

    value: str


class Facet(Struct, frozen=True, tag="facet"):
    """A value of a facet; `values` in declared order, `ordered` where they compare."""

    name: str
    values: tuple[str, ...]
    ordered: bool = False
    spellings: tuple[tuple[str, str], ...] = ()

    def spelling(self, value: str) -> str:
        """How the data write a value: its first `from`, or the value itself."""
        return next((odd for odd, name in self.spellings if name == value), value)


class List(Struct, frozen=True, tag="list"):
    """A list of one type."""

    of: "Type"


class Field(Struct, frozen=True, omit_defaults=True):
    """A field of a record; an optional one may be absent. `help`: a line for a tool's caller."""

    name: str
    type: "Type"
    optional: bool = False
    help: str = ""


class Record(Struct, frozen=True, tag="record"):
    """Named fields. `schema` is its name where it is an output contract."""

    fields: tuple[Field, ...]
    schema: str | None = None

    def field(self, name: str) -> Field | None:
        """The field of that name."""
        return next((field for field in self.fields if field.name == name), None)


class Response(Struct, frozen=True, tag="response"):
    """The last assistant turn: a text, and a record too where a contract shapes it."""

    record: Record | None = None


class Union(Struct, frozen=True, tag="union"):
    """One of several types."""

    arms: tuple["Type", ...]


Type: TypeAlias = (
    Text
    | Int
    | Number
    | Bool
    | Null
    | Bp
    | Any
    | Literal
    | Facet
    | List
    | Record
    | Response
    | Union
)


def arms(kind: Type) -> tuple[Type, ...]:
    """The alternatives of a type."""
    return kind.arms if isinstance(kind, Union) else (kind,)


def nullable(kind: Type) -> bool:
    """Whether a value may be null."""
    return any(isinstance(arm, Null | Any) for arm in arms(kind))


def without_null(kind: Type) -> Type:
    """The type less its null."""
    return union(arm for arm in arms(kind) if not isinstance(arm, Null))


def union(kinds: object) -> Type:
    """One type of several; doubles fall away."""
    flat = tuple(dict.fromkeys(arm for kind in kinds for arm in arms(kind)))  # type: ignore[attr-defined]
    return flat[0] if len(flat) == 1 else Union(flat)


def is_text(kind: Type) -> bool:
    """Whether every value is a text (null aside)."""
    return all(isinstance(arm, Text | Literal | Facet | Response | Null) for arm in arms(kind))


def is_number(kind: Type) -> bool:
    """Whether every value is a number (null aside)."""
    return all(isinstance(arm, Int | Number | Null) for arm in arms(kind))


def say(kind: Type) -> str:
    """The type in the words of the language."""
    match kind:
        case Union(arms=parts):
            return " | ".join(say(part) for part in parts)
        case Literal(value=value):
            return f'"{value}"'
        case Facet(name=name):
            return f"facet {name}"
        case List(of=of):
            return f"[{say(of)}]"
        case Record(schema=schema):
            return schema or "record"
        case Text():
            return "string"
        case Response(record=record):
            return f"json {record.schema}" if record else "string"
        case Bp():
            return "a percentage"
        case Null():
            return "null"
        case Bool():
            return "boolean"
        case _:
            return type(kind).__name__.lower().replace("int", "integer")
