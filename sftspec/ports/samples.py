"""Samples of tokens as the token formats write them."""

from typing import Any

from msgspec import Struct

IGNORED = -100


class Samples(Struct, frozen=True):
    """Samples one behind the other, and which of them make a pack.

    `ids` (int32, tokens) and `trained` (bool, tokens): loss on predicting this token. `offsets`
    (int64, samples + 1): where samples begin. `packs` (int64, packs + 1): where packs begin, in
    samples; each sample is a pack where nothing is packed. `window`: tokens that a pack may have.
    The first token of a sample is never trained.
    """

    ids: Any
    trained: Any
    offsets: Any
    packs: Any
    window: int

    def labels(self) -> Any:
        """Token-aligned labels (int32): the id where it is trained, else -100."""
        import numpy as np

        return np.where(self.trained, self.ids, np.int32(IGNORED))


class Report(Struct, frozen=True):
    """How the packs of a part came out, over all its shards.

    `longest`: tokens of the longest pack; `most`: samples in the fullest one. `squares`: the sum of
    squared sample lengths, which attention costs go by. `widest`: tokens of the longest sample.
    `fed`: tokens of the emptiest pack, less one for each of its samples, as readers feed them that cut
    off the last.
    """

    packs: int
    samples: int
    tokens: int
    trained: int
    longest: int
    most: int
    squares: int
    window: int
    widest: int
    fed: int
