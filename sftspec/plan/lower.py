"""The IR to the graph: each stage gets only its part of the meaning."""

from typing import Any

import msgspec

from sftspec.expr import nodes as ex
from sftspec.expr.evaluate import VALID
from sftspec.ground.canon import canonical, digest
from sftspec.ir import body as b, goals, nodes
from sftspec.ir.reach import needed_cells
from sftspec.ir.rules.shares import declared
from sftspec.ir.schema import Contract
from sftspec.ir.world import World
from sftspec.plan import graph as g, parts

WHOLE = 10_000
_BODIES = b.Pieces | b.Program | b.Choice
TEXTS = {"system", "instruction", "context", "user", "response", "text"}


def lower(spec: nodes.Spec, world: World) -> g.Graph:
    """The graph of a checked spec."""
    used = _used_sources(spec)
    sources = {name: source_part(spec.sources[name]) for name in used}
    measures = _measures(spec)
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
        judge=_judge(spec, world, measures),
        emits=tuple(g.Emit(e.format, e.profile, _has_tools(spec)) for e in spec.emits),
        tests=tuple(_test(test) for test in spec.tests),
        facets={name: facet.type.values for name, facet in spec.facets.items()},
        about=_about(spec),
        definitions=_definitions(spec),
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


def source_part(source: nodes.Source) -> parts.SourcePart:
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
        tables=tuple((name, spec.tables[name].texts) for name in sorted(_tables(template))),
        tools=_tools(template.tools, spec) if template.tools else None,
        rejected=parts.RejectedPart(_turn(worse.turn, spec), worse.when) if worse else None,
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
        (name, None, value) if isinstance(value, _BODIES) else (name, value, None)
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


def _tables(template: nodes.Template) -> set[str]:
    found: set[str] = set()
    worse = (template.rejected.turn,) if template.rejected else ()
    bodies: list[Any] = [part.body for turn in (*template.turns, *worse) for part in turn.parts]
    bodies += [
        v for t in template.turns for c in t.calls for _, v in c.args if isinstance(v, _BODIES)
    ]
    bodies.extend(option for _, options in template.vary for option in options)
    while bodies:
        body = bodies.pop()
        if isinstance(body, b.Choice):
            bodies.extend(inner for _, inner in body.bodies)
        elif isinstance(body, b.Program):
            found.update(body.tables)
        else:
            found.update(piece.table for piece in body.pieces if isinstance(piece, b.Lookup))
    return found


def _needs_text(node: ex.Typed) -> bool:
    """Whether an expression looks at more than tags."""
    if isinstance(node, ex.Valid | ex.ValidCalls | ex.Apply):
        return True
    if isinstance(node, ex.Path) and (
        node.parts[0] in TEXTS or len(node.parts) > 1 or node.parts[0] in {"turns", "calls"}
    ):
        return True
    return any(_needs_text(child) for child in ex.children(node))


def _measures(spec: nodes.Spec) -> tuple[ex.Typed, ...]:
    """What gates and shares ask of a record beyond its tags: columns of the render stage."""
    found: dict[bytes, ex.Typed] = {}
    nodes_: list[ex.Typed] = []
    for gate in spec.gates.values():
        for line in gate.lines:
            nodes_.extend(node for node in (line.tally.of, line.where) if node is not None)
    for coverage in spec.coverages.values():
        nodes_.extend([coverage.where] if coverage.where is not None else [])
    nodes_.extend(bound.where for bound in spec.mixture.bounds)
    nodes_.extend(share.where for share in spec.mixture.shares if share.where is not None)
    for node in nodes_:
        for part in _textual(node):
            found.setdefault(canonical(part), part)
    return tuple(found[key] for key in sorted(found))


def _textual(node: ex.Typed) -> list[ex.Typed]:
    """The largest parts of an expression that look at text, and at nothing but the record."""
    if isinstance(node, ex.And | ex.Or):
        return _textual(node.left) + _textual(node.right)
    if isinstance(node, ex.Not):
        return _textual(node.of)
    return [node] if _needs_text(node) else []


def measured(node: ex.Typed, measures: tuple[ex.Typed, ...]) -> ex.Typed:
    """The expression with its textual parts replaced by the measure columns."""
    for index, known in enumerate(measures):
        if node == known:
            return ex.Path((f"@m{index}",))
    match node:
        case ex.And(left=left, right=right):
            return ex.And(measured(left, measures), measured(right, measures))
        case ex.Or(left=left, right=right):
            return ex.Or(measured(left, measures), measured(right, measures))
        case ex.Not(of=of):
            return ex.Not(measured(of, measures))
        case ex.Valid():
            return ex.Path(VALID)
        case _:
            return node


def _maybe(node: ex.Typed | None, measures: tuple[ex.Typed, ...]) -> ex.Typed | None:
    return None if node is None else measured(node, measures)


def _mix(spec: nodes.Spec) -> g.Mix:
    mix, curriculum = spec.mixture, spec.curriculum
    measures = _measures(spec)
    return g.Mix(
        seed=spec.dataset.seed,
        total=mix.total,
        parts=_all_parts(spec),
        shares=tuple(
            g.SharePart(share.facet, _maybe(share.where, measures), _weights(share))
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


def _judge(spec: nodes.Spec, world: World, measures: tuple[ex.Typed, ...]) -> g.Judge:
    return g.Judge(
        gates=tuple(
            g.GatePart(
                gate.name,
                tuple(
                    g.GateLinePart(
                        line.require,
                        ex.Tally(
                            line.tally.name, _maybe(line.tally.of, measures), line.tally.arg
                        ),
                        line.op,
                        line.wanted,
                        line.unit,
                        _maybe(line.where, measures),
                        line.of,
                        line.text,
                    )
                    for line in gate.lines
                ),
            )
            for gate in spec.gates.values()
        ),
        coverages=tuple(
            g.CoveragePart(
                c.name,
                c.over,
                _maybe(c.where, measures),
                c.need,
                tuple(needed_cells(c, spec, world) or ()),
            )
            for c in spec.coverages.values()
        ),
        facets=("layer", "source", "template", "origin", "license", *sorted(spec.facets)),
        many=tuple(sorted(name for name, facet in spec.facets.items() if facet.many)),
    )


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


def _definitions(spec: nodes.Spec) -> dict[str, dict[str, Any]]:
    """Every definition that has bytes in the dataset, with its version and digest."""
    return {
        "templates": {
            name: {
                "version": t.version,
                "digest": digest("template", canonical(template_part(t, spec))),
            }
            for name, t in sorted(spec.templates.items())
        },
        "prompts": {
            name: {"version": p.version, "digest": digest("prompt", p.text.encode())}
            for name, p in sorted(spec.prompts.items())
        },
        "schemas": {
            name: {"digest": digest("schema", canonical(contract(s)))}
            for name, s in sorted(spec.schemas.items())
        },
        "phrasings": {
            name: {"digest": digest("phrasing", canonical([o.value for o in p.options]))}
            for name, p in sorted(spec.phrasings.items())
        },
        "tables": {
            name: {"digest": digest("table", canonical(t.texts))}
            for name, t in sorted(spec.tables.items())
        },
        "tools": {
            name: {"digest": digest("tool", canonical(t.schema))}
            for name, t in sorted(spec.tools.items())
        },
    }
