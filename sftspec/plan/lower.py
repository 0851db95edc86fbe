"""The IR to the graph: each stage gets only its part of the meaning."""

from typing import Any

import msgspec

from sftspec.ir import goals, nodes
from sftspec.ir.bodies import BODIES, tables_of
from sftspec.ir.rules.shares import declared
from sftspec.ir.schema import Contract
from sftspec.ir.world import World
from sftspec.plan import graph as g, parts
from sftspec.plan.chats import encoding_of
from sftspec.plan.definitions import definitions, first_name
from sftspec.plan.judged import judge_of, maybe_measured, measured, measures_of

WHOLE = 10_000


def lower(spec: nodes.Spec, world: World) -> g.Graph:
    """The graph of a checked spec."""
    used = _used_sources(spec)
    sources = {name: source_part(spec.sources[name], spec) for name in used}
    measures = measures_of(spec)
    gathers = [(at, line) for at, line in enumerate(spec.screen) if line.kind != "drop"]
    drops = tuple(
        g.Drop(at, line.node, line.text)
        for at, line in enumerate(spec.screen)
        if line.kind == "drop" and line.node is not None
    )
    conflicts = tuple(line.on for _, line in gathers if line.kind == "conflict")
    renders = {
        name if len(template.sources) == 1 else f"{name} {source}": g.Render(
            dataset=spec.dataset.name,
            seed=spec.dataset.seed,
            source=sources[source],
            template=template_part(template, spec),
            drops=drops,
            conflicts=conflicts,
            measures=measures,
            repeats=spec.mixture.repeat,
        )
        for name, template in spec.templates.items()
        for source in template.sources
    }
    referenced = {
        join.source for part in sources.values() for join in (*part.joins, *part.leave_out)
    }
    return g.Graph(
        dataset=spec.dataset.name,
        version=spec.dataset.version,
        paths={name: _paths(spec.sources[name]) for name in used},
        sources={name: g.Rows(part) for name, part in sources.items()},
        lookups={name: g.Lookup(part) for name, part in sources.items() if name in referenced},
        renders=renders,
        screen=g.Screen(
            tuple(g.GatherLine(at, line.kind, line.prefer, line.text) for at, line in gathers)
        ),
        split=g.Split(spec.dataset.seed, spec.split.parts, spec.split.together),
        mix=_mix(spec),
        judge=judge_of(spec, world, measures),
        emits=tuple(
            g.Emit(e.format, e.profile, _has_tools(spec)) for e in spec.emits if not e.chat
        ),
        encoding=encoding_of(spec),
        tests=tuple(_test(test) for test in spec.tests),
        ordered=tuple(name for name, facet in sorted(spec.facets.items()) if facet.ordered),
        facets={name: facet.type.values for name, facet in spec.facets.items()},
        about=_about(spec),
        definitions=definitions(spec),
        moves=tuple((move.kind, move.old, move.new) for move in spec.moves),
    )


def _has_tools(spec: nodes.Spec) -> bool:
    return any(template.tools is not None for template in spec.templates.values())


