"""The same job as bench.spec's one-template specification, by hand: one process, one loop, the same libraries.

Pass 1 decodes each row into typed structs, renders it in Jinja's immutable sandbox, hashes the conversation,
drops exact duplicates and spills the finished line to a scratch file, so that memory holds some 150 bytes a
row. Then the mixture is solved in numpy, and pass 2 copies the chosen lines out in keyed order. Written:
train.jsonl, dev.jsonl, index.parquet, rejected.jsonl, MANIFEST.json, each hashed, synced and renamed into place.

What it does not do that the compiler does: one draw of wordings only, no store to resume from, marginals exact
to within the rounding of the joint cells, a flat digest of (id, content) in place of a Merkle root, no gates,
report or provenance beyond the index; it does not look for doubled keys inside a row's JSON, and a row that
fails to decode is rejected without its key. Which rows are kept differs by the keyed ranks alone. The answer's
JSON is compact, and the schema's text stands below: another spelling of either is other bytes, not other work.

    python -m bench.straight rows.jsonl OUT --total 100000
"""

import argparse
from array import array
from collections.abc import Callable, Iterator
import gc
import hashlib
import os
from pathlib import Path
import shutil
from typing import Annotated, Any, Literal

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
import msgspec
from msgspec import Meta, Struct
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from xxhash import xxh3_64_intdigest

from bench.spec import ASKS, CONTEXT, DEV, INSTRUCTION, SEED, SHARES, SYSTEM
from bench.table import Table

SCHEMA = (
    '{"type":"object","properties":{"currency":{"enum":["CNY","USD","EUR",null]},'
    '"payment_amount":{"anyOf":[{"type":"number","minimum":0},{"type":"null"}]},'
    '"payment_method":{"anyOf":[{"type":"string"},{"type":"null"}]},'
    '"payment_due_days":{"anyOf":[{"type":"integer","minimum":0,"maximum":3650},{"type":"null"}]},'
    '"penalty_rate":{"anyOf":[{"type":"string"},{"type":"null"}]}},'
    '"required":["currency","payment_amount","payment_method","payment_due_days","penalty_rate"],'
    '"additionalProperties":false}'
)
BODY = INSTRUCTION.replace("PaymentTerms | json_schema", "schema") + "\n\n" + CONTEXT
CELLS = tuple(len(of) for of in SHARES.values())
BUFFER = 1 << 20


class Terms(Struct, gc=False, forbid_unknown_fields=True):
    """The output contract; its field order is the order of the answer."""

    currency: Literal["CNY", "USD", "EUR"] | None
    payment_amount: Annotated[int, Meta(ge=0)] | Annotated[float, Meta(ge=0)] | None
    payment_method: str | None
    payment_due_days: Annotated[int, Meta(ge=0, le=3650)] | None
    penalty_rate: str | None


class Row(Struct, gc=False):
    """One line of the source."""

    id: str
    contract: str
    clause: str
    terms: Terms
    topic: Literal[
        "payment", "liability", "jurisdiction", "termination", "evidence", "disputes"
    ]
    risk: Literal["low", "medium", "high"]
    difficulty: Literal["easy", "medium", "hard"]


class Message(Struct, gc=False):
    """One turn."""

    role: str
    content: str


class Record(Struct, gc=False):
    """One line of the output."""

    id: str
    messages: list[Message]


class Rejected(Struct, gc=False):
    """A row that did not make it, and why."""

    line: int
    key: str | None
    reason: str
    evidence: str


def reason_of(message: str) -> str:
    """The reason class of a decoding error."""
    if "missing required field" in message:
        return "missing_field"
    if "unknown field" in message:
        return "extra_field"
    if "Invalid enum value" in message:
        return "invalid_enum"
    if ">=" in message or "<=" in message:
        return "out_of_range"
    return "type_error" if message.startswith("Expected") else "invalid_json"


class Candidates:
    """Narrow columns over all rendered candidates; the text itself is in the spill file."""

    def __init__(self) -> None:
        self.ids, self.contents = bytearray(), bytearray()
        self.keys: list[str] = []
        self.lines, self.cells, self.ranks = array("q"), array("B"), array("Q")
        self.splits, self.starts = array("Q"), array("q", [0])


def renderer() -> Callable[[str, Row], str]:
    """The user turn of a row: Jinja's own block function on a bare context.

    `Template.render` copies Jinja's globals into each context; no body here uses one, and `shared=True` without
    them takes 11 us a row in place of 18.
    """
    template = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False
    ).from_string(BODY)
    block, context = template.root_render_func, template.new_context

    def render(ask: str, row: Row) -> str:
        return "".join(block(context({"ask": ask, "schema": SCHEMA, "row": row}, shared=True)))

    return render


