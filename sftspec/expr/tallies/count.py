"""How many records."""

from collections.abc import Sequence

from sftspec.expr import base


class Count(base.Tally, frozen=True, tag="count"):
    """Records for which the condition holds: `count(risk == high)`."""

    def start(self) -> int:
        return 0

    def of(self, values: Sequence[bool]) -> int:
        return sum(map(bool, values))

    def merge(self, left: int, right: int) -> int:
        return left + right

    def value(self, total: int) -> int:
        return total
