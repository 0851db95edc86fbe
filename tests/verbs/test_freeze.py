"""`freeze` and `verify` as people call them: who, why, signed with which key, and what that proves."""

import json
from pathlib import Path
import runpy
import shutil
from types import SimpleNamespace

import pytest

small = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "small.py")))
LINE = '  require count(rejected == "duplicate-key") <= 1 of rows\n'
SPEC = small.SPEC.replace("gate freeze {\n", "gate freeze {\n" + LINE)
ADA = ("freeze", "small", "--by", "Ada", "--reason", "it is good")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = small.make(tmp_path_factory.mktemp("frozen"), spec=SPEC)
    done = small.sftspec(root, "build", "small.sft", "--log", "none")
    assert 0 == done.returncode, done.stderr
    for name in ("ada", "bob"):
        write_keys(root / f"{name}.pem", root / f"{name}.pub")
    return root


@pytest.fixture
def home(tmp_path, made):
    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home"


def write_keys(private, public):
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    private.write_bytes(
        key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    )
    public.write_bytes(
        key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    )


def says(home, *words, code=0):
    done = small.sftspec(home, *words)
    assert code == done.returncode, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_what_is_signed_is_verified_with_that_key_alone(home):
    says(home, *ADA, "--sign", "ada.pem")
    assert "signed with this key" in says(home, "verify", "small", "--key", "ada.pub")
    said = says(home, "verify", "small", "--key", "bob.pub", code=1)
    assert said.startswith("signature: SIGNATURE.json: ")
    assert "self-consistent, not authenticated" in says(home, "verify", "small")
    answer = json.loads(says(home, "verify", "small", "--key", "ada.pub", "--format", "json"))
    assert ("ok", "signed with this key") == (answer["verdict"], answer["trust"])
    wanted = answer["id"]
    said = says(home, "verify", "small", "--key", "ada.pub", "--expect", wanted)
    assert "it is the one expected and signed with this key" in said


def test_what_is_not_signed_is_told(home):
    said = says(home, "verify", "small", "--key", "ada.pub", code=1)
    assert "signature: SIGNATURE.json: it is not signed" in said
    says(home, *ADA)
    assert "it is not signed" in says(home, "verify", "small", "--key", "ada.pub", code=1)


def test_a_consistent_forgery_is_found_by_the_key(home):
    """Everything is built anew with other rows, and the freeze put beside it."""
    says(home, *ADA, "--sign", "ada.pem")
    folder = home / "compiled" / "small" / "0.1.0"
    signature = (folder / "SIGNATURE.json").read_bytes()
    shutil.rmtree(folder)
    text = (home / "small.sft").read_text("utf-8")
    (home / "small.sft").write_text(
        text.replace("seed    = 7", "seed    = 8"), encoding="utf-8"
    )
    says(home, "build", "small.sft", "--log", "none")
    says(home, *ADA)
    (folder / "SIGNATURE.json").write_bytes(signature)
    assert "self-consistent, not authenticated" in says(home, "verify", "small")
    said = says(home, "verify", "small", "--key", "ada.pub", code=1)
    assert "it signs other bytes of" in said


def test_a_frozen_version_built_again_keeps_freeze_and_signature(home):
    says(home, *ADA, "--sign", "ada.pem")
    folder = home / "compiled" / "small" / "0.1.0"
    (folder / "train.jsonl").unlink()
    says(home, "build", "small.sft", "--log", "none")
    assert "signed with this key" in says(home, "verify", "small", "--key", "ada.pub")


@pytest.mark.parametrize("words", [("--by", "  "), ("--reason", "")])
def test_nobody_freezes_without_name_and_reason(home, words):
    given = dict(zip(("--by", "--reason"), ("Ada", "good"), strict=True)) | {words[0]: words[1]}
    flat = [word for pair in given.items() for word in pair]
    assert "says nothing" in says(home, "freeze", "small", *flat, code=2)


def test_a_key_that_is_none_is_a_fault_and_nothing_is_frozen(home):
    (home / "no.pem").write_text("no key", encoding="utf-8")
    assert "bad-signing-key" in says(home, *ADA, "--sign", "no.pem", code=3)
    says(home, *ADA, "--sign", "nowhere.pem", code=3)
    assert not (home / "compiled" / "small" / "0.1.0" / "FREEZE.json").exists()


def test_json_says_what_is_in_the_way(home):
    (home / "compiled" / "small" / "0.1.0" / "train.jsonl").unlink()
    answer = json.loads(says(home, *ADA, "--format", "json", code=1))
    assert "refused" == answer["verdict"]
    assert ["not-whole"] == [one["slug"] for one in answer["blockers"]]


def test_an_expected_id_may_be_bare_and_must_be_whole(home):
    said = says(home, "verify", "small")
    wanted = said.split("sha256:")[1].strip()
    assert "it is the one expected" in says(home, "verify", "small", "--expect", wanted)
    assert "is no id" in says(home, "verify", "small", "--expect", wanted[:12], code=2)


def test_a_revision_has_no_folder_to_verify_or_freeze(home):
    assert "no folder" in says(home, "verify", "git:HEAD:small", code=3)
    words = ("--by", "Ada", "--reason", "x")
    assert "no folder" in says(home, "freeze", "git:HEAD:small", *words, code=3)
