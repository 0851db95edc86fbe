"""Rendered parts to Arrow turns, and the canonical bytes that a record's content digest covers."""

from collections.abc import Sequence
import hashlib
from typing import Any

import msgspec
from msgspec import Struct
import numpy as np
import pyarrow as pa

from sftspec.ground.record import JOINT, turns_type
from sftspec.stages.bodies import Texts

_encode = msgspec.json.encode


class RenderedPart(Struct):
    """A part of a turn over all candidates."""

    element: str | None
    texts: Texts


class RenderedTurn(Struct):
    """A turn over all candidates; `message` is what each says as a whole."""

    role: str
    train: bool
    parts: list[RenderedPart]
    message: list[str]
    constant: str | None = None


def message_of(parts: Sequence[RenderedPart]) -> tuple[list[str], str | None]:
    """A turn's whole text per candidate, empty parts left out; and the text where all are equal."""
    if len(parts) == 1:
        return parts[0].texts.texts, parts[0].texts.constant
    columns = [part.texts.texts for part in parts]
    if len(columns) == 2:
        pairs = zip(*columns, strict=True)
        return [a + JOINT + b if a and b else a or b for a, b in pairs], None
    rows = zip(*columns, strict=True)
    return [JOINT.join(text for text in row if text) for row in rows], None


def content_digests(turns: Sequence[RenderedTurn], count: int) -> list[bytes]:
    """SHA-256 over the canonical JSON of each record's turns and tools.

    `{"tools":[],"turns":[{"calls":[],"role":…,"text":…,"train":…},…]}`: spans, tags and part are
    not in it. Turns that are the same in all records are encoded and hashed once.
    """
    pieces: list[Any] = []
    constant = b'sftspec/content/1\0{"tools":[],"turns":['
    for index, turn in enumerate(turns):
        constant += b"," if index else b""
        constant += b'{"calls":[],"role":' + _encode(turn.role) + b',"text":'
        if turn.constant is not None:
            constant += _encode(turn.constant)
        else:
            pieces.extend((constant, turn.message))
            constant = b""
        constant += b',"train":true}' if turn.train else b',"train":false}'
    tail = constant + b"]}"
    if not pieces:
        return [hashlib.sha256(tail).digest()] * count
    start = hashlib.sha256(pieces[0])
    out: list[bytes] = []
    rest = pieces[1:]
    for row in zip(*rest[::2], strict=True):
        state = start.copy()
        for place, text in enumerate(row):
            state.update(_encode(text))
            state.update(rest[2 * place + 1] if 2 * place + 1 < len(rest) else tail)
        out.append(state.digest())
    return out


def turns_array(turns: Sequence[RenderedTurn], count: int) -> Any:
    """The turns of all candidates as one Arrow array of `turns_type()`.

    Parts of all turns lie record by record; a part that is empty beside others is left out.
    """
    parts = [part for turn in turns for part in turn.parts]
    width = len(parts)
    kind = turns_type()
    if not count:
        return pa.array([], kind)
    texts: list[str | None] = [None] * (count * width)
    for place, part in enumerate(parts):
        texts[place::width] = part.texts.texts
    keep = _kept(turns, texts, count)
    part_type = kind.value_type.field("parts").type.value_type
    fields = {
        "kind": pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(count * width, np.int8)), pa.array(["text"])
        ).cast(pa.string()),
        "element": pa.array([part.element for part in parts] * count, pa.string()),
        "text": pa.array(texts, pa.string()),
        "data_spans": _spans_array(parts, count),
    }
    whole = pa.StructArray.from_arrays(
        [fields[field.name] for field in part_type], fields=list(part_type)
    )
    if not keep.all():
        whole = whole.filter(pa.array(keep.reshape(-1)))
    sizes = _turn_sizes(turns, keep)
    offsets = np.concatenate([[0], np.cumsum(sizes.reshape(-1))]).astype(np.int32)
    lists = pa.ListArray.from_arrays(
        pa.array(offsets), whole, type=kind.value_type.field("parts").type
    )
    depth = len(turns)
    roles = pa.array([turn.role for turn in turns] * count, pa.string())
    trains = pa.array([turn.train for turn in turns] * count, pa.bool_())
    messages = pa.StructArray.from_arrays([roles, trains, lists], fields=list(kind.value_type))
    outer = np.arange(0, (count + 1) * depth, depth, dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(outer), messages, type=kind)


def _kept(turns: Sequence[RenderedTurn], texts: list[Any], count: int) -> Any:
    """Which parts stay: all but the empty ones of turns that have several."""
    width = len(texts) // count
    keep = np.ones((count, width), bool)
    place = 0
    for turn in turns:
        if len(turn.parts) > 1:
            for part in turn.parts:
                keep[:, place] = [bool(text) for text in part.texts.texts]
                place += 1
        else:
            place += 1
    return keep


def _turn_sizes(turns: Sequence[RenderedTurn], keep: Any) -> Any:
    """Parts per turn and record: an array of records x turns."""
    sizes = []
    place = 0
    for turn in turns:
        sizes.append(keep[:, place : place + len(turn.parts)].sum(axis=1))
        place += len(turn.parts)
    return np.stack(sizes, axis=1)


def _spans_array(parts: Sequence[RenderedPart], count: int) -> Any:
    """All parts' data spans, record by record, as a list array."""
    kind = turns_type().value_type.field("parts").type.value_type.field("data_spans").type
    if all(isinstance(part.texts.spans, np.ndarray) for part in parts):
        widths = np.array([part.texts.spans.shape[1] for part in parts], np.int32)
        values = np.concatenate([part.texts.spans for part in parts], axis=1).reshape(-1)
        offsets = np.concatenate([[0], np.cumsum(np.tile(widths, count))]).astype(np.int32)
        return pa.ListArray.from_arrays(
            pa.array(offsets), pa.array(values, pa.int32()), type=kind
        )
    rows: list[Any] = [None] * (count * len(parts))
    for place, part in enumerate(parts):
        spans = part.texts.spans
        rows[place :: len(parts)] = spans.tolist() if isinstance(spans, np.ndarray) else spans
    return pa.array(rows, kind)
