"""Two sets of gates: which requirements are weaker than they were, and which are stricter.

A requirement is what it measures and which answers it lets pass. It is weaker exactly where an
answer passes all that is required of the same measure now and did not pass it before; whether it
stands in the same gate does not matter, as a version is frozen on all of them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
import operator
from typing import NamedTuple

from msgspec import Struct

from sftspec.ground.canon import canonical
from sftspec.plan import graph as g
from sftspec.snapshot.compare.base import Change
from sftspec.snapshot.compare.names import Names, shown, spelled_out

_PASSES: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_WHOLE = 10_000


class Weakness(Struct, frozen=True):
    """A requirement that was, and what stands in its place: None for nothing."""

    gate: str
    was: str
    now: str | None
    why: str


class _Line(NamedTuple):
    """A line of a gate, in the names of now. `key`: what it measures, and of what."""

    gate: str
    line: g.GateLinePart
    key: bytes

    @property
    def text(self) -> str:
        return self.line.text

    @property
    def require(self) -> bool:
        return self.line.require

    @property
    def meaning(self) -> tuple[str, bytes, bool, str, str]:
        """All that counts of it."""
        return (self.gate, self.key, self.require, self.line.op, self.line.wanted)


def gate_changes(before: g.Graph, after: g.Graph) -> Iterator[Change]:
    """Every requirement that changed: a weaker one is major, a stricter one minor."""
    names = Names(before, after)
    was, now = _lines(before, names), _lines(after, names)
    replaced = set[object]()
    for line in was:
        weak, instead = _weaker(line, now)
        if weak is not None:
            replaced.add(instead.meaning if instead else None)
            yield Change(
                "gate-weaker", "major", "gate", weak.gate, weak.why, weak.was, weak.now or ""
            )
        elif not _alike(line, now):
            rule = "gate-text" if line.require else "gate-warning"
            yield Change(rule, "none", "gate", line.gate, f"`{line.text}` is gone", line.text)
    for one in _weaker_needs(before, after, names):
        yield Change("gate-weaker", "major", "gate", one.gate, one.why, one.was, one.now or "")
    known = {line.meaning for line in was}
    for line in now:
        if line.meaning not in known | replaced:
            yield _fresh(line, _alike(line, was))
    yield from _coverages(before, after, names)


def weaknesses(before: g.Graph, after: g.Graph) -> list[Weakness]:
    """What `before` required that `after` does not, or not as strictly."""
    names = Names(before, after)
    now = _lines(after, names)
    found = [weak for line in _lines(before, names) if (weak := _weaker(line, now)[0])]
    return [*found, *_weaker_needs(before, after, names)]


def _lines(graph: g.Graph, names: Names) -> list[_Line]:
    found = []
    for gate in graph.judge.gates:
        for line in gate.lines:
            of, where = (
                None if node is None else names.node(spelled_out(node, graph))
                for node in (line.tally.of, line.where)
            )
            arg = None if line.tally.arg is None else names.now("coverage", line.tally.arg)
            key = canonical([line.tally.name, of, arg, where, line.of, line.unit])
            found.append(_Line(names.now("gate", gate.name), line, key))
    return found


def _alike(line: _Line, lines: Sequence[_Line]) -> list[_Line]:
    """The lines that measure the same: what is required first, of its own gate, with the same sign."""
    same = [one for one in lines if one.key == line.key]
    sign = line.line.op[0]
    return sorted(
        same, key=lambda o: (not o.require, o.gate != line.gate, o.line.op[0] != sign)
    )


def _weaker(line: _Line, now: Sequence[_Line]) -> tuple[Weakness | None, _Line | None]:
    """A requirement that lets more pass now, and the line in its place."""
    if not line.require:
        return None, None
    same = _alike(line, now)
    required = [one for one in same if one.require]
    if not lets_more_through(line.line, [one.line for one in required]):
        return None, None
    instead = same[0] if same else None
    why = f"`{line.text}` is gone"
    if required:
        why = f"`{line.text}` is `{required[0].text}` now"
    elif same:
        why = f"`{line.text}` only warns now"
    return Weakness(line.gate, line.text, instead.text if instead else None, why), instead


def _fresh(line: _Line, was: Sequence[_Line]) -> Change:
    """A line that was not there so before, and takes no weaker one's place."""
    old = was[0] if was else None
    before = old.text if old else ""
    required = [one.line for one in was if one.require]
    if line.require and lets_more_through(line.line, required):
        how = "is stricter" if required else "is required now" if old else "is new"
        what = f"`{line.text}` {how}"
        return Change("gate-stricter", "minor", "gate", line.gate, what, before, line.text)
    how = f"was `{before}`" if before else "is new"
    if old and before == line.text:
        how = f"stood in gate {old.gate}"
    rule = "gate-text" if line.require else "gate-warning"
    return Change(rule, "none", "gate", line.gate, f"`{line.text}` {how}", before, line.text)


