"""The index of a snapshot as values by name: coded a row group at a time, or of some places.

Facets have few values, so a condition on them is worked out once per combination of values that
occurs, and looked up for each candidate.
"""

from collections.abc import Callable, Iterator, Sequence
from math import prod
from pathlib import Path
import re
from typing import Any

from msgspec import Struct
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sftspec.expr import nodes as ex
from sftspec.expr.evaluate import compile_vector
from sftspec.ir.world import BUILT_IN
from sftspec.plan.graph import Graph

FEW = 1 << 16
SINGLE = 100
_WIDEST = 1 << 62
_PARTED = ("source", "template")
_HEX = re.compile(r"[0-9a-f]*")
_LOOKED_UP = {"==", "!=", "in", "not in"}
_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater,
    ">=": np.greater_equal,
}  # fmt: skip


class Coded(Struct, frozen=True):
    """A column as numbers of values: `values[codes[i]]`."""

    codes: Any
    values: list[Any]


class Recipe(Struct, frozen=True):
    """How a name's values come out of a column of the index; `make` of null is null."""

    column: str
    make: Callable[[Any], Any] | None = None

    def all(self, values: list[Any]) -> list[Any]:
        """The values that those of the column stand for."""
        if self.make is None:
            return values
        return [None if value is None else self.make(value) for value in values]


class Index:
    """An index file. What it says may be trusted once its bytes have been hashed."""

    def __init__(self, path: Path, graph: Graph) -> None:
        self.path = path
        self.graph = graph
        self.versions = {
            name: stage.template.version for name, stage in graph.templates().items()
        }
        self.plain = pq.ParquetFile(path, memory_map=True)
        self.size: int = self.plain.metadata.num_rows
        columns = [self.plain.schema.column(at) for at in range(len(self.plain.schema))]
        self.texts = [one.path for one in columns if one.physical_type == "BYTE_ARRAY"]

    def recipe(self, name: str) -> Recipe:
        """Where a name's values are; a declared facet goes before all else."""
        if name in self.graph.facets or (name in BUILT_IN and name not in _PARTED):
            return Recipe(f"tag.{name}")
        if name.startswith("@"):
            number = name.removeprefix("@m")
            return Recipe(f"measure.{number}" if number.isdecimal() else name[1:])
        makes: dict[str, tuple[str, Callable[[Any], Any]]] = {
            "id": ("id", bytes.hex),
            "rejected": ("fate", _reason),
            "version": ("template", self.versions.get),
        }
        return Recipe(*makes.get(name, (name,)))

    def groups(self, names: Sequence[str]) -> Iterator["Group"]:
        """The row groups in order, with the columns behind these names."""
        recipes = {name: self.recipe(name) for name in names}
        columns = sorted({one.column for one in recipes.values()})
        coded = [p for p in self.texts if p.removesuffix(".list.element") in columns]
        file = pq.ParquetFile(self.path, memory_map=True, read_dictionary=coded)
        start = 0
        for at in range(file.num_row_groups):
            size = file.metadata.row_group(at).num_rows
            table = file.read_row_group(at, columns) if columns else None
            yield Group(start, size, table, recipes)
            start += size

    def some(self, names: Sequence[str], places: Any) -> "Some":
        """The values of some places, in that order."""
        recipes = {name: self.recipe(name) for name in names}
        columns = sorted({one.column for one in recipes.values()})
        if not columns or not len(places):
            return Some(None, places, recipes)
        sizes = [
            self.plain.metadata.row_group(at).num_rows
            for at in range(self.plain.num_row_groups)
        ]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        home = np.searchsorted(starts, places, side="right") - 1
        used = np.unique(home)
        table = self.plain.read_row_groups(used.tolist(), columns)
        bases = np.zeros(len(starts), np.int64)
        bases[used] = np.concatenate([[0], np.cumsum(np.array(sizes)[used])])[:-1]
        return Some(table, places - starts[home] + bases[home], recipes)


def _reason(fate: str) -> str | None:
    head, _, reason = fate.partition(":")
    return reason if head == "rejected" else None


