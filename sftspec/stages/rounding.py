"""Fitted amounts to whole counts: a problem and its fit come in, the nearest point goes out.

Controlled rounding (Cox 1987) as an integer program: each cell takes the floor or the ceiling of
its fitted amount where such a point keeps every limit, and else moves on at the cost of its squared
distance. Costs are integers: the growth of the squared distance in millionths, and a draw keyed by
the cell, worth less than 1/200 of a record, so that the optimum is unique: two points tie with a
chance below cells / 2**20 (the isolation lemma, Mulmuley, Vazirani & Vazirani 1987).
"""

from collections.abc import Sequence

from attrs import frozen
from xxhash import xxh3_64_intdigest

from sftspec.stages.elastic import write_rigid
from sftspec.stages.fitting import MICRO
from sftspec.stages.limits import Problem, Row, SolverError, rows_of
from sftspec.stages.lp import Model, least, sum_of, within

WIDE_ENDS = (1, 2, 4)  # where the squared distance of a wide move takes a steeper chord
DRAW_BITS = 20
STEP = 1 << 8  # what a millionth costs, in units of a draw


@frozen
class Move:
    """A way for a cell to leave the floor of its fit: up or down, how far, at what cost."""

    cell: int
    step: int
    room: int
    cost: int


def round_fit(
    problem: Problem, offsets: Sequence[int], fitted: Sequence[int], *, seed: int, wide: bool
) -> tuple[int, ...] | None:
    """The integer point nearest the fit that keeps the limits, each off by its offset, or None.

    Narrow, a count is the floor or the ceiling of its fit; wide, anything from 0 to what is there.
    """
    floors = [amount // MICRO for amount in fitted]
    moves = _moves(problem, fitted, seed=seed, wide=wide)
    steps = least(_moved(write_rigid(problem, offsets), moves, floors))
    if steps is None:
        return None
    counts = list(floors)
    for move, times in zip(moves, steps, strict=False):  # after the moves come other columns
        counts[move.cell] += move.step * times
    _verify(problem, rows_of(problem, offsets), counts)
    return tuple(counts)


def _moves(
    problem: Problem, fitted: Sequence[int], *, seed: int, wide: bool
) -> tuple[Move, ...]:
    moves = []
    for cell, (amount, available) in enumerate(zip(fitted, problem.available, strict=True)):
        floor, above = divmod(amount, MICRO)
        ways = [("nearest", 1, 1, MICRO - 2 * above)] if above else []
        if wide:
            beyond = available - floor - bool(above)
            ways += [("more", 1, *part) for part in _beyond(beyond, -above % MICRO)]
            ways += [("fewer", -1, *part) for part in _beyond(floor, above)]
        for word, step, room, cost in ways:
            draw = _draw(seed, word, problem.keys[cell])
            moves.append(Move(cell=cell, step=step, room=room, cost=STEP * cost + draw))
    return tuple(moves)


def _beyond(room: int, gap: int) -> list[tuple[int, int]]:
    """Moves that begin a gap away from the fit: room and cost of each, dearer as they go on."""
    ends = [min(end, room) for end in (*WIDE_ENDS, room)]
    spans = zip([0, *ends], ends, (*WIDE_ENDS, 3 * WIDE_ENDS[-1]), strict=False)
    return [
        (end - start, 2 * gap + (start + until) * MICRO)
        for start, end, until in spans
        if end > start
    ]


def _draw(seed: int, word: str, key: str) -> int:
    return xxh3_64_intdigest(f"{seed}\0round\0{word}\0{key}".encode()) >> (64 - DRAW_BITS)


def _moved(model: Model, moves: Sequence[Move], floors: Sequence[int]) -> Model:
    """The model over moves in place of cells: what the floors hold goes to the bounds."""
    columns: dict[int, list[tuple[int, int]]] = {cell: [] for cell in range(len(floors))}
    for column, move in enumerate(moves):
        columns[move.cell].append((column, move.step))
    others = range(len(floors), len(model.caps))
    shift = len(moves) - len(floors)
    columns |= {column: [(column + shift, 1)] for column in others}
    held = [*floors, *(0 for _ in others)]
    rows = []
    for row in model.rows:
        sums = [(to, step * weight) for at, weight in row.terms for to, step in columns[at]]
        kept = sum_of(row, held)
        low = None if row.low is None else row.low - kept
        high = None if row.high is None else row.high - kept
        rows.append(Row(terms=tuple(sums), low=low, high=high))
    return Model(
        caps=(*(move.room for move in moves), *(model.caps[column] for column in others)),
        costs=(*(move.cost for move in moves), *(model.costs[column] for column in others)),
        rows=tuple(rows),
        first=tuple(column + shift for column in model.first),
    )


def _verify(problem: Problem, rows: Sequence[Row], counts: Sequence[int]) -> None:
    boxed = all(
        0 <= count <= available
        for count, available in zip(counts, problem.available, strict=True)
    )
    if not boxed or not all(within(row, sum_of(row, counts)) for row in rows):
        raise SolverError("the rounded counts break a limit in integers")
