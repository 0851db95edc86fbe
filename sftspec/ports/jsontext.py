"""JSON as rows have it: decoded strictly, no key doubled, no deeper and no longer than can be borne."""

import json  # noqa: TID251 - its pairs hook alone shows doubled keys; used on suspects only
import re
from typing import Any

import msgspec

from sftspec.ports.base import Problem

MAX_ROW = 64 * 1024 * 1024
MAX_NESTING = 128
SPACED = re.compile(rb'"[ \t\r\n]+:')
_decode = msgspec.json.Decoder().decode


def decode(raw: bytes) -> dict[str, Any] | Problem:
    """A line's object, or why it is none."""
    if len(raw) > MAX_ROW:
        return Problem("row_too_long", f"more than {MAX_ROW >> 20} MiB")
    try:
        value = _decode(raw)
    except (ValueError, RecursionError) as error:  # msgspec's, and UnicodeDecodeError
        return _problem(raw, error)
    if type(value) is not dict:
        return Problem("type_error", "the row is not an object")
    if raw.count(b"{") + raw.count(b"[") > MAX_NESTING and _deep(value):
        return Problem("invalid_json", f"nested more than {MAX_NESTING} deep")
    return value


def _deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_NESTING):
        items = [item for one in level for item in (one.values() if type(one) is dict else one)]
        level = [item for item in items if type(item) is dict or type(item) is list]
    return bool(level)


def single_keys(raw: bytes, value: dict[str, Any] | Problem) -> dict[str, Any] | Problem:
    """The line's object if no key of it is doubled, all the way down."""
    if isinstance(value, Problem):
        return value
    if SPACED.search(raw) is None and raw.count(b'":') == count_keys(value):
        return value
    doubled = _doubled(raw)
    return (
        value
        if doubled is None
        else Problem("duplicate_field", f"key {_short(doubled)} stands twice")
    )


def read(raw: bytes) -> dict[str, Any] | Problem:
    """One line, decoded and its keys checked."""
    return single_keys(raw, decode(raw))


def read_json(raw: bytes) -> tuple[Any] | Problem:
    """Any JSON value, its keys checked; in a tuple, as it may be null."""
    boxed = decode(b'{"value":' + raw + b"}")
    found = single_keys(b'{"value":' + raw + b"}", boxed)
    if isinstance(found, Problem):
        return found
    if len(found) != 1:
        return Problem("invalid_json", "something stands behind the value")
    return (found["value"],)


def total_keys(values: list[dict[str, Any]]) -> int:
    """How many keys some objects hold, all the way down; quick where they are all alike."""
    if not values:
        return 0
    names = values[0].keys()
    alike = [value for value in values if value.keys() == names]
    total = len(names) * len(alike)
    if len(alike) < len(values):
        total += sum(count_keys(value) for value in values if value.keys() != names)
    for name in names:
        column = [value[name] for value in alike]
        kinds = set(map(type, column))
        if kinds == {dict}:
            total += total_keys(column)
        elif dict in kinds or list in kinds:
            total += sum(
                count_keys(one) for one in column if type(one) is dict or type(one) is list
            )
    return total


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
        return Problem("invalid_json", f"nested more than {MAX_NESTING} deep")
    if raw.startswith(b"\xef\xbb\xbf"):
        return Problem("invalid_json", "the row begins with a byte order mark")
    if "out of range" in message:
        return Problem("out_of_range", "a number is too large to be kept")
    if "truncated" in message and re.search(rb"\\u[dD][89a-fA-F]", raw):
        return Problem("invalid_json", "half of a surrogate pair (\\uD800 to \\uDFFF)")
    if re.search(rb"\b(NaN|-?Infinity)\b", raw):
        return Problem("invalid_json", "NaN and Infinity are not JSON")
    return Problem("invalid_json", message.replace("JSON is malformed: ", ""))


def _short(key: str) -> str:
    return msgspec.json.encode(key[:40]).decode()
