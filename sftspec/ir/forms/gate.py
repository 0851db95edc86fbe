"""`gate`: what must hold for a version to be frozen."""

from collections.abc import Iterator

from msgspec import Struct

from sftspec.expr import base, nodes as ex, types
from sftspec.expr.check import LATER, Checker
from sftspec.ground.report import did_you_mean, listing, there_are
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.goals import Gate, GateLine
from sftspec.ir.reasons import OF_RECORDS, OF_ROWS
from sftspec.ir.world import World
from sftspec.syntax import tree

KIND = "gate"
POPULATIONS = ("rendered", "chosen", "rows")
WHOLE = 10_000
OF_A_ROW = ("rejected", "source", "origin", "license")
_TAIL = f"[where COND2] [of {'|'.join(POPULATIONS)}] [where COND3]"
FORM = Form(
    "gate NAME {",
    "what must hold for a version to be frozen",
    inner=(
        Form(f"require COND {_TAIL}", "fails the gate where it does not hold"),
        Form(f"warn COND {_TAIL}", "is reported where it does not hold"),
    ),
)
_FLIP = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class _Measured(Struct, frozen=True):
    """A tally as written and as meant. `unit`: of its threshold."""

    call: tree.Call
    tally: ex.Tally
    unit: str


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
    measured = _tally(call, world)
    if measured is None:
        return None
    conditions = [_checker(world).condition(node) for node in _wheres(item)]
    where = ex.all_of([node for node in conditions if node is not None])
    of = _population(item, measured, where, world)
    threshold = _threshold(wanted, measured, world)
    if None in conditions or of is None or threshold is None:
        return None
    return GateLine(
        require=item.entry.word(0) == "require", tally=measured.tally, op=op, wanted=threshold,
        unit=measured.unit, where=where, of=of, span=item.entry.head, text=item.quoted,
    )  # fmt: skip


def _wheres(item: Line) -> list[tree.Expr]:
    """What stands behind `where`, before `of` and behind it."""
    return [item.slots[slot] for slot in ("cond2", "cond3") if slot in item.slots]


# of what


def _population(
    item: Line, measured: _Measured, where: ex.Typed | None, world: World
) -> str | None:
    """What is counted: as written, else as the conditions ask; None where that cannot be."""
    given = next((word for word in POPULATIONS if word in item.words), None)
    parts = [node for node in (measured.tally.of, where) if node is not None]
    of = given or ("rendered" if any(map(_asks_fate, parts)) else "chosen")
    name = measured.call.name
    if base.tallies()[name].takes in {"coverage", "nothing"}:
        if given or _wheres(item):
            _wrong(
                item, world, f"`{name}` is of no records, so no `where` and no `of` limits it"
            )
            return None
        return of
    if of == "rows" and not _of_rows(item, measured, parts, world):
        return None
    return of if _reasons(item, measured, of, world) else None


def _asks_fate(node: ex.Typed) -> bool:
    """Whether a condition is about candidates that may not stay."""
    if isinstance(node, ex.Valid | ex.ValidCalls) or node == ex.Path(("rejected",)):
        return True
    return any(map(_asks_fate, ex.children(node)))


def _wrong(item: Line, world: World, message: str, hint: str | None = None) -> None:
    world.report.error("wrong-population", item.entry.head, message, hint=hint)


def _of_rows(item: Line, measured: _Measured, parts: list[ex.Typed], world: World) -> bool:
    """Whether a line asks of rows only what is known of one that was set aside."""
    if not isinstance(base.tallies()[measured.call.name], base.Share):
        name = measured.call.name
        _wrong(item, world, f"rows are only counted, so `{name}` cannot be of them")
        return False
    foreign = next((word for node in parts for word in _foreign(node)), None)
    if foreign is not None:
        _wrong(
            item, world, f"a row that is set aside has no `{foreign}`",
            hint=f"of rows there are {listing(OF_A_ROW)}",
        )  # fmt: skip
    return foreign is None


