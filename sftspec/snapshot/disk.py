"""Every operation of a seal on the disk goes through here, so that a test can fail each of them."""

from collections.abc import Callable
import ctypes
import errno
import os
from pathlib import Path
from typing import Any

NOREPLACE, EXCHANGE = 1, 2
_AT_FDCWD = -100
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Disk:
    """Plain calls of the operating system. `before(operation, path)` is told of each."""

    def __init__(self, before: Callable[[str, Path], None] | None = None) -> None:
        self.before = before

    def _tell(self, operation: str, path: Path) -> None:
        if self.before is not None:
            self.before(operation, path)

    def make_folder(self, path: Path) -> None:
        """A new folder and those above it."""
        self._tell("mkdir", path)
        path.mkdir(parents=True, exist_ok=True)

    def create(self, path: Path) -> int:
        """A new file, opened for writing."""
        self._tell("create", path)
        return os.open(path, _CREATE, 0o644)

    def write(self, descriptor: int, data: Any, path: Path) -> None:
        """All of the data: a short write is carried on."""
        view = memoryview(data)
        while view:
            self._tell("write", path)
            view = view[os.write(descriptor, view) :]

    def sync(self, descriptor: int, path: Path) -> None:
        """To the medium. An error is final: the page may be gone, so it is never tried again."""
        self._tell("fsync", path)
        os.fsync(descriptor)

    def close(self, descriptor: int, path: Path) -> None:
        """Close; what the system says then is an error like any other."""
        self._tell("close", path)
        os.close(descriptor)

    def sync_folder(self, path: Path) -> None:
        """The names in a folder to the medium."""
        self._tell("fsync-folder", path)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def place(self, source: Path, target: Path) -> bool:
        """Rename where nothing is. False where something is."""
        self._tell("rename", target)
        try:
            rename2(source, target, NOREPLACE)
        except FileExistsError:
            return False
        except OSError as error:
            if not _unsupported(error):
                raise
            if target.exists():
                return False
            source.rename(target)
        return True

    def exchange(self, source: Path, target: Path, aside: Path) -> None:
        """Put `source` in the target's place at once; the old one is at `source` or `aside` then."""
        self._tell("exchange", target)
        try:
            rename2(source, target, EXCHANGE)
        except OSError as error:
            if not _unsupported(error):
                raise
            try:
                self.move(target, aside)
                self.move(source, target)
            except BaseException:
                if aside.is_dir() and not target.exists():
                    self.move(aside, target)
                raise

    def move(self, source: Path, target: Path) -> None:
        """A plain rename."""
        self._tell("rename", target)
        source.rename(target)

    def remove(self, path: Path) -> None:
        """A file or a folder with all that is in it."""
        if path.is_dir() and not path.is_symlink():
            for inner in sorted(path.iterdir()):
                self.remove(inner)
            self._tell("rmdir", path)
            path.rmdir()
        elif path.exists() or path.is_symlink():
            self._tell("unlink", path)
            path.unlink()


def _unsupported(error: OSError) -> bool:
    return error.errno in {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}


def rename2(source: Path, target: Path, flags: int) -> None:
    """`renameat2` of Linux. Raises OSError as the call does."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        raise OSError(errno.ENOSYS, "no renameat2") from None
    done = call(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), flags)
    if done != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(target))
