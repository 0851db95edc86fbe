"""What share of records."""

from typing import ClassVar

from sftspec.expr import base


class Rate(base.Share, frozen=True, tag="rate"):
    """Share of records for which the condition holds; of no records it is nothing at all."""

    result: ClassVar[str] = "percent"
