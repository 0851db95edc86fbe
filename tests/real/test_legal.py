"""Data nobody here wrote: 33 legal tables and their prompt files, built and compared with plain Python.

Needs the shared data: SFTSPEC_REAL_DATA names its folder, `../shared/data` beside the repository is
the default. What to expect is computed by `facts.py`, which knows nothing of sftspec.
"""

from collections import Counter
import json
import os
from pathlib import Path
import runpy
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
DATA = Path(os.environ.get("SFTSPEC_REAL_DATA") or REPO.parent / "shared" / "data")
facts_of = SimpleNamespace(**runpy.run_path(str(HERE / "facts.py")))

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not (DATA / "legal").is_dir(),
        reason="real data not found: set SFTSPEC_REAL_DATA to the folder that holds legal/",
    ),
]


# ---- the shape of a snapshot, told once


def count(manifest, name):
    """rows_read, rows_rejected, rows_used, candidates, chosen, not_chosen or rejected."""
    return manifest["counts"][name]


def rejected_by_reason(manifest):
    """Rows by source and candidates by stage, as one count per reason."""
    found = Counter()
    for source in manifest["sources"].values():
        found.update(source["rejected"])
    for name, many in manifest["counts"]["rejected_by_reason"].items():
        found[name.split(":")[1]] += many
    return dict(found)


def place_of(reject):
    return Path(reject["file"]).name, reject["line"]


def part(snapshot, name):
    """The conversations of one part, in the order written."""
    lines = (snapshot / f"{name}.jsonl").read_bytes().split(b"\n")
    assert lines.pop() == b""
    return [tuple((m["role"], m["content"]) for m in json.loads(x)["messages"]) for x in lines]


def rejects(snapshot):
    return [json.loads(x) for x in (snapshot / "rejected.jsonl").read_bytes().split(b"\n") if x]


def at_ingest(reject):
    """A rejected row rather than a rejected candidate."""
    return not reject.get("template")


# ---- builds


