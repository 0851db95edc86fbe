"""The fast way to the ids of a `tokenizer.json`, where its paper proves that it leads to the library's."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
import re
from typing import Any

from sftspec.ports.borders import Borders
from sftspec.ports.composed import Composed
from sftspec.ports.hugging_paper import SPACE, Paper, finder, letters
from sftspec.ports.hugging_proof import Proof, borders_of, prove
from sftspec.ports.words import Words

_JOINED = 64  # pieces that the model gets at once
Encode = Callable[[Sequence[str]], tuple[Any, Any]]


def encoder(paper: Paper, controls: Mapping[str, int], library: Any) -> Encode | None:
    """Encodes texts; None where nothing is proven. `library`: the library's tokenizer of text."""
    proof = prove(paper, controls)
    if proof is None:
        return None
    borders = borders_of(paper, proof, controls, library.model)
    texts = {one.content: one.id for one in paper.added if one.content not in controls}
    words = Words(borders, _Pieces(borders, proof, paper, library).ids)
    return _Texts(words, _preparing(proof, library), texts).encode


def _preparing(proof: Proof, library: Any) -> Callable[[Sequence[str]], Sequence[str]]:
    """What is done to texts before they are cut."""
    if proof.composed:
        return Composed(library.normalizer.normalize_str).of
    if proof.spaced:
        return lambda texts: [_spaced(text, proof.prefix) for text in texts]
    return lambda texts: texts


def _spaced(text: str, prefix: str) -> str:
    found = text.replace(" ", SPACE)
    if not prefix or not found or (prefix == "unless" and found[0] == SPACE):
        return found
    return SPACE + found


class _Pieces:
    """Ids of pieces, by the library: those that are one match by its model, others by all of it."""

    def __init__(self, borders: Borders, proof: Proof, paper: Paper, library: Any) -> None:
        import numpy as np
        from tokenizers import Tokenizer

        self._borders = borders
        self._model = library.model
        self._bare = Tokenizer(library.model)
        self._letters: Any = None
        self._border: tuple[bytes, int] | None = None
        self._tokens: dict[bytes, int] = {}
        if proof.form:
            self._bare.pre_tokenizer = library.pre_tokenizer
            self._letters = np.array([ord(one) for one in letters()], np.uint32)
            self._border = _border(paper.vocab)
            if paper.model.get("ignore_merges"):
                self._tokens = {paper.shown[token]: at for token, at in paper.vocab.items()}

    def ids(self, pieces: list[bytes]) -> tuple[Any, Any, Any]:
        """The places of pieces as their ids follow, all ids, and how many each piece has."""
        import numpy as np

        texts = [piece.decode() for piece in pieces]
        single = self._borders.single("".join(texts), [len(text) for text in texts])
        whole = [at for at, one in enumerate(single) if one and pieces[at] in self._tokens]
        merged = [at for at, one in enumerate(single) if one and pieces[at] not in self._tokens]
        others = [at for at, one in enumerate(single) if not one]
        ids, counts = self._merged([pieces[at] for at in merged])
        rest = self._bare.encode_batch_fast(
            [texts[at] for at in others], add_special_tokens=False
        )
        rows = [one.ids for one in rest]
        return (
            [*whole, *merged, *others],
            np.array(
                [*(self._tokens[pieces[at]] for at in whole), *ids, *chain.from_iterable(rows)],
                np.int32,
            ),
            np.array([*(1 for _ in whole), *counts, *map(len, rows)], np.int64),
        )

    def _merged(self, pieces: list[bytes]) -> tuple[list[int], list[int]]:
        """The ids that merges give to pieces, and how many each has."""
        import numpy as np

        tokenize = self._model.tokenize
        if self._border is None:
            rows = [[one.id for one in tokenize(self._shown(piece))] for piece in pieces]
            return list(chain.from_iterable(rows)), [len(row) for row in rows]
        byte, border = self._border
        found: list[int] = []
        for at in range(0, len(pieces), _JOINED):
            found += [
                one.id for one in tokenize(self._shown(byte.join(pieces[at : at + _JOINED])))
            ]
            found.append(border)
        flat = np.array(found, np.int32)
        bounds = np.flatnonzero(flat == border)
        return flat[flat != border].tolist(), (np.diff(bounds, prepend=-1) - 1).tolist()

    def _shown(self, piece: bytes) -> str:
        """A piece as the model has it."""
        import numpy as np

        if self._letters is None:
            return piece.decode()
        shown: bytes = self._letters.take(np.frombuffer(piece, np.uint8)).tobytes()
        return shown.decode("utf-32-le")


def _border(vocab: Mapping[str, int]) -> tuple[bytes, int] | None:
    """A byte that no text has and that no token has beside another, and its id.

    What stands between such bytes is merged by itself.
    """
    every = "\n".join(vocab)
    for byte in (0xC0, 0xC1, *range(0xF5, 0x100)):
        letter = letters()[byte]
        if letter in vocab and every.count(letter) == 1:
            return bytes([byte]), vocab[letter]
    return None


class _Texts:
    """Ids of texts. `added`: tokens that are text and match before anything else does."""

    def __init__(
        self,
        words: Words,
        prepare: Callable[[Sequence[str]], Sequence[str]],
        added: Mapping[str, int],
    ) -> None:
        self._words = words
        self._prepare = prepare
        self._added = added
        self._find = finder(added)

    def encode(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """Each text by itself: ids one behind the other (int32), and where each begins (int64, n + 1)."""
        if self._find is None:
            return self._words.ids(self._prepare(texts))
        return self._around(self._find, texts)

    def _around(self, find: re.Pattern[str], texts: Sequence[str]) -> tuple[Any, Any]:
        """Texts cut at the tokens that match first."""
        import numpy as np

        parts: list[str] = []
        firsts, places, found = [0], list[int](), list[int]()
        for text in texts:
            gaps = find.split(text) if find.search(text) else [text]
            found += map(self._added.__getitem__, gaps[1::2])
            places += range(len(parts) + 1, len(parts) + len(gaps), 2)
            gaps[1::2] = [""] * (len(gaps) // 2)
            parts += gaps
            firsts.append(len(parts))
        ids, offsets = self._words.ids(self._prepare(parts))
        if found:
            ids = np.insert(ids, offsets[places], found)
        return ids, offsets[firsts] + np.searchsorted(places, firsts)
