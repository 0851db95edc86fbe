"""`init`: a project that checks, tests and builds as it stands, and harms nothing that is there."""

import gc
import json
from pathlib import Path
import shutil
import signal
import subprocess

import pytest

from sftspec.cli import main
from sftspec.ir.resolve import root_of
from sftspec.snapshot.disk import Disk
from sftspec.verbs import init

REPO = Path(__file__).resolve().parents[2]
FILES = [
    ".gitignore", ".sftroot", "README.md", "compiled/.gitignore", "specs/data/demo.jsonl",
    "specs/demo.sft",
]  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder to work in; the verbs stop the collector, here it goes on."""
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SFTSPEC_STORE", raising=False)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)
    gc.enable()


@pytest.fixture
def said(capsys):
    def run(*words):
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def files_in(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


WROTE = """\
  wrote  demo/.sftroot
  wrote  demo/.gitignore
  wrote  demo/README.md
  wrote  demo/compiled/.gitignore
  wrote  demo/specs/demo.sft
  wrote  demo/specs/data/demo.jsonl

  next
    cd demo
    sftspec check specs/demo.sft
    sftspec test specs/demo.sft
    sftspec lock specs/demo.sft
    sftspec build specs/demo.sft --gate freeze
"""


def test_what_was_written_is_said_and_what_to_run_next(said, here):
    assert (0, WROTE, "") == said("init", "demo")
    assert FILES == sorted(files_in(here / "demo"))


@pytest.mark.parametrize("name", ["demo", "v1", "row", "Legal_2", "dataset", "x" * 64])
def test_the_project_checks_tests_and_builds_without_a_warning(said, here, monkeypatch, name):
    assert 0 == said("init", "demo", "--name", name)[0]
    monkeypatch.chdir(here / "demo")
    spec = f"specs/{name}.sft"
    assert (0, "", f"{spec}: no problems\n") == said("check", spec)
    code, out, _ = said("test", spec)
    assert (0, True) == (code, out.endswith("2 passed, 0 failed\n"))
    assert 0 == said("lock", spec)[0]
    code, out, err = said(
        "build", spec, "--gate", "freeze", "--log", "plain", "--format", "json"
    )
    answer = json.loads(out)
    assert (0, "ok") == (code, answer["verdict"])
    assert "warning" not in err
    assert all(line["holds"] for line in answer["gates"]["freeze"]["lines"])
    counts = answer["counts"]
    assert (16, 0, 32, 0, 24) == tuple(
        counts[key]
        for key in ("rows_read", "rows_rejected", "candidates", "rejected", "chosen")
    )
    parts = answer["mixture"]["parts"]
    assert {"train": 19, "dev": 5} == {part: parts[part]["chosen"] for part in parts}
    assert str(here / "demo" / "compiled" / name / "0.1.0") == answer["snapshot"]
    assert {".sftspec", "compiled", "specs"} == {
        path.name for path in (here / "demo").iterdir() if path.is_dir()
    }


def test_the_readme_names_commands_that_are_run_as_they_stand(said, here, monkeypatch):
    said("init", "demo")
    monkeypatch.chdir(here / "demo")
    text = Path("README.md").read_text("utf-8")
    lines = [line.partition("#")[0].split() for line in text.splitlines()]
    commands = [words[1:] for words in lines if words[:1] == ["sftspec"]]
    assert ["check", "test", "lock", "build"] == [words[0] for words in commands]
    assert [0, 0, 0, 0] == [said(*words)[0] for words in commands]


def test_git_keeps_manifests_and_leaves_data_and_the_store_out(said, here, monkeypatch):
    if shutil.which("git") is None:
        pytest.skip("no git here")
    said("init", "demo")
    monkeypatch.chdir(here / "demo")
    said("build", "specs/demo.sft", "--log", "none")
    git = ["git", "-c", "core.excludesFile=/dev/null"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    listed = subprocess.run([*git, "ls-files"], check=True, capture_output=True, text=True)
    snapshot = [f"compiled/demo/0.1.0/{name}" for name in ("MANIFEST.json", "README.md", "plan.json")]  # fmt: skip
    assert sorted([*FILES, *snapshot]) == sorted(listed.stdout.split())


def test_the_lists_for_git_are_those_of_this_repository():
    shipped = (REPO / "sftspec/verbs/starter/compiled/gitignore").read_bytes()
    assert (REPO / "compiled/.gitignore").read_bytes() == shipped


# the folder and the name


def test_this_folder_is_taken_where_none_is_said(said, here):
    code, out, _ = said("init", "--name", "demo")
    assert 0 == code
    assert "  wrote  specs/demo.sft\n" in out
    assert "cd " not in out
    assert FILES == sorted(files_in(here))


def test_the_folders_name_becomes_the_datasets(said, here):
    code, out, _ = said("init", "far/my-data set", "--format", "json")
    answer = json.loads(out)
    assert (0, "ok", "my_data_set") == (code, answer["verdict"], answer["name"])
    assert answer["written"][-2:] == ["specs/my_data_set.sft", "specs/data/my_data_set.jsonl"]
    assert "cd 'far/my-data set'" == answer["next"][0]
    assert str(here / "far" / "my-data set") == answer["folder"]
    assert "dataset my_data_set v0.1.0 {" in (here / "far/my-data set/specs/my_data_set.sft").read_text("utf-8")  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("demo", "--name", "2026"), ("demo", "--name", "a-b"), ("demo", "--name", "../x"),
        ("demo", "--name", "été"), ("demo", "--name", ""), ("demo", "--name", "not"),
        ("demo", "--name", "x" * 65), ("demo", "--name", "a\n"), ("2026",), ("/",),
    ],
    ids=ascii,
)  # fmt: skip
def test_a_name_that_a_dataset_cannot_have_is_refused(said, here, words):
    code, out, err = said("init", *words)
    assert (2, "") == (code, out)
    assert err.startswith("error[bad-name]: ")
    assert [] == list(here.iterdir())


# what is there already


@pytest.mark.parametrize(
    ("there", "named"),
    [
        (["specs/demo.sft"], "`specs/demo.sft` is"),
        (["specs/data/demo.jsonl"], "`specs/data/demo.jsonl` is"),
        (["specs/demo.sft", "specs/data/demo.jsonl"], "`specs/demo.sft`, `specs/data/demo.jsonl` are"),
        (["specs"], "`specs` is"),
        (["specs/data"], "`specs/data` is"),
        (["compiled"], "`compiled` is"),
    ],
)  # fmt: skip
def test_what_is_there_is_named_and_nothing_is_written(said, here, there, named):
    for name in there:
        path = here / "demo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")
    before = files_in(here)
    code, out, err = said("init", "demo")
    assert (3, "") == (code, out)
    assert f"fault[existing-files]: {named} there already; nothing was written\n" in err
    assert before == files_in(here)


def test_a_link_is_in_the_way_even_one_that_leads_nowhere(said, here):
    (here / "demo" / "specs").mkdir(parents=True)
    (here / "demo" / "specs" / "demo.sft").symlink_to("nowhere")
    assert "`specs/demo.sft` is there already" in said("init", "demo")[2]
    (here / "other").mkdir()
    (here / "other" / "specs").symlink_to(here)
    assert "`specs` is there already" in said("init", "other")[2]
    assert {} == files_in(here)


def test_a_file_where_the_folder_should_be_is_named(said, here):
    (here / "demo").write_bytes(b"mine")
    code, _, err = said("init", "demo")
    assert 3 == code
    assert "fault[existing-files]: `demo` is there already" in err


def test_the_projects_own_files_are_kept(said, here):
    (here / ".gitignore").write_text("build/\n", encoding="utf-8")
    (here / "README.md").write_text("ours", encoding="utf-8")
    code, out, _ = said("init", "--name", "demo")
    assert 0 == code
    assert (
        "  kept   .gitignore, to which to add the line `.sftspec/`\n  kept   README.md\n" in out
    )
    assert (b"build/\n", b"ours") == tuple(
        files_in(here)[n] for n in (".gitignore", "README.md")
    )


@pytest.mark.parametrize("line", [".sftspec/", "/.sftspec", ".sftspec"])
def test_a_list_that_has_the_store_needs_no_line(said, here, line):
    (here / ".gitignore").write_text(f"build/\n{line}\n", encoding="utf-8")
    assert "add the line" not in said("init", "--name", "demo")[1]


def test_a_second_spec_can_be_started_in_a_project(said, here):
    said("init", "--name", "demo")
    before = files_in(here)
    code, out, _ = said("init", "--name", "other", "--format", "json")
    answer = json.loads(out)
    assert (0, ["specs/other.sft", "specs/data/other.jsonl"]) == (code, answer["written"])
    assert [".sftroot", ".gitignore", "README.md", "compiled/.gitignore"] == answer["kept"]
    assert before == {
        name: data for name, data in files_in(here).items() if "other" not in name
    }


# the project's root


def test_the_folder_is_the_root_of_its_specs_wherever_it_lies(said, here):
    (here / "pyproject.toml").touch()
    said("init", "demo")
    assert (here / "demo") == root_of(here / "demo" / "specs" / "demo.sft")


@pytest.mark.parametrize("mark", ["pyproject.toml", ".git"])
def test_a_folder_that_is_a_root_needs_no_mark(said, here, mark):
    (here / mark).touch()
    assert 0 == said("init", "--name", "demo")[0]
    assert not (here / ".sftroot").exists()
    assert here == root_of(here / "specs" / "demo.sft")


# what goes wrong in the middle


class _Full(Disk):
    """Has room for one file."""

    room = 1

    def write(self, descriptor, data, path):
        if not _Full.room:
            raise OSError(28, "No space left on device", str(path))
        _Full.room -= 1
        super().write(descriptor, data, path)


def test_a_disk_that_fills_up_leaves_nothing_behind(said, here, monkeypatch):
    (here / "demo").mkdir()
    monkeypatch.setattr("sftspec.snapshot.disk.Disk", _Full)
    code, _, err = said("init", "demo")
    assert (3, True) == (code, "no space left on device" in err)
    assert [] == list((here / "demo").iterdir())


def test_a_file_that_comes_into_being_meanwhile_is_not_overwritten(said, here, monkeypatch):
    class Raced(Disk):
        def place(self, source, target):
            if target.suffix == ".sft":
                target.write_bytes(b"theirs")
            return super().place(source, target)

    monkeypatch.setattr("sftspec.snapshot.disk.Disk", Raced)
    code, _, err = said("init", "demo")
    assert (3, True) == (
        code,
        "fault[existing-files]: `specs/demo.sft` is there already" in err,
    )
    assert {"demo/specs/demo.sft": b"theirs"} == files_in(here)


def test_the_word_for_the_name_stands_only_where_the_name_belongs():
    texts = init._texts("QQ")
    assert 3 == texts["specs/QQ.sft"].count(b"QQ")
    assert 0 == texts["specs/data/QQ.jsonl"].count(b"QQ")
    assert not any(b"starter" in text for text in texts.values())
