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
_VALUE = {"NAME", "STRING", "INT", "LSQB", "LPAR", "VERSION"}
_TYPE = {"NAME", "FUNC", "STRING", "LSQB"}
_ENDS = {"_NL", "COMMA", "RBRACE"}
_OPERATORS = {"AND", "OR", "IN", "HAS", "NOTIN", "CMP", "BAR"}
_LOOKALIKES = {
    **dict.fromkeys("\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb\uff02\uff07", '"'),
    "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\uff1d": "=", "\uff1a": ":", "\uff0c": ",",
    "\uff08": "(", "\uff09": ")", "\uff5b": "{", "\uff5d": "}", "\u2013": "-", "\u2014": "-",
}  # fmt: skip
_CLOSERS = {"RBRACE": "{", "RSQB": "[", "RPAR": "("}
_BRACKETS = re.compile(r'"""(?:[^"]|"{1,2}(?!"))*+"""|"(?:\\.|[^"\\\n])*"?|#[^\n]*|[\[\](){}]')
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
    meant = _LOOKALIKES.get(source[at])
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
    elif meant:
        report.error(
            "unexpected-character", Span(text, at, at + 1),
            f"`{source[at]}` ({code}) is no sign of the language", hint=f"write `{meant}`",
        )  # fmt: skip
    else:
        report.error(
            "non-ascii-name", span, f"`{source[at]}` ({code}) cannot stand outside quotes",
            hint='names are ASCII letters, digits and `_`; `from "…"` gives a spelling of the data',
        )  # fmt: skip


def _codes(word: str) -> str:
    return " ".join(f"U+{ord(char):04X}" for char in word if not char.isascii())


def token(text: SpecText, source: str, error: UnexpectedToken, report: Report) -> int:
    """A token where the grammar admits others; the offset of what is to blame."""
    found = error.token
    if found.type == "$END":
        _unclosed(text, source, report)
        return len(source.rstrip())
    start = int(found.start_pos or 0)
    before = source[:start].rstrip(" \t")
    first = before.endswith(("\n", "{", ",")) or not before
    span = Span(text, start, start + len(found))
    if found.type == "_NL":
        end = _code_end(before)
        span = Span(text, end, end)
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
    elif (crossed := _crossed(source, start)) is not None:
        opener, closer = crossed
        report.error(
            "unclosed-bracket", span.part(opener, opener + 1),
            f"`{source[opener]}` is not closed before `{closer}`" if closer
            else f"`{source[opener]}` is never closed",
        )  # fmt: skip
        return opener
    elif found.type in _CLOSERS and _depth(before, _CLOSERS[found.type], str(found)) <= 0:
        report.error("unopened-bracket", span, f"`{found}` closes nothing")
    else:
        hint = "`==` compares" if found.type == "EQUAL" and "=" in before else None
        if before.endswith("}"):
            hint = "a body ends its line: what belongs to the line stands before the `{`"
        elif found.type in {"CMP", "IN", "HAS", "NOTIN"}:
            hint = "a comparison has two sides; `and` and `or` join two comparisons"
        wanted = _wanted(error)
        report.error(
            "unexpected-token", span, hint=hint,
            message=f"the line ends where {wanted} is wanted" if found.type == "_NL"
            else f"{wanted} is wanted here, not `{_short(str(found))}`",
        )  # fmt: skip
    return start


def _code_end(before: str) -> int:
    """Where the last line's code ends: its comment and the space before it do not count."""
    start = before.rfind("\n") + 1
    comment = next((m for m in _BRACKETS.finditer(before, start) if m[0][0] == "#"), None)
    return len((before[: comment.start()] if comment else before).rstrip(" \t"))


def open_brackets(source: str) -> list[int]:
    """Offsets of the brackets that are open where the source ends."""
    stack: list[int] = []
    for match in _BRACKETS.finditer(source):
        if match[0] in "[({":
            stack.append(match.start())
        elif match[0] in "])}" and stack:
            stack.pop()
    return stack


def _crossed(source: str, at: int) -> tuple[int, str] | None:
    """The innermost `(` or `[` open at `at` if nothing closes it, and what crosses it."""
    stack = open_brackets(source[:at])
    if not stack or source[stack[-1]] == "{":
        return None
    deeper = 0
    for match in _BRACKETS.finditer(source, at):
        mark = match[0]
        if mark in "[({":
            deeper += 1
        elif mark in "])}" and deeper:
            deeper -= 1
        elif mark in "])}":
            pair = {"]": "[", ")": "(", "}": "{"}[mark]
            crosses = pair != source[stack[-1]] and pair in {source[i] for i in stack}
            return (stack[-1], mark) if crosses else None
    return stack[-1], ""


def _unclosed(text: SpecText, source: str, report: Report) -> None:
    """The file or block ends inside a bracket: point at what is open."""
    stack = open_brackets(source)
    if stack:
        span = Span(text, stack[0], stack[0] + 1)
        report.error("unclosed-bracket", span, f"`{source[stack[0]]}` is never closed")
    else:
        end = len(source.rstrip())
        report.error(
            "unexpected-end", Span(text, end, end), "the file ends in the middle of a line"
        )


def _depth(before: str, opener: str, closer: str) -> int:
    bare = re.sub(r'"""(?:[^"]|"{1,2}(?!"))*+"""|"(?:\\.|[^"\\\n])*"?|#[^\n]*', "", before)
    return bare.count(opener) - bare.count(closer)


def _wanted(error: UnexpectedToken) -> str:
    """What could stand there, the general before the particular."""
    names = set(error.accepts or error.expected) - {"$END"}
    if names <= _ENDS:
        return "the end of the line"
    words: list[str] = []
    if names >= _VALUE:
        words, names = ["a value"], names - set(_WORDS) | (names & {"LBRACE", "COLON", "EQUAL"})
    elif names >= _TYPE:
        words, names = ["a type"], names - set(_WORDS) | (names & {"RSQB", "BAR"})
    if words or names - _ENDS:
        names -= _ENDS - {"COMMA"} if not words and names & {"RSQB", "RPAR"} else _ENDS
    words += sorted({_WORDS[name] for name in names if name in _WORDS})
    return " or ".join(
        [", ".join(words[:-1]), words[-1]] if words[1:] else words or ["nothing"]
    )


def _short(word: str) -> str:
    word = word.split("\n", maxsplit=1)[0]
    return word if len(word) <= 30 else word[:29] + "…"
