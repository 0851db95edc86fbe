"""Stages as data: what each does, by its part of the IR and nothing else.

A stage is a frozen struct; its canonical JSON, its `revision` and its inputs' digests are its
key in the store. Spans, notes and owners are not in it, so they invalidate nothing.
"""

from typing import Any, ClassVar, TypeAlias

from msgspec import Struct

from sftspec.expr import nodes as ex, types
from sftspec.ir.body import Body
from sftspec.ir.schema import Contract


class FieldPart(Struct, frozen=True):
    """A typed field of a row and the column it is read from."""

    name: str
    type: types.Type
    column: str
    of_file: bool
    optional: bool


class SetPart(Struct, frozen=True):
    """A mend of a field."""

    field: str
    value: ex.Typed
    when: ex.Typed | None


class JoinPart(Struct, frozen=True):
    """Rows of another source by key; `missing` is error, drop or null, or "" for leave out."""

    source: str
    field: str
    missing: str


class SourcePart(Struct, frozen=True):
    """What reading a source depends on."""

    name: str
    format: str
    key: tuple[str, ...] | None
    group: str | None
    origin: str
    license: str
    fields: tuple[FieldPart, ...]
    sets: tuple[SetPart, ...]
    where: tuple[ex.Typed, ...]
    joins: tuple[JoinPart, ...]
    leave_out: tuple[JoinPart, ...]


class PartPart(Struct, frozen=True):
    """A piece of a turn: its element and its body."""

    element: str | None
    body: Body


class TurnPart(Struct, frozen=True):
    """A turn of a template: parts of text, or a value in a contract's JSON."""

    role: str
    train: bool
    parts: tuple[PartPart, ...]
    contract: Contract | None
    value: ex.Typed | None


class TagPart(Struct, frozen=True):
    """A facet of a template's records: constant values, or a path, maybe through a mapping.

    With a path, `values` are those that a value from inside a contract may have.
    """

    facet: str
    many: bool
    values: tuple[str, ...]
    path: tuple[str, ...] | None
    mapping: tuple[tuple[str, str], ...]


class Vary(Struct, frozen=True):
    """A name and the wordings it is drawn from."""

    name: str
    options: tuple[Body, ...]


class ExpectPart(Struct, frozen=True):
    """A condition on a record, and how the spec writes it."""

    node: ex.Typed
    text: str


class TemplatePart(Struct, frozen=True):
    """What rendering a template depends on."""

    name: str
    version: str
    layer: str
    alias: str
    where: ex.Typed | None
    vary: tuple[Vary, ...]
    samples: int
    tags: tuple[TagPart, ...]
    turns: tuple[TurnPart, ...]
    expects: tuple[ExpectPart, ...]
    tables: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


class Rows(Struct, frozen=True, tag="rows"):
    """A chunk of a source to its keys and rejected rows."""

    revision: ClassVar[int] = 2
    source: SourcePart


class Lookup(Struct, frozen=True, tag="lookup"):
    """A referenced source to its rows by key."""

    revision: ClassVar[int] = 2
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

    revision: ClassVar[int] = 2
    dataset: str
    seed: int
    source: SourcePart
    template: TemplatePart
    drops: tuple[Drop, ...]
    conflicts: tuple[tuple[str, ...], ...]
    measures: tuple[ex.Typed, ...]
    repeats: int


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


class SharePart(Struct, frozen=True):
    """A facet's mix in exact parts per `whole`; `where` limits it to some records."""

    facet: str
    where: ex.Typed | None
    quotas: tuple[tuple[str, int], ...]


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
    """A requirement of a gate."""

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
    """Chosen and rendered records to the answers of gates and coverages."""

    revision: ClassVar[int] = 1
    gates: tuple[GatePart, ...]
    coverages: tuple[CoveragePart, ...]
    facets: tuple[str, ...]
    many: tuple[str, ...]


class Emit(Struct, frozen=True, tag="emit"):
    """Records by position to one file of a format."""

    revision: ClassVar[int] = 1
    format: str


Stage: TypeAlias = Rows | Lookup | Render | Settle | Screen | Split | Mix | Judge | Emit


class TestPart(Struct, frozen=True):
    """A unit test: the template's stage, the row given and what is expected."""

    template: str
    title: str
    row: dict[str, Any]
    expects: tuple[ExpectPart, ...]


class Graph(Struct, frozen=True):
    """A whole build as data.

    `paths`: what each source reads, by source. `renders`: one stage per template. `sources` are
    in an order in which a source stands behind those it joins.
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
    definitions: dict[str, dict[str, Any]]
