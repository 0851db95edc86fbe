"""OMS's own tool, `model_signing`, takes a snapshot that we signed, and we take one that it signed.

It lives in the environment of the other clients (`make clients`), named by SFTSPEC_CLIENTS.
"""

import base64
import hashlib
import json
import os
from pathlib import Path
import runpy
import shutil
import subprocess
from types import SimpleNamespace

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
import pytest

from sftspec.snapshot.signing import SIGNATURE, check, sign

HERE = Path(__file__).resolve().parent
CLIENTS = os.environ.get("SFTSPEC_CLIENTS", "")
SUBJECT = "small@0.1.0"
PEM = serialization.Encoding.PEM
CURVES = {256: ec.SECP256R1(), 384: ec.SECP384R1(), 521: ec.SECP521R1()}

small = SimpleNamespace(**runpy.run_path(str(HERE.parent / "small.py")))
pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not CLIENTS, reason="SFTSPEC_CLIENTS names no Python: `make clients`"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A sealed snapshot with files in a folder too."""
    spec = small.SPEC.replace("emit { jsonl }", "emit { jsonl, parquet }")
    root = small.make(tmp_path_factory.mktemp("signed") / "project", spec=spec)
    done = small.sftspec(root, "build", "small.sft", "--log", "none")
    assert 0 == done.returncode, done.stderr
    return root / "compiled" / "small" / "0.1.0"


@pytest.fixture
def snapshot(built, tmp_path):
    """A copy of it, marked as frozen. What the mark says is of no matter to a signature."""
    folder = Path(shutil.copytree(built, tmp_path / "0.1.0"))
    (folder / "FREEZE.json").write_text("{}\n", encoding="utf-8")
    return folder


@pytest.fixture(params=CURVES)
def keys(request, tmp_path):
    """The paths of a private key and its public half."""
    key = ec.derive_private_key(99, CURVES[request.param])
    private, public = tmp_path / "key.pem", tmp_path / "key.pub"
    private.write_bytes(
        key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(PEM, form))
    return private, public


def entries(folder):
    """What a freeze signs: the manifest, the mark, and every file that the manifest lists."""
    manifest = json.loads((folder / "MANIFEST.json").read_bytes())
    papers = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("MANIFEST.json", "FREEZE.json")
    }
    return papers | {file["name"]: file["sha256"] for file in manifest["files"]}


def oms(verb, folder, key):
    """What the tool said: None where all is well."""
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    done = subprocess.run(
        [CLIENTS, str(HERE / "oms.py"), verb, str(folder), str(key)],
        capture_output=True, text=True, check=False, env=env | {"HOME": str(folder.parent)},
        timeout=120,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr[-2000:]
    return json.loads(done.stdout)


def signed(folder, key):
    data = sign(entries(folder), SUBJECT, key.read_bytes())
    (folder / SIGNATURE).write_bytes(data)
    return data


def test_model_signing_takes_a_snapshot_that_we_signed(snapshot, keys):
    private, public = keys
    assert any("/" in name for name in entries(snapshot))
    assert (snapshot / "receipt.json").is_file()
    signed(snapshot, private)
    assert oms("verify", snapshot, public) is None


def test_we_take_a_snapshot_that_model_signing_signed(snapshot, keys):
    private, public = keys
    assert oms("sign", snapshot, private) is None
    data = (snapshot / SIGNATURE).read_bytes()
    assert check(data, entries(snapshot), SUBJECT, public.read_bytes()) is None


@pytest.mark.parametrize("keys", [256], indirect=True)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("train.jsonl", "Hash mismatch for 'train.jsonl'"),
        ("FREEZE.json", "Hash mismatch for 'FREEZE.json'"),
        ("new.jsonl", "Extra files found in model '0.1.0': new.jsonl"),
    ],
)
def test_model_signing_sees_what_was_changed(snapshot, keys, name, said):
    private, public = keys
    signed(snapshot, private)
    with (snapshot / name).open("ab") as file:
        file.write(b"\n")
    assert said in oms("verify", snapshot, public)


@pytest.mark.parametrize("keys", [256], indirect=True)
def test_both_compute_one_digest_over_the_files(snapshot, keys):
    private, _ = keys
    ours = subject_digest(signed(snapshot, private))
    assert oms("sign", snapshot, private) is None
    assert ours == subject_digest((snapshot / SIGNATURE).read_bytes())


def subject_digest(data):
    payload = json.loads(base64.b64decode(json.loads(data)["dsseEnvelope"]["payload"]))
    return payload["subject"][0]["digest"]["sha256"]
