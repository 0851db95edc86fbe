"""Mistral's chat templates: where system prompts, tools, calls and results stand, and what is refused.

`tests/clients/test_mistral_ids.py` holds their ids against mistral-common's.
"""

import hashlib
import json
from pathlib import Path
import runpy
from types import SimpleNamespace

from hypothesis import given, settings, strategies as st
import pytest

from sftspec.ports.mistral_kit import short_id
from sftspec.ports.segments import (
    CALL,
    END,
    SAID,
    WORDS,
    Call,
    CannotSay,
    Message,
    Options,
    Talk,
    chat_template,
)

TESTS = Path(__file__).resolve().parents[1]
pictures = SimpleNamespace(**runpy.run_path(str(TESTS / "pictures.py")))
NAMES = ("v1", "v2", "v3", "v3_tekken", "v7", "v7_tekken")
LATER = NAMES[1:]
PLAIN = Options()
TOOL = {
    "type": "function",
    "function": {
        "name": "look_up", "description": "Look — up.", "strict": True,
        "parameters": {"type": "object", "properties": {"at": {"type": "number"}}},
    },
}  # fmt: skip
SPELLED = (
    *("<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]", "[/TOOL_RESULTS]", "[SYSTEM_PROMPT]"),
    *(" ", "\n", "a", "é", '"', "{", "<unk>"),
)
ID = "abcdefgh1"
steady = settings(deadline=None, derandomize=True, max_examples=60)
texts = st.lists(st.sampled_from(SPELLED) | st.text(max_size=4), min_size=1, max_size=4).map(
    "".join
)
words = texts.filter(bool)


def template(name):
    return chat_template(f"mistral_{name}")


def segments(name, *messages, tools=None):
    return template(name).segments(Talk(messages, tools), PLAIN)


def shown(name, *messages, tools=None):
    """The layout, control tokens in ⟦ ⟧ and a bar where text is encoded apart."""
    return "".join(
        f"⟦{one.text}⟧" if one.control else f"{'|' * one.apart}{one.text}"
        for one in segments(name, *messages, tools=tools)
    )


def trained(name, *messages, tools=None):
    """What is the model's to write, turn by turn."""
    found = {}
    for one in segments(name, *messages, tools=tools):
        if one.part in {WORDS, CALL, END}:
            found[one.turn] = found.get(one.turn, "") + one.text
    return found


def system(text):
    return Message("system", text)


def user(text):
    return Message("user", text)


def answer(text, *calls):
    return Message("assistant", text, calls)


def call(number=ID, /, **arguments):
    return Call(number, "look_up", arguments)


def result(text, number=ID):
    return Message("tool", text, (), number, "look_up")


def refusal(name, *messages, tools=None):
    with pytest.raises(CannotSay) as why:
        segments(name, *messages, tools=tools)
    return why.value.reason


@st.composite
def talks(draw, name):
    """A conversation that the template has a place for, the assistant's turn last."""
    messages = [system(draw(texts))] if draw(st.booleans()) else []
    tools = name != "v1" and draw(st.booleans())
    for _ in range(draw(st.integers(1, 3))):
        messages.append(user(draw(texts | st.just(""))))
        if tools and draw(st.booleans()):
            messages += [answer("", call(a=draw(texts))), result(draw(texts | st.just("")))]
        messages.append(answer(draw(words)))
    return Talk(tuple(messages), (TOOL,) if tools else None)


# ------------------------------------------------------------------ where things stand


def test_v1_has_the_system_prompt_in_the_first_turn_and_its_marks_as_text():
    wanted = "⟦<s>⟧|[INST] S\n\nA [/INST]one ⟦</s>⟧|[INST] B [/INST]two⟦</s>⟧"
    talk = system("S"), user("A"), answer("one "), user("B"), answer("two")
    assert wanted == shown("v1", *talk)


@pytest.mark.parametrize("name", ["v2", "v3", "v3_tekken"])
def test_v2_and_v3_have_the_system_prompt_in_the_last_turn(name):
    wanted = "⟦<s>⟧⟦[INST]⟧A⟦[/INST]⟧one⟦</s>⟧⟦[INST]⟧S \n\n B⟦[/INST]⟧two⟦</s>⟧"
    talk = system("S "), user("A"), answer("one  "), user(" B"), answer("two")
    assert wanted == shown(name, *talk)


@pytest.mark.parametrize("name", ["v7", "v7_tekken"])
def test_v7_has_the_system_prompt_where_it_is(name):
    wanted = "⟦<s>⟧⟦[SYSTEM_PROMPT]⟧S ⟦[/SYSTEM_PROMPT]⟧⟦[INST]⟧A⟦[/INST]⟧one⟦</s>⟧"
    assert wanted == shown(name, system("S "), user("A"), answer("one  "))
    empty = "⟦<s>⟧⟦[SYSTEM_PROMPT]⟧⟦[/SYSTEM_PROMPT]⟧⟦[INST]⟧⟦[/INST]⟧"
    assert empty == shown(name, system(""), user(""))


