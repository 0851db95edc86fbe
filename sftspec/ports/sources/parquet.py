"""Parquet: a row group is a piece; one that is large is read in several, each a part of its rows."""

from collections.abc import Iterator
from typing import Any

from sftspec.ports.base import Piece, RawRow
from sftspec.ports.tables import ROOM, head_names, schema_head, stream_rows, to_stream

TEXT_CELLS = False


def _open(data: Any) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(pa.BufferReader(pa.py_buffer(data)))
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"this is no Parquet file: {str(error).splitlines()[0]}") from None


def head(data: Any) -> bytes:
    """The names and types of the columns."""
    return schema_head(_open(data).schema_arrow)


def columns(head: bytes) -> list[str]:
    """The names of the columns."""
    return head_names(head)


def pieces(data: Any, target: int) -> list[Piece]:
    """Row groups; one of several times the target is cut in up to sixteen."""
    meta = _open(data).metadata
    found: list[Piece] = []
    line = 1
    for group in range(meta.num_row_groups):
        one = meta.row_group(group)
        start, end = _span(one)
        count = max(1, min(ROOM, one.total_byte_size // max(target, 1), one.num_rows))
        for at in range(count):
            skip = one.num_rows * at // count
            take = one.num_rows * (at + 1) // count - skip
            found.append(Piece(start, end - start, line + skip, group, skip, take))
        line += one.num_rows
    return [piece for piece in found if piece.take]


def _span(group: Any) -> tuple[int, int]:
    """The bytes of a row group's columns."""
    edges = []
    for at in range(group.num_columns):
        column = group.column(at)
        start = column.data_page_offset
        if column.dictionary_page_offset:
            start = min(start, column.dictionary_page_offset)
        edges.append((start, start + column.total_compressed_size))
    return min(start for start, _ in edges), max(end for _, end in edges)


def fetch(data: Any, piece: Piece) -> bytes:
    """The piece's rows as an Arrow stream. Raises ValueError where they cannot be read."""
    import pyarrow as pa

    file = _open(data)
    batches = []
    skip, take = piece.skip, piece.take
    try:
        for batch in file.iter_batches(
            batch_size=8192, row_groups=[piece.group], use_threads=False
        ):
            if skip >= batch.num_rows:
                skip -= batch.num_rows
                continue
            some = batch.slice(skip, take)
            _check(some)
            skip = 0
            take -= some.num_rows
            batches.append(some)
            if not take:
                break
    except (pa.ArrowException, OSError) as error:
        raise ValueError(str(error).splitlines()[0]) from None
    return to_stream(batches, file.schema_arrow)


def _check(batch: Any) -> None:
    """Raises ArrowException where indices lead nowhere. A text that is not UTF-8 is its row's matter."""
    import pyarrow as pa

    for column in batch.columns:
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            if "UTF8" not in str(error):
                raise


def rows(data: bytes, head: bytes) -> Iterator[RawRow]:  # noqa: ARG001 - the shelf's shape
    """Each row of the piece."""
    return stream_rows(data)
