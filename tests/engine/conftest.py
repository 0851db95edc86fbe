"""A small project, and builds of it in this process."""

from pathlib import Path
import runpy
from types import SimpleNamespace

import pytest

from sftspec.build import Settings, build
from sftspec.engine import work
from sftspec.engine.log import Log

small = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "small.py")))


class Builder:
    """Builds a project and keeps what was said meanwhile."""

    def __init__(self, home):
        self.home = home
        self.events = []

    def __call__(self, engine=None, **settings):
        work._lookups.clear()  # as in a new process
        self.events = []
        log = Log(self.events.append)
        given = Settings(**{"engine": "local", **settings})
        return build(self.home / "small.sft", given, log, engine=engine)

    @property
    def store(self):
        return self.home / ".sftspec" / "v1"

    @property
    def warnings(self):
        said = [event["text"] for event in self.events if event["event"] == "warning"]
        return [text for text in said if "there is no" not in text]  # nothing is locked here

    @property
    def ran(self):
        """How much of each node was run."""
        return {e["node"]: e["run"] for e in self.events if e["event"] == "stage" and e["run"]}


@pytest.fixture(scope="session")
def project():
    """What makes a project, runs the command and reads a folder."""
    return small


@pytest.fixture
def builder(tmp_path):
    return Builder(small.make(tmp_path / "home"))


@pytest.fixture(scope="session")
def builder_of():
    return lambda home, **more: Builder(small.make(home, **more))