# which answers pass


def lets_more_through(was: g.GateLinePart, now: Iterable[g.GateLinePart]) -> bool:
    """Whether some answer passes all lines of now and not the one that was.

    Signs part the numbers at their thresholds alone, so it is enough to ask at each of them and once
    between two. Lines that cannot be read let anything through.
    """
    lines = list(now)
    try:
        answers = _answers([Fraction(line.wanted) for line in (was, *lines)], was.unit)
        return any(
            all(_passes(line, answer) for line in lines) and not _passes(was, answer)
            for answer in answers
        )
    except (ArithmeticError, KeyError, ValueError):
        return True


def _passes(line: g.GateLinePart, answer: Fraction) -> bool:
    return _PASSES[line.op](answer, Fraction(line.wanted))


def _answers(thresholds: Sequence[Fraction], unit: str) -> Iterator[Fraction]:
    """Answers that can be measured, one of every kind that the thresholds tell apart."""
    if unit == "count":
        near = {int(one // 1) + by for one in thresholds for by in (-1, 0, 1)}
        yield from (Fraction(one) for one in sorted({0, *near}) if one >= 0)
        return
    low, high = min(thresholds) - 1, max(thresholds) + 1
    if unit in {"percent", "points"}:
        low, high = Fraction(0), Fraction(_WHOLE)
    edges = sorted({low, high, *(one for one in thresholds if low <= one <= high)})
    yield from edges
    yield from ((one + other) / 2 for one, other in pairwise(edges))


# coverages


class _Need(NamedTuple):
    """A coverage in the names of now."""

    part: g.CoveragePart
    over: tuple[str, ...]
    where: bytes
    cells: frozenset[tuple[str, ...]]

    @property
    def said(self) -> str:
        where = "" if self.part.where is None else f" where {shown(self.part.where)}"
        return (
            f"need {self.part.need} in {len(self.cells)} cells of {', '.join(self.over)}{where}"
        )

    @property
    def meaning(self) -> tuple[object, ...]:
        return (self.part.need, self.over, self.where, self.cells)


def _needs(graph: g.Graph, names: Names) -> dict[str, _Need]:
    found = {}
    for one in graph.judge.coverages:
        over = tuple(names.now("facet", facet) for facet in one.over)
        where = None if one.where is None else names.node(spelled_out(one.where, graph))
        cells = frozenset(tuple(map(names.value, over, cell)) for cell in one.cells)
        found[one.name] = _Need(one, over, canonical(where), cells)
    return names.renamed("coverage", found)


def _guarded(graph: g.Graph, names: Names) -> dict[str, str]:
    """Coverages that some requirement asks for, and the gate."""
    return {
        names.now("coverage", line.tally.arg): names.now("gate", gate.name)
        for gate in graph.judge.gates
        for line in gate.lines
        if line.require and line.tally.arg is not None
    }


def _weaker_needs(before: g.Graph, after: g.Graph, names: Names) -> Iterator[Weakness]:
    """A coverage that a gate asks for and that asks for less itself."""
    a, b = _needs(before, names), _needs(after, names)
    for name, gate in _guarded(before, names).items():
        was, now = a.get(name), b.get(name)
        if was is None or now is None:
            continue  # then its requirement is gone too
        said = f"coverage {name}: {was.said}"
        left = len(was.cells - now.cells)
        if was.over == now.over and left:
            text = f"coverage {name}: {left} of its cells are left out"
            yield Weakness(gate, said, text, text)
        elif now.part.need < was.part.need or (was.over, was.where) != (now.over, now.where):
            yield Weakness(
                gate, said, f"coverage {name}: {now.said}", f"{said} is {now.said} now"
            )


def _coverages(before: g.Graph, after: g.Graph, names: Names) -> Iterator[Change]:
    """Coverages that are new, gone, or ask for something else; what a gate makes of it comes before."""
    a, b = _needs(before, names), _needs(after, names)
    for name in {**a, **b}:
        if name not in a or name not in b:
            what = "is new" if name in b else "is gone"
            yield Change("coverage", "minor", "coverage", name, what)
        elif a[name].meaning != b[name].meaning:
            texts = (a[name].said, b[name].said)
            yield Change("coverage", "minor", "coverage", name, " → ".join(texts), *texts)
