"""The lock: what each definition's text was under each version, and what each source's bytes were.

A spec compared with its lock gives drifts. Text that changed under a version that was locked is a
drift that stops a build, and so are source bytes and ids of records that changed; what is new, was
bumped, has moved or is gone only makes the lock stale.
"""

from collections.abc import Collection, Iterator, Mapping
import re
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from sftspec.ground.canon import canonical
from sftspec.ground.semver import higher, version_of
from sftspec.plan.definitions import KINDS, VERSIONED
from sftspec.plan.graph import Definition, Graph

LOCK_FORMAT = 1
MAX_BYTES = 16 * 1024 * 1024
CHANGED, OTHER_IDS = "changed", "other-ids"
NEW, GONE, MOVED, BEHIND = "new", "gone", "moved", "behind"
BUMPED, LOWERED = "bumped", "lowered"
REFUSED = (CHANGED, OTHER_IDS)
"""Drifts that somebody must accept; the others are written without a word."""
IDENTIFIED = ("template", "source")
"""Kinds whose first names records' ids are made of."""
_MAJOR_PARTS = {
    "template": ("layer",), "schema": ("field ",), "tool": ("schema",),
    "chat": ("template", "tokenizer"),
}  # fmt: skip
_VERSION = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}")
Thing = TypeVar("Thing")


