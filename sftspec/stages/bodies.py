"""Template bodies over many rows at once: texts, and which bytes of them are data.

A body of pieces is joined column by column. A body with `if` or `for` runs in Jinja's sandbox,
row by row, and marks what it puts out. A wording that itself reads the row is put in the place
of its name first, so there is one way to render.
"""

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from sftspec.ir import body as b
from sftspec.ir.filters import apply, show
from sftspec.stages.sandbox import run_program

Get = Callable[[tuple[str, ...]], Sequence[Any]]
Failures = dict[int, tuple[str, str]]


class Texts:
    """Rendered texts of a body, one per candidate.

    `spans[i]` holds start, end, start, end … of the data in text i, in bytes of UTF-8; as one
    matrix where every text has as many, else as a list. `constant`: the text where all are equal.
    """

    def __init__(
        self,
        texts: list[str],
        spans: Any,
        failures: Failures | None = None,
        constant: str | None = None,
    ) -> None:
        self.texts = texts
        self.spans = spans
        self.failures = failures or {}
        self.constant = constant


class Drawn:
    """The wordings drawn for one `vary` name: options, and the option of each candidate."""

    def __init__(self, options: Sequence[b.Body], choice: Sequence[int]) -> None:
        self.options = options
        self.choice = choice


class Frame:
    """What bodies are rendered with: candidates' columns, wordings and tables."""

    def __init__(
        self, count: int, get: Get, drawn: dict[str, Drawn], tables: dict[str, dict[str, str]]
    ) -> None:
        self.count = count
        self.get = get
        self.drawn = drawn
        self.tables = tables

    def take(self, rows: Sequence[int]) -> "Frame":
        """The frame of some of the candidates."""
        get = self.get

        def some(path: tuple[str, ...]) -> list[Any]:
            column = get(path)
            return [column[row] for row in rows]

        drawn = {
            name: Drawn(one.options, [one.choice[row] for row in rows])
            for name, one in self.drawn.items()
        }
        return Frame(len(rows), some, drawn, self.tables)


def render_body(body: b.Body, frame: Frame) -> Texts:
    """The body's text for each candidate."""
    match body:
        case b.Choice():
            return _choice(body, frame)
        case b.Program():
            return _program(body, frame)
        case b.Pieces():
            busy = [
                p.name
                for p in body.pieces
                if isinstance(p, b.Drawn) and _reads(frame.drawn[p.name])
            ]
            if busy:
                return _inlined(body, busy, frame)
            return _pieces(body, frame)


def _reads(drawn: Drawn) -> bool:
    """Whether some wording reads the row."""
    return any(
        not isinstance(option, b.Pieces) or any(not isinstance(p, b.Lit) for p in option.pieces)
        for option in drawn.options
    )


def _pieces(body: b.Pieces, frame: Frame) -> Texts:
    count = frame.count
    failures: Failures = {}
    columns: list[Sequence[str]] = []
    lengths: list[Any] = []
    is_data: list[bool] = []
    for piece in body.pieces:
        if isinstance(piece, b.Lit):
            columns.append(repeat(piece.text, count))  # type: ignore[arg-type]
            lengths.append(len(piece.text.encode()))
            is_data.append(False)
        else:
            column = _column(piece, frame, failures)
            columns.append(column)
            lengths.append(_byte_lengths(column))
            is_data.append(isinstance(piece, b.Value))
    if not any(not isinstance(piece, b.Lit) for piece in body.pieces):
        text = "".join(piece.text for piece in body.pieces if isinstance(piece, b.Lit))
        return Texts([text] * count, np.zeros((count, 0), np.int32), constant=text)
    texts = (
        list(map("".join, zip(*columns, strict=True))) if len(columns) > 1 else list(columns[0])
    )
    return Texts(texts, _spans(lengths, is_data, count), failures)


def _byte_lengths(column: Sequence[str]) -> Any:
    return np.fromiter(
        (len(text) if text.isascii() else len(text.encode()) for text in column),
        np.int32,
        len(column),
    )


def _spans(lengths: list[Any], is_data: list[bool], count: int) -> Any:
    """Byte ranges of the data pieces: an array of count x (2 x data pieces)."""
    at: Any = np.zeros(count, np.int32)
    edges: list[Any] = []
    for length, data in zip(lengths, is_data, strict=True):
        end = at + length
        if data:
            edges.extend((at, end))
        at = end
    return np.stack(edges, axis=1).astype(np.int32) if edges else np.zeros((count, 0), np.int32)


def _column(piece: b.Piece, frame: Frame, failures: Failures) -> list[str]:
    """A piece's text for each candidate."""
    match piece:
        case b.Value(path=path, filters=filters):
            return _shown(frame.get(path), path, filters, failures)
        case b.Drawn(name=name, filters=filters):
            drawn = frame.drawn[name]
            words = [_literal(option) for option in drawn.options]
            if filters:
                words = [_filtered(word, filters) for word in words]
            return [words[index] for index in drawn.choice]
        case b.Lookup(table=table, path=path, filters=filters):
            texts = frame.tables[table]
            if filters:
                texts = {value: _filtered(text, filters) for value, text in texts.items()}
            return [texts[value] for value in frame.get(path)]
        case b.Lit(text=text):
            return [text] * frame.count


def _literal(option: b.Body) -> str:
    pieces = option.pieces if isinstance(option, b.Pieces) else ()
    return "".join(piece.text for piece in pieces if isinstance(piece, b.Lit))


def _filtered(value: Any, filters: tuple[b.Filter, ...]) -> Any:
    for one in filters:
        value = apply(value, one.name, one.args)
    return value


