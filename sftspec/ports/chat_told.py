"""What chat templates of others may ask for: names of theirs, JSON as Python spells it, the declared date."""

from datetime import date as Date  # noqa: N812 - a type
from functools import cache
import re
from typing import Any

from jinja2.exceptions import SecurityError, TemplateError
from jinja2.utils import Namespace

from sftspec.ports.chats_kit import tojson

_WIDE = 100
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Untold(Exception):  # noqa: N818 - the record is rejected
    """A template asks for the clock, or prints what has no fixed spelling."""


class Names(Namespace):
    """A namespace without private names."""

    def __init__(*args: Any, **kwargs: Any) -> None:  # `self` may be a name in it
        for name in dict(*args[1:], **kwargs):
            _public(name)
        Namespace.__init__(*args, **kwargs)

    def __setitem__(self, name: str, value: Any) -> None:
        _public(name)
        super().__setitem__(name, value)


def _public(name: Any) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(f"a namespace has no private name such as {name!r}")


class Dict:
    """`dict(…)` and `dict.fromkeys(…)`."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(*args, **kwargs)

    def fromkeys(self, *args: Any) -> dict[Any, Any]:
        """A dict of keys with one value."""
        return dict.fromkeys(*args)


def refuse(message: Any) -> None:
    """`raise_exception`: the template's own refusal."""
    raise TemplateError(str(message))


def spelled(value: Any, how: tuple[Any, ...]) -> str:
    """JSON as Python's own module spells it."""
    ensure_ascii, indent, separators, sort_keys = how
    if isinstance(indent, int) and not 0 < indent <= _WIDE:
        raise Untold(f"it writes JSON with an indent of {indent}")
    if separators is not None or isinstance(indent, str):
        text = _by_hand(value, separators or (",", ": "), indent)
    else:
        text = tojson(_sorted(value) if sort_keys else value, indent or 0)
    return "".join(map(_ascii, text)) if ensure_ascii else text


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, (list, tuple)) else value


def _by_hand(value: Any, separators: tuple[str, str], indent: Any) -> str:
    """JSON in one line, with separators of the template's own."""
    if indent is not None:
        raise Untold("it writes JSON with separators and an indent")
    comma, colon = separators
    if isinstance(value, dict):
        pairs = [
            f"{tojson(str(key))}{colon}{_by_hand(item, separators, None)}"
            for key, item in value.items()
        ]
        return f"{{{comma.join(pairs)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{comma.join(_by_hand(item, separators, None) for item in value)}]"
    return tojson(value)


def _ascii(sign: str) -> str:
    """A character as JSON escapes it."""
    if sign.isascii() and sign != "\x7f":
        return sign
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


@cache
def date_as(said: str, form: str) -> str:
    """The date that a chat declares, in a template's format. Raises Untold where it cannot answer."""
    day = _day(said)
    if day is None:
        raise Untold(f"it asks for today's date, and `{said}` is none that can be read")
    month, weekday = _MONTHS[day.month - 1], _DAYS[day.weekday()]
    known = {
        "%Y": f"{day.year:04d}", "%y": f"{day.year % 100:02d}", "%m": f"{day.month:02d}",
        "%d": f"{day.day:02d}", "%-d": f"{day.day}", "%-m": f"{day.month}", "%e": f"{day.day:2d}",
        "%B": month, "%b": month[:3], "%h": month[:3], "%A": weekday, "%a": weekday[:3],
        "%j": f"{day.timetuple().tm_yday:03d}", "%%": "%",
        "%F": day.isoformat(), "%D": f"{day.month:02d}/{day.day:02d}/{day.year % 100:02d}",
    }  # fmt: skip

    def one(found: re.Match[str]) -> str:
        if found[0] not in known:
            raise Untold(f"it asks the clock for `{found[0]}`, which a date does not say")
        return known[found[0]]

    return re.sub(r"%-?.?", one, form, flags=re.DOTALL)


def _day(said: str) -> Date | None:
    """A date as `26 Jul 2024`, `26 July 2024`, `July 26, 2024` or `2024-07-26`."""
    words = re.findall(r"\w+", said)
    if len(words) != 3:
        return None
    if words[0].isalpha():
        words = [words[1], words[0], words[2]]
    elif len(words[0]) == 4:
        words = words[::-1]
    try:
        return Date(int(words[2]), _month(words[1]), int(words[0]))
    except ValueError:
        return None


def _month(word: str) -> int:
    names = [name for name in _MONTHS if word in {name, name[:3]}]
    return _MONTHS.index(names[0]) + 1 if names else int(word)
