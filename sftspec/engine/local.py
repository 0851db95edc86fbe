"""Tasks in this process, one after the other: what a laptop does in seconds."""

from collections.abc import Iterator, Sequence
import gc
from pathlib import Path

from sftspec.engine.memory import give_back
from sftspec.engine.store import Store
from sftspec.engine.work import Done, Task, perform


class LocalEngine:
    """Runs tasks in the order given."""

    name = "local"

    def __init__(self, root: Path, store: Store) -> None:
        self.root = root
        self.store = store

    def map(self, tasks: Sequence[Task]) -> Iterator[Done]:
        """What each task made, in any order."""
        collecting = gc.isenabled()
        gc.disable()
        try:
            for task in tasks:
                yield perform(task, self.root, self.store)
        finally:
            if collecting:
                gc.enable()
            give_back()

    def close(self) -> None:
        """Nothing was started."""