@pytest.mark.parametrize("name", LATER)
def test_tools_stand_before_the_last_turn_of_the_user(name):
    tools = (
        '⟦[AVAILABLE_TOOLS]⟧[{"type": "function", "function": {"name": "look_up", "description": '
        '"Look — up.", "parameters": {"type": "object", "properties": {"at": {"type": "number"}}}}}]'
        "⟦[/AVAILABLE_TOOLS]⟧"
    )
    wanted = f"⟦<s>⟧⟦[INST]⟧A⟦[/INST]⟧one⟦</s>⟧{tools}⟦[INST]⟧B⟦[/INST]⟧two⟦</s>⟧"
    talk = user("A"), answer("one"), user("B"), answer("two")
    assert wanted == shown(name, *talk, tools=(TOOL,))


def test_a_declaration_without_description_and_parameters_has_empty_ones():
    bare = {"type": "function", "function": {"name": "f"}}
    wanted = (
        '[{"type": "function", "function": {"name": "f", "description": "", "parameters": {}}}]'
    )
    assert wanted in shown("v3", user("A"), answer("b"), tools=(bare,))


CALLED = user("A"), answer("", call(x=1e22)), result('{"a": 1.50}'), answer("so")
ASKED_AGAIN = *CALLED, user("B"), answer("two")


@pytest.mark.parametrize(
    ("name", "calls", "results"),
    [
        (
            "v2",
            '[{"name": "look_up", "arguments": {"x": 1e+22}}]',
            '[{"name": "look_up", "content": {"a": 1.5}}]',
        ),
        (
            "v3",
            '[{"name": "look_up", "arguments": {"x": 1e+22}, "id": "abcdefgh1"}]',
            '{"content": {"a": 1.5}, "call_id": "abcdefgh1"}',
        ),
        (
            "v7",
            '[{"name": "look_up", "arguments": {"x": 1e+22}, "id": "abcdefgh1"}]',
            'abcdefgh1⟦[TOOL_CONTENT]⟧{"a": 1.50}',
        ),
    ],
)
def test_calls_and_results_as_each_generation_spells_them(name, calls, results):
    wanted = (
        f"⟦<s>⟧⟦[INST]⟧A⟦[/INST]⟧⟦[TOOL_CALLS]⟧{calls}⟦</s>⟧"
        f"⟦[TOOL_RESULTS]⟧{results}⟦[/TOOL_RESULTS]⟧so⟦</s>⟧"
    )
    assert wanted == shown(name, *CALLED)
    later = "⟦[INST]⟧B⟦[/INST]⟧two⟦</s>⟧"
    if name == "v2":
        assert f"⟦<s>⟧⟦[INST]⟧A⟦[/INST]⟧so⟦</s>⟧{later}" == shown(name, *ASKED_AGAIN)
    else:
        assert wanted + later == shown(name, *ASKED_AGAIN)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("", "{}"), ("no JSON", '"no JSON"'), ('"x"', '"x"'), (" 12 ", "12"), (" ", '" "'),
        ('{"é": [1.0, 1E5, -0]}', '{"é": [1.0, 100000.0, 0]}'), ("1e999", "Infinity"),
        ("NaN", "NaN"), ('{"a": 1, "a": 2}', '{"a": 2}'), ("\ufeff1", '"\ufeff1"'),
    ],
)  # fmt: skip
def test_a_result_is_the_value_of_its_text_where_that_is_json(text, content):
    wanted = f'{{"content": {content}, "call_id": "{ID}"}}'
    found = [one.text for one in segments("v3", user("A"), answer("", call()), result(text))]
    assert wanted == found[-2]


def test_words_and_calls_are_one_turn_in_v7():
    wanted = (
        "⟦<s>⟧⟦[INST]⟧A⟦[/INST]⟧I look.⟦[TOOL_CALLS]⟧"
        f'[{{"name": "look_up", "arguments": {{}}, "id": "{ID}"}}]⟦</s>⟧'
    )
    assert wanted == shown("v7", user("A"), answer("I look. ", call()))


@pytest.mark.parametrize("name", NAMES)
def test_turns_of_one_role_are_one_turn(name):
    talk = user("A"), user(""), user("B"), answer("one"), answer("two")
    assert shown(name, user("A\n\nB"), answer("one\n\ntwo")) == shown(name, *talk)
    assert {3: "one", 4: "\n\ntwo</s>"} == trained(name, *talk)


