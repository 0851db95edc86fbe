"""Encoded samples collected from where they lie, in the order to write."""

from collections.abc import Callable
from typing import Any

import numpy as np

from sftspec.ports.samples import Samples
from sftspec.stages.ragged import bounds, places, slices


def collect(
    load: Callable[[int], Any], objects: int, picks: Any, packs: Any, window: int
) -> Samples:
    """The samples of a shard.

    `picks`: pairs of int32, the object and the sample of it. `load` gives the ids of an object, a
    column of lists, trained ids as -1 - id; one is held at a time.
    """
    parts = []
    sizes = np.zeros(len(picks), np.int64)
    for at in range(objects):
        mine = np.flatnonzero(picks[:, 0] == at)
        values, offsets = _lists(load(at))
        rows = picks[mine, 1]
        sizes[mine] = offsets[rows + 1] - offsets[rows]
        parts.append((mine, slices(values, offsets[rows], sizes[mine])))
    ends = np.cumsum(sizes)
    coded = np.empty(int(ends[-1]) if len(ends) else 0, np.int32)
    for mine, some in parts:
        coded[places(ends[mine] - sizes[mine], sizes[mine])] = some
    trained = coded < 0
    return Samples(np.where(trained, -1 - coded, coded), trained, bounds(sizes), packs, window)


def _lists(column: Any) -> tuple[Any, Any]:
    """Values and offsets of a column of lists, the values mapped and not copied."""
    whole = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return whole.values.to_numpy(), whole.offsets.to_numpy()
