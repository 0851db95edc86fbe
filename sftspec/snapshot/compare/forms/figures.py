"""Numbers of a diff in words: shares, quotas, lengths, counts, and how far they moved."""

from collections.abc import Iterable

from sftspec.expr.show import percent
from sftspec.snapshot.compare.base import Diff, FacetShift, Shift

DIGITS = 15
STATS = ("p5", "p50", "p95", "max", "total")


def points(bp: int) -> str:
    """How far a distribution moved: `5.97 points`."""
    return f"{bp // 100}.{bp % 100:02} points"


def share_of(count: int, whole: int) -> int:
    """A share in basis points, rounded."""
    return (2 * count * 10_000 + whole) // (2 * whole) if whole > 0 else 0


def share_said(bp: int) -> str:
    """`30.95%`."""
    return f"{bp // 100}.{bp % 100:02}%"


def shares(one: FacetShift, value: Shift) -> tuple[str, str]:
    """A value's share before and after, in words."""
    was, now = (
        share_said(share_of(count, whole))
        for count, whole in zip((value.before, value.after), one.records, strict=True)
    )
    return was, now


def quota_said(shift: Shift) -> str:
    """`31% → 36%`, or what there is of it."""
    was, now = (
        None if bp is None else percent(bp) for bp in (shift.quota_before, shift.quota_after)
    )
    if was == now:
        return was or ""
    return f"{was or 'none'} → {now or 'none'}"


def apart(facets: Iterable[FacetShift]) -> tuple[list[FacetShift], list[FacetShift]]:
    """The facets whose shares moved, and those of which only the counts did."""
    found: tuple[list[FacetShift], list[FacetShift]] = ([], [])
    for one in facets:
        found[one.moved_bp == 0].append(one)
    return found


def most_moved(one: FacetShift, most: int) -> tuple[list[Shift], int]:
    """The values that moved most, in the order of the facet, and how many more there are."""
    whole = one.records
    far = {
        at: abs(share_of(v.after, whole[1]) - share_of(v.before, whole[0]))
        for at, v in enumerate(one.values)
    }
    kept = sorted(sorted(far, key=lambda at: (-far[at], at))[:most])
    return [one.values[at] for at in kept], len(one.values) - len(kept)


def figure(text: str | None) -> str:
    """A number as it is read: `12,345`; other texts as they are."""
    if text is None:
        return "-"
    return f"{int(text):,}" if _is_whole(text) else text


def change_of(was: str | None, now: str | None) -> str:
    """`+9`, where both are whole numbers."""
    if was is None or now is None or not (_is_whole(was) and _is_whole(now)):
        return ""
    return f"{int(now) - int(was):+,}"


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= DIGITS


def stat(name: str, was: dict[str, int], now: dict[str, int]) -> str:
    """`368 → 469`, or one number where it stayed."""
    one, other = (f"{side[name]:,}" if name in side else "-" for side in (was, now))
    return one if one == other else f"{one} → {other}"


def stats(diff: Diff) -> list[str]:
    """The numbers that there are of lengths, those that are known first."""
    there = {name for one in diff.lengths for side in (one.before, one.after) for name in side}
    return [name for name in (*STATS, *sorted(there - set(STATS))) if name in there]
