"""A mixture that cannot be met, in words: what is short, who took it, and what could be had."""

from typing import Any

from sftspec.ground.render import escape
from sftspec.stages.joint import MixResult, PartResult

MOST = 10


def explain_shortfall(result: MixResult, rejected: dict[str, int] | None = None) -> str:
    """The least relaxation, the culprits and the nearest feasible mixture, part by part."""
    out = []
    for part in result.parts:
        if part.slacks:
            out.extend(_part(part, rejected or {}))
    out.append(
        "  hint: write `shortfall = shrink`, lower the total, or add rows where they are short"
    )
    return "\n".join(map(escape, out)) + "\n"


def explain_empty(read: dict[str, int], taken: dict[str, int]) -> str:
    """Why there is no record at all: what was read, and what took it."""
    out = ["error[empty-dataset]: no record is chosen, so there is nothing to seal"]
    out += [f"  source `{name}`: {count} rows read" for name, count in read.items()]
    most = sorted(taken.items(), key=lambda item: (-item[1], item[0]))
    out += [f"  {label} took {count}" for label, count in most[:MOST]]
    if len(most) > MOST:
        out.append(f"  and {len(most) - MOST} more")
    out.append("  hint: `sftspec preview` shows what becomes of the first rows")
    return "\n".join(map(escape, out)) + "\n"


def _part(part: PartResult, rejected: dict[str, int]) -> list[str]:
    out = [
        f"error[shortfall]: the shares of part `{part.part}` cannot be met at {part.wanted} records"
    ]
    there = {quota.label: quota.there for quota in part.quotas}
    for slack in part.slacks:
        off = slack.want - slack.got
        word = f"{off} short" if off > 0 else f"{-off} too many"
        known = f", {there[slack.label]} there" if slack.label in there else ""
        out.append(f"  {slack.label}: {slack.got} of {slack.want} wanted ({word}{known})")
    if part.capped:
        out.append(f"  caps set {part.capped} candidates aside")
    for reason, count in sorted(rejected.items(), key=lambda item: (-item[1], item[0]))[:5]:
        out.append(f"  {reason} took {count} candidates")
    out.append(f"  nearest mixture: {part.chosen} records")
    for quota in part.quotas:
        if quota.wanted >= 0 and part.chosen:
            share = quota.chosen * 10_000 // part.chosen / 100
            out.append(f"    {quota.label}: {quota.chosen} ({share:g}%)")
    if part.feasible_total is not None:
        out.append(f"  with every share as declared: {part.feasible_total} records")
    return out


def as_rows(result: MixResult) -> list[dict[str, Any]]:
    """The slacks as plain values."""
    return [
        {"part": part.part, "label": slack.label, "wanted": slack.want, "got": slack.got}
        for part in result.parts
        for slack in part.slacks
    ]
