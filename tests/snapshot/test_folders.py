"""A snapshot with folders of its own: what a build finds there, what git commits, whose name is free."""

from pathlib import Path
import shutil
import subprocess

import pytest

from sftspec.build import _is_there
from sftspec.ground.report import Fault
from sftspec.snapshot.manifest import FREEZE, MANIFEST, FileEntry, decode
from sftspec.snapshot.seal import seal

REPO = Path(__file__).parents[2]
PAIRS = "pairs/train.jsonl"


@pytest.fixture
def snapshot(tmp_path, deep_snapshot):
    return Path(shutil.copytree(deep_snapshot, tmp_path / "snapshot"))


# ---- what a build finds


def as_built(snapshot):
    """Whether a build that would write what the fixture holds finds it there."""
    data = (snapshot / MANIFEST).read_bytes()
    return _is_there(snapshot, data, decode(data))


def test_a_snapshot_stands_with_or_without_what_is_not_listed(snapshot):
    assert as_built(snapshot)
    (snapshot / FREEZE).write_bytes(b"{}")
    assert as_built(snapshot)
    (snapshot / "receipt.json").unlink()
    assert as_built(snapshot)


SPOILT = {
    "a file is gone": lambda at: (at / PAIRS).unlink(),
    "a file of another size": lambda at: (at / PAIRS).write_bytes(b""),
    "a folder is gone": lambda at: shutil.rmtree(at / "pairs"),
    "a file where a folder was": lambda at: (
        shutil.rmtree(at / "pairs"),
        (at / "pairs").touch(),
    ),
    "a folder where a file was": lambda at: ((at / PAIRS).unlink(), (at / PAIRS).mkdir()),
    "a file too many in a folder": lambda at: (at / "pairs/more").touch(),
    "a folder too many in a folder": lambda at: (at / "pairs/more").mkdir(),
    "a folder too many": lambda at: (at / "more").mkdir(),
    "a file too many": lambda at: (at / "more").touch(),
    "a link to a file": lambda at: (
        (at / PAIRS).rename(at.parent / "x"),
        (at / PAIRS).symlink_to(at.parent / "x"),
    ),
    "a link to a folder": lambda at: (
        (at / "pairs").rename(at.parent / "x"),
        (at / "pairs").symlink_to(at.parent / "x"),
    ),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_is_not_as_it_would_be_written_is_written_again(snapshot, spoil):
    spoil(snapshot)
    assert not as_built(snapshot)


def test_a_snapshot_of_another_manifest_is_written_again(snapshot):
    data = (snapshot / MANIFEST).read_bytes()
    assert not _is_there(snapshot, data + b" ", decode(data))
    assert not _is_there(snapshot / "nowhere", data, decode(data))


def test_what_no_reader_would_take_is_not_sealed():
    from sftspec.snapshot.content import manifest_of

    for name in ("../x", "a/b/c", "receipt.json"):
        with pytest.raises(ValueError, match="a snapshot cannot hold"):
            manifest_of(None, {}, None, [FileEntry(name, "0" * 64, 1)])


# ---- what git commits


def test_a_first_build_keeps_data_out_of_git(tmp_path, project):
    home = project.make(tmp_path / "home")
    assert 0 == project.sftspec(home, "build", "small.sft", "--log", "none").returncode
    rules = (home / "compiled" / ".gitignore").read_text("utf-8")
    assert rules == (REPO / "compiled" / ".gitignore").read_text("utf-8")
    assert rules == (REPO / "sftspec/verbs/starter/compiled/gitignore").read_text("utf-8")
    (home / "compiled" / ".gitignore").write_text("# ours\n", encoding="utf-8")
    project.sftspec(home, "build", "small.sft", "--log", "none")
    assert "# ours\n" == (home / "compiled" / ".gitignore").read_text("utf-8")


@pytest.mark.parametrize(
    "rules", ["compiled/.gitignore", "sftspec/verbs/starter/compiled/gitignore"]
)
def test_papers_are_committed_and_data_are_not(tmp_path, snapshot, rules):
    home = tmp_path / "repo"
    folder = home / "compiled" / "small" / "0.1.0"
    shutil.copytree(snapshot, folder)
    (folder / FREEZE).write_bytes(b"{}")
    (folder / "pairs" / "MANIFEST.json").write_bytes(b"{}")
    (folder / "pairs" / "README.md").write_bytes(b"")
    (home / "compiled" / ".staging" / "small" / "0.2.0.new").mkdir(parents=True)
    (home / "compiled" / ".staging" / "small" / "0.2.0.new" / MANIFEST).write_bytes(b"{}")
    shutil.copyfile(REPO / rules, home / "compiled" / ".gitignore")
    git = ["git", "-C", str(home), "-c", "core.excludesFile="]
    subprocess.run([*git, "init", "-q"], check=True)
    listed = [*git, "ls-files", "--others", "--exclude-standard"]
    done = subprocess.run(listed, check=True, capture_output=True, text=True)
    papers = ("FREEZE.json", "MANIFEST.json", "README.md", "plan.json")
    wanted = ["compiled/.gitignore", *(f"compiled/small/0.1.0/{name}" for name in papers)]
    assert wanted == sorted(done.stdout.split())


# ---- whose name is free


def test_two_datasets_that_case_alone_tells_apart_are_not_sealed_side_by_side(
    tmp_path, snapshot
):
    """Where case does not count their folders are one."""
    data = (snapshot / MANIFEST).read_bytes()
    files = {"train.jsonl": (lambda: b"", None)}
    seal(tmp_path, "legal", "0.1.0", files, data, b"{}")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(Fault) as caught:
        seal(tmp_path, "Legal", "0.1.0", files, data, b"{}")
    assert "case-twin" == caught.value.slug
    assert "`legal` is there" in caught.value.message
    assert before == sorted(path.name for path in tmp_path.iterdir())
    seal(tmp_path, "legal2", "0.1.0", files, data, b"{}")
    seal(tmp_path, "legal", "0.1.0", files, data, b"{}")
