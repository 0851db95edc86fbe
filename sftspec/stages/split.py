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


def split(stage: Split, pool: Pool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part `parts`: for each candidate the number of its part; 0 is train."""
    names = _group_bytes(stage, pool)
    prefix = draw_prefix(stage.seed, "split")
    known: dict[bytes, int] = {}
    found = np.empty(pool.size, np.int8)
    for place, name in enumerate(names):
        part = known.get(name)
        if part is None:
            part = known[name] = _part(stage, xxhash.xxh3_64_intdigest(prefix + name))
        found[place] = part
    return {"parts": pa.table({"part": pa.array(found)})}, {"groups": len(known)}


def _part(stage: Split, drawn: int) -> int:
    at = (drawn * 10_000) >> 64
    edge = 0
    for number, (_, bp) in enumerate(stage.parts, 1):
        edge += bp
        if at < edge:
            return number
    return TRAIN


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
