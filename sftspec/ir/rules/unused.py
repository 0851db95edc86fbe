"""Definitions of the root file that nothing uses. Imported files serve other specs too."""

from sftspec.ir.nodes import Spec
from sftspec.ir.world import World

_KINDS = (
    "schema",
    "prompt",
    "phrasing",
    "table",
    "source",
    "screen",
    "template",
    "tool",
    "chat",
)


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
    from sftspec.ir.bodies import tables_of

    return {name for template in spec.templates.values() for name in tables_of(template)}


def wordings(spec: Spec, world: World) -> None:
    """A wording that is drawn and that no turn says: variants would be copies."""
    from sftspec.ir.bodies import drawn_of

    for template in spec.templates.values():
        said = drawn_of(template)
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
