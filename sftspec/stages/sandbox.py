"""Bodies with `if` and `for`: Jinja's sandbox, rows read by subscript, every output marked."""

from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sftspec.ir import body as b
from sftspec.ir.filters import FILTERS, show

MAX_TEXT = 16 * 1024 * 1024


class _Data(str):
    """A text that came from data."""

    __slots__ = ()

    def __str__(self) -> str:
        return self


class Authored(str):
    """A text that the author wrote: a wording, a table's text, a schema."""

    __slots__ = ()


class _Environment(ImmutableSandboxedEnvironment):
    """A dict's dot is a subscript and nothing else, so `row.items` cannot find a method."""

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict):
            return obj.get(attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, dict):
            return obj.get(argument)
        return self.undefined(obj=obj, name=str(argument))


def _finalize(value: Any) -> str:
    if isinstance(value, Authored):
        return str.__str__(value)
    if value is None:
        raise ValueError("a value is null or missing")
    return _Data(show(value))


def _keeping(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that leaves the author's text the author's."""

    def run(value: Any, *args: Any) -> Any:
        out = function(value, *args)
        items = value if isinstance(value, list) else [value]
        if not items or not all(isinstance(item, Authored) for item in items):
            return out
        if isinstance(out, list):
            return [Authored(item) for item in out]
        return Authored(out) if isinstance(out, str) else out

    return run


@cache
def _environment() -> _Environment:
    environment = _Environment(
        undefined=StrictUndefined, finalize=_finalize, keep_trailing_newline=True,
        trim_blocks=True, lstrip_blocks=True, autoescape=False,
    )  # fmt: skip
    environment.filters = {name: _keeping(kind.function) for name, kind in FILTERS.items()}
    environment.filters["json_schema"] = lambda text: text
    environment.globals = {}
    return environment


@cache
def _compiled(source: str) -> Template:
    return _environment().from_string(source)


def run_program(
    body: b.Program,
    row: dict[str, Any],
    drawn: dict[str, str],
    tables: dict[str, dict[str, str]],
) -> tuple[str, list[int]]:
    """The text and its data spans. Raises ValueError where a value has no plain form.

    `drawn`: wordings by name, `Authored` where they read nothing of the row.
    """
    template = _compiled(body.source)
    names: dict[str, Any] = {
        **row,
        **drawn,
        **{
            name: {value: Authored(text) for value, text in tables[name].items()}
            for name in body.tables
        },
        **{name: Authored(text) for name, text in body.schemas},
    }
    pieces: list[str] = []
    spans: list[int] = []
    at = 0
    try:
        context = template.new_context(names)
        for piece in template.root_render_func(context):
            size = len(piece.encode())
            if isinstance(piece, _Data):
                spans.extend((at, at + size))
            pieces.append(piece)
            at += size
            if at > MAX_TEXT:
                return _too_long()
    except (TemplateError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(str(error)) from None
    return "".join(pieces), spans


def _too_long() -> tuple[str, list[int]]:
    raise ValueError(f"the text is longer than {MAX_TEXT >> 20} MiB")