class Some:
    """Some candidates: columns that hold them, and their rows in these, in order."""

    def __init__(self, table: Any, rows: Any, recipes: dict[str, Recipe]) -> None:
        self.table = table
        self.rows = rows
        self.recipes = recipes

    def values(self, name: str, start: int = 0, end: int | None = None) -> list[Any]:
        """A name's values, from one of them up to another."""
        rows = self.rows[start:end]
        if self.table is None:
            return []
        recipe = self.recipes[name]
        column = self.table[recipe.column]
        if len(rows) <= SINGLE:  # spares the import of all that `take` needs
            return recipe.all([column[row].as_py() for row in rows.tolist()])
        return recipe.all(column.take(pa.array(rows)).to_pylist())


class Group:
    """A row group: its first place, its size, and its columns as numbers of values."""

    def __init__(self, start: int, size: int, table: Any, recipes: dict[str, Recipe]) -> None:
        self.start = start
        self.size = size
        self.table = table
        self.recipes = recipes
        self._known: dict[str, Coded] = {}

    def coded(self, name: str) -> Coded:
        """A name's values."""
        if name not in self._known:
            recipe = self.recipes[name]
            one = _coded(self.table[recipe.column].combine_chunks())
            self._known[name] = Coded(one.codes, recipe.all(one.values))
        return self._known[name]

    def numbers(self, column: str) -> Any:
        """A column of whole numbers; -1 where it is null."""
        return _filled(self.table[column].combine_chunks(), np.int64, -1)

    def there(self, column: str) -> Any:
        """Where a column is not null."""
        return _valid(self.table[column].combine_chunks())

    def joint(self, names: Sequence[str]) -> tuple[Any, list[list[Any]]]:
        """The combination of values of each candidate by number, and each name's value in it."""
        columns = [self.coded(name) for name in names]
        if len(columns) == 1:
            return columns[0].codes, [columns[0].values]
        sizes = [len(column.values) for column in columns]
        if prod(sizes) >= _WIDEST:
            return np.arange(self.size), [[c.values[i] for i in c.codes] for c in columns]
        key = np.zeros(self.size, np.int64)
        for column, size in zip(columns, sizes, strict=True):
            key = key * size + column.codes
        codes, used = _numbered(key, prod(sizes))
        places = np.unravel_index(used, sizes)
        lists = [
            [column.values[i] for i in at.tolist()]
            for column, at in zip(columns, places, strict=True)
        ]
        return codes, lists

    def holds(self, node: ex.Typed) -> Any:
        """Where a condition holds, as truth values. It looks at nothing but the index."""
        match node:
            case ex.And():
                left = self.holds(node.left)
                return left & self.holds(node.right) if left.any() else left
            case ex.Or():
                return self.holds(node.left) | self.holds(node.right)
            case ex.Not():
                return ~self.holds(node.of)
            case ex.Cmp(left=ex.Path(parts=(name,)), right=ex.Const(value=value)):
                at_once = self._compared(name, node.op, value)
                return self._leaf(node) if at_once is None else at_once
            case _:
                return self._leaf(node)

    def _compared(self, name: str, op: str, value: Any) -> Any:
        """Where a column of many values compares so with a constant; None where it has few."""
        recipe = self.recipes[name]
        column = self.table[recipe.column].combine_chunks()
        kind = column.type
        if pa.types.is_integer(kind) and op in _NUMBERS and type(value) is int:
            valid = _valid(column)
            hits = _NUMBERS[op](_filled(column, kind.to_pandas_dtype(), 0), value)
            return np.where(valid, hits, op == "!=")
        coded = pa.types.is_dictionary(kind)
        words = column.dictionary if coded else column
        plain = (coded and recipe.make is None) or recipe.make is bytes.hex
        if not plain or len(words) <= SINGLE or op not in _LOOKED_UP:
            return None
        wanted = [*value] if isinstance(value, list) else [value]
        hits = np.append(_is_in(words, wanted), None in wanted)
        codes = _codes(column) if coded else np.arange(len(words))
        return hits[codes] ^ (op in {"!=", "not in"})

    def _leaf(self, node: ex.Typed) -> Any:
        vector = compile_vector(node)
        if not vector.paths:
            return np.full(self.size, bool(vector.run([], 1)[0]))
        codes, columns = self.joint([path[0] for path in vector.paths])
        answers = vector.run(list(columns), len(columns[0]))
        return np.fromiter(map(bool, answers), bool, len(answers))[codes]


