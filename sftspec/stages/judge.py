"""Gates and coverages over the records: what each requirement measured, and whether it holds."""

from collections.abc import Sequence
from fractions import Fraction
import operator
from typing import Any

from msgspec import Struct
import numpy as np

from sftspec.expr import base, nodes as ex
from sftspec.expr.evaluate import compile_vector
from sftspec.plan.graph import CoveragePart, GateLinePart, Judge
from sftspec.stages.pool import Pool

MOST_IDS = 5
_OPS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


class Answer(Struct, frozen=True):
    """What a requirement measured. `measured` is None where there was nothing to measure."""

    gate: str
    text: str
    require: bool
    holds: bool
    measured: str | None
    of: str
    population: int
    records: tuple[str, ...] = ()


class CellAnswer(Struct, frozen=True):
    """A cell of a coverage: what it needs, what was rendered for it, what was chosen."""

    values: tuple[str, ...]
    need: int
    have: int
    chosen: int


class CoverageAnswer(Struct, frozen=True):
    """A coverage matrix, cell by cell."""

    name: str
    over: tuple[str, ...]
    cells: tuple[CellAnswer, ...]

    @property
    def met(self) -> list[bool]:
        """For each cell whether it holds what it needs."""
        return [cell.chosen >= cell.need for cell in self.cells]


class Judgement(Struct, frozen=True):
    """The answers of all gates, and every coverage."""

    answers: tuple[Answer, ...]
    coverages: tuple[CoverageAnswer, ...]


def judge(
    stage: Judge, pool: Pool, chosen: Any, reasons: Sequence[str | None], tests: Sequence[bool]
) -> Judgement:
    """`chosen`: truth values over the pool. `reasons`: why a candidate was rejected, or None."""
    coverages = tuple(_coverage(one, pool, chosen, reasons) for one in stage.coverages)
    work = _Work(pool, chosen, reasons, tests, {one.name: one for one in coverages})
    answers = tuple(work.answer(gate.name, line) for gate in stage.gates for line in gate.lines)
    return Judgement(answers, coverages)


class _Work:
    def __init__(
        self, pool: Pool, chosen: Any, reasons: Sequence[str | None], tests: Sequence[bool],
        coverages: dict[str, CoverageAnswer],
    ) -> None:  # fmt: skip
        self.pool = pool
        self.chosen = chosen
        self.reasons = reasons
        self.tests = tests
        self.coverages = coverages

    def _values(self, node: ex.Typed) -> list[Any]:
        def get(path: tuple[str, ...]) -> Sequence[Any]:
            return self.reasons if path == ("rejected",) else self.pool.get(path)

        return compile_vector(node).over(get, self.pool.size)

    def _population(self, line: GateLinePart) -> Any:
        there = (
            self.chosen
            if line.of == "chosen"
            else self.pool.rendered() & (self.pool.level() == 0)
        )
        if line.where is not None:
            there = there & np.array([bool(value) for value in self._values(line.where)], bool)
        return np.flatnonzero(there)

    def answer(self, gate: str, line: GateLinePart) -> Answer:
        tally = base.tallies()[line.tally.name]
        places: list[int] = []
        if line.tally.name == "tests":
            values: Sequence[Any] = self.tests
        elif line.tally.arg is not None:
            values = self.coverages[line.tally.arg].met
        else:
            places = self._population(line).tolist()
            column = self._values(line.tally.of) if line.tally.of is not None else None
            values = [column[place] for place in places] if column else [True] * len(places)
        measured = tally.value(tally.merge(tally.start(), tally.of(values)))
        holds = measured is None or _OPS[line.op](Fraction(measured), _wanted(line))
        return Answer(
            gate=gate, text=line.text, require=line.require, holds=holds,
            measured=None if measured is None else shown(measured, line.unit),
            of=line.of, population=len(values),
            records=() if holds else self._records(line, places, values),
        )  # fmt: skip

    def _records(
        self, line: GateLinePart, places: Sequence[int], values: Sequence[Any]
    ) -> tuple[str, ...]:
        """Up to five ids of records that speak against the requirement."""
        if line.tally.name not in {"count", "rate"} or not places:
            return ()
        guilty = line.op in {"<", "<=", "=="}
        ids = self.pool.arrow("id")
        found = [
            place for place, value in zip(places, values, strict=True) if bool(value) is guilty
        ]
        return tuple(sorted(ids[place].as_py().hex() for place in found))[:MOST_IDS]


def _wanted(line: GateLinePart) -> Fraction:
    value = Fraction(line.wanted)
    return value / 10_000 if line.unit == "percent" else value


def shown(value: int | Fraction, unit: str) -> str:
    """A measured value for people: two decimals at most, a percentage with its sign."""
    if unit == "percent":
        return _decimal(Fraction(value) * 100) + "%"
    return _decimal(Fraction(value))


def _decimal(value: Fraction) -> str:
    hundredths = (abs(value) * 100 * 2 + 1) // 2
    text = f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 and hundredths else text


def _coverage(
    part: CoveragePart, pool: Pool, chosen: Any, reasons: Sequence[str | None]
) -> CoverageAnswer:
    columns = [pool.facet(name) for name in part.over]
    counts = pool.holds(part.where) & (pool.level() == 0)
    have: dict[tuple[str, ...], list[int]] = {cell: [0, 0] for cell in part.cells}
    for place in np.flatnonzero(counts).tolist():
        for cell in _cells_of([column[place] for column in columns]):
            if cell in have:
                have[cell][0] += reasons[place] is None
                have[cell][1] += bool(chosen[place])
    return CoverageAnswer(
        part.name, part.over,
        tuple(CellAnswer(cell, part.need, *have[cell]) for cell in part.cells),
    )  # fmt: skip


def _cells_of(values: Sequence[Any]) -> list[tuple[str, ...]]:
    """The cells a record is in: several where a facet is many, none where one is absent."""
    cells: list[tuple[str, ...]] = [()]
    for value in values:
        options = value if isinstance(value, list) else [] if value is None else [value]
        cells = [(*cell, option) for cell in cells for option in options]
    return cells
