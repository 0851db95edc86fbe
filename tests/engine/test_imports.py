"""A project's own files are data: no worker takes one for a module."""

import os
from pathlib import Path
import runpy
import subprocess
import sys
from types import SimpleNamespace

import pytest

small = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "small.py")))
TRAP = (
    "import pathlib; pathlib.Path(__file__).with_name('sprung').touch()\nraise SystemExit(9)\n"
)
TRAPS = ("xxhash", "msgspec", "pyarrow", "numpy", "re2", "sftspec")


@pytest.mark.parametrize(
    "words",
    [
        ("--workers", "2"),
        pytest.param(("--engine", "ray", "--workers", "1"), marks=pytest.mark.ray),
    ],
)
def test_a_module_of_the_project_is_not_imported(tmp_path, words):
    root = small.make(tmp_path / "home")
    for name in TRAPS:
        (root / f"{name}.py").write_text(TRAP, encoding="utf-8")
    env = os.environ | {"PYTHONPATH": str(small.REPO)}
    call = [sys.executable, "-P", "-m", "sftspec", "build", "small.sft", "--log", "none"]
    done = subprocess.run(
        [*call, "--chunk-bytes", "2000", *words],
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not (root / "sprung").exists()
    assert 0 == done.returncode, done.stderr
