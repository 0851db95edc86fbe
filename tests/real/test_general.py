"""Seven layouts of instructions, and the non-commercial ones in a dataset of their own."""

from collections import Counter
from pathlib import Path
import re
import runpy
from types import SimpleNamespace

import pytest

kit = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("kit.py"))))

SPEC = "general"
RESEARCH = "general_nc"
pytestmark = kit.marks("general", "multiturn")
HEAD = (
    "Below is an instruction that describes a task. Write a response that appropriately "
    "completes the request.\n\n### Instruction:\n"
)
TAIL = "\n\n### Response:\n"
NO_INPUT = re.compile(r"\W*no ?input( (needed|required))?\W*", re.IGNORECASE)
SAYS_AI = re.compile(r"\bas an ai\b", re.IGNORECASE)
NAMES_A_MAKER = re.compile(r"\bas an ai\b|openai|chatgpt", re.IGNORECASE)
PARTS = {
    "seed_tasks": 2, "user_tasks": 3, "wrapped_prompts": 12, "roleplays": 12, "identity_chats": 1
}  # fmt: skip


def asked(instruction, context):
    return f"{instruction}\n\n{context}" if context else instruction


def free_rows():
    """What may be mixed: for each source its conversations as (user, answer, …), in the files' order."""
    found = {}
    for source, name in (
        ("seed_tasks", "self_instruct_seed_tasks"),
        ("user_tasks", "self_instruct_user_oriented"),
    ):
        found[source] = [
            (asked(row["instruction"], one["input"]), one["output"])
            for row in kit.lines_of(f"general/{name}.jsonl")
            for one in row["instances"]
        ]
    found["wrapped_prompts"] = [
        (row["prompt"].replace(HEAD, "").replace(TAIL, ""), row["response"])
        for row in kit.lines_of("general/dolly_hhrlhf_small.jsonl")
    ]
    found["roleplays"] = [
        (asked(row["instruction"], row["input"]), row["response"])
        for row in kit.json_of("general/gpteacher_roleplay.json")
    ]
    found["identity_chats"] = [
        tuple(turn["value"] for turn in row["conversations"])
        for row in kit.json_of("multiturn/vicuna_dummy_conversation.json")
    ]
    return found


@pytest.fixture(scope="module")
def free():
    return free_rows()


# ---- what may be used by everybody


def test_every_row_of_five_sources_is_read_and_none_of_the_others(manifest, free):
    assert {s: info["read"] for s, info in manifest["sources"].items() if info["read"]} == {
        source: len(rows) for source, rows in free.items()
    }
    assert {source: len(rows) for source, rows in free.items()} == {
        "seed_tasks": 175,
        "user_tasks": 252,
        "wrapped_prompts": 1_000,
        "roleplays": 1_923,
        "identity_chats": 500,
    }
    assert kit.count(manifest, "rows_rejected") == 0
    assert kit.count(manifest, "candidates") == sum(map(len, free.values()))


def test_what_is_screened_is_what_plain_python_finds(manifest, free):
    machine = sum(
        bool(SAYS_AI.search(talk[-1]))
        for source, rows in free.items()
        if source not in {"roleplays", "identity_chats"}
        for talk in rows
    )
    prompts = {}
    for source, rows in free.items():
        for user, answer in (talk for talk in rows if source != "identity_chats"):
            prompts.setdefault(user, set()).add(answer)
    contradicted = sum(len(answers) for answers in prompts.values() if len(answers) > 1)
    assert kit.rejected_by_reason(manifest) == {"screened": machine, "conflict": contradicted}
    assert (machine, contradicted) == (2, 2)


