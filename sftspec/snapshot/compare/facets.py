"""The taxonomy before and after: facets, their values, how data spell them, and which of two is more."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from sftspec.expr import types
from sftspec.plan import graph as g
from sftspec.snapshot.compare.base import Change
from sftspec.snapshot.compare.names import Compared

MAJOR, MINOR, PATCH = "major", "minor", "patch"


def facets(two: Compared) -> Iterator[Change]:
    """Facets and values that are new or gone, and values that mean something else."""
    a = two.names.renamed("facet", two.before.graph.facets)
    b = two.after.graph.facets
    for name in a:
        if name not in b:
            yield Change("facet-removed", MAJOR, "facet", name, "is gone")
    for name in b:
        if name not in a:
            yield Change("facet-added", MINOR, "facet", name, "is new")
    for name in two.names.ousted("facet", two.before.graph.facets):
        yield Change("facet-removed", MAJOR, "facet", name, "is gone, another has its name")
    spelled = [_spelled(graph) for graph in two.graphs]
    ordered = set(two.after.graph.ordered)
    many = [set(graph.judge.many) for graph in two.graphs]
    for name in (name for name in b if name in a):
        old = two.names.old("facet", name, two.before.graph.facets)
        yield from _values(name, a[name], b[name])
        if (old in many[0]) is not (name in many[1]):
            word = "many" if name in many[1] else "one value alone"
            yield Change("facet-cardinality", MAJOR, "facet", name, f"holds {word} now")
        yield from _order(name, a[name], b[name], ordered=name in ordered)
        was, now = spelled[0].get(old), spelled[1].get(name)
        if was is not None and now is not None:
            yield from _spellings(name, was, now)


def _values(name: str, a: tuple[str, ...], b: tuple[str, ...]) -> Iterator[Change]:
    was, now = set(a), set(b)
    for value in a:
        if value not in now:
            yield Change("facet-value-removed", MAJOR, "facet", name, f"value {value} is gone")
    for value in b:
        if value not in was:
            yield Change(
                "facet-value-added",
                MINOR,
                "facet",
                name,
                f"value {value} is new",
                possible=True,
            )


def _order(
    name: str, a: tuple[str, ...], b: tuple[str, ...], *, ordered: bool
) -> Iterator[Change]:
    """Of values that compare, the order is what they mean."""
    shared = set(a) & set(b)
    was, now = ([value for value in one if value in shared] for one in (a, b))
    if was != now:
        level = MAJOR if ordered else PATCH
        texts = (", ".join(was), ", ".join(now))
        yield Change(
            "facet-order", level, "facet", name, f"its order is {texts[1]} now", *texts
        )


def _spellings(name: str, a: dict[str, str], b: dict[str, str]) -> Iterator[Change]:
    for odd in {**a, **b}:
        if a.get(odd) != b.get(odd):
            was, now = a.get(odd, "nothing"), b.get(odd, "nothing")
            what = f"`{odd}` in data is read as {now}, was {was}"
            yield Change("facet-spelling", MINOR, "facet", name, what, was, now)


def _spelled(graph: g.Graph) -> dict[str, dict[str, str]]:
    """How data spell the values of the facets that fields are typed by."""
    found: dict[str, dict[str, str]] = {}
    for one in _structs([graph.sources]):
        if isinstance(one, types.Facet):
            found.setdefault(one.name, {}).update(one.spellings)
    return found


def facets_read(fields: Any) -> set[str]:
    """The facets that some fields are typed by."""
    return {one.name for one in _structs([fields]) if isinstance(one, types.Facet)}


def _structs(roots: list[Any]) -> Iterator[Any]:
    """Every struct inside some values, each object once."""
    stack, seen = list(roots), set[int]()
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            stack.extend(one.values())
        elif isinstance(one, list | tuple):
            stack.extend(one)
        elif isinstance(one, Struct) and id(one) not in seen:
            seen.add(id(one))
            yield one
            stack.extend(getattr(one, name) for name in one.__struct_fields__)
