"""A line of a gate drawn with what was measured below each of its parts (a power assertion).

    require rate(not valid(response)) <= 4% where output_format == json
            |                            |  |
            7.41%, 38 of 513 rendered    |  513 of 900
                                         wanted
      record 0e7076c6378e60a1d5977d247d9b8850

Below it stand the cells, tests, rows and records that speak against the line.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any
import unicodedata

from msgspec import Struct

from sftspec.ground.render import escape
from sftspec.ground.text import SpecText
from sftspec.syntax import fast, tree
from sftspec.syntax.build import Malformed

INDENT = "  "
_HEAD = "gate g {\n"


class _Mark(Struct, frozen=True):
    """What is said below a place of the line; `at`: a character of its text."""

    at: int
    says: str


def explain_line(line: Mapping[str, Any]) -> list[str]:
    """A line of a gate, as a manifest has it, drawn; safe to show."""
    text = line["text"]
    drawn = _drawn(text, sorted(_marks(line, _parsed(text)), key=lambda mark: mark.at))
    return [escape(text), *drawn, *(INDENT + escape(one) for one in _details(line))]


def said(line: Mapping[str, Any]) -> str:
    """What a line measured, and of what: `7.41%, 38 of 513 rendered`."""
    parts, measured = line.get("parts", {}), line["measured"]
    size, noun = parts.get("of", line["population"]), _noun(line)
    if measured is None:
        return f"nothing to measure, of {size} {noun}"
    if "sum" in parts:
        return f"{measured}, {parts['sum']} over {size} {noun}"
    if "rank" in parts:
        ends = f", from {parts['least']} to {parts['most']}"
        return f"{measured}, place {parts['rank']} of {size} {noun}{ends}"
    hits = next((parts[name] for name in ("matched", "met", "passed") if name in parts), None)
    if hits is None or str(hits) == measured:
        return f"{measured} of {size} {noun}"
    return f"{measured}, {hits} of {size} {noun}"


def _noun(line: Mapping[str, Any]) -> str:
    parts = line.get("parts", {})
    return "cells" if "met" in parts else "tests" if "passed" in parts else str(line["of"])


# the marks


def _parsed(text: str) -> tree.Entry | None:
    """The line as a tree; its places are behind `_HEAD`."""
    try:
        blocks = fast.read(SpecText("", f"{_HEAD}{text}\n}}\n"))
    except Malformed:
        return None
    body = blocks[0].body if blocks else None
    return body.entries[0] if body and body.entries else None


def _marks(line: Mapping[str, Any], entry: tree.Entry | None) -> Iterator[_Mark]:
    phrase = entry.phrase if entry else ()
    compare = phrase[1] if len(phrase) > 1 else None
    if not isinstance(compare, tree.Compare):
        yield _Mark(0, said(line))
        return
    why = line.get("why") or {}
    for side in (compare.left, compare.right):
        if isinstance(side, tree.Call):
            yield _mark(side, said(line))
            yield from _each(list(side.args), why.get("conditions", ()))
        else:
            yield _mark(side, "wanted")
    wheres = [
        (word, node)
        for word, node in pairwise(phrase)
        if isinstance(word, tree.Ref) and word.parts == ("where",)
    ]
    if wheres:
        yield _mark(wheres[0][0], f"{line['population']} of {line.get('whole', '?')}")
        yield from _each([node for _, node in wheres], why.get("where", ()))


def _mark(node: tree.Node, says: object) -> _Mark:
    return _Mark(node.span.start - len(_HEAD), str(says))


def _each(nodes: list[Any], counts: list[int]) -> Iterator[_Mark]:
    """A count below each of several conditions."""
    terms = [term for node in nodes for term in _terms(node)]
    if len(terms) == len(counts):
        yield from map(_mark, terms, counts)


def _terms(node: Any) -> list[Any]:
    """What `and` and `or` stand between, as `stages.judge` counts them."""
    if isinstance(node, tree.Both | tree.Either):
        return _terms(node.left) + _terms(node.right)
    return [node]


# the drawing


def _drawn(text: str, marks: list[_Mark]) -> list[str]:
    """Bars below the marks, then what they say, from right to left and as high as there is room."""
    places = [(_width(escape(text[: mark.at])), mark.says) for mark in marks]
    lines = [_row([(at, "|") for at, _ in places])]
    while places:
        row: list[tuple[int, str]] = []
        left: list[tuple[int, str]] = []
        for at, says in reversed(places):
            fits = not row or at + _width(says) + 1 < row[-1][0]
            row.append((at, says if fits else "|"))
            if not fits:
                left.append((at, says))
        lines.append(_row(row[::-1]))
        places = left[::-1]
    return lines


def _row(cells: list[tuple[int, str]]) -> str:
    out = ""
    for at, says in cells:
        out += " " * (at - _width(out)) + says
    return out


def _width(text: str) -> int:
    """How many columns a terminal gives a text."""
    return sum(
        0 if unicodedata.combining(char)
        else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )  # fmt: skip


# below it


def _details(line: Mapping[str, Any]) -> Iterator[str]:
    why = line.get("why") or {}
    over = why.get("over", ())
    for cell in why.get("cells", ()):
        yield cell_text(over, cell)
    for title in why.get("tests", ()):
        yield f"failed: {title}"
    for rows in why.get("rows", ()):
        fate = "used" if rows["rejected"] is None else rows["rejected"]
        yield f"{rows['source']}: {rows['rows']} rows {fate}"
    if why.get("more"):
        yield f"and {why['more']} more"
    values = why.get("values") or [""] * len(line["records"])
    for record, value in zip(line["records"], values, strict=False):
        yield f"record {record}  {value}".rstrip()


def cell_text(over: Any, cell: Mapping[str, Any]) -> str:
    """`topic=payment risk=high: need 10, have 4, chosen 2`."""
    names = " ".join(
        f"{facet}={value}" for facet, value in zip(over, cell["cell"], strict=False)
    )
    return f"{names}: need {cell['need']}, have {cell['have']}, chosen {cell['chosen']}"
