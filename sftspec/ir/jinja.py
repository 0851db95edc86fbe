"""Template bodies: Jinja's parser, an allow-list over its tree, and every path typed.

Nothing is ever compiled before it passed the allow-list: Jinja folds constants while it
compiles, which is enough to take a machine down.
"""

from jinja2 import TemplateSyntaxError, nodes

from sftspec.expr import types
from sftspec.ground.report import Report
from sftspec.ir import body as b
from sftspec.ir.parsing import TooDeep, in_words, parse_body, unclosed
from sftspec.ir.values import BodyScope, Found, Place, Stop, Values

MAX_LOOPS = 2


def compile_body(source: str, place: Place, scope: BodyScope, report: Report) -> b.Body | None:
    """A body's pieces or program, or diagnostics at their exact line and column."""
    if "\r" in source:
        at = source.index("\r")
        report.error("line-break", place.at(at, at + 1), "a line of a body ends with LF alone")
        return None
    if "{" not in source:
        return b.plain(source)
    try:
        parsed = parse_body(source)
    except TooDeep as error:
        report.error("too-deep", place.at(error.at, error.at + 1), "a body is nested too deep")
        return None
    except TemplateSyntaxError as error:
        start = unclosed(source, error.message or "")
        at = min(error.lineno if start is None else start, max(len(source) - 1, 0))
        report.error(
            "template-syntax", place.at(at, at + 1), f"Jinja: {in_words(error.message or '')}"
        )
        return None
    return _Reader(source, place, scope, report).read(parsed)


class _Reader(Values):
    """Walks one body's tree; gathers pieces, and whether it needs Jinja to run."""

    def read(self, parsed: nodes.Template) -> b.Body | None:
        pieces: list[b.Piece] = []
        self._block(parsed.body, pieces)
        if not self.good:
            return None
        if not self.runs:
            return b.Pieces(_merged(pieces))
        schemas = tuple((name, self.scope.schemas[name]) for name in self.used["schemas"])
        bound = tuple((name, path) for name, (path, _) in self.scope.bound.items())
        return b.Program(
            self.source, tuple(self.used["paths"]), tuple(self.used["drawn"]),
            tuple(self.used["tables"]), self.scope.alias, bound, schemas,
        )  # fmt: skip

    def _block(self, body: list[nodes.Node], pieces: list[b.Piece]) -> None:
        for node in body:
            try:
                match node:
                    case nodes.Output():
                        for child in node.nodes:
                            self._output(child, pieces)
                    case nodes.If():
                        self._if(node)
                    case nodes.For():
                        self._for(node)
                    case _:
                        self.refuse(node)
            except Stop:
                self.good = False

    def _output(self, node: nodes.Expr, pieces: list[b.Piece]) -> None:
        if isinstance(node, nodes.TemplateData):
            pieces.append(b.Lit(node.data))
            return
        try:
            found = self.expression(node)
            self.printable(node, found)
        except Stop:
            self.good = False
            return
        if found.path and found.path[0] in self.locals:
            return
        pieces.append(self._piece(found))

    def _piece(self, found: Found) -> b.Piece:
        if found.text is not None:
            return b.Lit(found.text)
        if found.drawn:
            return b.Drawn(found.drawn, found.filters)
        if found.table:
            return b.Lookup(found.table, found.path, found.filters)
        return b.Value(found.path, found.filters)

    # if and for

    def _if(self, node: nodes.If) -> None:
        self.runs = True
        known = set(self.not_null)
        self.not_null |= self._test(node.test)  # type: ignore[arg-type]
        ignored: list[b.Piece] = []
        self._block(node.body, ignored)
        self.not_null = known
        for other in node.elif_:
            self._if(other)
        self._block(node.else_, ignored)

    def _test(self, node: nodes.Expr) -> set[tuple[str, ...]]:
        """Check a condition; the paths that are not null where it holds."""
        match node:
            case nodes.And():
                return self._test(node.left) | self._test(node.right)
            case nodes.Or():
                self._test(node.left)
                self._test(node.right)
                return set()
            case nodes.Not():
                self._test(node.node)
                return set()
            case nodes.Compare():
                return self._compare(node)
            case nodes.Test():
                return self._is(node)
            case _:
                return {self.expression(node).path}

    def _is(self, node: nodes.Test) -> set[tuple[str, ...]]:
        if node.name != "none" or node.args:
            at = self.source.find(node.name, node.lineno)
            self.error(
                "template-construct", at, len(node.name), f"`is {node.name}` cannot stand in a body",
                "there is `is none`; compare with `==` and `!=`",
            )  # fmt: skip
            raise Stop
        self.expression(node.node)
        return set()

    def _compare(self, node: nodes.Compare) -> set[tuple[str, ...]]:
        left = self._operand(node.expr)
        found: set[tuple[str, ...]] = set()
        for part in node.ops:
            right = self._operand(part.expr)
            if (part.op == "ne" and right is None and left is not None) or (
                part.op == "eq" and left is not None and right is not None
            ):
                found.add(left.path)
        return found

    def _operand(self, node: nodes.Expr) -> Found | None:
        if isinstance(node, nodes.Const):
            if node.value is None:
                return None
            if isinstance(node.value, str | int | bool):
                return Found(types.Any(), text="")
        return self.expression(node)

    def _for(self, node: nodes.For) -> None:
        self.runs = True
        plain = isinstance(node.target, nodes.Name) and not node.recursive and node.test is None
        if not plain or self.loops >= MAX_LOOPS:
            self.error(
                "template-construct", node.lineno, 3,
                "a loop is `{% for name in row.list %}`, two deep at most",
            )  # fmt: skip
            raise Stop
        items = self.expression(node.iter)  # type: ignore[arg-type]
        if not isinstance(items.kind, types.List) or (items.filters and not items.path):
            start, length = self.where(node.iter)
            self.error(
                "type-mismatch",
                start,
                length,
                f"a loop is over a list, this is {types.say(items.kind)}",
            )
            raise Stop
        name = node.target.name  # type: ignore[attr-defined]
        if not name.isascii():
            self.foreign(name, node.target.lineno)
        if name in self.scope.names() or name in self.locals or name == "loop":
            self.error(
                "duplicate-name",
                node.target.lineno,
                len(name),
                f"`{name}` has a meaning already",
            )
            raise Stop
        self.locals[name] = items.kind.of
        self.loops += 1
        ignored: list[b.Piece] = []
        self._block(node.body, ignored)
        self._block(node.else_, ignored)
        self.loops -= 1
        del self.locals[name]


def _merged(pieces: list[b.Piece]) -> tuple[b.Piece, ...]:
    """Neighbouring texts as one."""
    out: list[b.Piece] = []
    for piece in pieces:
        if isinstance(piece, b.Lit) and out and isinstance(out[-1], b.Lit):
            out[-1] = b.Lit(out[-1].text + piece.text)
        elif not isinstance(piece, b.Lit) or piece.text:
            out.append(piece)
    return tuple(out)
