"""Walks the graph: what the store has is reused, the rest is run, chunk by chunk and then as one.

Chunk work (rows, renders) is handed to an engine; gathers over narrow columns run here. Every
result is an object of the store, so a run that stops is taken up where it stopped.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from sftspec.engine.causes import because, facts_of, files_changed
from sftspec.engine.inputs import Reading, SourceFile, note_file, settled
from sftspec.engine.keys import base_of, key_on, stage_key
from sftspec.engine.log import Log
from sftspec.engine.roots import keep_roots
from sftspec.engine.store import Corrupt, Header
from sftspec.engine.vocabularies import Vocabulary
from sftspec.engine.work import ROWS, ChunkTask, Done, LookupTask, Task, Wanted, chunk_inputs
from sftspec.ground.canon import canonical, raw_digest
from sftspec.ground.report import Fault
from sftspec.plan.graph import Graph, who_of
from sftspec.stages.chunk import Chunk

MAX_REPAIRS = 5


class Engine(Protocol):
    """Runs tasks somewhere; what each made comes back in any order."""

    name: str

    def map(self, tasks: Sequence[Task]) -> Iterator[Done]:
        """Run the tasks."""

    def close(self) -> None:
        """Let go of what was started."""


class NodeState(Struct):
    """A node of the graph as a run found it."""

    node: str
    total: int
    stale: int
    cause: str


class ChunkResult(Struct, frozen=True):
    """The rows of a chunk and the candidates of each template over it, as headers."""

    chunk: Chunk
    rows: Header
    whos: dict[str, Header]
    renders: dict[str, Header]


class Run:
    """One walk. `inputs`: the files of every source."""

    def __init__(
        self, graph: Graph, inputs: Mapping[str, tuple[SourceFile, ...]], how: Reading,
        engine: Engine, log: Log,
    ) -> None:  # fmt: skip
        self.graph = graph
        self.inputs = dict(inputs)
        self.how = how
        self.store = how.store
        self.engine = engine
        self.log = log
        self.nodes: list[NodeState] = []
        self.before: dict[str, Any] = self.store.record("builds", graph.dataset) or {}
        self.after: dict[str, Any] = {}
        self.lookups: dict[str, Header] = {}
        self.results: dict[str, list[ChunkResult]] = {}
        self.vocabularies: dict[str, Vocabulary] = {}
        self.fresh: set[str] = set()
        self._bases: dict[str, tuple[Wanted, ...]] = {}

    # why a node is stale

    def cause(self, node: str, facts: Mapping[str, str]) -> str:
        """Which of a node's inputs changed since the last build of this dataset."""
        self.after[node] = dict(facts)
        known = self.before.get(node)
        if not known:
            return "new"
        details = {f"source {name}": self._files_changed(name) for name in self.inputs}
        return because(known, facts, details) or "not in the store"

    def _files_changed(self, source: str) -> str:
        known = self.before.get(f"files {source}", {})
        return files_changed(source, known, self._files(source))

    def _files(self, source: str) -> dict[str, str]:
        return {file.path: file.digest for file in self.inputs[source]}

    def note(self, node: str, total: int, stale: int, cause: str) -> None:
        """Remember and tell what became of a node."""
        state = NodeState(node, total, stale, cause if stale else "")
        self.nodes.append(state)
        text = (
            "reused"
            if not stale
            else f"run ({cause})"
            if total == 1
            else (f"{stale} of {total} chunks run ({cause})")
        )
        self.log.say("stage", node=node, total=total, run=stale, cause=state.cause, text=text)

    def facts(self, stage: Any, **inputs: str) -> dict[str, str]:
        """What a node depends on, as names and digests, for `cause`."""
        return {**facts_of(stage), **inputs}

    def files_digest(self, source: str) -> str:
        """One digest over all files of a source."""
        return raw_digest("files", canonical(self._files(source))).hex()

    # chunk work

    def chunk_work(self) -> dict[str, list[ChunkResult]]:
        """Rows and candidates of every source, in the graph's order."""
        for source in self.graph.sources:
            if source in self.graph.lookups:
                self._lookup(source)
        plans = [
            _Plan(source, file, chunk, self._wanted(source))
            for source in self.graph.sources
            for file in self.inputs[source]
            for chunk in file.chunks
        ]
        for plan in plans:
            self._look(plan)
        self._run_chunks([(at, plan) for at, plan in enumerate(plans) if not plan.whole])
        self._settle_files(plans)
        for source in self.graph.sources:
            mine = [plan for plan in plans if plan.source == source]
            self._note_source(source, mine)
            self.results[source] = [self._result(plan) for plan in mine]
        return self.results

    def _wanted(self, source: str) -> tuple[Wanted, ...]:
        """The results of each of a source's chunks."""
        if source not in self._bases:
            stage = self.graph.sources[source]
            found = [Wanted(ROWS, "", base_of(stage))]
            for name, one in self.graph.renders.items():
                if one.source.name == source:
                    found.append(Wanted("who", name, base_of(who_of(one)), one))
                    found.append(Wanted("render", name, base_of(one), one))
            self._bases[source] = tuple(found)
        return self._bases[source]

    def _lookup_keys(self, source: str) -> dict[str, str]:
        part = self.graph.sources[source].source
        names = dict.fromkeys(join.source for join in (*part.joins, *part.leave_out))
        return {name: self.lookups[name].key for name in names}

    def _joined(self, source: str) -> tuple[str, ...]:
        return tuple(self.lookups[name].digest for name in self._lookup_keys(source))

    def _look(self, plan: "_Plan") -> None:
        """Take what the store has of a chunk whose bytes are known."""
        if not plan.chunk.sha256:
            return
        part = self.graph.sources[plan.source].source
        plan.sha256 = plan.chunk.sha256
        inputs = (*chunk_inputs(plan.chunk, part, plan.sha256), *self._joined(plan.source))
        for one in plan.wanted:
            header = self.store.header(key_on(one.base, inputs))
            if header is not None:
                plan.headers[one.name] = header

    def _run_chunks(self, plans: Sequence[tuple[int, "_Plan"]]) -> None:
        """Have what is missing made; a task is of one chunk."""
        tasks = [
            ChunkTask(
                number,
                self.graph.sources[plan.source],
                plan.chunk,
                plan.file.sign,
                tuple(one for one in plan.wanted if one.name not in plan.headers),
                self._joined(plan.source),
                self._lookup_keys(plan.source),
                plan.known(),
            )
            for number, plan in plans
        ]
        by_number = dict(plans)
        progress: dict[str, _Progress] = {}
        for _, plan in plans:
            mine = progress.setdefault(plan.source, _Progress())
            mine.total += 1
            mine.bytes_total += plan.chunk.length
        for result in self.engine.map(tasks):
            self._used(result)
            plan = by_number[result.number]
            plan.headers.update(result.headers)
            plan.made = result.made
            self._trust(result)
            plan.sha256 = result.sha256
            mine = progress[plan.source]
            mine.done += 1
            mine.bytes_done += plan.chunk.length
            self.log.say(
                "chunk",
                node=plan.source,
                made=len(result.made),
                **msgspec.structs.asdict(mine),
            )

    def took(self, result: Done) -> None:
        """Note what a task of this run made or found."""
        self._used(result)
        self._trust(result)

    def _used(self, result: Done) -> None:
        """What workers found or made, this run has used."""
        self.store.used.update((header.key, None) for header in result.headers.values())

    def _trust(self, result: Done) -> None:
        """What this run's own workers just hashed and wrote need not be hashed again by it."""
        for name in result.made:
            header = result.headers[name]
            self.fresh.add(header.key)
            self.store.verified.update((header.key, part.name) for part in header.parts)

    def _settle_files(self, plans: Sequence["_Plan"]) -> None:
        """Files whose bytes the tasks hashed are known from now on."""
        digests: dict[tuple[str, str], list[str]] = {}
        for plan in plans:
            digests.setdefault((plan.source, plan.file.path), []).append(plan.sha256)
        for source, files in self.inputs.items():
            fresh = []
            for file in files:
                if not file.digest or any(not chunk.sha256 for chunk in file.chunks):
                    file = settled(file, digests[source, file.path])  # noqa: PLW2901
                    note_file(self.graph.sources[source].source, file, self.how)
                fresh.append(file)
            self.inputs[source] = tuple(fresh)

    def _note_source(self, source: str, plans: Sequence["_Plan"]) -> None:
        joined = {
            f"source {name}": self.lookups[name].digest for name in self._lookup_keys(source)
        }
        files = {f"source {source}": self.files_digest(source), **joined}
        for one in self._wanted(source):
            if one.kind == "who":  # goes with its template's rendering
                continue
            stale = sum(one.name in plan.made for plan in plans)
            node = one.name if one.render else f"rows {source}"
            stage: Any = one.render or self.graph.sources[source]
            self.note(node, len(plans), stale, self.cause(node, self.facts(stage, **files)))

    def _result(self, plan: "_Plan") -> ChunkResult:
        found: dict[str, dict[str, Header]] = {"who": {}, "render": {}}
        for one in plan.wanted:
            if one.template:
                found[one.kind][one.template] = plan.headers[one.name]
        return ChunkResult(plan.chunk, plan.headers[ROWS], found["who"], found["render"])

    def _lookup(self, source: str) -> None:
        stage = self.graph.lookups[source]
        joined = self._lookup_keys(source)
        chunks = tuple(
            (chunk, file.sign) for file in self.inputs[source] for chunk in file.chunks
        )
        part = stage.source
        inputs = [
            item for chunk, _ in chunks for item in chunk_inputs(chunk, part, chunk.sha256)
        ]
        key = stage_key(stage, (*inputs, *(self.lookups[name].digest for name in joined)))
        header = self.store.header(key)
        stale = header is None
        if header is None:
            task = LookupTask(stage, chunks, key, joined)
            result = next(iter(self.engine.map([task])))
            self._used(result)
            header = result.headers[key]
        self.lookups[source] = header
        node = f"lookup {source}"
        facts = self.facts(stage, **{f"source {source}": self.files_digest(source)})
        self.note(node, 1, int(stale), self.cause(node, facts))

    # gathers

    def gather(
        self, node: str, stage: Any, inputs: tuple[str, ...], work: Any, **facts: str
    ) -> Header:
        """A stage over narrow columns: reused, or `work()` run here and kept."""
        key = stage_key(stage, inputs)
        header = self.store.header(key)
        stale = header is None
        if header is None:
            parts, meta = work()
            header = self.store.put(key, parts, meta)
        self.note(node, 1, int(stale), self.cause(node, self.facts(stage, **facts)))
        return header

    def mark(self, snapshot: str) -> None:
        """Keep which objects this build used, as the roots of the snapshot of that id."""
        graph = self.graph
        keep_roots(self.store, self.how.root, (graph.dataset, graph.version, snapshot))

    def remember(self) -> None:
        """Keep what this build's nodes depended on, for the next one's `cause`."""
        files = {f"files {source}": self._files(source) for source in self.inputs}
        self.store.note("builds", self.graph.dataset, {**self.after, **files})


