"""Chat templates of others, run as transformers runs them, but with bounds: no clock, no files, no chance.

What a template may compute is what Jinja's immutable sandbox lets it. Work and sizes are metered, and
nothing is computed while a template is compiled. What has no fixed spelling, such as a function, is
not printed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from itertools import islice
import re
from typing import Any

from jinja2 import Undefined, nodes
from jinja2.compiler import CodeGenerator
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension, LoopControlExtension
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.parser import Parser
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from sftspec.ports.chat_told import Dict, Names, Untold, date_as, refuse, spelled
from sftspec.ports.segments import CannotSay

MOST_TEXT = 1 << 24
MOST_WORK = 1 << 22
_WIDE = 10_000
_SHORT = 1024
_ITEM = 16
_SHIFT = 8
"""Bytes of text to a step of work, as a power of two."""

_PLAIN = frozenset({str, int, float, bool, type(None), Markup})
_NESTS = (list, tuple, dict)
_LIGHT = frozenset(
    {
        "abs",
        "count",
        "d",
        "default",
        "first",
        "items",
        "last",
        "length",
        "lower",
        "safe",
        "trim",
        "upper",
    }
)
_OF_DICTS = frozenset(dir(dict))
_OF_LOOPS = frozenset({"first", "index", "index0", "last", "length", "revindex", "revindex0"})
_UNTOLD = frozenset({"encode", "expandtabs", "maketrans", "translate"})
_FAILURES = (
    TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError,
    RuntimeError,
)  # fmt: skip


class TooMuch(Exception):  # noqa: N818 - the record is rejected
    """A template asks for more work or text than it may have."""


class _Code(CodeGenerator):
    """Nothing is folded, and texts are joined by the environment."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Any, finalize: Any) -> str:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)

    def visit_Concat(self, node: nodes.Concat, frame: Any) -> None:  # noqa: N802 - Jinja's
        """`a ~ b`."""
        self.write("environment.said((")
        for item in node.nodes:
            self.visit(item, frame)
            self.write(", ")
        self.write("))")

    def visit_Call(self, node: nodes.Call, frame: Any, forward_caller: bool = False) -> None:  # noqa: FBT001, FBT002, N802
        """A call; what a loop is over is counted without a check."""
        if isinstance(node.node, nodes.EnvironmentAttribute) and node.node.name == "counted":
            self.write("environment.counted(")
            self.visit(node.args[0], frame)
            self.write(")")
        else:
            super().visit_Call(node, frame, forward_caller=forward_caller)


