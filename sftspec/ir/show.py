"""Bodies and types as an author wrote them, near enough to be read beside one another."""

from sftspec.expr import types
from sftspec.expr.show import quoted
from sftspec.ir import body as b


def show_body(body: b.Body) -> str:
    """A body: the author's text, and data between braces."""
    match body:
        case b.Pieces(pieces=pieces):
            return "".join(map(_piece, pieces))
        case b.Program(source=source):
            return source
        case b.Choice(path=path, bodies=bodies):
            head = f"by {'.'.join(path)}:"
            return "\n".join([head, *(f"{value}: {show_body(one)}" for value, one in bodies)])


def _piece(piece: b.Piece) -> str:
    match piece:
        case b.Lit(text=text):
            return text
        case b.Value(path=path, filters=filters):
            return _braces(".".join(path), filters)
        case b.Drawn(name=name, filters=filters):
            return _braces(name, filters)
        case b.Lookup(table=table, path=path, filters=filters):
            return _braces(f"{table}[{'.'.join(path)}]", filters)


def _braces(what: str, filters: tuple[b.Filter, ...]) -> str:
    return "{{ " + " | ".join([what, *map(_filter, filters)]) + " }}"


def _filter(one: b.Filter) -> str:
    args = ", ".join(quoted(arg) if isinstance(arg, str) else str(arg) for arg in one.args)
    return f"{one.name}({args})" if one.args else one.name


def show_type(kind: types.Type) -> str:
    """A type with its bounds."""
    match kind:
        case types.Union(arms=arms):
            return " | ".join(map(show_type, arms))
        case types.List(of=of):
            return f"[{show_type(of)}]"
        case types.Text(pattern=pattern, min_chars=least, max_chars=most):
            given = {
                "pattern": pattern and quoted(pattern),
                "min_chars": least,
                "max_chars": most,
            }
            return _bounded("string", given)
        case types.Int(min=least, max=most):
            return _bounded("integer", {"min": least, "max": most})
        case types.Number(min=lowest, max=highest):
            return _bounded("number", {"min": lowest, "max": highest})
        case _:
            return types.say(kind)


def _bounded(word: str, given: dict[str, str | int | None]) -> str:
    said = ", ".join(f"{name} = {value}" for name, value in given.items() if value is not None)
    return f"{word}({said})" if said else word
