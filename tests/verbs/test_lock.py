"""`lock`, and how `check`, `plan` and `build` hold a spec against its lock."""

import gc
import json
import os
from pathlib import Path
import runpy
import shutil
from types import SimpleNamespace

import msgspec
import pytest

from sftspec.cli import main
from sftspec.plan.lockfile import read_lock
from sftspec.plan.pins import decode_lock, encode_lock

small = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "small.py")))
ENGINE = ("--engine", "local", "--log", "none")
READERS = {"check": (), "plan": ENGINE, "build": ENGINE}


@pytest.fixture(autouse=True)
def _collected():
    """The verbs stop the collector; here it goes on."""
    yield
    gc.enable()


@pytest.fixture(scope="session")
def locked_once(tmp_path_factory):
    """A small project, locked."""
    root = small.make(tmp_path_factory.mktemp("locked"))
    assert 0 == main(["lock", str(root / "small.sft")])
    return root


@pytest.fixture
def project(locked_once, tmp_path, monkeypatch):
    """A copy of it to work in."""
    for name in ("FORCE_COLOR", "NO_COLOR", "SFTSPEC_STORE", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(locked_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return SimpleNamespace(
        root=tmp_path, spec=tmp_path / "small.sft", lock=tmp_path / "small.lock"
    )


@pytest.fixture
def ask(capsys):
    """A command's exit code and what it printed."""

    def run(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def edit(path, *changes):
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def said(ask, *words):
    """The exit code, and what a command answers in JSON."""
    code, out, _ = ask(*words, "--format", "json")
    return code, json.loads(out)


def slugs(ask, *words):
    code, answer = said(ask, *words)
    return code, {
        item["slug"]: item for item in answer["diagnostics"] if item["severity"] == "error"
    }


def compiled(project):
    return sorted(path.name for path in (project.root / "compiled").rglob("*.json"))


REWORD = ('"{{ row.ask }} (See', '"{{ row.ask }} (see')
REPLY = ('user "{{ ask }}"', 'user "Well: {{ ask }}"')
RAISED = ("dataset small v0.1.0", "dataset small v0.1.1")
TERMS = "data/terms.csv"


def grow(project, name="data/asks-2.jsonl"):
    path = project.root / name
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines(keepends=True)[0])


def other_byte(project, name=TERMS):
    path = project.root / name
    path.write_bytes(path.read_bytes().replace(b"sense 3", b"sense 9"))


# the lock is written


def test_a_first_lock_says_all_that_is_new_and_is_written(project, ask):
    project.lock.unlink()
    code, out, err = ask("lock", "small.sft")
    assert (0, "") == (code, err)
    assert out.splitlines() == [
        "  new       phrasing wording",
        "  new       template reply",
        "  new       template sense",
        "  new       source books",
        "  new       source asks",
        "  new       source terms",
        "small.lock: written",
    ]
    lock = decode_lock(project.lock.read_bytes())
    files = {name: list(pins) for name, pins in lock.sources.items()}
    assert {
        "asks": ["data/asks-1.jsonl", "data/asks-2.jsonl"],
        "books": ["data/books.csv"],
        "terms": [TERMS],
    } == files


def test_a_lock_that_is_up_to_date_is_left_as_it_is(project, ask):
    before = project.lock.stat()
    assert (0, "small.lock: up to date\n", "") == ask("lock", "small.sft")
    assert (0, "small.lock: up to date\n", "") == ask("lock", "small.sft", "--check")
    assert (before.st_ino, before.st_mtime_ns) == (
        project.lock.stat().st_ino,
        project.lock.stat().st_mtime_ns,
    )


def test_a_lock_says_the_same_on_every_machine(project, ask, tmp_path):
    other = small.make(tmp_path / "elsewhere")
    assert 0 == ask("lock", other / "small.sft")[0]
    assert project.lock.read_bytes() == (other / "small.lock").read_bytes()


def test_nothing_is_left_beside_the_lock(project, ask):
    edit(project.spec, RAISED)
    before = {path.name for path in project.root.iterdir()}
    assert 0 == ask("lock", "small.sft")[0]
    assert before == {path.name for path in project.root.iterdir()}


def test_a_name_that_moved_is_written_without_a_word_against_it(project, ask):
    edit(project.spec, ("template sense", "template meaning"), ("test sense", "test meaning"))
    edit(project.spec, ("emit {", "moved sense to meaning\nemit {"))
    code, out, _ = ask("lock", "small.sft")
    assert (0, "  moved     template meaning: it was called sense\nsmall.lock: written\n") == (
        code,
        out,
    )
    assert {"template": {"meaning": "sense"}} == read_lock(project.spec, None).moved


# what changed silently is refused


def test_bytes_that_changed_are_refused_by_file_and_size(project, ask):
    grow(project)
    other_byte(project)
    before = project.lock.read_bytes()
    code, found = slugs(ask, "lock", "small.sft")
    assert (1, ["locked-source-changed"]) == (code, list(found))
    code, _, err = ask("lock", "small.sft")
    size = (project.root / "data" / "asks-2.jsonl").stat().st_size
    was = decode_lock(before).sources["asks"]["data/asks-2.jsonl"].bytes
    assert (
        f"source `asks` is not as locked: data/asks-2.jsonl has {size} bytes, {was} are locked"
        in err
    )
    assert f"source `terms` is not as locked: {TERMS} has other bytes" in err
    assert "sftspec lock small.sft --upgrade terms" in err
    assert "small.sft:" in err
    assert before == project.lock.read_bytes()


def test_a_text_that_changed_under_its_version_is_refused(project, ask):
    edit(project.spec, REPLY, REWORD)
    before = project.lock.read_bytes()
    code, _, err = ask("lock", "small.sft")
    assert 1 == code
    assert (
        "template `reply` is locked under v1.0.0 with other text: turn 1 (user) changed" in err
    )
    assert "raise it to v1.1.0, or accept the text with" in err
    assert "phrasing `wording` is locked under small v0.1.0 with other text: wording 2" in err
    assert "raise the dataset to v0.2.0, or accept the text with" in err
    assert before == project.lock.read_bytes()


def test_only_what_is_named_is_accepted(project, ask):
    edit(project.spec, REPLY)
    other_byte(project)
    code, found = slugs(ask, "lock", "small.sft", "--upgrade", "terms")
    assert (1, ["locked-text-changed"]) == (code, list(found))
    code, out, _ = ask("lock", "small.sft", "--upgrade", "terms", "--upgrade", "reply")
    assert (0, True) == (code, out.endswith("small.lock: written\n"))
    assert (0, "small.lock: up to date\n", "") == ask("lock", "small.sft", "--check")


@pytest.mark.parametrize("name", ["reply", "tems", "small", ""])
def test_a_name_of_nothing_that_changed_is_a_misuse(name, project, ask):
    other_byte(project)
    code, _, err = ask("lock", "small.sft", "--upgrade", name)
    assert (2, True) == (code, err.startswith("error[nothing-to-upgrade]: "))
    assert "terms" in err
    assert (2, "usage") == (
        code,
        said(ask, "lock", "small.sft", "--upgrade", name)[1]["verdict"],
    )


def test_a_moved_line_that_is_dropped_is_refused(project, ask):
    edit(project.spec, ("template sense", "template meaning"), ("test sense", "test meaning"))
    edit(project.spec, ("emit {", "moved sense to meaning\nemit {"))
    assert 0 == ask("lock", "small.sft")[0]
    edit(project.spec, ("moved sense to meaning\n", ""))
    code, found = slugs(ask, "check", "small.sft")
    assert (1, ["locked-ids-changed"]) == (code, list(found))
    assert "write `moved template sense to meaning`" in found["locked-ids-changed"]["hint"]
    assert 1 == ask("lock", "small.sft")[0]
    assert 0 == ask("lock", "small.sft", "--upgrade", "meaning")[0]
    assert {} == read_lock(project.spec, None).moved


def test_a_moved_line_that_was_not_there_is_refused(project, ask):
    edit(project.spec, ("emit {", "moved source words to terms\nemit {"))
    code, found = slugs(ask, "lock", "small.sft")
    assert (1, True) == (code, "locked-ids-changed" in found)
    assert "take the `moved` line away" in found["locked-ids-changed"]["hint"]


# versions


def test_a_bump_of_the_dataset_accepts_another_wording(project, ask):
    edit(project.spec, REWORD, RAISED)
    code, out, err = ask("lock", "small.sft", "--check")
    assert (1, "") == (code, err)
    assert out.splitlines() == [
        "  bumped    phrasing wording: wording 2 changed",
        "  bumped    dataset small",
        "small.lock: behind",
    ]
    assert 0 == ask("lock", "small.sft")[0]
    assert ["0.1.1"] == list(read_lock(project.spec, None).definitions["phrasing"]["wording"])


def test_a_template_needs_its_own_bump(project, ask):
    edit(project.spec, REPLY, RAISED)
    assert (1, {"locked-text-changed"}) == _slugs(ask, "lock", "small.sft")
    edit(project.spec, ("template reply v1.0.0", "template reply v1.1.0"))
    assert 0 == ask("lock", "small.sft")[0]
    pins = read_lock(project.spec, None).definitions["template"]["reply"]
    assert ["1.0.0", "1.1.0"] == sorted(pins)
    edit(project.spec, ("template reply v1.1.0", "template reply v1.0.0"))
    assert (1, {"locked-text-changed"}) == _slugs(ask, "lock", "small.sft")
    edit(project.spec, tuple(reversed(REPLY)))
    assert 0 == ask("check", "small.sft")[0]


def _slugs(ask, *words):
    code, found = slugs(ask, *words)
    return code, set(found)


# check, plan and build


@pytest.mark.parametrize("verb", READERS)
def test_a_text_under_its_old_version_stops(verb, project, ask):
    edit(project.spec, REPLY)
    code, found = slugs(ask, verb, "small.sft", *READERS[verb])
    assert (1, ["locked-text-changed"]) == (code, list(found))
    assert [] == compiled(project)


@pytest.mark.parametrize("verb", READERS)
def test_a_lock_that_is_late_is_a_warning_and_with_locked_an_error(verb, project, ask):
    edit(project.spec, REWORD, RAISED)
    code, out, err = ask(verb, "small.sft", *READERS[verb])
    assert 0 == code, err
    late = "the lock is behind the spec: phrasing `wording` has other text, dataset `small` has another version"
    shown = out + err
    assert (late in shown) is (verb != "build")  # its progress is not shown here
    code, found = slugs(ask, verb, "small.sft", "--locked", *READERS[verb])
    assert (1, ["stale-lock"]) == (code, list(found))
    assert late == found["stale-lock"]["message"]
    assert "run `sftspec lock small.sft`" == found["stale-lock"]["hint"]


def test_a_build_says_in_its_progress_that_the_lock_is_late(project, ask):
    edit(project.spec, RAISED)
    code, _, err = ask("build", "small.sft", "--engine", "local", "--log", "plain")
    assert (0, True) == (
        code,
        "the lock is behind the spec: dataset `small` has another" in err,
    )


@pytest.mark.parametrize("verb", READERS)
def test_a_missing_lock_is_no_error_but_with_locked(verb, project, ask):
    project.lock.unlink()
    assert 0 == ask(verb, "small.sft", *READERS[verb])[0]
    code, found = slugs(ask, verb, "small.sft", "--locked", *READERS[verb])
    assert (1, ["unlocked"]) == (code, list(found))
    assert "there is no small.lock" == found["unlocked"]["message"]
    assert "`sftspec lock small.sft` pins" in found["unlocked"]["hint"]


@pytest.mark.parametrize("verb", READERS)
def test_a_lock_that_is_up_to_date_is_not_spoken_of(verb, project, ask):
    code, out, err = ask(verb, "small.sft", "--locked", *READERS[verb])
    assert (0, False) == (code, project.lock.name in out + err)


@pytest.mark.parametrize("verb", ["plan", "build"])
@pytest.mark.parametrize("change", [grow, other_byte])
def test_source_bytes_that_changed_stop_before_anything_is_sealed(verb, change, project, ask):
    change(project)
    for words in ((), ("--locked",)):
        code, found = slugs(ask, verb, "small.sft", *words, *ENGINE)
        assert (1, ["locked-source-changed"]) == (code, list(found))
    assert [] == compiled(project)


def test_a_byte_that_changed_behind_its_stat_is_found_with_locked(project, ask):
    assert 0 == ask("build", "small.sft", *ENGINE)[0]
    path = project.root / TERMS
    before = path.stat()
    other_byte(project)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (1, {"locked-source-changed"}) == _slugs(
        ask, "build", "small.sft", "--locked", *ENGINE
    )


def test_a_file_that_a_pattern_takes_up_has_to_be_accepted(project, ask):
    shutil.copy(project.root / "data" / "asks-1.jsonl", project.root / "data" / "asks-3.jsonl")
    code, _, err = ask("build", "small.sft", *ENGINE)
    assert (1, True) == (
        code,
        "source `asks` is not as locked: data/asks-3.jsonl is new" in err,
    )
    assert 0 == ask("lock", "small.sft", "--upgrade", "asks")[0]
    assert 0 == ask("build", "small.sft", "--locked", *ENGINE)[0]


def test_check_reads_no_source(project, ask):
    shutil.rmtree(project.root / "data")
    assert 0 == ask("check", "small.sft", "--locked")[0]


def test_a_source_that_is_not_there_is_a_fault_of_lock(project, ask):
    shutil.rmtree(project.root / "data")
    code, _, err = ask("lock", "small.sft")
    assert (3, True) == (code, err.startswith("fault[file-not-found]"))


def test_a_lock_has_no_say_in_the_bytes_of_a_build(project, ask):
    assert 0 == ask("build", "small.sft", "--locked", *ENGINE)[0]
    (manifest,) = project.root.glob("compiled/*/*/MANIFEST.json")
    locked = manifest.read_bytes()
    project.lock.unlink()
    shutil.rmtree(project.root / "compiled")
    assert 0 == ask("build", "small.sft", *ENGINE)[0]
    assert locked == manifest.read_bytes()


def test_a_new_name_is_asked_after(project, ask):
    edit(project.spec, ("template sense", "template meaning"), ("test sense", "test meaning"))
    _, found = slugs(ask, "check", "small.sft", "--locked")
    assert (
        "if it has another name now, write `moved template sense to meaning`; "
        "run `sftspec lock small.sft`"
    ) == found["stale-lock"]["hint"]


# imports, neighbours, and locks that are none


def importing(project):
    text = project.spec.read_text("utf-8")
    start, end = text.index("phrasing wording"), text.index("template reply")
    (project.root / "common").mkdir()
    words = project.root / "common" / "words.sft"
    words.write_text("edition 2026\n" + text[start:end], encoding="utf-8")
    rest = text[:start] + text[end:]
    project.spec.write_text(
        rest.replace("edition 2026\n", 'edition 2026\nimport "common/words.sft"\n'), "utf-8"
    )
    return words


def test_the_lock_covers_what_is_imported(project, ask):
    words = importing(project)
    assert 0 == ask("check", "small.sft", "--locked")[0]
    edit(words, REWORD)
    code, found = slugs(ask, "check", "small.sft")
    assert (1, ["locked-text-changed"]) == (code, list(found))
    assert "common/words.sft" == found["locked-text-changed"]["path"]


def test_two_specs_of_a_folder_have_locks_of_their_own(project, ask):
    other = project.root / "other.sft"
    shutil.copy(project.spec, other)
    edit(other, ("dataset small", "dataset other"))
    first = project.lock.read_bytes()
    assert (0, True) == (ask("lock", "other.sft")[0], (project.root / "other.lock").is_file())
    edit(other, REPLY)
    assert 1 == ask("check", "other.sft")[0]
    assert 0 == ask("check", "small.sft", "--locked")[0]
    code, found = slugs(ask, "check", "small.sft", "other.sft", "--locked")
    assert (1, "other.sft") == (code, found["locked-text-changed"]["path"])
    assert first == project.lock.read_bytes()


@pytest.mark.parametrize("verb", ["lock", *READERS])
def test_a_lock_of_another_dataset_is_neither_compared_nor_written_over(verb, project, ask):
    edit(project.spec, ("dataset small", "dataset grown"))
    before = project.lock.read_bytes()
    code, found = slugs(ask, verb, "small.sft", *READERS.get(verb, ()))
    assert (1, ["stale-lock"]) == (code, list(found))
    assert "the lock is of dataset `small`" == found["stale-lock"]["message"]
    assert before == project.lock.read_bytes()


@pytest.mark.parametrize("verb", ["lock", *READERS])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"<<<<<<< ours\n" + path.read_bytes()),
        lambda path: path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n")),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["empty", "merge", "crlf", "folder"],
)
def test_a_lock_that_is_none_stops(verb, spoil, project, ask):
    spoil(project.lock)
    code, found = slugs(ask, verb, "small.sft", *READERS.get(verb, ()))
    assert (1, ["bad-lock"]) == (code, list(found))
    assert found["bad-lock"]["message"].startswith("small.lock: ")
    assert [] == compiled(project)


