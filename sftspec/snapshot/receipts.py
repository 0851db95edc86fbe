"""The receipt of a training: which packs of which snapshot were read, in what order, by how many."""

from collections.abc import Sequence
import os
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.ground.report import Fault
from sftspec.snapshot.cursor import Span
from sftspec.snapshot.manifest import encode

FORMAT_VERSION = 1


class Phase(Struct, frozen=True):
    """A phase of the curriculum and the packs in it."""

    name: str
    packs: int


class Receipt(Struct, frozen=True, omit_defaults=True):
    """What a run has read. Enough, with the snapshot, to read it again.

    `spans`: places of epochs, read in this order. `at`: the time, where the caller gives one.
    """

    snapshot: str
    dataset: str
    version: str
    chat: str
    part: str
    packs: int
    phases: list[Phase]
    seed: int
    shuffle: bool
    last: str
    spans: list[Span]
    epoch: int
    consumed: int
    at: str = ""
    format_version: int = msgspec.field(default_factory=lambda: FORMAT_VERSION)


def as_dict(receipt: Receipt) -> dict[str, Any]:
    """The receipt as plain values."""
    plain: dict[str, Any] = msgspec.to_builtins(receipt)
    return plain


def write(receipt: dict[str, Any], path: Path) -> None:
    """Put a receipt down, whole or not at all. Raises Fault where that cannot be."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(encode(receipt))
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise Fault(
            "io-error", f"the receipt cannot be written: {error.strerror}", path=str(path)
        ) from None


def phases_of(named: Sequence[tuple[str, int]], packs: int) -> list[Phase]:
    """The phases of a part; one without a name where it has none."""
    return [Phase(*one) for one in named] or [Phase("", packs)]
