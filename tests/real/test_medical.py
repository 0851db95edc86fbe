"""PubMedQA's abstracts and MTS-Dialog's visits: what plain Python makes of them is what is written."""

from collections import Counter
from pathlib import Path
import re
import runpy
from types import SimpleNamespace

import pytest

kit = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("kit.py"))))

SPEC = "medical"
pytestmark = kit.marks("medical")
SIDES = {
    "Doctor": "assistant", "Doctor_2": "assistant", "Patient": "user", "Guest_family": "user",
    "Guest_family_1": "user", "Guest_family_2": "user",
}  # fmt: skip
SWALLOWED = re.compile(r"(Doctor|Patient)\w*:|Guest_")
SPEAKER = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9_]*):(?=\s|$)")


def spoken(dialogue):
    """The turns of a dialogue from the first of the patient's side to the doctor's last, or why not."""
    turns = []
    for line in dialogue.replace("\r\n", "\n").split("\n"):
        speaker = SPEAKER.match(line)
        if speaker and speaker[1] not in SIDES:
            return "unknown_role"
        if speaker:
            turns.append((SIDES[speaker[1]], line[speaker.end() :]))
        else:
            turns[-1] = (turns[-1][0], turns[-1][1] + "\n" + line)
    joined = []
    for role, text in turns:
        if joined and joined[-1][0] == role:
            joined[-1] = (role, f"{joined[-1][1]}\n\n{text.strip()}")
        else:
            joined.append((role, text.strip()))
    roles = [role for role, _ in joined]
    if "user" in roles:
        joined = joined[roles.index("user") :]
    while joined and joined[-1][0] != "assistant":
        joined.pop()
    if not joined or joined[0][0] != "user":
        return "role_order"
    first_words = joined[0][1].split("\n")[0].split()
    swallowed = any(SWALLOWED.search(text) for _, text in joined)
    return "expect" if len(joined) < 4 or len(first_words) < 6 or swallowed else joined


@pytest.fixture(scope="module")
def abstracts():
    """The rows that may be learnt from, by PubMed id."""
    scored = kit.json_of("medical/pubmedqa_test_ground_truth.json")
    rows = kit.json_of("medical/pubmedqa_pqal.json")
    assert (len(rows), len(scored), len(rows.keys() & scored.keys())) == (1_000, 500, 500)
    return {pmid: row for pmid, row in rows.items() if pmid not in scored}


@pytest.fixture(scope="module")
def visits():
    return {row["ID"]: row for row in kit.csv_of("medical/mts_dialog_train.csv")}


# ---- rows and candidates


def test_the_scored_abstracts_are_left_out_and_nothing_else(manifest, rejected, abstracts):
    scored = kit.json_of("medical/pubmedqa_test_ground_truth.json")
    out = {r["key"] for r in rejected if r["reason"] == "left_out"}
    assert out == set(scored)
    assert kit.count(manifest, "rows_read") == 1_000 + 500 + 1_201
    assert {r["reason"] for r in rejected if kit.at_ingest(r)} == {"left_out"}
    assert kit.count(manifest, "rows_used") == len(abstracts) + 500 + 1_201


def test_no_word_of_a_scored_abstract_is_written(snapshot):
    scored = kit.json_of("medical/pubmedqa_test_ground_truth.json")
    rows = kit.json_of("medical/pubmedqa_pqal.json")
    written = (
        b"".join((snapshot / f"{name}.jsonl").read_bytes() for name in ("train", "dev"))
    ).decode()
    questions = [rows[pmid]["QUESTION"] for pmid in scored]
    assert [text for text in questions if text.replace('"', '\\"') in written] == []
    assert not [
        one for one in kit.index(snapshot) if one.key in scored and one.source == "abstracts"
    ]


def test_candidates_are_rows_times_templates(manifest, abstracts, visits):
    assert kit.count(manifest, "candidates") == 2 * len(abstracts) + 2 * len(visits)


def test_dialogues_are_set_aside_for_the_reasons_that_plain_python_finds(rejected, visits):
    expected = {
        (key, found)
        for key, row in visits.items()
        if isinstance(found := spoken(row["dialogue"]), str)
    }
    assert Counter(reason for _, reason in expected) == {
        "unknown_role": 54,
        "role_order": 127,
        "expect": 552,
    }
    found = [r for r in rejected if r.get("template") == "conversation_of_visit"]
    assert {(r["key"], r["reason"]) for r in found} == expected
    assert len(found) == len(expected)


def test_a_misspelt_speaker_is_nobody(rejected):
    """Three spellings that no list of roles has; another clinician is declared on neither side."""
    names = Counter(
        re.search(r"'(.+)'", r["evidence"])[1]
        for r in rejected
        if r["reason"] == "unknown_role"
    )
    assert names == {
        "Guest_clinician": 51,
        "Guest_family2": 1,
        "Gest_family": 1,
        "Docotr_2": 1,
    }


