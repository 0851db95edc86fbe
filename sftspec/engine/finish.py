"""From chunk results to what a snapshot holds: the gathers in order, then files of records.

Gathers are run only where the store has no result for their inputs, and the pool of narrow
columns is read only when one of them runs.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.engine.encoding import Encoded, encode
from sftspec.engine.keys import COMPILER, library
from sftspec.engine.memory import give_back
from sftspec.engine.run import ChunkResult, Run
from sftspec.engine.shards import FileResult, Shards
from sftspec.engine.store import Corrupt, Header, Store
from sftspec.engine.token_shards import TokenOutput, TokenShards
from sftspec.engine.vocabularies import Vocabulary
from sftspec.ground.canon import canonical, raw_digest
from sftspec.plan import graph as g
from sftspec.stages.counted import RowCount, row_counts
from sftspec.stages.joint import MixResult
from sftspec.stages.judge import Judgement
from sftspec.stages.unit import TestAnswer

PAPERS = 4


class Outcome(Struct, frozen=True):
    """All that a snapshot is made of."""

    files: tuple[FileResult, ...]
    mixture: MixResult
    judgement: Judgement
    tests: tuple[TestAnswer, ...]
    counts: dict[str, Any]
    root: str
    vocabularies: dict[str, Vocabulary]
    outputs: tuple[TokenOutput, ...]


class Finish:
    """The gathers of one run."""

    def __init__(self, run: Run, results: dict[str, list[ChunkResult]]) -> None:
        self.run = run
        self.store = run.store
        self.graph = run.graph
        self.results = results
        self.blocks = [
            (name, result)
            for source, chunks in results.items()
            for result in chunks
            for name in run.graph.renders
            if name in result.renders
        ]
        self._pool: Any = None
        self.encoded: dict[str, Encoded] = {}
        self.settled: dict[str, Header] = {}
        self.screened: Header
        self.parted: Header
        self.mixed: Header

    # the pool

    def pool(self) -> Any:
        """The narrow columns of all candidates, read when first needed."""
        if self._pool is None:
            from sftspec.stages.pool import Pool

            self._pool = Pool(
                [self._block(at) for at in range(len(self.blocks))], self._doubles()
            )
        return self._pool

    def _block(self, at: int) -> Any:
        from sftspec.stages.pool import Block

        name, result = self.blocks[at]
        chats = {chat: one.blocks[at].key for chat, one in self.encoded.items()}
        load = partial(
            _narrow, self.store, result.whos[name].key, result.renders[name].key, chats
        )
        stage = self.graph.renders[name]
        return Block(load, stage.template.name, *_constants(stage))

    def _doubles(self) -> list[Any]:
        """For each block the rows that are no rows of their own."""
        import numpy as np

        known: dict[tuple[str, int], Any] = {}
        for source, header in self.settled.items():
            table = self.store.table(header.key, "doubles")
            chunk, row = table["chunk"].to_numpy(), table["row"].to_numpy()
            for index in np.unique(chunk).tolist():
                known[source, index] = row[chunk == index]
        places = {
            (source, id(result)): index
            for source, chunks in self.results.items()
            for index, result in enumerate(chunks)
        }
        empty = np.zeros(0, np.int32)
        found = []
        for name, result in self.blocks:
            source = self.graph.renders[name].source.name
            found.append(known.get((source, places[source, id(result)]), empty))
        return found

    # the gathers

    def decide(self) -> MixResult:
        """Candidates encoded, keys settled, records compared, parted and mixed."""
        self.encoded = encode(self.run, self.blocks)
        self._settle()
        constants = {name: _constants(stage) for name, stage in self.graph.renders.items()}
        names = [(name, *constants[name]) for name, _ in self.blocks]
        settled = [header.digest for header in self.settled.values()]
        who = [result.whos[name].part("who").sha256 for name, result in self.blocks]
        self.who = _digest([who, names, settled])
        self.measured = _digest(self._parts("measures"))
        self.base: tuple[str, ...] = (self.who, _digest(self._parts("what")), self.measured)
        tokens = {chat: one.narrow for chat, one in self.encoded.items()}
        self.base += (_digest(tokens),) if tokens else ()
        facts = {"the candidates": _digest(self.base)}
        self.screened = self.run.gather(
            "screen", self.graph.screen, self.base, self._screen, **facts
        )
        self.parted = self.run.gather(
            "split", self.graph.split, (self.who,), self._split,
            **{"who the candidates are": self.who},
        )  # fmt: skip
        left = self._left()
        inputs: tuple[str, ...] = (self.who, self.measured, left, self.parted.digest)
        inputs += tuple(self.encoded[chat].narrow for chat in self._weighing())
        facts = {
            "who the candidates are": self.who,
            "the measures": self.measured,
            "who is left": left,
            "who is in which part": self.parted.digest,
            **{f"the tokens of chat {c}": self.encoded[c].narrow for c in self._weighing()},
        }
        self.mixed = self.run.gather("mix", self.graph.mix, inputs, self._mix, **facts)
        return msgspec.convert(self.mixed.meta["result"], MixResult)

    def _weighing(self) -> list[str]:
        """The chats whose tokens shares are of."""
        return sorted({share.chat for share in self.graph.mix.shares if share.chat})

    def _parts(self, part: str) -> list[str]:
        """The digests of a part of all renderings."""
        return [result.renders[name].part(part).sha256 for name, result in self.blocks]

    def _left(self) -> str:
        """A digest of which candidates are alive; kept, as it needs a column of all of them."""
        key = raw_digest("left", canonical([*self.base, self.screened.digest])).hex()
        header = self.store.header(key)
        if header is None:
            bits = self.alive().tobytes()
            header = self.store.put(key, {}, {"left": raw_digest("left", bits).hex()})
        found: str = header.meta["left"]
        return found

    def _settle(self) -> None:
        from sftspec.stages.settle import settle

        for source, chunks in self.results.items():
            part = self.graph.sources[source].source
            stage = g.Settle(source, "duplicate-row" if part.key is None else "duplicate-key")
            inputs = tuple(result.rows.part("rows").sha256 for result in chunks)

            def work(stage: g.Settle = stage, chunks: Sequence[ChunkResult] = chunks) -> Any:
                return settle(stage, [self.store.table(r.rows.key, "rows") for r in chunks])

            facts = {f"source {source}": self.run.files_digest(source)}
            self.settled[source] = self.run.gather(
                f"keys {source}", stage, inputs, work, **facts
            )

    def _screen(self) -> Any:
        from sftspec.stages.screen import screen

        return screen(self.graph.screen, self.pool())

    def _split(self) -> Any:
        from sftspec.stages.split import split

        return split(self.graph.split, self.pool())

    def alive(self) -> Any:
        """Candidates that nothing set aside."""
        alive = self.pool().alive()
        alive[self.store.table(self.screened.key, "dropped")["place"].to_numpy()] = False
        return alive

    def _mix(self) -> Any:
        from sftspec.stages.mix import mix

        parts = self.store.table(self.parted.key, "parts")["part"].to_numpy()
        tables, result = mix(self.graph.mix, self.pool(), self.alive(), parts)
        return tables, {"result": msgspec.to_builtins(result)}

    def chosen(self) -> Any:
        """The mix stage's table."""
        return self.store.table(self.mixed.key, "chosen")

    def reasons(self) -> list[str | None]:
        """Why each candidate was rejected, by rows and by comparison; None where it was not."""
        found: list[str | None] = self.pool().arrow("reason").to_pylist()
        dropped = self.store.table(self.screened.key, "dropped")
        for place, reason in zip(
            dropped["place"].to_pylist(), dropped["reason"].to_pylist(), strict=True
        ):
            found[place] = reason
        return found

    def culprits(self) -> dict[str, int]:
        """Which template and reason took how many candidates."""
        templates = self.pool().constant("template")
        found: dict[str, int] = {}
        for template, reason in zip(templates, self.reasons(), strict=True):
            if reason is not None:
                label = f"`{reason}` on template `{template}`"
                found[label] = found.get(label, 0) + 1
        return found

    def funnel(self) -> tuple[dict[str, int], dict[str, int]]:
        """Rows read by source, and which reason took how many rows and candidates."""
        read: dict[str, int] = {}
        taken: dict[str, int] = {}
        for source, chunks in self.results.items():
            read[source] = sum(chunk.rows.meta["read"] for chunk in chunks)
            for chunk in chunks:
                for reason in self.store.table(chunk.rows.key, "rejects")["reason"].to_pylist():
                    label = f"`{reason}` on source `{source}`"
                    taken[label] = taken.get(label, 0) + 1
        return read, taken | self.culprits()

    def outcome(self) -> Outcome:
        """Everything after the mix: tests, gates, files."""
        tests = self.tests()
        judged = self._judge(tests)
        shards, tokens, papers = Shards(self), TokenShards(self), self._papers()
        self._pool = None  # nothing below looks at the candidates any more
        give_back()
        samples, outputs = tokens.files()
        files = [*shards.files(), *samples, *papers]
        counts = self._counts(files)
        root = self.found(next(f.key for f in papers if f.name == "index.parquet"))
        return Outcome(
            files=tuple(files),
            mixture=msgspec.convert(self.mixed.meta["result"], MixResult),
            judgement=msgspec.convert(judged.meta["result"], Judgement),
            tests=tests,
            counts=counts,
            root=root.meta["root"],
            vocabularies={name: one.vocabulary for name, one in self.encoded.items()},
            outputs=tuple(outputs),
        )

    def found(self, key: str) -> Header:
        """The header of an object that was there a moment ago; another build may have set it aside."""
        header = self.store.header(key)
        if header is None:
            raise Corrupt(key)
        return header

    def tests(self) -> tuple[TestAnswer, ...]:
        """The spec's own tests, run."""
        from sftspec.stages.unit import run_test

        known = self.graph.templates()
        return tuple(run_test(known[test.template], test) for test in self.graph.tests)

    def _judge(self, tests: Sequence[TestAnswer]) -> Header:
        from sftspec.stages.judge import Judged, judge

        stage = self.graph.judge
        titles = tuple((f"{test.template}: {test.title}", test.passed) for test in tests)
        asked = any(line.of == "rows" for gate in stage.gates for line in gate.lines)
        beside = Judged(titles, self._rows() if asked else ())

        def work() -> Any:
            chosen = self.chosen()["position"].to_numpy() >= 0
            result = judge(stage, self.pool(), chosen, self.reasons(), beside)
            return {}, {"result": msgspec.to_builtins(result)}

        inputs = (
            *self.base,
            self.screened.digest,
            self.mixed.digest,
            _digest(beside),
        )
        facts = {
            "the candidates": _digest(self.base),
            "what the screen drops": self.screened.digest,
            "the chosen records": self.mixed.digest,
            "the tests' answers": _digest(titles),
            **({"what became of the rows": _digest(beside.rows)} if asked else {}),
        }
        return self.run.gather("gates", stage, inputs, work, **facts)

    def _rows(self) -> tuple[RowCount, ...]:
        """How many rows of each source were used, and how many set aside for each reason."""
        found: list[RowCount] = []
        for source, chunks in self.results.items():
            read = sum(chunk.rows.meta["read"] for chunk in chunks)
            aside = [
                self.store.table(chunk.rows.key, "rejects")["reason"]
                for chunk in chunks
                if chunk.rows.meta["rejected"]
            ]
            settled = self.settled[source].meta
            doubled = {settled["reason"]: settled["doubles"]}
            found += row_counts(self.graph.sources[source].source, read, aside, doubled)
        return tuple(found)

    # files

    def _papers(self) -> list[FileResult]:
        """The index of all candidates, and every rejected row with its reason."""
        from sftspec.engine.papers import index_paper, rejected_paper

        chunks = [result for source in self.results.values() for result in source]
        facts = {
            "the candidates": _digest(self.base),
            "where rows stand": _digest([[r.chunk.path, r.chunk.line] for r in chunks]),
            "what the screen drops": self.screened.digest,
            **{f"library {name}": library(name) for name in ("msgspec", "pyarrow")},
            "the compiler": _digest([COMPILER, PAPERS]),
        }
        mix, judge = self.graph.mix, self.graph.judge
        index = {
            "the chosen records": self.mixed.digest,
            "the list of facets": _digest([judge.facets, judge.many]),
            "the names of parts": _digest([name for name, _ in mix.parts]),
            "the names of phases": _digest([phase.name for phase in mix.phases]),
        }
        why = self._parts("why")
        rejected = {
            "the rejected rows": _digest([list(self.results), [r.rows.digest for r in chunks]]),
            "the evidence": _digest(why),
            "the screen": _digest(self.graph.screen),
        }
        return [
            self._paper("index.parquet", index_paper, facts | index),
            self._paper("rejected.jsonl", rejected_paper, facts | rejected),
        ]

    def _paper(self, name: str, make: Any, facts: dict[str, str]) -> FileResult:
        """A paper by what it depends on: reused, or made here."""
        key = raw_digest("paper", name.encode(), canonical(facts)).hex()
        header = self.store.header(key)
        stale = header is None
        if header is None:
            parts, meta = make(self)
            header = self.store.put(key, parts, meta)
        node = name.partition(".")[0]
        self.run.note(node, 1, int(stale), self.run.cause(node, facts))
        info = header.part("file")
        return FileResult(name, key, "file", info.sha256, info.length, header.meta["records"])

    def _counts(self, files: Sequence[FileResult]) -> dict[str, Any]:
        """The sums of the funnel, from what the papers counted."""
        papers = {file.name: self.found(file.key) for file in files}
        index, rejected = papers["index.parquet"], papers["rejected.jsonl"]
        read = sum(r.rows.meta["read"] for s in self.results.values() for r in s)
        return {"rows_read": read, **rejected.meta["counts"], **index.meta["counts"]}


def _narrow(store: Store, who: str, what: str, chats: dict[str, str]) -> Any:
    """All that gathers see of a chunk's candidates, side by side."""
    from sftspec.stages.sizes import with_tokens

    table = store.table(who, "who")
    for part in ("what", "measures"):
        more = store.table(what, part)
        for name in more.column_names:
            table = table.append_column(name, more[name])
    for chat, key in chats.items():
        table = with_tokens(table, chat, store.table(key, "tokens"))
    return table


def _digest(value: Any) -> str:
    return raw_digest("fact", canonical(value)).hex()


def _constants(stage: g.Render) -> tuple[str, str, str, str, int]:
    """What is the same for all candidates of a template: no column of its tables says it."""
    source = stage.source
    return (
        source.name, source.origin, source.license, stage.template.layer, stage.template.samples,
    )  # fmt: skip
