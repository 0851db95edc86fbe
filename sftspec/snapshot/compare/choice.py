"""What decides which records are taken: screen, mixture, curriculum and split, before and after."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
import re
from typing import Any, NamedTuple

from sftspec.expr.show import percent
from sftspec.ground.canon import canonical
from sftspec.plan import graph as g
from sftspec.snapshot.compare.base import Change
from sftspec.snapshot.compare.names import Compared, Names, shown, spelled_out

MAJOR, MINOR, PATCH = "major", "minor", "patch"
POINT = 100
"""A share that moves by up to so many basis points is a patch."""
BUDGET = 200
"""And so is the share of a phase."""
ALIKE = 0.6
_WORDS = re.compile(r"\w+|[^\w\s]")


def plain(value: Any) -> str:
    """A value of a plan in a few words."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


# the screen


class Dropping(NamedTuple):
    """A line of the screen. `kind`: drop, duplicate or conflict. `key`: what it means."""

    kind: str
    key: bytes
    text: str
    shown: str


def screen_lines(graph: g.Graph, names: Names) -> list[Dropping]:
    """The lines of a screen in order, in the names of now."""
    first = next(iter(graph.renders.values()), None)
    found: dict[int, Dropping] = {}
    for drop in first.drops if first else ():
        node = names.node(spelled_out(drop.node, graph))
        found[drop.at] = Dropping("drop", canonical(["drop", node]), drop.text, shown(node))
    on = iter(first.conflicts if first else ())
    for line in graph.screen.lines:
        prefer = [names.now("source", name) for name in line.prefer]
        of = next(on, ()) if line.kind == "conflict" else ()
        key = canonical([line.kind, of, prefer])
        found[line.at] = Dropping(line.kind, key, line.text, line.text)
    return [found[at] for at in sorted(found)]


def screen(two: Compared) -> Iterator[Change]:
    """Lines that are new, gone, changed, or stand in another order."""
    a, b = (screen_lines(graph, two.names) for graph in two.graphs)
    there = Counter(line.key for line in a) & Counter(line.key for line in b)
    same = [_taken(side, there) for side in (a, b)]
    left, right = ([line for at, line in enumerate(side) if at not in taken] for side, taken in zip((a, b), same, strict=True))  # fmt: skip
    for was, now in _side_by_side(left, right):
        yield _screened(was, now)
    kept = [
        [side[at].key for at in sorted(taken)] for side, taken in zip((a, b), same, strict=True)
    ]
    if kept[0] != kept[1]:
        yield Change(
            "screen", MINOR, "screen", "", "its lines stand in another order", part="order"
        )


def _taken(lines: Sequence[Dropping], there: Counter[bytes]) -> set[int]:
    """The places of lines that both screens have."""
    left, found = Counter(there), set()
    for at, line in enumerate(lines):
        if left[line.key]:
            left[line.key] -= 1
            found.add(at)
    return found


def _screened(was: Dropping | None, now: Dropping | None) -> Change:
    one = now or was
    assert one is not None  # noqa: S101 - one of two is there
    if was is None or now is None:
        what = "is gone" if now is None else "is new"
        texts = (was.text if was else "", now.text if now else "")
    elif was.text == now.text:  # a parameter of a named screen
        what, texts = "means something else", (was.shown, now.shown)
    else:
        what, texts = "changed", (was.text, now.text)
    return Change("screen", MINOR, "screen", "", f"`{one.text}` {what}", *texts, part=one.kind)


def _side_by_side(
    a: Sequence[Dropping], b: Sequence[Dropping]
) -> Iterator[tuple[Dropping | None, Dropping | None]]:
    """Lines that replace one another: those that are alike, in order; the rest alone."""
    left = list(a)
    for now in b:
        alike = {
            at: _likeness(was.text, now.text)
            for at, was in enumerate(left)
            if was.kind == now.kind
        }
        near = max(alike, key=alike.__getitem__, default=None)
        if near is not None and alike[near] >= ALIKE:
            yield left.pop(near), now
        else:
            yield None, now
    for was in left:
        yield was, None


def _likeness(a: str, b: str) -> float:
    """The share of words that two lines have in common, whatever their order."""
    one, other = Counter(_WORDS.findall(a)), Counter(_WORDS.findall(b))
    return 2 * (one & other).total() / max(one.total() + other.total(), 1)


# the mixture


def mixture(two: Compared) -> Iterator[Change]:
    """Total, shares, bounds, caps, and what happens where they cannot be met."""
    a, b = (graph.mix for graph in two.graphs)
    if a.total != b.total:
        was, now = ("all" if t is None else str(t) for t in (a.total, b.total))
        yield Change("total", MINOR, "mixture", "total", f"{was} → {now}", was, now)
    one, other = _shares(two, two.before.graph), _shares(two, two.after.graph)
    for key in {**one, **other}:
        yield from _share(key, one.get(key, {}), other.get(key, {}))
    yield from _bounds(two)
    caps = _caps(a, two.names), _caps(b, two.names)
    if Counter(caps[0]) != Counter(caps[1]):
        said = " → ".join(", ".join(some) or "none" for some in caps)
        was, now = ("\n".join(some) for some in caps)
        yield Change("mixture", MINOR, "mixture", "caps", said, was, now, part="caps")
    was, now = (
        f"repeat({m.repeat})" if m.shortfall == "repeat" else m.shortfall for m in (a, b)
    )
    if was != now:
        yield Change("mixture", MINOR, "mixture", "shortfall", f"{was} → {now}", was, now, part="shortfall")  # fmt: skip


