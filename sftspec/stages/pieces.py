"""A piece of a body over many rows: its texts, and the rows where it has none and why."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sftspec.ground.report import Fault
from sftspec.ir import body as b
from sftspec.ir.filters import TooLong, apply, show

Failures = dict[int, tuple[str, str]]


def byte_lengths(column: Sequence[str]) -> Any:
    """How many bytes of UTF-8 each text has."""
    return np.fromiter(
        (len(text) if text.isascii() else len(text.encode()) for text in column),
        np.int32,
        len(column),
    )


def facet_words(values: Sequence[Any]) -> list[str | None]:
    """What can be the value of a facet."""
    return [value if isinstance(value, str) else None for value in values]


def looked_up(
    texts: dict[str, str], values: Sequence[Any], path: tuple[str, ...], failures: Failures
) -> list[str]:
    """The table's text for each value."""
    found = [texts.get(value) for value in facet_words(values)]  # type: ignore[arg-type]
    for index, text in enumerate(found):
        if text is None:
            what = "null or missing" if values[index] is None else "not in the table"
            failures.setdefault(index, ("missing_field", f"{'.'.join(path)}: {what}"))
    return [text or "" for text in found]


def filtered(value: Any, filters: tuple[b.Filter, ...]) -> Any:
    """A value through its filters."""
    for one in filters:
        value = apply(value, one.name, one.args)
    return value


def fixed(text: str, filters: tuple[b.Filter, ...], name: str) -> str:
    """An author's text through filters. Raises Fault where they make it too long."""
    try:
        return show(filtered(text, filters))
    except TooLong as error:
        raise Fault("text-too-long", f"`{name}` and its filters: {error}") from None


def shown(
    values: Sequence[Any],
    path: tuple[str, ...],
    filters: tuple[b.Filter, ...],
    failures: Failures,
) -> list[str]:
    """Values through their filters as texts; what has no plain form is a failure."""
    if not filters and set(map(type, values)) == {str}:
        return values if isinstance(values, list) else list(values)
    out: list[str] = []
    for index, value in enumerate(values):
        try:
            out.append(show(filtered(value, filters)))
        except (ValueError, TypeError, AttributeError, IndexError) as error:
            missing = value is None
            reason = "missing_field" if missing else "type_error"
            word = "null or missing" if missing else f"{type(value).__name__} has no plain form"
            word = str(error) if isinstance(error, TooLong) else word
            failures.setdefault(index, (reason, f"{'.'.join(path)}: {word}"))
            out.append("")
    return out
