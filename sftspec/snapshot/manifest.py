"""MANIFEST.json: who a snapshot is, where it comes from, what its gates answered, what it holds."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from sftspec.ground.canon import canonical, digest
from sftspec.ground.portable import MAX_BYTES, portable, twins

FORMAT_VERSION = 1
MANIFEST, PLAN, RECEIPT, FREEZE, README = (
    "MANIFEST.json", "plan.json", "receipt.json", "FREEZE.json", "README.md",
)  # fmt: skip
SIGNATURE = "SIGNATURE.json"
COMMITTED = (MANIFEST, PLAN, FREEZE, README, SIGNATURE)
UNLISTED = (MANIFEST, RECEIPT, FREEZE, SIGNATURE)
STAGING, ASIDE = ".staging", ".old"


class FileEntry(Struct, frozen=True):
    """A file of the snapshot. `name`: with the one folder that it may lie in, `pairs/train.jsonl`."""

    name: str
    sha256: str
    bytes: int
    records: int | None = None


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole manifest. Every field is deterministic; times and hosts are in the receipt.

    `chats` are there where something became tokens. `checksum` covers all the others: it shows that bytes were lost or mistyped, not who wrote them.
    """

    format_version: int
    dataset: str
    version: str
    about: dict[str, Any]
    compiler: dict[str, Any]
    meaning: str
    definitions: dict[str, dict[str, Any]]
    sources: dict[str, Any]
    counts: dict[str, Any]
    distribution: dict[str, dict[str, dict[str, int]]]
    lengths: dict[str, dict[str, dict[str, int]]]
    mixture: dict[str, Any]
    coverages: dict[str, Any]
    gates: dict[str, Any]
    tests: dict[str, Any]
    files: tuple[FileEntry, ...]
    root: str
    checksum: str = ""
    chats: dict[str, Any] | UnsetType = UNSET


class Unreadable(Exception):  # noqa: N818 - the reader turns it into a finding
    """A manifest that is not one, with the reason."""


def encode(content: Any) -> bytes:
    """Canonical bytes: sorted keys, two spaces, LF at the end."""
    return msgspec.json.format(canonical(content), indent=2) + b"\n"


def checked(manifest: Manifest) -> Manifest:
    """The manifest with its checksum."""
    bare = msgspec.structs.replace(manifest, checksum="")
    return msgspec.structs.replace(bare, checksum=digest("manifest-fields", canonical(bare)))


def decode(data: bytes) -> Manifest:
    """The manifest. Raises Unreadable on anything but the canonical bytes of a known format."""
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unreadable(f"it is not JSON: {error}") from None
    version = raw.get("format_version") if isinstance(raw, dict) else None
    if version != FORMAT_VERSION:
        raise Unreadable(f"its format is {version!r}, this compiler knows {FORMAT_VERSION}")
    try:
        manifest = msgspec.convert(raw, Manifest)
    except msgspec.MsgspecError as error:
        raise Unreadable(str(error)) from None
    if encode(manifest) != data:
        raise Unreadable("its bytes are not canonical")
    if checked(manifest) != manifest:
        raise Unreadable("its fields do not add up to its checksum")
    refused = refusal([entry.name for entry in manifest.files])
    if refused is not None:
        raise Unreadable(f"it lists {refused}")
    return manifest


def refusal(names: list[str]) -> str | None:
    """What a manifest may not list of these names, or None. It opens nothing.

    A name is portable, at most one folder deep, and is no other's twin where case does not count;
    no file is called as a folder is.
    """
    for name in names:
        parts = name.split("/")
        if len(parts) > 2 or len(name) > MAX_BYTES or not all(map(portable, parts)):
            return f"{name[:60]!r}, which is not a name on every system"
    found = twins([*UNLISTED, *names, *folders_of(names)])
    return f"`{found[1]}` and `{found[0]}`, which are one name" if found else None


def folders_of(names: Iterable[str]) -> list[str]:
    """The folders that files of these names lie in, sorted."""
    return sorted({name.partition("/")[0] for name in names if "/" in name})


def snapshot_id(data: bytes) -> str:
    """A snapshot's id: the digest of its manifest's bytes."""
    return digest("manifest", data)
