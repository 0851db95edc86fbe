"""SentencePiece's models (`tokenizer.model`), by the library sentencepiece.

Text never becomes a control piece. What a template names as a control token and the model has as a
piece of another kind is made a control piece as the model is read, so text that spells it becomes
other pieces; ids stay.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from sftspec.ground.report import Fault
from sftspec.ports.spelling import Spelling
from sftspec.ports.token_faults import file_in, missing_control, missing_library, unreadable

SPACE = "\u2581"
LOST = b"\xff"
"""What an unknown piece spells: no text does."""

# the wire form of a model: its pieces are field 1, of a piece its text is field 1 and its kind field 3
_PIECE = _TEXT = 1
_KIND = 3
_CONTROL = b"\x18\x03"


class SentencePiece:
    """A model. The blank that it puts before a text is none of the text's bytes."""

    libraries = ("sentencepiece",)

    def __init__(self, model: Any, named: Sequence[str]) -> None:
        import numpy as np

        self._model = model
        self.size: int = model.vocab_size()
        every = range(self.size)
        self.controls = {model.id_to_piece(at): at for at in every if model.is_control(at)}
        self.begin = self._name(model.bos_id())
        self.end = self._name(model.eos_id())
        self._prefix = model.normalize("a")[:-1] in {SPACE, " "}
        self._control = np.zeros(self.size, bool)
        self._control[list(self.controls.values())] = True
        said = [self._bytes(at) for at in every]
        self._spelling = Spelling(said, self._control, prefixed=self._prefix)
        self._check(named)

    def _name(self, at: int) -> str | None:
        return str(self._model.id_to_piece(at)) if at >= 0 else None

    def _bytes(self, at: int) -> bytes:
        """What a piece spells."""
        piece = str(self._model.id_to_piece(at))
        if self._control[at]:
            return piece.encode()
        if self._model.is_byte(at):
            return bytes([int(piece[3:5], 16)])
        return LOST if self._model.is_unknown(at) else piece.replace(SPACE, " ").encode()

    def _check(self, named: Sequence[str]) -> None:
        for name in named:
            if name not in self.controls:
                raise missing_control(name)
        ids, _ = self.encode(list(self.controls))
        for at in ids[self._control[ids]].tolist():
            name = self._model.id_to_piece(at)
            raise Fault("tokenizer-unreadable", f"it makes the control token `{name}` of text")

    def encode(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """Each text by itself: ids one behind the other (int32), and where each begins (int64, n + 1)."""
        import numpy as np

        rows = self._model.encode(list(texts), out_type=int, num_threads=1) if texts else []
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=offsets[1:])
        return np.fromiter(chain.from_iterable(rows), np.int32, int(offsets[-1])), offsets

    def spell(self, ids: Any, offsets: Any) -> list[bytes]:
        """The bytes that each run of ids stands for, control tokens by their spelling."""
        return self._spelling.spell(ids, offsets)

    def normal(self, texts: Sequence[str]) -> list[bytes]:
        """The bytes that a text's ids stand for: what the model's normaliser makes of it."""
        found = []
        for text in self._model.normalize(list(texts)):
            cut = self._prefix and text[:1] in {SPACE, " "}
            found.append(text[cut:].replace(SPACE, " ").encode())
        return found


def load(path: Path, controls: tuple[str, ...]) -> SentencePiece:
    """The model of a file, or of a folder. Raises Fault."""
    try:
        from sentencepiece import SentencePieceProcessor
    except ImportError:
        raise missing_library("sentencepiece") from None
    file = file_in(path, "tokenizer.model", "*.model", "model")
    try:
        data = file.read_bytes()
        model = SentencePieceProcessor(model_proto=data or b"\0")
        others = {name for name in controls if not model.is_control(model.piece_to_id(name))}
        if others:
            model = SentencePieceProcessor(model_proto=_with_controls(data, others))
        return SentencePiece(model, controls)
    except Fault as fault:
        raise Fault(fault.slug, fault.message, path=str(path), hint=fault.hint) from None
    except (OSError, RuntimeError, ValueError) as error:
        raise unreadable("model of SentencePiece", error, file) from None


def _with_controls(data: bytes, names: set[str]) -> bytes:
    """A model in which pieces of these names are control pieces. The unknown piece stays what it is."""
    out = bytearray()
    for field, start, body, end in _fields(data):
        piece = data[body:end]
        if field != _PIECE or not _named(piece, names):
            out += data[start:end]
            continue
        kept = [piece[a:c] for field, a, _, c in _fields(piece) if field != _KIND]
        piece = b"".join([*kept, _CONTROL])
        out += b"\x0a" + _varint(len(piece)) + piece
    return bytes(out)


def _named(piece: bytes, names: set[str]) -> bool:
    found = {field: (body, end) for field, _, body, end in _fields(piece)}
    text = piece[slice(*found[_TEXT])].decode() if _TEXT in found else ""
    kind = piece[slice(*found[_KIND])] if _KIND in found else b"\x01"
    return text in names and kind != b"\x02"


def _fields(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """The fields of a message: number, and where the field, its value and the next one begin."""
    at = 0
    while at < len(data):
        key, body = _number(data, at)
        match key & 7:
            case 0:
                _, end = _number(data, body)
            case 1:
                end = body + 8
            case 2:
                size, body = _number(data, body)
                end = body + size
            case 5:
                end = body + 4
            case kind:
                raise ValueError(f"a field of kind {kind}")
        yield key >> 3, at, body, end
        at = end


def _number(data: bytes, at: int) -> tuple[int, int]:
    """The varint at a place, and the place behind it."""
    value = shift = 0
    while data[at] & 0x80:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return value | data[at] << shift, at + 1


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
