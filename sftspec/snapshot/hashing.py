"""Files of a snapshot hashed beside what reads them: what was read counts once they are sealed ones."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from sftspec.snapshot.opened import Snapshot


class Hashing:
    """Each listed file that is read, hashed once, in the background."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._pool = ThreadPoolExecutor(2)
        self._begun: dict[str, Future[Path]] = {}

    def begin(self, name: str) -> None:
        """Hash a file, unless that was begun."""
        if name not in self._begun:
            self._begun[name] = self._pool.submit(self.snapshot.checked, name)

    def wait(self, name: str) -> None:
        """Be there once a file is known to be as it was sealed. Raises Fault where it is not."""
        self.begin(name)
        self._begun[name].result()