def test_a_pipe_in_the_place_of_a_lock_keeps_nobody_waiting(project, ask):
    project.lock.unlink()
    os.mkfifo(project.lock)
    assert (1, {"bad-lock"}) == _slugs(ask, "check", "small.sft")


def test_a_lock_that_cannot_be_written_is_a_fault(project, ask, monkeypatch):
    edit(project.spec, RAISED)

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    before = {path.name for path in project.root.iterdir()}
    code, _, err = ask("lock", "small.sft")
    assert (3, "fault[io-error]: small.lock cannot be written\n") == (code, err)
    assert before == {path.name for path in project.root.iterdir()}


def test_a_spec_with_errors_is_not_locked(project, ask):
    edit(project.spec, ("key     = id", "key     = idd"))
    before = project.lock.read_bytes()
    assert 1 == ask("lock", "small.sft")[0]
    assert before == project.lock.read_bytes()


# JSON


def test_the_answer_in_json_tells_every_drift(project, ask):
    assert (
        0,
        {"format_version": 1, "verdict": "ok", "lock": "small.lock", "changes": []},
    ) == said(ask, "lock", "small.sft")
    edit(project.spec, REWORD, RAISED)
    code, answer = said(ask, "lock", "small.sft", "--check")
    assert (1, "stale-lock") == (code, answer["verdict"])
    assert [
        {"kind": "phrasing", "name": "wording", "how": "bumped", "what": ["wording 2 changed"],
         "version": "0.1.0", "least": "0.2.0", "before": ""},
        {"kind": "dataset", "name": "small", "how": "bumped", "what": [], "version": "0.1.0",
         "least": "", "before": ""},
    ] == answer["changes"]  # fmt: skip
    code, answer = said(ask, "lock", "small.sft")
    assert (0, "ok", 2) == (code, answer["verdict"], len(answer["changes"]))


