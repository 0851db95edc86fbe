"""Dialects: what each makes of a conversation, a tool list and calls; what it cannot take says why."""

import json

from hypothesis import given, settings, strategies as st
import pytest

from sftspec.ir.forms.talk import MESSAGES, TOOL_FORMS
from sftspec.ir.forms.turns import TURN_FORMS
from sftspec.ports.dialogue import Misshapen, dialect, dialects

steady = settings(deadline=None, derandomize=True, max_examples=150)


def told(name, value, **roles):
    """Turns as `role: text`; `(role)` where it is not trained on; calls as `name{arguments}`."""
    module = dialect(name)
    lines = []
    for said in module.messages(value, {**module.ROLES, **roles}):
        role = said.role if said.train or said.role != "assistant" else "(assistant)"
        about = "".join(f" <{word}>" for word in (said.name, said.call_id) if word)
        calls = " ".join(
            f"{call.name}{call.arguments}{f'#{call.id}' if call.id else ''}"
            for call in said.calls
        )
        lines.append(f"{role}{about}: {said.text or calls}")
    return lines


def refused(name, value, what="messages", **roles):
    module = dialect(name)
    words = ({**module.ROLES, **roles},) if what == "messages" else ()
    with pytest.raises(Misshapen) as caught:
        getattr(module, what)(value, *words)
    return caught.value.reason, caught.value.evidence


def test_the_language_offers_a_dialect_where_it_has_something_to_say():
    def offered(word, forms):
        return {
            name
            for form in forms
            for name in dialects()
            if form.usage.startswith(word) and name in form.usage.replace("|", " ").split()
        }

    def speaks(what):
        return {name for name in dialects() if hasattr(dialect(name), what)}

    assert speaks("messages") == offered("messages =", [MESSAGES])
    assert speaks("calls") == offered("assistant calls =", TURN_FORMS)
    assert speaks("tools") == offered("tools =", TOOL_FORMS)
    assert dialects() == ["alpaca", "bfcl", "openai", "sharegpt", "transcript"]


# ------------------------------------------------------------------ openai


def user(text="Hi.", **more):
    return {"role": "user", "content": text, **more}


def answer(text="Yes.", **more):
    return {"role": "assistant", "content": text, **more}


def called(name, arguments, **more):
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **more}


OPENAI = [
    ([], []),
    ([user(), answer()], ["user: Hi.", "assistant: Yes."]),
    (json.dumps([user(), answer()]), ["user: Hi.", "assistant: Yes."]),
    ([{"role": "developer", "content": "Be kind."}], ["system: Be kind."]),
    ([answer(weight=0), answer(weight=1), answer(weight=None)], ["(assistant): Yes.", "assistant: Yes.", "assistant: Yes."]),
    ([answer(None), answer("")], ["assistant: ", "assistant: "]),
    ([{"role": "user"}], ["user: "]),
    ([user([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])], ["user: ab"]),
    ([user([])], ["user: "]),
    ([answer(None, tool_calls=[called("find", '{"q": "x"}', id="c1")])], ['assistant: find{"q":"x"}#c1']),
    ([answer("", tool_calls=[called("a", {}), called("b", {"n": 1.0})])], ['assistant: a{} b{"n":1.0}']),
    ([answer(tool_calls=None), answer(tool_calls=[])], ["assistant: Yes.", "assistant: Yes."]),
    ([answer(None, tool_calls=[{"name": "find", "arguments": {"q": 1}}])], ['assistant: find{"q":1}']),
    ([answer(None, function_call={"name": "find", "arguments": '{"q":1}'})], ['assistant: find{"q":1}']),
    ([answer(None, function_call=None)], ["assistant: "]),
    ([{"role": "tool", "content": "3", "tool_call_id": "c1", "name": "find"}], ["tool <find> <c1>: 3"]),
    ([{"role": "tool", "content": "3", "tool_call_id": "", "name": ""}], ["tool: 3"]),
    ([{"role": "function", "content": "3", "name": "find"}], ["tool <find>: 3"]),
    ([answer(None, tool_calls=[called("a", "", id=""), called("b", None, id=7)])], ["assistant: a{} b{}"]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "wanted"), OPENAI, ids=lambda x: str(x)[:40])