def _used_sources(spec: nodes.Spec) -> list[str]:
    """Sources that templates take rows of, behind what those join."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        source = spec.sources[name]
        for join in (*source.joins, *source.leave_out):
            if join.source not in found:
                visit(join.source)
        found[name] = None

    for template in spec.templates.values():
        for source in template.sources:
            visit(source)
    return list(found)


def source_part(source: nodes.Source, spec: nodes.Spec) -> parts.SourcePart:
    """What reading a source depends on."""
    return parts.SourcePart(
        name=source.name,
        format=source.format,
        key=source.key,
        group=source.group,
        origin=source.origin,
        license=source.license or "",
        fields=tuple(
            parts.FieldPart(f.name, f.type, f.column, f.of_file, f.optional, f.json)
            for f in source.fields
        ),
        sets=tuple(parts.SetPart(s.field, s.value, s.when) for s in source.sets),
        where=source.where,
        joins=tuple(parts.JoinPart(j.source, j.field, j.missing) for j in source.joins),
        leave_out=tuple(parts.JoinPart(j.source, j.field, "") for j in source.leave_out),
        each=source.each,
        split=source.split,
        first=first_name("source", source.name, spec),
    )


def _paths(source: nodes.Source) -> tuple[str, ...]:
    from pathlib import PurePosixPath

    from sftspec.ir.paths import resolve

    base = PurePosixPath(source.base)
    return tuple(sorted({resolve(base, path) or path for path in source.paths}))  # type: ignore[arg-type]


def contract(schema: nodes.Schema) -> Contract:
    """A schema as a stage needs it."""
    return Contract(schema.record, tuple((r.require, r.when, r.text) for r in schema.rules))


def template_part(template: nodes.Template, spec: nodes.Spec) -> parts.TemplatePart:
    """What rendering a template depends on."""
    worse = template.rejected
    return parts.TemplatePart(
        name=template.name,
        version=template.version,
        layer=template.layer,
        alias=template.alias,
        where=template.where,
        vary=tuple(parts.Vary(name, options) for name, options in template.vary),
        samples=template.samples,
        tags=tuple(
            parts.TagPart(
                name, spec.facets[name].many, _tag_values(tag, spec), tag.path, tag.mapping
            )
            for name, tag in sorted(template.tags.items())
        ),
        turns=tuple(_turn(turn, spec) for turn in template.turns),
        expects=tuple(parts.ExpectPart(e.node, e.text) for e in template.expects),
        tables=tuple((name, spec.tables[name].texts) for name in sorted(tables_of(template))),
        tools=_tools(template.tools, spec) if template.tools else None,
        rejected=parts.RejectedPart(_turn(worse.turn, spec), worse.when) if worse else None,
        first=first_name("template", template.name, spec),
    )


def _turn(turn: nodes.Turn, spec: nodes.Spec) -> parts.TurnPart:
    said = turn.messages
    return parts.TurnPart(
        role=turn.role,
        train=turn.train,
        parts=tuple(parts.PartPart(part.element, part.body) for part in turn.parts),
        contract=contract(spec.schemas[turn.schema]) if turn.schema else None,
        value=turn.value,
        calls=tuple(_call(call, spec) for call in turn.calls),
        row_calls=_of_row(turn.row_calls),
        tool=turn.tool,
        messages=parts.MessagesPart(
            said.path, said.dialect, said.roles, said.cut, said.merge, said.system
        )
        if said
        else None,
    )


def _call(call: nodes.Call, spec: nodes.Spec) -> parts.CallPart:
    optional = tuple(f.name for f in spec.tools[call.tool].record.fields if f.optional)
    args = tuple(
        (name, None, value) if isinstance(value, BODIES) else (name, value, None)
        for name, value in call.args
    )
    return parts.CallPart(call.tool, args, optional)


def _of_row(one: nodes.OfRow | None) -> parts.OfRowPart | None:
    return parts.OfRowPart(one.path, one.dialect) if one else None


def _tools(tools: nodes.Tools, spec: nodes.Spec) -> parts.ToolsPart:
    declared = tuple(
        (name, msgspec.json.encode(spec.tools[name].schema).decode()) for name in tools.names
    )
    return parts.ToolsPart(declared, _of_row(tools.of_row), tools.inferred)


def _tag_values(tag: nodes.Tag, spec: nodes.Spec) -> tuple[str, ...]:
    """The tag's constants; for a path into a contract, which nothing checked, the facet's values."""
    unchecked = tag.path is not None and len(tag.path) > 2 and not tag.mapping
    return spec.facets[tag.facet].type.values if unchecked else tag.values


def _mix(spec: nodes.Spec) -> g.Mix:
    mix, curriculum = spec.mixture, spec.curriculum
    measures = measures_of(spec)
    return g.Mix(
        seed=spec.dataset.seed,
        total=mix.total,
        parts=_all_parts(spec),
        shares=tuple(
            g.SharePart(
                share.facet,
                maybe_measured(share.where, measures),
                _weights(share),
                share.chat,
                share.within,
            )
            for share in mix.shares
        ),
        bounds=tuple(
            g.BoundPart(b.most, b.bp, measured(b.where, measures), b.text) for b in mix.bounds
        ),
        caps=tuple(g.CapPart(cap.count, cap.per) for cap in mix.caps),
        shortfall=mix.shortfall,
        repeat=mix.repeat,
        curriculum=curriculum.facet if curriculum else None,
        phases=tuple(g.PhasePart(p.name, p.bp, p.mix) for p in curriculum.phases)
        if curriculum
        else (),
        strata=spec.split.stratify,
    )


def _weights(share: goals.Share) -> tuple[tuple[str, int], ...]:
    """Whole weights of a share's values: basis points, or the parts as written."""
    if any(quota.kind == "parts" for quota in share.quotas):
        return tuple((quota.value, quota.amount) for quota in share.quotas)
    return tuple((value, int(bp)) for value, bp in declared(share).items())


def _all_parts(spec: nodes.Spec) -> tuple[tuple[str, int], ...]:
    rest = WHOLE - sum(bp for _, bp in spec.split.parts)
    return (("train", rest), *spec.split.parts)


def _test(test: nodes.UnitTest) -> g.TestPart:
    return g.TestPart(
        test.template, test.title, test.row,
        tuple(parts.ExpectPart(e.node, e.text) for e in test.expects),
    )  # fmt: skip


def _about(spec: nodes.Spec) -> dict[str, Any]:
    return {
        "languages": list(spec.dataset.languages),
        "license": spec.dataset.license,
        "allow": list(spec.dataset.allow),
        "seed": spec.dataset.seed,
        **{key: spec.dataset.about[key] for key in sorted(spec.dataset.about)},
    }
