"""The tasks that make tokens: a chunk's candidates under a chat, and a shard of a format of tokens."""

from pathlib import Path
from typing import Any

from msgspec import Struct
import numpy as np

from sftspec.engine.store import Header, Store
from sftspec.engine.vocabularies import Vocabulary, loaded, template_of
from sftspec.plan.graph import EmitTokens, Encode
from sftspec.stages.candidates import ALIVE


class EncodeTask(Struct, frozen=True, tag="encode"):
    """A rendering (its key in the store) and a chat."""

    encode: Encode
    key: str
    rendered: str
    vocabulary: Vocabulary


class TokensTask(Struct, frozen=True, tag="tokens"):
    """A shard: keys of encodings, and for each sample which one and which of its samples.

    `picks`: pairs of int32; `packs`: where packs begin in them, int64.
    """

    emit: EmitTokens
    key: str
    objects: tuple[str, ...]
    picks: bytes
    packs: bytes


def encode_candidates(task: EncodeTask, root: Path, store: Store) -> Header:
    """Encode a chunk's candidates."""
    from sftspec.stages.encode import encode_chunk

    tokenizer = loaded(root, task.vocabulary, task.encode)
    alive = store.table(task.rendered, "what")["at"].to_numpy() == ALIVE
    table = store.table(task.rendered, "turns")
    template = template_of(task.encode, tokenizer)
    return store.put(task.key, *encode_chunk(task.encode, template, tokenizer, table, alive))


def emit_tokens(task: TokensTask, store: Store) -> Header:
    """Write a shard: a part `.SUFFIX` for each of its files."""
    from sftspec.stages.emit import emitter
    from sftspec.stages.samples import collect

    picks = np.frombuffer(task.picks, np.int32).reshape(-1, 2)
    packs = np.frombuffer(task.packs, np.int64)

    def load(at: int) -> Any:
        return store.table(task.objects[at], "ids")["ids"]

    samples = collect(load, len(task.objects), picks, packs, task.emit.window)
    files = emitter(task.emit.format).files(samples)
    meta = {"records": len(packs) - 1, "samples": len(picks)}
    return store.put(task.key, dict(files), meta)
