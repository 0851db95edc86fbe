"""Names that are file names on every system: what a part of a path may be, and which two are one."""

from collections.abc import Iterable

MAX_BYTES = 255
_SIGNS = set('/\\:*?"<>|')
_DEVICES = {"con", "prn", "aux", "nul"} | {
    f"{port}{n}" for port in ("com", "lpt") for n in range(10)
}


def portable(name: str) -> bool:
    """Whether a name is a plain name of a file or folder on any system.

    ASCII alone, so that no two spellings of a name look alike and each letter is a byte.
    """
    plain = name.isascii() and name.isprintable() and not _SIGNS & set(name)
    ends = name.startswith((".", " ")) or name.endswith((".", " "))
    device = name.partition(".")[0].rstrip().lower() in _DEVICES
    return plain and 0 < len(name) <= MAX_BYTES and not ends and not device


def twins(names: Iterable[str]) -> tuple[str, str] | None:
    """Two of the names that are one where case does not count: equal, or `A` and `a`; else None."""
    seen: dict[str, str] = {}
    for name in names:
        folded = name.lower()
        if folded in seen:
            return seen[folded], name
        seen[folded] = name
    return None
