"""Gates and coverages over the records: what each requirement measured, and whether it holds.

A requirement that does not hold says why: what each of its conditions lets through, the cells or
tests that are missing, the rows, and up to five records, the most extreme first.
"""

from collections.abc import Sequence
from fractions import Fraction
import operator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
import numpy as np

from sftspec.expr import base, nodes as ex
from sftspec.plan.graph import CoveragePart, GateLinePart, Judge
from sftspec.stages.counted import Records, RowCount, Rows
from sftspec.stages.pool import Pool

MOST_IDS = 5
MOST_LISTED = 50
_OPS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


class CellAnswer(Struct, frozen=True):
    """A cell of a coverage: what it needs, what was rendered for it, what was chosen."""

    cell: tuple[str, ...]
    need: int
    have: int
    chosen: int

    @property
    def met(self) -> bool:
        """Whether it holds what it needs."""
        return self.chosen >= self.need


class RowsAnswer(Struct, frozen=True):
    """Rows of a source with one fate; `rejected` is the reason, or None."""

    source: str
    rejected: str | None
    rows: int


class Why(Struct, frozen=True, omit_defaults=True):
    """What speaks against a requirement that does not hold.

    `conditions`: of several in the tally, from left to right, for how many of the population each
    holds; `where`: the same of its `where`, of the whole. `values`: what was measured of each of
    the records. `over`, `cells`: of a coverage, the facets and the cells that are short. `tests`:
    those that failed. `rows`: by source and reason. `more`: how many of them are not listed.
    """

    conditions: tuple[int, ...] = ()
    where: tuple[int, ...] = ()
    values: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    cells: tuple[CellAnswer, ...] = ()
    tests: tuple[str, ...] = ()
    rows: tuple[RowsAnswer, ...] = ()
    more: int = 0


class Answer(Struct, frozen=True):
    """What a requirement measured. `measured` is None where there was nothing to measure.

    `parts`: what it is made of. `population`: what was looked at, `whole`: the same before
    `where`. `records`: ids of some that speak against it, and `why` more of that.
    """

    gate: str
    text: str
    require: bool
    holds: bool
    measured: str | None
    parts: dict[str, int | str]
    of: str
    population: int
    whole: int
    records: tuple[str, ...] = ()
    why: Why | None = None


class CoverageAnswer(Struct, frozen=True):
    """A coverage matrix, cell by cell."""

    name: str
    over: tuple[str, ...]
    cells: tuple[CellAnswer, ...]


class Judgement(Struct, frozen=True):
    """The answers of all gates, and every coverage."""

    answers: tuple[Answer, ...]
    coverages: tuple[CoverageAnswer, ...]


class Judged(Struct, frozen=True):
    """What there is beside the candidates: the tests by name, the rows by source and fate."""

    tests: tuple[tuple[str, bool], ...] = ()
    rows: tuple[RowCount, ...] = ()


def judge(
    stage: Judge, pool: Pool, chosen: Any, reasons: Sequence[str | None],
    beside: Judged = Judged(),  # noqa: B008 - frozen
) -> Judgement:  # fmt: skip
    """`chosen`: truth values over the pool. `reasons`: why a candidate was rejected, or None."""
    coverages = tuple(_coverage(one, pool, chosen, reasons) for one in stage.coverages)
    work = _Work(Records(pool, chosen, reasons), beside, coverages)
    answers = tuple(work.answer(gate.name, line) for gate in stage.gates for line in gate.lines)
    return Judgement(answers, coverages)


