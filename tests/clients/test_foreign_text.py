"""The model templates that TRL ships, taken as files: each conversation is rendered as transformers does, or refused.

Which templates refuse what, and why, is written down here. What a template itself raises is refused by
both. TRL and transformers live in the clients' environment (`make clients`), named by SFTSPEC_CLIENTS.
"""

from collections import Counter
import json
import os
from pathlib import Path
import runpy
import subprocess
from types import SimpleNamespace

import pytest

from sftspec.ports.foreign_chat import ForeignTemplate
from sftspec.ports.segments import END, WORDS, CannotSay, Options, chat_template, text_of

HERE = Path(__file__).resolve().parent
CLIENTS = os.environ.get("SFTSPEC_CLIENTS", "")
made = SimpleNamespace(**runpy.run_path(str(HERE / "talks_made.py")))

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not CLIENTS, reason="SFTSPEC_CLIENTS names no Python: `make clients`"),
]

COUNT = 120
TOKENS = {"bos_token": "<bos>", "eos_token": "<eos>"}
DATE = (2024, 7, 26)
CONTROLS = (
    *("<bos>", "<eos>", "<s>", "</s>", "<|begin_of_text|>", "<|endoftext|>"),
    *("<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>", "<think>", "</think>"),
    *("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>", "<|python_tag|>"),
    *("<start_of_turn>", "<end_of_turn>", "<|turn>", "<turn|>", "<end_of_utterance>"),
    *("<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|call|>", "<|return|>", "<|eot|>"),
    *("<|eom|>", "<|user|>", "<|system|>", "<|assistant|>", "<|observation|>", "[gMASK]", "<sop>"),
    *("<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|SYSTEM_TOKEN|>", "<|USER_TOKEN|>"),
    *("<|CHATBOT_TOKEN|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    *("<\uff5cUser\uff5c>", "<\uff5cAssistant\uff5c>", "<\uff5cend▁of▁sentence\uff5c>"),
    *("<|tool_call_start|>", "<|tool_call_end|>", "<|tool_list_start|>", "<|tool_list_end|>"),
    *("<|tool_response_start|>", "<|tool_response_end|>"),
)  # fmt: skip

TOOLS, CALLS, WORDY = "no-place-for-tools", "calls-dropped", "words-changed"
ASKED, LOST, ENDLESS = "template-not-derived", "turn-dropped", "no-end-of-turn"
WHOLE = {  # refused whole, and the reasons that none of the templates raises itself
    "deepseek_r1_distill": {ASKED, TOOLS},  # the prompt supplies `<think>`, the turn has none
    "deepseekv3": {ASKED, TOOLS},
    "glm4moe": {ASKED, ENDLESS},  # the next turn's header is what ends a turn
    "idefics3": {LOST, TOOLS, WORDY},  # they want contents as lists of parts
    "llava_next": set(),
    "smolvlm": {LOST, TOOLS, WORDY},
}
NO_TOOLS = ("cohere", "cohere2", "gemma", "gemma3", "llama3", "phi3", "phi3_5", "qwen2_5_vl")
NOT_ASKED = (  # thoughts that the prompt does not ask for, or an answer that goes on where a tool's turn was
    *("diffusion_gemma", "gemma4_v5", "gptoss", "nemotron_3_5_lightning"),
    *("nemotron_3_nano", "nemotron_3_super", "nemotron_3_ultra"),
)  # fmt: skip
THOUGHTS = ("qwen3", "qwen3_5_nothink", "qwen3_5_think", "qwen3_6")
PARTLY = (
    {name: {TOOLS} for name in NO_TOOLS}
    | {name: {ASKED} for name in NOT_ASKED}
    | {name: {ASKED, WORDY} for name in THOUGHTS}
)
AFRESH = {  # earlier turns are laid out anew by what follows them
    *("diffusion_gemma", "gemma4", "gemma4_v3", "gemma4_v4", "gemma4_v5", "gptoss"),
    *("qwen3", "qwen3_5_nothink", "qwen3_5_think", "qwen3_6"),
}  # fmt: skip


@pytest.fixture(scope="module")
def talks():
    return made.made(COUNT, "foreign")


@pytest.fixture(scope="module")
def theirs(talks, tmp_path_factory):
    """The source and the texts of each template."""
    home = tmp_path_factory.mktemp("theirs")
    asked = {
        "talks": talks, "date": DATE, "tokens": TOKENS,
        "arguments": {"enable_thinking": False, "thinking": False},
    }  # fmt: skip
    (home / "asked").write_text(json.dumps(asked), encoding="utf-8")
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env |= {"HOME": str(home), "HF_HOME": str(home / "hf"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [CLIENTS, str(HERE / "foreign_text.py"), str(home / "asked"), str(home / "answer")],
        capture_output=True, text=True, check=False, env=env, timeout=900,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr[-2000:]
    return json.loads((home / "answer").read_bytes())


@pytest.fixture(scope="module")
def ours(talks, theirs):
    """Of each template what each conversation became: segments, or a refusal."""
    found = {}
    for name, one in theirs.items():
        template = ForeignTemplate(one["source"], CONTROLS, TOKENS)
        found[name] = [segments(template, made.talk_of(talk)) for talk in talks]
    return found


def segments(template, talk):
    try:
        return template.segments(talk, Options())
    except CannotSay as refusal:
        return refusal


def test_all_of_the_model_templates_are_there(theirs):
    assert 41 == len(theirs)


def test_what_is_laid_out_is_the_text_of_transformers_byte_by_byte(theirs, ours):
    same = 0
    for name, one in theirs.items():
        for wanted, found in zip(one["texts"], ours[name], strict=True):
            if not isinstance(found, CannotSay):
                assert (name, wanted) == (name, text_of(found))
                same += 1
    assert same > 25 * COUNT


def test_what_a_template_raises_is_refused_by_both(theirs, ours):
    for name, one in theirs.items():
        for wanted, found in zip(one["texts"], ours[name], strict=True):
            raised = isinstance(found, CannotSay) and found.reason == "template-raised"
            assert (name, wanted is None) == (name, raised)


def test_the_last_turn_is_trained_with_what_ends_it(talks, ours):
    for several in ours.values():
        for talk, found in zip(talks, several, strict=True):
            if isinstance(found, CannotSay):
                continue
            last = len(talk["messages"]) - 1
            mine = [one for one in found if one.turn == last and one.part >= WORDS]
            words = "".join(one.text for one in mine if one.part == WORDS)
            assert talk["messages"][-1]["content"].strip() == words.strip()
            assert (END, True) == (mine[-1].part, mine[-1].control)


def test_what_is_refused_and_why_is_as_written_down(ours):
    found = {
        name: Counter(
            one.reason
            for one in several
            if isinstance(one, CannotSay) and one.reason != "template-raised"
        )
        for name, several in ours.items()
    }
    whole = {name for name, some in ours.items() if all(isinstance(x, CannotSay) for x in some)}
    assert WHOLE == {name: set(found[name]) for name in sorted(whole)}
    assert PARTLY == {
        name: set(reasons) for name, reasons in found.items() if reasons and name not in whole
    }


def test_the_templates_that_lay_earlier_turns_out_anew_are_known(theirs):
    found = {
        name
        for name, one in theirs.items()
        if not ForeignTemplate(one["source"], CONTROLS, TOKENS).KEEPS
    }
    assert AFRESH == found


BUILT_IN = {  # the built-in template, the model's own, and its BOS
    "llama3": ("llama3", "<|begin_of_text|>"), "llama31": ("llama3_1", "<|begin_of_text|>"),
    "qwen25": ("qwen2_5", None), "qwen3": ("qwen3", None), "gemma": ("gemma", "<bos>"),
    "gemma3": ("gemma3", "<bos>"),
}  # fmt: skip


def pieces(template, talk, options):
    """Control tokens and texts, and whether they are the model's to write; None where it is refused."""
    try:
        laid = template.segments(talk, options)
    except CannotSay:
        return None
    last = len(talk.messages) - 1
    found = []
    for one in laid:
        mine = one.part >= WORDS and (template.KEEPS or one.turn == last)
        kind = (one.control, mine, one.turn if mine else -1)
        if found and not one.control and found[-1][0] == kind:
            found[-1] = (kind, found[-1][1] + one.text)
        elif one.text:
            found.append((kind, one.text))
    return found


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("thinking", [False, True])
def test_what_is_derived_is_what_the_built_in_template_lays_out(name, thinking, talks, theirs):
    built_in, (model, begin) = chat_template(name), BUILT_IN[name]
    names = {"bos_token": begin} if begin else {}
    derived = ForeignTemplate(theirs[model]["source"], built_in.CONTROLS, names)
    assert (built_in.KEEPS, built_in.BEGIN) == (derived.KEEPS, derived.BEGIN)
    options = Options(thinking=thinking)
    same = 0
    for talk in map(made.talk_of, talks):
        ours, other = (pieces(one, talk, options) for one in (built_in, derived))
        if ours is not None and other is not None:
            assert ours == other
            same += 1
    assert same > COUNT // 6
