"""`fmt`: which files, what it writes and says, and what it leaves alone."""

import gc
import io
import json
import os
from pathlib import Path
import stat
import subprocess
import sys

import pytest

from sftspec.cli import main
from sftspec.syntax import format as layout
from sftspec.syntax.read import MAX_BYTES
from sftspec.verbs import fmt as verb

ROOT = Path(__file__).resolve().parents[2]
LOOSE = "edition   2026\nfacet a{b,c}\n"
NEAT = "edition 2026\nfacet a { b, c }\n"
BROKEN = "\n\nedition   2026\nfacet   a { b   ( }\nfacet   c {d}\n"
MENDED = "edition 2026\nfacet   a { b   ( }\nfacet c { d }\n"


@pytest.fixture(autouse=True)
def _collected():
    """The verb stops the collector; here it goes on."""
    yield
    gc.enable()


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fmt(capsys):
    def run(*words):
        code = main(["fmt", *map(str, words)])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def put(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.sft").write_bytes(text if isinstance(text, bytes) else text.encode())


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def states(answer):
    return {file["path"]: file["state"] for file in answer["files"]}


# writing


def test_it_writes_what_changes_and_says_so(project, fmt):
    put(project, loose=LOOSE, neat=NEAT)
    (project / "loose.sft").chmod(0o640)
    before = (project / "neat.sft").stat()
    assert (0, "formatted loose.sft\n", "1 of 2 files formatted\n") == fmt()
    assert NEAT == (project / "loose.sft").read_text()
    assert 0o640 == stat.S_IMODE((project / "loose.sft").stat().st_mode)
    after = (project / "neat.sft").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert ["loose.sft", "neat.sft"] == names(project)
    assert (0, "", "0 of 2 files formatted\n") == fmt()


def test_check_writes_nothing_and_fails_where_something_would_change(project, fmt):
    put(project, loose=LOOSE, neat=NEAT)
    assert (1, "would change loose.sft\n", "1 of 2 files would change\n") == fmt("--check")
    assert LOOSE == (project / "loose.sft").read_text()
    assert (0, "", "0 of 1 file would change\n") == fmt("--check", "neat.sft")


DIFF = """\
--- a/loose.sft
+++ b/loose.sft
@@ -1,2 +1,2 @@
-edition   2026
-facet a{b,c}
+edition 2026
+facet a { b, c }
"""


def test_diff_writes_nothing_and_shows_what_would_change(project, fmt):
    put(project, loose=LOOSE)
    assert (0, DIFF, "would change loose.sft\n1 of 1 file would change\n") == fmt("--diff")
    code, out, _ = fmt("--diff", "--check")
    assert (1, DIFF) == (code, out)
    assert LOOSE == (project / "loose.sft").read_text()


def test_a_diff_is_safe_on_a_terminal_and_knows_a_last_line_that_does_not_end(project, fmt):
    put(project, loose='edition 2026\n#\ttab\u00a0and \u3000\nfacet a{b "漢"}')
    code, out, _ = fmt("--diff")
    assert 0 == code
    assert " #\\u{9}tab\\u{a0}and \\u{3000}\n" in out
    assert '-facet a{b "漢"}\n\\ No newline at end of file\n+facet a { b "漢" }\n' in out


# which files


def test_a_folder_is_every_spec_below_it_but_what_is_hidden_compiled_or_linked(project, fmt):
    for folder in ("b", "a/deep", ".hidden", ".sftspec/v1", "compiled/d", "b/compiled"):
        (project / folder).mkdir(parents=True)
        put(project / folder, one=LOOSE)
    put(project, **{"two words": LOOSE})
    (project / "a" / "notes.txt").write_text(LOOSE)
    (project / "linked").symlink_to(project / "b")
    (project / "b" / "link.sft").symlink_to(project / "a" / "notes.txt")
    want = ["a/deep/one.sft", "b/one.sft", "two words.sft"]
    _, out, _ = fmt("--check")
    assert [f"would change {name}" for name in want] == out.splitlines()
    _, out, _ = fmt("--check", "b", "two words.sft", "b/one.sft", ".")
    assert [f"would change {want[i]}" for i in (1, 2, 0)] == out.splitlines()
    assert 1 == fmt("--check", "compiled/d/one.sft")[0]
    assert [f"formatted {name}" for name in want] == fmt()[1].splitlines()
    assert NEAT == (project / "a" / "deep" / "one.sft").read_text()
    assert LOOSE == (project / ".hidden" / "one.sft").read_text()


@pytest.mark.usefixtures("project")
def test_a_folder_without_specs_is_nothing_to_do(fmt):
    assert (0, "", "no .sft file\n") == fmt()


def test_a_file_that_is_not_there_is_an_error_and_the_others_are_laid_out(project, fmt):
    put(project, loose=LOOSE)
    code, out, err = fmt("none.sft", "loose.sft")
    assert (1, "formatted loose.sft\n") == (code, out)
    assert "error[file-not-found]: `none.sft`: no such file or directory\n  none.sft\n" in err


def test_nothing_is_written_through_a_symbolic_link(project, fmt):
    (project / "real").mkdir()
    put(project / "real", a=LOOSE)
    (project / "link.sft").symlink_to("real/a.sft")
    (project / "folder").symlink_to("real")
    for name in ("link.sft", "folder/a.sft", "folder"):
        code, out, err = fmt(name)
        assert (1, "") == (code, out)
        assert "error[symlink-in-path]" in err
    assert LOOSE == (project / "real" / "a.sft").read_text()
    assert (project / "link.sft").is_symlink()
    assert 0 == fmt(project / "folder" / "a.sft")[0]  # a whole path is the caller's own
    assert NEAT == (project / "real" / "a.sft").read_text()


def test_a_name_need_not_be_utf8(project, fmt):
    name = os.fsdecode(b"\xff\x1b[2J.sft")
    (project / name).write_text(LOOSE)
    assert (1, "would change \\xff\\u{1b}[2J.sft\n") == fmt("--check")[:2]
    answer = json.loads(fmt("--format", "json")[1])
    assert {"\\xff\x1b[2J.sft": "formatted"} == states(answer)


# stdin


def piped(monkeypatch, data):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_stdin_goes_to_stdout(project, fmt, monkeypatch):
    piped(monkeypatch, LOOSE.encode())
    assert (0, NEAT, "") == fmt("-")
    piped(monkeypatch, NEAT.encode())
    assert (0, NEAT, "") == fmt("-")
    piped(monkeypatch, LOOSE.encode())
    assert (1, "would change <stdin>\n", "1 of 1 file would change\n") == fmt("-", "--check")
    piped(monkeypatch, LOOSE.encode())
    assert DIFF.replace("loose.sft", "<stdin>") == fmt("-", "--diff")[1]
    piped(monkeypatch, LOOSE.encode())
    answer = json.loads(fmt("-", "--format", "json")[1])
    assert [{"path": "<stdin>", "state": "formatted", "text": NEAT}] == answer["files"]
    assert [] == list(project.iterdir())


@pytest.mark.usefixtures("project")
def test_stdin_that_cannot_be_read_gives_nothing(fmt, monkeypatch):
    piped(monkeypatch, b"edition 2026\r\n")
    code, out, err = fmt("-")
    assert (1, "") == (code, out)
    assert "error[line-break]" in err
    assert "  <stdin>:1:13\n" in err


@pytest.mark.usefixtures("project")
def test_stdin_stands_alone(fmt):
    code, out, err = fmt("-", "a.sft")
    assert (2, "") == (code, out)
    assert "error[bad-arguments]: `-` stands alone" in err


# what is wrong


REFUSED = {
    "line-break": b"edition   2026\r\nfacet a{b}\r\n",
    "byte-order-mark": b"\xef\xbb\xbfedition   2026\n",
    "bidi-character": "edition   2026\n# \u202e\n".encode(),
    "not-utf8": b"edition   2026\n# \xff\n",
    "file-too-large": b"edition   2026\n#" + b" " * MAX_BYTES,
    "too-deep": b"edition   2026\nfacet a { b " + b"(" * 70 + b")" * 70 + b" }\n",
}


@pytest.mark.parametrize("slug", REFUSED)
def test_a_text_that_may_not_stand_is_told_as_check_tells_it_and_left(
    slug, project, fmt, capsys
):
    put(project, a=REFUSED[slug], loose=LOOSE)
    code, out, err = fmt()
    assert (1, "formatted loose.sft\n") == (code, out)
    assert f"error[{slug}]" in err
    assert REFUSED[slug] == (project / "a.sft").read_bytes()
    main(["check", "a.sft"])
    told = capsys.readouterr().err
    assert told.split("\n\n")[0] == err.split("\n\n")[0]
    answer = json.loads(fmt("--format", "json")[1])
    assert "errors" == answer["verdict"]
    assert {"a.sft": "refused", "loose.sft": "unchanged"} == states(answer)


def test_a_file_with_errors_is_laid_out_where_it_can_be_read(project, fmt):
    put(project, a=BROKEN)
    code, out, err = fmt("a.sft")
    assert (1, "formatted a.sft\n") == (code, out)
    assert MENDED == (project / "a.sft").read_text()
    assert "error[unclosed-bracket]: `(` is not closed before `}`\n  a.sft:2:17\n" in err
    left = "warning[not-formatted]: this is left as it is: a `}` in it closes nothing\n  a.sft:2:1\n"
    assert left in err
    assert "1 error, 1 warning\n1 of 1 file formatted\n" in err
    code, out, _ = fmt("--check")
    assert (1, "") == (code, out)


def test_many_errors_in_one_file_do_not_hide_the_next(project, fmt):
    put(project, a="edition 2026\n" + "facet a { ? }\n" * 300, loose=LOOSE)
    code, out, err = fmt()
    assert (1, "formatted loose.sft\n") == (code, out)
    assert len(err) < 100_000


def test_a_layout_that_would_change_a_file_is_our_bug_and_not_written(
    project, fmt, monkeypatch
):
    put(project, a=LOOSE)
    monkeypatch.setattr(layout, "text_of", lambda _: "edition 2026\nfacet a { b }\n")
    code, out, err = fmt()
    assert (70, "") == (code, out)
    assert "Moved: formatting a.sft would change what it says" in err
    assert LOOSE == (project / "a.sft").read_text()
    assert ["a.sft"] == names(project)


def test_a_file_that_changes_meanwhile_is_left(project, fmt, monkeypatch):
    put(project, a=LOOSE)
    fill = verb._fill

    def typing(descriptor, data, seen):
        fill(descriptor, data, seen)
        os.utime(project / "a.sft", ns=(1, 1))

    monkeypatch.setattr(verb, "_fill", typing)
    code, out, err = fmt()
    assert (1, "") == (code, out)
    assert "error[file-changed]" in err
    assert LOOSE == (project / "a.sft").read_text()
    assert ["a.sft"] == names(project)


def test_a_disk_that_is_full_leaves_the_file_and_nothing_else(project, fmt, monkeypatch):
    put(project, a=LOOSE)

    def full(descriptor, *_):
        os.close(descriptor)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(verb, "_fill", full)
    code, out, err = fmt()
    assert (3, "") == (code, out)
    assert "fault[io-error]: a.sft: no space left on device\n" in err
    assert LOOSE == (project / "a.sft").read_text()
    assert ["a.sft"] == names(project)


# the answer, the weight


def test_the_answer_in_json(project, fmt):
    put(project, loose=LOOSE, neat=NEAT)
    code, out, err = fmt("--check", "--diff", "--format", "json")
    answer = json.loads(out)
    assert (1, "") == (code, err)
    assert (1, "unformatted", []) == tuple(
        answer[name] for name in ("format_version", "verdict", "diagnostics")
    )
    assert {"loose.sft": "would-change", "neat.sft": "unchanged"} == states(answer)
    assert DIFF == answer["files"][0]["diff"]
    code, out, _ = fmt("--format", "json")
    assert (0, "ok") == (code, json.loads(out)["verdict"])
    assert NEAT == (project / "loose.sft").read_text()
    put(project, loose=BROKEN)
    code, out, _ = fmt("--format", "json")
    answer = json.loads(out)
    assert (1, "errors") == (code, answer["verdict"])
    assert ["not-formatted", "unclosed-bracket"] == sorted(
        one["slug"] for one in answer["diagnostics"]
    )


def test_a_sound_file_is_laid_out_without_what_is_heavy(project):
    put(project, loose=LOOSE)
    program = (
        "import sys\nfrom sftspec.cli import main\ncode = main(['fmt'])\n"
        "heavy = {'lark', 'jinja2', 'pyarrow', 'ray', 'numpy', 'difflib'}\n"
        "sys.exit(code or ', '.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False
    )
    assert (0, "formatted loose.sft\n", "1 of 1 file formatted\n") == (
        done.returncode, done.stdout, done.stderr,
    )  # fmt: skip
