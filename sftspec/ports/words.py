"""Pieces of text that are encoded once and looked up ever after.

What a piece's ids are is a matter of its bytes alone, so what is remembered never changes an id.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from sftspec.ports.borders import Borders

MOST = 1 << 19
"""Pieces that are remembered; then all of them are forgotten."""
ROOM = 48 << 20  # bytes of them
BATCH = 1 << 19  # characters that are cut at once

Encode = Callable[[list[bytes]], tuple[Any, Any, Any]]
"""Pieces to their ids: the places of pieces in the order in which their ids follow, all ids one behind
the other, and how many each piece has."""


class Words:
    """The ids of texts by their pieces. `encode`: the ids of pieces that are not yet known."""

    def __init__(self, borders: Borders, encode: Encode) -> None:
        self._borders = borders
        self._encode = encode
        self._forget()

    def _forget(self) -> None:
        import numpy as np

        self._known: dict[bytes, int] = {}
        self._bytes = 0
        self._ids = np.zeros(1 << 14, np.int32)
        self._ends = np.zeros(
            1 << 14, np.int64
        )  # of the ids of each piece; those of the first are none
        self._ends[0] = 0

    def ids(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """Each text by itself: ids one behind the other (int32), and where each begins (int64, n + 1)."""
        import numpy as np

        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        found = [self._some(texts[a:b], sizes[a:b]) for a, b in _batches(sizes)]
        counts = np.concatenate([np.zeros(1, np.int64), *(counts for _, counts in found)])
        ids = np.concatenate([np.zeros(0, np.int32), *(ids for ids, _ in found)])
        return ids, np.cumsum(counts)

    def _some(self, texts: Sequence[str], sizes: Any) -> tuple[Any, Any]:
        """The ids of a batch, and how many each text has."""
        import numpy as np

        text = "".join(texts)
        counts = np.zeros(len(texts), np.int64)
        if not text:
            return np.zeros(0, np.int32), counts
        ends = np.cumsum(sizes)
        filled = np.flatnonzero(sizes)
        ends = ends[filled]
        starts = ends - sizes[filled]
        data = text.encode()
        if len(data) == len(text):
            codes = np.frombuffer(data, np.uint8)
            places = begins = np.flatnonzero(self._borders.cuts(codes, starts, ends))
        else:
            codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
            begins = np.flatnonzero(self._borders.cuts(codes, starts, ends))
            places = _places(codes, begins)
        numbers = self._numbers(data, np.append(places, len(data)))
        ids, bounds = self._gather(numbers)
        firsts = np.searchsorted(begins, starts)
        counts[filled] = np.diff(np.append(bounds[firsts], len(ids)))
        return ids, counts

    def _numbers(self, data: bytes, bounds: Any) -> Any:
        """The number of each piece of these bytes."""
        import numpy as np
        import pyarrow as pa

        if len(self._known) > MOST or self._bytes > ROOM:
            self._forget()
        buffers = [None, pa.py_buffer(bounds), pa.py_buffer(data)]
        pieces = pa.Array.from_buffers(pa.large_binary(), len(bounds) - 1, buffers)
        found = pieces.dictionary_encode()
        distinct = found.dictionary.to_pylist()
        known = self._known.get
        numbers = np.array([known(piece, -1) for piece in distinct], np.int64)
        fresh = np.flatnonzero(numbers < 0)
        if len(fresh):
            numbers[fresh] = self._learn([distinct[at] for at in fresh.tolist()])
        return numbers.take(found.indices.to_numpy())

    def _learn(self, pieces: list[bytes]) -> Any:
        """Encode and remember pieces; their numbers."""
        import numpy as np

        order, ids, counts = self._encode(pieces)
        first, used = len(self._known), int(self._ends[len(self._known)])
        last = first + len(pieces)
        self._ends = _room(self._ends, last + 1)
        self._ids = _room(self._ids, used + len(ids))
        self._ends[first + 1 : last + 1] = np.cumsum(counts) + used
        self._ids[used : used + len(ids)] = ids
        numbers = np.empty(len(pieces), np.int64)
        numbers[order] = np.arange(first, last)
        self._known.update(zip(pieces, numbers.tolist(), strict=True))
        self._bytes += sum(map(len, pieces)) + 4 * len(ids)
        return numbers

    def _gather(self, numbers: Any) -> tuple[Any, Any]:
        """The ids of pieces, and where those of each begin."""
        import numpy as np

        starts = self._ends.take(numbers)
        counts = self._ends.take(numbers + 1)
        counts -= starts
        ends = np.cumsum(counts)
        begins = ends - counts
        starts -= begins
        places = np.repeat(starts, counts)
        places += np.arange(len(places))
        return self._ids.take(places), begins


def _room(array: Any, size: int) -> Any:
    """The array, with room for so many."""
    import numpy as np

    if size <= len(array):
        return array
    found = np.zeros(max(size, 2 * len(array)), array.dtype)
    found[: len(array)] = array
    return found


def _places(codes: Any, begins: Any) -> Any:
    """Where characters are in UTF-8."""
    import numpy as np

    more = (codes >= 0x80).view(np.uint8)
    more += codes >= 0x800
    more += codes >= 0x10000
    before = np.cumsum(more, dtype=np.int32)
    before -= more  # of the character itself
    return begins + before.take(begins)


def _batches(sizes: Any) -> list[tuple[int, int]]:
    """Ranges of texts that have about so many characters each."""
    import numpy as np

    groups = np.cumsum(sizes) // BATCH
    firsts = np.flatnonzero(np.diff(groups, prepend=-1)).tolist()
    return list(pairwise([*firsts, len(sizes)]))
