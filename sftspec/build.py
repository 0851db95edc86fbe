"""The way of a row from a source line to a snapshot. Read me first.

    text ─ parse ─ tree ─ resolve, type, check ─ IR ─ lower ─ graph ─ run ─ outcome ─ seal

Each step is a function of what the one before gave. Rows are read, typed and keyed in
`stages.prepare`; rendered, validated and screened in `stages.render`; compared in
`stages.screen`; parted in `stages.split`; chosen in `stages.mix`; written in `stages.emit`.
"""

from collections.abc import Callable
from functools import partial
import os
from pathlib import Path
import platform
import time
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.engine.encoding import over_window
from sftspec.engine.finish import Finish, Outcome
from sftspec.engine.guard import Guard
from sftspec.engine.inputs import DEFAULT_CHUNK, Reading, SourceFile, read_inputs
from sftspec.engine.lease import lease_of, leased
from sftspec.engine.log import Log
from sftspec.engine.run import ChunkResult, Engine, NodeState, Run, repairing, warn_damaged
from sftspec.engine.store import Store, store_of
from sftspec.engine.vocabularies import read_vocabularies, tokenizer_pins
from sftspec.ground.report import Fault, Report, SpecError
from sftspec.ir import nodes
from sftspec.ir.resolve import load, root_of
from sftspec.plan.graph import Graph
from sftspec.plan.lockfile import judge_lock
from sftspec.plan.lower import lower
from sftspec.snapshot import content, manifest as m
from sftspec.snapshot.disk import Disk
from sftspec.snapshot.listing import listing, size_of
from sftspec.snapshot.seal import seal
from sftspec.stages.joint import MixResult

PROCESSES_FROM = 32 * 1024 * 1024
RAY_FROM = 256 * 1024 * 1024


class Settings(Struct, frozen=True):
    """The knobs of a run; none of them enters a digest."""

    root: Path | None = None
    store: Path | None = None
    engine: str = "auto"
    workers: int = 0
    chunk_bytes: int = DEFAULT_CHUNK
    memory: int = 0
    rehash: bool = False
    locked: bool = False


class Built(Struct, frozen=True):
    """What a build came to."""

    folder: Path
    id: str
    fresh: bool
    manifest: m.Manifest
    nodes: tuple[NodeState, ...]


class Planned(Struct, frozen=True):
    """What a build would come to: the state of each node, and the mixture."""

    graph: Graph
    nodes: tuple[NodeState, ...]
    mixture: MixResult
    rejected: dict[str, int]
    report: Report


class ShortMixture(Exception):  # noqa: N818 - a finding, which the verb prints
    """The shares cannot be met, and the spec says that this is an error."""

    def __init__(self, result: MixResult, rejected: dict[str, int]) -> None:
        super().__init__("the mixture cannot be met")
        self.result = result
        self.rejected = rejected


class EmptyDataset(Exception):  # noqa: N818 - a finding, which the verb prints
    """No record is chosen, which is no dataset. `read`: rows by source; `taken`: what took them."""

    def __init__(self, read: dict[str, int], taken: dict[str, int]) -> None:
        super().__init__("no record is chosen")
        self.read = read
        self.taken = taken


def read(path: Path, root: Path | None = None) -> tuple[Graph, Report, Path]:
    """Text to graph. Raises SpecError where the spec has errors."""
    home = root or root_of(path)
    report = Report()
    _, graph = _lowered(path, home, report)
    return graph, report, home


def _lowered(path: Path, home: Path, report: Report) -> tuple[nodes.Spec, Graph]:
    loaded = load(path, home, report)
    if loaded is None:
        raise SpecError(report)
    spec, world = loaded
    return spec, lower(spec, world)


def read_locked(path: Path, settings: Settings) -> tuple[Graph, Guard, Path]:
    """Text to graph, held against its lock. Raises SpecError where that does not let it pass."""
    home = settings.root or root_of(path)
    report = Report()
    spec, graph = _lowered(path, home, report)
    lock = judge_lock(path, spec, graph, report, locked=settings.locked)
    if report.failed:
        raise SpecError(report)
    guard = Guard(
        lock=lock, path=path, spec=spec, graph=graph, report=report, locked=settings.locked
    )
    return graph, guard, home