def hashed_lines(path: Path, digest: Any) -> Iterator[bytes]:
    """The lines of a file, its bytes hashed block by block on the way."""
    rest = b""
    with path.open("rb", buffering=0) as file:
        while block := file.read(BUFFER):
            digest.update(block)
            whole = (rest + block).split(b"\n")
            rest = whole.pop()
            yield from whole
    if rest:
        yield rest


class Writer:
    """A file written in large pieces and hashed on the way."""

    def __init__(self, path: Path) -> None:
        self.path, self.file, self.digest = path, path.open("wb", buffering=0), hashlib.sha256()
        self.pending: list[bytes] = []
        self.size = self.held = 0

    def add(self, line: bytes) -> None:
        """Append bytes."""
        self.pending.append(line)
        self.held += len(line)
        if self.held >= BUFFER:
            self.flush()

    def flush(self) -> None:
        """Hash and write what is pending."""
        piece = b"".join(self.pending)
        self.digest.update(piece)
        self.file.write(piece)
        self.size += len(piece)
        self.pending.clear()
        self.held = 0

    def close(self) -> dict[str, Any]:
        """Sync; returns the manifest's entry."""
        self.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        return {"path": self.path.name, "bytes": self.size, "sha256": self.digest.hexdigest()}


def survey(  # noqa: PLR0915, one loop runs fastest, and reads best, in one piece
    source: Path, spill: int, rejects: Writer
) -> tuple[Candidates, dict[str, Any]]:
    """Pass 1: every row is rejected, dropped as a duplicate, or a candidate whose line is spilled."""
    found, counts = Candidates(), {"read": 0, "rejected": 0, "duplicate": 0}
    decode, encoder = msgspec.json.Decoder(Row).decode, msgspec.json.Encoder()
    encode, encode_into = encoder.encode, encoder.encode_into
    render, sha256, draw = renderer(), hashlib.sha256, xxh3_64_intdigest
    places = [{value: at for at, value in enumerate(of)} for of in SHARES.values()]
    topics, risks, difficulties = places
    system, keys, contents = Message("system", SYSTEM), set[bytes](), set[bytes]()
    lines, spilled, number, ways, digest = bytearray(), 0, 0, len(ASKS), sha256()

    def reject(key: str | None, reason: str, evidence: str) -> None:
        counts["rejected"] += 1
        rejects.add(encode(Rejected(number, key, reason, evidence[:200])) + b"\n")

    for number, line in enumerate(hashed_lines(source, digest), 1):
        try:
            row = decode(line)
        except msgspec.DecodeError as error:
            reject(None, reason_of(str(error)), str(error))
            continue
        key = row.id.encode()
        name = sha256(b"bench\0terms\0clauses\0" + key + b"\0000").digest()[:16]
        if name in keys:
            reject(row.id, "duplicate-key", row.id)
            continue
        keys.add(name)
        terms = row.terms
        if terms.payment_amount is not None and terms.currency is None:
            reject(row.id, "rule", "currency != null when payment_amount != null")
            continue
        user = render(ASKS[draw(b"ask" + name, SEED) % ways], row)
        answer = encode(terms).decode()
        content = sha256(f"{SYSTEM}\0{user}\0{answer}".encode()).digest()
        if content in contents:
            counts["duplicate"] += 1
            reject(row.id, "duplicate-exact", row.id)
            continue
        contents.add(content)
        messages = [system, Message("user", user), Message("assistant", answer)]
        encode_into(Record(name.hex(), messages), lines, len(lines))
        lines += b"\n"
        found.ids += name
        found.contents += content
        found.keys.append(row.id)
        found.lines.append(number)
        found.cells.append(
            (topics[row.topic] * 3 + risks[row.risk]) * 3 + difficulties[row.difficulty]
        )
        found.ranks.append(draw(b"rank" + name, SEED))
        found.splits.append(draw(b"split" + name, SEED))
        found.starts.append(spilled + len(lines))
        if len(lines) >= BUFFER:
            spilled += os.write(spill, lines)
            lines.clear()
    os.write(spill, lines)
    counts["read"] = number
    return found, {**counts, "source_sha256": digest.hexdigest()}


def quotas(available: npt.NDArray[Any], total: int) -> npt.NDArray[np.int64]:
    """Records per joint cell: the pool scaled to the three shares, capped by what is there, rounded by largest remainder."""
    wanted = [
        np.array(list(of.values()), dtype=float) / sum(of.values()) for of in SHARES.values()
    ]
    ideal = available.astype(float)
    for _ in range(200):
        for axis, share in enumerate(wanted):
            shape = [1, 1, 1]
            shape[axis] = -1
            sums = ideal.sum(axis=tuple(a for a in range(3) if a != axis), keepdims=True)
            ideal = ideal * (share.reshape(shape) * total / np.maximum(sums, 1e-9))
        ideal = np.minimum(ideal, available)
    whole: npt.NDArray[np.int64] = np.floor(ideal).astype(np.int64)
    missing = min(total, round(float(ideal.sum()))) - int(whole.sum())
    remainders = np.where(whole < available, ideal - whole, -1.0).ravel()
    whole.ravel()[np.argsort(-remainders, kind="stable")[:missing]] += 1
    return whole


