"""The proof of each sample: what its ids say, held against what was to be said.

The layout was held against the conversation already (`stages.layout.check_layout`); here ids are
spelled back into bytes, all of them once, and those that are trained sample by sample.
"""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from sftspec.ports.vocabulary import Tokenizer
from sftspec.stages.ragged import bounds, slices


class Encoded(Protocol):
    """Samples as ids and a mask."""

    ids: Any
    trained: Any
    offsets: Any


class Laid(Protocol):
    """How samples were laid out."""

    codes: Any
    flags: Any
    sizes: Any
    bounds: Any
    texts: list[str]
    controls: list[str]


def faults(
    found: Encoded, laid: Laid, template: Any, tokenizer: Tokenizer
) -> Iterator[tuple[int, str]]:
    """The samples that are not proven, each with what does not hold."""
    count = len(found.offsets) - 1
    if not count:
        return
    yield from _begins(found, template, tokenizer, count)
    yield from _sums(found, count)
    yield from _spelling(found, laid, tokenizer)


def _begins(
    found: Encoded, template: Any, tokenizer: Tokenizer, count: int
) -> Iterator[tuple[int, str]]:
    """One BOS, at the start, where the template has one; none where it has none."""
    name = template.BEGIN
    if name is not None and name.startswith("\0"):
        name = tokenizer.begin
    wanted = int(name is not None)
    own = {*template.CONTROLS, tokenizer.end}
    if not wanted and tokenizer.begin in own:
        return  # the tokenizer calls a token BOS that the template has for something else
    begin = tokenizer.controls.get(name or tokenizer.begin or "", -1)
    hits = bounds(found.ids == begin)
    counts = np.diff(hits[found.offsets])
    for place in np.flatnonzero(counts != wanted).tolist():
        yield place, f"{counts[place]} BOS tokens, {wanted} is right"
    if wanted:
        first = found.ids[found.offsets[:count]]
        for place in np.flatnonzero(first != begin).tolist():
            yield place, "it does not begin with BOS"


def _sums(found: Encoded, count: int) -> Iterator[tuple[int, str]]:
    """Something is trained, and not the first token, which nothing predicts."""
    sums = bounds(found.trained)
    counts = np.diff(sums[found.offsets])
    for place in np.flatnonzero(counts == 0).tolist():
        yield place, "no token is trained"
    starts = found.offsets[:count]
    filled = np.flatnonzero(np.diff(found.offsets) > 0)
    for place in filled[found.trained[starts[filled]]].tolist():
        yield place, "its first token would be trained, which nothing predicts"


def _spelling(found: Encoded, laid: Laid, tokenizer: Tokenizer) -> Iterator[tuple[int, str]]:
    """Every run of ids spells what its text says; the trained ones in their places too."""
    wanted = [*tokenizer.normal(laid.texts), *(name.encode() for name in laid.controls)]
    ends = np.cumsum(laid.sizes)
    heads, first = np.unique(laid.codes, return_index=True)
    sizes = laid.sizes[first]
    once = slices(found.ids, (ends - laid.sizes)[first], sizes)
    spelled = tokenizer.spell(once, bounds(sizes))
    bad = {
        code
        for code, said in zip(heads.tolist(), spelled, strict=True)
        if said != wanted[code]
    }  # fmt: skip
    if bad:
        hit = np.isin(laid.codes, list(bad))
        for place in np.unique(
            np.searchsorted(laid.bounds, np.flatnonzero(hit), "right") - 1
        ).tolist():
            yield place, "its tokens do not say its text"
    runs = np.flatnonzero(laid.flags)
    sizes = laid.sizes[runs]
    said = tokenizer.spell(found.ids[found.trained], bounds(sizes))
    should = [wanted[code] for code in laid.codes[runs].tolist()]
    if said != should:
        for at, (one, other) in enumerate(zip(said, should, strict=True)):
            if one != other:
                place = int(np.searchsorted(laid.bounds, runs[at], "right")) - 1
                yield place, "what is trained is not what the assistant says"
