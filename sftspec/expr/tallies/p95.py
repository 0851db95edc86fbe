"""The 95th percentile of a number."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

from sftspec.expr import base


class P95(base.Tally, frozen=True, tag="p95"):
    """The smallest value that at least 95% of the records do not pass (nearest rank)."""

    takes: ClassVar[str] = "number"
    result: ClassVar[str] = "number"

    def start(self) -> Counter[int | float]:
        return Counter()

    def of(self, values: Sequence[int | float | None]) -> Counter[int | float]:
        return Counter(value for value in values if value is not None)

    def merge(
        self, left: Counter[int | float], right: Counter[int | float]
    ) -> Counter[int | float]:
        return left + right

    def value(self, total: Counter[int | float]) -> Fraction | None:
        wanted = _rank(sum(total.values()))
        for value in sorted(total):
            wanted -= total[value]
            if wanted <= 0:
                return Fraction(value)
        return None

    def parts(self, total: Counter[int | float]) -> dict[str, int | Fraction]:
        count = sum(total.values())
        ends = {"least": Fraction(min(total)), "most": Fraction(max(total))} if count else {}
        return {"rank": _rank(count), "of": count, **ends}


def _rank(count: int) -> int:
    """Which of so many values in order is the 95th percentile, from 1."""
    return -(-count * 95 // 100)
