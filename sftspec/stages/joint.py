"""Joint cells of the mixture, and how a part of it came out."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
import numpy as np

from sftspec.plan.graph import Mix
from sftspec.stages.limits import Slack
from sftspec.stages.pool import Pool


class CellCount(Struct, frozen=True):
    """A joint cell of a part: its facet values, what was there and what was taken."""

    values: tuple[str, ...]
    available: int
    chosen: int


class Quota(Struct, frozen=True):
    """A limit of a part: what was wanted and what was reached."""

    label: str
    wanted: int
    there: int
    chosen: int


class PartResult(Struct, frozen=True):
    """How a part came out. `feasible_total`: the largest total at which all shares hold."""

    part: str
    wanted: int
    available: int
    chosen: int
    capped: int
    feasible_total: int | None
    slacks: tuple[Slack, ...]
    quotas: tuple[Quota, ...]
    cells: tuple[CellCount, ...]


class MixResult(Struct, frozen=True):
    """How the mixture came out: the facets that make a cell, and each part."""

    facets: tuple[str, ...]
    parts: tuple[PartResult, ...]

    @property
    def short(self) -> bool:
        """Whether some part misses a quota."""
        return any(part.slacks for part in self.parts)


class Cells:
    """The candidates of a part by joint cell."""

    def __init__(self, stage: Mix, pool: Pool, facets: Sequence[str]) -> None:
        self.facets = facets
        conditions = [pool.holds(node) for node in _conditions(stage)]
        self.of, self.rows = joint_codes(pool, facets, conditions)
        self.width = len(facets)

    def values(self, cell: int) -> tuple[str, ...]:
        return tuple(str(value) for value in self.rows[cell][: self.width])

    def where(self, facet: str, value: str) -> Callable[[int], bool]:
        at = self.facets.index(facet)
        return lambda cell: bool(self.rows[cell][at] == value)

    def holds(self, number: int) -> Callable[[int], bool]:
        return lambda cell: bool(self.rows[cell][self.width + number])


def joint_codes(
    pool: Pool, facets: Sequence[str], conditions: Sequence[Any] = ()
) -> tuple[Any, list[tuple[Any, ...]]]:
    """The joint cell of each candidate by number, and each cell's values and truths."""
    columns = [pool.words(name) for name in facets]
    codes = [
        np.asarray(column.indices.fill_null(-1)).astype(np.int64) + 1 for column in columns
    ]
    codes += [hold.astype(np.int64) for hold in conditions]
    words: list[list[Any]] = [[None, *column.dictionary.to_pylist()] for column in columns]
    words += [[False, True] for _ in conditions]
    joint = np.zeros(pool.size, np.int64)
    for code, known in zip(codes, words, strict=True):
        joint = joint * len(known) + code
    found, places = np.unique(joint, return_inverse=True)
    return places, [_apart(int(value), words) for value in found]


def _apart(value: int, words: list[list[Any]]) -> tuple[Any, ...]:
    """The facet values and truths that a joint code stands for."""
    row: list[Any] = []
    for known in reversed(words):
        value, code = divmod(value, len(known))
        row.append(known[code])
    return tuple(reversed(row))


def _conditions(stage: Mix) -> list[Any]:
    return [share.where for share in stage.shares if share.where is not None] + [
        bound.where for bound in stage.bounds
    ]
