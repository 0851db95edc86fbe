"""Real clients read what we write: `datasets` gets back what went in, OpenAI's types take each line.

They live in an environment of their own (`make clients`), named by SFTSPEC_CLIENTS.
"""

import json
import os
from pathlib import Path
import shutil
import subprocess

import pytest

from sftspec.build import Settings, build
from sftspec.engine.log import Log

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
CLIENTS = os.environ.get("SFTSPEC_CLIENTS", "")

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not CLIENTS, reason="SFTSPEC_CLIENTS names no Python: `make clients`"),
]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """The support dataset, with tools, parallel calls and pairs."""
    home = tmp_path_factory.mktemp("clients")
    shutil.copytree(REPO / "specs", home / "specs")
    (home / "pyproject.toml").touch()
    return build(home / "specs" / "support.sft", Settings(engine="local"), Log()).folder


@pytest.fixture(scope="module")
def answer(snapshot, tmp_path_factory):
    """What the clients made of it."""
    home = tmp_path_factory.mktemp("home")
    env = {
        **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
        "HOME": str(home), "HF_HOME": str(home / "hf"), "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
    }  # fmt: skip
    done = subprocess.run(
        [CLIENTS, str(HERE / "read_back.py"), str(snapshot), "train"],
        capture_output=True, text=True, check=False, env=env, timeout=600,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr[-2000:]
    return json.loads(done.stdout)


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def spelled(rows, of):
    """Rows with each message and tool as an object, wherever a client left it as text."""
    return [
        {name: [json.loads(x) if isinstance(x, str) else x for x in row[name]] for name in of if row.get(name)}
        for row in rows
    ]  # fmt: skip


def as_objects(messages):
    """OpenAI's messages with the arguments of calls as objects, as the hf profile has them."""
    out = []
    for message in messages:
        calls = [
            {**call, "function": {**call["function"], "arguments": json.loads(call["function"]["arguments"])}}
            for call in message.get("tool_calls", [])
        ]  # fmt: skip
        plain = {
            name: value
            for name, value in message.items()
            if name not in {"tool_calls", "weight"}
        }
        out.append({**plain, "tool_calls": calls} if calls else plain)
    return out


def test_datasets_reads_back_from_parquet_what_went_in(snapshot, answer):
    wanted = [
        {"messages": as_objects(row["messages"]), **({"tools": row["tools"]} if "tools" in row else {})}
        for row in lines(snapshot / "train.jsonl")
    ]  # fmt: skip
    assert len(wanted) > 200
    assert any(m.get("tool_calls") for row in wanted for m in row["messages"])
    assert wanted == spelled(answer["parquet"], ("messages", "tools"))


def test_datasets_finds_the_parts_in_the_folder(answer):
    assert {"train"} <= set(answer["folder"])
    assert answer["folder"] in (["train", "validation"], ["dev", "train"])


def test_datasets_reads_the_json_lines(snapshot, answer):
    wanted = lines(snapshot / "train.jsonl")
    assert [len(row["messages"]) for row in wanted] == [
        len(row["messages"]) for row in answer["jsonl"]
    ]
    contents = [[m.get("content") for m in row["messages"]] for row in wanted]
    assert contents == [[m.get("content") for m in row["messages"]] for row in answer["jsonl"]]


def test_datasets_reads_the_pairs(snapshot, answer):
    wanted = lines(snapshot / "pairs" / "train.jsonl")
    assert len(wanted) > 50
    assert [row["rejected"] for row in wanted] == [
        [{"role": m["role"], "content": m["content"]} for m in row["rejected"]]
        for row in answer["pairs"]
    ]


def test_the_types_of_openai_take_every_line(answer):
    assert [] == answer["openai"]
