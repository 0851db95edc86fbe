"""Numbers before and after: distributions, lengths, the funnel, and what gates measured."""

from collections.abc import Iterator, Mapping

from sftspec.snapshot.compare.base import FacetShift, LengthShift, Movement, Shift
from sftspec.snapshot.compare.choice import shares_bp
from sftspec.snapshot.compare.names import Compared
from sftspec.snapshot.compare.told import Line, Told
from sftspec.snapshot.manifest import Manifest

_WHOLE = 10_000
_FUNNEL = (
    "rows_read", "rows_rejected", "rows_used", "candidates", "rejected", "not_chosen", "chosen",
)  # fmt: skip
Counted = Mapping[str, int]


# distributions


def facet_shifts(two: Compared, tolds: tuple[Told, Told]) -> tuple[FacetShift, ...]:
    """Facets whose counts in a part are others than they were, those that moved most first."""
    a, b = two.before.manifest.distribution, two.after.manifest.distribution
    found = []
    for part in {**a, **b}:
        records = tuple(_records(one, part) for one in tolds)
        was, now = _renamed(two, a.get(part, {})), b.get(part, {})
        for facet in {**was, **now}:
            if was.get(facet) == now.get(facet) and records[0] == records[1]:
                continue
            if _known(two, facet):
                found.append(
                    _shift(two, part, facet, (was.get(facet, {}), now.get(facet, {})), records)
                )
    return tuple(sorted(found, key=lambda one: (-one.moved_bp, one.part, one.facet)))


def _records(one: Told, part: str) -> int:
    return one.parts[part].chosen if part in one.parts else 0


def _known(two: Compared, facet: str) -> bool:
    """Whether both taxonomies have it: what is new or gone did not move."""
    old, new = (set(graph.judge.facets) for graph in two.graphs)
    return facet in new and facet in {two.names.now("facet", name) for name in old}


def _renamed(two: Compared, facets: Mapping[str, Counted]) -> dict[str, dict[str, int]]:
    """Counts by facet and value, in the names of now."""
    found: dict[str, dict[str, int]] = {}
    for facet, values in facets.items():
        name = two.names.now("facet", facet)
        counts = found.setdefault(name, {})
        for value, count in values.items():
            now = two.names.value(name, value)
            counts[now] = counts.get(now, 0) + count
    return found


def _shift(
    two: Compared,
    part: str,
    facet: str,
    counts: tuple[Counted, Counted],
    records: tuple[int, ...],
) -> FacetShift:
    was, now = counts
    quotas = [_quotas(two, facet, old=old) for old in (True, False)]
    values = tuple(
        Shift(v, was.get(v, 0), now.get(v, 0), quotas[0].get(v), quotas[1].get(v))
        for v in {**was, **now}
    )
    many = facet in two.after.graph.judge.many or facet in two.before.graph.judge.many
    a, b = records
    return FacetShift(part, facet, (a, b), _moved(values, a, b, many=many), values)


def _quotas(two: Compared, facet: str, *, old: bool) -> dict[str, int]:
    """The shares that the mixture asks for, in basis points."""
    names = two.names
    graph = two.before.graph if old else two.after.graph
    for share in graph.mix.shares:
        if (
            share.where is None
            and (names.now("facet", share.facet) if old else share.facet) == facet
        ):
            found = shares_bp(share)
            return {names.value(facet, v): bp for v, bp in found.items()} if old else found
    return {}


def _moved(values: tuple[Shift, ...], a: int, b: int, *, many: bool) -> int:
    """How far a distribution moved, in basis points."""
    one, other = max(a, 1), max(b, 1)
    apart = [abs(v.before * other - v.after * one) for v in values]
    if many:
        return max(apart, default=0) * _WHOLE // (one * other)
    left = [max(whole - sum(counts), 0) for whole, counts in
            ((a, [v.before for v in values]), (b, [v.after for v in values]))]  # fmt: skip
    whole = sum(apart) + abs(left[0] * other - left[1] * one)
    return whole * _WHOLE // (2 * one * other)


# lengths


def length_shifts(a: Manifest, b: Manifest) -> tuple[LengthShift, ...]:
    """Lengths of prompts and responses that are others than they were."""
    return tuple(
        LengthShift(part, of, was, now)
        for part in {**a.lengths, **b.lengths}
        for of in ("prompt", "response")
        for was, now in [
            (a.lengths.get(part, {}).get(of, {}), b.lengths.get(part, {}).get(of, {}))
        ]
        if was != now
    )


# funnel and gates


def funnel(two: Compared, tolds: tuple[Told, Told]) -> tuple[Movement, ...]:
    """The numbers of the funnel that are others than they were."""
    was, now = dict(_funnel(tolds[0], two, old=True)), dict(_funnel(tolds[1], two, old=False))
    return tuple(
        Movement(name, _text(was.get(name)), _text(now.get(name)))
        for name in {**was, **now}
        if was.get(name) != now.get(name)
    )


def _funnel(one: Told, two: Compared, *, old: bool) -> Iterator[tuple[str, int]]:
    for word in _FUNNEL:
        yield word.replace("_", " "), getattr(one.counts, word)
    for reason, count in one.counts.rejected_by_reason.items():
        yield f"rejected {reason}", count
    for name, source in one.sources.items():
        now = two.names.now("source", name) if old else name
        for reason, count in source.rejected.items():
            yield f"rows of {now} {reason}", count


def _text(count: int | None) -> str | None:
    return None if count is None else str(count)


def gate_movements(two: Compared, tolds: tuple[Told, Told]) -> tuple[Movement, ...]:
    """Lines of gates that measured something else, or hold and did not, or the reverse."""
    was, now = (
        {
            (two.names.now("gate", gate) if one is tolds[0] else gate, line.text): line
            for gate, answers in one.gates.items()
            for line in answers.lines
        }
        for one in tolds
    )
    return tuple(
        Movement(
            f"{gate}: {text}", _measured(one), _measured(other),
            one.holds if one else None, other.holds if other else None,
        )
        for gate, text in {**was, **now}
        for one, other in [(was.get((gate, text)), now.get((gate, text)))]
        if one != other
    )  # fmt: skip


def _measured(line: Line | None) -> str | None:
    if line is None:
        return None
    return line.measured if line.measured is not None else "nothing to measure"
