"""Parts of the meaning that stages on rows depend on: sources, templates, turns, tools."""

from msgspec import Struct

from sftspec.expr import nodes as ex, types
from sftspec.ir.body import Body
from sftspec.ir.schema import Contract


class FieldPart(Struct, frozen=True, omit_defaults=True):
    """A typed field of a row and the column it is read from; `json`: its text is JSON."""

    name: str
    type: types.Type
    column: str
    of_file: bool
    optional: bool
    json: bool = False


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


class SourcePart(Struct, frozen=True, omit_defaults=True):
    """What reading a source depends on. `each`: a list whose elements are rows, and their name.

    `first`: the name it had before it moved, which keys and draws go by.
    """

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
    each: tuple[str, str] | None = None
    split: str | None = None
    first: str = ""

    @property
    def identity(self) -> str:
        """The name that identities are made of: it outlives a rename."""
        return self.first or self.name


class PartPart(Struct, frozen=True):
    """A piece of a turn: its element and its body."""

    element: str | None
    body: Body


class CallPart(Struct, frozen=True):
    """A call of a tool: a value or a body for each argument; `optional` ones may be null."""

    tool: str
    args: tuple[tuple[str, ex.Typed | None, Body | None], ...]
    optional: tuple[str, ...]


class OfRowPart(Struct, frozen=True):
    """What stands in the row in some dialect."""

    path: tuple[str, ...]
    dialect: str


class MessagesPart(Struct, frozen=True):
    """A conversation of the row: what its roles mean, what is cut and merged, which system stays."""

    path: tuple[str, ...]
    dialect: str
    roles: tuple[tuple[str, str], ...]
    cut: tuple[tuple[str, str, str], ...]
    merge: bool
    system: str


class TurnPart(Struct, frozen=True, omit_defaults=True):
    """A turn of a template: parts of text, a value in a contract's JSON, calls, an observation.

    An observation (`tool`) is its parts, or its value as JSON. `messages` stands for all the turns
    of the row's own conversation.
    """

    role: str
    train: bool
    parts: tuple[PartPart, ...] = ()
    contract: Contract | None = None
    value: ex.Typed | None = None
    calls: tuple[CallPart, ...] = ()
    row_calls: OfRowPart | None = None
    tool: str | None = None
    messages: MessagesPart | None = None


class ToolsPart(Struct, frozen=True, omit_defaults=True):
    """The tools of a template's records: declared (name, JSON), of the row, or inferred."""

    declared: tuple[tuple[str, str], ...] = ()
    of_row: OfRowPart | None = None
    inferred: bool = False


class RejectedPart(Struct, frozen=True):
    """The worse answer of a pair, where the condition holds."""

    turn: TurnPart
    when: ex.Typed | None


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


class TemplatePart(Struct, frozen=True, omit_defaults=True):
    """What rendering a template depends on. `first`: the name it had before it moved."""

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
    tools: ToolsPart | None = None
    rejected: RejectedPart | None = None
    first: str = ""

    @property
    def identity(self) -> str:
        """The name that identities are made of: it outlives a rename."""
        return self.first or self.name
