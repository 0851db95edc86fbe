"""Which texts are in Unicode's form NFC beyond doubt."""

from collections.abc import Callable, Sequence
from typing import Any
import unicodedata


def stands(one: str) -> bool:
    """Whether a character is composed, whatever its neighbours are, in every version of Unicode.

    What melts into the character before it is a mark, or a letter of Hangul in parts. Of scripts
    beyond the first plane nothing is claimed.
    """
    kind, code = unicodedata.category(one), ord(one)
    return (
        kind not in {"Cn", "Co", "Cs", "Mn", "Mc", "Me"}
        and not 0x1100 <= code < 0x1200
        and not 0xA960 <= code < 0xA980
        and not 0xD7B0 <= code < 0xD800
        and (code < 0x10000 or kind == "So")
        and unicodedata.is_normalized("NFC", one)
    )


class Composed:
    """Puts texts into NFC, by the library where that may change something."""

    BLOCK = 1 << 8

    def __init__(self, normalize: Callable[[str], str]) -> None:
        import numpy as np

        self._normalize = normalize
        self._table = np.zeros(0x110000, np.uint8)  # 0: not asked yet, 1: stands, 2: may not

    def of(self, texts: Sequence[str]) -> list[str]:
        """The texts in NFC."""
        import numpy as np

        found = list(texts)
        others = [at for at, text in enumerate(texts) if not text.isascii()]
        if not others:
            return found
        sizes = np.array([len(texts[at]) for at in others])
        joined = "".join([texts[at] for at in others])
        codes = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
        kinds = self._kinds(codes)
        worst = np.maximum.reduceat(kinds, np.cumsum(sizes) - sizes)
        for at in np.flatnonzero(worst > 1).tolist():
            found[others[at]] = self._normalize(found[others[at]])
        return found

    def _kinds(self, codes: Any) -> Any:
        import numpy as np

        kinds = self._table.take(codes)
        unknown = codes[kinds == 0]
        if len(unknown):
            for block in np.unique(unknown // self.BLOCK).tolist():
                places = range(block * self.BLOCK, (block + 1) * self.BLOCK)
                self._table[places.start : places.stop] = [2 - stands(chr(at)) for at in places]
            kinds = self._table.take(codes)
        return kinds
