"""The numbers a text states."""

import re

_NUMBER = re.compile(r"(?<!\.)\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?", re.ASCII)


def numbers(text: str) -> list[str]:
    """The numbers of the text in order, in plain form: `4,500.00` is `4500`, `05` is `5`."""
    return [_plain(match) for match in _NUMBER.findall(text)]


def _plain(number: str) -> str:
    whole, _, part = number.replace(",", "").partition(".")
    part = part.rstrip("0")
    return (whole.lstrip("0") or "0") + ("." + part if part else "")
