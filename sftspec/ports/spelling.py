"""Ids back to bytes, by a table of what each spells."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any


class Spelling:
    """What ids spell. `prefixed`: a text begins with a blank that is none of its own.

    A text begins where a run does, and behind a control token.
    """

    def __init__(self, tokens: Sequence[bytes], controls: Any, *, prefixed: bool) -> None:
        import pyarrow as pa

        self._size = len(tokens)
        self._controls = controls
        self._prefixed = prefixed
        firsts = [one[one[:1] == b" " :] for one in tokens] if prefixed else []
        self._table = pa.array([*tokens, *firsts], pa.large_binary())

    def spell(self, ids: Any, offsets: Any) -> list[bytes]:
        """The bytes that each run of ids stands for."""
        import numpy as np
        import pyarrow as pa

        if not len(ids):
            return [b""] * (len(offsets) - 1)
        taken = self._table.take(pa.array(self._numbers(ids, offsets)))
        _, bounds, data = taken.buffers()
        ends = np.frombuffer(bounds, np.int64, len(ids) + 1, taken.offset * 8)[offsets]
        said = data.to_pybytes() if data is not None else b""
        return [said[start:end] for start, end in pairwise(ends.tolist())]

    def _numbers(self, ids: Any, offsets: Any) -> Any:
        import numpy as np

        if not self._prefixed:
            return ids
        first = np.zeros(len(ids) + 1, bool)
        first[1:] = self._controls[ids]
        first[offsets] = True
        return np.where(first[:-1] & ~self._controls[ids], ids + self._size, ids)