def test_a_lock_that_was_merged_by_hand_is_read_where_it_is_written_as_it_should_be(
    project, ask
):
    """Two branches that raised two templates: their pins stand side by side."""
    edit(project.spec, REPLY, ("template reply v1.0.0", "template reply v1.1.0"))
    assert 0 == ask("lock", "small.sft")[0]
    ours = read_lock(project.spec, None)
    edit(
        project.spec, tuple(reversed(REPLY)), ("template reply v1.1.0", "template reply v1.0.0")
    )
    edit(project.spec, ("What is {{", "Say what is {{"), ("sense v1.0.0", "sense v1.1.0"))
    assert 0 == ask("lock", "small.sft")[0]
    theirs = read_lock(project.spec, None)
    templates = {"reply": ours.definitions["template"]["reply"],
                 "sense": theirs.definitions["template"]["sense"]}  # fmt: skip
    merged = dict(ours.definitions) | {"template": templates}
    project.lock.write_bytes(encode_lock(msgspec.structs.replace(ours, definitions=merged)))
    edit(project.spec, REPLY, ("template reply v1.0.0", "template reply v1.1.0"))
    assert 0 == ask("check", "small.sft", "--locked")[0]
    assert (0, "small.lock: up to date\n", "") == ask("lock", "small.sft")
