"""Records by position to one file of a format; a file is made by one task and never joined."""

import hashlib
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa

from sftspec.plan.graph import Emit


def emit_shard(
    stage: Emit, tables: list[Any], picks: bytes
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The shard's bytes as part `file`, with its digest, size and number of records.

    `picks`: pairs of int32, the table and the row of each record, in the order to write.
    """
    pairs = np.frombuffer(picks, np.int32).reshape(-1, 2)
    turns = gather(tables, pairs)
    module: Any = import_module(f"sftspec.ports.emitters.{stage.format}")
    data: bytes = module.write(turns)
    meta = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "records": len(pairs),
    }
    return {"file": data}, meta


def gather(tables: list[Any], pairs: Any) -> Any:
    """The turns of the picked records in order, taken from each table at once."""
    pieces = []
    places = []
    for index, table in enumerate(tables):
        where = np.flatnonzero(pairs[:, 0] == index)
        if len(where):
            column = table["turns"].combine_chunks()
            pieces.append(column.take(pa.array(pairs[where, 1])))
            places.append(where)
    order = np.empty(len(pairs), np.int64)
    order[np.concatenate(places)] = np.arange(len(pairs))
    whole = pa.concat_arrays(pieces)
    return whole.take(pa.array(order))
