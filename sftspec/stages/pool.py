"""The narrow facts of all candidates, side by side: what every gather sees, and never any text.

Candidates stand in the order of the render objects and their rows. That order depends on how
sources were cut, so nothing that is decided here may depend on it: ties go by id.
"""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
import numpy as np
import pyarrow as pa

from sftspec.expr import nodes as ex
from sftspec.expr.evaluate import VALID, compile_vector
from sftspec.stages.candidates import ALIVE

BUILT_IN = ("layer", "source", "template", "origin", "license")


class Block(Struct, frozen=True):
    """The candidates of one template over one chunk, and what is the same for all of them.

    `load` gives their table; it is called for each column anew, so that no more of a table than
    the columns in use is held in memory.
    """

    load: Callable[[], Any]
    template: str
    source: str
    origin: str
    license: str
    layer: str
    samples: int


class Pool:
    """All candidates, less the rows whose key came before."""

    def __init__(self, blocks: Sequence[Block], dropped: Sequence[Any]) -> None:
        """`dropped[i]`: sorted row numbers of block i that are no rows of their own."""
        self.blocks = blocks
        self.keep = [_kept(block, rows) for block, rows in zip(blocks, dropped, strict=True)]
        self.sizes = [len(keep) for keep in self.keep]
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64)
        self.size = int(self.starts[-1])
        self._columns: dict[str, Any] = {}
        self._by_id: Any = None

    def arrow(self, name: str) -> Any:
        """A column as one Arrow array; null where a block has none of that name."""
        if name not in self._columns:
            pieces = []
            for block, keep in zip(self.blocks, self.keep, strict=True):
                table = block.load()
                if name in table.column_names:
                    column = table[name].combine_chunks()
                    whole = len(keep) == table.num_rows
                    pieces.append(column if whole else column.take(pa.array(keep)))
                else:
                    pieces.append(None)
            kind = next((piece.type for piece in pieces if piece is not None), pa.null())
            pieces = [
                piece if piece is not None else pa.nulls(size, kind)
                for piece, size in zip(pieces, self.sizes, strict=True)
            ]
            self._columns[name] = pa.concat_arrays(pieces) if pieces else pa.array([], kind)
        return self._columns[name]

    def numbers(self, name: str) -> Any:
        """A whole-number column as numpy."""
        return self.arrow(name).to_numpy(zero_copy_only=False)

    def digests(self, name: str, width: int) -> Any:
        """A column of digests as big-endian words: an array of size x (width / 8)."""
        if not self.size:
            return np.zeros((0, width // 8), ">u8")
        column = self.arrow(name).fill_null(bytes(width))
        data = np.frombuffer(column.buffers()[1], np.uint8)
        start = column.offset * width
        return (
            data[start : start + self.size * width].view(">u8").reshape(self.size, width // 8)
        )

    def ids(self) -> list[bytes]:
        """The candidates' ids."""
        found: list[bytes] = self.arrow("id").to_pylist()
        return found

    def by_id(self) -> Any:
        """The candidates' places in the order of their ids."""
        if self._by_id is None:
            words = self.digests("id", 16)
            self._by_id = np.lexsort((words[:, 1], words[:, 0]))
        return self._by_id

    def constant(self, name: str) -> list[str]:
        """A column that is the same in each block."""
        found: list[str] = []
        for block, size in zip(self.blocks, self.sizes, strict=True):
            found.extend([str(getattr(block, name))] * size)
        return found

    def words(self, name: str) -> Any:
        """A column of texts, dictionary-encoded: a built-in facet, or one from the tables.

        The dictionary is sorted: the order in which values were met depends on the chunks.
        """
        if name not in BUILT_IN:
            column = self.arrow(f"tag.{name}")
            return _by_word(column.cast(pa.string()).dictionary_encode())
        known: dict[str, int] = {}
        codes = [known.setdefault(str(getattr(b, name)), len(known)) for b in self.blocks]
        places = np.repeat(np.array(codes, np.int32), self.sizes)
        words = pa.array(list(known), pa.string())
        return _by_word(pa.DictionaryArray.from_arrays(pa.array(places), words))

    def block_of(self) -> Any:
        """The block of each candidate."""
        return np.repeat(np.arange(len(self.blocks), dtype=np.int32), self.sizes)

    def row_of(self) -> Any:
        """The row in its block's table of each candidate."""
        return np.concatenate([*self.keep, np.array([], np.int32)]).astype(np.int32)

    def level(self) -> Any:
        """How often a record repeats its row: 0 for a record, 1 for its first repeat."""
        variant = self.numbers("variant").astype(np.int32)
        samples = np.repeat(np.array([b.samples for b in self.blocks], np.int32), self.sizes)
        return variant // samples if self.size else variant

    def facet(self, name: str) -> list[Any]:
        """A facet's value, or list of values, for each candidate."""
        if name in BUILT_IN:
            return self.constant(name)
        found: list[Any] = self.arrow(f"tag.{name}").to_pylist()
        return found

    def get(self, path: tuple[str, ...]) -> Sequence[Any]:
        """A column for an expression: a facet, `@m` measures, `valid`, `variant`, `rejected`."""
        name = path[0]
        if path == VALID:
            return [value is not False for value in self.arrow("valid").to_pylist()]
        if name.startswith("@m"):
            return self.arrow(f"m.{name[2:]}").to_pylist()  # type: ignore[no-any-return]
        if name == "variant":
            return self.numbers("variant").tolist()  # type: ignore[no-any-return]
        if name == "rejected":
            return self.arrow("reason").to_pylist()  # type: ignore[no-any-return]
        return self.facet(name)

    def holds(self, node: ex.Typed | None) -> Any:
        """Where a condition holds, as a numpy array of truth values."""
        if node is None:
            return np.ones(self.size, bool)
        values = compile_vector(node).over(self.get, self.size)
        return np.fromiter((bool(value) for value in values), bool, self.size)

    def rendered(self) -> Any:
        """Candidates whose text could be rendered."""
        stages = self.arrow("stage")
        return np.array([stage != "render" for stage in stages.to_pylist()], bool)

    def alive(self) -> Any:
        """Candidates that no row-wise stage set aside."""
        return self.numbers("at") == ALIVE


def _kept(block: Block, rows: Any) -> Any:
    table = block.load()
    if not len(rows):
        return np.arange(table.num_rows, dtype=np.int32)
    mine = table["row"].to_numpy()
    return np.flatnonzero(~np.isin(mine, rows)).astype(np.int32)


def _by_word(column: Any) -> Any:
    """The same column, its dictionary sorted."""
    words = column.dictionary.to_pylist()
    order = sorted(range(len(words)), key=words.__getitem__)
    place = np.empty(len(words), np.int32)
    place[order] = np.arange(len(words), dtype=np.int32)
    return pa.DictionaryArray.from_arrays(
        pa.array(place).take(column.indices),
        column.dictionary.take(pa.array(order, pa.int32())),
    )


def groups_of(words: Any) -> Any:
    """For each row of a matrix of words, the first row that is equal to it."""
    count = len(words)
    if not count:
        return np.zeros(0, np.int64)
    order = np.lexsort(
        (np.arange(count), *(words[:, i] for i in reversed(range(words.shape[1]))))
    )
    ranked = words[order]
    fresh = np.ones(count, bool)
    fresh[1:] = (ranked[1:] != ranked[:-1]).any(axis=1)
    heads = np.maximum.accumulate(np.where(fresh, np.arange(count), 0))
    first = np.empty(count, np.int64)
    first[order] = order[heads]
    return first
