"""Chat Parquet: `messages` and, where some template has tools, `tools`; as the JSON Lines say it.

Without tools a message is a struct of role and content. With them messages and tools are lists of
JSON values (Parquet's JSON type): a struct column would pad each message with the others' keys and
give every argument the same type.
"""

from typing import Any

import msgspec

from sftspec.ports.chat import Talk, has_calls, tools_of, turn_texts

FOLDER = "parquet"
SUFFIX = "parquet"
ALWAYS_NUMBERED = True
LEVEL = 3
ROW_GROUP = 10_000
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode


def table(some: Any, *, calls: bool) -> Any:
    """Records as rows. `some`: turns, maybe tools; `calls`: whether the dataset knows tools."""
    import pyarrow as pa

    turns = some["turns"].combine_chunks()
    if not calls:
        return pa.table({"messages": _plain(turns)})
    kind = pa.list_(pa.field("element", pa.json_()))
    records = Talk(turns, "hf").records() if has_calls(some) else _spelled(turns)
    kits = [
        None if kit is None else [bytes(one).decode() for one in _items(kit.encode())]
        for kit in tools_of(some)
    ]
    texts = pa.list_(pa.string())
    return pa.table(
        {
            "messages": pa.array(records, texts).cast(kind),
            "tools": pa.array(kits, texts).cast(kind),
        }
    )


def _plain(turns: Any) -> Any:
    """Messages of two keys, their texts still coded."""
    import pyarrow as pa

    messages = turns.flatten()
    texts = pa.array(turn_texts(messages.field("parts")), pa.string())
    said = pa.StructArray.from_arrays(
        [messages.field("role"), texts], names=["role", "content"]
    )
    offsets = turns.offsets
    base = offsets[0].as_py() if len(offsets) else 0
    if base:
        offsets = pa.compute.subtract(offsets, base)
    return pa.ListArray.from_arrays(offsets, said)


def _spelled(turns: Any) -> list[list[str]]:
    """Messages of two keys as JSON."""
    messages = turns.flatten()
    said = [
        f'{{"role":"{role}","content":{msgspec.json.encode(text).decode()}}}'
        for role, text in zip(
            messages.field("role").to_pylist(), turn_texts(messages.field("parts")), strict=True
        )
    ]
    out: list[list[str]] = []
    at = 0
    for depth in turns.value_lengths().to_pylist():
        out.append(said[at : at + depth])
        at += depth
    return out


def write(rows: Any) -> Any:
    """The file's bytes; the same for equal rows and an equal pyarrow."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(
        rows, sink, compression="zstd", compression_level=LEVEL, row_group_size=ROW_GROUP,
        use_dictionary=False, write_statistics=False, store_schema=True,
    )  # fmt: skip
    return sink.getvalue()
