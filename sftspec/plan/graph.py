"""Stages as data: what each does, by its part of the IR and nothing else.

A stage is a frozen struct; its canonical JSON, its `revision` and its inputs' digests are its
key in the store. Spans, notes and owners are not in it, so they invalidate nothing.
"""

from typing import Any, ClassVar, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from sftspec.expr import nodes as ex
from sftspec.plan.parts import ExpectPart, SourcePart, TagPart, TemplatePart
from sftspec.ports.segments import Options


class Rows(Struct, frozen=True, tag="rows"):
    """A chunk of a source to its keys and rejected rows."""

    revision: ClassVar[int] = 3
    source: SourcePart


class Lookup(Struct, frozen=True, tag="lookup"):
    """A referenced source to its rows by key."""

    revision: ClassVar[int] = 3
    source: SourcePart


class Drop(Struct, frozen=True):
    """A line of the screen that judges one record. `at` is its place among all lines."""

    at: int
    node: ex.Typed
    text: str


class Render(Struct, frozen=True, tag="render"):
    """A chunk and a template to candidates: rendered, validated, screened, measured.

    `parts`: texts of the prompt that a conflict line compares, per such line. `measures`: what
    gates need of each record. `repeats`: how often `samples` variants are rendered.
    """

    revision: ClassVar[int] = 5
    dataset: str
    seed: int
    source: SourcePart
    template: TemplatePart
    drops: tuple[Drop, ...]
    conflicts: tuple[tuple[str, ...], ...]
    measures: tuple[ex.Typed, ...]
    repeats: int


class Who(Struct, frozen=True, tag="who", omit_defaults=True):
    """A chunk and a template to who its candidates are: rows, keys, ids and tags, and no text."""

    revision: ClassVar[int] = 1
    dataset: str
    source: SourcePart
    template: str
    alias: str
    where: ex.Typed | None
    samples: int
    tags: tuple[TagPart, ...]
    repeats: int
    first: str = ""


def who_of(stage: Render) -> Who:
    """What of a render stage says who its candidates are."""
    t = stage.template
    return Who(
        stage.dataset,
        stage.source,
        t.name,
        t.alias,
        t.where,
        t.samples,
        t.tags,
        stage.repeats,
        t.first,
    )


class GatherLine(Struct, frozen=True):
    """A line of the screen that compares records: `duplicate` or `conflict`."""

    at: int
    kind: str
    prefer: tuple[str, ...]
    text: str


class Settle(Struct, frozen=True, tag="settle"):
    """A source's keys to the rows whose key came before."""

    revision: ClassVar[int] = 1
    source: str
    reason: str


class Screen(Struct, frozen=True, tag="screen"):
    """Candidates to those that stay, by the lines that compare records."""

    revision: ClassVar[int] = 1
    lines: tuple[GatherLine, ...]


class Split(Struct, frozen=True, tag="split"):
    """Candidates that stay to parts, group by group."""

    revision: ClassVar[int] = 1
    seed: int
    parts: tuple[tuple[str, int], ...]
    together: tuple[str, ...]


class SharePart(Struct, frozen=True, omit_defaults=True):
    """A facet's mix in exact parts per `whole`; `where` limits it to some records.

    With a `chat` the parts are of tokens, met to within so many basis points of the whole.
    """

    facet: str
    where: ex.Typed | None
    quotas: tuple[tuple[str, int], ...]
    chat: str = ""
    within: int = 0


class BoundPart(Struct, frozen=True):
    """At least or at most so many basis points of the records where a condition holds."""

    most: bool
    bp: int
    where: ex.Typed
    text: str


class CapPart(Struct, frozen=True):
    """At most `count` records per source row, group or facet value."""

    count: int
    per: str


class PhasePart(Struct, frozen=True):
    """A phase of the curriculum in basis points."""

    name: str
    bp: int
    mix: tuple[tuple[str, int], ...]


class Mix(Struct, frozen=True, tag="mix"):
    """Candidates of all parts to the chosen ones, their phase and position."""

    revision: ClassVar[int] = 2
    seed: int
    total: int | None
    parts: tuple[tuple[str, int], ...]
    shares: tuple[SharePart, ...]
    bounds: tuple[BoundPart, ...]
    caps: tuple[CapPart, ...]
    shortfall: str
    repeat: int
    curriculum: str | None
    phases: tuple[PhasePart, ...]
    strata: tuple[str, ...]


class CoveragePart(Struct, frozen=True):
    """A coverage matrix: its cells and the need of each."""

    name: str
    over: tuple[str, ...]
    where: ex.Typed | None
    need: int
    cells: tuple[tuple[str, ...], ...]


class GateLinePart(Struct, frozen=True):
    """A requirement of a gate.

    `unit`: `count`, `percent` (of 1), `number`, or `points` where basis points are measured;
    `wanted` is exact, percentages in basis points. `of`: what is counted, `chosen` or `rendered`
    records, or `rows`.
    """

    require: bool
    tally: ex.Tally
    op: str
    wanted: str
    unit: str
    where: ex.Typed | None
    of: str
    text: str


