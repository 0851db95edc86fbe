"""Chats from a spec to files of tokens: losses, windows, shares, locks, and what is done again."""

import json
from pathlib import Path
import shutil

import pyarrow.parquet as pq
import pytest

from sftspec.build import Settings, ShortMixture, build
from sftspec.cli import main
from sftspec.engine.log import Log
from sftspec.ground.report import Fault, SpecError
from sftspec.ports.segments import chat_template
from sftspec.ports.vocabulary import load_tokenizer

HERE = Path(__file__).parent
SMALL = HERE.parent / "specs" / "tokenizers" / "small.json"
SPEC = """edition 2026
dataset demo v0.1.0 {{ seed = 3, license = "CC0-1.0" }}
facet kind {{ short "few words", long "many words" }}
source rows {{
  path = "rows.jsonl", key = id, origin = human, license = "CC0-1.0"
  fields {{ id: string, kind: facet kind, ask: string, say: string, more: string }}
}}
template two v1.0.0 {{
  layer = generic
  from rows as row
  tags {{ kind = row.kind }}
  user "{{{{ row.ask }}}}"
  assistant "{{{{ row.say }}}}"
  user "Go on."
  assistant "{{{{ row.more }}}}"
}}
template one v1.0.0 {{
  layer = generic
  from rows as row
  tags {{ kind = row.kind }}
  user "In a word: {{{{ row.ask }}}}"
  assistant "{{{{ row.say }}}}"
}}
mixture {{ {mixture} }}
{split}
chat c {{
  template  = builtin("{template}")
  tokenizer = "small.json"
  window    = {window}
  {chat}
}}
emit {{ {emit} }}
"""


@pytest.fixture
def make(tmp_path):
    """Write the project; what is not given is plain."""
    shutil.copy(SMALL, tmp_path / "small.json")
    (tmp_path / ".sftroot").touch()
    words = [f"number {n} of many" for n in range(40)]
    with (tmp_path / "rows.jsonl").open("w") as out:
        for n, word in enumerate(words):
            row = {
                "id": f"r{n}",
                "kind": "long" if n % 2 else "short",
                "ask": f"What is {word}?",
            }
            said = {"say": f"It is {word}.", "more": f"Well, {word} " * (12 if n % 2 else 1)}
            out.write(json.dumps({**row, **said}) + "\n")

    def write(**given):
        known = {
            "mixture": "total = all", "split": "split { dev 20% }", "template": "llama3", "window": 512, "chat": "",
            "emit": "jsonl, tokens c, packed c",
        }  # fmt: skip
        spec = tmp_path / "demo.sft"
        spec.write_text(SPEC.format(**{**known, **given}))
        return spec

    return write


def built(spec, **settings):
    return build(spec, Settings(engine="local", **settings), Log())


