"""Shares of tokens as shares of records: how long the records of each value are decides how many.

Records of a value differ in length, so the lengths of those that were chosen tell the next round how
many to choose, until the tokens are shared out as asked.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sftspec.plan.graph import SharePart
from sftspec.stages.joint import Quota
from sftspec.stages.limits import Slack
from sftspec.stages.pool import Pool

ROUNDS = 16
WHOLE = 10_000
_SCALE = 1 << 32


class Scale:
    """A share of tokens over one part's candidates, `places` of the pool."""

    def __init__(self, share: SharePart, pool: Pool, places: Any) -> None:
        self.share = share
        self.values = [value for value, _ in share.quotas]
        words = pool.words(share.facet)
        known = {word: at for at, word in enumerate(words.dictionary.to_pylist())}
        codes = words.indices.to_numpy(zero_copy_only=False)
        self.masks = [codes == known.get(value, -1) for value in self.values]
        self.tokens = pool.numbers(f"tokens.{share.chat}").astype(np.int64)
        self.seen = [(0, 0)] * len(self.values)
        self.learn(places)
        self.there = self.measured(places)

    def measured(self, places: Any) -> list[int]:
        """Tokens of each value among some candidates."""
        return [int(self.tokens[places][mask[places]].sum()) for mask in self.masks]

    def learn(self, places: Any) -> None:
        """Take the mean length of each value's records from some candidates that have it."""
        for at, mask in enumerate(self.masks):
            mine = self.tokens[places][mask[places]]
            if len(mine) and mine.sum():
                self.seen[at] = len(mine), int(mine.sum())

    def weights(self) -> list[int]:
        """Of each value the share of records that should have its share of tokens, as whole weights."""
        count, total = (sum(column) for column in zip(*self.seen, strict=True))
        some = [(c, t) if t else (max(count, 1), max(total, 1)) for c, t in self.seen]
        return [
            weight * _SCALE * c // t
            for (_, weight), (c, t) in zip(self.share.quotas, some, strict=True)
        ]

    def off(self, places: Any) -> int:
        """How far the tokens of some candidates are from their shares, in millionths of the whole."""
        return max((abs(got - want) for want, got in self._pairs(places)), default=0) * 10**6 // max(
            sum(self.measured(places)), 1
        )  # fmt: skip

    def holds(self, places: Any) -> bool:
        """Whether every value's tokens are within the bound of the share."""
        return self.off(places) <= self.share.within * 100

    def _pairs(self, places: Any) -> list[tuple[int, int]]:
        """Of each value the tokens that are wanted, and those that there are."""
        got = self.measured(places)
        whole = sum(weight for _, weight in self.share.quotas) or 1
        return [
            (sum(got) * weight // whole, tokens)
            for (_, weight), tokens in zip(self.share.quotas, got, strict=True)
        ]

    def quotas(self, places: Any) -> list[Quota]:
        """The share as a result says it, in tokens."""
        pairs = zip(self.values, self._pairs(places), self.there, strict=True)
        return [
            Quota(f"{self.share.facet} {value} (tokens)", want, there, got)
            for value, (want, got), there in pairs
        ]

    def slacks(self, places: Any) -> list[Slack]:
        """What is off by more than the bound."""
        if self.holds(places):
            return []
        bound = self.share.within * sum(self.measured(places)) // WHOLE
        return [
            Slack(f"{self.share.facet} {value} (tokens)", want, got)
            for value, (want, got) in zip(self.values, self._pairs(places), strict=True)
            if abs(want - got) > bound
        ]


def worst(scales: Sequence[Scale], places: Any) -> int:
    """How far the shares are off, at worst; what is within its bound counts as on."""
    return max((0 if scale.holds(places) else scale.off(places) for scale in scales), default=0)
