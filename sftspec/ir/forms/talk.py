"""Lines about conversations that stand in the row, and about tools: `messages`, `tools`, calls."""

from collections.abc import Sequence
from typing import Any

from sftspec.expr import types
from sftspec.expr.check import Checker, Scope
from sftspec.expr.relate import comparable, no_such_field, step
from sftspec.ground.report import Label, Report, did_you_mean, listing
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.jinja import compile_body
from sftspec.ir.nodes import Call, Messages, OfRow, Tool, Tools, Turn
from sftspec.ir.values import BodyScope, Place
from sftspec.ir.world import World
from sftspec.ports.dialogue import MEANINGS, ROLES, dialect, dialects
from sftspec.syntax import tree

_MEANS = "|".join(MEANINGS)
MESSAGES = Form(
    f"messages = PATH as {'|'.join(dialects())} [{{]",
    "a conversation that stands in the row",
    inner=(
        Form(f"role NAME = {_MEANS}", "what the name of a role means"),
        Form(f"role TEXT = {_MEANS}", "what the name of a role means"),
        Form(f"cut after|before first|last {'|'.join(ROLES)}", "turns that are left out"),
        Form("merge", "turns of one role that follow each other become one", once=True),
        Form("system kept|replaced|dropped", "which system turn stays", once=True),
    ),
)
ARG = Form("ARG = EXPR", "an argument and its value")
CALL = Form("call TOOL {", "a call", inner=(ARG,))
TOOL_FORMS = (
    Form("tools = LIST", "the tools that the records declare", once=True),
    Form("tools = PATH as openai|bfcl", "the tools that stand in the row", once=True),
    Form(
        "tools = inferred from PATH", "tools as the calls show them; a weak schema", once=True
    ),
)


def read_messages(
    item: Line, scope: BodyScope, world: World, *, own_system: bool
) -> Turn | None:
    """The turns that stand in the row."""
    path = _path(item, scope, world.report)
    name = next(iter(item.words & set(dialects())))
    if path is None or not _has_fields(item, path, name, scope, world.report):
        return None
    inside = lines("`messages`", item.entry.head, item.entry.body, MESSAGES.inner, world.report)
    roles = dict(dialect(name).ROLES)
    cuts: list[tuple[str, str, str]] = []
    system = "replaced" if own_system else "kept"
    for line in inside:
        head = line.entry.word(0)
        if head == "role":
            node = line.slots.get("text", line.slots.get("name"))
            said = node.value if isinstance(node, tree.Text) else line.name("name")
            roles[said] = line.entry.value[0].span.source if line.entry.value else ""
        elif head == "cut":
            words = [line.entry.word(at) or "" for at in (1, 2, 3)]
            cuts.append((words[0], words[1], words[2]))
        elif head == "system":
            system = line.entry.word(1) or system
    if system == "replaced" and not own_system:
        world.report.error(
            "missing-line", item.entry.head, "no system turn is there to replace the row's own",
            hint="write `system PROMPT` before `messages`, or `system dropped`",
        )  # fmt: skip
    merge = any(line.entry.word(0) == "merge" for line in inside)
    talk = Messages(
        path=path, dialect=name, roles=tuple(sorted(roles.items())), cut=tuple(cuts),
        merge=merge, system=system,
    )  # fmt: skip
    return Turn(role="assistant", train=True, messages=talk, span=item.entry.head)


def _path(item: Line, scope: BodyScope, report: Report) -> tuple[str, ...] | None:
    """A path of the row, or the row itself."""
    node = item.slots["path"]
    if isinstance(node, tree.Ref) and node.parts == (scope.alias,):
        return node.parts
    found = Checker(Scope({scope.alias: scope.row}, "the row"), report).value(node)
    if found is None or not isinstance(node, tree.Ref):
        return None
    return node.parts


def _has_fields(
    item: Line, path: tuple[str, ...], name: str, scope: BodyScope, report: Report
) -> bool:
    """Whether a record at the path has the fields that a dialect reads."""
    kind: types.Type = scope.row
    for part in path[1:]:
        kind = step(kind, part) or types.Any()
    missing = [part for part in getattr(dialect(name), "FIELDS", ()) if not step(kind, part)]
    for part in missing:
        no_such_field(kind, part, ".".join(path), item.slots["path"].span, report)
    return not missing


# tools


def read_tools(item: Line, scope: BodyScope, world: World) -> Tools | None:
    """What tools the records of a template declare."""
    if "list" in item.slots:
        names: list[str] = []
        for node in item.items():
            name = node.name if isinstance(node, tree.Ref) else node.span.source
            if world.get("tool", name, node.span) is None:
                return None
            if name in names:
                world.report.error("duplicate-name", node.span, f"tool `{name}` stands twice")
            names.append(name)
        return Tools(names=tuple(names))
    path = _path(item, scope, world.report)
    if path is None:
        return None
    if "inferred" in item.words:
        world.report.warn(
            "inferred-tools", item.entry.span, "the tools are inferred from the calls: a weak schema",
            hint="it has the arguments that were used, none of those that were not; declare `tool` blocks where you can",
        )  # fmt: skip
        return Tools(inferred=True)
    name = next(iter(item.words - {"as", "tools"}))
    return Tools(of_row=OfRow(path=path, dialect=name))


