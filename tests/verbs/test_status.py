"""Where each version stands, and what is in the way of the next freeze."""

import json
from pathlib import Path
import runpy
from types import SimpleNamespace

import pytest

small = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "small.py")))
LINE = '  require count(rejected == "duplicate-key") <= 1 of rows\n'
SPEC = small.SPEC.replace("gate freeze {\n", "gate freeze {\n" + LINE)


@pytest.fixture
def home(tmp_path):
    return small.make(tmp_path / "home", spec=SPEC)


def says(home, *words, code=0):
    done = small.sftspec(home, *words)
    assert code == done.returncode, done.stdout + done.stderr
    return done.stdout


def states(home, *words):
    found = json.loads(says(home, "status", *words, "--format", "json"))["datasets"]
    return {one["version"]: one["state"] for one in found[0]["versions"]}


def edit(home, old, new):
    text = (home / "small.sft").read_text("utf-8")
    assert old in text
    (home / "small.sft").write_text(text.replace(old, new), encoding="utf-8")


def test_a_version_goes_through_all_its_states(home):
    assert "nothing is compiled yet\n" == says(home, "status")
    assert {"0.1.0": "exploration"} == states(home, "small.sft")
    says(home, "build", "small.sft", "--log", "none")
    assert {"0.1.0": "candidate"} == states(home)
    says(home, "freeze", "small", "--by", "Ada", "--reason", "first")
    assert {"0.1.0": "frozen"} == states(home)
    edit(home, "v0.1.0", "v0.2.0")
    assert {"0.1.0": "frozen", "0.2.0": "exploration"} == states(home, "small.sft")
    says(home, "build", "small.sft", "--log", "none")
    assert {"0.1.0": "frozen", "0.2.0": "candidate"} == states(home)
    says(home, "freeze", "small", "--by", "Bob", "--reason", "second")
    assert {"0.1.0": "superseded", "0.2.0": "frozen"} == states(home)


def test_it_says_what_blocks_the_next_freeze(home):
    edit(home, "coverage(topics) >= 50%", "count() > 900")
    says(home, "build", "small.sft", "--log", "none")
    said = says(home, "status", "small")
    assert "in the way of freezing v0.1.0" in said
    assert "gate-not-met: gate `freeze` does not hold" in said
    assert "count() > 900" in said
    found = json.loads(says(home, "status", "small", "--format", "json"))["datasets"][0]
    assert ["gate-not-met"] == [one["slug"] for one in found["blockers"]]


def test_it_says_how_a_spec_and_its_lock_stand(home):
    said = says(home, "status", "small.sft")
    assert "declares v0.1.0, exploration: not built yet; lock missing" in said
    says(home, "build", "small.sft", "--log", "none")
    says(home, "lock", "small.sft")
    assert "declares v0.1.0, built; lock up to date" in says(home, "status", "small.sft")
    edit(home, "What is {{ row.term }}?", "Say {{ row.term }}.")
    said = says(home, "status", "small.sft")
    assert "changed since it was built; lock text changed under a locked version" in said
    edit(home, "template sense v1.0.0", "template sense v1.0.1")
    assert "changed since it was built; lock behind" in says(home, "status", "small.sft")


def test_data_that_are_not_here_are_told(home):
    says(home, "build", "small.sft", "--log", "none")
    (home / "compiled" / "small" / "0.1.0" / "index.parquet").unlink()
    assert "data not here" in says(home, "status")


def test_a_name_that_is_none_is_a_fault(home):
    says(home, "build", "small.sft", "--log", "none")
    done = small.sftspec(home, "status", "smal")
    assert 3 == done.returncode
    assert "did you mean `small`?" in done.stderr


def test_a_damaged_version_is_a_row_and_no_end(home):
    says(home, "build", "small.sft", "--log", "none")
    edit(home, "v0.1.0", "v0.2.0")
    says(home, "build", "small.sft", "--log", "none")
    (home / "compiled" / "small" / "0.1.0" / "MANIFEST.json").write_text("{", encoding="utf-8")
    assert {"0.1.0": "damaged", "0.2.0": "candidate"} == states(home)
    assert "it is not JSON" in says(home, "status")


def test_data_that_are_missing_block_a_freeze(home):
    says(home, "build", "small.sft", "--log", "none")
    (home / "compiled" / "small" / "0.1.0" / "train.jsonl").unlink()
    said = says(home, "status")
    assert "not-whole: 1 of its files are not here" in said
    assert "train.jsonl" in said
