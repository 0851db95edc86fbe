"""Texts that know where they come from, and a sandbox that keeps it so: which piece is whose, exactly.

A mark is a number: 0 is the template's own, others are fields of data. What a text's marks cannot
be carried through is marked as the one field that it was made of, or as UNCLEAR.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any, Self, SupportsIndex

from markupsafe import Markup

from sftspec.ports.chat_sandbox import Sandbox

OWN, UNCLEAR = 0, -1
GENERATED = 1 << 32
"""Beside a mark: a block of `generation` gave it."""

Runs = tuple[tuple[int, int], ...]
"""Length and mark of each run."""

_CLEAR = frozenset(
    {
        *(
            "abs",
            "attr",
            "batch",
            "count",
            "d",
            "default",
            "dictsort",
            "first",
            "float",
            "groupby",
        ),
        *("int", "items", "last", "length", "list", "lower", "map", "max", "min", "reject"),
        *("rejectattr", "replace", "reverse", "round", "select", "selectattr", "slice", "sort"),
        *("sum", "trim", "unique", "upper", "wordcount", "capitalize"),
    }
)
"""Filters that leave marks where they are, by the methods of texts."""


class Marked(str):
    """A text and its marks."""

    __slots__ = ("_runs",)
    _runs: Runs

    def __new__(cls, text: str = "") -> Self:
        """A text of which nothing is known."""
        found = str.__new__(cls, text)
        found._runs = ((len(found), UNCLEAR),)  # noqa: SLF001 - its own
        return found

    def __str__(self) -> str:
        return self

    def __add__(self, other: Any) -> Any:
        if type(other) is str:
            runs: Runs = (*self._runs, (len(other), OWN)) if other else self._runs
        elif isinstance(other, str):
            runs = self._runs + runs_of(other)
        else:
            return NotImplemented
        return _made(str.__add__(self, other), runs)

    def __radd__(self, other: Any) -> Any:
        if not isinstance(other, str):
            return NotImplemented
        return _made(str.__add__(other, self), runs_of(other) + self._runs)

    def __mul__(self, times: SupportsIndex) -> "Marked":
        return _made(str.__mul__(self, times), self._runs * max(times.__index__(), 0))

    __rmul__ = __mul__

    def __mod__(self, values: Any) -> "Marked":
        return mark(str.__mod__(self, values), mixed((self, values)))

    def __iter__(self) -> Iterator["Marked"]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, key: Any) -> "Marked":
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step == 1:
                return self._cut(start, max(stop, start))
            return joined([self[at] for at in range(start, stop, step)])
        if not isinstance(key, int):
            raise TypeError("string indices must be integers")
        at = key + len(self) if key < 0 else key
        if not 0 <= at < len(self):
            raise IndexError("string index out of range")
        return self._cut(at, at + 1)

    def _cut(self, start: int, end: int) -> "Marked":
        """From start to end."""
        if start == 0 and end >= len(self):
            return self
        text = str.__getitem__(self, slice(start, end))
        if len(self._runs) == 1:
            return _made(text, ((len(text), self._runs[0][1]),))
        found, at = [], 0
        for length, whose in self._runs:
            size = min(end, at + length) - max(start, at)
            if size > 0:
                found.append((size, whose))
            at += length
        return _made(text, tuple(found))

    # methods that cut

    def strip(self, chars: str | None = None, /) -> "Marked":
        """As of texts."""
        return self.lstrip(chars).rstrip(chars)

    def lstrip(self, chars: str | None = None, /) -> "Marked":
        """As of texts."""
        return self._cut(len(self) - len(str.lstrip(self, chars)), len(self))

    def rstrip(self, chars: str | None = None, /) -> "Marked":
        """As of texts."""
        return self._cut(0, len(str.rstrip(self, chars)))

    def removeprefix(self, prefix: str, /) -> "Marked":
        """As of texts."""
        return self._cut(len(self) - len(str.removeprefix(self, prefix)), len(self))

    def removesuffix(self, suffix: str, /) -> "Marked":
        """As of texts."""
        return self._cut(0, len(str.removesuffix(self, suffix)))

    def split(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list["Marked"]:  # type: ignore[override]
        """As of texts."""
        return self._parts(str.split(self, sep, maxsplit), sep)

    def rsplit(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list["Marked"]:  # type: ignore[override]
        """As of texts."""
        return self._parts(str.rsplit(self, sep, maxsplit), sep)

    def splitlines(self, keepends: bool = False) -> list["Marked"]:  # type: ignore[override]  # noqa: FBT001, FBT002
        """As of texts."""
        found, at = [], 0
        for whole, part in zip(
            str.splitlines(self, keepends=True), str.splitlines(self, keepends), strict=True
        ):
            found.append(self._cut(at, at + len(part)))
            at += len(whole)
        return found

    def partition(self, sep: str, /) -> tuple["Marked", "Marked", "Marked"]:
        """As of texts."""
        return self._split_at(str.find(self, sep), sep, len(self))

    def rpartition(self, sep: str, /) -> tuple["Marked", "Marked", "Marked"]:
        """As of texts."""
        return self._split_at(str.rfind(self, sep), sep, 0)

    def _split_at(self, at: int, sep: str, none: int) -> tuple["Marked", "Marked", "Marked"]:
        start, end = (none, none) if at < 0 else (at, at + len(sep))
        return self._cut(0, start), self._cut(start, end), self._cut(end, len(self))

    def _parts(self, parts: list[str], sep: str | None) -> list["Marked"]:
        found, at = [], 0
        for part in parts:
            at = str.find(self, part, at) if sep is None else at
            found.append(self._cut(at, at + len(part)))
            at += len(part) + len(sep or "")
        return found

    # methods that put together

    def join(self, items: Iterable[str], /) -> "Marked":
        """As of texts."""
        found: list[str] = []
        for item in items:
            found += [self, item] if found else [item]
        return joined(found)

    def replace(self, old: str, new: str, count: SupportsIndex = -1, /) -> "Marked":
        """As of texts."""
        if not old:
            whole = str.replace(self, old, new, count)
            return mark(whole, mixed((self, new)))
        return marked(new).join(self.split(old, count))

    # methods that change letters

    def _changed(self, text: str) -> "Marked":
        return _made(text, self._runs) if len(text) == len(self) else mark(text, mixed(self))


def _letters(name: str) -> Callable[..., Marked]:
    method = getattr(str, name)

    def run(self: Marked, *args: Any) -> Marked:
        return self._changed(method(self, *args))

    run.__name__ = name
    return run


for _name in (
    *("capitalize", "casefold", "lower", "swapcase", "title", "upper"),
    *("center", "ljust", "rjust", "zfill"),
):
    setattr(Marked, _name, _letters(_name))


def _made(text: str, runs: Runs) -> Marked:
    found = str.__new__(Marked, text)
    found._runs = runs  # noqa: SLF001 - of this module
    return found


def mark(text: str, whose: int) -> Marked:
    """A text of one mark."""
    return _made(text, ((len(text), whose),))


def marked(text: str) -> Marked:
    """A text with the marks that it has; without any it is the template's own."""
    return text if isinstance(text, Marked) else mark(str.__str__(text), OWN)


