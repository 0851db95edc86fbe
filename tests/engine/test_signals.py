"""A build that is interrupted, terminated or killed keeps what it finished and leaves no mess."""

import json
from pathlib import Path
import random
import select
import shutil
import signal
import subprocess
import time
import uuid

import pytest

from sftspec.snapshot.verify import verify

ROWS = 50_000
CHUNK = 32 * 1024
LAST = "interrupted; finished work is kept"


class Running:
    """A build in a process of its own, and what it says."""

    def __init__(self, project, home, *words):
        self.mark = uuid.uuid4().hex
        how = project.command(
            home, "build", "small.sft", "--log", "json", "--chunk-bytes", CHUNK, *words
        )
        how["env"] = how["env"] | {"SFTSPEC_TEST_MARK": self.mark}
        self.process = subprocess.Popen(
            **how, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=1
        )
        self.events = []

    def until(self, reached):
        """Read what it says until an event is `reached`."""
        for line in self.process.stderr:
            if line.startswith("{"):
                self.events.append(json.loads(line))
                if reached(self.events[-1]):
                    return self
        raise AssertionError(f"it ended before, with {self.process.wait()}")

    def wait(self):
        """The exit code, and the lines of stderr that are no events."""
        _, rest = self.process.communicate(timeout=60)
        plain = []
        for line in rest.splitlines():
            if line.startswith("{"):
                self.events.append(json.loads(line))
            else:
                plain.append(line)
        return self.process.returncode, plain

    def relatives(self):
        """Processes that this build started and that still live."""
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if self.mark.encode() in path.read_bytes():
                    state = (path.parent / "stat").read_text().rpartition(")")[2].split()[0]
                    if state != "Z":
                        found.append((path.parent / "cmdline").read_bytes()[:80])
            except OSError:
                continue
        return found

    @property
    def chunks(self):
        return sum(event["event"] == "chunk" for event in self.events)


def chunk(number, node="asks"):
    return lambda event: (
        event["event"] == "chunk" and event["node"] == node and event["done"] >= number
    )


def large(project, home):
    project.make(home, spec=project.SPEC.replace("total = 24", "total = 5_000"))
    project.write_rows(home / "data" / "asks-1.jsonl", project.rows_of(0, ROWS))
    project.write_rows(home / "data" / "asks-2.jsonl", [])
    return home


def is_tidy(home, *, killed=False):
    """No staging, nothing half written (a killed build may leave that to the next), nothing sealed."""
    assert not list((home / "compiled").glob("small/*"))
    assert not list((home / "compiled").glob(".staging/small/*"))
    assert killed or not list((home / ".sftspec" / "v1" / "tmp").iterdir())
    assert not list((home / ".sftspec" / "v1" / "quarantine").iterdir())
    return True


@pytest.fixture(scope="module")
def whole(project, tmp_path_factory):
    """A build that nobody disturbed: its id, and how many chunks it ran."""
    home = large(project, tmp_path_factory.mktemp("whole") / "home")
    running = Running(project, home)
    stdout, stderr = running.process.communicate(timeout=120)
    assert 0 == running.process.returncode, stderr
    events = [json.loads(line) for line in stderr.splitlines()]
    count = sum(e["event"] == "chunk" and e["node"] == "asks" for e in events)
    assert count > 100
    assert stdout
    return home, verify(home / "compiled" / "small" / "0.1.0").id, count


@pytest.fixture
def home(whole, tmp_path):
    """The same sources, and nothing made of them yet."""
    copy = tmp_path / "home"
    shutil.copytree(whole[0], copy, ignore=shutil.ignore_patterns("compiled", ".sftspec"))
    return copy


def ended_well(project, home, whole, skipped):
    """The build goes on where it was stopped: chunks that were done are not done again."""
    running = Running(project, home)
    code, plain = running.wait()
    assert (0, []) == (code, plain)
    verdict = verify(home / "compiled" / "small" / "0.1.0")
    assert (True, whole[1]) == (verdict.good, verdict.id)
    ran = sum(
        e["event"] == "chunk" and e["node"] == "asks" and e["made"] > 0 for e in running.events
    )
    assert ran <= whole[2] - skipped
    assert not list((home / "compiled").glob(".staging/small/*"))


def test_a_build_stopped_three_times_ends_where_it_would_have(project, home, whole):
    done = 0
    for number in (signal.SIGINT, signal.SIGTERM):
        running = Running(project, home).until(chunk(done + 20))
        for _ in range(3):  # one is enough; more change nothing
            running.process.send_signal(number)
        assert (130, [LAST]) == running.wait()
        done += 20
        assert is_tidy(home)
    running = Running(project, home).until(chunk(done + 20))
    running.process.kill()
    assert -signal.SIGKILL == running.wait()[0]
    done += 20
    assert is_tidy(home, killed=True)
    ended_well(project, home, whole, done)


def test_a_signal_at_any_time_is_an_interruption(project, home, whole):
    """Whatever was going on: reading, rendering, choosing, sealing."""
    rng = random.Random(20261121)
    spots = ["rows asks", "screen", "mix", "rejected"]
    for spot in spots:
        running = Running(project, home)
        running.until(lambda event, spot=spot: event.get("node") == spot)
        time.sleep(rng.uniform(0, 0.02))
        running.process.send_signal(rng.choice([signal.SIGINT, signal.SIGTERM]))
        code, plain = running.wait()
        assert (code, plain) in [(130, [LAST]), (0, [])], spot
        if code == 130 and not (home / "compiled" / "small").exists():
            assert is_tidy(home)
    ended_well(project, home, whole, whole[2])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_waits_for_another_can_be_interrupted(project, home, whole, number):
    """One build holds the dataset's lock for long; the other waits to seal."""
    import fcntl

    shutil.copytree(whole[0] / ".sftspec", home / ".sftspec")
    lock = home / "compiled" / ".staging" / "small.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        running = Running(project, home).until(lambda event: event.get("node") == "rejected")
        assert [] == select.select([running.process.stdout], [], [], 0.3)[0]
        running.process.send_signal(number)
        assert (130, [LAST]) == running.wait()
    assert not (home / "compiled" / "small" / "0.1.0").exists()


@pytest.mark.ray
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_on_ray_that_is_stopped_leaves_no_process(project, home, whole, number):
    running = Running(project, home, "--engine", "ray", "--workers", "2").until(chunk(10))
    assert len(running.relatives()) > 2
    running.process.send_signal(number)
    assert (130, [LAST]) == running.wait()
    deadline = time.monotonic() + 20
    while running.relatives() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [] == running.relatives()
    assert is_tidy(home, killed=True)  # a worker may have been in the middle of a write
    ended_well(project, home, whole, 10)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_in_several_processes_that_is_stopped_leaves_none(project, home, whole, number):
    running = Running(project, home, "--engine", "local", "--workers", "2").until(chunk(10))
    assert len(running.relatives()) > 2
    running.process.send_signal(number)
    assert (130, [LAST]) == running.wait()
    assert [] == running.relatives()
    assert is_tidy(home)
    ended_well(project, home, whole, 10)
