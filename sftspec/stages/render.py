"""Rows and a template to candidates: rendered, validated, expected, screened, measured.

Row-wise stages are one map, because each alone would read all the text again. Every candidate
keeps its fate: alive, or the stage, reason and evidence that set it aside.
"""

from collections.abc import Callable, Sequence
import hashlib
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from sftspec.expr import base, nodes as ex, types
from sftspec.expr.evaluate import VALID, compile_vector
from sftspec.ground.canon import canonical
from sftspec.ground.record import JOINT
from sftspec.ir.schema import codec, reach
from sftspec.plan.graph import Render, TagPart, TurnPart
from sftspec.stages.bodies import Frame, Texts, render_body
from sftspec.stages.chunk import Prepared, shorten
from sftspec.stages.turns import (
    RenderedPart,
    RenderedTurn,
    content_digests,
    message_of,
    turns_array,
)  # fmt: skip
from sftspec.stages.wording import draw_wordings

ALIVE = 32_767
BEFORE_SCREEN = -1
Path = tuple[str, ...]


class Candidates:
    """The candidates of one template over the rows of a chunk, on their way to a table."""

    def __init__(self, stage: Render, prepared: Prepared) -> None:
        self.stage = stage
        self.template = stage.template
        self.prepared = prepared
        self.rows, self.variants = self._select()
        self.count = len(self.rows)
        self.whole = self.rows == list(range(len(prepared.keys)))
        self.columns: dict[Path, Sequence[Any]] = {}
        self.fates: list[tuple[str, str, str] | None] = [None] * self.count
        self.at = np.full(self.count, ALIVE, np.int16)
        self.turns: list[RenderedTurn] = []
        self.valid: list[bool | None] = [None] * self.count
        self.value: list[Any] | None = None

    def _select(self) -> tuple[list[int], list[int]]:
        """Row and variant of each candidate, row by row."""
        count = len(self.prepared.keys)
        rows: Sequence[int] = range(count)
        if self.template.where is not None:
            hits = compile_vector(self.template.where).over(self._row_column, count)
            rows = [row for row, hit in enumerate(hits) if hit]
        variants = self.template.samples * self.stage.repeats
        if variants == 1:
            return list(rows), [0] * len(rows)
        return [row for row in rows for _ in range(variants)], list(range(variants)) * len(rows)

    def _row_column(self, path: Path) -> Sequence[Any]:
        """A column of the prepared rows by its path under the alias."""
        column = self.prepared.columns[path[1]]
        return column if len(path) == 2 else [reach(value, path[2:]) for value in column]

    def get(self, path: Path) -> Sequence[Any]:
        """A column over the candidates: of the row, of the record, of a tag."""
        found = self.columns.get(path)
        if found is None:
            found = self.columns[path] = self._column(path)
        return found

    def _column(self, path: Path) -> Sequence[Any]:
        if path[0] == self.template.alias and len(path) > 1:
            column = self._row_column(path)
            once = self.template.samples * self.stage.repeats == 1
            if once and self.count == len(column):
                return column
            return [column[row] for row in self.rows]
        if path[0] == "response" and len(path) > 1:
            return [reach(value, path[1:]) for value in self.value or [None] * self.count]
        if path == VALID:
            return [value is not False for value in self.valid]
        return self._text_column(path[0])

    def _text_column(self, name: str) -> Sequence[Any]:
        match name:
            case "system" | "user":
                return self._joined([turn.message for turn in self.turns if turn.role == name])
            case "instruction" | "context":
                parts = [
                    part for turn in self.turns for part in turn.parts if part.element == name
                ]
                return self._joined([part.texts.texts for part in parts])
            case "response":
                return next(t.message for t in reversed(self.turns) if t.role == "assistant")
            case "text":
                return self._joined([turn.message for turn in self.turns])
            case "turns":
                return [len(self.turns)] * self.count
            case "variant":
                return self.variants
            case "rejected":
                return [fate[1] if fate else None for fate in self.fates]
            case _:
                return [self._built_in(name)] * self.count

    def _built_in(self, name: str) -> str | None:
        source = self.stage.source
        words = {
            "layer": self.template.layer, "source": source.name, "origin": source.origin,
            "template": self.template.name, "license": source.license,
        }  # fmt: skip
        return words.get(name)

    def _joined(self, columns: list[list[str]]) -> list[str]:
        if len(columns) == 1:
            return columns[0]
        if not columns:
            return [""] * self.count
        return [JOINT.join(text for text in row if text) for row in zip(*columns, strict=True)]

    def fail(
        self, index: int, stage: str, reason: str, evidence: str, at: int = BEFORE_SCREEN
    ) -> None:
        """Set a candidate aside, unless it is already."""
        if self.fates[index] is None:
            self.fates[index] = (stage, reason, shorten(evidence))
            self.at[index] = at


