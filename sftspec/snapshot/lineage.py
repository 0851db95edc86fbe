"""Why a record is where it is: its way from the source to its place, each step with what decided it.

The index says what became of a candidate. What its lines measured is not kept: the row is read again
from its source and rendered by the plan's own graph, and only if it is still the same record, by
its content's digest, are its values told.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from sftspec.engine.seek import Row, Seeker, unchanged
from sftspec.expr import nodes as ex
from sftspec.expr.show import show
from sftspec.ground.report import Fault
from sftspec.ir import body as b
from sftspec.ir.show import show_body
from sftspec.plan.graph import Render
from sftspec.snapshot.candidates import Candidates
from sftspec.snapshot.dealt import Dealer, Mixed, Parted
from sftspec.snapshot.hashing import Hashing
from sftspec.snapshot.opened import INDEX, REJECTED, Snapshot
from sftspec.snapshot.setaside import Reject, Rejects
from sftspec.stages.candidates import Candidates as Rendered
from sftspec.stages.emit import emitter
from sftspec.stages.evidence import Facts, facets_in, written
from sftspec.stages.prepare import row_ids
from sftspec.stages.render import render_candidates
from sftspec.stages.spoken import talk_digests
from sftspec.stages.turns import content_digests
from sftspec.stages.wording import draw_wordings

MOST_TEXT, MOST_HEAD = 60, 80
SAME, MOVED, CHANGED, ABSENT = "same", "file-changed", "row-changed", "absent"
HOLDS, FAILS, LATER = "holds", "fails", "later"


class Wording(Struct, frozen=True):
    """The wording drawn for a `vary` name: the `option`-th of `of`, and its text cut short."""

    name: str
    option: int
    of: int
    text: str


class TableText(Struct, frozen=True):
    """The text that a table has for a value of the row, cut short."""

    table: str
    value: str
    text: str


class Line(Struct, frozen=True):
    """A line that judged the candidate: `contract`, `expect`, `drop`, `duplicate` or `conflict`.

    `outcome`: `holds` where it left the candidate alone, `fails` where it set it aside or would
    have, `later` where it was not asked. `facts`: the values that decided it, where they are known.
    """

    kind: str
    text: str
    outcome: str
    facts: tuple[str, ...] = ()


class Place(Struct, frozen=True):
    """Where a record stands: a file of the snapshot, and its line (of a table its row), from 1."""

    file: str
    line: int


class Lineage(Struct, frozen=True):
    """A candidate's way. `fate`: the part it was chosen for, `not_chosen` or `rejected:REASON`.

    `now`: whether the source still has it, `same`, `file-changed`, `row-changed` or `absent`; in the
    last two `lines` have no facts, and `note` says more. `yielding`: candidates that were set aside
    for this one. `mixed` and `parted` are None where something set it aside before. `repeat`: how
    often it repeats its row's records, which is only done where those are short.
    """

    id: str
    content: str
    fate: str
    source: str
    file: str
    line: int
    key: str
    group: str | None
    origin: str
    license: str
    template: str
    version: str
    layer: str
    variant: int
    variants: int
    repeat: int
    wordings: tuple[Wording, ...]
    tables: tuple[TableText, ...]
    tags: dict[str, Any]
    measures: dict[str, Any]
    lines: tuple[Line, ...]
    rejected: Reject | None
    yielding: tuple[Reject, ...]
    parted: Parted | None
    mixed: Mixed | None
    part: str | None
    phase: str | None
    phases: tuple[str, ...]
    position: int | None
    places: tuple[Place, ...]
    now: str
    note: str | None


class Tracer:
    """Traces candidates of one snapshot. `home`: the root that its sources lie under.

    Nothing that it says may be shown before `sound` has returned.
    """

    def __init__(self, snapshot: Snapshot, home: Path) -> None:
        self.snapshot = snapshot
        self.home = home
        self._hashing = Hashing(snapshot)
        self.all = Candidates(snapshot, self._hashing)
        self.rejects = Rejects(snapshot, self._hashing)
        self.seeker = Seeker(snapshot.graph, home)
        self._dealer: Dealer | None = None
        self._same: dict[str, bool] = {}

    def sound(self) -> None:
        """Wait for the digests. Raises Fault where what was read is not as it was sealed."""
        for name in (INDEX, REJECTED):
            self._hashing.wait(name)

    @property
    def dealer(self) -> Dealer:
        """What knows the split and the mixture."""
        if self._dealer is None:
            self._dealer = Dealer(self.snapshot, self.all)
        return self._dealer

    def trace(self, place: int, row: dict[str, Any]) -> Lineage:
        """The way of the candidate at a place of the index."""
        stage = self.stage(row)
        reject = self.rejects.by_id(row["id"]) if row["fate"].startswith("rejected:") else None
        cand, now, note = self._rendered(stage, row)
        at = row["variant"]
        template = stage.template
        part = row["part"]
        return Lineage(
            id=row["id"], content=row["content"], fate=row["fate"],
            source=row["source"], file=row["file"], line=row["line"], key=row["key"],
            group=row["group"], origin=stage.source.origin, license=stage.source.license,
            template=template.name, version=template.version, layer=template.layer,
            variant=at + 1, variants=template.samples * stage.repeats,
            repeat=at // template.samples,
            wordings=tuple(_wordings(stage, row)),
            tables=tuple(_tables(stage, cand, at)) if cand else (),
            tags={tag.facet: row[f"tag.{tag.facet}"] for tag in template.tags},
            measures=_measures(stage, row),
            lines=tuple(_lines(self.snapshot, stage, cand, at, reject)),
            rejected=reject,
            yielding=tuple(self.rejects.yielding_to(row["id"])),
            parted=None if reject else self.dealer.parted(row),
            mixed=None if reject else self.dealer.mixed(row, place),
            part=part, phase=row["phase"],
            phases=tuple(phase.name for phase in self.snapshot.graph.mix.phases),
            position=row["position"],
            places=tuple(_places(self.snapshot, part, row["position"])) if part else (),
            now=now, note=note,
        )  # fmt: skip

    def stage(self, row: dict[str, Any]) -> Render:
        """The stage that rendered a candidate."""
        stages = self.snapshot.graph.renders.values()
        return next(
            one for one in stages
            if (one.template.name, one.source.name) == (row["template"], row["source"])
        )  # fmt: skip

    def _rendered(
        self, stage: Render, row: dict[str, Any]
    ) -> tuple[Rendered | None, str, str | None]:
        """The candidates of its row as the source has it now; None where they are others."""
        try:
            found = self._row(row)
            why = _other(found)
            cand = None
            if found is not None and why is None:
                cand = render_candidates(stage, found.prepared)
                why = _another(cand, row)
            if cand is None or why is not None:
                return None, CHANGED, why
            same = self._unchanged(row["source"], row["file"])
        except Fault as fault:
            return None, ABSENT, fault.message
        return cand, SAME if same else MOVED, None

    def _unchanged(self, source: str, path: str) -> bool:
        if path not in self._same:
            about = self.snapshot.manifest.sources[source]["files"]
            entry = next(one for one in about if one["path"] == path)
            self._same[path] = unchanged(self.snapshot.graph, source, entry, self.home)
        return self._same[path]

    def _row(self, row: dict[str, Any]) -> Row | None:
        about = self.snapshot.manifest.sources[row["source"]]
        sizes = {one["path"]: one["bytes"] for one in about["files"]}
        lines = about["read"] * sizes[row["file"]] // max(sum(sizes.values()), 1)
        return self.seeker.of(row["source"], row["file"], row["line"], row["key"], lines)


def _other(found: Row | None) -> str | None:
    """What of a row tells that it is not the one it was."""
    if found is None:
        return "no row with this key stands there now"
    return f"as it is now it is rejected, {found.reject.reason}" if found.reject else None


def _another(cand: Rendered, row: dict[str, Any]) -> str | None:
    """What of a row's candidates tells that they are not those of the index."""
    if row["variant"] >= cand.count:
        return "the template does not take the row as it is now"
    if cand.talks is None:
        contents = content_digests(cand.turns, cand.count)
    else:
        contents = talk_digests(cand.talks, cand.tools, cand.worse)
    same = contents[row["variant"]].hex() == row["content"]
    return None if same else "rendered now it is another record"


