"""The bodies of a template, and what they name."""

from collections.abc import Iterator

from sftspec.ir import body as b, nodes

BODIES = b.Pieces | b.Program | b.Choice


def bodies_of(template: nodes.Template) -> Iterator[b.Pieces | b.Program]:
    """Every body of a template's turns, calls and wordings; a choice is its bodies."""
    worse = (template.rejected.turn,) if template.rejected else ()
    stack: list[b.Body] = [p.body for turn in (*template.turns, *worse) for p in turn.parts]
    stack += [
        value
        for turn in template.turns
        for call in turn.calls
        for _, value in call.args
        if isinstance(value, BODIES)
    ]
    stack.extend(option for _, options in template.vary for option in options)
    while stack:
        body = stack.pop()
        if isinstance(body, b.Choice):
            stack.extend(inner for _, inner in body.bodies)
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


def printed_schemas(template: nodes.Template) -> set[str]:
    """The schemas whose JSON Schema a template's text shows, where a program does."""
    programs = [body for body in bodies_of(template) if isinstance(body, b.Program)]
    return {name for body in programs for name, _ in body.schemas}
