"""Syntax errors in words: what stands there, what could, and what to write."""

import re
import unicodedata

from lark.exceptions import UnexpectedToken

from sftspec.ground.report import Report
from sftspec.ground.text import Span, SpecText

_WORDS = {
    "NAME": "a name",
    "FUNC": "a call",
    "STRING": "a text",
    "TRIPLE": "a text",
    "INT": "a number",
    "FLOAT": "a number",
    "PERCENT": "a percentage",
    "VERSION": "a version",
    "EQUAL": "`=`",
    "COLON": "`:`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "COMMA": "`,`",
    "BAR": "`|`",
    "CMP": "a comparison",
    "_NL": "the end of the line",
}
_OPERATORS = {"AND", "OR", "IN", "HAS", "NOTIN", "CMP", "BAR"}
_CLOSERS = {"RBRACE": "{", "RSQB": "[", "RPAR": "("}
_BRACKETS = re.compile(r'"""(?:[^"]|"{1,2}(?!"))*"""|"(?:\\.|[^"\\\n])*"|#[^\n]*|[\[\](){}]')
_IDENTIFIER = re.compile(r"[\w\u0300-\u036f]+")


def character(text: SpecText, at: int, report: Report) -> None:
    """A character that begins nothing."""
    source = text.text
    char = source[at]
    if not char.isascii():
        _not_ascii(text, at, report)
        return
    span = Span(text, at, at + 1)
    if source.startswith("//", at):
        report.error(
            "unexpected-character",
            span,
            "`//` begins nothing",
            hint="a comment begins with `#`",
        )
    elif char == '"':
        end = source.find("\n", at)
        span = Span(text, at, len(source) if end < 0 else end)
        report.error(
            "unterminated-string", span, 'this text has no closing `"` on its line',
            hint='close it, or write a longer text between `"""`',
        )  # fmt: skip
    elif char in "+-*/%":
        report.error(
            "no-arithmetic", span, f"there is no arithmetic in the language: `{char}`",
            hint="write the number itself",
        )  # fmt: skip
    elif char == "'":
        report.error(
            "unexpected-character", span, "texts stand in double quotes", hint='write `"…"`'
        )
    else:
        report.error("unexpected-character", span, f"`{char}` begins nothing here")


def _not_ascii(text: SpecText, at: int, report: Report) -> None:
    """A letter or digit that looks like an ASCII one, or is simply foreign."""
    source = text.text
    start = at
    while start > 0 and (source[start - 1].isalnum() or source[start - 1] == "_"):
        start -= 1
    match = _IDENTIFIER.match(source, start)
    word = match[0] if match else source[at]
    span = Span(text, start, start + max(len(word), at - start + 1))
    normal = unicodedata.normalize("NFC", word)
    code = f"U+{ord(source[at]):04X}"
    if normal != word:
        forms = f"{_codes(word)} is written apart; composed it is {_codes(normal)}"
        report.error(
            "not-nfc", span, f"a name holds a combining character: {forms}",
            hint="names are ASCII letters, digits and `_`",
        )  # fmt: skip
    elif source[at].isdigit():
        report.error(
            "non-ascii-digit", span, f"`{source[at]}` ({code}) is not an ASCII digit",
            hint="write digits as 0 to 9",
        )  # fmt: skip
    else:
        report.error(
            "non-ascii-name", span, f"`{source[at]}` ({code}) cannot stand outside quotes",
            hint='names are ASCII letters, digits and `_`; `from "…"` gives a spelling of the data',
        )  # fmt: skip


def _codes(word: str) -> str:
    return " ".join(f"U+{ord(char):04X}" for char in word if not char.isascii())


def token(text: SpecText, source: str, error: UnexpectedToken, report: Report) -> None:
    """A token where the grammar admits others."""
    found = error.token
    if found.type == "$END":
        _unclosed(text, source, report)
        return
    start = int(found.start_pos or 0)
    before = source[:start].rstrip(" \t")
    first = before.endswith(("\n", "{", ",")) or not before
    span = Span(text, start, start + (0 if found.type == "_NL" else len(found)))
    if first and found.type == "LBRACE":
        report.error(
            "brace-on-next-line", span, "a body begins on the line it belongs to",
            hint="move `{` to the end of the line above",
        )  # fmt: skip
    elif first and found.type in _OPERATORS:
        report.error(
            "leading-operator", span, f"a line cannot begin with `{found}`",
            hint="end the line above with it inside `( )`, or write both on one line",
        )  # fmt: skip
    elif (opener := _crossed(before, str(found))) is not None:
        report.error(
            "unclosed-bracket", span.part(opener, opener + 1),
            f"`{source[opener]}` is not closed before `{found}`",
        )  # fmt: skip
    elif found.type in _CLOSERS and _depth(before, _CLOSERS[found.type], str(found)) <= 0:
        report.error("unopened-bracket", span, f"`{found}` closes nothing")
    else:
        hint = "`==` compares" if found.type == "EQUAL" and "=" in before else None
        what = "the line ends" if found.type == "_NL" else f"`{_short(str(found))}` stands"
        wanted = _wanted(error)
        report.error("unexpected-token", span, f"{what} where {wanted} could", hint=hint)


def _open_brackets(source: str) -> list[int]:
    """Offsets of the brackets that are open where the source ends."""
    stack: list[int] = []
    for match in _BRACKETS.finditer(source):
        if match[0] in "[({":
            stack.append(match.start())
        elif match[0] in "])}" and stack:
            stack.pop()
    return stack


def _crossed(before: str, found: str) -> int | None:
    """The innermost open `(` or `[` where a line ends or another bracket closes."""
    if found not in "])}":
        return None
    stack = _open_brackets(before)
    pair = {"]": "[", ")": "(", "}": "{"}[found]
    if stack and before[stack[-1]] != pair and pair in {before[at] for at in stack}:
        return stack[-1]
    return None


def _unclosed(text: SpecText, source: str, report: Report) -> None:
    """The file or block ends inside a bracket: point at what is open."""
    stack = _open_brackets(source)
    if stack:
        span = Span(text, stack[0], stack[0] + 1)
        report.error("unclosed-bracket", span, f"`{source[stack[0]]}` is never closed")
    else:
        end = len(source.rstrip())
        report.error(
            "unexpected-end", Span(text, end, end), "the file ends in the middle of a line"
        )


def _depth(before: str, opener: str, closer: str) -> int:
    bare = re.sub(r'"""(?:[^"]|"{1,2}(?!"))*"""|"(?:\\.|[^"\\\n])*"|#[^\n]*', "", before)
    return bare.count(opener) - bare.count(closer)


def _wanted(error: UnexpectedToken) -> str:
    names = error.accepts or error.expected
    words = sorted({_WORDS[name] for name in names if name in _WORDS})
    if not words:
        return "something else"
    return (
        words[0]
        if len(words) == 1
        else f"{', '.join(words[:4])} or {words[-1]}"
        if len(words) > 5
        else f"{', '.join(words[:-1])} or {words[-1]}"
    )


def _short(word: str) -> str:
    word = word.split("\n", maxsplit=1)[0]
    return word if len(word) <= 30 else word[:29] + "…"
