"""Rows of Arrow tables, as the `parquet` and `arrow` formats share them."""

from collections.abc import Iterator
from typing import Any

import msgspec

from sftspec.ground.canon import canonical
from sftspec.ports.base import Problem, RawRow

ROOM = 16


def schema_head(schema: Any) -> bytes:
    """A schema as bytes that its chunks' digests cover."""
    return canonical([[field.name, str(field.type)] for field in schema])


def head_names(head: bytes) -> list[str]:
    """The names in such a schema."""
    return [name for name, _ in msgspec.json.decode(head, type=list[tuple[str, str]])]


def to_stream(batches: list[Any], schema: Any) -> bytes:
    """Record batches as one Arrow stream."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def stream_rows(data: bytes) -> Iterator[RawRow]:
    """The rows of an Arrow stream, as JSON would have them.

    Times and decimals become texts, maps objects; a number that JSON has not is a problem of its row.
    """
    import pyarrow as pa

    if not data:
        return
    table = pa.ipc.open_stream(data).read_all()
    bad: dict[int, Problem] = {}
    names = table.column_names
    columns = [_values(table.column(at), name, bad) for at, name in enumerate(names)]
    for line, values in enumerate(zip(*columns, strict=True)):
        yield RawRow(line, b"", bad.get(line) or dict(zip(names, values, strict=True)))


def _values(column: Any, name: str, bad: dict[int, Problem]) -> list[Any]:
    """A column's values as JSON has them; rows where it has none are noted in `bad`."""
    import pyarrow as pa

    kind = _plain(column.type)
    try:
        plain = column if kind == column.type else column.cast(kind)
    except pa.ArrowNotImplementedError:  # dictionaries of records, intervals
        plain, kind = column, column.type
    try:
        values: list[Any] = plain.to_pylist()
    except UnicodeDecodeError:
        values = [None] * len(plain)
        for row, one in enumerate(plain):
            try:
                values[row] = one.as_py()
            except UnicodeDecodeError:
                bad.setdefault(row, Problem("invalid_utf8", f"{name}: a text is not UTF-8"))
    if _has_float(kind):
        why = Problem("invalid_number", f"{name}: NaN and infinity are not JSON")
        for row, value in enumerate(values):
            if not _finite(value):
                bad.setdefault(row, why)
    return [_keyed(value, kind) for value in values] if "map<" in str(kind) else values


def _plain(kind: Any) -> Any:
    """A type with texts for times and decimals, and dictionaries spelled out, all the way down."""
    import pyarrow as pa

    known = pa.types
    if known.is_dictionary(kind):
        return _plain(kind.value_type)
    if known.is_decimal(kind) or (known.is_temporal(kind) and not known.is_interval(kind)):
        return pa.string()
    if known.is_struct(kind):
        return pa.struct([field.with_type(_plain(field.type)) for field in kind])
    if known.is_map(kind):
        return pa.map_(_plain(kind.key_type), _plain(kind.item_type))
    if known.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_plain(kind.value_type)), kind.list_size)
    if known.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_plain(kind.value_type)))
    if known.is_list(kind):
        return pa.list_(kind.value_field.with_type(_plain(kind.value_type)))
    return kind


def _keyed(value: Any, kind: Any) -> Any:
    """Maps as objects; as lists of pairs where their keys are no texts or stand twice."""
    import pyarrow as pa

    known = pa.types
    if value is None:
        return None
    if known.is_map(kind):
        pairs = [[key, _keyed(item, kind.item_type)] for key, item in value]
        if known.is_string(kind.key_type) and len({key for key, _ in pairs}) == len(pairs):
            return dict(pairs)
        return pairs
    if known.is_struct(kind):
        return {field.name: _keyed(value[field.name], field.type) for field in kind}
    if known.is_list(kind) or known.is_large_list(kind) or known.is_fixed_size_list(kind):
        return [_keyed(item, kind.value_type) for item in value]
    return value


def _has_float(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_floating(kind):
        return True
    return any(_has_float(kind.field(at).type) for at in range(kind.num_fields))


def _finite(value: Any) -> bool:
    match value:
        case float():
            return value - value == 0
        case dict():
            return all(_finite(item) for item in value.values())
        case list() | tuple():
            return all(_finite(item) for item in value)
        case _:
            return True


def runs(sizes: list[int], target: int) -> list[tuple[int, int]]:
    """Neighbours put together until they reach the target: first and number of each run."""
    found: list[tuple[int, int]] = []
    first = room = 0
    for at, size in enumerate(sizes):
        room += size
        if room >= target:
            found.append((first, at + 1 - first))
            first, room = at + 1, 0
    if first < len(sizes):
        found.append((first, len(sizes) - first))
    return found
