"""A typed expression as the language writes it: what is shown can be read again, and means the same.

A typed expression has forgotten which texts are values of facets. They stand in quotes, which the
language takes too, but beside a facet that is known to be one.
"""

from collections.abc import Collection
import re

import msgspec

from sftspec.expr import base, nodes as ex, types

Facets = Collection[tuple[str, ...]]
_OR, _AND, _NOT, _COMPARE, _ATOM = range(5)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NOT_A_VALUE = {"and", "or", "not", "in", "has", "true", "false", "null"}
# seen by `isprintable`, and by no reader; a spec may not hold them as they are
_UNSEEN = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f\U000e0000-\U000e01ef]"
)


def show(node: ex.Typed, facets: Facets = ()) -> str:
    """The expression in the language. `facets`: paths known to hold a facet's values."""
    return _Shown(facets).at(node, _OR)


def show_tally(tally: ex.Tally, facets: Facets = ()) -> str:
    """A tally in the language: `rate(not valid(response))`."""
    inner = (tally.arg or "") if tally.of is None else show(tally.of, facets)
    return f"{tally.name}({inner})"


def percent(bp: int) -> str:
    """Basis points as the language writes them: `12.5%`."""
    whole, part = divmod(abs(bp), 100)
    digits = f"{part:02d}".rstrip("0")
    return f"{'-' if bp < 0 else ''}{whole}{'.' + digits if digits else ''}%"


def quoted(text: str) -> str:
    """A text in quotes, what cannot be seen as escapes."""
    plain = msgspec.json.encode(text).decode()
    if plain.isascii() and plain.isprintable():
        return plain
    return "".join(
        char if char.isprintable() and not _UNSEEN.match(char) else _code(char)
        for char in plain
    )


def _code(char: str) -> str:
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


class _Shown:
    """Writes one expression."""

    def __init__(self, facets: Facets) -> None:
        self.facets = facets

    def at(self, node: ex.Typed, level: int) -> str:
        """The expression, in brackets where its place binds closer than it does."""
        text, own = self._write(node)
        return text if own >= level else f"({text})"

    def _write(self, node: ex.Typed) -> tuple[str, int]:
        match node:
            case ex.Or(left=left, right=right):
                return f"{self.at(left, _OR)} or {self.at(right, _AND)}", _OR
            case ex.And(left=left, right=right):
                return f"{self.at(left, _AND)} and {self.at(right, _NOT)}", _AND
            case ex.Not(of=of):
                return f"not {self.at(of, _NOT)}", _NOT
            case ex.Cmp():
                return self._compare(node), _COMPARE
            case _:
                return self._atom(node), _ATOM

    def _atom(self, node: ex.Typed) -> str:
        match node:
            case ex.Const(value=value):
                return _constant(value)
            case ex.Decimal(text=text):
                return text
            case ex.Path(parts=parts):
                return ".".join(parts)
            case ex.Valid():
                return "valid(response)"
            case ex.ValidCalls():
                return "valid(calls)"
            case ex.Rank(of=of):
                return self._side(of, "facet")
            case ex.Apply():
                return self._call(node)
            case _:
                return self.at(node, _ATOM)

    def _compare(self, node: ex.Cmp) -> str:
        left = self._side(node.left, self._unit(node.right))
        right = self._side(node.right, self._unit(node.left))
        asked = isinstance(node.left, ex.Const) and not isinstance(node.right, ex.Const)
        if asked and node.op in {"in", "within"}:
            return f"{right} has {left}"
        op = {"within": "in", "not within": "not in"}.get(node.op, node.op)
        return f"{left} {op} {right}"

    def _unit(self, other: ex.Typed) -> str:
        """What a constant beside it is: a percentage, a facet's value, or neither."""
        match other:
            case ex.Apply(name=name) if isinstance(base.measures()[name].result, types.Bp):
                return "percent"
            case ex.Rank():
                return "facet"
            case ex.Path(parts=parts) if parts in self.facets:
                return "facet"
            case _:
                return ""

    def _side(self, node: ex.Typed, unit: str) -> str:
        if isinstance(node, ex.Const):
            return _constant(node.value, unit)
        return self.at(node, _ATOM)

    def _call(self, node: ex.Apply) -> str:
        measure = base.measures()[node.name]
        known = dict(measure.defaults)
        words = []
        for (name, _, optional), arg in zip(measure.params, node.args, strict=True):
            if not optional:
                words.append(self.at(arg, _OR))
            elif arg != ex.Const(known[name]):
                words.append(f"{name} = {self.at(arg, _OR)}")
        return f"{node.name}({', '.join(words)})"


def _constant(value: object, unit: str = "") -> str:
    if isinstance(value, list):
        return f"[{', '.join(_constant(item, unit) for item in value)}]"
    if isinstance(value, str):
        return _word(value) if unit == "facet" else quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    assert isinstance(value, int)  # noqa: S101 - the last kind of a constant
    return percent(value) if unit == "percent" else str(value)


def _word(value: str) -> str:
    """A facet's value: bare where it is a name."""
    bare = _NAME.fullmatch(value) and value not in _NOT_A_VALUE
    return value if bare else quoted(value)
