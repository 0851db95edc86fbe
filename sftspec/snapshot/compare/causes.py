"""Why records fared as they did: which change of the spec, the sources or the compiler explains a group.

What made, tagged or judged a record itself is named first, by what the indexes tell of it. A record
of which nothing changed gave way to others or took their place: then it is what changed how many are
taken, and why those others came or went. The compiler is a cause where nothing else can be.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

from msgspec.structs import replace

from sftspec.snapshot.compare.base import Change
from sftspec.snapshot.compare.chats import ENCODED
from sftspec.snapshot.compare.definitions import ORDERLESS
from sftspec.snapshot.compare.names import Compared
from sftspec.snapshot.compare.plans import Plans
from sftspec.snapshot.compare.pool import Passage, by_text, looked_at
from sftspec.snapshot.compare.records import (
    ADDED,
    MODIFIED,
    MOVED,
    REMOVED,
    Evidence,
    Found,
)
from sftspec.snapshot.compare.side import ABSENT, ALIVE, NOT_CHOSEN, REJECTED

MOST = 4
UNKNOWN = "unknown: nothing that the plans tell explains it"
_TEXTS = {
    "template-text", "prompt-text", "phrasing-text", "table-text", "schema-text", "tool-text",
}  # fmt: skip
_OF_ALL = {"template-text", "prompt-text", "schema-text", "tool-text"}
"""Texts that are in all records of a template, not only in those that draw a wording."""
_NOT_SAID = {"rows", "expectations", "tags", "layer", "samples"}
"""Parts of a template that no text of its records is made of."""
_READING = {"source-reading", "input-added", "input-removed", "input-type"}
_CHOICE = {"mixture", "share", "curriculum", "split"}
_VALUES = {"facet-value-removed", "facet-value-added", "facet-spelling", "facet-order"}
_IDS = {"record-ids", "template-added", "template-removed", "source-added", "source-removed"}
_COMPARED = {"duplicate", "conflict"}
_OF_NO_TEXT = {"where", "group", "key"}
"""What of a source's reading changes no text and no tag of its rows."""


