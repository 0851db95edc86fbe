"""A transcript: one text whose lines begin with who speaks, `Doctor: …`.

A line without a known speaker goes on with the turn before. One that begins like a speaker (one
word and a colon) and is none of those declared sets the row aside: which words are a role is the
author's to say. A declared name may be several words, in any script.
"""

from functools import lru_cache
import re
from typing import Any

from sftspec.ports.dialogue import Misshapen, Said, spoken

ROLES = {"system": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
_WORD = "[A-Za-z][A-Za-z0-9_]{0,30}"


def messages(value: Any, roles: dict[str, str]) -> list[Said]:
    """The turns of a transcript. Raises Misshapen where it begins with nobody's words."""
    if not isinstance(value, str):
        raise Misshapen("type_error", "wanted a text")
    begins = _speaker(frozenset(roles))
    found: list[tuple[str, list[str]]] = []
    for line in value.replace("\r\n", "\n").split("\n"):
        speaker = begins.match(line)
        name = speaker.group(1) if speaker else None
        role = roles.get(name) if name else "text"
        if role is None:
            raise Misshapen("unknown_role", f"a line begins with {name!r}")
        if role == "text":
            if found:
                found[-1][1].append(line)
            elif line.strip():
                raise Misshapen("unknown_role", "the text begins with nobody's words")
        else:
            found.append((role, [line[speaker.end() :]]))  # type: ignore[union-attr]
    return [
        spoken(role, "\n".join(lines).strip(), at) for at, (role, lines) in enumerate(found, 1)
    ]


@lru_cache(16)
def _speaker(names: frozenset[str]) -> re.Pattern[str]:
    """The beginning of a speaker's line: one of the names, or a word that might be one."""
    known = "|".join(map(re.escape, sorted(names)))
    return re.compile(rf"[ \t]*({known}|{_WORD}):(?=\s|$)")
