"""Definitions of the root file that nothing uses. Imported files serve other specs too."""

from collections.abc import Iterator
from typing import Any

from sftspec.ir.nodes import Spec, Template
from sftspec.ir.world import World

_KINDS = ("schema", "prompt", "phrasing", "table", "source", "screen", "template", "tool")


def unused(spec: Spec, world: World) -> None:
    """A source, schema, prompt, phrasing, table, screen or tool without a user: a warning."""
    tables = _tables_read(spec)
    for kind in _KINDS:
        for name in world.names(kind):
            line = world.pending[kind, name][0]
            if line.span.text.path != spec.path or (kind, name) in world.used:
                continue
            if kind == "screen" and name == "screen":
                continue
            if kind == "template" or (kind == "table" and name in tables):
                continue
            if kind == "schema" and _schema_named(name, spec):
                continue
            if kind == "source" and (
                spec.sources[name].excluded or spec.sources[name].role == "eval"
            ):
                continue
            world.report.warn("unused", line.entry.head, f"{kind} `{name}` is never used")


def _tables_read(spec: Spec) -> set[str]:
    """Tables that some body looks into."""
    from sftspec.ir import body as b

    found: set[str] = set()
    bodies: list[b.Body] = []
    for template in spec.templates.values():
        bodies.extend(_said(template))
        bodies.extend(option for _, options in template.vary for option in options)
    for body in _simple(bodies):
        if isinstance(body, b.Program):
            found.update(body.tables)
        else:
            found.update(piece.table for piece in body.pieces if isinstance(piece, b.Lookup))
    return found


def _said(template: Template) -> list[Any]:
    """The bodies of a template's turns, of its calls' arguments and of its worse answer."""
    from sftspec.ir import body as b

    turns = [*template.turns, *([template.rejected.turn] if template.rejected else [])]
    given = [value for turn in turns for call in turn.calls for _, value in call.args]
    return [
        *(part.body for turn in turns for part in turn.parts),
        *(value for value in given if isinstance(value, b.Pieces | b.Program | b.Choice)),
    ]


def _simple(bodies: list[Any]) -> Iterator[Any]:
    """Bodies that are no choice of others."""
    from sftspec.ir import body as b

    for body in bodies:
        if isinstance(body, b.Choice):
            yield from _simple([inner for _, inner in body.bodies])
        else:
            yield body


def wordings(spec: Spec, world: World) -> None:
    """A wording that is drawn and that no turn says: variants would be copies."""
    from sftspec.ir import body as b

    for template in spec.templates.values():
        said: set[str] = set()
        for body in _simple(_said(template)):
            if isinstance(body, b.Program):
                said.update(body.drawn)
            else:
                said.update(piece.name for piece in body.pieces if isinstance(piece, b.Drawn))
        for name, _ in template.vary:
            if name not in said:
                world.report.warn(
                    "unused", template.span,
                    f"template `{template.name}` draws `{name}`, and no turn says it",
                )  # fmt: skip


def _schema_named(name: str, spec: Spec) -> bool:
    return any(name in template.schemas for template in spec.templates.values())


def facet_values(spec: Spec, world: World) -> None:
    """A value of a facet of the root file that no tag, share or condition names: a warning."""
    for facet in spec.facets.values():
        for value in facet.values:
            where = value.span
            if (
                where is None
                or where.text.path != spec.path
                or (facet.name, value.name) in world.used_values
            ):
                continue
            world.report.warn(
                "unused",
                value.span,
                f"value `{value.name}` of facet `{facet.name}` is never used",
            )


def no_templates(spec: Spec, world: World) -> None:
    """A spec that yields nothing."""
    if not spec.templates:
        world.report.error(
            "missing-block", spec.dataset.span, "the spec has no template",
            hint="write `template NAME v1.0.0 { … }`",
        )  # fmt: skip
    elif not spec.emits:
        world.report.error(
            "missing-block",
            spec.dataset.span,
            "the spec emits nothing",
            hint="write `emit { jsonl }`",
        )


RULES = (unused, facet_values, wordings, no_templates)
