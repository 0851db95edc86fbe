"""Whether a pattern occurs."""

from functools import cache
from typing import Any

from sftspec.expr.base import Pattern


def matches(text: str, pattern: Pattern) -> bool:
    """Whether the RE2 pattern occurs in the text; RE2 takes linear time on any input."""
    return compiled(pattern).search(text) is not None


@cache
def compiled(pattern: str) -> Any:
    """The RE2 object of a pattern. Raises `re2.error` where RE2 refuses it."""
    import re2

    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)
