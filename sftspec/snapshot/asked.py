"""An expression over a snapshot, typed: against the names that the snapshot's own plan declares.

It is read and checked as a condition of a spec is. A name whose value no file of the snapshot holds
is refused at its place: an answer from part of the records would look like one from all.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sftspec.expr import base, nodes as ex, types
from sftspec.expr.check import Checker, Scope
from sftspec.expr.evaluate import VALID, VALID_CALLS
from sftspec.ground.report import Enough, Report, SpecError
from sftspec.ir.world import BUILT_IN, LAYERS, ORIGINS
from sftspec.plan.graph import Graph
from sftspec.snapshot.opened import Snapshot
from sftspec.snapshot.unmet import notes_on, refuse_reasons
from sftspec.syntax import tree
from sftspec.syntax.parse import parse
from sftspec.syntax.read import check_text

SHOWN = "<expression>"
POPULATIONS = ("chosen", "candidates", "rejected")
SPOKEN = ("system", "user", "response", "text", "turns", "calls")
ELEMENTS = ("instruction", "context")
LENGTH = ("@chars.response",)
_OPTIONAL = types.Null()


class Asked(Struct, frozen=True):
    """A question to a snapshot: of which records, and the condition; None: all of them.

    `names`: what it names, in the order written. `notes`: what to know of whom it cannot find.
    """

    of: str
    node: ex.Typed | None
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def told(self) -> bool:
        """Whether it takes the records' texts to answer."""
        return self.node is not None and needs_text(self.node)


def needs_text(node: ex.Typed) -> bool:
    """Whether an expression looks at texts, which only the files of records hold."""
    return any(path[0] in SPOKEN for path in ex.paths(node))


def ask(snapshot: Snapshot, text: str, of: str = "chosen") -> Asked:
    """The question that an expression is. Raises SpecError with all that is wrong with it."""
    report = Report()
    asked = None
    try:
        expr = lone_expression(text, report)
        asked = None if report.failed else _typed(snapshot, expr, of, report)
    except Enough:
        pass
    if asked is None or report.failed:
        raise SpecError(report)
    return asked


def lone_expression(text: str, report: Report) -> tree.Expr | None:
    """The one expression that a text is; None where it is empty or wrong, which `report` says."""
    source = check_text(text.encode("utf-8", "surrogatepass"), SHOWN, report)
    if source is None:
        return None
    entries = parse(source, report).entries
    for at, item in enumerate(report.items):
        if item.slug == "unexpected-end":  # it speaks of a file
            report.items[at] = replace(item, message="the expression ends too early")
    return _only(entries, report) if entries and not report.failed else None


def _only(entries: Sequence[tree.Entry], report: Report) -> tree.Expr | None:
    """What the entries of a text are, where that is one expression and nothing else."""
    first = entries[0]
    more = [atom for entry in entries for atom in entry.phrase][1:]
    odd = first.body or first.type or (more[0] if more else None)
    if first.value is not None:
        report.error(
            "malformed-line", first.value[0].span, "a condition has no `=`",
            hint="two values are compared by `==`",
        )  # fmt: skip
        return None
    if odd is not None:
        report.error(
            "malformed-line", odd.span, "nothing more can stand here",
            hint="conditions are joined by `and` and `or`, all in one line or in brackets",
        )  # fmt: skip
        return None
    return first.phrase[0]


def _typed(snapshot: Snapshot, expr: tree.Expr | None, of: str, report: Report) -> Asked | None:
    if expr is None:
        return Asked(of, None, (), notes_on(snapshot, of, None))
    graph = snapshot.graph
    node = Checker(scope_of(snapshot), report).condition(expr)
    if node is None:
        return None
    names = tuple(dict.fromkeys(path[0] for path in ex.paths(node)))
    node = _held(node, graph, next(iter(graph.renders.values())).measures)
    _refuse(snapshot, of, expr, node, report)
    refuse_reasons(_walk(expr), report)
    notes = notes_on(snapshot, of, node)
    if of == "chosen":
        node = _sound(node)
    return Asked(of, node, names, notes)


