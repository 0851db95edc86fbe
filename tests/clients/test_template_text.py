"""Our templates render what the models' own do, byte by byte, over thousands of conversations.

The models' are those that TRL ships, rendered by transformers. Both live in the environment of the
other clients (`make clients`), named by SFTSPEC_CLIENTS.
"""

from collections import Counter
import json
import os
from pathlib import Path
import runpy
import subprocess
from types import SimpleNamespace

import pytest

from sftspec.ports.segments import CannotSay, Options, Talk, chat_template, text_of

HERE = Path(__file__).resolve().parent
CLIENTS = os.environ.get("SFTSPEC_CLIENTS", "")
made = SimpleNamespace(**runpy.run_path(str(HERE / "talks_made.py")))

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not CLIENTS, reason="SFTSPEC_CLIENTS names no Python: `make clients`"),
]

LEAST = 2000  # conversations of which both say the same, of each template
LLAMA = {"bos_token": "<|begin_of_text|>"}
GEMMA = {"bos_token": "<bos>"}
DATE = "5 Mar 2026"
NO_TOOLS = {"no-place-for-tools"}
LOST = {"thoughts-lost"}
CASES = {  # the template, the model's, its arguments, our options, what only we refuse
    "llama3": ("llama3", "llama3", LLAMA, Options(), NO_TOOLS),
    "llama31": ("llama31", "llama3_1", LLAMA, Options(), {"words-beside-calls"}),
    "llama32": (
        "llama31", "llama3_2", LLAMA | {"date_string": DATE}, Options(date=DATE),
        {"words-beside-calls"},
    ),
    "qwen25": ("qwen25", "qwen2_5", {}, Options(), set()),
    "qwen3": ("qwen3", "qwen3", {"enable_thinking": False}, Options(), LOST | {"thoughts-unasked"}),
    "qwen3-thinking": ("qwen3", "qwen3", {}, Options(thinking=True), LOST),
    "gemma": ("gemma", "gemma", GEMMA, Options(), NO_TOOLS),
    "gemma3": ("gemma3", "gemma3", GEMMA, Options(), NO_TOOLS),
}  # fmt: skip


@pytest.fixture(scope="module")
def talks():
    return made.made(2600, "text") + made.made(1600, "bare", tools=False, system=False)


@pytest.fixture(scope="module")
def theirs(talks, tmp_path_factory):
    """What each model's template makes of each conversation, by case and by prompt or not."""
    home = tmp_path_factory.mktemp("theirs")
    keys = [(case, prompt) for case in CASES for prompt in (False, True)]
    jobs = [
        {"template": CASES[case][1], "arguments": CASES[case][2], "prompt": prompt}
        for case, prompt in keys
    ]
    (home / "asked").write_text(json.dumps({"talks": talks, "jobs": jobs}), encoding="utf-8")
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env |= {"HOME": str(home), "HF_HOME": str(home / "hf"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [CLIENTS, str(HERE / "template_text.py"), str(home / "asked"), str(home / "answer")],
        capture_output=True, text=True, check=False, env=env, timeout=900,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr[-2000:]
    return dict(zip(keys, json.loads((home / "answer").read_bytes()), strict=True))


def ours(template, talk, options, *, prompt):
    """What our template makes of it: a text, or a refusal."""
    if prompt:
        talk = Talk(talk.messages[:-1], talk.tools)
    try:
        segments = template.segments(talk, options)
    except CannotSay as refusal:
        return refusal
    return text_of([*segments, *template.prompt(options)] if prompt else segments)


@pytest.mark.parametrize("prompt", [False, True], ids=["whole", "prompt"])
@pytest.mark.parametrize("case", CASES)
def test_the_text_is_the_models_own(case, prompt, talks, theirs):
    name, _, _, options, only_ours = CASES[case]
    template = chat_template(name)
    same, refused = 0, Counter()
    for talk, wanted in zip(talks, theirs[case, prompt], strict=True):
        found = ours(template, made.talk_of(talk), options, prompt=prompt)
        if isinstance(found, CannotSay):
            refused[found.reason, wanted is None] += 1
        else:
            assert wanted == found
            same += 1
    assert same >= LEAST
    assert {reason for reason, by_both in refused if not by_both} <= only_ours
