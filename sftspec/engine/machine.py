"""What this machine lets a process have: cores, memory, and a place to write.

A container's limits count, not what the hardware has: control groups (version 2, and memory of
version 1), affinity and resource limits are all asked, and the least is taken.
"""

from collections.abc import Iterator
from contextlib import contextmanager
import errno
import os
from pathlib import Path
import resource
import tempfile

_V1_MEMORY = "sys/fs/cgroup/memory/memory.limit_in_bytes"
_HERE = Path("/")


def cores(system: Path = _HERE) -> int:
    """The cores that this process may keep busy, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        found = [len(os.sched_getaffinity(0))]
    else:
        found = [os.cpu_count() or 1]
    for text in _groups("cpu.max", system):
        quota, _, period = text.partition(" ")
        if quota.isdecimal() and period.isdecimal() and int(period):
            found.append(int(quota) // int(period))
    return max(1, min(found))


def memory(system: Path = _HERE) -> int:
    """The bytes of memory that this process may use."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    texts = [*_groups("memory.max", system), _text(system / _V1_MEMORY)]
    found += [int(text) for text in texts if text.isdecimal()]
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return min(found if limit == resource.RLIM_INFINITY else [*found, limit])


def _groups(name: str, system: Path) -> Iterator[str]:
    """What this process's control group and those above it say under a name."""
    for line in _text(system / "proc/self/cgroup").splitlines():
        if line.startswith("0::"):
            top = system / "sys/fs/cgroup"
            own = top / line.removeprefix("0::").lstrip("/")
            for folder in (own, *own.parents):
                yield _text(folder / name)
                if folder == top:
                    return


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


# a place to write


def standing(path: Path) -> Path:
    """The nearest folder of a path, itself or above, that is there."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if os.path.lexists(folder))


@contextmanager
def trial(place: Path) -> Iterator[Path]:
    """A folder where files would be written, taken away in the end. Raises OSError as they would."""
    with tempfile.TemporaryDirectory(prefix=".sftspec-trial-", dir=standing(place)) as folder:
        yield Path(folder)


def keeps_files(folder: Path) -> None:
    """Write, sync, lock and rename as the store and a seal do. Raises OSError where one fails."""
    import fcntl

    with (folder / "new").open("xb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        stream.write(b"\0" * 4096)
        stream.flush()
        os.fsync(stream.fileno())
    (folder / "new").rename(folder / "whole")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refuses_links(folder: Path) -> bool:
    """Whether a file is opened below a folder's descriptor, and a symbolic link is not."""
    (folder / "file").write_bytes(b"")
    (folder / "link").symlink_to("file")
    below = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.close(os.open("file", os.O_RDONLY | os.O_NOFOLLOW, dir_fd=below))
        os.close(os.open("link", os.O_RDONLY | os.O_NOFOLLOW, dir_fd=below))
    except OSError as error:
        return error.errno == errno.ELOOP
    finally:
        os.close(below)
    return False
