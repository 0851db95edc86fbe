"""Tasks on Ray: plain tasks that return digests, never rows; the store is what nodes share.

Ray runs a task at least once, so what a task writes has a name of its own until it is renamed to
its key, and equal keys hold equal bytes: a second attempt finds the first one's object.
"""

from collections.abc import Iterator, Sequence
from contextlib import chdir
import logging
import os
from pathlib import Path
import signal
import threading
from typing import Any

from sftspec.engine.keys import COMPILER
from sftspec.engine.remote import result_of, run_remote
from sftspec.engine.store import Store
from sftspec.engine.work import Done, Task, encode_task
from sftspec.ground.report import Fault

AHEAD = 4
RETRIES = 3


def probe(store: str, name: str) -> tuple[str, int]:
    """What a node sees of the store, and which compiler it runs."""
    try:
        return (Path(store) / "tmp" / name).read_text(), COMPILER
    except OSError:
        return "", COMPILER


class RayEngine:
    """Runs tasks on a local Ray, or on the cluster that `RAY_ADDRESS` names."""

    name = "ray"

    def __init__(self, root: Path, store: Store, *, workers: int = 0, memory: int = 0) -> None:
        self.root = root.absolute()
        self.store = store
        self.workers = workers
        self.memory = memory
        self.ray: Any = None
        self.work: Any = None

    def _start(self) -> None:
        """Start or join Ray when the first task comes: a build with nothing to do starts nothing."""
        if self.ray is not None:
            return
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        on_terminate = signal.getsignal(signal.SIGTERM)
        import ray

        options: dict[str, Any] = {
            "include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR,
            "configure_logging": False,
        }  # fmt: skip
        if not os.environ.get("RAY_ADDRESS"):
            options |= {"address": "local", "num_cpus": self.workers or os.cpu_count()}
            if self.memory:
                options["object_store_memory"] = self.memory
        try:
            with chdir(self.store.root):  # Ray's workers import from where the driver stands
                ray.init(**options)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise Fault(
                "ray-not-started", f"Ray cannot be started: {error}", stage="engine",
                hint="use `--engine local`, or check RAY_ADDRESS",
            ) from None  # fmt: skip
        finally:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, on_terminate)  # Ray put its own in its place
        self.ray = ray
        self._probe_nodes()
        self.work = ray.remote(run_remote).options(max_retries=RETRIES, num_cpus=1)

    def _probe_nodes(self) -> None:
        """Every node must see this store and run this compiler."""
        ray = self.ray
        name = f"nonce-{os.getpid()}-{os.urandom(8).hex()}"
        path = self.store.root / "tmp" / name
        path.write_text(name)
        try:
            from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

            task = ray.remote(probe)
            nodes = [node for node in ray.nodes() if node["Alive"]]
            found = ray.get(
                [
                    task.options(
                        scheduling_strategy=NodeAffinitySchedulingStrategy(
                            node["NodeID"], soft=False
                        )
                    ).remote(str(self.store.root.absolute()), name)
                    for node in nodes
                ]
            )
        finally:
            path.unlink(missing_ok=True)
        for node, (seen, revision) in zip(nodes, found, strict=True):
            _judge_node(str(node["NodeManagerHostname"]), seen == name, revision)

    def map(self, tasks: Sequence[Task]) -> Iterator[Done]:
        """What each task made, as they end; a few more than there are workers are on their way."""
        if not tasks:
            return
        self._start()
        waiting = list(reversed(tasks))
        cpus = int(self.ray.cluster_resources().get("CPU", 1))
        running: list[Any] = []
        while waiting or running:
            while waiting and len(running) < cpus * AHEAD:
                running.append(
                    self.work.remote(
                        str(self.root),
                        str(self.store.root.absolute()),
                        encode_task(waiting.pop()),
                    )
                )
            ended, running = self.ray.wait(running, num_returns=1)
            yield self._result(ended[0])

    def _result(self, reference: Any) -> Done:
        try:
            data: bytes = self.ray.get(reference)
        except self.ray.exceptions.RayError as error:
            raise Fault(
                "worker-lost", f"a task died {RETRIES + 1} times: {type(error).__name__}",
                stage="engine", hint="give Ray more memory, or use a smaller `--chunk-bytes`",
            ) from None  # fmt: skip
        return result_of(data)

    def close(self) -> None:
        """Leave Ray; tasks that still run are cancelled with it."""
        if self.ray is not None:
            self.ray.shutdown()
            self.ray = None


def _judge_node(host: str, sees: bool, revision: int) -> None:  # noqa: FBT001 - a fact of the node
    if not sees:
        raise Fault(
            "store-not-shared", f"node `{host}` does not see the store", stage="engine",
            hint="put the project and its store on a file system that all nodes share",
        )  # fmt: skip
    if revision != COMPILER:
        raise Fault(
            "worker-differs", f"node `{host}` runs compiler revision {revision}, here it is {COMPILER}",
            stage="engine", hint="install the same sftspec on all nodes",
        )  # fmt: skip