# names


def names_of(snapshot: Snapshot) -> dict[str, types.Type]:
    """What the index says of a candidate, by name: facets, built in and declared, and its fate."""
    graph = snapshot.graph
    text, whole = types.Text(), types.Int()
    parts = tuple(name for name, _ in graph.mix.parts)
    reasons = {
        one.partition(":")[2] for one in snapshot.manifest.counts.get("rejected_by_reason", ())
    }
    fates = (*parts, "not_chosen", *(f"rejected:{reason}" for reason in sorted(reasons)))
    phases = tuple(phase.name for phase in graph.mix.phases)
    return {
        "id": text, "key": _or_null(text), "file": text, "line": whole, "variant": whole,
        "group": _or_null(text), "version": text,
        "part": _or_null(types.Facet("part", parts)), "fate": types.Facet("fate", fates),
        "phase": _or_null(types.Facet("phase", phases)),
        "position": _or_null(whole), "rejected": _or_null(text),
        **facets_of(graph),
    }  # fmt: skip


def facets_of(graph: Graph) -> dict[str, types.Type]:
    """The facets as names of a record; a declared one may be null."""
    known = _declared(graph)
    found: dict[str, types.Type] = {}
    for name, values in graph.facets.items():
        facet = known.get(name) or types.Facet(name, values, name in graph.ordered)
        one = types.List(facet) if name in graph.judge.many else facet
        found[name] = _or_null(one)
    sources = [rows.source for rows in graph.sources.values()]
    words = {
        "layer": LAYERS,
        "source": [source.name for source in sources],
        "template": list(graph.templates()),
        "origin": [*ORIGINS, *sorted({source.origin for source in sources})],
        "license": sorted({source.license for source in sources}),
    }
    for name in BUILT_IN:
        found[name] = types.Facet(name, tuple(dict.fromkeys(words[name])))
    return found


def _declared(graph: Graph) -> dict[str, types.Facet]:
    """Facets as the fields of sources have them: with their order and spellings."""
    found: dict[str, types.Facet] = {}
    stack: list[types.Type] = [
        field.type for rows in graph.sources.values() for field in rows.source.fields
    ]
    while stack:
        match stack.pop():
            case types.Facet() as facet:
                found[facet.name] = facet
            case types.List(of=of):
                stack.append(of)
            case types.Union(arms=arms):
                stack.extend(arms)
            case types.Record(fields=fields):
                stack.extend(field.type for field in fields)
            case _:
                pass
    return found


def _or_null(kind: types.Type) -> types.Type:
    return types.union([kind, _OPTIONAL])


def scope_of(snapshot: Snapshot) -> Scope:
    """What can be named in an expression over a snapshot."""
    texts = dict.fromkeys((*ELEMENTS, "system", "user", "text"), types.Text())
    languages = list(snapshot.graph.about.get("languages", ()))
    return Scope(
        {
            **texts, "turns": types.Int(), "calls": types.Int(), "response": types.Response(),
            **names_of(snapshot),
        },
        "a record", consts={("dataset", "languages"): languages},
    )  # fmt: skip


# what the index has already


def _held(node: ex.Typed, graph: Graph, measures: tuple[ex.Typed, ...]) -> ex.Typed:
    """The expression, less what the build measured for its gates: that is in the index."""
    if node in measures and _plain(node):
        return ex.Path((f"@m{measures.index(node)}",))
    if node == ex.Apply("chars", (ex.Path(("response",)),)) and _one_answer(graph):
        return ex.Path(LENGTH)
    match node:
        case ex.And() | ex.Or() | ex.Cmp():
            return replace(
                node,
                left=_held(node.left, graph, measures),
                right=_held(node.right, graph, measures),
            )
        case ex.Not() | ex.Rank():
            return replace(node, of=_held(node.of, graph, measures))
        case ex.Apply(args=args):
            return replace(node, args=tuple(_held(arg, graph, measures) for arg in args))
        case _:
            return node


