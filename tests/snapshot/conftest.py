"""Two real snapshots of one version, built once: what was there and what comes.

The deep ones hold files in folders too; they share one of their folders.
"""

import hashlib
from pathlib import Path
import runpy
import shutil
from types import SimpleNamespace

from msgspec.structs import replace
import pytest

from sftspec.snapshot.manifest import MANIFEST, FileEntry, checked, decode, encode

small = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "small.py")))


def built(root, spec):
    done = small.sftspec(small.make(root, spec=spec), "build", "small.sft", "--log", "none")
    assert 0 == done.returncode, done.stderr
    return root / "compiled" / "small" / "0.1.0"


@pytest.fixture(scope="session")
def old_snapshot(tmp_path_factory):
    spec = small.SPEC.replace("total = 24", "total = 20")
    return built(tmp_path_factory.mktemp("old"), spec)


@pytest.fixture(scope="session")
def new_snapshot(tmp_path_factory):
    return built(tmp_path_factory.mktemp("new"), small.SPEC)


def deepen(snapshot, home, files):
    """A copy of a snapshot that holds more files, in folders, and lists them."""
    folder = Path(shutil.copytree(snapshot, home / "0.1.0"))
    manifest = decode((folder / MANIFEST).read_bytes())
    entries = list(manifest.files)
    for name, data in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
        entries.append(FileEntry(name, hashlib.sha256(data).hexdigest(), len(data), 1))
    entries.sort(key=lambda entry: entry.name)
    manifest = checked(replace(manifest, files=tuple(entries)))
    (folder / MANIFEST).write_bytes(encode(manifest))
    return folder


@pytest.fixture(scope="session")
def old_deep_snapshot(old_snapshot, tmp_path_factory):
    files = {
        "parquet/train-00000-of-00002.parquet": b"PAR1 old one PAR1",
        "parquet/train-00001-of-00002.parquet": b"PAR1 old two PAR1",
        "tokens/train.arrow": b"ARROW1 old",
    }
    return deepen(old_snapshot, tmp_path_factory.mktemp("old-deep"), files)


@pytest.fixture(scope="session")
def deep_snapshot(new_snapshot, tmp_path_factory):
    files = {
        "parquet/train-00000-of-00001.parquet": b"PAR1 new " + bytes(range(256)) + b" PAR1",
        "pairs/train.jsonl": b'{"chosen":"a","rejected":"b"}\n',
    }
    return deepen(new_snapshot, tmp_path_factory.mktemp("deep"), files)


@pytest.fixture(scope="session")
def project():
    """What makes a project, runs the command and reads a folder."""
    return small
