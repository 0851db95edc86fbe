"""Conversations that differ from row to row as Arrow turns, and their content digests."""

from collections.abc import Sequence
import hashlib
from itertools import accumulate
from typing import Any

import msgspec
import pyarrow as pa

from sftspec.ground.record import turns_type
from sftspec.ports.dialogue import Said

_encode = msgspec.json.encode


def calls_text(said: Said, ids: dict[str, str] | None = None) -> str:
    """A turn's calls as JSON: id, name and arguments; `ids` writes them otherwise."""
    words = []
    for call in said.calls:
        number = call.id or ""
        number = ids.setdefault(number, str(len(ids) + 1)) if ids is not None else number
        words.append(
            f'{{"id":{_encode(number).decode()},"name":{_encode(call.name).decode()},'
            f'"arguments":{call.arguments}}}'
        )
    return f"[{','.join(words)}]"


def talk_digests(
    talks: Sequence[Sequence[Said]], tools: Sequence[str | None], worse: Sequence[str | None]
) -> list[bytes]:
    """SHA-256 over each record's turns, tools and rejected answer, as `turns.content_digests` has it.

    Ids of calls count by their order alone: other ids do not make another conversation.
    """
    found = []
    for talk, kit, rejected in zip(talks, tools, worse, strict=True):
        state = hashlib.sha256(b"sftspec/content/1\0{")
        if rejected is not None:
            state.update(b'"rejected":' + _encode(rejected) + b",")
        state.update(f'"tools":{kit or "[]"},"turns":['.encode())
        ids: dict[str, str] = {}
        state.update(b",".join([_turn_bytes(said, ids) for said in talk]))
        state.update(b"]}")
        found.append(state.digest())
    return found


def _turn_bytes(said: Said, ids: dict[str, str]) -> bytes:
    front = b'{"calls":' + (calls_text(said, ids).encode() if said.calls else b"[]")
    if said.role == "tool":
        number = ids.get(said.call_id or "", "")
        front = b'{"call_id":' + _encode(number) + b"," + front[1:]
        front += b',"name":' + _encode(said.name)
    return b"".join(
        [front, b',"role":', _encode(said.role), b',"text":', _encode(said.text),
         b',"train":true}' if said.train else b',"train":false}']
    )  # fmt: skip


def talks_array(talks: Sequence[Sequence[Said]]) -> Any:
    """The turns of all records as one Arrow array of `turns_type(calls=True)`."""
    kind = turns_type(calls=True)
    flat = [said for talk in talks for said in talk]
    parts = [_kept(said) for said in flat]
    spoken = [part for some in parts for part in some]
    part_type = kind.value_type.field("parts").type
    whole = pa.StructArray.from_arrays(
        [
            pa.array(["text"] * len(spoken), pa.string()),
            pa.array([element for element, _, _ in spoken], pa.string()),
            pa.array([text for _, text, _ in spoken], pa.string()).dictionary_encode(),
            pa.array(
                [spans for _, _, spans in spoken],
                part_type.value_type.field("data_spans").type,
            ),
        ],
        fields=list(part_type.value_type),
    )
    lists = pa.ListArray.from_arrays(_offsets(parts), whole, type=part_type)
    columns = {
        "role": pa.array([said.role for said in flat], pa.string()),
        "train": pa.array([said.train for said in flat], pa.bool_()),
        "parts": lists,
        "name": pa.array([said.name for said in flat], pa.string()),
        "call_id": pa.array([said.call_id for said in flat], pa.string()),
        "calls": pa.array([calls_text(said) if said.calls else None for said in flat], pa.string()),
    }  # fmt: skip
    messages = pa.StructArray.from_arrays(
        [columns[field.name] for field in kind.value_type], fields=list(kind.value_type)
    )
    return pa.ListArray.from_arrays(_offsets(talks), messages, type=kind)


def _kept(said: Said) -> list[tuple[str | None, str, list[int]]]:
    """A turn's parts, the empty ones left out where there are others; none where it says nothing."""
    parts = said.parts or [(None, said.text, [])]
    kept = [part for part in parts if part[1]]
    if kept or said.calls:
        return kept
    return parts[:1]


def _offsets(lists: Sequence[Sequence[Any]]) -> Any:
    return pa.array([0, *accumulate(len(one) for one in lists)], pa.int32())
