"""`mixture`: how many of what."""

from typing import Any

from sftspec.expr.check import Checker
from sftspec.ground.report import did_you_mean, there_are
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.goals import Bound, Cap, Mixture, Quota, Share
from sftspec.ir.nodes import FacetDef
from sftspec.ir.world import BUILT_IN, World
from sftspec.syntax import tree

KIND = "mixture"
_CAPPED = ("source_row", "group")
_QUOTAS = (
    Form("VALUE AMOUNT", "a value's percentage, its parts, or rest"),
    Form("VALUE at least|most PERCENT", "a bound, for a facet that is many"),
    Form("even", "every value alike"),
)
_SHARES = (
    Form("share FACET even", "every value of a facet alike"),
    Form("share FACET where COND even", "every value alike among some records"),
    Form("share FACET where COND {", "a facet's mix among some records", inner=_QUOTAS),
    Form(
        "share FACET by CALL within PERCENT {",
        "a facet's mix in tokens of a chat: `by tokens(llama3) within 1%`",
        inner=_QUOTAS,
    ),
    Form("share FACET {", "a facet's mix", inner=_QUOTAS),
)
FORM = Form(
    "mixture {",
    "how many of what",
    inner=(
        Form(
            "total = COUNT",
            "how many records in all parts together, or all",
            once=True,
            needed=True,
        ),
        *_SHARES,
        Form("at most INT per NAME", "a cap per source_row, group or facet value"),
        Form("at least|most PERCENT where COND", "a bound on the records where it holds"),
        Form(
            "shortfall = error|shrink", "what to do where the shares cannot be met", once=True
        ),
        Form(
            "shortfall = CALL",
            "repeat(k): up to k times, another wording while there is one",
            once=True,
        ),
    ),
)


def lower(line: Line, world: World) -> Mixture:
    """The mixture with its values looked up."""
    found = lines("mixture", line.entry.head, line.entry.body, FORM.inner, world.report)
    checker = Checker(world.record_scope(), world.report)
    shares: list[Share] = []
    bounds: list[Bound] = []
    caps: list[Cap] = []
    total: int | None = None
    shortfall, repeat = "error", 1
    for item in found:
        head = item.form.head
        if head == "total":
            total = _total(item, world)
        elif head == "share":
            _share(item, world, checker, shares, bounds)
        elif "percent" in item.slots:
            bounds.extend(_bound(item, checker))
        elif head == "at most":
            caps.extend(_cap(item, world))
        elif head == "shortfall":
            shortfall, repeat = _shortfall(item, world)
    return Mixture(
        total=total, shares=tuple(shares), bounds=tuple(bounds), caps=tuple(caps),
        shortfall=shortfall, repeat=repeat, span=line.entry.head,
    )  # fmt: skip


def _total(item: Line, world: World) -> int | None:
    node = item.slots["count"]
    if isinstance(node, tree.Int) and node.value > 0:
        return node.value
    if not (isinstance(node, tree.Ref) and node.name == "all"):
        world.report.error("type-mismatch", node.span, "a total is a positive number, or `all`")
    return None


def _share(
    item: Line, world: World, checker: Checker, shares: list[Share], bounds: list[Bound]
) -> None:
    facet = world.facet(item.name("facet"), item.slots["facet"].span)
    chat = _chat(item, world) if "call" in item.slots else ""
    where = checker.condition(item.slots["cond"]) if "cond" in item.slots else None
    if facet is None or chat is None or ("cond" in item.slots and where is None):
        return
    quotas: list[Quota] = []
    span = item.slots["facet"].span
    if item.entry.body is None:
        quotas = _even(facet, span)
    for line in lines(
        f"share `{facet.name}`", item.entry.head, item.entry.body, _QUOTAS, world.report
    ):
        if line.form.usage == "even":
            quotas.extend(_even(facet, line.entry.head))
            continue
        value = world.value_of(facet, line.slots["value"])
        if value is None:
            continue
        if "percent" in line.slots:
            _value_bound(line, facet, value, checker, bounds)
        else:
            quotas.extend(_quota(line, value, quotas, world))
    if facet.many and quotas:
        world.report.error(
            "many-share", span, f"records carry several values of `{facet.name}`, so shares of it have no sum",
            hint=f"write `{quotas[0].value} at least 20%`",
        )  # fmt: skip
        return
    if quotas:
        within = item.bp() if chat else 0
        shares.append(
            Share(
                facet=facet.name, where=where, quotas=tuple(quotas), span=span, chat=chat,
                within=within,
            )
        )  # fmt: skip