# what was drawn, said and measured


def shortened(text: str) -> str:
    """A text on one line, cut short."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_TEXT else line[: MOST_TEXT - 1] + "…"


def _wordings(stage: Render, row: dict[str, Any]) -> Iterator[Wording]:
    """The wording of each `vary` name; that needs the row's key alone."""
    rid = row_ids(stage.source.identity, [row["key"]])[0]
    step = stage.template.samples * stage.repeats
    for name, drawn in draw_wordings(stage.template, stage.seed, [rid], step).items():
        option = drawn.choice[row["variant"]]
        text = shortened(show_body(drawn.options[option]))
        yield Wording(name, option + 1, len(drawn.options), text)


def _tables(stage: Render, cand: Rendered, at: int) -> Iterator[TableText]:
    """The texts of tables that stand in the record."""
    tables = {name: dict(texts) for name, texts in stage.template.tables}
    found: dict[tuple[str, str], None] = {}
    for turn in stage.template.turns:
        for part in turn.parts:
            for piece in part.body.pieces if isinstance(part.body, b.Pieces) else ():
                if isinstance(piece, b.Lookup):
                    found[piece.table, str(cand.get(piece.path)[at])] = None
    for table, value in found:
        yield TableText(table, value, shortened(tables[table].get(value, "")))


