"""Curriculum phases: counts per cell and quotas per phase come in, counts per cell and phase go out.

Each value of the curriculum is a table of its cells by the phases, with whole sums on every side.
Its entries in proportion are rounded by Cox's method (1987). Where a line of a table with whole
sums has one fraction it has another, so fractions lie on cycles that go by row and column in turn.
Along a cycle, adding to every other entry what is taken from the rest keeps every sum; the move
that first makes an entry whole leaves each between its floor and ceiling, and one fraction fewer,
so that the end is a whole table. Of the two ways round a cycle a draw takes one, in proportion to
the length of the other, which keeps the expectation: no cell is favoured.
"""

from collections.abc import Sequence

from xxhash import xxh3_64_intdigest

DEALT = "deal"


def deal(
    counts: Sequence[int],
    members: Sequence[int],
    quotas: Sequence[Sequence[int]],
    seed: int,
    keys: Sequence[str],
) -> tuple[tuple[int, ...], ...]:
    """The records of each cell in each phase: floor or ceiling of its part, with exact sums.

    `members` is the value of each cell, `quotas[phase][value]` what a phase takes of a value.
    """
    dealt = [[0] * len(quotas) for _ in counts]
    for value in sorted(set(members)):
        cells = [
            cell for cell, member in enumerate(members) if member == value and counts[cell]
        ]
        taken = [quota[value] for quota in quotas]
        whole = sum(taken)
        if whole != sum(counts[cell] for cell in cells):
            raise ValueError(
                f"the phases take {whole} of value {value}, which is not what is chosen"
            )
        parts = [[counts[cell] * take for take in taken] for cell in cells]
        _round(parts, whole, [f"{seed}\0{DEALT}\0{keys[cell]}" for cell in cells])
        for cell, row in zip(cells, parts, strict=True):
            dealt[cell] = [part // whole for part in row]
    return tuple(map(tuple, dealt))


def _round(parts: list[list[int]], whole: int, names: Sequence[str]) -> None:
    """Make every entry a multiple of `whole` in place, keeping the sums of rows and columns."""
    for row in range(len(parts)):
        while any(part % whole for part in parts[row]):
            _turn(parts, whole, _cycle(parts, whole, row), names)


def _cycle(parts: Sequence[Sequence[int]], whole: int, row: int) -> list[tuple[int, int]]:
    """Entries with a fraction that share a row and a column in turn, back to the first."""
    path: list[tuple[int, int]] = []
    passed = {("row", row): 0}
    at, column = row, -1
    while True:
        column = next(to for to, part in enumerate(parts[at]) if part % whole and to != column)
        path.append((at, column))
        if ("column", column) in passed:
            return path[passed["column", column] :]
        passed["column", column] = len(path)
        rows = range(row, len(parts))
        at = next(to for to in rows if parts[to][column] % whole and to != at)
        path.append((at, column))
        if ("row", at) in passed:
            return path[passed["row", at] :]
        passed["row", at] = len(path)


def _turn(
    parts: list[list[int]], whole: int, cycle: Sequence[tuple[int, int]], names: Sequence[str]
) -> None:
    """Move along a cycle, one way or the other, until an entry is whole."""
    below = [parts[row][column] % whole for row, column in cycle]
    ahead = min([*(whole - part for part in below[::2]), *below[1::2]])
    back = min([*below[::2], *(whole - part for part in below[1::2])])
    row, column = cycle[0]
    draw = xxh3_64_intdigest(f"{names[row]}\0{column}\0{ahead}\0{back}".encode())
    step = ahead if draw % (ahead + back) < back else -back
    for place, (row, column) in enumerate(cycle):
        parts[row][column] += -step if place % 2 else step
