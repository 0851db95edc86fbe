"""The `tags` of a template: what its records are, facet by facet."""

from collections.abc import Sequence

from sftspec.expr import types
from sftspec.expr.check import Checker, Scope
from sftspec.ground.report import Label, listing
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.narrow import Narrow
from sftspec.ir.nodes import FacetDef, Tag
from sftspec.ir.world import BUILT_IN, World
from sftspec.syntax import tree


def read_tags(
    item: Line | None, alias: str, row: types.Record, narrow: Narrow, world: World,
    forms: Sequence[Form],
) -> dict[str, Tag]:  # fmt: skip
    """The tags by facet; wrong ones are reported and left out."""
    found: dict[str, Tag] = {}
    if item is None:
        return found
    reader = _Reader(alias, row, narrow, world)
    for line in lines("tags", item.entry.head, item.entry.body, forms, world.report):
        facet_name = line.name("facet")
        span = line.slots["facet"].span
        if facet_name in found:
            world.report.error(
                "duplicate-line", span, f"facet `{facet_name}` is tagged twice",
                labels=(Label(found[facet_name].span, "first here"),),
            )  # fmt: skip
            continue
        if facet_name in BUILT_IN:
            world.report.error(
                "built-in-facet", span, f"`{facet_name}` follows from the template itself"
            )
            continue
        facet = world.facet(facet_name, span)
        tag = reader.tag(line, facet) if facet else None
        if tag is not None:
            found[facet_name] = tag
    return found


class _Reader:
    def __init__(self, alias: str, row: types.Record, narrow: Narrow, world: World) -> None:
        self.alias = alias
        self.row = row
        self.narrow = narrow
        self.world = world
        self.report = world.report

    def tag(self, line: Line, facet: FacetDef) -> Tag | None:
        if "path" in line.slots:
            return self._mapping(line, facet)
        node = line.slots["expr"]
        if isinstance(node, tree.Ref) and node.parts[0] == self.alias and len(node.parts) > 1:
            return self._path(line, facet, node)
        return self._constant(line, facet, node)

    def _constant(self, line: Line, facet: FacetDef, node: tree.Expr) -> Tag | None:
        if isinstance(node, tree.List):
            if not facet.many:
                self.report.error(
                    "not-many", node.span, f"facet `{facet.name}` takes one value",
                    hint=f"write `facet {facet.name} many {{ … }}` where it is declared",
                )  # fmt: skip
                return None
            nodes: Sequence[tree.Expr] = [i for i in node.items if not isinstance(i, tree.Body)]
        else:
            nodes = (node,)
        values = [self.world.value_of(facet, one) for one in nodes]
        if None in values:
            return None
        known = tuple(dict.fromkeys(value for value in values if value is not None))
        return Tag(
            facet=facet.name, values=known, path=None, mapping=(), span=line.slots["facet"].span
        )

    def _typed(self, node: tree.Expr) -> types.Type | None:
        result = Checker(Scope({self.alias: self.row}, "the row"), self.report).value(node)
        return result.type if result else None

    def _path(self, line: Line, facet: FacetDef, node: tree.Ref) -> Tag | None:
        kind = self._typed(node)
        if kind is None:
            return None
        inner = types.without_null(kind)
        one = inner.of if isinstance(inner, types.List) and facet.many else inner
        if not isinstance(one, types.Facet) or one.name != facet.name:
            self.report.error(
                "type-mismatch", node.span, f"this is {types.say(kind)}, not a value of facet `{facet.name}`",
                hint=f"type the field as `facet {facet.name}`, or map it: `{facet.name} by {node.name} {{ … }}`",
            )  # fmt: skip
            return None
        self.world.used_values.update((facet.name, value) for value in facet.type.values)
        return Tag(
            facet=facet.name,
            values=(),
            path=node.parts,
            mapping=(),
            span=line.slots["facet"].span,
        )

    def _mapping(self, line: Line, facet: FacetDef) -> Tag | None:
        node = line.slots["path"]
        assert isinstance(node, tree.Ref)  # noqa: S101 - the form admits nothing else
        kind = self._typed(node)
        if kind is None:
            return None
        known = possible(types.without_null(kind))
        mapping: dict[str, str] = {}
        for item in lines(
            "the mapping", line.entry.head, line.entry.body, line.form.inner, self.report
        ):
            word = item.name("word")
            value = self.world.value_of(facet, item.slots["value"])
            if known is not None and word not in known:
                self.report.error(
                    "unknown-facet-value", item.slots["word"].span, f"`{node.name}` is never `{word}`",
                    hint=f"it is one of {listing(known)}",
                )  # fmt: skip
            if word in mapping:
                self.report.error(
                    "duplicate-line", item.slots["word"].span, f"`{word}` is mapped twice"
                )
            elif value is not None:
                mapping[word] = value
        missing = [
            word for word in self.narrow.get(node.parts, known or ()) if word not in mapping
        ]
        if missing:
            self.report.error(
                "missing-value",
                line.entry.head,
                f"`{facet.name} by {node.name}` maps no {listing(missing)}",
                hint=f"write `{missing[0]} VALUE` with a value of `{facet.name}`",
            )
        return Tag(
            facet=facet.name, values=(), path=node.parts, mapping=tuple(mapping.items()),
            span=line.slots["facet"].span,
        )  # fmt: skip


def possible(kind: types.Type) -> tuple[str, ...] | None:
    """The texts a value may be, where its type lists them."""
    if isinstance(kind, types.Facet):
        return kind.values
    words = tuple(arm.value for arm in types.arms(kind) if isinstance(arm, types.Literal))
    return words if len(words) == len(types.arms(kind)) else None
