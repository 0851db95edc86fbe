"""JSON Lines: one JSON object a line. Blank lines are no rows; doubled keys are a rejection."""

from collections.abc import Iterator
import json  # noqa: TID251 - its pairs hook alone shows doubled keys; used on suspects only
import re
from typing import Any

import msgspec

from sftspec.ports.base import Problem, RawRow

TEXT_CELLS = False
MAX_ROW = 64 * 1024 * 1024
MAX_NESTING = 128
_decode = msgspec.json.Decoder().decode
_SPACED = re.compile(rb'"[ \t\r\n]+:')


def head_end(data: Any, size: int) -> int:  # noqa: ARG001 - the shelf's shape
    """JSON Lines have no head."""
    return 0


def columns(head: bytes) -> None:
    """Each row names its own."""


def row_ends(data: Any, start: int, size: int) -> Iterator[int]:
    """Behind each LF, and the end of the file."""
    find = data.find
    at = start
    while at < size:
        found = find(b"\n", at, size)
        at = size if found < 0 else found + 1
        yield at


def rows(data: bytes, head: bytes) -> Iterator[RawRow]:  # noqa: ARG001 - the shelf's shape
    """Each line that is not blank, decoded.

    Counting `":` over the whole chunk tells that no key is doubled in a fraction of the time that
    looking at each key takes; only where the counts differ are the rows looked at one by one.
    """
    numbers: list[int] = []
    raws: list[bytes] = []
    values: list[dict[str, Any] | Problem] = []
    for line, raw in enumerate(data.split(b"\n")):
        if raw.endswith(b"\r"):
            raw = raw[:-1]  # noqa: PLW2901 - CR LF ends a line too
        if raw and not raw.isspace():
            numbers.append(line)
            raws.append(raw)
            values.append(decode(raw))
    if _suspect(data, raws, values):
        values = list(map(single_keys, raws, values))
    return map(RawRow, numbers, raws, values)


def _suspect(data: bytes, raws: list[bytes], values: list[dict[str, Any] | Problem]) -> bool:
    """Whether some key of the chunk may be doubled."""
    if _SPACED.search(data):
        return True
    good = [value for value in values if type(value) is dict]
    count = data.count(b'":')
    if len(good) < len(values):
        count -= sum(
            raw.count(b'":')
            for raw, value in zip(raws, values, strict=True)
            if type(value) is not dict
        )
    return count != total_keys(good)


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
    if _SPACED.search(raw) is None and raw.count(b'":') == count_keys(value):
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
