"""LLaMA-Factory's own demo files, imported as its `dataset_info.json` has them and built.

Needs the shared data: SFTSPEC_REAL_DATA names its folder, `../shared/data` beside the repository is
the default. What to expect is computed here from the rows, without sftspec.
"""

import gc
import json
import os
from pathlib import Path
import signal

import pytest

from sftspec.cli import main

REPO = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("SFTSPEC_REAL_DATA") or REPO.parent / "shared" / "data")
INFO = {
    "alpaca_en_demo": {"file_name": "general/alpaca_en_demo.json"},
    "alpaca_zh_demo": {"file_name": "general/alpaca_zh_demo.json"},
    "glaive_toolcall_en_demo": {
        "file_name": "tools/glaive_toolcall_en_demo.json",
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", "tools": "tools"},
    },
}

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not (DATA / "tools").is_dir(),
        reason="real data not found: set SFTSPEC_REAL_DATA to the folder that holds tools/",
    ),
]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SFTSPEC_STORE", raising=False)
    (tmp_path / ".sftroot").touch()
    yield tmp_path
    signal.signal(signal.SIGTERM, before)
    gc.enable()


def rows_of(name):
    return json.loads((DATA / INFO[name]["file_name"]).read_text("utf-8"))


def built(name, here, capsys):
    """The records of an entry, imported and built as it stands."""
    home = here / "data"
    (home / INFO[name]["file_name"]).parent.mkdir(parents=True)
    (home / INFO[name]["file_name"]).write_bytes((DATA / INFO[name]["file_name"]).read_bytes())
    (home / "dataset_info.json").write_text(json.dumps(INFO), "utf-8")
    assert 0 == main(["import", "data/dataset_info.json", "--entry", name])
    assert "" == capsys.readouterr().err
    assert 0 == main(["build", f"specs/{name}.sft", "--log", "none", "--format", "json"])
    answer = json.loads(capsys.readouterr().out)
    lines = (Path(answer["snapshot"]) / "train.jsonl").read_text("utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines], answer["counts"]


@pytest.mark.parametrize("name", ["alpaca_en_demo", "alpaca_zh_demo"])
def test_questions_and_answers_are_those_of_the_trainer(name, here, capsys):
    """Prompt and query with a newline between them; equal rows count once, and empty answers not at all."""
    wanted = {
        ("\n".join(text for text in (row["instruction"], row["input"]) if text), row["output"])
        for row in rows_of(name)
        if row["output"].strip()
    }
    records, counts = built(name, here, capsys)
    found = [tuple(message["content"] for message in one["messages"]) for one in records]
    roles = {tuple(message["role"] for message in one["messages"]) for one in records}
    assert {("user", "assistant")} == roles
    assert sorted(wanted) == sorted(found)
    assert len(rows_of(name)) == counts["rows_read"]


def said(turn):
    """A turn of LLaMA-Factory's rows as role and content, a call by its name and arguments."""
    text = turn["value"]
    if turn["from"] != "function_call":
        roles = {"human": "user", "gpt": "assistant", "observation": "tool", "system": "system"}
        return roles[turn["from"]], text
    calls = json.loads(text)
    calls = calls if isinstance(calls, list) else [calls]
    return "assistant", tuple((c["name"], as_text(c["arguments"])) for c in calls)


def as_text(value):
    value = json.loads(value) if isinstance(value, str) else value
    return json.dumps(value, sort_keys=True)


def heard(message):
    """The same of a record's message."""
    calls = message.get("tool_calls")
    if not calls:
        return message["role"], message["content"]
    named = [call["function"] for call in calls]
    return "assistant", tuple((call["name"], as_text(call["arguments"])) for call in named)


def test_conversations_with_tools_are_those_of_the_trainer(here, capsys):
    """Every turn and every tool; equal rows count once, and calls that break their tool's schema not at all."""
    name = "glaive_toolcall_en_demo"
    wanted = {
        (tuple(said(turn) for turn in row["conversations"]), tuple(sorted(t["name"] for t in json.loads(row["tools"]))))
        for row in rows_of(name)
    }  # fmt: skip
    records, counts = built(name, here, capsys)
    found = [
        (
            tuple(heard(message) for message in one["messages"]),
            tuple(sorted(tool["function"]["name"] for tool in one.get("tools") or [])),
        )
        for one in records
    ]
    assert set(found) <= wanted
    missing = wanted - set(found)
    assert counts["rejected"] == len(missing) == 1
    assert len(rows_of(name)) == counts["rows_read"] == 300
