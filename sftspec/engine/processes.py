"""Tasks in several processes of this machine: no cluster, the same pure stages.

A worker is a plain Python process that is spoken to through its stdin and stdout, by one thread
each. It stands in a process group of its own, so an interrupt at the terminal is the builder's
alone; it ends when its stdin does.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
import os
from pathlib import Path
import subprocess
import sys
import threading
from typing import Any

from sftspec.engine.local import LocalEngine
from sftspec.engine.remote import result_of
from sftspec.engine.store import Store
from sftspec.engine.work import Done, Task, encode_task
from sftspec.engine.worker import receive, send
from sftspec.ground.report import Fault


class ProcessEngine:
    """Runs tasks in `workers` processes; one task alone, and none, here."""

    name = "local"

    def __init__(self, root: Path, store: Store, workers: int) -> None:
        self.root = root
        self.store = store
        self.workers = workers
        self.threads: ThreadPoolExecutor | None = None
        self.mine = threading.local()
        self.started: list[subprocess.Popen[bytes]] = []
        self.closing = False
        self.lock = threading.Lock()

    def map(self, tasks: Sequence[Task]) -> Iterator[Done]:
        """What each task made, as they end; a few more than there are workers are on their way."""
        if len(tasks) < 2:
            yield from LocalEngine(self.root, self.store).map(tasks)
            return
        if self.threads is None:
            self.threads = ThreadPoolExecutor(self.workers, "sftspec-worker")
        waiting = list(reversed(tasks))
        running: set[Future[bytes]] = set()
        while waiting or running:
            while waiting and len(running) < 2 * self.workers:
                running.add(self.threads.submit(self._ask, encode_task(waiting.pop())))
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                yield result_of(future.result())

    def _ask(self, data: bytes) -> bytes:
        """Have this thread's worker do a task. Raises Fault where it died of it."""
        worker: Any = getattr(self.mine, "worker", None)
        if worker is None:
            with self.lock:  # either it is started before the engine closes, or not at all
                if self.closing:
                    return b""
                worker = self.mine.worker = self._start()
                self.started.append(worker)
        try:
            send(worker.stdin, data)
            answer = receive(worker.stdout)
        except (OSError, ValueError):
            answer = None
        if answer is None:
            raise Fault(
                "worker-lost", "a worker process died", stage="engine",
                hint="was it killed for memory? use a smaller `--chunk-bytes` or fewer `--workers`",
            )  # fmt: skip
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(entry for entry in sys.path if entry)
        return subprocess.Popen(  # noqa: S603 - this interpreter, our own module
            # -P: the project's own files are data, and no modules
            [sys.executable, "-P", "-m", "sftspec.engine.worker", str(self.root), str(self.store.root)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0,
            env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip

    def close(self) -> None:
        """Let the workers go; what has not begun is not begun any more."""
        with self.lock:
            self.closing = True
        threads, self.threads = self.threads, None
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)
        for worker in self.started:
            with suppress(OSError):
                worker.stdin.close()  # type: ignore[union-attr]
        if threads is not None:
            threads.shutdown(wait=True)
        for worker in self.started:
            worker.wait()  # it ended the task that it was at, so nothing half written is left
            worker.stdout.close()  # type: ignore[union-attr]
        self.started.clear()
