"""How much of each entry is taken, as the lines of a `mixture` block."""

from fractions import Fraction
from math import ceil, gcd, lcm

from msgspec import Struct

from sftspec.ports.foreign.base import Desk
from sftspec.ports.foreign.settle import Source

MAX_REPEAT = 100
MAX_PART = 10**9
FINEST = 10**6


class Mixture(Struct):
    """A mixture: its total or None for all, the parts of each source, how often a row may come again."""

    total: int | None = None
    parts: tuple[tuple[str, int], ...] = ()
    repeat: int = 1
    todo: str = ""


def mixture_of(sources: list[Source], desk: Desk) -> Mixture:
    """The mixture of the sources that are taken; those of which nothing is taken are excluded here."""
    for source in sources:
        amount = source.entry.amount
        if amount and not source.excluded and (amount.rows == 0 or amount.part == 0):
            source.excluded = "the configuration takes none of it"
    taken = [source for source in sources if not source.excluded]
    if all(_all_of_it(source) for source in taken):
        return Mixture()
    counts = {source.name: _count(source) for source in taken}
    if all(count is not None for count in counts.values()):
        return _by_counts(taken, {name: count or 0 for name, count in counts.items()}, desk)
    return _by_weights(taken, desk)


def _all_of_it(source: Source) -> bool:
    amount = source.entry.amount
    return amount is None or amount.part == 1


def _size(source: Source) -> int | None:
    """How many rows there are, where that is known."""
    return source.seen.size if source.seen else None


def _count(source: Source) -> int | None:
    amount, size = source.entry.amount, _size(source)
    if amount is not None and amount.rows is not None:
        return amount.rows
    part = amount.part if amount and amount.part is not None else Fraction(1)
    return None if size is None else max(1, int(part * size))


def _by_counts(taken: list[Source], counts: dict[str, int], desk: Desk) -> Mixture:
    repeat = 1
    for source in taken:
        size, wanted = _size(source), counts[source.name]
        if size and wanted > size:
            repeat = max(repeat, ceil(Fraction(wanted, size)))
            desk.warn(
                "rows-repeat", f"`{source.entry.name[:60]}`: {wanted} rows are wanted, and it has {size}",
                "`shortfall = repeat(k)` takes a row up to k times; rows that are equal count once",
            )  # fmt: skip
    parts = tuple((name, count) for name, count in counts.items()) if len(taken) > 1 else ()
    return Mixture(max(sum(counts.values()), 1), parts, min(repeat, MAX_REPEAT))


def _by_weights(taken: list[Source], desk: Desk) -> Mixture:
    """Shares by weight, because nobody knows how many rows some of the sources have."""
    hint = "count the rows once they are there, and write the numbers of records into the share"
    weights = {
        s.name: s.entry.amount.part for s in taken if s.entry.amount and s.entry.amount.part
    }
    if len(weights) < len(taken) or len(taken) < 2:
        desk.warn(
            "sizes-unknown", "the configuration takes parts of some datasets, whose sizes are not known",
            hint,
        )  # fmt: skip
        said = [f"{_said(source)} of {source.name}" for source in taken if source.entry.amount]
        return Mixture(
            todo=f"the configuration takes {', '.join(said)}; of the others all rows"
        )
    over = [name for name, weight in weights.items() if weight > 1]
    if over:
        desk.warn(
            "rows-repeat", f"`{over[0]}` is taken more than once: {float(weights[over[0]]):g} times its rows",
            "write a `total` and `shortfall = repeat(k)`, which takes a row up to k times",
        )  # fmt: skip
    desk.warn(
        "sizes-unknown", "the weights are parts of datasets whose sizes are not known; they stand as shares",
        hint,
    )  # fmt: skip
    return Mixture(
        None,
        _scaled(weights),
        todo="these are the weights; a share is of records, not of a dataset's rows",
    )


def _said(source: Source) -> str:
    amount = source.entry.amount
    if amount is None or amount.part is None:
        return f"{amount.rows if amount else 'all'} rows"
    return f"{float(amount.part):g} times the rows"


def _scaled(weights: dict[str, Fraction]) -> tuple[tuple[str, int], ...]:
    """Weights as the smallest whole numbers in their proportion."""
    whole = lcm(*(weight.denominator for weight in weights.values()))
    numbers = {name: int(weight * whole) for name, weight in weights.items()}
    if max(numbers.values()) > MAX_PART:  # nobody wrote so fine a weight by hand
        most = max(weights.values())
        numbers = {name: max(1, round(w / most * FINEST)) for name, w in weights.items()}
    common = gcd(*numbers.values())
    return tuple((name, number // common) for name, number in numbers.items())
