"""The IR: what the author meant. Names are resolved, defaults filled, expressions typed.

Nodes keep their spans for the rules that judge them; nothing here is written to disk. The parts
that a build depends on (`expr.nodes`, `expr.types`, `ir.body`) are msgspec structs inside.
"""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from sftspec.expr import nodes as ex, types
from sftspec.ground.text import Span
from sftspec.ir.body import Body
from sftspec.syntax import tree


@frozen(kw_only=True, eq=False, repr=False)
class Dataset:
    """The governance of a snapshot: who, under which licence, from which seed."""

    name: str
    version: str
    seed: int
    languages: tuple[str, ...]
    license: str
    allow: tuple[str, ...]
    about: Mapping[str, Any]
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class FacetValue:
    """A value of a facet and the line that tells annotators its border."""

    name: str
    help: str
    spellings: tuple[str, ...]
    span: Span | None


@frozen(kw_only=True, eq=False, repr=False)
class FacetDef:
    """An axis of the tag taxonomy."""

    name: str
    values: tuple[FacetValue, ...]
    many: bool
    ordered: bool
    optional: bool
    span: Span | None

    @property
    def type(self) -> types.Facet:
        """The type of one of its values."""
        return types.Facet(
            self.name,
            tuple(value.name for value in self.values),
            self.ordered,
            tuple((odd, value.name) for value in self.values for odd in value.spellings),
        )


@frozen(kw_only=True, eq=False, repr=False)
class Rule:
    """A rule between the fields of a contract: `require` must hold where `when` does."""

    require: ex.Typed
    when: ex.Typed | None
    text: str


@frozen(kw_only=True, eq=False, repr=False)
class Schema:
    """An output contract."""

    name: str
    record: types.Record
    rules: tuple[Rule, ...]
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class SourceField:
    """A typed field of a source, read from a column or from the file's name."""

    name: str
    type: types.Type
    column: str
    of_file: bool
    optional: bool
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class SetLine:
    """A mend of a field: its value where the condition holds."""

    field: str
    value: ex.Typed
    when: ex.Typed | None
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Join:
    """Rows of another source, found by their key in a field of this one."""

    source: str
    field: str
    missing: str
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Source:
    """Where rows come from."""

    name: str
    paths: tuple[str, ...]
    base: str
    format: str
    key: tuple[str, ...] | None
    group: str | None
    role: str
    origin: str
    license: str | None
    excluded: str | None
    text: str | None
    fields: tuple[SourceField, ...]
    sets: tuple[SetLine, ...]
    where: tuple[ex.Typed, ...]
    joins: tuple[Join, ...]
    leave_out: tuple[Join, ...]
    span: Span
    row: types.Record


@frozen(kw_only=True, eq=False, repr=False)
class Prompt:
    """A system prompt with its own version."""

    name: str
    version: str
    text: str
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Phrasing:
    """Equivalent wordings."""

    name: str
    options: tuple[tree.Text, ...]
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Table:
    """A text per value of a facet."""

    name: str
    facet: str
    texts: tuple[tuple[str, str], ...]
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Part:
    """A piece of a turn: text of the body, and which element of an instruction it is."""

    element: str | None
    body: Body


@frozen(kw_only=True, eq=False, repr=False)
class Turn:
    """One message of a template: either parts of text, or JSON of a contract."""

    role: str
    train: bool
    parts: tuple[Part, ...]
    schema: str | None
    value: ex.Typed | None
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Tag:
    """What a template says of a facet: constants, or a path, or a mapping of one."""

    facet: str
    values: tuple[str, ...]
    path: tuple[str, ...] | None
    mapping: tuple[tuple[str, str], ...]
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Expect:
    """A condition on the finished sample."""

    node: ex.Typed
    text: str
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Template:
    """A versioned sample frame."""

    name: str
    version: str
    layer: str
    source: str
    alias: str
    where: ex.Typed | None
    vary: tuple[tuple[str, tuple[Body, ...]], ...]
    samples: int
    tags: Mapping[str, Tag]
    turns: tuple[Turn, ...]
    expects: tuple[Expect, ...]
    tables: tuple[str, ...]
    prompts: tuple[str, ...]
    schemas: tuple[str, ...]
    row: types.Record
    reach: Mapping[str, tuple[str, ...]]
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class UnitTest:
    """A template's test: a row and what is expected of the sample."""

    template: str
    title: str
    row: Any
    expects: tuple[Expect, ...]
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class ScreenLine:
    """What is dropped: by a condition, as a duplicate, or as a conflict."""

    kind: str
    node: ex.Typed | None
    on: tuple[str, ...]
    prefer: tuple[str, ...]
    text: str
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Quota:
    """A value's part of a share: basis points, whole parts, or what the others leave."""

    value: str
    kind: str
    amount: int
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Share:
    """How a facet's values are mixed, among all records or where a condition holds."""

    facet: str
    where: ex.Typed | None
    quotas: tuple[Quota, ...]
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Bound:
    """At least or at most so many basis points of the records where a condition holds."""

    most: bool
    bp: int
    where: ex.Typed
    text: str
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Cap:
    """At most so many records of one source row, group or facet value."""

    count: int
    per: str


@frozen(kw_only=True, eq=False, repr=False)
class Mixture:
    """How many of what. `total` is None for all there are."""

    total: int | None
    shares: tuple[Share, ...]
    bounds: tuple[Bound, ...]
    caps: tuple[Cap, ...]
    shortfall: str
    repeat: int
    span: Span | None


@frozen(kw_only=True, eq=False, repr=False)
class Phase:
    """A span of training order and its mix of the curriculum's facet."""

    name: str
    bp: int
    mix: tuple[tuple[str, int], ...]
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Curriculum:
    """Ordered phases over one facet."""

    facet: str
    phases: tuple[Phase, ...]
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Split:
    """The parts beside train, in basis points, and what stays together."""

    parts: tuple[tuple[str, int], ...]
    stratify: tuple[str, ...]
    together: tuple[str, ...]
    span: Span | None


@frozen(kw_only=True, eq=False, repr=False)
class Coverage:
    """A matrix over facets and the need per cell."""

    name: str
    over: tuple[str, ...]
    where: ex.Typed | None
    need: int
    excepts: tuple[ex.Typed, ...]
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class GateLine:
    """A requirement: a tally, a comparison and the threshold, exactly."""

    require: bool
    tally: ex.Tally
    op: str
    wanted: str
    unit: str
    where: ex.Typed | None
    of: str
    text: str
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Gate:
    """What must hold for a version to be frozen."""

    name: str
    lines: tuple[GateLine, ...]
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Emit:
    """A format to write."""

    format: str
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Spec:
    """A whole spec: the root file and all it imports."""

    path: str
    root: str
    dataset: Dataset
    facets: Mapping[str, FacetDef]
    schemas: Mapping[str, Schema]
    sources: Mapping[str, Source]
    prompts: Mapping[str, Prompt]
    phrasings: Mapping[str, Phrasing]
    tables: Mapping[str, Table]
    templates: Mapping[str, Template]
    tests: tuple[UnitTest, ...]
    screen: tuple[ScreenLine, ...]
    mixture: Mixture
    curriculum: Curriculum | None
    split: Split
    coverages: Mapping[str, Coverage]
    gates: Mapping[str, Gate]
    emits: tuple[Emit, ...]
