"""Shares that cannot be meant: sums, unnamed values, a curriculum that says otherwise."""

from fractions import Fraction

from sftspec.ground.report import Label, listing
from sftspec.ir.goals import Curriculum, Share
from sftspec.ir.nodes import Spec
from sftspec.ir.reach import reachable
from sftspec.ir.world import World

WHOLE = 10_000


def sums(spec: Spec, world: World) -> None:
    """A share's values add up to 100%, and every value is named."""
    seen: dict[tuple[str, str], Share] = {}
    for share in spec.mixture.shares:
        key = (share.facet, repr(share.where))
        if key in seen:
            world.report.error(
                "duplicate-line", share.span, f"facet `{share.facet}` has two shares",
                labels=(Label(seen[key].span, "first here"),),
            )  # fmt: skip
        seen.setdefault(key, share)
        adds_up(share, world)
        _unnamed(share, world)


def adds_up(share: Share, world: World) -> None:
    """Whether a share's values come to 100%."""
    kinds = {quota.kind for quota in share.quotas}
    if "parts" in kinds and len(kinds) > 1:
        world.report.error(
            "mixed-shares", share.span, f"the share of `{share.facet}` mixes parts with percentages",
            hint="write percentages and `rest`, or parts alone",
        )  # fmt: skip
        return
    rests = [quota for quota in share.quotas if quota.kind == "rest"]
    if len(rests) > 1:
        world.report.error(
            "duplicate-line", rests[1].span, f"the share of `{share.facet}` has two `rest`",
            labels=(Label(rests[0].span, "first here"),),
        )  # fmt: skip
    if kinds == {"parts"}:
        if not sum(quota.amount for quota in share.quotas):
            world.report.error(
                "shares-not-100", share.span, f"the parts of `{share.facet}` are all 0"
            )
        return
    total = sum(quota.amount for quota in share.quotas)
    if total > WHOLE:
        off = (total - WHOLE) / 100
        hint = f"take {off:g} points away" + (
            "" if rests else ", or write `rest` for one of them"
        )
    elif total < WHOLE and not rests:
        off = (WHOLE - total) / 100
        hint = f"add {off:g} points, or write `rest` for one of them"
    else:
        return
    slug = "share-over-100" if total > WHOLE else "share-under-100"
    world.report.error(
        slug, share.span, f"shares of `{share.facet}` add up to {total / 100:g}%", hint=hint,
        labels=tuple(Label(q.span, f"{q.amount / 100:g}%") for q in share.quotas if q.kind == "percent"),
    )  # fmt: skip


def _unnamed(share: Share, world: World) -> None:
    """A value that templates yield and the share leaves out is an error, never 0%."""
    facet = world.facet(share.facet, share.span)
    if facet is None:
        return
    named = {quota.value for quota in share.quotas}
    missing = [v for v in reachable(share.facet, world) if v not in named]
    if missing:
        world.report.error(
            "unnamed-share", share.span,
            f"the share of `{share.facet}` does not name {listing(missing)}",
            hint=f"write `{missing[0]} 0%` if that is meant",
        )  # fmt: skip


def implied(curriculum: Curriculum) -> dict[str, Fraction]:
    """The share of each value that a curriculum comes to, in basis points."""
    found: dict[str, Fraction] = {}
    for phase in curriculum.phases:
        for value, bp in phase.mix:
            found[value] = found.get(value, Fraction(0)) + Fraction(phase.bp * bp, WHOLE)
    return found


def curriculum_agrees(spec: Spec, world: World) -> None:
    """A curriculum is the share of its facet; a share that says otherwise contradicts it."""
    if spec.curriculum is None:
        return
    numbers = implied(spec.curriculum)
    for share in spec.mixture.shares:
        if share.facet != spec.curriculum.facet or share.where is not None:
            continue
        wanted = declared(share)
        off = [v for v in {**numbers, **wanted} if numbers.get(v, 0) != wanted.get(v, 0)]
        if off:
            said = ", ".join(f"{v} {_percent(n)}" for v, n in numbers.items())
            world.report.error(
                "curriculum-contradicts-share", share.span,
                f"the curriculum implies other shares of `{share.facet}`: {said}",
                labels=(Label(spec.curriculum.span, "the curriculum"),),
                hint="take the share away: the curriculum is the share of its facet",
            )  # fmt: skip


def declared(share: Share) -> dict[str, Fraction]:
    """A share's values in basis points, `rest` and parts worked out."""
    parts = sum(q.amount for q in share.quotas if q.kind == "parts")
    given = sum(q.amount for q in share.quotas if q.kind == "percent")
    found: dict[str, Fraction] = {}
    for quota in share.quotas:
        if quota.kind == "parts":
            found[quota.value] = Fraction(quota.amount * WHOLE, parts or 1)
        else:
            found[quota.value] = Fraction(
                quota.amount if quota.kind == "percent" else WHOLE - given
            )
    return found


def _percent(bp: Fraction) -> str:
    return f"{float(bp) / 100:g}%"


RULES = (sums, curriculum_agrees)
