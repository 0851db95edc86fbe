"""SIGNATURE.json: what is written, what is good, and all that is refused."""

import base64
import hashlib
import json
from pathlib import Path
import subprocess
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, strategies as st
import pytest

from sftspec.ground.report import Fault
from sftspec.snapshot import signing
from sftspec.snapshot.manifest import encode
from sftspec.snapshot.signing import check, sign

PEM = serialization.Encoding.PEM
PKCS8, SEC1 = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
PLAIN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"secret")
NAMES = (
    "FREEZE.json",
    "MANIFEST.json",
    "pairs-index.jsonl",
    "pairs/train.jsonl",
    "train.jsonl",
)
SORTED = (
    "FREEZE.json",
    "MANIFEST.json",
    "pairs/train.jsonl",
    "pairs-index.jsonl",
    "train.jsonl",
)
SUBJECT = "legal@0.3.0"
FIXED = Path(__file__).parent / "signatures"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


ENTRIES = {name: sha256(f"{name}\n".encode()) for name in NAMES}


def private(key, form=PKCS8, lock=PLAIN):
    return key.private_bytes(PEM, form, lock)


def public(key):
    return key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


KEY = ec.derive_private_key(2026, ec.SECP256R1())
OTHER = ec.derive_private_key(2027, ec.SECP256R1())
GOOD = sign(ENTRIES, SUBJECT, private(KEY))


def checked(data, entries=ENTRIES, subject=SUBJECT, key=KEY):
    return check(data, entries, subject, public(key))


def payload_of(data):
    return json.loads(base64.b64decode(json.loads(data)["dsseEnvelope"]["payload"]))


