"""Typed expressions: what a condition means, free of places and names of the file.

They go into stages and `plan.json` as they are.
"""

from typing import TypeAlias

from msgspec import Struct


class Const(Struct, frozen=True, tag="const"):
    """A text, whole number, truth value, null, or a list of such."""

    value: str | int | bool | list[str | int | bool | None] | None


class Decimal(Struct, frozen=True, tag="decimal"):
    """A decimal number as written."""

    text: str


class Path(Struct, frozen=True, tag="path"):
    """A value of the row or record: `("row", "terms", "currency")`."""

    parts: tuple[str, ...]


class Rank(Struct, frozen=True, tag="rank"):
    """The place of a facet value in its declared order; null where it is null."""

    of: "Typed"
    order: tuple[str, ...]


class Apply(Struct, frozen=True, tag="measure"):
    """A measure of one record."""

    name: str
    args: tuple["Typed", ...]


class Valid(Struct, frozen=True, tag="valid"):
    """Whether the response keeps its contract."""


class ValidCalls(Struct, frozen=True, tag="valid_calls"):
    """Whether every call keeps its tool's schema."""


class Cmp(Struct, frozen=True, tag="compare"):
    """A comparison; an order with a null on one side is false."""

    op: str
    left: "Typed"
    right: "Typed"
    guard: bool = False


class And(Struct, frozen=True, tag="and"):
    """Both."""

    left: "Typed"
    right: "Typed"


class Or(Struct, frozen=True, tag="or"):
    """One or both."""

    left: "Typed"
    right: "Typed"


class Not(Struct, frozen=True, tag="not"):
    """Not so."""

    of: "Typed"


Typed: TypeAlias = (
    Const | Decimal | Path | Rank | Apply | Valid | ValidCalls | Cmp | And | Or | Not
)


class Tally(Struct, frozen=True, tag="tally"):
    """A fact of many records: its name, what it looks at, and a named argument."""

    name: str
    of: Typed | None = None
    arg: str | None = None


def children(node: Typed) -> tuple[Typed, ...]:
    """The expressions directly inside one."""
    match node:
        case (
            Cmp(left=left, right=right)
            | And(left=left, right=right)
            | Or(left=left, right=right)
        ):
            return (left, right)
        case Rank(of=of) | Not(of=of):
            return (of,)
        case Apply(args=args):
            return args
        case _:
            return ()


def paths(node: Typed) -> list[tuple[str, ...]]:
    """Every path an expression reads, in order, each once."""
    found: list[tuple[str, ...]] = []
    stack = [node]
    while stack:
        top = stack.pop()
        if isinstance(top, Path) and top.parts not in found:
            found.append(top.parts)
        stack.extend(reversed(children(top)))
    return found


def conjuncts(node: Typed | None) -> list[Typed]:
    """The parts of `a and b and c`."""
    if node is None:
        return []
    if isinstance(node, And):
        return conjuncts(node.left) + conjuncts(node.right)
    return [node]


def all_of(parts: list[Typed]) -> Typed | None:
    """`a and b and c` of its parts."""
    whole: Typed | None = None
    for part in parts:
        whole = part if whole is None else And(whole, part)
    return whole
