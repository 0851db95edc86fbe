"""What is published works: built offline, installed elsewhere, run from a folder of its own."""

import os
from pathlib import Path
import subprocess
import sys
import tarfile
import zipfile

import pytest

pytestmark = pytest.mark.wheel

ROOT = Path(__file__).parent.parent
GRAMMARS = {path.name for path in (ROOT / "grammar").glob("*.lark")}
STARTER = {
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "sftspec" / "verbs" / "starter").rglob("*")
    if path.is_file()
}
PIP = ("-m", "pip", "--isolated", "--quiet", "--disable-pip-version-check")
SPEC = """\
edition 2026

dataset tiny v0.1.0 {
  seed      = 1
  languages = [en]
  license   = "CC0-1.0"
  owners    = ["tests"]
}
source rows {
  path    = "rows.jsonl"
  key     = id
  license = "CC0-1.0"
  fields { id: string, text: string }
}
template help v1.0.0 {
  layer = generic
  from rows as row
  user "{{ row.text }}"
  assistant "{{ row.id }}"
}
emit { jsonl }
"""


def run(*argv, cwd, path=None):
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    env = clean if path is None else {**clean, "PYTHONPATH": str(path)}
    done = subprocess.run(
        [sys.executable, *map(str, argv)],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{argv} exited {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """The sdist of the checkout and the wheel of that sdist: the way a release is made."""
    folder = tmp_path_factory.mktemp("dist")
    run("-m", "hatchling", "build", "--target", "sdist", "--directory", folder, cwd=ROOT)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    unpacked = folder / sdist.name.removesuffix(".tar.gz")
    run("-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=unpacked)
    return folder


def test_the_wheel_holds_the_grammar_and_every_module(dist):
    (wheel,) = dist.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "sftspec").rglob("*.py")}
    assert GRAMMARS
    assert {f"sftspec/grammar/{name}" for name in GRAMMARS} <= names
    assert modules <= names
    assert "sftspec/ground/slugs.md" in names
    assert STARTER
    assert names >= STARTER
    assert {"sftspec"} == {name.split("/")[0] for name in names if ".dist-info/" not in name}


def test_the_sdist_holds_the_grammar_and_the_licence(dist):
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"grammar/{name}" for name in GRAMMARS} | {"LICENSE", "pyproject.toml"} <= names
    assert names >= STARTER
    assert not [name for name in names if name.startswith((".venv", ".sftspec", "compiled"))]


def test_an_installed_wheel_checks_a_spec_from_another_folder(dist, tmp_path):
    (wheel,) = dist.glob("*.whl")
    site, project = tmp_path / "site", tmp_path / "project"
    run(*PIP, "install", "--no-index", "--no-deps", "--target", site, wheel, cwd=tmp_path)
    (project / "specs").mkdir(parents=True)
    (project / "pyproject.toml").touch()  # what makes it a project's root
    (project / "specs" / "tiny.sft").write_text(SPEC, "utf-8")
    where = run("-c", "import sftspec; print(sftspec.__file__)", cwd=project, path=site)
    assert site == Path(where.strip()).parent.parent
    run("-m", "sftspec", "check", "specs/tiny.sft", cwd=project, path=site)
    section = run("-m", "sftspec", "explain", "duplicate-key", cwd=project, path=site)
    assert "Mend:" in section
    run("-m", "sftspec", "init", "demo", cwd=project, path=site)
    demo = project / "demo"
    run("-m", "sftspec", "build", "specs/demo.sft", "--gate", "freeze", cwd=demo, path=site)
    assert (demo / "compiled" / "demo" / "0.1.0" / "train.jsonl").is_file()
    run("-m", "sftspec", "doctor", cwd=demo, path=site)
