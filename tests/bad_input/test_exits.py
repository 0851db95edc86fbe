"""Exit codes, and that nothing but the answer goes to stdout."""

import json
import os
from pathlib import Path
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from sftspec import cli
from sftspec.verbs import check as check_verb
from tests.bad_input.kit import REPO, SPEC, Project, lines_of, row

TEST = """test t "it is asked" {
  given row { text = "a", topic = pay, terms = { note = "x" } }
  expect EXPECTED
}
"""
PASSES = SPEC + TEST.replace("EXPECTED", "chars(user) > 0")
FAILS = SPEC + TEST.replace("EXPECTED", "chars(user) > 9_000")
GATE = SPEC + "gate freeze { require count(topic == pay) >= 9 }\n"
SHORT = SPEC.replace("total = all", "total = 50")
BROKEN = SPEC.replace("key = id", "key = idd")
NO_FILE = SPEC.replace("rows.jsonl", "none.jsonl")
JSON = ("--format", "json")
BUILD = ("build", "m.sft", "--log", "none")
CASES = [  # spec, words, exit code, verdict
    (PASSES, ("check", "m.sft"), 0, "ok"),
    (BROKEN, ("check", "m.sft"), 1, "errors"),
    (SPEC, ("check", "none.sft"), 1, "errors"),
    (SPEC, ("check", "m.sft", "none.sft"), 1, "errors"),
    (NO_FILE, ("check", "m.sft"), 0, "ok"),
    (PASSES, BUILD, 0, "ok"),
    (BROKEN, BUILD, 1, "errors"),
    (GATE, (*BUILD, "--gate", "freeze"), 1, "gate-failed"),
    (GATE, BUILD, 0, "ok"),
    (SHORT, BUILD, 1, "shortfall"),
    (NO_FILE, BUILD, 3, "fault"),
    (GATE, (*BUILD, "--gate", "freese"), 2, "usage"),
    (PASSES, ("test", "m.sft"), 0, "ok"),
    (FAILS, ("test", "m.sft"), 1, "failed"),
    (BROKEN, ("test", "m.sft"), 1, "errors"),
    (SPEC, ("verify", "d@0.0.1"), 1, "wrong"),
    (SPEC, ("verify", "none"), 3, "fault"),
]


@pytest.mark.parametrize(("spec", "words", "code", "verdict"), CASES)
def test_json_is_one_object_and_all_there_is_on_stdout(tmp_path, spec, words, code, verdict):
    done = Project(tmp_path, spec).run(*words, *JSON)
    assert code == done.code, done.err
    answer = json.loads(done.out)
    assert done.out.endswith("}\n")
    assert (1, verdict) == (answer["format_version"], answer["verdict"])
    assert (done.err != "") == (verdict in {"shortfall", "fault", "usage"})


@pytest.mark.parametrize(("spec", "words", "code", "_"), CASES[:-2])
def test_as_text_diagnostics_go_to_stderr(tmp_path, spec, words, code, _):
    done = Project(tmp_path, spec).run(*words)
    assert code == done.code
    assert "error[" not in done.out
    assert "fault[" not in done.out
    if words[0] == "check":
        assert done.out == ""


def test_verify_says_what_was_done_to_a_snapshot(tmp_path):
    project = Project(tmp_path)
    assert project.run(*BUILD).code == 0
    done = project.run("verify", "d@0.1.0", *JSON)
    assert (done.code, done.err, json.loads(done.out)["verdict"]) == (0, "", "ok")
    with (tmp_path / "compiled/d/0.1.0/train.jsonl").open("ab") as stream:
        stream.write(b"\x1b[2J\n")
    done = project.run("verify", "d@0.1.0", *JSON)
    assert (done.code, done.err, json.loads(done.out)["verdict"]) == (1, "", "wrong")


@pytest.mark.parametrize(
    "words",
    [
        (), ("chek",), ("\x1b[2J\u202e",), ("check",), ("check", "m.sft", "--\x1b[2J\u202e"), ("check", "m.sft", "--format", "xml"),
        ("build",), ("build", "m.sft", "--engine", "cray"), ("build", "m.sft", "--workers", "many"), ("verify",),
    ],
    ids=ascii,
)  # fmt: skip
def test_a_command_that_is_none_is_2(tmp_path, words):
    done = Project(tmp_path).run_apart(*words)
    assert (done.code, done.err == "") == (2, False) or (words, done.code) == ((), 2)
    assert done.out == "" or words == ()


def test_what_nobody_foresaw_is_70_with_a_traceback(monkeypatch, tmp_path, capsys):
    def broken(_):
        raise ZeroDivisionError("never seen")

    monkeypatch.setattr(check_verb, "run", broken)
    assert cli.main(["check", str(tmp_path / "m.sft")]) == 70
    said = capsys.readouterr()
    assert said.out == ""
    assert "ZeroDivisionError: never seen" in said.err
    assert "a mistake in sftspec" in said.err


def test_interrupted_is_130(monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(check_verb, "run", interrupted)
    kept = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        assert cli.main(["check", "m.sft"]) == 130
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), kept, strict=True):
            signal.signal(number, handler)
    assert capsys.readouterr().out == ""


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    project = Project(
        tmp_path, PASSES, {"data/rows.jsonl": lines_of(*(row(id=str(n)) for n in range(50)))}
    )
    words = [sys.executable, "-m", "sftspec", "test", "m.sft", "--format", "json"]
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(words, cwd=project.home, env=env, stdout=writing, stderr=subprocess.PIPE, check=False)  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_re2_says_nothing_of_its_own(tmp_path):
    patterns = [
        "(?=a)b",
        "(a*)\\\\1b",
        "((a{100}){100}){100}",
        "[",
        "(?<!a)b",
        "\\\\pX",
        "a**",
        "*",
    ]
    lines = "".join(f'  where matches(text, "{one}")\n' for one in patterns)
    project = Project(tmp_path, SPEC.replace("  key = id\n", "  key = id\n" + lines))
    done = project.run_apart("check", "m.sft", *JSON)
    assert (done.code, done.err) == (1, "")
    found = json.loads(done.out)["diagnostics"]
    assert ["bad-pattern"] * len(patterns) == [one["slug"] for one in found]
    assert [23] * len(patterns) == [one["column"] for one in found]


def test_check_reads_no_data_and_writes_nothing(tmp_path):
    project = Project(tmp_path)
    (tmp_path / "data/rows.jsonl").unlink()
    os.mkfifo(tmp_path / "data/rows.jsonl")
    before = SimpleNamespace(files=sorted(map(str, Path(tmp_path).rglob("*"))))
    assert project.run_apart("check", "m.sft").code == 0
    assert before.files == sorted(map(str, Path(tmp_path).rglob("*")))
