"""The two papers of a snapshot: the index of every candidate, and every row that did not make it."""

from collections import Counter
import hashlib
from typing import Any, Protocol

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sftspec.engine.chat_counts import chat_counts, why_not_encoded
from sftspec.engine.encoding import Encoded
from sftspec.engine.run import ChunkResult
from sftspec.engine.store import Header, Store
from sftspec.ground.canon import raw_digest
from sftspec.plan.graph import Graph
from sftspec.stages.lengths import PROMPT, RESPONSE, summary
from sftspec.stages.sizes import STAGE as TOKENIZE

ARITY = 256
_ROW_GROUP = 65_536


class Decided(Protocol):
    """What the gathers of a run decided, as the papers read it."""

    store: Store
    graph: Graph
    results: dict[str, list[ChunkResult]]
    blocks: list[tuple[str, ChunkResult]]
    encoded: dict[str, Encoded]
    settled: dict[str, Header]
    screened: Header
    mixed: Header

    def pool(self) -> Any:
        """The narrow columns of all candidates."""

    def chosen(self) -> Any:
        """The mix stage's table."""

    def reasons(self) -> list[str | None]:
        """Why each candidate was rejected."""


def index_paper(work: Decided) -> tuple[dict[str, Any], dict[str, Any]]:
    """`index.parquet`: a line per candidate, sorted by id, with its fate.

    `fate` is the part it was chosen for, `not_chosen`, or `rejected:<reason>`.
    """
    pool, chosen = work.pool(), work.chosen()
    order = pa.array(pool.by_id())
    reasons = work.reasons()
    position = chosen["position"].to_numpy()
    part = chosen["part"].to_numpy()
    parts = [name for name, _ in work.graph.mix.parts]
    fates = _fates(reasons, part, position, parts)
    files, lines = _places(work)
    columns: dict[str, Any] = {
        "id": pool.arrow("id"),
        "content": pool.arrow("content"),
        "source": pool.words("source"),
        "key": pool.arrow("key"),
        "file": _coded(files),
        "line": pa.array(lines, pa.int64()),
        "template": pool.words("template"),
        "variant": pool.arrow("variant"),
        "group": pool.arrow("group"),
    }
    for facet in work.graph.judge.facets:
        if facet not in {"source", "template"}:
            columns[f"tag.{facet}"] = _facet(pool, facet, work.graph.judge.many)
    for number in range(len(next(iter(work.graph.renders.values())).measures)):
        columns[f"measure.{number}"] = pool.arrow(f"m.{number}")
    columns |= {name: pool.arrow(name) for name in (PROMPT, RESPONSE)}
    for chat in work.encoded:
        columns |= {name: pool.arrow(name) for name in _of_chat(chat)}
    result = msgspec.convert(work.mixed.meta["result"], dict[str, Any])
    phases = [phase.name for phase in work.graph.mix.phases]
    columns |= {
        "cell": _cells(pool, result["facets"]),
        "rank": chosen["rank"].combine_chunks(),
        "fate": fates,
        "part": _picked(np.where(position >= 0, part, -1), parts),
        "phase": _picked(chosen["phase"].to_numpy(), phases),
        "position": pa.array(position, pa.int64(), mask=position < 0),
    }
    data = _written(pa.table(columns), order)
    taken = np.flatnonzero(position[order.to_numpy()] >= 0)
    root = merkle_root(_leaves(pool, order.to_numpy()[taken]))
    counts = {
        "candidates": pool.size,
        "chosen": int((position >= 0).sum()),
        "not_chosen": int((position < 0).sum()) - sum(reason is not None for reason in reasons),
        "rejected": sum(reason is not None for reason in reasons),
        "distribution": _distribution(work, pool, position, part, parts),
        "lengths": _lengths(pool, position, part, parts),
    }
    if work.encoded:
        counts["chats"] = chat_counts(work, position, part, parts)
    return {"file": data}, {"records": pool.size, "counts": counts, "root": root}


def _of_chat(chat: str) -> tuple[str, ...]:
    """What the index tells of a chat: tokens, those that are trained, and a hash of ids and mask."""
    return f"tokens.{chat}", f"trained.{chat}", f"hash.{chat}"


