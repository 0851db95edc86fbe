"""Find records of a snapshot by a condition: list, count, spread over facets, or show them.

The condition is written as in a spec: `scenario == legal and ability has evidence_use`. Facets are
named as they are; so are part, phase, fate, rejected, key, file, line, variant, position, id, group
and version. Texts (system, user, response, text, turns, calls) are read of chosen records alone.
"""

import argparse
from collections.abc import Callable, Iterator
import sys
from typing import Any

from sftspec.verbs.base import add_root, colours, natural, table

POPULATIONS = {
    "chosen": "chosen records", "candidates": "candidates", "rejected": "rejected candidates",
}  # fmt: skip
_FATES = {"chosen": "part", "candidates": "fate", "rejected": "rejected"}
_LIMIT = 20
_WIDE = 60
_BATCH = 10_000
_OFF = "\x1b[0m"
_PAINTS = {"name": "\x1b[1m", "quiet": "\x1b[2m", "role": "\x1b[1;34m"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    add = parser.add_argument
    add("snapshot", help="a folder, or NAME or NAME@VERSION under compiled/")
    add("expression", nargs="?", default="", help="a condition as in a spec (else all records)")
    add_root(parser)
    add("--of", choices=tuple(POPULATIONS), default="chosen", help="which records are asked")
    add(
        "--limit",
        type=natural,
        default=_LIMIT,
        metavar="N",
        help="at most so many (20; 0: all)",
    )
    add("--offset", type=natural, default=0, metavar="N", help="leave out the first N")
    add("--fields", type=_names, metavar="NAME,…", help="the columns to print")
    way = parser.add_mutually_exclusive_group().add_argument
    way("--show", action="store_true", help="the conversations too")
    way("--count", action="store_true", help="only how many there are")
    way("--by", type=_names, metavar="FACET,…", help="how many there are of each value")
    add("--format", choices=("text", "json", "jsonl", "csv"), default="text")


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError("names with commas between are wanted")
    return list(dict.fromkeys(names))


def run(args: argparse.Namespace) -> int:
    """Ask, and print the answer; a condition that is wrong is a SpecError."""
    import gc

    gc.disable()  # many small values, no cycles
    query = _Query(args)
    if args.count:
        query.count()
    elif args.by:
        query.spread()
    else:
        query.records()
    return 0


class _Query:
    """A snapshot, a question and the way it is answered."""

    def __init__(self, args: argparse.Namespace) -> None:
        from sftspec.snapshot.hashing import Hashing
        from sftspec.snapshot.opened import INDEX, open_snapshot

        self.args = args
        self.snapshot = open_snapshot(args.snapshot, args.root)
        hashing = Hashing(self.snapshot)
        hashing.begin(INDEX)
        from sftspec.snapshot.asked import ask

        self.asked = ask(self.snapshot, args.expression, args.of)
        self.fields = self._fields()
        from sftspec.snapshot.matches import Search

        self.search = Search(hashing, self.asked)

    def _fields(self) -> list[str]:
        """The columns to print: those asked for, else who a record is and what was asked of it."""
        args = self.args
        if args.show and args.format == "csv":
            from sftspec.ground.report import Misuse

            hint = "write `--format jsonl`, or `--fields id,text`"
            raise Misuse("bad-arguments", "a conversation is no cell of a table", hint=hint)
        for name in (*(args.fields or ()), *(args.by or ())):
            self._known(name, texts=name not in (args.by or ()))
        if args.fields:
            return list(args.fields)
        known = self._columns()
        names = [name for name in self.asked.names if name in known]
        return list(dict.fromkeys(["id", _FATES[args.of], "template", "key", *names]))

    def _columns(self) -> list[str]:
        from sftspec.snapshot.asked import names_of

        return list(names_of(self.snapshot))

    def _known(self, name: str, *, texts: bool) -> None:
        """Whether a name can be printed or counted by. Raises Misuse."""
        from sftspec.ground.report import Misuse, did_you_mean, there_are
        from sftspec.snapshot.asked import SPOKEN, has_talks

        known = self._columns()
        held = self.args.of == "chosen" and has_talks(self.snapshot)
        known += SPOKEN if texts and held else ()
        if name not in known:
            hint = did_you_mean(name, known) or there_are(sorted(known), 40) or ""
            if name in SPOKEN:
                hint = "texts are printed with `--fields`, of chosen records, from JSON Lines"
            raise Misuse("unknown-column", f"`{name}` is no column here", hint=hint)

    def count(self) -> None:
        """Print how many there are, and nothing else."""
        found = self.search.find()
        total = len(found.places)
        if self.args.format == "json":
            self._answer(found)
        else:
            words = {"text": "{}\n", "csv": "matched\n{}\n", "jsonl": '{{"matched":{}}}\n'}
            sys.stdout.write(words[self.args.format].format(total))
            self._notes(sys.stderr)

    # spread over facets

    def spread(self) -> None:
        """Print how many there are of each value, or combination of values."""
        found = self.search.find()
        total = len(found.places)
        names = self.args.by
        cells = self.search.spread(found, names)
        some = self._cut(cells)
        more = max(len(cells) - self.args.offset - len(some), 0)
        lines = [(*cell, count, _rounded(count * 10_000, total)) for cell, count in some]
        rows = [
            {
                "cell": dict(zip(names, line, strict=False)),
                "count": line[-2],
                "share_bp": line[-1],
            }
            for line in lines
        ]
        if self.args.format == "json":
            self._answer(found, by=names, cells=rows, more=more)
        elif self.args.format == "text":
            self._spread_text(found, lines)
            self._tail(more, "value")
            self._notes(sys.stdout)
        else:
            heads = [*names, "count", "share_bp"]
            self._lines(heads, iter([lines if self.args.format == "csv" else rows]))
            self._tail(more, "value", sys.stderr)
            self._notes(sys.stderr)

    def _spread_text(self, found: Any, lines: list[tuple[Any, ...]]) -> None:
        from sftspec.ground.render import escape

        names = self.args.by
        shown = [(*names, "count", "share")]
        shown += [(*map(_cell, line[:-1]), f"{line[-1] / 100:.2f}%") for line in lines]
        right = frozenset({len(names), len(names) + 1})
        sys.stdout.write(self._head(found) + "\n" + table(shown, right=right))
        many = ", ".join(name for name in names if name in self.snapshot.graph.judge.many)
        if many and lines:
            sys.stdout.write(f"  a record counts under each value of {escape(many)}\n")

    # records

    def records(self) -> None:
        """Print the records themselves."""
        args = self.args
        found = self.search.find(args.offset + args.limit if args.limit else None)
        places = self._cut(found.places)
        more = max(len(found.places) - args.offset - len(places), 0)
        if args.format == "json":
            rows = [row for batch in self._rows(places) for row in batch]
            self._answer(found, more=more, records=rows)
        elif args.format == "text":
            sys.stdout.write(self._head(found) + "\n")
            if args.show:
                self._show(places)
            else:
                rows = [row for batch in self._rows(places) for row in batch]
                lines = [tuple(map(_cell, row.values())) for row in rows]
                sys.stdout.write(table([tuple(self.fields), *lines]) if rows else "")
            self._tail(more, "record", whole=found.whole)
            self._notes(sys.stdout)
        else:
            self._lines(self.fields, self._rows(places))
            self._tail(more, "record", sys.stderr, whole=found.whole)
            self._notes(sys.stderr)

    def _cut(self, values: Any) -> Any:
        """What is left of the first, up to the limit."""
        first, most = self.args.offset, self.args.limit
        return values[first : first + most] if most else values[first:]

    def _rows(self, places: Any) -> Iterator[list[dict[str, Any]]]:
        """The records' fields, batch by batch; with `--show` their conversations too."""
        for start in range(0, len(places), _BATCH):
            some = places[start : start + _BATCH]
            columns = self.search.values(self.fields, some)
            values = zip(*(columns[name] for name in self.fields), strict=True)
            rows = [dict(zip(self.fields, row, strict=True)) for row in values]
            if self.args.show:
                talks = self.search.told(some)
                rows = [
                    row | {"messages": _said(t)} for row, t in zip(rows, talks, strict=True)
                ]
            yield rows

    def _show(self, places: Any) -> None:
        """The conversations, one below the other."""
        paint = _painted if colours(sys.stdout) else _plain
        for start in range(0, len(places), _BATCH):
            some = places[start : start + _BATCH]
            columns = self.search.values(self.fields, some)
            for at, talk in enumerate(self.search.told(some)):
                row = {name: columns[name][at] for name in self.fields}
                sys.stdout.write("\n" + "\n".join(_shown(row, talk, paint)) + "\n")

    # ways of saying

    def _head(self, found: Any) -> str:
        from sftspec.ground.render import escape

        count, of = len(found.places), POPULATIONS[self.args.of]
        name = f"{escape(self.snapshot.label)}: "
        if self.asked.node is None:
            return f"{name}{found.of} {of}"
        least = "" if found.whole else "at least "
        return f"{name}{least}{count} of {found.of} {of} match"

    def _tail(self, more: int, what: str, out: Any = None, *, whole: bool = True) -> None:
        """How many are not shown."""
        if more > 0:
            least = "" if whole else "at least "
            many = what if more == 1 else f"{what}s"
            text = f"{least}{more} more {many}; `--limit 0` shows all, `--offset` those behind"
            (out or sys.stdout).write(f"  {text}\n" if out is None else f"{text}\n")

    def _notes(self, out: Any) -> None:
        """What is to be known of the answer: whom the condition cannot find."""
        from sftspec.ground.render import escape

        for note in self.asked.notes:
            out.write(f"{'  ' if out is sys.stdout else ''}note: {escape(note)}\n")

    def _answer(self, found: Any, **more: Any) -> None:
        from sftspec.ground.render import answer

        snapshot = self.snapshot
        about = {
            "dataset": snapshot.manifest.dataset, "version": snapshot.manifest.version,
            "id": snapshot.id,
        }  # fmt: skip
        sys.stdout.write(
            answer(
                "ok", snapshot=about, expression=self.args.expression, of=self.args.of,
                asked=found.of, matched=len(found.places), whole=found.whole,
                notes=self.asked.notes, **more,
            )
        )  # fmt: skip

    def _lines(self, names: list[str], batches: Iterator[list[Any]]) -> None:
        """A row a line, as JSON or as CSV."""
        from sftspec.ground.render import as_text
        from sftspec.ground.sheet import csv_line

        as_csv = self.args.format == "csv"
        if as_csv:
            sys.stdout.write(csv_line(names))
        for rows in batches:
            for row in rows:
                values = row.values() if isinstance(row, dict) else row
                sys.stdout.write(csv_line(values) if as_csv else as_text(row, -1))


def _rounded(top: int, whole: int) -> int:
    """The nearest whole number, halves up."""
    return (2 * top + whole) // (2 * whole) if whole else 0


def _cell(value: Any) -> str:
    """A value in a table: on one line, cut where it is long."""
    if value is None:
        return "-"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if len(text) > _WIDE:
        text = text[: _WIDE - 1] + "…"
    return text.replace("\n", " ")


# conversations

Paint = Callable[[str, str], str]


def _plain(_: str, text: str) -> str:
    return text


def _painted(kind: str, text: str) -> str:
    return f"{_PAINTS[kind]}{text}{_OFF}" if text else ""


def _said(talk: Any) -> list[dict[str, Any]] | None:
    """A conversation as plain values; None of a record that was not chosen."""
    if talk is None:
        return None
    return [
        {"role": one.role, "content": one.content,
         **({"calls": [{"name": n, "arguments": a} for n, a in one.calls]} if one.calls else {}),
         **({"name": one.name} if one.name else {})}
        for one in talk.messages
    ]  # fmt: skip


def _shown(row: dict[str, Any], talk: Any, paint: Paint) -> Iterator[str]:
    """A record's fields in a line, and its turns below it."""
    from sftspec.ground.render import escape

    first, *rest = (f"{name} {_cell(value)}" for name, value in row.items())
    yield f"{paint('name', escape(first))}  {paint('quiet', escape('  '.join(rest)))}".rstrip()
    if talk is None:
        yield "  it was not chosen: its text is in no file"
        return
    bar = paint("quiet", "│")
    for turn in talk.messages:
        yield ""
        name = f" {escape(turn.name)}" if turn.name else ""
        yield f"  {paint('role', turn.role)}{name}{' calls' if turn.calls else ''}"
        for call, arguments in turn.calls:
            yield f"  {bar} {escape(call)} {escape(arguments)}"
        for line in turn.content.split("\n") if turn.content else ():
            yield f"  {bar} {escape(line)}".rstrip(" ")
