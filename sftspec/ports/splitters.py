r"""Regexes that tokenizers split a text by before they merge bytes, and where these always split.

A form is one regex, held letter by letter. Its rule looks at four characters in a row, by class, and
says where the regex has a border whatever stands around them, and has the same matches on each side
where the text is cut there. Everything that a rule does not name is no border to us.

Why the rules hold: each alternative of these regexes matches runs of classes and looks back at
nothing, so a match that begins at a place depends on what follows only. A border is thus a place where
every match that covers the character before it must end; and the text before it has the same matches
alone unless `(?!\S)` sees the difference, which it does behind blanks only.
"""

from collections.abc import Callable, Set as AbstractSet
from functools import cache
import re
from typing import Any

from msgspec import Struct

EDGE, LETTER, WIDE, NUMBER, OTHER, QUOTE, SPACE, BLANK, NEWLINE, MARK, SLASH, UPPER, LOWER = (
    range(13)
)
"""Classes of characters. EDGE is none: the text begins or ends. WIDE: letters that have no case from
U+0300 on. BLANK: white space but the space and the ends of lines. MARK, SLASH, UPPER, LOWER: only
where a form tells them apart; else they are OTHER and LETTER."""
UNKNOWN = 15
NAMES = b".LWNOQSBRM/UlXXX"  # of the classes, for the patterns of whole matches below

_LETTERS = frozenset({LETTER, WIDE, UPPER, LOWER})
_BLANKS = frozenset({SPACE, BLANK, NEWLINE})
_SIGNS = frozenset({OTHER, QUOTE, SLASH})

Rule = Callable[[int, int, int, int], bool]


class Form(Struct, frozen=True):
    """A splitter.

    `rule`: whether a border is before the third of four classes. `whole`: texts, by the names of
    their classes, that are one match. `cased`: whether upper and lower case are told apart.
    `thirds`: whether numbers have a border behind every third digit.
    """

    rule: Rule
    whole: str
    cased: bool = False
    thirds: bool = False


def _group(one: int) -> int:
    """Letters are all one, and so are signs."""
    return LETTER if one in _LETTERS else OTHER if one in _SIGNS else one


def _gpt2(far: int, last: int, this: int, following: int) -> bool:
    if this in _BLANKS:  # of several blanks the last one goes with what follows
        return last not in _BLANKS or following not in _BLANKS | {EDGE}
    if last in _BLANKS:
        return last != SPACE
    if last == QUOTE and this in _LETTERS:  # may be 's
        return far in {OTHER, QUOTE, SPACE}
    return _group(last) != _group(this)


def _llama(far: int, last: int, this: int, following: int, *, single: bool) -> bool:
    if this == NEWLINE:  # ends of lines go with the signs and the blanks before them
        return last in _LETTERS or last == NUMBER
    if this in _BLANKS:
        return last not in _BLANKS or following not in _BLANKS | {EDGE}
    if last in _BLANKS:  # a letter takes one sign or blank before it, signs take a space
        return last == NEWLINE or this == NUMBER or (last == BLANK and this not in _LETTERS)
    if last == this == NUMBER:
        return single
    if (
        last in _SIGNS and this in _LETTERS
    ):  # signs that are several, or behind a space, take none
        return far in {OTHER, QUOTE, SPACE}
    return _group(last) != _group(this)


def _marked(last: int, this: int) -> bool:
    """A border beside a mark, which may be part of a word and of a run of signs."""
    return last == MARK and this in {SPACE, BLANK}


def _o200k(
    far: int, last: int, this: int, following: int, *, single: bool, suffix: bool
) -> bool:
    if MARK in {last, this}:
        return _marked(last, this)
    if last in _LETTERS and this in _LETTERS:
        return last == LOWER and this == UPPER and far != QUOTE
    if suffix and last in _LETTERS and this == QUOTE:  # it's is one
        return False
    if last in _SIGNS and this in _LETTERS and SLASH in {far, last}:
        # a slash may belong to ends of lines before it
        return (far == last == SLASH) or (last == SLASH and far in {OTHER, QUOTE, SPACE})
    if last == NEWLINE and this == SLASH:
        return False
    return _llama(far, last, this, following, single=single)


def _forms() -> dict[str, Form]:
    """Every splitter that is known."""

    def llama(*, single: bool) -> Form:
        def rule(far: int, last: int, this: int, following: int) -> bool:
            return _llama(far, last, this, following, single=single)

        digits = "N" if single else "N{1,3}"
        return Form(rule, rf"[SBO]?[LW]+|{digits}|S?O+R*|[SBR]*R|[SB]+", thirds=not single)

    def o200k(*, single: bool, suffix: bool) -> Form:
        def rule(far: int, last: int, this: int, following: int) -> bool:
            return _o200k(far, last, this, following, single=single, suffix=suffix)

        digits = "N" if single else "N{1,3}"
        words = r"[SBO/]?(?:U*l+|U+|W+)"
        return Form(
            rule, rf"{words}|{digits}|S?[O/]+[R/]*|[SBR]*R|[SB]+", cased=True, thirds=not single
        )

    case = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    tail = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    tails = tail.replace(r"[\r\n]*|", r"[\r\n/]*|")
    up, low = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
    one = r"[^\r\n\p{L}\p{N}]?"
    cased, suffixed = (
        rf"{one}{up}*{low}+|{one}{up}+{low}*",
        rf"{one}{up}*{low}+{case}?|{one}{up}+{low}*{case}?",
    )
    return {
        "gpt2": Form(_gpt2, r"S?[LW]+|S?N+|S?O+|[SBR]+"),
        rf"{case}|{one}\p{{L}}+|\p{{N}}{{1,3}}|{tail}": llama(single=False),
        rf"{case}|{one}\p{{L}}+|\p{{N}}|{tail}": llama(single=True),
        rf"{suffixed}|\p{{N}}{{1,3}}|{tails}": o200k(single=False, suffix=True),
        rf"{cased}|\p{{N}}{{1,3}}|{tails}": o200k(single=False, suffix=False),
        rf"{cased}|\p{{N}}|{tails}": o200k(single=True, suffix=False),
    }


