"""The fast way to the ids of a `tokenizer.json`, where its paper proves that it leads to the library's."""

from collections.abc import Callable, Iterator, Mapping, Sequence
import re
from typing import Any

from sftspec.ports.borders import Borders
from sftspec.ports.composed import Composed
from sftspec.ports.hugging_paper import SPACE, Paper, letters
from sftspec.ports.hugging_proof import Proof, borders_of, prove
from sftspec.ports.words import Words

Encode = Callable[[Sequence[str]], tuple[Any, Any]]


def encoder(paper: Paper, controls: Mapping[str, int], library: Any) -> Encode | None:
    """Encodes texts; None where nothing is proven. `library`: the library's tokenizer of text."""
    proof = prove(paper, controls)
    if proof is None:
        return None
    borders = borders_of(paper, proof, controls, library.model)
    texts = {one.content: one.id for one in paper.added if one.content not in controls}
    words = Words(borders, _Pieces(borders, proof, library).ids)
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

    def __init__(self, borders: Borders, proof: Proof, library: Any) -> None:
        import numpy as np
        from tokenizers import Tokenizer

        self._borders = borders
        self._model = library.model
        self._bare = Tokenizer(library.model)
        if proof.form:
            self._bare.pre_tokenizer = library.pre_tokenizer
        self._letters = (
            np.array([ord(one) for one in letters()], np.uint32) if proof.form else None
        )

    def ids(self, pieces: list[bytes]) -> Iterator[list[int]]:
        """The ids of each piece."""
        texts = [piece.decode() for piece in pieces]
        singles = self._borders.single("".join(texts), [len(text) for text in texts])
        others = [text for text, single in zip(texts, singles, strict=True) if not single]
        rest = iter(self._bare.encode_batch_fast(others, add_special_tokens=False))
        tokenize = self._model.tokenize
        for word, single in zip(self._shown(pieces, texts), singles, strict=True):
            yield [one.id for one in tokenize(word)] if single else next(rest).ids

    def _shown(self, pieces: list[bytes], texts: list[str]) -> Iterator[str]:
        """The pieces as the model has them."""
        import numpy as np

        if self._letters is None:
            yield from texts
            return
        data = np.frombuffer(b"".join(pieces), np.uint8)
        shown = self._letters.take(data).tobytes().decode("utf-32-le")
        at = 0
        for piece in pieces:
            yield shown[at : at + len(piece)]
            at += len(piece)


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
        names = sorted(added, key=len, reverse=True)
        self._find = re.compile("(" + "|".join(map(re.escape, names)) + ")") if names else None

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
