"""Calls, refusals, chats and cases: every call is an accepted one, declared, and answered."""

from collections import Counter
import json
from pathlib import Path
import runpy
from types import SimpleNamespace

import pytest

kit = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("kit.py"))))

SPEC = "tools"
pytestmark = kit.marks("tools", "multiturn")
SETS = {"simple_python": 400, "multiple": 200, "parallel": 200, "parallel_multiple": 200}
TYPES = {"dict": "object", "float": "number", "tuple": "array"}


# ---- the data, as plain Python reads it


@pytest.fixture(scope="module")
def questions():
    rows = {
        row["id"]: row | {"set": name}
        for name in SETS
        for row in kit.lines_of(f"tools/bfcl_{name}.jsonl")
    }
    for name, many in SETS.items():
        answers = kit.lines_of(f"tools/bfcl_{name}_answer.jsonl")
        assert len(answers) == many
        for row in answers:
            rows[row["id"]]["ground_truth"] = row["ground_truth"]
    return rows


@pytest.fixture(scope="module")
def off_topic():
    return {row["id"]: row for row in kit.lines_of("tools/bfcl_irrelevance.jsonl")}


@pytest.fixture(scope="module")
def chats():
    return kit.json_of("tools/glaive_toolcall_en_demo.json")


@pytest.fixture(scope="module")
def cases():
    rows = kit.lines_of("multiturn/tau_airline_gpt4o.jsonl")
    return {(row["task_id"], row["trial"]): row for row in rows}


