"""Why a condition came out as it did: the values that decided it, in words.

Of `a and b` that does not hold only the sides that do not hold are told, of `a or b` that holds
only those that do. Numbers, values of facets and short texts are told; of a long text its length.
"""

from collections.abc import Callable, Iterator, Sequence
import re
from typing import Any

import msgspec

from sftspec.expr import base, nodes as ex, types
from sftspec.expr.evaluate import compile_vector
from sftspec.expr.show import percent, quoted, show
from sftspec.stages.chunk import MAX_EVIDENCE

MOST_TEXT, MOST_ITEMS, MOST_CALL, MOST_FACTS = 24, 3, 56, 110
Get = Callable[[tuple[str, ...]], Sequence[Any]]
# what of a record is no facet; as in `ir.world`, which is heavy for a worker
RECORD = frozenset(
    ["system", "instruction", "context", "user", "text", "response", "turns", "calls", "variant",
     "rejected", "dataset"]
)  # fmt: skip
_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_WORD = re.compile(r"(?<!\w)[A-Za-z_]\w*(?!\w*\s*=[^=])")
_AROUND = {"drop", "expect", "unless", "where", "has"}


def facets_in(node: ex.Typed) -> set[tuple[str, ...]]:
    """The paths of a condition on a record that name a facet: all that are no part of its text."""
    return {path for path in ex.paths(node) if len(path) == 1 and path[0] not in RECORD}


def written(text: str, node: ex.Typed) -> str:
    """A line as its author wrote it; with the values where parameters of a screen stand in it."""
    shown = show(node, facets_in(node))
    known = {*_words(shown), *_AROUND, *base.measures()}
    if all(word in known for word in _words(text)) or not text.startswith("drop "):
        return text
    if isinstance(node, ex.And) and " unless " in text and isinstance(node.right, ex.Not):
        facets = facets_in(node)
        return f"drop {show(node.left, facets)} unless {show(node.right.of, facets)}"
    return f"drop {shown}"


def _words(text: str) -> list[str]:
    return _WORD.findall(_STRING.sub("", text))


class Facts:
    """The values of a condition's parts over some rows; each part is worked out when first asked."""

    def __init__(self, node: ex.Typed, get: Get, count: int) -> None:
        self.node = node
        self.get = get
        self.count = count
        self.facets = facets_in(node)
        self._known: dict[int, list[Any]] = {}
        self._names: dict[int, str] = {}

    def values(self, node: ex.Typed) -> list[Any]:
        """The value in each row of the condition or a part of it."""
        found = self._known.get(id(node))
        if found is None:
            found = self._known[id(node)] = compile_vector(node).over(self.get, self.count)
        return found

    def name(self, node: ex.Typed) -> str:
        """A part as it is told; a call with long arguments by its name."""
        found = self._names.get(id(node))
        if found is None:
            found = show(node, self.facets)
            if len(found) > MOST_CALL and isinstance(node, ex.Apply):
                found = f"{node.name}(…)"
            self._names[id(node)] = found
        return found

    def holds(self, row: int) -> bool:
        """Whether the condition holds in a row."""
        return bool(self.values(self.node)[row])

    def of(self, row: int) -> list[str]:
        """What decided the condition in a row, each fact once."""
        return list(dict.fromkeys(self._told(self.node, row)))

    def _told(self, node: ex.Typed, row: int) -> Iterator[str]:
        match node:
            case ex.Not(of=of):
                yield from self._told(of, row)
            case ex.And() | ex.Or():
                holds = bool(self.values(node)[row])
                every = holds is isinstance(node, ex.And)
                for side in (node.left, node.right):
                    if every or bool(self.values(side)[row]) is holds:
                        yield from self._told(side, row)
            case ex.Cmp():
                yield from self._compared(node, row)
            case ex.Const():
                return
            case _:
                name = f"{node.name}(…)" if isinstance(node, ex.Apply) else self.name(node)
                yield f"{name} is {self._value(node, row)}"

    def _compared(self, node: ex.Cmp, row: int) -> Iterator[str]:
        if node.op in {"within", "not within"}:
            part, whole = (self.values(side)[row] for side in (node.left, node.right))
            if isinstance(part, list | frozenset) and isinstance(whole, list | frozenset):
                yield self._within(node, part, whole)
                return
        for side in (node.left, node.right):
            inner = side.of if isinstance(side, ex.Rank) else side
            if not isinstance(inner, ex.Const | ex.Decimal):
                yield f"{self.name(inner)} is {self._value(inner, row)}"

    def _within(self, node: ex.Cmp, part: Any, whole: Any) -> str:
        name, place = self.name(node.left), self.name(node.right)
        if isinstance(part, frozenset):  # a list of the spec, in its order
            part = node.left.value if isinstance(node.left, ex.Const) else sorted(part)
        missing = list(dict.fromkeys(_said(one) for one in part if one not in whole))
        if missing:
            return f"{_listed(missing)} {'is' if len(missing) == 1 else 'are'} not in {place}"
        return f"each of {name} is in {place}" if part else f"{name} is empty"

    def _value(self, node: ex.Typed, row: int) -> str:
        value = self.values(node)[row]
        if isinstance(node, ex.Apply) and isinstance(value, int):
            if isinstance(base.measures()[node.name].result, types.Bp):
                return percent(value)
        elif isinstance(node, ex.Path) and node.parts in self.facets:
            return _facet(value)
        return _plain(value)


def _facet(value: Any) -> str:
    if isinstance(value, list):
        return f"[{_listed([str(item) for item in value])}]"
    return "null" if value is None else str(value)


def _plain(value: Any) -> str:
    """A value in words; what is long is told by its length."""
    match value:
        case str():
            count = len(value)
            if count > MOST_TEXT:
                return f"a text of {count} characters"
            return quoted(value)
        case list():
            return f"[{_listed([_said(item) for item in value])}]"
        case dict():
            return "a record"
        case _:
            return _cut(msgspec.json.encode(value).decode())


def _said(item: Any) -> str:
    """An item of a list, bare."""
    return _cut(item) if isinstance(item, str) else _plain(item)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def _listed(items: list[str]) -> str:
    more = f" and {len(items) - MOST_ITEMS} more" if len(items) > MOST_ITEMS else ""
    return ", ".join(items[:MOST_ITEMS]) + more


def evidence(node: ex.Typed, text: str, get: Get, count: int) -> list[str]:
    """For each of `count` rows the line that set it aside, and the values that made it."""
    line = written(text, node)
    inner = node
    while isinstance(inner, ex.Not):
        inner = inner.of
    if not isinstance(inner, ex.Cmp | ex.And | ex.Or):
        return [line] * count  # the line itself says what came out
    facts = Facts(node, get, count)
    return [_evidence(line, facts.of(row)) for row in range(count)]


def _evidence(line: str, facts: Sequence[str]) -> str:
    """The line and its facts; of a long line the beginning, so that the facts are there."""
    said = ", ".join(facts)
    if not said:
        return line
    if len(said) > MOST_FACTS:
        said = said[: MOST_FACTS - 1] + "…"
    room = MAX_EVIDENCE - len(said) - 2
    return f"{line if len(line) <= room else line[: room - 1] + '…'}: {said}"
