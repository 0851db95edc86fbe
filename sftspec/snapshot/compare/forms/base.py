"""What every form of a diff says alike: its verdict, its words, its order, and how much of it is shown.

Everything in a diff may be somebody else's words, so no text is safe here: each form makes what
it shows safe in its own way, and passes that way in as `mark` where a sentence has both.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
import re
from typing import TypeVar

from msgspec import Struct

from sftspec.ground.render import escape
from sftspec.ground.semver import LEVELS, version_of
from sftspec.snapshot.compare.base import (
    Change,
    Diff,
    Group,
    Movement,
    Sample,
    Side,
    TurnDiff,
    Versions,
    Word,
)  # fmt: skip
from sftspec.snapshot.compare.texts import words

SAMPLES = 2
SHORT_ID = 12
OK, SAME, TOO_SMALL = "ok", "same", "bump-too-small"
FINDING = "error[bump-too-small]"
TOTALS = ("added", "removed", "modified", "retagged", "moved", "same")
Mark = Callable[[str], str]
T = TypeVar("T")


class Look(Struct, frozen=True):
    """How much is shown. `samples`: records of each group; `whole`: no list is cut."""

    samples: int = SAMPLES
    whole: bool = False

    def some(self, items: Sequence[T], most: int) -> tuple[Sequence[T], int]:
        """As many as are shown, and how many more there are."""
        if self.whole or len(items) <= most:
            return items, 0
        return items[:most], len(items) - most


class Bundle(Struct, frozen=True):
    """Groups of records that fared alike for the same causes."""

    how: str
    causes: tuple[str, ...]
    count: int
    groups: tuple[Group, ...]


def plain(text: str) -> str:
    """A text that says what cannot be seen in it, line by line."""
    return "\n".join(map(escape, text.split("\n")))


def clipped(text: str, most: int) -> str:
    """A text of so many characters at most."""
    return text if len(text) <= most else text[: most - 1] + "…"


def counted(count: int, noun: str) -> str:
    """`1 change`, `2 changes`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def known(word: str, words_: Iterable[str], mark: Mark) -> str:
    """A word that is one of ours as it is, another marked."""
    return word if word in words_ else mark(word)


def ticks(text: str) -> list[tuple[str, bool]]:
    """The pieces of a text, and whether each stands between backticks."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return [(text, False)]
    return [(piece, at % 2 == 1) for at, piece in enumerate(pieces) if piece]


# the two snapshots


def title(diff: Diff, mark: Mark = str) -> str:
    """`legal 0.1.0 → 0.2.0`."""
    a, b = diff.before, diff.after
    name = f"{mark(b.dataset)} " if a.dataset != b.dataset else ""
    return f"{mark(a.dataset)} {mark(a.version)} → {name}{mark(b.version)}"


def short(text: str) -> str:
    """The beginning of an id, which is enough to know it by."""
    return text.removeprefix("sha256:")[:SHORT_ID]


def state(side: Side) -> str:
    """Whether others rely on a snapshot, and what of it is not here."""
    said = "frozen" if side.frozen else "candidate"
    if not side.records:
        return f"{said}, papers alone"
    return said if side.texts else f"{said}, no texts here"


# versions


def verdict(diff: Diff) -> str:
    """What the diff came to. Of several judgements of the version the last one decides."""
    if diff.versions and not diff.versions[-1].enough:
        return TOO_SMALL
    return SAME if diff.same else OK


def judgement(one: Versions, mark: Mark = str) -> str:
    """Whether the declared version says as much as the changes ask for, in a sentence."""
    declared, since, least = mark(one.declared), mark(one.against), mark(one.least)
    if one.asked == LEVELS[0]:
        return f"{declared} is enough: nothing since {since} asks for another version"
    asks = f"the changes since {since} ask for {_bump(one)}, so {least} at least"
    if not one.enough:
        more = f"; the base already has {one.known} more of them" if one.known else ""
        return f"{declared} says too little: {asks}{more}"
    if one.known:
        return f"{declared} is enough for what is new: {asks}, but the base has them already"
    return f"{declared} is enough: {asks}"


def _bump(one: Versions) -> str:
    if one.asked not in LEVELS:
        return "another version"
    early = one.asked == "major" and not version_of(one.before).major
    return f"a {one.asked} version" + (", which before 1.0.0 is a minor one" if early else "")


# changes of meaning


def by_bump(changes: Iterable[Change]) -> list[tuple[str, list[Change]]]:
    """Changes by what they ask for, the largest first."""
    found: dict[str, list[Change]] = {level: [] for level in reversed(LEVELS)}
    for change in changes:
        found.setdefault(change.bump, []).append(change)
    return [(level, some) for level, some in found.items() if some]


def head_of(level: str, mark: Mark = str) -> str:
    """The head of the changes of a level."""
    ours = {"none": "Changes that ask for no version", "patch": "Patches",
            "minor": "Minor changes", "major": "Major changes"}  # fmt: skip
    return ours.get(level) or f"Changes: {mark(level)}"


def bumps_said(changes: Iterable[Change], mark: Mark = str) -> str:
    """`1 major, 5 minor`."""
    said = [
        f"{len(some)} {'without a bump' if level == LEVELS[0] else known(level, LEVELS, mark)}"
        for level, some in by_bump(changes)
    ]
    return ", ".join(said) or "none"


def what(change: Change, mark: Mark = str) -> str:
    """A change in one line."""
    may = " (may break a reader)" if change.possible else ""
    subject = change.subject
    return (f"{mark(subject)}: " if subject else "") + mark(change.what) + may


def passage(change: Change) -> tuple[Word, ...]:
    """The words of a change's texts; none where its line says them already."""
    texts = [text for text in (change.before, change.after) if text]
    if all(text in change.what for text in texts):
        return ()
    return visible(words(change.before, change.after))


