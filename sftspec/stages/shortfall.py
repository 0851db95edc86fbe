"""What cannot be met: a problem comes in, the least slack of its limits in file order goes out.

Every limit may be short or over, at one a record. The least total slack is kept while the slack of
the first limit is made least, then that of the second, and so on (lexicographic goal programming,
Charnes & Cooper 1961). Each number is the optimum of a program and not the vertex that the solver
happened to find, so the answer is one and the same everywhere.
"""

from collections.abc import Iterable, Sequence

from attrs import evolve, frozen

from sftspec.stages.elastic import write_elastic
from sftspec.stages.kinds import merge
from sftspec.stages.limits import Problem, Row, SolverError
from sftspec.stages.lp import MICRO, Model, least, relaxed

NOISE = (
    MICRO // 100
)  # a sum of floats is off by less than this; a bound too weak is still a bound


@frozen
class Shortfall:
    """The records there can be in all, and by how many each limit is off: below zero short."""

    total: int
    offsets: tuple[int, ...]


@frozen
class Settled:
    """A model with what is decided so far, and a point that is best in all of it, in millionths."""

    model: Model
    point: tuple[int, ...]
    exact: bool


@frozen
class Goal:
    """A sum over columns to be made least, or with sign -1 most; at `enough` it cannot be better."""

    columns: tuple[int, ...]
    enough: int = 0
    sign: int = 1


def least_shortfall(problem: Problem, *, exact: bool) -> Shortfall | None:
    """The least slack, in file order; then the most records; then rather short than over.

    The total is an upper bound here: what it is short by is named, never counted as slack. Without
    `exact` every step is relaxed and its optimum rounded to the side of the integers: a bound that
    is the answer if some integer point has it, or None if a bound was too low to go on from.
    """
    kinds = merge(problem)
    elastic = write_elastic(kinds)
    records = tuple(range(len(kinds.keys)))
    shorts = [() if short is None else (short,) for short, _ in elastic.slacks]
    overs = [() if over is None else (over,) for _, over in elastic.slacks]
    pairs = [short + over for short, over in zip(shorts, overs, strict=True)]
    settled = _best(elastic.model, exact=exact)
    if settled is not None:
        settled = _hold(settled, Goal(tuple(column for pair in pairs for column in pair)))
    for goal in (
        *map(Goal, pairs),
        Goal(records, enough=problem.total, sign=-1),
        *map(Goal, overs),
    ):
        settled = settled and _meet(settled, goal)
    if settled is None:
        return None
    return Shortfall(
        total=_sum(settled.point, records),
        offsets=tuple(
            _sum(settled.point, over) - _sum(settled.point, short)
            for short, over in zip(shorts, overs, strict=True)
        ),
    )


def _meet(settled: Settled, goal: Goal) -> Settled | None:
    """Meet a goal as well as can be, and hold its sum there from now on."""
    if _sum(settled.point, goal.columns, goal.sign) == goal.enough:
        return _hold(settled, goal)
    chosen = frozenset(goal.columns)
    costs = tuple(goal.sign * (column in chosen) for column in range(len(settled.model.caps)))
    better = _best(evolve(settled.model, costs=costs), exact=settled.exact)
    return None if better is None else _hold(better, goal)


def _hold(settled: Settled, goal: Goal) -> Settled:
    """Hold the sum of a goal where the point has it, or at the next whole number that may be."""
    value = _sum(settled.point, goal.columns, goal.sign)
    held = Row(terms=tuple((column, 1) for column in goal.columns), low=value, high=value)
    model = evolve(settled.model, rows=(*settled.model.rows, held))
    return evolve(settled, model=model)


def _best(model: Model, *, exact: bool) -> Settled | None:
    if not exact:
        point = relaxed(model)
        return None if point is None else Settled(model=model, point=point, exact=False)
    whole = least(model)
    if whole is None:
        raise SolverError("limits that may give have no point")
    return Settled(model=model, point=tuple(MICRO * at for at in whole), exact=True)


def _sum(point: Sequence[int], columns: Iterable[int], sign: int = 1) -> int:
    """The sum in whole records, a fraction rounded up; with sign -1 rounded down."""
    micros = sign * sum(point[column] for column in columns)
    return -((NOISE - micros) // MICRO) * sign
