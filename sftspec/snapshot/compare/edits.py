"""Two sequences to the runs that they share and those that they do not, by a shortest edit (Myers 1986).

What they begin and end with alike is set aside first. Where the rest is long, or has little in
common, it is one run that differs, so that no text takes more than a moment.
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

MOST_EDITS = 500
MOST_ITEMS = 8_000


class Run(NamedTuple):
    """`a[start:end]` and `b[first:last]`: the same items, or what stands in each other's place."""

    same: bool
    start: int
    end: int
    first: int
    last: int


def runs(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[Run]:
    """The runs of both, in order; neighbours are never both the same nor both different."""
    head, tail = _alike(a, b)
    ends = (len(a) - tail, len(b) - tail)
    found = [Run(same=True, start=0, end=head, first=0, last=head)]
    found += _between(a, b, head, ends)
    found.append(Run(same=True, start=ends[0], end=len(a), first=ends[1], last=len(b)))
    return [run for run in found if run.start < run.end or run.first < run.last]


def _alike(a: Sequence[Hashable], b: Sequence[Hashable]) -> tuple[int, int]:
    """How many items both begin with, and how many of the others both end with."""
    short = min(len(a), len(b))
    head = 0
    while head < short and a[head] == b[head]:
        head += 1
    tail = 0
    while tail < short - head and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    return head, tail


def _between(
    a: Sequence[Hashable], b: Sequence[Hashable], head: int, ends: tuple[int, int]
) -> list[Run]:
    """The runs between what both begin and what both end with."""
    left, right = a[head : ends[0]], b[head : ends[1]]
    few = left and right and len(left) + len(right) <= MOST_ITEMS
    pairs = _pairs(left, right) if few else []
    found: list[Run] = []
    i = k = 0
    for x, y, size in [*pairs, (len(left), len(right), 0)]:
        if x > i or y > k:
            found.append(Run(same=False, start=i, end=x, first=k, last=y))
        if size:
            found.append(Run(same=True, start=x, end=x + size, first=y, last=y + size))
        i, k = x + size, y + size
    return [
        Run(run.same, run.start + head, run.end + head, run.first + head, run.last + head)
        for run in found
    ]


def _pairs(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int, int]]:
    """Place in one, place in the other and length of each run that both have; none where little is alike."""
    trace = _trace(a, b)
    found: list[tuple[int, int, int]] = []
    x, y = len(a), len(b)
    for edits in range(len(trace) - 1, -1, -1):
        reach = trace[edits]
        step = x - y
        down = step == -edits or (
            step != edits and reach.get(step - 1, -1) < reach.get(step + 1, -1)
        )
        before = step + 1 if down else step - 1
        start = reach.get(before, 0) if edits else 0
        beyond = start if down or not edits else start + 1
        if x > beyond:
            found.append((beyond, beyond - step, x - beyond))
        x, y = start, start - before
    return _joined(found[::-1])


def _joined(pairs: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Runs that follow each other in both are one."""
    found: list[tuple[int, int, int]] = []
    for x, y, size in pairs:
        if found and (found[-1][0] + found[-1][2], found[-1][1] + found[-1][2]) == (x, y):
            found[-1] = (found[-1][0], found[-1][1], found[-1][2] + size)
        else:
            found.append((x, y, size))
    return found


def _trace(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[dict[int, int]]:
    """How far each diagonal was reached before each edit, up to the one that ends; nothing if none does."""
    n, m = len(a), len(b)
    reach: dict[int, int] = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(min(n + m, MOST_EDITS) + 1):
        trace.append(dict(reach))
        for step in range(-edits, edits + 1, 2):
            down = step == -edits or (
                step != edits and reach.get(step - 1, -1) < reach.get(step + 1, -1)
            )
            x = reach.get(step + 1, 0) if down else reach.get(step - 1, 0) + 1
            while x < n and 0 <= x - step < m and a[x] == b[x - step]:
                x += 1
            reach[step] = x
            if x >= n and x - step >= m:
                return trace
    return []
