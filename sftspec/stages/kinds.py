"""Cells that no limit can tell apart: a problem over cells comes in, one over kinds goes out.

A kind has the records of its cells and is named by the first. Cells without records are in none.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from msgspec.structs import replace

from sftspec.stages.limits import (
    AtLeast,
    AtMost,
    Exact,
    Limit,
    Portion,
    PortionAtLeast,
    PortionAtMost,
    Problem,
)


def merge(problem: Problem) -> Problem:
    """The problem over kinds: a point of it sums up a point of the other, with the same slacks."""
    marks: list[list[tuple[int, str]]] = [[] for _ in problem.keys]
    for at, limit in enumerate(problem.limits):
        for part, cells in _parts(limit).items():
            for cell in set(cells):
                marks[cell].append((at, part))
    kinds: dict[tuple[tuple[int, str], ...], list[int]] = {}
    for cell, mark in enumerate(marks):
        if problem.available[cell]:
            kinds.setdefault(tuple(mark), []).append(cell)
    first = {cells[0]: kind for kind, cells in enumerate(kinds.values())}
    return Problem(
        keys=tuple(problem.keys[cell] for cell in first),
        available=_sums(problem.available, kinds.values()),
        pool=_sums(problem.pool, kinds.values()),
        total=problem.total,
        limits=tuple(_over_kinds(limit, first) for limit in problem.limits),
    )


def _sums(values: Sequence[int], kinds: Iterable[Sequence[int]]) -> tuple[int, ...]:
    return tuple(sum(values[cell] for cell in cells) for cells in kinds)


def _parts(limit: Limit) -> dict[str, tuple[int, ...]]:
    match limit:
        case Exact(cells=cells) | AtLeast(cells=cells) | AtMost(cells=cells):
            return {"cells": cells}
        case (
            Portion(cells=cells, of=of)
            | PortionAtLeast(cells=cells, of=of)
            | PortionAtMost(cells=cells, of=of)
        ):
            return {"cells": cells, "of": of}
        case _:
            assert_never(limit)


def _over_kinds(limit: Limit, first: Mapping[int, int]) -> Limit:
    parts = {
        part: tuple(sorted(first[cell] for cell in set(cells) & first.keys()))
        for part, cells in _parts(limit).items()
    }
    return replace(limit, **parts)
