"""Keys that sign snapshots: PEM in, signatures out. An elliptic curve's alone, as OMS has them.

`cryptography` is an extra, so it is imported where a key is used and nowhere else.
"""

from collections.abc import Callable
import hashlib
from typing import TYPE_CHECKING, Any

from sftspec.ground.report import Fault

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        ECDSA,
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )

CURVES = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}
_MAKE = "`openssl ecparam -name prime256v1 -genkey -noout` makes one that signs"
_OPEN = "`openssl ec -in KEY` takes the password off"
_HALVE = "`openssl ec -in KEY -pubout` prints the public one"


def private_key(pem: bytes) -> "EllipticCurvePrivateKey":
    """The key to sign with. Raises Fault on any but a plain P-256, P-384 or P-521 in PEM."""
    _need_library()
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = _read(lambda: load_pem_private_key(pem, None), "it is no private key in PEM")
    if not isinstance(key, EllipticCurvePrivateKey):
        raise _other_kind()
    _known_curve(key.public_key())
    return key


def public_key(pem: bytes) -> "EllipticCurvePublicKey":
    """The key to check with. Raises Fault as `private_key` does, on a private key too."""
    _need_library()
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if b"PRIVATE KEY" in pem:
        raise _unusable("it is a private key, and the public one is due", _HALVE)
    key = _read(lambda: load_pem_public_key(pem), "it is no public key in PEM")
    if not isinstance(key, EllipticCurvePublicKey):
        raise _other_kind()
    _known_curve(key)
    return key


def hint(public: "EllipticCurvePublicKey") -> str:
    """How a signature names its key: the SHA-256 of the public key's PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(pem).hexdigest()


def signed(private: "EllipticCurvePrivateKey", content: bytes) -> bytes:
    """A signature of the content; the same for the same content where the library can (RFC 6979)."""
    from cryptography.exceptions import UnsupportedAlgorithm

    curve = private.curve.name
    try:
        scheme = _ecdsa(curve, deterministic_signing=True)
    except (TypeError, UnsupportedAlgorithm):  # an older library, or an older OpenSSL below it
        scheme = _ecdsa(curve)
    return private.sign(content, scheme)


def holds(public: "EllipticCurvePublicKey", signature: bytes, content: bytes) -> bool:
    """Whether the signature is one of the content, by this key's private half."""
    from cryptography.exceptions import InvalidSignature

    try:
        public.verify(signature, content, _ecdsa(public.curve.name))
    except InvalidSignature:
        return False
    return True


def _ecdsa(curve: str, **how: Any) -> "ECDSA":
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA

    return ECDSA(getattr(hashes, CURVES[curve])(), **how)


def _need_library() -> None:
    try:
        import cryptography.hazmat.primitives.asymmetric.ec  # noqa: F401
    except ImportError:
        raise Fault(
            "missing-library", "signatures need the library cryptography, which is not there",
            hint="pip install 'sftspec[sign]'",
        ) from None  # fmt: skip


def _read(load: Callable[[], Any], otherwise: str) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return load()
    except TypeError:
        raise _unusable("it is encrypted", _OPEN) from None
    except (ValueError, UnsupportedAlgorithm):
        raise _unusable(otherwise, _MAKE) from None


def _known_curve(public: "EllipticCurvePublicKey") -> None:
    if public.curve.name not in CURVES:
        raise _other_kind()


def _other_kind() -> Fault:
    return _unusable("it is of another kind than a curve's P-256, P-384 or P-521", _MAKE)


def _unusable(why: str, mend: str) -> Fault:
    return Fault("bad-signing-key", f"the key cannot be used: {why}", hint=mend)
