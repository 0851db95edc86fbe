"""Chat JSON Lines: `{"messages":[{"role":…,"content":…},…]}`, one record a line, LF, UTF-8."""

from typing import Any

import msgspec

from sftspec.ground.record import message_text

SUFFIX = "jsonl"


def write(turns: Any) -> bytes:
    """The file's bytes. `turns`: an Arrow array of `ground.record.turns_type()`."""
    messages = turns.flatten()
    roles = messages.field("role").to_pylist()
    lists = messages.field("parts")
    texts = lists.flatten().field("text").to_pylist()
    sizes = lists.value_lengths().to_pylist()
    contents: list[str] = []
    at = 0
    for size in sizes:
        contents.append(texts[at] if size == 1 else message_text(texts[at : at + size]))
        at += size
    encode = msgspec.json.encode
    out = bytearray()
    at = 0
    for depth in turns.value_lengths().to_pylist():
        row = [
            {"role": role, "content": text}
            for role, text in zip(
                roles[at : at + depth], contents[at : at + depth], strict=True
            )
        ]
        at += depth
        out += encode({"messages": row})
        out += b"\n"
    return bytes(out)
