"""Conversations of the row, tools and calls: their order, their ids, what is cut, what is refused."""

import json

from hypothesis import given, settings, strategies as st
import pyarrow as pa
import pytest

from sftspec.build import read
from sftspec.ground.record import turns_type
from sftspec.ports.dialogue import Call, Said
from sftspec.stages.chunk import Chunk
from sftspec.stages.prepare import prepare
from sftspec.stages.render import render_candidates, what_table
from sftspec.stages.spoken import talk_digests, talks_array
from sftspec.stages.talk import order_problem
from sftspec.stages.tools import settle_calls

steady = settings(deadline=None, derandomize=True, max_examples=200)
SPEC = """edition 2026
dataset d v1.0.0 { seed = 1, license = "X" }
facet mood { calm, cross }
schema Found { title: string, pages: integer }
source s {
  path = "data/in.jsonl", origin = human, license = "X", key = id
  fields {
    id: integer
    text: string
    note: string | null
    mood: facet mood
    talk: any
    kit: any
    calls: any
    loose: any
    found: Found optional
    n: number optional
  }
}
tool find {
  description = "Find."
  parameters { query: string, most: integer(min = 1, max = 9) optional, mood: facet mood optional }
  returns Found
}
tool tell { description = "Tell.", parameters { n: number | null }, returns string }
tool rest { description = "Rest." }
prompt desk v1.0.0 { text "You are a desk." }
phrasing words { "one", "two" }
template t v1.0.0 {
  layer = skill
  from s as row
  vary word = words
TURNS
}
emit { jsonl }
"""
ROW = {
    "text": "Hi.",
    "note": None,
    "mood": "calm",
    "talk": None,
    "kit": None,
    "calls": None,
    "loose": None,
}


@pytest.fixture
def candidates(tmp_path):
    """The candidates of a template with these lines over rows with these values."""

    def of(turns, *rows):
        (tmp_path / "pyproject.toml").touch()
        spec = tmp_path / "spec.sft"
        spec.write_text(SPEC.replace("TURNS", turns), encoding="utf-8")
        stage = read(spec)[0].renders["t"]
        rows = [{"id": at, **ROW, **row} for at, row in enumerate(rows)]
        data = "".join(json.dumps(row) + "\n" for row in rows).encode()
        prepared = prepare(stage.source, Chunk("in.jsonl", 0, len(data), 1, ""), data, b"", {})
        assert [] == prepared.rejects
        return render_candidates(stage, prepared)

    return of


@pytest.fixture
def talks(candidates):
    """Each row's conversation as lines, or the reason why it has none."""

    def of(turns, *rows):
        cand = candidates(turns, *rows)
        return [
            fate[1] if fate else shown(talk)
            for fate, talk in zip(cand.fates, cand.talks, strict=True)
        ]

    return of


def shown(talk):
    """`role: text`, in parentheses where the assistant is not trained on; calls, ids as #1, #2 …"""
    lines, numbers = [], {}
    for said in talk:
        role = said.role if said.train or said.role != "assistant" else "(assistant)"
        text = said.text
        for call in said.calls:
            number = numbers.setdefault(call.id, len(numbers) + 1)
            text += f" {call.name}{call.arguments}#{number}"
        if said.role == "tool":
            text = f"{said.name}#{numbers.get(said.call_id)} {text}"
        lines.append(f"{role}: {text.strip()}")
    return lines


def chat(*turns):
    """Messages in OpenAI's dialect, written `u Hi.`, `a Yes.`, `s …`, `t …`."""
    roles = {"u": "user", "a": "assistant", "s": "system", "t": "tool"}
    return [
        turn if isinstance(turn, dict) else {"role": roles[turn[0]], "content": turn[2:]}
        for turn in turns
    ]


def call(*calls, text=None):
    """A turn that calls: `name`, `name{…}`, `name{…}#id`."""
    found = []
    for one in calls:
        words, _, number = one.partition("#")
        name, brace, rest = words.partition("{")
        function = {"name": name, "arguments": brace + rest or "{}"}
        found.append(
            {"type": "function", "function": function, **({"id": number} if number else {})}
        )
    return {"role": "assistant", "content": text, "tool_calls": found}


