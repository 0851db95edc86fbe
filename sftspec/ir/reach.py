"""What the templates of a spec can yield: values of facets, cells of coverages."""

from itertools import product

from sftspec.expr import nodes as ex
from sftspec.ir.goals import Coverage
from sftspec.ir.narrow import possible
from sftspec.ir.nodes import Spec, Template
from sftspec.ir.world import BUILT_IN, World

MAX_CELLS = 20_000


def reach(template: Template, world: World) -> dict[str, tuple[str, ...]]:
    """For every facet, the values that a template's records can have."""
    sources = [world.done["source", name] for name in template.sources]
    return {
        **template.reach,
        "layer": (template.layer,),
        "source": template.sources,
        "template": (template.name,),
        "origin": tuple(dict.fromkeys(source.origin for source in sources)),
        "license": tuple(dict.fromkeys(str(source.license) for source in sources)),
    }


def reachable(facet: str, world: World) -> list[str]:
    """The values of a facet that any template can yield, in declared order."""
    found = {
        value
        for template in world.all("template").values()
        for value in reach(template, world).get(facet, ())
    }
    known = world.built_in(facet) if facet in BUILT_IN else world.done.get(("facet", facet))
    return [value.name for value in known.values if value.name in found] if known else []


def needed_cells(coverage: Coverage, spec: Spec, world: World) -> list[tuple[str, ...]] | None:
    """The cells of a coverage that need records; None where they are too many."""
    axes = []
    for name in coverage.over:
        facet = world.built_in(name) if name in BUILT_IN else spec.facets[name]
        axes.append([value.name for value in facet.values])
    count = 1
    for axis in axes:
        count *= len(axis)
    if count > MAX_CELLS:
        return None
    return [cell for cell in product(*axes) if not excepted(coverage, cell)]


def excepted(coverage: Coverage, cell: tuple[str, ...]) -> bool:
    """Whether an `except` takes the cell out."""
    known: dict[tuple[str, ...], set[str]] = {
        (name,): {value} for name, value in zip(coverage.over, cell, strict=True)
    }
    return any(
        possible(node, known) and not possible(ex.Not(node), known) for node in coverage.excepts
    )
