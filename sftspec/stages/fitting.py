"""The pool scaled to the limits: a problem comes in, a fitted amount per cell goes out.

Iterative proportional fitting (Deming & Stephan 1940), with caps and inequalities as Bregman
projections (Bregman 1967): limit after limit, the cells of a limit are scaled by one factor until
their capped sum is right, and an inequality gives back what it no longer needs. Only + - * / and
`math.fsum` are used, in a fixed order, so that every platform has the same bits (the built-in `sum`
of floats differs between Python 3.11 and 3.12). What goes out is whole millionths of a record: a
guide for the rounding, which alone decides, so a fit that stops at `MAX_SWEEPS` is still right.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from typing import TypeAlias, assert_never

from attrs import frozen

from sftspec.stages.forced import forced_counts
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
)

MICRO = 1_000_000
MAX_SWEEPS = 200
MAX_STEPS = 12
FAINT = 1e-6  # the weight, per record, of a cell that has records but no part in the pool
CEILING = 1e12  # a weight stays below this many times its cap

Cells: TypeAlias = tuple[int, ...]


@frozen
class Scales:
    """Weights under caps: what a cell holds is its weight or its cap, whichever is lower."""

    caps: tuple[float, ...]
    weights: list[float]
    pulls: list[float]


@frozen
class Step:
    """A limit's free cells, those of the rest of its whole, and what the forced of each hold."""

    cells: Cells
    rest: Cells
    held: float
    held_rest: float


def fit(problem: Problem, offsets: Sequence[int]) -> tuple[int, ...]:
    """The amount of each cell, in millionths of a record, nearest the pool in relative entropy.

    `offsets` says by how many records each limit is off (0 where it holds).
    """
    forced = forced_counts(problem, offsets)
    scales = Scales(
        caps=tuple(float(forced.get(cell, cap)) for cell, cap in enumerate(problem.available)),
        weights=[_weight(*pair) for pair in zip(problem.pool, problem.available, strict=True)],
        pulls=[1.0] * len(problem.limits),
    )
    everything = _step(range(len(problem.keys)), (), forced)
    steps = [_step(limit.cells, _whole_of(limit), forced) for limit in problem.limits]
    for _ in range(MAX_SWEEPS):
        gap = _bring(scales, everything.cells, problem.total - everything.held)
        for at, limit in enumerate(problem.limits):
            gap = max(gap, _project(scales, at, limit, steps[at], offsets[at]))
        if round(gap * MICRO) == 0:
            break
    return tuple(
        MICRO * forced[cell] if cell in forced else round(min(cap, weight) * MICRO)
        for cell, (cap, weight) in enumerate(zip(scales.caps, scales.weights, strict=True))
    )


def _weight(pool: int, available: int) -> float:
    return float(pool) if pool else FAINT * available


def _whole_of(limit: Limit) -> Cells:
    match limit:
        case Exact() | AtLeast() | AtMost():
            return ()
        case Portion(of=of) | PortionAtLeast(of=of) | PortionAtMost(of=of):
            return of
        case _:
            assert_never(limit)


def _step(cells: Iterable[int], whole: Iterable[int], forced: Mapping[int, int]) -> Step:
    part = set(cells)
    rest = set(whole) - part
    return Step(
        cells=tuple(sorted(part - forced.keys())),
        rest=tuple(sorted(rest - forced.keys())),
        held=float(sum(forced.get(cell, 0) for cell in part)),
        held_rest=float(sum(forced.get(cell, 0) for cell in rest)),
    )


