"""The six names of the package: what they are called with, give, raise and import."""

import inspect
import os
from pathlib import Path
import runpy
import subprocess
import sys
from types import SimpleNamespace
import typing

import pytest

import sftspec
from sftspec.ground.report import Fault, Report

REPO = Path(__file__).resolve().parents[1]
small = SimpleNamespace(**runpy.run_path(str(REPO / "tests" / "small.py")))
NAMES = ("SpecError", "build", "check", "load", "plan", "verify")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return small.make(tmp_path_factory.mktemp("api"))


@pytest.fixture(scope="module")
def built(home):
    return sftspec.build(home / "small.sft", engine="local")


def said(script, *words):
    """What a script prints in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *map(str, words)],
        env=os.environ | {"PYTHONPATH": str(REPO)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    return done.stdout


def test_there_are_six_names():
    assert list(NAMES) == sorted(sftspec.__all__)
    for name in NAMES:
        assert callable(getattr(sftspec, name))
        assert getattr(sftspec, name).__doc__
    with pytest.raises(AttributeError, match="bild"):
        sftspec.bild  # noqa: B018 - that it is asked for is the test


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"SpecError"}))
def test_what_a_function_gives_is_what_it_says(name):
    from sftspec.build import Built, Planned
    from sftspec.snapshot.load import Loaded
    from sftspec.snapshot.verify import Verdict

    kinds = {
        "build": Built,
        "check": Report,
        "load": Loaded,
        "plan": Planned,
        "verify": Verdict,
    }
    hints = typing.get_type_hints(
        getattr(sftspec, name), localns={kind.__name__: kind for kind in kinds.values()}
    )
    assert kinds[name] is hints["return"]
    assert next(iter(inspect.signature(getattr(sftspec, name)).parameters)) in {"name", "spec"}


def test_the_package_by_itself_loads_nothing():
    script = "import sys, sftspec; print([m for m in sys.modules if m.startswith('sftspec.')])"
    assert "[]\n" == said(script)


def test_a_room_does_not_take_the_place_of_a_name():
    script = (
        "import sftspec.build, sftspec.plan.graph, sftspec.verbs.check, sftspec\n"
        "from sftspec.plan import graph\n"
        "from sftspec.build import Settings\n"
        "from sftspec import build, plan, check\n"
        "print(*(type(one).__name__ for one in (build, plan, check, graph)))"
    )
    assert "function function function module\n" == said(script)


def test_check_gives_a_report_and_raises_nothing(home, tmp_path):
    assert not sftspec.check(home / "small.sft").failed
    assert not sftspec.check(str(home / "small.sft"), root=str(home)).failed
    bad = tmp_path / "bad.sft"
    bad.write_text("edition 2026\n\ndataset x v0.1.0 {\n", encoding="utf-8")
    assert sftspec.check(bad).failed
    assert ["unlocked"] == [
        one.slug for one in sftspec.check(home / "small.sft", locked=True).items
    ]


def test_plan_and_build_raise_where_the_spec_is_wrong(tmp_path):
    bad = tmp_path / "bad.sft"
    bad.write_text("edition 2026\n\ndataset x v0.1.0 {\n", encoding="utf-8")
    for call in (sftspec.plan, sftspec.build):
        with pytest.raises(sftspec.SpecError) as caught:
            call(bad)
        assert caught.value.report.failed


def test_plan_says_what_build_makes(home, built):
    planned = sftspec.plan(str(home / "small.sft"), engine="local", root=home)
    chosen = {part.part: part.chosen for part in planned.mixture.parts}
    assert chosen["train"] > 0
    assert (home / "compiled" / "small" / "0.1.0").resolve() == built.folder.resolve()


def test_verify_and_load_find_what_was_built(home, built):
    assert sftspec.verify(built.folder).good
    verdict = sftspec.verify("small", root=home)
    assert (built.id, True) == (verdict.id, verdict.good)
    assert built.id == sftspec.load("small@0.1.0", home).id
    assert built.id == sftspec.load(built.folder, expect=built.id).id
    with pytest.raises(Fault, match="no folder"):
        sftspec.verify(home / "none")
