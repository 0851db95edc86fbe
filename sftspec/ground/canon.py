"""Canonical bytes, digests and draws: what makes equal inputs give equal bytes.

SHA-256 for whatever a pull request or another machine could influence; xxh3_64 for draws.
"""

import hashlib
from typing import Any

import msgspec
import xxhash

_sorted = msgspec.json.Encoder(order="sorted")


def canonical(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys, no spaces, shortest floats. Raises on what JSON has not."""
    return _sorted.encode(value)


def digest(what: str, *parts: bytes) -> str:
    """`sha256:<hex>` over `sftspec/<what>/1` and the parts, each preceded by its length."""
    return "sha256:" + raw_digest(what, *parts).hex()


def raw_digest(what: str, *parts: bytes) -> bytes:
    """The 32 bytes of `digest`."""
    state = hashlib.sha256(f"sftspec/{what}/1\0".encode())
    if len(parts) == 1:
        state.update(parts[0])
        return state.digest()
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.digest()


def draw(seed: int, purpose: str, identity: bytes) -> int:
    """A choice in 0 .. 2**64-1 that depends on nothing but its three arguments."""
    return xxhash.xxh3_64_intdigest(draw_prefix(seed, purpose) + identity)


def draw_prefix(seed: int, purpose: str) -> bytes:
    """What precedes the identity in a draw; for loops that draw for many records."""
    return f"{seed}\0{purpose}\0".encode()
