"""The lines of the screen that compare records, in the order written.

Of equal conversations the one with the lowest id stays; the variants of one row are never
compared with each other. Of conflicting answers the preferred source's stay, none where no
source is preferred or the preferred one contradicts itself.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from sftspec.plan.graph import GatherLine, Screen
from sftspec.stages.pool import Pool, groups_of


def screen(stage: Screen, pool: Pool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part `dropped`: place in the pool, line, reason, and the id of what it yields to."""
    at = pool.numbers("at").astype(np.int32).copy()
    level = pool.level()
    rank = np.empty(pool.size, np.int64)
    rank[pool.by_id()] = np.arange(pool.size)
    lost: dict[int, tuple[int, str, int]] = {}
    conflict = 0
    for line in stage.lines:
        there = np.flatnonzero((at > line.at) & (level == 0))
        if line.kind == "duplicate":
            found = _duplicates(pool, there, rank)
        else:
            found = _conflicts(pool, there, rank, line, conflict)
            conflict += 1
        for place, winner in found.items():
            at[place] = line.at
            lost[place] = (line.at, line.kind, winner)
    _repeats(pool, level, lost)
    return {"dropped": _table(pool, lost)}, {"dropped": len(lost)}


def _duplicates(pool: Pool, there: Any, rank: Any) -> dict[int, int]:
    """Places that yield to an equal conversation, and the place they yield to."""
    words = pool.digests("content", 32)[there]
    rows = pool.digests("rid", 16)[there]
    best = _lowest(groups_of(words), rank[there])
    same_row = (rows == rows[best]).all(axis=1)
    loses = np.flatnonzero((best != np.arange(len(there))) & ~same_row)
    return {int(there[i]): int(there[best[i]]) for i in loses}


def _lowest(groups: Any, rank: Any) -> Any:
    """For each member of a group, the member with the lowest rank."""
    order = np.lexsort((rank, groups))
    ordered = groups[order]
    fresh = np.ones(len(order), bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    heads = np.maximum.accumulate(np.where(fresh, np.arange(len(order)), 0))
    best = np.empty(len(order), np.int64)
    best[order] = order[heads]
    return best


def _conflicts(
    pool: Pool, there: Any, rank: Any, line: GatherLine, index: int
) -> dict[int, int]:
    known = np.asarray(pool.arrow(f"on.{index}").is_valid())[there]
    there = there[known]
    groups = groups_of(pool.digests(f"on.{index}", 16)[there])
    answers = groups_of(pool.digests("answer", 16)[there])
    rows = groups_of(pool.digests("rid", 16)[there])
    sources = pool.constant("source")
    found: dict[int, int] = {}
    for members in _several(groups):
        if (
            len({int(answers[i]) for i in members}) < 2
            or len({int(rows[i]) for i in members}) < 2
        ):
            continue
        best = _preferred(members, [sources[there[i]] for i in members], answers, line.prefer)
        stay = {int(answers[i]) for i in best}
        winner = min(best, key=lambda i: rank[there[i]]) if best else -1
        for i in members:
            if int(answers[i]) not in stay:
                found[int(there[i])] = int(there[winner]) if winner >= 0 else -1
    return found


def _several(groups: Any) -> list[list[int]]:
    """The members of each group of two or more."""
    order = np.argsort(groups, kind="stable")
    edges = np.flatnonzero(np.diff(groups[order])) + 1
    return [piece.tolist() for piece in np.split(order, edges) if len(piece) > 1]


def _preferred(
    members: Sequence[int], sources: Sequence[str], answers: Any, prefer: Sequence[str]
) -> list[int]:
    """The members of the first preferred source there is, if they agree."""
    for name in prefer:
        mine = [i for i, source in zip(members, sources, strict=True) if source == name]
        if mine:
            return mine if len({int(answers[i]) for i in mine}) == 1 else []
    return []


def _repeats(pool: Pool, level: Any, lost: dict[int, tuple[int, str, int]]) -> None:
    """A repeat shares the fate of the record that it repeats."""
    repeats = np.flatnonzero(level > 0)
    if not len(repeats) or not lost:
        return
    samples = np.repeat(np.array([b.samples for b in pool.blocks]), pool.sizes)
    for place in repeats.tolist():
        base = place - int(level[place]) * int(samples[place])
        if base in lost:
            lost[place] = lost[base]


def _table(pool: Pool, lost: dict[int, tuple[int, str, int]]) -> Any:
    places = sorted(lost)
    ids = pool.arrow("id")
    return pa.table(
        {
            "place": pa.array(places, pa.int64()),
            "at": pa.array([lost[p][0] for p in places], pa.int16()),
            "reason": pa.array([lost[p][1] for p in places], pa.string()),
            "of": pa.array(
                [ids[lost[p][2]].as_py() if lost[p][2] >= 0 else None for p in places],
                pa.binary(16),
            ),
        }
    )