def _written(table: Any, order: Any) -> Any:
    """The rows in that order as Parquet, a row group at a time."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink, table.slice(0, 0).take(pa.array([], pa.int64())).schema, compression="zstd",
        compression_level=3, store_schema=False, write_statistics=False,
    ) as writer:  # fmt: skip
        for start in range(0, table.num_rows, _ROW_GROUP):
            some = table.take(order[start : start + _ROW_GROUP])
            writer.write_table(some, row_group_size=_ROW_GROUP)
    return sink.getvalue()


def _words(values: list[Any]) -> Any:
    return pa.array(values, pa.string()).dictionary_encode()


def _picked(codes: Any, words: list[str]) -> Any:
    """Texts by number; null where the number is negative."""
    places = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(places, pa.array(words, pa.string()))


def _fates(reasons: list[str | None], part: Any, position: Any, parts: list[str]) -> Any:
    """The part a candidate was chosen for, `not_chosen`, or `rejected:<reason>`."""
    slugs = sorted({reason for reason in reasons if reason})
    words = ["not_chosen", *parts, *(f"rejected:{slug}" for slug in slugs)]
    codes = np.where(position >= 0, part + 1, 0).astype(np.int32)
    numbers = {slug: 1 + len(parts) + at for at, slug in enumerate(slugs)}
    for place, reason in enumerate(reasons):
        if reason:
            codes[place] = numbers[reason]
    return _picked(codes, words)


def _coded(pair: tuple[list[str], Any]) -> Any:
    return _picked(pair[1], pair[0])


def _facet(pool: Any, facet: str, many: tuple[str, ...]) -> Any:
    if facet in many:
        column = pool.arrow(f"tag.{facet}")
        return (
            column
            if pa.types.is_list(column.type)
            else pa.nulls(pool.size, pa.list_(pa.string()))
        )
    return pool.words(facet)


def _cells(pool: Any, facets: list[str]) -> Any:
    """The joint cell of each candidate as a text: its facet values in order."""
    from sftspec.stages.joint import joint_codes

    places, rows = joint_codes(pool, facets)
    return _picked(places, [" ".join(map(str, row)) for row in rows])


def _places(work: Decided) -> tuple[tuple[list[str], Any], Any]:
    """The files and each candidate's file by number, and each candidate's line."""
    pool = work.pool()
    known: dict[str, int] = {}
    codes = [known.setdefault(result.chunk.path, len(known)) for _, result in work.blocks]
    bases = np.repeat(np.array([r.chunk.line for _, r in work.blocks], np.int64), pool.sizes)
    files = np.repeat(np.array(codes, np.int32), pool.sizes)
    return (list(known), files), pool.numbers("line").astype(np.int64) + bases


def _leaves(pool: Any, places: Any) -> Any:
    """The id and content of each record, side by side: an array of bytes, records x 48."""
    parts = [pool.digests("id", 16)[places], pool.digests("content", 32)[places]]
    return np.concatenate([part.view(np.uint8) for part in parts], axis=1)


def merkle_root(leaves: Any) -> str:
    """Root of a 256-ary Merkle tree over (id, content) in the order of ids (Merkle 1987).

    `leaves`: an array of bytes, records x 48, or a list of such leaves.
    """
    count = max(len(leaves), 1)
    level = [raw_digest("tree-0", _run(leaves, at)) for at in range(0, count, ARITY)]
    height = 1
    while len(level) > 1:
        level = [
            raw_digest(f"tree-{height}", b"".join(level[at : at + ARITY]))
            for at in range(0, len(level), ARITY)
        ]
        height += 1
    return "sha256:" + level[0].hex()


def _run(leaves: Any, at: int) -> bytes:
    some = leaves[at : at + ARITY]
    return b"".join(some) if isinstance(some, list) else bytes(some.tobytes())


def _distribution(
    work: Decided, pool: Any, position: Any, part: Any, parts: list[str]
) -> dict[str, dict[str, dict[str, int]]]:
    """Chosen records by part, facet and value."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for number, name in enumerate(parts):
        places = pa.array(np.flatnonzero((part == number) & (position >= 0)))
        if not len(places):
            continue
        found[name] = {}
        for facet in work.graph.judge.facets:
            column = _facet(pool, facet, work.graph.judge.many).take(places)
            flat = column.flatten() if pa.types.is_list(column.type) else column
            counts = {
                str(one["values"]): int(one["counts"])
                for one in flat.value_counts().to_pylist()
                if one["values"] is not None
            }
            if counts:
                found[name][facet] = dict(sorted(counts.items()))
    return found


def _lengths(pool: Any, position: Any, part: Any, parts: list[str]) -> dict[str, Any]:
    """Characters of the chosen records by part."""
    columns = [pool.numbers(name) for name in (PROMPT, RESPONSE)]
    found = {}
    for number, name in enumerate(parts):
        taken = (part == number) & (position >= 0)
        if taken.any():
            found[name] = summary(*(column[taken] for column in columns))
    return found


