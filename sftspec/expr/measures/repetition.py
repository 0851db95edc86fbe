"""How much a text repeats itself."""

from collections import Counter

from sftspec.expr.base import Percentage


def repetition(text: str, n: int = 4) -> Percentage:
    """Share of the text's word n-grams that occurred before in it (0% where there are none).

    The duplicate n-gram share of Rae et al. 2021 (Gopher, table A1), counted in n-grams.
    """
    tokens = text.split()
    total = len(tokens) - n + 1
    if n < 1 or total < 1:
        return 0
    distinct = len(Counter(zip(*(tokens[i:] for i in range(n)), strict=False)))
    return (total - distinct) * 10_000 // total