def render(stage: Render, prepared: Prepared) -> Any:
    """The candidates as an Arrow table; see `table_of` for its columns."""
    return table_of(render_candidates(stage, prepared))


def render_candidates(stage: Render, prepared: Prepared) -> Candidates:
    """The candidates of a template over prepared rows."""
    cand = Candidates(stage, prepared)
    _tags(cand)
    _turns(cand)
    _check_texts(cand)
    for expect in stage.template.expects:
        hits = compile_vector(expect.node).over(cand.get, cand.count)
        for index, hit in enumerate(hits):
            if not hit:
                cand.fail(index, "validate", "expect", expect.text)
    for drop in stage.drops:
        hits = compile_vector(drop.node).over(cand.get, cand.count)
        for index, hit in enumerate(hits):
            if hit:
                cand.fail(index, "screen", "screened", drop.text, drop.at)
    return cand


# tags


def _tags(cand: Candidates) -> None:
    for tag in cand.template.tags:
        cand.columns[tag.facet,] = _tag(tag, cand)


def _tag(tag: TagPart, cand: Candidates) -> Sequence[Any]:
    if tag.path is None:
        value: Any = list(tag.values) if tag.many else tag.values[0]
        return [value] * cand.count
    column = cand.get(tag.path)
    if tag.mapping:
        mapping = dict(tag.mapping)
        column = [mapping.get(v) if isinstance(v, str) else None for v in column]
    elif tag.values:
        column = _known_values(tag, column, cand)
    if tag.many:
        return [v if isinstance(v, list) else [] if v is None else [v] for v in column]
    return column


def _known_values(tag: TagPart, column: Sequence[Any], cand: Candidates) -> Sequence[Any]:
    """Values from inside a contract: what is none of the facet's sets its record aside."""
    known = set(tag.values)
    out = list(column)
    for index, value in enumerate(column):
        items = value if tag.many and isinstance(value, list) else [value]
        if value is None or all(isinstance(item, str) and item in known for item in items):
            continue
        texts = all(isinstance(item, str) for item in items)
        said = next(
            (f"{i[:40]!r}" for i in items if isinstance(i, str) and i not in known), "it"
        )
        cand.fail(
            index, "render", "invalid_enum" if texts else "type_error",
            f"{'.'.join(tag.path or ())}: {said} is no value of facet {tag.facet}",
        )  # fmt: skip
        out[index] = None
    return out


# turns


def _turns(cand: Candidates) -> None:
    step = cand.template.samples * cand.stage.repeats
    rids = [cand.prepared.rids[row] for row in cand.rows[::step]]
    frame = Frame(
        cand.count, cand.get, draw_wordings(cand.template, cand.stage.seed, rids, step),
        {name: dict(texts) for name, texts in cand.template.tables},
    )  # fmt: skip
    last = max(
        (i for i, t in enumerate(cand.template.turns) if t.role == "assistant"), default=-1
    )
    for index, part in enumerate(cand.template.turns):
        turn = (
            _json_turn(part, cand, last=index == last)
            if part.contract
            else _text_turn(part, frame, cand)
        )
        cand.turns.append(turn)


def _text_turn(part: TurnPart, frame: Frame, cand: Candidates) -> RenderedTurn:
    parts = [
        RenderedPart(piece.element, render_body(piece.body, frame)) for piece in part.parts
    ]
    for piece in parts:
        for index, (reason, evidence) in piece.texts.failures.items():
            cand.fail(index, "render", reason, evidence)
    message, constant = message_of(parts)
    return RenderedTurn(part.role, part.train, parts, message, constant)


def _json_turn(part: TurnPart, cand: Candidates, *, last: bool) -> RenderedTurn:
    """A contract's JSON in schema field order; what breaks it is rejected with its reason."""
    assert part.contract is not None  # noqa: S101 - the caller looked
    assert part.value is not None  # noqa: S101 - a contract comes with its value
    values = compile_vector(part.value).over(cand.get, cand.count)
    rendered, broken = codec(part.contract).render(values)
    if last:
        cand.valid = [index not in broken for index in range(cand.count)]
    for index, why in broken.items():
        cand.fail(index, "validate", why.reason, why.evidence)
        rendered[index] = msgspec.json.encode(values[index]).decode()
    texts: list[str] = rendered  # type: ignore[assignment]
    if last:
        cand.value = values
    lengths = [len(text) if text.isascii() else len(text.encode()) for text in texts]
    spans = np.stack([np.zeros(cand.count, np.int32), np.array(lengths, np.int32)], axis=1)
    return RenderedTurn(part.role, part.train, [RenderedPart(None, Texts(texts, spans))], texts)


