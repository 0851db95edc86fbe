"""The part of the IR that says how many of what: mixture, curriculum, split, coverage, gates."""

from attrs import frozen

from sftspec.expr import nodes as ex
from sftspec.ground.text import Span


@frozen(kw_only=True, eq=False, repr=False)
class Quota:
    """A value's part of a share: basis points, whole parts, or what the others leave."""

    value: str
    kind: str
    amount: int
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Share:
    """How a facet's values are mixed, among all records or where a condition holds.

    With a `chat` the shares are of its tokens, met to `within` so many basis points.
    """

    facet: str
    where: ex.Typed | None
    quotas: tuple[Quota, ...]
    span: Span
    chat: str = ""
    within: int = 0


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
