"""The IR: what the author meant. Names are resolved, defaults filled, expressions typed.

Nodes keep their spans for the rules that judge them; nothing here is written to disk. The parts
that a build depends on (`expr.nodes`, `expr.types`, `ir.body`) are msgspec structs inside.
"""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from sftspec.expr import nodes as ex, types
from sftspec.ground.text import Span
from sftspec.ir import goals, outputs
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
    json: bool
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
    each: tuple[str, str] | None
    split: str | None
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
class Tool:
    """A function that the model may call; `schema` is its declaration as trainers have it."""

    name: str
    record: types.Record
    schema: Mapping[str, Any]
    returns: types.Type | None
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Call:
    """A call of a tool: a value or a body for each argument."""

    tool: str
    args: tuple[tuple[str, ex.Typed | Body], ...]
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class OfRow:
    """What stands in the row in some dialect: calls, tools."""

    path: tuple[str, ...]
    dialect: str


@frozen(kw_only=True, eq=False, repr=False)
class Messages:
    """A conversation that stands in the row.

    `roles`: what the names of roles mean. `cut`: `after` or `before`, `first` or `last`, a role.
    `merge`: turns of one role that follow each other become one. `system`: whether the row's own
    system turn is kept, replaced by the template's, or dropped.
    """

    path: tuple[str, ...]
    dialect: str
    roles: tuple[tuple[str, str], ...]
    cut: tuple[tuple[str, str, str], ...]
    merge: bool
    system: str


@frozen(kw_only=True, eq=False, repr=False)
class Turn:
    """One message of a template, or those of the row.

    It has parts of text, JSON of a contract (`schema`, `value`), calls of tools, the observation
    of a tool (`tool`, with parts or a value), or `messages`. `prompt`: whose text its part is.
    """

    role: str
    train: bool
    parts: tuple[Part, ...] = ()
    schema: str | None = None
    value: ex.Typed | None = None
    calls: tuple[Call, ...] = ()
    row_calls: OfRow | None = None
    tool: str | None = None
    messages: Messages | None = None
    prompt: str | None = None
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Tools:
    """What tools a template's records declare: by name, of the row, or inferred from its calls."""

    names: tuple[str, ...] = ()
    of_row: OfRow | None = None
    inferred: bool = False


@frozen(kw_only=True, eq=False, repr=False)
class Rejected:
    """The worse answer of a pair, where the condition holds."""

    turn: Turn
    when: ex.Typed | None


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
    """A versioned sample frame. `phrasings`: which one each `vary` name is drawn from."""

    name: str
    version: str
    layer: str
    sources: tuple[str, ...]
    alias: str
    where: ex.Typed | None
    vary: tuple[tuple[str, tuple[Body, ...]], ...]
    phrasings: tuple[tuple[str, str], ...]
    samples: int
    tags: Mapping[str, Tag]
    turns: tuple[Turn, ...]
    tools: Tools | None
    rejected: Rejected | None
    expects: tuple[Expect, ...]
    tables: tuple[str, ...]
    prompts: tuple[str, ...]
    schemas: tuple[str, ...]
    row: types.Record
    reach: Mapping[str, tuple[str, ...]]
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Move:
    """A definition of a kind that was called `old` and is called `new` now."""

    kind: str
    old: str
    new: str
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
class Spec:
    """A whole spec: the root file and all it imports."""

    path: str
    root: str
    dataset: Dataset
    facets: Mapping[str, FacetDef]
    schemas: Mapping[str, Schema]
    tools: Mapping[str, Tool]
    sources: Mapping[str, Source]
    prompts: Mapping[str, Prompt]
    phrasings: Mapping[str, Phrasing]
    tables: Mapping[str, Table]
    templates: Mapping[str, Template]
    tests: tuple[UnitTest, ...]
    screen: tuple[ScreenLine, ...]
    mixture: goals.Mixture
    curriculum: goals.Curriculum | None
    split: goals.Split
    coverages: Mapping[str, goals.Coverage]
    gates: Mapping[str, goals.Gate]
    chats: Mapping[str, outputs.Chat]
    emits: tuple[outputs.Emit, ...]
    moves: tuple[Move, ...]
