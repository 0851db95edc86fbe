"""A file that is not sound to its tree, with every syntax error on its own line, in one run.

A file that does not parse whole is cut into islands at its top-level blocks. In an island the
offending line is reported, blanked (its brackets kept) and the island read again, so one slip
hides neither its neighbours nor what follows it.
"""

from functools import cache
import re
from typing import Any

from lark import TextSlice
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from sftspec.ground.report import Report
from sftspec.ground.text import Span, SpecText
from sftspec.syntax import complain
from sftspec.syntax.build import Builder, Malformed, cause
from sftspec.syntax.grammar import load
from sftspec.syntax.tree import Entry, SpecFile

MAX_ERRORS = 50
_HEADER = re.compile(r"^[A-Za-z_]", re.MULTILINE)
_BLOCK_TEXT = re.compile(r'"""(?:[^"]|"{1,2}(?!"))*+"""|"(?:\\.|[^"\\\n])*"?|#[^\n]*')
_SOUND_TEXT = re.compile(r'^.*\S[ \t]*"""[ \t]*\n(?:(?:(?!""").)*\n)*?[ \t]*"""', re.MULTILINE)
_TRIPLE = re.compile(r'"""|#[^\n]*|"(?:\\.|[^"\\\n])*"?')


@cache
def _parser() -> tuple[Any, Builder]:
    builder = Builder()
    return load(builder), builder


def recover(text: SpecText, report: Report) -> SpecFile:
    """The file's blocks by Lark. Blocks with errors are reported and left out."""
    try:
        return SpecFile(text, _read(text, text.text))
    except (UnexpectedInput, VisitError, Malformed):
        pass
    entries: list[Entry] = []
    before = len(report.items)
    for start, end in islands(text.text):
        if len(report.items) - before >= MAX_ERRORS:
            report.error(
                "too-many-errors", Span(text, start, start + 1), "from here on nothing was read"
            )
            break
        try:
            entries.extend(_read(text, text.text, start, end))
        except (UnexpectedInput, VisitError, Malformed):
            if _unclosed_text(text, start, end, report):
                break
            entries.extend(_read_island(text, start, end, report))
    return SpecFile(text, tuple(entries))


def _read(text: SpecText, source: str, start: int = 0, end: int | None = None) -> Any:
    """The entries of a part of the source; offsets are those of the whole."""
    parser, builder = _parser()
    builder.spec = text
    return parser.parse(TextSlice(source, start, len(source) if end is None else end))


def _unclosed_text(text: SpecText, start: int, end: int, report: Report) -> bool:
    """Whether a text opened in an island is never closed; what follows is then all text."""
    opening = _unclosed_triple(text.text[start:end])
    if opening is None:
        return False
    report.error(
        "unterminated-text",
        Span(text, start + opening, start + opening + 3),
        'this text has no closing `"""`',
        hint='write `"""` on a line of its own where the text ends',
    )
    return '"""' not in text.text[end:]


def _read_island(text: SpecText, start: int, end: int, report: Report) -> tuple[Entry, ...]:
    """One top-level block; errors are reported and their lines blanked until it reads."""
    if _unclosed_triple(text.text[start:end]) is not None:
        return ()
    source = _only(text.text, start, end)
    blanked: set[int] = set()
    failed = False
    for _ in range(MAX_ERRORS):
        try:
            entries: tuple[Entry, ...] = _read(text, source, start)
        except (UnexpectedInput, VisitError, Malformed) as error:
            said = Report()
            at = _say(error, text, source, said)
            report.items.extend(said.items if at not in blanked else ())
            failed = True
            line_start = source.rfind("\n", 0, at) + 1
            if at in blanked or line_start in blanked:
                return ()
            blanked.update((at, line_start))
            source = _without_text(source, at) if _layout(error) else _repaired(source, at)
        else:
            return () if failed else entries
    return ()


def _layout(error: Exception) -> bool:
    malformed = cause(error)
    return malformed is not None and malformed.slug == "text-layout"


def _without_text(source: str, at: int) -> str:
    """The source with an empty text where a `\"\"\"` text covers `at`."""
    for match in _BLOCK_TEXT.finditer(source):
        if match.start() <= at < match.end() and match[0].startswith('"""'):
            blank = '""' + " " * (match.end() - match.start() - 2)
            return source[: match.start()] + blank + source[match.end() :]
    return source


def _repaired(source: str, at: int) -> str:
    """The source with the line at `at` made harmless."""
    start, end = source.rfind("\n", 0, at) + 1, source.find("\n", at)
    end = len(source) if end < 0 else end
    if start and source[start:end].lstrip().startswith("{"):
        joined = source[:start].rstrip() + " "
        return joined + " " * (start - len(joined)) + source[start:end] + source[end:]
    line = _blank(source[start:end])
    before = source[:start].rstrip()
    inside = complain.open_brackets(before)
    if inside and before[inside[-1]] != "{" and before[-1] not in ",[(":
        line = "," + line[1:]
    return source[:start] + line + source[end:]


def islands(source: str) -> list[tuple[int, int]]:
    """Spans of the top-level blocks: from one line that begins with a letter to the next.

    Lines of a text do not count where its quotes stand as they should.
    """
    texts = [match.span() for match in _SOUND_TEXT.finditer(source)]
    starts: list[int] = []
    at = 0
    for match in _HEADER.finditer(source):
        while at < len(texts) and texts[at][1] <= match.start():
            at += 1
        if at == len(texts) or match.start() <= texts[at][0]:
            starts.append(match.start())
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
    bare = re.sub(r'"(?:\\.|[^"\\\n])*"?|#.*', lambda match: " " * len(match[0]), line)
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


def _say(error: Exception, text: SpecText, source: str, report: Report) -> int:
    """Report an error; the offset of what is to blame."""
    malformed = cause(error)
    if malformed:
        span = Span(text, malformed.start, malformed.end)
        report.error(malformed.slug, span, malformed.reason, hint=malformed.hint)
        return malformed.start
    if isinstance(error, UnexpectedCharacters):
        complain.character(text, _offset(error), report)
        return _offset(error)
    assert isinstance(error, UnexpectedToken)  # noqa: S101 - Lark has no others
    return complain.token(text, source, error, report)


def _offset(error: UnexpectedCharacters) -> int:
    found: Any = error.pos_in_stream
    return int(found)
