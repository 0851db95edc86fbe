"""Hugging Face's tokenizers (`tokenizer.json`), by the library tokenizers.

Where the paper proves that a text may be cut, pieces are encoded once and looked up ever after
(`ports.words`); every id is the library's own. The library runs on one thread: a build has a process
for each core.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
import os
from pathlib import Path
import re
from typing import Any

import msgspec

from sftspec.ground.report import Fault
from sftspec.ports.hugging_paper import SPACE, VEIL, LossyError, Paper, finder, veil
from sftspec.ports.hugging_words import encoder
from sftspec.ports.spelling import Spelling
from sftspec.ports.token_faults import missing_control, missing_library, unreadable

BEGINS = (
    *("<|begin_of_text|>", "<s>", "<bos>", "<\uff5cbegin\u2581of\u2581sentence\uff5c>"),
    *("<|startoftext|>", "[BOS]", "[CLS]"),
)
ENDS = (
    *("<|end_of_text|>", "</s>", "<eos>", "<\uff5cend\u2581of\u2581sentence\uff5c>"),
    *("<|endoftext|>", "<|im_end|>", "<|eot_id|>", "[EOS]", "[SEP]"),
)
"""What BOS and EOS tokens are called, where no paper beside the tokenizer's says it."""
PAPERS = ("tokenizer_config.json", "special_tokens_map.json")
_BATCH = 1 << 10


