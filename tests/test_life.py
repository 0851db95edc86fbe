"""A dataset's life in a repository: written, built, locked, changed, refused, raised, frozen, changed again."""

import json
from pathlib import Path
import runpy
import shutil
import subprocess
from types import SimpleNamespace

import pytest

small = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("small.py"))))
LINE = '  require count(rejected == "duplicate-key") <= 1 of rows\n'
IGNORE = "/.sftspec/\n"
WHO = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")


class Repository:
    """A project under git, and the command run in it."""

    def __init__(self, root):
        self.root = root
        self.spec = root / "small.sft"

    def git(self, *words):
        call = ["git", "-C", str(self.root), *WHO, *words]
        return subprocess.run(call, capture_output=True, check=True, text=True).stdout

    def commit(self, why):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", why)

    def says(self, code, *words):
        """What the command prints; it ends with this code."""
        done = small.sftspec(self.root, *words)
        assert code == done.returncode, done.stdout + done.stderr
        return done.stdout + done.stderr

    def edit(self, old, new):
        text = self.spec.read_text("utf-8")
        assert old in text
        self.spec.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def repository(tmp_path):
    root = small.make(
        tmp_path / "home", spec=small.SPEC.replace("gate freeze {\n", "gate freeze {\n" + LINE)
    )
    (root / ".gitignore").write_text(IGNORE, encoding="utf-8")
    found = Repository(root)
    found.git("init", "-q", "-b", "main")
    return found


def test_a_whole_life(repository):
    r = repository
    build = ("build", "small.sft", "--log", "plain")
    lock = ("lock", "small.sft")
    diff = ("diff", "git:HEAD:small", "small")

    # written and built: nothing is pinned yet, and that is said
    r.says(0, "check", "small.sft")
    assert "there is no small.lock" in r.says(0, *build)
    assert "unlocked" in r.says(1, "build", "small.sft", "--locked")
    assert "small.lock: written" in r.says(0, *lock)
    assert "warning" not in r.says(0, *build, "--locked")
    r.commit("small 0.1.0")
    before = r.root.parent / "before"
    shutil.copytree(r.root / "compiled" / "small" / "0.1.0", before)
    papers = r.git("ls-files", "compiled").split()
    expected = {".gitignore", "MANIFEST.json", "plan.json", "README.md"}
    assert expected == {Path(one).name for one in papers}

    # another wording under the old version is refused, with what it asks for
    r.edit('"What is {{ row.term }}?"', '"Say what {{ row.term }} is."')
    for verb in (("check", "small.sft"), ("plan", "small.sft", "--log", "none"), build, lock):
        said = r.says(1, *verb)
        assert "locked-text-changed" in said
        assert (
            "template `sense` is locked under v1.0.0 with other text: turn 1 (user) changed"
            in said
        )
        assert "raise it to v1.1.0" in said

    # raised and built: the dataset's own version is too small for it still, which the diff says
    r.edit("template sense v1.0.0", "template sense v1.1.0")
    said = r.says(0, *build)
    assert "the lock is behind the spec: template `sense` has another version" in said
    assert "stale-lock" in r.says(1, "build", "small.sft", "--locked", "--log", "none")
    r.says(0, *lock)
    said = r.says(1, *diff)
    assert "0.2.0" in said
    assert "bump-too-small" == json.loads(r.says(1, *diff, "--format", "json"))["verdict"]
    r.edit("dataset small v0.1.0", "dataset small v0.2.0")
    r.says(0, *lock)
    r.says(0, *build, "--locked")
    found = json.loads(r.says(0, "diff", before, "small", "--format", "json"))["diff"]
    assert {"minor"} == {change["bump"] for change in found["changes"]} - {"none"}
    assert found["totals"]["modified"] > 0
    assert 0 == found["totals"]["added"] == found["totals"]["removed"]
    causes = {cause for group in found["groups"] for cause in group["causes"]}
    assert {"template sense: turn 1 (user) changed, v1.0.0 → v1.1.0"} == causes
    r.commit("small 0.2.0: another wording")

    # a source that changes silently is refused, and accepted by name
    terms = r.root / "data" / "terms.csv"
    terms.write_text(terms.read_text("utf-8") + "late,too late,low\n", encoding="utf-8")
    said = r.says(1, *build)
    assert "source `terms` is not as locked: data/terms.csv has" in said
    assert "locked-source-changed" in r.says(1, *lock)
    r.says(2, *lock, "--upgrade", "asks")
    r.says(0, *lock, "--upgrade", "terms")
    r.edit("dataset small v0.2.0", "dataset small v0.3.0")
    r.says(0, *lock)
    r.says(0, *build, "--locked")

    # frozen, and from then on as it is
    assert "nothing is in the way of freezing v0.3.0" in r.says(0, "status", "small")
    r.says(0, "freeze", "small", "--by", "Ada", "--reason", "the first release")
    r.commit("small 0.3.0 is frozen")
    assert "frozen" in r.says(0, "status", "small")
    assert "self-consistent, not authenticated" in r.says(0, "verify", "small@frozen")
    r.edit("seed    = 7", "seed    = 8")
    assert "frozen-version" in r.says(3, *build)

    # a weaker gate is refused until somebody says why
    r.edit("dataset small v0.3.0", "dataset small v0.4.0")
    r.edit("coverage(topics) >= 50%", "coverage(topics) >= 40%")
    r.says(0, *lock)
    r.says(0, *build, "--locked")
    said = r.says(1, "freeze", "small", "--by", "Bob", "--reason", "more")
    assert "weaker-gates" in said
    assert "`require coverage(topics) >= 50%` is `require coverage(topics) >= 40%` now" in said
    assert "weaker-gates" in r.says(0, "status", "small", "small.sft")
    words = ("freeze", "small", "--by", "Bob", "--reason", "more")
    said = r.says(0, *words, "--weaker", "one topic was given up")
    assert "because one topic was given up" in said
    said = r.says(0, "status")
    assert said.index("superseded") < said.index("frozen")
    r.commit("small 0.4.0 is frozen")

    # a fresh clone verifies what it has, fills the data in, and finds the same bytes
    clone = Repository(r.root.parent / "clone")
    r.git("clone", "-q", str(r.root), str(clone.root))
    assert "missing: train.jsonl" in clone.says(1, "verify", "small")
    clone.says(0, "diff", "small@0.3.0", "small@0.4.0")
    clone.says(0, *build, "--locked")
    clone.says(0, "verify", "small@0.4.0")
    assert "" == clone.git("status", "--porcelain")


