"""Two plans to the changes between them, by meaning; each with the policy's rule and bump.

The rules and their levels are those of the project's compatibility policy: what a reader of the
records, of the taxonomy or of the gates relies on is major, other words and other weights are
minor, and what leaves every record as it was is a patch or nothing.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sftspec.snapshot.compare.base import Change
from sftspec.snapshot.compare.chats import token_formats, tokenizers
from sftspec.snapshot.compare.choice import curriculum, mixture, plain, screen, split
from sftspec.snapshot.compare.definitions import definitions, identities, there
from sftspec.snapshot.compare.facets import facets
from sftspec.snapshot.compare.gates import gate_changes
from sftspec.snapshot.compare.names import Compared, called, compared
from sftspec.snapshot.compare.sources import sources
from sftspec.snapshot.compare.told import Told, other_compiler, told
from sftspec.snapshot.opened import Snapshot

MAJOR, MINOR, PATCH, NONE = "major", "minor", "patch", "none"
LARGE = 5
"""A new source with more than so many percent of the records may change what is learnt."""
ROLES = frozenset(("system", "user", "assistant", "tool"))
__all__ = ["called", "changes"]


def changes(before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
    """Every change from one snapshot's meaning to the other's, in the order of a spec.

    Raises Fault where one of them says what no compiler of this version writes.
    """
    two = compared(before, after)
    tolds = told(before), told(after)
    try:
        return tuple(change for part in _PARTS for change in part(two, tolds))
    except RecursionError:
        raise other_compiler(after, "its plan is too deep") from None


def _dataset(two: Compared, _: Any) -> Iterator[Change]:
    a, b = two.graphs
    if a.dataset != b.dataset:
        yield Change("record-ids", MAJOR, "dataset", b.dataset, f"was called {a.dataset}")
    was, now = a.about.get("license"), b.about.get("license")
    if was != now:
        texts = (plain(was), plain(now))
        yield Change(
            "license", MAJOR, "dataset", b.dataset, f"license {' → '.join(texts)}", *texts
        )
    yield from _allowed(two)
    if a.about.get("seed") != b.about.get("seed"):
        was, now = str(a.about.get("seed")), str(b.about.get("seed"))
        yield Change("seed", MINOR, "seed", "", f"{was} → {now}", was, now)
    for word in sorted({*a.about, *b.about} - {"license", "allow", "seed"}):
        was, now = a.about.get(word), b.about.get(word)
        if was != now:
            yield Change(
                "about", NONE, "dataset", b.dataset, f"{word} changed", plain(was), plain(now)
            )


def _allowed(two: Compared) -> Iterator[Change]:
    """Licences that may be mixed in: one more lets in what was kept out."""
    a, b = (
        [one for one in plain(graph.about.get("allow")).split(", ") if one]
        for graph in two.graphs
    )
    by_default = all(
        plain(graph.about.get("allow")) == plain(graph.about.get("license"))
        for graph in two.graphs
    )
    if set(a) == set(b) or by_default:
        return
    level = MAJOR if set(b) - set(a) else MINOR
    what = f"allow {', '.join(a)} → {', '.join(b)}"
    yield Change(
        "license", level, "dataset", two.after.graph.dataset, what, "\n".join(a), "\n".join(b)
    )


def _facets(two: Compared, _: Any) -> Iterator[Change]:
    yield from facets(two)


def _moves(two: Compared, _: Any) -> Iterator[Change]:
    known = set(two.before.graph.moves)
    for kind, old, new in two.after.graph.moves:
        if (kind, old, new) not in known:
            yield Change("moved", NONE, kind, new, f"was called {old}")


def _definitions(two: Compared, _: Any) -> Iterator[Change]:
    yield from definitions(two)


def _sources(two: Compared, tolds: tuple[Told, Told]) -> Iterator[Change]:
    a, b = (graph.sources for graph in two.graphs)
    for change in there("source", a, b, two.names, _says_of_source):
        large = change.rule == "source-added" and _weight(two, change.name) > LARGE
        yield Change(
            change.rule, change.bump, "source", change.name, change.what, possible=large
        )
    yield from identities("source", two)
    yield from sources(two, tolds)


def _says_of_source(one: Any) -> Any:
    """What a source says beside its names."""
    part = one.source
    return [part.format, part.key, part.group, part.fields, part.sets, part.where, part.license]


def _weight(two: Compared, source: str) -> int:
    """How many percent of the records a source has."""
    parts = two.after.manifest.distribution
    counts = [facets.get("source", {}) for facets in parts.values()]
    whole = sum(sum(one.values()) for one in counts)
    own = sum(one.get(source, 0) for one in counts)
    return own * 100 // max(whole, 1)


def _roles(two: Compared, _: Any) -> Iterator[Change]:
    """Roles that records have now and had not, or had; of a row's own conversation all may be there."""
    sure: list[frozenset[str]] = []
    open_to: list[frozenset[str]] = []
    for graph in two.graphs:
        turns = [turn for stage in graph.renders.values() for turn in stage.template.turns]
        sure.append(frozenset(turn.role for turn in turns if turn.messages is None))
        told = any(turn.messages is not None for turn in turns)
        open_to.append(ROLES if told else sure[-1])
    for role in sorted(sure[1] - open_to[0]):
        yield Change(
            "role-set", MAJOR, "records", "", f"there are {role} turns now", after=role
        )
    for role in sorted(sure[0] - open_to[1]):
        yield Change("role-set", MAJOR, "records", "", f"there are no {role} turns now", role)