def gave(text, number=None, name=None):
    return {"role": "tool", "content": text, "tool_call_id": number, "name": name}


# ------------------------------------------------------------------ the order of turns

ORDERS = [  # roles, `c` a turn of the assistant that calls, and what is wrong
    ("ua", None), ("sua", None), ("uaua", None), ("uc", None), ("uct", "last"), ("ucta", None), ("uctta", None),
    ("uctc", None), ("uctctaua", None), ("sucta", None),
    ("", "last"), ("a", "turn 1: assistant after the beginning"), ("s", "last"), ("sa", "turn 2: assistant after system"),
    ("u", "last"), ("uu", "turn 2: user after user"), ("uaa", "turn 3: assistant after assistant"), ("uau", "last"),
    ("us", "turn 2: a system turn that is not the first"), ("ssua", "turn 2: a system turn"), ("uasa", "turn 3: a system turn"),
    ("t", "turn 1: tool after the beginning"), ("uta", "turn 2: tool after user"), ("uat", "turn 3: tool after assistant"),
    ("uca", "turn 3: assistant after a call"), ("ucu", "turn 3: user after a call"), ("ucc", "turn 3: assistant after a call"),
    ("uctu", "turn 4: user after tool"), ("c", "turn 1: assistant after the beginning"),
]  # fmt: skip
NAMES = {"u": "user", "a": "assistant", "c": "assistant", "s": "system", "t": "tool"}


@pytest.mark.parametrize(("roles", "wrong"), ORDERS)
def test_turns_follow_one_another_as_they_must(roles, wrong):
    talk = [
        Said(NAMES[one], "x", one in "ac", [Call("f", "{}")] if one == "c" else [])
        for one in roles
    ]
    found = order_problem(talk)
    assert (wrong is None) == (found is None), found
    if found:
        assert "role_order" == found[0]
        assert wrong in found[1]


@pytest.mark.parametrize("blank", ["", " \n\t", "\u2003"])
def test_a_turn_that_says_nothing_is_none_but_a_tool_may_give_nothing(blank):
    for at, role in enumerate("sua"):
        talk = [Said(NAMES[one], "x", one == "a") for one in "sua"]
        talk[at].text = blank
        assert ("empty_turn", f"turn {at + 1} ({NAMES[role]}) is empty") == order_problem(talk)
    talk = [
        Said("user", "x"),
        Said("assistant", blank, train=True, calls=[Call("f", "{}")]),
        Said("tool", blank),
    ]
    assert order_problem([*talk, Said("assistant", "x", train=True)]) is None


def test_something_is_trained_on():
    talk = [
        Said("user", "x"),
        Said("assistant", "y"),
        Said("user", "x"),
        Said("assistant", "y"),
    ]
    assert ("nothing_trained", "no turn is trained on") == order_problem(talk)
    talk[1].train = True
    assert order_problem(talk) is None


def test_rows_without_an_order_say_why(talks):
    rows = [
        chat("u Hi.", "a Yes."), chat("a Yes."), chat("u Hi."), chat("s S", "s S", "u Hi.", "a Yes."), [],
        chat("u Hi.", "a "), chat("u Hi.", {"role": "narrator", "content": "x"}), None, 7,
        chat("u Hi.", {"role": "assistant", "content": "Yes.", "weight": 0}),
    ]  # fmt: skip
    assert [
        ["user: Hi.", "assistant: Yes."], "role_order", "role_order", "role_order", "role_order", "empty_turn",
        "unknown_role", "missing_field", "type_error", "nothing_trained",
    ] == talks("  messages = row.talk as openai", *({"talk": row} for row in rows))  # fmt: skip


# ------------------------------------------------------------------ system turns, cuts, merges

OWN = chat("s Own.", "u Hi.", "a Yes.")
NONE = chat("u Hi.", "a Yes.")