def visible(run: Iterable[Word]) -> tuple[Word, ...]:
    """The same words; of blanks that changed something is seen."""
    return tuple(
        Word(w.op, w.text.replace(" ", "·").replace("\n", "↵\n"))
        if w.op != "=" and w.text.isspace()
        else w
        for w in run
    )


_PIECES = re.compile(r"\n|[^\S\n]+|\S+")


def old_and_new(run: Iterable[Word], wide: int) -> Iterator[tuple[str, str]]:
    """The words as lines of the old and of the new text, broken where both have the same."""
    old, new = "", ""
    for word in run:
        if word.op != "=":
            old += word.text if word.op == "-" else ""
            new += word.text if word.op == "+" else ""
            continue
        for piece in _PIECES.findall(word.text):
            if piece == "\n" or (piece.isspace() and max(len(old), len(new)) >= wide):
                yield old, new
                old, new = "", ""
            else:
                old, new = old + piece, new + piece
    if old or new:
        yield old, new


# records


def totals_said(totals: dict[str, int], mark: Mark = str) -> str:
    """`2 added, 117 modified, 116 same`."""
    names = [*TOTALS, *(name for name in totals if name not in TOTALS)]
    return ", ".join(
        f"{totals[name]:,} {known(name, TOTALS, mark)}" for name in names if totals.get(name)
    )


def bundles(groups: Iterable[Group]) -> list[list[Bundle]]:
    """Groups by how and, of those, by why: each in the order of the diff, the largest first.

    The same causes in another order are the same; they stand as the largest group has them.
    """
    found: dict[str, dict[frozenset[str], list[Group]]] = {}
    for group in groups:
        alike = found.setdefault(group.how, {}).setdefault(frozenset(group.causes), [])
        alike.append(group)
    return [
        sorted(map(_bundle, some.values()), key=lambda one: (-one.count, one.causes))
        for some in found.values()
    ]


def _bundle(alike: Iterable[Group]) -> Bundle:
    groups = sorted(alike, key=lambda group: -group.count)
    return Bundle(
        groups[0].how, groups[0].causes, sum(group.count for group in groups), tuple(groups)
    )


def rest_said(rest: Sequence[Bundle], mark: Mark = str) -> str:
    """What is left out of the records that fared alike: `and 20 more added for 3 other causes`."""
    count = sum(one.count for one in rest)
    how = known(rest[0].how, TOTALS, mark)
    return f"and {count:,} more {how} for {counted(len(rest), 'other cause')}"


def way(group: Group) -> str:
    """`not chosen → train build`; one word where it did not change."""
    was, now = _stand(group.was), _stand(group.now)
    return was if was == now else f"{was} → {now}"


def _stand(text: str) -> str:
    if text.startswith("rejected:"):
        return f"rejected ({text.removeprefix('rejected:')})"
    return {"absent": "not there", "not_chosen": "not chosen"}.get(text, text)


def named(sample: Sample) -> str:
    """What a record is known by: its row's key, or the beginning of its id."""
    return sample.key or short(sample.id)


def place(sample: Sample) -> str:
    """`data/clauses.jsonl:7`."""
    return f"{sample.file}:{sample.line}" if sample.line else sample.file


class Told(Struct, frozen=True):
    """A sample as it is shown: of each turn, the record in which the same words changed before."""

    sample: Sample
    turns: tuple[tuple[TurnDiff, str | None], ...]


class Teller:
    """Samples of groups. What one prompt changed it changed in all its records, and is shown once."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self._first: dict[tuple[str, tuple[Word, ...]], str] = {}

    def samples(self, groups: Iterable[Group]) -> tuple[list[Told], dict[str, list[str]]]:
        """Those that have something to show, and of the others which record they are like."""
        shown: list[Told] = []
        alike: dict[str, list[str]] = {}
        for group in groups:
            for sample in group.samples[: self.look.samples]:
                told = self._told(sample)
                known = {first for _, first in told.turns}
                if sample.tags or None in known:
                    shown.append(told)
                elif known:
                    like = ", ".join(sorted(one for one in known if one is not None))
                    alike.setdefault(like, []).append(named(sample))
        return shown, alike

    def _told(self, sample: Sample) -> Told:
        name = named(sample)
        turns = []
        for turn in sample.turns:
            first = self._first.setdefault((turn.role, turn.words), name)
            turns.append((turn, None if first == name else first))
        return Told(sample, tuple(turns))


# gates


def holding(line: Movement) -> str:
    """How a line of a gate stands."""
    was, now = (
        "" if one is None else "holds" if one else "does not hold"
        for one in (line.held, line.holds)
    )
    if not was or not now:
        return f"{was} → gone" if was else f"new, {now}" if now else ""
    return was if was == now else f"{was} → {now}"
