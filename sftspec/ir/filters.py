"""The filters of template bodies: pure functions, each with what it takes and gives."""

from collections.abc import Callable
import re
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.expr import types

MAX_TEXT = 16 * 1024 * 1024
MAX_INDENT = 64
_SENTENCE = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])([\"')\]]*)\s+")
_TEXT = types.Text()
_TEXTS = types.List(types.Text())


class FilterKind(Struct, frozen=True):
    """A filter: its function, how many constants it takes, and its typing.

    `typing` maps the type of what it is applied to, to the type it gives, or None where it
    cannot be applied.
    """

    function: Callable[..., Any]
    typing: Callable[[types.Type], types.Type | None]
    least: int = 0
    most: int = 0
    takes: type = str
    null_ok: bool = False
    said: str = ""

    @property
    def help(self) -> str:
        """What it does."""
        return self.said or (self.function.__doc__ or "").strip()


class TooLong(ValueError):  # noqa: N818 - a text that no one wants, not an error of ours
    """A filter's text is longer than any that is kept."""

    def __init__(self) -> None:
        super().__init__(f"the text is longer than {MAX_TEXT >> 20} MiB")


def _held(size: int) -> None:
    """Raises TooLong for more than `MAX_TEXT` characters."""
    if size > MAX_TEXT:
        raise TooLong


def sentences(text: str) -> list[str]:
    """The sentences of a text: cut at white space behind `.`, `!` or `?`, maybe quoted."""
    text = text.strip()
    found: list[str] = []
    at = 0
    for match in _SENTENCE.finditer(text):
        found.append(text[at : match.end(1)])
        at = match.end()
    return [*found, text[at:]] if text else []


def first_sentence(text: str) -> str:
    """The first sentence, the whole text where there is but one."""
    return next(iter(sentences(text)), "")


def lines(text: str) -> list[str]:
    """The lines of a text that are not blank; a line ends with LF, CR LF or CR."""
    return [line for line in re.split(r"\r\n|\n|\r", text) if line.strip()]


def indent(text: str, width: int = 4) -> str:
    """Every line but the first moved right."""
    return replace(text, "\n", "\n" + " " * min(width, MAX_INDENT))


def replace(text: str, old: str, new: str) -> str:
    """A text with another in the place of each `old`."""
    if len(new) > len(old):
        _held(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


def join(items: list[Any], mark: str = "") -> str:
    """A list as one text."""
    words = [show(item) for item in items]
    _held(sum(map(len, words)) + len(mark) * len(words))
    return mark.join(words)


def bullet(items: list[str]) -> str:
    """A list as lines that begin with `- `."""
    return "\n".join(f"- {show(item)}" for item in items)


def as_json(value: Any) -> str:
    """A value as JSON, its keys in the order they have."""
    text = msgspec.json.encode(value).decode()
    _held(len(text))
    return text


def first(items: Any) -> Any:
    """The first item, or null."""
    return items[0] if items else None


def last(items: Any) -> Any:
    """The last item, or null."""
    return items[-1] if items else None


def show(value: Any) -> str:
    """A value as it stands in a text. Raises ValueError on what has no plain form."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None or isinstance(value, (list, dict)):
        raise ValueError(f"{type(value).__name__} has no plain form")
    return msgspec.json.encode(value).decode()


def default(value: Any, other: str) -> Any:
    """The value, or the other where it is null."""
    return other if value is None else value


def _text_to(result: types.Type) -> Callable[[types.Type], types.Type | None]:
    return lambda kind: result if types.is_text(kind) else None


def _texts_to(result: types.Type) -> Callable[[types.Type], types.Type | None]:
    return lambda kind: result if isinstance(kind, types.List) and printable(kind.of) else None


def _item(kind: types.Type) -> types.Type | None:
    if isinstance(kind, types.List):
        return types.union([kind.of, types.Null()])
    return None


def _length(kind: types.Type) -> types.Type | None:
    return types.Int() if types.is_text(kind) or isinstance(kind, types.List) else None


def _default(kind: types.Type) -> types.Type | None:
    rest = types.without_null(kind) if types.nullable(kind) else kind
    return types.union([rest, types.Text()]) if not isinstance(kind, types.Any) else kind


def printable(kind: types.Type) -> bool:
    """Whether a value of the type can stand in a text as it is."""
    return all(
        isinstance(arm, types.Text | types.Literal | types.Facet | types.Int | types.Number)
        for arm in types.arms(kind)
    )


FILTERS: dict[str, FilterKind] = {
    "bullet": FilterKind(bullet, _texts_to(_TEXT)),
    "default": FilterKind(default, _default, 1, 1, null_ok=True),
    "first": FilterKind(first, _item),
    "first_sentence": FilterKind(first_sentence, _text_to(_TEXT)),
    "indent": FilterKind(indent, _text_to(_TEXT), 0, 1, takes=int),
    "join": FilterKind(join, _texts_to(_TEXT), 0, 1),
    "json": FilterKind(as_json, lambda _: _TEXT, null_ok=True),
    "last": FilterKind(last, _item),
    "length": FilterKind(len, _length, said="Characters of a text, items of a list."),
    "lines": FilterKind(lines, _text_to(_TEXTS)),
    "lower": FilterKind(str.lower, _text_to(_TEXT), said="The text in lower case."),
    "replace": FilterKind(replace, _text_to(_TEXT), 2, 2),
    "sentences": FilterKind(sentences, _text_to(_TEXTS)),
    "trim": FilterKind(str.strip, _text_to(_TEXT), said="Without white space at either end."),
    "upper": FilterKind(str.upper, _text_to(_TEXT), said="The text in upper case."),
}


def apply(value: Any, name: str, args: tuple[str | int, ...]) -> Any:
    """A value through one filter."""
    return FILTERS[name].function(value, *args)
