"""What came into the pool that records are chosen from, and what went: candidates that changed sides.

A record that is left over now, or chosen now, though nothing of its own changed, gave way to others
or took their place. Those others are here, with what is known of why.
"""

from typing import Any

from msgspec import Struct
import numpy as np

from sftspec.expr import nodes as ex
from sftspec.plan import graph as g
from sftspec.snapshot.compare.names import Compared
from sftspec.snapshot.compare.records import Both, Evidence
from sftspec.snapshot.compare.side import ABSENT, grouped, shared, taken

DUPLICATE = "rejected:duplicate"


class Passage(Struct, frozen=True):
    """Candidates that came or went alike. `was` and `now`: absent, alive, or rejected:<reason>.

    `cells`: those of the mixture that they are or were in. `of`: the passages, by number, of
    the records that say the same, where these are dropped as doubles. `counts`: whether they are
    other candidates to choose from; else they only say something else.
    """

    template: str
    source: str
    was: str
    now: str
    count: int
    evidence: Evidence
    cells: frozenset[int]
    counts: bool
    of: frozenset[int] = frozenset()


def passages(both: Both) -> tuple[Passage, ...]:
    """All candidates that came, went, were set aside, or say something else, in groups."""
    judged = any(map(by_text, both.two.graphs))
    alive = both.alive
    stays = alive[0] & alive[1]
    cell = np.zeros(len(both.left), bool)
    for name in looked_at(both.two) & set(both.facets):
        cell |= both.facets[name]
    one, other, words = shared(both.a.classes, both.b.classes)
    was, now = taken(one, both.left), taken(other, both.right)
    rows = np.flatnonzero((was != now) | (stays & (cell | both.text)))
    if not len(rows):
        return ()
    was, now = was[rows], now[rows]
    keys = [
        both.template[0][rows], both.source[0][rows], was, now, both.touched[rows],
        both.beyond[rows], both.text[rows], both.apart[rows], both.facet_key(rows),
    ]  # fmt: skip
    group, first, counts = grouped(keys)
    cells = both.cells.of_groups(group, rows, both)
    double = words.index(DUPLICATE) if DUPLICATE in words else -2
    doubles = _doubles(both, rows, group, (was == double, now == double))
    found = []
    for number, head in enumerate(first.tolist()):
        row = int(rows[head])
        found.append(
            Passage(
                template=both.template[1][both.template[0][row]],
                source=both.source[1][both.source[0][row]],
                was=words[was[head]] if was[head] >= 0 else ABSENT,
                now=words[now[head]] if now[head] >= 0 else ABSENT,
                count=int(counts[number]), evidence=both.evidence(row),
                cells=cells.get(number, frozenset()),
                counts=bool(alive[0][row] != alive[1][row] or (stays[row] and (judged or cell[row]))),
                of=frozenset(doubles.get(number, ())),
            )
        )  # fmt: skip
    return tuple(found)


def mixed(graph: g.Graph) -> set[str]:
    """The facets that a mixture looks at."""
    mix = graph.mix
    found = (
        {share.facet for share in mix.shares} | set(mix.strata) | {cap.per for cap in mix.caps}
    )
    found |= {mix.curriculum} if mix.curriculum else set()
    nodes = [share.where for share in mix.shares if share.where] + [b.where for b in mix.bounds]
    return found | {name for node in nodes for path in ex.paths(node) for name in path[:1]}


def looked_at(two: Compared) -> set[str]:
    """The facets that either mixture looks at, in the names of now."""
    old, new = (mixed(graph) for graph in two.graphs)
    return {two.names.now("facet", name) for name in old} | new


def by_text(graph: g.Graph) -> bool:
    """Whether what a record says decides how many of its kind are taken."""
    return any(name.startswith("@") for name in mixed(graph))


def _doubles(
    both: Both, rows: Any, group: Any, doubles: tuple[Any, Any]
) -> dict[int, set[int]]:
    """For groups that are doubles on one side the groups of the records that say the same there."""
    found: dict[int, set[int]] = {}
    for double, side, places in (
        (doubles[0], both.a, both.left[rows]),
        (doubles[1], both.b, both.right[rows]),
    ):
        lost, stay = np.flatnonzero(double), np.flatnonzero(~double & (places >= 0))
        if not len(lost) or not len(stay):
            continue
        says = side.content[places[stay], 0]
        order = np.argsort(says, kind="stable")
        wanted = side.content[places[lost], 0]
        at = np.minimum(np.searchsorted(says[order], wanted), len(order) - 1)
        hits = says[order][at] == wanted
        pairs = np.stack([group[lost[hits]], group[stay[order[at[hits]]]]], axis=1)
        for one, other in np.unique(pairs, axis=0).tolist():
            found.setdefault(one, set()).add(other)
    return found
