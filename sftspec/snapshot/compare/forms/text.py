"""A diff on a terminal, in 100 columns; what changed of a text as `[-old-]{+new+}`, or in red and green."""

from collections.abc import Iterable, Iterator, Sequence
import re
from typing import NamedTuple, TypeVar

from sftspec.ground.render import defuse, escape
from sftspec.ground.semver import LEVELS
from sftspec.snapshot.compare.base import Change, Diff, FacetShift, Group, Versions, Word
from sftspec.snapshot.compare.forms import base, figures
from sftspec.snapshot.compare.forms.base import Bundle, Look, Teller, Told
from sftspec.snapshot.compare.forms.columns import WIDE, Row, fitting, table, width_of, wrapped

LINES = 14
"""Of one text so many lines are shown."""
CHANGES, BREAKS, BUNDLES, GROUPS, CAUSES = 15, 8, 4, 6, 6
TOLD, FACETS, VALUES, MOVES, STATS = 6, 6, 8, 20, 6
KEY = 24
_OFF = "\x1b[0m"
_PAINTS = {
    "-": "\x1b[31m", "+": "\x1b[32m", "head": "\x1b[1m", "quiet": "\x1b[2m",
    "bad": "\x1b[1;31m", "good": "\x1b[1;32m",
    "major": "\x1b[1;31m", "minor": "\x1b[33m", "patch": "\x1b[36m",
}  # fmt: skip
_MARKS = {"-": ("[-", "-]"), "+": ("{+", "+}")}
_PIECES = re.compile(r"\n|[^\S\n]+|\S+")
T = TypeVar("T")


def render(diff: Diff, look: Look | None = None, *, colour: bool = False) -> str:
    """The diff as text, ending with a newline."""
    pen = _Pen(look or Look(), colour, [])
    parts = [list(part) for part in _parts(diff, pen)]
    if any(pen.cut):
        parts.append([pen.paint("quiet", "`--all` shows what is left out.")])
    return _joined(parts)


def nothing(name: str, notes: Iterable[str], *, colour: bool = False) -> str:
    """What is said where there is nothing to compare with."""
    pen = _Pen(Look(), colour, [])
    return _joined([list(_head(escape(name), pen)), list(_notes(notes, pen))])


def _joined(parts: Iterable[list[str]]) -> str:
    return "\n\n".join("\n".join(map(defuse, part)) for part in parts if part) + "\n"


class _Pen(NamedTuple):
    """How much is shown, whether it is painted, and what was cut."""

    look: Look
    colour: bool
    cut: list[int]

    def some(self, items: Sequence[T], most: int) -> tuple[Sequence[T], int]:
        """As many as are shown, and how many more there are."""
        shown, more = self.look.some(items, most)
        self.cut.append(more)
        return shown, more

    def paint(self, style: str, text: str) -> str:
        paint = _PAINTS.get(style)
        return f"{paint}{text}{_OFF}" if self.colour and paint and text else text


def _parts(diff: Diff, pen: _Pen) -> Iterator[Iterable[str]]:
    yield _heading(diff, pen)
    if diff.same:
        yield ["  They are one and the same snapshot."]
    for one in reversed(diff.versions):
        yield _versions(one, pen, decides=one is diff.versions[-1])
    for level, changes in base.by_bump(diff.changes):
        yield _changes(level, changes, pen)
    if diff.totals:
        yield _totals(diff, pen)
    yield from _records(diff, pen)
    yield from _facets(diff, pen)
    yield _lengths(diff, pen)
    yield _movements("Funnel", [
        (m.name, figures.figure(m.before), figures.figure(m.after), figures.change_of(m.before, m.after))
        for m in diff.funnel
    ], pen, right=frozenset({1, 2, 3}))  # fmt: skip
    yield _movements("Gates", [
        (base.holding(m), figures.figure(m.before), figures.figure(m.after), m.name) for m in diff.gates
    ], pen, right=frozenset({1, 2}))  # fmt: skip
    yield _notes(diff.notes, pen)


# the two, and what their versions say


def _heading(diff: Diff, pen: _Pen) -> Iterator[str]:
    yield from _head(base.title(diff, escape), pen)
    yield from table([
        (side.name, base.short(side.id), base.state(side), f"{side.chosen:,} chosen")
        for side in (diff.before, diff.after)
    ])  # fmt: skip


def _head(text: str, pen: _Pen, indent: str = "") -> Iterator[str]:
    for line in wrapped(text, indent):
        yield pen.paint("head", line)


