"""The spec files of a project: which declare a dataset, and which files each of them is made of."""

from collections.abc import Iterable, Iterator, Sequence
import os
from pathlib import Path
import re

from sftspec.ground.report import Fault, Report
from sftspec.ir.paths import resolve
from sftspec.ir.resolve import root_of
from sftspec.ports.files import read_start
from sftspec.syntax import tree
from sftspec.syntax.parse import parse
from sftspec.syntax.read import MAX_BYTES, check_text

SUFFIX = ".sft"
SKIPPED = ("compiled",)
_WORD = re.compile(rb"\bdataset\b")


def spec_files(folder: Path) -> list[Path]:
    """The files below a folder that declare a dataset, in order.

    What is hidden, compiled or a symbolic link is not looked into.
    """
    return [path for path in sorted(_below(folder), key=os.fsencode) if declares(path)]


def near(path: Path) -> Path:
    """The path as it is said from here."""
    return Path(os.path.relpath(path))


def _below(folder: Path) -> Iterator[Path]:
    for home, folders, names in os.walk(folder, onerror=_give_up):
        folders[:] = [one for one in folders if one[0] != "." and one not in SKIPPED]
        for name in names:
            path = Path(home, name)
            if name.endswith(SUFFIX) and not path.is_symlink():
                yield path


def _give_up(error: OSError) -> None:
    raise error


def declares(path: Path) -> bool:
    """Whether a file declares a dataset.

    One that cannot be read, or has the word and is broken, counts too: its errors shall be said.
    """
    data = _bytes(path)
    if data is None:
        return True
    if not _WORD.search(data):
        return False
    report = Report()
    entries = _entries(data, report)
    return bool(report.items) or any(entry.word(0) == "dataset" for entry in entries)


def look_over(path: Path, report: Report) -> None:
    """Say what is wrong with the shape of a file, whatever spec it may be of."""
    try:
        data = read_start(path.parent, path.name, MAX_BYTES + 1)
    except Fault as fault:
        report.error(fault.slug, None, fault.message, path=str(path), hint=fault.hint or None)
        return
    _entries(data, report, str(path))


def _bytes(path: Path) -> bytes | None:
    try:
        return read_start(path.parent, path.name, MAX_BYTES + 1)
    except (Fault, OSError):
        return None


def _entries(data: bytes, report: Report, shown: str = "") -> tuple[tree.Entry, ...]:
    text = check_text(data, shown, report)
    return () if text is None else parse(text, report).entries


# what a spec is made of


def made_of(
    files: Sequence[Path], folder: Path, root: Path | None = None
) -> tuple[list[Path], list[Path]]:
    """The specs below a folder that are made of some of the files, and the files of no spec."""
    imports: dict[Path, tuple[str, ...]] = {}
    wanted = {path.resolve() for path in files}
    found: dict[Path, Path] = {}
    used: set[Path] = set()
    for spec in (*spec_files(folder), *(path for path in files if declares(path))):
        parts = _parts(spec.resolve(), (root or root_of(spec)).resolve(), imports) & wanted
        if parts:
            found.setdefault(spec.resolve(), near(spec))
            used |= parts
    return list(found.values()), [path for path in files if path.resolve() not in used]


def _parts(spec: Path, home: Path, imports: dict[Path, tuple[str, ...]]) -> set[Path]:
    """A spec's own file and those that it imports, directly or not."""
    found, todo = {spec}, [spec]
    while todo:
        path = todo.pop()
        if not path.is_relative_to(home):
            continue
        if path not in imports:
            imports[path] = tuple(_imports(_entries(_bytes(path) or b"", Report())))
        for name in imports[path]:
            shown = resolve(path.relative_to(home).parent, name)
            if shown and home / shown not in found:
                found.add(home / shown)
                todo.append(home / shown)
    return found


def _imports(entries: Iterable[tree.Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.word(0) == "import" and len(entry.phrase) > 1:
            text = entry.phrase[1]
            if isinstance(text, tree.Text):
                yield text.value
