"""What each format and profile writes of a record, byte by byte."""

import json

from hypothesis import given, settings, strategies as st
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sftspec.plan.graph import Emit
from sftspec.ports.dialogue import Call, Said
from sftspec.ports.emitters import jsonl, pairs, parquet
from sftspec.stages.bodies import Texts
from sftspec.stages.emit import emit_shard
from sftspec.stages.spoken import talks_array
from sftspec.stages.turns import RenderedPart, RenderedTurn, turns_array

steady = settings(deadline=None, derandomize=True, max_examples=100)
KIT = '[{"type":"function","function":{"name":"find","parameters":{"type":"object","properties":{}}}}]'
ARGS = '{"z":1.0,"a":1e5,"n":123456789012345678901234567890,"t":"\\u00e9\\/ü"}'


def answer(text="", *calls, train=True):
    return Said("assistant", text, train, list(calls))


def gave(text, number, name):
    return Said("tool", text, name=name, call_id=number)


PLAIN = [
    Said("system", "S"),
    Said("user", 'U "x"\n'),
    answer("A1", train=False),
    Said("user", "V"),
    answer("A2"),
]
CALLS = [
    Said("user", "U"), answer("", Call("find", ARGS, "call_1"), Call("find", "{}", "AbCdEf123")),
    gave("", "AbCdEf123", "find"), gave('{"n":1}', "call_1", "find"), answer("A"),
]  # fmt: skip
LAST = [Said("user", "U"), answer("I look.", Call("find", "{}", "i"))]


def table(*records):
    """Records as (turns, tools, rejected)."""
    talks, kits, worse = zip(*(((*one, None, None))[:3] for one in records), strict=True)
    return pa.table(
        {
            "turns": talks_array(talks),
            "tools": pa.array(kits, pa.string()).dictionary_encode(),
            "rejected": pa.array(worse, pa.string()),
        }
    )


def lines(module, some, profile):
    found = [bytes(one).decode() for one in module.lines(some, profile)]
    assert all(one.endswith("\n") and one.count("\n") == 1 for one in found)
    return [one[:-1] for one in found]


PLAIN_LINE = '{"messages":[{"role":"system","content":"S"},{"role":"user","content":"U \\"x\\"\\n"},{"role":"assistant","content":"A1"WEIGHT},{"role":"user","content":"V"},{"role":"assistant","content":"A2"}]}'
HF = (
    '{"messages":[{"role":"user","content":"U"},{"role":"assistant","tool_calls":['
    '{"id":"call_1","type":"function","function":{"name":"find","arguments":{"z":1.0,"a":1e5,"n":123456789012345678901234567890,"t":"\\u00e9\\/ü"}}},'
    '{"id":"AbCdEf123","type":"function","function":{"name":"find","arguments":{}}}]},'
    '{"role":"tool","content":"","name":"find","tool_call_id":"AbCdEf123"},'
    '{"role":"tool","content":"{\\"n\\":1}","name":"find","tool_call_id":"call_1"},'
    '{"role":"assistant","content":"A"}],"tools":' + KIT + "}"
)
TEXT = '"{\\"z\\":1.0,\\"a\\":1e5,\\"n\\":123456789012345678901234567890,\\"t\\":\\"\\\\u00e9\\\\/ü\\"}"'
OPENAI = (
    HF.replace(ARGS, TEXT).replace('"arguments":{}', '"arguments":"{}"')[:-1]
    + ',"parallel_tool_calls":true}'
)
MISTRAL = OPENAI.replace("call_1", "9d7d5b8ff").replace(',"parallel_tool_calls":true', "")


@pytest.mark.parametrize("profile", ["hf", "openai", "mistral", "plain"])
def test_a_plain_record(profile):
    weight = ',"weight":0' if profile in {"openai", "mistral"} else ""
    wanted = PLAIN_LINE.replace("WEIGHT", weight)
    assert [wanted] == lines(jsonl, table((PLAIN,)), profile)


@pytest.mark.parametrize(
    ("profile", "wanted"), [("hf", HF), ("openai", OPENAI), ("mistral", MISTRAL)]
)
def test_a_record_that_calls(profile, wanted):
    (found,) = lines(jsonl, table((CALLS, KIT)), profile)
    if (
        profile == "mistral"
    ):  # an id of another form becomes nine letters, the same in both places
        number = json.loads(found)["messages"][1]["tool_calls"][0]["id"]
        assert (9, True) == (len(number), number.isalnum())
        wanted = wanted.replace("9d7d5b8ff", number)
    assert wanted == found


