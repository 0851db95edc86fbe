"""`emit`: the formats to write."""

from sftspec.ground.report import Label
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.nodes import Emit
from sftspec.ir.world import World

KIND = "emit"
PROFILES = ("hf", "openai", "mistral", "plain")
_PROFILE = Form(
    f"profile = {'|'.join(PROFILES)}",
    "hf: arguments as objects; openai: as text, weights; mistral: short ids; plain: two keys",
    once=True,
)
_PAIR_PROFILE = Form(
    "profile = hf|openai", "hf: prompt, chosen, rejected; openai: its own", once=True
)
FORM = Form(
    "emit {",
    "the formats to write",
    inner=(
        Form("jsonl [{]", "one conversation a line: `messages`", once=True, inner=(_PROFILE,)),
        Form("parquet", "the same in Parquet, tools and calls as JSON", once=True),
        Form(
            "pairs [{]", "preference pairs: prompt, chosen, rejected", once=True,
            inner=(_PAIR_PROFILE,),
        ),
        Form("tokens NAME [{]", "", later=True),
        Form("packed NAME [{]", "", later=True),
        Form("nemo NAME [{]", "", later=True),
        Form("store NAME [{]", "", later=True),
    ),
)  # fmt: skip


def lower(line: Line, world: World) -> tuple[Emit, ...]:
    """The formats."""
    found = lines("emit", line.entry.head, line.entry.body, FORM.inner, world.report)
    emits = tuple(_emit(item, world) for item in found)
    for emit in emits:
        if emit.profile == "plain":
            _without_tools(emit, world)
    return emits


def _emit(item: Line, world: World) -> Emit:
    inside = lines(
        f"`{item.form.head}`", item.entry.head, item.entry.body, item.form.inner, world.report
    )
    given = inside[0].entry.value[0].span.source if inside and inside[0].entry.value else "hf"
    return Emit(format=item.form.head, profile=given, span=item.entry.head)


def _without_tools(emit: Emit, world: World) -> None:
    """Messages of two keys have no place for a call."""
    for template in world.all("template").values():
        if template.tools is not None:
            world.report.error(
                "profile-without-tools", emit.span, "profile `plain` has no place for tools",
                labels=(Label(template.span, "this template declares tools"),),
                hint="write `profile = hf`, or build these templates as a dataset of their own",
            )  # fmt: skip
            return
