"""Rendered parts to Arrow turns, and the canonical bytes that a record's content digest covers."""

from collections.abc import Callable, Sequence
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


class _Column:
    """A run of the canonical bytes over all records: `words[codes[i]]`, or `words[i]`."""

    def __init__(self, words: list[bytes], codes: Sequence[int] | None = None) -> None:
        self.words = words
        self.codes = codes

    def all(self) -> list[bytes]:
        """The bytes of each record."""
        return self.words if self.codes is None else [self.words[code] for code in self.codes]


def content_digests(turns: Sequence[RenderedTurn], count: int) -> list[bytes]:
    """SHA-256 over the canonical JSON of each record's turns and tools.

    `{"tools":[],"turns":[{"calls":[],"role":…,"text":…,"train":…},…]}`: spans, tags and part are
    not in it. What many records begin with is encoded and hashed once.
    """
    runs: list[bytes | _Column] = [b'sftspec/content/1\0{"tools":[],"turns":[']
    for index, turn in enumerate(turns):
        runs.append((b"," if index else b"") + b'{"calls":[],"role":' + _encode(turn.role))
        runs.append(b',"text":"')
        runs.extend(_said(turn))
        runs.append(b'","train":true}' if turn.train else b'","train":false}')
    runs.append(b"]}")
    start, rest = _begun(runs)
    columns = [column.all() for column, _ in rest]
    fixed = [tail for _, tail in rest]
    out: list[bytes] = []
    for at in range(count):
        state = start(at).copy()
        for column, tail in zip(columns, fixed, strict=True):
            state.update(column[at] + tail)
        out.append(state.digest())
    return out


def _said(turn: RenderedTurn) -> list[bytes | _Column]:
    """A message inside its quotes, in runs: parts apart where each of them is always there."""
    if turn.constant is not None:
        return [_inside(turn.constant)]
    texts = [part.texts for part in turn.parts]
    if len(texts) == 1 or any("" in (one.few[0] if one.few else one.texts) for one in texts):
        few = texts[0].few if len(texts) == 1 else None
        return [_column(turn.message, few)]
    found: list[bytes | _Column] = []
    for one in texts:
        found.append(_inside(JOINT) if found else b"")
        found.append(_inside(one.constant) if one.constant else _column(one.texts, one.few))
    return found


def _inside(text: str) -> bytes:
    return _encode(text)[1:-1]


def _column(texts: list[str], few: tuple[list[str], list[int]] | None) -> _Column:
    if few is not None:
        return _Column([_inside(word) for word in few[0]], few[1])
    return _Column([_inside(text) for text in texts])


def _begun(
    runs: list[bytes | _Column],
) -> tuple[Callable[[int], Any], list[tuple[_Column, bytes]]]:
    """The hash of each record's first runs, as far as few differ; and the runs that are left."""
    rest: list[tuple[_Column, bytes]] = []
    front = b""
    for run in runs:
        if isinstance(run, _Column):
            rest.append((run, b""))
        elif rest:
            rest[-1] = (rest[-1][0], rest[-1][1] + run)
        else:
            front += run
    if rest and (codes := rest[0][0].codes) is not None:
        column, tail = rest.pop(0)
        states = [hashlib.sha256(front + word + tail) for word in column.words]
        return lambda at: states[codes[at]], rest
    state = hashlib.sha256(front)
    return lambda _: state, rest


def turns_array(turns: Sequence[RenderedTurn], count: int) -> Any:
    """The turns of all candidates as one Arrow array of `turns_type()`.

    Parts of all turns lie record by record; a part that is empty beside others is left out.
    """
    parts = [part for turn in turns for part in turn.parts]
    width = len(parts)
    kind = turns_type()
    if not count:
        return pa.array([], kind)
    keep = _kept(turns, count)
    part_type = kind.value_type.field("parts").type.value_type
    fields = {
        "kind": _tiled(["text"], count * width, pa.string()),
        "element": _tiled([part.element for part in parts], count, pa.string()),
        "text": _texts_array(parts, count),
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
    roles = _tiled([turn.role for turn in turns], count, pa.string())
    trains = _tiled([turn.train for turn in turns], count, pa.bool_())
    messages = pa.StructArray.from_arrays([roles, trains, lists], fields=list(kind.value_type))
    outer = np.arange(0, (count + 1) * depth, depth, dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(outer), messages, type=kind)


def _tiled(values: Sequence[Any], count: int, kind: Any) -> Any:
    """The values over and over, `count` times."""
    places = np.tile(np.arange(len(values), dtype=np.int32), count)
    return pa.array(values, kind).take(pa.array(places))


def _texts_array(parts: Sequence[RenderedPart], count: int) -> Any:
    """The parts' texts, record by record; one that many records share stands there once."""
    words: list[str] = []
    places = np.empty((count, len(parts)), np.int32)
    for at, part in enumerate(parts):
        texts = part.texts
        if texts.constant is not None:
            places[:, at] = len(words)
            words.append(texts.constant)
        elif texts.few is not None:
            places[:, at] = np.array(texts.few[1], np.int32) + len(words)
            words.extend(texts.few[0])
        else:
            places[:, at] = np.arange(len(words), len(words) + count, dtype=np.int32)
            words.extend(texts.texts)
    return pa.DictionaryArray.from_arrays(
        pa.array(places.reshape(-1)), pa.array(words, pa.string())
    )


def _kept(turns: Sequence[RenderedTurn], count: int) -> Any:
    """Which parts stay: all but the empty ones of turns that have several."""
    width = sum(len(turn.parts) for turn in turns)
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
