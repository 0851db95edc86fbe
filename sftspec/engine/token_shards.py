"""The files of tokens: which samples stand in which pack and shard, one task a shard."""

from typing import Any, Protocol

import msgspec
from msgspec import Struct
import numpy as np

from sftspec.engine.encoding import Encoded
from sftspec.engine.keys import stage_key
from sftspec.engine.run import ChunkResult, Run
from sftspec.engine.shards import FileResult
from sftspec.engine.store import Header, Store
from sftspec.engine.token_work import TokensTask
from sftspec.ground.canon import canonical, raw_digest
from sftspec.plan import graph as g
from sftspec.ports.samples import Report
from sftspec.stages.emit import emitter
from sftspec.stages.ragged import bounds, places

SHARD = 1 << 23
"""Tokens at which a shard ends."""


class PartPacks(Struct, frozen=True):
    """How a part came out: its packs by phase, in order, and the report of all of them."""

    part: str
    phases: tuple[tuple[str, int], ...]
    report: Report


class TokenOutput(Struct, frozen=True):
    """A format of tokens as it was written."""

    format: str
    chat: str
    folder: str
    packed: bool
    most: int
    parts: tuple[PartPacks, ...]


class Mixed(Protocol):
    """What the gathers of a run decided, as the files need it."""

    run: Run
    store: Store
    graph: g.Graph
    blocks: list[tuple[str, ChunkResult]]
    encoded: dict[str, Encoded]
    mixed: Header

    def pool(self) -> Any:
        """The narrow columns of all candidates."""

    def chosen(self) -> Any:
        """The mix stage's table."""

    def found(self, key: str) -> Header:
        """The header of an object that must be there."""


class _Work(Struct):
    """A format on its way: as it is known, or as the tasks that make it."""

    emit: g.TokenEmit
    key: str
    known: tuple[list[FileResult], TokenOutput] | None
    tasks: list[tuple[str, TokensTask]]
    papers: list[FileResult]
    output: TokenOutput | None