def test_what_is_written_is_what_plain_python_reads(records, free):
    known = {source: set(rows) for source, rows in free.items()}
    persona = re.search(r'system "(You are Vicuna.*)"', (kit.HERE / "general.sft").read_text())[
        1
    ]
    met = Counter()
    for one in records:
        turns = one.turns
        if one.source == "identity_chats":
            assert turns.pop(0) == ("system", persona)
        assert tuple(text for _, text in turns) in known[one.source]
        assert [role for role, _ in turns] == ["user", "assistant"] * (len(turns) // 2)
        met[one.source, len(turns)] += 1
    assert {turns for source, turns in met if source == "identity_chats"} == {2, 4, 6}


def test_no_wrapping_is_left(records):
    assert not any(
        "### " in one.turns[0][1] for one in records if one.source == "wrapped_prompts"
    )


def test_sources_are_mixed_by_their_parts(records, free):
    for name in ("train", "dev"):
        found = Counter(one.source for one in records if one.part == name)
        for source, share in PARTS.items():
            wanted = found.total() * share / sum(PARTS.values())
            assert abs(found[source] - wanted) <= 1, (name, source)
    assert sum(one.source == "seed_tasks" for one in records) > 0.9 * len(free["seed_tasks"])


@pytest.mark.parametrize(
    "name", ["alpaca_5000.json", "alpaca_en_demo.json", "alpaca_zh_demo.json"]
)
def test_nothing_non_commercial_is_written(name, records, snapshot):
    """No answer of 40 characters or more, and no row of the source, is in any file of the snapshot."""
    answers = {
        row["output"] for row in kit.json_of(f"general/{name}") if len(row["output"]) >= 40
    }
    assert not any(text in answers for one in records for _, text in one.turns)
    assert not any(Path(one.file).name == name for one in kit.index(snapshot))
    assert {getattr(one, "tag.license") for one in kit.index(snapshot)} == {
        "Apache-2.0",
        "MIT",
        "CC-BY-SA-3.0",
    }


def test_a_template_that_takes_an_excluded_source_does_not_check(tmp_path):
    spec = kit.lay_out(tmp_path, SPEC)
    text = spec.read_text("utf-8")
    spec.write_text(text.replace("from roleplays as row", "from [roleplays, alpaca] as row"))
    done = kit.sftspec(tmp_path, "check", spec.name)
    assert done.returncode == 1
    assert "source-excluded" in done.stderr


def test_lifting_the_exclusion_does_not_change_the_licence(tmp_path):
    spec = kit.lay_out(tmp_path, SPEC)
    text = spec.read_text("utf-8").replace('  excluded = "non-commercial licence"\n', "")
    taking = """template take v1.0.0 {
  layer = generic
  from alpaca as row
  tags { task = instruction }
  messages = row as alpaca
}

"""
    spec.write_text(text.replace("template be_vicuna", taking + "template be_vicuna"))
    done = kit.sftspec(tmp_path, "check", spec.name)
    assert done.returncode == 1
    assert "error[licence-not-allowed]" in done.stderr
    assert "CC-BY-NC-4.0" in done.stderr


# ---- what may not


@pytest.fixture(scope="module")
def research(snapshot_of):
    return snapshot_of(RESEARCH)


@pytest.fixture(scope="module")
def alpacas():
    """The rows of the three files that live: not doubled, not empty, their input mended."""
    found = {}
    for source, name in (
        ("alpaca", "alpaca_5000"),
        ("alpaca_english", "alpaca_en_demo"),
        ("alpaca_chinese", "alpaca_zh_demo"),
    ):
        rows = [tuple(row.items()) for row in kit.json_of(f"general/{name}.json")]
        living = [dict(row) for row in dict.fromkeys(rows)]
        for row in living:
            if row["input"] in {"N/A", "None"} or NO_INPUT.fullmatch(row["input"]):
                row["input"] = ""
        found[source] = [row for row in living if row["output"]]
    return found


def sound(alpacas):
    """What the first line of the screen leaves, as (source, instruction, input, output)."""
    return [
        (source, row["instruction"], row["input"], row["output"])
        for source, rows in alpacas.items()
        for row in rows
        if not NAMES_A_MAKER.search(row["output"])
    ]


def settled(rows):
    """For each prompt the answers that stay: of several the preferred source's, if it has one alone."""
    prompts, stay = {}, {}
    for source, instruction, context, output in rows:
        prompts.setdefault((instruction, context), []).append((source, output))
    for prompt, said in prompts.items():
        answers = [output for _, output in said]
        for source in ("alpaca_english", "alpaca"):
            mine = [output for name, output in said if name == source]
            if len(set(answers)) > 1 and mine:
                answers = mine
        stay[prompt] = answers if len(set(answers)) == 1 else []
    return prompts, stay


def test_doubled_and_empty_rows_are_set_aside(research, alpacas):
    manifest = kit.manifest_of(research)
    assert {s: info["rejected"] for s, info in manifest["sources"].items()} == {
        "alpaca": {"where": 2},
        "alpaca_english": {"duplicate-row": 14},
        "alpaca_chinese": {"duplicate-row": 8},
    }
    assert kit.count(manifest, "rows_read") == 6_999
    assert kit.count(manifest, "candidates") == sum(map(len, alpacas.values())) == 6_975


def test_contradictions_are_settled_for_the_preferred_source(research, alpacas):
    """95 prompts of one set are in the other with another answer, and the later set's answer stays."""
    rows = sound(alpacas)
    prompts, stay = settled(rows)
    both = [
        p for p, said in prompts.items() if {"alpaca", "alpaca_english"} <= {s for s, _ in said}
    ]
    differ = [p for p in both if len({output for _, output in prompts[p]}) > 1]
    raw = [
        {(r["instruction"], r["input"]): r["output"] for r in alpacas[source]}
        for source in ("alpaca", "alpaca_english")
    ]
    shared = raw[0].keys() & raw[1].keys()
    assert sum(raw[0][p] != raw[1][p] for p in shared) >= 93
    lost = Counter()
    for prompt, said in prompts.items():
        lost.update(source for source, output in said if output not in stay[prompt])
    manifest = kit.manifest_of(research)
    again = sum(len(answers) - 1 for answers in stay.values() if answers)
    assert kit.rejected_by_reason(manifest) == {
        "where": 2,
        "duplicate-row": 22,
        "screened": sum(map(len, alpacas.values())) - len(rows),
        "conflict": lost.total(),
        "duplicate": again,
    }
    found = [r for r in kit.rejects(research) if r["reason"] == "conflict"]
    assert Counter(Path(r["file"]).name for r in found)["alpaca_5000.json"] == lost["alpaca"]
    assert lost["alpaca"] == len(differ)
    assert len(differ) > 80


def test_each_prompt_has_one_answer_and_it_is_the_right_one(research, alpacas):
    _, stay = settled(sound(alpacas))
    one_of = {asked(*prompt): set(answers) for prompt, answers in stay.items()}
    seen = Counter()
    for one in kit.chosen(research):
        (_, user), (_, answer) = one.turns
        assert answer in one_of[user]
        seen[user] += 1
    assert max(seen.values()) == 1
    assert len(seen) > 5_000


def test_inputs_that_say_there_is_none_are_left_out(research, alpacas):
    """Twenty spellings of it in one set, eight in another."""
    mended = [
        row["input"]
        for name in ("alpaca_5000", "alpaca_en_demo")
        for row in kit.json_of(f"general/{name}.json")
        if row["input"] in {"N/A", "None"} or NO_INPUT.fullmatch(row["input"])
    ]
    assert len(mended) > 60
    for one in kit.chosen(research):
        assert (
            not one.turns[0][1]
            .lower()
            .endswith(("\n\nnoinput", "\n\nno input", "\n\n<noinput>"))
        )
    assert any(row["input"] == "" for row in alpacas["alpaca_english"])


@pytest.mark.parametrize("odd", ["\u00a0", "\u200a", "\u200b", "\u200e", "\uff0c", "\u3002"])
def test_odd_characters_reach_the_trainer(odd, research, alpacas):
    """Each is in a record that was written, or in none that could be."""
    rows = sound(alpacas)
    holders = {output for *_, output in rows if odd in output}
    written = {one.turns[-1][1] for one in kit.chosen(research)}
    assert {text for text in written if odd in text} == holders & written
    assert not holders or len(holders & written) > 0.5 * len(holders)
