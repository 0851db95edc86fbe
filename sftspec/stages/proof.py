"""Why a mixture cannot be met: a problem comes in, a proof in integers goes out.

The relaxation finds the proof, integers check it; that none is found decides nothing.
"""

from attrs import evolve, frozen

from sftspec.stages.kinds import merge
from sftspec.stages.limits import (
    AtLeast,
    AtMost,
    Exact,
    Limit,
    Problem,
    Row,
    bounds_of,
    rows_of,
)
from sftspec.stages.lp import Model, multipliers


@frozen
class Proof:
    """Weights on the total and the limits under which what there must be exceeds what there can be.

    Farkas' lemma, in integers: any weights that pass are a proof, however they were found. Of
    another total only the counts differ, so the same weights may refute that one too.
    """

    problem: Problem
    weights: tuple[int, ...]
    reach: int

    def refutes(self, problem: Problem, *, margin: int = 0) -> bool:
        """Whether no point keeps the limits, even were each count off by `margin`."""
        if not _same_shape(self.problem, problem):
            return False
        must = problem.total * self.weights[0]
        for weight, limit in zip(self.weights[1:], problem.limits, strict=True):
            low, high = bounds_of(limit)
            bound = low if weight > 0 else high
            must += weight * (bound or 0)
            must -= abs(weight) * margin * isinstance(limit, Exact | AtLeast | AtMost)
        return must > self.reach


def refute(problem: Problem) -> Proof | None:
    """A proof that no point keeps the limits, or None, which decides nothing."""
    kinds = merge(problem)
    rows = rows_of(kinds, (0,) * len(kinds.limits))
    weights = tuple(map(_signed, multipliers(_softened(kinds, rows)), rows))
    pull = [0] * len(kinds.keys)
    for weight, row in zip(weights, rows, strict=True):
        for column, coefficient in row.terms:
            pull[column] += weight * coefficient
    reach = sum(max(0, by) * cap for by, cap in zip(pull, kinds.available, strict=True))
    proof = Proof(problem=problem, weights=weights, reach=reach)
    return proof if proof.refutes(problem) else None


def _softened(problem: Problem, rows: tuple[Row, ...]) -> Model:
    """A model in which each row may be off at a cost: its duals are the weights sought."""
    width = len(problem.keys)
    softened = []
    for row in rows:
        bounds = ((row.low, row.unit), (row.high, -row.unit))
        signs = [sign for bound, sign in bounds if bound is not None]
        slacks = [(width + at, sign) for at, sign in enumerate(signs)]
        softened.append(evolve(row, terms=(*row.terms, *slacks)))
        width += len(slacks)
    given = width - len(problem.keys)
    return Model(
        caps=(*problem.available, *(None,) * given),
        costs=(*(0 for _ in problem.keys), *(1,) * given),
        rows=tuple(softened),
    )


def _signed(weight: int, row: Row) -> int:
    """A weight only pulls against a bound that there is."""
    weight = weight if row.low is not None else min(weight, 0)
    return weight if row.high is not None else max(weight, 0)


def _same_shape(one: Problem, other: Problem) -> bool:
    return (
        one.available == other.available
        and len(one.limits) == len(other.limits)
        and all(map(_alike, one.limits, other.limits))
    )


def _alike(one: Limit, other: Limit) -> bool:
    """Whether two limits differ in their counts at most."""
    match one, other:
        case (Exact(), Exact()) | (AtLeast(), AtLeast()) | (AtMost(), AtMost()):
            return one.cells == other.cells
        case _:
            return one == other
