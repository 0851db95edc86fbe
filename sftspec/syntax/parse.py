"""Text to tree. A sound file is read fast; what is not sound is read again, to say all that is wrong."""

from sftspec.ground.report import Report
from sftspec.ground.text import SpecText
from sftspec.syntax import fast
from sftspec.syntax.build import Malformed
from sftspec.syntax.tree import SpecFile


def parse(text: SpecText, report: Report) -> SpecFile:
    """The file's blocks. Blocks with errors are reported and left out."""
    try:
        entries = fast.read(text)
    except Malformed:
        entries = None
    if entries is not None:
        return SpecFile(text, entries)
    from sftspec.syntax.recover import recover

    return recover(text, report)
