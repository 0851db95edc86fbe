"""A chunk's bytes to typed rows: columns, keys, and the rows that are set aside with a reason."""

from collections.abc import Mapping, Sequence
import hashlib
from typing import Any

import msgspec

from sftspec.expr import nodes as ex
from sftspec.expr.evaluate import compile_vector
from sftspec.ground.canon import canonical
from sftspec.plan.parts import SourcePart
from sftspec.ports.base import Problem, RawRow, format_of, source_format
from sftspec.stages.chunk import Chunk, LookupTable, Prepared, RowReject, key_text, shorten
from sftspec.stages.columns import typed_column


class _Table:
    """Rows on their way: columns side by side, thinned as rows are set aside."""

    def __init__(
        self, rows: list[RawRow], places: Sequence[int], of_file: Mapping[str, str]
    ) -> None:
        good = [at for at, row in enumerate(rows) if not isinstance(row.value, Problem)]
        self.places = [places[at] for at in good]
        if len(good) < len(rows):
            rows = [rows[at] for at in good]
        self.raws = [row.raw for row in rows]
        self.values: list[dict[str, Any]] = [row.value for row in rows]  # type: ignore[misc]
        self.lines = [row.line for row in rows]
        self.columns: dict[str, list[Any]] = {}
        self.keys: list[str | None] = [None] * len(rows)
        self.elements: list[int] | None = None
        self.parents: list[str] = []
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
        self.places = [self.places[i] for i in keep]
        self.keys = [self.keys[i] for i in keep]
        self.columns = {name: [col[i] for i in keep] for name, col in self.columns.items()}
        if self.elements is not None:
            self.elements = [self.elements[i] for i in keep]
        if self.parents:
            self.parents = [self.parents[i] for i in keep]


def prepare(
    part: SourcePart, chunk: Chunk, data: bytes, head: bytes, lookups: Mapping[str, LookupTable],
    only: Sequence[int] | None = None,
) -> Prepared:  # fmt: skip
    """The typed rows of a chunk; nothing is lost, what is not taken is in `rejects`.

    `only`: the places of the rows that are wanted, which were found good before.
    """
    shape = source_format(format_of(part.format, chunk.path))
    rows: list[RawRow]
    if only is None:
        rows = list(shape.rows(data, head))
    elif hasattr(shape, "some_rows"):
        rows = shape.some_rows(data, only)
    else:
        every = list(shape.rows(data, head))
        rows = [every[place] for place in only]
    problems = [row for row in rows if isinstance(row.value, Problem)]
    table = _Table(rows, range(len(rows)) if only is None else only, _file_words(chunk.path))
    for row in problems:
        problem: Problem = row.value  # type: ignore[assignment]
        table.rejects.append(
            RowReject(row.line, None, "ingest", problem.reason, shorten(problem.evidence))
        )
    bad: dict[int, tuple[str, str]] = {}
    for field in part.fields:
        table.columns[field.name] = typed_column(
            field, table.values, table.of_file, bad, text_cells=shape.TEXT_CELLS
        )
    _known_keys(part, table, bad)
    table.drop(bad)
    read = len(rows)
    if part.each is not None:
        read += _each(part, part.each, table)
    _mend(part, table)
    _keys(part, table)
    _filter(part, table)
    _leave_out(part, table, lookups)
    _join(part, table, lookups)
    return _finish(part, table, read)


def _file_words(path: str) -> dict[str, str]:
    name = path.rsplit("/", 1)[-1]
    stem = name.rsplit(".", 1)[0] if "." in name[1:] else name
    return {"file_name": name, "file_stem": stem}


def _each(part: SourcePart, each: tuple[str, str], table: _Table) -> int:
    """Each element of a list as a row of its own: how many more rows there are then.

    A row whose list is empty is set aside.
    """
    field, name = each
    bad: dict[int, tuple[str, str]] = {}
    for index, items in enumerate(table.columns[field]):
        if not items:
            bad[index] = ("empty_list", f"{field}: no element to make a row of")
        elif not isinstance(items, list):
            bad[index] = ("type_error", f"{field}: wanted a list")
    _known_keys(part, table, bad)
    table.drop(bad)
    lists = table.columns.pop(field)
    before = len(lists)
    places = [row for row, items in enumerate(lists) for _ in items]
    table.raws = [table.raws[row] for row in places]
    table.values = [table.values[row] for row in places]
    table.lines = [table.lines[row] for row in places]
    table.places = [table.places[row] for row in places]
    table.keys = [None] * len(places)
    table.columns = {n: [col[row] for row in places] for n, col in table.columns.items()}
    table.columns[name] = [item for items in lists for item in items]
    table.elements = [at for items in lists for at in range(len(items))]
    return len(places) - before


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
        parts = [table.columns[name][index] for name in part.key if name in table.columns]
        known = [item for item in parts if isinstance(item, str | int | float)]
        if len(known) == len(part.key):
            table.keys[index] = key_text(tuple(known))


def _keys(part: SourcePart, table: _Table) -> None:
    """Each row's key; of an element of a list, the key of its row and its place."""
    if part.key is None:
        words = [table.of_file[f.column] for f in part.fields if f.of_file]
        salt = canonical(words) + b"\0"
        raws = table.raws
        if raws and not raws[0]:  # a table's rows have no bytes of their own
            raws = [canonical(value) for value in table.values]
        found = [hashlib.sha256(b"sftspec/row/1\0" + salt + raw) for raw in raws]
        table.keys = [one.hexdigest()[:32] for one in found]
    else:
        _declared_keys(part.key, table)
    if table.elements is not None:
        table.parents = [str(key) for key in table.keys]
        pairs = zip(table.parents, table.elements, strict=True)
        table.keys = [f"{key}[{at}]" for key, at in pairs]


def _declared_keys(key: tuple[str, ...], table: _Table) -> None:
    columns = [table.columns[name] for name in key]
    if len(columns) == 1 and set(map(type, columns[0])) == {str}:
        table.keys = list(columns[0])
        return
    bad: dict[int, tuple[str, str]] = {}
    for index, parts in enumerate(zip(*columns, strict=True)):
        if None in parts:
            bad[index] = ("missing_key", f"{key[parts.index(None)]}: null")
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


def row_ids(identity: str, keys: Sequence[str]) -> list[bytes]:
    """What a source's rows are known by across builds: 16 bytes of SHA-256 over source and key."""
    prefix = b"sftspec/source-row/1\0" + canonical(identity)
    encode, sha256 = msgspec.json.encode, hashlib.sha256
    return [sha256(prefix + encode(key)).digest()[:16] for key in keys]


def _finish(part: SourcePart, table: _Table, read: int) -> Prepared:
    keys: list[str] = table.keys  # type: ignore[assignment]
    rids = row_ids(part.identity, keys)
    groups: list[str | None] = [None] * len(keys)
    if table.parents:
        groups = [canonical([part.identity, key]).decode() for key in table.parents]
    if part.group is not None:  # elements of a row without a group are one all the same
        said = _as_keys(table.columns[part.group])
        groups = [a if a is not None else b for a, b in zip(said, groups, strict=True)]
    return Prepared(
        table.lines, keys, rids, groups, table.columns, table.rejects, read, table.places
    )
