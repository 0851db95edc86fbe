"""The built-in chat templates: what they lay out, what of it is the model's, what they refuse."""

import json
from pathlib import Path
import runpy
from types import SimpleNamespace

from hypothesis import given, settings, strategies as st
from jinja2 import Environment
import pytest

from sftspec.ground.shelf import modules
from sftspec.ports.chats_kit import tojson
from sftspec.ports.segments import (
    BEGIN_TOKEN,
    CALL,
    END,
    END_TOKEN,
    SAID,
    SCAFFOLD,
    WORDS,
    Call,
    CannotSay,
    Message,
    Options,
    Segment,
    Talk,
    chat_template,
    text_of,
)

TESTS = Path(__file__).resolve().parents[1]
pictures = SimpleNamespace(**runpy.run_path(str(TESTS / "pictures.py")))
steady = settings(deadline=None, derandomize=True, max_examples=60)

SHELF = modules("sftspec.ports.chats")
NAMES = ("alpaca", "chatml", "gemma", "gemma3", "llama3", "llama31", "plain", "qwen25", "qwen3")
WITH_TOOLS = ("llama31", "qwen25", "qwen3")
STRIPPED = ("gemma", "gemma3", "llama3", "llama31")
named = pytest.mark.parametrize("name", NAMES)
PLAIN = Options()
THINKING = Options(thinking=True)
SPELLED = (
    *("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    *("<|im_start|>", "<|im_end|>", "<bos>", "<start_of_turn>", "<end_of_turn>", "<think>"),
    *("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "</s>"),
    *(BEGIN_TOKEN, END_TOKEN, "### Response:", "<|IM_END|>", "\uff1c|im_end|\uff1e", "<|im_\u200bend|>"),
    *(" ", "\n", "\t", "\u00a0", "a", "b c", "1.5", "Grüße", "汉字"),
)  # fmt: skip

texts = st.lists(st.sampled_from(SPELLED) | st.text(max_size=4), max_size=5).map("".join)
scalars = (
    st.none() | st.booleans() | st.integers() | st.text()
    | st.floats(allow_nan=False, allow_infinity=False)
)  # fmt: skip
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


def said(role, text, *calls):
    return Message(role, text, tuple(calls))


@st.composite
def talks(draw, name):
    """A conversation that the template has a place for; the last turn is the assistant's."""
    messages = []
    if name != "gemma" and draw(st.booleans()):
        messages.append(said("system", draw(texts)))
    tools = name in WITH_TOOLS and draw(st.booleans())
    for _ in range(draw(st.integers(1, 3))):
        messages.append(said("user", draw(asked(name))))
        if tools and draw(st.booleans()):
            arguments = draw(st.dictionaries(texts, scalars, max_size=2))
            messages.append(said("assistant", "", Call("abcdefgh1", "look_up", arguments)))
            messages.append(Message("tool", draw(texts), call_id="abcdefgh1", name="look_up"))
        messages.append(said("assistant", draw(texts)))
    return Talk(tuple(messages), pictures.TOOLS if tools else None)


def asked(name):
    """Questions. To Qwen 3 a text between `<tool_response>` and its end is none."""
    return texts.map(lambda text: f"{text}?") if name == "qwen3" else texts


def by_turn(segments, *parts):
    """The text of each turn's segments of those parts."""
    found = {}
    for segment in segments:
        if segment.part in parts:
            found[segment.turn] = found.get(segment.turn, "") + segment.text
    return found


def laid(segments):
    return [(segment.text, segment.control) for segment in segments]


def joined(pieces):
    """Pieces, each run of texts as one."""
    out = []
    for text, control in pieces:
        if out and not control and not out[-1][1]:
            out[-1] = (out[-1][0] + text, False)
        else:
            out.append((text, control))
    return out


def answers(talk):
    return [at for at, one in enumerate(talk.messages) if one.role == "assistant"]


# ------------------------------------------------------------------ pictures


@pytest.mark.parametrize("name", SHELF)
def test_the_picture_is_the_golden_one(name):
    golden = (pictures.GOLDEN / f"{name}.txt").read_text("utf-8")
    assert golden == pictures.drawn(name), "python tests/pictures.py --write"


def test_there_is_a_golden_for_every_template_and_no_other():
    assert SHELF == sorted(path.stem for path in pictures.GOLDEN.iterdir())


def test_a_picture_underlines_trained_turns_alone():
    segments = [
        Segment("<s>", control=True),
        *(Segment("hi\n", SAID, 0), Segment("so\nit is", WORDS, 1)),
        Segment("</s>", END, 1, control=True),
        *(Segment("no", WORDS, 3), Segment("<e>", END, 3, control=True)),
    ]
    wanted = "| ⟦<s>⟧hi↵\n| so↵\n  ^^^\n| it is⟦</s>⟧no⟦<e>⟧\n  ^^^^^^^^^^^\n"
    assert wanted == pictures.picture(segments, {1})


# ------------------------------------------------------------------ what holds of every layout


@named
@steady
@given(data=st.data())
def test_only_the_templates_own_tokens_are_control_tokens(name, data):
    template = chat_template(name)
    talk = data.draw(talks(name))
    blank = Talk(
        tuple(
            Message(one.role, "x" if one.text else "", one.calls, one.call_id, one.name)
            for one in talk.messages
        ),
        talk.tools,
    )
    for options in (PLAIN, THINKING):
        segments = template.segments(talk, options)
        controls = [segment.text for segment in segments if segment.control]
        assert set(controls) <= set(template.CONTROLS)
        assert [s.text for s in template.segments(blank, options) if s.control] == controls


@named
@steady
@given(data=st.data())
def test_the_templates_own_text_spells_no_control_token(name, data):
    template = chat_template(name)
    for segment in template.segments(data.draw(talks(name)), PLAIN):
        if segment.part == SCAFFOLD and not segment.control:
            assert not [token for token in template.CONTROLS if token in segment.text]


@named
@steady
@given(data=st.data())
def test_the_words_of_a_turn_are_the_assistants(name, data):
    template = chat_template(name)
    talk = data.draw(talks(name))
    words = by_turn(template.segments(talk, PLAIN), WORDS)
    last = len(talk.messages) - 1
    for at in answers(talk):
        text = talk.messages[at].text
        if name in STRIPPED:
            text = text.strip()
        elif name == "qwen3" and at == last:
            text = text.lstrip("\n")
        assert text == words.pop(at, "")
    assert {} == words


@named
@steady
@given(data=st.data())
def test_the_others_words_are_said_and_nothing_is_lost(name, data):
    talk = data.draw(talks(name))
    found = by_turn(chat_template(name).segments(talk, PLAIN), SAID)
    for at, message in enumerate(talk.messages):
        if message.role in {"system", "user"}:
            assert message.text.strip() in found.get(at, "")


@named
@steady
@given(data=st.data())
def test_each_turn_of_the_assistant_ends_in_one_end(name, data):
    talk = data.draw(talks(name))
    segments = chat_template(name).segments(talk, PLAIN)
    for at, message in enumerate(talk.messages):
        own = [
            one.part for one in segments if one.turn == at and one.part in {WORDS, CALL, END}
        ]
        if message.role == "assistant":
            assert [END] == own[-1:]
            assert 1 == own.count(END)
            assert bool(message.calls) == (CALL in own)
        else:
            assert [] == own


@pytest.mark.parametrize("name", [name for name in NAMES if chat_template(name).BEGIN])
@steady
@given(data=st.data())
def test_it_begins_once(name, data):
    template = chat_template(name)
    segments = template.segments(data.draw(talks(name)), PLAIN)
    begins = [
        at for at, one in enumerate(segments) if one.control and one.text == template.BEGIN
    ]
    assert [0] == begins


@named
@steady
@given(data=st.data())
def test_a_conversation_begins_as_its_first_turns_do(name, data):
    template = chat_template(name)
    talk = data.draw(talks(name))
    whole = joined(laid(template.segments(talk, PLAIN)))
    for at in answers(talk) if template.KEEPS else []:
        part = joined(laid(template.segments(until(talk, at + 1), PLAIN)))
        *front, (text, control) = part
        assert front == whole[: len(front)]
        assert whole[len(front)][0].startswith(text)
        assert control == whole[len(front)][1]


def until(talk, count):
    return Talk(talk.messages[:count], talk.tools)


@named
@steady
@given(data=st.data(), thinking=st.booleans())
def test_the_prompt_goes_on_to_what_the_model_writes_first(name, data, thinking):
    template = chat_template(name)
    options = Options(thinking=thinking)
    talk = data.draw(talks(name))
    places = answers(talk) if template.KEEPS else answers(talk)[-1:]
    for at in places:
        before = until(talk, at)
        asked = [*template.segments(before, options), *template.prompt(options)]
        whole = template.segments(until(talk, at + 1), options)
        first = next(n for n, one in enumerate(whole) if one.turn == at and one.part >= WORDS)
        assert joined(laid(whole[:first])) == joined(laid(asked))


def test_a_template_that_lays_turns_out_anew_says_so():
    qwen = chat_template("qwen3")
    talk = pictures.TALKS["two turns"]
    whole = text_of(qwen.segments(talk, PLAIN))
    part = text_of(qwen.segments(until(talk, 3), PLAIN))
    assert not whole.startswith(part)
    assert ["qwen3"] == [name for name in NAMES if not chat_template(name).KEEPS]


# ------------------------------------------------------------------ what each does by itself


def test_chatml_is_as_published():
    source = (
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' "
        "+ message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    )
    talk = Talk((said("system", " s "), said("user", ""), said("assistant", "\na ")))
    turns = [{"role": one.role, "content": one.text} for one in talk.messages]
    wanted = Environment(autoescape=False).from_string(source).render(messages=turns)
    assert wanted == text_of(chat_template("chatml").segments(talk, PLAIN))


def test_the_date_is_told_and_is_text():
    found = chat_template("llama31").segments(
        pictures.TALKS["no system"], Options(date="<|eot_id|> 1 May 2025")
    )
    assert "Today Date: <|eot_id|> 1 May 2025\n\n" in text_of(found)
    assert ["<|eot_id|>"] * 5 == [
        one.text for one in found if one.control and "eot" in one.text
    ]


@pytest.mark.parametrize(
    ("text", "thoughts", "words"),
    [
        ("<think>\nwhy\n</think>\n\nso", "why", "so"),
        ("<think>why</think>so", "why", "so"),
        ("why</think>\nso", "why", "so"),
        ("\n <think>\n\nwhy \n\n</think>", "why ", ""),
        ("so", "", "so"),
        ("<think>half", "", "<think>half"),
    ],
)
def test_the_thoughts_of_the_last_turn_are_the_models_where_it_thinks(text, thoughts, words):
    talk = Talk((said("user", "?"), said("assistant", text)))
    found = [
        one for one in chat_template("qwen3").segments(talk, THINKING) if one.part >= WORDS
    ]
    wanted = [("<think>", True), (f"\n{thoughts}\n", False), ("</think>", True)]
    assert [*wanted, (f"\n\n{words}", False), ("<|im_end|>", True)] == laid(found)


def test_an_empty_block_of_thoughts_is_the_prompts_where_it_does_not_think():
    talk = Talk((said("user", "?"), said("assistant", "<think>\n\n</think>\n\nso")))
    found = chat_template("qwen3").segments(talk, PLAIN)
    assert [("so", False), ("<|im_end|>", True)] == laid(
        one for one in found if one.part >= WORDS
    )


def test_thoughts_before_the_last_question_are_dropped():
    talk = Talk(
        (said("user", "?"), said("assistant", "<think>why</think>so"), said("user", "and?"),
         said("assistant", "then"))
    )  # fmt: skip
    assert "why" not in text_of(chat_template("qwen3").segments(talk, PLAIN))


def test_turns_of_tools_on_end_are_one():
    calls = [Call(f"abcdefgh{n}", "look_up", {"n": n}) for n in (1, 2)]
    talk = Talk(
        (said("user", "?"), said("assistant", "so", *calls), said("tool", "1"), said("tool", "2"),
         said("assistant", "3"))
    )  # fmt: skip
    text = text_of(chat_template("qwen25").segments(talk, PLAIN))
    assert (
        '<|im_start|>assistant\nso\n<tool_call>\n{"name": "look_up", "arguments": {"n": 1}}\n</tool_call>'
        '\n<tool_call>\n{"name": "look_up", "arguments": {"n": 2}}\n</tool_call><|im_end|>\n'
        "<|im_start|>user\n<tool_response>\n1\n</tool_response>\n<tool_response>\n2\n</tool_response>"
        "<|im_end|>\n<|im_start|>assistant\n3<|im_end|>\n"
    ) in text


def test_plain_puts_a_blank_line_between_system_and_user_and_nothing_else():
    talk = Talk(
        (said("system", "s"), said("user", "u"), said("assistant", "a"), said("user", "v"),
         said("assistant", "b"))
    )  # fmt: skip
    found = text_of(chat_template("plain").segments(talk, PLAIN))
    assert f"{BEGIN_TOKEN}s\n\nua{END_TOKEN}vb{END_TOKEN}" == found


# ------------------------------------------------------------------ refusals

CALL_ONE = Call("abcdefgh1", "look_up", {})
ANSWER = said("assistant", "so")
ASK = said("user", "?")
TOOL = Message("tool", "1", call_id="abcdefgh1", name="look_up")
WITHOUT_TOOLS = [name for name in NAMES if name not in WITH_TOOLS]
TURN_BY_TURN = ("alpaca", "gemma", "gemma3")
REFUSED = [
    *((name, "no-turns", Talk(())) for name in NAMES),
    ("gemma3", "no-turns", Talk((said("system", "s"),))),
    *((name, "no-place-for-tools", Talk((ASK, ANSWER), pictures.TOOLS)) for name in WITHOUT_TOOLS),
    *(
        (name, "no-place-for-tools", Talk((ASK, said("assistant", "", CALL_ONE))))
        for name in WITHOUT_TOOLS
    ),
    *((name, "no-place-for-tools", Talk((ASK, TOOL, ANSWER))) for name in WITHOUT_TOOLS),
    ("gemma", "no-place-for-system", Talk((said("system", "s"), ASK, ANSWER))),
    *((name, "turns-out-of-order", Talk((ASK, ASK, ANSWER))) for name in TURN_BY_TURN),
    *((name, "turns-out-of-order", Talk((ANSWER, ASK, ANSWER))) for name in TURN_BY_TURN),
    *(
        (name, "turns-out-of-order", Talk((ASK, ANSWER, said("system", "s"), ANSWER)))
        for name in TURN_BY_TURN
    ),
    ("llama31", "turns-out-of-order", Talk((ANSWER, ASK, ANSWER), pictures.TOOLS)),
    ("llama31", "turns-out-of-order", Talk((said("system", "s"),), pictures.TOOLS)),
    ("llama31", "parallel-calls", Talk((ASK, said("assistant", "", CALL_ONE, CALL_ONE)))),
    ("llama31", "words-beside-calls", Talk((ASK, said("assistant", "so", CALL_ONE)))),
    ("qwen3", "no-question", Talk((said("system", "s"), ANSWER))),
    ("qwen3", "no-question", Talk((said("user", "<tool_response>1</tool_response>"), ANSWER))),
    ("qwen3", "thoughts-unasked", Talk((ASK, said("assistant", "<think>why</think>so")))),
    ("qwen3", "thoughts-lost", Talk((ASK, said("assistant", "a</think>b</think>c")))),
    ("qwen3", "thoughts-lost", Talk((ASK, said("assistant", "a<think>b</think>c")))),
    ("qwen3", "thoughts-lost", Talk((ASK, said("assistant", "<think><think></think>c")))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "reason", "talk"), REFUSED)
def test_what_the_template_has_no_place_for_is_refused(name, reason, talk):
    with pytest.raises(CannotSay) as refusal:
        chat_template(name).segments(talk, PLAIN)
    assert reason == refusal.value.reason
    assert refusal.value.evidence


# ------------------------------------------------------------------ JSON


@steady
@given(value=values, indent=st.sampled_from([0, 4]))
def test_json_is_spelled_as_the_filter_of_templates_spells_it(value, indent):
    wanted = json.dumps(value, ensure_ascii=False, indent=indent or None)
    assert wanted == tojson(value, indent)


@settings(steady, max_examples=600)
@given(number=st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_numbers_are_spelled_as_python_does(number):
    assert json.dumps([number]) == tojson([number])


@pytest.mark.parametrize(
    "number", [1e16, 1e15, 1e-4, 1e-5, 9.999e-5, -0.0, 5e-324, 1e22, 2**200]
)
def test_a_number_with_an_exponent_keeps_its_spelling(number):
    assert json.dumps({"a": [number, "1e16"]}) == tojson({"a": [number, "1e16"]})
