"""Chat templates of others: what is derived of them, how it is verified, and what is refused."""

import json

from hypothesis import given, settings, strategies as st
import pytest

from sftspec.ground.report import Fault
from sftspec.ports.chat_marks import OWN, Marked, Marking, joined, mark, runs_of
from sftspec.ports.chat_sandbox import Sandbox
from sftspec.ports.chat_told import Untold, date_as, spelled
from sftspec.ports.foreign_chat import ForeignTemplate, foreign_template, problem_of
from sftspec.ports.segments import (
    CALL,
    END,
    SAID,
    SCAFFOLD,
    WORDS,
    Call,
    CannotSay,
    Message,
    Options,
    Segment,
    Talk,
    text_of,
)

steady = settings(deadline=None, derandomize=True, max_examples=60)
CONTROLS = (
    "<s>",
    "</s>",
    "<|im_start|>",
    "<|im_end|>",
    "<|eot|>",
    "<think>",
    "</think>",
    "<call>",
)
NAMES = {"bos_token": "<s>", "eos_token": "</s>"}
PLAIN = Options()

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + "
    "'<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA = """{{ bos_token }}
{%- for message in messages %}
    {{- '<|im_start|>' + message['role'] + '\n\n' + message['content'] | trim + '<|eot|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n\n' }}
{%- endif %}
"""
TOOLS = """{%- if tools %}<|im_start|>tools
{%- for tool in tools %}{{ '\n' + tool | tojson }}{% endfor %}<|im_end|>
{% endif %}
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\n' }}
    {%- if message.content %}{{ message.content }}{% endif %}
    {%- for call in message.tool_calls or [] %}
        {{- '<call>' + call.function.name + ' ' + call.function.arguments | tojson }}
    {%- endfor %}
    {{- '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""
TAGGED = (
    "{% for m in messages %}{% if m.role == 'assistant' %}"
    "{% generation %}{{ m.content }}{% endgeneration %}<|im_end|>"
    "{% else %}<|im_start|>{{ m.content }}<|im_end|>{% endif %}{% endfor %}"
)
MACRO = (
    "{% macro turn(m) %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}"
    "{% generation %}{{ m.content }}<|im_end|>{% endgeneration %}"
    "{% else %}{{ m.content }}<|im_end|>{% endif %}{% endmacro %}"
    "{% for m in messages %}{% set laid %}{{ turn(m) }}{% endset %}{{ laid }}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
THINKING = """{%- for m in messages %}
    {%- set content = m.content %}
    {%- if m.role == 'assistant' and '</think>' in content %}
        {%- set thoughts = content.split('</think>')[0].split('<think>')[-1].strip('\n') %}
        {%- set content = content.split('</think>')[-1].lstrip('\n') %}
        {%- if loop.last %}{% set content = '<think>\n' + thoughts + '\n</think>\n\n' + content %}{% endif %}
    {%- endif %}
    {{- '<|im_start|>' + m.role + '\n' + content + '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""


def template(source, **names):
    return ForeignTemplate(source, CONTROLS, names or NAMES)


def talk(*texts, tools=None):
    """The user, the assistant, the user, …"""
    roles = ("user", "assistant") * len(texts)
    return Talk(tuple(map(Message, roles, texts)), tools)


def refusal(source, some, options=PLAIN, **names):
    with pytest.raises(CannotSay) as why:
        template(source, **names).segments(some, options)
    return why.value.reason, why.value.evidence


def trained(segments):
    return "".join(one.text for one in segments if one.part >= WORDS)


def controls(segments):
    return [one.text for one in segments if one.control]


# what is derived


def test_a_turn_is_laid_out_in_segments_of_its_own():
    assert [
        Segment("<|im_start|>", SCAFFOLD, 0, control=True),
        Segment("user\n", SCAFFOLD, 0),
        Segment("Why?", SAID, 0),
        Segment("<|im_end|>", SCAFFOLD, 0, control=True),
        Segment("\n", SCAFFOLD, 0),
        Segment("<|im_start|>", SCAFFOLD, 1, control=True),
        Segment("assistant\n", SCAFFOLD, 1),
        Segment("So.", WORDS, 1),
        Segment("<|im_end|>", END, 1, control=True),
        Segment("\n", SCAFFOLD, 1),
    ] == [
        Segment(one.text, one.part, max(one.turn, 0), control=one.control)
        for one in template(CHATML).segments(talk("Why?", "So."), PLAIN)
    ]


def test_what_it_begins_with_and_keeps_is_known():
    assert (None, True) == (template(CHATML).BEGIN, template(CHATML).KEEPS)
    assert ("<s>", True) == (template(LLAMA).BEGIN, template(LLAMA).KEEPS)
    assert set(CONTROLS) == set(template(LLAMA).CONTROLS)


def test_the_prompt_is_what_a_server_adds():
    assert "<|im_start|>assistant\n" == text_of(template(CHATML).prompt(PLAIN))
    ends = CHATML.replace("{% endif %}", "{% else %}{{ eos_token }}{% endif %}")
    assert "<|im_start|>assistant\n" == text_of(template(ends).prompt(PLAIN))
    assert ["<|im_start|>"] == controls(template(ends).prompt(PLAIN))


def test_every_turn_is_trained_with_its_end():
    some = talk("a", "b", "c", "d", "e")
    assert "b<|im_end|>d<|im_end|>" == trained(template(CHATML).segments(some, PLAIN))


def test_blanks_around_words_may_go():
    laid = template(LLAMA).segments(talk("  a\n", "\n b \n"), PLAIN)
    assert "b<|eot|>" == trained(laid)
    assert "<s><|im_start|>user\n\na<|eot|><|im_start|>assistant\n\nb<|eot|>" == text_of(laid)


@pytest.mark.parametrize("source", [CHATML, LLAMA, TOOLS, THINKING])
@pytest.mark.parametrize(
    "texts",
    [
        ("", ""), (" ", " \n"), ("same", "same", "same", "same"), ("user", "assistant"),
        ("<|im_end|>", "<|im_end|>"), ("<|im_", "start|>"), ("x<|eot|>", "<s></s>y"),
        ("\U00020000a\U00020001", "\U00020000\U00020001"), ("\ue000", "\U000f0000\U0010fffd"),
        ("{{ messages }}", "{% endfor %}"), ("<|im_start|>assistant\n", "b"), ("\0", "\x85"),
        ("a", "\n", "b", "c"), ("</", "think>"), ("\r\n", "\u2028b\u2028"),
    ],
)  # fmt: skip
def test_no_text_of_data_becomes_a_control_token_or_moves_a_span(source, texts):
    found = template(source)
    laid = found.segments(talk(*texts), PLAIN)
    assert found.text(talk(*texts), PLAIN) == text_of(laid)
    plain = found.segments(talk(*("word" for _ in texts)), PLAIN)
    assert controls(plain) == controls(laid)
    last = len(texts) - 1
    words = "".join(one.text for one in laid if one.part == WORDS and one.turn == last)
    assert texts[last].strip() == words.strip()
    end = "<|eot|>" if source == LLAMA else "<|im_end|>"
    assert [(END, end)] == [
        (one.part, one.text) for one in laid if one.part == END and one.turn == last
    ]


def test_a_control_token_of_names_is_one():
    laid = template("{{ eos_token }}" + CHATML).segments(talk("</s>", "b"), PLAIN)
    assert ["</s>", *["<|im_start|>", "<|im_end|>"] * 2] == controls(laid)


def test_control_tokens_put_together_of_a_role_are_control_tokens():
    source = CHATML.replace(
        "'<|im_start|>' + message.role", "'<|' + message.role + '|>'"
    ).replace("<|im_start|>assistant", "<|assistant|>")
    found = ForeignTemplate(source, ("<|user|>", "<|assistant|>", "<|im_end|>"), {})
    laid = found.segments(talk("<|user|>", "b"), PLAIN)
    assert ["<|user|>", "<|im_end|>", "<|assistant|>", "<|im_end|>"] == controls(laid)


def test_longer_control_tokens_come_first():
    found = ForeignTemplate(CHATML, ("<|im_end|>", "<|im_end|>\n", "<|im_start|>"), {})
    assert "<|im_end|>\n" == controls(found.segments(talk("a", "b"), PLAIN))[-1]


# calls and tools

TOOL = {
    "type": "function",
    "function": {"name": "find", "description": "<|im_end|> finds", "parameters": {"type": "object"}},
}  # fmt: skip
CALLS = Talk(
    (
        Message("user", "Where?"),
        Message(
            "assistant", "Look:", (Call("a", "find", {"w": "<call>", "n": [1, 2.5, None]}),)
        ),
        Message("tool", "Here.", (), "a", "find"),
        Message("assistant", "There."),
    ),
    (TOOL,),
)
CALLED = Talk(CALLS.messages[:2], (TOOL,))


def test_calls_are_trained_and_what_tools_say_is_not():
    laid = template(TOOLS).segments(CALLS, PLAIN)
    wanted = 'Look:<call>find {"w": "<call>", "n": [1, 2.5, null]}<|im_end|>There.<|im_end|>'
    assert wanted == trained(laid)
    assert 1 == controls(laid).count("<call>")
    assert {CALL} == {
        one.part for one in laid if "find {" in one.text or one.text == "<call>"
    } - {SAID}


def test_declarations_are_text_whatever_they_spell():
    laid = template(TOOLS).segments(CALLS, PLAIN)
    assert [SAID] == [one.part for one in laid if "<|im_end|> finds" in one.text]
    assert 5 == controls(laid).count("<|im_end|>")


def test_a_call_without_words_has_no_content():
    some = Talk((CALLS.messages[0], Message("assistant", "", CALLS.messages[1].calls)))
    source = CHATML.replace(
        "message.content +", "(message.content if 'content' in message else '-') +"
    )
    assert ("calls-dropped", "call 1 of turn 2 stands nowhere") == refusal(source, some)
    assert trained(template(TOOLS).segments(some, PLAIN)).startswith("<call>find ")


def test_arguments_are_an_object():
    source = TOOLS.replace(
        "call.function.arguments | tojson", "(call.function.arguments.items() | list)[0][1]"
    )
    assert "<call>find <call><|im_end|>" in trained(template(source).segments(CALLS, PLAIN))
    source = TOOLS.replace("call.function.arguments | tojson", "call.function.arguments")
    assert "template-raised" == refusal(source, CALLS)[0]


@pytest.mark.parametrize(
    ("source", "some", "reason"),
    [
        (CHATML, talk("a", "b", tools=(TOOL,)), "no-place-for-tools"),
        (TOOLS.replace("message.tool_calls or []", "(message.tool_calls or [])[:0]"), CALLED, "calls-dropped"),
        (TOOLS.replace("call.function.arguments | tojson", "'{}'"), CALLED, "calls-dropped"),
        ("{% for message in messages if message.role != 'tool' %}" + TOOLS.rsplit("messages %}", maxsplit=1)[-1], CALLS,
         "no-place-for-tools"),
        (CHATML.replace("in messages", "in messages if loop.index0 != 0"), talk("a", "b"), "template-raised"),
        (CHATML.replace("in messages", "in messages[1:]"), talk("a", "b"), "turn-dropped"),
        (CHATML.replace("in messages", "in messages[:1]"), talk("a", "b"), "template-not-derived"),
    ],
)  # fmt: skip
def test_what_a_template_drops_is_refused(source, some, reason):
    assert reason == refusal(source, some)[0]


# the faults of others: spans by tags


def test_a_tag_at_the_first_token_trains_that_token_alone():
    some = Talk((Message("assistant", "Hi"), Message("user", "a"), Message("user", "b")))
    laid = template(TAGGED).segments(some, PLAIN)
    assert "Hi" == laid[0].text
    assert "Hi<|im_end|>" == trained(laid)


@pytest.mark.parametrize("texts", [("a", "b"), ("a" * 40, "b", "c", "d" * 30)])
def test_a_tag_in_a_macro_or_a_set_block_does_not_shift_the_mask(texts):
    laid = template(MACRO).segments(talk(*texts), PLAIN)
    assert "".join(f"{text}<|im_end|>" for text in texts[1::2]) == trained(laid)
    assert {"assistant\n"} == {
        one.text
        for one in laid
        if one.part == SCAFFOLD and one.turn % 2 == 1 and not one.control
    }


def test_the_end_of_turn_is_trained_though_a_tag_leaves_it_out():
    assert "b<|im_end|>" == trained(template(TAGGED).segments(talk("a", "b"), PLAIN))


def test_a_template_without_tags_trains_the_assistant_alone():
    assert "b<|im_end|>" == trained(template(CHATML).segments(talk("a", "b"), PLAIN))


def test_tags_that_disagree_are_refused():
    wide = "{% generation %}" + CHATML + "{% endgeneration %}"
    said = ("template-not-derived", "a block of `generation` holds what others say")
    assert said == refusal(wide, talk("a", "b"))
    narrow = TAGGED.replace(
        "{% generation %}{{ m.content }}",
        "{{ m.content[:1] }}{% generation %}{{ m.content[1:] }}",
    )
    assert "does not hold all" in refusal(narrow, talk("a", "bc"))[1]


def test_what_is_set_within_a_tag_stays_there():
    source = (
        "{% set x = 'out' %}{% generation %}{% set x = 'in' %}{% endgeneration %}{{ x }}"
        + CHATML
    )
    assert text_of(template(source).segments(talk("a", "b"), PLAIN)).startswith("out")


# the faults of others: turns that are laid out anew


def test_a_template_that_lays_turns_out_anew_trains_the_last_alone():
    source = CHATML.replace(
        "message.content +",
        "(message.content if loop.last or message.role == 'user' else '…') +",
    )
    some = talk("a", "b", "c", "d")
    assert not template(source).KEEPS
    assert "d<|im_end|>" == trained(template(source).segments(some, PLAIN))


def test_thoughts_that_later_turns_drop_are_not_trained_in_earlier_ones():
    found = template(THINKING)
    first, last = "<think>\nso\n</think>\n\nDone.", "<think>\nhm\n</think>\n\nYes."
    assert first + "<|im_end|>" == trained(found.segments(talk("a", first), PLAIN))
    assert last + "<|im_end|>" == trained(found.segments(talk("a", first, "c", last), PLAIN))
    assert found.KEEPS
    assert "b<|im_end|>d<|im_end|>" == trained(found.segments(talk("a", "b", "c", "d"), PLAIN))


def test_tags_of_thoughts_are_control_tokens_where_the_template_writes_them_again():
    some = talk("a </think>", "<think>\nso\n</think>\n\nDone.")
    laid = template(THINKING).segments(some, PLAIN)
    assert [("<think>", WORDS), ("</think>", WORDS)] == [
        (one.text, one.part) for one in laid if one.control and "think" in one.text
    ]


def test_words_that_a_template_takes_away_are_refused():
    reason, evidence = refusal(THINKING, talk("a", "so</think>b</think>c"))
    assert ("words-changed", "turn 2 is laid out with other words than its own") == (
        reason,
        evidence,
    )


def test_a_prompt_that_supplies_what_the_turn_lacks_is_refused():
    source = CHATML.replace("assistant\n' }}{% endif", "assistant\n<think>\n' }}{% endif")
    said = ("template-not-derived", "turn 2 does not begin where a server would ask for it")
    assert said == refusal(source, talk("a", "b"))


def test_what_the_prompt_supplies_is_not_trained():
    source = CHATML.replace(
        "message.role + '\n'",
        "message.role + '\n' + ('' if enable_thinking else '<think>\n\n</think>\n\n')",
    ).replace(
        "assistant\n'", "assistant\n' + ('' if enable_thinking else '<think>\n\n</think>\n\n')"
    )
    assert "b<|im_end|>" == trained(template(source).segments(talk("a", "b"), PLAIN))


def test_what_the_model_writes_around_its_words_is_trained_with_what_ends_them():
    source = CHATML.replace(
        "message.role + '\n'",
        "message.role + ('<call>final\n' if message.role != 'user' else '\n')",
    ).replace("assistant\n'", "assistant'")
    laid = template(source).segments(talk("a", "b"), PLAIN)
    assert "<call>final\nb<|im_end|>" == trained(laid)
    assert ["b"] == [one.text for one in laid if one.part == WORDS]


# what cannot be derived


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (CHATML.replace("message.content +", "message.content | reverse +"), "words-changed"),
        (CHATML.replace("in messages", "in messages[::-1]"), "template-not-derived"),
        (CHATML.replace("message.content +", "message.content.lower() +"), "words-changed"),
        (CHATML.replace("message.content +", "message.content | upper | lower +"), "words-changed"),
        (CHATML.replace("message.content +", "message.content * 2 +"), "words-changed"),
        (CHATML.replace("message.content +", "message.content[:3] +"), "words-changed"),
        (CHATML.replace("message.content +", "message.content | tojson +"), "words-changed"),
        (CHATML.replace("'<|im_end|>\n'", "'\n'"), "no-end-of-turn"),
        (CHATML.replace("'<|im_end|>\n'", "' END<|im_end|>\n'"), "no-end-of-turn"),
        (CHATML.replace("'<|im_end|>\n'", "('\n' if loop.last else '<|im_end|>\n')"), "template-not-derived"),
        (CHATML.replace("message.content +", "messages[0].content ~ message.content +"), "template-not-derived"),
        (CHATML.replace("message.content +", "(messages | tojson) +"), "template-not-derived"),
        (CHATML.replace("message.content +", "(message.content | safe + '<b>') +"), "template-not-derived"),
        (CHATML.replace("message.content +", "(message.content if message.content | length < 9 else '-') +"),
         "template-not-derived"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_refused(source, reason):
    assert reason == refusal(source, talk("Question", "Answers!"))[0]


def test_what_may_depend_on_data_is_verified_for_each_record():
    source = CHATML.replace(
        "message.content +",
        "(message.content[::-1] if message.content.startswith('x') else message.content) +",
    )
    found = template(source)
    assert "b<|im_end|>" == trained(found.segments(talk("a", "b"), PLAIN))
    with pytest.raises(CannotSay, match="words-changed"):
        found.segments(talk("a", "xy"), PLAIN)
    assert "bc<|im_end|>" == trained(found.segments(talk("xa", "bc"), PLAIN))


def test_a_refusal_is_the_templates_own_words():
    source = "{{ raise_exception('Roles must ' ~ messages[0].content) }}"
    assert ("template-raised", "the template says: Roles must turn") == refusal(
        source, talk("turn", "b")
    )


def test_a_conversation_has_a_turn():
    assert "no-turns" == refusal(CHATML, Talk(()))[0]


# bounds


@pytest.mark.parametrize(
    "body",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% set r = range(9999) | list %}{% for a in r %}{% for b in r %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for a in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% macro f(n) %}{% for a in range(9) %}{{ f(n) }}{% endfor %}{% endmacro %}{{ f(1) }}",
        "{{ 'a' * 10 ** 10 }}", "{{ 2 ** 9999 ** 9 }}", "{{ 'a' | center(10 ** 9) }}", "{{ 'a'.ljust(10 ** 9) }}",
        "{{ '%1000000000d' % 1 }}", "{{ '{:>1000000000}'.format('a') }}", "{{ '%*d' % (1000000000, 1) }}",
        "{{ ('a' * 999999).replace('a', 'b' * 999999) }}", "{{ ('a' * 999999) | replace('a', 'b' * 999999) }}",
        "{% for a in range(99999) %}{{ 'a' * 9999 }}{% endfor %}", "{{ [1] * 10 ** 9 }}",
        "{{ ([('a' * 9999999)] * 9999) | join }}", "{{ ''.join([('a' * 9999999)] * 9999) }}",
        "{{ [1] | batch(10 ** 9, 0) | list }}", "{{ 'a' | indent(10 ** 9, true) }}",
        "{% set ns = namespace(x=3) %}{% for a in range(99999) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
    ],
)  # fmt: skip
def test_work_and_size_have_bounds(body):
    assert "template-unbounded" == refusal(body + CHATML, talk("a", "b"))[0]


@pytest.mark.parametrize(
    "body",
    [
        "{% include '/etc/passwd' %}", "{% import 'os' as os %}", "{{ ''.__class__.__mro__ }}",
        "{{ messages.append(1) }}", "{{ messages[0].update({}) }}", "{{ cycler.__init__.__globals__ }}",
        "{% set ns = namespace() %}{% set ns.__x = 1 %}", "{{ namespace(_x=1) }}", "{{ undefined.x }}",
        "{{ 'a'.format.__self__.x.y }}", "{{ [].__class__.x.y }}", "{{ range(10 ** 9) }}",
    ],
)  # fmt: skip
def test_the_sandbox_is_shut(body):
    assert "template-raised" == refusal(body + CHATML, talk("a", "b"))[0]


@pytest.mark.parametrize(
    "body",
    [
        "{{ messages.index }}", "{{ [messages.index] }}", "{{ '' ~ messages.index }}",
        "{{ messages | map(attribute='role') }}", "{{ '%s' % messages.index }}", "{{ messages.index | string }}",
        "{{ messages[0].content.encode() }}", "{{ strftime_now('%H:%M') }}", "{{ strftime_now('%c') }}",
        "{{ [messages.index] | join }}", "{{ '{}'.format(messages.index) }}",
    ],
)  # fmt: skip
def test_nothing_is_printed_that_differs_from_run_to_run(body):
    assert "template-untold" == refusal(body + CHATML, talk("a", "b"))[0]


def test_there_is_no_chance():
    assert "template-raised" == refusal("{{ lipsum(1) }}" + CHATML, talk("a", "b"))[0]
    with pytest.raises(Fault, match="No filter named 'random'"):
        template("{{ messages | random }}" + CHATML)


def test_today_is_the_declared_date_and_never_the_clock():
    source = "{{ strftime_now('%d %b %Y') }} {{ date_string }}|" + CHATML
    laid = template(source).segments(talk("a", "b"), Options(date="5 March 2026"))
    assert text_of(laid).startswith("05 Mar 2026 5 March 2026|")
    assert "template-untold" == refusal(source, talk("a", "b"), Options(date="today"))[0]


def test_a_date_answers_what_a_date_can():
    assert "2026-03-05 Thursday, March  5, 064 %" == date_as(
        "2026-03-05", "%F %A, %B %e, %j %%"
    )
    assert "26-7-26" == date_as("26 Jul 2024", "%d-%-m-%d")
    assert date_as("July 26, 2024", "%D") == date_as("26 July 2024", "%m/%d/%y")
    for said, form in [
        ("2024-02-30", "%d"),
        ("soon", "%Y"),
        ("1 2", "%Y"),
        ("26 Jul 2024", "%H"),
        ("26 Jul 2024", "%"),
    ]:
        with pytest.raises(Untold):
            date_as(said, form)


# files


def test_a_tokenizer_config_has_templates_and_tokens():
    config = {
        "bos_token": {"content": "<s>", "special": True}, "eos_token": None,
        "chat_template": [
            {"name": "default", "template": LLAMA}, {"name": "tool_use", "template": TOOLS},
            {"name": "rag", "template": "{{ x.y }}"},
        ],
    }  # fmt: skip
    found = ForeignTemplate(json.dumps(config), CONTROLS, {})
    assert "<s>" == found.BEGIN
    assert text_of(found.segments(talk("a", "b"), PLAIN)).startswith("<s><|im_start|>user\n\na")
    assert text_of(found.segments(CALLS, PLAIN)).startswith("<|im_start|>tools\n")
    one = ForeignTemplate(json.dumps({"chat_template": CHATML}), CONTROLS, {})
    assert "b<|im_end|>" == trained(one.segments(talk("a", "b"), PLAIN))


@pytest.mark.parametrize(
    "source",
    [
        "{}", '{"chat_template": []}', '{"chat_template": [{"name": "rag", "template": ""}]}',
        "{% for m in messages %}", "{% generation %}", "{{ a | nowhere }}", "{{" * 9999, "{% bad %}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "x" * (1 << 20) + "y",
    ],
)  # fmt: skip
def test_a_file_that_is_no_template_is_a_fault(source):
    with pytest.raises(Fault) as fault:
        ForeignTemplate(source, CONTROLS, NAMES)
    assert "chat-template-unreadable" == fault.value.slug
    assert problem_of(source)


def test_a_file_that_is_a_template_has_no_problem():
    assert problem_of(CHATML) is None
    assert problem_of(json.dumps({"chat_template": LLAMA})) is None


class Few:
    """A tokenizer as far as templates know it."""

    def __init__(self, *spellings):
        self.controls = {text: at for at, text in enumerate(spellings)}
        self.begin, self.end = spellings[:2]


def test_a_template_is_made_once_for_a_tokenizer():
    one = foreign_template(LLAMA, Few(*CONTROLS))
    assert one is foreign_template(LLAMA, Few(*CONTROLS))
    assert one is not foreign_template(LLAMA, Few(*CONTROLS[1:]))
    assert "<s>" == one.BEGIN


# texts with marks

DATA, MORE = 7, 8
texts = st.text("ab <|\n\u00e9\u00df", max_size=8)
pieces = st.lists(st.tuples(texts, st.sampled_from([OWN, DATA, MORE])), min_size=1, max_size=4)
signs = st.text("ab <|\n", min_size=1, max_size=2)
calls = st.one_of(
    st.tuples(st.sampled_from(["strip", "lstrip", "rstrip"]), st.tuples(signs) | st.just(())),
    st.tuples(st.sampled_from(["split", "rsplit"]), st.tuples(signs | st.none(), st.integers(-1, 3))),
    st.tuples(st.sampled_from(["partition", "rpartition", "removeprefix", "removesuffix"]), st.tuples(signs)),
    st.tuples(st.just("replace"), st.tuples(texts, texts, st.integers(-1, 3))),
    st.tuples(st.sampled_from(["upper", "lower", "title", "splitlines", "capitalize"]), st.just(())),
    st.tuples(st.just("join"), st.tuples(st.lists(texts, max_size=3))),
    st.tuples(st.just("__getitem__"), st.tuples(st.slices(12))),
    st.tuples(st.sampled_from(["__add__", "__radd__"]), st.tuples(texts)),
    st.tuples(st.just("__mul__"), st.tuples(st.integers(-1, 3))),
)  # fmt: skip


def colours(text):
    """The mark of each character."""
    return [whose for size, whose in runs_of(text) for _ in range(size)]


@steady
@given(pieces, calls)
def test_a_marked_text_does_what_a_text_does_and_keeps_its_marks(parts, call):
    text = joined([mark(piece, whose) for piece, whose in parts])
    plain = "".join(piece for piece, _ in parts)
    name, args = call
    found = getattr(text, name)(*args)
    wanted = args[0] + plain if name == "__radd__" else getattr(plain, name)(*args)
    several = found if isinstance(found, (list, tuple)) else [found]
    assert list(several) == (list(wanted) if isinstance(wanted, (list, tuple)) else [wanted])
    for one in several:
        assert isinstance(one, Marked)
        assert len(one) == len(colours(one))
    if name in {"split", "strip", "__getitem__"}:
        assert set(colours(joined(several))) <= set(colours(text))


@steady
@given(pieces)
def test_each_character_keeps_its_own_mark(parts):
    text = joined([mark(piece, whose) for piece, whose in parts])
    wanted = [whose for piece, whose in parts for _ in piece]
    assert wanted == colours(text)
    assert wanted == [colours(sign)[0] for sign in text]
    assert wanted[::-1] == colours(text[::-1])
    assert wanted == colours(joined(text[at] for at in range(len(text))))
    assert wanted[2:5] == colours(text[2:5])
    kept = "".join(str(text)).strip()
    at = str(text).find(kept) if kept else 0
    assert wanted[at : at + len(kept)] == colours(text.strip())


@pytest.mark.parametrize(
    "body",
    [
        "{{ x | title }}", "{{ x | e }}", "{{ x | indent }}", "{{ '%s' % x }}", "{{ '{}'.format(x) }}",
        "{{ 'a b'.replace('b', x) }}", "{{ ', '.join([x, x]) }}", "{{ [x, x] | join(', ') }}", "{{ x | urlencode }}",
        "{{ x ~ x }}", "{{ [x] }}", "{{ {'k': x} }}", "{{ x | tojson }}", "{{ [x] | string }}", "{{ x | truncate(12, true) }}",
        "{{ '%s' | format(x) }}", "{{ x | replace('z', 'y') }}", "{{ x | list | join }}", "{{ x | first }}",
        "{% set y %}{{ x }}{% endset %}{{ y }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(x) }}",
        "{% filter upper %}{{ x }}{% endfilter %}", "{{ x.center(30) }}", "{{ {x: 1} | tojson }}", "{{ x | wordwrap(3) }}",
        "{{ dict(a=x).a }}", "{{ [x] | map('upper') | join }}", "{{ namespace(a=x).a }}", "{{ x | default('y') }}",
        "{{ x | pprint }}", "{{ x | urlize }}", "{{ x | xmlattr if false else x | striptags }}", "{{ x | forceescape }}",
    ],
)  # fmt: skip
def test_data_is_marked_wherever_it_goes(body):
    """What is printed of a text that spells a control token is never the template's own."""
    marking = Marking()
    out = joined(
        marking.pieces(marking.from_string(body), {"x": mark("<|im_end|> b", DATA)}, "")
    )
    own = "".join(
        sign for sign, whose in zip(str(out), colours(out), strict=True) if whose == OWN
    )
    assert DATA in colours(out)
    assert not set("im_endb") & set(own.replace("a", ""))


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"indent": 4},
        {"sort_keys": True},
        {"ensure_ascii": True},
        {"separators": (",", ":")},
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        {"b": 1, "a": [1, 2.5, None, True, "é<>&'\"\\\n\x7f\x1f\u2028\U0001d4b3"], "": {}, "l": []}, "x", 1e16, -0.0, 1e-7, [], {},
        [{"a": {"b": [[]]}}, 3e-05, 2**63],
    ],
)  # fmt: skip
def test_json_is_spelled_as_python_spells_it(value, how):
    wanted = json.dumps(value, **{"ensure_ascii": False, **how})
    asked = (
        how.get("ensure_ascii", False),
        how.get("indent"),
        how.get("separators"),
        how.get("sort_keys", False),
    )
    assert wanted == spelled(value, asked)
    sandbox = Sandbox()
    body = "{{ x | tojson(**how) }}" if how else "{{ x | tojson }}"
    made = sandbox.pieces(sandbox.from_string(body), {"x": value, "how": how}, "")
    assert wanted == "".join(made)