def runs_of(text: str) -> Runs:
    """Lengths and marks."""
    if type(text) is Marked:
        return text._runs  # noqa: SLF001 - of this module
    return ((len(text), OWN),) if text else ()


def joined(pieces: Iterable[str]) -> Marked:
    """Pieces as one text."""
    several = list(pieces)
    runs = [run for piece in several for run in runs_of(piece)]
    return _made("".join(several), tuple(runs))


def mixed(value: Any) -> int:
    """The mark of what is made of all that a value holds."""
    found = {whose & ~GENERATED if whose > 0 else whose for whose in _marks(value)} - {OWN}
    if not found:
        return OWN
    return found.pop() if len(found) == 1 else UNCLEAR


def _marks(value: Any) -> Iterator[int]:
    if isinstance(value, str):
        yield from (whose for _, whose in runs_of(value))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _marks(key)
            yield from _marks(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _marks(item)


def bare(value: Any) -> Any:
    """A value without marks."""
    if isinstance(value, str):
        return str.__getitem__(value, slice(None))
    if isinstance(value, dict):
        return {bare(key): bare(item) for key, item in value.items()}
    return [bare(item) for item in value] if isinstance(value, (list, tuple)) else value


class Marking(Sandbox):
    """A sandbox in which texts keep their marks. Of what it gives, the marks are in `runs_of`."""

    def __init__(self) -> None:
        super().__init__()
        self.filters["safe"] = lambda value: marked(str(value))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """An operator between values."""
        if operator == "%" and isinstance(left, str):
            left = marked(left)
        return super().call_binop(context, operator, left, right)

    def method(self, owner: str, method: Any, args: Any, kwargs: Any) -> Any:
        """A method of a text, which has marks or is given some."""
        if type(owner) is not Marked:
            method = getattr(marked(owner), method.__name__)
        return super().method(owner, method, args, kwargs)

    def wrap_str_format(self, value: Any) -> Any:
        """`format` of a text."""
        run = super().wrap_str_format(value)
        if run is None:
            return None

        def made(*args: Any, **kwargs: Any) -> Marked:
            return mark(bare(run(*args, **kwargs)), mixed((value.__self__, args, kwargs)))

        return made

    def sayable(self, value: Any) -> Any:
        """The value; a nest of values as a text."""
        value = super().sayable(value)
        if isinstance(value, (list, tuple, dict)):
            return mark(str(value), mixed(value))
        return value

    def joined(self, pieces: Iterable[str]) -> str:
        """Pieces as one text."""
        several = list(pieces)
        self.weigh(sum(map(len, several)))
        return joined(several)

    def generated(self, text: str) -> str:
        """What a block of `generation` gives, marked as such."""
        runs = tuple(
            (size, whose if whose == UNCLEAR else whose | GENERATED)
            for size, whose in runs_of(text)
        )
        return _made(text, runs)

    def bounded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A filter that minds the bounds, and the marks."""
        run = super().bounded(name, function)
        if name in _CLEAR:
            return run
        if name in {"join", "string"}:
            return self._join if name == "join" else self._string

        @wraps(run)
        def mixing(*args: Any, **kwargs: Any) -> Any:
            made = run(*args, **kwargs)
            if isinstance(made, Markup) or type(made) is str:
                return mark(str.__getitem__(made, slice(None)), mixed((args, kwargs)))
            return made

        return mixing

    def _string(self, value: Any) -> Any:
        """`string`."""
        value = self.sayable(value)
        return value if isinstance(value, str) else str(value)

    def _join(self, value: Any, d: str = "", attribute: Any = None) -> Any:
        """`join`."""
        several = self.parts(value)
        if attribute is not None:
            several = [self.getitem(item, attribute) for item in several]
        pieces = [str(self.sayable(item)) for item in several]
        self.weigh(sum(map(len, pieces)) + len(d) * len(pieces))
        return marked(d).join(pieces)

    def written(self, value: Any, how: tuple[Any, ...]) -> str:
        """A JSON value as text, all of it of the field that the value is of."""
        return mark(super().written(bare(value), how), mixed(value))
