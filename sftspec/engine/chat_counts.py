"""What the papers say of chats: how many tokens there are, what was cut or dropped, and why."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from sftspec.engine.encoding import Encoded
from sftspec.engine.run import ChunkResult
from sftspec.engine.store import Store
from sftspec.plan.graph import Graph
from sftspec.stages.lengths import summed
from sftspec.stages.sizes import STAGE


class Decided(Protocol):
    """What of a run is counted."""

    store: Store
    graph: Graph
    blocks: list[tuple[str, ChunkResult]]
    encoded: dict[str, Encoded]

    def pool(self) -> Any:
        """The narrow columns of all candidates."""

    def reasons(self) -> list[str | None]:
        """Why each candidate was rejected."""


def chat_counts(work: Decided, position: Any, part: Any, parts: list[str]) -> dict[str, Any]:
    """Of each chat: tokens by part, what could not be encoded by reason, and what was truncated."""
    pool = work.pool()
    stages = pool.arrow("stage").to_pylist()
    reasons = work.reasons()
    mine = pool.arrow("reason").to_pylist()
    aside = [
        reason if stage == STAGE and reason == own else None
        for stage, reason, own in zip(stages, reasons, mine, strict=True)
    ]
    dropped = np.array([reason == "too_long" for reason in aside], bool)
    chosen = position >= 0
    found = {}
    for chat in work.encoded:
        cut = np.array(pool.arrow(f"cut.{chat}")) & chosen
        found[chat] = {
            "tokens": {
                name: {
                    "read": summed(pool.numbers(f"tokens.{chat}")[some]),
                    "trained": summed(pool.numbers(f"trained.{chat}")[some]),
                }
                for number, name in enumerate(parts)
                if (some := (part == number) & chosen).any()
            },
            "proven": {
                "records": int(chosen.sum()),
                "samples": int(pool.numbers(f"samples.{chat}")[chosen].sum()),
                "spelling_control_tokens": int(
                    (np.array(pool.arrow(f"spelled.{chat}")) & chosen).sum()
                ),
            },
            "rejected": dict(sorted(Counter(filter(None, aside)).items())),
            "truncated": {
                "dropped": int(dropped.sum()),
                "cut": int(cut.sum()),
                "by": _by_facet(work, dropped, cut) if dropped.any() or cut.any() else {},
            },
        }
    return found


def _by_facet(work: Decided, dropped: Any, cut: Any) -> dict[str, dict[str, dict[str, int]]]:
    """Records dropped as too long and chosen ones cut, by template and every facet's value."""
    pool = work.pool()
    many = set(work.graph.judge.many)
    found: dict[str, dict[str, dict[str, int]]] = {}
    for facet in sorted({"template", *work.graph.judge.facets}):
        column = pool.arrow(f"tag.{facet}") if facet in many else pool.words(facet)
        counts: dict[str, dict[str, int]] = {}
        for word, places in (("dropped", dropped), ("cut", cut)):
            some = column.take(pa.array(np.flatnonzero(places)))
            flat = some.flatten() if pa.types.is_list(some.type) else some
            for one in flat.value_counts().to_pylist():
                if one["values"] is not None:
                    known = counts.setdefault(str(one["values"]), {"dropped": 0, "cut": 0})
                    known[word] = int(one["counts"])
        if counts:
            found[facet] = dict(sorted(counts.items()))
    return found


def why_not_encoded(work: Decided) -> Callable[[int], str | None]:
    """The evidence of a candidate that an encoding set aside, of the first chat that did."""
    pool = work.pool()
    block, row = pool.block_of(), pool.row_of()
    tables: dict[tuple[str, int], Any] = {}

    def why(place: int) -> str | None:
        for chat, one in work.encoded.items():
            at = chat, int(block[place])
            if at not in tables:
                tables[at] = work.store.table(one.blocks[at[1]].key, "why")["evidence"]
            told: str | None = tables[at][int(row[place])].as_py()
            if told is not None:
                return told
        return None

    return why
