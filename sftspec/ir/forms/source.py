"""`source`: where rows come from."""

from pathlib import PurePosixPath
from typing import Any

from sftspec.expr import nodes as ex, types
from sftspec.expr.check import Checker, Scope
from sftspec.expr.relate import comparable
from sftspec.ground.report import Label, did_you_mean, listing
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.forms.kinds import read_type
from sftspec.ir.nodes import Join, SetLine, Source, SourceField
from sftspec.ir.paths import path_problem
from sftspec.ir.world import World
from sftspec.syntax import tree

KIND = "source"
FORMATS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv", ".txt": "text", ".md": "text"}  # fmt: skip
ROLES = ("train", "reference", "eval")
_FIELD = Form("FIELD : TYPE [{]", "a typed field; `from` names its column")
FORM = Form(
    "source NAME {",
    "where rows come from",
    inner=(
        Form(
            "path = TEXTS", "a file or a glob, from this file's folder", once=True, needed=True
        ),
        Form("format = jsonl|csv|tsv|text", "where the file's name does not say it", once=True),
        Form("key = KEY", "the fields that identify a row, or auto", once=True, needed=True),
        Form("group = FIELD", "rows never split over two parts", once=True),
        Form(
            "role = train|reference|eval",
            "reference: only joined; eval: must not leak",
            once=True,
        ),
        Form("origin = NAME", "licensed, human, synthetic …", once=True),
        Form("license = TEXT", "the licence of the rows (SPDX)", once=True),
        Form("rights = TEXT", "what the licence text asks for", once=True),
        Form("excluded = TEXT", "declared and not mixed, and why", once=True),
        Form("text = FIELD", "the field of an eval source that must not leak", once=True),
        Form("fields {", "typed fields", once=True, inner=(_FIELD,)),
        Form("where COND", "which rows are taken"),
        Form("set FIELD = EXPR [when COND]", "a mend of a field"),
        Form("join SOURCE on FIELD [missing error|drop|null]", "rows of another source by key"),
        Form("leave out SOURCE on FIELD", "rows whose key stands in another source"),
        Form("each FIELD as NAME", "several records of one row", later=True),
        Form("like SOURCE", "the fields of another source", later=True),
        Form("map_key|map_value = NAME", "a JSON map", later=True),
    ),
)


def lower(line: Line, world: World) -> Source | None:
    """The source with its row type; None where its fields cannot be typed."""
    return _Reader(line, world).read()


