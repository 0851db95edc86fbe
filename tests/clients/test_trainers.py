"""Real trainers read our tokens: what reaches the model is what ChatML, written down anew, says.

Each known fault of a reader that an output can provoke or prevent has a test, and, where the reader
lets it be shown, a control in which the fault is seen. The readers live in an environment of their
own (`make clients`), named by SFTSPEC_CLIENTS.
"""

from itertools import accumulate, pairwise
import json
import os
from pathlib import Path
import runpy
import subprocess
from types import SimpleNamespace

import pytest

from sftspec.build import Settings, build
from sftspec.engine.log import Log

HERE = Path(__file__).resolve().parent
CLIENTS = os.environ.get("SFTSPEC_CLIENTS", "")
WINDOW = 4096
BY_DEFAULT = 1024  # tokens that TRL keeps of a row, unless told
SPEC = f"""edition 2026

dataset wares v0.1.0 {{
  seed    = 3
  license = "CC0-1.0"
}}
source talks {{
  path    = "data/talks.jsonl"
  key     = id
  origin  = synthetic
  license = "CC0-1.0"
  fields {{ id: integer, messages: [any], worse: string }}
}}
template talk v1.0.0 {{
  layer = skill
  from talks as row
  messages = row.messages as openai {{ system kept }}
  rejected "{{{{ row.worse }}}}"
}}
mixture {{ total = all }}
chat chatml {{
  template  = builtin("chatml")
  tokenizer = "tokenizer.json"
  window    = {WINDOW}
}}
emit {{
  jsonl
  pairs
  tokens chatml
  packed chatml
  nemo chatml
  store chatml
}}
"""

