"""What is compared: two snapshots, and what the old plan names said as the new plan names it.

A rename that is declared is no change. So names of definitions, the facets and names inside conditions,
and the numbers that stand for measures are settled before anything is compared.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from sftspec.expr import nodes as ex, types
from sftspec.expr.show import show
from sftspec.ground.canon import canonical
from sftspec.plan import graph as g
from sftspec.snapshot.opened import Snapshot

_PARTED = ("source", "template")
"""Names of a record whose values are names of definitions."""
Thing = TypeVar("Thing")


def called(kind: str, graph: g.Graph) -> dict[str, str]:
    """Old names of a kind to the names of now, by what a graph says has moved."""
    names = {old: new for moved, old, new in graph.moves if moved == kind}
    found: dict[str, str] = {}
    for old in names:
        last, walked = old, dict[str, None]()
        while last in names and last not in found and last not in walked:
            walked[last] = None
            last = names[last]
        last = found.get(last, last)
        found.update(dict.fromkeys(walked, last))
    return found


class Names:
    """The names of an old plan as those of a new one."""

    def __init__(self, before: g.Graph, after: g.Graph) -> None:
        self.after = after
        self._known: dict[str, dict[str, str]] = {}
        one, other = (
            {v for some in graph.facets.values() for v in some} for graph in (before, after)
        )
        self.shared = one & other

    def of(self, kind: str) -> dict[str, str]:
        """Old names of a kind to new ones, of those that moved."""
        if kind not in self._known:
            self._known[kind] = called(kind, self.after)
        return self._known[kind]

    def now(self, kind: str, name: str) -> str:
        """What is called so now."""
        return self.of(kind).get(name, name)

    def old(self, kind: str, name: str, known: Iterable[str]) -> str:
        """What it was called in the old plan, whose names are `known`."""
        there = set(known)
        olds = (old for old, new in self.of(kind).items() if new == name and old in there)
        return next(olds, name)

    def renamed(self, kind: str, known: Mapping[str, Thing]) -> dict[str, Thing]:
        """Old things by the names of now. One that moved to a name has it, not one that had it."""
        names = self.of(kind)
        order = sorted(known, key=lambda name: name in names)
        return {names.get(name, name): known[name] for name in order}

    def ousted(self, kind: str, known: Mapping[str, Any]) -> dict[str, str]:
        """Old names that something which moved has taken, and what that was called."""
        names = self.of(kind)
        return {
            names[old]: old
            for old in known
            if names.get(old, old) != old and names[old] in known
        }

    def value(self, facet: str, value: str) -> str:
        """A facet's value; of `template` and `source` these are names themselves."""
        return self.now(facet, value) if facet in _PARTED else value

    def type(self, kind: types.Type) -> types.Type:
        """A type in the names of now; of a facet nothing but its name."""
        match kind:
            case types.Facet(name=name):
                return types.Facet(self.now("facet", name), ())
            case types.List(of=of):
                return types.List(self.type(of))
            case types.Union(arms=arms):
                return types.Union(tuple(map(self.type, arms)))
            case types.Record(fields=fields, schema=schema):
                named = tuple(replace(field, type=self.type(field.type)) for field in fields)
                return types.Record(named, schema and self.now("schema", schema))
            case _:
                return kind

    def node(self, node: ex.Typed) -> ex.Typed:
        """A condition on records in the names of now. Of an order, the values that both plans know."""
        match node:
            case ex.Rank(of=of, order=order):
                return ex.Rank(self.node(of), tuple(v for v in order if v in self.shared))
            case ex.Path(parts=(head, *rest)):
                return ex.Path((self.now("facet", head), *rest))
            case ex.Cmp(left=ex.Path(parts=(name,)), right=ex.Const(value=value)):
                right = ex.Const(self._constant(name, value))
                return replace(node, left=self.node(node.left), right=right)
            case _:
                return rebuilt(node, self.node)

    def _constant(self, name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._constant(name, one) for one in value]
        return self.value(name, value) if isinstance(value, str) else value


def rebuilt(node: ex.Typed, make: Any) -> ex.Typed:
    """An expression with what stands directly inside it made anew."""
    match node:
        case ex.Cmp() | ex.And() | ex.Or():
            return replace(node, left=make(node.left), right=make(node.right))
        case ex.Not() | ex.Rank():
            return replace(node, of=make(node.of))
        case ex.Apply(args=args):
            return replace(node, args=tuple(map(make, args)))
        case _:
            return node


def spelled_out(node: ex.Typed, graph: g.Graph) -> ex.Typed:
    """A condition with its measures in it, which a plan names by their numbers alone."""
    first = next(iter(graph.renders.values()), None)
    measures = first.measures if first else ()

    def out(one: ex.Typed) -> ex.Typed:
        match one:
            case ex.Path(parts=(name,)) if name.startswith("@m") and name[2:].isdecimal():
                number = int(name[2:7])
                return measures[number] if number < len(measures) else one
            case _:
                return rebuilt(one, out)

    return out(node)


def shown(node: ex.Typed) -> str:
    """A condition in the language; one with a measure that is not known here as its JSON."""
    try:
        return show(node)
    except (LookupError, TypeError, ValueError):
        return canonical(node).decode()


class Compared(Struct, frozen=True):
    """Two snapshots, and the names of the first as those of the second."""

    before: Snapshot
    after: Snapshot
    names: Names

    @property
    def graphs(self) -> tuple[g.Graph, g.Graph]:
        """The two plans."""
        return self.before.graph, self.after.graph

    def was(self, node: ex.Typed) -> ex.Typed:
        """A condition of the old plan as the new one would say it."""
        return self.names.node(spelled_out(node, self.before.graph))

    def now(self, node: ex.Typed) -> ex.Typed:
        """A condition of the new plan."""
        return self.names.node(spelled_out(node, self.after.graph))


def compared(before: Snapshot, after: Snapshot) -> Compared:
    """Two snapshots, ready to be compared."""
    return Compared(before, after, Names(before.graph, after.graph))
