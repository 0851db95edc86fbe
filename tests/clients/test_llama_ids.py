"""Ids and mask of our `llama3` are those of `ChatFormat` of llama-models, over thousands of conversations.

The tokenizer.json is made on the spot from the rank file that llama-models ships. Both live in the
environment of the other clients (`make clients`), named by SFTSPEC_CLIENTS.
"""

import json
import os
from pathlib import Path
import runpy
import subprocess
from types import SimpleNamespace

import pytest

from sftspec.ports.segments import WORDS, Options, chat_template
from sftspec.ports.vocabulary import load_tokenizer

HERE = Path(__file__).resolve().parent
CLIENTS = os.environ.get("SFTSPEC_CLIENTS", "")
LLAMA = chat_template("llama3")
made = SimpleNamespace(**runpy.run_path(str(HERE / "talks_made.py")))

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not CLIENTS, reason="SFTSPEC_CLIENTS names no Python: `make clients`"),
]


def clients(home, script, *args):
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env |= {"HOME": str(home), "HF_HOME": str(home / "hf"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [CLIENTS, str(HERE / script), *map(str, args)],
        capture_output=True, text=True, check=False, env=env, timeout=600,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr[-2000:]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("llama")


@pytest.fixture(scope="module")
def tokenizer(home):
    (home / "tokenizer").mkdir()
    path = home / "tokenizer" / "tokenizer.json"
    clients(home, "llama_json.py", path)
    return load_tokenizer(path, LLAMA.CONTROLS)


@pytest.fixture(scope="module")
def talks():
    """Conversations with their texts trimmed, as the model's template does and `ChatFormat` does not."""
    found = made.made(2500, "llama", tools=False)
    for talk in found:
        for one in talk["messages"]:
            one["content"] = one["content"].strip()
    return found


@pytest.fixture(scope="module")
def theirs(home, talks):
    (home / "talks").write_text(json.dumps(talks), encoding="utf-8")
    clients(home, "llama_ids.py", home / "talks", home / "answer")
    return json.loads((home / "answer").read_bytes())


def runs_of(segments):
    """Text that is encoded as one, and control tokens; each with whether the model writes it."""
    runs = []
    for segment in segments:
        written = segment.part >= WORDS
        last = runs[-1] if runs else None
        if not (segment.control or segment.apart or last is None) and (
            not last[1] and last[2] == written
        ):
            runs[-1] = (last[0] + segment.text, False, written)
        else:
            runs.append((segment.text, segment.control, written))
    return runs


@pytest.fixture(scope="module")
def ours(tokenizer, talks):
    """Ids and mask of each conversation; every run is encoded by itself."""
    laid = [runs_of(LLAMA.segments(made.talk_of(talk), Options())) for talk in talks]
    texts = sorted({text for runs in laid for text, control, _ in runs if not control})
    ids, offsets = (found.tolist() for found in tokenizer.encode(texts))
    known = {text: ids[offsets[at] : offsets[at + 1]] for at, text in enumerate(texts)}
    found = []
    for runs in laid:
        pieces = [
            ([tokenizer.controls[text]] if control else known[text], int(written))
            for text, control, written in runs
        ]
        found.append(
            [[one for some, _ in pieces for one in some], [mark for some, mark in pieces for _ in some]]
        )  # fmt: skip
    return found


def test_ids_and_mask_are_equal(talks, ours, theirs):
    assert len(talks) >= 2000
    assert (
        sum("<|eot_id|>" in one["content"] for talk in talks for one in talk["messages"]) > 50
    )
    for talk, wanted, found in zip(talks, theirs, ours, strict=True):
        assert wanted == found, talk