wares = SimpleNamespace(**runpy.run_path(str(HERE / "wares.py")))
pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not CLIENTS, reason="SFTSPEC_CLIENTS names no Python: `make clients`"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Conversations, a tokenizer trained on them, and a spec of every output."""
    home = tmp_path_factory.mktemp("wares")
    (home / "pyproject.toml").touch()
    (home / "wares.sft").write_text(SPEC, encoding="utf-8")
    (home / "template.jinja").write_text(wares.TEMPLATE, encoding="utf-8")
    talks = list(wares.conversations(120))
    texts = [message["content"] for talk in talks for message in talk]
    wares.trained_tokenizer(texts).save(str(home / "tokenizer.json"))
    (home / "data").mkdir()
    with (home / "data" / "talks.jsonl").open("w", encoding="utf-8") as file:
        for number, talk in enumerate(talks):
            row = {"id": number, "messages": talk, "worse": f"No {number}."}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return home


@pytest.fixture(scope="module")
def snapshot(project):
    """The built project."""
    return build(project / "wares.sft", Settings(engine="local"), Log()).folder


@pytest.fixture(scope="module")
def talks(snapshot):
    """The conversations of part train, in the order of its lines."""
    return [json.loads(line)["messages"] for line in text_of(snapshot / "train.jsonl")]


@pytest.fixture(scope="module")
def samples(project, talks):
    """Their ids and labels, worked out by the tests."""
    tokenizer = wares.tokenizer_of(project / "tokenizer.json")
    return [wares.chatml(talk, tokenizer) for talk in talks]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs a script with the clients' own Python, and reads the JSON of its last line."""
    home = tmp_path_factory.mktemp("home")
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ} | {
        "HOME": str(home), "HF_HOME": str(home / "hf"), "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1", "AXOLOTL_DO_NOT_TRACK": "1", "TMPDIR": str(home),
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
def trl(run, project, snapshot):
    """What TRL made of chat, tokens, packs and pairs."""
    words = (snapshot, "train", project / "tokenizer.json", project / "template.jinja")
    return run("trl_reads.py", *words, "<|im_end|>", "chat", "tokens", "packed", "pairs")


@pytest.fixture(scope="module")
def axolotl(run, project, snapshot):
    """How axolotl packs the tokens."""
    return run("axolotl_reads.py", snapshot, "train", project / "tokenizer.json", WINDOW)


@pytest.fixture(scope="module")
def megatron(run, project, snapshot):
    """What megatron-core makes of the store, and Megatron-Bridge of its packs."""
    tokenizer = wares.tokenizer_of(project / "tokenizer.json")
    end = tokenizer.token_to_id("<|im_end|>")
    return run("megatron_reads.py", snapshot, "train", WINDOW, end)


def text_of(path):
    return path.read_text("utf-8").splitlines()


def pairs_of(rows):
    return [(row["input_ids"], row["labels"]) for row in rows]


def cut(values, lengths):
    """A list in pieces of these lengths; together they are all of it."""
    ends = [0, *accumulate(lengths)]
    assert len(values) == ends[-1]
    return [values[first:end] for first, end in pairwise(ends)]


def predicted(ids, labels):
    """What a model that shifts by itself trains on: each trained token behind all before it."""
    return [(tuple(ids[:at]), ids[at]) for at, label in enumerate(labels) if label >= 0]


# what all of it rests on


def test_the_conversations_are_of_every_kind(talks, samples):
    assert len(talks) == 120
    assert {True, False} == {talk[0]["role"] == "system" for talk in talks}
    assert {1, 2, 3, 4} == {
        sum(message["role"] == "assistant" for message in talk) for talk in talks
    }
    assert any(len(ids) > 2 * BY_DEFAULT for ids, _ in samples)


# TRL


def test_trl_finds_our_labels_in_the_conversations_by_itself(trl, talks, samples):
    found = pairs_of(trl["chat"]["rows"])
    spelled = [number for number, talk in enumerate(talks) if wares.SPELLED in str(talk)]
    assert len(spelled) == 1
    assert spelled == [number for number, one in enumerate(samples) if one != found[number]]


def test_a_control_token_that_a_user_spells_is_text_to_us_and_a_control_token_to_trl(
    trl, axolotl, talks, project
):
    end = wares.tokenizer_of(project / "tokenizer.json").token_to_id("<|im_end|>")
    (at,) = (number for number, talk in enumerate(talks) if wares.SPELLED in str(talk))
    turns = len(talks[at])
    assert turns == axolotl["rows"][at]["input_ids"].count(end)
    assert turns + 1 == trl["chat"]["rows"][at]["input_ids"].count(end)


def test_trl_keeps_our_tokens_as_they_are(trl, samples):
    assert samples == pairs_of(trl["tokens"]["rows"])


def test_trl_cuts_long_rows_only_where_it_is_not_told_that_they_are_whole(trl, samples):
    assert [len(ids) for ids, _ in samples] == [
        len(row["input_ids"]) for row in trl["tokens"]["rows"]
    ]
    assert [min(len(ids), BY_DEFAULT) for ids, _ in samples] == [
        len(row["input_ids"]) for row in trl["tokens"]["by default"]
    ]


def test_the_packs_have_the_four_columns_and_no_mask(trl):
    assert trl["packed"]["columns"] == ["input_ids", "labels", "position_ids", "seq_lengths"]
    assert all("attention_mask" not in row for row in trl["packed"]["rows"])


def test_trl_gives_the_model_each_sample_of_a_pack_with_its_bounds(trl, samples):
    found = []
    for row in trl["packed"]["rows"]:
        bounds = row["cu_seq_lens_q"]
        lengths = [end - first for first, end in pairwise(bounds)]
        assert row["max_length_q"] == max(lengths)
        assert row["position_ids"] == [[at for size in lengths for at in range(size)]]
        found += zip(
            cut(row["input_ids"][0], lengths), cut(row["labels"][0], lengths), strict=True
        )
    assert len(trl["packed"]["rows"]) < len(samples) / 10
    assert sorted(samples) == sorted(found)


def test_the_loss_of_packs_is_that_of_their_samples_alone(trl):
    alone, packed = (trl[name]["losses"] for name in ("tokens", "packed"))
    assert sum(one["trained"] for one in alone) == sum(one["trained"] for one in packed)
    wanted = sum(one["loss"] * one["trained"] for one in alone)
    assert wanted == pytest.approx(
        sum(one["loss"] * one["trained"] for one in packed), rel=1e-6
    )
    assert apart(trl, "losses") < 1e-4


@pytest.mark.parametrize("fault", ["without lengths", "with a mask of ones"])
def test_a_leak_would_show_in_the_loss_of_a_sample(trl, fault):
    assert apart(trl, fault) > 1e-2


def apart(trl, name):
    """How far the loss of a sample in its pack lies from that alone: the largest part of it."""
    alone = [
        (row["input_ids"], one["loss"] * one["trained"])
        for row, one in zip(trl["tokens"]["rows"], trl["tokens"]["losses"], strict=True)
    ]
    packed = []
    for row, one in zip(trl["packed"]["rows"], trl["packed"][name], strict=True):
        lengths = [end - first for first, end in pairwise(row["cu_seq_lens_q"])]
        packed += zip(cut(row["input_ids"][0], lengths), one["samples"], strict=True)
    found = list(zip(sorted(alone), sorted(packed), strict=True))
    assert all(a[0] == b[0] for a, b in found)
    return max(abs(a[1] - b[1]) / a[1] for a, b in found)


def test_trl_trains_two_steps_on_each(trl):
    assert all(
        0.1 < trl[name]["trained"] < 50 for name in ("chat", "tokens", "packed", "pairs")
    )


def test_trl_makes_of_a_pair_its_prompt_and_both_answers(trl, project, snapshot):
    tokenizer = wares.tokenizer_of(project / "tokenizer.json")
    tokenizer.encode_special_tokens = False  # TRL's way: what a user spells is a control token
    opening = wares.chatml([{"role": "assistant", "content": ""}], tokenizer)[0][:-2]
    wanted = []
    for line in text_of(snapshot / "pairs" / "train.jsonl"):
        row = json.loads(line)
        prompt = wares.chatml(row["prompt"], tokenizer)[0] + opening
        answers = [
            wares.chatml(row["prompt"] + row[name], tokenizer)[0][len(prompt) :]
            for name in ("chosen", "rejected")
        ]
        wanted.append([prompt, *answers])
    assert len(wanted) == 120
    assert wanted == [
        [row["prompt_ids"], row["chosen_ids"], row["rejected_ids"]]
        for row in trl["pairs"]["rows"]
    ]


# every reader: what it trains on, whatever its alignment


def test_the_end_of_each_assistant_turn_is_trained_and_nothing_of_others(
    axolotl, talks, project
):
    tokenizer = wares.tokenizer_of(project / "tokenizer.json")
    end = tokenizer.token_to_id("<|im_end|>")
    for talk, row in zip(talks, axolotl["rows"], strict=True):
        answers = [m["content"] for m in talk if m["role"] == "assistant"]
        trained = [label for label in row["labels"] if label >= 0]
        assert trained.count(end) == len(answers)
        assert trained[-1] == end
        texts = tokenizer.decode(trained, skip_special_tokens=False).split("<|im_end|>")
        assert [*answers, ""] == texts


def test_every_sample_trains_something_and_not_its_first_token(axolotl):
    for row in axolotl["rows"]:
        assert row["labels"][0] == wares.IGNORED
        assert any(label >= 0 for label in row["labels"])


def test_every_reader_trains_the_same_tokens_behind_the_same_ones(axolotl, megatron, samples):
    wanted = sorted(one for ids, labels in samples for one in predicted(ids, labels))
    shifted = []  # the mask stands on the token that predicts
    for row in megatron["nemo"]["batches"]:
        bounds = [one for one in row["cu_seqlens"] if one >= 0]
        sizes = [end - first for first, end in pairwise(bounds)]
        columns = (cut(row[name], sizes) for name in ("tokens", "labels", "loss_mask"))
        for tokens, labels, mask in zip(*columns, strict=True):
            shifted += [
                (tuple(tokens[: at + 1]), labels[at])
                for at, trained in enumerate(mask)
                if trained
            ]
    assert wanted == sorted(shifted)
    stored = [sample for pack in megatron["store"] for sample in pack]
    assert wanted == sorted(one for ids, labels in stored for one in predicted(ids, labels))
    tokens = pairs_of(axolotl["rows"])
    assert wanted == sorted(one for ids, labels in tokens for one in predicted(ids, labels))


# axolotl


def test_axolotl_packs_every_sample_once_and_numbers_it(axolotl, samples):
    assert axolotl["columns"] == ["input_ids", "attention_mask", "labels"]
    batches = axolotl["batches"]
    assert list(range(len(samples))) == sorted(at for one in batches for at in one["samples"])
    assert max(len(one["samples"]) for one in batches) > 1
    for one in batches:
        mine = [samples[at] for at in one["samples"]]
        sizes = [len(ids) for ids, _ in mine]
        assert sum(sizes) <= WINDOW
        ids, labels = cut(one["input_ids"], sizes), cut(one["labels"], sizes)
        assert mine == list(zip(ids, labels, strict=True))
        assert one["attention_mask"] == [
            n for n, size in enumerate(sizes, 1) for _ in range(size)
        ]


# Megatron


def test_megatron_core_reads_samples_and_packs_of_the_store(megatron, samples):
    packs = megatron["store"]
    assert 1 < len(packs) < len(samples) / 10
    assert all(sum(len(ids) for ids, _ in pack) <= WINDOW for pack in packs)
    assert sorted(samples) == sorted((ids, labels) for pack in packs for ids, labels in pack)


def test_the_store_and_the_packs_are_one_plan(megatron, trl):
    packed = [(row["input_ids"][0], row["labels"][0]) for row in trl["packed"]["rows"]]
    stored = [
        tuple([token for sample in pack for token in sample[column]] for column in (0, 1))
        for pack in megatron["store"]
    ]
    assert packed == stored
    assert [ids for ids, _ in packed] == [row["input_ids"] for row in megatron["nemo"]["rows"]]


def test_megatron_bridge_gives_each_sample_without_its_last_token_and_with_its_bounds(megatron):
    for row, batch in zip(megatron["nemo"]["rows"], megatron["nemo"]["batches"], strict=True):
        starts = row["seq_start_id"]
        sizes = [
            end - first - 1
            for first, end in zip(starts, [*starts[1:], len(row["input_ids"])], strict=True)
        ]
        assert starts[0] == 0
        assert [*accumulate(sizes, initial=0), -1] == batch["cu_seqlens"]
        assert [at for size in sizes for at in range(size)] == batch["position_ids"]


def test_a_mask_of_labels_that_are_not_moved_would_train_other_tokens(megatron, samples):
    """The control of alignment: token-aligned labels as `loss_mask` are off by one."""
    row = megatron["nemo"]["rows"][0]
    ends = [*row["seq_start_id"][1:], len(row["input_ids"])]
    labels = {tuple(ids): labels for ids, labels in samples}
    aligned = []
    for first, end in zip(row["seq_start_id"], ends, strict=True):
        aligned += [int(one >= 0) for one in labels[tuple(row["input_ids"][first:end])]]
    assert row["loss_mask"] == [
        0 if at + 1 in ends else aligned[at + 1] for at in range(len(aligned))
    ]
    assert row["loss_mask"] != aligned
