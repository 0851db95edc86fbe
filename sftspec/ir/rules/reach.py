"""What templates can yield: quotas that none can fill, cells that none can reach."""

from collections.abc import Mapping

from sftspec.expr import nodes as ex
from sftspec.ground.report import Label, listing
from sftspec.ground.text import Span
from sftspec.ir.goals import Coverage
from sftspec.ir.narrow import possible
from sftspec.ir.nodes import Spec, Template
from sftspec.ir.reach import MAX_CELLS, needed_cells, reach, reachable
from sftspec.ir.world import BUILT_IN, World


def wanted_facets(spec: Spec, world: World) -> None:
    """A template must tag every facet that a share, phase, stratum or coverage ranges over."""
    needs: dict[str, tuple[Span, str]] = {}
    for share in spec.mixture.shares:
        if share.where is None:
            needs.setdefault(share.facet, (share.span, "a share"))
    if spec.curriculum:
        needs.setdefault(spec.curriculum.facet, (spec.curriculum.span, "the curriculum"))
    for name in spec.split.stratify:
        if spec.split.span:
            needs.setdefault(name, (spec.split.span, "the split"))
    for template in spec.templates.values():
        have = reach(template, world)
        for name, (span, what) in needs.items():
            if name in have or name in BUILT_IN:
                continue
            world.report.error(
                "missing-tag", template.span, f"template `{template.name}` has no tag `{name}`",
                labels=(Label(span, f"{what} ranges over it"),),
                hint=f"write `{name} = …` in its tags",
            )  # fmt: skip
        _nullable_tags(template, set(needs), world)


def _nullable_tags(template: Template, needs: set[str], world: World) -> None:
    from sftspec.expr import types
    from sftspec.expr.relate import step
    from sftspec.ir.forms import tags
    from sftspec.ir.narrow import not_null

    known = not_null(template.where)
    for name, tag in template.tags.items():
        facet = world.done.get(("facet", name))
        if tag.path is None or name not in needs or (facet and facet.many) or tag.path in known:
            continue
        kind: types.Type | None = template.row
        for part in tag.path[1:]:
            kind = step(kind, part) if kind is not None else None
        if kind is not None and tag.mapping and tags.possible(types.without_null(kind)) is None:
            world.report.error(
                "nullable-tag", tag.span,
                f"`{'.'.join(tag.path)}` may be a text that is not mapped, and `{name}` is mixed by",
                hint='type the field by its values, `"a" | "b"`, or by a facet',
            )  # fmt: skip
        elif kind is not None and types.nullable(kind):
            world.report.error(
                "nullable-tag", tag.span, f"`{'.'.join(tag.path)}` may be null, and `{name}` is mixed by",
                hint=f"take only rows where it is not: `where {'.'.join(tag.path)} != null`",
            )  # fmt: skip


def fillable(spec: Spec, world: World) -> None:
    """A quota above 0% that no template can fill."""
    for share in spec.mixture.shares:
        there = set(reachable(share.facet, world))
        for quota in share.quotas:
            if quota.value not in there and (quota.amount or quota.kind == "rest"):
                _unfillable(quota.span, share.facet, quota.value, world)
    if spec.curriculum is None:
        return
    there = set(reachable(spec.curriculum.facet, world))
    for phase in spec.curriculum.phases:
        for value, bp in phase.mix:
            if bp and value not in there:
                _unfillable(phase.span, spec.curriculum.facet, value, world)


def _unfillable(span: Span, facet: str, value: str, world: World) -> None:
    if facet == "origin" and value == "synthetic" and world.names("generate"):
        return
    sources = ", ".join(f"`{name}`" for name in list(world.all("template"))[:8])
    world.report.error(
        "unfillable-quota", span, f"no template yields `{value}` of `{facet}`",
        hint=f"the templates are {sources}" if sources else "there are no templates",
    )  # fmt: skip


def coverages(spec: Spec, world: World) -> None:
    """Cells that no template reaches: a warning each; an error where the gate asks for them."""
    for coverage in spec.coverages.values():
        cells = needed_cells(coverage, spec, world)
        if cells is None:
            world.report.error("too-many-cells", coverage.span, f"more than {MAX_CELLS} cells")
            continue
        dead = [
            cell
            for cell in cells
            if not any(_reaches(t, coverage, cell, world) for t in spec.templates.values())
        ]
        if not dead:
            continue
        shown = listing([" ".join(cell) for cell in dead], 5)
        share = _gated(coverage.name, spec)
        most = (len(cells) - len(dead)) * 10_000 // max(len(cells), 1)
        if len(dead) == len(cells) or (share is not None and most < share):
            world.report.error(
                "unreachable-coverage", coverage.span,
                f"coverage `{coverage.name}` can come to {most / 100:g}% at most; no template reaches {shown}",
                hint="write a template that yields them, or leave them out with `except`",
            )  # fmt: skip
        else:
            world.report.warn(
                "unreachable-cell", coverage.span,
                f"no template reaches {len(dead)} of {len(cells)} cells of `{coverage.name}`: {shown}",
                hint="leave them out with `except`",
            )  # fmt: skip


def _gated(name: str, spec: Spec) -> int | None:
    wanted = [
        int(line.wanted)
        for gate in spec.gates.values()
        for line in gate.lines
        if line.tally == ex.Tally("coverage", arg=name)
        and line.require
        and line.op in {">=", "==", ">"}
    ]
    return max(wanted, default=None)


def _reaches(
    template: Template, coverage: Coverage, cell: tuple[str, ...], world: World
) -> bool:
    have = reach(template, world)
    known: dict[tuple[str, ...], set[str]] = {
        (name,): set(values) for name, values in have.items()
    }
    for name, value in zip(coverage.over, cell, strict=True):
        if value not in have.get(name, ()):
            return False
        known[(name,)] = {value}
    return possible(coverage.where, _single(known, world))


def _single(
    known: Mapping[tuple[str, ...], set[str]], world: World
) -> dict[tuple[str, ...], set[str]]:
    """Without the facets that are many: their records hold lists."""
    many = {name for name, facet in world.all("facet").items() if facet.many}
    return {path: values for path, values in known.items() if path[0] not in many}


RULES = (wanted_facets, fillable, coverages)
