"""With `--format json` a verb gives one answer on stdout, whatever comes of it."""

import argparse
import errno
import gc
from importlib import import_module
import json
import os
from pathlib import Path
import signal
import subprocess
import sys

import pytest

from sftspec import cli
from sftspec.ground.report import Fault, Misuse, Report, SpecError
from tests.bad_input.kit import REPO, SPEC, Project

TEST = """test t "it is asked" {
  given row { text = "a", topic = pay, terms = { note = "x" } }
  expect chars(user) > LEAST
}
"""
SOUND = SPEC + TEST.replace("LEAST", "0")
FAILING = SPEC + TEST.replace("LEAST", "9_000")
GATE = SPEC + "gate freeze { require count(topic == pay) >= 9 }\n"
SHORT = SPEC.replace("total = all", "total = 50")
BROKEN = SPEC.replace("key = id", "key = idd")
NO_FILE = SPEC.replace("rows.jsonl", "none.jsonl")
ALWAYS = {"format_version", "verdict"}


def options(name):
    """A verb, its options and its positional words that must be there."""
    verb = import_module(f"sftspec.verbs.{name}")
    parser = argparse.ArgumentParser()
    verb.add_arguments(parser)
    taken = parser._actions
    return verb, [one for one in taken if "--format" in one.option_strings], [
        one for one in taken if one.required
    ]  # fmt: skip


JSON_VERBS = [
    name for name in cli.verbs() if any("json" in o.choices for o in options(name)[1])
]


def words_of(name):
    given = [[*one.option_strings[:1], "x"] for one in options(name)[2]]
    return [name, *(word for words in given for word in words), "--format", "json"]


@pytest.fixture(autouse=True)
def _as_it_was():
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)
    gc.enable()


@pytest.fixture
def ended(monkeypatch, capsys):
    """How a verb ends that raises an error in the middle of its answer."""

    def run(name, error):
        def broken(_):
            sys.stdout.write('{"half": "an answer"')
            raise error

        monkeypatch.setattr(options(name)[0], "run", broken)
        code = cli.main(words_of(name))
        out, err = capsys.readouterr()
        return code, out, err

    return run


def one_answer(out):
    answer = json.loads(out)
    assert out.endswith("}\n")
    assert answer["format_version"] == 1
    assert isinstance(answer["verdict"], str)
    return answer


def test_every_verb_but_explain_answers_in_json():
    assert {"build", "check", "doctor", "init", "plan", "preview", "test", "verify"} <= set(JSON_VERBS)  # fmt: skip


@pytest.mark.parametrize("name", JSON_VERBS)
def test_a_fault_is_an_answer(name, ended):
    fault = Fault("disk-full", "the disk is full: a", path="a", stage="store", hint="free some")
    code, out, err = ended(name, fault)
    about = {
        "slug": "disk-full", "message": "the disk is full: a", "path": "a", "stage": "store",
        "hint": "free some",
    }  # fmt: skip
    assert (3, {"format_version": 1, "verdict": "fault", "fault": about}) == (
        code,
        one_answer(out),
    )
    assert err == "fault[disk-full]: the disk is full: a\n  hint: free some\n"


@pytest.mark.parametrize("name", JSON_VERBS)
def test_what_the_system_refuses_is_a_fault(name, ended):
    code, out, err = ended(name, OSError(errno.EIO, "Input/output error", "/x"))
    about = one_answer(out)["fault"]
    assert (3, "io-error", "/x: input/output error") == (code, about["slug"], about["message"])
    assert (None, None, None) == (about["path"], about["stage"], about["hint"])
    assert err == "fault[io-error]: /x: input/output error\n"


@pytest.mark.parametrize("name", JSON_VERBS)
def test_a_library_that_is_missing_is_a_fault(name, ended):
    code, out, _ = ended(name, ModuleNotFoundError("No module named 'ray'", name="ray"))
    about = one_answer(out)["fault"]
    assert (3, "missing-library", "No module named 'ray'") == (
        code,
        about["slug"],
        about["message"],
    )
    assert "sftspec doctor" in about["hint"]