class _Generation(Extension):
    """`{% generation %}`: its body is what a call of a macro gives, as in transformers."""

    tags = {"generation"}  # noqa: RUF012 - as the base class has it

    def parse(self, parser: Parser) -> nodes.Node:
        """The block as a call."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        call = self.call_method("generated")
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    def generated(self, caller: Callable[[], str]) -> str:
        """What the block gives."""
        environment: Any = self.environment
        text: str = environment.generated(caller())
        return text


class Sandbox(ImmutableSandboxedEnvironment):
    """Where chat templates are compiled and run. One render at a time."""

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)
    code_generator_class = _Code

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True, lstrip_blocks=True, optimized=False, cache_size=0,
            finalize=self.sayable, extensions=[_Generation, LoopControlExtension],
        )  # fmt: skip
        self.left = MOST_WORK
        self.today = ""
        self.known: tuple[frozenset[int], dict[Any, str]] = (frozenset(), {})
        self.filters = {
            name: function if name in _LIGHT else self.bounded(name, function)
            for name, function in JINJA_FILTERS.items()
        }
        del self.filters["random"]
        self.filters["tojson"] = self.spelled
        del self.globals["lipsum"]
        self.globals |= {
            "raise_exception": refuse, "strftime_now": self.told, "dict": Dict(),
            "namespace": Names,
        }  # fmt: skip
        self.concat = self.joined  # type: ignore[method-assign]

    # work

    def spend(self, steps: int) -> None:
        """Take steps from what is left. Raises TooMuch."""
        self.left -= steps
        if self.left < 0:
            raise TooMuch(f"it does more than {MOST_WORK} steps")

    def weigh(self, size: int) -> None:
        """Take the work of so long a text or list. Raises TooMuch."""
        if size > MOST_TEXT:
            raise TooMuch(f"it makes a text longer than {MOST_TEXT >> 20} MiB")
        self.spend(1 + (size >> _SHIFT))

    def weighed(self, value: Any) -> Any:
        """The value, its size taken."""
        if isinstance(value, (str, list, tuple)):
            self.weigh(len(value) if isinstance(value, str) else _ITEM * len(value))
        return value

    def counted(self, items: Any) -> Any:
        """What a loop is over, its turns taken."""
        if isinstance(items, Undefined) or not isinstance(items, Iterable):
            return items
        if not hasattr(items, "__len__"):
            items = list(islice(items, self.left + 1))
        self.spend(len(items) + 1)
        return items

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None,
        defer_init: bool = False,  # noqa: FBT001, FBT002 - Jinja's
    ) -> str:  # fmt: skip
        for loop in source.find_all(nodes.For):
            attribute = nodes.EnvironmentAttribute("counted")
            loop.iter = nodes.Call(attribute, [loop.iter], [], None, None)
            loop.iter.set_lineno(loop.lineno)
        return super()._generate(source, name, filename, defer_init)

    # values

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As Jinja has it, with a short way to a key of a dict, and to what a loop says."""
        kind = type(obj)
        if kind is dict:
            if attribute in obj and attribute not in _OF_DICTS:
                return obj[attribute]
        elif kind is LoopContext and attribute in _OF_LOOPS:
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """As Jinja has it, with a short way to a text's methods."""
        if isinstance(obj, str):
            return not attr.startswith("_")
        return super().is_safe_attribute(obj, attr, value)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """An operator between values, within bounds."""
        if operator == "+":
            made = left + right
            self.left -= 1
            return made if isinstance(made, str) and len(made) < _SHORT else self.weighed(made)
        if operator == "*":
            self._product(left, right)
        elif operator == "**" and isinstance(left, int) and isinstance(right, int):
            _bits(left.bit_length() * abs(right))
        elif operator == "%" and isinstance(left, str):
            self.fits(left)
            self.sayable(right)
        return self.weighed(super().call_binop(context, operator, left, right))

    def _product(self, left: Any, right: Any) -> None:
        for one, other in ((left, right), (right, left)):
            if isinstance(one, (str, list, tuple)) and isinstance(other, int):
                self.weigh(len(one) * max(other, 0) * (1 if isinstance(one, str) else _ITEM))
        if isinstance(left, int) and isinstance(right, int):
            _bits(left.bit_length() + right.bit_length())

    def fits(self, form: str) -> None:
        """Raises TooMuch where a format may make more than it shows: wide fields, fields in fields."""
        if re.search(r"\d{5}|[*]|\{[^{}]*\{[^{}]", form):
            raise TooMuch("it formats a text with a width that has no bound")

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805, PYI063
        """A call, within bounds. A short way to methods of texts and dicts."""
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, (str, dict)) and not isinstance(owner, Markup):
            kwargs.pop("_loop_vars", None)  # Jinja's own words to functions of a context
            kwargs.pop("_block_vars", None)
            if isinstance(owner, str):
                return __self.weighed(__self.method(owner, __obj, args, kwargs))
            __self.spend(1)
            return __obj(*args, **kwargs)
        __self.spend(1)
        return __self.weighed(super().call(__context, __obj, *args, **kwargs))

    def method(self, owner: str, method: Any, args: Any, kwargs: Any) -> Any:
        """A method of a text, called."""
        name = method.__name__
        if name in _UNTOLD:
            raise Untold(f"it calls `{name}` of a text")
        if any(isinstance(arg, int) and arg > MOST_TEXT for arg in args):
            raise TooMuch("it makes a text too long")
        if name == "replace":
            self._replaced(owner, *args, **kwargs)
        elif name == "join":
            args = (self.parts(*args),)
            self.weigh(sum(map(len, args[0])) + len(owner) * len(args[0]))
        return method(*args, **kwargs)

    def _replaced(self, text: str, old: str, new: str, *_: Any, **__: Any) -> None:
        self.weigh(len(text) + text.count(old) * len(new))

    def parts(self, items: Any) -> list[Any]:
        """What is joined, its turns taken."""
        return list(self.counted(items))

    def wrap_str_format(self, value: Any) -> Any:
        """`format` of a text, within bounds."""
        run = super().wrap_str_format(value)
        if run is None:
            return None

        def bounded(*args: Any, **kwargs: Any) -> Any:
            self.fits(value.__self__)
            self.sayable([*args, *kwargs.values()])
            return self.weighed(run(*args, **kwargs))

        return bounded

    # texts

    def sayable(self, value: Any) -> Any:
        """The value. Raises Untold where it, or what is in it, has no fixed spelling."""
        if value.__class__ in _PLAIN or isinstance(value, (str, Undefined, range)):
            return value
        if not isinstance(value, _NESTS):
            raise Untold(f"it prints a {type(value).__name__}")
        for item in value.items() if isinstance(value, dict) else value:
            self.sayable(item)
        return value

    def said(self, values: tuple[Any, ...]) -> str:
        """`a ~ b`: values as one text."""
        return self.joined([str(self.sayable(value)) for value in values])

    def joined(self, pieces: Iterable[str]) -> str:
        """Pieces as one text."""
        several = list(pieces)
        self.weigh(sum(map(len, several)))
        return "".join(several)

    def generated(self, text: str) -> str:
        """What a block of `generation` gives."""
        return text

    def bounded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A filter that minds the bounds."""

        @wraps(function)  # it keeps what Jinja hands to it first
        def run(*args: Any, **kwargs: Any) -> Any:
            for arg in (*args[1:], *kwargs.values()):
                if isinstance(arg, int) and arg > _WIDE:
                    raise TooMuch(f"`{name}` by {arg}")
            value = args[1] if hasattr(function, "jinja_pass_arg") else args[0]
            args = self.checked(name, value, args)
            return self.weighed(function(*args, **kwargs))

        return run

    def checked(self, name: str, value: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments of a filter, as far as they may be had."""
        if name == "replace":
            self._replaced(str(value), *map(str, args[2:4]))
        elif name == "format":
            self.fits(value)
            self.sayable(args[1:])
        elif name == "string":
            self.sayable(value)
        elif name == "join":
            several = self.parts(value)
            self.sayable(several)
            self.weigh(sum(len(str(one)) for one in several))
            args = (args[0], several, *args[2:])
        return args

    def spelled(
        self, value: Any, ensure_ascii: bool = False, indent: Any = None,  # noqa: FBT001, FBT002
        separators: Any = None, sort_keys: bool = False,  # noqa: FBT001, FBT002 - as in transformers
    ) -> str:  # fmt: skip
        """`tojson`."""
        how = (ensure_ascii, indent, separators and tuple(separators), sort_keys)
        return self.json(value, how)

    def json(self, value: Any, how: tuple[Any, ...]) -> str:
        """A JSON value as text; of values that last (`known`, by their ids) it is kept."""
        lasting, texts = self.known
        if id(value) not in lasting:
            return self.written(value, how)
        key = (id(value), how)
        if key not in texts:
            texts[key] = self.written(value, how)
        return texts[key]

    def written(self, value: Any, how: tuple[Any, ...]) -> str:
        """A JSON value as text."""
        text: str = self.weighed(spelled(value, how))
        return text

    def told(self, form: str) -> str:
        """`strftime_now`: the chat's own date, never the clock."""
        return date_as(self.today, form)

    # running

    def pieces(self, template: Any, names: Mapping[str, Any], today: str) -> Iterator[str]:
        """What a template gives, piece by piece. Raises CannotSay where it fails or may not go on."""
        self.left = MOST_WORK
        self.today = today
        size = 0
        try:
            context = template.new_context({**self.globals, **names}, shared=True)
            for piece in template.root_render_func(context):
                size += len(piece)
                if size > MOST_TEXT:
                    self.weigh(size)
                yield piece
        except TooMuch as why:
            raise CannotSay("template-unbounded", f"the template: {why}") from None
        except Untold as why:
            raise CannotSay("template-untold", f"the template: {why}") from None
        except (RecursionError, MemoryError):
            raise CannotSay("template-unbounded", "the template: it has no end") from None
        except _FAILURES as why:
            said = str(why) or type(why).__name__
            raise CannotSay("template-raised", f"the template says: {said}") from None


def _bits(count: int) -> None:
    """Raises TooMuch where a number would have so many."""
    if count > _SHORT:
        raise TooMuch("it makes a number too large")
