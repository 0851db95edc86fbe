"""`verify --leak`: what a small model says of packs, and that it would say otherwise of others.

The model's libraries live in the environment of the other clients (`make clients`), named by
SFTSPEC_CLIENTS.
"""

import hashlib
import json
import os
from pathlib import Path
import runpy
import shutil
import subprocess
import sys
import sysconfig
from types import SimpleNamespace

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sftspec.build import Settings, build
from sftspec.engine.log import Log
from sftspec.ground.report import Fault
from sftspec.snapshot.leak import Pack, leak
from sftspec.snapshot.manifest import checked, decode, encode
from sftspec.snapshot.packs import Rows, shelves, spread

HERE = Path(__file__).resolve().parent
CLIENTS = os.environ.get("SFTSPEC_CLIENTS", "")
SPEC = """edition 2026

dataset packs v0.1.0 {
  seed    = 3
  license = "CC0-1.0"
}
source talks {
  path    = "data/talks.jsonl"
  key     = id
  origin  = synthetic
  license = "CC0-1.0"
  fields { id: integer, messages: [any] }
}
template talk v1.0.0 {
  layer = skill
  from talks as row
  messages = row.messages as openai { system kept }
}
mixture { total = all }
chat chatml {
  template  = builtin("chatml")
  tokenizer = "tokenizer.json"
  window    = 512
}
emit {
  jsonl
  packed chatml
  store chatml
}
"""

wares = SimpleNamespace(**runpy.run_path(str(HERE / "wares.py")))
pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not CLIENTS, reason="SFTSPEC_CLIENTS names no Python: `make clients`"),
]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """A snapshot with packs in both forms."""
    home = tmp_path_factory.mktemp("packs")
    (home / "pyproject.toml").touch()
    (home / "packs.sft").write_text(SPEC, encoding="utf-8")
    talks = list(wares.conversations(60))
    texts = [message["content"] for talk in talks for message in talk]
    wares.trained_tokenizer(texts).save(str(home / "tokenizer.json"))
    (home / "data").mkdir()
    with (home / "data" / "talks.jsonl").open("w", encoding="utf-8") as file:
        for number, talk in enumerate(talks):
            file.write(json.dumps({"id": number, "messages": talk}) + "\n")
    return build(home / "packs.sft", Settings(engine="local"), Log()).folder


@pytest.fixture(scope="module")
def broken(snapshot, tmp_path_factory):
    """The snapshot with positions that run on through a pack, sealed as if they were right."""
    folder = Path(shutil.copytree(snapshot, tmp_path_factory.mktemp("broken") / "0.1.0"))
    name = next(name for name in names(folder) if name.startswith("packed/train"))
    rows = pq.read_table(folder / name)
    lists = rows["input_ids"].combine_chunks()
    run_on = pa.array(
        [np.arange(size) for size in lists.value_lengths().to_pylist()], lists.type
    )
    at = rows.column_names.index("position_ids")
    pq.write_table(rows.set_column(at, "position_ids", run_on), folder / name)
    seal_again(folder, name)
    return folder