def choose(
    pool: npt.NDArray[Any], cells: npt.NDArray[Any], ranks: npt.NDArray[Any], total: int
) -> npt.NDArray[Any]:
    """The candidates of one part that are taken, in keyed order."""
    room = int(np.prod(CELLS))
    available = np.bincount(cells[pool], minlength=room)
    quota = quotas(available.reshape(CELLS), total).ravel()
    ordered = pool[np.lexsort((ranks[pool], cells[pool]))]
    begin = np.concatenate(([0], np.cumsum(available)[:-1]))
    place = np.arange(len(ordered)) - np.repeat(begin, available)
    taken = ordered[place < np.repeat(quota, available)]
    order: npt.NDArray[Any] = taken[
        np.argsort(ranks[taken] * np.uint64(0x9E3779B97F4A7C15), kind="stable")
    ]
    return order


def write_index(path: Path, found: Candidates, fates: npt.NDArray[Any]) -> dict[str, Any]:
    """Every candidate with its fate, sorted by id."""
    ids, contents = (
        np.frombuffer(found.ids, dtype="V16"),
        np.frombuffer(found.contents, dtype="V32"),
    )
    halves = np.frombuffer(found.ids, dtype=">u8").reshape(-1, 2)
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    binary = {16: pa.binary(16), 32: pa.binary(32)}

    def fixed(values: npt.NDArray[Any], width: int) -> pa.Array:
        return pa.Array.from_buffers(
            binary[width], len(order), [None, pa.py_buffer(values[order].tobytes())]
        )

    table = pa.table(
        {
            "id": fixed(ids, 16),
            "content": fixed(contents, 32),
            "key": pa.array(found.keys).take(pa.array(order)),
            "line": np.array(found.lines)[order],
            "cell": np.array(found.cells)[order],
            "rank": np.array(found.ranks)[order],
            "fate": pa.DictionaryArray.from_arrays(
                fates[order], ["not_chosen", "train", "dev"]
            ),
        }
    )
    pq.write_table(table, path, compression="zstd")
    written = path.read_bytes()
    root = hashlib.sha256(ids[order].tobytes() + contents[order].tobytes()).hexdigest()
    return {
        "path": path.name,
        "bytes": len(written),
        "sha256": hashlib.sha256(written).hexdigest(),
        "root": root,
    }


def build(source: Path, out: Path, total: int, *, parquet: bool = False) -> dict[str, Any]:
    """The whole job; returns the manifest."""
    staging = out.with_name(out.name + ".staging")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    rejects = Writer(staging / "rejected.jsonl")
    with (staging / "spill").open("w+b", buffering=0) as spill:
        found, counts = survey(source, spill.fileno(), rejects)
        files = [rejects.close()]
        cells, ranks = np.array(found.cells), np.array(found.ranks)
        dev = np.array(found.splits) < np.uint64(DEV * 2**64 // 100)
        fates = np.zeros(len(cells), dtype=np.int8)
        parts: dict[str, int] = {}
        for code, name, mine, share in ((1, "train", ~dev, 100 - DEV), (2, "dev", dev, DEV)):
            order = choose(np.flatnonzero(mine), cells, ranks, total * share // 100)
            fates[order] = code
            parts[name] = len(order)
            writer, starts = Writer(staging / f"{name}.jsonl"), found.starts
            table = Table(staging / f"{name}.parquet", Record) if parquet else None
            for at in order.tolist():
                begin = starts[at]
                line = os.pread(spill.fileno(), starts[at + 1] - begin, begin)
                writer.add(line)
                if table:
                    table.add(line)
            files.append(writer.close())
            files += [table.close()] if table else []
    (staging / "spill").unlink()
    files.append(write_index(staging / "index.parquet", found, fates))
    manifest = {
        "dataset": "bench",
        **counts,
        "candidates": len(cells),
        "parts": parts,
        "files": files,
    }
    (staging / "MANIFEST.json").write_bytes(
        msgspec.json.format(msgspec.json.encode(manifest, order="sorted"))
    )
    shutil.rmtree(out, ignore_errors=True)
    staging.rename(out)
    return manifest


def main() -> int:
    """Build and print the manifest's counts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--total", type=int, required=True)
    parser.add_argument("--parquet", action="store_true", help="Parquet beside the JSON Lines")
    asked = parser.parse_args()
    gc.disable()  # nothing the loop makes is cyclic
    manifest = build(asked.source, asked.out, asked.total, parquet=asked.parquet)
    print(
        msgspec.json.encode(
            {name: manifest[name] for name in ("read", "rejected", "candidates", "parts")}
        ).decode()
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
