"""`diff`: two snapshots in every form, with and without their data; what is proposed, in a git repository."""

from html.parser import HTMLParser
import json
import os
from pathlib import Path
import runpy
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from sftspec.build import Settings, build
from sftspec.cli import main
from sftspec.engine.log import Log
from sftspec.snapshot.frozen import Freeze, encode_freeze
from sftspec.snapshot.manifest import FREEZE, MANIFEST, decode, snapshot_id

small = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "small.py")))
WORDED = ('"{{ ask }} (See', '"{{ ask }} (Look at')
SAID = ('user "What is {{ row.term }}?"', 'user "Say what {{ row.term }} is."')
LOOSER = ("require coverage(topics) >= 50%", "require coverage(topics) >= 40%")
VERSIONS = {  # by the name of a folder: the version, and what is edited
    "old": ("0.1.0", ()),
    "small": ("0.1.1", (WORDED,)),
    "later": ("0.1.2", (WORDED,)),
    "more": ("0.1.2", (WORDED, SAID)),
    "enough": ("0.2.0", (WORDED,)),
    "again": ("0.2.0", (WORDED, SAID)),
    "looser": ("0.2.0", (LOOSER,)),
}
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b.invalid", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.invalid",
    "GIT_CEILING_DIRECTORIES": "/",
}  # fmt: skip
PAPERS = "*\n!*/\n!.gitignore\n!.sftroot\n!MANIFEST.json\n!plan.json\n!FREEZE.json\n"


