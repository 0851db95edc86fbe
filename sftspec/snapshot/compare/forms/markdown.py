"""A diff as a comment of a pull request: the verdict and a table, the rest in folds, 60,000 characters at most.

Why: nothing that comes from data or specs is live. It stands in code, where no mark, mention,
reference or address is looked for: in a span or a block fenced with more backticks than it has in
a row, and in the head of a fold, which is HTML, in `<code>` with a reference for every mark.
"""

from collections.abc import Iterable, Iterator, Sequence
import re
from typing import NamedTuple

from sftspec.ground.render import defuse, escape
from sftspec.ground.semver import LEVELS
from sftspec.snapshot.compare.base import Change, Diff, FacetShift, Group, Versions, Word
from sftspec.snapshot.compare.forms import base, figures
from sftspec.snapshot.compare.forms.base import Bundle, Look, Teller, Told

MOST = 60_000
"""GitHub refuses a comment of more than 65,536 characters."""
CHARS, HEAD_CHARS, WIDE = 200, 40, 96
BLOCK_LINES, BLOCK_CHARS = 40, 4_000
VERSIONS, BREAKS, BUNDLES, GROUPS, CAUSES = 2, 8, 6, 12, 6
VALUES, TAGS, TURNS = 12, 8, 6
_MARKS = re.compile(r"[^A-Za-z0-9 .]")
_RUNS = re.compile(r"`+")


class Fold(NamedTuple):
    """A part that is folded. `head`: above its items, of which those at the end may be left out."""

    title: str
    head: str
    items: Sequence[str]


def render(diff: Diff, look: Look | None = None) -> str:
    """The diff as Markdown."""
    folds = [fold for fold in _folds(diff, look or Look()) if fold.items]
    return "\n".join(map(defuse, _fitted("".join(_top(diff)), folds).split("\n")))


def nothing(name: str, notes: Iterable[str]) -> str:
    """What is said where there is nothing to compare with."""
    return f"### {code(name)}\n\n" + "".join(f"- {code(note)}\n" for note in notes)


def code(text: str) -> str:
    """A text as a span of code: on one line, cut where it is long."""
    safe = base.clipped(escape(text.replace("\n", " ")), CHARS).strip(" ") or "-"
    marks = "`" * (1 + max(map(len, _RUNS.findall(safe)), default=0))
    gap = " " if "`" in (safe[0], safe[-1]) else ""
    return f"{marks}{gap}{safe}{gap}{marks}"


def _cell(text: str) -> str:
    """The same in a table, where a bar ends a cell even in code."""
    return code(text.replace("|", "\\u{7c}"))


def _head(text: str) -> str:
    """The same in the head of a fold, which is HTML."""
    safe = base.clipped(escape(text.replace("\n", " ")), HEAD_CHARS).strip(" ")
    return f"<code>{_MARKS.sub(lambda found: f'&#{ord(found[0])};', safe)}</code>"


def _table(rows: Sequence[Sequence[str]], right: int = 99) -> str:
    """The first row as the head of a table, the others below it; from a column on to the right."""
    line = "".join(" ---: |" if at >= right else " --- |" for at in range(len(rows[0])))
    return f"{_row(rows[0])}|{line}\n{''.join(map(_row, rows[1:]))}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


# what fits


