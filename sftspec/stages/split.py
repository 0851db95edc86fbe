"""Groups to parts: a group's draw falls into a part's range, so it stays where it is.

No ranks and no counts: which part a group is in depends on the seed and the group alone, so it
is the same in every version that knows the group.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from sftspec.ground.canon import draw_prefix
from sftspec.plan.graph import Split
from sftspec.stages.pool import Pool

TRAIN = 0
WHOLE = 10_000


def split(stage: Split, pool: Pool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part `parts`: for each candidate the number of its part; 0 is train."""
    names = _group_bytes(stage, pool)
    prefix = draw_prefix(stage.seed, "split")
    draw = xxhash.xxh3_64_intdigest
    at = np.fromiter(
        ((draw(prefix + name) * WHOLE) >> 64 for name in names), np.int32, len(names)
    )
    found = np.full(pool.size, TRAIN, np.int8)
    edge = 0
    for number, (_, bp) in enumerate(stage.parts, 1):
        found[(at >= edge) & (at < edge + bp)] = number
        edge += bp
    return {"parts": pa.table({"part": pa.array(found)})}, {}


def _group_bytes(stage: Split, pool: Pool) -> list[bytes]:
    """What keeps candidates together: the declared group where it counts, else the row."""
    rows: list[bytes] = pool.arrow("rid").to_pylist()
    if "group" not in stage.together:
        return [b"row\0" + row for row in rows]
    groups = pool.arrow("group").to_pylist()
    return [
        b"row\0" + row if group is None else b"group\0" + group.encode()
        for row, group in zip(rows, groups, strict=True)
    ]
