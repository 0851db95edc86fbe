"""Paths and files: what a spec may name, what a source may be, and globs that lead nowhere odd."""

import os
from pathlib import Path

import pytest

from sftspec.ports.files import expand
from tests.bad_input.kit import SPEC, UNTOUCHED, Project, lines_of, place_of, refused, row

OUTSIDE, BAD = "path-outside-root", "bad-path"
REFUSED = [
    ("../rows.jsonl", OUTSIDE), ("data/../../x.jsonl", OUTSIDE), ("..", OUTSIDE), ("data/*/../../../x.jsonl", OUTSIDE),
    ("/etc/passwd", OUTSIDE), ("~/.ssh/x.jsonl", OUTSIDE), ("~root/x.jsonl", OUTSIDE), ("file:///etc/x.jsonl", OUTSIDE),
    ("s3://key:secret@bucket/x.jsonl", OUTSIDE), ("\\\\\\\\host\\\\x.jsonl", OUTSIDE), ("data\\\\x.jsonl", OUTSIDE),
    ("C:/x.jsonl", OUTSIDE), ("C:x.jsonl", OUTSIDE), ("CON", OUTSIDE), ("data/nul.jsonl", OUTSIDE),
    ("data/COM1/x.jsonl", OUTSIDE), ("", BAD), ("a\\u0000b.jsonl", BAD), ("a\\nb.jsonl", BAD), ("a\\u007fb.jsonl", BAD),
    ("data//rows.jsonl", BAD), ("./data/rows.jsonl", BAD), ("data/rows.jsonl/", BAD), ("data/./rows.jsonl", BAD),
    ("data/\\ud800.jsonl", "bad-escape"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "slug"), REFUSED)
def test_a_path_is_relative_inside_the_root_and_spelled_in_one_way(tmp_path, path, slug):
    spec = SPEC.replace("data/rows.jsonl", path)
    refused(
        Project(tmp_path, spec), slug, "", place_of(spec, f'"{path}"', spec.index("path = "))
    )


@pytest.mark.parametrize("path", [path for path, slug in REFUSED if "rows" not in path])
def test_an_import_is_no_way_out_either(tmp_path, path):
    spec = SPEC + f'import "{path}"\n'
    done = Project(tmp_path, spec).run("check", "m.sft")
    assert done.code == 1
    assert f"  m.sft:{spec.count(chr(10))}:8\n" in done.err


IMPORT = SPEC + 'import "sub/x.sft"\n'


def fifo(home):
    (home / "sub").mkdir()
    os.mkfifo(home / "sub/x.sft")


def link(home):
    (home / "sub").mkdir()
    (home / "sub/x.sft").symlink_to("/etc/passwd")


def parent(home):
    (home / "else").mkdir()
    (home / "else/x.sft").write_text("edition 2026\n")
    (home / "sub").symlink_to("else")


def folder(home):
    (home / "sub/x.sft").mkdir(parents=True)


@pytest.mark.parametrize(
    ("make", "slug"),
    [
        (fifo, "not-a-file"), (link, "symlink-in-path"), (parent, "symlink-in-path"),
        (folder, "not-a-file"), (lambda _: None, "file-not-found"),
    ],
)  # fmt: skip
def test_an_imported_file_is_a_file_of_the_project(tmp_path, make, slug):
    project = Project(tmp_path, IMPORT)
    make(tmp_path)
    refused(project, slug, "`sub/x.sft`", place_of(IMPORT, '"sub/x'), apart=True)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_imports_in_a_circle(tmp_path, count):
    names = ["m.sft", *(f"f{at}.sft" for at in range(count - 1))]
    last = names[-1]
    files = {
        name: f'edition 2026\nimport "{behind}"\n'
        for name, behind in zip(names[1:], [*names[2:], "m.sft"][: count - 1], strict=True)
    }
    spec = SPEC + f'import "{names[1 % count]}"\n'
    place = (2, 8) if count > 1 else (spec.count("\n"), 8)
    way = " → ".join([*names, "m.sft"])
    refused(Project(tmp_path, spec, files), "import-cycle", way, place, last)


def test_a_spec_outside_the_root_is_refused(tmp_path):
    project = Project(tmp_path / "a")
    done = project.run("check", "m.sft", "--root", "/usr")
    assert (done.code, done.out) == (1, "")
    assert "error[path-outside-root]: m.sft is not inside the project root /usr" in done.err


# what only a build can find


