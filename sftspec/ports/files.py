"""Opening the project's files: beneath the root, through no symbolic link, regular files only."""

from collections.abc import Iterator
from contextlib import contextmanager
import errno
import fnmatch
import os
from pathlib import Path
import re
import stat

from sftspec.ground.report import Fault

_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def open_inside(root: Path, relative: str) -> int:
    """A descriptor of a regular file below `root`. Raises Fault with the reason."""
    parts = relative.split("/")
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            inner = _open(part, _DIR, folder, relative)
            os.close(folder)
            folder = inner
        found = _open(parts[-1], _FILE, folder, relative)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise Fault("not-a-file", f"`{relative}` is not a regular file", path=relative)
    return found


def _open(name: str, flags: int, folder: int, relative: str) -> int:
    try:
        return os.open(name, flags, dir_fd=folder)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR} and _is_link(name, folder):
            raise Fault(
                "symlink-in-path", f"`{relative}` leads through the symbolic link `{name}`",
                path=relative, hint="put the file itself inside the project",
            ) from None  # fmt: skip
        if error.errno in {errno.ENXIO, errno.ENODEV}:
            raise Fault(
                "not-a-file", f"`{relative}` is not a regular file", path=relative
            ) from None
        reason = (error.strerror or "cannot be opened").lower()
        slug = (
            "file-not-found"
            if error.errno in {errno.ENOENT, errno.ENOTDIR}
            else "file-not-readable"
        )
        raise Fault(slug, f"`{relative}`: {reason}", path=relative) from None


def _is_link(name: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


@contextmanager
def reading(root: Path, relative: str) -> Iterator[int]:
    """The descriptor of `open_inside`, closed in the end."""
    found = open_inside(root, relative)
    try:
        yield found
    finally:
        os.close(found)


def read_range(descriptor: int, offset: int, length: int) -> bytes:
    """Some bytes of an open file; fewer where it ends."""
    pieces = []
    while length > 0:
        piece = os.pread(descriptor, length, offset)
        if not piece:
            break
        pieces.append(piece)
        offset += len(piece)
        length -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def read_start(root: Path, relative: str, most: int) -> bytes:
    """The first `most` bytes of a file."""
    with reading(root, relative) as found:
        return read_range(found, 0, most)


def expand(root: Path, pattern: str) -> list[str]:
    """Files below `root` that a path or glob names, sorted by their UTF-8 bytes.

    `*`, `?` and `[…]` match inside one part of a path, `**` any number of folders. Hidden files
    are matched only by a part that begins with a dot.
    """
    if not re.search(r"[*?\[]", pattern):
        return [pattern]
    parts = pattern.split("/")
    if parts[-1] == "**":
        parts.append("*")
    found: set[str] = set()
    todo, known = [("", 0)], {("", 0)}
    while todo:
        base, at = todo.pop()
        for path, behind in _step(root, base, parts, at):
            if behind == len(parts):
                found.add(path)
            elif (path, behind) not in known:
                known.add((path, behind))
                todo.append((path, behind))
    return sorted(found, key=lambda path: path.encode("utf-8", "surrogateescape"))


def _step(root: Path, base: str, parts: list[str], at: int) -> Iterator[tuple[str, int]]:
    """What the part at `at` names in the folder `base`, each with the number of the next part."""
    part, last = parts[at], at + 1 == len(parts)
    if part == "**":
        yield base, at + 1
    elif not re.search(r"[*?\[]", part):
        inner = f"{base}/{part}" if base else part
        if not last or (root / inner).exists():
            yield inner, at + 1
        return
    pattern = re.compile(fnmatch.translate(part))
    for name, is_folder in _names(root / base):
        inner = f"{base}/{name}" if base else name
        if name.startswith(".") and not part.startswith("."):
            continue
        if part == "**":
            if is_folder:
                yield inner, at
        elif is_folder != last and pattern.match(name):
            yield inner, at + 1


def _names(folder: Path) -> list[tuple[str, bool]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                (entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries
            )
    except OSError:
        return []