@pytest.mark.parametrize(
    ("lines", "own", "none"),
    [
        ("  messages = row.talk as openai", "Own.", None),
        ("  messages = row.talk as openai { system kept }", "Own.", None),
        ("  messages = row.talk as openai { system dropped }", None, None),
        ("  system desk\n  messages = row.talk as openai", "You are a desk.", "You are a desk."),
        ("  system desk\n  messages = row.talk as openai { system replaced }", "You are a desk.", "You are a desk."),
        ("  system desk\n  messages = row.talk as openai { system kept }", "Own.", "You are a desk."),
        ("  system desk\n  messages = row.talk as openai { system dropped }", "You are a desk.", "You are a desk."),
        ('  system "{{ row.text }} {{ word }}"\n  messages = row.talk as openai', "Hi. one", "Hi. two"),
    ],
)  # fmt: skip
def test_of_two_system_turns_the_one_that_is_wanted_stays(talks, lines, own, none):
    def with_system(text):
        return [*([f"system: {text}"] if text else []), "user: Hi.", "assistant: Yes."]

    found = talks(lines, {"talk": OWN}, {"talk": NONE})
    if "word" in lines:
        assert all(one[0] in {"system: Hi. one", "system: Hi. two"} for one in found)
        return
    assert [with_system(own), with_system(none)] == found


def test_a_system_turn_of_the_row_in_the_middle_is_dropped_or_refused(talks):
    row = {"talk": chat("u Hi.", "s Own.", "a Yes.")}
    assert ["role_order"] == talks("  messages = row.talk as openai", row)
    assert [["user: Hi.", "assistant: Yes."]] == talks("  messages = row.talk as openai { system dropped }", row)  # fmt: skip


LONG = chat("a Welcome.", "u One.", "a 1.", "u Two.", "a 2.", "u Three.")


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("cut before first user, cut after last assistant", ["user: One.", "assistant: 1.", "user: Two.", "assistant: 2."]),
        ("cut before first user, cut after first assistant", ["user: One.", "assistant: 1."]),
        ("cut after first assistant, cut before first user", "role_order"),
        ("cut before last user", "role_order"),
        ("cut after last assistant, cut before last user", ["user: Two.", "assistant: 2."]),
        ("cut after last assistant, cut before first user", ["user: One.", "assistant: 1.", "user: Two.", "assistant: 2."]),
        ("cut after last tool, cut before first user, cut after last assistant", ["user: One.", "assistant: 1.", "user: Two.", "assistant: 2."]),
        ("cut after first user, cut before first user", "role_order"),
    ],
)  # fmt: skip
def test_cuts_are_made_in_the_order_written(talks, lines, wanted):
    assert [wanted] == talks(f"  messages = row.talk as openai {{ {lines} }}", {"talk": LONG})


def test_neighbours_of_one_role_become_one_and_are_trained_on_if_all_are(talks):
    talk = [
        *chat("u a", "u b", "a c", "a d", "u e"), {"role": "assistant", "content": "f", "weight": 0}, *chat("a g"),
    ]  # fmt: skip
    assert ["role_order"] == talks("  messages = row.talk as openai", {"talk": talk})
    assert [["user: a\n\nb", "assistant: c\n\nd", "user: e", "(assistant): f\n\ng"]] == talks(
        "  messages = row.talk as openai { merge }", {"talk": talk}
    )


def test_merging_and_dropping_go_before_cutting_and_calls_stay_alone(talks):
    talk = [
        {"from": "note", "value": "x"}, {"from": "human", "value": "a"}, {"from": "note", "value": "x"}, {"from": "human", "value": "b"},
        {"from": "function_call", "value": '{"name": "rest", "arguments": {}}'}, {"from": "observation", "value": ""},
        {"from": "gpt", "value": "c"}, {"from": "gpt", "value": "d"}, {"from": "human", "value": "e"},
    ]  # fmt: skip
    lines = "  tools = [rest]\n  messages = row.talk as sharegpt { role note = drop, merge, cut after last assistant }"
    assert [
        ["user: a\n\nb", "assistant: rest{}#1", "tool: rest#1", "assistant: c\n\nd"]
    ] == talks(lines, {"talk": talk})