def test_one_dialogue_with_two_notes_is_a_conflict(rejected, visits):
    notes = {}
    for key, row in visits.items():
        notes.setdefault(row["dialogue"], []).append((key, row["section_text"]))
    twice = {d: found for d, found in notes.items() if len(found) > 1}
    assert len(twice) == 2
    differ = {
        key for found in twice.values() if len({t for _, t in found}) > 1 for key, _ in found
    }
    assert {r["key"] for r in rejected if r["reason"] == "conflict"} == differ
    assert {r["template"] for r in rejected if r["reason"] == "conflict"} == {"note_of_visit"}
    assert not any(r["reason"] == "duplicate" for r in rejected)


# ---- what is written


def test_abstracts_are_asked_about_as_plain_python_would(records, abstracts):
    reader = kit.spec_text(SPEC, "abstract_reader")
    wordings = {
        "verdict_of_abstract": (kit.spec_text(SPEC, "ask_verdict"), "final_decision"),
        "conclusion_of_abstract": (kit.spec_text(SPEC, "ask_conclusion"), "LONG_ANSWER"),
    }
    met = Counter()
    for one in (r for r in records if r.source == "abstracts"):
        row, (wording, answer) = abstracts[one.key], wordings[one.template]
        head = f"Abstract, {row['YEAR']}:" if row["YEAR"] else "Abstract:"
        lines = "\n".join(f"- {text}" for text in row["CONTEXTS"])
        asked = [f"{ask}\nQuestion: {row['QUESTION']}\n\n{head}\n{lines}" for ask in wording]
        assert one.turns[0] == ("system", reader)
        assert one.turns[1][1] in asked
        assert one.turns[2:] == [("assistant", row[answer])]
        met[one.template, asked.index(one.turns[1][1]), bool(row["YEAR"])] += 1
    assert len(met) == 12, "each wording, with a year and without one"


def test_notes_are_written_from_the_dialogue_byte_for_byte(records, visits):
    """CRLF stands between its lines, and blanks at their ends."""
    writer = kit.spec_text(SPEC, "note_writer")
    asks = [text.partition("{{")[0] for text in kit.spec_text(SPEC, "ask_note")]
    headings = kit.spec_text(SPEC, "heading").values()
    crlf = 0
    for one in (r for r in records if r.template == "note_of_visit"):
        row = visits[one.key]
        instruction, blank, context = one.turns[1][1].partition("\n\n")
        assert blank
        assert context == row["dialogue"]
        assert any(instruction.startswith(ask) for ask in asks)
        assert any(heading in instruction for heading in headings)
        assert [one.turns[0], *one.turns[2:]] == [
            ("system", writer),
            ("assistant", row["section_text"]),
        ]
        crlf += "\r\n" in context
    assert crlf > 500


def test_conversations_are_the_dialogue_from_the_patient_on(records, visits):
    taker = kit.spec_text(SPEC, "history_taker")
    found = [r for r in records if r.template == "conversation_of_visit"]
    assert len(found) > 300
    for one in found:
        assert one.turns == [("system", taker), *spoken(visits[one.key]["dialogue"])]
        assert one.roles[1::2] == ["user"] * len(one.roles[1::2])


def test_a_paragraph_separator_inside_a_row_is_kept(abstracts, snapshot):
    """U+2029 in one conclusion, which ends a line for `str.splitlines` and for nobody else."""
    (holder,) = [key for key, row in abstracts.items() if "\u2029" in row["LONG_ANSWER"]]
    turns = kit.preview(snapshot, SPEC, "conclusion_of_abstract", holder)
    assert turns[-1] == ("assistant", abstracts[holder]["LONG_ANSWER"])


# ---- the mixture


def test_shares_and_verdicts_are_as_declared_in_each_part(records):
    for name in ("train", "dev"):
        mine = [one for one in records if one.part == name]
        tasks = Counter(one.template for one in mine)
        for template, share in (
            ("verdict_of_abstract", 0.2),
            ("conclusion_of_abstract", 0.2),
            ("note_of_visit", 0.4),
            ("conversation_of_visit", 0.2),
        ):
            assert abs(tasks[template] - share * len(mine)) <= 1, (name, template)
        verdicts = Counter(
            one.turns[-1][1] for one in mine if one.template == "verdict_of_abstract"
        )
        for verdict, share in (("yes", 0.5), ("no", 0.35), ("maybe", 0.15)):
            assert abs(verdicts[verdict] - share * verdicts.total()) <= 1, (name, verdict)
