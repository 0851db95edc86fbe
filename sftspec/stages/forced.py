"""Cells without a choice: a problem comes in, the cells that limits leave one count for go out.

Bound propagation over integer rows (Davis 1987): a row whose most is no more than it needs has its
cells at their most, one whose least is no less than it may have has them at their least.
"""

from collections.abc import Sequence

from sftspec.stages.limits import Problem, Row, rows_of


def forced_counts(problem: Problem, offsets: Sequence[int]) -> dict[int, int]:
    """The count of each cell that has no other, as far as single limits tell, again and again."""
    rows = rows_of(problem, offsets)
    forced = {cell: 0 for cell, available in enumerate(problem.available) if not available}
    while True:
        found = {
            cell: count
            for row in rows
            for cell, count in _forced_by(row, problem.available, forced).items()
        }
        if not found:
            return forced
        forced |= found


def _forced_by(row: Row, available: Sequence[int], forced: dict[int, int]) -> dict[int, int]:
    free = [(cell, weight) for cell, weight in row.terms if cell not in forced]
    if not free:
        return {}
    held = sum(weight * forced[cell] for cell, weight in row.terms if cell in forced)
    most = {cell: available[cell] if weight > 0 else 0 for cell, weight in free}
    least = {cell: 0 if weight > 0 else available[cell] for cell, weight in free}
    if (
        row.low is not None
        and held + sum(weight * most[cell] for cell, weight in free) <= row.low
    ):
        return most
    if (
        row.high is not None
        and held + sum(weight * least[cell] for cell, weight in free) >= row.high
    ):
        return least
    return {}
