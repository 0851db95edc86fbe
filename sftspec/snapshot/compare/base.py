"""What a diff is made of: changes of meaning, groups of records, shifts and movements.

Everything is plain data, so that each form of a diff (text, markdown, json, html) shows the same.
"""

from msgspec import Struct

DIFF_FORMAT = 1


class Change(Struct, frozen=True, omit_defaults=True):
    """A change of a spec, by meaning.

    `rule`: the policy's rule for it, and `bump` what that asks for. `kind` and `name`: of what.
    `what`: in words. `before` and `after`: as text, where there is one. `possible`: it may break
    a reader, which is said and not enforced. `part`: which line of it, where it has several.
    """

    rule: str
    bump: str
    kind: str
    name: str
    what: str
    before: str = ""
    after: str = ""
    possible: bool = False
    part: str = ""

    @property
    def subject(self) -> str:
        """`template payment_terms`."""
        return f"{self.kind} {self.name}".strip()


class Word(Struct, frozen=True):
    """A run of a text that both have (`=`), or only the old (`-`) or the new one (`+`)."""

    op: str
    text: str


class TurnDiff(Struct, frozen=True):
    """A turn of a sample record whose words changed."""

    role: str
    words: tuple[Word, ...]


class Sample(Struct, frozen=True, omit_defaults=True):
    """A record of a group. `tags`: facet, value before and value after, where they differ."""

    id: str
    key: str = ""
    file: str = ""
    line: int = 0
    tags: tuple[tuple[str, str, str], ...] = ()
    turns: tuple[TurnDiff, ...] = ()


class Group(Struct, frozen=True):
    """Records that fared alike, and why.

    `how`: added, removed, modified, retagged or moved. `was` and `now`: absent, not_chosen,
    rejected:<reason>, or the part (with its phase) that a record stands in.
    """

    how: str
    template: str
    source: str
    was: str
    now: str
    count: int
    causes: tuple[str, ...]
    samples: tuple[Sample, ...] = ()


class Shift(Struct, frozen=True):
    """A value's count in a part, before and after. `quota`: its share in basis points, if declared."""

    value: str
    before: int
    after: int
    quota_before: int | None = None
    quota_after: int | None = None


class FacetShift(Struct, frozen=True):
    """A facet's distribution in a part. `records`: of the part; a record may have no value, or many.

    `moved_bp`: half the sum of all differences of shares, no value being one of them; where a
    record may have many values, the largest difference of a share.
    """

    part: str
    facet: str
    records: tuple[int, int]
    moved_bp: int
    values: tuple[Shift, ...]


class LengthShift(Struct, frozen=True):
    """Characters of a part's records: `of` prompt or response, before and after."""

    part: str
    of: str
    before: dict[str, int]
    after: dict[str, int]


class Movement(Struct, frozen=True):
    """A number of the funnel, or a gate's line, before and after; None where it was not there."""

    name: str
    before: str | None
    after: str | None
    held: bool | None = None
    holds: bool | None = None


class Versions(Struct, frozen=True):
    """What the policy asks for. `breaks`: the changes that ask for more than was declared.

    `known`: how many more of those were there before this change was proposed.
    """

    against: str
    before: str
    declared: str
    asked: str
    least: str
    enough: bool
    breaks: tuple[Change, ...] = ()
    known: int = 0


class Side(Struct, frozen=True):
    """One of the two. `records`: whether its index was there; `texts`: whether its data were."""

    name: str
    dataset: str
    version: str
    id: str
    frozen: bool
    chosen: int
    records: bool
    texts: bool


class Diff(Struct, frozen=True):
    """Two snapshots compared. `totals`: chosen records by how they fared; they add up on both sides."""

    before: Side
    after: Side
    changes: tuple[Change, ...]
    totals: dict[str, int]
    groups: tuple[Group, ...]
    facets: tuple[FacetShift, ...]
    lengths: tuple[LengthShift, ...]
    funnel: tuple[Movement, ...]
    gates: tuple[Movement, ...]
    versions: tuple[Versions, ...]
    notes: tuple[str, ...] = ()
    format_version: int = DIFF_FORMAT

    @property
    def same(self) -> bool:
        """Whether they are one and the same snapshot."""
        return self.before.id == self.after.id