def spec_of(name):
    version, edits = VERSIONS[name]
    spec = small.SPEC.replace("v0.1.0", f"v{version}", 1)
    for old, new in (("{{ row.ask }} (See", "{{ row.ask }} (See"), *edits):
        old_, new_ = (one.replace("{{ ask }}", "{{ row.ask }}") for one in (old, new))
        assert old_ in spec
        spec = spec.replace(old_, new_)
    return spec


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The snapshot of each of `VERSIONS`, built once."""
    home = tmp_path_factory.mktemp("made")
    found = {}
    for name in VERSIONS:
        root = small.make(home / name, spec=spec_of(name))
        settings = Settings(engine="local", store=home / "store")
        found[name] = build(root / "small.sft", settings, Log()).folder
    return found


class Project:
    """A folder with snapshots, in a git repository where it is asked for."""

    def __init__(self, home, made, capsys):
        self.home, self.made, self.capsys = home, made, capsys
        self.root = home
        (home / ".sftroot").touch()

    def put(self, name, *, frozen=False):
        """Lay a snapshot out; its version, once there, is replaced."""
        folder = self.root / "compiled" / "small" / VERSIONS[name][0]
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.made[name], folder)
        if frozen:
            paper = (folder / MANIFEST).read_bytes()
            one = decode(paper)
            freeze = Freeze(
                1, one.dataset, one.version, snapshot_id(paper), {}, "me", "why", None
            )
            (folder / FREEZE).write_bytes(encode_freeze(freeze))
        return folder

    def git(self, *words):
        done = subprocess.run(
            ["git", "-C", str(self.home), *words],
            env={**os.environ, **GIT}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert 0 == done.returncode, done.stderr
        return done.stdout

    def commit(self):
        if not (self.home / ".git").exists():
            self.git("init", "-q", "-b", "main")
            (self.home / ".gitignore").write_text(PAPERS)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")

    def branch(self, name="proposal"):
        self.git("checkout", "-q", "-b", name)

    def diff(self, *words):
        code = main(["diff", *words, "--root", str(self.root)])
        out, err = self.capsys.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)

    def answer(self, *words):
        done = self.diff(*words, "--format", "json")
        found = json.loads(done.out)
        assert 1 == found["format_version"]
        return done.code, found["verdict"], found


@pytest.fixture
def project(tmp_path, made, capsys):
    return Project(tmp_path, made, capsys)


@pytest.fixture
def two(project):
    """0.1.0, 0.1.1 and 0.2.0: the same words changed in both, and one of them says so."""
    for name in ("old", "small", "enough"):
        project.put(name)
    return project


# two snapshots


def test_a_version_that_says_too_little_is_a_finding(two):
    done = two.diff("small@0.1.0", "small@0.1.1")
    assert (1, "") == (done.code, done.err)
    assert "error[bump-too-small]: 0.1.1 says too little: " in done.out
    assert "minor  phrasing wording: wording 2 changed\n" in done.out
    assert "ask for a minor version, so 0.2.0 at least" in " ".join(done.out.split())
    assert "{{ row.ask }} ([-See-]{+Look at+} {{ row.books.title }}.)" in done.out
    assert "because phrasing wording: wording 2 changed" in done.out
    assert not any(len(line) > 100 for line in done.out.splitlines())


def test_a_version_that_says_enough_is_well(two):
    done = two.diff("small@0.1.0", "small@0.2.0")
    assert (0, "") == (done.code, done.err)
    assert "0.2.0 is enough: " in done.out


def test_a_weaker_gate_asks_for_a_major_version(project):
    project.put("old")
    project.put("looser")
    code, _, found = project.answer("small@0.1.0", "small@0.2.0")
    assert (0, ["gate-weaker"]) == (code, [one["rule"] for one in found["diff"]["changes"]])
    assert "major" == found["diff"]["versions"][0]["asked"]


@pytest.mark.parametrize("words", [("small@0.1.1", "small@0.1.1"), ("small@0.1.1", "FOLDER")])
def test_one_snapshot_twice_is_the_same(two, words):
    folder = str(two.root / "compiled" / "small" / "0.1.1")
    words = [folder if word == "FOLDER" else word for word in words]
    code, verdict, found = two.answer(*words)
    assert (0, "same", []) == (code, verdict, found["diff"]["changes"])
    done = two.diff(*words)
    assert 0 == done.code
    assert "They are one and the same snapshot." in done.out


def test_the_answer_has_the_whole_diff(two):
    code, verdict, found = two.answer("small@0.1.0", "small@0.1.1")
    assert (1, "bump-too-small", {"format_version", "verdict", "diff"}) == (
        code,
        verdict,
        set(found),
    )
    diff = found["diff"]
    assert sum(diff["totals"].values()) - diff["totals"]["removed"] == diff["after"]["chosen"]
    assert "ok" == two.answer("small@0.1.0", "small@0.2.0")[1]


def test_every_form_is_made(two):
    words = ("small@0.1.0", "small@0.1.1")
    done = two.diff(*words, "--format", "markdown")
    assert done.out.startswith("### `small` `0.1.0` → `0.1.1`\n\n❌ `0.1.1` says too little: ")
    assert "- {{ row.ask }} (See {{ row.books.title }}.)" in done.out
    assert (1, 1) == (
        done.code,
        done.err.count("error[bump-too-small]: 0.1.1 says too little: "),
    )
    done = two.diff(*words, "--format", "html")
    assert done.out.startswith("<!DOCTYPE html>\n")
    assert "<del>See</del><ins>Look at</ins>" in done.out
    assert 1 == done.err.count("error[bump-too-small]: ")
    HTMLParser().feed(done.out)


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_form_is_written_to_a_file(two, form):
    words = ("small@0.1.0", "small@0.1.1", "--format", form)
    file = two.home / "diff.out"
    printed = two.diff(*words)
    done = two.diff(*words, "--output", str(file))
    assert printed.out == file.read_text("utf-8")
    assert (1, f"bump-too-small: {file}\n") == (done.code, done.out)
    assert 1 == done.err.count("error[bump-too-small]: ")


def test_an_answer_is_written_to_a_file_and_its_verdict_is_printed(two):
    file = two.home / "diff.json"
    code, verdict, found = two.answer("small@0.1.0", "small@0.2.0", "--output", str(file))
    assert (0, "ok", str(file)) == (code, verdict, found["output"])
    assert {"format_version", "verdict", "diff"} == set(json.loads(file.read_bytes()))


def test_a_file_that_cannot_be_written_is_a_fault(two):
    done = two.diff("small@0.1.0", "small@0.2.0", "--output", str(two.home / "no" / "x"))
    assert (3, "") == (done.code, done.out)
    assert "fault[io-error]: " in done.err


def test_colours_are_for_who_asks_for_them(two, monkeypatch):
    words = ("small@0.1.0", "small@0.1.1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "(\x1b[31mSee\x1b[0m\x1b[32mLook at\x1b[0m {{" in two.diff(*words).out
    file = two.home / "x"
    two.diff(*words, "--output", str(file))
    assert "\x1b" not in file.read_text("utf-8")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in two.diff(*words).out


def test_how_much_is_shown(two):
    words = ("small@0.1.0", "small@0.1.1")
    assert "  user:\n" in two.diff(*words).out
    for less in ("--no-texts", "--samples=0"):
        assert "  user:\n" not in two.diff(*words, less).out
    assert "left out" not in two.diff(*words, "--all").out
    many = two.diff(*words, "--samples=4")
    assert (2, True) == (many.code, "`--samples` is 3 at most" in many.err)


def test_options_may_stand_between_the_two(two):
    after = two.diff("small@0.1.0", "small@0.1.1", "--format", "markdown")
    assert after == two.diff("small@0.1.0", "--format", "markdown", "small@0.1.1")


# what is not there


def test_without_an_index_the_papers_are_compared(two):
    (two.root / "compiled" / "small" / "0.1.0" / "index.parquet").unlink()
    code, _, found = two.answer("small@0.1.0", "small@0.1.1")
    assert (1, {}, []) == (code, found["diff"]["totals"], found["diff"]["groups"])
    done = two.diff("small@0.1.0", "small@0.1.1")
    assert "candidate, papers alone" in done.out
    assert "small@0.1.0 has no index here, so its records are not compared" in done.out
    assert "**Records**: not compared" in two.diff(
        "small@0.1.0", "small@0.1.1", "--format", "markdown"
    ).out  # fmt: skip


def test_without_data_no_texts_are_shown(two):
    (two.root / "compiled" / "small" / "0.1.0" / "train.jsonl").unlink()
    done = two.diff("small@0.1.0", "small@0.1.1")
    assert 1 == done.code
    assert "candidate, no texts here" in done.out
    assert "the texts of changed records are not shown" in done.out
    assert "because phrasing wording: wording 2 changed" in done.out


def test_an_index_that_is_not_as_it_was_sealed_is_a_fault(two):
    file = two.root / "compiled" / "small" / "0.1.0" / "index.parquet"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    done = two.diff("small@0.1.0", "small@0.1.1")
    assert (3, "") == (done.code, done.out)
    assert "fault[snapshot-damaged]: index.parquet of `small@0.1.0`" in done.err


def test_a_snapshot_that_is_none_is_a_fault(two):
    code, verdict, found = two.answer("small@0.1.0", "small@9.9.9")
    assert (3, "fault", "snapshot-not-found") == (code, verdict, found["fault"]["slug"])


@pytest.mark.parametrize(
    "words", [("small",), ("small", "small", "--base", "main"), ("./small", "--base", "main"),
              ("git:main:small", "--base", "main"), ("small", "small", "--samples", "-1")],
)  # fmt: skip
def test_words_that_do_not_go_together_are_usage(two, words):
    code, verdict, found = two.answer(*words)
    assert (2, "usage", "bad-arguments") == (code, verdict, found["usage"]["slug"])


# what is proposed


def judgements(found):
    return [(one["against"].split(":")[-1], one["enough"]) for one in found["diff"]["versions"]]


def test_without_a_frozen_version_the_merge_base_decides(project):
    project.put("old")
    project.commit()
    project.branch()
    project.put("small")
    code, verdict, found = project.answer("small", "--base", "main")
    assert (1, "bump-too-small") == (code, verdict)
    assert [("small (candidate)", False)] == judgements(found)
    project.put("enough")
    code, _, found = project.answer("small", "--base", "main")
    assert (0, [("small (candidate)", True)]) == (code, judgements(found))
    assert project.answer("small@0.1.1", "--base", "main")[0] == 1


def test_records_are_compared_where_the_base_s_data_are_still_here(project):
    project.put("old")
    project.commit()
    project.branch()
    project.put("small")
    assert project.answer("small", "--base", "main")[2]["diff"]["groups"]
    shutil.rmtree(project.root / "compiled" / "small" / "0.1.0")
    found = project.answer("small", "--base", "main")[2]["diff"]
    assert ([], False) == (found["groups"], found["before"]["records"])
    assert "phrasing-text" in [one["rule"] for one in found["changes"]]


def test_the_merge_base_is_taken_and_not_what_came_later(project):
    project.put("old")
    project.commit()
    project.branch()
    project.commit()
    project.git("checkout", "-q", "main")
    project.put("again")
    project.commit()
    project.git("checkout", "-q", "proposal")
    project.put("small")
    found = project.answer("small", "--base", "main")[2]
    assert ("0.1.0", "0.1.1") == tuple(
        found["diff"][side]["version"] for side in ("before", "after")
    )


def test_what_the_base_let_pass_is_not_held_against_a_proposal(project):
    project.put("old", frozen=True)
    project.put("small")
    project.commit()
    project.branch()
    project.put("later")
    code, _, found = project.answer("small", "--base", "main")
    assert (
        0,
        [("small (candidate)", True), ("small@0.1.0 (frozen)", True)],
    ) == (
        code,
        judgements(found),
    )
    assert 1 == found["diff"]["versions"][1]["known"]
    assert "enough for what is new" in project.diff("small", "--base", "main").out


def test_a_break_that_is_new_is_held_against_a_proposal(project):
    project.put("old", frozen=True)
    project.put("small")
    project.commit()
    project.branch()
    project.put("more")
    code, _, found = project.answer("small", "--base", "main")
    last = found["diff"]["versions"][-1]
    assert (1, 1, "0.2.0") == (code, last["known"], last["least"])
    assert ["template sense"] == [f"{one['kind']} {one['name']}" for one in last["breaks"]]


def test_where_a_version_is_frozen_it_alone_decides(project):
    project.put("old", frozen=True)
    project.put("enough")
    project.commit()
    project.branch()
    project.put("again")  # the same version with other words: no one relies on the old ones yet
    code, verdict, found = project.answer("small", "--base", "main")
    assert (0, "ok") == (code, verdict)
    assert [("small (candidate)", False), ("small@0.1.0 (frozen)", True)] == judgements(found)
    done = project.diff("small", "--base", "main")
    assert "Version, for information\n  0.2.0 says too little: " in done.out
    assert "error[" not in done.out


def test_a_frozen_base_is_judged_once(project):
    project.put("old", frozen=True)
    project.commit()
    project.branch()
    project.put("small")
    code, _, found = project.answer("small", "--base", "main")
    assert (1, [("small@0.1.0 (frozen)", False)]) == (code, judgements(found))


def test_a_proposal_that_is_frozen_itself_is_judged_by_the_one_before(project):
    project.put("old", frozen=True)
    project.commit()
    project.branch()
    project.put("small", frozen=True)
    code, _, found = project.answer("small", "--base", "main")
    assert (1, [("small@0.1.0 (frozen)", False)]) == (code, judgements(found))
    (project.root / "compiled" / "small" / "0.1.0" / FREEZE).unlink()
    code, _, found = project.answer("small", "--base", "main")
    assert (1, ["small (frozen)"]) == (code, [name for name, _ in judgements(found)])


def test_a_proposal_that_changes_nothing_is_the_same(project):
    project.put("old", frozen=True)
    project.put("small")
    project.commit()
    project.branch()
    code, verdict, _ = project.answer("small", "--base", "main")
    assert (0, "same") == (code, verdict)


def test_a_base_without_a_snapshot_leaves_the_frozen_version(project):
    project.commit()
    project.branch()
    project.put("old", frozen=True)
    project.put("small")
    code, _, found = project.answer("small", "--base", "main")
    assert (1, [("small@0.1.0 (frozen)", False)]) == (code, judgements(found))
    (note,) = found["diff"]["notes"]
    assert note.startswith("the merge base with `main`, ")
    assert note.endswith(
        "has no snapshot of small, so it is compared with the last frozen version alone"
    )


def test_a_base_that_is_damaged_is_a_fault(project):
    folder = project.put("old")
    (folder / "plan.json").write_bytes(b"{}")
    project.commit()
    project.branch()
    project.put("small")
    code, _, found = project.answer("small", "--base", "main")
    assert (3, "snapshot-damaged") == (code, found["fault"]["slug"])


def test_with_nothing_to_compare_with_nothing_is_wrong(project):
    project.commit()
    project.branch()
    project.put("small")
    for form in ("text", "markdown", "html"):
        done = project.diff("small", "--base", "main", "--format", form)
        assert (0, "") == (done.code, done.err)
        assert "nothing to compare with: the merge base with" in done.out
    code, verdict, found = project.answer("small", "--base", "main")
    assert (0, "ok", None) == (code, verdict, found["diff"])
    assert found["notes"][0].startswith("nothing to compare with: ")


def test_a_project_may_lie_below_the_root_of_its_repository(project):
    project.root = project.home / "sub" / "project"
    project.root.mkdir(parents=True)
    (project.root / ".sftroot").touch()
    project.put("old")
    project.commit()
    project.branch()
    project.put("small")
    assert project.answer("small", "--base", "main")[:2] == (1, "bump-too-small")


def test_a_revision_that_is_none_is_a_fault(project):
    project.put("old")
    project.commit()
    for revision in ("none", "--output=x", "-x"):
        code, verdict, found = project.answer("small", f"--base={revision}")
        assert (3, "fault", "git-failed") == (code, verdict, found["fault"]["slug"])


def test_a_folder_that_is_no_repository_is_a_fault(project, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.home.parent))
    project.put("old")
    code, _, found = project.answer("small", "--base", "main")
    assert (3, "git-failed") == (code, found["fault"]["slug"])


def test_a_revision_s_snapshot_is_one_of_two(project):
    project.put("old")
    project.commit()
    project.put("small")
    code, _, found = project.answer("git:main:small", "small")
    assert (1, "git:main:small") == (code, found["diff"]["before"]["name"])
