"""Rules to tree nodes, spans from the tokens themselves. A token is a text with its place."""

from itertools import pairwise
from typing import Any

from sftspec.ground.text import Span, SpecText
from sftspec.syntax import tree

MAX_DIGITS = 18
MAX_HEIGHT = 100


class Malformed(Exception):  # noqa: N818 - carried through Lark to the reader, not shown as such
    """An atom whose spelling is wrong: `slug`, reason, place and hint."""

    def __init__(
        self, slug: str, reason: str, start: int, end: int, hint: str | None = None
    ) -> None:
        super().__init__(reason)
        self.slug = slug
        self.reason = reason
        self.start = start
        self.end = end
        self.hint = hint


class Builder:
    """One method per grammar rule; `spec` is the file being read."""

    spec: SpecText

    def _span(self, first: Any, last: Any) -> Span:
        start = first.span.start if isinstance(first, tree.Node) else first.start_pos
        end = last.span.end if isinstance(last, tree.Node) else last.end_pos
        return Span(self.spec, start, end)

    def start(self, children: list[Any]) -> tuple[tree.Entry, ...]:
        return tuple(c for c in children if isinstance(c, tree.Entry))

    def entry(self, children: list[Any]) -> tree.Entry:
        phrase, value, kind, body = children[0], None, None, None
        for child in children[1:]:
            if isinstance(child, tree.Union):
                kind = child
            elif isinstance(child, tree.Body):
                body = child
            else:
                value = child
        last: Any = next((c for c in (body, kind) if c), None) or (value or phrase)[-1]
        if value is not None:
            value = tuple(value[1:])
            if not value and body is None:
                raise Malformed(
                    "missing-value",
                    "a value is missing after `=`",
                    last.start_pos,
                    last.end_pos,
                )
        return tree.Entry(
            phrase=phrase, value=value, type=kind, body=body, span=self._span(phrase[0], last)
        )

    def value(self, children: list[Any]) -> list[Any]:
        return [children[0], *(children[1] if len(children) > 1 else ())]

    def kind(self, children: list[Any]) -> Any:
        return children[1]

    def body(self, children: list[Any]) -> tree.Body:
        entries = tuple(c for c in children if isinstance(c, tree.Entry))
        return tree.Body(entries=entries, span=self._span(children[0], children[-1]))

    def phrase(self, children: list[Any]) -> tuple[Any, ...]:
        for left, right in pairwise(children):
            if left.span.end == right.span.start:
                raise Malformed(
                    "touching-words",
                    f"`{left.span.source}` and `{right.span.source}` touch",
                    left.span.start,
                    right.span.end,
                    "put a space between them",
                )
        for child in children:
            if _height(child) > MAX_HEIGHT:
                raise Malformed(
                    "too-deep", f"a condition has at most {MAX_HEIGHT} parts one in another",
                    child.span.start, child.span.start + 1, "use `in [a, b]`, or several lines",
                )  # fmt: skip
        return tuple(children)

    def union(self, children: list[Any]) -> tree.Union:
        arms = tuple(c for c in children if isinstance(c, tree.Arm))
        return tree.Union(arms=arms, span=self._span(arms[0], arms[-1]))

    def arm(self, children: list[Any]) -> tree.Arm:
        return tree.Arm(items=tuple(children), span=self._span(children[0], children[-1]))

    def list_type(self, children: list[Any]) -> tree.ListType:
        return tree.ListType(of=children[1], span=self._span(children[0], children[-1]))

    def ref(self, children: list[Any]) -> tree.Ref:
        parts = tuple(str(c) for c in children if c.type == "NAME")
        return tree.Ref(parts=parts, span=self._span(children[0], children[-1]))

    word = ref

    def call(self, children: list[Any]) -> tree.Call:
        args = tuple(c for c in children[1] if not isinstance(c, str))
        end = children[1][-1]
        return tree.Call(name=str(children[0]), args=args, span=self._span(children[0], end))

    def args(self, children: list[Any]) -> list[Any]:
        return children

    def arg(self, children: list[Any]) -> Any:
        return children[0]

    item = arg

    def named(self, children: list[Any]) -> tree.Named:
        name, _, value = children
        return tree.Named(name=str(name), value=value, span=self._span(name, value))

    def group(self, children: list[Any]) -> Any:
        inner = children[1]
        return type(inner)(
            **{
                name: getattr(inner, name) for name in inner.__struct_fields__ if name != "span"
            },
            span=self._span(children[0], children[-1]),
        )

    def text(self, children: list[Any]) -> tree.Text:
        token = children[0]
        raw, start = str(token), token.start_pos or 0
        try:
            value = tree.dedent(raw) if token.type == "TRIPLE" else tree.unescape(raw)
        except ValueError as error:
            if token.type == "TRIPLE":
                reason, at = error.args
                raise Malformed("text-layout", reason, start + at, start + at + 3) from None
            raise Malformed(
                "bad-escape", "this text holds an escape that JSON does not know",
                start, start + len(raw), "write a backslash as `\\\\`",
            ) from None  # fmt: skip
        return tree.Text(value=value, raw=raw, span=self._span(token, token))

    def integer(self, children: list[Any]) -> tree.Int:
        return tree.Int(value=_whole(children[0]), span=self._span(children[0], children[0]))

    def number(self, children: list[Any]) -> Any:
        token = children[0]
        return self._number(token)

    def _number(self, token: Any) -> Any:
        span = self._span(token, token)
        match token.type:
            case "INT":
                return tree.Int(value=_whole(token), span=span)
            case "PERCENT":
                whole, _, part = str(token)[:-1].replace("_", "").partition(".")
                _digits(whole + part, token)
                part = part.rstrip("0")
                sign = -1 if whole.startswith("-") else 1
                bp = abs(int(whole)) * 100 + int((part + "00")[:2])
                return tree.Percent(bp=sign * bp, exact=len(part) <= 2, span=span)
            case "VERSION":
                return tree.Version(value=str(token)[1:], span=span)
            case _:
                _digits(str(token), token)
                return tree.Number(value=str(token).replace("_", ""), span=span)

    def interval(self, children: list[Any]) -> tree.Range:
        low, high = self._number(children[0]), self._number(children[2])
        return tree.Range(low=low, high=high, span=self._span(children[0], children[2]))

    def bracketed(self, children: list[Any]) -> tree.List:
        items = tuple(c for c in children if not isinstance(c, str))
        return tree.List(items=items, span=self._span(children[0], children[-1]))

    def compare(self, children: list[Any]) -> tree.Compare:
        left, op, right = children
        word = " ".join(str(op).split())
        return tree.Compare(op=word, left=left, right=right, span=self._span(left, right))

    def both(self, children: list[Any]) -> tree.Both:
        left, _, right = children
        return tree.Both(left=left, right=right, span=self._span(left, right))

    def either(self, children: list[Any]) -> tree.Either:
        left, _, right = children
        return tree.Either(left=left, right=right, span=self._span(left, right))

    def negate(self, children: list[Any]) -> tree.Negate:
        return tree.Negate(of=children[1], span=self._span(children[0], children[1]))


def _height(node: Any) -> int:
    """How deep an expression is; `a and b and c` counts three."""
    most, stack = 0, [(node, 1)]
    while stack:
        top, height = stack.pop()
        most = max(most, height)
        match top:
            case tree.Both() | tree.Either() | tree.Compare():
                stack += ((top.left, height + 1), (top.right, height + 1))
            case tree.Negate(of=inner) | tree.Named(value=inner):
                stack.append((inner, height + 1))
            case tree.Call(args=inner) | tree.List(items=inner):
                stack += ((item, height + 1) for item in inner)
            case _:
                pass
    return most


def _digits(text: str, token: Any) -> None:
    if len(text.replace("_", "").replace(".", "")) > MAX_DIGITS:
        start = token.start_pos or 0
        raise Malformed(
            "number-too-long",
            f"a number has at most {MAX_DIGITS} digits",
            start,
            start + len(token),
        )


def _whole(token: Any) -> int:
    _digits(str(token), token)
    return int(str(token).replace("_", ""))


def cause(error: Exception) -> Malformed | None:
    """The `Malformed` that Lark wrapped, if it is one."""
    inner = getattr(error, "orig_exc", error)
    return inner if isinstance(inner, Malformed) else None
