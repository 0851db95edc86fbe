"""Whether the texts of a `tokenizer.json` may be cut: a closed list of what it may say, held exactly."""

from collections.abc import Mapping
import re
from typing import Any, Literal

import msgspec
from msgspec import Struct

from sftspec.ports.borders import Borders, Spelled, Split
from sftspec.ports.crossing import WIDE, crossing_of_bytes, crossing_of_texts
from sftspec.ports.hugging_paper import SPACE, Paper, is_byte, letters
from sftspec.ports.splitters import forms


class _Strict(Struct, tag_field="type", forbid_unknown_fields=True):
    pass


class _Bytes(_Strict, tag="ByteLevel"):
    add_prefix_space: bool = True
    trim_offsets: bool = True
    use_regex: bool = True


class _Regex(Struct, forbid_unknown_fields=True):
    Regex: str | None = None
    String: str | None = None


class _Split(_Strict, tag="Split"):
    pattern: _Regex
    behavior: str
    invert: bool = False


class _Metaspace(_Strict, tag="Metaspace"):
    replacement: str
    prepend_scheme: Literal["always", "first", "never"] = "always"
    split: bool = True


class _Replace(_Strict, tag="Replace"):
    pattern: _Regex
    content: str


class _Prepend(_Strict, tag="Prepend"):
    prepend: str


class _Nfc(_Strict, tag="NFC"):
    pass


class _Model(Struct, forbid_unknown_fields=True, tag_field="type", tag="BPE"):
    vocab: dict[str, int]
    dropout: float | None = None
    unk_token: str | None = None
    continuing_subword_prefix: str | None = None
    end_of_word_suffix: str | None = None
    fuse_unk: bool = False
    byte_fallback: bool = False
    ignore_merges: bool = False


class Proof(Struct, frozen=True):
    """How a text may be cut once it is prepared.

    `form`: the splitter, none where it has none. `composed`: NFC comes first. `spaced`: spaces
    become the sign of SentencePiece. `prefix`: that sign comes before a text, `always` or `unless` it
    begins with one.
    """

    form: str = ""
    composed: bool = False
    spaced: bool = False
    prefix: Literal["", "always", "unless"] = ""


def prove(paper: Paper, controls: Mapping[str, int]) -> Proof | None:
    """What the paper proves; None where it says a word that is not on the list."""
    try:
        model = msgspec.convert({"type": "BPE", **paper.model}, _Model)
        splitters = [
            msgspec.convert(one, _Bytes | _Split | _Metaspace) for one in paper.splitters
        ]
        normalizers = [
            msgspec.convert(one, _Replace | _Prepend | _Nfc) for one in paper.normalizers
        ]
    except msgspec.ValidationError:
        return None
    if model.dropout or model.continuing_subword_prefix or model.end_of_word_suffix:
        return None
    found = _split(splitters, normalizers) or _unsplit(
        model, splitters, normalizers, falls=_falls(paper)
    )
    if found is None or not _plain(paper, controls, found):
        return None
    return found


def _split(splitters: list[Any], normalizers: list[Any]) -> Proof | None:
    """A known splitter before bytes, and NFC at most before it."""
    if normalizers not in ([], [_Nfc()]):
        return None
    form = ""
    match splitters:
        case [_Bytes(add_prefix_space=False, use_regex=True)]:
            form = "gpt2"
        case [
            _Split(_Regex(str(regex), None), "Isolated", False),
            _Bytes(add_prefix_space=False, use_regex=False),
        ]:
            form = regex
        case _:
            return None
    return Proof(form, composed=bool(normalizers)) if form in forms() else None


def _unsplit(
    model: _Model, splitters: list[Any], normalizers: list[Any], *, falls: bool
) -> Proof | None:
    """The forms of SentencePiece's byte pairs: merges over the whole text."""
    if model.ignore_merges or not falls:
        return None
    replace = _Replace(_Regex(String=" "), SPACE)
    match splitters:
        case [_Metaspace(replacement="\u2581", split=False, prepend_scheme=scheme)]:
            prefix: Literal["", "unless"] = "" if scheme == "never" else "unless"
            return None if normalizers else Proof(spaced=True, prefix=prefix)
        case [] | [_Split(_Regex(None, " "), "MergedWithPrevious", False)]:
            if normalizers == [replace]:
                return Proof(spaced=True)
            if normalizers == [_Prepend(SPACE), replace]:
                return Proof(spaced=True, prefix="always")
        case _:
            pass
    return None


def _falls(paper: Paper) -> bool:
    """Whether every character has tokens, if need be of bytes, and no byte is ever merged."""
    merges = bytes(paper.merges)
    if rb"\u" in merges:  # signs may be written otherwise in JSON
        merges = repr(msgspec.json.decode(merges)).encode()
    return (
        paper.model.get("byte_fallback") is True
        and all(f"<0x{byte:02X}>" in paper.vocab for byte in range(256))
        and _BYTE.search(merges) is None
    )


_BYTE = re.compile(rb"<0x[0-9A-F][0-9A-F]>")


def _plain(paper: Paper, controls: Mapping[str, int], proof: Proof) -> bool:
    """Whether added tokens that are text match by their letters alone, wherever they stand."""
    texts = [one for one in paper.added if one.content not in controls]
    flags = {one.normalized for one in texts}
    return not texts or not (
        any(one.single_word or one.lstrip or one.rstrip or not one.content for one in texts)
        or len(flags) > 1
        or (True in flags and bool(paper.normalizers))
        or proof.prefix
    )


def borders_of(paper: Paper, proof: Proof, controls: Mapping[str, int], model: Any) -> Borders:
    """Where texts may be cut. `model`: the library's."""
    tokens = [token for token in paper.vocab if token not in controls]
    if not proof.form:
        return Spelled(crossing_of_texts([one for one in tokens if not is_byte(one)]))
    if not all(letter in paper.vocab for letter in letters()):
        return Split(proof.form, None)  # what has no token is dropped, and its neighbours meet
    said = {token: paper.shown[token] for token in tokens}
    kept = _unmerged(paper, said, model) if paper.model.get("ignore_merges") else set()
    return Split(proof.form, crossing_of_bytes(said.values()), kept)


def _unmerged(paper: Paper, said: Mapping[str, bytes], model: Any) -> set[int]:
    """Characters at the ends of tokens that only a whole match of the splitter becomes.

    Merges do not make these tokens, so no part of a match may look like one.
    """
    model.ignore_merges = False
    try:
        found = [
            one.decode() for token, one in said.items()
            if _wide(one) and [part.id for part in model.tokenize(token)] != [paper.vocab[token]]
        ]  # fmt: skip
    finally:
        model.ignore_merges = True
    return {ord(end) for one in found for end in (one[0], one[-1])}


def _wide(token: bytes) -> bool:
    """Whether a token is text with a character that texts are cut beside."""
    if token.isascii():
        return False
    try:
        return max(token.decode()) >= chr(WIDE)
    except UnicodeDecodeError:
        return False
