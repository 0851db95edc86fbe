"""`curriculum`: ordered phases of training, each with its mix of one facet."""

from sftspec.ground.report import Label
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.goals import Curriculum, Phase
from sftspec.ir.nodes import FacetDef
from sftspec.ir.world import World

KIND = "curriculum"
_MIX = Form("VALUE PERCENT", "a value's percentage of the phase")
_PHASE = Form("PHASE PERCENT {", "a phase, its percentage of train, and its mix", inner=(_MIX,))
FORM = Form("curriculum by FACET {", "ordered phases of training", inner=(_PHASE,))


def lower(line: Line, world: World) -> Curriculum | None:
    """The phases in order."""
    facet = world.facet(line.name("facet"), line.slots["facet"].span)
    if facet is None:
        return None
    if facet.many:
        world.report.error(
            "many-share",
            line.slots["facet"].span,
            f"records carry several values of `{facet.name}`, so a curriculum by it has no sum",
        )
        return None
    phases: list[Phase] = []
    before = len(world.report.items)
    for item in lines("curriculum", line.entry.head, line.entry.body, (_PHASE,), world.report):
        name = item.name("phase")
        first = next((phase for phase in phases if phase.name == name), None)
        if first:
            world.report.error(
                "duplicate-name", item.slots["phase"].span, f"phase `{name}` stands twice",
                labels=(Label(first.span, "first here"),),
            )  # fmt: skip
            continue
        phases.append(_phase(name, item, facet, world))
    whole = sum(phase.bp for phase in phases)
    if phases and whole != 10_000 and len(world.report.items) == before:
        world.report.error(
            "shares-not-100", line.entry.head, f"the phases add up to {whole / 100:g}%",
            labels=tuple(Label(phase.span, f"{phase.bp / 100:g}%") for phase in phases),
        )  # fmt: skip
    if not phases and not line.body().entries:
        world.report.error("empty-block", line.entry.head, "the curriculum has no phases")
    if not phases:
        return None
    return Curriculum(facet=facet.name, phases=tuple(phases), span=line.entry.head)


def _phase(name: str, item: Line, facet: FacetDef, world: World) -> Phase:
    mix: dict[str, int] = {}
    before = len(world.report.items)
    for line in lines(
        f"phase `{name}`", item.entry.head, item.entry.body, (_MIX,), world.report
    ):
        value = world.value_of(facet, line.slots["value"])
        if value in mix:
            world.report.error(
                "duplicate-line", line.slots["value"].span, f"`{value}` stands twice"
            )
        elif value is not None:
            mix[value] = line.bp()
    whole = sum(mix.values())
    if mix and whole != 10_000 and len(world.report.items) == before:
        world.report.error(
            "shares-not-100", item.entry.head, f"phase `{name}` adds up to {whole / 100:g}%"
        )
    return Phase(name=name, bp=item.bp(), mix=tuple(mix.items()), span=item.entry.head)