class _Progress(Struct):
    """How far the chunks of a source are."""

    done: int = 0
    total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0


class _Plan:
    """A chunk on its way: what is wanted of it, and what there is so far."""

    def __init__(
        self, source: str, file: SourceFile, chunk: Chunk, wanted: tuple[Wanted, ...]
    ) -> None:
        self.source = source
        self.file = file
        self.chunk = chunk
        self.wanted = wanted
        self.headers: dict[str, Header] = {}
        self.made: tuple[str, ...] = ()
        self.sha256 = ""

    def known(self) -> dict[str, str]:
        """Templates of which only the rendering is missing, and who their candidates are."""
        there = {
            one.template: self.headers[one.name].key
            for one in self.wanted
            if one.kind == "who" and one.name in self.headers
        }
        return {
            one.template: there[one.template]
            for one in self.wanted
            if one.kind == "render" and one.name not in self.headers and one.template in there
        }

    @property
    def whole(self) -> bool:
        """Whether everything wanted is there."""
        return len(self.headers) == len(self.wanted)


def warn_damaged(log: Log, key: str) -> None:
    """Say that an object of the store was bad."""
    log.say("warning", text=f"a stored result was damaged and is made again ({key[:12]})")


def repairing(walk: Any, log: Log) -> Any:
    """`walk(careful)`, again where an object of the store turned out to be bad and was set aside.

    The walks after the first are careful: they re-hash all that they meet.
    """
    for attempt in range(MAX_REPAIRS):
        try:
            return walk(attempt > 0)
        except Corrupt as bad:
            warn_damaged(log, bad.key)
    raise Fault(
        "store-damaged", "stored results are damaged again and again as they are made anew",
        hint="name another place with `--store`, and look at the disk",
    )  # fmt: skip


def project_path(root: Path, path: str) -> Path:
    """A path of the project."""
    return root / path
