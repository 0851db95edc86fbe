"""A sound file to its tree, by Lark's tables and without Lark.

Lark makes the tables (`grammar.py`) and reads what is not sound, because it can say what could
stand where. To read a sound file takes a scanner and the shift-reduce loop below, which spares
every `check` the import of Lark and most of its time per token. A test holds the two readers'
trees against each other.
"""

from functools import cache
import re
from typing import Any

from sftspec.ground.text import SpecText
from sftspec.syntax.build import Builder
from sftspec.syntax.tables import saved
from sftspec.syntax.tree import Entry

_SKIP = {"COMMENT", "__IGNORE_0", "__IGNORE_1"}
_OPEN = {"LPAR", "LSQB", "LBRACE"}
_CLOSE = {"RPAR", "RSQB", "RBRACE"}


class Token(str):
    """A terminal's text with its name and place."""

    __slots__ = ("end_pos", "start_pos", "type")
    type: str
    start_pos: int
    end_pos: int


class _Inline(list[Any]):
    """Children of a rule whose name begins with `_`: they become its parent's."""


class _Rule:
    def __init__(self, data: dict[str, Any], builder: Builder) -> None:
        self.origin: str = data["origin"]["name"]
        self.size = len(data["expansion"])
        name = data["alias"] or self.origin
        self.make = None if self.origin.startswith("_") else getattr(builder, name)


class _Tables:
    """What `grammar/tables.json` holds, ready for the loop. None of it where it is out of date."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.builder = Builder()
        memo = data["memo"]
        parser = data["data"]["parser"]
        tables = parser["parser"]
        names = tables["tokens"]
        rules: dict[int, _Rule] = {}
        self.actions: dict[int, dict[str, tuple[int | None, _Rule | None]]] = {}
        for state, row in tables["states"].items():
            found: dict[str, tuple[int | None, _Rule | None]] = {}
            for token, (kind, arg) in row.items():
                if kind == 0:
                    found[names[token]] = (arg, None)
                else:
                    at = arg["@"]
                    if at not in rules:
                        rules[at] = _Rule(memo[str(at)], self.builder)
                    found[names[token]] = (None, rules[at])
            self.actions[int(state)] = found
        self.start: int = tables["start_states"]["start"]
        self.end: int = tables["end_states"]["start"]
        terminals = [memo[str(one["@"])] for one in parser["lexer_conf"]["terminals"]]
        terminals.sort(key=lambda t: (-t["priority"], -len(t["pattern"]["value"]), t["name"]))
        self.scan = re.compile("|".join(f"(?P<{t['name']}>{_pattern(t)})" for t in terminals))


def _pattern(terminal: dict[str, Any]) -> str:
    value: str = terminal["pattern"]["value"]
    return re.escape(value) if terminal["pattern"]["__type__"] == "PatternStr" else value


@cache
def _tables() -> _Tables | None:
    data = saved()
    return None if data is None else _Tables(data)


def read(text: SpecText) -> tuple[Entry, ...] | None:
    """The entries of a sound file; None where the other reader must say what is wrong.

    Raises `Malformed` where an atom's spelling is wrong.
    """
    tables = _tables()
    if tables is None:
        return None
    tables.builder.spec = text
    tokens = _tokens(tables.scan, text.text)
    return None if tokens is None else _reduce(tables, tokens)


def _tokens(scan: re.Pattern[str], source: str) -> list[Token] | None:
    """The tokens that count: no white space, no comments, no newlines inside ( or [."""
    found: list[Token] = []
    open_: list[str] = []
    match = scan.scanner(source).match  # type: ignore[attr-defined]
    end = 0
    while piece := match():
        kind = piece.lastgroup
        end = piece.end()
        if kind in _SKIP:
            continue
        if kind == "_NL":
            if open_ and open_[-1] != "LBRACE":
                continue
        elif kind in _OPEN:
            open_.append(kind)
        elif kind in _CLOSE and open_:
            open_.pop()
        token = Token(piece[0])
        token.type, token.start_pos, token.end_pos = kind, piece.start(), end
        found.append(token)
    return found if end == len(source) else None


def _reduce(tables: _Tables, tokens: list[Token]) -> tuple[Entry, ...] | None:
    """The shift-reduce loop of an LALR parser (Aho, Sethi and Ullman 1986, algorithm 4.7)."""
    actions = tables.actions
    states = [tables.start]
    values: list[Any] = []
    stop = Token("")
    stop.type = "$END"
    for token in [*tokens, stop]:
        kind = token.type
        while True:
            action = actions[states[-1]].get(kind)
            if action is None:
                return None
            shift, rule = action
            if rule is None:
                states.append(shift)  # type: ignore[arg-type]
                values.append(token)
                break
            if rule.size == 1 and rule.make is None:  # stands for its one child
                states.pop()
                states.append(actions[states[-1]][rule.origin][0])  # type: ignore[arg-type]
                continue
            _apply(rule, states, values, actions)
            if kind == "$END" and states[-1] == tables.end:
                result: tuple[Entry, ...] = values[-1]
                return result
    return None


def _apply(rule: _Rule, states: list[int], values: list[Any], actions: Any) -> None:
    size = rule.size
    children: list[Any] = []
    if size:
        for child in values[-size:]:
            if type(child) is _Inline:
                if children:
                    children.extend(child)
                else:
                    children = child  # grows in place: a list of n is not copied n times
            else:
                children.append(child)
        del values[-size:]
        del states[-size:]
    if rule.make is not None:
        values.append(rule.make(children))
    else:
        values.append(children if type(children) is _Inline else _Inline(children))
    states.append(actions[states[-1]][rule.origin][0])
