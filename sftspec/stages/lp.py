"""Integer programs by HiGHS: a model in integers comes in, its optimum in integers goes out.

HiGHS (Huangfu & Hall 2018) works in floats, and none of them gets past this file. A point is
rounded and checked against every row and bound in integers; of a relaxation, millionths and scaled
multipliers go out, which serve as guides and bounds.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from sftspec.stages.limits import Row, SolverError

if TYPE_CHECKING:
    from highspy import Highs

OPTIONS: tuple[tuple[str, bool | int | float | str], ...] = (
    ("output_flag", False),
    ("threads", 1),
    ("parallel", "off"),
    ("random_seed", 0),
    ("solver", "simplex"),
    ("mip_rel_gap", 0.0),
    ("mip_abs_gap", 0.0),
)
COST_BITS = (
    20  # HiGHS stumbles over dearer costs, so a power of two, which is exact, scales them
)
MICRO = 1_000_000
NEAR = 2
MULTIPLIER_BITS = 44


@frozen
class Model:
    """Integer columns from 0 to `caps` (None: no cap), a cost for each, and rows over them.

    `first` names columns after which, when they are decided, the rest is easy.
    """

    caps: tuple[int | None, ...]
    costs: tuple[int, ...]
    rows: tuple[Row, ...]
    first: tuple[int, ...] = ()


def least(model: Model) -> tuple[int, ...] | None:
    """The integer point of least cost, or None where no integer point keeps the rows.

    Relaxations are solved before it: one without whole columns, whose vertices are whole for
    transport and all other totally unimodular rows, then one where only the first columns are.
    The optimum of either is the optimum if it is whole. Else branch and cut has them all, gap 0;
    its numbers count from the vertex, so that they are small where it decides.
    """
    micros = relaxed(model)
    point = micros and _whole_point(model, micros)
    everything = tuple(range(len(model.caps)))
    for whole in (model.first, everything):
        if micros is None or point is not None:
            return point
        if whole:
            origin = tuple(micro // MICRO for micro in micros)
            micros = relaxed(model, whole, origin)
            point = micros and _whole_point(model, micros)
    if micros is not None and point is None:
        raise SolverError("HiGHS called a point whole that breaks a row in integers")
    return point


def whole_vertex(model: Model) -> tuple[int, ...] | None:
    """The vertex of least cost that the relaxation stops at, if it is whole and keeps the rows."""
    micros = relaxed(model)
    return None if micros is None else _whole_point(model, micros)


def relaxed(
    model: Model, whole: Sequence[int] = (), origin: Sequence[int] = ()
) -> tuple[int, ...] | None:
    """The point of least cost where these columns are whole, in millionths, or None.

    The solver sees every column as its distance from the origin, if there is one.
    """
    if not model.caps:
        return () if _keeps(model, ()) else None
    origin = origin or (0,) * len(model.caps)
    solver = _solved(model, whole, origin)
    if solver is None:
        return None
    values = solver.getSolution().col_value
    return tuple(
        MICRO * at + round(MICRO * value) for at, value in zip(origin, values, strict=True)
    )


def multipliers(model: Model) -> tuple[int, ...]:
    """The dual of each row in the relaxation, times 2**44; all zero where it has no point."""
    solver = _solved(model, (), (0,) * len(model.caps))
    if solver is None:
        return (0,) * len(model.rows)
    return tuple(round(dual * 2**MULTIPLIER_BITS) for dual in solver.getSolution().row_dual)


def within(row: Row, value: int) -> bool:
    """Whether a sum keeps the row's bounds."""
    return (row.low is None or row.low <= value) and (row.high is None or value <= row.high)


def sum_of(row: Row, point: Sequence[int]) -> int:
    """The row's sum at a point."""
    return sum(weight * point[column] for column, weight in row.terms)


def _whole_point(model: Model, micros: Sequence[int]) -> tuple[int, ...] | None:
    """The point in whole numbers, if it is within two millionths of them and they keep the rows."""
    point = tuple((micro + MICRO // 2) // MICRO for micro in micros)
    near = all(abs(micro - MICRO * at) <= NEAR for micro, at in zip(micros, point, strict=True))
    return point if near and _keeps(model, point) else None


def _keeps(model: Model, point: Sequence[int]) -> bool:
    boxed = all(
        at >= 0 and (cap is None or at <= cap)
        for at, cap in zip(point, model.caps, strict=True)
    )
    return boxed and all(within(row, sum_of(row, point)) for row in model.rows)


def _solved(model: Model, whole: Sequence[int], origin: Sequence[int]) -> "Highs | None":
    """The solver at its optimum, or None where there is no point; anything else is a fault."""
    from highspy import Highs, HighsModelStatus

    start: Callable[[], Highs] = Highs
    solver = start()
    for name, value in OPTIONS:
        solver.setOptionValue(name, value)
    _fill(solver, model, whole, origin)
    for presolve in ("on", "off"):
        solver.setOptionValue("presolve", presolve)
        solver.run()
        match solver.getModelStatus():
            case HighsModelStatus.kOptimal:
                return solver
            case HighsModelStatus.kInfeasible | HighsModelStatus.kUnboundedOrInfeasible:
                return None
            case _:
                solver.clearSolver()
    raise SolverError(
        f"HiGHS stopped with {solver.modelStatusToString(solver.getModelStatus())}"
    )


def _fill(solver: "Highs", model: Model, whole: Sequence[int], origin: Sequence[int]) -> None:
    from highspy import HighsLp, HighsVarType, MatrixFormat, kHighsInf

    program = HighsLp()
    program.num_col_ = len(model.caps)
    program.num_row_ = len(model.rows)
    bits = max(cost.bit_length() for cost in model.costs)
    scale = 2.0 ** min(0, COST_BITS - bits)
    program.col_cost_ = [cost * scale for cost in model.costs]
    program.col_lower_ = [float(-at) for at in origin]
    program.col_upper_ = [
        kHighsInf if cap is None else float(cap - at)
        for cap, at in zip(model.caps, origin, strict=True)
    ]
    sums = [sum_of(row, origin) for row in model.rows]
    program.row_lower_ = [
        -kHighsInf if row.low is None else float(row.low - held)
        for row, held in zip(model.rows, sums, strict=True)
    ]
    program.row_upper_ = [
        kHighsInf if row.high is None else float(row.high - held)
        for row, held in zip(model.rows, sums, strict=True)
    ]
    matrix = program.a_matrix_
    matrix.format_ = MatrixFormat.kRowwise
    starts = [0]
    for row in model.rows:
        starts.append(starts[-1] + len(row.terms))
    matrix.start_ = starts
    matrix.index_ = [column for row in model.rows for column, _ in row.terms]
    matrix.value_ = [float(weight) for row in model.rows for _, weight in row.terms]
    if whole:
        kinds = [HighsVarType.kContinuous] * len(model.caps)
        for column in whole:
            kinds[column] = HighsVarType.kInteger
        program.integrality_ = kinds
    solver.passModel(program)
