"""Records by position to one file of a format; a file is made by one task and never joined."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa

from sftspec.plan.graph import Emit


def emitter(name: str) -> Any:
    """The module of a format: `lines`, or `table` and `write`; and how its files are called."""
    return import_module(f"sftspec.ports.emitters.{name}")


def emit_shard(
    stage: Emit, objects: int, load: Callable[[int], Any], picks: bytes
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The shard's bytes as part `file`, and its number of records.

    `picks`: pairs of int32, the table and the row of each record, in the order to write; `load`
    gives a table by its number. One is held at a time: its records are taken and encoded at once,
    then put in their places.
    """
    pairs = np.frombuffer(picks, np.int32).reshape(-1, 2)
    module = emitter(stage.format)
    meta = {"records": len(pairs)}
    places = [np.flatnonzero(pairs[:, 0] == index) for index in range(objects)]
    some = (load(at).take(pa.array(pairs[where, 1])) for at, where in enumerate(places))
    if hasattr(module, "lines"):
        placed: list[Any] = [b""] * len(pairs)
        for one, where in zip(some, places, strict=True):
            for place, line in zip(
                where.tolist(), module.lines(one, stage.profile), strict=True
            ):
                placed[place] = line
        return {"file": b"".join(placed)}, meta
    whole = pa.concat_tables([module.table(one, calls=stage.calls) for one in some])
    order = np.empty(len(pairs), np.int64)
    order[np.concatenate(places)] = np.arange(len(pairs))
    return {"file": module.write(whole.take(pa.array(order)))}, meta