class TokenShards:
    """The token files of one run. What they are made of is settled first, so that the pool may go."""

    def __init__(self, work: Mixed) -> None:
        self.work = work
        self._samples: dict[str, _Chosen] = {}
        self.works = [self._look(emit) for emit in work.graph.token_emits]
        self._samples.clear()

    def files(self) -> tuple[list[FileResult], list[TokenOutput]]:
        """The files of every format, made where the store has them not, and how each came out."""
        store, run = self.work.store, self.work.run
        stale = {
            task.key: task
            for one in self.works
            for _, task in one.tasks
            if store.header(task.key) is None
        }
        for done in run.engine.map(list(stale.values())):
            run.took(done)
        found = [self._listed(one, set(stale)) for one in self.works]
        return [file for files, _ in found for file in files], [one for _, one in found]

    def _look(self, emit: g.TokenEmit) -> _Work:
        """A format's files. The list of them is kept, so that it need not be worked out again."""
        store, encoded = self.work.store, self.work.encoded[emit.pack.chat]
        inputs = (self.work.mixed.digest, encoded.narrow, encoded.digest)
        parts = [name for name, _ in self.work.graph.mix.parts]
        key = stage_key(emit.pack, (*inputs, canonical([emit, parts, SHARD]).decode()))
        header = store.header(key)
        if header is not None:
            files = msgspec.convert(header.meta["files"], list[FileResult])
            if all(store.header(one.key) is not None for one in files):
                output = msgspec.convert(header.meta["output"], TokenOutput)
                return _Work(emit, key, (files, output), [], [], None)
        return self._plan(emit, key)

    def _plan(self, emit: g.TokenEmit, key: str) -> _Work:
        tasks: list[tuple[str, TokensTask]] = []
        papers: list[FileResult] = []
        outputs: list[PartPacks] = []
        for number, (name, _) in enumerate(self.work.graph.mix.parts):
            some = self._chosen(emit.pack.chat).of_part(number)
            if not len(some.length):
                continue
            packed, phases = some.packs(emit.pack, self._phases())
            report = some.report(packed, emit.pack.window)
            outputs.append(PartPacks(name, phases, report))
            tasks += self._shards(emit, name, some, packed)
            papers += self._papers(emit, name, report)
        pack = emit.pack
        output = TokenOutput(
            emit.emit.format, pack.chat, emit.folder, pack.packed, pack.most, tuple(outputs)
        )
        return _Work(emit, key, None, tasks, papers, output)

    def _phases(self) -> list[str]:
        return [phase.name for phase in self.work.graph.mix.phases]

    def _chosen(self, chat: str) -> "_Chosen":
        if chat not in self._samples:
            self._samples[chat] = _chosen(self.work, chat)
        return self._samples[chat]

    def _shards(
        self, emit: g.TokenEmit, part: str, some: "_Chosen", packed: "_Packed"
    ) -> list[tuple[str, TokensTask]]:
        """The shards of a part: one ends with the pack that brings it to `SHARD` tokens."""
        sizes = np.add.reduceat(some.length[packed.order].astype(np.int64), packed.bounds[:-1])
        shard = (np.cumsum(sizes) - sizes) // SHARD
        firsts = np.flatnonzero(np.diff(shard, prepend=-1))
        ends = [*firsts[1:].tolist(), len(sizes)]
        tasks = []
        for number, (first, end) in enumerate(zip(firsts.tolist(), ends, strict=True)):
            span = packed.bounds[first : end + 1]
            mine = packed.order[span[0] : span[-1]]
            task = self._shard(emit, some.block[mine], some.sample[mine], span - span[0])
            tasks.append((f"{emit.folder}/{part}-{number:05d}-of-{len(ends):05d}", task))
        return tasks

    def _shard(self, emit: g.TokenEmit, block: Any, sample: Any, packs: Any) -> TokensTask:
        used = np.unique(block)
        local = np.searchsorted(used, block).astype(np.int32)
        picks = np.stack([local, sample.astype(np.int32)], axis=1).tobytes()
        headers = [self.work.encoded[emit.pack.chat].blocks[at] for at in used.tolist()]
        data = packs.astype(np.int64).tobytes()
        inputs = (
            *(one.part("ids").sha256 for one in headers),
            raw_digest("picks", picks).hex(),
            raw_digest("packs", data).hex(),
        )
        keys = tuple(one.key for one in headers)
        key = stage_key(emit.emit, inputs)
        return TokensTask(emit.emit, key, keys, picks, data)

    def _papers(self, emit: g.TokenEmit, part: str, report: Report) -> list[FileResult]:
        """What a format says of a part beside its shards."""
        papers = getattr(emitter(emit.emit.format), "papers", None)
        found = []
        for suffix, data in (papers(report) if papers else {}).items():
            key = raw_digest("token-paper", canonical([suffix]), data).hex()
            header = self.work.store.put(key, {"file": data}, {})
            info = header.part("file")
            name = f"{emit.folder}/{part}.{suffix}"
            found.append(FileResult(name, key, "file", info.sha256, info.length, 0))
        return found

    def _listed(self, one: _Work, stale: set[str]) -> tuple[list[FileResult], TokenOutput]:
        run, emit = self.work.run, one.emit
        encoded = self.work.encoded[emit.pack.chat]
        if one.known is not None:
            files, output = one.known
        else:
            files = [file for name, task in one.tasks for file in self._files(name, task)]
            files += one.papers
            assert one.output is not None  # noqa: S101 - planned together with its tasks
            output = one.output
            meta = {"files": msgspec.to_builtins(files), "output": msgspec.to_builtins(output)}
            self.work.store.put(one.key, {}, meta)
        facts = {
            "the chosen records": self.work.mixed.digest,
            "the tokens": encoded.digest,
            **run.facts(emit.pack),
        }
        count = sum(task.key in stale for _, task in one.tasks)
        node = f"emit {emit.folder}"
        run.note(
            node, max(len(files), 1), count, run.cause(node, run.facts(emit.emit, **facts))
        )
        return files, output

    def _files(self, name: str, task: TokensTask) -> list[FileResult]:
        header = self.work.found(task.key)
        return [
            FileResult(
                f"{name}.{one.name}", task.key, one.name, one.sha256, one.length,
                header.meta["records"],
            )
            for one in header.parts
        ]  # fmt: skip


class _Packed(Struct):
    """The order of samples and where packs begin in it."""

    order: Any
    bounds: Any