def fault(project, slug, words):
    done = project.run("build", "m.sft", "--log", "none", "--format", "json")
    assert done.code == 3, done.err
    assert f"fault[{slug}]: " in done.err
    assert words in done.err
    assert project.sealed() == UNTOUCHED
    return done


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("data/none.jsonl", "file-not-found"), ("data/none-*.jsonl", "source-not-found"),
        ("data/[z-a].jsonl", "source-not-found"), ("data/[[:x:]].jsonl", "source-not-found"),
        ("data/[!].jsonl", "source-not-found"), ("none/**/**/**/x.jsonl", "source-not-found"),
        ("data/rows.jsonl/x.jsonl", "file-not-found"),
    ],
)  # fmt: skip
def test_a_path_that_names_nothing_is_a_fault_with_source_and_path(tmp_path, path, slug):
    project = Project(tmp_path, SPEC.replace("data/rows.jsonl", path))
    fault(
        project,
        slug,
        f"source `rows`: {'no file matches ' if '*' in path or '[' in path else ''}`{path}`",
    )


def test_a_file_name_that_is_not_utf8_is_a_fault(tmp_path):
    project = Project(tmp_path, SPEC.replace("rows.jsonl", "*.jsonl"))
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/data/x\xff.jsonl")).write_bytes(b"")
    fault(project, "bad-file-name", "`data/x\\u{dcff}.jsonl` is not UTF-8")


def test_a_file_name_of_controls_is_escaped_where_it_is_shown(tmp_path):
    project = Project(tmp_path, SPEC.replace("rows.jsonl", "*.jsonl"))
    project.write("data/x\n\x1b[2J\u202e.jsonl", "{}\n")
    (tmp_path / "data/y\u202e.jsonl").symlink_to("x")
    fault(project, "symlink-in-path", "y\\u{202e}.jsonl")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_a_file_that_may_not_be_read_is_a_fault(tmp_path):
    project = Project(tmp_path)
    (tmp_path / "data/rows.jsonl").chmod(0)
    fault(project, "file-not-readable", "source `rows`: `data/rows.jsonl`: permission denied")


def test_hard_links_are_files_like_any(tmp_path):
    project = Project(tmp_path)
    os.link(tmp_path / "data/rows.jsonl", tmp_path / "data/twin.jsonl")
    assert project.run("build", "m.sft", "--log", "none").code == 0


def test_a_device_is_no_source(tmp_path):
    project = Project(tmp_path)
    (tmp_path / "data/rows.jsonl").unlink()
    try:
        os.mknod(tmp_path / "data/rows.jsonl", 0o20600, os.makedev(1, 5))  # /dev/zero
    except OSError:
        pytest.skip("no devices can be made here")
    fault(project, "not-a-file", "source `rows`: `data/rows.jsonl`")


# globs


@pytest.fixture
def tree(tmp_path):
    for name in ("a.jsonl", "b.jsonl", ".hidden.jsonl", "x[1].jsonl", "s/c.jsonl", "s/t/d.jsonl", ".git/e.jsonl"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(lines_of(row()))
    (tmp_path / "loop").symlink_to(".")
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.jsonl", ["a.jsonl", "b.jsonl", "x[1].jsonl"]), ("?.jsonl", ["a.jsonl", "b.jsonl"]),
        ("[!a].jsonl", ["b.jsonl"]), ("[a-b].jsonl", ["a.jsonl", "b.jsonl"]), ("*[[]1].jsonl", ["x[1].jsonl"]),
        ("**/*.jsonl", ["a.jsonl", "b.jsonl", "s/c.jsonl", "s/t/d.jsonl", "x[1].jsonl"]),
        ("s/**", ["s/c.jsonl", "s/t/d.jsonl"]), ("**/**/d.jsonl", ["s/t/d.jsonl"]), ("*/c.jsonl", ["s/c.jsonl"]),
        (".*.jsonl", [".hidden.jsonl"]), (".git/*", [".git/e.jsonl"]), ("s", ["s"]), ("*/**/nope", []),
    ],
)  # fmt: skip
def test_a_glob_follows_no_link_and_sees_nothing_hidden(tree, pattern, found):
    assert found == expand(tree, pattern)


def test_a_glob_of_many_stars_is_quick(tmp_path):
    (tmp_path / ("a" * 250)).touch()
    deep = tmp_path.joinpath(*["d"] * 60)
    deep.mkdir(parents=True)
    assert [] == expand(tmp_path, "*a" * 60 + "b")
    assert [] == expand(tmp_path, "/".join(["**"] * 40) + "/nope*")