@pytest.mark.parametrize("name", JSON_VERBS)
def test_a_mistake_of_ours_is_an_answer(name, ended):
    code, out, err = ended(name, ZeroDivisionError("never seen"))
    answer = one_answer(out)
    assert (70, "bug") == (code, answer["verdict"])
    assert {"type": "ZeroDivisionError", "message": "never seen"} == answer["bug"]
    assert "Traceback" in err
    assert "a mistake in sftspec" in err
    code, out, _ = ended(name, ImportError("no name x", name="sftspec.ground.text"))
    assert (70, "bug") == (code, one_answer(out)["verdict"])


@pytest.mark.parametrize("name", JSON_VERBS)
def test_an_interruption_is_an_answer(name, ended):
    code, out, err = ended(name, KeyboardInterrupt())
    assert (130, {"format_version": 1, "verdict": "interrupted"}) == (code, one_answer(out))
    assert err == "interrupted; finished work is kept\n"


@pytest.mark.parametrize("name", JSON_VERBS)
def test_a_spec_with_errors_is_an_answer(name, ended):
    report = Report()
    report.error("unknown-name", None, "no name is `x`", path="a.sft")
    code, out, err = ended(name, SpecError(report))
    answer = one_answer(out)
    assert (1, "errors", "") == (code, answer["verdict"], err)
    assert ["unknown-name"] == [one["slug"] for one in answer["diagnostics"]]


@pytest.mark.parametrize("name", JSON_VERBS)
def test_misuse_that_the_verb_finds_is_an_answer(name, ended):
    code, out, err = ended(name, Misuse("unknown-gate", "the spec has no gate `a`"))
    about = {"slug": "unknown-gate", "message": "the spec has no gate `a`", "hint": None}
    assert (2, {"format_version": 1, "verdict": "usage", "usage": about}) == (
        code,
        one_answer(out),
    )
    assert err == "error[unknown-gate]: the spec has no gate `a`\n"


@pytest.mark.parametrize("name", JSON_VERBS)
def test_a_command_line_that_cannot_be_read_is_an_answer(name, capsys):
    assert 2 == cli.main([*words_of(name), "--no-such-option"])
    out, err = capsys.readouterr()
    about = one_answer(out)["usage"]
    assert ("bad-arguments", "unrecognized arguments: --no-such-option") == (
        about["slug"],
        about["message"],
    )
    assert err.startswith(f"usage: sftspec {name} ")


def test_a_command_that_is_none_is_an_answer(capsys):
    assert 2 == cli.main(["chek", "--format=json"])
    out, err = capsys.readouterr()
    about = {"slug": "unknown-command", "message": "no command is called `chek`", "hint": "did you mean `check`?"}  # fmt: skip
    assert {"format_version": 1, "verdict": "usage", "usage": about} == one_answer(out)
    assert "error[unknown-command]: no command is called `chek`\n" in err


CASES = [  # spec, words, exit code, verdict, what else the answer has, slug
    (SOUND, "check m.sft", 0, "ok", {"diagnostics"}, None),
    (BROKEN, "check m.sft", 1, "errors", {"diagnostics"}, None),
    (SOUND, "plan m.sft --log none", 0, "ok", {"nodes", "mixture"}, None),
    (SHORT, "plan m.sft --log none", 1, "shortfall", {"nodes", "mixture", "shortfall", "rejected"}, None),
    (BROKEN, "plan m.sft --log none", 1, "errors", {"diagnostics"}, None),
    (NO_FILE, "plan m.sft --log none", 3, "fault", {"fault"}, "file-not-found"),
    (SOUND, "preview m.sft", 0, "ok", {"templates"}, None),
    (SOUND, "preview m.sft --key none", 1, "no-sample", {"templates"}, None),
    (SOUND, "preview m.sft u", 2, "usage", {"usage"}, "unknown-template"),
    (BROKEN, "preview m.sft", 1, "errors", {"diagnostics"}, None),
    (NO_FILE, "preview m.sft", 3, "fault", {"fault"}, "file-not-found"),
    (SOUND, "test m.sft", 0, "ok", {"tests"}, None),
    (FAILING, "test m.sft", 1, "failed", {"tests"}, None),
    (BROKEN, "test m.sft", 1, "errors", {"diagnostics"}, None),
    (SOUND, "build m.sft --log none", 0, "ok", {"snapshot", "id", "fresh", "counts", "mixture", "gates", "tests", "chats"}, None),
    (GATE, "build m.sft --log none --gate freeze", 1, "gate-failed", {"snapshot", "id", "fresh", "counts", "mixture", "gates", "tests", "chats"}, None),
    (GATE, "build m.sft --log none --gate freese", 2, "usage", {"usage"}, "unknown-gate"),
    (SHORT, "build m.sft --log none", 1, "shortfall", {"shortfall", "rejected", "mixture"}, None),
    (BROKEN, "build m.sft --log none", 1, "errors", {"diagnostics"}, None),
    (NO_FILE, "build m.sft --log none", 3, "fault", {"fault"}, "file-not-found"),
    (SOUND, "build m.sft --log none --store m.sft/x", 3, "fault", {"fault"}, "io-error"),
    (SOUND, "build m.sft --log none --workers many", 2, "usage", {"usage"}, "bad-arguments"),
    (SOUND, "verify d@0.0.1", 1, "wrong", {"snapshot", "id", "files", "bytes", "wrong", "trust"}, None),
    (SOUND, "verify none", 3, "fault", {"fault"}, "snapshot-not-found"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "words", "code", "verdict", "fields", "slug"), CASES)
