"""JSON Lines: one JSON object a line. Blank lines are no rows; doubled keys are a rejection."""

from collections.abc import Iterator, Sequence
from typing import Any

from sftspec.ports.base import Problem, RawRow
from sftspec.ports.jsontext import SPACED, decode, single_keys, total_keys

TEXT_CELLS = False


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


def some_rows(data: bytes, places: Sequence[int]) -> list[RawRow]:
    """Rows by their places, which were found good before: they are only decoded."""
    found: list[RawRow] = []
    lines = data.split(b"\n")
    filled = [at for at, line in enumerate(lines) if line and not line.isspace()]
    for number in map(filled.__getitem__, places):
        raw = lines[number].removesuffix(b"\r")
        found.append(RawRow(number, raw, decode(raw)))
    return found


def _suspect(data: bytes, raws: list[bytes], values: list[dict[str, Any] | Problem]) -> bool:
    """Whether some key of the chunk may be doubled."""
    if SPACED.search(data):
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
