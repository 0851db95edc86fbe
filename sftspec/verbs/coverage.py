"""Show the coverages of a snapshot cell by cell, what would fill them, and values that never meet.

Manifest and plan are enough for the cells; with the index there is also what became of the rows
that could have filled them. At the end stand pairs of facet values that never meet in a chosen record,
those first that would meet most often by chance.
"""

import argparse
from collections.abc import Iterator
import sys
from typing import Any

from sftspec.verbs.base import add_root, natural, table

MOST_CELLS, MOST_WAYS = 50, 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    parser.add_argument("snapshot", help="NAME, NAME@VERSION, git:REV:NAME or a folder")
    parser.add_argument("name", nargs="?", help="a coverage (else all)")
    add_root(parser)
    parser.add_argument(
        "--pairs",
        type=natural,
        default=10,
        metavar="N",
        help="how many pairs that never meet (10)",
    )
    parser.add_argument(
        "--wide", action="store_true", help="pairs with layer, source, template, … too"
    )
    parser.add_argument("--format", choices=("text", "json", "csv"), default="text")


def run(args: argparse.Namespace) -> int:
    """Open, count and show; a cell that is short is no failure, gates say what is."""
    from sftspec.snapshot.covered import report
    from sftspec.snapshot.opened import open_snapshot

    snapshot = open_snapshot(args.snapshot, args.root)
    known = [part.name for part in snapshot.graph.judge.coverages]
    if args.name is not None and args.name not in known:
        from sftspec.ground.report import Misuse, did_you_mean, there_are

        hint = did_you_mean(args.name, known) or there_are(known) or "it has none"
        message = f"{snapshot.label} has no coverage `{args.name}`"
        raise Misuse("unknown-coverage", message, hint=hint)
    names = known if args.name is None else [args.name]
    found = report(snapshot, names, args.pairs, wide=args.wide)
    write = {"json": _json, "csv": _csv, "text": _text}[args.format]
    sys.stdout.write(write(snapshot, found))
    return 0


# JSON


def _json(snapshot: Any, found: Any) -> str:
    from sftspec.ground.render import answer

    return answer(
        "ok", snapshot=snapshot.label, id=snapshot.id, index=found.index, chosen=found.chosen,
        coverages=[_as_json(snapshot, one) for one in found.coverages],
        facets=found.over, pairs=found.pairs,
    )  # fmt: skip


def _as_json(snapshot: Any, covered: Any) -> dict[str, Any]:
    from sftspec.snapshot.covered import bounds

    return {
        "name": covered.name, "over": covered.over, "need": covered.need,
        "met": covered.met, "of": len(covered.cells),
        "cells": [
            {
                "cell": cell.values, "need": cell.need, "have": cell.have, "chosen": cell.chosen,
                "state": cell.state, "ways": cell.ways,
                "bounds": bounds(snapshot.graph, covered.over, cell.values) if _left(cell) else [],
            }
            for cell in covered.cells
        ],
    }  # fmt: skip


def _left(cell: Any) -> int:
    """How many candidates of a cell that is short were not chosen."""
    return 0 if cell.state == "met" else max(cell.have - cell.chosen, 0)


# CSV


_COLUMNS = ("kind", "coverage", "cell", "need", "have", "chosen", "state", "expected", "why")


def _csv(snapshot: Any, found: Any) -> str:
    from sftspec.ground.sheet import csv_line

    return "".join(map(csv_line, (_COLUMNS, *_rows(snapshot, found))))


def _rows(snapshot: Any, found: Any) -> Iterator[tuple[Any, ...]]:
    """A row per cell and per pair; of a pair `have` are the candidates that were not chosen."""
    for one in found.coverages:
        for cell in one.cells:
            why = "; ".join(_why(snapshot, one, cell)) if cell.state != "met" else ""
            counts = (cell.need, cell.have, cell.chosen, cell.state)
            yield ("cell", one.name, _cell(one.over, cell.values), *counts, None, why)
    for pair in found.pairs:
        about = (None, pair.not_chosen, 0, "never", pair.expected)
        yield ("pair", None, _cell(pair.facets, pair.values), *about, _rest(pair))


# text


def _text(snapshot: Any, found: Any) -> str:
    from sftspec.ground.render import escape

    out = [f"\n{escape(snapshot.label)}\n"]
    if not found.index:
        out.append("  the index is not here; build the spec to learn what became of the rows\n")
    if not found.coverages:
        out.append("\n  the spec has no coverage\n")
    for one in found.coverages:
        share = one.met * 10_000 // max(len(one.cells), 1) / 100
        out.append(
            f"\n  coverage {one.name}: {one.met} of {len(one.cells)} cells met ({share:g}%),"
            f" need {one.need} each\n\n"
        )
        out.append(_matrix(one) if len(one.over) == 2 else _list(one))
        out.extend(f"  {escape(line)}".rstrip() + "\n" for line in _short(snapshot, one))
    return "".join(out) + _pairs(found)


def _mark(cell: Any) -> str:
    return {"met": "", "short": " !", "empty": " !!"}[cell.state]


def _matrix(covered: Any) -> str:
    """Chosen of candidates by the values of two facets."""
    known = {cell.values: f"{cell.chosen}/{cell.have}{_mark(cell)}" for cell in covered.cells}
    down, across = (list(dict.fromkeys(values[at] for values in known)) for at in (0, 1))
    rows = [("", f"{covered.over[0]} \\ {covered.over[1]}", *across)]
    rows += [("", a, *(known.get((a, b), "-") for b in across)) for a in down]
    return table(rows) + "\n    chosen/candidates; ! short, !! empty, - needs none\n"