def test_turns_of_the_template_stand_around_those_of_the_row(talks):
    lines = """  system "S"
  messages = row.talk as openai
  user "And {{ row.text }}"
  assistant untrained "Wait."
  user "Well?"
  assistant "{{ word }}"
  expect turns == 7 and calls == 0 and response in ["one", "two"]
  expect user == "Hi.\\n\\nAnd Hi.\\n\\nWell?" and system == "S\""""
    (found,) = talks(lines, {"talk": NONE})
    assert ["system: S", "user: Hi.", "assistant: Yes.", "user: And Hi.", "(assistant): Wait.", "user: Well?"] == found[:-1]  # fmt: skip


def test_an_alpaca_row_is_the_row_itself_or_a_field(candidates):
    talk = {"instruction": "I", "input": "C", "output": "O"}
    lines = '  messages = row.talk as alpaca\n  expect instruction == "I" and context == "C" and user == "I\\n\\nC"'
    assert [None] == candidates(lines, {"talk": talk}).fates


# ------------------------------------------------------------------ ids

IDS = [  # turns, and the conversation or the reason
    (["u x", call("rest"), gave("1"), "a y"], ["assistant: rest{}#1", "tool: rest#1 1"]),
    (["u x", call("rest#c1"), gave("1", "c1"), "a y"], ["assistant: rest{}#1", "tool: rest#1 1"]),
    (["u x", call("rest#c1"), gave("1"), "a y"], ["assistant: rest{}#1", "tool: rest#1 1"]),
    (["u x", call("rest#c1", 'tell{"n":1}#c2'), gave("2", "c2"), gave("1", "c1"), "a y"],
     ['assistant: rest{}#1 tell{"n":1}#2', "tool: tell#2 2", "tool: rest#1 1"]),
    (["u x", call("rest", 'tell{"n":1}'), gave("2", name="tell"), gave("1", name="rest"), "a y"],
     ['assistant: rest{}#1 tell{"n":1}#2', "tool: tell#2 2", "tool: rest#1 1"]),
    (["u x", call("rest", "rest"), gave("1"), gave("2"), "a y"],
     ["assistant: rest{}#1 rest{}#2", "tool: rest#1 1", "tool: rest#2 2"]),
    (["u x", call("rest#c1"), gave("1", "c1"), call("rest#c1"), gave("2", "c1"), "a y"],
     ["assistant: rest{}#1", "tool: rest#1 1", "assistant: rest{}#2", "tool: rest#2 2"]),
    (["u x", call("rest#c1", "rest#c1"), gave("1", "c1"), gave("1", "c1"), "a y"], "duplicate_call_id"),
    (["u x", call("rest#c1"), gave("1", "c2"), "a y"], "unknown_call_id"),
    (["u x", call("rest#c1"), gave("1", "c1"), gave("2", "c1"), "a y"], "unknown_call_id"),
    (["u x", call("rest"), gave("1"), gave("2"), "a y"], "unknown_call_id"),
    (["u x", call("rest"), gave("1", name="tell"), "a y"], "unknown_call_id"),
    (["u x", call("rest#c1", "rest#c2"), gave("1", "c1"), "a y"], "unanswered_call"),
    (["u x", call("rest#c1"), gave("", "c1"), call("rest#c2")], ["assistant: rest{}#1", "tool: rest#1", "assistant: rest{}#2"]),
    (["u x", call("rest"), "a y"], "role_order"),
]  # fmt: skip


@pytest.mark.parametrize(("turns", "wanted"), IDS, ids=range(len(IDS)))
def test_observations_answer_calls_by_id_by_name_or_in_order(talks, turns, wanted):
    lines = "  tools = [rest, tell]\n  messages = row.talk as openai"
    (found,) = talks(lines, {"talk": chat(*turns)})
    if isinstance(wanted, list):
        found = [line for line in found if line.startswith(("tool", "assistant: rest", "assistant: tell"))]  # fmt: skip
    assert wanted == found


