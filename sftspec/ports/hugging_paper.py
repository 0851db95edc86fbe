"""What a `tokenizer.json` says: its tokens, and the paper of a tokenizer that only knows text.

Control tokens are not taken out but renamed to what no text spells, in the vocabulary too, so that
every id stays: `<s>` in a text is then three signs, also where pieces of SentencePiece have it.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from itertools import chain
import re
from typing import Any

import msgspec
from msgspec import Struct

VEIL = "\ufdd0"
"""A code point that is for ever no character."""
SPACE = "\u2581"
LOST = b"\xff"
"""What an unknown token spells: no text does."""
_KEEPING = {"ByteLevel", "Metaspace", "Digits", "Punctuation", "UnicodeScripts", "Split"}


class Added(Struct):
    """An entry of `added_tokens`."""

    id: int
    content: str
    single_word: bool = False
    lstrip: bool = False
    rstrip: bool = False
    normalized: bool = True
    special: bool = False


class LossyError(ValueError):
    """Ids of this tokenizer do not stand for the bytes of a text."""


class Paper:
    """A `tokenizer.json`. Raises ValueError where it is none, LossyError where its ids lose text."""

    def __init__(self, data: bytes) -> None:
        raw = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        model = msgspec.json.decode(raw.pop("model", b""), type=dict[str, msgspec.Raw])
        # of hundreds of thousands of merges nothing is made where they can stay as they are
        self.merges = model.pop("merges", msgspec.Raw(b"[]"))
        self.raw = {name: msgspec.json.decode(one) for name, one in raw.items()}
        self.model = {name: msgspec.json.decode(one) for name, one in model.items()}
        self.added = msgspec.convert(self.raw.get("added_tokens") or [], list[Added])
        self.splitters = list(_parts(self.raw.get("pre_tokenizer"), "pretokenizers"))
        self.normalizers = list(_parts(self.raw.get("normalizer"), "normalizers"))
        self.kind: str = self.model.get("type") or ("BPE" if len(self.merges) > 2 else "")
        self._check()
        self.vocab = self._vocab()
        self.size = 1 + max(chain(self.vocab.values(), (one.id for one in self.added)))

    def _check(self) -> None:
        if self.kind not in {"BPE", "Unigram"}:
            raise LossyError(f"a model of type {self.kind or 'unknown'} does not keep blanks")
        for name in ("continuing_subword_prefix", "end_of_word_suffix"):
            if self.model.get(name):
                raise LossyError(f"its tokens have a `{name}`, which no text has")
        for one in self.splitters:
            if one.get("type") not in _KEEPING or one.get("behavior") == "Removed":
                raise LossyError(f"its pre-tokenizer {one.get('type')} drops what it splits at")
        if self.model.get("dropout"):
            raise ValueError("`dropout` makes ids differ from run to run; set it to null")

    def _vocab(self) -> dict[str, int]:
        vocab = self.model.get("vocab")
        if self.kind == "BPE":
            return msgspec.convert(vocab, dict[str, int])
        pieces = msgspec.convert(vocab, list[tuple[str, float]])
        return {piece: at for at, (piece, _) in enumerate(pieces)}

    @property
    def of_bytes(self) -> bool:
        """Whether its tokens are bytes, in the letters of GPT-2."""
        return any(one["type"] == "ByteLevel" for one in self.splitters)

    @cached_property
    def spaced(self) -> bool:
        """Whether the sign of SentencePiece stands for a space."""
        replaces = [one for one in self.normalizers if one.get("type") == "Replace"]
        return any(one["type"] == "Metaspace" for one in self.splitters) or any(
            one.get("content") == SPACE for one in replaces
        )

    @property
    def unknown(self) -> int | None:
        """The id of what the vocabulary has no token for."""
        if self.kind == "Unigram":
            found = self.model.get("unk_id")
            return found if isinstance(found, int) else None
        name = self.model.get("unk_token")
        return self.vocab.get(name) if isinstance(name, str) else None

    @cached_property
    def shown(self) -> dict[str, bytes]:
        """The bytes of each token, where tokens are in GPT-2's letters."""
        return {token: bytes_of(token) for token in self.vocab}

    def tokens(self) -> list[bytes]:
        """What each id spells."""
        found = [b""] * self.size
        falls, of_bytes = bool(self.model.get("byte_fallback")), self.of_bytes
        for token, number in self.vocab.items():
            found[number] = self.shown[token] if of_bytes else self._plain(token, falls=falls)
        for one in self.added:
            found[one.id] = self._plain(one.content, falls=False)
        if self.unknown is not None:
            found[self.unknown] = LOST
        return found

    def _plain(self, token: str, *, falls: bool) -> bytes:
        if falls and is_byte(token):
            return bytes([int(token[3:5], 16)])
        return token.replace(SPACE, " ").encode() if self.spaced else token.encode()

    def controls(self, named: Iterable[str]) -> dict[str, int]:
        """Its special tokens and those of these names, which it need not have."""
        wanted = set(named)
        return {
            one.content: one.id for one in self.added if one.special or one.content in wanted
        }

    def veiled(self, controls: Mapping[str, int], times: int) -> bytes:
        """The paper of the tokenizer of text; `times`: what stands in the name of a control token."""
        names = {name: veil(number, times) for name, number in controls.items()}
        model = dict(self.model)
        if self.kind == "BPE":
            model["vocab"] = {names.get(token, token): at for token, at in self.vocab.items()}
            model["merges"] = self.merges
            if any(name in self.vocab for name in names):
                model["merges"] = list(self._merges(names))
            unknown = str(model.get("unk_token"))
            if unknown in names and model["unk_token"] is not None:
                model["unk_token"] = names[unknown]
        else:
            model["vocab"] = [
                (names.get(piece, piece), score) for piece, score in self.model["vocab"]
            ]
        added = [
            msgspec.structs.replace(one, content=names[one.content], special=False, **_PLAIN)
            if one.content in names else one for one in self.added
        ]  # fmt: skip
        off: dict[str, Any] = dict.fromkeys(
            ("truncation", "padding", "post_processor", "decoder")
        )
        return msgspec.json.encode(self.raw | off | {"model": model, "added_tokens": added})

    def _merges(self, names: Mapping[str, str]) -> Iterator[Any]:
        """The merges that have nothing to do with control tokens."""
        merges = msgspec.json.decode(self.merges, type=list[Any])
        for merge in merges:
            left, right = merge.split(" ") if isinstance(merge, str) else merge
            if left not in names and right not in names and left + right not in names:
                yield merge


