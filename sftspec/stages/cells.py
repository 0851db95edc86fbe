"""A cell of text as the value that its declared type makes of it."""

import re
from typing import Any

import msgspec

from sftspec.expr import types

MAX_DIGITS = 4_000
_INT = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def read_cell(cell: str, kind: types.Type, *, nullable: bool) -> Any:
    """The value of a cell; the cell itself where the type makes nothing of it.

    An empty cell is null where the type admits it and no text is wanted.
    """
    arms = types.arms(kind)
    texts = any(isinstance(arm, types.Text | types.Literal | types.Facet) for arm in arms)
    if cell == "" and nullable and not any(isinstance(arm, types.Text) for arm in arms):
        return None
    if cell == "" and nullable and types.nullable(kind):
        return None
    if texts:
        return cell
    for arm in arms:
        value = _read(cell, arm)
        if value is not cell:
            return value
    return cell


def _read(cell: str, kind: types.Type) -> Any:
    match kind:
        case types.Int() if _INT.fullmatch(cell) and len(cell) <= MAX_DIGITS:
            return int(cell)
        case types.Number() if _NUMBER.fullmatch(cell) and len(cell) <= MAX_DIGITS:
            return _number(cell)
        case types.Bool() if cell in {"true", "false"}:
            return cell == "true"
        case _:
            return cell


def _number(cell: str) -> Any:
    try:
        return msgspec.json.decode(cell)
    except msgspec.MsgspecError:
        return cell
