"""`template`: a versioned sample frame, from a row to a conversation."""

from math import prod
from typing import Any

from sftspec.expr import nodes as ex, types
from sftspec.expr.check import Checker, Scope
from sftspec.ground.report import Label
from sftspec.ir import body as b
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.forms.tags import read_tags
from sftspec.ir.forms.talk import TOOL_FORMS, order_problem, read_tools
from sftspec.ir.forms.turns import REJECTED_FORMS, TURN_FORMS, TurnReader, response_record
from sftspec.ir.jinja import compile_body
from sftspec.ir.json_schema import json_schema
from sftspec.ir.narrow import narrowed, not_null, reach_of
from sftspec.ir.nodes import Expect, Phrasing, Rejected, Source, Template, Turn
from sftspec.ir.values import BodyScope, Place
from sftspec.ir.world import BUILT_IN, LAYERS, RECORD, World
from sftspec.syntax import tree

KIND = "template"
_TAGS = (
    Form("FACET = EXPR", "a value, a list of values, or a field of the row"),
    Form("FACET by PATH {", "a mapping of a field", inner=(Form("WORD VALUE"),)),
)
FORM = Form(
    "template NAME VERSION {",
    "a versioned sample frame",
    inner=(
        Form("layer = NAME", "generic, skill, domain or system", once=True, needed=True),
        Form("from SOURCE as NAME [where COND]", "which rows it takes", once=True, needed=True),
        Form("from LIST as NAME [where COND]", "rows of several sources", once=True),
        Form("vary NAME = PHRASING", "a wording drawn per record"),
        Form("samples = INT", "variants per row", once=True),
        Form("tags {", "what the record is", once=True, inner=_TAGS),
        *TURN_FORMS,
        Form("expect COND", "what must hold of the finished sample"),
        Form("expect COND when COND2", "what must hold where something does"),
        *REJECTED_FORMS,
        *TOOL_FORMS,
        Form("extra = LIST", "passthrough fields", later=True),
    ),
)


def lower(line: Line, world: World) -> Template | None:
    """The template with its bodies read and typed."""
    return _Reader(line, world).read()