def shares_bp(share: g.SharePart) -> dict[str, int]:
    """Each value's share in basis points."""
    whole = sum(amount for _, amount in share.quotas) or 1
    return {value: (amount * 10_000 + whole // 2) // whole for value, amount in share.quotas}


def _shares(two: Compared, graph: g.Graph) -> dict[str, dict[str, int]]:
    """The shares of a mixture by facet and condition, in the names of now."""
    old = graph is two.before.graph
    found = {}
    for share in graph.mix.shares:
        facet = two.names.now("facet", share.facet) if old else share.facet
        quotas = shares_bp(share)
        if old:
            quotas = {two.names.value(facet, value): bp for value, bp in quotas.items()}
        where = "" if share.where is None else shown((two.was if old else two.now)(share.where))
        found[facet + (f" where {where}" if where else "")] = quotas
    return found


def _share(key: str, a: Mapping[str, int], b: Mapping[str, int]) -> Iterator[Change]:
    if not a or not b:
        yield Change("share", MINOR, "share", key, "is new" if b else "is gone")
        return
    moved = [value for value in {**a, **b} if a.get(value, 0) != b.get(value, 0)]
    if moved:
        most = max(abs(a.get(value, 0) - b.get(value, 0)) for value in moved)
        said = (f"{v} {percent(a.get(v, 0))} → {percent(b.get(v, 0))}" for v in moved)
        yield Change("share", MINOR if most > POINT else PATCH, "share", key, ", ".join(said))


def _bounds(two: Compared) -> Iterator[Change]:
    """Shares that are at least or at most so much."""
    a, b = (
        {canonical([bound.most, settle(bound.where)]): bound for bound in graph.mix.bounds}
        for graph, settle in zip(two.graphs, (two.was, two.now), strict=True)
    )
    for key in {**a, **b}:
        was, now = a.get(key), b.get(key)
        if was and now and was.bp == now.bp:
            continue
        level = PATCH if was and now and abs(was.bp - now.bp) <= POINT else MINOR
        what = f"`{(now or was or b[key]).text}` " + (
            f"was {percent(was.bp)}" if was and now else "is new" if now else "is gone"
        )
        texts = (was.text if was else "", now.text if now else "")
        yield Change("mixture", level, "mixture", "bounds", what, *texts, part="bounds")


def _caps(mix: g.Mix, names: Names) -> list[str]:
    return [f"at most {cap.count} per {names.now('facet', cap.per)}" for cap in mix.caps]


# the curriculum


def curriculum(two: Compared) -> Iterator[Change]:
    """Phases that are new, gone, changed, or stand in another order."""
    a, b = (graph.mix for graph in two.graphs)
    was, now = ({phase.name: phase for phase in mix.phases} for mix in (a, b))
    for name in was:
        if name not in now:
            yield Change("phase-removed", MAJOR, "curriculum", name, "is gone")
    for name, phase in now.items():
        if name not in was:
            yield Change("phase-added", MINOR, "curriculum", name, f"is new, {_phase(phase)}")
        else:
            yield from _phased(was[name], phase)
    if [name for name in was if name in now] != [name for name in now if name in was]:
        yield Change(
            "phase-order", MINOR, "curriculum", "", "its phases stand in another order"
        )
    by = two.names.now("facet", a.curriculum) if a.curriculum else None
    if by != b.curriculum and by and b.curriculum:
        yield Change("phase", MINOR, "curriculum", "", f"by {by} → by {b.curriculum}")


def _phased(a: g.PhasePart, b: g.PhasePart) -> Iterator[Change]:
    if (a.bp, dict(a.mix)) == (b.bp, dict(b.mix)):
        return
    was, now = dict(a.mix), dict(b.mix)
    far = max((abs(was.get(v, 0) - now.get(v, 0)) for v in {**was, **now}), default=0)
    level = PATCH if abs(a.bp - b.bp) <= BUDGET and far <= POINT else MINOR
    texts = (_phase(a), _phase(b))
    yield Change("phase", level, "curriculum", b.name, " → ".join(texts), *texts)


def _phase(phase: g.PhasePart) -> str:
    mix = ", ".join(f"{value} {percent(share)}" for value, share in phase.mix)
    return f"{percent(phase.bp)} {{ {mix} }}"


# the split


def split(two: Compared) -> Iterator[Change]:
    """Parts that are new, gone or of another size, and what keeps records together."""
    a, b = (dict(graph.split.parts) for graph in two.graphs)
    for part in a:
        if part not in b:
            yield Change("part-removed", MAJOR, "split", part, "is gone")
    for part, bp in b.items():
        if part not in a:
            yield Change("part-added", MINOR, "split", part, f"is new, {percent(bp)}")
        elif a[part] != bp:
            what = f"{percent(a[part])} → {percent(bp)}"
            yield Change("part-share", MINOR, "split", part, what)
    if [part for part in a if part in b] != [part for part in b if part in a]:
        yield Change("split", MINOR, "split", "", "its parts stand in another order")
    strata = tuple(two.names.now("facet", name) for name in two.before.graph.mix.strata)
    together = [sorted(graph.split.together) for graph in two.graphs]
    for word, was, now in (
        ("together", plain(together[0]), plain(together[1])),
        ("stratify", plain(strata), plain(two.after.graph.mix.strata)),
    ):
        if was != now:
            said = f"{was or 'nothing'} → {now or 'nothing'}"
            yield Change("split", MINOR, "split", word, said, was, now, part=word)
