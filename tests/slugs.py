"""Every slug that the code can say, found by reading it.

`Said.kind`: `diagnostic` (a report's error or warning), `fault`, `rejection` (why a row or a
candidate is set aside) or `finding` (what `verify` says of a file, and what stands between a
version and its freeze).
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
import re

ROOT = Path(__file__).resolve().parents[1]
SLUG = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
CLASSES = {
    "Malformed": "diagnostic",
    "Fault": "fault",
    "Misuse": "fault",
    "Misshapen": "rejection",
    "Wrong": "finding",
    "Blocker": "finding",
    "Broken": "rejection",
    "CannotSay": "unsaid",
}
REPORTS = {"error": "diagnostic", "warn": "diagnostic"}
PLACES = {
    "Problem": 0,
    "fail": 2,
    "refuse": 1,
    "Settle": 1,
    "_line": 0,
}  # rejections: which argument
FORWARDED = {"slug", "reason"}  # names whose values are read where they are given


@dataclass(frozen=True)
class Said:
    slug: str
    kind: str
    room: str
    where: str


def sources() -> dict[str, str]:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for path in sorted((ROOT / "sftspec").rglob("*.py"))
    }


def said(house: Mapping[str, str]) -> list[Said]:
    """Raises ValueError where a slug cannot be read off the code."""
    kinds = sorted({kind for text in house.values() for kind in looked_up(text)})
    found = []
    for path, text in house.items():
        room = path.split("/")[1].removesuffix(".py")
        for slug, kind, line in said_in(ast.parse(text), room, kinds):
            found.append(Said(slug, kind, room, f"{path}:{line}"))
    return found


def looked_up(text: str) -> Iterator[str]:
    """The kinds that `world.get(kind, name, span)` is asked for."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and name_of(node.func) == "get" and len(node.args) == 3:
            yield from constants(node.args[0])


def said_in(tree: ast.AST, room: str, kinds: list[str]) -> Iterator[tuple[str, str, int]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call():
                yield from called(node, room, kinds)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in FORWARDED:
                kind = "rejection" if name == "reason" else "diagnostic"
                kind = "fault" if room == "ports" else kind
                yield from ((slug, kind, node.lineno) for slug in constants(value))
            case ast.Tuple():
                yield from pair(node, room)
            case ast.Constant(value=str(text)):
                printed = re.findall(r"(?:error|fault)\[([a-z-]+)\]", text)
                yield from ((slug, "fault", node.lineno) for slug in printed)


def called(node: ast.Call, room: str, kinds: list[str]) -> Iterator[tuple[str, str, int]]:
    name, args = name_of(node.func), node.args
    told = isinstance(node.func, ast.Attribute) and name in REPORTS
    if args and (told or name in CLASSES):
        kind = REPORTS[name] if told else CLASSES[name]
        yield from ((slug, kind, node.lineno) for slug in slugs_of(args[0], kinds))
    elif args and isinstance(node.func, ast.Name) and name == "say":
        # `say = report.error if locked else report.warn`
        yield from ((slug, "diagnostic", node.lineno) for slug in constants(args[0]))
    elif name in PLACES and len(args) > PLACES[name] and (name != "Problem" or room == "ports"):
        # a line that drops gives the reason `screened`
        given = [slug for slug in constants(args[PLACES[name]]) if slug != "drop"]
        yield from ((slug, "rejection", node.lineno) for slug in given)


def pair(node: ast.Tuple, room: str) -> Iterator[tuple[str, str, int]]:
    """`("slug", "what is wrong", …)`, which some functions answer."""
    if room not in {"ir", "stages"}:
        return
    for first, second in pairwise(node.elts):
        text = second.value if isinstance(second, ast.Constant) else ""
        evidence = isinstance(second, ast.JoinedStr) or name_of(second) == "evidence"
        if evidence or (isinstance(text, str) and " " in text):
            for slug in constants(first):
                kind = "rejection" if room == "stages" else "diagnostic"
                yield slug, kind, node.lineno


def slugs_of(node: ast.expr, kinds: list[str]) -> list[str]:
    found = list(constants(node))
    if isinstance(node, ast.JoinedStr):
        head = "".join(str(v.value) for v in node.values if isinstance(v, ast.Constant))
        found = [head + kind for kind in kinds] if head == "unknown-" else []
    handed_on = (
        (isinstance(node, ast.Name) and node.id in FORWARDED)
        or (isinstance(node, ast.Attribute) and node.attr in FORWARDED)
        or (isinstance(node, ast.Subscript) and name_of(node.value) == "problem")
    )
    if not found and not handed_on:
        raise ValueError(f"no slug can be read off `{ast.unparse(node)}`")
    return found


def constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)
    elif isinstance(node, ast.Constant) and SLUG.fullmatch(str(node.value)):
        yield str(node.value)


def name_of(node: ast.expr) -> str:
    return getattr(node, "attr", None) or getattr(node, "id", "")
