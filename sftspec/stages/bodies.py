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
from sftspec.ir.filters import MAX_TEXT, TooLong
from sftspec.stages.pieces import (
    Failures,
    byte_lengths,
    facet_words,
    filtered,
    fixed,
    looked_up,
    shown,
)
from sftspec.stages.sandbox import Authored, run_program

Get = Callable[[tuple[str, ...]], Sequence[Any]]


class Texts:
    """Rendered texts of a body, one per candidate.

    `spans[i]` holds start, end, start, end … of the data in text i, in bytes of UTF-8; as one
    matrix where every text has as many, else as a list. `constant`: the text where all are equal.
    `few`: the distinct texts and the number of each candidate's, where wordings alone make them.
    """

    def __init__(
        self,
        texts: list[str],
        spans: Any,
        failures: Failures | None = None,
        constant: str | None = None,
        few: tuple[list[str], list[int]] | None = None,
    ) -> None:
        self.texts = texts
        self.spans = spans
        self.failures = failures or {}
        self.constant = constant
        self.few = few


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
            return _few(body, frame) or _pieces(body, frame)


def _reads(drawn: Drawn) -> bool:
    """Whether some wording reads the row."""
    return any(
        not isinstance(option, b.Pieces) or any(not isinstance(p, b.Lit) for p in option.pieces)
        for option in drawn.options
    )


def _few(body: b.Pieces, frame: Frame) -> Texts | None:
    """A body without data: rendered once per combination of wordings and table values.

    None where the combinations are not many times fewer than the candidates.
    """
    columns: list[Sequence[Any]] = []
    for piece in body.pieces:
        match piece:
            case b.Lit():
                continue
            case b.Drawn(name=name):
                columns.append(frame.drawn[name].choice)
            case b.Lookup(path=path):
                columns.append(facet_words(frame.get(path)))
            case _:
                return None
    if not columns:
        return None
    known: dict[tuple[Any, ...], int] = {}
    codes = [known.setdefault(key, len(known)) for key in zip(*columns, strict=True)]
    if len(known) * 4 > frame.count:
        return None
    first = {
        code: row
        for row, code in zip(range(frame.count - 1, -1, -1), reversed(codes), strict=True)
    }
    part = _pieces(body, frame.take([first[code] for code in range(len(known))]))
    texts = [part.texts[code] for code in codes]
    failures = {
        row: part.failures[code] for row, code in enumerate(codes) if code in part.failures
    }
    spans = np.zeros((frame.count, 0), np.int32)
    return Texts(texts, spans, failures, few=(part.texts, codes))


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
            lengths.append(byte_lengths(column))
            is_data.append(isinstance(piece, b.Value))
    if not any(not isinstance(piece, b.Lit) for piece in body.pieces):
        text = "".join(piece.text for piece in body.pieces if isinstance(piece, b.Lit))
        return Texts([text] * count, np.zeros((count, 0), np.int32), constant=text)
    long = np.flatnonzero(sum(np.asarray(one, np.int64) for one in lengths) > MAX_TEXT)
    if long.size:
        return _without(long.tolist(), body, frame)
    texts = (
        list(map("".join, zip(*columns, strict=True))) if len(columns) > 1 else list(columns[0])
    )
    return Texts(texts, _spans(lengths, is_data, count), failures)


def _without(long: list[int], body: b.Pieces, frame: Frame) -> Texts:
    """The texts of all candidates but those whose text would be too long."""
    gone = set(long)
    keep = [row for row in range(frame.count) if row not in gone]
    found = _scattered([(keep, _pieces(body, frame.take(keep)))], frame.count)
    found.failures.update(dict.fromkeys(long, ("type_error", str(TooLong()))))
    return found


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
            return shown(frame.get(path), path, filters, failures)
        case b.Drawn(name=name, filters=filters):
            drawn = frame.drawn[name]
            words = [_literal(option) for option in drawn.options]
            if filters:
                words = [fixed(word, filters, name) for word in words]
            return [words[index] for index in drawn.choice]
        case b.Lookup(table=table, path=path, filters=filters):
            texts = frame.tables[table]
            if filters:
                texts = {value: fixed(text, filters, table) for value, text in texts.items()}
            return looked_up(texts, frame.get(path), path, failures)
        case b.Lit(text=text):
            return [text] * frame.count


def _literal(option: b.Body) -> str:
    pieces = option.pieces if isinstance(option, b.Pieces) else ()
    return "".join(piece.text for piece in pieces if isinstance(piece, b.Lit))


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
    for value, rows in _groups(facet_words(frame.get(body.path))).items():
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
        elif isinstance(option, b.Pieces) and isinstance(piece, b.Drawn) and not piece.filters:
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
            word = filtered(text, filters) if filters else text
            start = len(texts[index].encode())
            if inner is not None or isinstance(piece, b.Value):
                spans[index].extend((start, start + len(word.encode())))
            texts[index] += word
    return Texts(texts, spans, failures)


def _program(body: b.Program, frame: Frame) -> Texts:
    rows = _row_values(body, frame)
    failures: Failures = {}
    words = {name: _wordings(name, frame, failures) for name in body.drawn}
    texts, spans = [], []
    for index in range(frame.count):
        drawn = {name: column[index] for name, column in words.items()}
        try:
            text, edges = run_program(body, rows(index), drawn, frame.tables)
        except ValueError as error:
            text, edges = "", []
            reason = "missing_field" if "null" in str(error) else "type_error"
            failures.setdefault(index, (reason, str(error)))
        texts.append(text)
        spans.append(edges)
    return Texts(texts, spans, failures)


def _wordings(name: str, frame: Frame, failures: Failures) -> list[str]:
    """The wording drawn for each candidate; one that reads the row counts as data as a whole."""
    drawn = frame.drawn[name]
    words = [""] * frame.count
    for option, rows in _groups(drawn.choice).items():
        body = drawn.options[option]
        part = render_body(body, frame.take(rows))
        fixed = not _reads(Drawn([body], []))
        for row, text in zip(rows, part.texts, strict=True):
            words[row] = Authored(text) if fixed else text
        for place, why in part.failures.items():
            failures.setdefault(rows[place], why)
    return words


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