def _check_texts(cand: Candidates) -> None:
    """A turn that says nothing is no turn."""
    for place, turn in enumerate(cand.turns, 1):
        if turn.constant is not None and turn.constant.strip():
            continue
        for index, text in enumerate(turn.message):
            if not text or text.isspace():
                cand.fail(
                    index, "validate", "empty_turn", f"turn {place} ({turn.role}) is empty"
                )


# the table


def ids(stage: Render, keys: Sequence[str], variants: Sequence[int]) -> list[bytes]:
    """First 16 bytes of SHA-256 over canonical [dataset, template, source, key, variant]."""
    head = canonical([stage.dataset, stage.template.name, stage.source.name])[:-1] + b","
    start = hashlib.sha256(b"sftspec/record/1\0" + head)
    encode = msgspec.json.encode
    tails = [b",%d]" % variant for variant in range(max(variants, default=0) + 1)]
    out: list[bytes] = []
    for key, variant in zip(keys, variants, strict=True):
        state = start.copy()
        state.update(encode(key) + tails[variant])
        out.append(state.digest()[:16])
    return out


def table_of(cand: Candidates) -> Any:
    """Candidates as a table.

    row, line, key, rid, variant, id, group, content, stage, reason, evidence, at, valid, the
    tags (`tag.F`), conflict digests (`on.N`, `answer`), measures (`m.N`) and turns. `at` is the
    line of the screen that dropped it, -1 where something did before, 32767 where nothing did.
    """
    prepared = cand.prepared
    keys = [prepared.keys[row] for row in cand.rows]
    fates = cand.fates
    columns: dict[str, Any] = {
        "row": pa.array(cand.rows, pa.int32()),
        "line": pa.array([prepared.lines[row] for row in cand.rows], pa.int32()),
        "key": pa.array(keys, pa.string()),
        "rid": pa.array([prepared.rids[row] for row in cand.rows], pa.binary(16)),
        "variant": pa.array(cand.variants, pa.int16()),
        "id": pa.array(ids(cand.stage, keys, cand.variants), pa.binary(16)),
        "group": pa.array([prepared.groups[row] for row in cand.rows], pa.string()),
        "content": pa.array(content_digests(cand.turns, cand.count), pa.binary(32)),
        "stage": _optional([fate and fate[0] for fate in fates]),
        "reason": _optional([fate and fate[1] for fate in fates]),
        "evidence": _optional([fate and fate[2] for fate in fates]),
        "at": pa.array(cand.at),
        "valid": pa.array(cand.valid, pa.bool_()),
    }
    for tag in cand.template.tags:
        kind = pa.list_(pa.string()) if tag.many else pa.string()
        columns[f"tag.{tag.facet}"] = pa.array(cand.get((tag.facet,)), kind)
    _conflict_columns(cand, columns)
    for index, node in enumerate(cand.stage.measures):
        columns[f"m.{index}"] = _measure(node, cand)
    columns["turns"] = turns_array(cand.turns, cand.count)
    return pa.table(columns)


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
        case ex.Cmp() | ex.And() | ex.Or() | ex.Not() | ex.Valid():
            return pa.bool_()
        case ex.Apply(name=name):
            result: types.Type = base.measures()[name].result
        case ex.Path(parts=("turns" | "variant",)):
            return pa.int64()
        case _:
            return pa.string()
    if isinstance(result, types.Bool):
        return pa.bool_()
    return pa.int64() if isinstance(result, types.Int | types.Bp) else pa.string()


def _conflict_columns(cand: Candidates, columns: dict[str, Any]) -> None:
    """What a conflict line compares: a digest of the named parts, and one of the answer."""
    for index, on in enumerate(cand.stage.conflicts):
        texts = [cand.get((name,)) for name in on]
        columns[f"on.{index}"] = pa.array(
            [_digest(row) if any(row) else None for row in zip(*texts, strict=True)],
            pa.binary(16),
        )
    if cand.stage.conflicts:
        answers = [turn.message for turn in cand.turns if turn.role == "assistant"]
        rows = zip(*answers, strict=True)
        columns["answer"] = pa.array([_digest(row) for row in rows], pa.binary(16))


def _digest(texts: Sequence[str]) -> bytes:
    return hashlib.sha256(b"sftspec/part/1\0" + canonical(list(texts))).digest()[:16]


Column = Callable[[Path], Sequence[Any]]
