"""`emit`: the formats to write."""

from sftspec.ground.report import Label
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.outputs import Emit
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
_PACK = Form("pack = none|best_fit", "each sample by itself, or packed", once=True)
_SEGMENTS = Form("segments = INT", "samples that a pack has at most", once=True)
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
        Form(
            "tokens NAME [{]", "tokens and labels of a chat in Parquet; packed, as `packed`",
            inner=(_PACK, _SEGMENTS),
        ),
        Form(
            "packed NAME [{]", "samples of a chat packed up to its window, in Parquet",
            inner=(_SEGMENTS,),
        ),
        Form(
            "nemo NAME [{]", "packed, as NeMo and Megatron-Bridge read it",
            inner=(_PACK, _SEGMENTS),
        ),
        Form(
            "store NAME [{]", "packed, memory-mapped: for `sftspec.load` and megatron-core",
            inner=(_PACK, _SEGMENTS),
        ),
    ),
)  # fmt: skip


def lower(line: Line, world: World) -> tuple[Emit, ...]:
    """The formats."""
    found = lines("emit", line.entry.head, line.entry.body, FORM.inner, world.report)
    emits = tuple(emit for item in found for emit in _emit(item, world))
    _once(emits, world)
    for emit in emits:
        if emit.profile == "plain":
            _without_tools(emit, world)
    return emits


def _emit(item: Line, world: World) -> list[Emit]:
    head = item.form.head
    inside = lines(f"`{head}`", item.entry.head, item.entry.body, item.form.inner, world.report)
    if "name" in item.slots:
        return _tokens(item, {one.form.head: one for one in inside}, world)
    given = inside[0].entry.value[0].span.source if inside and inside[0].entry.value else "hf"
    return [Emit(format=head, profile=given, span=item.entry.head)]


def _tokens(item: Line, said: dict[str, Line], world: World) -> list[Emit]:
    """A format of tokens: its chat must be there."""
    name, head = item.name("name"), item.form.head
    if world.get("chat", name, item.slots["name"].span) is None:
        return []
    most = said["segments"].whole() if "segments" in said else 0
    if "segments" in said and most < 1:
        world.report.error(
            "out-of-range", said["segments"].slots["int"].span, "a pack has at least 1 sample"
        )
    packed = "best_fit" in said["pack"].words if "pack" in said else head != "tokens"
    if most and not packed:
        world.report.error(
            "out-of-range", said["segments"].entry.head, "nothing is packed, so nothing is capped",
            hint="write `pack = best_fit`",
        )  # fmt: skip
    form = "packed" if head == "tokens" and packed else head
    return [
        Emit(
            format=form, profile="hf", span=item.entry.head, chat=name, packed=packed, most=most
        )
    ]


def _once(emits: tuple[Emit, ...], world: World) -> None:
    """A format is written once for each chat."""
    seen: dict[tuple[str, str], Emit] = {}
    for emit in emits:
        first = seen.setdefault((emit.format, emit.chat), emit)
        if first is not emit and emit.chat:
            world.report.error(
                "duplicate-line", emit.span, f"`{emit.format} {emit.chat}` is written twice",
                labels=(Label(first.span, "first here"),),
            )  # fmt: skip


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