def as_json_schema(value):
    """A schema of the leaderboard in the words of JSON Schema; where anything goes, nothing is said."""
    if isinstance(value, list):
        return [as_json_schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, item in value.items():
        if key == "properties":
            out[key] = {name: as_json_schema(inner) for name, inner in item.items()}
        elif key == "type" and isinstance(item, str):
            out |= {} if item == "any" else {key: TYPES.get(item, item)}
        elif key in {"default", "enum", "required", "description"}:
            out[key] = item
        elif key != "optional":  # no word of JSON Schema
            out[key] = as_json_schema(item)
    return out


def keeps(arguments, parameters):
    """Whether arguments keep a JSON Schema, and are declared, by a validator of another house."""
    jsonschema = pytest.importorskip("jsonschema")
    if set(arguments) - set(parameters.get("properties", {})):
        return False
    return jsonschema.Draft202012Validator(parameters).is_valid(arguments)


def is_accepted(value, options):
    """Whether a value is one of those that the leaderboard accepts."""
    return any(equals(value, option) for option in options)


def equals(value, option):
    if isinstance(option, dict):
        return (
            isinstance(value, dict)
            and value.keys() <= option.keys()
            and all(
                is_accepted(value[key], choices) if key in value else "" in choices
                for key, choices in option.items()
            )
        )
    if isinstance(option, list):
        return (
            isinstance(value, list)
            and len(value) == len(option)
            and all(map(equals, value, option))
        )
    return value == option and isinstance(value, bool) is isinstance(option, bool)


def may_be_met(call, functions):
    """Whether some accepted arguments of a call keep the schema of its function.

    Of each argument any accepted value will do, and none where it may be left out; arguments do not
    depend on each other, so each is tried alone.
    """
    ((name, accepted),) = call.items()
    (function,) = [one for one in functions if one["name"] == name]
    schema = as_json_schema(function["parameters"])
    required = schema.get("required", [])
    declared = schema.get("properties", {})
    for arg, options in accepted.items():
        if "" in options and arg not in required:
            continue
        if not any(
            keeps({arg: chosen_of(option)}, {"properties": {arg: declared[arg]}})
            if arg in declared
            else False
            for option in options
        ):
            return False
    return set(required) <= set(accepted)


def chosen_of(option):
    """One value of an option whose fields are options again."""
    if isinstance(option, dict):
        return {k: chosen_of(v[0]) for k, v in option.items() if v[0] != ""}
    return [chosen_of(item) for item in option] if isinstance(option, list) else option


# ---- rows and candidates


def test_rows_are_set_aside_for_the_reasons_that_plain_python_finds(manifest, cases, chats):
    again = len(chats) - len({json.dumps(row) for row in chats})
    lost = sum(row["reward"] != 1 for row in cases.values())
    found = {source: info["rejected"] for source, info in manifest["sources"].items()}
    assert {source: why for source, why in found.items() if why} == {
        "chats": {"duplicate-row": again},
        "cases": {"where": lost},
    }
    assert (again, lost) == (35, 116)
    assert kit.count(manifest, "rows_read") == 2 * sum(SETS.values()) + 240 + 300 + 200


def test_calls_that_break_their_own_schema_are_set_aside(rejected, questions):
    """Two answers that no choice among their accepted values could mend."""
    broken = {
        key
        for key, row in questions.items()
        if not all(may_be_met(call, row["function"]) for call in row["ground_truth"])
    }
    assert broken == {"parallel_multiple_21", "parallel_multiple_94"}
    found = {
        r["key"]: r["reason"]
        for r in rejected
        if r.get("template", "").endswith(("call", "calls"))
    }
    assert found == {
        "parallel_multiple_21": "type_error",
        "parallel_multiple_94": "type_error",
    }


def test_chats_whose_call_breaks_its_schema_are_set_aside(rejected, chats):
    broken = set()
    for row in chats:
        tools = {one["name"]: one["parameters"] for one in json.loads(row["tools"])}
        for turn in row["conversations"]:
            if turn["from"] == "function_call":
                call = json.loads(turn["value"])
                given = call["arguments"]
                given = json.loads(given) if isinstance(given, str) else given
                if call["name"] not in tools or not keeps(given, tools[call["name"]]):
                    broken.add(json.dumps(row))
    found = [r for r in rejected if r.get("template") == "chat"]
    assert len(found) == len(broken) == 1
    assert {r["reason"] for r in found} == {"type_error"}


def test_cases_without_any_call_are_set_aside(rejected, cases):
    idle = {
        json.dumps(key, separators=(",", ":"))
        for key, row in cases.items()
        if row["reward"] == 1 and not any(turn.get("tool_calls") for turn in row["traj"])
    }
    found = {r["key"] for r in rejected if r.get("template") == "whole_case"}
    assert found == idle
    assert len(idle) == 4


def test_all_candidates_are_counted(manifest):
    assert kit.count(manifest, "candidates") == 1_000 + 240 + 265 + 84
    assert kit.rejected_by_reason(manifest) == {
        "duplicate-row": 35,
        "where": 116,
        "expect": 4,
        "type_error": 3,
    }


# ---- what is written: questions of the leaderboard


def calls_of(message):
    """Names and arguments of a message's calls; arguments are JSON text in this profile."""
    return [
        (call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in message.get("tool_calls", [])
    ]


def test_every_call_is_accepted_by_the_leaderboard(records, questions):
    system = kit.spec_text(SPEC, "caller")
    found = [one for one in records if one.source == "questions"]
    assert len(found) > 800
    for one in found:
        row = questions[one.key]
        *before, answer = one.value["messages"]
        assert [(m["role"], m["content"]) for m in before] == [
            ("system", system),
            *((m["role"], m["content"]) for m in row["question"][0]),
        ]
        assert "content" not in answer
        made = calls_of(answer)
        assert [name for name, _ in made] == [n for call in row["ground_truth"] for n in call]
        for (name, given), call in zip(made, row["ground_truth"], strict=True):
            accepted = call[name]
            assert given.keys() <= accepted.keys(), one.key
            for arg, options in accepted.items():
                if arg in given:
                    assert is_accepted(given[arg], options), (one.key, arg)
                else:
                    assert "" in options, (one.key, arg)
        assert one.value.get("parallel_tool_calls", False) is (len(made) > 1)


def test_sets_of_the_leaderboard_are_tagged_by_what_they_ask(records, questions):
    found = Counter(
        (questions[one.key]["set"], getattr(one, "tag.offer"), getattr(one, "tag.calling"))
        for one in records
        if one.source == "questions"
    )
    assert set(found) == {
        ("simple_python", "one", "single"),
        ("multiple", "several", "single"),
        ("parallel", "one", "parallel"),
        ("parallel_multiple", "several", "parallel"),
    }


def test_tools_are_declared_in_the_words_of_json_schema(records, questions, off_topic):
    jsonschema = pytest.importorskip("jsonschema")
    words = Counter()
    for one in records:
        row = questions.get(one.key) or off_topic.get(one.key)
        if row is None:
            continue
        tools = one.value["tools"]
        assert [tool["function"] for tool in tools] == [
            function | {"parameters": as_json_schema(function["parameters"])}
            for function in row["function"]
        ]
        for tool in tools:
            jsonschema.Draft202012Validator.check_schema(tool["function"]["parameters"])
        raw = json.dumps(row["function"])
        words.update(
            word for word in ("dict", "float", "tuple", "any") if f'"type": "{word}"' in raw
        )
    assert words.keys() == {"dict", "float", "tuple", "any"}


def test_where_no_tool_applies_that_is_said_and_nothing_called(records, off_topic):
    wordings = kit.spec_text(SPEC, "no_tool_applies")
    found = [one for one in records if one.source == "off_topic"]
    said = Counter()
    for one in found:
        *_, asked, answer = one.value["messages"]
        assert asked["content"] == off_topic[one.key]["question"][0][0]["content"]
        assert answer.keys() == {"role", "content"}
        assert one.value["tools"]
        said[answer["content"]] += 1
    assert set(said) == set(wordings)
    assert min(said.values()) > 0.1 * len(found)


# ---- what is written: conversations


def test_chats_are_what_the_rows_say(records, chats):
    known = {}
    for row in chats:
        turns = []
        for turn in row["conversations"]:
            value = turn["value"]
            if turn["from"] == "function_call":
                call = json.loads(value)
                value = [[call["name"], call["arguments"]]]
            turns.append([turn["from"], value])
        known.setdefault(json.dumps(turns, sort_keys=True), []).append(json.loads(row["tools"]))
    names = {"user": "human", "assistant": "gpt", "tool": "observation"}
    found = [one for one in records if one.source == "chats"]
    for one in found:
        turns = [
            ["function_call", [list(call) for call in calls_of(message)]]
            if message.get("tool_calls")
            else [names[message["role"]], message["content"]]
            for message in one.value["messages"]
        ]
        tools = [tool["function"] for tool in one.value.get("tools", [])]
        assert tools in known[json.dumps(turns, sort_keys=True)]
        assert ("tools" in one.value) is bool(tools)
    assert sum("tools" not in one.value for one in found) > 50


def test_cases_are_the_trajectory_up_to_the_last_answer(records, cases):
    found = [one for one in records if one.source == "cases"]
    assert len(found) > 30
    for one in found:
        row = cases[tuple(json.loads(one.key))]
        assert row["reward"] == 1
        assert one.group == str(row["task_id"])
        raw = row["traj"]
        last = max(at for at, turn in enumerate(raw) if turn["role"] == "assistant")
        written = one.value["messages"]
        assert len(written) == last + 1
        for turn, message in zip(raw, written, strict=False):
            assert message["role"] == turn["role"]
            assert message.get("content", "") == (turn["content"] or "")
            assert calls_of(message) == [
                (call["function"]["name"], json.loads(call["function"]["arguments"]))
                for call in turn.get("tool_calls") or []
            ]
            assert message.get("name") == turn.get("name")
    assert not any("###STOP###" in one.turns[-1][1] for one in found if one.turns[-1][1])


def test_no_more_than_two_tries_of_a_case(records):
    tries = Counter((one.part, one.group) for one in records if one.source == "cases")
    assert max(tries.values()) == 2
    assert len({group for _, group in tries}) > 20


# ---- what is written: all of it


def test_every_call_is_declared_and_keeps_its_schema(records):
    many = 0
    for one in records:
        tools = {
            tool["function"]["name"]: tool["function"]["parameters"]
            for tool in one.value.get("tools", [])
        }
        for message in one.value["messages"]:
            for name, arguments in calls_of(message):
                assert keeps(arguments, tools[name]), (one.key, name)
                many += 1
    assert many > 2_000


def test_ids_are_unique_and_every_call_is_answered_before_anybody_speaks(records):
    for one in records:
        waiting, known = [], set()
        for message in one.value["messages"]:
            if message["role"] == "tool":
                waiting.remove(message["tool_call_id"])
                continue
            assert not waiting, one.key
            waiting = [call["id"] for call in message.get("tool_calls", [])]
            assert known.isdisjoint(waiting)
            assert len(set(waiting)) == len(waiting)
            known.update(waiting)
        assert not waiting or message.get("tool_calls"), "only the last turn's calls wait"


def test_shares_hold_in_each_part(records):
    parts = {"one_call": 9, "several_calls": 6, "no_tool": 3, "dialogue": 4}
    for name in ("train", "dev"):
        found = Counter(
            getattr(one, "tag.behaviour")
            for one in records
            if one.part == name and one.source != "cases"
        )
        for behaviour, share in parts.items():
            assert abs(found[behaviour] - found.total() * share / 22) <= 1, (name, behaviour)


def test_parquet_says_what_jsonl_says(snapshot):
    """But for the arguments of a call, which are an object there and a text here."""
    import pyarrow.parquet as pq

    for name in ("train", "dev"):
        (path,) = (snapshot / "parquet").glob(f"{name}-*.parquet")
        rows = pq.read_table(path).to_pylist()
        lines = kit.lines_in(snapshot / f"{name}.jsonl")
        assert len(rows) == len(lines)
        for row, line in zip(rows, lines, strict=True):
            for message in line["messages"]:
                for call in message.get("tool_calls", []):
                    call["function"]["arguments"] = json.loads(call["function"]["arguments"])
            assert list(map(json.loads, row["messages"])) == line["messages"]
            assert list(map(json.loads, row["tools"] or [])) == line.get("tools", [])