def sftspec(project, *words):
    """Run a verb in the project and give back the finished process."""
    env = os.environ | {"PYTHONPATH": str(REPO)}
    command = [sys.executable, "-m", "sftspec", *words]
    done = subprocess.run(
        command,
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def build(project, spec, *words):
    """Copy what the spec reads, build it with a store of its own, and give back the snapshot's folder."""
    for folder in {"legal": ["legal"], "cells": ["support", "medical"]}[spec]:
        for path in sorted((DATA / folder).rglob("*.*")):
            target = project / "data" / path.relative_to(DATA)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    (project / "pyproject.toml").touch()
    shutil.copyfile(HERE / f"{spec}.sft", project / f"{spec}.sft")
    store = project / "fresh-store"
    done = sftspec(project, "build", f"{spec}.sft", "--store", str(store), *words)
    assert done.returncode == 0, done.stdout + done.stderr
    (manifest,) = (project / "compiled").glob("*/*/MANIFEST.json")
    return manifest.parent


@pytest.fixture(scope="module")
def facts():
    return facts_of.gather(DATA)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return build(tmp_path_factory.mktemp("legal"), "legal", "--engine", "local")


@pytest.fixture(scope="module")
def manifest(snapshot):
    return json.loads((snapshot / "MANIFEST.json").read_bytes())


@pytest.fixture(scope="module")
def rejected(snapshot):
    return rejects(snapshot)


@pytest.fixture(scope="module")
def parts(snapshot):
    return {name: part(snapshot, name) for name in ("train", "dev")}


# ---- the data is what we think it is


def test_the_tables_hold_what_their_readme_says(facts):
    cuad = [r for r in facts.rows if "label" in r.cells]
    assert (len(cuad), len(facts.rows)) == (7_324, 7_474)
    assert len(facts.duplicates) == 2_673
    assert len(facts.recurring) == 762
    assert len(facts.samples) == 4_938
    assert (len(facts.leaks), sum("label" in s.row.cells for s in facts.leaks)) == (156, 19)
    assert len(facts.too_long) == 5
    assert len(facts.kept) == 4_777


def test_no_two_sound_samples_ask_the_same(facts):
    """So the duplicate and conflict screens have nothing to take here, and must take nothing."""
    assert len({tuple(t for t in s.turns if t[0] != "assistant") for s in facts.kept}) == len(
        facts.kept
    )


# ---- sums


def test_every_row_read_is_rejected_or_used(facts, manifest):
    assert count(manifest, "rows_read") == len(facts.rows)
    assert count(manifest, "rows_rejected") == len(facts.duplicates)
    assert count(manifest, "rows_used") == len(facts.rows) - len(facts.duplicates)


def test_every_candidate_is_chosen_or_not_chosen_or_rejected(facts, manifest, parts):
    assert count(manifest, "candidates") == len(facts.samples)
    assert count(manifest, "rejected") == len(facts.leaks) + len(facts.too_long)
    assert count(manifest, "chosen") == sum(len(records) for records in parts.values())
    assert count(manifest, "not_chosen") == len(facts.kept) - count(manifest, "chosen")


def test_the_manifest_counts_the_rejected_file(manifest, rejected):
    assert rejected_by_reason(manifest) == dict(Counter(r["reason"] for r in rejected))


# ---- rejections, one by one


def test_rows_that_repeat_in_their_table_are_rejected_and_no_other(facts, rejected):
    expected = sorted(row.place for row in facts.duplicates)
    assert sorted(place_of(r) for r in rejected if r["reason"] == "duplicate-row") == expected
    assert sorted(place_of(r) for r in rejected if at_ingest(r)) == expected


def test_a_prompt_that_holds_its_own_row_is_found(facts, rejected):
    expected = sorted(sample.row.place for sample in facts.leaks)
    found = [r for r in rejected if r["reason"] == "expect"]
    assert sorted(place_of(r) for r in found) == expected
    assert all(r["template"].endswith("_few_shot") and r["id"] for r in found)


def test_the_long_ones_are_screened_and_nothing_else_is(facts, rejected):
    """One of them begins on line 101 of a table whose cells hold newlines and U+2028."""
    rest = [r for r in rejected if r["reason"] not in {"duplicate-row", "expect"}]
    assert sorted(place_of(r) for r in rest) == sorted(s.row.place for s in facts.too_long)
    assert ("supply_chain_disclosure_disclosed_audits.tsv", 101) in {place_of(r) for r in rest}


def test_a_reject_explains_itself_without_showing_the_row(facts, rejected):
    raw = {row.place: row.cells for row in facts.rows}
    for reject in rejected:
        assert reject["file"].startswith("data/legal/")
        assert reject["key"] is not None
        assert reject["stage"]
        assert len(reject["evidence"]) <= 200
        assert max(raw[place_of(reject)].values(), key=len) not in reject["evidence"]


# ---- what is emitted


def test_a_clause_stays_under_each_question_that_asks_it(facts, manifest, parts, rejected):
    """762 clauses stand in several tables: other question, often other label, never a duplicate."""
    refused = {s.row.place for s in facts.leaks + facts.too_long}
    merged = {place_of(r) for r in rejected if not at_ingest(r)} - refused
    assert merged == set()
    chosen = {turns for records in parts.values() for turns in records}
    asked, emitted = Counter(), Counter()
    for sample in facts.kept:
        clause = sample.row.cells.get("text")
        if "label" in sample.row.cells and clause in facts.recurring:
            asked[clause] += 1
            emitted[clause] += sample.turns in chosen
    assert asked.total() - emitted.total() <= count(manifest, "not_chosen")
    assert sum(times > 1 for times in emitted.values()) > 650


def test_what_is_emitted_is_what_plain_python_renders(facts, manifest, parts):
    """Byte for byte: soft hyphens, U+2028, quotes, blanks at the edges, newlines inside cells."""
    expected = {sample.turns: sample for sample in facts.kept}
    chosen = [turns for records in parts.values() for turns in records]
    assert len(chosen) == len(set(chosen))
    assert set(chosen) <= set(expected)
    absent = [sample for turns, sample in expected.items() if turns not in set(chosen)]
    assert len(absent) == count(manifest, "not_chosen")
    assert all("label" in s.row.cells for s in absent), "the mixture thins out CUAD alone"


@pytest.mark.parametrize(
    "odd", ["\u2028", "\u00a0", "\uf0b7", "\u2019", '"', "  ", "\n\n", " \n"]
)
def test_odd_characters_of_cells_reach_the_trainer(odd, facts, parts):
    chosen = {turns for records in parts.values() for turns in records}
    holders = [
        s for s in facts.kept if odd in facts_of.needle_of(s.row) and "label" not in s.row.cells
    ]
    assert holders
    assert all(sample.turns in chosen for sample in holders)


@pytest.mark.parametrize("odd", ["\u00ad", "\u202f", "\u200b"])
def test_odd_characters_of_clauses_reach_the_trainer(odd, facts, parts):
    """The mixture may leave some of these out, so at least one has to be there."""
    chosen = {turns for records in parts.values() for turns in records}
    assert any(s.turns in chosen for s in facts.kept if odd in s.row.cells.get("text", ""))


def test_answers_to_clause_questions_are_even_in_each_part(facts, parts):
    clause_questions = {s.turns for s in facts.kept if "label" in s.row.cells}
    for records in parts.values():
        answers = Counter(turns[-1][1] for turns in records if turns in clause_questions)
        assert set(answers) == {"Yes", "No"}
        assert abs(answers["Yes"] - answers["No"]) <= 1


def test_the_mixture_keeps_all_it_can(facts, manifest):
    """ "No" is the larger half of CUAD by 90, and each part is thinned by itself."""
    answers = Counter(s.answer for s in facts.kept if "label" in s.row.cells)
    surplus = answers["No"] - answers["Yes"]
    assert surplus == 90
    assert surplus <= count(manifest, "not_chosen") <= 2 * surplus


def test_no_clause_stands_in_both_parts(facts, parts):
    home = {s.turns: s.row for s in facts.kept}
    sides = []
    for records in parts.values():
        assert records
        sides.append(
            {
                (
                    ("clause", home[t].cells["text"])
                    if "label" in home[t].cells
                    else home[t].place
                )
                for t in records
            }
        )
    assert sides[0].isdisjoint(sides[1])
    assert 0.04 < len(parts["dev"]) / (len(parts["dev"]) + len(parts["train"])) < 0.12


def test_the_release_gate_holds(snapshot):
    project = snapshot.parents[2]
    words = ["build", "legal.sft", "--gate", "release", "--store", str(project / "fresh-store")]
    done = sftspec(project, *words)
    assert done.returncode == 0, done.stdout + done.stderr


# ---- same inputs, same bytes


def same_bytes(one, two):
    names = ["MANIFEST.json", "train.jsonl", "dev.jsonl", "rejected.jsonl"]
    assert [n for n in names if (one / n).read_bytes() != (two / n).read_bytes()] == []


def test_small_chunks_give_the_same_snapshot(snapshot, tmp_path):
    same_bytes(
        snapshot, build(tmp_path, "legal", "--engine", "local", "--chunk-bytes", "65536")
    )


@pytest.mark.ray
def test_ray_gives_the_same_snapshot(snapshot, tmp_path):
    same_bytes(snapshot, build(tmp_path, "legal", "--engine", "ray", "--workers", "2"))


# ---- cells with newlines in them


@pytest.mark.skipif(
    not ((DATA / "support").is_dir() and (DATA / "medical").is_dir()),
    reason="real data not found: support/ and medical/",
)
@pytest.mark.parametrize("knobs", [(), ("--chunk-bytes", "65536")], ids=["whole", "chunked"])
def test_newlines_and_braces_inside_cells_survive(knobs, tmp_path):
    """CRLF in 3,386 Bitext cells and 1,199 MTS cells, LF in 10 of BANKING77, `{{…}}` in 2,948 answers."""
    support, medical = DATA / "support", DATA / "medical"
    bitext = facts_of.read_csv(support / "bitext_customer_support.csv")
    visits = facts_of.read_csv(medical / "mts_dialog_train.csv")
    banking = facts_of.read_csv(support / "banking77_train.csv")
    pairs = [
        *((row["instruction"], row["response"]) for row in bitext),
        *((row["dialogue"], row["section_text"]) for row in visits),
        *((row["text"], row["category"]) for row in banking),
    ]
    assert sum("\r\n" in answer for _, answer in pairs) == 3_386
    assert sum("{{" in answer for _, answer in pairs) == 2_948
    assert len(pairs) - len(set(pairs)) == 1  # two visits with other keys and the same words

    snapshot = build(tmp_path, "cells", "--engine", "local", *knobs)
    emitted = Counter(tuple(text for _, text in turns) for turns in part(snapshot, "train"))
    assert emitted == Counter(set(pairs))
    (repeated,) = rejects(snapshot)
    assert Path(repeated["file"]).name == "mts_dialog_train.csv"
