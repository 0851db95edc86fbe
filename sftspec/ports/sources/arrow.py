"""Arrow streams, as `save_to_disk` of Hugging Face datasets writes them: batches are pieces."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from sftspec.ports.base import Piece, RawRow
from sftspec.ports.tables import head_names, runs, schema_head, stream_rows, to_stream

TEXT_CELLS = False


def _open(data: Any) -> tuple[Any, Any]:
    """A stream and what it reads from, which knows how far it came."""
    import pyarrow as pa

    source = pa.BufferReader(pa.py_buffer(data))
    try:
        return pa.ipc.open_stream(source), source
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"this is no Arrow stream: {str(error).splitlines()[0]}") from None


def head(data: Any) -> bytes:
    """The names and types of the columns."""
    return schema_head(_open(data)[0].schema)


def columns(head: bytes) -> list[str]:
    """The names of the columns."""
    return head_names(head)


def pieces(data: Any, target: int) -> list[Piece]:
    """Runs of batches of about the target."""
    edges, counts = _batches(data)
    sizes = [end - start for start, end in pairwise(edges)]
    found: list[Piece] = []
    line = 1
    for first, number in runs(sizes, target):
        take = sum(counts[first : first + number])
        start, end = edges[first], edges[first + number]
        found.append(Piece(start, end - start, line, first, 0, take))
        line += take
    return [piece for piece in found if piece.take]


def _batches(data: Any) -> tuple[list[int], list[int]]:
    """Where batches begin and end, and how many rows each has."""
    import pyarrow as pa

    stream, source = _open(data)
    edges, counts = [source.tell()], []
    try:
        for batch in stream:
            counts.append(batch.num_rows)
            edges.append(source.tell())
    except (pa.ArrowException, OSError) as error:
        raise ValueError(str(error).splitlines()[0]) from None
    return edges, counts


def fetch(data: Any, piece: Piece) -> bytes:
    """The piece's batches as a stream of their own. Raises ValueError where they cannot be read.

    Each is looked through first: Arrow believes the offsets that a file gives.
    """
    import pyarrow as pa

    stream, _ = _open(data)
    batches = []
    left = piece.take
    try:
        for at, batch in enumerate(stream):
            if at >= piece.group and left > 0:
                batch.validate(full=True)
                batches.append(batch)
                left -= batch.num_rows
            if left <= 0:
                break
    except (pa.ArrowException, OSError) as error:
        raise ValueError(str(error).splitlines()[0]) from None
    return to_stream(batches, stream.schema)


def rows(data: bytes, head: bytes) -> Iterator[RawRow]:  # noqa: ARG001 - the shelf's shape
    """Each row of the piece."""
    return stream_rows(data)