def _project(scales: Scales, at: int, limit: Limit, step: Step, offset: int) -> float:
    """Scale the free cells of one limit to it, and answer by how many records it was off."""
    match limit:
        case Exact(count=count):
            return _bring(scales, step.cells, count + offset - step.held)
        case AtLeast(count=count) | AtMost(count=count):
            return _pull(
                scales,
                at,
                step.cells,
                count + offset - step.held,
                rising=isinstance(limit, AtLeast),
            )
        case Portion(share_bp=share):
            return _divide(scales, step, share, offset, wrong=(-1, 1))
        case PortionAtLeast(share_bp=share):
            return _divide(scales, step, share, offset, wrong=(-1,))
        case PortionAtMost(share_bp=share):
            return _divide(scales, step, share, offset, wrong=(1,))
        case _:
            assert_never(limit)


def _held(scales: Scales, cells: Cells) -> float:
    caps, weights = scales.caps, scales.weights
    return fsum([min(caps[cell], weights[cell]) for cell in cells])


def _bring(scales: Scales, cells: Cells, target: float) -> float:
    """Scale the cells until they hold `target`, or all they can; answer how far off they were."""
    gap = abs(_held(scales, cells) - target)
    if gap:
        _scale(scales, cells, _factor(scales, cells, target))
    return gap


def _pull(scales: Scales, at: int, cells: Cells, target: float, *, rising: bool) -> float:
    """Bring the cells to a bound they are beyond; let go of a pull that is no longer needed."""
    held, pull = _held(scales, cells), scales.pulls[at]
    kept = held >= target if rising else held <= target
    if kept and pull == 1.0:
        return 0.0
    wanted = pull * _factor(scales, cells, target)
    wanted = max(1.0, wanted) if rising else min(1.0, wanted)
    if pull > 0.0:
        _scale(scales, cells, wanted / pull)
    scales.pulls[at] = wanted
    return abs(held - _held(scales, cells))


def _divide(
    scales: Scales, step: Step, share: int, offset: int, *, wrong: tuple[int, ...]
) -> float:
    """Divide a whole between a part and the rest, and make it less where either has no room.

    `wrong` says whether a part that is too small (-1) or too large (1) is to be mended.
    """
    part = step.held + _held(scales, step.cells)
    whole = part + step.held_rest + _held(scales, step.rest)
    over = (part - offset) * WHOLE_BP - share * whole
    if (1 if over > 0.0 else -1) not in wrong:
        return 0.0
    if share:
        room = step.held + _room(scales, step.cells)
        whole = min(whole, room * WHOLE_BP / share)
    if share < WHOLE_BP:
        room = step.held_rest + _room(scales, step.rest)
        whole = min(whole, room * WHOLE_BP / (WHOLE_BP - share))
    part = min(max(share * whole / WHOLE_BP + offset, 0.0), whole)
    return max(
        _bring(scales, step.cells, max(part - step.held, 0.0)),
        _bring(scales, step.rest, max(whole - part - step.held_rest, 0.0)),
    )


def _room(scales: Scales, cells: Cells) -> float:
    return fsum([scales.caps[cell] for cell in cells])


def _factor(scales: Scales, cells: Cells, target: float) -> float:
    """The factor on the weights that makes the cells hold `target`, by Newton's method from below.

    What is held is concave in the factor and never above the sum of the weights, so the first
    guess is below the root and no later one passes it.
    """
    caps, weights = scales.caps, scales.weights
    mass = fsum([weights[cell] for cell in cells])
    factor = target / mass if mass > 0.0 else 1.0
    for _ in range(MAX_STEPS):
        full = [weights[cell] * factor >= caps[cell] for cell in cells]
        if all(full) or not any(full):
            break
        held = fsum([caps[cell] for cell, is_full in zip(cells, full, strict=True) if is_full])
        free = fsum(
            [weights[cell] for cell, is_full in zip(cells, full, strict=True) if not is_full]
        )
        closer = (target - held) / free if free > 0.0 else factor
        if closer <= factor:
            break
        factor = closer
    return factor


def _scale(scales: Scales, cells: Cells, factor: float) -> None:
    caps, weights = scales.caps, scales.weights
    for cell in cells:
        weights[cell] = min(weights[cell] * factor, caps[cell] * CEILING)