def _fitted(top: str, folds: Sequence[Fold]) -> str:
    """The folds with as much in them as there is room for: each has its part, then in order."""
    whole = sum(len(fold.items) for fold in folds)
    room = MOST - len(top) - len(_left_out(whole, whole))
    room -= sum(len(_folded(fold, 0)) for fold in folds)
    kept = [0] * len(folds)
    used = 0
    for limit in (room // max(len(folds), 1), room):
        for at, fold in enumerate(folds):
            own = sum(map(len, fold.items[: kept[at]]))
            for item in fold.items[kept[at] :]:
                if own + len(item) > limit or used + len(item) > room:
                    break
                own, used, kept[at] = own + len(item), used + len(item), kept[at] + 1
    text = top + "".join(_folded(fold, kept[at]) for at, fold in enumerate(folds))
    left = whole - sum(kept)
    return text + _left_out(left, whole) if left else text


def _left_out(left: int, whole: int) -> str:
    return (
        f"\n{left:,} of {whole:,} entries are left out, because a comment holds no more. "
        "`sftspec diff` with `--format html --all` shows them.\n"
    )


def _folded(fold: Fold, count: int) -> str:
    left = len(fold.items) - count
    more = f"\nand {left:,} more\n" if left else ""
    body = "".join(fold.items[:count])
    head = f"<details><summary>{fold.title}</summary>\n\n{fold.head}"
    return f"\n{head}{body}{more}\n</details>\n"


# the top


def _top(diff: Diff) -> Iterator[str]:
    yield f"### {base.title(diff, code)}\n\n"
    if diff.same:
        yield "They are one and the same snapshot.\n\n"
    for one in diff.versions[: -VERSIONS - 1 : -1]:
        yield from _version(one, decides=one is diff.versions[-1])
    a, b = diff.before, diff.after
    yield _table([
        ("", "before", "after"),
        ("snapshot", _cell(a.name), _cell(b.name)),
        ("id", _cell(base.short(a.id)), _cell(base.short(b.id))),
        ("state", base.state(a), base.state(b)),
        ("chosen records", f"{a.chosen:,}", f"{b.chosen:,}"),
    ])  # fmt: skip
    failing = [m for m in diff.gates if m.holds is False and m.held is not False]
    said = {
        "Changes of the spec": base.bumps_said(diff.changes, code),
        "Records": _totals(diff) or "not compared",
        "Distribution": _farthest(diff.facets, code),
        "Lines of gates that do not hold now": f"{len(failing):,}" if failing else "",
    }  # fmt: skip
    yield "\n" + "".join(f"- **{name}**: {words}\n" for name, words in said.items() if words)


def _version(one: Versions, *, decides: bool) -> Iterator[str]:
    sign = "" if not decides else "✅ " if one.enough else "❌ "
    aside = "" if decides else "For information: "
    yield f"{sign}{aside}{base.judgement(one, code)}.\n\n"
    for change in one.breaks[:BREAKS]:
        yield _line(change)
    if len(one.breaks) > BREAKS:
        yield f"- and {len(one.breaks) - BREAKS} more\n"
    yield "\n" if one.breaks else ""


def _line(change: Change) -> str:
    level = base.known(change.bump, LEVELS, code)
    return f"- **{level}** {base.what(change, code)}\n"


def _totals(diff: Diff) -> str:
    return base.totals_said(diff.totals, code)


def _farthest(facets: Sequence[FacetShift], mark: base.Mark) -> str:
    moved, _ = figures.apart(facets)
    if not moved:
        return ""
    most = moved[0]
    name = f"{mark(most.facet)} of {mark(most.part)}"
    return f"{base.counted(len(moved), 'facet')} moved, {name} the farthest by {figures.points(most.moved_bp)}"


# the folds


def _folds(diff: Diff, look: Look) -> Iterator[Fold]:
    changes = [
        _line(one) + _block(base.passage(one), "  ")
        for _, some in base.by_bump(diff.changes)
        for one in some
    ]
    yield Fold(f"Changes of the spec: {base.bumps_said(diff.changes, _head)}", "", changes)
    total = base.totals_said(diff.totals, _head)
    yield Fold(f"Records: {total}", "", list(_records(diff, look)))
    far = _farthest(diff.facets, _head)
    yield Fold(f"Distribution: {far or 'other counts alone'}", "", list(_facets(diff, look)))
    yield _lengths(diff)
    yield _funnel(diff)
    gates = [
        f"- {base.holding(m)}: {code(figures.figure(m.before))} → {code(figures.figure(m.after))} {code(m.name)}\n"
        for m in diff.gates
    ]
    yield Fold(f"Gates: {base.counted(len(gates), 'line')}", "", gates)
    notes = [f"- {code(note)}\n" for note in diff.notes]
    yield Fold(f"Notes: {len(notes)}", "", notes)


def _block(run: Sequence[Word], indent: str = "") -> str:
    """The words as lines taken and put, in a block that nothing in it ends."""
    lines = list(_lines(run))
    shown = lines[:BLOCK_LINES]
    while sum(map(len, shown)) > BLOCK_CHARS:
        shown.pop()
    if not shown:
        return ""
    if len(shown) < len(lines):
        shown.append(f"  … {base.counted(len(lines) - len(shown), 'more line')}")
    longest = max((len(r) for line in shown for r in _RUNS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"\n{indent}" + f"\n{indent}".join([f"{fence}diff", *shown, fence]) + "\n\n"


def _lines(run: Sequence[Word]) -> Iterator[str]:
    for old, new in base.old_and_new(run, WIDE):
        for mark, text in (("  ", old),) if old == new else (("- ", old), ("+ ", new)):
            for line in text.split("\n") if text or old == new else ():
                yield mark + base.clipped(escape(line), BLOCK_CHARS // 4)


# records


def _records(diff: Diff, look: Look) -> Iterator[str]:
    teller = Teller(look)
    for alike in base.bundles(diff.groups):
        shown, more = look.some(alike, BUNDLES)
        for one in shown:
            yield from _bundle(one, look, teller)
        if more:
            yield f"\n{base.rest_said(alike[len(shown) :], code)}\n"


def _bundle(one: Bundle, look: Look, teller: Teller) -> Iterator[str]:
    groups, more = look.some(one.groups, GROUPS)
    yield from _groups(one, groups, look)
    if more:
        yield f"\nand {base.counted(more, 'more group')}\n"
    told, alike = teller.samples(groups)
    yield from map(_sample, told)
    for first, names in alike.items():
        rest = f" and {len(names) - GROUPS:,} more" if len(names) > GROUPS else ""
        said = ", ".join(map(code, names[:GROUPS])) + rest
        yield f"\nThe same words as in {code(first)} changed in {said}.\n"


def _groups(one: Bundle, groups: Sequence[Group], look: Look) -> Iterator[str]:
    how = base.known(one.how, base.TOTALS, code)
    causes = "".join(f"- because {code(cause)}\n" for cause in one.causes[:CAUSES])
    head = ("records", "template", "source", "part", "such as")
    yield f"\n**{one.count:,} {how}**\n\n{causes}\n{_table([head])}"
    for group in groups:
        names = (_cell(base.named(sample)) for sample in group.samples[: look.samples])
        yield _row(
            (f"{group.count:,}", _cell(group.template), _cell(group.source),
             _cell(base.way(group)), ", ".join(names))
        )  # fmt: skip


def _sample(told: Told) -> str:
    sample = told.sample
    out = [f"\n{code(base.named(sample))} {code(base.place(sample))}\n\n"]
    for facet, was, now in sample.tags[:TAGS]:
        values = " → ".join(code(value) if value else "nothing" for value in (was, now))
        out.append(f"- {code(facet)}: {values}\n")
    for turn, first in told.turns[:TURNS]:
        role = code(turn.role)
        if first is None:
            out.append(f"- {role}\n{_block(base.visible(turn.words), '  ')}")
        else:
            out.append(f"- {role}: as in {code(first)}\n")
    return "".join(out)


# distributions, lengths, funnel


def _facets(diff: Diff, look: Look) -> Iterator[str]:
    moved, still = figures.apart(diff.facets)
    for one in moved:
        yield from _facet(one, look)
    for one in still:
        yield f"\n{code(one.facet)} of {code(one.part)}: other counts, the same shares\n"


def _facet(one: FacetShift, look: Look) -> Iterator[str]:
    values, more = figures.most_moved(one, len(one.values) if look.whole else VALUES)
    head = ("value", "before", "", "after", "", "quota")
    name = f"{code(one.facet)} of {code(one.part)}"
    yield f"\n**{name}** moved by {figures.points(one.moved_bp)}\n\n{_table([head], right=1)}"
    for value in values:
        was, now = figures.shares(one, value)
        quota = figures.quota_said(value)
        yield _row(
            (_cell(value.value), f"{value.before:,}", was, f"{value.after:,}", now, quota)
        )  # fmt: skip
    if more:
        yield f"\nand {base.counted(more, 'more value')}\n"


def _lengths(diff: Diff) -> Fold:
    names = figures.stats(diff)
    rows = [
        _row((f"{_cell(one.of)} of {_cell(one.part)}",
              *(figures.stat(name, one.before, one.after) for name in names)))
        for one in diff.lengths
    ]  # fmt: skip
    head = _table([("", *(base.known(name, figures.STATS, _cell) for name in names))], right=1)
    return Fold(f"Lengths in characters: {base.counted(len(rows), 'line')}", head, rows)


def _funnel(diff: Diff) -> Fold:
    rows = [
        _row((_cell(m.name), _cell(figures.figure(m.before)), _cell(figures.figure(m.after)),
              figures.change_of(m.before, m.after)))
        for m in diff.funnel
    ]  # fmt: skip
    head = _table([("", "before", "after", "")], right=1)
    return Fold(f"Funnel: {base.counted(len(rows), 'line')}", head, rows)
