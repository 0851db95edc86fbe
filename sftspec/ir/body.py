"""A template body as it is rendered: pieces of text and of data, or a Jinja source.

A body without `if` and `for` is a row of pieces, joined column by column. One with them keeps
its source and runs in Jinja's sandbox.
"""

from typing import TypeAlias

from msgspec import Struct


class Filter(Struct, frozen=True):
    """A filter and its constant arguments."""

    name: str
    args: tuple[str | int, ...] = ()


class Lit(Struct, frozen=True, tag="text"):
    """The author's text."""

    text: str


class Value(Struct, frozen=True, tag="value"):
    """A value of the row, through filters: this is data."""

    path: tuple[str, ...]
    filters: tuple[Filter, ...] = ()


class Drawn(Struct, frozen=True, tag="drawn"):
    """The wording drawn for a `vary` name."""

    name: str
    filters: tuple[Filter, ...] = ()


class Lookup(Struct, frozen=True, tag="table"):
    """The text that a table has for a value of the row."""

    table: str
    path: tuple[str, ...]
    filters: tuple[Filter, ...] = ()


Piece: TypeAlias = Lit | Value | Drawn | Lookup


class Pieces(Struct, frozen=True, tag="pieces"):
    """Pieces in order."""

    pieces: tuple[Piece, ...]


class Program(Struct, frozen=True, tag="jinja"):
    """A body with `if` or `for`: its source, the row paths it reads and its schema texts."""

    source: str
    paths: tuple[tuple[str, ...], ...]
    drawn: tuple[str, ...]
    tables: tuple[str, ...]
    alias: str
    bound: tuple[tuple[str, tuple[str, ...]], ...] = ()
    schemas: tuple[tuple[str, str], ...] = ()


class Choice(Struct, frozen=True, tag="choice"):
    """One body per value of a facet of the row."""

    path: tuple[str, ...]
    bodies: tuple[tuple[str, "Pieces | Program"], ...]


Body: TypeAlias = Pieces | Program | Choice


def plain(text: str) -> Pieces:
    """A body that is only the author's text."""
    return Pieces((Lit(text),)) if text else Pieces(())
