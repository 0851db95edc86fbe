"""Packed tokens: `input_ids`, `labels`, `position_ids` and `seq_lengths`; one pack a row, Parquet.

Labels are token-aligned. Positions begin at 0 with each sample. There is no attention mask: beside
packed rows one of all ones makes readers attend across samples.
"""

from typing import Any

from sftspec.ports.samples import Report, Samples
from sftspec.ports.token_files import lists, paper, parquet

FOLDER = "packed"
TOKENS = True
GROUP = 64


def files(samples: Samples) -> dict[str, Any]:
    """The file of one shard."""
    import numpy as np

    bounds = samples.offsets[samples.packs]
    lengths = np.diff(samples.offsets).astype(np.int32)
    starts = np.repeat(samples.offsets[:-1].astype(np.int32), lengths)
    columns = {
        "input_ids": lists(samples.ids, bounds),
        "labels": lists(samples.labels(), bounds),
        "position_ids": lists(np.arange(len(starts), dtype=np.int32) - starts, bounds),
        "seq_lengths": lists(lengths, samples.packs),
    }
    return {"parquet": parquet(columns, group=GROUP)}


def papers(report: Report) -> dict[str, bytes]:
    """How the packs of the part came out."""
    return {"packing.json": paper(report)}