class Causes:
    """The changes between two snapshots, by what they can explain."""

    def __init__(
        self, two: Compared, changes: Sequence[Change], pool: Sequence[Passage] = ()
    ) -> None:
        self.two, self.plans = two, Plans(two)
        self.pool = pool
        self.changes = [c for c in changes if c.bump != "none" or c.rule == "source-files"]
        self._own: dict[int, list[Change]] = {}
        self._ways: dict[frozenset[int] | None, list[Change]] = {}
        self._looked_at = looked_at(two)
        self._judged_by_text = any(map(by_text, two.graphs))
        self._elsewhere: Counter[Change] = Counter()
        self._took: Counter[Change] = Counter()

    def all(self, groups: Sequence[Found]) -> list[list[Change]]:
        """The causes of each group.

        Who is in another part makes others be chosen, and who is chosen makes others be in another
        phase; so causes are found in this order.
        """
        found: dict[int, list[Change]] = {}
        for late in range(3):
            for at, one in enumerate(groups):
                if _rank(one) == late:
                    found[at] = self._of(one)
                if _rank(one) == late == 0:
                    self._elsewhere.update(dict.fromkeys(self._parted(one), one.count))
                elif _rank(one) == late == 1 and one.how != MODIFIED:
                    self._took.update(dict.fromkeys(found[at], one.count))
        return [found[at] for at in range(len(groups))]

    def _of(self, group: Found) -> list[Change]:
        """The causes of a group; the compiler, or none, where nothing explains it."""
        own = list(dict.fromkeys(self._found(group)))
        return own or self._kind({"compiler"}) or self._rule({"source-files"}, group.source)

    def _found(self, group: Found) -> list[Change]:
        match group.how:
            case "modified" | "retagged":
                made = self._made if group.how == MODIFIED else self._tagged
                found = made(group.template, group.source, group.evidence)
                return found + (self._parted(group) if _rank(group) == 0 else [])
            case "moved":
                if _rank(group) == 0:
                    return self._parted(group)
                own = self._kind({"curriculum", "seed"})
                return own or [change for change, _ in self._took.most_common()]
            case _:
                other = group.was if group.how == ADDED else group.now
                if other == NOT_CHOSEN:
                    return self._displaced(group)
                return self._came(_passage(group, other), self._alike(group, other))

    # what it is

    def _made(self, template: str, source: str, evidence: Evidence) -> list[Change]:
        """What changed of the text a record is made of; of its template before its row."""
        uses = self.plans.uses(template)
        found = self._where(
            lambda c: c.rule in _TEXTS and (c.kind, c.name) in uses
            and not (c.kind == "template" and c.part in _NOT_SAID)
            and not (c.kind in ORDERLESS and c.part == "order")
        )  # fmt: skip
        if any(c.rule in _OF_ALL for c in found) and not evidence.apart:
            return found  # it explains every record, and nothing tells this one from the others
        if any(kind == "phrasing" for kind, _ in uses):
            found += self._kind({"seed"})
        return found + self._said_by_row(source, evidence)

    def _row(self, source: str, evidence: Evidence, besides: Collection[str]) -> list[Change]:
        """Other rows of a source, or the same read otherwise; and the same of those that it joins.

        `besides`: what of its reading cannot be it.
        """
        found = [c for c in self._of_source(source, _READING) if c.part not in besides]
        rows = self._rule({"source-rows"}, source)
        found += [c for c in rows if evidence.touched or c.part == "files"]
        for other in self.plans.beside(source):
            found += self._of_source(other, {*_READING, "source-rows"})
        read = self.plans.read(source)
        return found + self._where(lambda c: c.rule == "facet-spelling" and c.name in read)

    def _said_by_row(self, source: str, evidence: Evidence) -> list[Change]:
        """What changed of the row that a record says. Where the key is what it says, no row changes."""
        if self.plans.by_content(source):
            evidence = replace(evidence, touched=False)
        whole = self.plans.said_whole(source)
        found = self._row(source, evidence, _OF_NO_TEXT)
        return [c for c in found if whole or c.rule not in {"input-added", "input-removed"}]

    def _tagged(self, template: str, source: str, evidence: Evidence) -> list[Change]:
        """What changed of the tags of which records have another value."""
        facets = set(evidence.facets)
        parts = {"layer"} & facets | ({"tags"} if facets & self.plans.tags(template) else set())
        found = self._where(
            lambda c: (c.subject == f"template {template}" and c.part in parts)
            or (c.name == source and c.rule == "source-origin" and "origin" in facets)
            or (c.name == source and c.rule == "source-license" and "license" in facets)
            or (c.rule in _VALUES and c.name in facets)
        )  # fmt: skip
        if facets - {"layer", "origin", "license"}:
            found += self._said_by_row(source, evidence)
        return found

    # whether it is there

    def _came(self, one: Passage, doubles: Iterable[int] = ()) -> list[Change]:
        """Why a candidate is there, or alive, on one side alone."""
        if ABSENT in {one.was, one.now}:
            return self._appeared(one)
        fates = [fate for fate in (one.was, one.now) if fate.startswith(REJECTED)]
        if fates:
            return self._judged(one, fates, doubles)
        said = one.evidence.text and (self._judged_by_text or not one.counts)
        return self._changed(one, text=said)

    def _changed(self, one: Passage, *, text: bool) -> list[Change]:
        """What changed of a candidate that both sides have. `text`: whether what it says matters."""
        made = self._made(one.template, one.source, one.evidence) if text else []
        tags = (
            self._tagged(one.template, one.source, one.evidence) if one.evidence.facets else []
        )
        return made + tags

    def _appeared(self, one: Passage) -> list[Change]:
        """Why one side has no such candidate: other ids, another sample, or no such row."""
        template, source = one.template, one.source
        whole = self._where(lambda c: c.rule == "record-ids" and c.kind == "dataset")
        if whole:
            return whole
        named = {("template", template), ("source", source)}
        found = self._where(
            lambda c: (c.rule == "record-ids" and (c.kind, c.name) in named)
            or (c.rule in {"template-added", "template-removed"} and c.name == template)
            or (c.rule in {"source-added", "source-removed"} and c.name == source)
            or (c.name == source and c.rule == "source-reading" and c.part == "key")
        )  # fmt: skip
        own = self._where(lambda c: c.subject == f"template {template}" and c.part == "rows")
        if not found and own and not self.plans.takes(template, source):
            return own
        if not found and one.evidence.beyond:
            found = self._where(
                lambda c: (
                    (c.subject == f"template {template}" and c.part == "samples")
                    or c.part == "shortfall"
                )
            )
        return found or [
            *own,
            *self._asked_of_row(source, one.evidence),
            *self._values(source, came=one.was == ABSENT),
        ]

    def _asked_of_row(self, source: str, evidence: Evidence) -> list[Change]:
        """What changed of a row, or of what it is refused for; a field that it may lack is nothing of it."""
        found = self._row(source, evidence, {"group"})
        return [c for c in found if c.rule != "input-added" or c.bump == "major"]

    def _values(self, source: str, *, came: bool) -> list[Change]:
        """Values of facets that rows are refused for, or not any more."""
        read = self.plans.read(source)
        other = "facet-value-removed" if came else "facet-value-added"
        rules = _VALUES - {other}
        return self._where(lambda c: c.rule in rules and c.name in read)

    def _judged(
        self, one: Passage, fates: Sequence[str], doubles: Iterable[int]
    ) -> list[Change]:
        """What sets a candidate aside on one side, and did not, or does not any more, on the other."""
        reasons = {fate.removeprefix(REJECTED) for fate in fates}
        found: list[Change] = []
        if reasons & {"screened", *_COMPARED}:
            asked = {"drop" if reason == "screened" else reason for reason in reasons} | {
                "order"
            }
            found = self._where(lambda c: c.kind == "screen" and c.part in asked)
            found += self._changed(one, text=one.evidence.text)
        elif "expect" in reasons:
            found = self._where(
                lambda c: c.subject == f"template {one.template}" and c.part == "expectations"
            )
            found += self._changed(one, text=one.evidence.text)
            found = found or self._said_by_row(one.source, one.evidence)
        elif reasons & ENCODED:
            found = self._kind({"chat", "tokenizer"})
            found += self._changed(one, text=one.evidence.text)
        else:
            found = self._made(one.template, one.source, one.evidence)
            found += self._where(
                lambda c: c.subject == f"template {one.template}" and c.part == "tags"
            )
        if not found and reasons & _COMPARED:
            found = self._together(list(doubles) or self._others(one, set(fates)))
        return found

    def _others(self, one: Passage, fates: set[str]) -> list[int]:
        """The passages of what a candidate may contradict: first those that are set aside with it."""
        others = {
            at: other for at, other in enumerate(self.pool)
            if other is not one and (other.evidence.text or ABSENT in {other.was, other.now})
        }  # fmt: skip
        with_it = [at for at, other in others.items() if fates & {other.was, other.now}]
        return with_it or list(others)

    def _alike(self, group: Found, other: str) -> set[int]:
        """The passages of the records that say what doubles of a group say."""
        return {
            number
            for one in self.pool
            if (one.template, one.source) == (group.template, group.source)
            and other in {one.was, one.now}
            for number in one.of
        }

    # whether it is taken

    def _displaced(self, group: Found) -> list[Change]:
        """Why a candidate is taken on one side and left over on the other."""
        found: list[Change] = []
        facets = tuple(f for f in group.evidence.facets if f in self._looked_at)
        if facets:
            found += self._tagged(
                group.template, group.source, replace(group.evidence, facets=facets)
            )
        found += self._kind({"seed"})
        kinds = _CHOICE if group.evidence.quota else {"split"}
        found += self._where(lambda c: c.kind in kinds or c.part in {"caps", "group"})
        found += self._gave_way(group.cells)
        if not found:
            found = self._kind(_CHOICE) + self._gave_way(None)
        return found or list(self._elsewhere) or self._parted(group)

    def _gave_way(self, cells: frozenset[int] | None) -> list[Change]:
        """Why others came into or went out of some cells, or any; also where cells are not known."""
        cells = cells or None
        if cells not in self._ways:
            counted = (
                at for at, one in enumerate(self.pool)
                if one.counts and (cells is None or one.cells & cells)
            )  # fmt: skip
            self._ways[cells] = self._together(counted)
        return self._ways[cells]

    def _parted(self, group: Found) -> list[Change]:
        """Why a record's group falls into another part."""
        found = self._kind({"seed", "split"})
        found += self._where(lambda c: c.name == group.source and c.part == "group")
        return found or self._row(group.source, group.evidence, {"where", "joins"})

    def _together(self, some: Iterable[int]) -> list[Change]:
        """The causes of passages, by number; those of most candidates first."""
        weight: Counter[Change] = Counter()
        for number in some:
            for change in self._own_of(number):
                weight[change] += self.pool[number].count
        return [change for change, _ in weight.most_common()]

    def _own_of(self, number: int) -> list[Change]:
        """The causes of a passage; of doubles in a circle none are asked twice."""
        if number not in self._own:
            self._own[number] = []
            one = self.pool[number]
            found = self._came(one, one.of)
            if ABSENT in {one.was, one.now} and any(
                c.rule in _IDS or c.part == "key" for c in found
            ):
                found = found + self._besides_ids(one)
            self._own[number] = list(dict.fromkeys(found))
        return self._own[number]

    def _besides_ids(self, one: Passage) -> list[Change]:
        """What else tells the candidates that came from those that went, where all have other ids."""
        parts = {"tags", "rows", "samples"}
        found = self._where(
            lambda c: c.subject == f"template {one.template}" and c.part in parts
        )
        return (
            found
            + self._asked_of_row(one.source, one.evidence)
            + self._values(one.source, came=one.was == ABSENT)
        )

    # what is named

    def _where(self, test: Callable[[Change], bool]) -> list[Change]:
        return [
            change for change in self.changes if change.rule != "source-files" and test(change)
        ]

    def _kind(self, kinds: Collection[str]) -> list[Change]:
        return self._where(lambda change: change.kind in kinds)

    def _of_source(self, name: str, rules: Collection[str]) -> list[Change]:
        return self._where(lambda c: c.kind == "source" and c.name == name and c.rule in rules)

    def _rule(self, rules: Collection[str], source: str, part: str = "") -> list[Change]:
        return [
            c for c in self.changes
            if c.rule in rules and c.name == source and (not part or c.part == part)
        ]  # fmt: skip


def _rank(group: Found) -> int:
    """0 where a record that stays is in another part, 2 where it is in another phase alone, else 1."""
    if group.how in {ADDED, REMOVED}:
        return 1
    was, now = (state.partition(" ")[0] for state in (group.was, group.now))
    return 0 if was != now else 2 if group.how == MOVED else 1


def _passage(group: Found, other: str) -> Passage:
    """A group of chosen records that were or are absent or set aside, as the passage it is."""
    was, now = (other, ALIVE) if group.how == ADDED else (ALIVE, other)
    return Passage(
        group.template,
        group.source,
        was,
        now,
        group.count,
        group.evidence,
        group.cells,
        counts=True,
    )


def say(causes: Sequence[Change]) -> tuple[str, ...]:
    """Causes in words, the first few of many."""
    words = list(dict.fromkeys(map(said, causes))) or [UNKNOWN]
    more = [f"and {len(words) - MOST} more"] if len(words) > MOST else []
    return tuple(words[:MOST] + more)


def said(change: Change) -> str:
    """A change in one line."""
    if change.kind == "screen":
        was = f" (was `{change.before}`)" if change.before and change.after else ""
        return f"screen: {change.what}{was}"
    return f"{change.subject}: {change.what}"
