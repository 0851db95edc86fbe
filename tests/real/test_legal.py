"""Data nobody here wrote: 33 legal tables and their prompt files, built and compared with plain Python.

Needs the shared data: SFTSPEC_REAL_DATA names its folder, `../shared/data` beside the repository is
the default. What to expect is computed by `facts.py`, which knows nothing of sftspec.
"""

from collections import Counter
from pathlib import Path
import runpy
from types import SimpleNamespace

import pytest

HERE = Path(__file__).resolve().parent
kit = SimpleNamespace(**runpy.run_path(str(HERE / "kit.py")))
facts_of = SimpleNamespace(**runpy.run_path(str(HERE / "facts.py")))

SPEC = "legal"
pytestmark = kit.marks("legal")


@pytest.fixture(scope="module")
def facts():
    return facts_of.gather(kit.DATA)


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
    assert kit.count(manifest, "rows_read") == len(facts.rows)
    assert kit.count(manifest, "rows_rejected") == len(facts.duplicates)
    assert kit.count(manifest, "rows_used") == len(facts.rows) - len(facts.duplicates)


def test_every_candidate_is_chosen_or_not_chosen_or_rejected(facts, manifest, parts):
    assert kit.count(manifest, "candidates") == len(facts.samples)
    assert kit.count(manifest, "rejected") == len(facts.leaks) + len(facts.too_long)
    assert kit.count(manifest, "chosen") == sum(len(records) for records in parts.values())
    assert kit.count(manifest, "not_chosen") == len(facts.kept) - kit.count(manifest, "chosen")


# ---- rejections, one by one


def test_rows_that_repeat_in_their_table_are_rejected_and_no_other(facts, rejected):
    expected = sorted(row.place for row in facts.duplicates)
    assert (
        sorted(kit.place_of(r) for r in rejected if r["reason"] == "duplicate-row") == expected
    )
    assert sorted(kit.place_of(r) for r in rejected if kit.at_ingest(r)) == expected


def test_a_prompt_that_holds_its_own_row_is_found(facts, rejected):
    expected = sorted(sample.row.place for sample in facts.leaks)
    found = [r for r in rejected if r["reason"] == "expect"]
    assert sorted(kit.place_of(r) for r in found) == expected
    assert all(r["template"].endswith("_few_shot") and r["id"] for r in found)


def test_the_long_ones_are_screened_and_nothing_else_is(facts, rejected):
    """One of them begins on line 101 of a table whose cells hold newlines and U+2028."""
    rest = [r for r in rejected if r["reason"] not in {"duplicate-row", "expect"}]
    assert sorted(kit.place_of(r) for r in rest) == sorted(s.row.place for s in facts.too_long)
    assert ("supply_chain_disclosure_disclosed_audits.tsv", 101) in {
        kit.place_of(r) for r in rest
    }


def test_a_reject_explains_itself_without_showing_the_row(facts, rejected):
    raw = {row.place: row.cells for row in facts.rows}
    for reject in rejected:
        assert reject["file"].startswith("data/legal/")
        assert reject["key"] is not None
        assert reject["stage"]
        assert len(reject["evidence"]) <= 200
        assert max(raw[kit.place_of(reject)].values(), key=len) not in reject["evidence"]


# ---- what is emitted


def test_a_clause_stays_under_each_question_that_asks_it(facts, manifest, parts, rejected):
    """762 clauses stand in several tables: other question, often other label, never a duplicate."""
    refused = {s.row.place for s in facts.leaks + facts.too_long}
    merged = {kit.place_of(r) for r in rejected if not kit.at_ingest(r)} - refused
    assert merged == set()
    chosen = {turns for records in parts.values() for turns in records}
    asked, emitted = Counter(), Counter()
    for sample in facts.kept:
        clause = sample.row.cells.get("text")
        if "label" in sample.row.cells and clause in facts.recurring:
            asked[clause] += 1
            emitted[clause] += sample.turns in chosen
    assert asked.total() - emitted.total() <= kit.count(manifest, "not_chosen")
    assert sum(times > 1 for times in emitted.values()) > 650


def test_what_is_emitted_is_what_plain_python_renders(facts, manifest, parts):
    """Byte for byte: soft hyphens, U+2028, quotes, blanks at the edges, newlines inside cells."""
    expected = {sample.turns: sample for sample in facts.kept}
    chosen = [turns for records in parts.values() for turns in records]
    assert len(chosen) == len(set(chosen))
    assert set(chosen) <= set(expected)
    absent = [sample for turns, sample in expected.items() if turns not in set(chosen)]
    assert len(absent) == kit.count(manifest, "not_chosen")
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
    assert surplus <= kit.count(manifest, "not_chosen") <= 2 * surplus


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


# ---- cells with newlines in them


@pytest.mark.skipif(
    not all((kit.DATA / name).is_dir() for name in ("support", "medical")),
    reason="real data not found: support/ and medical/",
)
@pytest.mark.parametrize("knobs", [(), ("--chunk-bytes", "65536")], ids=["whole", "chunked"])
def test_newlines_and_braces_inside_cells_survive(knobs, tmp_path):
    """CRLF in 3,386 Bitext cells and 1,199 MTS cells, LF in 10 of BANKING77, `{{…}}` in 2,948 answers."""
    support, medical = kit.DATA / "support", kit.DATA / "medical"
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

    snapshot = kit.build(tmp_path, "cells", "--engine", "local", *knobs)
    emitted = Counter(tuple(text for _, text in turns) for turns in kit.part(snapshot, "train"))
    assert emitted == Counter(set(pairs))
    (repeated,) = kit.rejects(snapshot)
    assert Path(repeated["file"]).name == "mts_dialog_train.csv"
