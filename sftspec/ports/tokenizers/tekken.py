"""Mistral's tekken (`tekken.json`): ranks of bytes for the library tiktoken, special tokens before them.

The library is told of no special token, so text never becomes one.
"""

import binascii
from collections.abc import Iterator, Sequence
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.ports.spelling import Spelling
from sftspec.ports.token_faults import file_in, missing_control, missing_library, unreadable

EARLY = (
    *("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"),
    *("[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]"),
    *("[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
    *("[TOOL_CONTENT]",),
)
"""The special tokens of files that do not list them: those up to v7."""


PROBE = "Ab 1,\n\u00e9\U0001f642  "


class Token(Struct):
    """A token by its bytes, in base64; its rank is its place."""

    rank: int
    token_bytes: str


class Special(Struct):
    """A special token; its rank is its id."""

    rank: int
    token_str: str


class Config(Struct):
    """`default_vocab_size`: ids, special ones among them."""

    pattern: str
    default_vocab_size: int
    default_num_special_tokens: int


class Model(Struct):
    """What of a file is of use here."""

    config: Config
    vocab: list[Token]
    special_tokens: list[Special] | None = None


class Tekken:
    """A tokenizer of bytes: what it encodes it spells again, each text."""

    libraries = ("tiktoken",)
    begin = "<s>"
    end = "</s>"

    def __init__(self, encoding: Any, said: list[bytes], controls: dict[str, int]) -> None:
        self._encode = encoding.encode_ordinary
        self._spelling = Spelling(said, None, prefixed=False)
        self._shift = len(controls)
        self.controls = controls
        self.size = len(said)

    def encode(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """Each text by itself: ids one behind the other (int32), and where each begins (int64, n + 1)."""
        import numpy as np

        rows = list(self._rows(texts))
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=offsets[1:])
        ids = np.fromiter(chain.from_iterable(rows), np.int32, int(offsets[-1]))
        return ids + np.int32(self._shift), offsets

    def _rows(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """The ranks of each text. None of one that the library breaks down at, so that its proof fails."""
        for text in texts:
            try:
                yield self._encode(text)
            except BaseException as error:
                # a million blanks on end are too many for its patterns; it has a base of its own
                if type(error).__name__ != "PanicException":
                    raise
                yield []

    def spell(self, ids: Any, offsets: Any) -> list[bytes]:
        """The bytes that each run of ids stands for, control tokens by their spelling."""
        return self._spelling.spell(ids, offsets)

    def normal(self, texts: Sequence[str]) -> list[bytes]:
        """The bytes that a text's ids stand for: its own."""
        return [text.encode() for text in texts]


def load(path: Path, controls: tuple[str, ...]) -> Tekken:
    """The tokenizer of a file, or of a folder. Raises Fault."""
    try:
        import tiktoken  # noqa: F401 - is it there?
    except ImportError:
        raise missing_library("tiktoken") from None
    file = file_in(path, "tekken.json", "tekken*.json", "tekken")
    try:
        found = _tekken(msgspec.json.decode(file.read_bytes(), type=Model), file.stem)
    except (OSError, RecursionError, ValueError) as error:
        raise unreadable("tekken", error, file) from None
    for name in (*controls, Tekken.begin, Tekken.end):
        if name not in found.controls:
            raise missing_control(name, path)
    return found


def _tekken(model: Model, name: str) -> Tekken:
    """The tokenizer of a model. Raises ValueError."""
    from tiktoken import Encoding

    ranks, special = _ranks(model), _special(model)
    pattern = model.config.pattern
    encoding = Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    found = Tekken(encoding, [*map(str.encode, special), *ranks], special)
    if found.spell(*found.encode([PROBE])) != [PROBE.encode()]:
        raise ValueError("its pattern loses text")
    return found


def _special(model: Model) -> dict[str, int]:
    """The special tokens by their ids: those of the file, and fillers. Raises ValueError."""
    count = model.config.default_num_special_tokens
    listed = model.special_tokens
    found = (
        {name: at for at, name in enumerate(EARLY)}
        if listed is None
        else {one.token_str: one.rank for one in listed}
    )
    found |= {f"<SPECIAL_{at}>": at for at in range(len(found), count)}
    if sorted(found.values()) != list(range(count)):
        raise ValueError(f"its special tokens are not numbered from 0 to {count - 1}")
    return dict(sorted(found.items(), key=itemgetter(1)))


def _ranks(model: Model) -> dict[bytes, int]:
    """Bytes and their ranks, in order. Raises ValueError."""
    count = model.config.default_vocab_size - model.config.default_num_special_tokens
    vocab = model.vocab[:count]
    found = {binascii.a2b_base64(one.token_bytes): one.rank for one in vocab}
    if len(vocab) != count or list(found.values()) != list(range(count)):
        raise ValueError(f"its tokens are not numbered from 0 to {count - 1}")
    if list(found)[:256] != [bytes([one]) for one in range(256)]:
        raise ValueError("its first tokens are not the bytes")
    return found
