"""The snapshots of legal, support and tools train two steps in TRL, from their packs."""

import json
import math
import os
from pathlib import Path
import runpy
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from sftspec.build import Settings, build
from sftspec.engine.log import Log

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
CLIENTS = os.environ.get("SFTSPEC_CLIENTS", "")
SMALL = REPO / "specs" / "tokenizers" / "small.json"
kit = SimpleNamespace(**runpy.run_path(str(HERE.parent / "real" / "kit.py")))
CHAT = """
chat qwen25 {
  template  = builtin("qwen25")
  tokenizer = "small.json"
  window    = 8192
  overflow  = cut
}
emit { jsonl { profile = openai }, packed qwen25 }
"""

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not CLIENTS, reason="SFTSPEC_CLIENTS names no Python: `make clients`"),
]


def two_steps(built, end, tmp_path):
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ} | {
        "HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1", "TMPDIR": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run(
        [CLIENTS, str(HERE / "two_steps.py"), str(built.folder / "packed"), str(SMALL), end],
        capture_output=True, text=True, check=False, env=env, timeout=600,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    (chat,) = built.manifest.chats.values()
    assert chat["outputs"]["packed"]["parts"]["train"]["packs"] == found["rows"]
    assert 2 == found["steps"] == len(found["losses"])
    assert all(math.isfinite(loss) and loss > 1 for loss in found["losses"])
    assert found["moved"]


@pytest.mark.parametrize(("name", "end"), [("legal", "<|eot_id|>"), ("support", "<|im_end|>")])
def test_a_shipped_dataset_trains_two_steps(name, end, tmp_path):
    (tmp_path / "pyproject.toml").touch()
    specs = Path(shutil.copytree(REPO / "specs", tmp_path / "specs"))
    two_steps(build(specs / f"{name}.sft", Settings(engine="local"), Log()), end, tmp_path)


@pytest.mark.skipif(not kit.DATA.is_dir(), reason="real data not found: set SFTSPEC_REAL_DATA")
def test_real_conversations_with_tools_train_two_steps(tmp_path):
    (tmp_path / "pyproject.toml").touch()
    shutil.copytree(
        kit.DATA, tmp_path / "data", ignore=shutil.ignore_patterns("eval", "medical")
    )
    shutil.copy(SMALL, tmp_path)
    text = (REPO / "tests" / "real" / "tools.sft").read_text("utf-8")
    body, _, _ = text.partition("emit {")
    spec = tmp_path / "tools.sft"
    spec.write_text(body + CHAT, "utf-8")
    built = build(spec, Settings(engine="local"), Log())
    lost = built.manifest.chats["qwen25"]["rejected"]
    assert set(lost) <= {"too_long", "unrenderable"}
    two_steps(built, "<|im_end|>", tmp_path)
