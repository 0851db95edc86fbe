"""`source`: where rows come from."""

from pathlib import PurePosixPath
from typing import Any

from msgspec import structs

from sftspec.expr import nodes as ex, types
from sftspec.expr.check import Checker, Scope
from sftspec.expr.relate import comparable
from sftspec.ground.report import Label, did_you_mean, listing
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.forms.files import read_format, read_paths
from sftspec.ir.forms.kinds import read_type
from sftspec.ir.nodes import Join, SetLine, Source, SourceField
from sftspec.ir.world import World
from sftspec.syntax import tree

KIND = "source"
ROLES = ("train", "reference", "eval")
_FIELD = Form("FIELD : TYPE [{]", "a typed field; `from` names its column")
FORM = Form(
    "source NAME {",
    "where rows come from",
    inner=(
        Form(
            "path = TEXTS", "a file or a glob, from this file's folder", once=True, needed=True
        ),
        Form(
            "format = jsonl|json|csv|tsv|text|parquet|arrow|hf",
            "where the file's name does not say it; hf: a local Hugging Face dataset folder",
            once=True,
        ),
        Form("split = NAME", "which split of an hf folder", once=True),
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
        Form("each FIELD as NAME", "each element of a list is a row of its own", once=True),
        Form("like SOURCE", "another source's lines, where this one has none", once=True),
    ),
)


def lower(line: Line, world: World) -> Source | None:
    """The source with its row type; None where its fields cannot be typed."""
    return _Reader(line, world).read()


class _Reader:
    inherited: tuple[SourceField, ...] = ()

    def __init__(self, line: Line, world: World) -> None:
        self.line = line
        self.world = world
        self.report = world.report
        self.name = line.name("name")
        forms, like = FORM.inner, _likes(line)
        if like:  # what is needed may stand in the other source
            forms = tuple(structs.replace(form, needed=False) for form in forms)
        self.lines = lines(
            f"source `{self.name}`", line.entry.head, line.entry.body, forms, world.report
        )
        self.sound = True
        if like:
            self._take_over()

    def _take_over(self) -> None:
        """The other source's lines, where this one has none of their kind; fields by name."""
        like = self._find("like")
        if like is None:
            return
        node = like.slots["source"]
        other = self.world.get("source", like.name("source"), node.span)
        self.sound = other is not None
        if other is None:
            return
        reader = self.world.readers[other.name]
        mine = {item.form.head for item in self.lines}
        for item in reader.lines:
            if item.form.head not in {*mine, "like"}:
                self.lines.append(item)
        self.inherited = other.fields

    def _find(self, head: str) -> Line | None:
        return next((item for item in self.lines if item.form.head.split(" ")[0] == head), None)

    def _all(self, head: str) -> list[Line]:
        return [item for item in self.lines if item.form.head.startswith(head)]

    def read(self) -> Source | None:
        if not self.sound:
            return None
        self.world.readers[self.name] = self
        fields = self._fields()
        joins = [self._join(item) for item in self._all("join")]
        if fields is None:
            return None
        good = [join for join in joins if join]
        whole = types.Record(tuple(_seen(field) for field in fields))
        each, base = self._each(whole)
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
            base=self._base(),
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
            each=each,
            split=self._split(),
            span=self.line.entry.head,
            row=row,
        )
        return None if paths is None or None in joins else source

    def _each(self, whole: types.Record) -> tuple[tuple[str, str] | None, types.Record]:
        """The list that is taken apart, and the fields of a row then."""
        item = self._find("each")
        field = self._field(item.slots["field"], whole) if item else None
        if item is None or field is None:
            return None, whole
        name = item.name("name")
        kind = types.without_null(field.type)
        if isinstance(kind, types.Any):
            of: types.Type = kind
        elif isinstance(kind, types.List):
            of = kind.of
        else:
            self.report.error(
                "type-mismatch", item.slots["field"].span,
                f"`each` takes a list apart, field `{field.name}` is {types.say(field.type)}",
            )  # fmt: skip
            return None, whole
        rest = tuple(other for other in whole.fields if other.name != field.name)
        if any(other.name == name for other in rest):
            self.report.error(
                "duplicate-name", item.slots["name"].span, f"field `{name}` is there already"
            )
        return (field.name, name), types.Record((*rest, types.Field(name, of)))

    def _split(self) -> str | None:
        item = self._find("split")
        if item is not None and self._word("format", "") != "hf":
            self.report.error(
                "malformed-line", item.entry.head, "only a source with `format = hf` has splits",
                hint="name the split's own files in `path`",
            )  # fmt: skip
        return item.name("name") if item else None

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
        return read_paths(item, self.report) if item else None

    def _base(self) -> str:
        """The folder of the file that says the path: with `like` it may be another's."""
        item = self._find("path") or self.line
        return str(PurePosixPath(item.span.text.path).parent)

    def _format(self, paths: tuple[str, ...]) -> str:
        item = self._find("path")
        span = item.entry.span if item else self.line.entry.head
        return read_format(self._word("format", ""), paths, span, self.report)

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
                json=typed.json,
                span=line.slots["field"].span,
            )
        for field in self.inherited:
            found.setdefault(field.name, field)
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
                name=name, type=types.Text(), column=name, of_file=False, optional=False, json=False,
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
        if other.key is not None and len(other.key) == 1 and other.each is None:
            return True
        said = (
            "of an element of a list"
            if other.each
            else "`auto`"
            if other.key is None
            else listing(other.key)
        )
        self.report.error(
            "bad-key", node.span,
            f"rows are found by one field, and the key of source `{other.name}` is {said}",
            labels=(Label(other.span, "declared here"),),
        )  # fmt: skip
        return False


def _likes(line: Line) -> bool:
    return any(entry.word(0) == "like" for entry in line.body().entries)


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