class _Reader:
    def __init__(self, line: Line, world: World) -> None:
        self.line = line
        self.world = world
        self.report = world.report
        self.name = line.name("name")
        self.lines = lines(
            f"source `{self.name}`", line.entry.head, line.entry.body, FORM.inner, world.report
        )

    def _find(self, head: str) -> Line | None:
        return next((item for item in self.lines if item.form.head.split(" ")[0] == head), None)

    def _all(self, head: str) -> list[Line]:
        return [item for item in self.lines if item.form.head.startswith(head)]

    def read(self) -> Source | None:
        fields = self._fields()
        joins = [self._join(item) for item in self._all("join")]
        if fields is None:
            return None
        good = [join for join in joins if join]
        base = types.Record(tuple(_seen(field) for field in fields))
        scope = Scope({f.name: f.type for f in base.fields}, f"a row of `{self.name}`")
        row = types.Record((*base.fields, *(self._joined(join) for join in good)))
        paths = self._paths()
        checker = Checker(scope, self.report)
        wheres = [checker.condition(item.slots["cond"]) for item in self._all("where")]
        for item, join in zip(self._all("join"), joins, strict=True):
            if join is not None:
                self._field(item.slots["field"], base)
        source = Source(
            name=self.name,
            paths=paths or (),
            base=str(PurePosixPath(self.line.span.text.path).parent),
            format=self._format(paths) if paths else "",
            key=self._key(base),
            group=self._named("group", base),
            role=self._word("role", "train"),
            origin=self._origin(),
            license=self._text("license"),
            excluded=self._text("excluded"),
            text=self._named("text", base),
            fields=fields,
            sets=tuple(
                x for x in (self._set(item, checker, base) for item in self._all("set")) if x
            ),
            where=tuple(node for node in wheres if node is not None),
            joins=tuple(good),
            leave_out=tuple(
                x for x in (self._leave_out(i, base) for i in self._all("leave")) if x
            ),
            span=self.line.entry.head,
            row=row,
        )
        return None if paths is None or None in joins else source

    def _text(self, head: str) -> str | None:
        item = self._find(head)
        return item.text().value if item else None

    def _word(self, head: str, default: str) -> str:
        item = self._find(head)
        return next(iter(item.words - {head}), default) if item else default

    def _origin(self) -> str:
        item = self._find("origin")
        return item.name("name") if item else "unknown"

    def _paths(self) -> tuple[str, ...] | None:
        item = self._find("path")
        if item is None:
            return None
        found: list[str] = []
        for node in item.items("texts"):
            if not isinstance(node, tree.Text):
                self.report.error("type-mismatch", node.span, "a path is a text in quotes")
                return None
            problem = path_problem(node.value, node.span)
            if problem:
                self.report.error(problem[0], node.span, problem[1], hint=problem[2])
                return None
            found.append(node.value)
        return tuple(found)

    def _format(self, paths: tuple[str, ...]) -> str:
        given = self._word("format", "")
        if given:
            return given
        kinds = {FORMATS.get(PurePosixPath(path).suffix, "") for path in paths}
        if len(kinds) == 1 and "" not in kinds:
            return kinds.pop()
        item = self._find("path")
        span = item.entry.span if item else self.line.entry.head
        ending = ", ".join(sorted({PurePosixPath(path).suffix or path for path in paths}))
        later = {".json", ".parquet", ".gz", ".zst", ".arrow"}
        slug = (
            "not-built-yet"
            if {PurePosixPath(p).suffix for p in paths} & later
            else "unknown-format"
        )
        hint: str | None = "write `format = jsonl` (or csv, tsv, text)"
        if slug == "not-built-yet":
            message, hint = f"`{ending}` files are not built yet", None
        elif "" not in kinds:
            message, hint = f"the files of a source have one format, these are `{ending}`", None
        else:
            message = f"the format of `{ending}` is not known"
        self.report.error(slug, span, message, hint=hint)
        return "jsonl"

    def _fields(self) -> tuple[SourceField, ...] | None:
        item = self._find("fields")
        if item is None:
            return self._eval_field()
        found: dict[str, SourceField] = {}
        good = True
        for line in lines("fields", item.entry.head, item.entry.body, (_FIELD,), self.report):
            name = line.name("field")
            if name in found:
                self.report.error(
                    "duplicate-name", line.slots["field"].span, f"field `{name}` stands twice",
                    labels=(Label(found[name].span, "first here"),),
                )  # fmt: skip
                continue
            typed = read_type(line.entry, self.world, allow=("optional", "from"))
            if typed is None:
                good = False
                continue
            found[name] = SourceField(
                name=name,
                type=typed.type,
                column=typed.of_file or typed.column or name,
                of_file=typed.of_file is not None,
                optional=typed.optional,
                span=line.slots["field"].span,
            )
        return tuple(found.values()) if good else None

    def _eval_field(self) -> tuple[SourceField, ...] | None:
        """An eval source without fields has the one that it names as its text."""
        text = self._find("text")
        if text is None or self._word("role", "train") != "eval":
            self.report.error(
                "missing-line", self.line.entry.head, f"source `{self.name}` needs `fields`",
                hint="write `fields { name: string }`",
            )  # fmt: skip
            return None
        name = text.name("field")
        return (
            SourceField(
                name=name, type=types.Text(), column=name, of_file=False, optional=False,
                span=text.slots["field"].span,
            ),
        )  # fmt: skip

    def _field(self, node: tree.Expr, base: types.Record) -> types.Field | None:
        name = node.name if isinstance(node, tree.Ref) else node.span.source
        field = base.field(name)
        if field is None:
            known = [other.name for other in base.fields]
            self.report.error(
                "unknown-field", node.span, f"source `{self.name}` has no field `{name}`",
                hint=did_you_mean(name, known) or f"it has {listing(known, 12)}",
            )  # fmt: skip
        return field

    def _named(self, head: str, base: types.Record) -> str | None:
        item = self._find(head)
        if item is None:
            return None
        field = self._field(item.slots["field"], base)
        return field.name if field else None

    def _key(self, base: types.Record) -> tuple[str, ...] | None:
        item = self._find("key")
        if item is None:
            return None
        nodes = item.items("key")
        if len(nodes) == 1 and isinstance(nodes[0], tree.Ref) and nodes[0].name == "auto":
            return None
        found = [(node, self._field(node, base)) for node in nodes]
        for node, field in found:
            if field and not (types.is_text(field.type) or types.is_number(field.type)):
                self.report.error(
                    "bad-key",
                    node.span,
                    f"a key is of texts and numbers, this is {types.say(field.type)}",
                )
        return tuple(field.name for _, field in found if field)

    def _set(self, item: Line, checker: Checker, base: types.Record) -> SetLine | None:
        field = self._field(item.slots["field"], base)
        if field is None:
            return None
        facet = types.without_null(field.type)
        beside = facet if isinstance(facet, types.Facet) else None
        value = checker.value(item.slots["expr"], beside)
        when = checker.condition(item.slots["cond"]) if "cond" in item.slots else None
        if value is None or ("cond" in item.slots and when is None):
            return None
        if not comparable(value.type, field.type):
            self.report.error(
                "type-mismatch", item.slots["expr"].span,
                f"field `{field.name}` is {types.say(field.type)}, this is {types.say(value.type)}",
            )  # fmt: skip
            return None
        return SetLine(field=field.name, value=value.node, when=when, span=item.span)

    def _join(self, item: Line) -> Join | None:
        node = item.slots["source"]
        other = self.world.get("source", item.name("source"), node.span)
        if other is None or not self._one_key(other, node):
            return None
        missing = next(iter(item.words & {"error", "drop", "null"}), "error")
        return Join(
            source=other.name, field=item.name("field"), missing=missing, span=item.span
        )

    def _joined(self, join: Join) -> types.Field:
        other: Source = self.world.done["source", join.source]
        names = {field.name for field in other.fields}
        record: types.Type = types.Record(tuple(f for f in other.row.fields if f.name in names))
        if join.missing == "null":
            record = types.union([record, types.Null()])
        return types.Field(join.source, record)

    def _leave_out(self, item: Line, base: types.Record) -> Join | None:
        node = item.slots["source"]
        other = self.world.get("source", item.name("source"), node.span)
        field = self._field(item.slots["field"], base)
        if other is None or field is None or not self._one_key(other, node):
            return None
        return Join(source=other.name, field=field.name, missing="", span=item.span)

    def _one_key(self, other: Source, node: tree.Expr) -> bool:
        """Whether rows of another source can be found by one field."""
        if other.key is not None and len(other.key) == 1:
            return True
        said = "`auto`" if other.key is None else listing(other.key)
        self.report.error(
            "bad-key", node.span,
            f"rows are found by one field, and the key of source `{other.name}` is {said}",
            labels=(Label(other.span, "declared here"),),
        )  # fmt: skip
        return False


def _seen(field: SourceField) -> types.Field:
    """The field as a body or condition sees it: one that may be absent may be null."""
    kind = types.union([field.type, types.Null()]) if field.optional else field.type
    return types.Field(field.name, kind)


def constants(node: ex.Typed) -> list[Any]:
    """The constants of an expression (for rules that look at them)."""
    found: list[Any] = []
    stack: list[ex.Typed] = [node]
    while stack:
        top = stack.pop()
        if isinstance(top, ex.Const):
            found.append(top.value)
        stack.extend(ex.children(top))
    return found
