"""Two real snapshots of one version, built once: what was there and what comes."""

from pathlib import Path
import runpy
from types import SimpleNamespace

import pytest

small = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "small.py")))


def built(root, spec):
    done = small.sftspec(small.make(root, spec=spec), "build", "small.sft", "--log", "none")
    assert 0 == done.returncode, done.stderr
    return root / "compiled" / "small" / "0.1.0"


@pytest.fixture(scope="session")
def old_snapshot(tmp_path_factory):
    spec = small.SPEC.replace("total = 24", "total = 20")
    return built(tmp_path_factory.mktemp("old"), spec)


@pytest.fixture(scope="session")
def new_snapshot(tmp_path_factory):
    return built(tmp_path_factory.mktemp("new"), small.SPEC)


@pytest.fixture(scope="session")
def project():
    """What makes a project, runs the command and reads a folder."""
    return small
