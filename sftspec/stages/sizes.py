"""What gathers see of an encoding: how many tokens candidates have, and which were set aside."""

from typing import Any

import numpy as np
import pyarrow as pa

STAGE = "tokenize"
AT = 32_766
"""Behind every line of the screen."""


def with_tokens(table: Any, chat: str, tokens: Any) -> Any:
    """A chunk's candidates with the columns `tokens.CHAT`, `trained.CHAT` and so on.

    A candidate that nothing had set aside gets the encoding's reason.
    """
    for name in ("tokens", "trained", "samples", "cut", "spelled", "hash"):
        table = table.append_column(f"{name}.{chat}", tokens[name])
    mine = tokens["reason"].combine_chunks()
    if mine.null_count == len(mine):
        return table
    fresh = np.array(mine.is_valid()) & np.array(table["reason"].combine_chunks().is_null())
    mask = pa.array(fresh)
    values = {
        "reason": mine,
        "stage": pa.array([STAGE] * len(mine)),
        "at": pa.array(np.full(len(mine), AT, np.int16)),
    }
    for name, value in values.items():
        column = pa.compute.if_else(mask, value, table[name].combine_chunks())
        table = table.set_column(table.column_names.index(name), name, column)
    return table