def _measures(stage: Render, row: dict[str, Any]) -> dict[str, Any]:
    """What the index keeps of what gates and shares measure."""
    found = {
        show(node, facets_in(node)): row[f"measure.{number}"]
        for number, node in enumerate(stage.measures)
    }
    lengths = {"characters read": "chars.prompt", "characters trained on": "chars.response"}
    return found | {name: row[column] for name, column in lengths.items() if column in row}


# the lines


class _Judged:
    """Tells the lines that judged one candidate. `cand`: its row's candidates, where known."""

    def __init__(self, cand: Rendered | None, at: int, reject: Reject | None) -> None:
        self.cand = cand
        self.at = at
        self.reject = reject
        self.met = False

    def line(self, kind: str, text: str, node: ex.Typed | None = None) -> Line:
        """The line, and what it did. After the one that set the candidate aside none is asked."""
        if self.met:
            return Line(kind, text, LATER)
        facts = self._facts(node)
        guilty = self.reject is not None and self._is(kind, text, facts, self.reject)
        self.met = guilty
        return Line(kind, text, FAILS if guilty else HOLDS, tuple(facts.of(0)) if facts else ())

    def _is(self, kind: str, text: str, facts: Facts | None, reject: Reject) -> bool:
        """Whether a line is the one that set the candidate aside."""
        if kind == "contract":
            return reject.stage in {"render", "validate"} and reject.reason != "expect"
        if reject.reason != {"drop": "screened"}.get(kind, kind):
            return False
        if facts is not None:
            return facts.holds(0) is (kind == "drop")
        return reject.evidence.startswith(text[:MOST_HEAD])

    def _facts(self, node: ex.Typed | None) -> Facts | None:
        cand = self.cand
        if cand is None or node is None:
            return None
        return Facts(node, lambda path: [cand.get(path)[self.at]], 1)


def _lines(
    snapshot: Snapshot, stage: Render, cand: Rendered | None, at: int, reject: Reject | None
) -> Iterator[Line]:
    """Each line that judges the template's records, in the order in which they are asked."""
    judged = _Judged(cand, at, reject)
    yield judged.line("contract", _contract(stage))
    for expect in stage.template.expects:
        yield judged.line("expect", expect.text, expect.node)
    screen: list[tuple[int, str, str, ex.Typed | None]] = [
        (drop.at, "drop", written(drop.text, drop.node), drop.node) for drop in stage.drops
    ]
    screen += [(line.at, line.kind, line.text, None) for line in snapshot.graph.screen.lines]
    for _, kind, text, node in sorted(screen, key=lambda one: one[0]):
        yield judged.line(kind, text, node)


def _contract(stage: Render) -> str:
    """What a record must be before any line is asked."""
    schemas = [turn.contract.record.schema for turn in stage.template.turns if turn.contract]
    promised = "".join(f", json {name} kept" for name in dict.fromkeys(schemas) if name)
    return f"every turn is there{promised}"


def _places(snapshot: Snapshot, part: str, position: int) -> Iterator[Place]:
    """Where a record of a part stands in each format. Pairs are numbered by themselves."""
    for emit in snapshot.graph.emits:
        if emit.format == "pairs":
            continue
        form = emitter(emit.format)
        head = f"{form.FOLDER}/{part}" if form.FOLDER else part
        left = position
        for entry in sorted(snapshot.manifest.files, key=lambda one: one.name):
            mine = entry.name == f"{head}.{form.SUFFIX}" or entry.name.startswith(f"{head}-0")
            if mine and entry.name.endswith(f".{form.SUFFIX}"):
                if 0 <= left < (entry.records or 0):
                    yield Place(entry.name, left + 1)
                left -= entry.records or 0
