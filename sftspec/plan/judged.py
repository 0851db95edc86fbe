"""What gates and coverages ask of records: columns of the render stage, and the judge's part."""

from sftspec.expr import nodes as ex
from sftspec.expr.evaluate import VALID
from sftspec.ground.canon import canonical
from sftspec.ir import nodes
from sftspec.ir.reach import needed_cells
from sftspec.ir.world import World
from sftspec.plan import graph as g

TEXTS = {"system", "instruction", "context", "user", "response", "text"}


def _needs_text(node: ex.Typed) -> bool:
    """Whether an expression looks at more than tags."""
    if isinstance(node, ex.Valid | ex.ValidCalls | ex.Apply):
        return True
    if isinstance(node, ex.Path) and (
        node.parts[0] in TEXTS or len(node.parts) > 1 or node.parts[0] in {"turns", "calls"}
    ):
        return True
    return any(_needs_text(child) for child in ex.children(node))


def measures_of(spec: nodes.Spec) -> tuple[ex.Typed, ...]:
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


def maybe_measured(node: ex.Typed | None, measures: tuple[ex.Typed, ...]) -> ex.Typed | None:
    """As `measured`; None stays None."""
    return None if node is None else measured(node, measures)


def judge_of(spec: nodes.Spec, world: World, measures: tuple[ex.Typed, ...]) -> g.Judge:
    """The gates and coverages of a spec."""
    return g.Judge(
        gates=tuple(
            g.GatePart(
                gate.name,
                tuple(
                    g.GateLinePart(
                        line.require,
                        ex.Tally(
                            line.tally.name,
                            maybe_measured(line.tally.of, measures),
                            line.tally.arg,
                        ),
                        line.op,
                        line.wanted,
                        line.unit,
                        maybe_measured(line.where, measures),
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
                maybe_measured(c.where, measures),
                c.need,
                tuple(needed_cells(c, spec, world) or ()),
            )
            for c in spec.coverages.values()
        ),
        facets=("layer", "source", "template", "origin", "license", *sorted(spec.facets)),
        many=tuple(sorted(name for name, facet in spec.facets.items() if facet.many)),
    )
