"""Slices of flat arrays, many at once."""

from typing import Any

import numpy as np


def places(starts: Any, sizes: Any) -> Any:
    """The places of slices, one behind the other: `starts[0]`, `starts[0] + 1`, … (int64)."""
    ends = np.cumsum(sizes)
    return np.repeat(starts - (ends - sizes), sizes) + np.arange(int(sizes.sum()))


def slices(values: Any, starts: Any, sizes: Any) -> Any:
    """Slices of an array, one behind the other."""
    return values[places(starts, sizes)]


def bounds(sizes: Any) -> Any:
    """Where slices of these sizes begin when they stand one behind the other, and their end (int64)."""
    found = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=found[1:])
    return found
