"""Opening the project's files: beneath the root, through no symbolic link, regular files only."""

from collections.abc import Iterator
from contextlib import contextmanager
import errno
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


def read_range(root: Path, relative: str, offset: int, length: int) -> bytes:
    """Some bytes of a file; fewer where it ends."""
    with reading(root, relative) as found:
        pieces = []
        while length > 0:
            piece = os.pread(found, length, offset)
            if not piece:
                break
            pieces.append(piece)
            offset += len(piece)
            length -= len(piece)
        return b"".join(pieces)


def expand(root: Path, pattern: str) -> list[str]:
    """Files below `root` that a path or glob names, sorted by their UTF-8 bytes.

    `*`, `?` and `[…]` match inside one part of a path, `**` any number of folders. Hidden files
    are matched only by a part that begins with a dot.
    """
    if not re.search(r"[*?\[]", pattern):
        return [pattern]
    found = _walk(root, "", pattern.split("/"))
    return sorted(set(found), key=lambda path: path.encode("utf-8", "surrogateescape"))


def _walk(root: Path, base: str, parts: list[str]) -> Iterator[str]:
    head, rest = parts[0], parts[1:]
    if not re.search(r"[*?\[]", head):
        inner = f"{base}/{head}" if base else head
        if rest:
            yield from _walk(root, inner, rest)
        elif (root / inner).exists():
            yield inner
        return
    if head == "**":
        yield from _walk(root, base, rest or ["*"])
    pattern = _pattern("*" if head == "**" else head)
    for name, is_folder in _names(root / base):
        inner = f"{base}/{name}" if base else name
        if name.startswith(".") and not head.startswith("."):
            continue
        if head == "**" and is_folder:
            yield from _walk(root, inner, parts)
        elif head != "**" and pattern.fullmatch(name):
            if rest and is_folder:
                yield from _walk(root, inner, rest)
            elif not rest and not is_folder:
                yield inner


def _names(folder: Path) -> list[tuple[str, bool]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                (entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries
            )
    except OSError:
        return []


def _pattern(part: str) -> re.Pattern[str]:
    out = []
    at = 0
    while at < len(part):
        char = part[at]
        end = part.find("]", at + 2) if char == "[" else -1
        if char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif end > 0:
            inner = part[at + 1 : end].replace("\\", "\\\\")
            out.append("[" + ("^" + inner[1:] if inner[0] == "!" else inner) + "]")
            at = end
        else:
            out.append(re.escape(char))
        at += 1
    return re.compile("".join(out))
