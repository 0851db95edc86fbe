"""Pools written by hand: candidates as words, and what a stage made of them."""

import hashlib

import numpy as np
import pyarrow as pa

from sftspec.plan.graph import Mix
from sftspec.stages.candidates import ALIVE
from sftspec.stages.pool import Block, Pool

SEED = 5


def digest(*words, width=16):
    return hashlib.sha256(repr(words).encode()).digest()[:width]


def row(key, variant=0, *, group=None, at=ALIVE, content=None, ask=None, answer=None, **tags):
    """A candidate; its content, question and answer are words, its own where none are given."""
    return {
        "key": key, "variant": variant, "group": group, "at": at, "tags": tags,
        "content": content or f"{key} {variant}", "ask": ask, "answer": answer or key,
    }  # fmt: skip


def block(*rows, template="t", source="s", samples=1, origin="human", layer="domain"):
    """Rows of one template over one chunk, in the order given."""
    facets = sorted({name for one in rows for name in one["tags"]})
    columns = {
        "id": pa.array(
            [digest(template, source, r["key"], r["variant"]) for r in rows], pa.binary(16)
        ),
        "rid": pa.array([digest(source, r["key"]) for r in rows], pa.binary(16)),
        "key": pa.array([r["key"] for r in rows], pa.string()),
        "variant": pa.array([r["variant"] for r in rows], pa.int16()),
        "group": pa.array([r["group"] for r in rows], pa.string()),
        "at": pa.array([r["at"] for r in rows], pa.int16()),
        "content": pa.array([digest(r["content"], width=32) for r in rows], pa.binary(32)),
        "on.0": pa.array([r["ask"] and digest(r["ask"]) for r in rows], pa.binary(16)),
        "answer": pa.array([digest(r["answer"]) for r in rows], pa.binary(16)),
    }
    for name in facets:
        values = [r["tags"].get(name) for r in rows]
        many = any(isinstance(value, list) for value in values)
        columns[f"tag.{name}"] = pa.array(
            values, pa.list_(pa.string()) if many else pa.string()
        )
    table = pa.table(columns)
    return Block(lambda: table, template, source, origin, "CC0-1.0", layer, samples)


def pool(*blocks):
    return Pool(blocks, [np.zeros(0, np.int32) for _ in blocks])


def mixture(**given):
    """A mix stage: everything there is, unless something is said."""
    plain = {
        "seed": SEED, "total": None, "parts": (("train", 10_000),), "shares": (), "bounds": (),
        "caps": (), "shortfall": "error", "repeat": 1, "curriculum": None, "phases": (), "strata": (),
    }  # fmt: skip
    return Mix(**plain | given)


def names(pool, places):
    """Keys and variants of some places, sorted."""
    keys, variants = pool.arrow("key").to_pylist(), pool.numbers("variant").tolist()
    return sorted((keys[at], variants[at]) for at in places)