def test_openai_messages(value, wanted):
    assert wanted == told("openai", value)


WRONG_OPENAI = [
    ("x", "invalid_json", "messages: "),
    ('{"role": "user"}', "type_error", "messages: wanted a list"),
    ({}, "type_error", "messages: wanted a list"),
    (None, "type_error", "messages: wanted a list"),
    ('[{"role":"user","role":"user"}]', "duplicate_field", 'key "role" stands twice'),
    (["Hi."], "type_error", "message 1 is no object"),
    ([{}], "type_error", "message 1: its role is no text"),
    ([user(), {"role": "ipython"}], "unknown_role", "message 2: role 'ipython'"),
    ([{"role": "User"}], "unknown_role", "message 1: role 'User'"),
    ([user(3)], "type_error", "message 1: its content is no text"),
    ([user({"text": "x"})], "type_error", "message 1: its content is no text"),
    ([user([{"type": "image_url", "image_url": {}}])], "unsupported_part", "message 1: a part of kind 'image_url'"),
    ([user([{"type": "text", "text": None}])], "unsupported_part", "message 1: a part of kind 'text'"),
    ([user(["x"])], "unsupported_part", "message 1: a part of kind 'str'"),
    ([user(tool_calls=[called("find", {})])], "invalid_call", "message 1: only the assistant calls tools"),
    ([answer(tool_calls={"a": 1})], "type_error", "message 1: tool_calls: wanted a list"),
    ([answer(tool_calls=["find"])], "invalid_call", "message 1: a call has no name"),
    ([answer(tool_calls=[{"function": None}])], "invalid_call", "message 1: a call has no name"),
    ([answer(tool_calls=[called(None, {})])], "invalid_call", "message 1: a call has no name"),
    ([answer(tool_calls=[called("a", "[1]")])], "invalid_call", "message 1: the arguments are no object"),
    ([answer(tool_calls=[called("a", [])])], "invalid_call", "message 1: the arguments are no object"),
    ([answer(tool_calls=[called("a", '{"x":')])], "invalid_json", "message 1: arguments: "),
    ([answer(tool_calls=[called("a", '{"x":NaN}')])], "invalid_json", "NaN and Infinity are not JSON"),
    ([answer(tool_calls=[called("a", '{"x":1,"x":2}')])], "duplicate_field", 'key "x" stands twice'),
    ([answer(tool_calls=[called("a", '{"x":1} {}')])], "invalid_json", ""),
    ([answer(function_call="find")], "invalid_call", "message 1: a call has no name"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "reason", "evidence"), WRONG_OPENAI, ids=lambda x: str(x)[:40]
)
def test_openai_messages_that_are_none(value, reason, evidence):
    found, said = refused("openai", value)
    assert (reason, True) == (found, evidence in said), said


ARGUMENTS = [  # arguments as the data have them, and as they are kept
    ('{"b":1,"a":{"d":1,"c":2}}', '{"b":1,"a":{"d":1,"c":2}}'),
    ('{ "a" : 1.0 , "b":1e5, "c":1E+2 }', '{"a":1.0,"b":1e5,"c":1E+2}'),
    ('{"a":123456789012345678901234567890,"b":-0.0,"c":0.10}', '{"a":123456789012345678901234567890,"b":-0.0,"c":0.10}'),
    ('{"a":"\\u00e9\\/\\"\\n","b":"\u00e9"}', '{"a":"\\u00e9\\/\\"\\n","b":"\u00e9"}'),
    ('{"a":[1,\n 2], "b" : {} }', '{"a":[1,2],"b":{}}'),
    ({"b": 1, "a": 1.0, "c": 2**70, "d": "\u00e9\n"}, '{"b":1,"a":1.0,"c":1180591620717411303424,"d":"\u00e9\\n"}'),
    ({"a": None, "b": []}, '{"a":null,"b":[]}'),
]  # fmt: skip


