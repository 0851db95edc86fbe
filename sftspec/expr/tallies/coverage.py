"""How much of a coverage matrix is met."""

from typing import ClassVar

from sftspec.expr import base


class Coverage(base.Share, frozen=True, tag="coverage"):
    """Share of a coverage's cells that hold as many records as they need."""

    takes: ClassVar[str] = "coverage"
    result: ClassVar[str] = "percent"
    hits: ClassVar[str] = "met"
