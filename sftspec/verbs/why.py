"""Say why a record is in a snapshot, or why a row is not: each step from its source to its place.

WHAT is the id of a record or its first six digits or more, the key of a source's row, or FILE:LINE.
What a record's lines measured is told where its source still has the row.
"""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
import sys
from typing import Any

from sftspec.verbs.base import add_root, colours

MOST_TRACED, MOST_OTHERS, NAMES, WIDE = 40, 5, 10, 100
_OFF = "\x1b[0m"
_PAINTS = {"name": "\x1b[1m", "quiet": "\x1b[2m", "good": "\x1b[1;32m", "bad": "\x1b[1;31m"}
_FATES = {"holds": "ok", "fails": "FAILS"}
Rows = Iterator[tuple[str, str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    parser.add_argument("snapshot", help="a folder, or NAME or NAME@VERSION under compiled/")
    parser.add_argument("what", help="a record's id, a row's key, or FILE:LINE")
    parser.add_argument(
        "--source", metavar="NAME", help="of the rows with that key, this source's"
    )
    parser.add_argument("--all", action="store_true", help="of several candidates each in full")
    add_root(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Find, trace and tell; 1 where there is no such thing."""
    import gc

    gc.disable()
    from sftspec.snapshot.lineage import Tracer
    from sftspec.snapshot.opened import open_snapshot
    from sftspec.snapshot.whynot import meant

    snapshot = open_snapshot(args.snapshot, args.root)
    tracer = Tracer(snapshot, _home(snapshot, args.root))
    try:
        found = meant(tracer, args.what, args.source)
        rows = tracer.all.rows(found.places)
        pairs = sorted(zip(found.places, rows, strict=True), key=_order)
        most = None if args.all else MOST_TRACED
        traced = [tracer.trace(place, row) for place, row in pairs[:most]]
    finally:
        tracer.sound()  # what is damaged may look like anything
    if args.format == "json":
        sys.stdout.write(_json(args.what, snapshot, found, traced))
    else:
        _Text(snapshot).tell(args, found, traced)
    return 1 if found.nothing else 0


def _home(snapshot: Any, root: Path | None) -> Path:
    """The root that the snapshot's sources lie under: the one given, else that of its folder."""
    from sftspec.ir.resolve import root_of
    from sftspec.snapshot.names import project_root

    if root is not None or snapshot.folder is None:
        return project_root(root)
    folder = snapshot.folder.resolve()
    home = root_of(folder / "x")
    return project_root(None) if home == folder else home


def _order(pair: tuple[int, dict[str, Any]]) -> tuple[Any, ...]:
    row = pair[1]
    return (row["source"], row["file"], row["line"], row["template"], row["variant"])


def _json(what: str, snapshot: Any, found: Any, traced: list[Any]) -> str:
    from sftspec.ground.render import answer

    return answer(
        "unknown" if found.nothing else "ok", asked=what,
        snapshot={"name": snapshot.label, "id": snapshot.id},
        candidates=len(found.places), records=traced, rows=found.rows, unused=found.unused, searched=found.searched,
        also=found.also, hint=found.hint,
    )  # fmt: skip


# text


class _Text:
    """Writes what was found, aligned, safe on a terminal."""

    def __init__(self, snapshot: Any) -> None:
        self.snapshot = snapshot
        self.coloured = colours(sys.stdout)

    def paint(self, kind: str, text: str) -> str:
        return f"{_PAINTS[kind]}{text}{_OFF}" if self.coloured and text else text

    def put(self, line: str = "") -> None:
        sys.stdout.write(line.rstrip() + "\n")

    def tell(self, args: argparse.Namespace, found: Any, traced: list[Any]) -> None:
        """All that a word names: one candidate in full, of several a line each."""
        from sftspec.ground.render import escape

        if found.nothing:
            self._nothing(args.what, found)
        if len(found.places) > 1:
            self._table(traced, len(found.places), told=args.all)
        for number, one in enumerate(traced if args.all or len(found.places) == 1 else ()):
            if number or len(found.places) > 1:
                self.put()
            self._record(one)
        for row in found.rows:
            self._reject(row)
        for unused in found.unused:
            self._unused(unused)
        if found.also:
            self.put(
                f"\n`{escape(args.what)}` is the beginning of a record's id too: {found.also}"
            )

    def pairs(self, rows: Iterable[tuple[str, str]]) -> None:
        """Names and what is said of them; a name stands once."""
        from sftspec.ground.render import escape

        last = ""
        for name, text in rows:
            shown = "" if name == last else name
            self.put(f"  {self.paint('quiet', shown.ljust(NAMES))}  {escape(text)}")
            last = name

    def _table(self, traced: list[Any], count: int, *, told: bool) -> None:
        from sftspec.ground.render import escape

        places = list(dict.fromkeys(f"{one.file}:{one.line}" for one in traced))
        where = f" of {places[0]}" if len(places) == 1 else ""
        self.put(f"{count} candidates{escape(where)}")
        for one in traced:
            place = "" if where else f"  {one.file}:{one.line}"
            variant = f"  variant {one.variant}" if one.variants > 1 else ""
            name = self.paint("name", escape(f"{one.template} v{one.version}"))
            self.put(f"  {one.id[:12]}  {name}{variant}{escape(place)}")
            kind = "good" if one.part is not None else "bad"
            self.put(f"  {'':12}  {self.paint(kind, escape(_verdict(one)))}")
        if count > len(traced):
            self.put(f"  and {count - len(traced)} more")
        if not told:
            self.put("  hint: name one by its id, or `--all`, for every step of its way")

    def _record(self, one: Any) -> None:
        from sftspec.ground.render import escape

        variant = f"  variant {one.variant} of {one.variants}" if one.variants > 1 else ""
        variant += ", a repeat" if one.repeat else ""
        name = f"{one.template} v{one.version}"
        self.put(f"{self.paint('name', escape(name))}  {one.layer}{variant}  {one.id}")
        kind = "good" if one.part is not None else "bad"
        self.put(f"  {self.paint(kind, escape(_verdict(one)))}")
        self.put()
        self.pairs(_origin(one))
        self._lines(one)
        self.pairs(_end(one))

    def _lines(self, one: Any) -> None:
        from sftspec.ground.render import escape

        asked = [line for line in one.lines if line.outcome != "later"]
        for number, line in enumerate(asked):
            name = self.paint("quiet", ("" if number else "lines").ljust(NAMES))
            mark = _FATES[line.outcome].ljust(5)
            mark = self.paint("bad", mark) if line.outcome == "fails" else mark
            text, facts = escape(line.text), escape(", ".join(line.facts))
            if facts and len(text) + len(facts) < WIDE:
                self.put(f"  {name}  {mark} {text}: {self.paint('quiet', facts)}")
                continue
            self.put(f"  {name}  {mark} {text}")
            if facts:
                self.put(f"  {'':{NAMES}}        {self.paint('quiet', facts)}")
        left = len(one.lines) - len(asked)
        if left:
            lines = f"{left} more lines were" if left > 1 else "one more line was"
            self.put(f"  {'':{NAMES}}  {'-':5} {lines} not asked")

    def _reject(self, row: Any) -> None:
        from sftspec.ground.render import escape

        place = f"{row.file}:{row.line}"
        key = f"  key {row.key}" if row.key is not None else ""
        source = f"  source {row.source}"
        self.put(f"{self.paint('name', escape(place))}{escape(source + key)}")
        said = f"rejected {row.reason} ({row.stage}): {row.evidence}"
        self.put(f"  {self.paint('bad', escape(said))}")
        self.put(f"  hint: `sftspec explain {escape(row.reason)}` says more")

    def _unused(self, one: Any) -> None:
        from sftspec.ground.render import escape

        self.put(
            f"{self.paint('name', escape(f'{one.file}:{one.line}'))}"
            f"  source {escape(one.source)}  key {escape(one.key)}"
        )
        self.put(f"  {self.paint('bad', 'no candidate: ' + escape(_no_candidate(one)))}")
        self.put()
        self.pairs(_why_unused(one))

    def _nothing(self, what: str, found: Any) -> None:
        from sftspec.ground.render import escape

        self.put(f"`{escape(what)}` is no record, key or line of {escape(self.snapshot.label)}")
        good = ", ".join(one.source for one in found.searched if one.problem is None)
        self.pairs([("searched", good)] if good else [])
        self.pairs(
            ("not there", f"{one.source}: {one.problem}")
            for one in found.searched
            if one.problem is not None
        )
        if found.hint:
            self.put(f"  hint: {escape(found.hint)}")


def _verdict(one: Any) -> str:
    """In one line why it is where it is."""
    if one.part is not None:
        where = f", {one.places[0].file}:{one.places[0].line}" if one.places else ""
        return f"in {one.part}, at position {one.position}{where}"
    if one.rejected is not None:
        reject = one.rejected
        return f"rejected {reject.reason} ({reject.stage}): {reject.evidence}"
    if one.mixed.cap is not None:
        held = f"not chosen for {one.parted.part}: `{one.mixed.cap}` held it back"
        return f"{held} before its cell was filled; {_without(one.mixed)}"
    return (
        f"not chosen for {one.parted.part}: its cell took {one.mixed.taken}, "
        f"and it drew the {_nth(one.mixed.rank)} lowest"
    )


def _without(mixed: Any) -> str:
    """Whether a candidate that a cap held back would have been taken by its draw, if that is known."""
    taken, nth = mixed.taken, _nth(mixed.rank)
    if (
        mixed.rank > taken and mixed.of == taken + 1
    ):  # how many more it had room for is not known
        return f"the cell took all {taken} that were left" if taken else "the cell had no other"
    if mixed.of is None and mixed.rank == taken + 1:
        return f"its draw would be the {nth} lowest, and the cell took {taken}"
    would = "would" if mixed.rank <= taken else "would not"
    return f"its draw, the {nth} lowest, {would} have been taken: the cell took {taken}"


def _nth(number: int) -> str:
    teen = 10 < number % 100 < 14
    ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _origin(one: Any) -> Rows:
    """From the source to the rendered record."""
    yield "row", f"{one.file}:{one.line}  source {one.source}  key {one.key}"
    group = f", group {one.group}" if one.group is not None else ""
    yield "row", f"origin {one.origin}, licence {one.license}{group}"
    for wording in one.wordings:
        yield "drawn", f"{wording.name}: {wording.option} of {wording.of}, {wording.text}"
    for text in one.tables:
        yield "table", f"{text.table}[{text.value}]: {text.text}"
    tags = ", ".join(f"{name} {_value(value)}" for name, value in one.tags.items())
    if tags:
        yield "tags", tags
    numbers = [f"{name} {value}" for name, value in one.measures.items() if type(value) is int]
    if numbers:
        yield "measured", ", ".join(numbers)
    if one.now != "same":
        yield "source", _source_now(one)


def _source_now(one: Any) -> str:
    if one.now == "file-changed":
        return "its file has changed since; the row still makes this very record"
    gone = "is not there" if one.now == "absent" else "has changed"
    return f"its source {gone}, so what its lines measured is not known: {one.note}"


def _value(value: Any) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, list) else str(value)


def _end(one: Any) -> Rows:
    """From the screen to its place."""
    if one.rejected is not None and one.rejected.of:
        yield "yields to", one.rejected.of
    for other in one.yielding[:MOST_OTHERS]:
        yield (
            "before",
            f"{other.id}  {other.file}:{other.line}  key {other.key}  ({other.reason})",
        )
    if len(one.yielding) > MOST_OTHERS:
        yield "stands for", f"and {len(one.yielding) - MOST_OTHERS} more"
    if one.parted is not None and len(one.parted.ranges) > 1:
        yield "split", _split(one.parted)
    if one.mixed is not None:
        yield from _mixed(one.mixed)
    if one.phase is not None:
        at = one.phases.index(one.phase) + 1
        yield "phase", f"{one.phase}, {at} of {len(one.phases)}"
    if one.part is not None:
        yield "place", f"{one.part}, position {one.position}"
    for place in one.places:
        yield "place", f"{place.file}:{place.line}"


def _split(parted: Any) -> str:
    what = f"group {parted.name}" if parted.by == "group" else "its row"
    ranges = ", ".join(
        f"{part} {low / 100:g}% to {high / 100:g}%" for part, low, high in parted.ranges
    )
    return f"{what} drew {parted.draw / 100:g}%: {parted.part} ({ranges})"


def _mixed(mixed: Any) -> Rows:
    yield "cell", ", ".join(f"{facet} {value}" for facet, value in mixed.cell.items()) or "all"
    of = f" of {mixed.of}" if mixed.of is not None else ""
    be = "which would be the" if mixed.cap is not None else "the"
    rank = f", {be} {_nth(mixed.rank)} lowest{of}"
    last = f", the last at {_draw(mixed.last)}" if mixed.last is not None else ""
    yield "cell", f"drew {_draw(mixed.drawn)}{rank}; it took {mixed.taken}{last}"
    for cap in mixed.caps:
        held = f": held it back, behind {', '.join(one[:12] for one in mixed.before)}"
        yield "cap", cap + held if cap == mixed.cap else cap
    for limit in mixed.limits:
        wanted = "by its share" if limit.wanted is None else f"{limit.wanted} wanted"
        yield "quota", f"{limit.label}: {wanted}, {limit.there} there, {limit.chosen} chosen"


def _draw(millionths: int) -> str:
    return f"0.{millionths:06d}"


def _no_candidate(one: Any) -> str:
    if any(template.takes for template in one.templates):
        return "as it is now it would be one; the source has changed since"
    if one.templates:
        return "no template takes it"
    return "its source is only looked up" if one.used_by else "no template reads its source"


def _why_unused(one: Any) -> Rows:
    for template in one.templates:
        if template.where:
            yield "where", f"{template.template}: {template.where}"
            yield "where", f"  {', '.join(template.facts)}"
    for name in one.used_by:
        yield "used by", name
