"""Definitions before and after: what of each is new, gone or changed, and which bump that asks for.

Turns, wordings and rules are numbered. One that moved on because another was put before it is the same.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
import re
from typing import Any

import msgspec

from sftspec.ground.canon import canonical
from sftspec.plan import graph as g
from sftspec.plan.definitions import KINDS, VERSIONED
from sftspec.plan.pins import IDENTIFIED, level_of
from sftspec.snapshot.compare.base import Change
from sftspec.snapshot.compare.edits import runs
from sftspec.snapshot.compare.names import Compared, Names

MAJOR, MINOR, PATCH, NONE = "major", "minor", "patch", "none"
_NUMBERED = re.compile(r"(turn|wording|rule) [0-9]+ ?(.*)")
ORDERLESS = {"phrasing": "wordings", "table": "texts"}
"""What stands in another order and makes no other record."""


def definitions(two: Compared) -> Iterator[Change]:
    """Every change of a prompt, phrasing, schema, table, template, tool or chat."""
    for kind in KINDS:
        a, b = (graph.definitions.get(kind, {}) for graph in two.graphs)
        for change in there(kind, a, b, two.names, lambda one: one.digest):
            major = kind in {"template", "schema", "tool"}
            level = change.bump if major else MINOR
            yield Change(change.rule, level, kind, change.name, change.what)
        if kind in IDENTIFIED:
            yield from identities(kind, two)
        known = two.names.renamed(kind, a)
        for name, one in b.items():
            if name in known:
                yield from _definition(kind, name, known[name], one, two.names)


def there(
    kind: str, a: Mapping[str, Any], b: Mapping[str, Any], names: Names,
    says: Callable[[Any], Any],
) -> Iterator[Change]:  # fmt: skip
    """What is gone, and what is new. One that says what another said may be that one, renamed."""
    known, ousted = names.renamed(kind, a), names.ousted(kind, a)
    gone = {name: canonical(says(one)) for name, one in known.items() if name not in b}
    for name in gone:
        yield Change(f"{kind}-removed", MAJOR, kind, name, "is gone")
    for name, old in ousted.items():
        yield Change(
            f"{kind}-removed", MAJOR, kind, name, f"is gone, what was called {old} has its name"
        )
    for name, one in b.items():
        if name in known:
            continue
        yield Change(f"{kind}-added", MINOR, kind, name, "is new")
        own = canonical(says(one))
        twin = next((old for old, said in gone.items() if said == own), None)
        if twin is not None:
            what = f"is as {twin} was, which is gone; `moved {kind} {twin} to {name}` says that it is the same"
            yield Change("perhaps-moved", NONE, kind, name, what)


def identities(kind: str, two: Compared) -> Iterator[Change]:
    """What makes other ids of its records, though it has its name: a `moved` that is gone, or another."""
    a, b = (_identities(kind, graph) for graph in two.graphs)
    known = two.names.renamed(kind, a)
    for name, now in b.items():
        was = known.get(name, now)
        if was != now:
            what = f"its ids were those of {was}, they are those of {now}"
            yield Change("record-ids", MAJOR, kind, name, what)


def _identities(kind: str, graph: g.Graph) -> dict[str, str]:
    if kind == "source":
        return {name: stage.source.identity for name, stage in graph.sources.items()}
    return {name: stage.template.identity for name, stage in graph.templates().items()}


def _definition(
    kind: str, name: str, a: g.Definition, b: g.Definition, names: Names
) -> Iterator[Change]:
    version = f", v{a.version} → v{b.version}" if a.version != b.version else ""
    if a.digest == b.digest:
        if version and kind in VERSIONED:
            yield Change("version-only", NONE, kind, name, f"has another version{version}")
        return
    for was, now in _apart(kind, a, b):
        if _tags_alone(was, now, a, b, names):
            continue
        level = level_of(kind, _one(was, a), _one(now, b))
        part = now or was or ""
        before, after = a.says.get(was or "", ""), b.says.get(now or "", "")
        how = "is gone" if now is None else "is new" if was is None else "changed"
        if was and now and before == after:
            how = "has the same words and another meaning"
        if kind == "tool" and level == MAJOR and _described_alone(before, after):
            level = MINOR
        yield Change(
            f"{kind}-text",
            level,
            kind,
            name,
            f"{part} {how}{version}",
            before,
            after,
            part=part,
        )
    yield from _order(kind, name, a, b, version)


def _one(part: str | None, of: g.Definition) -> dict[str, str]:
    """One part alone. What two definitions call differently is one part of both."""
    if part is None:
        return {}
    numbered = _NUMBERED.fullmatch(part)
    return {numbered[1] if numbered else part: of.parts[part]}


def _apart(
    kind: str, a: g.Definition, b: g.Definition
) -> Iterator[tuple[str | None, str | None]]:
    """The parts that differ: what was, and what is in its place."""
    families = dict.fromkeys(filter(None, map(_family, (*a.parts, *b.parts))))
    plain = [part for part in {**b.parts, **a.parts} if not _family(part)]
    for part in plain:
        if a.parts.get(part) != b.parts.get(part):
            yield (part if part in a.parts else None), (part if part in b.parts else None)
    for family in families:
        yield from _numbered(kind, family, a, b)


def _family(part: str) -> str:
    found = _NUMBERED.fullmatch(part)
    return found[1] if found else ""


def _numbered(
    kind: str, family: str, a: g.Definition, b: g.Definition
) -> Iterator[tuple[str | None, str | None]]:
    """Turns, wordings or rules that have no equal on the other side, side by side where they replace."""
    left, right = ([p for p in one.parts if _family(p) == family] for one in (a, b))
    if kind in ORDERLESS:
        there = Counter(a.parts[p] for p in left) & Counter(b.parts[p] for p in right)
        left, right = _without(left, a, there), _without(right, b, there)
    for run in runs([a.parts[p] for p in left], [b.parts[p] for p in right]):
        if not run.same:
            yield from _paired(left[run.start : run.end], right[run.first : run.last])


def _without(parts: list[str], of: g.Definition, there: Counter[str]) -> list[str]:
    left, found = Counter(there), []
    for part in parts:
        if left[of.parts[part]]:
            left[of.parts[part]] -= 1
        else:
            found.append(part)
    return found


def _paired(left: list[str], right: list[str]) -> Iterator[tuple[str | None, str | None]]:
    """Each with the next of the same role; the rest alone."""
    open_ = list(left)
    for now in right:
        was = next((one for one in open_ if _role(one) == _role(now)), None)
        if was is not None:
            open_.remove(was)
        yield was, now
    for was in open_:
        yield was, None


def _role(part: str) -> str:
    found = _NUMBERED.fullmatch(part)
    return found[2] if found else ""


def _tags_alone(
    was: str | None, now: str | None, a: g.Definition, b: g.Definition, names: Names
) -> bool:
    """Whether tags differ by the name of a facet alone, which has moved."""
    if not was == now == "tags" or not names.of("facet"):
        return False
    old = tag_lines(a, names)
    return old == tag_lines(b, names)


def tag_lines(one: g.Definition, names: Names) -> dict[str, str]:
    """What a template says of each facet, by its name of now."""
    lines = (line.partition(" = ") for line in one.says.get("tags", "").split("\n") if line)
    return {names.now("facet", facet): said for facet, _, said in lines}


def _described_alone(before: str, after: str) -> bool:
    """Whether two tools differ in their descriptions alone."""
    try:
        one, other = (_bare(msgspec.json.decode(text)) for text in (before, after))
    except (msgspec.MsgspecError, RecursionError):
        return False
    return bool(one == other)


def _bare(schema: Any) -> Any:
    """A JSON Schema without its descriptions; a parameter may well be called so."""
    if isinstance(schema, list):
        return [_bare(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    fields = schema.get("properties")
    bare = {
        name: _bare(value)
        for name, value in schema.items()
        if name != "description" or not isinstance(value, str)
    }
    if isinstance(fields, dict):
        bare["properties"] = {name: _bare(field) for name, field in fields.items()}
    return bare


def _order(
    kind: str, name: str, a: g.Definition, b: g.Definition, version: str
) -> Iterator[Change]:
    """Parts that both have and that stand in another order."""
    if kind in ORDERLESS:
        there = Counter(a.parts.values()) & Counter(b.parts.values())
        left, right = ([d for d in one.parts.values() if there[d]] for one in (a, b))
        if len(set(left)) == len(left) and left != right:
            what = f"its {ORDERLESS[kind]} stand in another order"
            yield Change(f"{kind}-text", PATCH, kind, name, what + version, part="order")
        return
    one, other = ([p for p in x.parts if p in a.parts and p in b.parts] for x in (a, b))
    if one != other:
        what = "its fields stand in another order"
        yield Change(f"{kind}-text", MINOR, kind, name, what + version, part="order")
