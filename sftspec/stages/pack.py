"""Samples to packs: best-fit decreasing on a histogram of lengths, then samples dealt to its shapes.

Why: sorting samples into packs one by one costs a search each, and depends on the order they come
in. Samples of one length are alike, so whole runs of alike packs are filled at once; which sample
goes where is drawn afterwards. The result is a function of window, cap, seed and the pairs of length
and key; it does not depend on where the samples stand.

Long samples first leave the short ones for last, and a cap on samples per pack ends packs of those
half empty. Where that happens the shortest samples are sown into all packs first, as many in each as
comes out best.
"""

from array import array
from collections import defaultdict
from typing import Any

from msgspec import Struct
import numpy as np

from sftspec.ground.canon import draw
from sftspec.ports.samples import Report

_BITS = 9
_LOW = (1 << _BITS) - 1


class Packs(Struct, frozen=True):
    """`order` (int64): sample numbers, pack by pack. `bounds` (int64, packs + 1): where packs begin."""

    order: Any
    bounds: Any


def pack(lengths: Any, keys: Any, window: int, *, seed: int, most: int = 0) -> Packs:
    """Samples in packs of up to `window` tokens and `most` samples (0: any number).

    `lengths` (int32) and `keys` (uint64) are one a sample; a key is a draw for the record. Packs stand
    in drawn order, and so do samples within one. Where keys are equal the longer sample comes first,
    and of those that have length and key in common the one that stands first. Raises ValueError where
    a length is below 1 or above the window.
    """
    lengths = np.asarray(lengths, np.int64)
    keys = np.asarray(keys, np.uint64)
    if not len(lengths):
        return Packs(np.zeros(0, np.int64), np.zeros(1, np.int64))
    if lengths.min() < 1 or lengths.max() > window:
        raise ValueError(f"a sample has 1 to {window} tokens")
    counts = np.bincount(lengths)
    sizes = np.flatnonzero(counts)[::-1]
    shapes = _shapes(sizes, counts[sizes], window, most or len(lengths))
    ranks = window - lengths  # long samples first, as the shapes were filled
    dealt = _sorted(ranks, _mixed(keys, seed, "pack deal"), window.bit_length())
    places, inside = shapes.places(), _mixed(keys[dealt], seed, "pack inside")
    order = _sorted(places, inside, shapes.packs.bit_length())
    sizes = np.bincount(places, minlength=shapes.packs)
    starts = np.cumsum(sizes) - sizes
    turn = np.argsort(_mixed(inside[order[starts]], seed, "pack order"), kind="stable")
    return Packs(dealt[order[_runs(starts[turn], sizes[turn])]], _bounds(sizes[turn]))


def report(lengths: Any, packs: Packs, window: int, *, trained: int) -> Report:
    """How packs of samples of these lengths came out, `trained` tokens of which carry loss."""
    sizes = np.asarray(lengths, np.int64)[packs.order]
    counts = np.diff(packs.bounds)
    totals = np.add.reduceat(sizes, packs.bounds[:-1]) if len(counts) else counts
    return Report(
        packs=len(counts),
        samples=len(sizes),
        tokens=int(sizes.sum()),
        trained=trained,
        longest=int(totals.max(initial=0)),
        most=int(counts.max(initial=0)),
        squares=int((sizes * sizes).sum()),
        window=window,
        widest=int(sizes.max(initial=0)),
        fed=int((totals - counts).min()) if len(counts) else 0,
    )


