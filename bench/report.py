"""Readings by name, what went wrong, and the table they make."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
import json
import os
from pathlib import Path
import platform
import time
from typing import TypeVar

from bench.measure import Figure, StepError

LIBRARIES = (
    "lark",
    "attrs",
    "msgspec",
    "jinja2",
    "numpy",
    "pyarrow",
    "ray",
    "xxhash",
    "google-re2",
)
Answer = TypeVar("Answer")


@dataclass
class Report:
    """What came out."""

    readings: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def read(self, name: str, value: float) -> None:
        """Keep one reading."""
        self.readings[name].append(value)

    def median(self, name: str) -> float:
        """The middle reading so far."""
        return Figure(tuple(self.readings.get(name, ()))).median

    def note(self, text: str) -> None:
        """Keep a line for the foot of the table."""
        self.notes.append(text)
        print(f"  {text}", flush=True)

    def attempt(self, name: str, step: Callable[[], Answer]) -> Answer | None:
        """Run a step; what fails is said and remembered, not raised, and answers None."""
        try:
            return step()
        except (StepError, OSError, ValueError, KeyError) as error:
            self.failures.append(f"{name}: {error}")
            print(f"  FAILED {name}: {error}", flush=True)
            return None

    def table(self) -> str:
        """Every figure as least, middle and largest of its readings."""
        wide = max((len(name) for name in self.readings), default=0)
        lines = [
            f"{name:<{wide}}  n={len(values):<3}{Figure(tuple(values))}"
            for name, values in self.readings.items()
        ]
        head = f"{'figure':<{wide}}  n    min / median / max"
        feet = [*self.notes, *(f"FAILED {text}" for text in self.failures)]
        return "\n".join([machine(), "", head, *lines, "", *feet])

    def save(self, more: dict[str, object]) -> Path:
        """Write the table as text and, with `more`, as JSON; returns the text's path."""
        folder = Path(__file__).resolve().parent / "results"
        folder.mkdir(exist_ok=True)
        stem = folder / time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        figures = {
            name: {
                "min": min(values),
                "median": self.median(name),
                "max": max(values),
                "values": values,
            }
            for name, values in self.readings.items()
        }
        answer = {"machine": machine(), **more, "figures": figures}
        answer |= {"notes": self.notes, "failures": self.failures}
        stem.with_suffix(".json").write_text(
            json.dumps(answer, indent=2) + "\n", encoding="utf-8"
        )
        stem.with_suffix(".txt").write_text(self.table() + "\n", encoding="utf-8")
        return stem.with_suffix(".txt")


def machine() -> str:
    """What the figures were taken on."""
    versions = []
    for name in LIBRARIES:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"{name} missing")
    load = f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores"
    return f"Python {platform.python_version()}, {load}; {', '.join(versions)}"
