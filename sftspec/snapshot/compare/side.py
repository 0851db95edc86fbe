"""One index: its ids, and its columns as numbers of words, so that no record becomes a Python object."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sftspec.snapshot.compare.names import Names
from sftspec.snapshot.compare.told import other_compiler
from sftspec.snapshot.opened import INDEX, Snapshot

ABSENT, ALIVE, NOT_CHOSEN, REJECTED = "absent", "alive", "not_chosen", "rejected:"
_WIDTHS = {"id": 16, "content": 32}
_WORDS = ("template", "source", "fate", "phase", "file")
_NULLABLE = {"phase"}
_WIDEST = 1 << 62
Coded = tuple[Any, list[str]]
"""Numbers, -1 for null, and the words that they stand for."""


class Index:
    """The index of a snapshot. `names`: those of another plan, where it is the old one.

    Raises Fault where it is not as it was sealed, or no compiler of this version writes it so.
    """

    def __init__(self, snapshot: Snapshot, names: Names | None = None) -> None:
        self.snapshot = snapshot
        self._names = names
        path = snapshot.checked(INDEX)
        try:
            self.file = pq.ParquetFile(
                path, memory_map=True, read_dictionary=_coded_columns(snapshot)
            )
            table = self.file.read(columns=[*_WIDTHS, *_WORDS])
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise other_compiler(snapshot, f"its index cannot be read: {error}") from None
        _check(snapshot, table)
        self.size = table.num_rows
        self.ids = _digests(table["id"], 16)
        self.content = _digests(table["content"], 32)
        if not _rises(self.ids):
            raise other_compiler(snapshot, "its index is not sorted by id")
        words = {name: _coded(table[name]) for name in _WORDS}
        self.coded = {
            name: (codes, self._now(name, said)) for name, (codes, said) in words.items()
        }
        self._states()
        old = names.of("facet") if names else {}
        there = [
            n.removeprefix("tag.") for n in self.file.schema_arrow.names if n.startswith("tag.")
        ]
        self.facets = {old.get(name, name): f"tag.{name}" for name in there}

    def _now(self, column: str, words: list[str]) -> list[str]:
        if self._names is None or column not in {"template", "source"}:
            return words
        return [self._names.now(column, word) for word in words]

    def _states(self) -> None:
        """Where a record stands: its fate, and the phase of a part that has phases."""
        parts = {name for name, _ in self.snapshot.graph.mix.parts}
        fate, fates = self.coded["fate"]
        phase, phases = self.coded["phase"]
        self.width = len(phases) + 1
        self.stands = [f"{one} {two}".strip() for one in fates for two in ("", *phases)]
        self.stand = fate * self.width + phase + 1
        self.chosen = _where(fate, fates, lambda one: one in parts)
        self.alive = _where(fate, fates, lambda one: not one.startswith(REJECTED))
        self.parts = (fate, [one if one in parts else "" for one in fates])
        self.classes = (fate, [one if one.startswith(REJECTED) else ALIVE for one in fates])

    def state_word(self, code: int) -> str:
        """Where a record stands, in words."""
        return self.stands[code] if code >= 0 else ABSENT

    def part_of(self, states: Any) -> Any:
        """States with the phase left aside."""
        return np.where(states >= 0, states - states % self.width, states)

    def facet(self, name: str) -> Coded:
        """A facet's values; of one that holds many, all of a record's as one text."""
        column = self._read(self.facets[name])
        if pa.types.is_list(column.type):
            joined = [_joined(chunk) for chunk in column.chunks]
            column = pa.chunked_array(joined, pa.string()).dictionary_encode()
        codes, words = _coded(column)
        if self._names is not None:
            words = [self._names.value(name, word) for word in words]
        return codes, words

    def cells(self) -> Coded:
        """The joint cell of the mixture that each candidate is in."""
        return _coded(self._read("cell"))

    def numbers(self, name: str) -> Any:
        """A column of whole numbers."""
        column = self._read(name)
        if not pa.types.is_integer(column.type) or column.null_count:
            raise other_compiler(self.snapshot, f"`{name}` of its index is of another type")
        return column.to_numpy().astype(np.int64)

    def values(self, name: str, places: Sequence[int]) -> list[Any]:
        """A column's values at some places."""
        if name == "id":
            return [self.ids[place].astype(">u8").tobytes().hex() for place in places]
        found: list[Any] = self._read(name).take(pa.array(places, pa.int64())).to_pylist()
        return found

    def _read(self, name: str) -> Any:
        try:
            return self.file.read(columns=[name])[name]
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            why = f"`{name}` of its index cannot be read: {error}"
            raise other_compiler(self.snapshot, why) from None


