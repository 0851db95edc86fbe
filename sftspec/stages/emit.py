"""Records by position to one file of a format; a file is made by one task and never joined."""

from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa

from sftspec.plan.graph import Emit


def emit_shard(
    stage: Emit, tables: list[Any], picks: bytes
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The shard's bytes as part `file`, and its number of records.

    `picks`: pairs of int32, the table and the row of each record, in the order to write. Each
    table's records are taken and encoded at once, then put in their places.
    """
    pairs = np.frombuffer(picks, np.int32).reshape(-1, 2)
    module: Any = import_module(f"sftspec.ports.emitters.{stage.format}")
    placed: list[Any] = [b""] * len(pairs)
    for index, table in enumerate(tables):
        where = np.flatnonzero(pairs[:, 0] == index)
        column = table["turns"].combine_chunks()
        lines = module.lines(column.take(pa.array(pairs[where, 1])))
        for place, line in zip(where.tolist(), lines, strict=True):
            placed[place] = line
    return {"file": b"".join(placed)}, {"records": len(pairs)}
