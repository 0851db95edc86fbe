"""Rows and a template to candidates: rendered, validated, expected, screened, measured.

Row-wise stages are one map, because each alone would read all the text again. Every candidate
keeps its fate: alive, or the stage, reason and evidence that set it aside.
"""

from collections.abc import Iterable, Sequence
import hashlib
from typing import Any

import msgspec
import pyarrow as pa

from sftspec.expr import base, nodes as ex, types
from sftspec.expr.evaluate import compile_vector
from sftspec.ground.canon import canonical
from sftspec.plan.graph import Drop, Render
from sftspec.plan.parts import ExpectPart
from sftspec.stages.candidates import (
    Candidates,
    check_texts,
    frame_of,
    tag_columns,
    turn_columns,
)  # fmt: skip
from sftspec.stages.chunk import Prepared
from sftspec.stages.converse import row_by_row, talk_through
from sftspec.stages.evidence import evidence
from sftspec.stages.lengths import length_columns
from sftspec.stages.spoken import talk_digests, talks_array
from sftspec.stages.talk import spoken
from sftspec.stages.turns import content_digests, turns_array


def candidates_of(stage: Render, prepared: Prepared) -> Candidates:
    """The candidates of a template with their tags, and nothing rendered."""
    cand = Candidates(stage, prepared)
    tag_columns(cand)
    return cand


def render_candidates(stage: Render, prepared: Prepared) -> Candidates:
    """The candidates of a template over prepared rows."""
    cand = candidates_of(stage, prepared)
    frame = frame_of(cand)
    if row_by_row(stage.template):
        talk_through(cand, frame)
    else:
        turn_columns(cand, frame)
        check_texts(cand)
    for expect in stage.template.expects:
        hits = compile_vector(expect.node).over(cand.get, cand.count)
        missed = [index for index, hit in enumerate(hits) if not hit]
        for index, why in _because(cand, expect, missed):
            cand.fail(index, "validate", "expect", why)
    for drop in stage.drops:
        hits = compile_vector(drop.node).over(cand.get, cand.count)
        met = [index for index, hit in enumerate(hits) if hit]
        for index, why in _because(cand, drop, met):
            cand.fail(index, "screen", "screened", why, drop.at)
    return cand


def _because(
    cand: Candidates, line: ExpectPart | Drop, found: Sequence[int]
) -> Iterable[tuple[int, str]]:
    """Of the candidates that a line sets aside those that nothing did before, each with its evidence."""
    rows = [index for index in found if cand.fates[index] is None]
    if not rows:
        return ()

    def get(path: tuple[str, ...]) -> list[Any]:
        column = cand.get(path)
        return [column[row] for row in rows]

    return zip(rows, evidence(line.node, line.text, get, len(rows)), strict=True)


# the tables


def ids(stage: Render, keys: Sequence[str], variants: Sequence[int]) -> list[bytes]:
    """First 16 bytes of SHA-256 over canonical [dataset, template, source, key, variant]."""
    head = (
        canonical([stage.dataset, stage.template.identity, stage.source.identity])[:-1] + b","
    )
    start = hashlib.sha256(b"sftspec/record/1\0" + head)
    encode = msgspec.json.encode
    tails = [b",%d]" % variant for variant in range(max(variants, default=0) + 1)]
    out: list[bytes] = []
    for key, variant in zip(keys, variants, strict=True):
        state = start.copy()
        state.update(encode(key) + tails[variant])
        out.append(state.digest()[:16])
    return out


def who_table(cand: Candidates) -> Any:
    """Who the candidates are: row, place, line, key, rid, variant, id, group, and tags (`tag.F`).

    `row` counts the good rows of the chunk, `place` all that it holds.
    """
    prepared = cand.prepared
    keys = [prepared.keys[row] for row in cand.rows]
    columns: dict[str, Any] = {
        "row": pa.array(cand.rows, pa.int32()),
        "line": pa.array([prepared.lines[row] for row in cand.rows], pa.int32()),
        "key": pa.array(keys, pa.string()),
        "rid": pa.array([prepared.rids[row] for row in cand.rows], pa.binary(16)),
        "variant": pa.array(cand.variants, pa.int16()),
        "id": pa.array(ids(cand.stage, keys, cand.variants), pa.binary(16)),
        "group": pa.array([prepared.groups[row] for row in cand.rows], pa.string()),
        "place": pa.array([prepared.places[row] for row in cand.rows], pa.int32()),
    }
    for tag in cand.template.tags:
        kind = pa.list_(pa.string()) if tag.many else pa.string()
        columns[f"tag.{tag.facet}"] = pa.array(cand.get((tag.facet,)), kind)
    return pa.table(columns)


