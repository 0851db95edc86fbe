"""Packs to map into memory: `tokens` and `labels`, each a `.bin` of int32 and its `.idx`.

An index is megatron-core's (`MMIDIDX`, version 1): samples are its sequences and packs its documents.
It has no place for labels, which are therefore a pair of their own; they are token-aligned.
"""

import struct
from typing import Any

from sftspec.ports.samples import Samples

FOLDER = "store"
TOKENS = True
MAGIC = b"MMIDIDX\0\0"
VERSION = 1
INT32 = 4


def files(samples: Samples) -> dict[str, Any]:
    """The four files of one shard."""
    index = _index(samples)
    return {
        "tokens.bin": _bytes(samples.ids, "<i4"),
        "tokens.idx": index,
        "labels.bin": _bytes(samples.labels(), "<i4"),
        "labels.idx": index,
    }


def _index(samples: Samples) -> bytes:
    """Lengths, places in bytes, and the first sample of each pack and of the one behind the last."""
    import numpy as np

    count = len(samples.offsets) - 1
    head = struct.pack("<9sQBQQ", MAGIC, VERSION, INT32, count, len(samples.packs))
    lengths = _bytes(np.diff(samples.offsets), "<i4")
    places = _bytes(samples.offsets[:-1] * 4, "<i8")
    return b"".join((head, lengths, places, _bytes(samples.packs, "<i8")))


def _bytes(values: Any, kind: str) -> memoryview:
    import numpy as np

    return np.ascontiguousarray(values, kind).view(np.uint8).data