def test_made_ids_are_nine_letters_and_digits_and_given_ones_are_kept(candidates):
    rows = [
        {"talk": chat("u x", call("rest", 'tell{"n":1}'), gave("1"), gave("2"), "a y")},
        {"talk": chat("u x", call("rest", 'tell{"n":1}'), gave("1"), gave("2"), "a y")},
        {"talk": chat("u z", call("rest#call_abc"), gave("1", "call_abc"), "a y")},
    ]  # fmt: skip
    cand = candidates("  tools = [rest, tell]\n  messages = row.talk as openai", *rows)
    made = [[one.id for said in talk for one in said.calls] for talk in cand.talks]
    assert made[0] == made[1]
    assert 2 == len(set(made[0]))
    assert all(len(one) == 9 and one.isalnum() and one.isascii() for one in made[0])
    assert ["call_abc"] == made[2]


@steady
@given(
    st.lists(st.lists(st.sampled_from(["a", "b", None]), min_size=1, max_size=3), max_size=4)
)
def test_ids_of_a_conversation_are_settled_once_each(given_ids):
    """Whatever ids come again and again: each call has its own, and each answer has a call's."""
    talk = [Said("user", "x")]
    for ids in given_ids:
        talk.append(
            Said("assistant", "", train=True, calls=[Call("f", "{}", one) for one in ids])
        )
        talk += [Said("tool", "1", call_id=one) for one in ids]
    doubled = any(len(ids) - ids.count(None) > len(set(ids) - {None}) for ids in given_ids)
    found = settle_calls(talk)
    if found is not None:
        # an answer without an id takes the first call that waits, maybe another answer's
        mixed = any(None in ids and len(ids) > 1 for ids in given_ids)
        assert found[0] == "duplicate_call_id" if doubled and not mixed else doubled or mixed
        return
    ids = [one.id for said in talk for one in said.calls]
    assert len(ids) == len(set(ids))
    assert None not in ids
    assert sorted(ids) == sorted(said.call_id for said in talk if said.role == "tool")


# ------------------------------------------------------------------ tools and arguments

KIT = [{"type": "function", "function": {"name": "look", "parameters": {
    "type": "object", "properties": {"at": {"type": "string"}, "n": {"type": "integer"}}, "required": ["at"]}}}]  # fmt: skip


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ('look{"at":"x"}', None), ('look{"at":"x","n":1}', None), ("look{}", "missing_argument"), ('look{"n":1}', "missing_argument"),
        ('look{"at":1}', "type_error"), ('look{"at":"x","n":"1"}', "type_error"), ('look{"at":"x","m":1}', "extra_argument"),
        ("find{}", "undeclared_tool"), ("Look{}", "undeclared_tool"),
    ],
)  # fmt: skip
def test_calls_keep_to_the_tools_of_the_row(candidates, calls, reason):
    lines = "  tools = row.kit as openai\n  messages = row.talk as openai"
    cand = candidates(lines, {"kit": KIT, "talk": chat("u x", call(calls))})
    assert reason == (cand.fates[0] and cand.fates[0][1])
    assert [reason is None] == cand.valid_calls
    assert json.loads(cand.tools[0]) == KIT


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ('find{"query":"x"}', None), ('find{"query":"x","most":9,"mood":"calm"}', None), ('find{"query":"x","most":10}', "out_of_range"),
        ('find{"query":"x","mood":"odd"}', "invalid_enum"), ('find{"query":"x","most":null}', "type_error"),
        ("find{}", "missing_argument"), ("rest{}", None), ('rest{"now":true}', "extra_argument"), ('tell{"n":null}', None),
        ("tell{}", "missing_argument"),
    ],
)  # fmt: skip
def test_calls_keep_to_the_tools_that_are_declared(candidates, calls, reason):
    lines = "  tools = [find, tell, rest]\n  messages = row.talk as openai"
    cand = candidates(lines, {"talk": chat("u x", call(calls))})
    assert reason == (cand.fates[0] and cand.fates[0][1])


def test_a_row_may_have_tools_and_call_none_or_have_none(candidates):
    lines = "  tools = row.kit as openai\n  messages = row.talk as openai"
    rows = [{"kit": kit, "talk": NONE} for kit in (KIT, json.dumps(KIT), [], None)]
    cand = candidates(lines, *rows)
    assert [None] * 4 == cand.fates
    assert [KIT, KIT, None, None] == [text and json.loads(text) for text in cand.tools]