def start(
    graph: Graph, home: Path, settings: Settings, log: Log, engine: Any = None,
    *, careful: bool = False,
) -> Run:  # fmt: skip
    """The store opened, the sources read through, the engine ready."""
    store = Store(store_of(home, settings.store), partial(warn_damaged, log), careful=careful)
    store.prepare()
    how = Reading(home, store, settings.chunk_bytes, settings.rehash or settings.locked)
    inputs = read_inputs(graph, how)
    make: Callable[[Path, Store], Engine] = engine or (
        lambda root, kept: _engine(settings, inputs, root, kept)
    )
    run = Run(graph, inputs, how, make(home, store), log)
    run.vocabularies = read_vocabularies(home, graph)
    return run


def plan(path: Path, settings: Settings, log: Log, engine: Any = None) -> Planned:
    """Everything up to the mixture; its work stays in the store for the build."""
    graph, guard, home = read_locked(path, settings)

    def walk(careful: bool) -> Planned:  # noqa: FBT001 - the second time round
        run = start(graph, home, settings, log, engine, careful=careful)
        try:
            finish = Finish(run, _guarded(run, guard))
            mixture = _decided(finish, guard)
            rejected = finish.culprits() if mixture.short else {}
        finally:
            run.engine.close()
        return Planned(graph, tuple(run.nodes), mixture, rejected, guard.report)

    with leased(store_of(home, settings.store), lease_of("plan", graph.dataset, home), log):
        planned: Planned = repairing(walk, log)
    return planned


def build(
    path: Path, settings: Settings, log: Log, engine: Any = None, disk: Disk | None = None
) -> Built:
    """The snapshot of a spec, sealed. Raises SpecError, ShortMixture, EmptyDataset or Fault."""
    graph, guard, home = read_locked(path, settings)
    began = time.monotonic()

    def walk(careful: bool) -> Built:  # noqa: FBT001 - the second time round
        run = start(graph, home, settings, log, engine, careful=careful)
        try:
            finish = Finish(run, _guarded(run, guard))
            _warn(guard, log)
            mixture = _decided(finish, guard)
            if mixture.short:
                raise ShortMixture(mixture, finish.culprits())
            if not any(part.chosen for part in mixture.parts):
                raise EmptyDataset(*finish.funnel())
            outcome = finish.outcome()
        finally:
            run.engine.close()
        built = put_down(run, outcome, home, settings, began, disk)
        run.remember()
        return built

    with leased(store_of(home, settings.store), lease_of("build", graph.dataset, home), log):
        built: Built = repairing(walk, log)
    return built


def _guarded(run: Run, guard: Guard) -> dict[str, list[ChunkResult]]:
    """The work on chunks, between two looks at the lock: at the sizes, and at the bytes."""
    guard.check(run.inputs, tokenizer_pins(run.vocabularies))
    results = run.chunk_work()
    guard.check(run.inputs)
    return results


def _decided(finish: Finish, guard: Guard) -> MixResult:
    """The mixture. Raises SpecError where records are over a window and that is an error."""
    mixture = finish.decide()
    for chat, (count, longest) in over_window(guard.graph, finish.encoded).items():
        window = guard.graph.chats[chat].window
        guard.report.error(
            "over-window", guard.spec.chats[chat].span,
            f"{count} records have more than the {window} tokens of the window; the longest has {longest}",
            hint="raise the window, or write `overflow = drop` or `overflow = cut`",
        )  # fmt: skip
    if guard.report.failed:
        raise SpecError(guard.report)
    return mixture


def _warn(guard: Guard, log: Log) -> None:
    """What the lock is behind with; the other warnings are the business of `check`."""
    for item in guard.report.sorted():
        if item.slug in {"unlocked", "stale-lock"}:
            log.say("warning", text=f"{item.message}; {item.hint}")