def _versions(one: Versions, pen: _Pen, *, decides: bool) -> Iterator[str]:
    head = "Version" if decides else "Version, for information"
    yield pen.paint("head", head)
    style, finding = "good", ""
    if not one.enough:
        style, finding = ("bad", f"{base.FINDING}: ") if decides else ("minor", "")
    for line in wrapped(finding + base.judgement(one, escape), "  "):
        yield pen.paint(style, line)
    shown, more = pen.some(one.breaks, BREAKS)
    for change in shown:
        yield from _break(escape(change.bump), base.what(change, escape), pen)
    yield from _more(more, "change")


def _break(level: str, text: str, pen: _Pen) -> Iterator[str]:
    """A change that asks for more, wrapped behind its level."""
    behind = " " * (6 + len(LEVELS[-1]))
    if level not in LEVELS:
        yield from wrapped(f"{level}  {text}", "    ", behind)
        return
    for at, line in enumerate(wrapped(text, behind)):
        label = pen.paint(level, level) + behind[4 + len(level) :]
        yield line if at else f"    {label}{line[len(behind) :]}"


# changes of meaning


def _changes(level: str, changes: Sequence[Change], pen: _Pen) -> Iterator[str]:
    yield from _head(base.head_of(level, escape), pen)
    shown, more = pen.some(changes, CHANGES)
    for change in shown:
        yield from wrapped(base.what(change, escape), "  ", "    ")
        yield from _words(base.passage(change), pen, "      ")
    yield from _more(more, "change")


def _words(run: Iterable[Word], pen: _Pen, indent: str) -> Iterator[str]:
    lines = list(_flow(run, pen, indent))
    shown, more = pen.some(lines, LINES)
    yield from shown
    if more:
        yield f"{indent}… {base.counted(more, 'more line')}"


def _flow(run: Iterable[Word], pen: _Pen, indent: str) -> Iterator[str]:
    """Runs of a text in lines of the width, each painted by itself."""
    room = WIDE - len(indent)
    line: list[tuple[str, str]] = []
    broken = False
    for op, piece in _pieces(run, room - 4):
        if piece == "\n" or _long([*line, (op, piece)]) > room:
            yield (indent + _painted(_ended(line), pen)).rstrip(" ")
            line, broken = [], piece != "\n"
        if piece != "\n" and not (broken and not line and piece.isspace()):
            _put(line, op, piece)
    if line:
        yield (indent + _painted(line, pen)).rstrip(" ")


def _pieces(run: Iterable[Word], room: int) -> Iterator[tuple[str, str]]:
    for word in run:
        for piece in _PIECES.findall(word.text):
            safe = piece if piece == "\n" else escape(piece)
            while width_of(safe) > room:
                cut = fitting(safe, room)
                yield word.op, safe[:cut]
                safe = safe[cut:]
            yield word.op, safe


