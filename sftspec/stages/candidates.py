"""The candidates of a template over the rows of a chunk: their columns, tags, turns and fates.

Everything is done column by column: bodies, contracts, tags, conditions. Every candidate keeps its
fate: alive, or the stage, reason and evidence that set it aside.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from sftspec.expr.evaluate import VALID, VALID_CALLS, compile_vector
from sftspec.ground.record import JOINT
from sftspec.ir.schema import codec, reach
from sftspec.plan.graph import Render
from sftspec.plan.parts import TagPart, TurnPart
from sftspec.ports.dialogue import Said
from sftspec.stages.bodies import Frame, Texts, render_body
from sftspec.stages.chunk import Prepared, shorten
from sftspec.stages.talk import TALKED, talked
from sftspec.stages.turns import (
    RenderedPart,
    RenderedTurn,
    message_of,
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
        self.valid_calls = [True] * self.count
        self.value: list[Any] | None = None
        self.talks: list[list[Said]] | None = None
        self.tools: list[str | None] = [None] * self.count
        self.worse: list[str | None] = [None] * self.count

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
        column = self.prepared.columns.get(path[1])
        if column is None:  # a field that only other sources of the template have
            return [None] * len(self.prepared.keys)
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
        if path == VALID_CALLS:
            return self.valid_calls
        if self.talks is not None and path[0] in TALKED:
            return [talked(talk, path[0]) for talk in self.talks]
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
            case "calls":
                return [0] * self.count
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


# tags


def tag_columns(cand: Candidates) -> None:
    """The facets that the template sets, as columns."""
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


def frame_of(cand: Candidates) -> Frame:
    """What the template's bodies are rendered with."""
    step = cand.template.samples * cand.stage.repeats
    rids = [cand.prepared.rids[row] for row in cand.rows[::step]]
    return Frame(
        cand.count, cand.get, draw_wordings(cand.template, cand.stage.seed, rids, step),
        {name: dict(texts) for name, texts in cand.template.tables},
    )  # fmt: skip


def turn_columns(cand: Candidates, frame: Frame) -> None:
    """The template's turns, where they are the same for every row."""
    last = max(
        (i for i, t in enumerate(cand.template.turns) if t.role == "assistant"), default=-1
    )
    for index, part in enumerate(cand.template.turns):
        cand.turns.append(plain_turn(part, frame, cand, last=index == last))


def plain_turn(part: TurnPart, frame: Frame, cand: Candidates, *, last: bool) -> RenderedTurn:
    """A turn of text, or of a contract's JSON."""
    if part.contract:
        return _json_turn(part, cand, last=last)
    return _text_turn(part, frame, cand)


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


def check_texts(cand: Candidates) -> None:
    """A turn that says nothing is no turn."""
    for place, turn in enumerate(cand.turns, 1):
        if turn.constant is not None and turn.constant.strip():
            continue
        for index, text in enumerate(turn.message):
            if not text or text.isspace():
                cand.fail(
                    index, "validate", "empty_turn", f"turn {place} ({turn.role}) is empty"
                )