@pytest.mark.parametrize(("given", "kept"), ARGUMENTS, ids=lambda x: str(x)[:30])
def test_arguments_are_kept_to_the_letter(given, kept):
    (call,) = dialect("openai").calls([called("f", given)])
    assert kept == call.arguments
    (call,) = dialect("sharegpt").calls({"name": "f", "arguments": given})
    assert kept == call.arguments


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4).filter(str.isprintable), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@steady
@given(
    st.dictionaries(st.text("ab\u00e9\"'\n", max_size=4), json_values, max_size=4),
    st.booleans(),
)
def test_arguments_as_an_object_or_as_text_say_the_same(arguments, ascii_only):
    text = json.dumps(arguments, ensure_ascii=ascii_only, indent=1)
    for written in (arguments, text):
        (call,) = dialect("openai").calls([called("f", written)])
        found = json.loads(call.arguments)
        assert arguments == found
        assert list(arguments) == list(found)
        assert "\n" not in call.arguments


TOOL = {
    "name": "find",
    "description": "Find.",
    "parameters": {"type": "object", "properties": {}},
}


def test_openai_tools_are_functions_or_bare():
    tools = dialect("openai").tools
    assert [TOOL] == tools([{"type": "function", "function": TOOL}]) == tools([TOOL])
    assert [TOOL] == tools(json.dumps([TOOL]))
    assert [{"name": "a"}] == tools([{"name": "a"}])
    assert [] == tools([])
    assert (
        "invalid_tool" == refused("openai", [{"type": "function", "function": {}}], "tools")[0]
    )
    assert "invalid_tool" == refused("openai", ["find"], "tools")[0]
    assert "invalid_tool" == refused("openai", [{**TOOL, "parameters": "none"}], "tools")[0]
    assert "type_error" == refused("openai", {"name": "a"}, "tools")[0]


# ------------------------------------------------------------------ sharegpt


def turn(who, value, **more):
    return {"from": who, "value": value, **more}


def test_sharegpt_turns():
    wanted = ["system: S", "user: U", "assistant: A", "user: B", "(assistant): C"]
    talk = [turn("system", "S"), turn("human", "U"), turn("gpt", "A"), turn("user", "B"), turn("chatgpt", "C", weight=0)]  # fmt: skip
    assert wanted == told("sharegpt", talk) == told("sharegpt", json.dumps(talk))


def test_sharegpt_calls_and_observations():
    talk = [
        turn("human", "U"), turn("function_call", '{"name": "find", "arguments": {"q": "x"}}'),
        turn("observation", "3"), turn("function_call", '[{"name": "a", "arguments": {}}, {"name": "b", "arguments": "{}"}]'),
        turn("tool", "4"), turn("gpt", "A"),
    ]  # fmt: skip
    assert ["user: U", 'assistant: find{"q":"x"}', "tool: 3", "assistant: a{} b{}", "tool: 4", "assistant: A"] == told("sharegpt", talk)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([turn("Human", "x")], "unknown_role"), ([{"value": "x"}], "type_error"), ("Hi", "invalid_json"),
        ([turn("human", 3)], "type_error"), (["x"], "type_error"), ({}, "type_error"),
        ([turn("function_call", "find(x)")], "invalid_json"), ([turn("function_call", "")], "invalid_call"),
        ([turn("function_call", "[3]")], "invalid_call"), ([turn("function_call", '{"arguments": {}}')], "invalid_call"),
    ],
)  # fmt: skip
def test_sharegpt_turns_that_are_none(value, reason):
    assert reason == refused("sharegpt", value)[0]


def test_roles_are_what_the_template_says():
    talk = [turn("Patient 1", "U"), turn("Doctor", "A")]
    roles = {"Patient 1": "user", "Doctor": "assistant"}
    assert ["user: U", "assistant: A"] == told("sharegpt", talk, **roles)
    assert ["drop: U", "assistant: A"] == told(
        "sharegpt", talk, **{**roles, "Patient 1": "drop"}
    )
    assert ["tool: x"] == told("openai", [{"role": "ipython", "content": "x"}], ipython="tool")