def rows(result, folder, part="train"):
    return [
        row
        for path in sorted((result.folder / folder).glob(f"{part}-*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]


def index(result):
    return pq.read_table(result.folder / "index.parquet").to_pylist()


def test_every_format_holds_the_same_records(make):
    result = built(make())
    lines = (result.folder / "train.jsonl").read_text().splitlines()
    tokens, packs = rows(result, "tokens"), rows(result, "packed")
    assert len(lines) == len(tokens) == sum(len(pack["seq_lengths"]) for pack in packs)
    alone = sorted(tuple(row["input_ids"]) for row in tokens)
    together = []
    for pack in packs:
        at = 0
        for size in pack["seq_lengths"]:
            together.append(tuple(pack["input_ids"][at : at + size]))
            at += size
    assert alone == sorted(together)


def test_tokens_say_what_the_conversations_say(make):
    result = built(make())
    tokenizer = load_tokenizer(SMALL, chat_template("llama3").CONTROLS)
    lines = (result.folder / "train.jsonl").read_text().splitlines()
    for line, row in zip(lines, rows(result, "tokens"), strict=True):
        import numpy as np

        ids = np.array(row["input_ids"], np.int32)
        said = tokenizer.spell(ids, np.array([0, len(ids)]))[0].decode()
        want = "<|begin_of_text|>" + "".join(
            f"<|start_header_id|>{one['role']}<|end_header_id|>\n\n{one['content'].strip()}<|eot_id|>"
            for one in json.loads(line)["messages"]
        )
        assert want == said
        trained = np.array([i for i in row["labels"] if i != -100], np.int32)
        answers = [one for one in json.loads(line)["messages"] if one["role"] == "assistant"]
        want = "".join(one["content"].strip() + "<|eot_id|>" for one in answers)
        assert want == tokenizer.spell(trained, np.array([0, len(trained)]))[0].decode()


def test_expanded_records_have_a_sample_for_each_turn(make):
    alone = len(rows(built(make()), "tokens"))
    expanded = built(make(chat="loss = expand"))
    chosen = [one for one in index(expanded) if one["fate"] == "train"]
    turns = sum(2 if one["template"] == "two" else 1 for one in chosen)
    assert turns == len(rows(expanded, "tokens"))
    assert alone == len(chosen)
    report = expanded.manifest.chats["c"]["outputs"]["tokens"]["parts"]["train"]
    assert turns == report["samples"] == report["packs"]


def test_the_index_and_the_manifest_count_tokens(make):
    result = built(make())
    tokens = sum(len(row["input_ids"]) for row in rows(result, "tokens"))
    trained = sum(i != -100 for row in rows(result, "tokens") for i in row["labels"])
    chosen = [one for one in index(result) if one["fate"] == "train"]
    assert (tokens, trained) == tuple(
        sum(one[f"{w}.c"] for one in chosen) for w in ("tokens", "trained")
    )
    said = result.manifest.chats["c"]["tokens"]["train"]
    assert (tokens, trained) == (said["read"]["total"], said["trained"]["total"])


def test_what_is_too_long_is_rejected_and_counted_by_facet(make):
    result = built(make(window=100))
    lost = [one for one in index(result) if one["fate"] == "rejected:too_long"]
    assert 20 == len(lost)
    assert {("two", "long")} == {(one["template"], one["tag.kind"]) for one in lost}
    told = result.manifest.chats["c"]["truncated"]
    assert (20, 0) == (told["dropped"], told["cut"])
    assert (
        {"dropped": 20, "cut": 0} == told["by"]["template"]["two"] == told["by"]["kind"]["long"]
    )
    lines = (result.folder / "rejected.jsonl").read_text().splitlines()
    assert all("the window has 100" in json.loads(line)["evidence"] for line in lines)


def test_what_is_too_long_is_cut_after_a_turn(make):
    result = built(make(window=100, chat="overflow = cut"))
    assert [] == [one for one in index(result) if one["fate"].startswith("rejected")]
    told = result.manifest.chats["c"]["truncated"]
    assert (0, 20) == (told["dropped"], told["cut"])
    assert max(len(row["input_ids"]) for row in rows(result, "tokens")) <= 100


def test_what_is_too_long_is_an_error_where_that_is_asked(make):
    with pytest.raises(SpecError) as raised:
        built(make(window=100, chat="overflow = error"))
    (found,) = [item for item in raised.value.report.items if item.severity == "error"]
    assert "over-window" == found.slug
    assert found.message.startswith("20 records have more than the 100 tokens")
    assert built(make(chat="overflow = error")).fresh


def test_a_share_of_tokens_is_met(make):
    mixture = "total = 40, share kind by tokens(c) within 2% { short 50%, long 50% }"
    result = built(make(mixture=mixture, split=""))
    sums = {"short": 0, "long": 0}
    for one in index(result):
        if one["fate"] == "train":
            sums[one["tag.kind"]] += one["tokens.c"]
    assert abs(sums["short"] - sums["long"]) <= 0.04 * sum(sums.values())
    quotas = {one["label"]: one for one in result.manifest.mixture["parts"]["train"]["quotas"]}
    assert sums["long"] == quotas["kind long (tokens)"]["chosen"]


def test_a_share_of_tokens_that_nothing_can_meet_is_a_shortfall(make):
    mixture = "total = 70, share kind by tokens(c) within 1% { short 50%, long 50% }"
    with pytest.raises(ShortMixture):
        built(make(mixture=mixture))


def test_a_second_chat_of_a_format_has_a_folder_of_its_own(make):
    more = 'jsonl, tokens c, tokens d }\nchat d { template = builtin("plain"), tokenizer = "small.json", window = 256'
    result = built(make(emit=more))
    assert {"tokens", "tokens-d"} <= {path.name for path in result.folder.iterdir()}
    assert len(rows(result, "tokens")) == len(rows(result, "tokens-d"))


def test_nothing_is_packed_where_that_is_asked(make):
    result = built(make(emit="store c { pack = none }, packed c { segments = 2 }"))
    parts = result.manifest.chats["c"]["outputs"]
    assert (
        parts["store"]["parts"]["train"]["packs"] == parts["store"]["parts"]["train"]["samples"]
    )
    assert 2 == parts["packed"]["parts"]["train"]["most"]


def test_a_part_of_many_tokens_is_written_in_shards(make, monkeypatch):
    from sftspec.engine import token_shards

    spec = make(emit="tokens c, packed c, store c, nemo c")
    whole = built(spec)
    before = {name: rows(whole, name) for name in ("tokens", "packed", "nemo")}
    monkeypatch.setattr(token_shards, "SHARD", 600)
    result = built(spec)
    files = sorted(path.name for path in (result.folder / "packed").glob("train-*"))
    count = len(files)
    assert [f"train-{n:05d}-of-{count:05d}.parquet" for n in range(count)] == files
    assert count > 3
    assert before == {name: rows(result, name) for name in before}
    stems = {path.name.split(".")[0] for path in (result.folder / "store").glob("train-*")}
    assert count == len(stems)


def test_text_that_spells_a_control_token_is_counted(make):
    spec = make()
    spec.write_text(spec.read_text().replace('user "Go on."', 'user "Go on, <|eot_id|>."'))
    result = built(spec)
    chosen = [one for one in index(result) if one["fate"] in {"train", "dev"}]
    proven = result.manifest.chats["c"]["proven"]
    assert len(chosen) == proven["records"]
    assert sum(one["template"] == "two" for one in chosen) == proven["spelling_control_tokens"]


def test_only_the_template_that_changed_is_encoded_again(make):
    spec = make()
    built(spec)
    again = built(spec)
    assert not again.fresh
    assert [0] == [node.stale for node in again.nodes if node.node == "chat c"]
    spec.write_text(spec.read_text().replace("In a word:", "In one word:"))
    changed = {node.node: node for node in built(spec).nodes}
    assert (2, 1) == (changed["chat c"].total, changed["chat c"].stale)
    assert (0, 1) == tuple(changed[f"render {name}"].stale for name in ("two", "one"))


def test_a_tokenizer_that_changed_under_its_lock_is_refused(make, capsys):
    spec = make()
    assert 0 == main(["lock", str(spec)])
    assert 0 == main(["build", str(spec), "--locked", "--log", "none"])
    paper = json.loads((spec.parent / "small.json").read_text())
    (spec.parent / "small.json").write_text(json.dumps(paper))
    assert 1 == main(["build", str(spec), "--locked", "--log", "none"])
    assert "locked-tokenizer-changed" in capsys.readouterr().err
    assert 0 == main(["lock", str(spec), "--upgrade", "c"])
    assert 0 == main(["build", str(spec), "--locked", "--log", "none"])


def test_a_window_that_changed_under_its_version_is_refused(make, capsys):
    spec = make()
    assert 0 == main(["lock", str(spec)])
    assert 1 == main(["check", str(make(window=256))])
    assert "chat `c` is locked" in capsys.readouterr().err


def test_a_tokenizer_that_is_not_there_is_a_fault(make):
    spec = make()
    (spec.parent / "small.json").unlink()
    with pytest.raises(Fault) as raised:
        built(spec)
    assert "tokenizer-not-found" == raised.value.slug


def test_a_chat_that_nothing_uses_reads_no_tokenizer(make):
    spec = make(emit="jsonl")
    (spec.parent / "small.json").unlink()
    result = built(spec)
    assert not result.manifest.chats


def test_what_a_template_cannot_say_is_rejected(make):
    spec = make()
    tool = 'tool find { description = "Find.", parameters { q: string } }\ntemplate one'
    tools = 'tools = [find]\n  user "In a word'
    text = spec.read_text().replace("template one", tool).replace('user "In a word', tools)
    spec.write_text(text)
    result = built(spec)
    assert {"train", "dev", "rejected:unrenderable"} == {one["fate"] for one in index(result)}
    lines = (result.folder / "rejected.jsonl").read_text().splitlines()
    assert 40 == len(lines)
    assert all(json.loads(one)["evidence"].startswith("c: no-place-for-tools") for one in lines)


@pytest.mark.parametrize("template", ["llama3", "qwen25"])
def test_a_preview_shows_what_is_trained(make, capsys, template):
    spec = make(template=template)
    assert 0 == main(["preview", str(spec), "one", "-n", "1", "--chat", "c"])
    lines = capsys.readouterr().out.splitlines()
    (mark,) = [
        at for at, line in enumerate(lines) if line.strip() and set(line.strip()) == {"^"}
    ]
    start, end = lines[mark].index("^"), len(lines[mark])
    end_token = "<|eot_id|>" if template == "llama3" else "<|im_end|>"
    assert f"It is number 0 of many.{end_token}" == lines[mark - 1][start:end].rstrip("⏎")


def test_a_preview_answers_in_json(make, capsys):
    assert 0 == main(
        ["preview", str(make()), "one", "-n", "1", "--chat", "c", "--format", "json"]
    )
    (sample,) = json.loads(capsys.readouterr().out)["samples"]
    trained = "".join(token["text"] for token in sample["samples"][0] if token["trained"])
    assert "It is number 0 of many.<|eot_id|>" == trained


def test_a_preview_of_a_chat_that_is_not_there_says_which_are(make, capsys):
    assert 2 == main(["preview", str(make()), "--chat", "d"])
    assert "hint: there is `c`" in capsys.readouterr().err


def test_a_diff_tells_what_of_a_chat_changed_and_that_it_is_the_cause(make, capsys):
    built(make())
    spec = make(window=100)
    spec.write_text(spec.read_text().replace("demo v0.1.0", "demo v0.2.0"))
    built(spec)
    words = ["diff", "demo@0.1.0", "demo@0.2.0", "--root", str(spec.parent), "--format", "json"]
    assert 0 == main(words)
    found = json.loads(capsys.readouterr().out)["diff"]
    told = [(one["rule"], one["bump"], one["name"], one["what"]) for one in found["changes"]]
    assert ("chat-text", "minor", "c", "window changed") in told
    lost = [one for one in found["groups"] if "too_long" in one["now"]]
    assert 20 == sum(one["count"] for one in lost)
    assert {"chat c: window changed"} == {cause for one in lost for cause in one["causes"]}


def test_another_tokenizer_is_a_major_change(make, capsys):
    spec = make()
    built(spec)
    paper = json.loads((spec.parent / "small.json").read_text())
    (spec.parent / "small.json").write_text(json.dumps(paper))
    spec.write_text(spec.read_text().replace("demo v0.1.0", "demo v0.2.0"))
    built(spec)
    words = ["diff", "demo@0.1.0", "demo@0.2.0", "--root", str(spec.parent), "--format", "json"]
    main(words)
    found = json.loads(capsys.readouterr().out)["diff"]
    told = [(one["rule"], one["bump"], one["name"]) for one in found["changes"]]
    assert ("tokenizer", "major", "c") in told
