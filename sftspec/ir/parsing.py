"""Jinja's parser with offsets where it has line numbers, so that errors stand at their place."""

from collections.abc import Iterator
from functools import cache
import re

from jinja2 import TemplateSyntaxError, nodes
from jinja2.environment import Environment
from jinja2.lexer import Lexer, TokenStream

_SIGNS = {"end of print statement": "}}", "end of statement block": "%}"}
_TAG = re.compile(r"\{%-?\s*(end)?(if|for)\b")
MAX_HEIGHT = 64
MAX_BRANCHES = 100


class _OffsetLexer(Environment):
    """Jinja's environment whose tokens carry their offset where the line number goes."""

    def _tokenize(
        self,
        source: str,
        name: str | None,
        filename: str | None = None,
        state: str | None = None,
    ) -> TokenStream:
        lexer: Lexer = self.lexer
        return TokenStream(
            lexer.wrap(_offsets(lexer, source, name, filename, state), name, filename),
            name,
            filename,
        )


def _offsets(
    lexer: Lexer, source: str, name: str | None, filename: str | None, state: str | None
) -> Iterator[tuple[int, str, str]]:
    at = 0
    try:
        for _, kind, value in lexer.tokeniter(source, name, filename, state):
            found = source.find(value, at)
            if found >= 0:
                yield found, kind, value
                at = found + len(value)
            else:
                yield at, kind, value
    except TemplateSyntaxError as error:
        raise TemplateSyntaxError(error.message or "", at, name, filename) from None


@cache
def environment() -> Environment:
    """The parser of bodies; nothing is compiled with it."""
    return _OffsetLexer(
        keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True, autoescape=False,
        extensions=[],
    )  # fmt: skip


class TooDeep(Exception):  # noqa: N818 - found out by trying, and said by the caller
    """Raised where a body is nested deeper than anyone writes; `at` is an offset."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


def unclosed(source: str, message: str) -> int | None:
    """Offset of what a body opens and never closes, where Jinja says that something is."""
    if message.startswith("unexpected end of template, expected"):
        return max(source.rfind("{{"), source.rfind("{%"), 0)
    if "innermost block" not in message:
        return None
    stack: list[int] = []
    for match in _TAG.finditer(source):
        if match[1] is None:
            stack.append(match.start())
        elif stack:
            stack.pop()
    return stack[-1] if stack else None


def parse_body(source: str) -> nodes.Template:
    """Jinja's tree of a body. Raises TemplateSyntaxError (`lineno` is an offset) or TooDeep.

    What the tree holds is bounded too: Jinja and Python walk it by recursion when they compile it.
    """
    opening = max(source.find("{{"), source.find("{%"), 0)
    try:
        tree = environment().parse(source)
    except RecursionError:
        raise TooDeep(opening) from None
    except ValueError:
        raise TemplateSyntaxError("a number has too many digits", opening) from None
    stack: list[tuple[nodes.Node, int, int]] = [(tree, 0, opening)]
    while stack:
        node, height, at = stack.pop()
        node.lineno = at = node.lineno or at
        many = isinstance(node, nodes.If) and len(node.elif_) > MAX_BRANCHES
        if height > MAX_HEIGHT or many:
            raise TooDeep(at)
        if isinstance(node, nodes.Const) and _broken(node.value):
            raise TemplateSyntaxError("half of a surrogate pair", at)
        stack.extend((child, height + 1, at) for child in node.iter_child_nodes())
    return tree


def _broken(value: object) -> bool:
    return isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value)


def in_words(message: str) -> str:
    """A message of Jinja's in the style of ours."""
    message = re.sub(r" at \d+$", "", message.rstrip(".")).replace(". ", "; ")
    message = re.sub(r"'([^']*)'", lambda match: f"`{_SIGNS.get(match[1], match[1])}`", message)
    return message[:1].lower() + message[1:]
