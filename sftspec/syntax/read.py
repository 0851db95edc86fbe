"""Bytes to `SpecText`: what may not stand in a spec at all is refused here, before any parsing.

Size, encoding, line ends, invisible and bidirectional characters, nesting. A comment is no
exception: what a reviewer sees must be what the compiler reads (CVE-2021-42574).
"""

import re
import unicodedata

from sftspec.ground.report import Report
from sftspec.ground.text import Span, SpecText

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_SAID = 20
MAX_WORDS = 100_000
_SUSPECT = re.compile(r"[^\n\x20-\x7e]")
_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}
_BREAKS = {0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029}
_INVISIBLE = {0x00AD, 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, 0xFEFF}
_NESTING = re.compile(r'"""(?:[^"]|"{1,2}(?!"))*+"""|"(?:\\.|[^"\\\n])*"?|#[^\n]*|[\[\](){}]')
_WORD = re.compile(r'"""(?:[^"]|"{1,2}(?!"))*+"""|"(?:\\.|[^"\\\n])*"?|#[^\n]*|\w+|[^\w ]')


def check_text(data: bytes, shown: str, report: Report) -> SpecText | None:
    """`data` as a spec text, or None with the reasons in `report`."""
    text = plain_text(data, shown, report, private=False)
    if text is not None:
        before = len(report.items)
        _nesting(text, report)
        if len(data) > MAX_WORDS and sum(1 for _ in _WORD.finditer(text.text)) > MAX_WORDS:
            report.error(
                "file-too-large", None, f"a spec file has at most {MAX_WORDS:_} words and signs",
                path=shown, hint="data belongs in a source, shared blocks in an imported file",
            )  # fmt: skip
        text = None if len(report.items) > before else text
    return text


def plain_text(
    data: bytes, shown: str, report: Report, *, private: bool = True
) -> SpecText | None:
    """`data` as a text in which everything can be seen, or None with the reasons in `report`.

    `private`: whether private-use characters may stand in it, as bullets of symbol fonts do in
    prompt files that were once documents.
    """
    if len(data) > MAX_BYTES:
        report.error(
            "file-too-large", None, "a file of a spec has at most 1 MiB", path=shown,
            hint="data belongs in a source, shared blocks in an imported file",
        )  # fmt: skip
        return None
    try:
        text = SpecText(shown, data.decode("utf-8"))
    except UnicodeDecodeError as error:
        at = len(data[: error.start].decode("utf-8"))
        shape = SpecText(shown, data.decode("utf-8", "replace"))
        report.error(
            "not-utf8", Span(shape, at, at + 1),
            message=f"byte {error.start} ({data[error.start]:#04x}) is not UTF-8",
            hint="save the file as UTF-8 without a byte order mark",
        )  # fmt: skip
        return None
    before = len(report.items)
    for match in _SUSPECT.finditer(text.text):
        if len(report.items) - before >= MAX_SAID:
            break
        if not (private and "\ue000" <= match[0] <= "\uf8ff"):
            _character(text, match.start(), report)
    return None if len(report.items) > before else text


def _character(text: SpecText, at: int, report: Report) -> None:
    char = text.text[at]
    code = ord(char)
    span = Span(text, at, at + 1)
    name = f"U+{code:04X} {unicodedata.name(char, 'control character')}"
    if char == "\t":
        return
    if code in _BIDI:
        report.error(
            "bidi-character", span, f"{name} makes text read other than it is",
            hint="delete it; in a text write it as \\uXXXX",
        )  # fmt: skip
    elif code in _BREAKS:
        report.error(
            "line-break", span, f"{name}: a line ends with LF alone",
            hint="save the file with LF line ends",
        )  # fmt: skip
    elif code == 0xFEFF and at == 0:
        report.error(
            "byte-order-mark", span, "the file begins with a byte order mark",
            hint="save the file as UTF-8 without it",
        )  # fmt: skip
    elif _invisible(code, char):
        report.error(
            "invisible-character", span, f"{name} cannot be seen",
            hint="delete it; in a text write it as \\uXXXX",
        )  # fmt: skip


def _invisible(code: int, char: str) -> bool:
    if code in _INVISIBLE or 0xFE00 <= code <= 0xFE0F or 0xE0000 <= code <= 0xE01EF:
        return True
    return unicodedata.category(char) in {"Cc", "Cf", "Co", "Cn", "Cs"}


def _nesting(text: SpecText, report: Report) -> None:
    depth = 0
    for match in _NESTING.finditer(text.text):
        mark = match[0]
        if mark in "[({":
            depth += 1
            if depth > MAX_DEPTH:
                report.error(
                    "too-deep", Span(text, match.start(), match.end()),
                    f"brackets are nested more than {MAX_DEPTH} deep",
                )  # fmt: skip
                return
        elif mark in "])}":
            depth -= 1
