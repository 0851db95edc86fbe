"""`of rows` from a spec to the manifest: what was read, and what was set aside as it was read."""

import json
from pathlib import Path
import runpy
from types import SimpleNamespace

import pytest

from sftspec.build import read
from sftspec.ir.reasons import OF_RECORDS, OF_ROWS
from sftspec.syntax.format import format_text

HERE = Path(__file__).parents[1]
projects = SimpleNamespace(**runpy.run_path(str(HERE / "projects.py")))
slugs = SimpleNamespace(**runpy.run_path(str(HERE / "slugs.py")))
GATE = """gate rows {
  require count() >= 1 of rows
  require rate(rejected != null) <= 0% of rows
  require count(rejected == "duplicate-key") == 0 of rows where source == asks
  require count(rejected == "duplicate-row") == 0 of rows
  require rate(rejected == null) == 100% where origin == synthetic of rows
  warn    count(rejected in ["where", "left_out"] and license == "CC0-1.0") == 0 of rows
}
gate freeze {"""


def spec(gate=GATE):
    return projects.TINY.replace("gate freeze {", gate)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    root = tmp_path_factory.mktemp("rows")
    return projects.built(projects.tiny(root, spec=spec())).folder


def lines_of(snapshot):
    return projects.manifest(snapshot)["gates"]["rows"]["lines"]


def test_the_rows_are_those_of_the_manifest_and_of_the_list_of_rejects(snapshot):
    manifest = projects.manifest(snapshot)
    counts, sources = manifest["counts"], manifest["sources"]
    every, aside, keys, doubles, cards, left = lines_of(snapshot)
    assert (counts["rows_read"], "rows") == (every["population"], every["of"])
    assert {"matched": counts["rows_rejected"], "of": counts["rows_read"]} == aside["parts"]
    assert sources["asks"]["read"] == keys["population"]
    assert counts["rows_read"] == keys["whole"]
    assert sources["asks"]["rejected"]["duplicate-key"] == keys["parts"]["matched"] > 0
    assert sources["cards"]["rejected"]["duplicate-row"] == doubles["parts"]["matched"] > 0
    assert sources["cards"]["read"] == cards["population"]
    asks = sources["asks"]["rejected"]
    assert asks["where"] + asks["left_out"] == left["parts"]["matched"] > 0
    found = (snapshot / "rejected.jsonl").read_text("utf-8").splitlines()
    rows = [one for one in map(json.loads, found) if "template" not in one]
    assert len(rows) == aside["parts"]["matched"]


def test_a_line_of_rows_that_does_not_hold_says_which_rows(snapshot):
    sources = projects.manifest(snapshot)["sources"]
    told = {
        (r["source"], r["rejected"]): r["rows"] for r in lines_of(snapshot)[1]["why"]["rows"]
    }
    wanted = {
        (name, reason): count
        for name, info in sources.items()
        for reason, count in info["rejected"].items()
    }
    assert wanted == told
    assert sorted(told.values(), reverse=True) == list(told.values())


def test_the_rows_do_not_depend_on_how_sources_are_cut(snapshot, tmp_path):
    other = projects.built(projects.tiny(tmp_path, spec=spec()), chunk_bytes=900)
    assert lines_of(snapshot) == lines_of(other.folder)


def test_a_changed_row_that_no_line_counts_does_not_judge_again(tmp_path):
    file = projects.tiny(tmp_path)
    projects.built(file)
    path = tmp_path / "data" / "asks-2.jsonl"
    path.write_text(path.read_text("utf-8") + '{"id": 1, \n', encoding="utf-8")
    states = {one.node: one.stale for one in projects.built(file).nodes}
    assert (1, 0) == (states["rows asks"], states["gates"])
    gate = spec()
    file.write_text(gate, encoding="utf-8")
    projects.built(file)
    path.write_text(path.read_text("utf-8") + '{"id": 2, \n', encoding="utf-8")
    again = projects.built(file)
    states = {one.node: (one.stale, one.cause) for one in again.nodes}
    assert (1, "what became of the rows changed") == states["gates"]


def test_the_formatter_keeps_the_words(tmp_path):
    text = GATE.replace(
        "  require count() >= 1 of rows\n", "  require   count( ) >= 1   of  rows\n"
    )
    laid = format_text(spec(text)).text
    assert "  require count() >= 1 of rows\n" in laid
    file = projects.tiny(tmp_path, spec=laid)
    gates = {gate.name: gate for gate in read(file)[0].judge.gates}
    assert {"rows"} == {line.of for line in gates["rows"].lines}


def test_every_reason_is_known_to_gates():
    said = {one.slug for one in slugs.said(slugs.sources()) if one.kind == "rejection"}
    assert sorted(said) == sorted(OF_ROWS | OF_RECORDS)


def test_reasons_of_rows_are_those_that_reading_gives(snapshot):
    found = (snapshot / "rejected.jsonl").read_text("utf-8").splitlines()
    for one in map(json.loads, found):
        assert one["reason"] in (OF_RECORDS if "template" in one else OF_ROWS)
