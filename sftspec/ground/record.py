"""The record: one conversation with its lineage, and the Arrow schemas of a batch of them.

`data_spans` are the byte ranges of a part's text that came from data, as start, end, start,
end …, so that a later tokenizer can treat data as data.
"""

from typing import Any

from msgspec import Struct


class Part(Struct, frozen=True, omit_defaults=True):
    """A piece of a turn; `element` is instruction, context or none."""

    text: str
    kind: str = "text"
    element: str | None = None
    data_spans: tuple[int, ...] = ()


class Turn(Struct, frozen=True, omit_defaults=True):
    """One message. `train` says whether it carries loss."""

    role: str
    parts: tuple[Part, ...]
    train: bool = False
    name: str | None = None
    call_id: str | None = None
    calls: tuple[Any, ...] = ()


ROLES = ("system", "user", "assistant", "tool")
JOINT = "\n\n"


def turns_type(*, calls: bool = False) -> Any:
    """The Arrow type of a record's turns; with `calls`, of those that may call tools.

    `calls` holds a turn's calls as JSON text: `[{"id":…,"name":…,"arguments":{…}},…]`.
    """
    import pyarrow as pa

    part = pa.struct(
        [
            pa.field("kind", pa.string(), nullable=False),
            pa.field("element", pa.string()),
            pa.field("text", pa.dictionary(pa.int32(), pa.string()), nullable=False),
            pa.field(
                "data_spans",
                pa.list_(pa.field("item", pa.int32(), nullable=False)),
                nullable=False,
            ),
        ]
    )
    fields = [
        pa.field("role", pa.string(), nullable=False),
        pa.field("train", pa.bool_(), nullable=False),
        pa.field("parts", pa.list_(pa.field("item", part, nullable=False)), nullable=False),
    ]
    if calls:
        fields += [pa.field(name, pa.string()) for name in ("name", "call_id", "calls")]
    return pa.list_(pa.field("item", pa.struct(fields), nullable=False))


def message_text(parts: list[str]) -> str:
    """What a turn says: its parts that are not empty, with an empty line between."""
    return JOINT.join(part for part in parts if part)
