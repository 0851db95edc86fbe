"""Which templates of a graph can make a record with some facet values, and of what rows.

As `ir.reach`, but of the graph: a snapshot has no more. Errs on the side of yes.
"""

from collections.abc import Mapping

from msgspec import Struct

from sftspec.expr import nodes as ex
from sftspec.expr.show import show
from sftspec.ir.narrow import possible
from sftspec.plan.graph import Graph, Render

Path = tuple[str, ...]


class Need(Struct, frozen=True):
    """What a row must say: a path, and the values of which one must stand there."""

    path: str
    values: tuple[str, ...]


class Route(Struct, frozen=True):
    """A template over one of its sources, and what its rows must say.

    `where`: what the template takes of the source beside that; empty for all.
    """

    template: str
    source: str
    needs: tuple[Need, ...]
    where: str = ""


class _Tag(Struct, frozen=True):
    """What a tag asks of a row: nothing, where there is no path."""

    path: Path = ()
    words: frozenset[str] = frozenset()
    many: bool = False


def routes(
    graph: Graph, wanted: Mapping[str, str], where: ex.Typed | None = None
) -> list[Route]:
    """The ways to a record with these facet values for which the condition can hold."""
    found = (_route(stage, wanted, where) for stage in graph.renders.values())
    return [route for route in found if route is not None]


def _route(stage: Render, wanted: Mapping[str, str], where: ex.Typed | None) -> Route | None:
    tags = [_tag(stage, facet, value) for facet, value in wanted.items()]
    rows: dict[Path, frozenset[str]] = {}
    for tag in tags:
        if tag is None:
            return None
        if tag.path and not tag.many:
            rows[tag.path] = tag.words & rows.get(tag.path, tag.words)
    listed = [tag for tag in tags if tag and tag.many and tag.path]
    if not (_taken(stage, rows) and possible(where, _facets(stage, wanted))):
        return None
    needs = [*rows.items(), *((tag.path, tag.words) for tag in listed)]
    return Route(
        stage.template.name, stage.source.name,
        tuple(Need(".".join(path), tuple(sorted(words))) for path, words in needs),
        show(stage.template.where) if stage.template.where is not None else "",
    )  # fmt: skip


def _built_in(stage: Render) -> dict[str, str]:
    return {
        "layer": stage.template.layer, "template": stage.template.name,
        "source": stage.source.name, "origin": stage.source.origin,
        "license": stage.source.license,
    }  # fmt: skip


def _tag(stage: Render, facet: str, value: str) -> _Tag | None:
    """What a facet's value asks of a row; None where the template never gives it."""
    known = _built_in(stage)
    if facet in known:
        return _Tag() if known[facet] == value else None
    tag = next((one for one in stage.template.tags if one.facet == facet), None)
    if tag is None:
        return None
    if tag.path is None:
        return _Tag() if value in tag.values else None
    words = frozenset(word for word, image in tag.mapping if image == value)
    if tag.mapping and not words:
        return None
    return _Tag(tag.path, words or frozenset([value]), tag.many)


def _taken(stage: Render, rows: Mapping[Path, frozenset[str]]) -> bool:
    """Whether the template and its source can take a row that says this."""
    if not all(rows.values()):
        return False
    mended = {(one.field,) for one in stage.source.sets}
    plain = {path[1:]: set(words) for path, words in rows.items() if path[1:2] not in mended}
    return possible(
        stage.template.where, {path: set(words) for path, words in rows.items()}
    ) and all(possible(node, plain) for node in stage.source.where)


def _facets(stage: Render, wanted: Mapping[str, str]) -> dict[Path, set[str]]:
    """The facets that are sure on such a record; a facet that is many is a list there."""
    many = {tag.facet for tag in stage.template.tags if tag.many}
    constant = [tag for tag in stage.template.tags if tag.path is None]
    sure = {tag.facet: tag.values[0] for tag in constant if len(tag.values) == 1}
    known = {**sure, **_built_in(stage), **wanted}
    return {(name,): {value} for name, value in known.items() if name not in many}
