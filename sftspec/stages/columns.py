"""A column of raw values to a field's type; the values that are not of it, with the reason.

Columns are checked whole: the set of a column's Python types says at once whether every value is
fine; only where it is not are the values looked at one by one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET

from sftspec.expr import types
from sftspec.ir.schema import explain
from sftspec.plan.parts import FieldPart
from sftspec.ports.base import Problem
from sftspec.ports.jsontext import read_json
from sftspec.stages.cells import read_cell

Bad: TypeAlias = dict[int, tuple[str, str]]


def typed_column(
    field: FieldPart,
    rows: Sequence[Mapping[str, Any]],
    of_file: Mapping[str, str],
    bad: Bad,
    *,
    text_cells: bool,
) -> list[Any]:
    """A field's values; rows where it has none are noted in `bad`, with reason and evidence."""
    if field.of_file:
        values: list[Any] = [of_file[field.column]] * len(rows)
        text_cells = True
    else:
        name = field.column
        values = [row.get(name, UNSET) for row in rows]
    found = set(map(type, values))
    if msgspec.UnsetType in found:
        _absent(field, values, bad)
        found = set(map(type, values))
    if field.json:
        values = _from_json(field, values, bad)
        found, text_cells = set(map(type, values)), False
    if text_cells:
        return _cells(field, values, bad)
    if _plain(field.type, found, optional=field.optional):
        return values
    mapped = _facet_column(field, values, found)
    if mapped is not None:
        return mapped
    return _one_by_one(field, values, bad)


def _from_json(field: FieldPart, values: list[Any], bad: Bad) -> list[Any]:
    """What JSON texts say; a value that is none already stays as it is, null too."""
    out = list(values)
    empty = field.optional or types.nullable(field.type)
    for index, value in enumerate(values):
        if not isinstance(value, str):
            continue
        if not value.strip() and empty:
            out[index] = None
            continue
        found = read_json(value.encode("utf-8", "surrogatepass"))
        if isinstance(found, Problem):
            bad.setdefault(index, (found.reason, f"{field.column}: {found.evidence}"))
            out[index] = None
        else:
            out[index] = found[0]
    return out


def _absent(field: FieldPart, values: list[Any], bad: Bad) -> None:
    for index, value in enumerate(values):
        if value is UNSET:
            values[index] = None
            if not field.optional:
                bad.setdefault(index, ("missing_field", f"{field.column}: missing"))


def _plain(kind: types.Type, found: set[type], *, optional: bool) -> bool:
    """Whether a column of these Python types needs no closer look."""
    allowed: set[type] = {type(None)} if optional else set()
    for arm in types.arms(kind):
        match arm:
            case types.Text(pattern=None, min_chars=None, max_chars=None):
                allowed.add(str)
            case types.Int(min=None, max=None):
                allowed.add(int)
            case types.Number(min=None, max=None):
                allowed |= {int, float}
            case types.Bool():
                allowed.add(bool)
            case types.Null():
                allowed.add(type(None))
            case types.Record(schema=schema) if schema is not None:
                allowed.add(dict)
            case types.Any():
                return True
            case _:
                return False
    return found <= allowed


def _facet_column(field: FieldPart, values: list[Any], found: set[type]) -> list[Any] | None:
    """A facet's column with the data's spellings put right; None where some value is odd."""
    kind = types.without_null(field.type)
    if not isinstance(kind, types.Facet) or not found <= {str, type(None)}:
        return None
    if type(None) in found and not (field.optional or types.nullable(field.type)):
        return None
    names = facet_names(kind)
    mapped = [names.get(value) for value in values]
    if mapped.count(None) != values.count(None):
        return None
    return mapped


def facet_names(kind: types.Facet) -> dict[str | None, str]:
    """How data may write a facet's values, to the values."""
    return {**dict(kind.spellings), **{value: value for value in kind.values}}


def _one_by_one(field: FieldPart, values: list[Any], bad: Bad) -> list[Any]:
    out = list(values)
    for index, value in enumerate(values):
        if index in bad or (value is None and field.optional):
            continue
        good, reason, evidence = take(value, field.type, field.column)
        if reason:
            bad[index] = (reason, evidence)
        else:
            out[index] = good
    return out


def take(value: Any, kind: types.Type, path: str) -> tuple[Any, str, str]:
    """A JSON value as a type has it, or a reason and evidence.

    Facet values are put right; a record that is an output contract is only checked to be an
    object, its contract is judged where a template promises it.
    """
    inner = types.without_null(kind)
    if value is None and types.nullable(kind):
        return None, "", ""
    if isinstance(inner, types.Facet):
        names = facet_names(inner)
        if isinstance(value, str) and value in names:
            return names[value], "", ""
        if isinstance(value, str):
            return (
                None,
                "invalid_enum",
                f"{path}: {value[:40]!r} is no value of facet {inner.name}",
            )
        return None, "type_error", f"{path}: wanted facet {inner.name}"
    if (
        isinstance(inner, types.List)
        and isinstance(value, list)
        and isinstance(inner.of, types.Facet)
    ):
        taken = [take(item, inner.of, f"{path}[{i}]") for i, item in enumerate(value)]
        wrong = next((one for one in taken if one[1]), None)
        return wrong or ([one[0] for one in taken], "", "")
    if isinstance(inner, types.Record) and inner.schema is not None and isinstance(value, dict):
        return value, "", ""
    if (
        isinstance(inner, types.List)
        and isinstance(inner.of, types.Record)
        and inner.of.schema is not None
        and isinstance(value, list)
        and all(isinstance(item, dict) for item in value)
    ):
        return value, "", ""
    broken = explain(value, kind, path)
    return (None, broken.reason, broken.evidence) if broken else (value, "", "")


def _cells(field: FieldPart, values: list[Any], bad: Bad) -> list[Any]:
    kind = field.type
    if (
        isinstance(kind, types.Text)
        and _plain(kind, {str}, optional=False)
        and not field.optional
    ):
        return values
    nullable = field.optional or types.nullable(kind)
    out = list(values)
    for index, cell in enumerate(values):
        if index in bad or cell is None:
            continue
        value = read_cell(cell, kind, nullable=nullable)
        if value is None and nullable and cell == "":
            out[index] = None
            continue
        good, reason, evidence = take(value, kind, field.column)
        if reason:
            bad[index] = (reason, evidence)
        else:
            out[index] = good
    return out