@pytest.mark.parametrize(
    ("kit", "reason"),
    [
        ([{"function": {}}], "invalid_tool"), ([KIT[0], KIT[0]], "invalid_tool"), ("{", "invalid_json"), (7, "type_error"),
        ([{"name": "look", "parameters": []}], "invalid_tool"),
    ],
)  # fmt: skip
def test_tools_of_the_row_that_are_none_set_it_aside(talks, kit, reason):
    lines = "  tools = row.kit as openai\n  messages = row.talk as openai"
    assert [reason] == talks(lines, {"kit": kit, "talk": NONE})


def test_the_keys_of_a_tool_that_are_null_are_left_out(candidates):
    """A table pads each tool with the others' keys: nothing of them is written."""
    kit = [{"type": "function", "function": {"name": "look", "description": None, "strict": None, "parameters": {
        "type": "object", "properties": {"at": {"type": "string", "enum": None}, "n": None}, "required": None}}}]  # fmt: skip
    cand = candidates(
        "  tools = row.kit as openai\n  messages = row.talk as openai",
        {"kit": kit, "talk": NONE},
    )
    assert [None] == cand.fates
    assert "null" not in cand.tools[0]
    assert {"type": "object", "properties": {"at": {"type": "string"}}} == json.loads(
        cand.tools[0]
    )[0]["function"]["parameters"]


def test_without_tools_a_call_is_undeclared(talks):
    row = {"talk": chat("u x", call("look{}"))}
    assert ["undeclared_tool"] == talks("  messages = row.talk as openai", row)


def test_inferred_tools_are_what_the_calls_show(candidates):
    lines = "  tools = inferred from row.talk\n  messages = row.talk as openai"
    talk = chat(
        "u x",
        call('b{"z":1,"y":"s"}', "a{}"),
        gave("1"),
        gave("2"),
        call('b{"x":[1.5],"z":null}'),
    )
    cand = candidates(lines, {"talk": talk}, {"talk": NONE})
    properties = {"x": {"type": "array"}, "y": {"type": "string"}, "z": {"type": "integer"}}
    assert [
        {"type": "function", "function": {"name": "a", "parameters": {"type": "object", "properties": {}}}},
        {"type": "function", "function": {"name": "b", "parameters": {"type": "object", "properties": properties}}},
    ] == json.loads(cand.tools[0])  # fmt: skip
    assert ([None, None], None) == (cand.fates, cand.tools[1])


def test_calls_of_the_template_have_values_texts_and_facets(talks):
    lines = """  tools = [find, tell, rest]
  user "x"
  assistant calls {
    call find { query = "{{ row.text }} {{ word }}", mood = row.mood }
    call tell { n = row.n }
  }
  tool tell "told {{ row.text }}"
  tool find = row.found
  assistant call rest { }
  tool rest ""
  assistant "y"
  expect calls == 3 and valid(calls)"""
    row = {"found": {"pages": 3, "title": "T\u00e9"}, "n": 1.0}
    (one, two) = talks(lines, row, {**row, "n": None})
    assert one[1] in {f'assistant: find{{"query":"Hi. {w}","mood":"calm"}}#1 tell{{"n":1.0}}#2' for w in ("one", "two")}  # fmt: skip
    assert ["tool: tell#2 told Hi.", 'tool: find#1 {"title":"T\u00e9","pages":3}', "assistant: rest{}#3", "tool: rest#3", "assistant: y"] == one[2:]  # fmt: skip
    assert two[1].endswith('tell{"n":null}#2')


def test_an_optional_argument_that_is_null_is_left_out(talks):
    lines = (
        '  tools = [find]\n  user "x"\n  assistant call find { query = row.text, most = row.n }'
    )
    assert [["user: x", 'assistant: find{"query":"Hi."}#1'], ["user: x", 'assistant: find{"query":"Hi.","most":3}#1']] == talks(lines, {}, {"n": 3})  # fmt: skip
    assert ["out_of_range", "type_error"] == talks(lines, {"n": 0}, {"n": 1.5})


