"""Candidates to samples of tokens: laid out, encoded, fitted into the window, proven, record by record.

Texts are encoded once for a chunk, however often they stand in it; ids and the mask are then
gathered column by column. What cannot be laid out, is too long, or is not proven is set aside.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
import numpy as np
import pyarrow as pa
import xxhash

from sftspec.plan.graph import Encode
from sftspec.ports.segments import CannotSay, Talk
from sftspec.ports.vocabulary import Tokenizer
from sftspec.stages.chunk import shorten
from sftspec.stages.layout import Layouts, samples_of, told, until
from sftspec.stages.proven import faults
from sftspec.stages.ragged import bounds, slices


class Runs(Struct):
    """Texts and control tokens encoded: ids of all, where each begins, and how many it has."""

    ids: Any
    starts: Any
    sizes: Any


class Sample(Struct):
    """A sample on its way: its record's row, what is laid out, and which turns are trained."""

    row: int
    talk: Talk
    trains: tuple[bool, ...]
    cut: bool = False


class Encoding:
    """The encoding of one chunk's candidates under one chat."""

    def __init__(self, stage: Encode, template: Any, tokenizer: Tokenizer) -> None:
        self.stage = stage
        self.template = template
        self.tokenizer = tokenizer
        self.aside: dict[int, tuple[str, str]] = {}
        self.long: dict[int, int] = {}
        self.spelling: set[int] = set()
        self.shortened: set[int] = set()

    def refuse(self, row: int, reason: str, evidence: str) -> None:
        """Set a candidate aside, unless it is already."""
        self.aside.setdefault(row, (reason, shorten(f"{self.stage.chat}: {evidence}")))

    # from conversations to tokens

    def lay(self, samples: Sequence[Sample]) -> tuple[Layouts, list[Sample]]:
        """The samples that can be laid out."""
        layouts = Layouts(self.stage, self.template, self.tokenizer)
        kept = []
        for sample in samples:
            try:
                layouts.add(sample.talk, sample.trains)
            except CannotSay as why:
                if why.reason == "turns_not_kept":
                    self.refuse(sample.row, "turns_not_kept", why.evidence)
                elif why.reason == "unproven":
                    self.refuse(sample.row, "unproven", why.evidence)
                else:
                    self.refuse(sample.row, "unrenderable", f"{why.reason}: {why.evidence}")
                continue
            kept.append(sample)
        return layouts, kept

    def fit(self, found: "Tokens") -> "Tokens":
        """Samples that are over the window: set aside, or cut after an assistant's turn until they fit."""
        fits = [found]
        while True:
            over = np.flatnonzero(found.lengths > self.stage.window).tolist()
            fits[-1] = found.picked(np.flatnonzero(found.lengths <= self.stage.window))
            again, fitting = [], {sample.row for sample in fits[-1].samples}
            for at in over:
                sample, length = found.samples[at], int(found.lengths[at])
                self.long.setdefault(sample.row, length)
                shorter = self._shorter(sample) if self.stage.overflow == "cut" else None
                if shorter is None and self.stage.overflow == "cut" and sample.row in fitting:
                    self.shortened.add(sample.row)  # the samples of its earlier turns stay
                elif shorter is None:
                    words = (
                        f"{self.long[sample.row]} tokens, the window has {self.stage.window}"
                    )
                    self.refuse(sample.row, "too_long", words)
                else:
                    again.append(shorter)
            if not again:
                return joined(fits)
            found = self.encode(again)
            fits.append(found)

    def _shorter(self, sample: Sample) -> Sample | None:
        """The sample up to the trained turn before its last one."""
        if self.stage.loss != "all_assistant_turns" or not self.template.KEEPS:
            return None
        trained = [at for at, train in enumerate(sample.trains) if train]
        last = len(sample.trains) - 1
        ends = [at for at in trained if at < last]
        if not ends:
            return None
        count = ends[-1] + 1
        return Sample(sample.row, until(sample.talk, count), sample.trains[:count], cut=True)

    def encode(self, samples: Sequence[Sample]) -> "Tokens":
        """Samples as ids and a mask."""
        layouts, kept = self.lay(samples)
        runs = encoded(layouts, self.tokenizer)
        codes = np.array(layouts.codes, np.int64)
        codes = np.where(codes < 0, len(layouts.texts) - 1 - codes, codes)
        flags = np.array(layouts.trained, bool)
        ends = np.array([0, *layouts.ends], np.int64)
        sizes = runs.sizes[codes]
        ids = slices(runs.ids, runs.starts[codes], sizes)
        trained = np.repeat(flags, sizes)
        offsets = bounds(sizes)[ends]
        tokens = Tokens(kept, ids, trained, offsets)
        spelled = Spelled(codes, flags, sizes, ends, [*layouts.texts], layouts.names)
        hits = spelling(spelled.texts, tokenizer=self.tokenizer)
        for place in np.unique(
            np.searchsorted(ends, np.flatnonzero(np.isin(codes, hits)), "right")
        ):
            self.spelling.add(kept[int(place) - 1].row)
        for place, evidence in faults(tokens, spelled, self.template, self.tokenizer):
            self.refuse(kept[place].row, "unproven", evidence)
        return tokens


