"""A report as text, JSON, GitHub annotations or SARIF. Nothing from a file is echoed raw."""

from collections.abc import Sequence
import hashlib
import re
from typing import Any
import unicodedata

import msgspec

from sftspec.ground.report import Diagnostic, Label
from sftspec.ground.text import Span

FORMATS = ("text", "json", "github", "sarif")
FORMAT_VERSION = 1
TAB = 4
MAX_SHOWN = 160
_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m"}
# GitHub obeys `::name::` behind any blanks, and `##[name]` anywhere; Azure `##vso[name]` anywhere
_COMMAND = re.compile(r"^ *:(?=:)|#(?=#\w*\[)")
_UNSEEN = re.compile(r"[^\n -~]|#(?=#\w*\[)")
_BOLD, _BLUE, _OFF = "\x1b[1m", "\x1b[1;34m", "\x1b[0m"


def escape(text: str) -> str:
    """Text that is safe to show: what cannot be seen, and what a CI system obeys, as escapes.

    A line may begin with it, so a `::` at its start is escaped too.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(char if char.isprintable() else _code(char) for char in text)
    return defuse(text)


def defuse(line: str) -> str:
    """A line that no CI system takes for a command: `::` where it begins, `##[` anywhere."""
    return _COMMAND.sub(lambda found: found[0][:-1] + _code(found[0][-1]), line)


def _code(char: str) -> str:
    return f"\\u{{{ord(char):x}}}"


def render(items: Sequence[Diagnostic], form: str, *, colour: bool = False) -> str:
    """The diagnostics in a format, ending with a newline."""
    if form == "json":
        return as_json(items)
    if form == "github":
        return "".join(_github(item) for item in items)
    if form == "sarif":
        return _sarif(items)
    return "".join(_text(item, colour=colour) for item in items) + summary(items)


def summary(items: Sequence[Diagnostic]) -> str:
    """A line that counts errors and warnings; empty where there are none."""
    errors = sum(item.severity == "error" for item in items)
    warnings = len(items) - errors
    words = [
        f"{count} {word}{'s' if count != 1 else ''}"
        for count, word in ((errors, "error"), (warnings, "warning"))
        if count
    ]
    return ", ".join(words) + "\n" if words else ""


# text


def _text(item: Diagnostic, *, colour: bool) -> str:
    paint = _COLOURS[item.severity] if colour else ""
    bold, off = (_BOLD, _OFF) if colour else ("", "")
    out = [f"{paint}{item.severity}[{item.slug}]{off}{bold}: {escape(item.message)}{off}"]
    if item.span is not None:
        out.append(f"  {escape(item.span.where)}")
        same = [label for label in item.labels if _same_line(label, item.span)]
        out.extend(_excerpt(item.span, same, colour=colour))
        for label in item.labels:
            if label not in same:
                out.append(f"  {escape(label.span.where)}: {escape(label.text)}")
                out.extend(_excerpt(label.span, (), colour=colour))
    elif item.path:
        out.append(f"  {escape(item.path)}")
    if item.hint:
        out.append(f"  hint: {escape(item.hint)}")
    return "\n".join(out) + "\n\n"


def _same_line(label: Label, span: Span) -> bool:
    return label.span.text.path == span.text.path and label.span.line == span.line


def _excerpt(span: Span, labels: Sequence[Label], *, colour: bool) -> list[str]:
    """The line a span begins on, marked below; labels on the same line too."""
    line, _ = span.text.position(span.start)
    source = span.text.line(line)
    start = span.text.line_starts()[line - 1]
    number = f"{line:>5} | "
    begin = span.start - start
    cut = begin - 40 if begin > MAX_SHOWN - 40 else 0
    more = len(source) - cut > MAX_SHOWN
    source, start = source[cut : cut + MAX_SHOWN], start + cut
    marks = [" "] * (len(source) + 1)
    for part in (span, *(label.span for label in labels)):
        first = max(part.start - start, 0)
        last = min(max(part.end - start, first + 1), len(source) + 1)
        marks[first:last] = ["^"] * (last - first)
    shown, under = ("…", " ") if cut else ("", "")
    obeyed = {found.end() - 1 for found in _COMMAND.finditer(source)}
    for at, (char, mark) in enumerate(zip(source + " ", marks, strict=True)):
        piece = " " * TAB if char == "\t" else _code(char) if at in obeyed else escape(char)
        shown += piece
        under += mark * max(_width(piece), 1)
    blue, off = (_BLUE, _OFF) if colour else ("", "")
    notes = "; ".join(escape(label.text) for label in labels)
    tail = f" {notes}" if notes else ""
    return [
        f"{blue}{number}{off}{shown.rstrip()}{'…' if more else ''}",
        f"{blue}{' ' * (len(number) - 2)}| {off}{under.rstrip()}{tail}",
    ]


def _width(piece: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in piece)


# machine formats


def place(span: Span) -> dict[str, Any]:
    """A span as path, line and column (from 1), start and end."""
    line, column = span.text.position(span.start)
    end_line, end_column = span.text.position(span.end)
    return {
        "path": span.text.path, "line": line, "column": column,
        "end_line": end_line, "end_column": end_column,
    }  # fmt: skip


def as_dict(item: Diagnostic) -> dict[str, Any]:
    """A diagnostic as plain values."""
    found: dict[str, Any] = {
        "slug": item.slug, "severity": item.severity, "message": item.message,
        "hint": item.hint,
        "labels": [{**place(label.span), "text": label.text} for label in item.labels],
        "mend": {**place(item.mend.span), "text": item.mend.text} if item.mend else None,
    }  # fmt: skip
    where = place(item.span) if item.span else {"path": item.path}
    return {**found, **where}


def as_json(items: Sequence[Diagnostic]) -> str:
    """One JSON object with the verdict and every diagnostic."""
    failed = any(item.severity == "error" for item in items)
    return answer("errors" if failed else "ok", diagnostics=[as_dict(item) for item in items])


def answer(verdict: str, **fields: Any) -> str:
    """What a command came to, as the one JSON object that it prints."""
    return as_text({"format_version": FORMAT_VERSION, "verdict": verdict, **fields})


def as_text(content: Any, indent: int = 2) -> str:
    """Content as JSON that is safe to show, with a newline; `indent` below 0: on one line.

    What `escape` would escape is written as JSON's own escape, so it says the same.
    """
    try:
        data = msgspec.json.encode(content)
    except UnicodeEncodeError:  # a file's name need not be UTF-8
        data = msgspec.json.encode(_utf8(msgspec.to_builtins(content)))
    text = msgspec.json.format(data, indent=indent).decode() if indent >= 0 else data.decode()
    return _UNSEEN.sub(lambda found: _json_code(found[0]), text) + "\n"


def _json_code(char: str) -> str:
    if char.isprintable() and char != "#":
        return char
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _utf8(value: Any) -> Any:
    """A value whose texts hold no lone surrogate; they are written out."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_utf8(key): _utf8(inner) for key, inner in value.items()}
    return [_utf8(inner) for inner in value] if isinstance(value, list | tuple) else value


