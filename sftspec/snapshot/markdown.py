"""Words of a spec as Markdown that says them and does nothing else.

Why: a snapshot's card is shown as a page where the snapshot is kept, and its words may be somebody
else's. None of them makes HTML, a link or a picture, a heading, a row of a table or a block of
code that swallows what follows. Paragraphs and lists stay; an address in full stays what it is.
References are written and no backslashes: GitHub takes one behind an address for a part of it.
"""

import re

from sftspec.ground.render import escape

# in the midst of a name `_` means nothing, and in the midst of words `#` neither
_MEANS = re.compile(r"[\\`*\[\]<>|~&$]|(?<![^ ])#|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_BEGINS = re.compile(r"^( *)([=+]|-(?! \w))")


def plain(text: str) -> str:
    """The text, line by line."""
    return "\n".join(map(one_line, text.split("\n")))


def one_line(text: str) -> str:
    """The text as one line, for a cell or the midst of a sentence."""
    shown = _MEANS.sub(lambda found: _reference(found[0]), escape(text))
    return _BEGINS.sub(lambda found: found[1] + _reference(found[2]), shown)


def _reference(char: str) -> str:
    known = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
    return known.get(char, f"&#{ord(char)};")