# ------------------------------------------------------------------ alpaca


def test_alpaca_fields():
    row = {"instruction": "I", "input": "", "output": "O"}
    assert ["user: I", "assistant: O"] == told("alpaca", row)
    assert ["user: I\n\nC", "assistant: O"] == told("alpaca", {**row, "input": "C"})
    assert ["user: I", "assistant: O"] == told("alpaca", {**row, "input": None, "system": "", "history": None})  # fmt: skip
    more = {**row, "system": "S", "history": [["a", "b"], ("c", "d")], "id": 7}
    assert ["system: S", "user: a", "assistant: b", "user: c", "assistant: d", "user: I", "assistant: O"] == told("alpaca", more)  # fmt: skip


def test_alpacas_instruction_and_input_are_elements_of_one_turn():
    said = dialect("alpaca").messages(
        {"instruction": "I\u00e9", "input": "C", "output": "O"}, {}
    )[0]
    assert [("instruction", "I\u00e9", [0, 3]), ("context", "C", [0, 1])] == said.parts


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"instruction": "I"}, "missing_field"), ({"output": "O"}, "missing_field"), ([], "type_error"), ("x", "type_error"),
        ({"instruction": None, "output": "O"}, "missing_field"), ({"instruction": "I", "output": 3}, "type_error"),
        ({"instruction": "I", "output": "O", "history": [["a"]]}, "type_error"),
        ({"instruction": "I", "output": "O", "history": [["a", 3]]}, "type_error"),
        ({"instruction": "I", "output": "O", "history": 3}, "type_error"), ({"instruction": "I", "output": "O", "history": "x"}, "invalid_json"),
        ({"instruction": "I", "output": "O", "history": {"a": "b"}}, "type_error"),
        ({"instruction": "I", "output": "O", "input": 3}, "type_error"), ({"instruction": "I", "output": "O", "system": 3}, "type_error"),
    ],
)  # fmt: skip
def test_alpaca_rows_that_are_none(value, reason):
    assert reason == refused("alpaca", value)[0]


# ------------------------------------------------------------------ transcript

ROLES = {"Doctor": "assistant", "Patient": "user"}


def test_a_transcript_is_cut_where_somebody_speaks():
    text = "Patient: I am ill.\nSince Monday.\n\nDoctor:  Rest.\r\nPatient: Thanks: a lot.\nDoctor:\nBye."
    assert ["user: I am ill.\nSince Monday.", "assistant: Rest.", "user: Thanks: a lot.", "assistant: Bye."] == told("transcript", text, **ROLES)  # fmt: skip


def test_a_line_that_begins_with_a_stranger_sets_the_row_aside():
    assert ("unknown_role", "a line begins with 'Nurse'") == refused("transcript", "Patient: a\nNurse: b", **ROLES)  # fmt: skip
    assert ("unknown_role", "the text begins with nobody's words") == refused("transcript", "Hello.\nPatient: a", **ROLES)  # fmt: skip
    assert "type_error" == refused("transcript", ["Patient: a"])[0]


def test_strangers_may_be_text_or_dropped():
    text = "Patient: a\nNote: b\nDoctor: c\nNurse: d\ne"
    assert ["user: a\nNote: b", "assistant: c", "drop: d\ne"] == told("transcript", text, **ROLES, Note="text", Nurse="drop")  # fmt: skip


@pytest.mark.parametrize(
    "line", ["http://x.y", "12:30", "a b: c", "(Doctor): x", "Doctor : x", "Dr.Who: x", "Doctor:x", "\u00c4rztin: x"]
)  # fmt: skip
def test_what_only_looks_like_a_speaker_is_text(line):
    assert [f"user: a\n{line}"] == told("transcript", f"Patient: a\n{line}", **ROLES)