def _shapes(sizes: Any, counts: Any, window: int, most: int) -> "_Shapes":
    """The packs of so many samples of each size (descending)."""
    least = int(sizes[-1])
    best = _Shapes(window, most, least)
    best.fill(sizes, counts)
    tokens, samples = int((sizes * counts).sum()), int(counts.sum())
    need = max(-(-tokens // window), -(-samples // most))
    if not best.capped or best.packs - need <= need // 1_000:
        return best
    small = np.repeat(sizes[::-1], counts[::-1])[: need * (most - 1)]
    for each in _tries(most):
        some = small[: each * need]
        shapes = _Shapes(window, most, least)
        if len(some) < each * need or not shapes.sow(some, each):
            break
        left = counts - np.bincount(some, minlength=int(sizes[0]) + 1)[sizes]
        shapes.fill(sizes[left > 0], left[left > 0])
        if shapes.packs < best.packs:
            best = shapes
    return best


def _tries(most: int) -> list[int]:
    """Numbers below the cap, in steps of about a half, and two close to it."""
    steps = {base << more for more in range(most.bit_length()) for base in (1, 3)}
    return sorted(each for each in steps | {most * 7 // 8, most * 5 // 8} if 0 < each < most)


class _Shapes:
    """Packs as they fill: how many samples of which length each has, not which samples.

    Open packs stand by their free space in stacks of runs: the first of some neighbours that are
    alike, their number, and the samples that each may still take. Which stacks have any is kept in bits, in
    two levels, so that a search costs the same in any window.
    """

    def __init__(self, window: int, most: int, least: int) -> None:
        self.window, self.most, self.least = window, most, least
        self.packs = 0
        self.beds = self.sown = 0  # packs that were sown, and samples that each began with
        self.capped = False  # whether some pack was closed with space for more
        self.moves = array("q")  # first pack, packs, samples for each; and so on
        self.stacks: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
        self.blocks = [0] * ((window >> _BITS) + 1)
        self.filled = 0

    def fill(self, sizes: Any, counts: Any) -> None:
        """Place so many samples of each size, the largest first, each in the fullest pack that takes it."""
        long = 0 if self.sown else int(np.searchsorted(-sizes, -(self.window // 2)))
        self._alone(sizes[:long], counts[:long])
        for size, count in zip(sizes[long:].tolist(), counts[long:].tolist(), strict=True):
            left = count
            while left:
                free = self._tightest(size)
                left -= self._place(size, left, free) if free else self._open(size, left)

    def sow(self, small: Any, each: int) -> bool:
        """Open packs with so many of the smallest sizes (ascending) in each; false where they are too long."""
        totals = small.reshape(each, -1).sum(0)  # ascending, so equal ones are neighbours
        if totals[-1] > self.window:
            return False
        self.packs = self.beds = len(totals)
        self.sown = each
        used, firsts, counts = np.unique(totals, return_index=True, return_counts=True)
        for total, first, many in zip(
            used.tolist(), firsts.tolist(), counts.tolist(), strict=True
        ):
            self._push(self.window - total, first, many, self.most - each)
        return True

    def _alone(self, sizes: Any, counts: Any) -> None:
        """Open a pack for each sample that is longer than half the window: no two of them go together."""
        firsts = np.cumsum(counts) - counts
        self.moves.frombytes(np.stack([firsts, counts, np.ones_like(counts)], 1).tobytes())
        self.packs += int(counts.sum())
        room = self.most - 1
        for free, first, many in zip(
            (self.window - sizes).tolist(), firsts.tolist(), counts.tolist(), strict=True
        ):
            self._push(free, first, many, room)

    def _tightest(self, size: int) -> int:
        """The least free space of at least `size` that some pack has; 0 where there is none."""
        block = size >> _BITS
        found = self.blocks[block] >> (size & _LOW)
        if found:
            return size + (found & -found).bit_length() - 1
        found = self.filled >> (block + 1)
        if not found:
            return 0
        block += (found & -found).bit_length()
        found = self.blocks[block]
        return (block << _BITS) + (found & -found).bit_length() - 1

    def _open(self, size: int, left: int) -> int:
        """Open as many packs as that many samples fill, and fill them."""
        many = -(-left // min(self.window // size, self.most))
        self.packs += many
        return self._spread(size, left, self.window, (self.packs - many, many, self.most))

    def _place(self, size: int, left: int, free: int) -> int:
        """Fill the newest run of packs that have so much free space."""
        stack = self.stacks[free]
        run = stack.pop()
        if not stack:
            block = free >> _BITS
            self.blocks[block] ^= 1 << (free & _LOW)
            if not self.blocks[block]:
                self.filled ^= 1 << block
        return self._spread(size, left, free, run)

    def _spread(self, size: int, left: int, free: int, run: tuple[int, int, int]) -> int:
        """Fill the packs of a run with samples of one size, pack after pack; how many it took."""
        first, many, room = run
        each = min(free // size, room)
        if left >= each * many:
            self.moves.extend((first, many, each))
            self._push(free - each * size, first, many, room - each)
            return each * many
        full, rest = divmod(left, each)
        for start, packs, took in ((first, full, each), (first + full, 1, rest)):
            if packs and took:
                self.moves.extend((start, packs, took))
                self._push(free - took * size, start, packs, room - took)
                first, many = start + packs, many - packs
        self._push(free, first, many, room)
        return left

    def _push(self, free: int, first: int, many: int, room: int) -> None:
        """Keep packs open that some sample may still fit in."""
        if free < self.least or not (many and room):
            self.capped |= free >= self.least and not room
            return
        stack = self.stacks[free]
        if not stack:
            block = free >> _BITS
            if not self.blocks[block]:
                self.filled |= 1 << block
            self.blocks[block] |= 1 << (free & _LOW)
        stack.append((first, many, room))

    def places(self) -> Any:
        """The pack of each sample (int64), the longest sample first."""
        first, many, each = np.array(self.moves, np.int64).reshape(-1, 3).T
        starts = np.repeat(first, many)
        packs = starts + np.arange(len(starts)) - np.repeat(np.cumsum(many) - many, many)
        placed = np.repeat(packs, np.repeat(each, many))
        sown = np.tile(np.arange(self.beds), self.sown)[
            ::-1
        ]  # the smallest, which are the last
        return np.concatenate([placed, sown])


def _mixed(keys: Any, seed: int, purpose: str) -> Any:
    """A draw for each key (uint64), other keys other draws: the finaliser of SplitMix64."""
    z = keys ^ np.uint64(draw(seed, purpose, b""))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _sorted(ranks: Any, draws: Any, bits: int) -> Any:
    """Numbers (int64) of samples by rank, which has so many bits, then by draw, then as they stand.

    One number holds the rank and the first bits of the draw; where two of them are equal all is
    sorted again in full.
    """
    short = (ranks.astype(np.uint64) << np.uint64(64 - bits)) | (draws >> np.uint64(bits))
    order = np.argsort(short)
    found = short[order]
    if (found[1:] == found[:-1]).any():
        order = np.lexsort((draws, ranks))
    return order


def _bounds(sizes: Any) -> Any:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])


def _runs(starts: Any, sizes: Any) -> Any:
    """The numbers of runs that begin at `starts`, one run behind the other."""
    return np.arange(sizes.sum()) + np.repeat(starts - np.cumsum(sizes) + sizes, sizes)
