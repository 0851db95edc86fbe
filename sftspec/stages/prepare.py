"""A chunk's bytes to typed rows: columns, keys, and the rows that are set aside with a reason.

Columns are checked whole: the set of a column's Python types says at once whether every value is
fine; only where it is not are the values looked at one by one.
"""

from collections.abc import Mapping, Sequence
import hashlib
from typing import Any

import msgspec
from msgspec import UNSET

from sftspec.expr import nodes as ex, types
from sftspec.expr.evaluate import compile_vector
from sftspec.ground.canon import canonical
from sftspec.ir.schema import explain
from sftspec.plan.graph import FieldPart, SourcePart
from sftspec.ports.base import Problem, RawRow, source_format
from sftspec.stages.cells import read_cell
from sftspec.stages.chunk import Chunk, LookupTable, Prepared, RowReject, key_text, shorten


class _Table:
    """Rows on their way: columns side by side, thinned as rows are set aside."""

    def __init__(self, rows: list[RawRow], of_file: Mapping[str, str]) -> None:
        self.raws = [row.raw for row in rows]
        self.values: list[dict[str, Any]] = [row.value for row in rows]  # type: ignore[misc]
        self.lines = [row.line for row in rows]
        self.columns: dict[str, list[Any]] = {}
        self.keys: list[str | None] = [None] * len(rows)
        self.of_file = of_file
        self.rejects: list[RowReject] = []

    def drop(self, bad: Mapping[int, tuple[str, str]], stage: str = "ingest") -> None:
        """Set rows aside: index to reason and evidence."""
        if not bad:
            return
        for index in sorted(bad):
            reason, evidence = bad[index]
            self.rejects.append(
                RowReject(self.lines[index], self.keys[index], stage, reason, shorten(evidence))
            )
        keep = [index for index in range(len(self.lines)) if index not in bad]
        self.raws = [self.raws[i] for i in keep]
        self.values = [self.values[i] for i in keep]
        self.lines = [self.lines[i] for i in keep]
        self.keys = [self.keys[i] for i in keep]
        self.columns = {name: [col[i] for i in keep] for name, col in self.columns.items()}


def prepare(
    part: SourcePart, chunk: Chunk, data: bytes, head: bytes, lookups: Mapping[str, LookupTable]
) -> Prepared:
    """The typed rows of a chunk; nothing is lost, what is not taken is in `rejects`."""
    shape = source_format(part.format)
    rows = list(shape.rows(data, head))
    problems = [row for row in rows if isinstance(row.value, Problem)]
    table = _Table(
        [row for row in rows if not isinstance(row.value, Problem)] if problems else rows,
        _file_words(chunk.path),
    )
    for row in problems:
        problem: Problem = row.value  # type: ignore[assignment]
        table.rejects.append(
            RowReject(row.line, None, "ingest", problem.reason, shorten(problem.evidence))
        )
    bad: dict[int, tuple[str, str]] = {}
    for field in part.fields:
        table.columns[field.name] = _column(field, table, bad, text_cells=shape.TEXT_CELLS)
    _known_keys(part, table, bad)
    table.drop(bad)
    _mend(part, table)
    _keys(part, table)
    _filter(part, table)
    _leave_out(part, table, lookups)
    _join(part, table, lookups)
    return _finish(part, table, len(rows))


def _file_words(path: str) -> dict[str, str]:
    name = path.rsplit("/", 1)[-1]
    stem = name.rsplit(".", 1)[0] if "." in name[1:] else name
    return {"file_name": name, "file_stem": stem}


# typing


def _column(
    field: FieldPart, table: _Table, bad: dict[int, tuple[str, str]], *, text_cells: bool
) -> list[Any]:
    """A field's values; rows where it has none are noted in `bad`."""
    if field.of_file:
        values: list[Any] = [table.of_file[field.column]] * len(table.values)
        text_cells = True
    else:
        name = field.column
        values = [row.get(name, UNSET) for row in table.values]
    found = set(map(type, values))
    if msgspec.UnsetType in found:
        _absent(field, values, bad)
        found = set(map(type, values))
    if text_cells:
        return _cells(field, values, bad)
    if _plain(field.type, found, optional=field.optional):
        return values
    mapped = _facet_column(field, values, found)
    if mapped is not None:
        return mapped
    return _one_by_one(field, values, bad)


