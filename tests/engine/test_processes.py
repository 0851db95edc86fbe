"""Local work in several processes: faults come back as faults, and nobody is left behind."""

import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest

from sftspec.engine.processes import ProcessEngine
from sftspec.engine.worker import receive, send
from sftspec.ground.report import Fault


class Dying(ProcessEngine):
    """An engine whose first worker is killed while it works."""

    def _start(self):
        worker = super()._start()
        worker.kill()
        return worker


def test_a_worker_that_dies_is_a_fault(builder):
    engines = []

    def make(root, store):
        engines.append(Dying(root, store, 2))
        return engines[-1]

    with pytest.raises(Fault) as caught:
        builder(make, chunk_bytes=300)
    assert "worker-lost" == caught.value.slug
    assert [] == engines[0].started


def test_a_fault_in_a_worker_is_that_fault(builder):
    class Meddling(ProcessEngine):
        def map(self, tasks):
            (self.root / "data" / "asks-1.jsonl").write_bytes(b"{}\n")
            return super().map(tasks)

    with pytest.raises(Fault) as caught:
        builder(lambda root, store: Meddling(root, store, 2), chunk_bytes=300)
    assert ("source-changed", "data/asks-1.jsonl") == (caught.value.slug, caught.value.path)


def test_a_worker_ends_with_its_builder(tmp_path):
    """Whatever becomes of the builder: its end of the pipe closes."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "sftspec.engine.worker", str(tmp_path), str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    worker.stdin.close()
    assert 0 == worker.wait(timeout=60)
    worker.stdout.close()


def test_no_worker_outlives_a_build_that_is_killed(builder):
    code = (
        "from pathlib import Path; from sftspec.build import Settings, build;"
        "from sftspec.engine.log import Log; import os, signal\n"
        "def sink(event):\n"
        "    if event['event'] == 'chunk': print(os.getpid(), flush=True); signal.pause()\n"
        f"build(Path({str(builder.home / 'small.sft')!r}),"
        " Settings(engine='local', workers=2, chunk_bytes=300), Log(sink))"
    )
    mark = f"SFTSPEC_TEST_{os.getpid()}"
    running = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "SFTSPEC_TEST_MARK": mark},
    )  # fmt: skip
    assert running.stdout.readline().strip() == str(running.pid)
    assert 2 <= len(marked(mark))
    running.send_signal(signal.SIGKILL)
    running.wait()
    running.stdout.close()
    for _ in range(200):
        if not marked(mark):
            break
        time.sleep(0.05)
    assert [] == marked(mark)


def marked(mark):
    """Processes whose environment carries the mark."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if mark.encode() in (Path(entry.path) / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def test_messages_are_whole_or_none():
    read, write = os.pipe()
    with os.fdopen(read, "rb") as back, os.fdopen(write, "wb") as forth:
        send(forth, b"one")
        send(forth, b"")
        forth.write((5).to_bytes(8, "little") + b"tw")
        forth.close()
        assert [b"one", b"", None] == [receive(back), receive(back), receive(back)]
