"""`screen`: what is dropped, in the order written."""

from typing import Any

from msgspec.structs import replace

from sftspec.expr import nodes as ex
from sftspec.expr.check import Checker
from sftspec.ground.report import Label, did_you_mean, listing
from sftspec.ground.text import Span
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.nodes import ScreenLine
from sftspec.ir.world import World
from sftspec.syntax import tree

KIND = "screen"
_NAMES = ("system", "instruction", "context", "user", "response", "text")
_LINES = (
    Form("drop COND [unless COND2]", "drops the records where it holds"),
    Form("drop COND when COND2", "drops them where another condition holds too"),
    Form("drop duplicate exact", "one of several equal conversations stays"),
    Form("drop duplicate near on NAMES at PERCENT", "near duplicates", later=True),
    Form("drop conflict on NAMES [prefer NAMES2]", "same question, other answer"),
    Form("drop contaminated by NAMES [ngram INT]", "overlap with an eval source", later=True),
    Form("use CALL", "the lines of a named screen, with its parameters"),
    Form("use NAME", "the lines of a named screen"),
    Form("redact CALL", "replaces personal data", later=True),
)
FORM = Form("screen [NAME] {", "what is dropped, in the order written", inner=_LINES)
CALLED = Form("screen CALL {", "a named screen with parameters", inner=_LINES)


class Named:
    """A named screen: its lines are read where it is used, with the parameters given there."""

    def __init__(self, line: Line) -> None:
        self.line = line
        call = line.slots.get("call")
        args = call.args if isinstance(call, tree.Call) else ()
        self.params = {arg.name: arg.value for arg in args if isinstance(arg, tree.Named)}
        self.bad = [arg for arg in args if not isinstance(arg, tree.Named)]


def lower(line: Line, world: World) -> Any:
    """A named screen as it is, the dataset's as its lines."""
    if "call" in line.slots or "name" in line.slots:
        named = Named(line)
        for arg in named.bad:
            world.report.error(
                "wrong-arguments",
                arg.span,
                "a parameter has a name and a default: `min_chars = 50`",
            )
        for double in _doubled(line):
            _twice(double, world)
        screen_lines(line, world, named.params)
        return named
    return screen_lines(line, world, {})


def screen_lines(
    line: Line, world: World, params: dict[str, tree.Expr]
) -> tuple[ScreenLine, ...]:
    """The lines of a screen, those it uses among them."""
    found: list[ScreenLine] = []
    scope = world.record_scope(params=params)
    checker = Checker(scope, world.report)
    for item in lines("screen", line.entry.head, line.entry.body, _LINES, world.report):
        head = item.form.head
        if head == "use":
            found.extend(_use(item, world))
        elif head == "drop conflict on":
            found.extend(_conflict(item, world))
        elif head == "drop duplicate exact":
            found.append(_line("duplicate", item))
        elif "cond" in item.slots:
            found.extend(_drop(item, checker))
    return tuple(found)


def _line(kind: str, item: Line, **more: Any) -> ScreenLine:
    values: dict[str, Any] = {"node": None, "on": (), "prefer": (), **more}
    text = item.quoted
    return ScreenLine(kind=kind, text=text, span=item.span, **values)


def _drop(item: Line, checker: Checker) -> list[ScreenLine]:
    node = checker.condition(item.slots["cond"])
    limit = checker.condition(item.slots["cond2"]) if "cond2" in item.slots else None
    if node is None or ("cond2" in item.slots and limit is None):
        return []
    if limit is not None:
        node = ex.And(node, ex.Not(limit) if "unless" in item.words else limit)
    return [_line("drop", item, node=node)]


def _conflict(item: Line, world: World) -> list[ScreenLine]:
    on: list[str] = []
    for node in item.items("names"):
        name = node.name if isinstance(node, tree.Ref) else node.span.source
        if name not in _NAMES:
            world.report.error(
                "unknown-name", node.span, f"a conflict is on parts of the prompt, `{name}` is none",
                hint=did_you_mean(name, _NAMES) or f"there are {listing(_NAMES)}",
            )  # fmt: skip
            return []
        on.append(name)
    prefer: list[str] = []
    for node in item.items("names2") if "names2" in item.slots else ():
        name = node.name if isinstance(node, tree.Ref) else node.span.source
        if world.get("source", name, node.span) is None:
            return []
        prefer.append(name)
    return [_line("conflict", item, on=tuple(on), prefer=tuple(prefer))]


def _use(item: Line, world: World) -> list[ScreenLine]:
    call = item.slots.get("call")
    name = call.name if isinstance(call, tree.Call) else item.name("name")
    span = item.slots["call" if call is not None else "name"].span
    named: Named | None = world.get("screen", name, span)
    if named is None:
        return []
    params = dict(named.params)
    for arg in call.args if isinstance(call, tree.Call) else ():
        if not isinstance(arg, tree.Named) or arg.name not in params:
            known = list(named.params)
            by_name = (
                f"a parameter is given by its name: `{name}({known[0]} = …)`" if known else ""
            )
            world.report.error(
                "wrong-arguments", arg.span, f"screen `{name}` has no such parameter",
                hint=by_name if by_name and not isinstance(arg, tree.Named)
                else f"it has {listing(known)}" if known else "it has none",
            )  # fmt: skip
            return []
        params[arg.name] = arg.value
    for double in _doubled(item):
        _twice(double, world)
    before = len(world.report.items)
    found = screen_lines(named.line, world, params)
    if len(world.report.items) > before:
        _once(world, before, span)
    return list(found)


def _doubled(line: Line) -> list[tree.Named]:
    """Arguments whose name another has before them."""
    call = line.slots.get("call")
    args = call.args if isinstance(call, tree.Call) else ()
    named = [arg for arg in args if isinstance(arg, tree.Named)]
    return [a for at, a in enumerate(named) if any(b.name == a.name for b in named[:at])]


def _twice(arg: tree.Named, world: World) -> None:
    world.report.error("duplicate-name", arg.span, f"parameter `{arg.name}` stands twice")


def _once(world: World, before: int, used: Span) -> None:
    """What a named screen's own reading already said is not said again; the rest says where."""
    said = {(d.slug, d.place) for d in world.report.items[:before]}
    fresh = [
        replace(d, labels=(*d.labels, Label(used, "used here")))
        for d in world.report.items[before:]
        if (d.slug, d.place) not in said
    ]
    world.report.items[before:] = fresh
