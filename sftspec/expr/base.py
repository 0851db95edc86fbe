"""The shelves of measures and tallies: one file, one function or class; no list to edit.

A measure is a pure function of values; its signature is its type. A tally is a frozen struct
with `of` (what one record adds), `merge` (associative, commutative) and `value`.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from importlib import import_module
from inspect import Parameter, signature
from typing import Annotated, Any, ClassVar, get_args, get_origin

from msgspec import Struct

from sftspec.expr import types
from sftspec.ground.shelf import modules

Pattern = Annotated[str, "pattern"]
Percentage = Annotated[int, "percent"]
_TYPES: dict[Any, types.Type] = {
    str: types.Text(),
    int: types.Int(),
    bool: types.Bool(),
    Percentage: types.Bp(),
    Pattern: types.Text(),
    list[str]: types.List(types.Text()),
}


class Measure(Struct, frozen=True):
    """A measure as the checker sees it."""

    name: str
    function: Callable[..., Any]
    params: tuple[tuple[str, types.Type, bool], ...]
    defaults: tuple[tuple[str, Any], ...]
    result: types.Type
    patterns: tuple[str, ...]
    help: str

    @property
    def usage(self) -> str:
        """How it is called."""
        known = dict(self.defaults)
        words = [
            f"{name} = {known[name]}" if name in known else name.upper()
            for name, _, _ in self.params
        ]
        return f"{self.name}({', '.join(words)})"


class Tally(Struct, frozen=True):
    """What a tally declares: `takes` says what stands in its brackets.

    `nothing`, `condition`, `number` or `coverage`. `result`: `count`, `percent` or `number`.
    """

    takes: ClassVar[str] = "condition"
    result: ClassVar[str] = "count"

    def start(self) -> Any:
        """The total of no records."""
        raise NotImplementedError

    def of(self, values: Sequence[Any]) -> Any:
        """The total of some records' values."""
        raise NotImplementedError

    def merge(self, left: Any, right: Any) -> Any:
        """The total of two totals' records."""
        raise NotImplementedError

    def value(self, total: Any) -> "int | Fraction | None":
        """What a gate compares, exactly; None where there was nothing to measure."""
        raise NotImplementedError

    def parts(self, total: Any) -> dict[str, int | Fraction]:
        """What the value is made of, by name: `matched` and `of` of a rate."""
        raise NotImplementedError


class Share(Tally, frozen=True):
    """A tally of truth values: how many there are, and of how many.

    `hits`: what those that hold are called.
    """

    hits: ClassVar[str] = "matched"

    def start(self) -> tuple[int, int]:
        return (0, 0)

    def of(self, values: Sequence[Any]) -> tuple[int, int]:
        return (sum(map(bool, values)), len(values))

    def counted(self, hits: int, size: int) -> tuple[int, int]:
        """The total of `size` records of which `hits` hold."""
        return (hits, size)

    def merge(self, left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
        return (left[0] + right[0], left[1] + right[1])

    def value(self, total: tuple[int, int]) -> int | Fraction | None:
        return Fraction(*total) if total[1] else None

    def parts(self, total: tuple[int, int]) -> dict[str, int | Fraction]:
        return {self.hits: total[0], "of": total[1]}


@cache
def measures() -> dict[str, Measure]:
    """Every measure by name."""
    found: dict[str, Measure] = {}
    for name in modules("sftspec.expr.measures"):
        module = import_module(f"sftspec.expr.measures.{name}")
        found[name] = _measure(name, getattr(module, name))
    return found


@cache
def tallies() -> dict[str, Tally]:
    """Every tally by name."""
    found: dict[str, Tally] = {}
    for name in modules("sftspec.expr.tallies"):
        module = import_module(f"sftspec.expr.tallies.{name}")
        kind = getattr(module, name.capitalize())
        found[name] = kind()
    return found


def _measure(name: str, function: Callable[..., Any]) -> Measure:
    params, defaults, patterns = [], [], []
    shape = signature(function)
    for param in shape.parameters.values():
        optional = param.default is not Parameter.empty
        params.append((param.name, _TYPES[param.annotation], optional))
        if optional:
            defaults.append((param.name, param.default))
        if param.annotation == Pattern:
            patterns.append(param.name)
    return Measure(
        name,
        function,
        tuple(params),
        tuple(defaults),
        _TYPES[shape.return_annotation],
        tuple(patterns),
        (function.__doc__ or "").strip(),
    )


def is_percentage(annotation: Any) -> bool:
    """Whether a measure's annotation means basis points."""
    return get_origin(annotation) is Annotated and "percent" in get_args(annotation)