def what_table(cand: Candidates) -> Any:
    """What became of the candidates, in the same order.

    content, stage, reason, evidence, at, valid, lengths (`chars.prompt`, `chars.response`), conflict
    digests (`on.N`, `answer`), measures (`m.N`) and turns; where turns differ from row to row also tools, rejected, and `pair`: whether
    there is a worse answer. `at` is the line of the screen that dropped it, -1 where something did
    before, 32767 where nothing did.
    """
    fates = cand.fates
    columns: dict[str, Any] = {
        "content": pa.array(_contents(cand), pa.binary(32)),
        "stage": _optional([fate and fate[0] for fate in fates]),
        "reason": _optional([fate and fate[1] for fate in fates]),
        "evidence": _optional([fate and fate[2] for fate in fates]),
        "at": pa.array(cand.at),
        "valid": pa.array(cand.valid, pa.bool_()),
        **{name: pa.array(sizes) for name, sizes in length_columns(cand).items()},
    }
    _conflict_columns(cand, columns)
    for index, node in enumerate(cand.stage.measures):
        columns[f"m.{index}"] = _measure(node, cand)
    if cand.talks is None:
        columns["turns"] = turns_array(cand.turns, cand.count)
        return pa.table(columns)
    columns["pair"] = pa.array([text is not None for text in cand.worse], pa.bool_())
    columns["turns"] = talks_array(cand.talks)
    columns["tools"] = _optional(cand.tools).dictionary_encode()
    columns["rejected"] = _optional(cand.worse)
    return pa.table(columns)


def _contents(cand: Candidates) -> list[bytes]:
    if cand.talks is None:
        return content_digests(cand.turns, cand.count)
    return talk_digests(cand.talks, cand.tools, cand.worse)


def _optional(values: list[Any]) -> Any:
    return pa.array(values, pa.string())


def _measure(node: ex.Typed, cand: Candidates) -> Any:
    """A measure column; its type is the expression's, whatever the values of a chunk."""
    values = compile_vector(node).over(cand.get, cand.count)
    kind = _measure_type(node)
    if kind == pa.string():
        values = [None if value is None else canonical(value).decode() for value in values]
    return pa.array(values, kind)


def _measure_type(node: ex.Typed) -> Any:
    """Truth values, whole numbers, or else texts of JSON."""
    match node:
        case ex.Cmp() | ex.And() | ex.Or() | ex.Not() | ex.Valid() | ex.ValidCalls():
            return pa.bool_()
        case ex.Apply(name=name):
            result: types.Type = base.measures()[name].result
        case ex.Path(parts=("turns" | "calls" | "variant",)):
            return pa.int64()
        case _:
            return pa.string()
    if isinstance(result, types.Bool):
        return pa.bool_()
    return pa.int64() if isinstance(result, types.Int | types.Bp) else pa.string()


def _conflict_columns(cand: Candidates, columns: dict[str, Any]) -> None:
    """What a conflict line compares: a digest of the named parts, and one of the answer.

    With other tools at hand another answer is no contradiction.
    """
    for index, on in enumerate(cand.stage.conflicts):
        texts = [cand.get((name,)) for name in on]
        columns[f"on.{index}"] = pa.array(
            [
                _digest([*row, *([kit] if kit else [])]) if any(row) else None
                for *row, kit in zip(*texts, cand.tools, strict=True)
            ],
            pa.binary(16),
        )
    if cand.stage.conflicts and cand.talks is not None:
        said = [[spoken(s) for s in talk if s.role == "assistant"] for talk in cand.talks]
        columns["answer"] = pa.array([_digest(row) for row in said], pa.binary(16))
    elif cand.stage.conflicts:
        answers = [turn.message for turn in cand.turns if turn.role == "assistant"]
        rows = zip(*answers, strict=True)
        columns["answer"] = pa.array([_digest(row) for row in rows], pa.binary(16))


def _digest(texts: Sequence[str]) -> bytes:
    return hashlib.sha256(b"sftspec/part/1\0" + canonical(list(texts))).digest()[:16]