def put_down(
    run: Run, outcome: Outcome, home: Path, settings: Settings, began: float, disk: Disk | None
) -> Built:
    """The outcome as a snapshot, unless it is there already."""
    graph = run.graph
    plan_json = content.plan_bytes(graph, outcome)
    card = content.card(graph.about, graph, outcome)
    files: dict[str, tuple[Callable[[], Any], str | None]] = {  # the store hashes what it gives
        file.name: (_from_store(run.store, file.key, file.part), None) for file in outcome.files
    }
    entries = [m.FileEntry(f.name, f.sha256, f.bytes, f.records) for f in outcome.files]
    for name, data in ((m.PLAN, plan_json), (m.README, card)):
        files[name] = (_given(data), _sha256(data))
        entries.append(m.FileEntry(name, _sha256(data), len(data)))
    manifest = content.manifest_of(graph, dict(run.inputs), outcome, entries)
    data = m.encode(manifest)
    compiled = home / "compiled"
    target = compiled / graph.dataset / graph.version
    fresh = not _is_there(target, data, manifest)
    run.mark(m.snapshot_id(data))  # before it stands: no snapshot is ever without its roots
    if fresh:
        receipt = _receipt(run, settings, began)
        seal(compiled, graph.dataset, graph.version, files, data, receipt, disk=disk)
    return Built(target, m.snapshot_id(data), fresh, manifest, tuple(run.nodes))


def _is_there(target: Path, data: bytes, manifest: m.Manifest) -> bool:
    """Whether the snapshot stands as it would be written: manifest equal, files of the right size."""
    wanted: dict[str, int | None] = {entry.name: entry.bytes for entry in manifest.files}
    wanted |= dict.fromkeys(m.folders_of(wanted))
    try:
        if (target / m.MANIFEST).read_bytes() != data:
            return False
        found = listing(target, m.folders_of(wanted))
    except OSError:
        return False
    sizes = {name: size_of(one) for name, one in found.items() if name not in m.UNLISTED}
    return sizes == wanted


def _from_store(store: Store, key: str, part: str) -> Callable[[], Any]:
    return lambda: store.buffer(key, part)


def _given(data: bytes) -> Callable[[], Any]:
    return lambda: data


def _sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def _receipt(run: Run, settings: Settings, began: float) -> bytes:
    """When, where and how long: the only place for that, and no digest covers it."""
    return m.encode(
        {
            "format_version": m.FORMAT_VERSION,
            "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "seconds": f"{time.monotonic() - began:.3f}",
            "host": platform.node(),
            "user": os.environ.get("USER", ""),
            "python": platform.python_version(),
            "platform": platform.platform(),
            "engine": run.engine.name,
            "workers": settings.workers,
            "chunk_bytes": settings.chunk_bytes,
            "nodes": [msgspec.to_builtins(node) for node in run.nodes],
        }
    )


def _engine(
    settings: Settings, inputs: dict[str, tuple[SourceFile, ...]], root: Path, store: Store
) -> Engine:
    """The engine asked for; `auto` takes Ray where a cluster is named or the input is large.

    Local uses as many processes as there are cores, where there is enough to do for several.
    """
    size = sum(file.size for files in inputs.values() for file in files)
    wants_ray = settings.engine == "ray" or (
        settings.engine == "auto" and (bool(os.environ.get("RAY_ADDRESS")) or size >= RAY_FROM)
    )
    if wants_ray:
        from sftspec.engine.ray import RayEngine

        return RayEngine(root, store, workers=settings.workers, memory=settings.memory)
    if settings.engine not in {"auto", "local"}:
        raise Fault("unknown-engine", f"there is no engine `{settings.engine}`")
    workers = settings.workers or (os.cpu_count() or 1 if size >= PROCESSES_FROM else 1)
    if workers > 1:
        from sftspec.engine.processes import ProcessEngine

        return ProcessEngine(root, store, workers)
    from sftspec.engine.local import LocalEngine

    return LocalEngine(root, store)