class GatePart(Struct, frozen=True):
    """A gate's requirements."""

    name: str
    lines: tuple[GateLinePart, ...]


class Judge(Struct, frozen=True, tag="judge"):
    """Chosen and rendered records, and rows, to the answers of gates and coverages."""

    revision: ClassVar[int] = 2
    gates: tuple[GatePart, ...]
    coverages: tuple[CoveragePart, ...]
    facets: tuple[str, ...]
    many: tuple[str, ...]


class Encode(Struct, frozen=True, tag="encode", omit_defaults=True):
    """A rendering and a chat to samples of tokens, each proven.

    `builtin` names a template, or `source` is the text of one of `bos_token` and so on. `loss`,
    `overflow`: as the spec says them. `calls`: whether calls are trained.
    """

    revision: ClassVar[int] = 4
    chat: str
    builtin: str
    source: str
    window: int
    loss: str
    overflow: str
    calls: bool
    options: Options


class Pack(Struct, frozen=True, tag="pack"):
    """The chosen samples of a chat, part by part and phase by phase, in the order to write.

    `packed`: up to `window` tokens and `most` samples together (0: any number), else each alone.
    """

    revision: ClassVar[int] = 1
    chat: str
    seed: int
    window: int
    packed: bool
    most: int


class EmitTokens(Struct, frozen=True, tag="emit_tokens"):
    """Packs in their order to one shard of a format of tokens."""

    revision: ClassVar[int] = 1
    format: str
    window: int


class Emit(Struct, frozen=True, tag="emit"):
    """Records by position to one file of a format, in one of its profiles.

    `calls`: whether some template of the dataset knows tools.
    """

    revision: ClassVar[int] = 2
    format: str
    profile: str
    calls: bool


Stage: TypeAlias = (
    Rows
    | Lookup
    | Who
    | Render
    | Encode
    | Settle
    | Screen
    | Split
    | Mix
    | Judge
    | Emit
    | Pack
    | EmitTokens
)


class TokenEmit(Struct, frozen=True):
    """A format of tokens to write: `folder` is where, `pack` what stands together."""

    folder: str
    pack: Pack
    emit: EmitTokens


class Encoding(Struct, frozen=True):
    """The chats that something uses, their tokenizers' paths from the root, and what is written."""

    chats: dict[str, Encode]
    tokenizers: dict[str, str]
    emits: tuple[TokenEmit, ...]


class Definition(Struct, frozen=True, omit_defaults=True):
    """A definition as the lock pins it.

    `digest`: over what stands in it, what it uses being named and not spelled out. `parts`: short
    digests of its parts by what people call them, and `says`: the parts as text, for people. `uses`:
    what it names, by kind.
    """

    digest: str
    version: str = ""
    parts: dict[str, str] = {}
    says: dict[str, str] = {}
    uses: dict[str, tuple[str, ...]] = {}


class TestPart(Struct, frozen=True):
    """A unit test: the template's stage, the row given and what is expected."""

    template: str
    title: str
    row: dict[str, Any]
    expects: tuple[ExpectPart, ...]


class Graph(Struct, frozen=True):
    """A whole build as data.

    `paths`: what each source reads, by source. `renders`: one stage per template and source, by
    the template's name where it has one source. `sources` are in an order in which a source
    stands behind those it joins. `moves`: kind, old name and new name of what was renamed.
    `ordered`: facets whose values compare. `encoding`: not there where nothing becomes tokens.
    """

    dataset: str
    version: str
    paths: dict[str, tuple[str, ...]]
    sources: dict[str, Rows]
    lookups: dict[str, Lookup]
    renders: dict[str, Render]
    screen: Screen
    split: Split
    mix: Mix
    judge: Judge
    emits: tuple[Emit, ...]
    tests: tuple[TestPart, ...]
    facets: dict[str, tuple[str, ...]]
    about: dict[str, Any]
    definitions: dict[str, dict[str, Definition]]
    moves: tuple[tuple[str, str, str], ...] = ()
    ordered: tuple[str, ...] = ()
    encoding: Encoding | UnsetType = UNSET

    @property
    def chats(self) -> dict[str, Encode]:
        """The chats that something uses."""
        return {} if isinstance(self.encoding, UnsetType) else self.encoding.chats

    @property
    def tokenizers(self) -> dict[str, str]:
        """The tokenizer of each chat: a file or folder, from the root."""
        return {} if isinstance(self.encoding, UnsetType) else self.encoding.tokenizers

    @property
    def token_emits(self) -> tuple[TokenEmit, ...]:
        """The formats of tokens to write."""
        return () if isinstance(self.encoding, UnsetType) else self.encoding.emits

    def templates(self) -> dict[str, Render]:
        """Each template's stage over the first of its sources."""
        found: dict[str, Render] = {}
        for stage in self.renders.values():
            found.setdefault(stage.template.name, stage)
        return found