def spelling(texts: Sequence[str], *, tokenizer: Tokenizer) -> list[int]:
    """The texts that spell the name of a control token, which stays text."""
    names = [name for name in tokenizer.controls if name]
    starts = {name[:2] for name in names}
    return [
        number
        for number, text in enumerate(texts)
        if any(start in text for start in starts) and any(name in text for name in names)
    ]


class Spelled(Struct):
    """How samples were laid out: codes of texts and then of controls, trained or not, and their sizes."""

    codes: Any
    flags: Any
    sizes: Any
    bounds: Any
    texts: list[str]
    controls: list[str]


class Tokens(Struct):
    """Samples as ids (int32) and trained (bool), one behind the other, and where they begin."""

    samples: list[Sample]
    ids: Any
    trained: Any
    offsets: Any

    @property
    def lengths(self) -> Any:
        """Tokens of each sample."""
        return np.diff(self.offsets)

    def picked(self, places: Any) -> "Tokens":
        """Some of the samples, in that order."""
        if np.array_equal(places, np.arange(len(self.samples))):
            return self
        sizes = self.lengths[places]
        starts = self.offsets[:-1][places]
        return Tokens(
            [self.samples[at] for at in places.tolist()],
            slices(self.ids, starts, sizes),
            slices(self.trained, starts, sizes),
            bounds(sizes),
        )


def joined(several: Sequence[Tokens]) -> Tokens:
    """Samples of several batches, in the order of their records."""
    if len(several) == 1:
        return several[0]
    samples = [sample for one in several for sample in one.samples]
    whole = Tokens(
        samples,
        np.concatenate([one.ids for one in several]),
        np.concatenate([one.trained for one in several]),
        bounds(np.concatenate([one.lengths for one in several])),
    )
    return whole.picked(np.argsort([sample.row for sample in samples], kind="stable"))


def encoded(layouts: Layouts, tokenizer: Tokenizer) -> Runs:
    """The ids of every text, then of every control token."""
    texts = [*layouts.texts]
    ids, offsets = (
        tokenizer.encode(texts) if texts else (np.zeros(0, np.int32), np.zeros(1, np.int64))
    )
    controls = np.array([tokenizer.controls[name] for name in layouts.names], np.int32)
    starts = np.concatenate([offsets[:-1], len(ids) + np.arange(len(controls))])
    sizes = np.concatenate([np.diff(offsets), np.ones(len(controls), np.int64)])
    return Runs(
        np.concatenate([ids, controls]), starts.astype(np.int64), sizes.astype(np.int64)
    )


# the chunk


