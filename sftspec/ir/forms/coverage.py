"""`coverage`: a matrix over facets and the need per cell."""

from sftspec.expr.check import Checker
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.goals import Coverage
from sftspec.ir.world import World
from sftspec.syntax import tree

KIND = "coverage"
FORM = Form(
    "coverage NAME {",
    "a matrix over facets and the need per cell",
    inner=(
        Form("over LIST", "the facets of the matrix", once=True, needed=True),
        Form("where COND", "which records count", once=True),
        Form("need INT each", "records per cell", once=True, needed=True),
        Form("except COND", "cells that need none"),
    ),
)


def lower(line: Line, world: World) -> Coverage | None:
    """The matrix."""
    name = line.name("name")
    found = lines(
        f"coverage `{name}`", line.entry.head, line.entry.body, FORM.inner, world.report
    )
    checker = Checker(world.record_scope(), world.report)
    over: list[str] = []
    need, where, excepts = 1, None, []
    for item in found:
        head = item.form.head
        if head == "over":
            over = _over(item, world)
        elif head == "need":
            need = item.whole()
            if need < 1:
                world.report.error(
                    "out-of-range", item.slots["int"].span, "a cell needs at least 1"
                )
        elif head == "where":
            where = checker.condition(item.slots["cond"])
        else:
            node = checker.condition(item.slots["cond"])
            excepts.extend([node] if node is not None else [])
    if not over:
        return None
    return Coverage(
        name=name, over=tuple(over), where=where, need=need, excepts=tuple(excepts),
        span=line.entry.head,
    )  # fmt: skip


def _over(item: Line, world: World) -> list[str]:
    names: list[str] = []
    for node in item.items():
        name = node.name if isinstance(node, tree.Ref) else node.span.source
        facet = world.facet(name, node.span)
        if facet is not None and facet.name in names:
            world.report.error("duplicate-line", node.span, f"`{name}` stands twice in `over`")
        elif facet is not None:
            names.append(facet.name)
            world.used_values.update((facet.name, value.name) for value in facet.values)
    return names
