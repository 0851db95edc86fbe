"""A tree expression to a typed one, or diagnostics: names, types, facet values, patterns."""

from collections.abc import Mapping

from msgspec import Struct

from sftspec.expr import base, nodes, types
from sftspec.expr.relate import Result, comparable, facet_of, no_such_field, pattern_ok, step
from sftspec.ground.report import Report, did_you_mean, listing, there_are
from sftspec.ground.text import Span
from sftspec.syntax import tree

LATER = frozenset(
    [
        "language",
        "secrets",
        "pii",
        "tokens",
        "novelty",
        "judge",
        "score",
        "agreement",
        "contaminated",
        "unresolved",
        "pass_",
        "near",
        "reviews",
        "calls",
    ]
)
_ORDER = {"<", "<=", ">", ">="}


class Scope(Struct, frozen=True):
    """What can be named in an expression, and what it is an expression of."""

    names: Mapping[str, types.Type]
    what: str
    params: Mapping[str, tree.Expr] = {}
    later: frozenset[str] = LATER
    consts: Mapping[tuple[str, ...], list[str]] = {}


class Checker:
    """Checks expressions of one scope into one report."""

    def __init__(self, scope: Scope, report: Report) -> None:
        self.scope = scope
        self.report = report

    def condition(self, expr: tree.Expr) -> nodes.Typed | None:
        """An expression that is true or false."""
        result = self.value(expr)
        if result is None:
            return None
        if not isinstance(result.type, types.Bool):
            self.report.error(
                "not-a-condition", expr.span,
                f"a condition is wanted here, this is {types.say(result.type)}",
                hint="compare it with something: `==`, `<`, `in`",
            )  # fmt: skip
            return None
        return result.node

    def value(self, expr: tree.Expr, beside: types.Facet | None = None) -> Result | None:
        """Any expression; a bare word is looked up in the facet it stands beside first."""
        match expr:
            case tree.Ref():
                return self._ref(expr, beside)
            case tree.Text():
                return self._text(expr, beside)
            case tree.Int():
                return Result(nodes.Const(expr.value), types.Int())
            case tree.Number():
                return Result(nodes.Decimal(expr.value), types.Number())
            case tree.Percent():
                return self._percent(expr)
            case tree.List():
                return self._list(expr, beside)
            case tree.Call():
                return self._call(expr)
            case tree.Compare():
                return self._compare(expr)
            case tree.Both() | tree.Either():
                return self._junction(expr)
            case tree.Negate():
                inner = self.condition(expr.of)
                return None if inner is None else Result(nodes.Not(inner), types.Bool())
            case _:
                word = {"Range": "a range", "Version": "a version", "Body": "a body"}
                shown = word.get(type(expr).__name__, "this")
                self.report.error("not-an-expression", expr.span, f"{shown} cannot stand here")
                return None

    def _percent(self, expr: tree.Percent) -> Result | None:
        if not expr.exact:
            self.report.error("too-precise", expr.span, "a percentage has at most two decimals")
            return None
        return Result(nodes.Const(expr.bp), types.Bp())

    def _text(self, expr: tree.Text, beside: types.Facet | None) -> Result | None:
        if beside is not None:
            names = {**dict(beside.spellings), **{value: value for value in beside.values}}
            if expr.value not in names:
                self._no_value(expr.span, expr.value, beside)
                return None
            return Result(nodes.Const(names[expr.value]), beside)
        return Result(nodes.Const(expr.value), types.Literal(expr.value))

    def _ref(self, expr: tree.Ref, beside: types.Facet | None) -> Result | None:
        name = expr.parts[0]
        if len(expr.parts) == 1:
            if beside is not None and name in beside.values:
                return Result(nodes.Const(name), beside)
            if name in self.scope.params:
                return self.value(self.scope.params[name], beside)
            known: dict[str, Result] = {
                "null": Result(nodes.Const(None), types.Null()),
                "true": Result(nodes.Const(value=True), types.Bool()),
                "false": Result(nodes.Const(value=False), types.Bool()),
            }
            if name in known:
                return known[name]
        if expr.parts in self.scope.consts:
            return Result(
                nodes.Const([*self.scope.consts[expr.parts]]), types.List(types.Text())
            )
        if name not in self.scope.names:
            if beside is not None and len(expr.parts) == 1:
                self._no_value(expr.span, name, beside)
            else:
                self._unknown(expr.span, name)
            return None
        return self._walk(expr)

    def _walk(self, expr: tree.Ref) -> Result | None:
        kind = self.scope.names[expr.parts[0]]
        for index, part in enumerate(expr.parts[1:], 1):
            inner = step(kind, part)
            if inner is None:
                owner = ".".join(expr.parts[:index])
                no_such_field(kind, part, owner, expr.span, self.report)
                return None
            kind = inner
        return Result(nodes.Path(expr.parts), kind)

    def _unknown(self, span: Span, name: str) -> None:
        if name in self.scope.later:
            self.report.error("not-built-yet", span, f"`{name}` is not built yet")
            return
        self.report.error(
            "unknown-name", span, f"`{name}` is no name of {self.scope.what}",
            hint=did_you_mean(name, [*self.scope.names, *self.scope.params])
            or there_are(sorted(self.scope.names), 12),
        )  # fmt: skip

    def _no_value(self, span: Span, word: str, facet: types.Facet) -> None:
        self.report.error(
            "unknown-facet-value", span, f"`{word}` is no value of facet `{facet.name}`",
            hint=did_you_mean(word, facet.values) or f"it has {listing(facet.values)}",
        )  # fmt: skip

    def _list(self, expr: tree.List, beside: types.Facet | None) -> Result | None:
        values: list[str | int | bool | None] = []
        kinds: list[types.Type] = []
        for item in expr.items:
            if isinstance(item, tree.Body):
                self.report.error("not-an-expression", item.span, "a body cannot stand here")
                return None
            result = self.value(item, beside)
            if result is None:
                return None
            if not isinstance(result.node, nodes.Const) or isinstance(result.node.value, list):
                self.report.error(
                    "not-a-constant",
                    item.span,
                    "a list holds texts, numbers and names of values",
                )
                return None
            values.append(result.node.value)
            kinds.append(result.type)
        inner = types.union(kinds) if kinds else types.Any()
        return Result(nodes.Const(values), types.List(inner))

    def _junction(self, expr: tree.Both | tree.Either) -> Result | None:
        left, right = self.condition(expr.left), self.condition(expr.right)
        if left is None or right is None:
            return None
        kind = nodes.And if isinstance(expr, tree.Both) else nodes.Or
        return Result(kind(left, right), types.Bool())

    # calls

    def _call(self, expr: tree.Call) -> Result | None:
        if expr.name == "valid":
            return self._valid(expr)
        measure = base.measures().get(expr.name)
        if measure is None:
            self._unknown_call(expr)
            return None
        given = self._arguments(expr, measure)
        if given is None:
            return None
        args = tuple(
            given[name] if name in given else nodes.Const(dict(measure.defaults)[name])
            for name, _, _ in measure.params
        )
        return Result(nodes.Apply(expr.name, args), measure.result)

    def _valid(self, expr: tree.Call) -> Result | None:
        words = [arg.name for arg in expr.args if isinstance(arg, tree.Ref)]
        if words == ["response"] and "response" in self.scope.names:
            return Result(nodes.Valid(), types.Bool())
        if words == ["calls"] and "calls" in self.scope.names:
            return Result(nodes.ValidCalls(), types.Bool())
        self.report.error("wrong-arguments", expr.span, "`valid` takes `response` or `calls`")
        return None

    def _unknown_call(self, expr: tree.Call) -> None:
        word = expr.span.part(expr.span.start, expr.span.start + len(expr.name))
        if expr.name in base.tallies():
            self.report.error(
                "tally-outside-gate", word, f"`{expr.name}` counts many records, this is of one",
                hint="tallies stand in `gate` blocks",
            )  # fmt: skip
        elif expr.name in LATER:
            self.report.error("not-built-yet", word, f"`{expr.name}` is not built yet")
        else:
            known = list(base.measures())
            self.report.error(
                "unknown-measure", word, f"`{expr.name}` is no measure",
                hint=did_you_mean(expr.name, known) or f"there are {listing(known)}",
            )  # fmt: skip

    def _arguments(
        self, expr: tree.Call, measure: base.Measure
    ) -> dict[str, nodes.Typed] | None:
        given: dict[str, nodes.Typed] = {}
        names = [name for name, _, _ in measure.params]
        wanted = {name: kind for name, kind, _ in measure.params}
        for index, arg in enumerate(expr.args):
            named = isinstance(arg, tree.Named)
            name = (
                arg.name
                if isinstance(arg, tree.Named)
                else (names[index : index + 1] or [""])[0]
            )
            if name not in wanted or name in given:
                self.report.error(
                    "wrong-arguments", arg.span, f"`{measure.name}` has no place for this",
                    hint=f"write `{measure.usage}`",
                )  # fmt: skip
                return None
            value = arg.value if named else arg  # type: ignore[union-attr]
            result = self.value(value)  # type: ignore[arg-type]
            if result is None or not self._fits(value, result, wanted[name], measure, name):  # type: ignore[arg-type]
                return None
            given[name] = result.node
        missing = [
            name for name, _, optional in measure.params if name not in given and not optional
        ]
        if missing:
            self.report.error(
                "wrong-arguments", expr.span, f"`{measure.name}` needs `{missing[0]}`",
                hint=f"write `{measure.usage}`",
            )  # fmt: skip
            return None
        return given

    def _fits(
        self,
        expr: tree.Expr,
        result: Result,
        wanted: types.Type,
        measure: base.Measure,
        name: str,
    ) -> bool:
        if name in measure.patterns:
            return pattern_ok(result, expr.span, self.report)
        good = (
            types.is_text(result.type) if isinstance(wanted, types.Text)
            else types.is_number(result.type) if isinstance(wanted, types.Int)
            else isinstance(result.type, types.List)
        )  # fmt: skip
        if not good:
            self.report.error(
                "type-mismatch", expr.span,
                f"`{measure.name}` wants {types.say(wanted)} here, this is {types.say(result.type)}",
            )  # fmt: skip
        return good

    # comparisons

    def _compare(self, expr: tree.Compare) -> Result | None:
        left, right = self._sides(expr)
        if left is None or right is None:
            return None
        if expr.op in {"in", "not in", "has"}:
            return self._member(expr, left, right)
        a, b = left.type, right.type
        if expr.op in _ORDER:
            return self._ordered(expr, left, right)
        if not comparable(a, b):
            self._mismatch(expr, a, b)
            return None
        return Result(nodes.Cmp(expr.op, left.node, right.node), types.Bool())

    def _sides(self, expr: tree.Compare) -> tuple[Result | None, Result | None]:
        """Both sides; the one that is of a facet says where the other's words are looked up."""
        quiet = Checker(self.scope, Report())
        left = quiet.value(expr.left)
        facet = facet_of(left.type) if left and not isinstance(left.node, nodes.Const) else None
        if facet:
            return left, self.value(expr.right, facet)
        right = quiet.value(expr.right)
        facet = (
            facet_of(right.type) if right and not isinstance(right.node, nodes.Const) else None
        )
        return self.value(expr.left, facet), self.value(expr.right)

    def _ordered(self, expr: tree.Compare, left: Result, right: Result) -> Result | None:
        a, b = types.without_null(left.type), types.without_null(right.type)
        if isinstance(a, types.Facet) and a == b:
            if not a.ordered:
                self.report.error(
                    "unordered-facet", expr.span, f"facet `{a.name}` has no order",
                    hint=f"write `facet {a.name} ordered {{ … }}`, or `in [ … ]` here",
                )  # fmt: skip
                return None
            node = nodes.Cmp(
                expr.op,
                nodes.Rank(left.node, a.values),
                nodes.Rank(right.node, a.values),
                guard=True,
            )
            return Result(node, types.Bool())
        numeric = types.is_number(a) and types.is_number(b)
        percent = isinstance(a, types.Bp) and isinstance(b, types.Bp)
        if not (numeric or percent):
            self._mismatch(expr, a, b)
            return None
        return Result(nodes.Cmp(expr.op, left.node, right.node, guard=True), types.Bool())

    def _member(self, expr: tree.Compare, left: Result, right: Result) -> Result | None:
        whole, part = (left, right) if expr.op == "has" else (right, left)
        op = {"has": "in"}.get(expr.op, expr.op)
        kind = types.without_null(whole.type)
        if not isinstance(kind, types.List):
            self.report.error(
                "type-mismatch", expr.span,
                f"`{expr.op}` looks into a list, this is {types.say(whole.type)}",
                hint=_list_hint(kind),
            )  # fmt: skip
            return None
        inner = types.without_null(part.type)
        if isinstance(inner, types.List):
            inner, op = inner.of, "within" if op == "in" else "not within"
        if not comparable(inner, kind.of):
            self._mismatch(expr, inner, kind.of)
            return None
        return Result(nodes.Cmp(op, part.node, whole.node, guard=True), types.Bool())

    def _mismatch(self, expr: tree.Compare, a: types.Type, b: types.Type) -> None:
        hint = None
        message = f"{types.say(a)} and {types.say(b)} cannot be compared by `{expr.op}`"
        if isinstance(a, types.Null) or isinstance(b, types.Null):
            message = (
                f"this is {types.say(b if isinstance(a, types.Null) else a)} and never null"
            )
        elif isinstance(a, types.Bp) != isinstance(b, types.Bp):
            hint = "a percentage is written `60%`, and only compared with percentages"
        elif isinstance(a, types.List) != isinstance(b, types.List):
            hint = "a list is asked with `has`: `ability has evidence_use`"
        self.report.error("type-mismatch", expr.span, message, hint=hint)


def _list_hint(kind: types.Type) -> str | None:
    if isinstance(kind, types.Facet):
        return "write `[ … ]` around the values, or compare with `==`"
    return "for a text in a text write `occurrences(…) > 0`" if types.is_text(kind) else None
