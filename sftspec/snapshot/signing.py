"""SIGNATURE.json: whose a snapshot is. File names and digests in, a signed list of them out.

The form is OMS, the OpenSSF's Model Signing 1.0, so that its own tools check a snapshot without us:
an in-toto statement that lists every file, in a DSSE envelope, in a Sigstore bundle that names the
public key by its digest. The key is of an elliptic curve and stays with whoever signs; nothing is
asked of any service. A checksum shows that bytes changed, a signature whose bytes they were.
"""

from collections.abc import Mapping, Sequence
import hashlib
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from sftspec.ground.canon import canonical
from sftspec.snapshot.manifest import FREEZE, MANIFEST, RECEIPT, SIGNATURE, encode, refusal
from sftspec.snapshot.signing_keys import hint, holds, private_key, public_key, signed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

MOST_BYTES = 16 * 1024 * 1024
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://model_signing/signature/v1.0"
UNSIGNED = (SIGNATURE, RECEIPT)
# what other tools leave out unasked
GIT = (".git", ".gitattributes", ".github", ".gitignore")

_Hex = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_T = TypeVar("_T")


class _Shell(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What no signature covers: it holds what it must and nothing else."""


class _Key(_Shell, frozen=True):
    hint: str


class _Material(_Shell, frozen=True):
    public_key: _Key
    tlog_entries: tuple[()]


class _Mark(_Shell, frozen=True):
    sig: bytes
    keyid: Literal[""]


class _Envelope(_Shell, frozen=True):
    payload: bytes
    payload_type: str
    signatures: tuple[_Mark, ...]


class _Bundle(_Shell, frozen=True):
    """The file. Its fields stand in the order in which other tools write them."""

    media_type: str
    verification_material: _Material
    dsse_envelope: _Envelope


class _Digest(Struct, frozen=True):
    sha256: _Hex


class _Subject(Struct, frozen=True):
    name: str
    digest: _Digest


class _Resource(Struct, frozen=True):
    name: str
    digest: _Hex
    algorithm: Literal["sha256"] = "sha256"


class _Serialization(Struct, frozen=True):
    method: str = "files"
    hash_type: str = "sha256"
    allow_symlinks: bool = False
    ignore_paths: tuple[str, ...] = UNSIGNED


class _Predicate(Struct, frozen=True):
    serialization: _Serialization
    resources: tuple[_Resource, ...]


class _Head(Struct, frozen=True, rename={"type": "_type", "predicate_type": "predicateType"}):
    """A statement's kind. What it has beyond the fields we know is passed over, as in-toto wants."""

    type: str
    predicate_type: str


class _Statement(_Head, frozen=True):
    subject: tuple[_Subject]
    predicate: _Predicate


class _Refused(Exception):  # noqa: N818 - a way out, not an error
    """Why a signature is not good."""


def sign(entries: Mapping[str, str], subject: str, key: bytes) -> bytes:
    """The bytes of a signature file over the entries (a file's name, its SHA-256 in hex).

    `subject` is the snapshot's name, `legal@0.3.0`; `key` a private key in PEM. A signature is in no
    digest: ECDSA draws a number for each, so two of one snapshot may differ. Where the library can,
    the number is worked out from key and content instead (RFC 6979). Raises Fault where the key is
    none that can sign, and ValueError on names that no signature may list.
    """
    private = private_key(key)
    refused = _unlistable(entries)
    if refused is not None:
        raise ValueError(f"a signature cannot list {refused}")
    order = sorted(entries, key=lambda name: name.split("/"))  # as paths sort, folder by folder
    files = tuple(_Resource(name, entries[name]) for name in order)
    about = _Subject(subject, _Digest(_digest_of(files)))
    payload = canonical(
        _Statement(STATEMENT, PREDICATE, (about,), _Predicate(_Serialization(), files))
    )
    public = private.public_key()
    marks = (_Mark(signed(private, _enveloped(payload)), ""),)
    material = _Material(_Key(hint(public)), ())
    return encode(_Bundle(BUNDLE, material, _Envelope(payload, PAYLOAD, marks)))


def check(data: bytes, entries: Mapping[str, str], subject: str, key: bytes) -> str | None:
    """Why the bytes are no good signature over the entries, or None where they are.

    `key` is a public key in PEM. The file signs each of the entries and nothing else, in one of the
    two forms that this module and `model-signing` write. Raises Fault where the key is none that can
    check.
    """
    public = public_key(key)
    try:
        _compare(_stated(_payload(data, public), subject), entries)
    except _Refused as error:
        return str(error)
    return None


# the bundle


def _payload(data: bytes, public: "EllipticCurvePublicKey") -> bytes:
    """What was signed, once the signature over it holds."""
    bundle = _bundle(data)
    envelope = bundle.dsse_envelope
    if len(envelope.signatures) != 1:
        raise _Refused(f"it holds {len(envelope.signatures)} signatures, and one is due")
    if bundle.media_type != BUNDLE:
        raise _Refused("it is a bundle of a version that is not known")
    if envelope.payload_type != PAYLOAD:
        raise _Refused("what it signs is of another type than an in-toto statement")
    if bundle.verification_material.public_key.hint != hint(public):
        raise _Refused("it was made with another key")
    if not holds(public, envelope.signatures[0].sig, _enveloped(envelope.payload)):
        raise _Refused("the signature does not fit its content and this key")
    return envelope.payload


def _bundle(data: bytes) -> _Bundle:
    """The file's content. Its bytes must be those that it is written as, so none stands for another."""
    if len(data) > MOST_BYTES:
        raise _Refused(f"it is larger than {MOST_BYTES >> 20} MiB")
    try:
        bundle = msgspec.json.decode(data, type=_Bundle)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _Refused("it cannot be read as a signature") from None
    if data not in {encode(bundle), msgspec.json.encode(bundle)}:
        raise _Refused("it is not written as a signature is: a byte was changed")
    return bundle


def _enveloped(payload: bytes) -> bytes:
    """What DSSE signs: the payload, with its type and both lengths before it."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)


# the statement


def _stated(payload: bytes, subject: str) -> dict[str, str]:
    """The files that are signed, by name."""
    statement = _statement(payload)
    files, about = statement.predicate.resources, statement.subject[0]
    names = [one.name for one in files]
    refused = _unlistable(names)
    if refused is not None:
        raise _Refused(f"it signs {refused}")
    # other tools know a folder's name alone, and the manifest that is signed says whose it is
    if about.name not in {subject, subject.rpartition("@")[2]}:
        raise _Refused(f"it is of another snapshot than `{subject}`")
    if about.digest.sha256 != _digest_of(files):
        raise _Refused("its files do not add up to its digest")
    _as_ours(statement.predicate.serialization)
    return {one.name: one.digest for one in files}


def _statement(payload: bytes) -> _Statement:
    raw = _plain(payload)
    head = _typed(raw, _Head)
    if head.type != STATEMENT:
        raise _Refused("what it signs is no in-toto statement of version 1")
    if head.predicate_type != PREDICATE:
        raise _Refused("it states something else than OMS 1.0 does")
    return _typed(raw, _Statement)


def _plain(payload: bytes) -> Any:
    """The payload's JSON. Written back it must be what it was, which a doubled key is not."""
    try:
        raw = msgspec.json.decode(payload)
        short = msgspec.json.encode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _Refused("what it signs cannot be read") from None
    if payload not in {short, msgspec.json.format(short, indent=2)}:
        raise _Refused("what it signs is not written plainly")
    return raw


def _typed(raw: Any, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError:
        raise _Refused("what it signs lacks a part or has one of a wrong type") from None


def _as_ours(how: _Serialization) -> None:
    """Whole files by SHA-256, no link followed, nothing left out but what we leave out."""
    whole = (how.method, how.hash_type, how.allow_symlinks) == ("files", "sha256", False)
    if not whole or not {*UNSIGNED, *GIT}.issuperset(how.ignore_paths):
        raise _Refused("it was made with other settings: of files, links or what is left out")


def _unlistable(names: Sequence[str] | Mapping[str, str]) -> str | None:
    """What a signature may not list of these names, or None: what no manifest may, but for the papers."""
    for name in UNSIGNED:
        if name in names:
            return f"`{name}`, which no signature covers"
    rest = list(names)
    for paper in (MANIFEST, FREEZE):
        if paper in rest:
            rest.remove(paper)  # once: a second one is its twin
    return refusal(rest)


def _digest_of(files: Sequence[_Resource]) -> str:
    """The subject's digest: over the files' digests as they are listed."""
    return hashlib.sha256(b"".join(bytes.fromhex(one.digest) for one in files)).hexdigest()


def _compare(listed: Mapping[str, str], entries: Mapping[str, str]) -> None:
    """Raises _Refused where the two differ, with the first name that does."""
    unsigned, absent = entries.keys() - listed.keys(), listed.keys() - entries.keys()
    if unsigned:
        raise _Refused(f"it does not sign {_first(unsigned)}")
    if absent:
        raise _Refused(f"it signs {_first(absent)}, which the snapshot has not")
    other = {name for name, digest in entries.items() if listed[name] != digest}
    if other:
        raise _Refused(f"it signs other bytes of {_first(other)}")


def _first(names: set[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"`{min(names)}`{more}"
