"""A row of CSV that is safe in a spreadsheet, a terminal and a log."""

from collections.abc import Iterable
from typing import Any

from sftspec.ground.render import escape

_OBEYED = ("=", "+", "-", "@", "\t", "\r")


def csv_line(values: Iterable[Any]) -> str:
    """Values as a line of CSV (RFC 4180, LF). What a spreadsheet would work out is put behind `'`.

    Null is empty; the values of a list stand with a space between.
    """
    return ",".join(map(_cell, values)) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | int):
        return str(value).lower()
    text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    safe = "\n".join(map(escape, text.split("\n")))
    if text.startswith(_OBEYED):
        safe = "'" + safe
    if any(mark in safe for mark in ',"\n'):
        return '"' + safe.replace('"', '""') + '"'
    return safe
