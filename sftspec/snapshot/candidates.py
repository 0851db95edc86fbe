"""All candidates of a snapshot: its index, of which no more is read than is asked for.

Candidates stand by id, so a place in the index is a rank of ids too. The file is hashed beside the
reading: nothing that was read may be shown before the hashing was waited for.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sftspec.snapshot.hashing import Hashing
from sftspec.snapshot.opened import INDEX, Snapshot

ID = 16
_CODED = ("source", "file", "template", "cell", "fate")  # columns of few values


class Candidates:
    """The index of a snapshot. Raises Fault where it is not there, or is damaged beyond reading."""

    def __init__(self, snapshot: Snapshot, hashing: Hashing) -> None:
        path = snapshot.need(INDEX)
        hashing.begin(INDEX)
        try:
            self._file = pq.ParquetFile(path, memory_map=True, read_dictionary=[*_CODED])
        except Exception:
            hashing.wait(INDEX)  # what is damaged is that, and no mistake of the reader
            raise
        self._parts: dict[str, Any] = {}
        self._columns: dict[str, Any] = {}
        self.names = set(self._file.schema_arrow.names)
        self.size: int = self._file.metadata.num_rows

    def column(self, name: str) -> Any:
        """A column as one Arrow array."""
        if name not in self._columns:
            self._columns[name] = self._read(name).combine_chunks()
        return self._columns[name]

    def _read(self, name: str) -> Any:
        """A column as it is stored, row group by row group."""
        if name not in self._parts:
            self._parts[name] = self._file.read(columns=[name]).column(0)
        return self._parts[name]

    def coded(self, name: str) -> tuple[Any, list[Any]]:
        """A column of few values as numbers of them, and the values; null is one of them."""
        column = self.column(name)
        values = column.dictionary.to_pylist()
        codes = column.indices
        if codes.null_count:
            codes = codes.fill_null(len(values))
        return codes.to_numpy(zero_copy_only=False), [*values, None]

    def ranks(self) -> Any:
        """What each candidate drew: the lowest are taken first."""
        return self.column("rank").to_numpy(zero_copy_only=False)

    # places

    def by_id(self, prefix: str) -> list[int]:
        """The places of the ids that begin with some hexadecimal digits, two at most."""
        column = self.column("id")
        words = np.frombuffer(column.buffers()[1], ">u8", count=2 * len(column))[::2]
        head = prefix[:ID]
        low, high = (int(head.ljust(ID, end), 16) for end in "0f")
        start = int(np.searchsorted(words, low, "left"))
        end = int(np.searchsorted(words, high, "right"))
        found = (at for at in range(start, end) if column[at].as_py().hex().startswith(prefix))
        return [at for at, _ in zip(found, range(2), strict=False)]

    def by_key(self, key: str) -> list[int]:
        """The places of a key's candidates, of every source."""
        if not key:
            return np.flatnonzero(self.among("key", [key])).tolist()
        found: list[int] = []
        start = 0
        for chunk in self._read("key").chunks:
            found += [start + at for at in _equal(chunk, key.encode())]
            start += len(chunk)
        return found

    def by_line(self, path: str, line: int) -> list[int]:
        """The places of the candidates of what stands on a line of a file."""
        lines = self.column("line").to_numpy(zero_copy_only=False)
        found = self.among("file", [path]) & (lines == line)
        return np.flatnonzero(found).tolist()

    def among(self, name: str, values: Iterable[Any]) -> Any:
        """Which candidates have one of some values."""
        if name in _CODED:
            codes, known = self.coded(name)
            wanted = set(values)
            return np.array([value in wanted for value in known], bool)[codes]
        import pyarrow.compute as pc  # a library of its own, and most questions do without

        column = self.column(name)
        return pc.is_in(column, pa.array(list(values), column.type)).to_numpy(
            zero_copy_only=False
        )

    # rows

    def rows(self, places: Sequence[int]) -> list[dict[str, Any]]:
        """All that the index says of some candidates; ids and digests as hexadecimal text."""
        starts = [0]
        for group in range(self._file.metadata.num_row_groups):
            starts.append(starts[-1] + self._file.metadata.row_group(group).num_rows)
        tables: dict[int, Any] = {}
        found = []
        for place in places:
            group = int(np.searchsorted(starts, place, "right")) - 1
            if group not in tables:
                tables[group] = self._file.read_row_group(group)
            (row,) = tables[group].slice(place - starts[group], 1).to_pylist()
            found.append({**row, "id": row["id"].hex(), "content": row["content"].hex()})
        return found

    def some(self, names: Iterable[str], places: Any) -> dict[str, list[Any]]:
        """Some columns at some places."""
        at = pa.array(places)
        return {name: self.column(name).take(at).to_pylist() for name in names}


def _equal(column: Any, text: bytes) -> Iterator[int]:
    """Where a column without null has a text that is not empty: looked for in all of their bytes."""
    _, places, data = column.buffers()
    edges = np.frombuffer(places, np.int32)[column.offset : column.offset + len(column) + 1]
    whole = bytes(data)[: edges[-1]]
    at = whole.find(text, int(edges[0]))
    while at >= 0:
        row = int(np.searchsorted(edges, at, "right")) - 1
        if (edges[row], edges[row + 1]) == (at, at + len(text)):
            yield row
        at = whole.find(text, at + 1)
