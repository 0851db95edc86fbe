"""Sample records read back from the files of a snapshot, each file once.

The files are found by the manifest and were not hashed, so what stands in them may be anything: a
record that cannot be read is none.
"""

from collections.abc import Iterable, Iterator, Sequence
import mmap
from pathlib import Path
from typing import Any

import msgspec

from sftspec.snapshot.compare.texts import turns_of
from sftspec.snapshot.opened import Snapshot

Place = tuple[str, int]
"""A part, and a position in it."""
Record = dict[str, Any]
MOST_HITS = 100


def records(snapshot: Snapshot, places: Iterable[Place]) -> dict[Place, Record]:
    """The records at some places; those that are not here, or are none, are left out."""
    wanted: dict[str, set[int]] = {}
    for part, position in places:
        wanted.setdefault(part, set()).add(position)
    return {
        (part, position): record
        for part, positions in wanted.items()
        for position, record in _of_part(snapshot, part, sorted(positions))
    }


def shards(snapshot: Snapshot, part: str) -> tuple[list[tuple[Path, int]], str]:
    """The files that hold a part's records and how many each holds, and their format; none if one is missing."""
    for names, kind in (
        (snapshot.shards(part), "jsonl"),
        (_named(snapshot, f"parquet/{part}", ".parquet"), "parquet"),
    ):
        counts = {entry.name: entry.records for entry in snapshot.manifest.files}
        files = [(snapshot.path(name), counts.get(name)) for name in names]
        found = [(path, count) for path, count in files if path is not None and count]
        if found and len(found) == len(files):
            return found, kind
    return [], ""


def _named(snapshot: Snapshot, stem: str, suffix: str) -> list[str]:
    """The listed files of a stem, numbered or not, in order."""
    names = [entry.name for entry in snapshot.manifest.files]
    return sorted(n for n in names if n == stem + suffix or (n.startswith(f"{stem}-") and n.endswith(suffix)))  # fmt: skip


def _of_part(
    snapshot: Snapshot, part: str, positions: Sequence[int]
) -> Iterator[tuple[int, Record]]:
    files, kind = shards(snapshot, part)
    read = _lines if kind == "jsonl" else _rows
    start = 0
    for path, count in files:
        here = [one - start for one in positions if start <= one < start + count]
        if here:
            found = ((start + at, one) for at, one in read(path, here))
            yield from ((at, one) for at, one in found if isinstance(one, dict))
        start += count


def _lines(path: Path, numbers: Sequence[int]) -> Iterator[tuple[int, Any]]:
    """Lines of a file of JSON Lines, their numbers rising."""
    try:
        with (
            path.open("rb") as stream,
            mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) as data,
        ):
            at = start = 0
            for number in numbers:
                while at < number and start < len(data):
                    start = _after(data, start)
                    at += 1
                yield number, _decoded(data[start : _after(data, start)])
    except (OSError, ValueError):  # an empty file has no map
        return


def _after(data: mmap.mmap, start: int) -> int:
    """Where the line that starts there ends."""
    end = data.find(b"\n", start)
    return len(data) if end < 0 else end + 1


def _decoded(line: bytes | str) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError):
        return None


def _rows(path: Path, numbers: Sequence[int]) -> Iterator[tuple[int, Any]]:
    """Rows of a Parquet file; what is JSON in it is read as such."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path, memory_map=True)
        table = file.read(
            columns=[n for n in file.schema_arrow.names if n in {"messages", "tools"}]
        )
        some = table.take(pa.array([n for n in numbers if n < table.num_rows], pa.int64()))
        rows = some.to_pylist()
    except (OSError, pa.ArrowException):
        return
    for number, row in zip(numbers, rows, strict=False):
        yield number, {name: _plain(value) for name, value in row.items() if value is not None}


def _plain(value: Any) -> Any:
    """A list whose items are JSON texts as what they say."""
    if not isinstance(value, list):
        return value
    return [_decoded(one) if isinstance(one, str) else one for one in value]


# preference pairs


def with_worse(snapshot: Snapshot, part: str, record: Record) -> Record:
    """A record with its worse answer, where its pairs are here and one of them is its own."""
    turns = record.get("messages")
    if not isinstance(turns, list) or not turns or not isinstance(turns[-1], dict):
        return record
    answer = turns[-1].get("content")
    if not isinstance(answer, str):
        return record
    needle = msgspec.json.encode(answer)
    for name in _named(snapshot, f"pairs/{part}", ".jsonl"):
        path = snapshot.path(name)
        for pair in _holding(path, needle) if path else ():
            told = turns_of(pair)
            worse = [text for role, text in told if role == "rejected"]
            if worse and [one for one in told if one[0] not in {"rejected", "tools"}] == [
                one for one in turns_of(record) if one[0] != "tools"
            ]:
                return record | {"rejected": [{"role": "assistant", "content": worse[0]}]}
    return record


def _holding(path: Path, needle: bytes) -> Iterator[Record]:
    """The first lines of a file that hold some bytes."""
    try:
        with (
            path.open("rb") as stream,
            mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) as data,
        ):
            at = 0
            for _ in range(MOST_HITS):
                hit = data.find(needle, at)
                if hit < 0:
                    return
                at = _after(data, hit)
                found = _decoded(data[data.rfind(b"\n", 0, hit) + 1 : at])
                if isinstance(found, dict):
                    yield found
    except (OSError, ValueError):
        return