def _numbered(key: Any, most: int) -> tuple[Any, Any]:
    """Keys below `most` as numbers of the keys that occur, and those, sorted."""
    if most <= max(FEW, len(key)):
        there = np.zeros(most, bool)
        there[key] = True
        used = np.flatnonzero(there)
        number = np.zeros(most, np.int64)
        number[used] = np.arange(len(used))
        return number[key], used
    used, codes = np.unique(key, return_inverse=True)
    return codes, used


def _coded(column: Any) -> Coded:
    """An Arrow array as numbers of values."""
    kind = column.type
    if pa.types.is_list(kind):
        return _lists(column)
    if pa.types.is_fixed_size_binary(kind):
        return Coded(np.arange(len(column)), column.to_pylist())
    if not pa.types.is_dictionary(kind):
        column = column.dictionary_encode()
    return Coded(_codes(column), [*column.dictionary.to_pylist(), None])


def _codes(column: Any) -> Any:
    """The numbers of a dictionary's words; null is one more than there are."""
    return _filled(column.indices, np.int32, len(column.dictionary))


def _is_in(words: Any, wanted: list[Any]) -> Any:
    """Which words are wanted; an id is wanted by its digits."""
    import pyarrow.compute as pc

    texts: list[Any] = [one for one in wanted if isinstance(one, str)]
    if pa.types.is_fixed_size_binary(words.type):
        width = 2 * words.type.byte_width
        texts = [
            bytes.fromhex(one) for one in texts if len(one) == width and _HEX.fullmatch(one)
        ]
    return pc.is_in(words, value_set=pa.array(texts, words.type)).to_numpy(zero_copy_only=False)


def _valid(array: Any) -> Any:
    """Where an Arrow array is not null."""
    if not array.null_count:
        return np.ones(len(array), bool)
    bits = np.frombuffer(array.buffers()[0], np.uint8)
    start = array.offset
    return np.unpackbits(bits, bitorder="little")[start : start + len(array)].astype(bool)


def _filled(array: Any, kind: Any, null: int) -> Any:
    """The numbers of an Arrow array, another where it is null."""
    start = array.offset
    found = np.frombuffer(array.buffers()[1], kind)[start : start + len(array)]
    return np.where(_valid(array), found, null) if array.null_count else found


def _lists(column: Any) -> Coded:
    """Lists of words as numbers of the lists that occur; their order counts."""
    ends = np.frombuffer(column.buffers()[1], np.int32)
    ends = ends[column.offset : column.offset + len(column) + 1]
    inner = _coded(column.values)
    sizes, starts = np.diff(ends), ends[:-1]
    longest = int(sizes.max(initial=0))
    base = len(inner.values) + 1
    if base**longest >= _WIDEST:
        return Coded(np.arange(len(column)), column.to_pylist())
    key = np.zeros(len(column), np.int64)
    for at in range(longest):
        has = np.flatnonzero(sizes > at)
        key[has] = key[has] * base + inner.codes[starts[has] + at] + 1
    key = np.where(_valid(column), key + 1, 0)
    codes, used = _numbered(key, base**longest + 1)
    return Coded(codes, [_digits(one - 1, base, inner.values) for one in used.tolist()])


def _digits(key: int, base: int, words: list[Any]) -> list[Any] | None:
    """The list that a key of `_lists` stands for."""
    if key < 0:
        return None
    found: list[Any] = []
    while key:
        key, digit = divmod(key, base)
        found.append(words[digit - 1])
    return found[::-1]
