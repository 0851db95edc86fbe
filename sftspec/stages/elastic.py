"""Limits as an integer program, with or without give: a problem comes in, a model goes out.

A conditional share is written with the whole that it is of, and the floor and ceiling of its share,
as columns of their own. Once these are decided every row is a sum, so branch and cut has few
columns to branch on; without them it can search for ever.
"""

from collections.abc import Collection, Iterable, Sequence
from math import gcd
from typing import assert_never

from attrs import define, field, frozen

from sftspec.stages.limits import (
    WHOLE_BP,
    AtLeast,
    AtMost,
    Exact,
    Limit,
    Portion,
    PortionAtLeast,
    PortionAtMost,
    Problem,
    Row,
    bounds_of,
)
from sftspec.stages.lp import Model


@frozen
class Elastic:
    """A model that begins with the cells; for each limit its columns short and over, if any."""

    model: Model
    slacks: tuple[tuple[int | None, int | None], ...]


@define
class Draft:
    """Columns and rows of a model as they are written down."""

    caps: list[int | None]
    rows: list[Row] = field(factory=list)
    wholes: dict[tuple[int, ...], int] = field(factory=dict)
    first: list[int] = field(factory=list)

    def column(self) -> int:
        self.caps.append(None)
        return len(self.caps) - 1

    def row(self, terms: Sequence[tuple[int, int]], low: int | None, high: int | None) -> None:
        self.rows.append(Row(terms=tuple(terms), low=low, high=high))

    def whole(self, cells: tuple[int, ...]) -> int:
        """The column that is the sum of these cells."""
        if cells not in self.wholes:
            self.wholes[cells] = self.column()
            self.first.append(self.wholes[cells])
            self.row([*_ones(cells), (self.wholes[cells], -1)], 0, 0)
        return self.wholes[cells]

    def share(self, whole: int, share_bp: int, *, up: bool) -> int:
        """The column that is a share of another, rounded up or down."""
        divisor = gcd(WHOLE_BP, share_bp)
        unit, taken = WHOLE_BP // divisor, share_bp // divisor
        rounded = self.column()
        self.first.append(rounded)
        self.row([(whole, taken), (rounded, -unit)], (1 - unit) * up, (unit - 1) * (not up))
        return rounded

    def limit(
        self,
        limit: Limit,
        *,
        offset: int = 0,
        short: int | None = None,
        over: int | None = None,
    ) -> None:
        """The rows of a limit, with columns by which it may be short or over."""
        low, high = bounds_of(limit)
        cells = _ones(limit.cells)
        raised = [*cells, *([] if short is None else [(short, 1)])]
        lowered = [] if over is None else [(over, -1)]
        match limit:
            case Exact(count=count):
                self.row([*raised, *lowered], count + offset, count + offset)
            case AtLeast(count=count):
                self.row(raised, count + offset, None)
            case AtMost(count=count):
                self.row([*cells, *lowered], None, count + offset)
            case Portion(of=of) | PortionAtLeast(of=of) | PortionAtMost(of=of):
                whole = self.whole(of)
                if low is not None:
                    floor = self.share(whole, limit.share_bp, up=False)
                    self.row([*raised, (floor, -1)], min(offset, 0), None)
                if high is not None:
                    ceiling = self.share(whole, limit.share_bp, up=True)
                    self.row([*cells, *lowered, (ceiling, -1)], None, max(offset, 0))
            case _:
                assert_never(limit)

    def model(self, paid: Collection[int]) -> Model:
        return Model(
            caps=tuple(self.caps),
            costs=tuple(int(column in paid) for column in range(len(self.caps))),
            rows=tuple(self.rows),
            first=tuple(self.first),
        )


def write_rigid(problem: Problem, offsets: Sequence[int]) -> Model:
    """The model of a problem whose limits are off by just these offsets, with nothing to pay."""
    draft = _draft(problem, low=problem.total)
    for limit, offset in zip(problem.limits, offsets, strict=True):
        draft.limit(limit, offset=offset)
    return draft.model(frozenset())


def write_elastic(problem: Problem) -> Elastic:
    """The model of a problem whose limits may be off at one a record; the total is a bound."""
    draft = _draft(problem, low=None)
    slacks = []
    for limit in problem.limits:
        low, high = bounds_of(limit)
        short = None if low is None else draft.column()
        over = None if high is None else draft.column()
        draft.limit(limit, short=short, over=over)
        slacks.append((short, over))
    paid = frozenset(column for pair in slacks for column in pair if column is not None)
    return Elastic(model=draft.model(paid), slacks=tuple(slacks))


def _draft(problem: Problem, low: int | None) -> Draft:
    draft = Draft(caps=[*problem.available])
    draft.row(_ones(range(len(problem.keys))), low, problem.total)
    return draft


def _ones(cells: Iterable[int]) -> list[tuple[int, int]]:
    return [(cell, 1) for cell in sorted(set(cells))]
