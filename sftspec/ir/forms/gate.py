"""`gate`: what must hold for a version to be frozen."""

from sftspec.expr import base, nodes as ex, types
from sftspec.expr.check import LATER, Checker
from sftspec.ground.report import did_you_mean, listing, there_are
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.goals import Gate, GateLine
from sftspec.ir.world import World
from sftspec.syntax import tree

KIND = "gate"
_TAIL = "[where COND2] [of rendered|chosen] [where COND3]"
FORM = Form(
    "gate NAME {",
    "what must hold for a version to be frozen",
    inner=(
        Form(f"require COND {_TAIL}", "fails the gate where it does not hold"),
        Form(f"warn COND {_TAIL}", "is reported where it does not hold"),
    ),
)
_FLIP = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def lower(line: Line, world: World) -> Gate:
    """The gate's requirements."""
    name = line.name("name")
    found = lines(f"gate `{name}`", line.entry.head, line.entry.body, FORM.inner, world.report)
    read = [_requirement(item, world) for item in found]
    return Gate(name=name, lines=tuple(x for x in read if x), span=line.entry.head)


def _checker(world: World) -> Checker:
    rejected = types.union([types.Text(), types.Null()])
    return Checker(world.record_scope(row={"rejected": rejected}), world.report)


def _requirement(item: Line, world: World) -> GateLine | None:
    expr = item.slots["cond"]
    if not isinstance(expr, tree.Compare) or expr.op not in _FLIP:
        world.report.error(
            "not-a-requirement", expr.span, "a requirement compares a tally with a number",
            hint="write `rate(…) <= 1%` or `count(…) == 0`",
        )  # fmt: skip
        return None
    call, wanted, op = expr.left, expr.right, expr.op
    if not isinstance(call, tree.Call):
        call, wanted, op = expr.right, expr.left, _FLIP[expr.op]
    tally = _tally(call, world)
    slot = next((s for s in ("cond2", "cond3") if s in item.slots), None)
    if tally is None:
        return None
    checker = _checker(world)
    where = checker.condition(item.slots[slot]) if slot else None
    if slot and where is None:
        return None
    unit = base.tallies()[tally.name].result
    threshold = _threshold(wanted, unit, tally.name, world)
    if threshold is None:
        return None
    return GateLine(
        require=item.entry.word(0) == "require", tally=tally, op=op, wanted=threshold, unit=unit,
        where=where, of=_population(item, tally, where), span=item.entry.head,
        text=item.quoted,
    )  # fmt: skip


def _population(item: Line, tally: ex.Tally, where: ex.Typed | None) -> str:
    given: frozenset[str] = item.words & {"rendered", "chosen"}
    if given:
        return next(iter(given))
    parts = [node for node in (tally.of, where) if node is not None]
    while parts:
        node = parts.pop()
        if isinstance(node, ex.Valid | ex.ValidCalls) or (
            isinstance(node, ex.Path) and node.parts == ("rejected",)
        ):
            return "rendered"
        parts.extend(ex.children(node))
    return "chosen"


def _tally(call: tree.Expr, world: World) -> ex.Tally | None:
    if not isinstance(call, tree.Call):
        world.report.error(
            "not-a-requirement", call.span, "a requirement compares a tally with a number",
            hint=f"there are {listing(list(base.tallies()))}",
        )  # fmt: skip
        return None
    known = base.tallies()
    word = call.span.part(call.span.start, call.span.start + len(call.name))
    if call.name not in known:
        later = call.name in LATER or call.name == "pass"
        world.report.error(
            "not-built-yet" if later else "unknown-tally", word,
            f"`{call.name}` is not built yet" if later else f"`{call.name}` is no tally",
            hint=None if later
            else f"it is a measure of one record; write `mean({call.name}(…))` or `rate({call.name}(…) > …)`"
            if call.name in base.measures()
            else did_you_mean(call.name, known) or there_are(list(known)),
        )  # fmt: skip
        return None
    takes = known[call.name].takes
    if takes == "nothing" or (takes == "condition" and call.name == "count" and not call.args):
        if call.args:
            world.report.error(
                "wrong-arguments", call.args[0].span, f"`{call.name}` takes nothing"
            )
            return None
        return ex.Tally(call.name)
    if len(call.args) != 1 or isinstance(call.args[0], tree.Named):
        world.report.error("wrong-arguments", call.span, f"`{call.name}` takes one {takes}")
        return None
    return _argument(call, call.args[0], takes, world)


def _argument(call: tree.Call, arg: tree.Expr, takes: str, world: World) -> ex.Tally | None:
    if takes == "coverage":
        name = arg.name if isinstance(arg, tree.Ref) else arg.span.source
        return ex.Tally(call.name, arg=name) if world.get("coverage", name, arg.span) else None
    checker = _checker(world)
    if takes == "condition":
        node = checker.condition(arg)
        return None if node is None else ex.Tally(call.name, of=node)
    result = checker.value(arg)
    if result is None:
        return None
    if not (types.is_number(result.type) or isinstance(result.type, types.Bp)):
        world.report.error(
            "type-mismatch",
            arg.span,
            f"`{call.name}` is of a number, this is {types.say(result.type)}",
        )
        return None
    return ex.Tally(call.name, of=result.node)


def _threshold(node: tree.Expr, unit: str, name: str, world: World) -> str | None:
    """The threshold as an exact decimal text, a percentage as basis points."""
    if isinstance(node, tree.Percent) and not node.exact:
        world.report.error("too-precise", node.span, "a percentage has at most two decimals")
        return None
    if unit == "percent":
        if isinstance(node, tree.Percent):
            return str(node.bp)
        wanted = "a percentage such as 95%"
    else:
        if isinstance(node, tree.Int | tree.Number):
            return str(node.value)
        if isinstance(node, tree.Percent) and unit == "number":
            return str(node.bp)
        wanted = "a number"
    world.report.error("type-mismatch", node.span, f"`{name}` is compared with {wanted}")
    return None
