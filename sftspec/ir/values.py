"""Expressions of template bodies: every path typed, every filter known, nothing else admitted.

Nothing is ever compiled before it passed the allow-list: Jinja folds constants while it
compiles, which is enough to take a machine down. Errors stand at their exact place because the
lexer here hands out offsets where Jinja's hands out line numbers.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from jinja2 import nodes
import msgspec
from msgspec import Struct

from sftspec.expr import types
from sftspec.expr.relate import no_such_field, step
from sftspec.ground.report import Report, did_you_mean, listing
from sftspec.ground.text import Span
from sftspec.ir import body as b
from sftspec.ir.filters import FILTERS, MAX_INDENT, printable
from sftspec.syntax import tree

MAX_LOOPS = 2
TAKEN = ("loop", "self")
_NAMES = {
    "Call": "a call", "Add": "arithmetic", "Mul": "arithmetic", "Pow": "arithmetic",
    "Sub": "arithmetic", "Div": "arithmetic", "Mod": "arithmetic", "FloorDiv": "arithmetic",
    "Neg": "arithmetic", "Pos": "arithmetic", "Concat": "`~`", "Assign": "`set`",
    "AssignBlock": "`set`", "Macro": "a macro", "CallBlock": "`call`", "Include": "`include`",
    "Import": "`import`", "FromImport": "`import`", "Extends": "`extends`", "Block": "`block`",
    "FilterBlock": "`filter`", "Scope": "`autoescape`", "With": "`with`", "Slice": "a slice", "CondExpr": "an inline `if`",
    "Dict": "a dict", "List": "a list", "Tuple": "a tuple", "Const": "a bare value",
    "Compare": "a comparison", "And": "`and`", "Or": "`or`", "Not": "`not`", "Test": "`is`",
}  # fmt: skip


class BodyScope(Struct, frozen=True):
    """What a body may name: the row under its alias, drawn wordings, tables, schemas."""

    alias: str
    row: types.Record
    drawn: Mapping[str, object]
    tables: Mapping[str, Any]
    schemas: Mapping[str, str]
    not_null: frozenset[tuple[str, ...]] = frozenset()
    bound: Mapping[str, tuple[tuple[str, ...], types.Type]] = {}
    seen: set[tuple[str, str]] = set()
    what: str = "the row"

    def names(self) -> list[str]:
        """Every name a body may begin with."""
        alias = [self.alias] if self.alias else []
        return [*alias, *self.drawn, *self.tables, *self.schemas, *self.bound]


class Place(Struct, frozen=True):
    """Where a body stands: a text of a spec, or a file beside it."""

    text: tree.Text | None
    span: Span

    def at(self, start: int, end: int) -> Span:
        """The span of characters of the body."""
        return self.text.at(start, end) if self.text else self.span.part(start, end)


class Found(Struct):
    """An expression of a body: where its value comes from, its type, its filters so far."""

    kind: types.Type
    path: tuple[str, ...] = ()
    drawn: str = ""
    table: str = ""
    text: str | None = None
    filters: tuple[b.Filter, ...] = ()


class Stop(Exception):  # noqa: N818 - a way out, not an error
    """Ends the reading of one expression; what is wrong with it was said."""


class Values:
    """Reads the expressions of one body; `used` is what they look at."""

    def __init__(self, source: str, place: Place, scope: BodyScope, report: Report) -> None:
        self.source = source
        self.place = place
        self.scope = scope
        self.report = report
        self.locals: dict[str, types.Type] = {}
        self.not_null = set(scope.not_null)
        self.runs = False
        self.loops = 0
        self.used: dict[str, dict[Any, None]] = {
            "paths": {},
            "drawn": {},
            "tables": {},
            "schemas": {},
        }
        self.good = True

    def error(
        self, slug: str, at: int, length: int, message: str, hint: str | None = None
    ) -> None:
        self.good = False
        self.report.error(slug, self.place.at(at, at + max(length, 1)), message, hint=hint)

    def foreign(self, name: str, at: int) -> NoReturn:
        """Refuse a name that is not ASCII, and show which sign is not."""
        odd = next((char for char in name if not char.isascii()), None)
        which = f", and this holds U+{ord(odd):04X}" if odd else ""
        self.error("non-ascii-name", at, len(name), f"names in a body are ASCII{which}")
        raise Stop

    def refuse(self, node: nodes.Node) -> None:
        word = _NAMES.get(type(node).__name__, f"`{type(node).__name__.lower()}`")
        self.error(
            "template-construct", node.lineno, 1, f"{word} cannot stand in a template body",
            "a body has text, `{{ path | filter }}`, `{% if %}` and `{% for %}`",
        )  # fmt: skip
        raise Stop

    def printable(self, node: nodes.Expr, found: Found) -> None:
        if found.text is not None and not isinstance(found.kind, types.Record):
            return
        word = ".".join(found.path) or found.drawn or found.table or types.say(found.kind)
        word = " | ".join([word, *(item.name for item in found.filters)])
        start, length = self.where(node)
        if types.nullable(found.kind) and not isinstance(found.kind, types.Any):
            self.error(
                "nullable-in-text", start, length, f"`{word}` may be null",
                'write `| default("…")`'
                + ("" if found.filters else ", or take only rows where it is not null"),
            )  # fmt: skip
            raise Stop
        if not printable(found.kind):
            self.error(
                "not-printable", start, length,
                f"`{word}` is {_said(found)} and has no plain form", _plain_form(word, found),
            )  # fmt: skip
            raise Stop

    def where(self, node: nodes.Node) -> tuple[int, int]:
        """Start and length of an expression in the body."""
        while isinstance(
            node, nodes.Filter | nodes.Getattr | nodes.Getitem | nodes.Test | nodes.Not
        ):
            node = node.node  # type: ignore[assignment]
        start = node.lineno
        end = start
        while end < len(self.source) and (
            self.source[end].isalnum() or self.source[end] in "_."
        ):
            end += 1
        return start, end - start

    def expression(self, node: nodes.Expr) -> Found:
        match node:
            case nodes.Name():
                return self._name(node)
            case nodes.Getattr():
                return self._field(node, node.attr, node.lineno + 1)
            case nodes.Getitem():
                return self._item(node)
            case nodes.Filter():
                return self._filter(node)
            case nodes.Const():
                if isinstance(node.value, str):
                    return Found(types.Text(), text=node.value)
                self.refuse(node)
            case _:
                self.refuse(node)
        raise Stop

    def _name(self, node: nodes.Name) -> Found:
        name = node.name
        scope = self.scope
        if not name.isascii() or not self.source.startswith(name, node.lineno):
            self.foreign(name, node.lineno)
        if name in TAKEN and name in {*self.locals, *scope.names()}:
            self.error(
                "reserved-name", node.lineno, len(name),
                f"`{name}` means something of its own in a body", "give it another name",
            )  # fmt: skip
            raise Stop
        if name in self.locals:
            return Found(self.locals[name], path=(name,))
        if name in scope.bound:
            path, kind = scope.bound[name]
            self._use("paths", path)
            return Found(kind, path=path)
        if scope.alias and name == scope.alias:
            return Found(scope.row, path=(name,))
        if name in scope.drawn:
            self._use("drawn", name)
            return Found(types.Text(), drawn=name)
        if name in scope.tables:
            return Found(types.Any(), table=name)
        if name in scope.schemas:
            return Found(types.Record((), schema=name), text="")
        known = scope.names()
        slug = "unbound-name" if scope.bound or not scope.alias else "unknown-name"
        self.error(
            slug, node.lineno, len(name), f"`{name}` is no name here",
            did_you_mean(name, known) or f"there are {listing(known, 12)}",
        )  # fmt: skip
        raise Stop

    def _use(self, what: str, item: Any) -> None:
        self.used[what][item] = None

    def _field(self, node: nodes.Getattr | nodes.Getitem, name: str, at: int) -> Found:
        owner = self.expression(node.node)
        if owner.table:
            self._by_facet(owner.table, at, len(name))
        if owner.filters or owner.drawn or owner.table or owner.text is not None:
            self.error("template-construct", at, len(name), "only the row has fields")
            raise Stop
        kind = self._known(owner)
        if types.nullable(kind) and not isinstance(kind, types.Any):
            self.error(
                "nullable-in-text", at, len(name), f"`{'.'.join(owner.path)}` may be null",
                f"test it first: `{{% if {'.'.join(owner.path)} %}}`",
            )  # fmt: skip
            raise Stop
        if not name.isascii():
            self.foreign(name, at)
        inner = step(kind, name)
        if inner is None:
            while at < len(self.source) and self.source[at].isspace():
                at += 1
            no_such_field(
                kind, name, ".".join(owner.path), self.place.at(at, at + len(name)), self.report
            )
            raise Stop
        path = (*owner.path, name)
        if path in self.not_null:
            inner = types.without_null(inner)
        if path[0] not in self.locals:
            self._use("paths", path)
        return Found(inner, path=path)

    def _known(self, found: Found) -> types.Type:
        return types.without_null(found.kind) if found.path in self.not_null else found.kind

    def _item(self, node: nodes.Getitem) -> Found:
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._field(node, node.arg.value, node.arg.lineno + 1)
        owner = self.expression(node.node)
        if not owner.table and isinstance(node.arg, nodes.Const):
            self.error(
                "template-construct", node.arg.lineno, 1, "a list has no places here",
                "write `| first`, `| last`, or a loop",
            )  # fmt: skip
            raise Stop
        if not owner.table:
            self.refuse(node.arg)
        index = self.expression(node.arg)
        table = self.scope.tables[owner.table]
        start, length = self.where(node.arg)
        kind = types.without_null(index.kind)
        if not isinstance(kind, types.Facet) or kind.name != table.facet:
            self.error(
                "type-mismatch", start, length,
                f"table `{owner.table}` is by facet `{table.facet}`, this is {types.say(index.kind)}",
            )  # fmt: skip
            raise Stop
        if types.nullable(index.kind):
            self.error(
                "nullable-in-text", start, length, f"`{'.'.join(index.path)}` may be null"
            )
            raise Stop
        self._use("tables", owner.table)
        return Found(types.Text(), table=owner.table, path=index.path)

    def _by_facet(self, table: str, at: int, length: int) -> None:
        facet = self.scope.tables[table].facet
        self.error(
            "type-mismatch", at, length, f"table `{table}` is read by a value of facet `{facet}`",
            f"write `{table}[{self.scope.alias}.FIELD]` with a field typed `facet {facet}`",
        )  # fmt: skip
        raise Stop

    def _filter(self, node: nodes.Filter) -> Found:
        if node.node is None:
            self.refuse(node)
            raise Stop
        name = node.name
        at = self.source.find(name, node.lineno)
        if name == "json_schema":
            return self._schema(node)
        kind = FILTERS.get(name)
        if kind is None:
            self.error(
                "unknown-filter", at, len(name), f"`{name}` is no filter",
                did_you_mean(name, [*FILTERS, "json_schema"])
                or f"there are {listing([*FILTERS, 'json_schema'], 20)}",
            )  # fmt: skip
            raise Stop
        owner = self.expression(node.node)
        args = self._constants(node, kind.least, kind.most, kind.takes)
        if types.nullable(owner.kind) and not kind.null_ok:
            self.printable(node.node, owner)
        result = kind.typing(owner.kind)
        if result is None:
            self.error(
                "type-mismatch",
                at,
                len(name),
                f"`{name}` cannot be applied to {types.say(owner.kind)}",
            )
            raise Stop
        if owner.text is not None:
            text = self._applied(owner.text, name, args, at)
            if not isinstance(text, str):
                self.refuse(node)
            return Found(types.Text(), text=text)
        return msgspec.structs.replace(
            owner, kind=result, filters=(*owner.filters, b.Filter(name, args))
        )

    def _applied(self, text: str, name: str, args: tuple[str | int, ...], at: int) -> Any:
        from sftspec.ir.filters import TooLong, apply

        try:
            return apply(text, name, args)
        except TooLong as error:
            self.error("too-large", at, len(name), str(error))
            raise Stop from None

    def _constants(
        self, node: nodes.Filter, least: int, most: int, wanted: type
    ) -> tuple[str | int, ...]:
        values = [arg.value for arg in node.args if isinstance(arg, nodes.Const)]
        plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs) and len(values) == len(
            node.args
        )
        if (
            not plain
            or not least <= len(values) <= most
            or any(type(v) is not wanted for v in values)
        ):
            word = {str: "text", int: "whole number"}[wanted] + ("s" if most > 1 else "")
            count = ("at most " if least < most else "") + {1: "one", 2: "two"}.get(most, "")
            self.error(
                "wrong-arguments", self.source.find(node.name, node.lineno), len(node.name),
                f"`{node.name}` takes {f'{count} {word}, written out' if most else 'nothing'}",
            )  # fmt: skip
            raise Stop
        if any(isinstance(v, int) and not 0 <= v <= MAX_INDENT for v in values):
            self.error(
                "out-of-range", self.source.find(node.name, node.lineno), len(node.name),
                f"`{node.name}` takes 0 to {MAX_INDENT}",
            )  # fmt: skip
            raise Stop
        return tuple(values)

    def _schema(self, node: nodes.Filter) -> Found:
        owner = self.expression(node.node) if node.node else None
        name = owner.kind.schema if owner and isinstance(owner.kind, types.Record) else None
        if owner is None or owner.path or not name or name not in self.scope.schemas:
            at = self.source.find(node.name, node.lineno)
            self.error(
                "type-mismatch", at, len(node.name), "`json_schema` is of a schema's name"
            )
            raise Stop
        self._use("schemas", name)
        self.scope.seen.add(("schema", name))
        return Found(types.Text(), text=self.scope.schemas[name])


def _said(found: Found) -> str:
    if found.table:
        return "a table"
    if found.text is not None:
        return "a schema"
    return types.say(found.kind)


def _plain_form(word: str, found: Found) -> str:
    """What to write where a value has no plain form."""
    if found.table:
        return f"write `{word}[row.FIELD]`"
    if found.text is not None:
        return f"write `{word} | json_schema`"
    kinds = types.arms(types.without_null(found.kind))
    if all(isinstance(kind, types.List) and printable(kind.of) for kind in kinds):
        return 'write `| join(", ")`, `| bullet` or `| json`'
    return "write `| json`"
