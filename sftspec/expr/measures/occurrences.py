"""How often a text stands in another."""


def occurrences(needle: str, text: str) -> int:
    """How often `needle` stands in the text, without overlap; an empty one never does."""
    return text.count(needle) if needle else 0