def encode_chunk(
    stage: Encode, template: Any, tokenizer: Tokenizer, table: Any, alive: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The object of a chunk. `table`: turns, maybe tools; `alive`: candidates that nothing set aside.

    Parts: `tokens`, for each candidate its tokens, trained tokens, samples, whether it was cut, whether
    its text spells a control token, why it was set aside, and a hash of its ids and mask; `why`, the evidence; `samples`, the row and sizes of each sample; `ids`, its
    ids, those that are trained as -1 - id.
    """
    rows = np.flatnonzero(alive).tolist()
    work = Encoding(stage, template, tokenizer)
    found = work.fit(work.encode(_samples(stage, told(table, rows), rows, work)))
    kept = [at for at, sample in enumerate(found.samples) if sample.row not in work.aside]
    found = found.picked(np.array(kept, np.int64))
    return _parts(found, work, table.num_rows)


def _samples(stage: Encode, talks: Any, rows: Sequence[int], work: Encoding) -> list[Sample]:
    found = []
    for row, one in zip(rows, talks, strict=True):
        several = samples_of(stage, one)
        if not any(any(trains) for _, trains in several):
            work.refuse(row, "nothing_trained", "no turn of an assistant carries loss")
            continue
        found += [Sample(row, talk, trains) for talk, trains in several]
    return found


def _parts(found: Tokens, work: Encoding, count: int) -> tuple[dict[str, Any], dict[str, Any]]:
    row = np.array([sample.row for sample in found.samples], np.int32)
    lengths = found.lengths.astype(np.int32)
    sums = bounds(found.trained)
    trained = np.diff(sums[found.offsets]).astype(np.int32)
    cut, spelled = np.zeros(count, bool), np.zeros(count, bool)
    spelled[list(work.spelling)] = True
    cut[[sample.row for sample in found.samples if sample.cut] + sorted(work.shortened)] = True
    coded = np.where(found.trained, -1 - found.ids, found.ids).astype(np.int32)
    asides = [work.aside.get(at) for at in range(count)]
    narrow = pa.table(
        {
            "tokens": _summed(row, lengths, count),
            "trained": _summed(row, trained, count),
            "samples": pa.array(np.bincount(row, minlength=count).astype(np.int32)),
            "cut": pa.array(cut),
            "spelled": pa.array(spelled),
            "reason": pa.array([one and one[0] for one in asides], pa.string()),
            "hash": pa.array(_hashes(coded, found.offsets, row, count), pa.binary(16)),
        }
    )
    ids = pa.LargeListArray.from_arrays(pa.array(found.offsets, pa.int64()), pa.array(coded))
    return {
        "tokens": narrow,
        "why": pa.table(
            {"evidence": pa.array([one and one[1] for one in asides], pa.string())}
        ),
        "samples": pa.table({"row": row, "length": lengths, "trained": trained}),
        "ids": pa.table({"ids": ids}),
    }, {
        "samples": len(found.samples),
        "tokens": int(lengths.sum(dtype=np.int64)),
        **_longest(work),
    }


def _hashes(coded: Any, offsets: Any, row: Any, count: int) -> list[bytes | None]:
    """XXH3 of 128 bits over each candidate's ids and mask, as they are kept; none where it has none."""
    found: list[bytes | None] = [None] * count
    firsts = np.flatnonzero(np.diff(row, prepend=-1))
    edges = offsets[np.append(firsts, len(row))].tolist()
    data = memoryview(coded.astype("<i4")).cast("B")
    for at, start, end in zip(row[firsts].tolist(), edges, edges[1:], strict=False):
        found[at] = xxhash.xxh3_128_digest(data[4 * start : 4 * end])
    return found


def _longest(work: Encoding) -> dict[str, int]:
    """How many samples are over the window, and the longest of them."""
    sizes = [work.long[row] for row, why in work.aside.items() if why[0] == "too_long"]
    return {"too_long": len(sizes), "longest": max(sizes, default=0)}


def _summed(row: Any, sizes: Any, count: int) -> Any:
    return pa.array(np.bincount(row, weights=sizes, minlength=count).astype(np.int32))
