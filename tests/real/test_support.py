"""A shop's answers, a bank's intents and an agent's transcripts, compared with plain Python."""

from collections import Counter
import json
from pathlib import Path
import re
import runpy
from types import SimpleNamespace

import pytest

kit = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("kit.py"))))

SPEC = "support"
pytestmark = kit.marks("support")
HOUSES = {"retail": "a web shop", "airline": "an airline"}


@pytest.fixture(scope="module")
def shop():
    """The shop's rows by what the customer says, which is there once."""
    rows = kit.csv_of("support/bitext_customer_support.csv")
    found = {row["instruction"]: row for row in rows}
    assert len(found) == len(rows) == 4_514
    return found


@pytest.fixture(scope="module")
def bank():
    rows = kit.csv_of("support/banking77_train.csv")
    found = {row["text"]: row["category"] for row in rows}
    assert len(found) == len(rows) == 10_003
    return found


@pytest.fixture(scope="module")
def talks():
    """Each transcript as turns, by file and line: a line goes on where it begins with no speaker."""
    found = {}
    for desk in HOUSES:
        name = f"tau_{desk}_few_shot.jsonl"
        for line, row in enumerate(kit.lines_of(f"support/{name}"), 1):
            turns = []
            for words in row["messages_display"].split("\n"):
                speaker, colon, text = words.partition(": ")
                if colon and speaker in {"user", "assistant", "tool"}:
                    turns.append((speaker, text))
                elif words in {"user:", "assistant:", "tool:"}:
                    turns.append((words[:-1], ""))
                else:
                    turns[-1] = (turns[-1][0], f"{turns[-1][1]}\n{words}")
            found[name, line] = [(role, text.strip()) for role, text in turns]
    assert len(found) == 88
    return found


# ---- rows and candidates


def test_no_row_is_rejected_and_the_test_questions_are_read_alone(manifest, bank, shop):
    tests = kit.csv_of("support/banking77_test.csv")
    assert {row["text"] for row in tests}.isdisjoint(bank)
    assert kit.count(manifest, "rows_read") == len(shop) + len(bank) + len(tests) + 88
    assert kit.count(manifest, "rows_rejected") == 0
    assert kit.count(manifest, "candidates") == len(shop) + len(bank) + 2 * 88


def test_what_a_missing_call_spoils_is_set_aside(rejected, talks):
    """Behind an assistant's `None` stands the observation of a call that nobody wrote down."""
    expected = set()
    for place, turns in talks.items():
        roles = [role for role, _ in turns]
        last = len(roles) - 1 - roles[::-1].index("assistant")
        if "tool" in roles[:last]:
            expected.add((place, "whole_talk", "role_order"))
        elif ("assistant", "None") in turns:
            expected.add((place, "whole_talk", "expect"))
        if turns[1] == ("assistant", "None"):
            expected.add((place, "first_reply", "expect"))
    found = [(kit.place_of(r), r["template"], r["reason"]) for r in rejected]
    assert set(found) == expected
    assert len(found) == len(expected)
    assert Counter(reason for *_, reason in expected) == {"role_order": 85, "expect": 2}


def test_nobody_learns_to_say_none(records):
    assert len(records) > 6_000
    for one in records:
        assert "None" not in said_lines(one)
        assert set(one.roles) == {"system", "user", "assistant"}


def said_lines(one):
    return [line for text in kit.said(one, "assistant") for line in text.split("\n")]


# ---- what is written


def test_placeholders_and_line_ends_of_the_shop_are_kept_byte_for_byte(records, shop, snapshot):
    agent = kit.spec_text(SPEC, "shop_agent")
    found = [one for one in records if one.template == "shop_reply"]
    held = Counter()
    for one in found:
        asked, answer = one.turns[1][1], one.turns[2][1]
        assert one.turns[0] == ("system", agent)
        assert answer == shop[asked]["response"]
        assert re.findall(r"\{\{[^{}]*\}\}", answer) == re.findall(
            r"\{\{[^{}]*\}\}", shop[asked]["response"]
        )
        assert getattr(one, "tag.shop_intent") == shop[asked]["intent"]
        held.update(["{{"] * ("{{" in answer) + ["CRLF"] * ("\r\n" in answer))
    assert held["{{"] > 2_500
    assert held["CRLF"] > 3_000
    raw = (snapshot / "train.jsonl").read_bytes()
    assert raw.count(rb"\r\n") == sum(
        text.count("\r\n") for one in records if one.part == "train" for _, text in one.turns
    )


def test_caps_and_shares_hold_in_each_part(manifest, records):
    for name in ("train", "dev"):
        intents = Counter(
            getattr(one, "tag.shop_intent")
            for one in records
            if one.part == name and one.template == "shop_reply"
        )
        assert len(intents) == 27
        assert max(intents.values()) <= 150
    quotas = {quota["label"]: quota for quota in manifest["mixture"]["parts"]["dev"]["quotas"]}
    reply, routing = quotas["task reply"]["chosen"], quotas["task routing"]["chosen"]
    assert abs(reply - 0.55 * (reply + routing)) <= 1


def test_intents_are_one_json_object_of_the_schema(records, bank):
    asks = kit.spec_text(SPEC, "ask_route")
    schema = None
    found = [one for one in records if one.template == "bank_route"]
    for one in found:
        (_, system), (_, asked), (_, answer) = one.turns
        schema = schema or json.loads(system[system.index("{") :])
        instruction, _, text = asked.partition("\n\n")
        assert instruction in asks
        assert answer == json.dumps(json.loads(answer), separators=(",", ":"))
        assert list(json.loads(answer)) == ["intent"]
        intent = json.loads(answer)["intent"]
        assert intent in schema["properties"]["intent"]["enum"]
        assert intent == bank[text].lower().rstrip("?")
    assert len(schema["properties"]["intent"]["enum"]) == 77
    per_part = Counter((one.part, getattr(one, "tag.bank_intent")) for one in found)
    assert max(per_part.values()) == 40
    assert len({intent for _, intent in per_part}) == 77


def test_line_ends_inside_questions_are_kept(records, bank):
    """Ten questions begin or end with an empty line; LF stands inside their cells."""
    odd = [text for text in bank if text != text.strip()]
    assert len(odd) > 5
    asked = {
        one.turns[1][1].partition("\n\n")[2] for one in records if one.template == "bank_route"
    }
    written = [text for text in odd if text in asked]
    assert written
    assert not any(text.strip() in asked for text in odd if text.strip() not in bank)


def test_questions_of_the_test_are_nowhere(records):
    tests = {row["text"] for row in kit.csv_of("support/banking77_test.csv")}
    assert not any(
        text.partition("\n\n")[2] in tests for one in records for text in kit.said(one, "user")
    )


def test_openings_are_the_transcript_up_to_where_tools_begin(records, talks):
    found = [one for one in records if one.source == "agent_talks"]
    for one in found:
        place = (Path(one.file).name, one.line)
        turns = talks[place]
        house = HOUSES[place[0].split("_")[1]]
        assert f"agent of {house}." in one.turns[0][1]
        if one.template == "first_reply":
            assert one.turns[1:] == turns[:2]
        else:
            assert one.turns[1:] == turns[: len(one.turns) - 1]
            assert [role for role, _ in turns[len(one.turns) - 1 :]] in (["user"], ["tool"], [])
    assert max(Counter((one.file, one.line) for one in found).values()) == 1
    assert len(found) == 87, "each talk once but the one that begins with a call"