@pytest.mark.parametrize("name", ["v1", "v2", "v3"])
def test_a_user_who_says_nothing_stands_first(name):
    silent = answer("Hello."), user("A"), answer("b")
    assert shown(name, user(""), *silent) == shown(name, *silent)
    prompted = system("S"), answer("Hello.")
    assert shown(name, system("S"), user(""), answer("Hello.")) == shown(name, *prompted)


# ------------------------------------------------------------------ what is trained


@pytest.mark.parametrize("name", NAMES)
@steady
@given(data=st.data())
def test_trained_is_what_the_assistant_says_and_no_more(name, data):
    talk = data.draw(talks(name))
    found = {}
    for one in template(name).segments(talk, PLAIN):
        if one.part in {WORDS, CALL, END}:
            found.setdefault(one.turn, []).append(one)
    last = max(at for at, one in enumerate(talk.messages) if one.role == "user")
    for at, message in enumerate(talk.messages):
        mine = found.pop(at, [])
        if message.role != "assistant" or (name == "v2" and message.calls and at < last):
            assert [] == mine
            continue
        said = message.text if name == "v1" else message.text.rstrip(" ")
        assert said == "".join(one.text for one in mine if one.part == WORDS)
        assert [*(["[TOOL_CALLS]"] if message.calls else []), "</s>"] == [
            one.text for one in mine if one.control
        ]
        assert (END, "</s>") == (mine[-1].part, mine[-1].text)
        calls = [json.loads(one.text) for one in mine if one.part == CALL and not one.control]
        assert [[one.arguments for one in message.calls]] * bool(message.calls) == [
            [one["arguments"] for one in several] for several in calls
        ]
    assert {} == found


@pytest.mark.parametrize("name", NAMES)
@steady
@given(data=st.data())
def test_text_that_spells_a_control_token_is_text(name, data):
    talk = data.draw(talks(name))
    blank = Talk(
        tuple(
            Message(one.role, "x" if one.text else "", one.calls, one.call_id, one.name)
            for one in talk.messages
        ),
        talk.tools,
    )
    controls = [one.text for one in template(name).segments(talk, PLAIN) if one.control]
    assert controls == [
        one.text for one in template(name).segments(blank, PLAIN) if one.control
    ]
    assert set(controls) <= set(template(name).CONTROLS)


@pytest.mark.parametrize("name", NAMES)
@steady
@given(data=st.data())
def test_what_the_server_lays_out_is_what_stands_before_the_answer(name, data):
    talk = data.draw(talks(name))
    whole = template(name).segments(talk, PLAIN)
    asked = template(name).segments(Talk(talk.messages[:-1], talk.tools), PLAIN)
    asked += template(name).prompt(PLAIN)
    assert asked == whole[: len(asked)]
    assert all(one.part in {WORDS, CALL, END} for one in whole[len(asked) :])


@steady
@given(data=st.data())
def test_v1_keeps_earlier_turns(data):
    talk = data.draw(talks("v1"))
    whole = template("v1").segments(talk, PLAIN)
    assert template("v1").KEEPS
    for count in range(1, len(talk.messages) + 1):
        if talk.messages[count - 1].role == "assistant":
            part = template("v1").segments(Talk(talk.messages[:count]), PLAIN)
            assert part == whole[: len(part)]


@pytest.mark.parametrize("name", LATER)
def test_later_generations_lay_earlier_turns_out_anew(name):
    first = user("A"), answer("one")
    part = shown(name, system("S"), *first, tools=(TOOL,))
    whole = shown(name, system("S"), *first, user("B"), answer("two"), tools=(TOOL,))
    assert not whole.startswith(part)
    assert not template(name).KEEPS


@pytest.mark.parametrize("name", NAMES)
@steady
@given(data=st.data())
def test_every_conversation_begins_with_bos_once(name, data):
    found = template(name).segments(data.draw(talks(name)), PLAIN)
    assert [0] == [at for at, one in enumerate(found) if one.control and one.text == "<s>"]
    assert "<s>" == template(name).BEGIN


@pytest.mark.parametrize("name", NAMES)
def test_what_others_say_is_of_their_turn(name):
    found = segments(name, system("S"), user("A"), answer("b"), user("C"), answer("d"))
    assert {0: "S", 1: "A", 3: "C"} == {one.turn: one.text for one in found if one.part == SAID}


# ------------------------------------------------------------------ ids of calls


@pytest.mark.parametrize("number", ["call_1", "abcdefgh-", "abcdefgh1 ", "é23456789", ""])
def test_an_id_that_is_not_nine_letters_and_digits_becomes_one(number):
    made = hashlib.sha256(b"sftspec/call-id/1\0" + number.encode()).hexdigest()[:9]
    assert made == short_id(number)
    for name in ("v3", "v7"):
        whole = shown(name, user("A"), answer("", call(number)), result("x", number))
        assert whole.count(made) == 2


