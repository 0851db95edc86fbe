"""The candidates of a snapshot's index as columns of numbers: their fate, facets and measures."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sftspec.expr import nodes as ex
from sftspec.expr.evaluate import VALID, compile_vector
from sftspec.snapshot.opened import INDEX, Snapshot

CHOSEN, NOT_CHOSEN, REJECTED = range(3)
IN_INDEX = ("source", "template")
_BETWEEN = "\x1f"
_DENSE = 1 << 22


class Coded(Struct, frozen=True):
    """A column as numbers of values; -1 is null."""

    codes: Any
    values: list[Any]

    def at(self, places: Any) -> "Coded":
        """The column at some places."""
        return Coded(self.codes[places], self.values)


class Facet(Struct, frozen=True):
    """A facet of many things by number: thing i has the values `codes[starts[i]:starts[i + 1]]`.

    Without `starts` each thing has one value, `codes[i]`, or none where that is -1.
    """

    values: list[str]
    codes: Any
    starts: Any = None

    def at(self, things: Any) -> "Facet":
        """The facet of some of the things."""
        if self.starts is None:
            return Facet(self.values, self.codes[things])
        _, codes, counts = self._ranges(things)
        return Facet(self.values, codes, _starts(counts))

    def across(self, things: Any, states: Any) -> tuple[Any, Any, Any]:
        """Each of some things once per value that it has: the thing, its state, the value's number."""
        if self.starts is None:
            codes = self.codes[things]
            there = codes >= 0
            return things[there], states[there], codes[there]
        places, codes, _ = self._ranges(things)
        return things[places], states[places], codes

    def _ranges(self, things: Any) -> tuple[Any, Any, Any]:
        """The values of some things in a row: whose each is, its number, how many each has."""
        counts = self.starts[things + 1] - self.starts[things]
        ends = np.cumsum(counts)
        whole = int(ends[-1]) if len(ends) else 0
        shift = np.repeat(self.starts[things] - (ends - counts), counts)
        return (
            np.repeat(np.arange(len(things)), counts),
            self.codes[np.arange(whole) + shift],
            counts,
        )


class Candidates:
    """The candidates of an index. Columns are read when first asked."""

    def __init__(self, snapshot: Snapshot) -> None:
        path = snapshot.checked(INDEX)
        schema = pq.read_schema(path, memory_map=True)
        words = [field.name for field in schema if pa.types.is_string(field.type)]
        self.file = pq.ParquetFile(path, memory_map=True, read_dictionary=words)
        self.names = frozenset(schema.names)
        self._columns: dict[str, Any] = {}
        self.load(["variant", "template", "source", "fate"])
        self.variant = self.column("variant").to_numpy()
        template = coded(self.column("template"))
        stages = snapshot.graph.templates()
        samples = [
            stages[name].template.samples if name in stages else 1 for name in template.values
        ]
        self.repeats = self.variant // np.array(samples or [1])[template.codes] > 0
        self.fate = coded(self.column("fate"))
        states = [_state(word) for word in self.fate.values]
        self.state = np.array(states or [CHOSEN], np.int8)[self.fate.codes]

    @property
    def size(self) -> int:
        """How many candidates the index has."""
        return int(self.file.metadata.num_rows)

    def load(self, names: Iterable[str]) -> None:
        """Read columns side by side."""
        missing = [name for name in dict.fromkeys(names) if name not in self._columns]
        if missing:
            table = self.file.read(columns=missing)
            for name in missing:
                column = table.column(name).unify_dictionaries().combine_chunks()
                self._columns[name] = column

    def column(self, name: str) -> Any:
        """A column of the index."""
        self.load([name])
        return self._columns[name]

    def facet(self, name: str) -> Facet:
        """A facet of every candidate."""
        column = self.column(column_of(name))
        if pa.types.is_list(column.type):
            flat = coded(column.flatten())
            counts = pc.list_value_length(column).fill_null(0).to_numpy()
            return Facet(flat.values, flat.codes, _starts(counts))
        one = coded(column)
        return Facet(one.values, one.codes)

    def holds(self, node: ex.Typed | None) -> Any:
        """Where a condition on a record holds; worked out once per combination of values."""
        if node is None:
            return np.ones(self.size, bool)
        vector = compile_vector(node)
        places, rows = combined([self._known(path) for path in vector.paths], self.size)
        values = vector.run([list(column) for column in zip(*rows, strict=True)], len(rows))
        return np.array([bool(value) for value in values], bool)[places]

    def _known(self, path: tuple[str, ...]) -> Coded:
        name = path[0]
        if path == VALID:  # what breaks its contract is rejected
            return Coded((self.state == REJECTED).astype(np.int32), [True, False])
        if name == "rejected":
            return Coded(self.fate.codes, [_reason(word) for word in self.fate.values])
        if name.startswith("@m"):
            return coded(self.column(f"measure.{name[2:]}"))
        if name == "variant":
            return coded(self.column("variant"))
        column = self.column(column_of(name))
        return _listed(column) if pa.types.is_list(column.type) else coded(column)


def column_of(facet: str) -> str:
    """The column of a facet."""
    return facet if facet in IN_INDEX else f"tag.{facet}"


def coded(column: Any) -> Coded:
    """An Arrow array by number."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Coded(codes.astype(np.int32), column.dictionary.to_pylist())


def _listed(column: Any) -> Coded:
    """An Arrow array of lists of texts by number, each list a value."""
    words = coded(pc.binary_join(column, _BETWEEN))
    return Coded(words.codes, [word.split(_BETWEEN) if word else [] for word in words.values])


def facet_of(column: Sequence[str]) -> Facet:
    """A facet of many things out of the value of each."""
    known: dict[str, int] = {}
    codes = [known.setdefault(value, len(known)) for value in column]
    return Facet(list(known), np.array(codes, np.int32))


def combined(columns: Sequence[Coded], size: int) -> tuple[Any, list[tuple[Any, ...]]]:
    """The number of each thing's combination of values, and the combinations."""
    joint = np.zeros(size, np.int64)
    rows: list[tuple[Any, ...]] = [()]
    for column in columns:
        width = len(column.values) + 1
        found, joint = numbered(joint * width + column.codes + 1, len(rows) * width)
        known = [None, *column.values]
        rows = [(*rows[one // width], known[one % width]) for one in found.tolist()]
    return joint, rows


def numbered(codes: Any, limit: int) -> tuple[Any, Any]:
    """Those of the codes below the limit that occur, in order, and each thing's place among them."""
    if limit > _DENSE:
        found, places = np.unique(codes, return_inverse=True)
        return found, places
    there = np.zeros(limit, bool)
    there[codes] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[codes]


def _starts(counts: Any) -> Any:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _state(fate: str) -> int:
    if fate == "not_chosen":
        return NOT_CHOSEN
    return REJECTED if _reason(fate) is not None else CHOSEN


def _reason(fate: str) -> str | None:
    return fate.removeprefix("rejected:") if fate.startswith("rejected:") else None