# calls


class CallReader:
    """Reads the calls that a template writes."""

    def __init__(self, scope: BodyScope, world: World, tools: Tools | None) -> None:
        self.scope = scope
        self.world = world
        self.report = world.report
        self.tools = tools
        self.checker = Checker(Scope({scope.alias: scope.row}, "the row"), self.report)

    def turn(self, item: Line, *, train: bool) -> Turn | None:
        """An assistant turn that calls: one tool, several, or as the row has it."""
        if "path" in item.slots:
            name = next(iter(item.words & set(dialects())))
            path = _path(item, self.scope, self.report)
            if path is None:
                return None
            return Turn(
                role="assistant", train=train, row_calls=OfRow(path=path, dialect=name),
                span=item.entry.head,
            )  # fmt: skip
        found = [item]
        if "tool" not in item.slots:
            found = lines("`calls`", item.entry.head, item.entry.body, (CALL,), self.report)
            if not found:
                self.report.error(
                    "missing-line", item.entry.head, "no call is in it",
                    hint="write `call TOOL { … }`",
                )  # fmt: skip
        calls = [self._call(line) for line in found]
        good = tuple(call for call in calls if call is not None)
        if len(good) < len(calls) or not good:
            return None
        return Turn(role="assistant", train=train, calls=good, span=item.entry.head)

    def _call(self, item: Line) -> Call | None:
        node = item.slots["tool"]
        tool: Tool | None = self.world.get("tool", item.name("tool"), node.span)
        found = lines(f"call of `{item.name('tool')}`", item.entry.head, item.entry.body, (ARG,), self.report)  # fmt: skip
        if tool is None:
            return None
        if self.tools is None or (self.tools.names and tool.name not in self.tools.names):
            self.report.error(
                "undeclared-tool", node.span, f"the template does not declare tool `{tool.name}`",
                hint=f"write `tools = [{tool.name}]`"
                if self.tools is None else f"add `{tool.name}` to `tools`",
            )  # fmt: skip
        args: dict[str, Any] = {}
        for line in found:
            name = line.name("arg")
            value = self._argument(tool, line)
            if name in args:
                self.report.error("duplicate-name", line.slots["arg"].span, f"argument `{name}` stands twice")  # fmt: skip
            if value is None:
                return None
            args[name] = value
        missing = [f.name for f in tool.record.fields if f.name not in args and not f.optional]
        if missing:
            self.report.error(
                "missing-argument", item.entry.head,
                f"the call of `{tool.name}` leaves out {listing(missing)}",
                labels=(Label(tool.span, "declared here"),), hint=f"write `{missing[0]} = …`",
            )  # fmt: skip
            return None
        return Call(tool=tool.name, args=tuple(args.items()), span=item.entry.head)

    def _argument(self, tool: Tool, line: Line) -> Any:
        name, node = line.name("arg"), line.slots["expr"]
        field = tool.record.field(name)
        if field is None:
            known = [f.name for f in tool.record.fields]
            self.report.error(
                "unknown-argument", line.slots["arg"].span, f"tool `{tool.name}` has no parameter `{name}`",
                hint=did_you_mean(name, known) or (f"it has {listing(known)}" if known else "it has none"),
            )  # fmt: skip
            return None
        if isinstance(node, tree.Text) and ("{{" in node.value or "{%" in node.value):
            return compile_body(node.value, Place(node, node.span), self.scope, self.report)
        facet = types.without_null(field.type)
        value = self.checker.value(node, facet if isinstance(facet, types.Facet) else None)
        if value is None:
            return None
        good = comparable(value.type, field.type)
        if not good:
            self.report.error(
                "type-mismatch", node.span,
                f"parameter `{name}` is {types.say(field.type)}, this is {types.say(value.type)}",
            )  # fmt: skip
            return None
        return value.node


# the order of turns


def order_problem(turns: Sequence[Turn]) -> tuple[Turn, str] | None:
    """The first turn of a template that stands where it cannot, and what is due instead.

    Turns of the row's own conversation are judged when they are read.
    """
    due: set[str] = {"user"}
    open_calls: list[str] = []
    for at, turn in enumerate(turns):
        if turn.messages is not None:
            due, open_calls = {"user", "assistant", "tool"}, []
            continue
        if turn.role == "system" and at == 0:
            continue
        if turn.role not in due:
            return turn, " or ".join(f"`{role}`" for role in sorted(due))
        if turn.role == "tool":
            if open_calls and turn.tool not in open_calls:
                return turn, f"the observation of `{open_calls[0]}`"
            if open_calls:
                open_calls.remove(str(turn.tool))
            due = (
                {"tool"}
                if open_calls
                else {"assistant", "tool"} - ({"tool"} if turn.tool else set())
            )
        elif turn.role == "assistant" and (turn.calls or turn.row_calls):
            open_calls = [call.tool for call in turn.calls]
            due = {"tool"}
        else:
            due = {"assistant"} if turn.role == "user" else {"user"}
    return None