def test_an_id_of_nine_letters_and_digits_stays():
    assert "aB3456789" == short_id("aB3456789")


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        ((), "no-turns"),
        ((answer("A"),), "turns-out-of-order"),
        ((user("A"), result("B")), "turns-out-of-order"),
        ((system("A"), result("B"), answer("C")), "turns-out-of-order"),
        ((user("A"), answer("b"), system("S"), answer("c")), "turns-out-of-order"),
        ((user("A"), Message("ipython", "b")), "turns-out-of-order"),
        ((user("A"), answer("")), "nothing-said"),
        ((user("A"), answer(""), user("B"), answer("c")), "nothing-said"),
    ],
)
def test_what_no_generation_takes(name, talk, reason):
    assert reason == refusal(name, *talk)


@pytest.mark.parametrize("name", LATER)
@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        ((user("A"), answer("", call()), user("B"), answer("c")), "calls-unanswered"),
        ((user("A"), answer("", call()), answer("c")), "calls-unanswered"),
        ((user("A"), answer("", call(), call("abcdefgh2")), result("1"), answer("c")), "calls-unanswered"),
        ((user("A"), answer("", call()), result("1"), result("2")), "calls-unanswered"),
        ((user("A"), answer("b"), result("1"), answer("c")), "calls-unanswered"),
        ((user("A"), answer("", Call(ID, "Ümlaut", {}))), "tool-name"),
        ((user("A"), answer("", Call(ID, "", {}))), "tool-name"),
        ((user("A"), answer("", call()), Message("tool", "1", (), ID, "a b")), "tool-name"),
    ],
)  # fmt: skip
def test_calls_that_no_generation_takes(name, talk, reason):
    assert reason == refusal(name, *talk)


def test_the_last_calls_may_be_without_an_answer():
    assert shown("v7", user("A"), answer("", call(), call("abcdefgh2"))).endswith("]⟦</s>⟧")


def test_a_tool_of_a_name_that_is_none_is_refused():
    tool = {"type": "function", "function": {"name": "x" * 65}}
    assert "tool-name" == refusal("v3", user("A"), answer("b"), tools=(tool,))


def test_v1_knows_no_tools():
    assert "no-place-for-tools" == refusal("v1", user("A"), answer("b"), tools=(TOOL,))
    assert "no-place-for-tools" == refusal("v1", user("A"), answer("", call()))
    talk = user("A"), answer("", call()), result("1"), answer("b")
    assert "no-place-for-tools" == refusal("v1", *talk)


@pytest.mark.parametrize("name", ["v2", "v3", "v3_tekken"])
def test_words_beside_calls_have_no_place_before_v7(name):
    beside = user("A"), answer("b", call()), result("1"), answer("c")
    apart = user("A"), answer("b"), answer("", call()), result("1"), answer("c")
    for talk in (beside, apart):
        assert "words-beside-calls" == refusal(name, *talk)
        assert "words-beside-calls" == refusal(name, *talk, user("B"), answer("d"))


def test_several_results_have_no_place_in_the_last_turn_of_v2():
    two = (
        user("A"), answer("", call(), call("abcdefgh2")), result("1"), result("2", "abcdefgh2"),
        answer("c"),
    )  # fmt: skip
    assert "several-results" == refusal("v2", *two)
    assert "⟦<s>⟧⟦[INST]⟧A⟦[/INST]⟧c⟦</s>⟧" in shown("v2", *two, user("B"), answer("d"))
    assert 2 == shown("v3", *two).count("⟦[TOOL_RESULTS]⟧")


@pytest.mark.parametrize("name", ["v3", "v7"])
def test_a_result_says_which_call_it_answers(name):
    talk = user("A"), answer("", call()), Message("tool", "1", (), None, "look_up"), answer("c")
    assert "call-id" == refusal(name, *talk)
    assert "⟦[TOOL_RESULTS]⟧" in shown("v2", *talk)


@pytest.mark.parametrize(
    "text",
    ['"\\ud800"', "[" * 400 + "]" * 400, "[" * 200_000, "9" * 5000],
    ids=["half a pair", "deep", "deeper", "a number too long"],
)
def test_a_result_that_cannot_be_spelled_is_refused(text):
    talk = user("A"), answer("", call()), result(text), answer("c")
    assert "result-unreadable" == refusal("v3", *talk)
    assert text in shown("v7", *talk)


def test_a_result_may_hold_many_brackets():
    text = json.dumps(["[" * 500, *([[]] * 500)])
    assert text in shown("v3", user("A"), answer("", call()), result(text), answer("c"))
