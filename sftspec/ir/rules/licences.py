"""Licences of sources against what the dataset allows."""

from sftspec.ground.report import Label, listing
from sftspec.ir.nodes import Spec
from sftspec.ir.world import World


def allowed(spec: Spec, world: World) -> None:
    """Every source that is mixed, or joined into what is mixed, has an allowed licence."""
    used = {name for template in spec.templates.values() for name in template.sources}
    used |= {join.source for name in used for join in spec.sources[name].joins}
    for name in sorted(used):
        source = spec.sources[name]
        if source.license is None:
            world.report.error(
                "missing-licence", source.span, f"source `{name}` has no licence",
                hint='write `license = "…"`, an SPDX name',
            )  # fmt: skip
        elif source.license not in spec.dataset.allow:
            world.report.error(
                "licence-not-allowed", source.span,
                f"the licence `{source.license}` of source `{name}` is not allowed in the dataset",
                labels=(Label(spec.dataset.span, f"it allows {listing(spec.dataset.allow)}"),),
                hint='add it to `allow`, or write `excluded = "why"` in the source',
            )  # fmt: skip


RULES = (allowed,)
