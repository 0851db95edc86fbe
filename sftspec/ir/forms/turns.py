"""The turns of a template: `system`, `user`, `assistant` and where their text comes from."""

from pathlib import Path
import re
from typing import Any

from attrs import evolve
from msgspec import structs

from sftspec.expr import types
from sftspec.expr.check import Checker, Scope
from sftspec.expr.relate import comparable
from sftspec.ground.report import Label, listing
from sftspec.ground.text import Span, SpecText
from sftspec.ir import body as b
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.forms.talk import ARG, CALL, MESSAGES, CallReader, read_messages
from sftspec.ir.jinja import compile_body
from sftspec.ir.narrow import not_null
from sftspec.ir.nodes import Part, Rejected, Schema, Tool, Tools, Turn
from sftspec.ir.paths import path_problem, resolve
from sftspec.ir.values import BodyScope, Place
from sftspec.ir.world import World
from sftspec.syntax import tree
from sftspec.syntax.read import plain_text

_ELEMENTS = (
    Form("instruction TEXT", "what to do", once=True, needed=True),
    Form("instruction CALL", "what to do, from a file", once=True),
    Form("context TEXT", "what to do it on", once=True),
    Form("context CALL", "what to do it on, from a file", once=True),
)
TURN_FORMS = (
    Form("system TEXT", "a system turn"),
    Form("system CALL", "a system turn from a file"),
    Form("system PROMPT", "a system prompt"),
    Form("user TEXT", "a user turn"),
    Form("user CALL", 'a user turn from a file: `file("prompts/{kind}.txt", text = row.text)`'),
    Form("user {", "a user turn in its elements", inner=_ELEMENTS),
    Form("assistant TEXT", "an assistant turn, trained on"),
    Form("assistant CALL", "an assistant turn from a file"),
    Form("assistant untrained TEXT", "an assistant turn without loss"),
    Form("assistant json SCHEMA = EXPR", "a value in the contract's JSON"),
    Form("assistant untrained json SCHEMA = EXPR", "such a value, without loss"),
    MESSAGES,
    Form("assistant call TOOL {", "a call of a tool", inner=(ARG,)),
    Form("assistant untrained call TOOL {", "such a call, without loss", inner=(ARG,)),
    Form("assistant calls {", "several calls in one turn", inner=(CALL,)),
    Form("assistant calls = PATH as openai|sharegpt|bfcl", "calls that stand in the row"),
    Form("tool TOOL = EXPR", "what a tool gave: an observation, never in the loss"),
    Form("tool TOOL TEXT", "what a tool gave, as a text"),
)
REJECTED_FORMS = (
    Form("rejected TEXT [when COND]", "the worse answer of a preference pair"),
    Form("rejected CALL [when COND]", "the worse answer, from a file"),
    Form("rejected json SCHEMA = EXPR [when COND]", "the worse answer in a contract's JSON"),
)
_HOLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class TurnReader:
    """Reads the turns of one template."""

    def __init__(
        self, name: str, scope: BodyScope, world: World, narrow: Any, tools: Tools | None = None
    ) -> None:
        self.name = name
        self.scope = scope
        self.world = world
        self.report = world.report
        self.narrow = narrow
        self.tools = tools
        self.own_system = False
        self.prompts: dict[str, None] = {}

    def read(self, items: list[Line]) -> list[Turn]:
        """The turns in order; one with errors is left out."""
        self.own_system = any(item.entry.word(0) == "system" for item in items)
        found = [self._turn(item) for item in items]
        return [turn for turn in found if turn is not None]

    def _turn(self, item: Line) -> Turn | None:
        role = item.entry.word(0) or ""
        train = role == "assistant" and "untrained" not in item.words
        if item.form is MESSAGES:
            return read_messages(item, self.scope, self.world, own_system=self.own_system)
        if role == "tool":
            return self._observation(item)
        if item.words & {"call", "calls"}:
            return CallReader(self.scope, self.world, self.tools).turn(item, train=train)
        if "schema" in item.slots:
            return self._json(item, train)
        if item.entry.body is not None:
            parts = self._elements(item)
        elif "prompt" in item.slots:
            parts = self._prompt(item)
        else:
            parts = self._part(None, item)
        if parts is None:
            return None
        prompt = item.name("prompt") if "prompt" in item.slots else None
        return Turn(role=role, train=train, parts=parts, prompt=prompt, span=item.entry.head)

    def rejected(self, item: Line) -> Rejected | None:
        """The worse answer, typed by what its condition lets through."""
        when = None
        if "cond" in item.slots:
            scope = Scope({self.scope.alias: self.scope.row}, "the row")
            when = Checker(scope, self.report).condition(item.slots["cond"])
            if when is None:
                return None
        known = self.scope
        self.scope = structs.replace(known, not_null=known.not_null | frozenset(not_null(when)))
        turn = self._turn(item)
        self.scope = known
        if turn is None:
            return None
        return Rejected(turn=evolve(turn, role="assistant", train=False), when=when)

    def _observation(self, item: Line) -> Turn | None:
        node = item.slots["tool"]
        tool: Tool | None = self.world.get("tool", item.name("tool"), node.span)
        if tool is None:
            return None
        if "expr" not in item.slots:
            parts = self._part(None, item)
            if parts is None:
                return None
            return Turn(
                role="tool", train=False, parts=parts, tool=tool.name, span=item.entry.head
            )
        scope = Scope({self.scope.alias: self.scope.row}, "the row")
        value = Checker(scope, self.report).value(item.slots["expr"])
        if value is None:
            return None
        if tool.returns is not None and not _may_be(value.type, tool.returns):
            self.report.error(
                "type-mismatch", item.slots["expr"].span,
                f"tool `{tool.name}` returns {types.say(tool.returns)}, this is {types.say(value.type)}",
                labels=(Label(tool.span, "declared here"),),
            )  # fmt: skip
            return None
        record = tool.returns if isinstance(tool.returns, types.Record) else None
        return Turn(
            role="tool", train=False, value=value.node, tool=tool.name,
            schema=record.schema if record else None, span=item.entry.head,
        )  # fmt: skip

    def _json(self, item: Line, train: bool) -> Turn | None:  # noqa: FBT001 - a field of the turn
        node = item.slots["schema"]
        schema: Schema | None = self.world.get("schema", item.name("schema"), node.span)
        scope = Scope({self.scope.alias: self.scope.row}, "the row")
        value = Checker(scope, self.report).value(item.slots["expr"])
        if schema is None or value is None:
            return None
        kinds = types.arms(types.without_null(value.type))
        if not all(isinstance(kind, types.Record | types.Any) for kind in kinds):
            self.report.error(
                "type-mismatch", item.slots["expr"].span,
                f"contract `{schema.name}` is of a record, this is {types.say(value.type)}",
            )  # fmt: skip
            return None
        return Turn(
            role="assistant", train=train, parts=(), schema=schema.name, value=value.node,
            span=item.entry.head,
        )  # fmt: skip

    def _elements(self, item: Line) -> tuple[Part, ...] | None:
        found = lines("user", item.entry.head, item.entry.body, _ELEMENTS, self.report)
        parts: list[Part] = []
        for line in found:
            part = self._part(line.entry.word(0), line)
            if part is None:
                return None
            parts.extend(part)
        return tuple(sorted(parts, key=lambda part: part.element != "instruction")) or None

    def _prompt(self, item: Line) -> tuple[Part, ...] | None:
        prompt = self.world.get("prompt", item.name("prompt"), item.slots["prompt"].span)
        if prompt is None:
            return None
        self.prompts[prompt.name] = None
        return (Part(element=None, body=b.plain(prompt.text)),)

    def _part(self, element: str | None, item: Line) -> tuple[Part, ...] | None:
        if "call" in item.slots:
            body = self._file(item.slots["call"])
        else:
            text = item.text()
            body = compile_body(text.value, Place(text, text.span), self.scope, self.report)
        return None if body is None else (Part(element=element, body=body),)

    # text from files

    def _file(self, node: tree.Expr) -> b.Body | None:
        call = node if isinstance(node, tree.Call) else None
        if (
            call is None
            or call.name != "file"
            or not call.args
            or not isinstance(call.args[0], tree.Text)
        ):
            self.report.error(
                "wrong-arguments", node.span, "a turn's text is in quotes or from `file(…)`",
                hint='write `file("prompts/ask.txt", text = row.text)`',
            )  # fmt: skip
            return None
        bound = self._bound(call)
        path = call.args[0]
        problem = path_problem(path.value, path.span)
        if problem:
            self.report.error(problem[0], path.span, problem[1], hint=problem[2])
            return None
        if bound is None:
            return None
        holes = _HOLE.findall(path.value)
        if not holes:
            whole: b.Body | None = self._file_body(path, path.value, bound)
            return whole
        return self._choice(path, holes, bound)

    def _bound(self, call: tree.Call) -> dict[str, Any] | None:
        scope = Scope({self.scope.alias: self.scope.row}, "the row")
        checker = Checker(scope, self.report)
        bound: dict[str, Any] = {}
        for arg in call.args[1:]:
            if not isinstance(arg, tree.Named) or not isinstance(arg.value, tree.Ref):
                self.report.error(
                    "wrong-arguments", arg.span, "a name is bound to a field: `text = row.text`"
                )
                return None
            result = checker.value(arg.value)
            if result is None:
                return None
            kind = result.type
            if arg.value.parts in self.scope.not_null:
                kind = types.without_null(kind)
            bound[arg.name] = (arg.value.parts, kind)
        return bound

    def _choice(
        self, path: tree.Text, holes: list[str], bound: dict[str, Any]
    ) -> b.Body | None:
        if len(holes) > 1:
            self.report.error("wrong-arguments", path.span, "a path has one `{…}` at most")
            return None
        field = self.scope.row.field(holes[0])
        at = path.value.find("{")
        span = path.at(at, at + len(holes[0]) + 2)
        facet = types.without_null(field.type) if field else None
        if not isinstance(facet, types.Facet):
            known = [f.name for f in self.scope.row.fields if isinstance(f.type, types.Facet)]
            self.report.error(
                "unknown-field", span, f"`{holes[0]}` is no field of the row that is typed by a facet",
                hint=f"there are {listing(known)}" if known else None,
            )  # fmt: skip
            return None
        row_path = (self.scope.alias, holes[0])
        bodies: list[tuple[str, Any]] = []
        for value in self.narrow.get(row_path, facet.values):
            name = path.value.replace("{" + holes[0] + "}", facet.spelling(value))
            body = self._file_body(path, name, bound)
            if body is None:
                return None
            bodies.append((value, body))
        return b.Choice(row_path, tuple(bodies))

    def _file_body(self, path: tree.Text, name: str, bound: dict[str, Any]) -> Any:
        problem = path_problem(name, path.span)
        if problem:
            self.report.error(problem[0], path.span, problem[1], hint=problem[2])
            return None
        shown = resolve(Path(path.span.text.path).parent, name) or name
        text = self._read(shown, path.span)
        if text is None:
            return None
        scope = BodyScope("", self.scope.row, {}, {}, {}, frozenset(), bound)
        place = Place(None, Span(SpecText(shown, text), 0, len(text)))
        return compile_body(text, place, scope, self.report)

    def _read(self, shown: str, span: Span) -> str | None:
        if shown not in self.world.files:
            data = self.world.read(shown, span)
            text = None if data is None else plain_text(data, shown, self.report)
            if text is None:
                return None
            self.world.files[shown] = text.text
        return self.world.files[shown]


def _may_be(kind: types.Type, wanted: types.Type) -> bool:
    """Whether a value of one type may be one of another; any record may be any record."""
    loose = types.Any | types.Record
    return any(
        isinstance(a, types.Any) or isinstance(w, types.Any)
        or (isinstance(a, types.Record) and isinstance(w, loose)) or comparable(a, w)
        for a in types.arms(types.without_null(kind))
        for w in types.arms(types.without_null(wanted))
    )  # fmt: skip


def response_record(turns: list[Turn], world: World) -> types.Record | None:
    """The contract of the last assistant turn, where it has one."""
    last = next((turn for turn in reversed(turns) if turn.role == "assistant"), None)
    if last is None or last.schema is None:
        return None
    schema: Schema | None = world.lowered("schema", last.schema)
    return schema.record if schema else None
