"""What the readers of foreign configurations share: the neutral entry, and settings taken one by one.

A configuration is data that somebody else wrote. Each setting is taken by its type or refused; one
that nobody takes is told, so that nothing is dropped in silence.
"""

from collections.abc import Sequence
from fractions import Fraction
import re
from typing import Any, TypeAlias

from msgspec import Struct

from sftspec.ground.report import Misuse, Report, did_you_mean, there_are
from sftspec.ports.base import format_by_name

MAX_ENTRIES = 128
MAX_TEXT = 200
MAX_ITEMS = 64
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,95}(/[A-Za-z0-9][A-Za-z0-9_.-]{0,95})?")


class Place(Struct, frozen=True):
    """Where an entry's rows are: files as the configuration names them, or a dataset of a hub.

    `within`: the part of the dataset that is meant, a folder or a configuration. `elsewhere`: what
    else they come from (a bucket, a page, a script), of which the spec can only name the result.
    """

    files: tuple[str, ...] = ()
    hub: str = ""
    dataset: str = ""
    within: str = ""
    split: str = ""
    revision: str = ""
    format: str = ""
    elsewhere: str = ""


class Asked(Struct, frozen=True):
    """A question and its answer, each a column. `joint`: what stands between instruction and input.

    Without a joint they are the two elements of the user's turn. `rejected`: the column of the worse
    answer; `output` is the better one's then. `wanted`: a column that says whether the answer is good.
    """

    instruction: str
    output: str
    input: str = ""
    system: str = ""
    history: str = ""
    tools: str = ""
    rejected: str = ""
    wanted: str = ""
    joint: str | None = None
    preamble: str = ""


class Talked(Struct, frozen=True):
    """A conversation in one column. `keys`: what its messages call role and text.

    `roles`: names of roles and what they mean. `chosen`, `rejected`: columns of one message each.
    """

    messages: str
    keys: tuple[str, str]
    roles: tuple[tuple[str, str], ...]
    system: str = ""
    tools: str = ""
    chosen: str = ""
    rejected: str = ""
    wanted: str = ""
    drops_system: bool = False


Shape: TypeAlias = Asked | Talked


class Amount(Struct, frozen=True):
    """How much of an entry is taken: so many rows, or a part of them."""

    rows: int | None = None
    part: Fraction | None = None


class Entry(Struct, frozen=True):
    """A dataset of a configuration.

    `loose`: columns that are taken where the rows have them. `excluded`: why no record can be made
    of it. A shape that is None is told by the rows.
    """

    name: str
    place: Place
    shape: Shape | None
    loose: tuple[str, ...] = ()
    excluded: str = ""
    amount: Amount | None = None


class Imported(Struct, frozen=True):
    """A configuration, as far as a spec can say it. `dev`: the part set aside, in basis points."""

    trainer: str
    entries: tuple[Entry, ...]
    seed: int | None = None
    dev: int = 0
    deduplicate: bool = False


class Desk(Struct, frozen=True):
    """Where diagnostics of one file go."""

    report: Report
    path: str

    def error(self, slug: str, message: str, hint: str | None = None) -> None:
        """Say that the file cannot be imported."""
        self.report.error(slug, None, message, path=self.path, hint=hint)

    def warn(self, slug: str, message: str, hint: str | None = None) -> None:
        """Say what the spec does not say, or says in another way."""
        self.report.warn(slug, None, message, path=self.path, hint=hint)


class Settings:
    """Settings by name, taken one by one; `rest` tells of those that nobody took."""

    def __init__(self, what: str, values: dict[str, Any], desk: Desk) -> None:
        self.what = what
        self.values = values
        self.desk = desk
        self.left = set(values)

    def wrong(self, name: str, wanted: str) -> None:
        """Say that a setting is not of its type."""
        self.desk.error(
            "malformed-entry", f"`{name[:60]}` of {self.what} is not {wanted}",
            hint="mend the configuration, or leave the entry out: `--entry` says which ones",
        )  # fmt: skip

    def take(self, name: str) -> Any:
        """The value as it stands; None where it is not set."""
        self.left.discard(name)
        return self.values.get(name)

    def said(self, name: str) -> bool:
        """Whether something is set: neither null, false, 0 nor an empty text."""
        return self.take(name) not in (None, False, "")

    def text(self, name: str, default: str = "") -> str:
        """A short text; the default where it is not set or null."""
        value = self.take(name)
        if value is None:
            return default
        if isinstance(value, str) and sound(value):
            return value
        self.wrong(name, f"a text of at most {MAX_TEXT} characters on one line")
        return default

    def texts(self, name: str) -> tuple[str, ...]:
        """A short text or a list of them."""
        value = self.take(name)
        items = value if isinstance(value, list) else [] if value is None else [value]
        if len(items) <= MAX_ITEMS and all(isinstance(x, str) and sound(x) for x in items):
            return tuple(items)
        self.wrong(name, f"a list of at most {MAX_ITEMS} short texts")
        return ()

    def flag(self, name: str) -> bool:
        """Whether it is switched on."""
        value = self.take(name)
        if not isinstance(value, bool | None):
            self.wrong(name, "true or false")
        return value is True

    def whole(self, name: str) -> int | None:
        """A whole number that is not negative."""
        value = self.take(name)
        if value is None or (type(value) is int and 0 <= value < 10**12):
            return value
        self.wrong(name, "a whole number")
        return None

    def inner(self, name: str) -> "Settings | None":
        """Settings inside of it; None where there are none."""
        value = self.take(name)
        if value is None:
            return None
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            self.wrong(name, "an object")
            return None
        return Settings(f"`{name}` of {self.what}", value, self.desk)

    def rest(self) -> None:
        """Tell of what nobody took."""
        for name in sorted(self.left):
            if self.values[name] is not None:
                self.desk.warn(
                    "unknown-setting", f"{self.what} has a setting `{name[:60]}` that is not known here",
                    hint="look what it does, and say it in the spec if it bears on the data",
                )  # fmt: skip


def sound(text: str) -> bool:
    """Whether a text is short, on one line and without what cannot be written down."""
    return len(text) <= MAX_TEXT and not _UNFIT.search(text)


def dataset_id(text: str) -> bool:
    """Whether a text is a name that a hub may have, and none of a file."""
    return _ID.fullmatch(text) is not None and ".." not in text and not format_by_name(text)


def choose(known: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """The places of the entries that are asked for, each once; all where none is."""
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise Misuse(
            "unknown-entry", f"the configuration has no entry `{unknown[0][:MAX_TEXT]}`",
            hint=did_you_mean(unknown[0], known) or there_are([n[:60] for n in known[:8]]) or "",
        )  # fmt: skip
    found = [at for at, name in enumerate(known) if not wanted or name in wanted]
    if len(found) > MAX_ENTRIES:
        raise Misuse(
            "too-many-entries", f"{len(found):_} entries, and a spec has room for {MAX_ENTRIES}",
            hint="name those that you mean: `--entry NAME NAME …`",
        )  # fmt: skip
    return found
