"""What share of records."""

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

from sftspec.expr import base


class Rate(base.Tally, frozen=True, tag="rate"):
    """Share of records for which the condition holds; of no records it is nothing at all."""

    result: ClassVar[str] = "percent"

    def start(self) -> tuple[int, int]:
        return (0, 0)

    def of(self, values: Sequence[bool]) -> tuple[int, int]:
        return (sum(map(bool, values)), len(values))

    def merge(self, left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
        return (left[0] + right[0], left[1] + right[1])

    def value(self, total: tuple[int, int]) -> Fraction | None:
        return Fraction(*total) if total[1] else None