def _github(item: Diagnostic) -> str:
    """A workflow command; the column is left out where a range spans lines."""
    fields = {"title": item.slug}
    if item.span is not None:
        where = place(item.span)
        fields = {
            "file": where["path"],
            "line": where["line"],
            "endLine": where["end_line"],
            **fields,
        }
        if where["line"] == where["end_line"]:
            fields |= {"col": where["column"], "endColumn": where["end_column"]}
    elif item.path:
        path, _, line = item.path.partition(":")
        fields = {"file": path, **({"line": line} if line else {}), **fields}
    words = ",".join(f"{key}={_command(str(value), ',:')}" for key, value in fields.items())
    message = item.message + (f"\nhint: {item.hint}" if item.hint else "")
    return f"::{item.severity} {words}::{_command(message)}\n"


def _command(text: str, more: str = "") -> str:
    text = "\n".join(escape(line) for line in text.split("\n"))
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def _sarif(items: Sequence[Diagnostic]) -> str:
    rules = sorted({item.slug for item in items})
    content = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "sftspec", "rules": [{"id": slug} for slug in rules]}
                },
                "columnKind": "unicodeCodePoints",
                "results": [_sarif_result(item) for item in items],
            }
        ],
    }
    return as_text(content)


def _sarif_result(item: Diagnostic) -> dict[str, Any]:
    text = item.message + (f" ({item.hint})" if item.hint else "")
    result: dict[str, Any] = {
        "ruleId": item.slug,
        "level": item.severity,
        "message": {"text": text},
        "partialFingerprints": {"slugAndLine/v1": _fingerprint(item)},
    }
    if item.span is not None:
        result["locations"] = [_sarif_place(item.span)]
        result["relatedLocations"] = [
            {**_sarif_place(label.span), "message": {"text": label.text}}
            for label in item.labels
        ]
    elif item.path:
        uri = {"uri": item.path.split(":")[0]}
        result["locations"] = [{"physicalLocation": {"artifactLocation": uri}}]
    return result


def _sarif_place(span: Span) -> dict[str, Any]:
    where = place(span)
    region = {
        "startLine": where["line"], "startColumn": where["column"],
        "endLine": where["end_line"], "endColumn": where["end_column"],
    }  # fmt: skip
    return {"physicalLocation": {"artifactLocation": {"uri": where["path"]}, "region": region}}


def _fingerprint(item: Diagnostic) -> str:
    """Stable when lines move: the slug, the file and the text of the line."""
    line = item.span.text.line(item.span.line).strip() if item.span else ""
    path = item.span.text.path if item.span else item.path or ""
    whole = f"{item.slug}\0{path}\0{line}\0{item.message}".encode("utf-8", "backslashreplace")
    return hashlib.sha256(whole).hexdigest()[:32]
