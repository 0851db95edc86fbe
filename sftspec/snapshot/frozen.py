"""FREEZE.json: who froze a version, why, on which gates, and which freeze came before.

It stands beside the manifest and never changes it. Each holds the digest of the one before, so
the freezes of a dataset are a chain: one that is taken away or put back shows.
"""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.ground.canon import canonical, digest
from sftspec.snapshot.manifest import FREEZE, MANIFEST, encode

FREEZE_FORMAT = 1
MOST_BYTES = 4 * 1024 * 1024


class Weaker(Struct, frozen=True):
    """A requirement of the last frozen version that this one does not make, or makes weaker."""

    gate: str
    was: str
    now: str | None


class Freeze(Struct, frozen=True, forbid_unknown_fields=True):
    """A freeze. `manifest`: the snapshot's id. `previous`: the digest of the freeze before, if any.

    `gates`: what each gate answered. `weaker` and `weaker_reason`: what was let go, and why.
    `checksum` covers all the others, as a manifest's does.
    """

    format_version: int
    dataset: str
    version: str
    manifest: str
    gates: dict[str, Any]
    approver: str
    reason: str
    previous: str | None
    weaker: tuple[Weaker, ...] = ()
    weaker_reason: str = ""
    checksum: str = ""


class BadFreeze(Exception):  # noqa: N818 - the reader turns it into a finding
    """A FREEZE.json that is not one, with the reason."""


def with_checksum(freeze: Freeze) -> Freeze:
    """The freeze with its checksum."""
    bare = msgspec.structs.replace(freeze, checksum="")
    return msgspec.structs.replace(bare, checksum=digest("freeze-fields", canonical(bare)))


def encode_freeze(freeze: Freeze) -> bytes:
    """Canonical bytes."""
    return encode(with_checksum(freeze))


def decode_freeze(data: bytes) -> Freeze:
    """The freeze. Raises BadFreeze on anything but the canonical bytes of a known format."""
    try:
        raw = msgspec.json.decode(data)
        version = raw.get("format_version") if isinstance(raw, dict) else None
        if version != FREEZE_FORMAT:
            raise BadFreeze(f"its format is {version!r}, this compiler knows {FREEZE_FORMAT}")
        freeze = msgspec.convert(raw, Freeze)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadFreeze(f"it cannot be read: {error}") from None
    if encode(freeze) != data:
        raise BadFreeze("its bytes are not canonical")
    if with_checksum(freeze) != freeze:
        raise BadFreeze("its fields do not add up to its checksum")
    return freeze


def freeze_id(data: bytes) -> str:
    """The digest of a FREEZE.json's bytes, which the next freeze holds."""
    return digest("freeze", data)


def frozen_versions(home: Path) -> list[str]:
    """The frozen versions under a dataset's folder, lowest first."""
    from sftspec.snapshot.names import by_version

    if not home.is_dir():
        return []
    names = [
        path.name
        for path in home.iterdir()
        if (path / FREEZE).is_file() and (path / MANIFEST).is_file()
    ]
    return sorted(names, key=by_version)