def test_what_a_tool_gave_keeps_its_contract(talks):
    lines = '  tools = [find]\n  user "x"\n  assistant call find { query = "q" }\n  tool find = row.found\n  assistant "y"'
    rows = [{"found": {"title": "T", "pages": 1}}, {"found": {"title": "T"}}, {"found": {"title": "T", "pages": "1"}}, {"found": {"title": "T", "pages": 1, "x": 2}}, {}]  # fmt: skip
    found = talks(lines, *rows)
    assert [list, str, str, str, str] == list(map(type, found))
    assert ["missing_field", "type_error", "extra_field", "type_error"] == found[1:]


@pytest.mark.parametrize(
    ("calls", "wanted"),
    [
        ([{"find": {"query": ["a", "b"], "most": ["", 3]}}], ['assistant: find{"query":"a"}#1']),
        ([{"find": {"query": [1, "b"]}}, {"rest": {}}], ['assistant: find{"query":"b"}#1 rest{}#2']),
        ('[{"rest": {}}]', ["assistant: rest{}#1"]),
        ([{"find": {"query": [7]}}], "type_error"), ([{"lost": {}}], "undeclared_tool"), ([{"find": 3}], "invalid_call"),
        ([], "missing_field"), (None, "missing_field"), ("x", "invalid_json"),
    ],
)  # fmt: skip
def test_calls_of_the_row_in_the_leaderboards_words(talks, calls, wanted):
    lines = '  tools = [find, rest]\n  user "x"\n  assistant calls = row.calls as bfcl'
    (found,) = talks(lines, {"calls": calls})
    assert wanted == (found[1:] if isinstance(found, list) else found)


def test_calls_of_the_row_as_openai_and_sharegpt_have_them(talks):
    for dialect in ("openai", "sharegpt"):
        lines = f'  tools = [find]\n  user "x"\n  assistant calls = row.calls as {dialect}'
        calls = [{"name": "find", "arguments": {"query": "q"}}]
        assert [["user: x", 'assistant: find{"query":"q"}#1']] == talks(lines, {"calls": calls})


# ------------------------------------------------------------------ worse answers


def test_a_worse_answer_stands_where_its_condition_holds(candidates):
    lines = '  user "x"\n  assistant "{{ row.text }}"\n  rejected "{{ row.note }}" when row.note != null'
    cand = candidates(lines, {"note": "No."}, {}, {"note": "Hi."}, {"note": " "})
    assert [None, None, "rejected_equals_answer", None] == [
        fate and fate[1] for fate in cand.fates
    ]
    assert ["No.", None, "Hi.", None] == cand.worse
    assert [True, False, True, False] == what_table(cand)["pair"].to_pylist()


def test_a_worse_answer_may_be_a_contracts_json_or_stand_against_calls(candidates):
    lines = '  user "x"\n  assistant "{{ row.text }}"\n  rejected json Found = row.found when row.found != null'
    cand = candidates(lines, {"found": {"title": "T", "pages": 1}}, {})
    assert ['{"title":"T","pages":1}', None] == cand.worse
    lines = '  tools = [rest]\n  user "x"\n  assistant call rest { }\n  rejected "I rest."'
    cand = candidates(lines, {})
    assert (["I rest."], [None]) == (cand.worse, cand.fates)


def test_a_worse_answer_of_a_contract_is_in_its_order_and_may_break_it(candidates):
    lines = '  user "x"\n  assistant "{{ row.text }}"\n  rejected json Found = row.found when row.found != null'
    cand = candidates(
        lines, {"found": {"pages": 1, "title": "T"}}, {"found": {"pages": "many"}}
    )
    assert ['{"title":"T","pages":1}', '{"pages":"many"}'] == cand.worse
    assert [None, None] == cand.fates
    lines = '  user "x"\n  assistant json Found = row.found\n  rejected json Found = row.loose'
    same = {"found": {"title": "T", "pages": 1}, "loose": {"pages": 1, "title": "T"}}
    cand = candidates(lines, same, {**same, "loose": None})
    assert ["rejected_equals_answer", None] == [fate and fate[1] for fate in cand.fates]
    assert cand.worse[1] is None


