"""Walks the graph: what the store has is reused, the rest is run, chunk by chunk and then as one.

Chunk work (rows, renders) is handed to an engine; gathers over narrow columns run here. Every
result is an object of the store, so a run that stops is taken up where it stopped.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from sftspec.engine.causes import because, facts_of, files_changed
from sftspec.engine.inputs import SourceFile
from sftspec.engine.keys import base_of, key_on, stage_key
from sftspec.engine.log import Log
from sftspec.engine.store import Corrupt, Header, Store
from sftspec.engine.work import ChunkTask, Done, LookupTask, Task
from sftspec.ground.canon import canonical, raw_digest
from sftspec.ground.report import Fault
from sftspec.plan.graph import Graph
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
    renders: dict[str, Header]


class Run:
    """One walk. `inputs`: the files of every source."""

    def __init__(
        self, graph: Graph, inputs: Mapping[str, tuple[SourceFile, ...]], store: Store,
        engine: Engine, log: Log,
    ) -> None:  # fmt: skip
        self.graph = graph
        self.inputs = inputs
        self.store = store
        self.engine = engine
        self.log = log
        self.nodes: list[NodeState] = []
        self.before: dict[str, Any] = store.record("builds", graph.dataset) or {}
        self.after: dict[str, Any] = {}
        self.lookups: dict[str, Header] = {}
        self.results: dict[str, list[ChunkResult]] = {}

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
            self._source(source)
        return self.results

    def _lookup_keys(self, source: str) -> dict[str, str]:
        part = self.graph.sources[source].source
        names = dict.fromkeys(join.source for join in (*part.joins, *part.leave_out))
        return {name: self.lookups[name].key for name in names}

    def _source(self, source: str) -> None:
        renders = {n: s for n, s in self.graph.renders.items() if s.source.name == source}
        if source in self.graph.lookups:
            self._lookup(source)
        stage = self.graph.sources[source]
        joined = tuple(self.lookups[name].digest for name in self._lookup_keys(source))
        bases = {"": base_of(stage), **{name: base_of(one) for name, one in renders.items()}}
        tasks: list[ChunkTask] = []
        wanted: list[tuple[Chunk, dict[str, str]]] = []
        stale = dict.fromkeys(bases, 0)
        for file in self.inputs[source]:
            for chunk in file.chunks:
                keys = {
                    name: key_on(base, (*_chunk_inputs(chunk, stage), *joined))
                    for name, base in bases.items()
                }
                missing = [name for name, key in keys.items() if self.store.header(key) is None]
                for name in missing:
                    stale[name] += 1
                if missing:
                    tasks.append(
                        ChunkTask(
                            stage,
                            chunk,
                            file.sign,
                            keys[""] if "" in missing else None,
                            tuple((keys[n], renders[n]) for n in missing if n),
                            self._lookup_keys(source),
                        )
                    )
                wanted.append((chunk, keys))
        self._run_chunks(source, tasks)
        self._note_source(source, stage, renders, stale, len(wanted))
        self.results[source] = [self._result(chunk, keys) for chunk, keys in wanted]

    def _note_source(
        self,
        source: str,
        stage: Any,
        renders: Mapping[str, Any],
        stale: Mapping[str, int],
        total: int,
    ) -> None:
        joined = {
            f"source {name}": self.lookups[name].digest for name in self._lookup_keys(source)
        }
        files = {f"source {source}": self.files_digest(source), **joined}
        node = f"rows {source}"
        self.note(node, total, stale[""], self.cause(node, self.facts(stage, **files)))
        for name, render in renders.items():
            node = f"render {name}"
            self.note(node, total, stale[name], self.cause(node, self.facts(render, **files)))

    def _result(self, chunk: Chunk, keys: Mapping[str, str]) -> ChunkResult:
        headers = {name: self.store.header(key) for name, key in keys.items()}
        for name, header in headers.items():
            if header is None:
                raise Corrupt(keys[name])
        known: dict[str, Header] = {name: header for name, header in headers.items() if header}
        return ChunkResult(chunk, known.pop(""), known)

    def _run_chunks(self, node: str, tasks: Sequence[ChunkTask]) -> None:
        total = sum(task.chunk.length for task in tasks)
        sizes = {_first_key(task): task.chunk.length for task in tasks}
        done = 0
        for count, result in enumerate(self.engine.map(tasks), 1):
            done += next((sizes[key] for key in result.headers if key in sizes), 0)
            self.log.say(
                "chunk",
                node=node,
                done=count,
                total=len(tasks),
                bytes_done=done,
                bytes_total=total,
            )

    def _lookup(self, source: str) -> None:
        stage = self.graph.lookups[source]
        joined = self._lookup_keys(source)
        chunks = tuple(
            (chunk, file.sign) for file in self.inputs[source] for chunk in file.chunks
        )
        inputs = [item for chunk, _ in chunks for item in _chunk_inputs(chunk, stage)]
        key = stage_key(stage, (*inputs, *(self.lookups[name].digest for name in joined)))
        header = self.store.header(key)
        stale = header is None
        if header is None:
            task = LookupTask(stage, chunks, key, joined)
            header = next(iter(self.engine.map([task]))).headers[key]
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

    def remember(self) -> None:
        """Keep what this build's nodes depended on, for the next one's `cause`."""
        files = {f"files {source}": self._files(source) for source in self.inputs}
        self.store.note("builds", self.graph.dataset, {**self.after, **files})


def _first_key(task: ChunkTask) -> str:
    return task.rows_key or task.renders[0][0]


def _chunk_inputs(chunk: Chunk, stage: Any) -> tuple[str, ...]:
    """What of a chunk its results depend on: its bytes, its head, and its file's name if used."""
    names = chunk.path if any(field.of_file for field in stage.source.fields) else ""
    return (chunk.sha256, str(chunk.head), names)


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