def _absent(field: FieldPart, values: list[Any], bad: dict[int, tuple[str, str]]) -> None:
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


def _one_by_one(
    field: FieldPart, values: list[Any], bad: dict[int, tuple[str, str]]
) -> list[Any]:
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
    broken = explain(value, kind, path)
    return (None, broken.reason, broken.evidence) if broken else (value, "", "")


def _cells(field: FieldPart, values: list[Any], bad: dict[int, tuple[str, str]]) -> list[Any]:
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


# mends, keys, filters, joins


def _vector(node: ex.Typed, table: _Table) -> list[Any]:
    return compile_vector(node).over(lambda path: _reach(table, path), len(table.lines))


def _reach(table: _Table, path: tuple[str, ...]) -> list[Any]:
    from sftspec.ir.schema import reach

    column = table.columns[path[0]]
    return column if len(path) == 1 else [reach(value, path[1:]) for value in column]


def _mend(part: SourcePart, table: _Table) -> None:
    for line in part.sets:
        fresh = _vector(line.value, table)
        if line.when is not None:
            old = table.columns[line.field]
            where = _vector(line.when, table)
            fresh = [a if hit else b for a, b, hit in zip(fresh, old, where, strict=True)]
        table.columns[line.field] = fresh


def _known_keys(part: SourcePart, table: _Table, bad: Mapping[int, Any]) -> None:
    """The keys of rows that are about to be set aside, where their key fields can be read."""
    if part.key is None:
        return
    for index in bad:
        parts = tuple(table.columns[name][index] for name in part.key)
        if None not in parts and all(isinstance(item, str | int | float) for item in parts):
            table.keys[index] = key_text(parts)


def _keys(part: SourcePart, table: _Table) -> None:
    if part.key is None:
        words = [table.of_file[f.column] for f in part.fields if f.of_file]
        salt = canonical(words) + b"\0"
        table.keys = [
            hashlib.sha256(b"sftspec/row/1\0" + salt + raw).hexdigest()[:32]
            for raw in table.raws
        ]
        return
    columns = [table.columns[name] for name in part.key]
    if len(columns) == 1 and set(map(type, columns[0])) == {str}:
        table.keys = list(columns[0])
        return
    bad: dict[int, tuple[str, str]] = {}
    for index, parts in enumerate(zip(*columns, strict=True)):
        if None in parts:
            bad[index] = ("missing_key", f"{part.key[parts.index(None)]}: null")
        else:
            table.keys[index] = key_text(parts)
    table.drop(bad)


def _filter(part: SourcePart, table: _Table) -> None:
    for node in part.where:
        hits = _vector(node, table)
        if not all(hits):
            table.drop(
                {
                    i: ("where", "the source's `where` does not hold")
                    for i, hit in enumerate(hits)
                    if not hit
                }
            )


def _leave_out(part: SourcePart, table: _Table, lookups: Mapping[str, LookupTable]) -> None:
    for join in part.leave_out:
        known = lookups[join.source].index
        keys = _as_keys(table.columns[join.field])
        evidence = f"its {join.field} is a key of {join.source}"
        table.drop({i: ("left_out", evidence) for i, key in enumerate(keys) if key in known})


def _as_keys(column: Sequence[Any]) -> list[str | None]:
    return [None if value is None else key_text((value,)) for value in column]


def _join(part: SourcePart, table: _Table, lookups: Mapping[str, LookupTable]) -> None:
    for join in part.joins:
        lookup = lookups[join.source]
        found = [lookup.get(key) for key in _as_keys(table.columns[join.field])]
        table.columns[join.source] = found
        if join.missing != "null":
            reason = "missing_join" if join.missing == "error" else "unjoined"
            evidence = f"{join.source} has no row with this {join.field}"
            table.drop({i: (reason, evidence) for i, row in enumerate(found) if row is None})


def _finish(part: SourcePart, table: _Table, read: int) -> Prepared:
    prefix = canonical(part.name)
    encode = msgspec.json.encode
    sha256 = hashlib.sha256
    keys: list[str] = table.keys  # type: ignore[assignment]
    rids = [
        sha256(b"sftspec/source-row/1\0" + prefix + encode(key)).digest()[:16] for key in keys
    ]
    groups: list[str | None] = [None] * len(keys)
    if part.group is not None:
        groups = _as_keys(table.columns[part.group])
    return Prepared(table.lines, keys, rids, groups, table.columns, table.rejects, read)
