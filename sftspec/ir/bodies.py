"""The bodies of a template, and what they name."""

from collections.abc import Iterator
from typing import TypeAlias

from sftspec.ir import body as b, nodes

BODIES = b.Pieces | b.Program | b.Choice
Simple: TypeAlias = b.Pieces | b.Program


def said_bodies(template: nodes.Template) -> Iterator[Simple]:
    """The bodies of a template's turns, of its calls' arguments and of its worse answer."""
    worse = (template.rejected.turn,) if template.rejected else ()
    for turn in (*template.turns, *worse):
        for part in turn.parts:
            yield from _simple(part.body)
        for call in turn.calls:
            for _, value in call.args:
                if isinstance(value, BODIES):
                    yield from _simple(value)


def bodies_of(template: nodes.Template) -> Iterator[Simple]:
    """The bodies that a template says, and the wordings that it draws from."""
    yield from said_bodies(template)
    for _, options in template.vary:
        for option in options:
            yield from _simple(option)


def _simple(body: b.Body) -> Iterator[Simple]:
    """A body, or the bodies that it chooses from."""
    if isinstance(body, b.Choice):
        for _, inner in body.bodies:
            yield from _simple(inner)
    else:
        yield body


def tables_of(template: nodes.Template) -> set[str]:
    """The tables that a template reads."""
    found: set[str] = set()
    for body in bodies_of(template):
        if isinstance(body, b.Program):
            found.update(body.tables)
        else:
            found.update(piece.table for piece in body.pieces if isinstance(piece, b.Lookup))
    return found


def drawn_of(template: nodes.Template) -> set[str]:
    """The names of wordings that some turn says."""
    found: set[str] = set()
    for body in said_bodies(template):
        if isinstance(body, b.Program):
            found.update(body.drawn)
        else:
            found.update(piece.name for piece in body.pieces if isinstance(piece, b.Drawn))
    return found


def printed_schemas(template: nodes.Template) -> set[str]:
    """The schemas whose JSON Schema a template's text shows, where a program does."""
    programs = [body for body in bodies_of(template) if isinstance(body, b.Program)]
    return {name for body in programs for name, _ in body.schemas}