class _Work:
    def __init__(
        self, records: Records, beside: Judged, coverages: Sequence[CoverageAnswer]
    ) -> None:
        self.records = records
        self.rows = Rows(beside.rows)
        self.tests = beside.tests
        self.coverages = {one.name: one for one in coverages}

    def answer(self, gate: str, line: GateLinePart) -> Answer:
        match base.tallies()[line.tally.name].takes:
            case "nothing":
                return self._listed(gate, line, self.tests)
            case "coverage":
                cells = self.coverages[line.tally.arg or ""].cells
                return self._listed(gate, line, [(cell, cell.met) for cell in cells])
            case "number":
                return self._number(gate, line)
            case _:
                return self._share(gate, line)

    def _listed(
        self, gate: str, line: GateLinePart, items: Sequence[tuple[Any, bool]]
    ) -> Answer:
        """A share of things that are no records: cells or tests."""
        total = base.tallies()[line.tally.name].of([good for _, good in items])
        answer = _answer(gate, line, total, (len(items), len(items)))
        if answer.holds:
            return answer
        bad = tuple(item for item, good in items if not good)
        some, more = bad[:MOST_LISTED], max(len(bad) - MOST_LISTED, 0)
        if line.tally.arg is None:
            return _because(answer, Why(tests=some, more=more))
        over = self.coverages[line.tally.arg].over
        return _because(answer, Why(over=over, cells=some, more=more))

    def _share(self, gate: str, line: GateLinePart) -> Answer:
        """How many there are for which a condition holds, or which share of them."""
        among = self.rows if line.of == "rows" else self.records
        whole = among.whole(line.of)
        taken = whole & among.holds(line.where)
        held = taken & among.holds(line.tally.of)
        total = (among.size(held), among.size(taken))
        answer = _answer(gate, line, total, (among.size(taken), among.size(whole)))
        if answer.holds:
            return answer
        guilty = held if _too_high(line, total) else taken & ~held
        why = _conditions(among, line, taken, whole)
        if isinstance(among, Rows):
            counts = among.most(guilty)
            rows = tuple(RowsAnswer(one.source, one.rejected, one.rows) for one in counts)
            more = max(len(rows) - MOST_LISTED, 0)
            return _because(answer, replace(why, rows=rows[:MOST_LISTED], more=more))
        return _because(answer, why, among.ids(among.first(guilty, MOST_IDS)))

    def _number(self, gate: str, line: GateLinePart) -> Answer:
        """What a number comes to over many records."""
        records, node = self.records, line.tally.of
        assert node is not None  # noqa: S101 - the form of a gate has it
        whole = records.whole(line.of)
        taken = whole & records.holds(line.where)
        column = records.values(node)
        total = base.tallies()[line.tally.name].of(
            [column[place] for place in np.flatnonzero(taken).tolist()]
        )
        answer = _answer(gate, line, total, (records.size(taken), records.size(whole)))
        if answer.holds:
            return answer
        found = records.extreme(taken, column, MOST_IDS, high=_too_high(line, total))
        values = tuple(shown(Fraction(column[place]), line.unit) for place in found)
        why = replace(_conditions(records, line, taken, whole), values=values)
        return _because(answer, why, records.ids(found))


def _answer(gate: str, line: GateLinePart, total: Any, sizes: tuple[int, int]) -> Answer:
    """What a total comes to. `sizes`: of the population, and of the same before `where`."""
    tally = base.tallies()[line.tally.name]
    measured = tally.value(total)
    return Answer(
        gate=gate, text=line.text, require=line.require,
        holds=measured is None or _OPS[line.op](Fraction(measured), _wanted(line)),
        measured=None if measured is None else shown(measured, line.unit),
        parts={
            name: shown(part, line.unit) if isinstance(part, Fraction) else part
            for name, part in tally.parts(total).items()
        },
        of=line.of, population=sizes[0], whole=sizes[1],
    )  # fmt: skip


def _because(answer: Answer, why: Why, records: tuple[str, ...] = ()) -> Answer:
    return replace(answer, records=records, why=None if why == Why() else why)


def _too_high(line: GateLinePart, total: Any) -> bool:
    """Whether what was measured would have to be lower."""
    if line.op in {"<", "<=", ">", ">="}:
        return line.op in {"<", "<="}
    measured = Fraction(base.tallies()[line.tally.name].value(total) or 0)
    return measured > (_wanted(line) if line.op == "==" else 0)


def _conditions(among: Records | Rows, line: GateLinePart, taken: Any, whole: Any) -> Why:
    """For how many each condition of a line holds, where there are several."""

    def each(node: ex.Typed | None, places: Any) -> tuple[int, ...]:
        nodes = terms(node)
        several = nodes if len(nodes) > 1 else []
        return tuple(among.size(places & among.holds(one)) for one in several)

    of = line.tally.of if line.tally.name in {"count", "rate"} else None
    return Why(conditions=each(of, taken), where=each(line.where, whole))


def terms(node: ex.Typed | None) -> list[ex.Typed]:
    """What `and` and `or` stand between, from left to right."""
    if isinstance(node, ex.And | ex.Or):
        return terms(node.left) + terms(node.right)
    return [] if node is None else [node]


def _wanted(line: GateLinePart) -> Fraction:
    value = Fraction(line.wanted)
    return value / 10_000 if line.unit == "percent" else value


def shown(value: int | Fraction, unit: str) -> str:
    """A measured value for people: two decimals at most, a percentage with its sign.

    `percent` is a share of 1, `points` are basis points.
    """
    if unit == "percent":
        return _decimal(Fraction(value) * 100) + "%"
    if unit == "points":
        return _decimal(Fraction(value) / 100) + "%"
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
