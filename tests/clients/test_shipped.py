"""Real trainers read the tokens of the support dataset: calls, tools, and a pack's most samples.

What each reader gets is held against `tokens`, whose rows the tests of chat templates answer for.
The readers live in an environment of their own (`make clients`), named by SFTSPEC_CLIENTS.
"""

from itertools import pairwise
import json
import os
from pathlib import Path
import shutil
import subprocess
import sysconfig

import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer

from sftspec.build import Settings, build
from sftspec.engine.log import Log

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
CLIENTS = os.environ.get("SFTSPEC_CLIENTS", "")
WINDOW = 4096
PART = "dev"
END = "<|im_end|>"

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not CLIENTS, reason="SFTSPEC_CLIENTS names no Python: `make clients`"),
]


@pytest.fixture(scope="module")
def specs(tmp_path_factory):
    home = tmp_path_factory.mktemp("shipped")
    (home / "pyproject.toml").touch()
    return Path(shutil.copytree(REPO / "specs", home / "specs"))


@pytest.fixture(scope="module")
def snapshot(specs):
    return build(specs / "support.sft", Settings(engine="local"), Log()).folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs a script with the clients' own Python, and reads the JSON of its last line."""
    home = tmp_path_factory.mktemp("home")
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ} | {
        "HOME": str(home), "HF_HOME": str(home / "hf"), "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1", "TMPDIR": str(home),
    }  # fmt: skip

    def start(script, *words):
        done = subprocess.run(
            [CLIENTS, str(HERE / script), *map(str, words)],
            capture_output=True, text=True, check=False, env=env, timeout=600,
        )  # fmt: skip
        assert 0 == done.returncode, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return start


@pytest.fixture(scope="module")
def tokenizer(specs):
    return Tokenizer.from_file(str(specs / "tokenizers" / "small.json"))


@pytest.fixture(scope="module")
def samples(snapshot):
    """Ids and labels of each sample."""
    files = sorted((snapshot / "tokens").glob(f"{PART}-*.parquet"))
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    return [(row["input_ids"], row["labels"]) for row in rows]


@pytest.fixture(scope="module")
def trl(run, specs, snapshot, tmp_path_factory):
    template = tmp_path_factory.mktemp("template") / "none.jinja"
    template.touch()  # tokens need none
    tokenizer = specs / "tokenizers" / "small.json"
    words = (snapshot, PART, tokenizer, template, END)
    return run("trl_reads.py", *words, "tokens", "packed")


@pytest.fixture(scope="module")
def megatron(run, snapshot, tokenizer):
    end = tokenizer.token_to_id(END)
    return run("megatron_reads.py", snapshot, PART, WINDOW, end)


def trained(samples):
    """Each trained token behind all that a model sees before it."""
    return sorted(
        (tuple(ids[:at]), ids[at])
        for ids, labels in samples
        for at, label in enumerate(labels)
        if label >= 0
    )


def pieces(row, *names):
    """The samples of a row, by the bounds that the model is given."""
    for first, end in pairwise(row["cu_seq_lens_q"]):
        yield tuple(row[name][0][first:end] for name in names)


def test_there_are_calls_and_each_trained_turn_ends_with_its_token(samples, tokenizer):
    end = tokenizer.token_to_id(END)
    assert len(samples) > 20
    for ids, labels in samples:
        assert labels[0] < 0
        ends = [at for at, (a, b) in enumerate(pairwise([*labels, -100])) if a >= 0 > b]
        assert ends
        assert {end} == {ids[at] for at in ends}
    said = [[one for one in labels if one >= 0] for _, labels in samples]
    texts = [tokenizer.decode(ids, skip_special_tokens=False) for ids in said]
    assert any('<tool_call>\n{"name": "lookup_order", "arguments": ' in text for text in texts)


def test_trl_gets_each_sample_once_alone_and_packed(trl, samples):
    alone = [(row["input_ids"], row["labels"]) for row in trl["tokens"]["rows"]]
    packs = trl["packed"]["rows"]
    assert samples == alone
    assert len(packs) < len(samples)
    assert sorted(samples) == sorted(
        one for row in packs for one in pieces(row, "input_ids", "labels")
    )


def test_the_loss_of_packs_is_that_of_their_samples_alone(trl):
    alone = [
        (row["input_ids"], one["loss"] * one["trained"])
        for row, one in zip(trl["tokens"]["rows"], trl["tokens"]["losses"], strict=True)
    ]
    packed = [
        (ids, loss)
        for row, one in zip(trl["packed"]["rows"], trl["packed"]["losses"], strict=True)
        for (ids,), loss in zip(pieces(row, "input_ids"), one["samples"], strict=True)
    ]
    for (ids, loss), (same, other) in zip(sorted(alone), sorted(packed), strict=True):
        assert ids == same
        assert loss == pytest.approx(other, rel=1e-4)


def test_megatron_core_reads_the_samples_of_the_store_64_to_a_pack(megatron, samples):
    packs = megatron["store"]
    assert max(map(len, packs)) <= 64
    assert sorted(samples) == sorted((ids, labels) for pack in packs for ids, labels in pack)


def test_megatron_bridge_trains_the_same_tokens_behind_the_same_ones(megatron, samples):
    shifted = []
    for row in megatron["nemo"]["batches"]:
        for first, end in pairwise(one for one in row["cu_seqlens"] if one >= 0):
            tokens, labels, mask = (
                row[name][first:end] for name in ("tokens", "labels", "loss_mask")
            )
            shifted += [
                (tuple(tokens[: at + 1]), labels[at]) for at, one in enumerate(mask) if one
            ]
    assert trained(samples) == sorted(shifted)


def test_a_model_sees_no_leak(run, snapshot):
    packages = sysconfig.get_path("purelib")
    status, text = run("leaks.py", packages, snapshot)["sound"]
    found = json.loads(text)
    assert (0, []) == (status, found["wrong"])
    assert found["leak"]["holds"]
    assert found["leak"]["segments"] > found["leak"]["packs"]