def _foreign(node: ex.Typed) -> Iterator[str]:
    """The names in a condition that a row has not."""
    match node:
        case ex.Path(parts=parts) if parts[0] not in OF_A_ROW:
            yield ".".join(parts)
        case ex.Valid() | ex.ValidCalls():
            yield "valid"
        case ex.Apply(name=name):
            yield name
        case _:
            for child in ex.children(node):
                yield from _foreign(child)


def _reasons(item: Line, measured: _Measured, of: str, world: World) -> bool:
    """Whether every reason that `rejected` is compared with can be one of the population's."""
    there, other = (OF_ROWS, OF_RECORDS) if of == "rows" else (OF_RECORDS, OF_ROWS)
    good = True
    for expr in (*measured.call.args, *_wheres(item)):
        for text in _compared(expr):
            if text.value in there:
                continue
            good = False
            if text.value in other:
                world.report.error("wrong-population", text.span, **_elsewhere(of, text.value))
            else:
                world.report.error(
                    "unknown-reason", text.span, f"nothing is rejected as `{text.value}`",
                    hint=did_you_mean(text.value, there | other)
                    or there_are(sorted(there), 40),
                )  # fmt: skip
    return good


def _elsewhere(of: str, reason: str) -> dict[str, str]:
    if of == "rows":
        message = f"a row is never rejected as `{reason}`, a candidate is"
        return {"message": message, "hint": "write `of rendered`, or leave `of rows` out"}
    message = f"`{reason}` sets rows aside, which are no candidates"
    return {"message": message, "hint": "write `of rows` at the end of the line"}


def _compared(expr: object) -> Iterator[tree.Text]:
    """The texts that `rejected` is compared with."""
    match expr:
        case tree.Both(left=left, right=right) | tree.Either(left=left, right=right):
            yield from _compared(left)
            yield from _compared(right)
        case tree.Negate(of=of):
            yield from _compared(of)
        case tree.Compare(left=left, right=right):
            sides = (left, right)
            if any(isinstance(one, tree.Ref) and one.parts == ("rejected",) for one in sides):
                for side in sides:
                    items = side.items if isinstance(side, tree.List) else (side,)
                    yield from (one for one in items if isinstance(one, tree.Text))
        case _:
            pass


# what and how much


def _tally(call: tree.Expr, world: World) -> _Measured | None:
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
        return _Measured(call, ex.Tally(call.name), known[call.name].result)
    if len(call.args) != 1 or isinstance(call.args[0], tree.Named):
        world.report.error("wrong-arguments", call.span, f"`{call.name}` takes one {takes}")
        return None
    return _argument(call, call.args[0], takes, world)


def _argument(call: tree.Call, arg: tree.Expr, takes: str, world: World) -> _Measured | None:
    unit = base.tallies()[call.name].result
    if takes == "coverage":
        name = arg.name if isinstance(arg, tree.Ref) else arg.span.source
        known = world.get("coverage", name, arg.span)
        return _Measured(call, ex.Tally(call.name, arg=name), unit) if known else None
    checker = _checker(world)
    if takes == "condition":
        node = checker.condition(arg)
        return None if node is None else _Measured(call, ex.Tally(call.name, of=node), unit)
    return _number(call, arg, checker, world)


def _number(
    call: tree.Call, arg: tree.Expr, checker: Checker, world: World
) -> _Measured | None:
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
    unit = "points" if isinstance(result.type, types.Bp) else "number"
    return _Measured(call, ex.Tally(call.name, of=result.node), unit)


def _threshold(node: tree.Expr, measured: _Measured, world: World) -> str | None:
    """The threshold as an exact decimal text, a percentage as basis points."""
    if isinstance(node, tree.Percent) and not node.exact:
        world.report.error("too-precise", node.span, "a percentage has at most two decimals")
        return None
    if measured.unit in {"percent", "points"}:
        if isinstance(node, tree.Percent) and node.bp > WHOLE:
            world.report.error("out-of-range", node.span, "a share is between 0% and 100%")
            return None
        if isinstance(node, tree.Percent):
            return str(node.bp)
        wanted = "a percentage such as 95%"
    else:
        if isinstance(node, tree.Int | tree.Number):
            return str(node.value)
        wanted = "a number"
    message = f"`{measured.call.name}` is compared with {wanted}"
    world.report.error("type-mismatch", node.span, message)
    return None