def test_a_rename_is_no_removal(repository):
    r = repository
    r.says(0, "build", "small.sft", "--log", "none")
    r.commit("before")
    r.edit("template sense v1.0.0", "template meaning v1.0.0")
    r.edit("test sense ", "test meaning ")
    r.edit("emit { jsonl }", "emit { jsonl }\nmoved sense to meaning")
    r.says(0, "build", "small.sft", "--log", "none")
    found = json.loads(r.says(0, "diff", "git:HEAD:small", "small", "--format", "json"))["diff"]
    assert [("moved", "none", "meaning")] == [
        (change["rule"], change["bump"], change["name"]) for change in found["changes"]
    ]
    whole = r.root / "whole"
    r.git("worktree", "add", "-q", str(whole), "HEAD")
    Repository(whole).says(0, "build", "small.sft", "--log", "none")
    folder = str(whole / "compiled" / "small" / "0.1.0")
    found = json.loads(r.says(0, "diff", folder, "small", "--format", "json"))["diff"]
    totals = found["totals"]
    assert totals["same"] == sum(totals.values()) > 0


@pytest.mark.parametrize("name", ["legal", "medical", "support"])
def test_a_shipped_spec_is_locked_and_could_be_frozen(tmp_path, name):
    shutil.copytree(small.REPO / "specs", tmp_path / "specs")
    (tmp_path / ".sftroot").touch()
    here = Repository(tmp_path)
    here.says(0, "build", f"specs/{name}.sft", "--locked", "--log", "none")
    said = here.says(0, "status", f"specs/{name}.sft")
    assert "lock up to date" in said
    assert "nothing is in the way of freezing" in said
