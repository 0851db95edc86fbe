"""The files of records: which are in which shard, one task each, and the list of them."""

from typing import Any, Protocol

import msgspec
from msgspec import Struct

from sftspec.engine.keys import stage_key
from sftspec.engine.run import ChunkResult, Run
from sftspec.engine.store import Header, Store
from sftspec.engine.work import EmitTask
from sftspec.ground.canon import canonical, raw_digest
from sftspec.plan import graph as g

SHARD = 50_000


class FileResult(Struct, frozen=True):
    """A file of the snapshot: where its bytes are in the store, and what they are."""

    name: str
    key: str
    part: str
    sha256: str
    bytes: int
    records: int


class Mixed(Protocol):
    """What the gathers of a run decided, as the files need it."""

    run: Run
    store: Store
    graph: g.Graph
    blocks: list[tuple[str, ChunkResult]]
    mixed: Header

    def pool(self) -> Any:
        """The narrow columns of all candidates."""

    def chosen(self) -> Any:
        """The mix stage's table."""

    def found(self, key: str) -> Header:
        """The header of an object that must be there."""


class _Listing(Struct):
    """A format's files: as they are known, or as tasks and their names."""

    stage: g.Emit
    key: str
    turns: tuple[str, ...]
    known: list[FileResult] | None
    tasks: list[EmitTask]
    names: dict[str, tuple[str, str]]


class Shards:
    """The files of one run. What they are made of is settled first, so that the pool may go."""

    def __init__(self, work: Mixed) -> None:
        self.work = work
        self.listings = [self._listing(stage) for stage in work.graph.emits]

    def files(self) -> list[FileResult]:
        """The files of every format, made where the store has them not."""
        store, run = self.work.store, self.work.run
        stale = {
            task.key: task
            for one in self.listings
            for task in one.tasks
            if store.header(task.key) is None
        }
        for _ in run.engine.map(list(stale.values())):
            pass
        return [file for one in self.listings for file in self._listed(one, set(stale))]

    def _listing(self, stage: g.Emit) -> _Listing:
        """A format's files. The list of them is kept, so that it need not be worked out again."""
        store = self.work.store
        turns = tuple(r.renders[name].part("turns").sha256 for name, r in self.work.blocks)
        inputs = canonical([self.work.mixed.digest, stage_key(stage, turns)])
        key = raw_digest("emit-list", inputs).hex()
        header = store.header(key)
        if header is not None:
            known = msgspec.convert(header.meta["files"], list[FileResult])
            if all(store.header(one.key) is not None for one in known):
                return _Listing(stage, key, turns, known, [], {})
        tasks, names = self._tasks(stage)
        return _Listing(stage, key, turns, None, tasks, names)

    def _listed(self, one: _Listing, stale: set[str]) -> list[FileResult]:
        files = one.known
        if files is None:
            files = [self._file(task.key, one.names[task.key]) for task in one.tasks]
            self.work.store.put(one.key, {}, {"files": msgspec.to_builtins(files)})
        node = f"emit {one.stage.format}"
        inputs = {
            "the chosen records": self.work.mixed.digest,
            "the rendered text": raw_digest("turns", canonical(one.turns)).hex(),
        }
        run = self.work.run
        count = sum(task.key in stale for task in one.tasks)
        run.note(
            node, max(len(files), 1), count, run.cause(node, run.facts(one.stage, **inputs))
        )
        return files

    def _tasks(self, stage: g.Emit) -> tuple[list[EmitTask], dict[str, tuple[str, str]]]:
        import numpy as np

        pool, chosen = self.work.pool(), self.work.chosen()
        part, position = chosen["part"].to_numpy(), chosen["position"].to_numpy()
        block, row = pool.block_of(), pool.row_of()
        tasks: list[EmitTask] = []
        names: dict[str, tuple[str, str]] = {}
        taken = position >= 0
        if stage.format == "pairs":
            pair = pool.arrow("pair")
            taken &= np.array([flag is True for flag in pair.to_pylist()], bool)
        for number, (name, _) in enumerate(self.work.graph.mix.parts):
            places = np.flatnonzero((part == number) & taken)
            places = places[np.argsort(position[places])]
            count = -(-len(places) // SHARD)
            for shard in range(count):
                some = places[shard * SHARD : (shard + 1) * SHARD]
                task = self._shard(stage, block[some], row[some])
                names[task.key] = (_file_name(stage, name, shard, count), name)
                tasks.append(task)
        return tasks, names

    def _file(self, key: str, names: tuple[str, str]) -> FileResult:
        header = self.work.found(key)
        info = header.part("file")
        return FileResult(
            names[0], key, "file", info.sha256, info.length, header.meta["records"]
        )

    def _shard(self, stage: g.Emit, block: Any, row: Any) -> EmitTask:
        import numpy as np

        used = np.unique(block)
        local = np.searchsorted(used, block).astype(np.int32)
        picks = np.stack([local, row.astype(np.int32)], axis=1).tobytes()
        headers = [
            self.work.blocks[index][1].renders[self.work.blocks[index][0]]
            for index in used.tolist()
        ]
        inputs = (*(h.part("turns").sha256 for h in headers), raw_digest("picks", picks).hex())
        keys = tuple(h.key for h in headers)
        fresh = tuple(key for key in keys if key in self.work.run.fresh)
        return EmitTask(stage, stage_key(stage, inputs), keys, picks, len(row), fresh)


def _file_name(stage: g.Emit, part: str, shard: int, count: int) -> str:
    """`train.jsonl`, or `parquet/train-00000-of-00002.parquet`."""
    from sftspec.stages.emit import emitter

    form = emitter(stage.format)
    numbered = form.ALWAYS_NUMBERED or count > 1
    suffix = f"-{shard:05d}-of-{count:05d}" if numbered else ""
    folder = f"{form.FOLDER}/" if form.FOLDER else ""
    return f"{folder}{part}{suffix}.{form.SUFFIX}"
