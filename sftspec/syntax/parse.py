"""Text to tree. Every syntax error is reported, each on its own line, in one run.

A file that does not parse whole is cut into islands at its top-level blocks. In an island the
offending line is reported, blanked (its brackets kept) and the island read again, so one slip
hides neither its neighbours nor what follows it.
"""

from functools import cache
import re
from typing import Any

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from sftspec.ground.report import Report
from sftspec.ground.text import Span, SpecText
from sftspec.syntax import complain
from sftspec.syntax.build import Builder, Malformed, cause
from sftspec.syntax.grammar import load
from sftspec.syntax.tree import Entry, SpecFile

MAX_ERRORS = 50
_HEADER = re.compile(r"^[A-Za-z_]", re.MULTILINE)
_TRIPLE = re.compile(r'"""|#[^\n]*|"(?:\\.|[^"\\\n])*"')


@cache
def _parser() -> tuple[Any, Builder]:
    builder = Builder()
    return load(builder), builder


def parse(text: SpecText, report: Report) -> SpecFile:
    """The file's blocks. Blocks with errors are reported and left out."""
    try:
        return SpecFile(text, _read(text, text.text))
    except (UnexpectedInput, VisitError, Malformed):
        pass
    entries: list[Entry] = []
    for start, end in islands(text.text):
        entries.extend(_read_island(text, start, end, report))
    return SpecFile(text, tuple(entries))


def _read(text: SpecText, source: str) -> tuple[Entry, ...]:
    parser, builder = _parser()
    builder.spec = text
    result: tuple[Entry, ...] = parser.parse(source)
    return result


def _read_island(text: SpecText, start: int, end: int, report: Report) -> tuple[Entry, ...]:
    """One top-level block; errors are reported and their lines blanked until it reads."""
    source = _only(text.text, start, end)
    opening = _unclosed_triple(source)
    if opening is not None:
        report.error(
            "unterminated-text",
            Span(text, opening, opening + 3),
            'this text has no closing `"""`',
            hint='write `"""` on a line of its own where the text ends',
        )
        return ()
    blanked: set[int] = set()
    failed = False
    for _ in range(MAX_ERRORS):
        try:
            entries = _read(text, source)
        except (UnexpectedInput, VisitError, Malformed) as error:
            at = _place(error, source)
            if not failed or at not in blanked:
                _say(error, text, source, report)
            failed = True
            line_start = source.rfind("\n", 0, at) + 1
            if at in blanked or line_start in blanked:
                return ()
            blanked.update((at, line_start))
            line_end = source.find("\n", at)
            line_end = len(source) if line_end < 0 else line_end
            source = _repaired(source, line_start, line_end)
        else:
            return () if failed else entries
    return ()


def _repaired(source: str, start: int, end: int) -> str:
    """The source with its line `start:end` made harmless."""
    if start and source[start:end].lstrip().startswith("{"):
        joined = source[:start].rstrip() + " "
        return joined + " " * (start - len(joined)) + source[start:end] + source[end:]
    return source[:start] + _blank(source[start:end]) + source[end:]


def islands(source: str) -> list[tuple[int, int]]:
    """Spans of the top-level blocks: from one line that begins with a letter to the next."""
    starts = [match.start() for match in _HEADER.finditer(source)]
    if not starts or source[: starts[0]].strip():
        starts.insert(0, 0)
    return list(zip(starts, [*starts[1:], len(source)], strict=True))


def _only(source: str, start: int, end: int) -> str:
    """The source with everything outside `start:end` blank, so that offsets stay right."""
    before = re.sub(r"[^\n]", " ", source[:start])
    return before + source[start:end]


def _blank(line: str, *, keep: bool = True) -> str:
    """The line as spaces; what it opens or closes on balance stays, behind a placeholder."""
    out = [char if char == "\n" else " " for char in line]
    bare = re.sub(r'"(?:\\.|[^"\\\n])*"|#.*', lambda match: " " * len(match[0]), line)
    balance = bare.count("{") - bare.count("}")
    if keep and balance > 0 and (at := bare.rfind("{")) > 0:
        out[0], out[at] = "x", "{"
    elif keep and balance < 0:
        out[bare.find("}")] = "}"
    return "".join(out)


def _unclosed_triple(source: str) -> int | None:
    """Offset of a `\"\"\"` that nothing closes."""
    opening = None
    for match in _TRIPLE.finditer(source):
        if match[0] == '"""':
            opening = match.start() if opening is None else None
        elif opening is not None and '"""' in match[0]:
            opening = None
    return opening


def _place(error: Exception, source: str) -> int:
    """Where in the source an error stands."""
    malformed = cause(error)
    if malformed:
        return malformed.start
    if isinstance(error, UnexpectedCharacters):
        return _offset(error)
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return int(error.token.start_pos or 0)
    return len(source.rstrip())


def _say(error: Exception, text: SpecText, source: str, report: Report) -> None:
    malformed = cause(error)
    if malformed:
        span = Span(text, malformed.start, malformed.end)
        report.error(malformed.slug, span, malformed.reason, hint=malformed.hint)
    elif isinstance(error, UnexpectedCharacters):
        complain.character(text, _offset(error), report)
    elif isinstance(error, UnexpectedToken):
        complain.token(text, source, error, report)


def _offset(error: UnexpectedCharacters) -> int:
    found: Any = error.pos_in_stream
    return int(found)
