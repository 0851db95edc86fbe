"""JSON: an array of rows, or a map of them by key. Read as it lies, cut between elements.

A file of elements is cut like lines are, so a row that is put in front moves one chunk. The head is
all up to the first bracket; it tells arrays from maps.
"""

from collections.abc import Iterator
import re
from typing import Any

import msgspec

from sftspec.ports.base import MAP_KEY, MAP_VALUE, Problem, RawRow
from sftspec.ports.jsontext import decode, single_keys

TEXT_CELLS = False
MAX_FILE = 512 * 1024 * 1024
_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_MARK = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{}]', re.DOTALL)
_SCALAR = re.compile(rb"[^,\]}\s]+")
_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Element:
    """A row's place: its key's bytes in a map, its value, and where it ends with its comma."""

    __slots__ = ("behind", "end", "key", "start")

    def __init__(self, key: bytes | None, start: int, end: int, behind: int) -> None:
        self.key = key
        self.start = start
        self.end = end
        self.behind = behind


def head_end(data: Any, size: int) -> int:
    """Behind the first bracket. Raises ValueError where there is none."""
    at = _space(data, 0)
    if bytes(data[at : at + 3]) == b"\xef\xbb\xbf":
        raise ValueError("the file begins with a byte order mark")
    if at >= size or bytes(data[at : at + 1]) not in {b"[", b"{"}:
        raise ValueError("the file is no JSON array and no JSON map")
    if size > MAX_FILE:
        raise ValueError(
            f"more than {MAX_FILE >> 20} MiB in one JSON value; convert it to JSON Lines"
        )
    return at + 1


def columns(head: bytes) -> None:
    """Each row names its own."""


def row_ends(data: Any, start: int, size: int) -> Iterator[int]:
    """Behind each element's comma; behind the last, the end of the file.

    Raises ValueError where the brackets are not those of an array or map.
    """
    keyed = bytes(data[start - 1 : start]) == b"{"
    close = b"}" if keyed else b"]"
    last: Element | None = None
    for one in _elements(data, start, size, keyed=keyed):
        if last:
            yield last.behind
        last = one
    tail = _space(data, last.behind if last else start)
    if bytes(data[tail : tail + 1]) != close:
        what = "the file ends" if tail >= size else "something else stands"
        raise ValueError(f"byte {tail}: {what} where `{close.decode()}` or a comma is due")
    if last and last.behind != last.end:
        raise ValueError(f"byte {last.end}: a comma stands behind the last element")
    behind = _space(data, tail + 1)
    if behind != size:
        raise ValueError(f"byte {behind}: something stands behind the end of the JSON value")
    if last:
        yield size


def rows(data: bytes, head: bytes) -> Iterator[RawRow]:
    """Each element of the chunk, decoded, with its key where it stands in a map."""
    line = at = 0
    for one in _elements(data, 0, len(data), keyed=head.endswith(b"{")):
        line += data.count(b"\n", at, one.start)
        at = one.start
        raw = data[one.start : one.end]
        whole = raw if one.key is None else one.key + b":" + raw
        yield RawRow(line, whole, _value(raw, one.key))


def _value(raw: bytes, key: bytes | None) -> dict[str, Any] | Problem:
    if key is None:
        return single_keys(raw, decode(raw))
    try:
        name = msgspec.json.decode(key, type=str)
    except (ValueError, msgspec.MsgspecError):
        return Problem("invalid_json", "the key is no text")
    if raw.startswith(b"{"):
        value = single_keys(raw, decode(raw))
        return value if isinstance(value, Problem) else {**value, MAP_KEY: name}
    boxed = b'{"value":' + raw + b"}"
    inner = single_keys(boxed, decode(boxed))
    if isinstance(inner, Problem):
        return inner
    return {MAP_KEY: name, MAP_VALUE: inner["value"]}


# where elements stand


def _elements(data: Any, start: int, size: int, *, keyed: bool) -> Iterator[Element]:
    """The elements from `start` on, as far as they are whole and a comma stands between them."""
    lengths = None if keyed else _lengths(data, start, size)
    at = _space(data, start)
    number = 0
    while at < size and bytes(data[at : at + 1]) not in {b"]", b"}"}:
        key = None
        if keyed:
            found = _STRING.match(data, at)
            colon = _space(data, found.end()) if found else size
            if found is None or bytes(data[colon : colon + 1]) != b":":
                return
            key = found.group()
            at = _space(data, colon + 1)
        if lengths is not None and number < len(lengths):
            end = at + lengths[number]
        else:
            end = _value_end(data, at, size)
        if end <= at:
            return
        number += 1
        comma = _space(data, end)
        more = bytes(data[comma : comma + 1]) == b","
        yield Element(key, at, end, comma + 1 if more else end)
        if not more:
            return
        at = _space(data, comma + 1)


def _lengths(data: Any, start: int, size: int) -> list[int] | None:
    """The length of each element by msgspec's decoder; None where it finds a fault in one."""
    whole = bytes(data[start:size]).rstrip()
    if whole.endswith(b","):
        whole = whole[:-1] + b"]"
    try:
        return [memoryview(raw).nbytes for raw in _raws(b"[" + whole)]
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None


def _value_end(data: Any, at: int, size: int) -> int:
    """Behind the value that begins at `at`, by its brackets alone; `at` where it has no end."""
    first = bytes(data[at : at + 1])
    if first == b'"':
        text = _STRING.match(data, at)
        return text.end() if text else at
    if first not in {b"[", b"{"}:
        plain = _SCALAR.match(data, at)
        return plain.end() if plain else at
    depth = 0
    place = at
    while place < size:
        mark = _MARK.search(data, place)
        if mark is None:
            return at
        word = mark.group()
        place = mark.end()
        if word == b'"':  # a text that never ends
            return at
        if word in {b"[", b"{"}:
            depth += 1
        elif word in {b"]", b"}"}:
            depth -= 1
            if not depth:
                return place
    return at


def _space(data: Any, at: int) -> int:
    found = _SPACE.match(data, at)
    return found.end() if found else at
