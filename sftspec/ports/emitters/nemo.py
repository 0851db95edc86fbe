"""Packs as NeMo and Megatron-Bridge read them: `input_ids`, `loss_mask`, `seq_start_id`; Parquet.

The mask stands on the position that predicts: it is 1 where the next token of the same sample is
trained, and 0 at each sample's last token, which the reader cuts off.
"""

from typing import Any

from sftspec.ports.samples import Report, Samples
from sftspec.ports.token_files import lists, paper, parquet

FOLDER = "nemo"
TOKENS = True
GROUP = 500


def files(samples: Samples) -> dict[str, Any]:
    """The file of one shard."""
    import numpy as np

    bounds, offsets = samples.offsets[samples.packs], samples.offsets
    mask = np.zeros(len(samples.ids), np.int8)
    mask[:-1] = samples.trained[1:]
    mask[offsets[1:] - 1] = 0
    starts = offsets[:-1] - np.repeat(bounds[:-1], np.diff(samples.packs))
    columns = {
        "input_ids": lists(samples.ids, bounds),
        "loss_mask": lists(mask, bounds),
        "seq_start_id": lists(starts.astype(np.int32), samples.packs),
    }
    return {"idx.parquet": parquet(columns, group=GROUP)}


def papers(report: Report) -> dict[str, bytes]:
    """What the reader asks for where it pads the bounds of packs (`pad_cu_seqlens`).

    It counts what it feeds: a sample has a token less there.
    """
    if not report.packs:
        return {}
    fed = report.tokens - report.samples
    found = {
        "dataset_max_seqlen": report.widest - 1,
        "max_samples_per_bin": report.most,
        "min_packed_seqlen": report.fed,
        "pack_size": report.window,
        "packing_efficiency": round(100 * fed / report.packs / report.window, 2),
        "packing_factor": round(report.samples / report.packs, 2),
    }
    return {"metadata.json": paper([found])}
