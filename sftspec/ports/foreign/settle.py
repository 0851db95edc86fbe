"""Entries and what their rows say, put together: which columns there are, whose roles, what is left out."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct, structs

from sftspec.ports.base import format_by_name
from sftspec.ports.dialogue import dialect
from sftspec.ports.foreign.base import Asked, Desk, Entry, Talked
from sftspec.ports.foreign.data import Column, Seen
from sftspec.ports.foreign.openinstruct import shape_by_columns
from sftspec.ports.foreign.places import Spot

_DIALECTS = {("from", "value"): "sharegpt", ("role", "content"): "openai"}
_MAY_LACK = ("input", "system", "history", "tools", "rejected", "wanted")


class Source(Struct):
    """An entry on its way into a spec. `seen` is None where no row was there to be read."""

    entry: Entry
    name: str
    spot: Spot
    seen: Seen | None
    shape: Asked | Talked | None
    excluded: str = ""
    dialect: str = ""
    extra_roles: tuple[tuple[str, str], ...] = ()

    def column(self, name: str) -> Column | None:
        """What the rows say of a column."""
        return self.seen.columns.get(name) if self.seen else None


def settle(entry: Entry, name: str, spot: Spot, seen: Seen | None, desk: Desk) -> Source:
    """The entry, held against its rows."""
    source = Source(entry, name, spot, seen, entry.shape, entry.excluded)
    if source.shape is None and not source.excluded:
        _guess(source, desk)
    if source.shape is None:
        return source
    _loosen(source)
    _lacking(source, desk)
    if isinstance(source.shape, Talked):
        _talk(source, source.shape, desk)
    if not source.excluded:
        _kinds(source, desk)
    return source


def _what(source: Source) -> str:
    return f"`{source.entry.name[:60]}`"


def _guess(source: Source, desk: Desk) -> None:
    """A shape that the configuration leaves to the rows."""
    columns = sorted(source.seen.columns) if source.seen else None
    shape, loose = shape_by_columns(columns)
    source.entry = structs.replace(source.entry, loose=loose)
    source.shape = shape
    if shape is None:
        source.excluded = "its columns hold no turns that are known: write a template for them"
        desk.warn(
            "unknown-dataset-type", f"the columns of {_what(source)} hold no turns that are known here",
            "the source is declared and excluded; write its template, and take `excluded` away",
        )  # fmt: skip
    elif columns is not None and "messages" not in columns:
        desk.warn(
            "guessed-shape", f"{_what(source)} has no `messages`; its turns are read from other columns",
            "look at the template: `sftspec preview` shows what comes of it",
        )  # fmt: skip


def _loosen(source: Source) -> None:
    """Loose columns are taken where the rows have them; of a question's, the input may be unseen."""
    shape = source.shape
    assert shape is not None  # noqa: S101 - the caller looked
    gone: dict[str, Any] = {}
    for field in ("input", "system", "tools"):
        column = getattr(shape, field, "")
        if not column or column not in source.entry.loose:
            continue
        known = source.column(column) is not None if source.seen else field == "input"
        if not known:
            gone[field] = ""
    source.shape = structs.replace(shape, **gone)


def _lacking(source: Source, desk: Desk) -> None:
    """Columns that are named and that no row has: those that may be missing are taken out."""
    shape = source.shape
    if source.seen is None or not source.seen.columns or shape is None:
        return
    named = {f: getattr(shape, f) for f in shape.__struct_fields__ if f not in _NO_COLUMNS}
    missing = {f: c for f, c in named.items() if c and source.column(c) is None}
    for field, column in missing.items():
        taken = field in _MAY_LACK
        if not (taken and field == "input"):
            desk.warn(
                "column-not-found", f"no row of {_what(source)} has the column `{column[:60]}`",
                "it is taken out" if taken else "the field is declared all the same; name the right column",
            )  # fmt: skip
    gone = {field: "" for field in missing if field in _MAY_LACK}
    source.shape = structs.replace(shape, **gone)


_NO_COLUMNS = {"joint", "preamble", "keys", "roles", "drops_system"}


# conversations


def _talk(source: Source, shape: Talked, desk: Desk) -> None:
    source.dialect = _DIALECTS.get(shape.keys, "")
    if not source.dialect and not source.excluded:
        desk.warn(
            "message-keys",
            f"the messages of {_what(source)} have `{shape.keys[0][:60]}` and `{shape.keys[1][:60]}`, "
            "and no dialect reads them",
            "rename them to `from` and `value` or to `role` and `content`; the source is excluded till then",
        )  # fmt: skip
        source.excluded = "its messages are in no dialect that is known"
        return
    column = source.column(shape.messages)
    if column is None or source.excluded:
        return
    known, own = dict(shape.roles), dialect(source.dialect).ROLES
    said = [name for name in column.says.get(shape.keys[0], {}) if name not in known]
    source.extra_roles = tuple((name, own[name]) for name in said if name in own)
    strange = [name for name in said if name not in own]
    if strange:
        desk.warn(
            "unmapped-role", f"messages of {_what(source)} have a role that is not mapped: `{strange[0]}`",
            "write `role NAME = …` in the template, or rows with it are rejected",
        )  # fmt: skip


# kinds of values


def _kinds(source: Source, desk: Desk) -> None:
    """Tell of columns whose values are none that the template can use."""
    shape = source.shape
    wants: list[tuple[str, set[str]]] = []
    if isinstance(shape, Asked):
        texts = (shape.instruction, shape.output, shape.input, shape.system, shape.rejected)
        wants = [*_each(texts, "text"), *_each((shape.history,), "list", "text")]
    elif shape is not None:
        wants = [*_each((shape.messages,), "list", "text"), *_each((shape.system,), "text")]
        wants += _each((shape.chosen, shape.rejected), "object")
    if shape is not None:
        wants += [*_each((shape.tools,), "list", "text"), *_each((shape.wanted,), "truth")]
    for name, kinds in wants:
        column = source.column(name)
        strange = sorted(set(column.kinds) - kinds - {"null"}) if column and name else []
        if strange and not ("truth" in kinds and strange == ["text"] and _cells(source)):
            desk.warn(
                "column-type", f"the column `{name[:60]}` of {_what(source)} holds a {_SAID[strange[0]]} in some rows",
                "such rows are rejected; mend the data, or write another type and template",
            )  # fmt: skip


def _cells(source: Source) -> bool:
    """Whether every value is a text that the type makes something of."""
    said = (
        {source.spot.format}
        if source.spot.format
        else set(map(format_by_name, source.spot.paths))
    )
    return bool(said & {"csv", "tsv"})


_SAID = {"text": "text", "truth": "truth value", "number": "number", "list": "list", "object": "object"}  # fmt: skip


def _each(names: Iterable[str], *kinds: str) -> list[tuple[str, set[str]]]:
    return [(name, set(kinds)) for name in names if name]
