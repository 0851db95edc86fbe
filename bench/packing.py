"""Packing plans: how full, and how fast, ours beside two plain packers in the same run.

    python -m bench.packing            # 100,000 and 1,000,000 samples
    python -m bench.packing --quick    # 20,000

`fill` is the least number of packs that the tokens need over the packs that there are; where samples
are too long to be paired nothing reaches 1. Next-fit and first-fit decreasing are written here, plainly:
they give a scale, and are no one's product. They run on the smallest number of samples alone.
"""

import argparse
from collections.abc import Callable, Iterator
import time
from typing import Any

import numpy as np

from sftspec.stages.pack import pack

WINDOWS = (2_048, 4_096, 16_384, 131_072)
BY_HAND = 100_000  # more would take the plain packers minutes


def distributions(count: int, window: int) -> Iterator[tuple[str, Any]]:
    """Names, and lengths of so many samples that fit the window."""
    rng = np.random.default_rng(5)

    def bell(count: int, mean: float, spread: float) -> Any:
        return np.exp(rng.normal(np.log(mean) - spread**2 / 2, spread, count))

    few = count * 3 // 10
    two = np.concatenate([bell(count - few, 250, 0.5), bell(few, 1_670, 0.4)])
    drawn = {
        "lognormal, mean 545": bell(count, 545, 0.9),
        "two sources": two,
        "two sources, shuffled": rng.permutation(two),
        "any length alike": rng.integers(1, window + 1, count),
        "over half the window": rng.integers(window // 2 + 1, window + 1, count),
        "all equal": np.full(count, 545),
    }
    for name, lengths in drawn.items():
        yield name, np.clip(lengths, 4, window).astype(np.int32)


def ours(lengths: Any, window: int) -> int:
    """The packs of `sftspec.stages.pack`, order and all."""
    keys = np.random.default_rng(6).integers(0, 1 << 64, len(lengths), dtype=np.uint64)
    return len(pack(lengths, keys, window, seed=1).bounds) - 1


def next_fit(lengths: Any, window: int) -> int:
    """A new pack whenever the next sample does not fit."""
    packs, free = 0, 0
    for length in lengths.tolist():
        if length > free:
            packs, free = packs + 1, window
        free -= length
    return packs


def first_fit_decreasing(lengths: Any, window: int) -> int:
    """The first pack that takes it, the longest sample first; packs in a tree of the most free space."""
    size = 1 << (len(lengths) - 1).bit_length()
    tree = [window] * (2 * size)
    last = 0
    for length in np.sort(lengths)[::-1].tolist():
        at = 1
        while at < size:
            at = 2 * at if tree[2 * at] >= length else 2 * at + 1
        last = max(last, at - size)
        tree[at] -= length
        while at > 1:
            at //= 2
            tree[at] = max(tree[2 * at], tree[2 * at + 1])
    return last + 1


def timed(packer: Callable[[Any, int], int], lengths: Any, window: int) -> tuple[float, int]:
    """The best of three times, in seconds, and the packs."""
    best, packs = float("inf"), 0
    for _ in range(3):
        start = time.perf_counter()
        packs = packer(lengths, window)
        best = min(best, time.perf_counter() - start)
        if best > 1:
            break
    return best, packs


def main() -> None:
    """Print a line for each window, distribution and packer."""
    parser = argparse.ArgumentParser(
        description="How full packs are, and how fast they are planned."
    )
    parser.add_argument("--quick", action="store_true", help="20,000 samples")
    counts = (20_000,) if parser.parse_args().quick else (100_000, 1_000_000)
    print(
        f"{'samples':>9} {'window':>7}  {'lengths':22} {'packer':22} {'fill':>8} {'M rows/s':>9}"
    )
    for count in counts:
        packers = (ours, next_fit, first_fit_decreasing) if count <= BY_HAND else (ours,)
        for window in WINDOWS:
            for name, lengths in distributions(count, window):
                bound = -(-int(lengths.sum(dtype=np.int64)) // window)
                for packer in packers:
                    took, packs = timed(packer, lengths, window)
                    print(
                        f"{count:>9,} {window:>7,}  {name:22} {packer.__name__:22} "
                        f"{bound / packs:>8.4%} {count / took / 1e6:>9.3f}"
                    )


if __name__ == "__main__":
    main()
