"""What a whole process costs: CPU of it and all it started, wall time, peak memory.

CPU is user + system time as the kernel reports it to whoever waits. This process makes itself the
reaper of orphans, so that daemons (Ray's) are waited for too; where a daemon leaves its own children
unreaped, the sum over the sampled processes is the better figure, and the larger of both is taken.
Memory is sampled: the proportional set size of the tree, and the anonymous part of it, which leaves
out mapped files that the kernel may drop. Imports nothing heavy: a child's peak starts at ours.
"""

from collections.abc import Mapping, Sequence
import contextlib
import ctypes
from dataclasses import dataclass
import math
import os
from pathlib import Path
import resource
import signal
import statistics
import subprocess
import tempfile
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")
PR_SET_CHILD_SUBREAPER = 36
GRACE = 15.0  # seconds that daemons have to leave after their command


class StepError(Exception):
    """A command failed or ran past its time; the message carries the end of what it printed."""


@dataclass(frozen=True)
class Cost:
    """One run of one command. `pss` and `anon` are 0 where memory was not sampled."""

    cpu: float
    wall: float
    rss: float  # MB, the largest single process
    pss: float  # MB, the whole tree
    anon: float
    said: str


@dataclass(frozen=True)
class Figure:
    """Several readings of one thing."""

    values: tuple[float, ...]

    def __str__(self) -> str:
        """The least, middle and largest value, to four digits or the nearest integer."""
        return " / ".join(
            f"{value:,.{max(0, 3 - int(math.log10(max(1, abs(value)))))}f}"
            for value in (min(self.values), self.median, max(self.values))
        )

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)


def become_reaper() -> None:
    """Ask the kernel to hand orphaned descendants to this process."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants() -> dict[int, float]:
    """The processes below this one and the CPU seconds each has used itself."""
    parents: dict[int, tuple[int, float]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stat = Path(entry.path, "stat").read_text(encoding="utf-8", errors="replace")
                fields = stat.rpartition(")")[2].split()
                parents[int(entry.name)] = (
                    int(fields[1]),
                    (int(fields[11]) + int(fields[12])) / TICK,
                )
    mine, found = {os.getpid()}, dict[int, float]()
    while fresh := {pid for pid, (up, _) in parents.items() if up in mine and pid not in found}:
        found |= {pid: parents[pid][1] for pid in fresh}
        mine = fresh
    return found


class Sampler(threading.Thread):
    """Reads the tree's memory and CPU a few times a second until told to stop."""

    def __init__(self, hertz: float, *, memory: bool) -> None:
        super().__init__(daemon=True)
        self.pause, self.memory, self.done = 1 / hertz, memory, threading.Event()
        self.pss = self.anon = 0.0
        self.cpu: dict[int, float] = {}

    def run(self) -> None:
        while not self.done.wait(self.pause):
            self.look()

    def look(self) -> None:
        """Take one sample."""
        now = descendants()
        for pid, used in now.items():
            self.cpu[pid] = max(used, self.cpu.get(pid, 0.0))
        if not self.memory:
            return
        pss = anon = 0
        for pid in now:
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines():
                    pss += int(line.split()[1]) if line.startswith("Pss:") else 0
                    anon += int(line.split()[1]) if line.startswith("Pss_Anon:") else 0
        self.pss, self.anon = max(self.pss, pss / 1024), max(self.anon, anon / 1024)


def cpu_of(usage: resource.struct_rusage) -> float:
    """User and system seconds."""
    return usage.ru_utime + usage.ru_stime


def reap_orphans() -> float:
    """Wait for what the command left running, and end it after a while; its CPU seconds."""
    used, until = 0.0, time.monotonic() + GRACE
    while True:
        try:
            pid, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return used
        if pid:
            used += cpu_of(usage)
            continue
        if time.monotonic() > until:
            for left in descendants():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)
        time.sleep(0.05)


def complaint(command: Sequence[str], code: int, text: str) -> str:
    """What failed and the end of what it printed."""
    what = "ran out of time or memory" if code == -signal.SIGKILL else f"exit {code}"
    tail = "\n    ".join(text.strip().splitlines()[-12:])
    return f"python {' '.join(command[1:])}: {what}\n    {tail}"


def measure(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    sample: bool = False,
    timeout: float = 3600,
) -> Cost:
    """Run a command to its end. `sample` also reads the tree's memory, which costs it a little."""
    sampler = Sampler(10, memory=True) if sample else None
    with tempfile.TemporaryFile() as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        timer = threading.Timer(timeout, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        if sampler:
            sampler.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        cpu = cpu_of(usage) + reap_orphans()
        if sampler:
            sampler.done.set()
            sampler.join()
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode:
        raise StepError(complaint(command, process.returncode, text))
    rss = usage.ru_maxrss / 1024
    if sampler is None:
        return Cost(cpu, wall, rss, 0.0, 0.0, text)
    return Cost(max(cpu, sum(sampler.cpu.values())), wall, rss, sampler.pss, sampler.anon, text)
