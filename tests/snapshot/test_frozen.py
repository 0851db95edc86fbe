"""A frozen version does not change: other bytes are refused, equal bytes fill the data in."""

import shutil

import pytest

from sftspec.snapshot.manifest import FREEZE, MANIFEST
from sftspec.snapshot.verify import verify


@pytest.fixture
def frozen(tmp_path, new_snapshot, project):
    """The project of the new snapshot, its version frozen."""
    shutil.copytree(new_snapshot.parents[2], tmp_path / "home")
    folder = tmp_path / "home" / "compiled" / "small" / "0.1.0"
    (folder / FREEZE).write_bytes(project.freeze_of((folder / MANIFEST).read_bytes()))
    return folder


def versions(project, folder):
    """All that lies under the compiled folder, but for what a build needs meanwhile."""
    found = project.tree(folder.parents[1])
    return {name: data for name, data in found.items() if not name.startswith(".staging")}


def rebuild(project, folder):
    return project.sftspec(folder.parents[2], "build", "small.sft", "--log", "none")


def test_other_bytes_are_refused(project, frozen):
    before = versions(project, frozen)
    spec = frozen.parents[2] / "small.sft"
    spec.write_text(project.SPEC.replace("total = 24", "total = 20"), encoding="utf-8")
    done = rebuild(project, frozen)
    assert 3 == done.returncode
    assert done.stderr.startswith("fault[frozen-version]: ")
    assert "raise the version" in done.stderr
    assert "" == done.stdout
    assert before == versions(project, frozen)
    assert [] == list((frozen.parents[1] / ".staging" / "small").iterdir())


def test_other_bytes_are_refused_where_the_data_are_missing_too(project, frozen):
    for path in frozen.iterdir():
        if path.name not in {MANIFEST, FREEZE, "plan.json", "README.md"}:
            path.unlink()
    before = project.tree(frozen)
    spec = frozen.parents[2] / "small.sft"
    spec.write_text(project.SPEC.replace("seed    = 7", "seed    = 8"), encoding="utf-8")
    assert 3 == rebuild(project, frozen).returncode
    assert before == project.tree(frozen)


@pytest.mark.parametrize("missing", [None, "train.jsonl", "index.parquet", "plan.json"])
def test_equal_bytes_fill_the_data_in_and_keep_the_mark(project, frozen, missing):
    whole = project.tree(frozen)
    for path in frozen.iterdir():
        if path.name == missing or (missing is None and path.name not in {MANIFEST, FREEZE}):
            path.unlink()
    done = rebuild(project, frozen)
    assert 0 == done.returncode, done.stderr
    after = project.tree(frozen)
    whole.pop("receipt.json"), after.pop("receipt.json")
    assert whole == after
    assert verify(frozen).good


def test_a_mark_without_its_manifest_is_not_built_over(project, frozen):
    (frozen / MANIFEST).unlink()
    before = project.tree(frozen)
    done = rebuild(project, frozen)
    assert (3, True) == (done.returncode, "frozen-version" in done.stderr)
    assert before == project.tree(frozen)


def test_a_build_with_nothing_to_do_leaves_a_frozen_version_as_it_is(project, frozen):
    before = project.tree(frozen)
    done = rebuild(project, frozen)
    assert (0, True) == (done.returncode, "up to date" in done.stdout)
    assert before == project.tree(frozen)
