"""Length of a text."""


def chars(text: str) -> int:
    """Characters (code points) of the text."""
    return len(text)