class _Chosen(Struct):
    """The samples of chosen records by part and position: where they lie, and how long they are."""

    part: Any
    phase: Any
    block: Any
    sample: Any
    length: Any
    trained: Any
    ids: Any
    turn: Any

    def of_part(self, number: int) -> "_Chosen":
        """Those of one part."""
        mine = np.flatnonzero(self.part == number)
        columns = (getattr(self, name)[mine] for name in self.__struct_fields__)
        return _Chosen(*columns)

    def packs(
        self, stage: g.Pack, names: list[str]
    ) -> tuple[_Packed, tuple[tuple[str, int], ...]]:
        """The packs of a part, phase by phase, and how many there are of each phase."""
        orders, sizes, phases = [], [], []
        for phase in np.unique(self.phase).tolist():
            mine = np.flatnonzero(self.phase == phase)
            order, counts = self._packed(stage, mine)
            orders.append(mine[order])
            sizes.append(counts)
            phases.append((names[phase] if phase >= 0 else "", len(counts)))
        return _Packed(np.concatenate(orders), bounds(np.concatenate(sizes))), tuple(phases)

    def _packed(self, stage: g.Pack, mine: Any) -> tuple[Any, Any]:
        if not stage.packed:
            return np.arange(len(mine)), np.ones(len(mine), np.int64)
        from sftspec.stages.pack import pack

        keys = self._keys(stage.seed, mine)
        found = pack(self.length[mine], keys, stage.window, seed=stage.seed, most=stage.most)
        return found.order, np.diff(found.bounds)

    def _keys(self, seed: int, mine: Any) -> Any:
        """A draw for each sample, by its record and its number in it."""
        import xxhash

        from sftspec.ground.canon import draw_prefix

        prefix = draw_prefix(seed, "pack")
        names = zip(self.ids[mine].tolist(), self.turn[mine].tolist(), strict=True)
        draws = (xxhash.xxh3_64_intdigest(prefix + one + b"%d" % turn) for one, turn in names)
        return np.fromiter(draws, np.uint64, len(mine))

    def report(self, packed: _Packed, window: int) -> Report:
        """How the packs of a part came out."""
        from sftspec.stages.pack import Packs, report

        packs = Packs(packed.order, packed.bounds)
        return report(self.length, packs, window, trained=int(self.trained.sum(dtype=np.int64)))


def _chosen(work: Mixed, chat: str) -> _Chosen:
    """The samples of the chosen records, in the order of part, position and turn."""
    pool, table = work.pool(), work.chosen()
    position = table["position"].to_numpy()
    taken = np.flatnonzero(position >= 0)
    part, phase = table["part"].to_numpy()[taken], table["phase"].to_numpy()[taken]
    order = np.lexsort((position[taken], part))
    taken, part, phase = taken[order], part[order], phase[order]
    block, row = pool.block_of()[taken], pool.row_of()[taken]
    ids = np.array(pool.ids(), object)[taken]
    samples = _Samples(work, chat)
    first, count = samples.of(block, row)
    whole = places(first, count)
    turn = whole - np.repeat(first, count)
    flat = np.repeat(block, count)
    length, trained = samples.sizes(flat, whole)
    return _Chosen(
        part=np.repeat(part, count),
        phase=np.repeat(phase, count),
        block=flat,
        sample=whole,
        length=length,
        trained=trained,
        ids=np.repeat(ids, count),
        turn=turn,
    )


class _Samples:
    """The samples of every block of a chat."""

    def __init__(self, work: Mixed, chat: str) -> None:
        self.tables = [
            work.store.table(header.key, "samples") for header in work.encoded[chat].blocks
        ]

    def of(self, block: Any, row: Any) -> tuple[Any, Any]:
        """Of candidates: the number of their first sample in its block, and how many they have."""
        first, count = np.zeros(len(row), np.int64), np.zeros(len(row), np.int64)
        for at in np.unique(block).tolist():
            mine = np.flatnonzero(block == at)
            rows = self.tables[at]["row"].to_numpy()
            first[mine] = np.searchsorted(rows, row[mine], "left")
            count[mine] = np.searchsorted(rows, row[mine], "right") - first[mine]
        return first, count

    def sizes(self, block: Any, sample: Any) -> tuple[Any, Any]:
        """Tokens, and trained tokens, of samples."""
        length, trained = np.zeros(len(sample), np.int32), np.zeros(len(sample), np.int32)
        for at in np.unique(block).tolist():
            mine = np.flatnonzero(block == at)
            length[mine] = self.tables[at]["length"].to_numpy()[sample[mine]]
            trained[mine] = self.tables[at]["trained"].to_numpy()[sample[mine]]
        return length, trained
