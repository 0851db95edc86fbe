"""Where rows come from: fields, how a source is read, its licence, and the bytes of its files."""

from collections.abc import Iterator

from sftspec.ir.show import show_type
from sftspec.plan import parts
from sftspec.snapshot.compare.base import Change
from sftspec.snapshot.compare.choice import plain
from sftspec.snapshot.compare.names import Compared, shown
from sftspec.snapshot.compare.told import Source, Told

MAJOR, MINOR, PATCH, NONE = "major", "minor", "patch", "none"
_SHOWN = 3


def sources(two: Compared, tolds: tuple[Told, Told]) -> Iterator[Change]:
    """What is said of sources that both plans have."""
    a = two.names.renamed("source", two.before.graph.sources)
    b = two.after.graph.sources
    for name in (name for name in b if name in a):
        yield from _source(name, a[name].source, b[name].source, two)
        yield from _files(name, a[name].source, two, tolds)


def _source(
    name: str, a: parts.SourcePart, b: parts.SourcePart, two: Compared
) -> Iterator[Change]:
    was, now = ({field.name: field for field in one.fields} for one in (a, b))
    for field in {**was, **now}:
        yield from _field(name, field, (was.get(field), now.get(field)), two)
    for word in ("license", "origin"):
        if getattr(a, word) != getattr(b, word):
            level = MAJOR if word == "license" else MINOR
            what = f"{word} {getattr(a, word)} → {getattr(b, word)}"
            yield Change(f"source-{word}", level, "source", name, what)
    for label, (one, other) in {
        "where": (_conditions(a), _conditions(b)),
        "mends": (_mends(a), _mends(b)),
        "key": (plain(a.key or ("auto",)), plain(b.key or ("auto",))),
        "group": (a.group or "", b.group or ""),
        "joins": (_joins(a, two), _joins(b)),
        "format": (a.format, b.format),
        "each": (plain(a.each or ()), plain(b.each or ())),
        "split": (a.split or "", b.split or ""),
    }.items():
        if one != other:
            level = MAJOR if label == "key" else MINOR
            yield Change("source-reading", level, "source", name, f"{label} changed", one, other, part=label)  # fmt: skip


def _field(
    source: str, name: str, sides: tuple[parts.FieldPart | None, parts.FieldPart | None],
    two: Compared,
) -> Iterator[Change]:  # fmt: skip
    a, b = sides
    if b is None:
        yield Change(
            "input-removed", MAJOR, "source", source, f"field {name} is gone", part="field"
        )
    elif a is None:
        level = MINOR if b.optional else MAJOR
        word = "optional field" if b.optional else "field"
        yield Change(
            "input-added", level, "source", source, f"{word} {name} is new", part="field"
        )
    else:  # a facet or schema that changed is said of it
        was, now = (
            show_type(two.names.type(one.type)) + " optional" * one.optional for one in (a, b)
        )
        if was != now:
            what = f"field {name}: {was} → {now}"
            yield Change("input-type", MAJOR, "source", source, what, was, now, part="field")
    if a and b and (a.column, a.of_file, a.json) != (b.column, b.of_file, b.json):
        was, now = ("from json " * one.json + one.column for one in (a, b))
        what = f"field {name} is read otherwise"
        yield Change("source-reading", MINOR, "source", source, what, was, now, part="field")


def _conditions(part: parts.SourcePart) -> str:
    return "\n".join(map(shown, part.where))


def _mends(part: parts.SourcePart) -> str:
    lines = (
        f"set {one.field} = {shown(one.value)}"
        + (f" when {shown(one.when)}" if one.when else "")
        for one in part.sets
    )
    return "\n".join(lines)


def _joins(part: parts.SourcePart, two: Compared | None = None) -> str:
    def now(name: str) -> str:
        return two.names.now("source", name) if two else name

    lines = [
        f"join {now(one.source)} on {one.field} missing {one.missing}" for one in part.joins
    ]
    lines += [f"leave out {now(one.source)} on {one.field}" for one in part.leave_out]
    return "\n".join(lines)


# the files


def files_of(name: str, two: Compared, tolds: tuple[Told, Told]) -> tuple[Source, Source]:
    """What both manifests say of a source, by its name of now."""
    old = two.names.old("source", name, tolds[0].sources)
    return tolds[0].sources.get(old, Source()), tolds[1].sources.get(name, Source())


def _files(
    name: str, part: parts.SourcePart, two: Compared, tolds: tuple[Told, Told]
) -> Iterator[Change]:
    one, other = files_of(name, two, tolds)
    a, b = one.digests, other.digests
    here, there = set(a.values()), set(b.values())
    olds = [path for path in a if a[path] in there and b.get(path) != a[path]]
    news = [path for path in b if b[path] in here and a.get(path) != b[path]]
    if olds and news:
        what = f"{_listed(olds)} is {_listed(news)} now, the same bytes"
        read = any(field.of_file for field in part.fields)
        rule, level = ("source-rows", MINOR) if read else ("source-files", NONE)
        texts = ("\n".join(olds), "\n".join(news))
        yield Change(rule, level, "source", name, what, *texts, part="files")
    if sorted(a.values()) != sorted(b.values()):
        said = [path for path in b if b[path] not in here] + [
            path for path in a if path not in b and a[path] not in there
        ]
        what = f"other bytes in {_listed(said or news or olds)}; rows {one.read} → {other.read}"
        level = PATCH if _same_records(two) else MINOR
        texts = (str(one.read), str(other.read))
        yield Change("source-rows", level, "source", name, what, *texts, part="rows")


def _listed(paths: list[str]) -> str:
    return ", ".join(paths[:_SHOWN]) + (" …" if len(paths) > _SHOWN else "")


def _same_records(two: Compared) -> bool:
    """Whether both hold the same records in the same numbers, as far as their papers tell."""
    a, b = two.before.manifest, two.after.manifest
    return a.root == b.root and a.distribution == b.distribution
