"""A typed expression to a function over columns.

The expression becomes one Python list comprehension over the columns it reads: constants are
passed in by name, never spelled in the code, so no text of a spec is ever compiled. An order
comparison with a null on one side is false; a measure of a null is null. A field inside a
contract may hold anything until the contract is judged: such a value counts as null there.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import msgspec

from sftspec.expr import base, nodes, types

Column = Sequence[Any]
VALID = ("@valid",)
VALID_CALLS = ("@valid_calls",)


class Vector(msgspec.Struct, frozen=True):
    """A compiled expression: the paths it reads, and the function over their columns."""

    paths: tuple[tuple[str, ...], ...]
    run: Callable[[list[Column], int], list[Any]]

    def over(self, get: Callable[[tuple[str, ...]], Column], rows: int) -> list[Any]:
        """The expression's value in each of `rows` rows, columns fetched by path."""
        return self.run([get(path) for path in self.paths], rows)


class _Writer:
    """Collects the code, the constants and the columns of one expression."""

    def __init__(self) -> None:
        self.paths: list[tuple[str, ...]] = []
        self.values: dict[str, Any] = {}

    def const(self, value: Any) -> str:
        name = f"k{len(self.values)}"
        self.values[name] = value
        return name

    def path(self, parts: tuple[str, ...]) -> str:
        if parts not in self.paths:
            self.paths.append(parts)
        return f"v{self.paths.index(parts)}"

    def code(self, node: nodes.Typed) -> str:
        match node:
            case nodes.Const(value=value):
                return self.const(frozenset(value) if isinstance(value, list) else value)
            case nodes.Decimal(text=text):
                return self.const(float(text))
            case nodes.Path(parts=parts):
                return self.path(parts)
            case nodes.Valid():
                return self.path(VALID)
            case nodes.ValidCalls():
                return self.path(VALID_CALLS)
            case nodes.Rank(of=of, order=order):
                table = {value: index for index, value in enumerate(order)}
                return f"{self.const(_rank)}({self.const(table)}, {self.code(of)})"
            case nodes.Apply():
                return self._apply(node)
            case nodes.Cmp():
                return self._compare(node)
            case nodes.And(left=left, right=right):
                return f"({self.code(left)} and {self.code(right)})"
            case nodes.Or(left=left, right=right):
                return f"({self.code(left)} or {self.code(right)})"
            case nodes.Not(of=of):
                return f"(not {self.code(of)})"

    def _apply(self, node: nodes.Apply) -> str:
        measure = base.measures()[node.name]
        function = self.const(measure.function)
        args = [self.code(arg) for arg in node.args]
        if any(isinstance(arg, nodes.Path) and len(arg.parts) > 1 for arg in node.args):
            kinds = self.const([_PYTHON[type(kind)] for _, kind, _ in measure.params])
            return f"{self.const(_measured)}({function}, {kinds}, {', '.join(args)})"
        guards = [
            f"{code} is None"
            for code, arg in zip(args, node.args, strict=True)
            if isinstance(arg, nodes.Path)
        ]
        call = f"{function}({', '.join(args)})"
        return f"(None if {' or '.join(guards)} else {call})" if guards else call

    def _compare(self, node: nodes.Cmp) -> str:
        if not node.guard:
            return f"({self._side(node.left)} {node.op} {self._side(node.right)})"
        left, right = self.code(node.left), self.code(node.right)
        op = node.op
        if op in {"within", "not within"}:
            word = "" if op == "within" else "not "
            return f"({word}{self.const(_within)}({left}, {right}))"
        if op in {"in", "not in"}:
            return f"({self.const(_member)}({left}, {right}, {op == 'in'}))"
        return f"({self.const(_ORDER[op])}({left}, {right}))"

    def _side(self, node: nodes.Typed) -> str:
        """A side of `==`: there a list is a list, not a set of members."""
        if isinstance(node, nodes.Const) and isinstance(node.value, list):
            return self.const(node.value)
        return self.code(node)


def _rank(table: dict[str, int], value: Any) -> int | None:
    return table.get(value) if isinstance(value, str) else None


_PYTHON = {types.Text: str, types.Int: int, types.Bp: int, types.Bool: bool, types.List: list}


def _measured(function: Callable[..., Any], kinds: list[type], *args: Any) -> Any:
    """A measure of values from inside a contract; null where one of them is of another kind."""
    if all(isinstance(arg, kind) for arg, kind in zip(args, kinds, strict=True)):
        return function(*args)
    return None


def _member(part: Any, whole: Any, wanted: bool) -> bool:  # noqa: FBT001 - generated calls are positional
    if whole is None or isinstance(whole, str):
        return False
    try:
        return (part in whole) is wanted
    except TypeError:
        return not wanted


def _within(part: Any, whole: Any) -> bool:
    if part is None or whole is None or isinstance(part, str) or isinstance(whole, str):
        return False
    try:
        known = whole if isinstance(whole, frozenset) else set(whole)
        return all(item in known for item in part)
    except TypeError:
        return _listed(part, whole)


def _listed(part: Any, whole: Any) -> bool:
    """`_within` where the items are lists or records, or a side is no list at all."""
    if not isinstance(part, list | frozenset) or not isinstance(whole, list | frozenset):
        return False
    known = list(whole)
    return all(item in known for item in part)


def _below(a: Any, b: Any) -> bool:
    try:
        return a is not None and b is not None and a < b
    except TypeError:
        return False


def _at_most(a: Any, b: Any) -> bool:
    try:
        return a is not None and b is not None and a <= b
    except TypeError:
        return False


def _above(a: Any, b: Any) -> bool:
    return _below(b, a)


def _at_least(a: Any, b: Any) -> bool:
    return _at_most(b, a)


_ORDER = {"<": _below, "<=": _at_most, ">": _above, ">=": _at_least}


def compile_vector(node: nodes.Typed) -> Vector:
    """The function over columns that an expression means."""
    return _compiled(msgspec.json.encode(node))


@cache
def _compiled(encoded: bytes) -> Vector:
    node = msgspec.json.decode(encoded, type=nodes.Typed)
    writer = _Writer()
    body = writer.code(node)
    names = [f"v{index}" for index in range(len(writer.paths))]
    if names:
        target = ", ".join(names) + ("," if len(names) == 1 else "")
        loop = f"[{body} for {target} in zip(*columns)]"
    else:
        loop = f"[{body}] * rows"
    code = f"lambda columns, rows: {loop}"
    run = eval(code, {"__builtins__": {"zip": zip}, **writer.values})  # noqa: S307 - see the module
    return Vector(tuple(writer.paths), run)
