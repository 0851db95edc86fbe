"""What `gc` says and does: would go, is gone, stays, and what is in the way."""

import fcntl
import json
from pathlib import Path
import re
import runpy
import shutil
from types import SimpleNamespace

import pytest

from sftspec import cli
from sftspec.engine.lease import Lease, leased
from sftspec.engine.log import Log

small = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "small.py")))
NOTHING = "  there is nothing to remove\n"


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A project that was built, edited and built again, and the ids of both builds."""
    home = small.make(tmp_path_factory.mktemp("first") / "home")
    ids = [built(home)]
    text = (home / "small.sft").read_text("utf-8")
    (home / "small.sft").write_text(
        text.replace("What is", "Tell me, what is"), encoding="utf-8"
    )
    return home, (*ids, built(home))


def built(home, *words):
    done = small.sftspec(
        home, "build", "small.sft", "--log", "none", "--format", "json", *words
    )
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)["id"]


@pytest.fixture
def home(first, tmp_path, monkeypatch):
    """A copy of it, store and all, in which we are."""
    monkeypatch.delenv("SFTSPEC_STORE", raising=False)
    copy = Path(shutil.copytree(first[0], tmp_path / "home"))
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture
def said(capsys):
    """Run `gc`: its code, what is on stdout, what is on stderr."""

    def run(*words):
        code = cli.main(["gc", *map(str, words)])
        return (code, *capsys.readouterr())

    return run


@pytest.fixture
def asked(said):
    """Run `gc` for its answer in JSON."""

    def run(*words):
        code, out, _ = said("--format", "json", *words)
        return code, json.loads(out)

    return run


def replaced(first):
    return f"small 0.1.0 ({first[1][0][7:19]}) was replaced"


def test_without_yes_it_only_says_what_would_go(first, home, said):
    before = small.tree(home)
    code, out, err = said()
    assert (0, "", before) == (code, err, small.tree(home))
    lines = out.splitlines()
    assert str(home / ".sftspec" / "v1") == lines[0]
    assert ["would", "go", "count", "bytes", "why"] == lines[2].split()
    gone = {line.split()[0]: line for line in lines[3:5]}
    assert {"objects", "roots"} == set(gone)
    assert all(line.endswith(replaced(first)) for line in gone.values())
    assert re.fullmatch(r" +stays +objects +bytes +why", lines[6])
    assert re.fullmatch(r" +small 0\.1\.0 +\d+ +\d+ +it stands", lines[7])
    assert re.fullmatch(r"  \d+ objects stay, \d+ bytes", lines[9])
    assert re.fullmatch(r"  \d+ bytes would go; `sftspec gc --yes` removes them", lines[10])
    assert 11 == len(lines)


def test_with_yes_it_goes_and_what_stands_is_reused(home, said):
    (home / ".sftspec" / "v1" / "tmp" / "half").write_bytes(b"x" * 7)
    snapshot = small.tree(home / "compiled")
    would = said()[1]
    code, out, err = said("--yes")
    assert (0, "") == (code, err)
    assert out.split() == would.replace("would go;", "are gone").replace("would go", "gone").replace(
        " `sftspec gc --yes` removes them", ""
    ).split()  # fmt: skip
    assert re.search(r"(?m)^ +tmp +1 +7  whoever wrote them is gone$", out)
    assert snapshot == small.tree(home / "compiled")
    assert NOTHING == said()[1].splitlines(keepends=True)[-1]
    assert 0 == small.sftspec(home, "verify", "small").returncode
    done = small.sftspec(home, "build", "small.sft", "--log", "plain")
    nodes = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
    assert {"reused"} == {line.split(": ")[1] for line in nodes}
    assert "up to date" in done.stdout


def test_the_answer_counts_by_kind_and_reason(first, home, asked):
    code, answer = asked()
    assert (0, "ok", False) == (code, answer["verdict"], answer["removed"])
    by_kind = {one["kind"]: one for one in answer["dead"]}
    assert {"objects": replaced(first), "roots": replaced(first)} == {
        kind: one["why"] for kind, one in by_kind.items()
    }
    assert answer["count"] == sum(one["count"] for one in answer["dead"])
    assert answer["bytes"] == sum(one["bytes"] for one in answer["dead"])
    (kept,) = answer["kept"]
    assert (str(home), "small", "0.1.0", first[1][1]) == (
        kept["project"], kept["dataset"], kept["version"], kept["id"],
    )  # fmt: skip
    assert (answer["objects"], answer["objects_bytes"]) == (kept["objects"], kept["bytes"])
    files = [
        path for path in (home / ".sftspec" / "v1" / "objects").rglob("*") if path.is_file()
    ]
    assert len(files) == answer["objects"] + by_kind["objects"]["count"]
    assert sum(path.stat().st_size for path in files) == (
        answer["objects_bytes"] + by_kind["objects"]["bytes"]
    )
    code, done = asked("--yes")
    assert answer | {"removed": True} == done


def test_a_project_without_a_store_has_nothing_to_remove(tmp_path, said, asked, monkeypatch):
    monkeypatch.delenv("SFTSPEC_STORE", raising=False)
    code, out, _ = said("--root", tmp_path, "--yes")
    assert (0, NOTHING) == (code, out.splitlines(keepends=True)[-1])
    assert {"count": 0, "objects": 0, "kept": []}.items() <= asked("--root", tmp_path)[
        1
    ].items()
    assert [] == list(tmp_path.iterdir())


def test_the_store_is_looked_for_where_a_build_would(home, asked, monkeypatch, tmp_path):
    built(home, "--store", tmp_path / "kept")
    assert str(tmp_path / "kept") == asked("--store", "../kept")[1]["store"].replace(
        "/home/..", ""
    )
    monkeypatch.setenv("SFTSPEC_STORE", str(tmp_path / "kept"))
    assert (str(tmp_path / "kept"), 0) == tuple(asked()[1][name] for name in ("store", "count"))
    monkeypatch.chdir(tmp_path)
    assert ["it stands"] == [one["why"] for one in asked("--root", "home")[1]["kept"]]


def test_a_folder_that_is_no_store_is_a_fault(home, said, asked):
    before = small.tree(home)
    code, out, err = said("--store", home, "--yes")
    assert (3, "", before) == (code, out, small.tree(home))
    assert err.startswith("fault[not-a-store]: ")
    code, answer = asked("--store", home)
    assert (3, "fault", "not-a-store") == (code, answer["verdict"], answer["fault"]["slug"])


def test_a_store_in_use_is_a_finding(home, said, asked):
    store = home / ".sftspec" / "v1"
    with leased(store, Lease("build", "a\x1b[31m", "/b", "box", 7), Log()):
        before = small.tree(store)
        code, out, err = said("--yes")
        assert (1, "") == (code, out)
        assert (
            "error[store-in-use]: the store is in use, so nothing is removed\n"
            "  `build` of a\\u{1b}[31m in /b, process 7 on box\n"
            "  hint: wait until it is through, and run `sftspec gc` again\n"
        ) == err
        code, answer = asked()
        assert (1, "store-in-use", str(store)) == (code, answer["verdict"], answer["store"])
        assert [("build", 7)] == [(one["verb"], one["process"]) for one in answer["leases"]]
        assert before == small.tree(store)
    assert 0 == said("--yes")[0]


def test_roots_that_cannot_be_read_are_a_finding(home, said, asked):
    for path in (home / ".sftspec" / "v1" / "roots").iterdir():
        path.write_bytes(b"")
    code, out, err = said("--yes")
    assert (1, NOTHING) == (code, out.splitlines(keepends=True)[-1])
    head, *files, hint = err.splitlines()
    assert head.startswith("error[unreadable-roots]: ")
    assert {f"  {path}" for path in (home / ".sftspec" / "v1" / "roots").iterdir()} == set(
        files
    )
    assert hint.startswith("  hint: build the specs of this store again")
    code, answer = asked()
    assert (1, "unreadable-roots", 2, 0) == (
        code, answer["verdict"], len(answer["unreadable"]), answer["count"],
    )  # fmt: skip


def test_a_snapshot_that_no_build_has_marked_is_said_to_need_a_build(home, said, asked):
    shutil.rmtree(home / ".sftspec" / "v1" / "roots")
    _, out, _ = said()
    wanted = (
        "  small 0.1.0 stands, and no build has marked here what it needs:\n"
        "    build it first, and what that uses stays\n"
    )
    assert wanted in out
    assert [["small", "0.1.0"]] == asked()[1]["unmarked"]
    built(home)
    assert wanted not in said()[1]
    assert [] == asked()[1]["unmarked"]


def test_other_projects_of_a_store_are_named(home, said, tmp_path):
    store, other = tmp_path / "kept", tmp_path / "the\x1b[31m other"
    shutil.copytree(home, other)
    for one in (home, other):
        built(one, "--store", store)
    _, out, _ = said("--store", store)
    assert f"of {tmp_path}/the\\u{{1b}}[31m other, another project\n" in out
    shutil.rmtree(other)
    _, out, _ = said("--store", store, "--yes")
    assert f"of {tmp_path}/the\\u{{1b}}[31m other, a project that is gone\n" in out


# ---- what lies beside the snapshots


def staging(home, name):
    path = home / "compiled" / ".staging" / "small" / name
    path.mkdir(parents=True)
    (path / "train.jsonl").write_bytes(b"x" * 5)
    (path / "parquet").mkdir()
    (path / "parquet" / "train-00000-of-00001.parquet").write_bytes(b"x" * 6)
    return path


def test_what_a_dead_build_left_in_staging_goes(home, asked, said):
    paths = [staging(home, "0.1.0.new"), staging(home, "0.1.0.old"), home / "compiled" / ".staging" / "small" / "x"]  # fmt: skip
    paths[2].symlink_to(home)
    (found,) = (one for one in asked()[1]["dead"] if one["kind"] == "staging")
    assert (3, 22 + len(str(home))) == (found["count"], found["bytes"])
    assert "of builds that died as they sealed" == found["why"]
    said("--yes")
    assert [] == [path for path in paths if path.is_symlink() or path.exists()]
    assert (home / "small.sft").exists()


def test_the_only_one_of_a_version_stays_in_staging(home, asked, said):
    aside = home / "compiled" / ".staging" / "small" / "0.1.0.old"
    (home / "compiled" / "small" / "0.1.0").rename(aside)
    before = small.tree(aside)
    assert {"objects", "roots"} == {one["kind"] for one in asked()[1]["dead"]}
    said("--yes")
    assert before == small.tree(aside)
    assert ["it stands"] == [one["why"] for one in asked()[1]["kept"]]
    built(home)
    assert not aside.exists()
    assert 0 == small.sftspec(home, "verify", "small").returncode


def test_staging_of_a_build_with_another_store_is_left_alone(home, asked, said):
    path = staging(home, "0.1.0.new")
    with (home / "compiled" / ".staging" / "small.lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        assert {"objects", "roots"} == {one["kind"] for one in asked()[1]["dead"]}
        said("--yes")
    assert (path / "train.jsonl").exists()
    assert {"staging"} == {one["kind"] for one in asked("--yes")[1]["dead"]}
    assert not path.exists()


def test_staging_is_swept_where_there_is_no_store(home, said):
    path = staging(home, "0.1.0.new")
    shutil.rmtree(home / ".sftspec")
    assert 0 == said("--yes")[0]
    assert not path.exists()
    assert not (home / ".sftspec").exists()