class Pin(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A definition's text under a version. `parts`: of the version that was locked last alone."""

    digest: str
    parts: dict[str, str] = {}


class FilePin(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of a source."""

    bytes: int
    digest: str


Pins = dict[str, dict[str, dict[str, Pin]]]
Files = dict[str, dict[str, FilePin]]


class Lock(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What stands in `NAME.lock`.

    `tokenizers`: chat and path to bytes. `definitions`: kind, name and version to text; what has no version of its own is pinned under
    the dataset's. `sources`: name and path to bytes. `moved`: kind and name to the name that it had
    first, which the ids of its records are made of.
    """

    format_version: int
    dataset: str
    version: str
    definitions: Pins
    sources: Files
    moved: dict[str, dict[str, str]] = {}
    tokenizers: Files = {}


class BadLock(Exception):  # noqa: N818 - the reader says it with the file's name
    """A lock that cannot be read, with the reason."""


class Drift(Struct, frozen=True):
    """Where spec and lock differ. `how`: one of the words above.

    `what`: what of it changed. `version` it is locked under, and `least`: the version that the
    change asks for. `before`: what it was called, or perhaps was where it is new.
    """

    kind: str
    name: str
    how: str
    what: tuple[str, ...] = ()
    version: str = ""
    least: str = ""
    before: str = ""


# the file


def encode_lock(lock: Lock) -> bytes:
    """Canonical bytes: sorted keys, two spaces, LF at the end."""
    return msgspec.json.format(canonical(lock), indent=2) + b"\n"


def decode_lock(data: bytes) -> Lock:
    """The lock. Raises BadLock on anything but the canonical bytes of a known format."""
    if len(data) > MAX_BYTES:
        raise BadLock(f"it has more than {MAX_BYTES >> 20} MiB")
    try:
        raw = msgspec.json.decode(data)
        version = raw.get("format_version") if isinstance(raw, dict) else None
        if version != LOCK_FORMAT:
            raise BadLock(f"its format is {version!r}, this compiler knows {LOCK_FORMAT}")
        lock = msgspec.convert(raw, Lock)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadLock(f"it cannot be read: {error}") from None
    if encode_lock(lock) != data:
        raise BadLock("its bytes are not those that `sftspec lock` writes")
    for problem in _problems(lock):
        raise BadLock(problem)
    return lock


def _problems(lock: Lock) -> Iterator[str]:
    """What no lock says."""
    if not _VERSION.fullmatch(lock.version):
        yield f"`{lock.version[:40]}` is no version"
        return
    for kind, found in lock.definitions.items():
        if kind not in KINDS or not found:
            yield f"it pins a {kind[:40]}, and there is none to pin"
        for name, pins in found.items():
            if not pins or not all(_is_locked(kind, version, lock) for version in pins):
                yield f"it pins {kind} `{name[:40]}` under no version that there was"
    for kind, names in lock.moved.items():
        there = lock.sources if kind == "source" else lock.definitions.get(kind, {})
        sound = all(name in there and name != first for name, first in names.items())
        if kind not in IDENTIFIED or not names or not sound:
            yield f"it says of a {kind[:40]} that it moved, and pins none that did"


def _is_locked(kind: str, version: str, lock: Lock) -> bool:
    """Whether something can have been pinned under a version."""
    if not _VERSION.fullmatch(version):
        return False
    return kind in VERSIONED or version_of(version) <= version_of(lock.version)


# the definitions


def drifts(lock: Lock, graph: Graph) -> list[Drift]:
    """Where the definitions and names of a spec are not as locked, by kind and name."""
    found = []
    for kind in KINDS:
        now = graph.definitions.get(kind, {})
        known = called(kind, lock.definitions.get(kind, {}), graph)
        gone = sorted(set(known) - set(now))
        for name, one in now.items():
            if name in known:
                found += _drift(kind, name, one, known[name][1], lock, graph)
            else:
                twins = (old for old in gone if one.digest in _digests(known[old][1]))
                found.append(Drift(kind, name, NEW, before=next(twins, "")))
        found += [Drift(kind, name, GONE) for name in gone]
        found += _renamed(kind, known, now)
    found += _renamed("source", called("source", lock.sources, graph), graph.sources)
    found += _other_ids(lock, graph)
    if lock.version != graph.version:
        how = _raised_or_lowered(lock.version, graph.version)
        found.append(Drift("dataset", graph.dataset, how, version=lock.version))
    return found


def called(kind: str, known: Mapping[str, Thing], graph: Graph) -> dict[str, tuple[str, Thing]]:
    """What a lock knows by what the spec calls it now, with the name that the lock has.

    Where one moved to a name that another one had, it is the one that moved.
    """
    names = {old: new for moved, old, new in graph.moves if moved == kind}
    last = {name: _last(name, names) for name in known}
    order = sorted(known, key=lambda name: name in names)
    return {last[name]: (name, known[name]) for name in order}


def _last(name: str, names: Mapping[str, str]) -> str:
    """Where a chain of names ends."""
    for _ in names:
        if name not in names:
            break
        name = names[name]
    return name


def _digests(pins: Mapping[str, Pin]) -> set[str]:
    return {pin.digest for pin in pins.values()}


def _renamed(
    kind: str, known: Mapping[str, tuple[str, Any]], now: Mapping[str, Any]
) -> Iterator[Drift]:
    for name, (old, _) in known.items():
        if name != old and name in now:
            yield Drift(kind, name, MOVED, (f"it was called {old}",), before=old)


def _other_ids(lock: Lock, graph: Graph) -> Iterator[Drift]:
    """Templates and sources whose records would get other ids than those that are locked."""
    for kind in IDENTIFIED:
        locked = lock.sources if kind == "source" else lock.definitions.get(kind, {})
        there, firsts = _there(kind, graph), _firsts(kind, graph)
        for name, (old, _) in called(kind, dict.fromkeys(locked), graph).items():
            was, now = lock.moved.get(kind, {}).get(old, old), firsts.get(name, name)
            if name in there and was != now:
                what = f"its ids were those of `{was}`, they would be those of `{now}`"
                yield Drift(kind, name, OTHER_IDS, (what,), before=was)


def _firsts(kind: str, graph: Graph) -> dict[str, str]:
    """What each definition of a kind that moved was called first."""
    back = {new: old for moved, old, new in graph.moves if moved == kind}
    return {name: _last(name, back) for name in _there(kind, graph) if name in back}


def _there(kind: str, graph: Graph) -> Collection[str]:
    return graph.sources if kind == "source" else graph.definitions.get(kind, {})


def _drift(
    kind: str, name: str, one: Definition, pins: Mapping[str, Pin], lock: Lock, graph: Graph
) -> list[Drift]:
    latest = max(pins, key=version_of)
    own = kind in VERSIONED
    if own and one.version not in pins:
        return [Drift(kind, name, _raised_or_lowered(latest, one.version), version=latest)]
    locked = pins[one.version if own else latest]
    if locked.digest == one.digest:
        return [] if locked.parts == one.parts else [Drift(kind, name, BEHIND)]
    raised = not own and version_of(graph.version) > version_of(lock.version)
    what = changed_parts(locked.parts, one.parts) if locked.parts else ()
    version, last = (one.version, latest) if own else (lock.version, lock.version)
    least = str(version_of(last).bumped(level_of(kind, locked.parts, one.parts)))
    return [Drift(kind, name, BUMPED if raised else CHANGED, what, version, least)]


def _raised_or_lowered(before: str, after: str) -> str:
    return BUMPED if version_of(after) > version_of(before) else LOWERED


def changed_parts(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """What of a definition is not as it was, in its own order, in words."""
    said = [f"{name} is new" for name in after if name not in before]
    said += [
        f"{name} changed" for name in after if name in before and before[name] != after[name]
    ]
    said += [f"{name} is gone" for name in before if name not in after]
    return tuple(said)


def level_of(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """The bump that a change of a definition asks for.

    Other words are minor. What changes for those who read the records is major: a template's
    layer, a field that a contract no longer has or has otherwise, a tool's parameters.
    """
    level = "minor"
    for name, was in before.items():
        if after.get(name) != was and name.startswith(_MAJOR_PARTS.get(kind, ("\0",))):
            level = higher(level, "major")
    return level


# the sources


def source_drifts(lock: Lock, files: Files, graph: Graph) -> list[Drift]:
    """Where the bytes of sources are not as locked. A digest that is not known yet is not compared."""
    known = called("source", lock.sources, graph)
    gone = sorted(set(known) - set(files))
    found = []
    for name, now in files.items():
        if name not in known:
            twins = (old for old in gone if known[old][1] == now)
            found.append(Drift("source", name, NEW, before=next(twins, "")))
            continue
        what = _files_changed(known[name][1], now)
        if what:
            found.append(Drift("source", name, CHANGED, what))
    return [*found, *(Drift("source", name, GONE) for name in gone)]


def tokenizer_drifts(lock: Lock, files: Files) -> list[Drift]:
    """Where the bytes of chats' tokenizers are not as locked."""
    known = lock.tokenizers
    found = [Drift("tokenizer", name, NEW) for name in files if name not in known]
    for name, now in files.items():
        what = _files_changed(known[name], now) if name in known else ()
        if what:
            found.append(Drift("tokenizer", name, CHANGED, what))
    return [*found, *(Drift("tokenizer", name, GONE) for name in known if name not in files)]


def _files_changed(
    before: Mapping[str, FilePin], after: Mapping[str, FilePin]
) -> tuple[str, ...]:
    said = []
    for path, one in after.items():
        was = before.get(path)
        if was is None:
            said.append(f"{path} is new")
        elif was.bytes != one.bytes:
            said.append(f"{path} has {one.bytes} bytes, {was.bytes} are locked")
        elif one.digest and was.digest != one.digest:
            said.append(f"{path} has other bytes")
    said += [f"{path} is gone" for path in before if path not in after]
    return tuple(said)


# a lock made


def pinned(
    graph: Graph, files: Files, before: Lock | None, tokenizers: Files | None = None
) -> Lock:
    """The lock of a spec as it stands; older versions of what is still there are kept."""
    definitions: Pins = {}
    for kind, found in graph.definitions.items():
        known = called(kind, before.definitions.get(kind, {}) if before else {}, graph)
        pins = {
            name: _pins(kind, one, known[name][1] if name in known else {}, graph)
            for name, one in found.items()
        }
        definitions |= {kind: pins} if pins else {}
    moved = {kind: _firsts(kind, graph) for kind in IDENTIFIED}
    return Lock(
        LOCK_FORMAT, graph.dataset, graph.version, definitions, files,
        {kind: names for kind, names in moved.items() if names}, tokenizers or {},
    )  # fmt: skip


def _pins(kind: str, one: Definition, known: Mapping[str, Pin], graph: Graph) -> dict[str, Pin]:
    fresh = Pin(one.digest, one.parts)
    if kind in VERSIONED:
        older = {version: Pin(pin.digest) for version, pin in known.items()}
        return {**older, one.version: fresh}
    same = [version for version, pin in known.items() if pin.digest == one.digest]
    return {min([*same, graph.version], key=version_of): fresh}
