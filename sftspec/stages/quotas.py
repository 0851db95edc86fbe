"""Quotas to counts: a total and integer weights come in, integers by largest remainder go out.

The method is Hamilton's (largest remainder): every weight gets the floor of its exact share, and
the records left over go one each to the largest remainders, ties to the weight declared first.
"""

from collections.abc import Sequence


def largest_remainder(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split `total` in proportion to `weights`: each part is a floor or ceiling of its share.

    The parts sum to `total`, unless every weight is zero: then every part is zero.
    """
    if total < 0 or any(weight < 0 for weight in weights):
        raise ValueError("a total and its weights are never negative")
    whole = sum(weights)
    if whole == 0:
        return (0,) * len(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda at: (-(total * weights[at] % whole), at)
    )
    for at in by_remainder[: total - sum(parts)]:
        parts[at] += 1
    return tuple(parts)