@pytest.fixture(scope="module")
def answers(snapshot, broken, tmp_path_factory):
    """What the clients' Python said."""
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env |= {"HOME": str(tmp_path_factory.mktemp("home")), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [CLIENTS, str(HERE / "leaks.py"), sysconfig.get_path("purelib"), snapshot, broken],
        capture_output=True, text=True, check=False, env=env, timeout=300,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr[-3000:]
    return json.loads(done.stdout)


def names(folder):
    return [one.name for one in decode((folder / "MANIFEST.json").read_bytes()).files]


def seal_again(folder, name):
    """The manifest with the size and digest that a file has now."""
    manifest = decode((folder / "MANIFEST.json").read_bytes())
    data = (folder / name).read_bytes()
    files = tuple(
        msgspec.structs.replace(one, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        if one.name == name else one
        for one in manifest.files
    )  # fmt: skip
    changed = checked(msgspec.structs.replace(manifest, files=files))
    (folder / "MANIFEST.json").write_bytes(encode(changed))


def test_the_packs_of_a_snapshot_do_not_leak(answers):
    status, text = answers["sound"]
    found = json.loads(text)
    assert (0, "ok", []) == (status, found["verdict"], found["wrong"])
    assert found["leak"]["holds"]
    assert found["leak"]["packs"] == 16
    assert found["leak"]["segments"] > 16
    assert 0 <= float(found["leak"]["difference"]) < 1e-5
    assert float(found["leak"]["control"]) > 1e-2


def test_the_text_says_what_was_compared_and_the_control(answers):
    status, text = answers["text"]
    assert status == 0
    assert "leak: 16 packs, " in text
    assert "with a mask of ones" in text


def test_positions_that_run_on_are_a_finding(answers):
    status, text = answers["broken"]
    found = json.loads(text)
    assert (1, "wrong") == (status, found["verdict"])
    assert not found["leak"]["holds"]
    (wrong,) = found["wrong"]
    assert (wrong["kind"], wrong["name"][:12]) == ("leak", "packed/train")
    assert wrong["detail"].endswith("positions do not begin anew with each sample")


@pytest.mark.parametrize("packs", ["two", "one token each", "too long", "many"])
def test_packs_that_are_right_hold(answers, packs):
    found = answers["packs"][packs]
    assert found["holds"]
    assert found["control"]


def test_of_many_packs_as_many_are_run_as_the_limit_says(answers):
    assert 9 == answers["packs"]["many"]["packs"]


def test_a_pack_whose_positions_run_on_does_not_hold(answers):
    found = answers["packs"]["run on"]
    assert not found["holds"]
    assert found["why"] == f"a sample's logits packed and alone differ by {found['difference']}"
    assert float(found["difference"]) > 1e-2


def test_a_sample_alone_has_none_to_leak_to(answers):
    found = answers["packs"]["alone"]
    assert (True, "") == (found["holds"], found["control"])


@pytest.mark.parametrize("packs", ["torn", "empty"])
def test_lengths_that_are_not_those_of_the_pack_do_not_hold(answers, packs):
    found = answers["packs"][packs]
    assert (False, "inf") == (found["holds"], found["difference"])


# what needs no model


def test_without_the_libraries_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(Fault) as caught:
        leak([Pack("a pack", np.arange(2), np.arange(2), np.array([2]))], 1)
    assert ("missing-library", "pip install 'sftspec[train]'") == (
        caught.value.slug, caught.value.hint,
    )  # fmt: skip


def test_the_packs_that_are_shown_lie_evenly(snapshot):
    several = shelves(snapshot, decode((snapshot / "MANIFEST.json").read_bytes()))
    total = sum(map(len, several))
    every = [pack.where for pack in spread(several, total + 5)]
    assert (total, total) == (len(every), len(set(every)))
    assert [every[at * total // 5] for at in range(5)] == [
        one.where for one in spread(several, 5)
    ]


def test_both_forms_have_the_same_packs(snapshot):
    several = shelves(snapshot, decode((snapshot / "MANIFEST.json").read_bytes()))
    kinds = {"packed": [], "store": []}
    for pack in spread(several, 10_000):
        said = (pack.ids.tolist(), pack.positions.tolist(), pack.lengths.tolist())
        kinds[pack.where.partition("/")[0]].append(said)
    assert kinds["packed"]
    assert kinds["packed"] == kinds["store"]


@pytest.mark.parametrize("at", [0, 70, 129])
def test_the_row_that_is_astray_is_named(tmp_path, at):
    positions = [[0, 1, 2, 0, 1] for _ in range(130)]
    positions[at] = [0, 1, 2, 3, 0]
    table = pa.table({"position_ids": positions, "seq_lengths": [[3, 2]] * 130})
    pq.write_table(table, tmp_path / "packs.parquet", row_group_size=64)
    assert at == Rows(tmp_path, "packs.parquet").astray()


def test_a_row_with_more_positions_than_its_samples_have_tokens_is_astray(tmp_path):
    table = pa.table(
        {"position_ids": [[0, 1], [0, 1, 2]], "seq_lengths": [[1, 1], [2]]},
    )
    pq.write_table(table.slice(1), tmp_path / "packs.parquet")
    assert 0 == Rows(tmp_path, "packs.parquet").astray()


def test_a_snapshot_without_packs_is_a_fault(tmp_path):
    small = SimpleNamespace(**runpy.run_path(str(HERE.parent / "small.py")))
    root = small.make(tmp_path / "project")
    assert 0 == small.sftspec(root, "build", "small.sft", "--log", "none").returncode
    done = small.sftspec(root, "verify", "small", "--leak")
    assert done.returncode == 3
    assert "small 0.1.0 has no packed tokens" in done.stderr
