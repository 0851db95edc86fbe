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
    if cell == "" and nullable:
        texts = any(isinstance(arm, types.Text) for arm in arms)
        if not texts or types.nullable(kind):
            return None
    if any(_names(arm, cell) for arm in arms):
        return cell
    for arm in arms:
        value = _read(cell, arm)
        if value is not cell:
            return value
    return cell


def _names(kind: types.Type, cell: str) -> bool:
    """Whether a cell is a text of the type as it stands."""
    match kind:
        case types.Text():
            return True
        case types.Literal(value=value):
            return cell == value
        case types.Facet(values=values, spellings=spellings):
            return cell in values or cell in dict(spellings)
        case _:
            return False


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
