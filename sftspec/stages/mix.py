"""The pool to the chosen records: quotas over joint cells, part by part, then phases and order.

The five steps of the mixture: caps by lowest rank; the least slack; the pool's proportions
scaled to the quotas; integers; and phases by exact transport over what was chosen.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import xxhash

from sftspec.ground.canon import draw_prefix
from sftspec.plan.graph import BoundPart, Mix, SharePart
from sftspec.stages.joint import CellCount, Cells, MixResult, PartResult, Quota
from sftspec.stages.limits import (
    AtLeast,
    AtMost,
    Exact,
    Limit,
    Portion,
    Problem,
    Solution,
)  # fmt: skip
from sftspec.stages.phases import deal
from sftspec.stages.pool import Pool
from sftspec.stages.quotas import largest_remainder
from sftspec.stages.solve import largest_total, solve
from sftspec.stages.weigh import ROUNDS, Scale, worst

WHOLE = 10_000
NOT_CHOSEN, CAPPED = -1, -2


def facets_of(stage: Mix) -> tuple[str, ...]:
    """The facets that make a cell: of shares, caps, phases and strata, in order."""
    names = [share.facet for share in stage.shares]
    names += [stage.curriculum] if stage.curriculum else []
    return tuple(dict.fromkeys([*names, *stage.strata]))


def mix(stage: Mix, pool: Pool, alive: Any, part_of: Any) -> tuple[dict[str, Any], MixResult]:
    """Part `chosen`: for each candidate its part, cell, rank, phase and position.

    `position` is -1 where it was not chosen, -2 where a cap set it aside. Slacks are in the
    result; whether they are an error is the caller's to say.
    """
    facets = facets_of(stage)
    cells = Cells(stage, pool, facets)
    ids = pool.ids()
    ranks = _draws(stage.seed, "mix", ids)
    level = pool.level()
    order = np.lexsort((_id_rank(pool), ranks, level))
    phase = np.full(pool.size, -1, np.int16)
    position = np.full(pool.size, NOT_CHOSEN, np.int64)
    totals = _part_totals(stage, int((alive & (level == 0)).sum()), alive, part_of, level)
    strata = _strata_weights(stage, cells, alive & (level == 0))
    results = []
    for number, (name, _) in enumerate(stage.parts):
        mine = order[(alive & (part_of == number))[order]]
        kept = _capped(stage, pool, mine)
        position[np.setdiff1d(mine, kept)] = CAPPED
        part = _Part(stage, name, number, cells, kept, level, totals[number], strata)
        part.scales = {
            at: Scale(share, pool, kept[level[kept] == 0])
            for at, share in enumerate(stage.shares)
            if share.chat
        }
        chosen, result = part.weighed()
        phases = (
            part.phases(chosen, ids)
            if not result.slacks
            else np.full(len(chosen), -1, np.int16)
        )
        phase[chosen] = phases
        keys = _draws(stage.seed, "order", [ids[place] for place in chosen])
        places = np.lexsort((_id_rank(pool)[chosen], keys, phases))
        position[chosen[places]] = np.arange(len(chosen))
        results.append(msgspec.structs.replace(result, capped=len(mine) - len(kept)))
    table = pa.table(
        {
            "part": pa.array(part_of.astype(np.int8)),
            "cell": pa.array(cells.of, pa.int32()),
            "rank": pa.array(ranks),
            "phase": pa.array(phase),
            "position": pa.array(position),
        }
    )
    return {"chosen": table}, MixResult(facets, tuple(results))


def _strata_weights(stage: Mix, cells: Cells, there: Any) -> dict[str, dict[str, int]]:
    """How many candidates of all parts have each value of a stratum."""
    counts = np.bincount(cells.of[there], minlength=len(cells.rows)).tolist()
    found: dict[str, dict[str, int]] = {}
    for name in stage.strata:
        at = cells.facets.index(name)
        found[name] = defaultdict(int)
        for row, count in zip(cells.rows, counts, strict=True):
            found[name][str(row[at])] += count
    return found


def _draws(seed: int, purpose: str, ids: Sequence[bytes]) -> Any:
    prefix = draw_prefix(seed, purpose)
    draw = xxhash.xxh3_64_intdigest
    return np.fromiter((draw(prefix + one) for one in ids), np.uint64, len(ids))


def _id_rank(pool: Pool) -> Any:
    rank = np.empty(pool.size, np.int64)
    rank[pool.by_id()] = np.arange(pool.size)
    return rank


def _part_totals(stage: Mix, there: int, alive: Any, part_of: Any, level: Any) -> list[int]:
    """Records wanted per part: the total by largest remainder, or all that are there."""
    if stage.total is None:
        base = alive & (level == 0)
        return [int((base & (part_of == number)).sum()) for number in range(len(stage.parts))]
    del there
    return list(largest_remainder(stage.total, [bp for _, bp in stage.parts]))


def _capped(stage: Mix, pool: Pool, places: Any) -> Any:
    """The places that caps leave; `places` come by rank, so the lowest ranks stay."""
    for cap in stage.caps:
        if cap.per == "source_row":
            labels: Sequence[Any] = pool.arrow("rid").to_pylist()
        elif cap.per == "group":
            labels = pool.arrow("group").to_pylist()
        else:
            labels = pool.facet(cap.per)
        seen: dict[Any, int] = defaultdict(int)
        keep = []
        for place in places.tolist():
            label = labels[place]
            wanted = label if isinstance(label, list) else [label]
            if label is not None and any(seen[one] >= cap.count for one in wanted):
                continue
            for one in wanted:
                seen[one] += 1
            keep.append(place)
        places = np.array(keep, np.int64)
    return places


class _Part:
    """One part's share of the work. `places`: its candidates, lowest rank first."""

    def __init__(
        self, stage: Mix, name: str, number: int, cells: Cells, places: Any, level: Any, total: int,
        strata: dict[str, dict[str, int]],
    ) -> None:  # fmt: skip
        self.stage = stage
        self.name = name
        self.train = number == 0
        self.cells = cells
        self.places = places
        self.level = level
        self.strata = strata
        self.total = min(total, len(places)) if stage.total is None else total
        local = cells.of[places]
        self.known = sorted(set(local.tolist()), key=lambda cell: cells.rows[cell].__repr__())
        self.index = {cell: at for at, cell in enumerate(self.known)}
        self.local = np.fromiter((self.index[c] for c in local.tolist()), np.int64, len(places))
        self.scales: dict[int, Scale] = {}
        base = level[places] == 0
        self.pool = self._count(self.local[base])
        self.most = self._count(self.local)

    def _count(self, local: Any) -> tuple[int, ...]:
        return tuple(np.bincount(local, minlength=len(self.known)).tolist())

    def _members(self, test: Callable[[int], bool]) -> tuple[int, ...]:
        return tuple(at for at, cell in enumerate(self.known) if test(cell))

    def problem(self, total: int, available: tuple[int, ...]) -> Problem:
        """The mixture at a total."""
        limits: list[Limit] = []
        number = 0
        for at, share in enumerate(self.stage.shares):
            of: tuple[int, ...] | None = None
            if share.where is not None:
                of = self._members(self.cells.holds(number))
                number += 1
            if self.train and share.facet == self.stage.curriculum and of is None:
                continue
            limits.extend(self._share(at, share, of, total))
        for bound in self.stage.bounds:
            limits.append(self._bound(bound, number, total))
            number += 1
        if self.train and self.stage.curriculum:
            limits.extend(self._curriculum(total))
        limits.extend(self._strata(total))
        keys = tuple(repr(self.cells.rows[cell]) for cell in self.known)
        return Problem(
            keys=keys, available=available, pool=self.pool, total=total, limits=tuple(limits)
        )

    def _share(
        self, at: int, share: SharePart, of: tuple[int, ...] | None, total: int
    ) -> list[Limit]:
        scale = self.scales.get(at)
        weights = scale.weights() if scale else [weight for _, weight in share.quotas]
        counts = largest_remainder(total, weights)
        parts = largest_remainder(WHOLE, weights)  # a whole, or not all could hold at once
        found: list[Limit] = []
        for (value, _), count, bp in zip(share.quotas, counts, parts, strict=True):
            label = f"{share.facet} {value}"
            cells = self._members(self.cells.where(share.facet, value))
            if of is None:
                found.append(Exact(label, cells, count))
            else:
                inside = tuple(sorted(set(cells) & set(of)))
                found.append(Portion(label, inside, of, bp))
        return found

    def _bound(self, bound: BoundPart, number: int, total: int) -> Limit:
        cells = self._members(self.cells.holds(number))
        if bound.most:
            return AtMost(bound.text, cells, bound.bp * total // WHOLE)
        return AtLeast(bound.text, cells, -(-bound.bp * total // WHOLE))

    def phase_quotas(self, total: int) -> list[list[int]]:
        """Records per phase and value of the curriculum's facet."""
        sizes = largest_remainder(total, [phase.bp for phase in self.stage.phases])
        values = self._phase_values()
        found = []
        for phase, size in zip(self.stage.phases, sizes, strict=True):
            mixed = dict(phase.mix)
            counts = dict(
                zip(mixed, largest_remainder(size, list(mixed.values())), strict=True)
            )
            found.append([counts.get(value, 0) for value in values])
        return found

    def _phase_values(self) -> list[str]:
        return list(dict.fromkeys(v for phase in self.stage.phases for v, _ in phase.mix))

    def _curriculum(self, total: int) -> list[Limit]:
        facet = self.stage.curriculum or ""
        sums = np.array(self.phase_quotas(total)).sum(axis=0)
        return [
            Exact(
                f"{facet} {value} (curriculum)",
                self._members(self.cells.where(facet, value)),
                int(count),
            )
            for value, count in zip(self._phase_values(), sums, strict=True)
        ]

    def _strata(self, total: int) -> list[Limit]:
        """A stratum that no share governs keeps the pool's proportion in each part.

        Where all there is is taken there is nothing to choose, and the groups' draw alone decides.
        """
        if len(self.stage.parts) == 1 or self.stage.total is None:
            return []
        shared = {share.facet for share in self.stage.shares if share.where is None}
        shared |= {self.stage.curriculum} if self.train and self.stage.curriculum else set()
        found: list[Limit] = []
        for facet in self.stage.strata:
            if facet in shared:
                continue
            found.extend(self._stratum(facet, total))
        return found

    def _stratum(self, facet: str, total: int) -> list[Limit]:
        known = self.strata[facet]
        values = sorted(known)
        counts = largest_remainder(total, [known[value] for value in values])
        return [
            Exact(
                f"{facet} {value} (stratum)",
                self._members(self.cells.where(facet, value)),
                count,
            )
            for value, count in zip(values, counts, strict=True)
        ]

    def weighed(self) -> tuple[Any, PartResult]:
        """As `choose`, again with what was learned of lengths until shares of tokens hold."""
        chosen, result = self.choose()
        scales = list(self.scales.values())
        best = worst(scales, chosen), chosen, result
        for _ in range(ROUNDS):
            if not best[0] or result.slacks:
                break
            for scale in scales:
                scale.learn(chosen)
            chosen, result = self.choose()
            best = min(best, (worst(scales, chosen), chosen, result), key=lambda one: one[0])
        _, chosen, result = best
        quotas = [quota for scale in scales for quota in scale.quotas(chosen)]
        slacks = [slack for scale in scales for slack in scale.slacks(chosen)]
        return chosen, msgspec.structs.replace(
            result, quotas=(*result.quotas, *quotas), slacks=(*result.slacks, *slacks)
        )

    def choose(self) -> tuple[Any, PartResult]:
        """The chosen places and how the part came out."""
        total, available = self.total, self.pool
        solution = solve(self.problem(total, available), self.stage.seed)
        feasible: int | None = None
        if (
            solution.slacks or sum(solution.counts) < total
        ) and self.stage.shortfall == "repeat":
            available = self.most
            solution = solve(self.problem(total, available), self.stage.seed)
        if solution.slacks or sum(solution.counts) < total:
            feasible = largest_total(
                lambda t: self.problem(t, available), min(total, sum(available))
            )
            if self.stage.shortfall == "shrink":
                total = feasible
                solution = solve(self.problem(total, available), self.stage.seed)
        chosen = self._take(solution.counts)
        return chosen, self._result(solution, total, feasible)

    def _take(self, counts: Sequence[int]) -> Any:
        """The lowest ranks of each cell."""
        left = list(counts)
        keep = []
        for place, cell in zip(self.places.tolist(), self.local.tolist(), strict=True):
            if left[cell] > 0:
                left[cell] -= 1
                keep.append(place)
        return np.array(keep, np.int64)

    def _result(self, solution: Solution, total: int, feasible: int | None) -> PartResult:
        chosen = sum(solution.counts)
        problem = self.problem(total, self.pool)
        quotas = tuple(
            Quota(
                limit.label,
                limit.count if not isinstance(limit, Portion) else -1,
                sum(self.pool[cell] for cell in limit.cells),
                sum(solution.counts[cell] for cell in limit.cells),
            )
            for limit in problem.limits
            if isinstance(limit, Exact | AtLeast | AtMost | Portion)
        )
        cells = tuple(
            CellCount(self.cells.values(cell), self.pool[at], solution.counts[at])
            for at, cell in enumerate(self.known)
        )
        return PartResult(
            part=self.name, wanted=self.total, available=sum(self.pool), chosen=chosen, capped=0,
            feasible_total=feasible, slacks=solution.slacks, quotas=quotas,
            cells=tuple(sorted(cells, key=lambda cell: cell.values)),
        )  # fmt: skip

    def phases(self, chosen: Any, ids: Sequence[bytes]) -> Any:
        """The phase of each chosen place; -1 where there is no curriculum."""
        found = np.full(len(chosen), -1, np.int16)
        if not (self.train and self.stage.curriculum and len(chosen)):
            return found
        quotas = self.phase_quotas(len(chosen))
        facet = self.cells.facets.index(self.stage.curriculum)
        values = self._phase_values()
        local = [self.index[int(cell)] for cell in self.cells.of[chosen]]
        counts = np.bincount(local, minlength=len(self.known)).tolist()
        taken = [at for at, count in enumerate(counts) if count]
        rows = [self.cells.rows[self.known[at]] for at in taken]
        members = [values.index(str(row[facet])) for row in rows]
        some = [counts[at] for at in taken]
        dealt = deal(some, members, quotas, self.stage.seed, [repr(row) for row in rows])
        drawn = _draws(self.stage.seed, "phase", [ids[place] for place in chosen])
        order = np.lexsort(
            (np.array([int.from_bytes(ids[p][:8]) for p in chosen], np.uint64), drawn)
        )
        left = {at: list(row) for at, row in zip(taken, dealt, strict=True)}
        for place in order.tolist():
            row = left[local[place]]
            phase = next(p for p, count in enumerate(row) if count > 0)
            row[phase] -= 1
            found[place] = phase
        return found