_PLAIN = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}


def _parts(one: Any, key: str) -> Iterator[dict[str, Any]]:
    """The members of a sequence of normalisers or of pre-tokenizers, however deep."""
    if one is None:
        return
    found = msgspec.convert(one, dict[str, Any])
    if found.get("type") == "Sequence":
        for part in msgspec.convert(found.get(key), list[Any]):
            yield from _parts(part, key)
    else:
        yield found


def finder(names: Iterable[str]) -> re.Pattern[str] | None:
    """Finds the longest of these names, wherever one begins."""
    found = [re.escape(name) for name in sorted(names, key=len, reverse=True)]
    return re.compile(f"({'|'.join(found)})") if found else None


def veil(number: int, times: int) -> str:
    """The name of a control token that no text spells which has fewer veils on end."""
    return f"{VEIL * times}{number}{VEIL}"


def is_byte(token: str) -> bool:
    """Whether a token is a byte as SentencePiece spells it."""
    return (
        len(token) == 6 and token.startswith("<0x") and token.endswith(">") and _hex(token[3:5])
    )


def _hex(digits: str) -> bool:
    return all(one in "0123456789ABCDEF" for one in digits)


@cache
def letters() -> list[str]:
    """The letter that stands for each byte in the vocabularies of GPT-2's kind."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    found = dict(zip(shown, map(chr, shown), strict=True))
    found |= {byte: chr(0x100 + at) for at, byte in enumerate(hidden)}
    return [found[byte] for byte in range(256)]


@cache
def _back() -> dict[int, int]:
    return {ord(letter): byte for byte, letter in enumerate(letters())}


def bytes_of(token: str) -> bytes:
    """The bytes of a token that is in GPT-2's letters; of any other its own."""
    if _SHOWN.fullmatch(token) is None:
        return token.encode()
    return token.translate(_back()).encode("latin-1")


_SHOWN = re.compile("[!-~\u00a1-\u00ac\u00ae-\u0143]*")
