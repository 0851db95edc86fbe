"""A spec and its sources to its lock: what changed silently is refused, the rest is written."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from sftspec.engine.guard import pins_of
from sftspec.engine.inputs import Reading, read_inputs
from sftspec.engine.lease import lease_of, leased
from sftspec.engine.log import Log
from sftspec.engine.store import Store, store_fault, store_of
from sftspec.engine.vocabularies import read_vocabularies, tokenizer_pins
from sftspec.ground.report import Fault, Misuse, Report, SpecError, did_you_mean, there_are
from sftspec.ir.resolve import load, root_of
from sftspec.plan.graph import Graph
from sftspec.plan.lockfile import is_of_other, lock_path, read_lock, say_refused, write_lock
from sftspec.plan.lower import lower
from sftspec.plan.pins import (
    LOCK_FORMAT,
    REFUSED,
    Drift,
    Files,
    Lock,
    drifts,
    encode_lock,
    pinned,
    source_drifts,
    tokenizer_drifts,
)  # fmt: skip


class Locking(Struct, frozen=True):
    """What became of a lock. `stale`: it was not what it is, or would be, now."""

    path: Path
    drifts: tuple[Drift, ...]
    stale: bool


def locking(
    path: Path, root: Path | None, upgrade: Sequence[str], *, store: Path | None = None,
    dry: bool = False,
) -> Locking:  # fmt: skip
    """Lock a spec. `upgrade`: names whose change is accepted. `dry`: nothing is written.

    Raises SpecError where text, bytes or ids changed that nobody accepted, and Misuse where there
    is nothing to accept under a name.
    """
    report, home = Report(), root or root_of(path)
    loaded = load(path, home, report)
    before = None if report.failed else read_lock(path, report)
    if loaded is None or report.failed:
        raise SpecError(report)
    spec, graph = loaded[0], lower(*loaded)
    if before is not None and is_of_other(before, path, spec, report):
        raise SpecError(report)
    files = _files(graph, home, store)
    known = before or Lock(LOCK_FORMAT, graph.dataset, graph.version, {}, {})
    tokenizers = tokenizer_pins(read_vocabularies(home, graph))
    found = [
        *drifts(known, graph),
        *source_drifts(known, files, graph),
        *tokenizer_drifts(known, tokenizers),
    ]
    refused = [drift for drift in found if drift.how in REFUSED]
    _check_names(upgrade, refused)
    say_refused([one for one in refused if one.name not in upgrade], path, spec, report)
    if report.failed:
        raise SpecError(report)
    stale = _written(path, pinned(graph, files, before, tokenizers), dry=dry)
    return Locking(lock_path(path), tuple(found), stale)


def _files(graph: Graph, home: Path, store: Path | None) -> Files:
    """Every file of every source, read through."""
    kept = Store(store_of(home, store))
    with leased(kept.root, lease_of("lock", graph.dataset, home), Log()):
        kept.prepare()
        return pins_of(read_inputs(graph, Reading(home, kept, rehash=True, hashed=True)))


def _check_names(upgrade: Sequence[str], refused: Sequence[Drift]) -> None:
    known = list(dict.fromkeys(drift.name for drift in refused))
    for name in upgrade:
        if name not in known:
            raise Misuse(
                "nothing-to-upgrade", f"nothing called `{name}` changed under its lock",
                hint=did_you_mean(name, known) or there_are(known) or "leave `--upgrade` out",
            )  # fmt: skip


def _written(path: Path, lock: Lock, *, dry: bool) -> bool:
    """Write the lock unless it stands so already. Whether it did not."""
    place = lock_path(path)
    data = encode_lock(lock)
    try:
        if place.is_file() and place.read_bytes() == data:
            return False
        if not dry:
            write_lock(path, lock)
    except OSError as error:
        fault = store_fault(error, place)
        if fault.slug == "store-not-writable":  # that is about another place
            fault = Fault("io-error", f"{place.name} cannot be written", path=str(place))
        raise fault from None
    return True
