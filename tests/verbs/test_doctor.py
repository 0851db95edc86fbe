"""`doctor`: what this machine has and lacks, said also where what it lacks is a library of ours."""

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

from sftspec import cli
from sftspec.engine import machine, store
from sftspec.snapshot import disk
from sftspec.syntax import tables
from sftspec.verbs import doctor
from tests.bad_input.kit import REPO

LIBRARIES = [
    "attrs", "google-re2", "highspy", "jinja2", "lark", "msgspec", "numpy", "pyarrow", "ray",
    "xxhash", "zstandard",
]  # fmt: skip
REST = [
    "grammar", "re2", "highs", "parquet", "store", "store-space", "compiled", "swap", "links",
    "compiled-space", "cores", "memory", "encoding", "ray-address",
]  # fmt: skip


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("SFTSPEC_STORE", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


@pytest.fixture
def asked(home, capsys):  # noqa: ARG001 - it is asked there
    """The exit code, the verdict, and each check by its name."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*words):
        code = cli.main(["doctor", "--format", "json", *map(str, words)])
        out, err = capsys.readouterr()
        answer = json.loads(out)
        assert (1, "") == (answer["format_version"], err)
        return code, answer["verdict"], {one["name"]: one for one in answer["checks"]}

    yield run
    signal.signal(signal.SIGTERM, before)


def failing(checks, state="fail"):
    return [name for name, one in checks.items() if one["state"] == state]


def test_a_machine_that_can_do_the_work_says_so_of_each_thing(asked, home):
    code, verdict, checks = asked()
    assert (0, "ok", []) == (code, verdict, failing(checks))
    assert ["python", *LIBRARIES, *REST] == list(checks)
    assert all(one["mend"] for one in checks.values() if one["state"] != "ok")
    assert [home / "pyproject.toml"] == list(home.iterdir()), "nothing is left"


@pytest.mark.usefixtures("home")
def test_as_text_there_is_a_line_for_each_and_the_mend_below(capsys):
    assert 3 == cli.main(["doctor", "--store", "pyproject.toml/store"])
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == ""
    at = next(i for i, line in enumerate(lines) if line.split()[:2] == ["fail", "store"])
    assert lines[at].endswith("  NotADirectoryError: Not a directory")
    assert lines[at + 1].endswith(
        "  mend: name another place with `--store DIR` or `SFTSPEC_STORE`"
    )
    assert any(line.startswith("  ok    python          3.") for line in lines)
    assert lines[-1].endswith(", 1 failed")


# libraries

PROGRAM = """
import sys
sys.modules[sys.argv[1]] = None
from sftspec.cli import main
raise SystemExit(main(sys.argv[2:]))
"""


def without(module, *words, cwd):
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, module, *words],
        cwd=cwd, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("module", "package", "also"),
    [
        ("msgspec", "msgspec", {"grammar", "highs", "store"}),
        ("pyarrow", "pyarrow", {"parquet"}),
        ("re2", "google-re2", {"re2"}),
        ("numpy", "numpy", None),
        ("attrs", "attrs", {"highs"}),
    ],
)
def test_a_library_that_is_missing_is_said_and_so_is_all_the_rest(home, module, package, also):
    done = without(module, "doctor", "--format", "json", cwd=home)
    answer = json.loads(done.stdout)
    checks = {one["name"]: one for one in answer["checks"]}
    assert (3, "failed", "") == (done.returncode, answer["verdict"], done.stderr)
    assert f"`pip install '{package}>=" in checks[package]["mend"]
    assert also is None or {package} | also == set(failing(checks))
    assert set(REST) - {"store-space", "compiled-space"} <= set(checks)


def test_ray_can_be_done_without(home):
    done = without("ray", "doctor", "--format", "json", cwd=home)
    checks = {one["name"]: one for one in json.loads(done.stdout)["checks"]}
    assert (0, [], ["ray"]) == (done.returncode, failing(checks), failing(checks, "warn"))
    assert "--engine local" in checks["ray"]["mend"]


def test_another_verb_says_what_is_missing_and_who_knows_more(home):
    for words in (["check", "a.sft"], ["check", "a.sft", "--format", "json"]):
        done = without("msgspec", *words, cwd=home)
        assert (3, "") == (done.returncode, done.stdout)
        assert done.stderr.startswith("fault[missing-library]: ")
        assert "`sftspec doctor` says what else" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_library_that_is_too_old_is_said(asked, monkeypatch):
    monkeypatch.setattr(doctor, "_project", lambda: ("3.99", {"lark": "99.1", "attrs": "1"}))
    code, _, checks = asked()
    assert (3, ["python", "lark"]) == (code, failing(checks))
    assert checks["lark"]["found"].endswith(", at least 99.1")
    assert "`pip install 'lark>=99.1'`" == checks["lark"]["mend"]


def test_a_library_that_is_not_installed_is_said(asked, monkeypatch):
    monkeypatch.setattr(doctor, "_project", lambda: ("3.11", {"no-such-library": "1"}))
    _, _, checks = asked()
    assert "not installed, at least 1" == checks["no-such-library"]["found"]


@pytest.mark.parametrize(
    ("found", "least", "good"),
    [
        ("1.10", "1.9", True), ("1.9", "1.10", False), ("2.0", "2.0", True), ("20.0.0", "20", True),
        ("3.0rc1", "3", True), ("1.1.20251105", "1.1", True), ("unknown", "1", False),
    ],
)  # fmt: skip
def test_versions_are_numbers(found, least, good):
    assert good == (doctor._numbers(found) >= doctor._numbers(least))


def test_the_least_versions_are_those_of_the_project_or_of_what_is_installed(
    monkeypatch, tmp_path
):
    project = doctor._project()
    assert (sorted(LIBRARIES), "3.11") == (sorted(project[1]), project[0])
    monkeypatch.setattr("sftspec.__path__", [str(tmp_path / "site" / "sftspec")])
    assert sorted(LIBRARIES) == sorted(doctor._project()[1])


# what they do for us


def test_a_grammar_without_its_tables_is_noted(asked, monkeypatch):
    monkeypatch.setattr(tables, "saved", lambda: None)
    code, _, checks = asked()
    assert (0, ["grammar"]) == (code, failing(checks, "warn"))


def test_a_solver_that_gives_a_wrong_answer_fails(asked, monkeypatch):
    monkeypatch.setattr("sftspec.stages.lp.least", lambda _: (2,))
    code, _, checks = asked()
    assert (3, ["highs"]) == (code, failing(checks))


def test_a_check_that_breaks_off_fails_alone(asked, monkeypatch):
    def broken(_):
        yield doctor.Check("one", doctor.OK, "well")
        raise ValueError("odd \x1b[2J")

    monkeypatch.setattr(doctor, "PROBES", {"two": broken, "re2": doctor._re2})
    code, _, checks = asked()
    assert (3, ["one", "two", "re2"]) == (code, list(checks))
    assert "ValueError: odd \\u{1b}[2J" == checks["two"]["found"]


# the disk


def test_a_store_is_looked_for_where_a_build_would(asked, home, monkeypatch):
    monkeypatch.setenv("SFTSPEC_STORE", str(home / "kept"))
    assert f"{home / 'kept'} can be written, and is made by the first build" == asked()[2]["store"]["found"]  # fmt: skip
    store.Store(home / "other").prepare()
    assert f"{home / 'other'} can be written" == asked("--store", home / "other")[2]["store"]["found"]  # fmt: skip
    assert f"{home / 'r' / 'compiled'} can be written" == asked("--root", home / "r")[2]["compiled"]["found"]  # fmt: skip


def test_a_store_of_another_format_fails(asked, home):
    store.Store(home / ".sftspec" / "v1").prepare()
    (home / ".sftspec" / "v1" / "FORMAT").write_text("99\n", encoding="utf-8")
    code, _, checks = asked()
    assert (3, ["store-format"]) == (code, failing(checks))


def test_a_folder_of_the_store_that_is_closed_fails(asked, home, monkeypatch):
    store.Store(home / ".sftspec" / "v1").prepare()
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path.name != "objects" and allowed(path, mode))  # fmt: skip
    code, _, checks = asked()
    assert (3, ["store"]) == (code, failing(checks))
    assert checks["store"]["found"].endswith("objects cannot be written")


def test_a_file_system_that_cannot_swap_is_noted(asked, monkeypatch):
    def none(*_):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(disk, "rename2", none)
    code, _, checks = asked()
    assert (0, ["swap"]) == (code, failing(checks, "warn"))
    assert "(invalid argument)" in checks["swap"]["found"]
    monkeypatch.setattr(disk, "rename2", lambda *_: None)
    assert "(it did nothing)" in asked()[2]["swap"]["found"]


def test_a_file_system_that_follows_links_fails(asked, monkeypatch):
    monkeypatch.setattr(machine, "refuses_links", lambda _: False)
    assert ["links"] == failing(asked()[2])


@pytest.mark.parametrize(
    ("free", "state"), [(1 << 20, "fail"), (1 << 29, "warn"), (1 << 40, "ok")]
)
def test_how_much_is_free_is_said(asked, monkeypatch, free, state):
    usage = SimpleNamespace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert state == asked()[2]["store-space"]["state"] == asked()[2]["compiled-space"]["state"]


# the machine


def test_little_memory_is_noted(asked, monkeypatch):
    monkeypatch.setattr(machine, "memory", lambda: 512 << 20)
    code, _, checks = asked()
    assert (0, "warn", "512 MiB for this process") == (code, checks["memory"]["state"], checks["memory"]["found"])  # fmt: skip


def test_names_of_files_that_are_not_utf8_fail(asked, monkeypatch):
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    assert ["encoding"] == failing(asked()[2])


def test_an_output_that_cannot_hold_a_character_is_no_end(home):
    folder = home / "ü"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    env = {**os.environ, "PYTHONPATH": str(REPO), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "sftspec", "doctor"], cwd=folder, env=env, capture_output=True, check=False
    )  # fmt: skip
    assert (0, b"") == (done.returncode, done.stderr)
    assert b"\\xfc/.sftspec/v1 can be written" in done.stdout
    assert b"  warn  encoding " in done.stdout


# Ray


def test_ray_is_looked_for_and_not_started(asked, monkeypatch):
    monkeypatch.setattr("sftspec.engine.ray.RayEngine", None)
    monkeypatch.setenv("RAY_ADDRESS", "ray.example:6379")
    assert (
        "RAY_ADDRESS is ray.example:6379; `--ray` tries it"
        == asked()[2]["ray-address"]["found"]
    )


def test_a_cluster_where_nobody_listens_fails_at_once(asked, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{port}")
    code, _, checks = asked("--ray")
    assert (3, ["ray-task"]) == (code, failing(checks))
    assert "RAY_ADDRESS" in checks["ray-task"]["mend"]


@pytest.mark.ray
def test_with_ray_a_task_goes_there_and_back(home):
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    words = [sys.executable, "-m", "sftspec", "doctor", "--ray", "--format", "json"]
    done = subprocess.run(words, cwd=home, env=env, capture_output=True, text=True, check=False)
    checks = {one["name"]: one for one in json.loads(done.stdout)["checks"]}
    assert (0, "ok") == (done.returncode, checks["ray-task"]["state"])
    assert checks["ray-task"]["found"].endswith("; 1 node did a task")
    assert [home / "pyproject.toml"] == list(home.iterdir())