def _chat(item: Line, world: World) -> str | None:
    """The chat whose tokens a share counts."""
    call = item.slots["call"]
    args = call.args if isinstance(call, tree.Call) and call.name == "tokens" else ()
    if len(args) != 1 or not isinstance(args[0], tree.Ref):
        world.report.error(
            "wrong-arguments", call.span, "a share is of records, or of the tokens of a chat",
            hint="write `by tokens(CHAT) within 1%`",
        )  # fmt: skip
        return None
    if item.bp() < 1:
        world.report.error(
            "out-of-range",
            item.slots["percent"].span,
            "a share of tokens is met to 0.01% at best",
        )
        return None
    name = args[0].name
    return name if world.get("chat", name, args[0].span) is not None else None


def _even(facet: FacetDef, span: Any) -> list[Quota]:
    return [Quota(value=v.name, kind="parts", amount=1, span=span) for v in facet.values]


def _quota(line: Line, value: str, known: list[Quota], world: World) -> list[Quota]:
    node = line.slots["amount"]
    span = line.slots["value"].span
    if any(quota.value == value for quota in known):
        world.report.error("duplicate-line", span, f"`{value}` stands twice in the share")
        return []
    if isinstance(node, tree.Percent):
        return [Quota(value=value, kind="percent", amount=node.bp, span=node.span)]
    if isinstance(node, tree.Int) and node.value >= 0:
        return [Quota(value=value, kind="parts", amount=node.value, span=node.span)]
    if isinstance(node, tree.Ref) and node.name == "rest":
        return [Quota(value=value, kind="rest", amount=0, span=node.span)]
    world.report.error(
        "type-mismatch", node.span, "a share is a percentage, parts (`2`) or `rest`"
    )
    return []


def _value_bound(
    line: Line, facet: FacetDef, value: str, checker: Checker, bounds: list[Bound]
) -> None:
    name = tree.Ref(parts=(facet.name,), span=line.slots["value"].span)
    word = tree.Ref(parts=(value,), span=line.slots["value"].span)
    compare = tree.Compare(
        op="has" if facet.many else "==", left=name, right=word, span=line.span
    )
    node = checker.condition(compare)
    if node is not None:
        text = f"{facet.name} {line.quoted}"
        bounds.append(
            Bound(
                most="most" in line.words,
                bp=line.bp(),
                where=node,
                text=text,
                span=line.entry.head,
            )
        )


def _bound(item: Line, checker: Checker) -> list[Bound]:
    node = checker.condition(item.slots["cond"])
    if node is None:
        return []
    text = item.quoted
    return [
        Bound(
            most="most" in item.words, bp=item.bp(), where=node, text=text, span=item.entry.head
        )
    ]


def _cap(item: Line, world: World) -> list[Cap]:
    per = item.name("name")
    span = item.slots["name"].span
    known = [*_CAPPED, *BUILT_IN, *world.names("facet")]
    if per not in known:
        world.report.error(
            "unknown-facet", span, f"`{per}` is no facet and nothing else that is capped",
            hint=did_you_mean(per, known) or there_are([*_CAPPED, *world.names("facet")]),
        )  # fmt: skip
        return []
    if per not in _CAPPED and world.facet(per, span) is None:
        return []
    if item.whole() < 1:
        world.report.error("out-of-range", item.slots["int"].span, "a cap is at least 1")
        return []
    return [Cap(count=item.whole(), per=per)]


def _shortfall(item: Line, world: World) -> tuple[str, int]:
    call = item.slots.get("call")
    if call is None:
        return next(iter(item.words - {"shortfall"}), "error"), 1
    args = call.args if isinstance(call, tree.Call) else ()
    if isinstance(call, tree.Call) and call.name == "repeat" and len(args) == 1:
        arg = args[0]
        if isinstance(arg, tree.Int) and 1 <= arg.value <= 100:
            return "repeat", arg.value
    world.report.error(
        "wrong-arguments", call.span, "a shortfall is `error`, `shrink` or `repeat(2)`"
    )
    return "error", 1
