"""What is known while a spec is lowered: every block by kind and name, lowered when first asked.

A block is lowered once, on demand, so blocks may stand in any order and file; one that needs
itself is a cycle and says so.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sftspec.expr import types
from sftspec.expr.check import Scope
from sftspec.ground.report import Fault, Label, Report, did_you_mean, listing, there_are
from sftspec.ground.text import Span
from sftspec.ir import nodes
from sftspec.ir.forms.base import Line
from sftspec.ports.files import read_start
from sftspec.syntax import tree
from sftspec.syntax.read import MAX_BYTES

Thing = TypeVar("Thing")
LAYERS = ("generic", "skill", "domain", "system")
ORIGINS = ("licensed", "human", "synthetic", "customer", "public", "internal")
MAX_CHAIN = 32
MAX_SIZE = 16 * MAX_BYTES
TEXTS = ("system", "instruction", "context", "user", "text")
RECORD = (*TEXTS, "response", "turns", "calls", "variant", "rejected", "dataset")
BUILT_IN = ("layer", "source", "origin", "template", "license")
Lower = Callable[[Line, "World"], Any]


class World:
    """The blocks of a spec and what they mean so far."""

    def __init__(self, root: Path, report: Report) -> None:
        self.root = root
        self.report = report
        self.pending: dict[tuple[str, str], tuple[Line, Lower]] = {}
        self.size = 0
        self.by_kind: dict[str, list[str]] = {}
        self.contracts: dict[str, str] = {}
        self.done: dict[tuple[str, str], Any] = {}
        self.doing: list[tuple[str, str]] = []
        self.readers: dict[str, Any] = {}
        self.broken = False
        self.extensions: dict[str, list[Line]] = {}
        self.files: dict[str, str] = {}
        self.used: set[tuple[str, str]] = set()
        self.used_values: set[tuple[str, str]] = set()
        self.home: dict[tuple[str, str], str] = {}

    def declare(self, kind: str, name: str, line: Line, lower: Lower) -> None:
        """Note a block; a second one of the same kind and name is an error that shows both."""
        key = (kind, name)
        if key in self.pending:
            first = self.pending[key][0]
            self.report.error(
                "duplicate-name", line.entry.head,
                f"{kind} `{name}` is defined twice" if name != kind else f"`{kind}` is defined twice",
                labels=(Label(first.entry.head, "first here"),),
            )  # fmt: skip
            return
        self.pending[key] = (line, lower)
        self.by_kind.setdefault(kind, []).append(name)
        self.home[key] = line.span.text.path

    def read(self, shown: str, span: Span | None) -> bytes | None:
        """The bytes of a file of the spec, or None with the reason at `span`."""
        try:
            data = read_start(self.root, shown, MAX_BYTES + 1)
        except Fault as fault:
            self.report.error(
                fault.slug, span, fault.message, path=shown, hint=fault.hint or None
            )
            return None
        self.size += len(data)
        if self.size > MAX_SIZE:
            self.report.error(
                "file-too-large", span, path=shown,
                message=f"a spec and all that it reads have at most {MAX_SIZE >> 20} MiB",
            )  # fmt: skip
            return None
        return data

    def names(self, kind: str) -> list[str]:
        """The names of a kind, in the order they were declared."""
        return list(self.by_kind.get(kind, ()))

    def get(self, kind: str, name: str, span: Span) -> Any | None:
        """The thing of that name, lowered; None where there is none or it has errors."""
        key = (kind, name)
        self.used.add(key)
        if key not in self.pending:
            known = self.names(kind)
            self.report.error(
                f"unknown-{kind}", span, f"no {kind} is called `{name}`",
                hint=did_you_mean(name, known) or there_are(known),
            )  # fmt: skip
            return None
        return self.lowered(kind, name, span)

    def lowered(self, kind: str, name: str, span: Span | None = None) -> Any | None:
        """The thing of that name, which must be declared."""
        key = (kind, name)
        if key in self.done:
            return self.done[key]
        if key in self.doing:
            chain = [other for _, other in self.doing[self.doing.index(key) :]] + [name]
            self.report.error(
                "reference-cycle", span, f"{kind} `{name}` needs itself: {' → '.join(chain)}"
            )
            return None
        line, lower = self.pending[key]
        if len(self.doing) >= MAX_CHAIN:
            self.report.error(
                "too-deep", span or line.entry.head,
                f"more than {MAX_CHAIN} blocks need one another in a row",
            )  # fmt: skip
            return None
        self.doing.append(key)
        thing = lower(line, self)
        self.doing.pop()
        self.done[key] = thing
        return thing

    def all(self, kind: str) -> dict[str, Any]:
        """Every thing of a kind that could be lowered, by name."""
        found = {name: self.lowered(kind, name) for name in self.names(kind)}
        return {name: thing for name, thing in found.items() if thing is not None}

    def facet(self, name: str, span: Span) -> nodes.FacetDef | None:
        """A facet, built in or declared."""
        if name in BUILT_IN:
            return self.built_in(name)
        return self.get("facet", name, span)

    def built_in(self, name: str) -> nodes.FacetDef:
        """A facet that every spec has; its values are the names or licences in the spec."""
        if name == "layer":
            words = list(LAYERS)
        elif name in {"source", "template"}:
            words = self.names(name)
        else:
            found = sorted({str(getattr(thing, name)) for thing in self.all("source").values()})
            words = list(dict.fromkeys([*(ORIGINS if name == "origin" else ()), *found]))
        values = tuple(
            nodes.FacetValue(name=word, help="", spellings=(), span=None) for word in words
        )
        return nodes.FacetDef(
            name=name, values=values, many=False, ordered=False, optional=False, span=None
        )

    def facets(self) -> dict[str, types.Type]:
        """The facets as names of a record: a value, or a list of values."""
        found: dict[str, types.Type] = {}
        for name in BUILT_IN:
            found[name] = self.built_in(name).type
        for name, facet in self.all("facet").items():
            kind: types.Type = types.List(facet.type) if facet.many else facet.type
            found[name] = kind
        return found

    def value_of(self, facet: nodes.FacetDef, node: tree.Expr) -> str | None:
        """A facet value as written in a spec: a bare word, or a text where it is no name."""
        word = node.name if isinstance(node, tree.Ref) else getattr(node, "value", None)
        kind = facet.type
        known = {**dict(kind.spellings), **{value: value for value in kind.values}}
        if not isinstance(word, str) or word not in known:
            shown = node.span.source
            self.report.error(
                "unknown-facet-value", node.span, f"`{shown}` is no value of facet `{facet.name}`",
                hint=did_you_mean(shown, kind.values) or f"it has {listing(kind.values)}",
            )  # fmt: skip
            return None
        self.used_values.add((facet.name, known[word]))
        return known[word]

    def record_scope(
        self,
        *,
        row: dict[str, types.Type] | None = None,
        response: types.Record | None = None,
        params: dict[str, tree.Expr] | None = None,
    ) -> Scope:
        """What can be named in a condition on a record."""
        texts = dict.fromkeys(TEXTS, types.Text())
        names: dict[str, types.Type] = {
            **self.facets(), **texts,
            "turns": types.Int(), "calls": types.Int(), "variant": types.Int(),
            "response": types.Response(response), **(row or {}),
        }  # fmt: skip
        dataset: nodes.Dataset | None = None
        if ("dataset", "dataset") in self.pending:
            dataset = self.lowered("dataset", "dataset")
        languages = list(dataset.languages) if dataset else []
        return Scope(
            names, "a record", params or {}, consts={("dataset", "languages"): languages}
        )
