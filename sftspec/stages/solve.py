"""The joint cells of a mixture: what there is and what is wanted come in, a count per cell goes out.

`solve` answers with the integer point nearest the pool's proportions that keeps every limit, and
where there is none with the least slack, in file order, and the nearest point that keeps the rest.
All answers are verified in integers and the same on every machine.
"""

from collections.abc import Callable

from msgspec.structs import replace

from sftspec.stages.elastic import write_rigid
from sftspec.stages.fitting import fit
from sftspec.stages.kinds import merge
from sftspec.stages.limits import (
    AtLeast,
    AtMost,
    Exact,
    Limit,
    Portion,
    PortionAtLeast,
    PortionAtMost,
    Problem,
    Slack,
    Solution,
    SolverError,
    slack_of,
)
from sftspec.stages.lp import least, whole_vertex
from sftspec.stages.phases import deal
from sftspec.stages.proof import Proof, refute
from sftspec.stages.rounding import round_fit
from sftspec.stages.shortfall import least_shortfall

__all__ = [
    "AtLeast",
    "AtMost",
    "Exact",
    "Limit",
    "Portion",
    "PortionAtLeast",
    "PortionAtMost",
    "Problem",
    "Slack",
    "Solution",
    "SolverError",
    "deal",
    "feasible",
    "largest_total",
    "solve",
]

TOTAL = "total"


def solve(problem: Problem, seed: int) -> Solution:
    """The counts nearest the pool's proportions, and the limits that have to be off.

    The total is named last among the slacks, as `total`, where there can be fewer records.
    """
    if refute(problem) is None:
        counts = _nearest(problem, (0,) * len(problem.limits), seed, widths=(False,))
        if counts is not None:
            return Solution(counts=counts, slacks=())
    for exact in (False, True):
        shortfall = least_shortfall(problem, exact=exact)
        if shortfall is not None:
            reached = replace(problem, total=shortfall.total)
            counts = _nearest(reached, shortfall.offsets, seed, widths=(False, True))
            if counts is not None:
                return Solution(counts=counts, slacks=_slacks(problem, counts))
    raise SolverError("a point that exists was not found")


def feasible(problem: Problem) -> bool:
    """Whether some integer point keeps the total and every limit."""
    return refute(problem) is None and _has_point(problem)


def largest_total(problem_at: Callable[[int], Problem], upper: int) -> int:
    """The largest total up to `upper` whose problem has an integer point; 0 if there is none.

    Every total above the answer is refuted: one by one by a proof in integers (which mostly refutes
    its neighbours too, at the cost of a sum) or by branch and cut, or as a range by `_below`. That
    asks of `problem_at` that only counts move with the total, and that each count is within one
    record of an affine function of it, as largest remainder and constants are.
    """
    proofs: list[Proof] = []
    total = upper
    while total > 0:
        problem = problem_at(total)
        if not any(proof.refutes(problem) for proof in reversed(proofs)):
            proof = refute(problem)
            if proof is not None:
                proofs.append(proof)
                total = _below(proof, problem_at, total)
                continue
            if _has_point(problem):
                return total
        total -= 1
    return 0


def _has_point(problem: Problem) -> bool:
    """Try a vertex that is whole, then the rounded fit, then branch and cut, which decides."""
    kinds = merge(problem)
    model = write_rigid(kinds, (0,) * len(kinds.limits))
    return (
        whole_vertex(model) is not None
        or _nearest(kinds, (0,) * len(kinds.limits), 0, widths=(False,)) is not None
        or least(model) is not None
    )


def _below(proof: Proof, problem_at: Callable[[int], Problem], total: int) -> int:
    """The highest total that a proof leaves open as it refutes a range down from `total`.

    What there must be is, under a proof's weights, within its doubt of an affine function of the
    total. Where both ends of a range exceed what there can be by twice the doubt, the function
    does by once the doubt in between, and so does what there must be.
    """
    if not proof.refutes(problem_at(total), margin=2):
        return total - 1
    low, high = 0, total
    while high - low > 1:
        middle = (low + high) // 2
        if proof.refutes(problem_at(middle), margin=2):
            high = middle
        else:
            low = middle
    return high - 1


def _nearest(
    problem: Problem, offsets: tuple[int, ...], seed: int, *, widths: tuple[bool, ...]
) -> tuple[int, ...] | None:
    """The point nearest the fit at the first width that has one."""
    fitted = fit(problem, offsets)
    found = (round_fit(problem, offsets, fitted, seed=seed, wide=wide) for wide in widths)
    return next((counts for counts in found if counts is not None), None)


def _slacks(problem: Problem, counts: tuple[int, ...]) -> tuple[Slack, ...]:
    slacks = [slack_of(limit, counts) for limit in problem.limits]
    slacks.append(Slack(label=TOTAL, want=problem.total, got=sum(counts)))
    return tuple(slack for slack in slacks if slack.want != slack.got)
