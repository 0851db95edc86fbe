"""The chats of a run: every candidate of every chunk encoded under each, where the store has it not."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from sftspec.engine.keys import base_of, key_on
from sftspec.engine.run import ChunkResult, Run
from sftspec.engine.store import Header
from sftspec.engine.token_work import EncodeTask
from sftspec.engine.vocabularies import Vocabulary
from sftspec.ground.canon import canonical, raw_digest
from sftspec.plan.graph import Encode, Graph

Blocks = Sequence[tuple[str, ChunkResult]]


class Encoded(Struct, frozen=True):
    """A chat's tokenizer and its encoding of each block."""

    vocabulary: Vocabulary
    blocks: tuple[Header, ...]

    @property
    def narrow(self) -> str:
        """A digest of how many tokens each candidate has, and of what was set aside."""
        return _digest([header.part("tokens").sha256 for header in self.blocks])

    @property
    def digest(self) -> str:
        """A digest of all tokens."""
        return _digest(
            [
                [header.part(name).sha256 for name in ("samples", "ids")]
                for header in self.blocks
            ]
        )


def encode(run: Run, blocks: Blocks) -> dict[str, Encoded]:
    """The encodings of every chat."""
    found = {}
    for name, stage in run.graph.chats.items():
        vocabulary = run.vocabularies[name]
        found[name] = Encoded(vocabulary, _encode(run, stage, vocabulary, blocks))
    return found


def _encode(
    run: Run, stage: Encode, vocabulary: Vocabulary, blocks: Blocks
) -> tuple[Header, ...]:
    base = base_of(stage)
    rendered = [result.renders[name] for name, result in blocks]
    inputs = [(one.part("turns").sha256, one.part("what").sha256) for one in rendered]
    keys = [key_on(base, (*some, vocabulary.digest)) for some in inputs]
    known = {key: run.store.header(key) for key in dict.fromkeys(keys)}
    tasks = [
        EncodeTask(stage, key, one.key, vocabulary)
        for key, one in dict(zip(keys, rendered, strict=True)).items()
        if known[key] is None
    ]  # fmt: skip
    for done in run.engine.map(tasks):
        run.took(done)
        known |= done.headers
    facts = {
        "the rendered text": _digest(inputs),
        "the tokenizer": vocabulary.digest,
    }
    node = f"chat {stage.chat}"
    run.note(node, len(keys), len(tasks), run.cause(node, run.facts(stage, **facts)))
    return tuple(_there(known[key]) for key in keys)


def over_window(graph: Graph, encoded: Mapping[str, Encoded]) -> dict[str, tuple[int, int]]:
    """Of chats where that is an error: how many records are over the window, and the longest."""
    found = {}
    for name, one in encoded.items():
        count = sum(header.meta["too_long"] for header in one.blocks)
        if count and graph.chats[name].overflow == "error":
            found[name] = count, max(header.meta["longest"] for header in one.blocks)
    return found


def _there(header: Header | None) -> Header:
    assert header is not None  # noqa: S101 - it was found, or made just now
    return header


def _digest(value: Any) -> str:
    return raw_digest("fact", canonical(value)).hex()