def _ended(line: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A line without the blanks at its end."""
    *most, (op, text) = line or [("", "")]
    return [*most, (op, text.rstrip(" "))] if text.rstrip(" ") else most


def _put(line: list[tuple[str, str]], op: str, piece: str) -> None:
    if line and line[-1][0] == op:
        line[-1] = (op, line[-1][1] + piece)
    else:
        line.append((op, piece))


def _long(line: Iterable[tuple[str, str]]) -> int:
    """How wide a line is, its marks counted."""
    found: list[tuple[str, str]] = []
    for op, text in line:
        _put(found, op, text)
    return sum(width_of(text) + (4 if op in _MARKS else 0) for op, text in found)


def _painted(line: Iterable[tuple[str, str]], pen: _Pen) -> str:
    if pen.colour:
        return "".join(pen.paint(op, text) for op, text in line)
    marks = ((*_MARKS.get(op, ("", "")), text) for op, text in line)
    return "".join(before + text + after for before, after, text in marks)


# records


def _totals(diff: Diff, pen: _Pen) -> Iterator[str]:
    yield pen.paint("head", f"Records: {diff.before.chosen:,} → {diff.after.chosen:,} chosen")
    yield from wrapped(escape(base.totals_said(diff.totals)), "  ")


def _records(diff: Diff, pen: _Pen) -> Iterator[Iterable[str]]:
    teller = Teller(pen.look)
    for alike in base.bundles(diff.groups):
        shown, more = pen.some(alike, BUNDLES)
        for one in shown:
            yield _bundle(one, pen, teller)
        if more:
            yield wrapped(base.rest_said(alike[len(shown) :], escape), "  ")


def _bundle(one: Bundle, pen: _Pen, teller: Teller) -> Iterator[str]:
    yield from _head(f"{one.count:,} {escape(one.how)}", pen, "  ")
    causes, more = pen.some(one.causes, CAUSES)
    for cause in causes:
        yield from wrapped(f"because {escape(cause)}", "    ", "      ")
    yield from _more(more, "cause")
    groups, more = pen.some(one.groups, GROUPS)
    rows = [_group(group, pen.look) for group in groups]
    yield from table(rows, indent="    ", right=frozenset({0}))
    yield from _more(more, "group")
    shown, alike = teller.samples(groups)
    some, more = pen.some(shown, TOLD)
    for told in some:
        yield from _sample(told, pen)
    yield from _more(more, "sample")
    for first, names in alike.items():
        said = f"The same words as in {first} changed in {', '.join(names)}."
        yield from wrapped(escape(said), "    ", "      ")


def _group(group: Group, look: Look) -> Row:
    names = [base.clipped(base.named(one), KEY) for one in group.samples[: look.samples]]
    way = base.way(group)
    return (f"{group.count:,}", group.template, group.source, way, ", ".join(names))


def _sample(told: Told, pen: _Pen) -> Iterator[str]:
    name, place = (escape(f(told.sample)) for f in (base.named, base.place))
    for line in wrapped(f"{name}  {place}", "    ", "      "):
        yield pen.paint("quiet", line)
    for facet, was, now in told.sample.tags:
        said = f"{escape(facet)}: {escape(was or 'nothing')} → {escape(now or 'nothing')}"
        yield from wrapped(said, "      ", "        ")
    for turn, first in told.turns:
        if first is None:
            yield from wrapped(f"{escape(turn.role)}:", "      ")
            yield from _words(base.visible(turn.words), pen, "        ")
        else:
            yield from wrapped(f"{escape(turn.role)}: as in {escape(first)}", "      ")


# distributions, lengths, funnel, gates


def _facets(diff: Diff, pen: _Pen) -> Iterator[Iterable[str]]:
    moved, still = figures.apart(diff.facets)
    if not diff.facets:
        return
    yield [pen.paint("head", "Distribution of chosen records")]
    shown, more = pen.some(moved, FACETS)
    for one in shown:
        yield _facet(one, pen)
    names = [f"{one.facet} of {one.part}" for one in still]
    said = [f"In other counts and the same shares: {', '.join(map(escape, names))}"]
    yield [
        *_more(more, "facet"),
        *(line for one in said if still for line in wrapped(one, "  ")),
    ]


def _facet(one: FacetShift, pen: _Pen) -> Iterator[str]:
    name = f"{escape(one.facet)} of {escape(one.part)}"
    yield from _head(f"{name}  moved {figures.points(one.moved_bp)}", pen, "  ")
    values, more = figures.most_moved(one, len(one.values) if pen.look.whole else VALUES)
    quotas = any(figures.quota_said(value) for value in values)
    rows = [("", "before", "", "after", "", "quota" if quotas else "")]
    for value in values:
        was, now = figures.shares(one, value)
        quota = figures.quota_said(value)
        rows.append((value.value, f"{value.before:,}", was, f"{value.after:,}", now, quota))
    yield from table(rows, indent="    ", right=frozenset({1, 2, 3, 4}))
    yield from _more(more, "value")


def _lengths(diff: Diff, pen: _Pen) -> Iterator[str]:
    if not diff.lengths:
        return
    yield pen.paint("head", "Lengths in characters")
    names = figures.stats(diff)[:STATS]
    shown, more = pen.some(diff.lengths, MOVES)
    rows = [
        (f"{one.of} of {one.part}", *(figures.stat(n, one.before, one.after) for n in names))
        for one in shown
    ]
    yield from table([("", *names), *rows], right=frozenset(range(1, len(names) + 1)))
    yield from _more(more, "length")


def _movements(
    head: str, rows: Sequence[Row], pen: _Pen, *, right: frozenset[int]
) -> Iterator[str]:  # fmt: skip
    if not rows:
        return
    yield pen.paint("head", head)
    shown, more = pen.some(rows, MOVES)
    yield from table(shown, right=right)
    yield from _more(more, "line")


def _notes(notes: Iterable[str], pen: _Pen) -> Iterator[str]:
    for at, note in enumerate(notes):
        if not at:
            yield pen.paint("head", "Notes")
        yield from wrapped(escape(note), "  ", "    ")


def _more(count: int, noun: str) -> Iterator[str]:
    if count:
        yield f"    and {base.counted(count, f'more {noun}')}"
