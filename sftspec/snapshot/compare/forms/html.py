"""A diff as a page that stands alone: no script, no link, nothing fetched, light or dark as the reader has it."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from sftspec.snapshot.compare.base import Diff, FacetShift, Shift, Versions
from sftspec.snapshot.compare.forms import base, figures
from sftspec.snapshot.compare.forms.base import Bundle, Look, Teller

CHANGES, BREAKS, BUNDLES, GROUPS, FACETS, VALUES, ROWS = 200, 30, 20, 40, 60, 30, 200
FAR = 100
"""A facet that moved by less is folded away."""
_PAGE = "page.jinja"


def render(diff: Diff, look: Look | None = None) -> str:
    """The diff as HTML."""
    shown = look or Look()
    return _page(
        title=base.title(diff), diff=diff, sides=[diff.before, diff.after],
        judgements=_judgements(diff, shown), totals=_totals(diff), notes=diff.notes,
        changes=_changes(diff, shown), bundles=_bundles(diff, shown),
        facets=_facets(diff, shown), lengths=shown.some(diff.lengths, ROWS),
        stats=figures.stats(diff), funnel=shown.some(diff.funnel, ROWS),
        gates=shown.some(diff.gates, ROWS),
    )  # fmt: skip


def nothing(name: str, notes: Iterable[str]) -> str:
    """What is said where there is nothing to compare with."""
    return _page(title=name, diff=None, notes=list(notes))


def _page(**model: Any) -> str:
    return _template().render(model)


@cache
def _template() -> Template:
    page = Path(__file__).with_name(_PAGE).read_text("utf-8")
    here = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_seen, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    here.globals |= {"say": base, "figures": figures}
    return here.from_string(page)


def _seen(value: Any) -> Any:
    """What is put into the page; what cannot be seen in a text is said."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return base.plain(value)
    return value


def _judgements(diff: Diff, look: Look) -> list[dict[str, Any]]:
    """What the versions say, the one that decides first."""
    return [
        {"said": base.judgement(one), "mood": _mood(one, decides=one is diff.versions[-1]),
         "aside": one is not diff.versions[-1], "breaks": look.some(one.breaks, BREAKS)}
        for one in reversed(diff.versions)
    ]  # fmt: skip


def _mood(one: Versions, *, decides: bool) -> str:
    if not decides:
        return "aside"
    return "good" if one.enough else "bad"


def _totals(diff: Diff) -> list[tuple[str, int]]:
    names = [*base.TOTALS, *(name for name in diff.totals if name not in base.TOTALS)]
    return [(name, diff.totals[name]) for name in names if name in diff.totals]


def _changes(diff: Diff, look: Look) -> list[dict[str, Any]]:
    found = []
    for level, some in base.by_bump(diff.changes):
        shown, more = look.some(some, CHANGES)
        rows = [(change, base.passage(change)) for change in shown]
        found.append({"level": level, "head": base.head_of(level), "rows": rows, "more": more})
    return found


def _bundles(diff: Diff, look: Look) -> list[tuple[list[dict[str, Any]], str]]:
    """What is shown of the records that fared alike, and in words what is not."""
    teller = Teller(look)
    found = []
    for alike in base.bundles(diff.groups):
        shown, more = look.some(alike, BUNDLES)
        rest = base.rest_said(alike[len(shown) :]) if more else ""
        found.append(([_bundle(one, look, teller) for one in shown], rest))
    return found


def _bundle(one: Bundle, look: Look, teller: Teller) -> dict[str, Any]:
    groups, more = look.some(one.groups, GROUPS)
    told, alike = teller.samples(groups)
    return {"one": one, "groups": groups, "more": more, "told": told, "alike": alike,
            "names": look.samples}  # fmt: skip


def _facets(diff: Diff, look: Look) -> dict[str, Any]:
    moved, still = figures.apart(diff.facets)
    shown, more = look.some(moved, FACETS)
    made = [_facet(one, look) for one in shown]
    far = sum(one.moved_bp >= FAR for one in shown) or len(shown)
    return {"far": made[:far], "near": made[far:], "more": more, "still": still}


def _facet(one: FacetShift, look: Look) -> dict[str, Any]:
    values, more = figures.most_moved(one, len(one.values) if look.whole else VALUES)
    most = max(
        (bp for value in values for bp in _bars(one, value) if bp is not None), default=1
    )
    rows = [
        (value, figures.shares(one, value), [_width(bp, most) for bp in _bars(one, value)])
        for value in values
    ]
    quotas = any(figures.quota_said(value) for value in values)
    return {"one": one, "rows": rows, "more": more, "quotas": quotas}


def _bars(one: FacetShift, value: Shift) -> tuple[int | None, ...]:
    """What is drawn of a value: its shares and its quotas, before and after."""
    return (
        figures.share_of(value.before, one.records[0]), figures.share_of(value.after, one.records[1]),
        value.quota_before, value.quota_after,
    )  # fmt: skip


def _width(bp: int | None, most: int) -> str | None:
    """A share's part of the widest bar, in CSS."""
    if bp is None:
        return None
    part = min(max(bp, 0) * 1_000 // max(most, 1), 1_000)
    return f"{part // 10}.{part % 10}%"