def _plain(node: ex.Typed) -> bool:
    """Whether a measure's column holds truth values or whole numbers."""
    match node:
        case ex.Apply(name=name):
            return isinstance(base.measures()[name].result, types.Bool | types.Int | types.Bp)
        case ex.Cmp() | ex.And() | ex.Or() | ex.Not() | ex.Valid() | ex.ValidCalls():
            return True
        case _:
            return False


def _one_answer(graph: Graph) -> bool:
    """Whether all that a record is trained on is its response: its length is in the index then."""
    for stage in graph.renders.values():
        turns = stage.template.turns
        answers = [turn for turn in turns if turn.role == "assistant"]
        if len(answers) != 1 or not answers[0].train or any(turn.messages for turn in turns):
            return False
    return True


def _sound(node: ex.Typed) -> ex.Typed:
    """The expression over chosen records: their contracts and calls are kept, or they were not."""
    match node:
        case ex.Valid() | ex.ValidCalls():
            return ex.Const(value=True)
        case ex.And() | ex.Or() | ex.Cmp():
            return replace(node, left=_sound(node.left), right=_sound(node.right))
        case ex.Not():
            return replace(node, of=_sound(node.of))
        case _:
            return node


# what it has not


def _refuse(
    snapshot: Snapshot, of: str, expr: tree.Expr, node: ex.Typed, report: Report
) -> None:
    """Say of each name whose value is in no file of the snapshot that it cannot be asked."""
    needed = {path[0] for path in _needed(node)}
    for one in _walk(expr):
        if isinstance(one, tree.Ref) and one.parts[0] in needed:
            _refuse_name(snapshot, of, one, report)
        elif isinstance(one, tree.Call) and one.name == "valid" and of != "chosen":
            path = VALID if getattr(one.args[0], "name", "") == "response" else VALID_CALLS
            if path[0] in needed:
                report.error(
                    "not-in-snapshot", one.span, "which candidates kept their contract is in no file",
                    hint='ask why they were set aside: `rejected == "missing_field"`',
                )  # fmt: skip


def _refuse_name(snapshot: Snapshot, of: str, ref: tree.Ref, report: Report) -> None:
    name = ref.parts[0]
    if name in ELEMENTS:
        report.error(
            "not-in-snapshot", ref.span, f"`{name}` is in no file of a snapshot: turns stand there whole",
            hint="ask `user`, which says both",
        )  # fmt: skip
    elif name in SPOKEN and of != "chosen":
        report.error(
            "not-in-snapshot", ref.span, f"`{name}` of records that were not chosen is in no file",
            hint="leave out `--of`, and chosen records are asked",
        )  # fmt: skip
    elif name in SPOKEN and not has_talks(snapshot):
        report.error(
            "not-in-snapshot", ref.span, f"`{name}` is read from JSON Lines, which this snapshot has not",
            hint="write `jsonl` in the spec's `emit`, and build it",
        )  # fmt: skip


def has_talks(snapshot: Snapshot) -> bool:
    """Whether the records' conversations are in files that can be read."""
    return any(one.format == "jsonl" for one in snapshot.graph.emits)


def _needed(node: ex.Typed) -> Iterator[tuple[str, ...]]:
    stack = [node]
    while stack:
        top = stack.pop()
        match top:
            case ex.Path(parts=parts):
                yield parts
            case ex.Valid():
                yield VALID
            case ex.ValidCalls():
                yield VALID_CALLS
            case _:
                stack.extend(ex.children(top))


def _walk(expr: tree.Expr) -> Iterator[tree.Expr | tree.Named | tree.Body]:
    """An expression and all that stands in it, in the order written."""
    yield expr
    match expr:
        case tree.Both() | tree.Either() | tree.Compare():
            yield from _walk(expr.left)
            yield from _walk(expr.right)
        case tree.Negate(of=of):
            yield from _walk(of)
        case tree.Call(args=args):
            for arg in args:
                yield from _walk(arg.value if isinstance(arg, tree.Named) else arg)
        case _:
            pass