def _coded_columns(snapshot: Snapshot) -> list[str]:
    """Columns of few words: they are read as numbers at once."""
    left_out = {"source", "template", *snapshot.graph.judge.many}
    facets = (f"tag.{name}" for name in snapshot.graph.judge.facets if name not in left_out)
    return [*_WORDS, "cell", *facets]


def _check(snapshot: Snapshot, table: Any) -> None:
    """Whether the columns are those of an index."""
    for name, width in _WIDTHS.items():
        if table.schema.field(name).type != pa.binary(width) or table[name].null_count:
            raise other_compiler(snapshot, f"`{name}` of its index is of another type")
    for name in _WORDS:
        kind = table.schema.field(name).type
        text = pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type)
        if not text or (table[name].null_count and name not in _NULLABLE):
            raise other_compiler(snapshot, f"`{name}` of its index is of another type")


def _rises(ids: Any) -> bool:
    """Whether ids are sorted, and none is there twice."""
    high, low = ids[:, 0], ids[:, 1]
    twins = high[1:] == high[:-1]
    return bool(((high[1:] > high[:-1]) | (twins & (low[1:] > low[:-1]))).all())


def _digests(column: Any, width: int) -> Any:
    """Digests as an array of 64-bit words."""
    words = width // 8
    chunks = [
        np.frombuffer(chunk.buffers()[1], ">u8", len(chunk) * words, chunk.offset * width)
        for chunk in column.chunks
        if len(chunk)
    ]
    flat = np.concatenate(chunks) if chunks else np.zeros(0, ">u8")
    return flat.astype(np.uint64).reshape(-1, words)


def _coded(column: Any) -> Coded:
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    whole = column.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], whole.type)
    codes = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, whole.dictionary.to_pylist()


def _joined(chunk: Any) -> Any:
    """Lists of values as texts; none where there are none."""
    text = pc.binary_join(chunk, ",")
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _where(codes: Any, words: Sequence[str], test: Callable[[str], bool]) -> Any:
    """Where a column's word passes a test."""
    table = np.array([*map(test, words), False], bool)
    return table[codes]


# columns side by side


def taken(column: Any, places: Any, none: int = -1) -> Any:
    """A column's values at places, another where the place is negative."""
    if not len(column):
        return np.full(len(places), none, np.int64)
    return np.where(places >= 0, column[places], none)


def shared(one: Coded, other: Coded) -> tuple[Any, Any, list[str]]:
    """Two columns under one numbering, and its words."""
    words = list(dict.fromkeys([*one[1], *other[1]]))
    number: Mapping[str, int] = {word: at for at, word in enumerate(words)}
    tables = (
        np.array([*(number[word] for word in side[1]), -1], np.int64) for side in (one, other)
    )
    a, b = (table[side[0]] for table, side in zip(tables, (one, other), strict=True))
    return a, b, words


def packed(columns: Sequence[Any]) -> Any:
    """Several columns of numbers as one: equal where all are equal."""
    key, size = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        values = column.astype(np.int64)
        low = int(values.min(initial=0))
        span = int(values.max(initial=0)) - low + 1
        if size * span >= _WIDEST:
            _, key = np.unique(key, return_inverse=True)
            size = len(key) + 1
        key, size = key * span + (values - low), size * span
    return key


def grouped(columns: Sequence[Any]) -> tuple[Any, Any, Any]:
    """Which group each row is in, the first row of each group, and how many each has."""
    _, first, group, counts = np.unique(
        packed(columns), return_index=True, return_inverse=True, return_counts=True
    )
    return group, first, counts