def _shown(
    values: Sequence[Any],
    path: tuple[str, ...],
    filters: tuple[b.Filter, ...],
    failures: Failures,
) -> list[str]:
    """Values through their filters as texts; what has no plain form is a failure."""
    if not filters and set(map(type, values)) == {str}:
        return values if isinstance(values, list) else list(values)
    out: list[str] = []
    for index, value in enumerate(values):
        try:
            out.append(show(_filtered(value, filters)))
        except (ValueError, TypeError, AttributeError, IndexError):
            missing = value is None
            reason = "missing_field" if missing else "type_error"
            word = "null or missing" if missing else f"{type(value).__name__} has no plain form"
            failures.setdefault(index, (reason, f"{'.'.join(path)}: {word}"))
            out.append("")
    return out


def _groups(values: Sequence[Any]) -> dict[Any, list[int]]:
    found: dict[Any, list[int]] = {}
    for index, value in enumerate(values):
        found.setdefault(value, []).append(index)
    return found


def _scattered(parts: list[tuple[list[int], Texts]], count: int) -> Texts:
    """Texts of groups of candidates put back in their places."""
    texts = [""] * count
    spans: list[Any] = [()] * count
    failures: Failures = {}
    for rows, part in parts:
        lists = part.spans.tolist() if isinstance(part.spans, np.ndarray) else part.spans
        for place, row in enumerate(rows):
            texts[row] = part.texts[place]
            spans[row] = lists[place]
        failures.update({rows[place]: why for place, why in part.failures.items()})
    return Texts(texts, spans, failures)


def _choice(body: b.Choice, frame: Frame) -> Texts:
    bodies = dict(body.bodies)
    parts: list[tuple[list[int], Texts]] = []
    for value, rows in _groups(frame.get(body.path)).items():
        inner = bodies.get(value)
        if inner is None:
            failures = dict.fromkeys(
                range(len(rows)), ("missing_field", f"no text for {value}")
            )
            parts.append((rows, Texts([""] * len(rows), [()] * len(rows), failures)))
        else:
            parts.append((rows, render_body(inner, frame.take(rows))))
    return _scattered(parts, frame.count)


def _inlined(body: b.Pieces, names: list[str], frame: Frame) -> Texts:
    """A body whose wordings read the row: one rendering per combination drawn."""
    choices = list(zip(*(frame.drawn[name].choice for name in names), strict=True))
    parts = []
    for choice, rows in _groups(choices).items():
        options = {n: frame.drawn[n].options[i] for n, i in zip(names, choice, strict=True)}
        some = frame.take(rows)
        parts.append((rows, _with_options(body, options, some)))
    return _scattered(parts, frame.count)


def _with_options(body: b.Pieces, options: dict[str, b.Body], frame: Frame) -> Texts:
    pieces: list[b.Piece] = []
    for piece in body.pieces:
        option = options.get(piece.name) if isinstance(piece, b.Drawn) else None
        if option is None:
            pieces.append(piece)
        elif isinstance(option, b.Pieces) and not piece.filters:  # type: ignore[union-attr]
            pieces.extend(option.pieces)
        else:
            return _joined(body, options, frame)
    return _pieces(b.Pieces(tuple(pieces)), frame)


def _joined(body: b.Pieces, options: dict[str, b.Body], frame: Frame) -> Texts:
    """Where a wording runs in Jinja or goes through filters: its whole text counts as data."""
    texts = [""] * frame.count
    spans: list[list[int]] = [[] for _ in range(frame.count)]
    failures: Failures = {}
    for piece in body.pieces:
        inner = options.get(piece.name) if isinstance(piece, b.Drawn) else None
        part = (
            render_body(inner, frame)
            if inner is not None
            else _pieces(b.Pieces((piece,)), frame)
        )
        failures.update(part.failures)
        filters = piece.filters if inner is not None and isinstance(piece, b.Drawn) else ()
        for index, text in enumerate(part.texts):
            word = _filtered(text, filters) if filters else text
            start = len(texts[index].encode())
            if inner is not None or isinstance(piece, b.Value):
                spans[index].extend((start, start + len(word.encode())))
            texts[index] += word
    return Texts(texts, spans, failures)


def _program(body: b.Program, frame: Frame) -> Texts:
    rows = _row_values(body, frame)
    words = {name: render_body_words(name, frame) for name in body.drawn}
    texts, spans, failures = [], [], {}
    for index in range(frame.count):
        drawn = {name: column[index] for name, column in words.items()}
        try:
            text, edges = run_program(body, rows(index), drawn, frame.tables)
        except ValueError as error:
            text, edges = "", []
            failures[index] = (
                "missing_field" if "null" in str(error) else "type_error",
                str(error),
            )
        texts.append(text)
        spans.append(edges)
    return Texts(texts, spans, failures)


def render_body_words(name: str, frame: Frame) -> list[str]:
    """The wording drawn for each candidate, as text."""
    drawn = frame.drawn[name]
    parts = [
        (rows, render_body(drawn.options[index], frame.take(rows)))
        for index, rows in _groups(drawn.choice).items()
    ]
    return _scattered(parts, frame.count).texts


def _row_values(body: b.Program, frame: Frame) -> Callable[[int], dict[str, Any]]:
    """For each candidate, the names that the body reads."""
    alias = body.alias
    bound = [(name, frame.get(path)) for name, path in body.bound]
    fields = sorted(
        {path[1] for path in body.paths if alias and path[0] == alias and len(path) > 1}
    )
    columns = [(field, frame.get((alias, field))) for field in fields]

    def values(index: int) -> dict[str, Any]:
        found: dict[str, Any] = {name: column[index] for name, column in bound}
        if alias:
            found[alias] = {field: column[index] for field, column in columns}
        return found

    return values
