"""What can be said of a condition on a snapshot that none of the records asked can meet.

A reason that is none, or that only rows have, is refused as a gate refuses it. Where a value is
sound and those asked never have it, that is a note beside the answer.
"""

from collections.abc import Iterable, Iterator
import re
from typing import Any

from sftspec.expr import nodes as ex
from sftspec.ground.report import Report, did_you_mean, there_are
from sftspec.ir.reasons import OF_RECORDS, OF_ROWS
from sftspec.snapshot.opened import Snapshot
from sftspec.syntax import tree

ROWS = "such rows stand in `rejected.jsonl`, and `sftspec why SNAPSHOT FILE:LINE` tells of one"
_ID = re.compile(r"[0-9a-f]{32}")
_BEGINNING = re.compile(r"[0-9a-fA-F]{6,32}")


def refuse_reasons(nodes: Iterable[object], report: Report) -> None:
    """Say of each text that `rejected` is compared with, and no candidate is rejected for, that so."""
    for text in _reasons(nodes):
        if text.value in OF_RECORDS:
            continue
        if text.value in OF_ROWS:
            report.error(
                "wrong-population", text.span, f"`{text.value}` sets rows aside, which are no candidates",
                hint=ROWS,
            )  # fmt: skip
        else:
            report.error(
                "unknown-reason", text.span, f"nothing is rejected as `{text.value}`",
                hint=did_you_mean(text.value, OF_RECORDS | OF_ROWS)
                or there_are(sorted(OF_RECORDS), 40),
            )  # fmt: skip


def _reasons(nodes: Iterable[object]) -> Iterator[tree.Text]:
    """The texts that `rejected` is compared with."""
    for one in nodes:
        sides = (one.left, one.right) if isinstance(one, tree.Compare) else ()
        if not any(
            isinstance(side, tree.Ref) and side.parts == ("rejected",) for side in sides
        ):
            continue
        for side in sides:
            items = side.items if isinstance(side, tree.List) else (side,)
            yield from (item for item in items if isinstance(item, tree.Text))


def notes_on(snapshot: Snapshot, of: str, node: ex.Typed | None) -> tuple[str, ...]:
    """What is to be known of an answer from some records: whom the condition cannot find there."""
    if node is None:
        aside = _rows(snapshot) if of == "rejected" else 0
        said = f"{_many(aside)} set aside before any template saw {'it' if aside == 1 else 'them'}; {ROWS}"
        return (said,) if aside else ()
    found = (_note(snapshot, of, name, value) for name, value in _equals(node))
    return tuple(dict.fromkeys(note for note in found if note))


def _equals(node: ex.Typed) -> Iterator[tuple[str, str]]:
    """The names that must be some text, each with the text; what is negated is left out."""
    match node:
        case ex.And() | ex.Or():
            yield from _equals(node.left)
            yield from _equals(node.right)
        case ex.Cmp(op="==" | "in", left=ex.Path((name,)), right=ex.Const(value)):
            yield from ((name, one) for one in _texts(value))
        case ex.Cmp(op="==", left=ex.Const(value), right=ex.Path((name,))):
            yield from ((name, one) for one in _texts(value))
        case _:
            pass


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


def _note(snapshot: Snapshot, of: str, name: str, value: str) -> str | None:
    """What is to be said of a name that must be a text."""
    match name:
        case "id":
            return _of_id(value)
        case "rejected":
            return _of_reason(snapshot, of, value)
        case "fate":
            return _of_fate(of, value)
        case "part" if of == "rejected":
            return "no rejected candidate is in a part; leave out `--of`, and chosen records are asked"
        case _:
            return None


def _of_id(value: str) -> str | None:
    if _ID.fullmatch(value):
        return None
    word = value if _BEGINNING.fullmatch(value) else "ID"
    return (
        "an id has 32 digits, 0 to 9 and a to f;"
        f" `sftspec why SNAPSHOT {word}` takes its first six or more"
    )


def _of_reason(snapshot: Snapshot, of: str, value: str) -> str | None:
    if of == "chosen":
        return "no chosen record is rejected; write `--of candidates` or `--of rejected`"
    aside = _rows(snapshot, value)
    return f"{_many(aside)} set aside as `{value}` too; {ROWS}" if aside else None


def _of_fate(of: str, value: str) -> str | None:
    gone = value.startswith("rejected:")
    if of == "chosen" and (gone or value == "not_chosen"):
        return f"no chosen record has the fate `{value}`; write `--of candidates`"
    if of == "rejected" and not gone:
        return f"no rejected candidate has the fate `{value}`; write `--of candidates`"
    return None


def _rows(snapshot: Snapshot, reason: str | None = None) -> int:
    """How many rows were set aside, for one reason or at all."""
    counts = [source["rejected"] for source in snapshot.manifest.sources.values()]
    if reason is None:
        return sum(sum(one.values()) for one in counts)
    return sum(one.get(reason, 0) for one in counts)


def _many(rows: int) -> str:
    return "1 row was" if rows == 1 else f"{rows} rows were"
