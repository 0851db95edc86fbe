"""The snapshot of each real spec, built once a run; a module says which is its own in `SPEC`."""

from pathlib import Path
import runpy
from types import SimpleNamespace

import pytest

kit = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("kit.py"))))


@pytest.fixture(scope="session")
def snapshot_of(tmp_path_factory):
    """A spec's snapshot, built by the local engine where it is first asked for."""
    known = {}

    def snapshot(spec):
        if spec not in known:
            known[spec] = kit.build(tmp_path_factory.mktemp(spec), spec, "--engine", "local")
        return known[spec]

    return snapshot


@pytest.fixture(scope="module")
def snapshot(request, snapshot_of):
    return snapshot_of(request.module.SPEC)


@pytest.fixture(scope="module")
def manifest(snapshot):
    return kit.manifest_of(snapshot)


@pytest.fixture(scope="module")
def rejected(snapshot):
    return kit.rejects(snapshot)


@pytest.fixture(scope="module")
def parts(snapshot):
    return {name: kit.part(snapshot, name) for name in ("train", "dev")}


@pytest.fixture(scope="module")
def records(snapshot):
    """The chosen records, each with the row it comes from."""
    return kit.chosen(snapshot)