def test_a_call_may_have_words_and_stand_last():
    (found,) = lines(jsonl, table((LAST, KIT)), "openai")
    assert found.endswith(f'"tools":{KIT},"parallel_tool_calls":false}}')
    assert '{"role":"assistant","content":"I look.","tool_calls":[{"id":"i",' in found


def test_a_record_without_tools_beside_others_has_no_tools_and_nothing_is_null():
    for profile in ("hf", "openai", "mistral"):
        one, two = lines(jsonl, table((PLAIN,), (CALLS, KIT)), profile)
        assert "tools" not in one
        assert "null" not in one + two
        assert "[]" not in one + two


def test_plain_has_two_keys():
    told = json.loads(lines(jsonl, table((PLAIN, KIT)), "plain")[0])
    assert {"messages"} == told.keys()
    assert {("role", "content")} == {tuple(message) for message in told["messages"]}


# ------------------------------------------------------------------ pairs

HF_PAIR = '{"prompt":[{"role":"system","content":"S"},{"role":"user","content":"U \\"x\\"\\n"},{"role":"assistant","content":"A1"WEIGHT},{"role":"user","content":"V"}],"chosen":[{"role":"assistant","content":"A2"}],"rejected":[{"role":"assistant","content":"No\\n"}]}'
OPENAI_PAIR = '{"input":{"messages":[{"role":"system","content":"S"},{"role":"user","content":"U \\"x\\"\\n"},{"role":"assistant","content":"A1"WEIGHT},{"role":"user","content":"V"}]},"preferred_output":[{"role":"assistant","content":"A2"}],"non_preferred_output":[{"role":"assistant","content":"No\\n"}]}'


@pytest.mark.parametrize(
    ("profile", "wanted"),
    [
        ("hf", HF_PAIR.replace("WEIGHT", "")),
        ("openai", OPENAI_PAIR.replace("WEIGHT", ',"weight":0')),
    ],
)
def test_a_pair(profile, wanted):
    assert [wanted] == lines(pairs, table((PLAIN, None, "No\n")), profile)


def test_a_pair_with_tools_and_calls():
    (found,) = lines(pairs, table((LAST, KIT, "No.")), "hf")
    assert {
        "prompt": [{"role": "user", "content": "U"}],
        "chosen": [{"role": "assistant", "content": "I look.", "tool_calls": [{"id": "i", "type": "function", "function": {"name": "find", "arguments": {}}}]}],
        "rejected": [{"role": "assistant", "content": "No."}],
        "tools": json.loads(KIT),
    } == json.loads(found)  # fmt: skip
    (found,) = lines(pairs, table((LAST, KIT, "No.")), "openai")
    told = json.loads(found)
    assert json.loads(KIT) == told["input"]["tools"]
    assert "{}" == told["preferred_output"][0]["tool_calls"][0]["function"]["arguments"]


# ------------------------------------------------------------------ parquet


def read_back(data):
    rows = pq.read_table(pa.BufferReader(data)).to_pylist()
    for row in rows:
        for name in ("messages", "tools"):
            items = row.get(name)
            if items and isinstance(items[0], str):
                row[name] = [json.loads(item) for item in items]
        if row.get("tools", 0) is None:
            del row["tools"]
    return rows


def test_without_tools_messages_are_records_of_role_and_content():
    made = parquet.table(table((PLAIN,), (PLAIN,)), calls=False)
    assert "list<" in str(made.schema.field("messages").type)
    assert ["messages"] == made.column_names
    wanted = [json.loads(one) for one in lines(jsonl, table((PLAIN,), (PLAIN,)), "hf")]
    assert wanted == read_back(parquet.write(made))


texts = st.text('ab \n\u00e9"\\\u2028\0', min_size=0, max_size=5)
arguments = st.sampled_from(["{}", ARGS, '{"b":[1.0,{"c":null}]}', '{"x":-0.0}'])
numbers = st.text("abc123XYZ", min_size=1, max_size=9)
turns = st.one_of(
    st.builds(Said, st.sampled_from(["user", "system"]), texts),
    st.builds(Said, st.just("tool"), texts, name=texts, call_id=numbers),
    st.builds(Said, st.just("assistant"), texts, st.booleans(), st.lists(st.builds(Call, texts, arguments, numbers), max_size=2)),
)  # fmt: skip
records = st.tuples(st.lists(turns, max_size=4), st.sampled_from([None, KIT]))


