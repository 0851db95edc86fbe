"""Keys of a source's rows to the rows whose key came before: of equal keys the first lives."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from sftspec.plan.graph import Settle
from sftspec.stages.pool import groups_of


def settle(stage: Settle, tables: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part `doubles`: chunk, row, line and key of each row that yields, and its reason.

    `tables`: the `rows` parts of the source's chunks, by path and place in the file.
    """
    sizes = [table.num_rows for table in tables]
    words = np.concatenate([_words(table) for table in tables] or [np.zeros((0, 2), ">u8")])
    first = groups_of(words)
    later = np.flatnonzero(first != np.arange(len(words)))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    chunk = np.searchsorted(starts, later, side="right") - 1
    row = later - starts[chunk]
    keys = [tables[c]["key"][int(r)].as_py() for c, r in zip(chunk, row, strict=True)]
    lines = [tables[c]["line"][int(r)].as_py() for c, r in zip(chunk, row, strict=True)]
    doubles = pa.table(
        {
            "chunk": pa.array(chunk, pa.int32()),
            "row": pa.array(row, pa.int32()),
            "line": pa.array(lines, pa.int32()),
            "key": pa.array(keys, pa.string()),
        }
    )
    return {"doubles": doubles}, {"doubles": len(later), "reason": stage.reason}


def _words(table: Any) -> Any:
    column = table["rid"].combine_chunks()
    data = np.frombuffer(column.buffers()[1] or b"", np.uint8)
    start = column.offset * 16
    return data[start : start + len(column) * 16].view(">u8").reshape(len(column), 2)
