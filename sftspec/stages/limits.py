"""A mixture as integers: cells and the limits on their sums come in, slacks go out.

All arithmetic here is exact. A conditional share (`Portion…`) holds when its count is within less
than one record of the share of what is there, so that it wants a floor or a ceiling.
"""

from collections.abc import Sequence
from math import gcd
from typing import TypeAlias, assert_never

from attrs import frozen
from msgspec import Struct

WHOLE_BP = 10_000


class SolverError(AssertionError):
    """The solver broke its promise: our bug or the library's, never the author's mistake."""


class Exact(Struct, frozen=True, tag="exact"):
    """The sum over `cells` is `count`."""

    label: str
    cells: tuple[int, ...]
    count: int


class AtLeast(Struct, frozen=True, tag="at_least"):
    """The sum over `cells` is `count` or more."""

    label: str
    cells: tuple[int, ...]
    count: int


class AtMost(Struct, frozen=True, tag="at_most"):
    """The sum over `cells` is `count` or less."""

    label: str
    cells: tuple[int, ...]
    count: int


class Portion(Struct, frozen=True, tag="portion"):
    """The sum over `cells` is `share_bp` of the sum over `of`, to within less than one record."""

    label: str
    cells: tuple[int, ...]
    of: tuple[int, ...]
    share_bp: int


class PortionAtLeast(Struct, frozen=True, tag="portion_at_least"):
    """The sum over `cells` is no whole record below `share_bp` of the sum over `of`."""

    label: str
    cells: tuple[int, ...]
    of: tuple[int, ...]
    share_bp: int


class PortionAtMost(Struct, frozen=True, tag="portion_at_most"):
    """The sum over `cells` is no whole record above `share_bp` of the sum over `of`."""

    label: str
    cells: tuple[int, ...]
    of: tuple[int, ...]
    share_bp: int


Limit: TypeAlias = Exact | AtLeast | AtMost | Portion | PortionAtLeast | PortionAtMost


class Problem(Struct, frozen=True):
    """Cells by canonical key, what each has and weighs, and the limits on them in file order.

    All cells together sum to `total`. Proportions are those of `pool`; `available` may be used.
    """

    keys: tuple[str, ...]
    available: tuple[int, ...]
    pool: tuple[int, ...]
    total: int
    limits: tuple[Limit, ...]


class Slack(Struct, frozen=True):
    """A limit that is off: the nearest count that would hold, and the count there is."""

    label: str
    want: int
    got: int


class Solution(Struct, frozen=True):
    """A count per cell, and the limits that are off; none are when everything holds exactly."""

    counts: tuple[int, ...]
    slacks: tuple[Slack, ...]


@frozen
class Row:
    """Integer coefficients by cell, bounds on their sum, and what one record moves a bound by."""

    terms: tuple[tuple[int, int], ...]
    low: int | None
    high: int | None
    unit: int = 1


def bounds_of(limit: Limit) -> tuple[int | None, int | None]:
    """The lowest and highest value of the limit's row, in the row's own unit."""
    match limit:
        case Exact(count=count):
            return count, count
        case AtLeast(count=count):
            return count, None
        case AtMost(count=count):
            return None, count
        case Portion():
            return 1 - _unit(limit), _unit(limit) - 1
        case PortionAtLeast():
            return 1 - _unit(limit), None
        case PortionAtMost():
            return None, _unit(limit) - 1
        case _:
            assert_never(limit)


def row_of(limit: Limit, offset: int = 0) -> Row:
    """The limit as one integer row, off by `offset` records: below zero short, else over."""
    unit = _unit(limit)
    low, high = bounds_of(limit)
    below = above = unit * offset
    if not isinstance(limit, Exact):
        below, above = min(below, 0), max(above, 0)
    return Row(
        terms=_terms(limit),
        low=None if low is None else low + below,
        high=None if high is None else high + above,
        unit=unit,
    )


def rows_of(problem: Problem, offsets: Sequence[int]) -> tuple[Row, ...]:
    """The total and then the limits as rows over the cells, each limit off by its offset."""
    everything = tuple((cell, 1) for cell in range(len(problem.keys)))
    limits = zip(problem.limits, offsets, strict=True)
    return (
        Row(terms=everything, low=problem.total, high=problem.total),
        *(row_of(limit, offset) for limit, offset in limits),
    )


def slack_of(limit: Limit, counts: Sequence[int]) -> Slack:
    """What the limit wants and got; the two are equal when it holds."""
    got = sum(counts[cell] for cell in set(limit.cells))
    match limit:
        case Exact(count=count):
            want = count
        case AtLeast(count=count):
            want = max(got, count)
        case AtMost(count=count):
            want = min(got, count)
        case Portion():
            want = min(max(got, _floor(limit, counts)), _ceiling(limit, counts))
        case PortionAtLeast():
            want = max(got, _floor(limit, counts))
        case PortionAtMost():
            want = min(got, _ceiling(limit, counts))
        case _:
            assert_never(limit)
    return Slack(label=limit.label, want=want, got=got)


def _unit(limit: Limit) -> int:
    match limit:
        case Exact() | AtLeast() | AtMost():
            return 1
        case (
            Portion(share_bp=share)
            | PortionAtLeast(share_bp=share)
            | PortionAtMost(share_bp=share)
        ):
            return WHOLE_BP // gcd(WHOLE_BP, share)
        case _:
            assert_never(limit)


def _terms(limit: Limit) -> tuple[tuple[int, int], ...]:
    match limit:
        case Exact() | AtLeast() | AtMost():
            return tuple((cell, 1) for cell in sorted(set(limit.cells)))
        case Portion() | PortionAtLeast() | PortionAtMost():
            unit = _unit(limit)
            part, whole = set(limit.cells), set(limit.of)
            share = limit.share_bp * unit // WHOLE_BP
            weighed = (
                (cell, unit * (cell in part) - share * (cell in whole))
                for cell in sorted(part | whole)
            )
            return tuple((cell, weight) for cell, weight in weighed if weight)
        case _:
            assert_never(limit)


def _floor(limit: Portion | PortionAtLeast, counts: Sequence[int]) -> int:
    return limit.share_bp * sum(counts[cell] for cell in set(limit.of)) // WHOLE_BP


def _ceiling(limit: Portion | PortionAtMost, counts: Sequence[int]) -> int:
    return -(-limit.share_bp * sum(counts[cell] for cell in set(limit.of)) // WHOLE_BP)