def rejected_paper(work: Decided) -> tuple[dict[str, Any], dict[str, Any]]:
    """`rejected.jsonl`: every row and candidate that was set aside, and why; sorted."""
    rows = [*_row_rejects(work), *_double_rejects(work)]
    row_reasons: dict[str, Counter[str]] = {}
    for source, one in rows:
        row_reasons.setdefault(source, Counter())[one["reason"]] += 1
    candidates = list(_candidate_rejects(work))
    reasons = Counter(f"{one['stage']}:{one['reason']}" for one in candidates)
    lines = sorted(
        (one["file"], one["line"], one.get("template", ""), one.get("variant", 0), one["stage"],
         one["reason"], encode_line(one))
        for one in [*(one for _, one in rows), *candidates]
    )  # fmt: skip
    data = b"".join(line[-1] for line in lines)
    counts = {
        "rows_rejected": len(rows),
        "rows_used": sum(r.rows.meta["read"] for s in work.results.values() for r in s)
        - len(rows),
        "sources": {
            source: {
                "read": sum(r.rows.meta["read"] for r in chunks),
                "rejected": dict(sorted(row_reasons.get(source, Counter()).items())),
            }
            for source, chunks in work.results.items()
        },
        "rejected_by_reason": dict(sorted(reasons.items())),
    }
    return {"file": data}, {"records": len(lines), "counts": counts}


def encode_line(one: dict[str, Any]) -> bytes:
    """A reject as a line of JSON, its keys in a fixed order, nothing that is null."""
    names = (
        "file",
        "line",
        "key",
        "id",
        "template",
        "variant",
        "stage",
        "reason",
        "evidence",
        "of",
    )
    return (
        msgspec.json.encode({name: one[name] for name in names if one.get(name) is not None})
        + b"\n"
    )


def _row_rejects(work: Decided) -> Any:
    for source, chunks in work.results.items():
        for result in chunks:
            for one in work.store.table(result.rows.key, "rejects").to_pylist():
                one["file"] = result.chunk.path
                one["line"] += result.chunk.line
                yield source, one


def _double_rejects(work: Decided) -> Any:
    for source, header in work.settled.items():
        chunks = work.results[source]
        for one in work.store.table(header.key, "doubles").to_pylist():
            chunk = chunks[one["chunk"]].chunk
            evidence = (
                "an equal row came before"
                if header.meta["reason"] == "duplicate-row"
                else "its key came before"
            )
            yield source, {
                "file": chunk.path, "line": one["line"] + chunk.line, "key": one["key"],
                "stage": "ingest", "reason": header.meta["reason"], "evidence": evidence,
            }  # fmt: skip


def _candidate_rejects(work: Decided) -> Any:
    pool = work.pool()
    dropped = {
        one["place"]: one for one in work.store.table(work.screened.key, "dropped").to_pylist()
    }
    texts = {line.at: line.text for line in work.graph.screen.lines}
    (names, codes), lines = _places(work)
    templates = pool.constant("template")
    stages = pool.arrow("stage").to_pylist()
    reasons = pool.arrow("reason").to_pylist()
    keys, ids = pool.arrow("key"), pool.arrow("id")
    variants = pool.numbers("variant")
    why, set_aside = _evidence(work), why_not_encoded(work)
    for place in range(pool.size):
        compared = dropped.get(place)
        if reasons[place] is None and compared is None:
            continue
        one: dict[str, Any] = {
            "file": names[codes[place]], "line": int(lines[place]), "key": keys[place].as_py(),
            "id": ids[place].as_py().hex(), "template": templates[place],
            "variant": int(variants[place]),
        }  # fmt: skip
        if compared is not None:
            of = compared["of"]
            one |= {
                "stage": "screen", "reason": compared["reason"], "evidence": texts[compared["at"]],
                "of": of.hex() if of else None,
            }  # fmt: skip
        else:
            told = set_aside(place) if stages[place] == TOKENIZE else why(place)
            one |= {"stage": stages[place], "reason": reasons[place], "evidence": told}
        yield one


def _evidence(work: Decided) -> Any:
    """The evidence of a candidate, read from its block when first asked."""
    pool = work.pool()
    block, row = pool.block_of(), pool.row_of()
    tables: dict[int, Any] = {}

    def why(place: int) -> str | None:
        index = int(block[place])
        if index not in tables:
            name, result = work.blocks[index]
            tables[index] = work.store.table(result.renders[name].key, "why")["evidence"]
        found: str | None = tables[index][int(row[place])].as_py()
        return found

    return why


def sha256_of(data: bytes) -> str:
    """The hex digest of a file's bytes."""
    return hashlib.sha256(data).hexdigest()