@cache
def forms() -> dict[str, Form]:
    """Every splitter that is known, by its regex; `gpt2` is the one that byte-level splitters have inside."""
    return _forms()


@cache
def whole(form: str) -> re.Pattern[bytes]:
    """Matches the classes of a text, by name, that is one match of the form."""
    return re.compile(forms()[form].whole.encode())


@cache
def table(form: str) -> Any:
    """A form's rule for every four classes, packed into 16 bits (bool)."""
    import numpy as np

    found = np.zeros(1 << 16, bool)
    kinds = range(13)
    rule = forms()[form].rule
    for last in kinds[1:]:
        for this in kinds[1:]:
            for far in kinds:
                for following in kinds:
                    if rule(far, last, this, following):
                        found[far << 12 | last << 8 | this << 4 | following] = True
    return found


class Classes:
    """The class of every code point, as the library's own regexes see them; asked for by the block.

    `kept`: letters that are not WIDE.
    """

    BLOCK = 1 << 10

    def __init__(self, form: Form, kept: AbstractSet[int] = frozenset()) -> None:
        import numpy as np

        self.kept = np.array(sorted(kept), np.int64)
        self.cased = form.cased
        self.table = np.full(0x110000, UNKNOWN, np.uint8)
        kinds = self._kinds()
        self.splits = [(_gaps(regex), kind) for regex, kind in kinds]
        self.runs = _runs("|".join(regex for regex, _ in kinds))
        self.plain = _gaps(r"\p{Lo}+")
        self.fill(0)

    def _kinds(self) -> list[tuple[str, int]]:
        """Regexes of which one at most matches a character, and what that makes of it."""
        found = [(r"\s+", BLANK), (r"\p{N}+", NUMBER)]
        if not self.cased:
            return [*found, (r"\p{L}+", LETTER)]
        cases = [(r"[\p{Lu}\p{Lt}]+", UPPER), (r"\p{Ll}+", LOWER)]
        return [*found, (r"\p{M}+", MARK), (r"[\p{Lm}\p{Lo}]+", LETTER), *cases]

    def of(self, codes: Any) -> Any:
        """The classes of code points."""
        found = self.table.take(codes)
        if codes.itemsize > 1:
            import numpy as np

            unknown = codes[found == UNKNOWN]
            if len(unknown):
                for block in np.unique(unknown // self.BLOCK).tolist():
                    self.fill(block)
                found = self.table.take(codes)
        return found

    def fill(self, block: int) -> None:
        """Ask for a block of code points."""
        import numpy as np

        codes = np.arange(block * self.BLOCK, (block + 1) * self.BLOCK)
        codes = codes[(codes < 0xD800) | (codes > 0xDFFF)]
        text = "".join(map(chr, codes.tolist()))
        # the regexes see each run of a class once, and each by its first character
        bounds = np.array([at for _, (at, _) in self.runs(text)] + [len(text)])
        heads = "".join([text[at] for at in bounds[:-1].tolist()])
        found = np.full(len(heads), OTHER, np.uint8)
        for gaps, kind in self.splits:
            found[_matched(gaps, heads)] = kind
        kinds = np.repeat(found, np.diff(bounds))
        wide = (codes >= 0x300) & (codes < 0x10000) & ~((codes >= 0xFB00) & (codes <= 0xFB06))
        kinds[wide & (kinds == LETTER)] = WIDE
        if self.cased:
            kinds[(kinds == WIDE) & ~_matched(self.plain, text)] = LETTER
        kinds[np.isin(codes, self.kept) & (kinds == WIDE)] = LETTER
        self.table[codes] = kinds
        for one, kind in ((" ", SPACE), ("'", QUOTE), ("\r", NEWLINE), ("\n", NEWLINE)):
            self.table[ord(one)] = kind
        if self.cased:
            self.table[ord("/")] = SLASH


def _runs(regex: str) -> Any:
    """What says where a regex matches, and where it does not, by the library."""
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Split

    return Split(Regex(regex), "isolated").pre_tokenize_str


def _gaps(regex: str) -> Any:
    """What says where a regex does not match, by the library."""
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Split

    return Split(Regex(regex), "removed").pre_tokenize_str


def _matched(gaps: Any, text: str) -> Any:
    """Which characters a regex matches (bool)."""
    import numpy as np

    found = np.ones(len(text), bool)
    for _, (start, end) in gaps(text):
        found[start:end] = False
    return found
