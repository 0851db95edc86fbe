"""The parser: Lark's LALR tables, loaded from `grammar/tables.json` or made from the grammar.

Making the tables takes ten times as long as loading them, so they are kept beside the grammar
with its digest; where the digest differs they are made anew. `python -m sftspec.syntax.grammar`
writes them. (Lark's own cache is a pickle at a predictable path and is not used.)
"""

from collections.abc import Iterator
from typing import Any

from lark import Lark, Token
import msgspec

from sftspec.syntax.build import Builder
from sftspec.syntax.tables import folder, grammar_digest, saved

_OPEN = {"LPAR", "LSQB", "LBRACE"}
_CLOSE = {"RPAR", "RSQB", "RBRACE"}


class Newlines:
    """Drops newlines while the innermost open bracket is ( or [ (a Lark postlexer)."""

    always_accept = ("_NL",)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """Tokens in, the ones that count out."""
        stack: list[str] = []
        for token in stream:
            kind = token.type
            if kind == "_NL":
                if stack and stack[-1] != "LBRACE":
                    continue
            elif kind in _OPEN:
                stack.append(kind)
            elif kind in _CLOSE and stack:
                stack.pop()
            yield token


def load(builder: Builder) -> Lark:
    """A parser whose rules call the builder's methods."""
    found = saved()
    if found is None:
        return make(transformer=builder, postlex=Newlines())
    parser = found["data"]["parser"]["parser"]
    parser["states"] = {
        int(state): {int(token): action for token, action in actions.items()}
        for state, actions in parser["states"].items()
    }
    parser["tokens"] = {int(key): name for key, name in parser["tokens"].items()}
    memo = {int(key): value for key, value in found["memo"].items()}
    lark: Lark = Lark._load_from_dict(  # type: ignore[no-untyped-call]  # noqa: SLF001 - the public `load` takes only a pickle
        found["data"], memo, transformer=builder, postlex=Newlines()
    )
    return lark


def make(**options: Any) -> Lark:
    """The parser, made from the grammar files."""
    return Lark.open(
        str(folder() / "sft.lark"),
        parser="lalr",
        keep_all_tokens=True,
        maybe_placeholders=False,
        **options,
    )


def tables() -> bytes:
    """What `tables.json` should hold for the grammar as it stands."""
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    data, memo = make().memo_serialize([TerminalDef, Rule])
    content = {"digest": grammar_digest(folder()), "data": data, "memo": memo}
    return msgspec.json.encode(content, enc_hook=str) + b"\n"


if __name__ == "__main__":
    (folder() / "tables.json").write_bytes(tables())
