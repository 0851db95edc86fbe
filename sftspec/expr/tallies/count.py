"""How many records."""

from sftspec.expr import base


class Count(base.Share, frozen=True, tag="count"):
    """Records for which the condition holds: `count(risk == high)`."""

    def value(self, total: tuple[int, int]) -> int:
        return total[0]
