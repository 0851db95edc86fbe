"""How many of the spec's tests pass."""

from typing import ClassVar

from sftspec.expr import base


class Tests(base.Share, frozen=True, tag="tests"):
    """Share of the spec's `test` blocks that pass."""

    takes: ClassVar[str] = "nothing"
    result: ClassVar[str] = "percent"
    hits: ClassVar[str] = "passed"
