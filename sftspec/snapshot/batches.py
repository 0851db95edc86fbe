"""Packs as dicts of arrays, and several of them as one batch without padding."""

from collections.abc import Sequence
import importlib
import sys
from typing import Any

import numpy as np

from sftspec.ground.report import Fault
from sftspec.snapshot.stored import Lent

Batch = dict[str, Any]
FORMATS = ("numpy", "torch")
LAYOUTS = ("flat", "transformers", "packs")
LONG = ("input_ids", "labels", "position_ids")


def batch_of(lent: Sequence[Lent]) -> Batch:
    """Packs one behind the other. All int32; `position_ids` begin at 0 in each sample.

    `seq_lengths`: tokens of each sample; `cu_seqlens`: where samples begin, and the end;
    `max_seqlen`: tokens of the longest sample (an int).
    """
    return _laid(
        _joined([one.ids for one in lent]),
        _joined([one.labels for one in lent]),
        _joined([one.lengths for one in lent]),
    )


def joined(packs: Sequence[Batch]) -> Batch:
    """Dicts of `batch_of`, be it arrays or tensors, as one such dict of arrays."""
    return _laid(
        *(
            _joined([np.asarray(pack[name]) for pack in packs])
            for name in ("input_ids", "labels", "seq_lengths")
        )
    )


def _joined(arrays: Sequence[Any]) -> Any:
    """A copy: whoever gets it may write in it, and maps stay as they are."""
    return np.concatenate(arrays).astype(np.int32, copy=False)


def _laid(ids: Any, labels: Any, lengths: Any) -> Batch:
    bounds = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=bounds[1:])
    if bounds[-1] != len(ids):
        raise Fault(
            "snapshot-damaged", "the .idx of a store lies about the lengths of samples",
            hint="read it with its hashes checked, and you will learn which",
        )  # fmt: skip
    positions = np.arange(len(ids), dtype=np.int32)
    if len(lengths) > 1:
        positions -= np.repeat(bounds[:-1], lengths)
    return {
        "input_ids": ids,
        "labels": labels,
        "position_ids": positions,
        "seq_lengths": lengths,
        "cu_seqlens": bounds,
        "max_seqlen": int(lengths.max()),
    }


def for_transformers(batch: Batch) -> Batch:
    """The arguments that models of `transformers` take: one row, no attention mask and no cache.

    Samples are told apart by positions that begin anew, and by nothing else: with a mask, be it of
    ones, or with a cache, which is their default, each would see those before it.
    """
    bounds, longest = batch["cu_seqlens"], batch["max_seqlen"]
    return {
        **{name: batch[name][None] for name in LONG},
        "cu_seq_lens_q": bounds, "cu_seq_lens_k": bounds,
        "max_length_q": longest, "max_length_k": longest, "use_cache": False,
    }  # fmt: skip


def tensors(batch: Batch) -> Batch:
    """Arrays as tensors of torch: what a model looks up or is scored by in int64, the rest int32."""
    torch = torch_library()
    return {
        name: torch.from_numpy(value.astype(np.int64 if name in LONG else np.int32))
        if isinstance(value, np.ndarray)
        else value
        for name, value in batch.items()
    }


def torch_library() -> Any:
    """The library torch. Raises Fault where there is none."""
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise Fault(
            "missing-library", str(error), hint='install torch, or ask for format="numpy"'
        ) from None


def worker_place() -> tuple[int, int] | None:
    """Which of how many workers of a torch DataLoader this process is; None where it is none."""
    data = sys.modules.get("torch.utils.data")  # who is in a worker has it loaded
    info = data.get_worker_info() if data is not None else None
    return None if info is None else (info.id, info.num_workers)
