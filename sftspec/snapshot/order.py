"""The order in which packs are read: a permutation of each phase that nobody has to hold.

Place to pack is arithmetic, so opening costs nothing, any place is as near as the first, and ranks
and workers need not agree on anything but (seed, epoch). A Feistel network over two digits, in
integers of 64 bits that wrap: the same on every machine and with every version of numpy.
"""

from collections.abc import Sequence
from math import isqrt
from typing import Any

import numpy as np

from sftspec.ground.canon import canonical, raw_digest

ROUNDS = 8
_STEP = 0x9E3779B97F4A7C15
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)


class Order:
    """The packs of a part in the order of an epoch: phase after phase, each shuffled in itself.

    `phases`: packs in each phase, in the order of the store. A place past the end is one from the
    beginning again.
    """

    def __init__(
        self, phases: Sequence[int], seed: int, epoch: int, *, shuffle: bool = True
    ) -> None:
        self._counts = [int(count) for count in phases]
        self._starts = np.cumsum([0, *self._counts], dtype=np.int64)
        self._keys = [keys_of(seed, epoch, number) for number in range(len(phases))]
        self._shuffle = shuffle

    def at(self, places: Any) -> Any:
        """The packs (int64) that stand at places of this order."""
        places = np.asarray(places, np.int64) % self._starts[-1]
        if not self._shuffle:
            return places
        first = int(np.searchsorted(self._starts, places.min(), "right")) - 1
        last = int(np.searchsorted(self._starts, places.max(), "right")) - 1
        if first == last:
            return self._within(first, places)
        found = np.empty_like(places)
        phases = np.searchsorted(self._starts, places, "right") - 1
        for phase in range(first, last + 1):
            here = phases == phase
            if here.any():
                found[here] = self._within(phase, places[here])
        return found

    def _within(self, phase: int, places: Any) -> Any:
        start = self._starts[phase]
        inner = (places - start).astype(np.uint64)
        return permuted(inner, self._counts[phase], self._keys[phase]).astype(np.int64) + start


def keys_of(seed: int, epoch: int, phase: int) -> list[Any]:
    """The keys of a permutation's rounds."""
    drawn = raw_digest("order", canonical([seed, epoch, phase]))
    first = int.from_bytes(drawn[:8], "little")
    numbers = [(first + _STEP * n) % 2**64 for n in range(1, ROUNDS + 1)]
    return list(_mixed(np.array(numbers, np.uint64)))


def permuted(places: Any, count: int, keys: Sequence[Any]) -> Any:
    """Where each place (uint64) below `count` goes; no two go to one."""
    width = isqrt(count - 1) + 1
    height = -(-count // width)
    found = _walk(places, width, height, keys)
    # the grid has a few cells too many: what lands on one walks on
    while (over := found >= count).any():
        found[over] = _walk(found[over], width, height, keys)
    return found


def _walk(places: Any, width: int, height: int, keys: Sequence[Any]) -> Any:
    a, b = np.uint64(width), np.uint64(height)
    x, y = places % a, places // a
    for left, right in zip(keys[::2], keys[1::2], strict=True):
        x = (x + _mixed(y + left) % a) % a
        y = (y + _mixed(x + right) % b) % b
    return x + y * a


def _mixed(values: Any) -> Any:
    """Splitmix's finish: each bit of the answer depends on every bit."""
    values = (values ^ (values >> _30)) * _MIX[0]
    values = (values ^ (values >> _27)) * _MIX[1]
    return values ^ (values >> _31)
