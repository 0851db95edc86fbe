"""What a diff reads of a manifest, typed: where it says something else, it is of another compiler."""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from sftspec.ground.report import Fault
from sftspec.snapshot.opened import Snapshot

Kind = TypeVar("Kind")


class Counts(Struct, frozen=True):
    """The funnel."""

    rows_read: int
    rows_rejected: int
    rows_used: int
    candidates: int
    rejected: int
    not_chosen: int
    chosen: int
    rejected_by_reason: dict[str, int]


class File(Struct, frozen=True):
    """A file of a source."""

    path: str
    digest: str


class Source(Struct, frozen=True):
    """What was read of a source, and what of it was set aside, by reason."""

    files: tuple[File, ...] = ()
    read: int = 0
    rejected: dict[str, int] = {}

    @property
    def digests(self) -> dict[str, str]:
        """The files' digests by path."""
        return {file.path: file.digest for file in self.files}


class Line(Struct, frozen=True):
    """What a line of a gate measured."""

    text: str
    holds: bool
    measured: str | None


class Gate(Struct, frozen=True):
    """The answers of a gate."""

    lines: tuple[Line, ...]


class Part(Struct, frozen=True):
    """How a part of the mixture came out."""

    chosen: int


class Compiler(Struct, frozen=True):
    """Who built it."""

    version: str
    revision: int | str
    libraries: tuple[str, ...]


class Told(Struct, frozen=True):
    """What a manifest says."""

    counts: Counts
    sources: dict[str, Source]
    gates: dict[str, Gate]
    parts: dict[str, Part]
    compiler: Compiler


def told(one: Snapshot) -> Told:
    """What a snapshot's manifest says. Raises Fault where it cannot be read so."""
    manifest = one.manifest
    try:
        return Told(
            counts=msgspec.convert(manifest.counts, Counts),
            sources=msgspec.convert(manifest.sources, dict[str, Source]),
            gates=msgspec.convert(manifest.gates, dict[str, Gate]),
            parts=msgspec.convert(manifest.mixture.get("parts", {}), dict[str, Part]),
            compiler=msgspec.convert(manifest.compiler, Compiler),
        )
    except msgspec.MsgspecError as error:
        raise other_compiler(one, error) from None


def other_compiler(one: Snapshot, why: Any) -> Fault:
    """The fault of a snapshot whose papers are sound and say what nobody here understands."""
    return Fault(
        "other-compiler", f"`{one.name}` was written by another version of sftspec: {why}",
        path=str(one.folder or one.name),
        hint="build it again with this one, or read it with that one",
    )  # fmt: skip
