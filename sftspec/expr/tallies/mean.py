"""The mean of a number."""

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

from sftspec.expr import base


class Mean(base.Tally, frozen=True, tag="mean"):
    """Arithmetic mean, exact; records where the number is null do not count."""

    takes: ClassVar[str] = "number"
    result: ClassVar[str] = "number"

    def start(self) -> tuple[Fraction, int]:
        return (Fraction(0), 0)

    def of(self, values: Sequence[int | float | None]) -> tuple[Fraction, int]:
        known = [Fraction(value) for value in values if value is not None]
        return (sum(known, Fraction(0)), len(known))

    def merge(
        self, left: tuple[Fraction, int], right: tuple[Fraction, int]
    ) -> tuple[Fraction, int]:
        return (left[0] + right[0], left[1] + right[1])

    def value(self, total: tuple[Fraction, int]) -> Fraction | None:
        return total[0] / total[1] if total[1] else None

    def parts(self, total: tuple[Fraction, int]) -> dict[str, int | Fraction]:
        return {"sum": total[0], "of": total[1]}
