"""The reference examples of the language: each parses, and is refused only by what is not built yet.

`corpus/examples/specs/NAME.want` lists the refusals, one a line. A line goes when what it names
is built; nothing else may come.
"""

from pathlib import Path
import shutil

import pytest

from sftspec.ground.report import Report
from sftspec.ground.text import SpecText
from sftspec.ir.resolve import load
from sftspec.syntax.parse import parse

EXAMPLES = Path(__file__).parent / "corpus" / "examples"
SPECS = sorted((EXAMPLES / "specs").glob("*.sft"))
FILES = sorted(EXAMPLES.rglob("*.sft"))


@pytest.fixture
def project(tmp_path):
    """A project whose specs stand in a folder, so that `../data` is inside of it."""
    shutil.copytree(EXAMPLES, tmp_path / "project")
    return tmp_path / "project"


def refusals(spec, project):
    report = Report()
    load(spec, project, report)
    return [
        f"{item.span.text.path}:{item.span.line} {item.slug} {item.message}"
        for item in report.sorted()
        if item.severity == "error"
    ]


def test_the_examples_are_there():
    assert ["chat", "legal", "support"] == [spec.stem for spec in SPECS]
    assert ["guards", "taxonomy"] == [f.stem for f in FILES if f.parent.name == "common"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_example_parses(path):
    report = Report()
    parse(SpecText(path.name, path.read_text("utf-8")), report)
    assert [] == report.items


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_an_example_is_refused_only_by_what_is_not_built_yet(spec, project):
    want = spec.with_suffix(".want").read_text("utf-8").splitlines()
    assert want == refusals(project / "specs" / spec.name, project)
    assert {"not-built-yet"} == {line.split()[1] for line in want}


def test_another_refusal_is_seen(project):
    spec = project / "specs" / "legal.sft"
    text = spec.read_text("utf-8")
    spec.write_text(text.replace("row.contracts.title", "row.contracts.titel"), "utf-8")
    want = (EXAMPLES / "specs" / "legal.want").read_text("utf-8").splitlines()
    (more,) = set(refusals(spec, project)) - set(want)
    assert "specs/legal.sft:144 unknown-field `row.contracts` has no field `titel`" == more
