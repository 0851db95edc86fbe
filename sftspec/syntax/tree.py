"""The tree of a spec file: about twenty node kinds, all of shape and none of meaning.

A node's `span` is where it stands; it takes no part in equality.
"""

from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from sftspec.ground.text import Span, SpecText


class Node(Struct, frozen=True, eq=False, kw_only=True):
    """A piece of a spec, with its place."""

    span: Span

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        names = [name for name in self.__struct_fields__ if name not in {"span", "raw"}]
        return all(getattr(self, name) == getattr(other, name) for name in names)

    __hash__ = None  # type: ignore[assignment]


class Ref(Node, frozen=True, eq=False):
    """A name or a dotted path: `risk`, `row.terms.currency`."""

    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        """As written."""
        return ".".join(self.parts)


class Named(Node, frozen=True, eq=False):
    """An argument with its name: `n = 4`."""

    name: str
    value: "Expr"


class Call(Node, frozen=True, eq=False):
    """A word with arguments: `chars(response)`."""

    name: str
    args: tuple["Expr | Named", ...]


class Text(Node, frozen=True, eq=False):
    """A text in quotes; `value` is what it says, `raw` how it is written."""

    value: str
    raw: str

    @property
    def block(self) -> bool:
        """Whether it is written between triple quotes."""
        return self.raw.startswith('"""')

    def at(self, start: int, end: int) -> Span:
        """The span of `value[start:end]` in the file."""
        places = self._places()
        last = max(start, end - 1)
        return self.span.part(places(start), places(last) + (1 if end > start else 0))

    def _places(self) -> Any:
        """A function from an offset in `value` to an offset in the file."""
        if not self.block:
            return _escaped_places(self.raw, self.span.start)
        return _block_places(self.raw, self.span.start)


class Int(Node, frozen=True, eq=False):
    """A whole number."""

    value: int


class Number(Node, frozen=True, eq=False):
    """A decimal number, kept as written (without `_`): no float enters a digest."""

    value: str


class Percent(Node, frozen=True, eq=False):
    """A percentage in basis points; `exact` is False where it has more than two decimals."""

    bp: int
    exact: bool


class Version(Node, frozen=True, eq=False):
    """A version, as `0.3.0`."""

    value: str


class Range(Node, frozen=True, eq=False):
    """`low..high`."""

    low: "Int | Percent"
    high: "Int | Percent"


class List(Node, frozen=True, eq=False):
    """Items in square brackets."""

    items: tuple["Expr | Body", ...]


class Compare(Node, frozen=True, eq=False):
    """Two atoms and `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in` or `has`."""

    op: str
    left: "Expr"
    right: "Expr"


class Both(Node, frozen=True, eq=False):
    """`left and right`."""

    left: "Expr"
    right: "Expr"


class Either(Node, frozen=True, eq=False):
    """`left or right`."""

    left: "Expr"
    right: "Expr"


class Negate(Node, frozen=True, eq=False):
    """`not of`."""

    of: "Expr"


class Arm(Node, frozen=True, eq=False):
    """One arm of a type and the words behind it: `string from "Clause Text"`."""

    items: tuple["Ref | Call | Text | Int | ListType", ...]


class Union(Node, frozen=True, eq=False):
    """A type: arms between `|`."""

    arms: tuple[Arm, ...]


class ListType(Node, frozen=True, eq=False):
    """`[type]`."""

    of: Union


class Body(Node, frozen=True, eq=False):
    """Entries in braces."""

    entries: tuple["Entry", ...]


class Entry(Node, frozen=True, eq=False):
    """A line: a phrase, maybe `= value` or `: type`, maybe a body."""

    phrase: tuple["Expr", ...]
    value: tuple["Expr", ...] | None = None
    type: Union | None = None
    body: Body | None = None

    @property
    def head(self) -> Span:
        """The phrase alone, which is where most diagnostics point."""
        return self.phrase[0].span.to(self.phrase[-1].span)

    def word(self, index: int) -> str | None:
        """The phrase's atom at `index` if it is a plain name."""
        if index < len(self.phrase):
            atom = self.phrase[index]
            if isinstance(atom, Ref) and len(atom.parts) == 1:
                return atom.parts[0]
        return None


class SpecFile(Struct, frozen=True, eq=False):
    """A parsed file; `entries` holds the blocks that could be read."""

    text: SpecText
    entries: tuple[Entry, ...]


Expr: TypeAlias = (
    Ref | Call | Text | Int | Number | Percent | Version | Range | List
    | Compare | Both | Either | Negate
)  # fmt: skip


def unescape(raw: str) -> str:
    """What a one-line text says. Raises ValueError on a bad escape."""
    try:
        return msgspec.json.decode(raw.replace("\t", "\\t"), type=str)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from None


def dedent(raw: str) -> str:
    """What a block text says: the lines between the quotes less the closing one's indent.

    Raises ValueError where the layout is wrong; its argument is (reason, offset in `raw`).
    """
    lines = raw.split("\n")
    if len(lines) == 1 or lines[0].strip() != '"""':
        raise ValueError("the text begins on the line after the opening quotes", 0)
    indent = lines[-1][:-3]
    if indent.strip():
        raise ValueError("the closing quotes stand on a line of their own", len(raw) - 3)
    out: list[str] = []
    at = len(lines[0]) + 1
    for line in lines[1:-1]:
        if line.startswith(indent):
            out.append(line[len(indent) :])
        elif not line.strip():
            out.append("")
        else:
            raise ValueError("this line is indented less than the closing quotes", at)
        at += len(line) + 1
    return "\n".join(out)


@lru_cache(maxsize=8)
def _block_places(raw: str, start: int) -> Any:
    """Offsets in a dedented text to offsets in the file."""
    lines = raw.split("\n")
    indent = len(lines[-1]) - 3
    table: list[int] = []
    at = start + len(lines[0]) + 1
    for line in lines[1:-1]:
        cut = min(indent, len(line))
        table.extend(range(at + cut, at + len(line) + 1))
        at += len(line) + 1
    table = table[:-1] or [start]
    end = table[-1] + 1
    return lambda offset: table[offset] if offset < len(table) else end


@lru_cache(maxsize=8)
def _escaped_places(raw: str, start: int) -> Any:
    """Offsets in an unescaped text to offsets in the file."""
    table: list[int] = []
    at = 1
    while at < len(raw) - 1:
        table.append(start + at)
        if raw[at] == "\\":
            at += 6 if raw[at + 1] == "u" else 2
        else:
            at += 1
    end = start + len(raw) - 1
    return lambda offset: table[offset] if offset < len(table) else end
