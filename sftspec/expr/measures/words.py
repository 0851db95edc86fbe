"""Number of words."""


def words(text: str) -> int:
    """Words of the text: what stands between white space."""
    return len(text.split())