def _emits(two: Compared, _: Any) -> Iterator[Change]:
    a, b = ({one.format: one for one in graph.emits} for graph in two.graphs)
    for name in a:
        if name not in b:
            yield Change("format-removed", MAJOR, "emit", name, "is gone")
            continue
        if a[name].profile != b[name].profile:
            what = f"profile {a[name].profile} → {b[name].profile}"
            yield Change("record-shape", MAJOR, "emit", name, what)
        if a[name].calls != b[name].calls:
            had = a[name].calls
            level = MAJOR if had or name == "parquet" else MINOR
            what = "its records know no tools now" if had else "its records may know tools now"
            yield Change("record-shape", level, "emit", name, what)
    for name in b:
        if name not in a:
            yield Change("format-added", MINOR, "emit", name, "is new")


def _tests(two: Compared, _: Any) -> Iterator[Change]:
    """Unit tests of templates: what they ask for changes no record."""
    a = {
        (two.names.now("template", t.template), t.title): (t.row, t.expects)
        for t in two.before.graph.tests
    }
    b = {(t.template, t.title): (t.row, t.expects) for t in two.after.graph.tests}
    for key in {**a, **b}:
        if a.get(key) != b.get(key):
            how = "is new" if key not in a else "changed" if key in b else "is gone"
            yield Change("test", NONE, "test", key[0], f"“{key[1]}” {how}")


def _compiler(_: Compared, tolds: tuple[Told, Told]) -> Iterator[Change]:
    a, b = (one.compiler for one in tolds)
    for word, was, now in (
        ("version", a.version, b.version),
        ("revision", a.revision, b.revision),
    ):
        if was != now:
            yield Change("compiler", PATCH, "compiler", "", f"{word} {was} → {now}")
    old, new = set(a.libraries), set(b.libraries)
    if old != new:
        said = [f"-{one}" for one in sorted(old - new)] + [
            f"+{one}" for one in sorted(new - old)
        ]
        yield Change("compiler", PATCH, "compiler", "", ", ".join(said))


def _gates(two: Compared, _: Any) -> Iterator[Change]:
    yield from gate_changes(*two.graphs)


def _of_plans(
    part: Callable[[Compared], Iterator[Change]],
) -> Callable[[Compared, Any], Iterator[Change]]:
    return lambda two, _: part(two)


_PARTS: tuple[Callable[[Compared, tuple[Told, Told]], Iterator[Change]], ...] = (
    _dataset, _facets, _moves, _definitions, _tests, _sources, _of_plans(screen),
    _of_plans(mixture), _of_plans(curriculum), _of_plans(split), _gates, _roles, _emits,
    _of_plans(token_formats), _of_plans(tokenizers), _compiler,
)  # fmt: skip