def _list(covered: Any) -> str:
    rows = [("", *covered.over, "need", "candidates", "chosen", "")]
    rows += [
        ("", *c.values, str(c.need), str(c.have), str(c.chosen), _mark(c).strip())
        for c in covered.cells
    ]
    wide = len(covered.over)
    return table(rows, right=frozenset({wide + 1, wide + 2, wide + 3}))


def _short(snapshot: Any, covered: Any) -> Iterator[str]:
    """The cells that are short, with what would fill each; those that nothing can fill at the end."""
    from sftspec.snapshot.gatetext import cell_text

    short = [cell for cell in covered.cells if cell.state != "met"]
    dead = [cell for cell in short if not cell.ways]
    alive = [cell for cell in short if cell.ways]
    for cell in alive[:MOST_CELLS]:
        about = {
            "cell": cell.values, "need": cell.need, "have": cell.have, "chosen": cell.chosen,
        }  # fmt: skip
        yield ""
        yield f"  {cell_text(covered.over, about)}"
        yield from (f"    {line}" for line in _why(snapshot, covered, cell))
    if len(alive) > MOST_CELLS:
        more = len(alive) - MOST_CELLS
        yield from ("", f"  and {more} more {_words(more, 'cell')}; json and csv have all")
    if dead:
        yield from ("", f"  no template reaches {len(dead)} {_words(len(dead), 'cell')}")
        yield from (f"    {_cell(covered.over, cell.values)}" for cell in dead[:MOST_CELLS])
    if len(dead) > MOST_CELLS:
        yield f"    and {len(dead) - MOST_CELLS} more"


def _words(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def _why(snapshot: Any, covered: Any, cell: Any) -> Iterator[str]:
    """What would fill a cell; ways without rows only where the rows there are cannot do."""
    from sftspec.snapshot.covered import bounds

    left, lacks = _left(cell), cell.need - cell.have
    if left:
        limits = [f"`{one}`" for one in bounds(snapshot.graph, covered.over, cell.values)]
        said = f"; the mixture has {', '.join(limits)}" if limits else ""
        yield f"{left} {_words(left, 'candidate')} there and not chosen{said}"
    if lacks > 0:
        yield f"{lacks} more {_words(lacks, 'candidate')} needed at least"
    if not cell.ways:
        yield "no template reaches it"
    ways = [way for way in cell.ways if lacks > 0 or way.rows != 0]
    ways.sort(key=lambda way: -(way.rows or 0))
    yield from (_way(snapshot, way) for way in ways[:MOST_WAYS])
    if len(ways) > MOST_WAYS:
        more = len(ways) - MOST_WAYS
        yield f"and {more} more {_words(more, 'way')}"


def _way(snapshot: Any, way: Any) -> str:
    """A template, the rows that it makes the cell of, and what became of those that there are."""
    route = way.route
    needs = ", ".join(f"{need.path} = {' or '.join(need.values)}" for need in route.needs)
    what = f"template {route.template} makes it of rows of {route.source}"
    what += f" with {needs}" if needs else ""
    what += f" where {route.where}" if route.where else ""
    source = snapshot.manifest.sources[route.source]
    aside = sum(source["rejected"].values())
    if way.rows is None:
        return f"{what}; of {source['read']} rows read {aside} were rejected"
    if not way.rows:
        return f"{what}: there is none; of {source['read']} rows read {aside} were rejected"
    made = sum(one.candidates for one in way.fates)
    rows = f"{way.rows} such {_words(way.rows, 'row')}"
    rows += f", {made} candidates" if made != way.rows else ""
    return f"{what}: {rows}, {', '.join(_fate(one) for one in way.fates)}"


def _fate(one: Any) -> str:
    if one.fate != "rejected":
        return f"{one.candidates} {one.fate}"
    return f"{one.candidates} rejected by {f'`{one.line}`' if one.line else one.reason}"


def _cell(over: Any, values: Any) -> str:
    return " ".join(f"{facet}={value}" for facet, value in zip(over, values, strict=True))


def _pairs(found: Any) -> str:
    if not found.pairs:
        return ""
    rows = [("", "", "", "chosen", "", "expected", "")]
    for pair in found.pairs:
        one, two = (_cell([f], [v]) for f, v in zip(pair.facets, pair.values, strict=True))
        first, second = map(str, pair.counts)
        rows.append(("", one, two, first, second, str(pair.expected), _rest(pair)))
    of = "" if found.index else f", of the mixture's facets ({', '.join(found.over)})"
    head = f"\n  never together in {found.chosen} chosen records{of}\n\n"
    return head + table(rows, right=frozenset({3, 4, 5}))


def _rest(pair: Any) -> str:
    """What there is of a pair that never meets."""
    if not pair.templates:
        return "no template makes it"
    left = pair.not_chosen
    parts = [f"{left} {_words(left, 'candidate')} not chosen"] if left else []
    parts += [f"{pair.rejected} rejected"] if pair.rejected else []
    if parts:
        return ", ".join(parts)
    return f"no row for template {pair.templates[0]}" + (
        f" and {len(pair.templates) - 1} more" if len(pair.templates) > 1 else ""
    )
