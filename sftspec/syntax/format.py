"""The one layout of a spec file. White space moves; nothing else is added, lost or changed.

It is made of tokens and the gaps between them, not of a tree, so comments stay where they
were and a file with errors is laid out too. A block whose brackets or signs cannot be read is
left as it is.

Why the proof at run time: a formatter is trusted with every file of a project at once.
"""

from itertools import pairwise

from msgspec import Struct

from sftspec.ground.report import Report
from sftspec.ground.text import SpecText
from sftspec.syntax.format_columns import text_of
from sftspec.syntax.format_lines import lines_of
from sftspec.syntax.format_pieces import Piece, content, pieces_of, trouble, unsound_text
from sftspec.syntax.parse import parse
from sftspec.syntax.read import MAX_BYTES
from sftspec.syntax.tree import Entry


class Left(Struct, frozen=True):
    """A stretch of a file that is left as it is, and why."""

    start: int
    end: int
    why: str


class Formatted(Struct, frozen=True):
    """A file's text in its one layout, and what of it could not be laid out."""

    text: str
    left: tuple[Left, ...] = ()


class Moved(Exception):  # noqa: N818 - our bug, to be seen whole
    """Formatting would have changed what a file says."""


def format_spec(text: SpecText, report: Report) -> Formatted:
    """The file in its one layout; its syntax errors go to the report.

    Raises Moved, rather than give a text that says something else.
    """
    file = parse(text, report)
    done = format_text(text.text)
    if done.text == text.text:
        return done
    if len(done.text.encode()) > MAX_BYTES:
        why = "its layout would be more than 1 MiB"
        return Formatted(text.text, (Left(0, len(text.text), why),))
    prove(text, done.text, None if report.failed else file.entries)
    return done


def prove(before: SpecText, after: str, entries: tuple[Entry, ...] | None) -> None:
    """Raise Moved unless both texts say the same. `entries`: the tree, where it is sound.

    The characters are compared, then the trees; where there is none, tokens and line ends.
    """
    same = "".join(before.text.split()) == "".join(after.split())
    if same and entries is not None:
        report = Report()
        again = parse(SpecText(before.path, after), report)
        same = not report.failed and again.entries == entries
    elif same:
        same = list(content(pieces_of(before.text))) == list(content(pieces_of(after)))
    if not same:
        raise Moved(f"formatting {before.path} would change what it says; it is left as it was")


def format_text(source: str) -> Formatted:
    """The text in its one layout. To lay out its answer again changes nothing."""
    pieces = pieces_of(source)
    bad = unsound_text(pieces)
    if bad is not None:
        why = 'nobody can tell what is text where a `"""` stands wrong'
        return Formatted(source, (Left(bad.start, bad.start + 3, why),))
    if trouble(pieces) is None:
        return Formatted(text_of(lines_of(pieces)))
    return _by_blocks(source, pieces)


def _by_blocks(source: str, pieces: list[Piece]) -> Formatted:
    """Every run of blocks that can be read in its layout, the blocks between them as they are."""
    out: list[str] = []
    left: list[Left] = []
    run: list[Piece] = []
    for block, end in _blocks(source, pieces):
        why = trouble(block)
        if why is None:
            run += block
            continue
        start = block[0].start
        blank = bool(run) and block[0].breaks > 1
        out += (text_of(lines_of(run)), "\n" if blank else "", source[start:end])
        left.append(Left(start, end, why))
        run = []
    out.append(text_of(lines_of(run)))
    return Formatted("".join(out), tuple(left))


def _blocks(source: str, pieces: list[Piece]) -> list[tuple[list[Piece], int]]:
    """The pieces of each block, from a word at the very start of a line on; where it ends."""
    starts = [0]
    for at, piece in enumerate(pieces):
        if at and piece.kind == "word" and source[piece.start - 1] == "\n":
            starts.append(at)
    starts.append(len(pieces))
    ends = [piece.start for piece in (pieces[at] for at in starts[1:-1])]
    found = zip(pairwise(starts), [*ends, len(source)], strict=True)
    return [(pieces[start:stop], end) for (start, stop), end in found]
