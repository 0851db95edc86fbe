"""What a condition says of the values it lets through: which facet values, and what is not null."""

from collections.abc import Mapping
from typing import Any

from sftspec.expr import nodes as ex, types
from sftspec.ir.nodes import Tag

Narrow = Mapping[tuple[str, ...], tuple[str, ...]]


def not_null(where: ex.Typed | None) -> set[tuple[str, ...]]:
    """Paths that are never null where the condition holds."""
    found: set[tuple[str, ...]] = set()
    for part in ex.conjuncts(where):
        if not isinstance(part, ex.Cmp):
            continue
        for one, other in ((part.left, part.right), (part.right, part.left)):
            side = one.of if isinstance(one, ex.Rank) else one
            if not isinstance(side, ex.Path):
                continue
            null = isinstance(other, ex.Const) and other.value is None
            if (
                (part.op == "!=" and null)
                or (part.op == "==" and not null)
                or part.op in _STRICT
            ):
                found.add(side.parts)
    return found


_STRICT = {"<", "<=", ">", ">=", "in"}


def narrowed(
    row: types.Record, alias: str, where: ex.Typed | None
) -> dict[tuple[str, ...], tuple[str, ...]]:
    """For every facet-typed path of a row, the values that the condition lets through."""
    found = {}
    for path, facet in facet_paths(row, (alias,)):
        found[path] = tuple(value for value in facet.values if possible(where, {path: {value}}))
    return found


def facet_paths(
    record: types.Record, prefix: tuple[str, ...]
) -> list[tuple[tuple[str, ...], types.Facet]]:
    """The paths of a record that are typed by a facet."""
    found: list[tuple[tuple[str, ...], types.Facet]] = []
    for field in record.fields:
        kind = types.without_null(field.type)
        path = (*prefix, field.name)
        if isinstance(kind, types.List):
            kind = kind.of
        if isinstance(kind, types.Facet):
            found.append((path, kind))
        elif isinstance(kind, types.Record) and len(prefix) < 4:
            found.extend(facet_paths(kind, path))
    return found


def possible(node: ex.Typed | None, known: Mapping[tuple[str, ...], set[str]]) -> bool:
    """Whether a condition can hold when the paths take only the given values.

    Errs on the side of yes: only what is surely false is no.
    """
    return node is None or _truth(node, known)[0]


def _truth(node: ex.Typed, known: Mapping[tuple[str, ...], set[str]]) -> tuple[bool, bool]:
    """Whether it can be true, and whether it can be false."""
    match node:
        case ex.And(left=left, right=right):
            a, b = _truth(left, known), _truth(right, known)
            return a[0] and b[0], a[1] or b[1]
        case ex.Or(left=left, right=right):
            a, b = _truth(left, known), _truth(right, known)
            return a[0] or b[0], a[1] and b[1]
        case ex.Not(of=of):
            can, cannot = _truth(of, known)
            return cannot, can
        case ex.Cmp():
            return _compare(node, known)
        case _:
            return True, True


def _compare(node: ex.Cmp, known: Mapping[tuple[str, ...], set[str]]) -> tuple[bool, bool]:
    left, right = _values(node.left, known), _values(node.right, known)
    if left is None or right is None:
        return True, True
    outcomes = {_outcome(node.op, a, b) for a in left for b in right}
    return True in outcomes, False in outcomes


def _outcome(op: str, a: Any, b: Any) -> bool:
    match op:
        case "==":
            return bool(a == b)
        case "!=":
            return bool(a != b)
        case "in":
            return bool(a in b)
        case "not in":
            return bool(a not in b)
        case "<":
            return bool(a < b)
        case "<=":
            return bool(a <= b)
        case ">":
            return bool(a > b)
        case _:
            return bool(a >= b)


def _values(node: ex.Typed, known: Mapping[tuple[str, ...], set[str]]) -> list[Any] | None:
    """The values an expression can take, where that is known."""
    match node:
        case ex.Path(parts=parts):
            return sorted(known[parts]) if parts in known else None
        case ex.Const(value=value):
            return [tuple(value) if isinstance(value, list) else value]
        case ex.Rank(of=of, order=order):
            inner = _values(of, known)
            return None if inner is None else [order.index(str(v)) for v in inner if v in order]
        case _:
            return None


def reach_of(tag: Tag, narrow: Narrow) -> tuple[str, ...]:
    """The values a tag can give."""
    if tag.path is None:
        return tag.values
    values = narrow.get(tag.path, ())
    if not tag.mapping:
        return tuple(values)
    images = [image for word, image in tag.mapping if not values or word in values]
    return tuple(dict.fromkeys(images))