@steady
@given(st.lists(records, min_size=1, max_size=4))
def test_parquet_says_what_the_json_lines_say_record_by_record(some):
    wanted = [json.loads(one) for one in lines(jsonl, table(*some), "hf")]
    made = parquet.table(table(*some), calls=True)
    assert wanted == read_back(parquet.write(made))


@steady
@given(st.lists(records, min_size=1, max_size=4))
def test_the_profiles_differ_in_their_spelling_alone(some):
    told = {
        name: [json.loads(one) for one in lines(jsonl, table(*some), name)]
        for name in ("hf", "openai", "mistral")
    }

    def bare(record):
        for message in record["messages"]:
            message.pop("weight", None)
            message.pop("tool_call_id", None)
            for call in message.get("tool_calls", ()):
                call.pop("id")
                given = call["function"]["arguments"]
                call["function"]["arguments"] = (
                    json.loads(given) if isinstance(given, str) else given
                )
        record.pop("parallel_tool_calls", None)
        return record

    assert (
        len({json.dumps([bare(one) for one in told[name]], sort_keys=True) for name in told})
        == 1
    )


def rendered(count):
    """A table of a template whose turns are the same for all its rows."""
    said = [f"U{at}" for at in range(count)]
    parts = [
        RenderedPart("instruction", Texts(said, np.zeros((count, 0), np.int32))),
        RenderedPart("context", Texts(["", "C"] * (count // 2), np.zeros((count, 0), np.int32))),
    ]  # fmt: skip
    message = [f"{a}\n\nC" if at % 2 else a for at, a in enumerate(said)]
    answers = RenderedPart(None, Texts(["A"] * count, np.zeros((count, 0), np.int32)))
    both = [
        RenderedTurn("user", train=False, parts=parts, message=message),
        RenderedTurn("assistant", train=True, parts=[answers], message=["A"] * count),
    ]
    return pa.table({"turns": turns_array(both, count)})


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize("profile", ["hf", "openai", "mistral", "plain"])
def test_column_by_column_or_row_by_row_the_same_record_is_the_same_line(profile, trained):
    """A template with the same turns for all rows is encoded another way than one that differs."""
    nothing = np.zeros((3, 0), np.int32)
    words = [
        ("system", False, ["S"] * 3),
        ("user", False, ["U", 'V"', "\u2028"]),
        ("assistant", trained, ["A", "B\n", ""]),
    ]
    turns = [
        RenderedTurn(role, train, [RenderedPart(None, Texts(said, nothing))], said) for role, train, said in words
    ]  # fmt: skip
    talks = [[Said(role, said[at], train) for role, train, said in words] for at in range(3)]
    plain = lines(jsonl, pa.table({"turns": turns_array(turns, 3)}), profile)
    assert plain == lines(jsonl, table(*((talk,) for talk in talks)), profile)
    assert ('"weight":0' in plain[0]) == (profile in {"openai", "mistral"} and not trained)


@pytest.mark.parametrize("calls", [True, False])
def test_a_shard_takes_records_of_several_tables_in_the_order_wanted(calls):
    tables = [
        rendered(4),
        table((PLAIN,), (LAST, KIT)) if calls else table((PLAIN,), (PLAIN[:3],)),
        rendered(2),
    ]
    picks = [(2, 1), (0, 3), (1, 1), (0, 0), (1, 0), (2, 0)]
    raw = np.array(picks, np.int32).tobytes()
    made = {}
    for name in ("jsonl", "parquet"):
        stage = Emit(name, "hf", calls)
        parts, meta = emit_shard(stage, len(tables), tables.__getitem__, raw)
        assert {"records": 6} == meta
        made[name] = bytes(parts["file"])
    wanted = [json.loads(line) for line in made["jsonl"].splitlines()]
    assert wanted == read_back(made["parquet"])
    assert ["U1\n\nC", "U3\n\nC", "U" if calls else "S", "U0", "S", "U0"] == [
        one["messages"][0]["content"] for one in wanted
    ]