def test_the_words_keep_their_line_breaks_and_odd_spaces():
    text = "Patient: a\u2028b\u2029c\x85d\u00a0\n {{ x }}\nDoctor: ok"
    assert ["user: a\u2028b\u2029c\x85d\u00a0\n {{ x }}", "assistant: ok"] == told("transcript", text, **ROLES)  # fmt: skip


def test_an_empty_transcript_has_no_turns():
    assert [] == told("transcript", "") == told("transcript", " \n\n")


# ------------------------------------------------------------------ bfcl


def test_bfcl_questions_are_lists_of_turns_of_messages():
    question = [[{"role": "system", "content": "S"}, user("U")], [user("V")]]
    assert ["system: S", "user: U", "user: V"] == told("bfcl", question)
    assert ["user: U"] == told("bfcl", [user("U")])
    assert "unknown_role" == refused("bfcl", [[{"role": "gpt", "content": "x"}]])[0]
    assert "type_error" == refused("bfcl", [["x"]])[0]


def test_bfcl_types_are_those_of_json_schema():
    types = {"dict": "object", "float": "number", "tuple": "array", "String": "string", "double": "number", "long": "integer", "integer": "integer", "boolean": "boolean"}  # fmt: skip
    given = {
        "name": "f",
        "parameters": {
            "type": "dict", "required": ["a"],
            "properties": {
                **{name: {"type": name, "description": "x"} for name in types},
                "any": {"type": "any", "optional": True},
                "list": {"type": "tuple", "items": {"type": "dict", "properties": {"type": {"type": "float"}}}},
                "enum": {"type": "string", "enum": ["dict", "float"]},
            },
        },
    }  # fmt: skip
    (found,) = dialect("bfcl").tools(given)
    assert (
        [found] == dialect("bfcl").tools([given]) == dialect("bfcl").tools(json.dumps([given]))
    )
    fields = found["parameters"]["properties"]
    assert types == {name: fields[name]["type"] for name in types}
    assert {} == fields["any"]
    assert {"type": "object", "properties": {"type": {"type": "number"}}} == fields["list"][
        "items"
    ]
    assert ["dict", "float"] == fields["enum"]["enum"]
    assert ("object", ["a"]) == (found["parameters"]["type"], found["parameters"]["required"])
    assert [{"name": "g", "parameters": {}}] == dialect("bfcl").tools([{"name": "g"}])
    assert "invalid_tool" == refused("bfcl", [{"parameters": {}}], "tools")[0]


def test_bfcl_calls_are_accepted_values():
    one, two = dialect("bfcl").calls([{"a.b": {"x": [1, 2], "y": ["", "z"]}}, {"g": {}}])
    assert ("a.b", {"x": [1, 2], "y": ["", "z"]}) == (one.name, one.accepted)
    assert ("g", {}) == (two.name, two.accepted)
    (one,) = dialect("bfcl").calls(
        [{"f": {"x": [{"k": [3, 4], "l": ["", 5]}], "y": 7, "z": [[1, 2]]}}]
    )
    assert {"x": [{"k": 3}], "y": [7], "z": [[1, 2]]} == one.accepted
    for wrong in ([{"f": []}], [{"f": {}, "g": {}}], ["f"], [{}]):
        assert "invalid_call" == refused("bfcl", wrong, "calls")[0]


# ------------------------------------------------------------------ anything


@pytest.mark.parametrize("name", ["alpaca", "bfcl", "openai", "sharegpt", "transcript"])
@steady
@given(
    json_values
    | st.lists(
        st.dictionaries(
            st.sampled_from(["role", "content", "from", "value", "tool_calls", "function"]),
            json_values,
            max_size=4,
        ),
        max_size=3,
    )
)
def test_any_value_is_a_conversation_or_a_reason(name, value):
    module = dialect(name)
    for what in ("messages", "tools", "calls"):
        try:
            if what == "messages":
                module.messages(value, module.ROLES)
            elif hasattr(module, what):
                getattr(module, what)(value)
        except Misshapen as error:
            known, said = error.reason, error.evidence
            assert known
            assert len(said) < 400