class HuggingFace:
    """A tokenizer of text, and its control tokens beside it. `quick`: whether texts may be cut."""

    libraries = ("tokenizers",)

    def __init__(
        self,
        data: bytes,
        controls: Sequence[str] = (),
        papers: Mapping[str, bytes] | None = None,
        *,
        quick: bool = True,
    ) -> None:
        import numpy as np

        self._data = data
        paper = Paper(data)
        special = paper.controls(())
        self.begin, self.end = _ends(paper, special, papers or {})
        self.controls = paper.controls([*controls, *filter(None, (self.begin, self.end))])
        for name in controls:
            if name not in self.controls:
                raise missing_control(name)
        self.size = paper.size
        self._library = _veiled(paper, self.controls, 1)
        control = np.zeros(self.size, bool)
        control[list(self.controls.values())] = True
        self._spelling = Spelling(paper.tokens(), control.copy(), prefixed=_prefixed(paper))
        if paper.unknown is not None:
            control[paper.unknown] = False
        self._control = control
        self._quick = encoder(paper, self.controls, self._library) if quick else None
        self._normalize = _normalizing(paper, self.controls, self._library)

    @property
    def quick(self) -> bool:
        """Whether the paper proves that texts may be cut."""
        return self._quick is not None

    def encode(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """Each text by itself: ids one behind the other (int32), and where each begins (int64, n + 1)."""
        ids, offsets = self._quick(texts) if self._quick else self._slowly(texts)
        if self._control.take(ids).any():
            raise RuntimeError("a text became a control token")
        return ids, offsets

    def _slowly(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """The ids of texts, by the library."""
        import numpy as np

        rows = list(chain.from_iterable(self._rows(texts)))
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=offsets[1:])
        return np.fromiter(chain.from_iterable(rows), np.int32, int(offsets[-1])), offsets

    def _rows(self, texts: Sequence[str]) -> Iterator[list[list[int]]]:
        """The ids of each text, by the library."""
        encode = self._library.encode_batch_fast
        for at in range(0, len(texts), _BATCH):
            some = texts[at : at + _BATCH]
            rows = [one.ids for one in encode(some, add_special_tokens=False)]
            for place, text in enumerate(some):
                if VEIL in text and self._control[rows[place]].any():
                    rows[place] = self._unveiled(text)
            yield rows

    def _unveiled(self, text: str) -> list[int]:
        """The ids of a text that spells the name of a control token behind its veil."""
        longest = max(map(len, re.findall(f"{VEIL}+", text)))
        library = _veiled(Paper(self._data), self.controls, longest + 1)
        found: list[int] = library.encode(text, add_special_tokens=False).ids
        return found

    def spell(self, ids: Any, offsets: Any) -> list[bytes]:
        """The bytes that each run of ids stands for, control tokens by their spelling."""
        return self._spelling.spell(ids, offsets)

    def normal(self, texts: Sequence[str]) -> list[bytes]:
        """The bytes that a text's ids stand for: what the normaliser makes of it."""
        return [text.encode() for text in self._normalize(texts)]


def _veiled(paper: Paper, controls: Mapping[str, int], times: int) -> Any:
    """The library's tokenizer of text. Raises ValueError where a token loses its id."""
    from tokenizers import Tokenizer

    library = Tokenizer.from_buffer(paper.veiled(controls, times))
    for one in paper.added:
        name = veil(one.id, times) if one.content in controls else one.content
        if library.token_to_id(name) != one.id:
            raise ValueError(f"its token `{one.content}` has not the id {one.id}")
    return library


def load(path: Path, controls: tuple[str, ...]) -> HuggingFace:
    """The tokenizer of a file, or of a folder and the papers beside it. Raises Fault."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        import tokenizers  # noqa: F401 - is it there?
    except ImportError:
        raise missing_library("tokenizers") from None
    file = path / "tokenizer.json" if path.is_dir() else path
    beside = [path / name for name in PAPERS] if path.is_dir() else []
    try:
        papers = {one.name: one.read_bytes() for one in beside if one.is_file()}
        return HuggingFace(file.read_bytes(), controls, papers)
    except LossyError as error:
        raise Fault(
            "tokenizer-lossy", f"its ids do not stand for the bytes of a text: {error}",
            path=str(file), hint="models that write text have tokenizers that can spell all of it",
        ) from None  # fmt: skip
    except Fault as fault:
        raise Fault(fault.slug, fault.message, path=str(file), hint=fault.hint) from None
    except Exception as error:
        if isinstance(error, OSError | ValueError) or type(error) is Exception:  # the library's
            raise unreadable("tokenizer", error, file) from None
        raise


# BOS and EOS


def _ends(
    paper: Paper, special: Mapping[str, int], papers: Mapping[str, bytes]
) -> tuple[str | None, str | None]:
    """The spellings of BOS and EOS. Raises ValueError where a paper names what there is not."""
    first, last = _processed(paper)
    begin, end = (
        next((one for one in (*names, found) if one in special), None)
        for names, found in ((BEGINS, first), (ENDS, last))
    )
    for data in reversed([papers[name] for name in PAPERS if name in papers]):
        said = msgspec.json.decode(data, type=dict[str, Any])
        begin, end = _said(said, "bos_token", begin), _said(said, "eos_token", end)
    known = {one.content for one in paper.added}
    for name in (begin, end):
        if name is not None and name not in known:
            raise ValueError(f"a paper beside it names the token `{name}`, which it has not")
    return begin, end


def _said(paper: Mapping[str, Any], key: str, other: str | None) -> str | None:
    """What a paper says of a token: its spelling, nothing, or that there is none."""
    found = paper.get(key, other)
    if isinstance(found, dict):
        found = found.get("content")
    return found if found is None else str(found)


def _processed(paper: Paper) -> tuple[str | None, str | None]:
    """What the post-processor puts before and behind a text."""
    processor = paper.raw.get("post_processor") or {}
    several = processor.get("processors", [processor])
    for one in several:
        single = one.get("single") or []
        names = [
            part["SpecialToken"]["id"] if "SpecialToken" in part else None for part in single
        ]
        if None in names:
            return names[0], names[-1]
    return None, None


# what a normaliser makes of a text


def _prefixed(paper: Paper) -> bool:
    """Whether a blank that is none of its own comes before a text."""
    before = any(one.get("type") == "Prepend" for one in paper.normalizers)
    return before or any(
        one.get("add_prefix_space", one["type"] == "ByteLevel")
        if one["type"] == "ByteLevel"
        else one["type"] == "Metaspace" and one.get("prepend_scheme", "always") != "never"
        for one in paper.splitters
    )


def _normalizing(
    paper: Paper, controls: Mapping[str, int], library: Any
) -> Callable[[Sequence[str]], list[str]]:
    """What makes of texts what their ids stand for."""
    prefixed, spaced = _prefixed(paper), paper.spaced
    if not paper.normalizers and not prefixed and not spaced:
        return list
    normalize = library.normalizer.normalize_str if paper.normalizers else str
    composes = [one["type"] for one in paper.normalizers] == ["NFC"]  # ASCII is composed
    # tokens that match first stay as they are
    find = finder(
        one.content for one in paper.added if not one.normalized and one.content not in controls
    )

    def normal(text: str) -> str:
        if composes and text.isascii():
            return text
        gaps = find.split(text) if find else [text]
        gaps[::2] = map(normalize, gaps[::2])
        found = "".join(gaps)
        if spaced:
            found = found.replace(SPACE, " ")
        return found[prefixed and found[:1] == " " :]

    return lambda texts: [normal(text) for text in texts]
