"""JSON Lines: one JSON object a line. Blank lines are no rows; doubled keys are a rejection."""

from collections.abc import Iterator
import json  # noqa: TID251 - its pairs hook alone shows doubled keys; used on suspects only
import re
from typing import Any

import msgspec

from sftspec.ports.base import Problem, RawRow

TEXT_CELLS = False
MAX_ROW = 64 * 1024 * 1024
_decode = msgspec.json.Decoder().decode
_SPACED = re.compile(rb'"[ \t\r\n]+:')


def head_end(data: Any, size: int) -> int:  # noqa: ARG001 - the shelf's shape
    """JSON Lines have no head."""
    return 0


def row_ends(data: Any, start: int, size: int) -> Iterator[int]:
    """Behind each LF, and the end of the file."""
    find = data.find
    at = start
    while at < size:
        found = find(b"\n", at, size)
        at = size if found < 0 else found + 1
        yield at


def rows(data: bytes, head: bytes) -> Iterator[RawRow]:  # noqa: ARG001 - the shelf's shape
    """Each line that is not blank, decoded."""
    spaced = _SPACED.search(data) is not None
    lines = data.split(b"\n")
    for line, raw in enumerate(lines):
        if raw.endswith(b"\r"):
            raw = raw[:-1]  # noqa: PLW2901 - CR LF ends a line too
        if raw and not raw.isspace():
            yield RawRow(line, raw, read(raw, spaced=spaced))


def read(raw: bytes, *, spaced: bool = True) -> dict[str, Any] | Problem:
    """A line's object, or why it is none.

    `spaced`: whether white space may stand before a colon; if not, counting `":` tells that no
    key is doubled in a fraction of the time that looking at each key takes.
    """
    if len(raw) > MAX_ROW:
        return Problem("row_too_long", f"more than {MAX_ROW >> 20} MiB")
    try:
        value = _decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        return _problem(raw, error)
    if type(value) is not dict:
        return Problem("type_error", "the row is not an object")
    if spaced or raw.count(b'":') != count_keys(value):
        doubled = _doubled(raw)
        if doubled is not None:
            return Problem("duplicate_field", f"key {_short(doubled)} stands twice")
    return value


def count_keys(value: Any) -> int:
    """How many keys a value holds, all the way down."""
    if type(value) is dict:
        total = len(value)
        for item in value.values():
            if type(item) is dict or type(item) is list:
                total += count_keys(item)
        return total
    total = 0
    for item in value:
        if type(item) is dict or type(item) is list:
            total += count_keys(item)
    return total


class _Doubled(Exception):  # noqa: N818 - carries the key out of the hook
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Doubled(key)
            seen.add(key)
    return found


def _doubled(raw: bytes) -> str | None:
    try:
        json.loads(raw, object_pairs_hook=_pairs)
    except _Doubled as error:
        return str(error.args[0])
    except (ValueError, RecursionError):
        return None
    return None


def _problem(raw: bytes, error: Exception) -> Problem:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as bad:
        return Problem("invalid_utf8", f"byte {bad.start} of the row is not UTF-8")
    message = str(error)
    if isinstance(error, RecursionError):
        return Problem("invalid_json", "nested too deep")
    if "out of range" in message:
        return Problem("out_of_range", "a number is too large to be kept")
    if "truncated" in message and re.search(rb"\\u[dD][89a-fA-F]", raw):
        return Problem("invalid_json", "half of a surrogate pair (\\uD800 to \\uDFFF)")
    if re.search(rb"\b(NaN|-?Infinity)\b", raw):
        return Problem("invalid_json", "NaN and Infinity are not JSON")
    return Problem("invalid_json", message.replace("JSON is malformed: ", ""))


def _short(key: str) -> str:
    return msgspec.json.encode(key[:40]).decode()
