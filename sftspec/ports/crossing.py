"""Which neighbours in a text some token of a vocabulary has inside.

Where no token crosses a border, byte pairs merge on each side of it by themselves: what stands left
has the ids that it has alone. Pairs are kept by a digest of a few bits, so a pair may seem crossed
that is not; then a text stays whole where it could have been cut, and no id changes.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

WIDE = 0x300
"""Code points from here to the end of the first plane may be cut between, in a vocabulary of bytes."""
MOST = 1 << 20  # pairs that torn tokens may stand for; more, and nothing is cut
_MANY = 500  # characters end in one byte, and no fewer


class Crossing:
    """A set of pairs of code points that only errs by holding too many."""

    def __init__(self, pairs: int) -> None:
        import numpy as np

        bits = min(25, max(20, (pairs * 48).bit_length()))
        self._shift = np.uint32(32 - bits)
        self._table = np.zeros(1 << bits, bool)
        self._torn = np.zeros(
            1 << 16, bool
        )  # by the last byte of one, and all but that of the other
        self._tears = False

    def _places(self, left: Any, right: Any) -> Any:
        import numpy as np

        mixed = left * np.uint32(0x9E3779B1)
        mixed += right * np.uint32(0x85EBCA77)
        mixed >>= self._shift
        return mixed

    def add(self, left: Any, right: Any) -> None:
        """Hold these pairs (uint32)."""
        self._table[self._places(left, right)] = True

    def add_torn(self, left: Any, right: Any) -> None:
        """Hold these pairs: `left` are all that end in one byte, `right` all that begin alike."""
        import numpy as np

        self._torn[(left[0] & 63) << np.uint32(10) | np.unique(right >> 6)] = True
        self._tears = True

    def crossed(self, left: Any, right: Any) -> Any:
        """Whether some token may have this inside (bool)."""
        import numpy as np

        found = self._table.take(self._places(left, right))
        if self._tears:
            found |= self._torn.take((left & 63) << np.uint32(10) | right >> 6)
        return found


def codes_of(text: str) -> Any:
    """The code points of a text (uint32)."""
    import numpy as np

    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def crossing_of_texts(tokens: Sequence[str]) -> Crossing:
    """The pairs inside these tokens."""
    left, right = _inside(tokens)
    found = Crossing(len(left))
    found.add(left, right)
    return found


def _inside(tokens: Sequence[str]) -> tuple[Any, Any]:
    """The neighbours inside of tokens."""
    import numpy as np

    codes = codes_of("".join(tokens))
    inside = np.ones(len(codes), bool)
    ends = np.cumsum([len(token) for token in tokens]) if tokens else np.zeros(0, np.int64)
    inside[ends[ends > 0] - 1] = False
    first = np.flatnonzero(inside)
    return codes[first], codes[first + 1]


def crossing_of_bytes(tokens: Iterable[bytes]) -> Crossing | None:
    """The pairs that tokens of bytes may cross, those from `WIDE` on; None where that is too much to say.

    A token that begins or ends within a character crosses for every character that it may be part of.
    """
    import numpy as np

    whole, torn = [], []
    for token in tokens:
        if not token.isascii():
            try:
                whole.append(token.decode())
            except UnicodeDecodeError:
                torn.append(token)
    left, right = _inside(whole)
    parts = _Parts()
    pairs = [pair for token in torn for pair in parts.pairs(token)]
    pairs = [(one, other) for one, other in pairs if one.size * other.size]
    pairs = [(one, other) for one, other in pairs if one[0] >= WIDE and other[0] >= WIDE]
    torn_ends = [one.size > _MANY and other.size > 1 for one, other in pairs]
    count = sum(
        one.size * other.size
        for (one, other), both in zip(pairs, torn_ends, strict=True)
        if not both
    )
    if count > MOST:
        return None
    found = Crossing(len(left) + count)
    found.add(left, right)
    for (one, other), both in zip(pairs, torn_ends, strict=True):
        if both:
            found.add_torn(one, other)
        else:
            found.add(np.repeat(one, other.size), np.tile(other, one.size))
    return found


class _Parts:
    """Characters of two or three bytes by how these begin and end."""

    def __init__(self) -> None:
        import numpy as np

        codes = np.arange(WIDE, 0x10000, dtype=np.uint32)
        self.codes = codes[(codes < 0xD800) | (codes > 0xDFFF)]
        self.long = self.codes >= 0x800
        self.known: dict[bytes, Any] = {}

    def pairs(self, token: bytes) -> list[tuple[Any, Any]]:
        """The pairs that a token crosses, as sets of what may stand left and right."""
        from itertools import pairwise

        start = next((at for at, one in enumerate(token) if one & 0xC0 != 0x80), len(token))
        end = len(token)
        while end > start and token[end - 1] & 0xC0 == 0x80:
            end -= 1
        if end > start and token[end - 1] >= 0xC0:
            size = 2 if token[end - 1] < 0xE0 else 3 if token[end - 1] < 0xF0 else 4
            end = end - 1 if len(token) - end + 1 < size else len(token)
        try:
            middle = codes_of(token[start:end].decode())
        except UnicodeDecodeError:
            return []  # no text has these bytes
        sets = [middle[at : at + 1] for at in range(len(middle))]
        if start:
            sets.insert(0, self.ending(token[:start]))
        if end < len(token):
            sets.append(self.beginning(token[end:]))
        return list(pairwise(sets))

    def ending(self, tail: bytes) -> Any:
        """The characters whose last bytes these are, and not all of them."""
        return self._known(tail, self._ending)

    def _ending(self, tail: bytes) -> Any:
        codes = self.codes
        hit = (codes & 63 | 0x80) == tail[-1]
        if len(tail) > 1:
            hit &= self.long & ((codes >> 6 & 63 | 0x80) == tail[-2])
        return codes[hit & (len(tail) < 3)]

    def beginning(self, head: bytes) -> Any:
        """The characters whose first bytes these are, and not all of them."""
        return self._known(head, self._beginning)

    def _known(self, part: bytes, ask: Callable[[bytes], Any]) -> Any:
        if part not in self.known:
            self.known[part] = ask(part)
        return self.known[part]

    def _beginning(self, head: bytes) -> Any:
        codes = self.codes
        if len(head) == 1:
            short = (codes >> 6 | 0xC0) == head[0]
            return codes[(~self.long & short) | (self.long & ((codes >> 12 | 0xE0) == head[0]))]
        hit = self.long & ((codes >> 12 | 0xE0) == head[0])
        return codes[hit & ((codes >> 6 & 63 | 0x80) == head[1]) & (len(head) < 3)]
