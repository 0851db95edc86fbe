"""A round told as Markdown: what is in the way first, then the diff of each dataset, 60,000 characters at most.

Why: nothing that comes from data or specs is live. It stands in code, in a span or in a block
fenced with more backticks than it has in a row.
"""

from collections.abc import Iterable, Iterator, Sequence
import re

from sftspec.ground.render import defuse, escape, render, summary
from sftspec.snapshot.ci.base import (
    BUILT,
    FAULT,
    REFUSED,
    UNBUILT,
    UNCHANGED,
    Outcome,
    Round,
)  # fmt: skip
from sftspec.snapshot.compare.base import Diff
from sftspec.snapshot.compare.forms import markdown
from sftspec.snapshot.compare.forms.base import clipped

MOST = 60_000
"""GitHub refuses a comment of more than 65,536 characters."""
SAID, LINES, NOTES = 14_000, 8_000, 4_000
ROWS, CELL = 60, 60
LEAST = 1_500
"""A diff in less room than that is not shown: the table has its dataset."""
_RUNS = re.compile(r"`+")
STATES = {
    UNCHANGED: "unchanged", BUILT: "built", REFUSED: "has errors",
    UNBUILT: "no snapshot comes of it", FAULT: "could not be judged",
}  # fmt: skip
_WORDS = {
    "new": "its version is new", "meaning": "its meaning", "compiler": "the compiler",
    "sources": "its sources", "papers": "its papers", "asked": "it was asked for",
}  # fmt: skip


def report(found: Round) -> str:
    """The round as Markdown."""
    top = "\n".join(map(defuse, "".join(_top(found)).split("\n")))
    diffs = [one.diff for one in found.outcomes if one.diff is not None and not one.diff.same]
    return top + _shared(diffs, MOST - len(top))


def because(outcome: Outcome) -> str:
    """Why a dataset was built: `its meaning, its sources`."""
    return ", ".join(_WORDS[word] for word in outcome.why)


# the top


def _top(found: Round) -> Iterator[str]:
    said = found.said()
    sign = "✅" if found.verdict == "ok" else "❌"
    words = summary(said).strip() or "nothing is in the way"
    faults = [one for one in found.outcomes if one.fault is not None]
    if faults:
        words = f"{len(faults)} of {len(found.outcomes)} specs could not be judged"
    yield f"## sftspec: {sign} {words}\n\n"
    yield f"Against {markdown.code(found.base)}.\n\n"
    yield from _table(found.outcomes)
    yield from _unchanged([one for one in found.outcomes if one.state == UNCHANGED])
    yield _section(
        "Errors and warnings", render(said, "text").splitlines() if said else [], SAID
    )
    yield _section("Faults", [line for one in faults for line in fault_lines(one)], NOTES)
    lines = [
        line for one in found.outcomes if one.lines for line in (one.label, *one.lines, "")
    ]
    yield _section("What speaks against it", lines, LINES)
    notes = [f"{one.label}: {note}" for one in found.outcomes for note in one.notes]
    yield _section("Notes", notes, NOTES)


def fault_lines(one: Outcome) -> list[str]:
    """What kept a spec from being judged."""
    fault = one.fault or {}
    said = f"fault[{fault['slug']}]: {one.spec}: {fault['message']}"
    return [said, *([f"  hint: {fault['hint']}"] if fault["hint"] else [])]


def _table(outcomes: Iterable[Outcome]) -> Iterator[str]:
    rows = [one for one in outcomes if one.state != UNCHANGED]
    if not rows:
        return
    yield "| dataset | spec | | records | gates | version |\n| --- | --- | --- | ---: | --- | --- |\n"
    for one in rows[:ROWS]:
        sign = "" if one.state == BUILT else "❌ "
        state = sign + STATES[one.state] + (f": {because(one)}" if one.why else "")
        chosen = str(one.counts.get("chosen", ""))
        cells = (_cell(one.label), _cell(one.spec), state, chosen, _gates(one), _version(one))
        yield f"| {' | '.join(cells)} |\n"
    yield "\n" if len(rows) <= ROWS else f"\nand {len(rows) - ROWS} more\n\n"


def _cell(text: str) -> str:
    return markdown.code(clipped(text, CELL).replace("|", "\\u{7c}"))


def _gates(one: Outcome) -> str:
    if one.state != BUILT:
        return ""
    failing = [name for name, gate in one.gates.items() if not gate["holds"]]
    if failing:
        return f"❌ {', '.join(map(_cell, failing[:3]))} not met"
    return "✅ hold" if one.gates else "none"


def _version(one: Outcome) -> str:
    if one.state != BUILT:
        return ""
    if one.diff is None:
        return "nothing to compare with"
    last = one.diff.versions[-1]
    return "✅ is enough" if last.enough else f"❌ at least {_cell(last.least)}"


def _unchanged(outcomes: Sequence[Outcome]) -> Iterator[str]:
    if outcomes:
        names = ", ".join(_cell(one.label) for one in outcomes[:ROWS])
        more = f" and {len(outcomes) - ROWS} more" if len(outcomes) > ROWS else ""
        yield f"Unchanged, so not built: {names}{more}.\n\n"


def _section(name: str, lines: Sequence[str], most: int) -> str:
    """Lines in a block of so many characters at most, under a head; nothing where there are none."""
    if not lines:
        return ""
    kept: list[str] = []
    room = most
    for line in map(escape, lines):
        room -= len(line) + 1
        if room < 0:
            kept.append(f"… {len(lines) - len(kept)} more lines")
            break
        kept.append(line)
    longest = max((len(run) for line in kept for run in _RUNS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"### {name}", "", f"{fence}text", *kept, fence, "", ""])


# the diffs


def _shared(diffs: Sequence[Diff], room: int) -> str:
    """The diffs in the room that there is: what a small one leaves is for the others."""
    shown = diffs[: room // LEAST]
    whole = [markdown.render(one) + "\n" for one in shown]
    texts: dict[int, str] = {}
    for done, at in enumerate(sorted(range(len(whole)), key=lambda at: len(whole[at]))):
        texts[at] = _cut(whole[at], room // (len(whole) - done))
        room -= len(texts[at])
    return "".join(texts[at] for at in range(len(whole)))


def _cut(text: str, room: int) -> str:
    """As many of the first lines as there is room for; what is open where they end is closed."""
    if len(text) <= room:
        return text
    kept: list[str] = []
    fence, folds, room = "", 0, room - len(_LESS)
    for line in text.split("\n"):
        now, deep = _inside(line, fence, folds)
        room -= len(line) + 1
        if room < len(now) + 1 + deep * (len(_FOLD_END) + 1):
            break
        fence, folds = now, deep
        kept.append(line)
    ends = [fence] * bool(fence) + [_FOLD_END] * folds
    return "\n".join([*kept, *ends, _LESS])


def _inside(line: str, fence: str, folds: int) -> tuple[str, int]:
    """Which fence is open behind a line, and how many folds are."""
    bare = line.strip()
    if fence:
        return ("" if bare == fence.strip() else fence), folds
    found = _FENCE.match(line)
    return (found[1] if found else ""), folds + line.startswith("<details>") - (
        bare == "</details>"
    )


_FENCE = re.compile(r"( *`{3,})[^`]*$")
_FOLD_END = "\n</details>\n"
_LESS = "\nThere is no room here for the rest; `sftspec diff` shows it.\n\n"
