"""How long records are, in characters: what is read, and what is trained on."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sftspec.ports.dialogue import Said
from sftspec.stages.candidates import Candidates
from sftspec.stages.talk import spoken
from sftspec.stages.turns import RenderedTurn

PROMPT, RESPONSE = "chars.prompt", "chars.response"


def length_columns(cand: Candidates) -> dict[str, Any]:
    """Characters of the turns without loss and of those with it, per candidate (int32)."""
    return {
        name: _talks(cand.talks, train)
        if cand.talks is not None
        else _turns(cand.turns, cand.count, train)
        for name, train in ((PROMPT, False), (RESPONSE, True))
    }


def _turns(turns: Sequence[RenderedTurn], count: int, train: bool) -> Any:  # noqa: FBT001
    found = np.zeros(count, np.int32)
    for turn in turns:
        if turn.train is not train:
            continue
        if turn.constant is not None:
            found += len(turn.constant)
        else:
            found += np.fromiter(map(len, turn.message), np.int32, count)
    return found


def _talks(talks: Sequence[Sequence[Said]], train: bool) -> Any:  # noqa: FBT001
    sizes = (sum(len(spoken(said)) for said in talk if said.train is train) for talk in talks)
    return np.fromiter(sizes, np.int32, len(talks))


def summary(prompt: Any, response: Any) -> dict[str, dict[str, int]]:
    """Total and quantiles (nearest rank) of lengths of so many records."""
    return {"prompt": summed(prompt), "response": summed(response)}


def summed(sizes: Any) -> dict[str, int]:
    """Total and quantiles (nearest rank) of lengths; none is no length."""
    ranked = np.sort(sizes)
    count = len(ranked)
    places = {"p5": 5, "p50": 50, "p95": 95, "max": 100}
    return {
        "total": int(ranked.sum(dtype=np.int64)),
        **{name: int(ranked[max(-(-count * of // 100), 1) - 1]) for name, of in places.items()},
    }