def sealed(payload, **shell):
    """A bundle over any payload, made here from the specifications alone; `shell` changes it."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload, indent=2).encode()
    kind = "application/vnd.in-toto+json"
    content = b" ".join(
        [b"DSSEv1", str(len(kind)).encode(), kind.encode(), str(len(data)).encode(), data]
    )
    mark = KEY.sign(content, ec.ECDSA(hashes.SHA256()))
    envelope = {
        "payload": base64.b64encode(data).decode(),
        "payloadType": kind,
        "signatures": [{"sig": base64.b64encode(mark).decode(), "keyid": ""}],
    }
    bundle = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "publicKey": {"hint": sha256(public(KEY))},
            "tlogEntries": [],
        },
        "dsseEnvelope": envelope | shell.pop("envelope", {}),
    } | shell
    return json.dumps(bundle, separators=(",", ":")).encode()


def stated(files=None, **changes):
    """The payload over some (name, digest); by default those of the entries."""
    files = [(name, ENTRIES[name]) for name in SORTED] if files is None else files
    total = hashlib.sha256(b"".join(bytes.fromhex(digest) for _, digest in files)).hexdigest()
    how = {
        "method": "files", "hash_type": "sha256", "allow_symlinks": False,
        "ignore_paths": ["SIGNATURE.json", "receipt.json"],
    }  # fmt: skip
    listed = [{"name": n, "algorithm": "sha256", "digest": digest} for n, digest in files]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": SUBJECT, "digest": {"sha256": total}}],
        "predicateType": "https://model_signing/signature/v1.0",
        "predicate": {"serialization": how | changes.pop("how", {}), "resources": listed},
    } | changes


# what is written


def test_the_statement_lists_every_file_as_oms_has_it():
    assert stated() == payload_of(GOOD)


def test_the_bundle_names_its_key_and_its_types():
    bundle = json.loads(GOOD)
    assert {"mediaType", "verificationMaterial", "dsseEnvelope"} == set(bundle)
    assert "application/vnd.dev.sigstore.bundle.v0.3+json" == bundle["mediaType"]
    hint = sha256(public(KEY))
    assert {"publicKey": {"hint": hint}, "tlogEntries": []} == bundle["verificationMaterial"]
    assert "application/vnd.in-toto+json" == bundle["dsseEnvelope"]["payloadType"]
    assert [""] == [one["keyid"] for one in bundle["dsseEnvelope"]["signatures"]]


def test_the_signature_is_over_the_payload_as_dsse_encodes_it():
    envelope = json.loads(GOOD)["dsseEnvelope"]
    payload = base64.b64decode(envelope["payload"])
    content = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(payload) + payload
    mark = base64.b64decode(envelope["signatures"][0]["sig"])
    KEY.public_key().verify(mark, content, ec.ECDSA(hashes.SHA256()))


def test_the_file_is_canonical():
    assert encode(json.loads(GOOD)) == GOOD


def test_the_order_of_the_entries_is_of_no_matter():
    turned = dict(reversed(ENTRIES.items()))
    assert payload_of(GOOD) == payload_of(sign(turned, SUBJECT, private(KEY)))


def test_a_signature_made_again_is_the_same():
    assert GOOD == sign(ENTRIES, SUBJECT, private(KEY))


def test_where_the_library_draws_numbers_the_signature_differs_and_is_good(monkeypatch):
    class Older(ec.ECDSA):
        def __init__(self, algorithm):
            super().__init__(algorithm)

    monkeypatch.setattr(ec, "ECDSA", Older)
    made = sign(ENTRIES, SUBJECT, private(KEY))
    assert made != GOOD
    assert checked(made) is None


@pytest.mark.parametrize("name", ["SIGNATURE.json", "receipt.json", "../train.jsonl", "/etc/x"])
def test_what_no_signature_covers_is_not_signed(name):
    with pytest.raises(ValueError, match="a signature cannot list"):
        sign({**ENTRIES, name: sha256(b"")}, SUBJECT, private(KEY))


# what is good


@pytest.mark.parametrize("curve", [ec.SECP256R1, ec.SECP384R1, ec.SECP521R1])
@pytest.mark.parametrize("form", [PKCS8, SEC1])
def test_a_signature_of_each_curve_is_good(curve, form):
    key = ec.derive_private_key(31, curve())
    assert checked(sign(ENTRIES, SUBJECT, private(key, form)), key=key) is None


@pytest.mark.parametrize("name", ["sftspec-1.json", "model-signing-1.1.1.json"])
def test_a_signature_once_made_stays_good(name):
    assert checked((FIXED / name).read_bytes()) is None


def test_a_bundle_made_from_the_specifications_is_good():
    assert checked(sealed(stated())) is None


def test_files_in_another_order_are_good_as_long_as_they_add_up():
    files = [(name, ENTRIES[name]) for name in reversed(NAMES)]
    assert checked(sealed(stated(files))) is None


@pytest.mark.parametrize("left", [[], [".git", "receipt.json"], [".gitignore", ".github"]])
def test_what_other_tools_leave_out_may_be_left_out(left):
    assert checked(sealed(stated(how={"ignore_paths": left}))) is None


def test_the_subject_may_be_the_name_of_the_folder():
    about = stated()["subject"][0] | {"name": "0.3.0"}
    assert checked(sealed(stated(subject=[about]))) is None


def test_what_is_signed_may_say_more_than_is_known():
    payload = stated()
    payload["predicate"]["card"] = {"size": 1.5}
    assert checked(sealed(payload | {"more": [None]})) is None


# what is refused

WITHOUT = {name: digest for name, digest in ENTRIES.items() if name != "train.jsonl"}
CHANGED = ENTRIES | {"train.jsonl": sha256(b"other")}


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (ENTRIES | {"new.jsonl": sha256(b"")}, "it does not sign `new.jsonl`"),
        (ENTRIES | {"a": sha256(b""), "b": sha256(b"")}, "it does not sign `a` and 1 more"),
        (WITHOUT, "it signs `train.jsonl`, which the snapshot has not"),
        (CHANGED, "it signs other bytes of `train.jsonl`"),
        ({name: sha256(b"") for name in NAMES}, "it signs other bytes of `FREEZE.json` and 4 more"),
    ],
)  # fmt: skip
def test_other_files_than_those_that_are_signed_are_told(entries, said):
    assert said == checked(GOOD, entries)


def listed(*names):
    return sealed(stated([(name, sha256(b"")) for name in (*names, *NAMES)]))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("../train.jsonl",), "it signs '../train.jsonl', which is not a name on every system"),
        (("pairs/../x",), "it signs 'pairs/../x', which is not a name on every system"),
        (("/etc/passwd",), "it signs '/etc/passwd', which is not a name on every system"),
        (("a/b/c",), "it signs 'a/b/c', which is not a name on every system"),
        (("a\\b",), "it signs 'a\\\\b', which is not a name on every system"),
        (("",), "it signs '', which is not a name on every system"),
        (("train.jsonl",), "it signs `train.jsonl` and `train.jsonl`, which are one name"),
        (("Train.jsonl",), "it signs `train.jsonl` and `Train.jsonl`, which are one name"),
        (("pairs",), "it signs `pairs` and `pairs`, which are one name"),
        (
            ("MANIFEST.json",),
            "it signs `MANIFEST.json` and `MANIFEST.json`, which are one name",
        ),
        (("freeze.json",), "it signs `freeze.json` and `FREEZE.json`, which are one name"),
        (("receipt.json",), "it signs `receipt.json`, which no signature covers"),
        (("SIGNATURE.json",), "it signs `SIGNATURE.json`, which no signature covers"),
    ],
)
def test_names_that_no_snapshot_has_are_refused_first(names, said):
    assert said == checked(listed(*names), {})


def without(payload, *path):
    *way, last = path
    inner = payload
    for step in way:
        inner = inner[step]
    del inner[last]
    return payload


RAW = json.dumps(stated()).encode()
ABOUT = {"name": SUBJECT, "digest": {"sha256": sha256(b"")}}
NOT_READ = "what it signs cannot be read"
LACKS = "what it signs lacks a part or has one of a wrong type"
SETTINGS = "it was made with other settings: of files, links or what is left out"


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", NOT_READ),
        (b"\xff", NOT_READ),
        (b"[" * 100_000, NOT_READ),
        (b'{"a": 1e999}', NOT_READ),
        (b"[]", LACKS),
        (RAW, "what it signs is not written plainly"),
        (RAW.replace(b": ", b":").replace(b", ", b",").replace(b'{"_type"', b'{"_type":"","_type"'),
         "what it signs is not written plainly"),
        (stated(_type="https://in-toto.io/Statement/v0.1"),
         "what it signs is no in-toto statement of version 1"),
        (stated(predicateType="https://model_signing/Digests/v0.1"),
         "it states something else than OMS 1.0 does"),
        (stated(predicateType="https://slsa.dev/provenance/v1", predicate={}),
         "it states something else than OMS 1.0 does"),
        (stated(subject=[ABOUT]), "its files do not add up to its digest"),
        (stated(subject=[ABOUT, ABOUT]), LACKS),
        (stated(subject=[]), LACKS),
        (stated(subject=[ABOUT | {"name": "medical@0.3.0"}]),
         "it is of another snapshot than `legal@0.3.0`"),
        (without(stated(), "predicate", "resources"), LACKS),
        (without(stated(), "predicate", "serialization"), LACKS),
        (without(stated(), "predicate", "resources", 0, "digest"), LACKS),
        (stated([("a", ENTRIES["train.jsonl"].upper())]), LACKS),
        (stated([("a", "")]), LACKS),
        (stated(how={"hash_type": "blake3"}), SETTINGS),
        (stated(how={"method": "shards", "shard_size": 9}), SETTINGS),
        (stated(how={"allow_symlinks": True}), SETTINGS),
        (stated(how={"ignore_paths": ["dev.jsonl"]}), SETTINGS),
        (stated(how={"ignore_paths": ["."]}), SETTINGS),
    ],
)  # fmt: skip
def test_another_statement_is_refused_though_the_key_signed_it(payload, said):
    assert said == checked(sealed(payload))


NO_SIGNATURE = "it cannot be read as a signature"
MARK = {"sig": json.loads(GOOD)["dsseEnvelope"]["signatures"][0]["sig"], "keyid": ""}
HINT = {"publicKey": {"hint": sha256(public(KEY))}, "tlogEntries": []}


@pytest.mark.parametrize(
    ("shell", "said"),
    [
        ({"envelope": {"signatures": []}}, "it holds 0 signatures, and one is due"),
        ({"envelope": {"signatures": [MARK, MARK]}}, "it holds 2 signatures, and one is due"),
        ({"envelope": {"signatures": [MARK | {"keyid": "x"}]}}, NO_SIGNATURE),
        ({"envelope": {"signatures": [MARK | {"sig": ""}]}},
         "the signature does not fit its content and this key"),
        ({"envelope": {"signatures": [MARK]}},
         "the signature does not fit its content and this key"),
        ({"envelope": {"payloadType": "application/json"}},
         "what it signs is of another type than an in-toto statement"),
        ({"envelope": {"payload": "e30"}}, NO_SIGNATURE),
        ({"envelope": {"payload": "e31="}}, "it is not written as a signature is: a byte was changed"),
        ({"envelope": {"more": 1}}, NO_SIGNATURE),
        ({"mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.2"},
         "it is a bundle of a version that is not known"),
        ({"verificationMaterial": HINT | {"tlogEntries": [{}]}}, NO_SIGNATURE),
        ({"verificationMaterial": HINT | {"publicKey": {}}}, NO_SIGNATURE),
        ({"verificationMaterial": HINT | {"publicKey": {"hint": ""}}}, "it was made with another key"),
        ({"verificationMaterial": {"certificate": {"rawBytes": ""}}}, NO_SIGNATURE),
        ({"messageSignature": {}}, NO_SIGNATURE),
    ],
)  # fmt: skip
def test_another_shell_is_refused(shell, said):
    assert said == checked(sealed(stated(), **shell))


def test_another_key_is_told():
    assert "it was made with another key" == checked(GOOD, key=OTHER)
    curve = ec.derive_private_key(2026, ec.SECP384R1())
    assert "it was made with another key" == checked(GOOD, key=curve)


def test_the_hint_alone_makes_no_signature():
    ours, theirs = sha256(public(KEY)).encode(), sha256(public(OTHER)).encode()
    said = "the signature does not fit its content and this key"
    assert said == checked(GOOD.replace(ours, theirs), key=OTHER)


def test_a_payload_of_another_snapshot_is_refused():
    mine, other = (json.loads(data) for data in (GOOD, sign(CHANGED, SUBJECT, private(KEY))))
    mine["dsseEnvelope"]["payload"] = other["dsseEnvelope"]["payload"]
    said = "the signature does not fit its content and this key"
    assert said == checked(encode(mine), CHANGED)


def test_a_signature_of_another_snapshot_is_refused():
    other = sign(ENTRIES, "medical@0.3.0", private(KEY))
    assert "it is of another snapshot than `legal@0.3.0`" == checked(other)


def test_a_huge_file_is_refused_unread(monkeypatch):
    monkeypatch.setattr(signing, "MOST_BYTES", len(GOOD) - 1)
    assert "it is larger than 0 MiB" == checked(GOOD)


def test_no_single_byte_can_be_changed_taken_away_or_put_in():
    key, good = public(KEY), bytearray(GOOD)
    spoilt = []
    for at, byte in enumerate(good):
        changed = [bytes([byte ^ 1]), bytes([byte ^ 32]), b" ", b"\0", b"", bytes([byte]) * 2]
        spoilt += [
            (at, new)
            for new in changed
            if new != bytes([byte])
            and check(bytes(good[:at] + new + good[at + 1 :]), ENTRIES, SUBJECT, key) is None
        ]
    assert [] == spoilt


@given(at=st.integers(0, len(GOOD)), cut=st.integers(0, 40), put=st.binary(max_size=40))
def test_no_piece_can_be_changed(at, cut, put):
    data = GOOD[:at] + put + GOOD[at + cut :]
    assert (checked(data) is None) == (data == GOOD)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_are_more_than_refused(data):
    assert isinstance(checked(data), str)


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["_type", "predicateType", "subject", "a"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(TREES)
def test_no_signed_json_at_all_is_more_than_refused(tree):
    assert isinstance(checked(sealed(tree)), str)


# keys

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
KOBLITZ = ec.derive_private_key(7, ec.SECP256K1())
KIND = "the key cannot be used: it is of another kind than a curve's P-256, P-384 or P-521"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (private(RSA), KIND),
        (private(ED), KIND),
        (private(KOBLITZ), KIND),
        (private(KEY, PKCS8, LOCKED), "the key cannot be used: it is encrypted"),
        (private(KEY, SEC1, LOCKED), "the key cannot be used: it is encrypted"),
        (public(KEY), "the key cannot be used: it is no private key in PEM"),
        (b"", "the key cannot be used: it is no private key in PEM"),
        (private(KEY)[:90], "the key cannot be used: it is no private key in PEM"),
    ],
    ids=["rsa", "ed25519", "koblitz", "locked", "locked-sec1", "public", "empty", "torn"],
)
def test_a_key_that_cannot_sign_is_a_fault(key, said):
    with pytest.raises(Fault) as caught:
        sign(ENTRIES, SUBJECT, key)
    assert ("bad-signing-key", said) == (caught.value.slug, caught.value.message)
    assert "openssl" in caught.value.hint


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (public(RSA), KIND),
        (public(ED), KIND),
        (public(KOBLITZ), KIND),
        (private(KEY), "the key cannot be used: it is a private key, and the public one is due"),
        (private(KEY, SEC1), "the key cannot be used: it is a private key, and the public one is due"),
        (b"ssh-rsa AAAA", "the key cannot be used: it is no public key in PEM"),
        (b"", "the key cannot be used: it is no public key in PEM"),
    ],
    ids=["rsa", "ed25519", "koblitz", "private", "private-sec1", "ssh", "empty"],
)  # fmt: skip
def test_a_key_that_cannot_check_is_a_fault(key, said):
    with pytest.raises(Fault) as caught:
        check(GOOD, ENTRIES, SUBJECT, key)
    assert ("bad-signing-key", said) == (caught.value.slug, caught.value.message)
    assert "openssl" in caught.value.hint


@pytest.mark.parametrize("way", [sign, lambda *args: check(GOOD, *args)])
def test_without_the_extra_the_fault_says_what_to_install(way, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ec", None)
    with pytest.raises(Fault) as caught:
        way(ENTRIES, SUBJECT, b"")
    assert "missing-library" == caught.value.slug
    assert "pip install 'sftspec[sign]'" == caught.value.hint


def test_the_library_is_loaded_by_use_alone():
    words = "import sys, sftspec.snapshot.signing; print('cryptography' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", words], capture_output=True, text=True, check=True
    )
    assert "False\n" == done.stdout