# ------------------------------------------------------------------ content

texts = st.text('ab \n\u00e9"\\\u2028', max_size=4)
calls_ = st.builds(
    Call, st.sampled_from(["f", "g"]), st.sampled_from(["{}", '{"a":1}', '{"a":1.0}'])
)
turns = st.one_of(
    st.builds(Said, st.sampled_from(["user", "system", "tool"]), texts),
    st.builds(Said, st.just("assistant"), texts, st.booleans(), st.lists(calls_, max_size=2)),
)


def renamed(talk, name):
    """The conversation with other ids, each call's its own, answers to the first calls."""
    out, waiting = [], []
    for number, said in enumerate(talk):
        calls = [
            Call(c.name, c.arguments, f"{name}{number}-{at}") for at, c in enumerate(said.calls)
        ]
        waiting += [c.id for c in calls]
        number_of = waiting.pop(0) if said.role == "tool" and waiting else None
        out.append(Said(said.role, said.text, said.train, calls, said.name, number_of))
    return out


@steady
@given(st.lists(turns, max_size=5))
def test_ids_are_no_part_of_the_content(talk):
    one, two = talk_digests(
        [renamed(talk, "a"), renamed(talk, "zz")], ["[]", "[]"], [None, None]
    )
    assert one == two


@steady
@given(st.lists(turns, min_size=1, max_size=4), st.data())
def test_texts_calls_tools_and_worse_answers_are_content(talk, data):
    before = renamed(talk, "a")
    after = renamed(talk, "a")
    at = data.draw(st.integers(0, len(talk) - 1))
    change = data.draw(
        st.sampled_from(["text", "train", "role", "calls", "tools", "worse", "more"])
    )
    kits, worse = [None, None], [None, None]
    if change == "text":
        after[at].text += "!"
    elif change == "train":
        after[at].train = not after[at].train
    elif change == "role":
        after[at].role = "user" if after[at].role != "user" else "system"
    elif change == "calls":
        after[at].calls = [*after[at].calls, Call("h", "{}", "new")]
    elif change == "tools":
        kits[1] = '[{"type":"function","function":{"name":"f"}}]'
    elif change == "worse":
        worse[1] = ""
    else:
        after.append(Said("user", ""))
    one, two = talk_digests([before, after], kits, worse)
    assert one != two


def test_arguments_are_content_to_the_letter():
    talk = [
        [Said("assistant", "", train=True, calls=[Call("f", a, "i")])]
        for a in ('{"a":1}', '{"a":1.0}', '{"a":1 }', '{"b":1}')
    ]
    assert 4 == len(set(talk_digests(talk, [None] * 4, [None] * 4)))


def test_a_plain_conversation_has_the_digest_that_it_had_without_tools(candidates):
    """Row by row or column by column, the same words are the same content."""
    plain = candidates('  user "Hi."\n  assistant "Yes."', {})
    told = candidates("  messages = row.talk as openai", {"talk": NONE})
    own = candidates('  tools = row.kit as openai\n  user "Hi."\n  assistant "Yes."', {})
    found = [what_table(cand)["content"][0].as_py() for cand in (plain, told, own)]
    assert found[0] == found[1] == found[2]
    kit = candidates('  tools = [rest]\n  user "Hi."\n  assistant "Yes."', {})
    assert what_table(kit)["content"][0].as_py() != found[0]


@steady
@given(st.lists(st.lists(turns, max_size=4), max_size=4))
def test_conversations_go_through_arrow_unchanged(talks):
    array = talks_array(talks)
    assert turns_type(calls=True) == array.type
    array.validate(full=True)
    found = array.to_pylist()
    assert [[said.role for said in talk] for talk in talks] == [
        [t["role"] for t in talk] for talk in found
    ]
    assert [[said.text for said in talk] for talk in talks] == [
        ["\n\n".join(part["text"] for part in t["parts"]) for t in talk] for talk in found
    ]
    assert isinstance(array, pa.ListArray)
