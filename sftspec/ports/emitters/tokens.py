"""Tokens: `input_ids`, `attention_mask` (all 1) and token-aligned `labels`; one sample a row, Parquet."""

from typing import Any

from sftspec.ports.samples import Samples
from sftspec.ports.token_files import lists, parquet

FOLDER = "tokens"
TOKENS = True
GROUP = 1_000


def files(samples: Samples) -> dict[str, Any]:
    """The file of one shard."""
    import numpy as np

    columns = {
        "input_ids": lists(samples.ids, samples.offsets),
        "attention_mask": lists(np.ones(len(samples.ids), np.int8), samples.offsets),
        "labels": lists(samples.labels(), samples.offsets),
    }
    return {"parquet": parquet(columns, group=GROUP)}