class _Reader:
    def __init__(self, line: Line, world: World) -> None:
        self.line = line
        self.world = world
        self.report = world.report
        self.name = line.name("name")
        self.lines = lines(
            f"template `{self.name}`",
            line.entry.head,
            line.entry.body,
            FORM.inner,
            world.report,
        )

    def _find(self, head: str) -> Line | None:
        return next((item for item in self.lines if item.form.head.split(" ")[0] == head), None)

    def read(self) -> Template | None:
        origin = self._find("from")
        layer = self._layer()
        if origin is None:
            return None
        sources = self._sources(origin)
        if not sources:
            return None
        alias = origin.name("name")
        if alias in {*RECORD, *BUILT_IN} or alias in self.world.names("facet"):
            self.report.error(
                "duplicate-name", origin.slots["name"].span, f"`{alias}` has a meaning already",
                hint="write `as row`",
            )  # fmt: skip
        row = merged(sources)
        where = self._where(origin, sources, row, alias)
        narrow = narrowed(row, alias, where)
        scope = self._scope(alias, row, where)
        vary = self._vary(scope)
        scope = BodyScope(
            alias,
            row,
            {name: None for name, _ in vary},
            scope.tables,
            scope.schemas,
            scope.not_null,
            seen=scope.seen,
        )
        tags = read_tags(self._find("tags"), alias, row, narrow, self.world, _TAGS)
        tools = next((item for item in self.lines if item.form in TOOL_FORMS), None)
        declared = read_tools(tools, scope, self.world) if tools else None
        reader = TurnReader(self.name, scope, self.world, narrow, declared)
        items = [item for item in self.lines if item.form in TURN_FORMS]
        turns = reader.read(items)
        record = response_record(turns, self.world)
        if len(turns) == len(items):
            self._check_turns(turns)
        worse = self._worse()
        rejected = reader.rejected(worse) if worse else None
        if rejected is not None:
            self._check_rejected(rejected, turns)
        return Template(
            name=self.name,
            version=getattr(self.line.slots["version"], "value", ""),
            layer=layer,
            sources=tuple(source.name for source in sources),
            alias=alias,
            where=where,
            vary=tuple(vary),
            phrasings=self._phrasings(vary),
            samples=self._samples(vary),
            tags=tags,
            turns=tuple(turns),
            tools=declared,
            rejected=rejected,
            expects=tuple(self._expects(alias, row, record)),
            tables=tuple(scope.tables),
            prompts=tuple(reader.prompts),
            schemas=tuple(dict.fromkeys(t.schema for t in turns if t.schema)),
            row=row,
            reach={name: reach_of(tag, narrow) for name, tag in tags.items()},
            span=self.line.entry.head,
        )

    def _worse(self) -> Line | None:
        """The line of the worse answer, of which there is one at most."""
        found = [item for item in self.lines if item.form in REJECTED_FORMS]
        for item in found[1:]:
            self.report.error(
                "duplicate-line", item.entry.head,
                f"`rejected` stands twice in template `{self.name}`",
                labels=(Label(found[0].entry.head, "first here"),),
            )  # fmt: skip
        return found[0] if found else None

    def _sources(self, origin: Line) -> list[Source]:
        """The sources whose rows it takes; none where one of them is not known."""
        nodes = origin.items() if "list" in origin.slots else (origin.slots["source"],)
        found: dict[str, Source] = {}
        for node in nodes:
            name = node.name if isinstance(node, tree.Ref) else node.span.source
            source = self.world.get("source", name, node.span)
            if source is None:
                return []
            if name in found:
                self.report.error("duplicate-name", node.span, f"source `{name}` stands twice")
            self._may_sample(source, node)
            found[name] = source
        if not nodes:
            self.report.error(
                "malformed-line", origin.entry.head, "no source is named",
                hint="write `from [one, other] as row`",
            )  # fmt: skip
        return list(found.values())

    def _may_sample(self, source: Source, node: tree.Expr) -> None:
        if source.role != "train":
            self.report.error(
                "source-not-sampled", node.span, f"source `{source.name}` has `role = {source.role}`",
                labels=(Label(source.span, "declared here"),),
                hint="a template takes rows of a source without a role",
            )  # fmt: skip
        elif source.excluded is not None:
            self.report.error(
                "source-excluded", node.span, f"source `{source.name}` is excluded: {source.excluded}",
                labels=(Label(source.span, "declared here"),),
            )  # fmt: skip

    def _where(
        self, origin: Line, sources: list[Source], row: types.Record, alias: str
    ) -> ex.Typed | None:
        if "cond" not in origin.slots:
            return None
        names = " and ".join(f"`{source.name}`" for source in sources)
        scope = Scope({alias: row}, f"the rows of {names}")
        return Checker(scope, self.report).condition(origin.slots["cond"])

    def _layer(self) -> str:
        item = self._find("layer")
        if item is None:
            return ""
        facet = self.world.built_in("layer")
        return self.world.value_of(facet, item.slots["name"]) or LAYERS[0]

    def _scope(self, alias: str, row: types.Record, where: ex.Typed | None) -> BodyScope:
        tables = self.world.all("table")
        schemas = self.world.contracts
        for name, schema in self.world.all("schema").items():
            if name not in schemas:
                schemas[name] = json_schema(schema.record)
        return BodyScope(
            alias, row, {}, tables, schemas, frozenset(not_null(where)), seen=self.world.used
        )

    def _vary(self, scope: BodyScope) -> list[tuple[str, tuple[b.Body, ...]]]:
        found: list[tuple[str, tuple[b.Body, ...]]] = []
        taken = {scope.alias, *scope.tables, *scope.schemas}
        for item in self.lines:
            if item.form.head != "vary":
                continue
            name = item.name("name")
            node = item.slots["phrasing"]
            phrasing: Phrasing | None = self.world.get(
                "phrasing", item.name("phrasing"), node.span
            )
            if name in taken:
                self.report.error(
                    "duplicate-name", item.slots["name"].span, f"`{name}` has a meaning already"
                )
            if phrasing is None:
                continue
            taken.add(name)
            bodies = [
                compile_body(text.value, Place(text, text.span), scope, self.report)
                for text in phrasing.options
            ]
            found.append((name, tuple(body for body in bodies if body is not None)))
        return found

    def _phrasings(
        self, vary: list[tuple[str, tuple[b.Body, ...]]]
    ) -> tuple[tuple[str, str], ...]:
        """Which phrasing each `vary` name is drawn from."""
        said = {i.name("name"): i.name("phrasing") for i in self.lines if i.form.head == "vary"}
        return tuple((name, said[name]) for name, _ in vary)

    def _samples(self, vary: list[tuple[str, tuple[b.Body, ...]]]) -> int:
        item = self._find("samples")
        if item is None:
            return 1
        wanted = item.whole()
        there = prod(len(options) for _, options in vary)
        if wanted < 1:
            self.report.error("out-of-range", item.slots["int"].span, "`samples` is at least 1")
        elif wanted > there:
            self.report.error(
                "too-many-samples", item.slots["int"].span,
                f"{wanted} samples of a row, and only {there} different wording{'s' if there != 1 else ''}",
                hint=f"write `samples = {there}`, or add wordings to what it varies",
            )  # fmt: skip
        return max(1, wanted)

    def _expects(
        self, alias: str, row: types.Record, record: types.Record | None
    ) -> list[Expect]:
        scope = self.world.record_scope(row={alias: row}, response=record)
        checker = Checker(scope, self.report)
        found: list[Expect] = []
        for item in self.lines:
            if item.form.head != "expect":
                continue
            node = checker.condition(item.slots["cond"])
            when = checker.condition(item.slots["cond2"]) if "cond2" in item.slots else None
            if node is None or ("cond2" in item.slots and when is None):
                continue
            if when is not None:
                node = ex.Or(ex.Not(when), node)
            text = item.quoted
            found.append(Expect(node=node, text=text, span=item.span))
        return found

    def _check_turns(self, turns: list[Any]) -> None:
        """One system turn first, then user and assistant by turns, an assistant last."""
        roles = [turn.role for turn in turns]
        words = {e.word(0) for e in self.line.body().entries}
        if not turns and words & {"messages", "user", "assistant"}:
            return
        if not turns:
            self.report.error(
                "missing-line", self.line.entry.head, f"template `{self.name}` has no turns",
                hint="write `user` and `assistant`",
            )  # fmt: skip
            return
        problem = order_problem(turns)
        if problem is not None:
            turn, due = problem
            self.report.error(
                "role-order", turn.span, f"`{turn.role}` stands where {due} is due",
                hint="one `system` first, then `user` and `assistant` by turns; `tool` answers a call",
            )  # fmt: skip
            return
        if roles[-1] != "assistant":
            self.report.error(
                "role-order", turns[-1].span, "the last turn is not the assistant's",
                hint='add `assistant "…"`',
            )  # fmt: skip
        elif not any(turn.train for turn in turns):
            self.report.error(
                "nothing-trained", turns[-1].span, "no turn of the template is trained on"
            )

    def _check_rejected(self, rejected: Rejected, turns: list[Turn]) -> None:
        """A worse answer needs a better one, and another."""
        last = turns[-1] if turns else None
        worse = rejected.turn
        if last is None or last.role != "assistant" or last.messages is not None:
            return
        same = (last.schema, last.value) == (worse.schema, worse.value) and [
            part.body for part in last.parts
        ] == [part.body for part in worse.parts]
        if same and not last.calls and last.row_calls is None:
            self.report.error(
                "rejected-equals-answer", worse.span, "the rejected answer is the answer itself",
                labels=(Label(last.span, "the answer"),),
            )  # fmt: skip


def merged(sources: list[Source]) -> types.Record:
    """The row of several sources: a field that only some have is null for the others."""
    fields: dict[str, list[types.Type]] = {}
    for source in sources:
        for field in source.row.fields:
            fields.setdefault(field.name, []).append(field.type)
    whole = len(sources)
    return types.Record(
        tuple(
            types.Field(
                name, types.union(kinds if len(kinds) == whole else [*kinds, types.Null()])
            )
            for name, kinds in fields.items()
        )
    )
