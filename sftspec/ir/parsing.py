"""Jinja's parser with offsets where it has line numbers, so that errors stand at their place."""

from collections.abc import Iterator
from functools import cache

from jinja2 import TemplateSyntaxError
from jinja2.environment import Environment
from jinja2.lexer import Lexer, TokenStream

MAX_NESTING = 40


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


def too_deep(source: str) -> int | None:
    """Offset of the bracket that is nested too deep, if one is."""
    depth = 0
    for at, char in enumerate(source):
        if char in "([{":
            depth += 1
            if depth > MAX_NESTING:
                return at
        elif char in ")]}":
            depth = max(0, depth - 1)
    return None


def in_words(message: str) -> str:
    """A message of Jinja's in the style of ours."""
    message = message.rstrip(".")
    return message[:1].lower() + message[1:]