def test_an_answer_in_earnest(tmp_path, spec, words, code, verdict, fields, slug):
    done = Project(tmp_path, spec).run(*words.split(), "--format", "json")
    answer = one_answer(done.out)
    assert (code, verdict, fields) == (done.code, answer["verdict"], set(answer) - ALWAYS)
    if slug is not None:
        assert slug == answer[verdict]["slug"]
        assert f"[{slug}]: " in done.err
    assert (done.err == "") == (slug is None and (verdict, words[:5]) != ("shortfall", "build"))


def test_a_shortfall_says_what_is_short_as_plan_does(tmp_path):
    project = Project(tmp_path, SHORT)
    planned = one_answer(project.run("plan", "m.sft", "--log", "none", "--format", "json").out)
    done = project.run("build", "m.sft", "--log", "none", "--format", "json")
    built = one_answer(done.out)
    assert [{"part": "train", "label": "total", "wanted": 50, "got": 1}] == built["shortfall"]
    for name in ("shortfall", "rejected", "mixture"):
        assert planned[name] == built[name]
    assert "error[shortfall]: " in done.err


def test_the_name_of_a_file_need_not_be_utf8(tmp_path):
    project = Project(tmp_path, SPEC.replace("rows.jsonl", "*.jsonl"))
    with open(os.fsencode(tmp_path / "data") + b"/a\xff.jsonl", "wb"):  # noqa: PTH123 - bytes
        pass
    done = project.run("build", "m.sft", "--log", "none", "--format", "json")
    about = one_answer(done.out)["fault"]
    assert (3, "bad-file-name") == (done.code, about["slug"])
    assert "data/a\\udcff.jsonl" == about["path"]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("check a --format json", True), ("check --format=json a", True), ("check --form json", True),
        ("check --format json --format text", False), ("check --format text --format json", True),
        ("check -- --format json", False), ("check --format", False), ("check a json", False),
        ("check --format xjson", False), ("check --formats json", False), ("check -- json", False),
        ("", False),
    ],
)  # fmt: skip
def test_what_asks_for_json(words, wanted):
    assert wanted == cli.wants_json(words.split())


def test_without_json_stdout_stays_empty_where_something_is_in_the_way(tmp_path):
    for spec, words in ((NO_FILE, "build m.sft"), (GATE, "build m.sft --gate x"), (SHORT, "build m.sft")):  # fmt: skip
        assert Project(tmp_path, spec).run(*words.split(), "--log", "none").out == ""


def test_an_answer_is_utf8_whatever_the_locale_says(tmp_path):
    words = [sys.executable, "-m", "sftspec", "check", "ü.sft", "--format", "json"]
    env = {**os.environ, "PYTHONPATH": str(REPO), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, check=False)
    assert (1, b"") == (done.returncode, done.stderr)
    assert "ü.sft" == one_answer(done.stdout.decode("utf-8"))["diagnostics"][0]["path"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_an_answer_that_cannot_be_written_is_a_fault(tmp_path):
    words = [sys.executable, "-m", "sftspec", "check", "x.sft", "--format", "json"]
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(words, cwd=tmp_path, env=env, stdout=full, stderr=subprocess.PIPE, text=True, check=False)  # fmt: skip
    assert 3 == done.returncode
    assert "fault[io-error]: the system: no space left on device\n" == done.stderr
