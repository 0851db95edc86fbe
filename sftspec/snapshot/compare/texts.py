"""The words that changed in a sample record: its turns whatever the profile, and the runs that differ."""

from collections.abc import Iterator, Sequence
import re
from typing import Any

import msgspec

from sftspec.snapshot.compare.base import TurnDiff, Word
from sftspec.snapshot.compare.edits import Run, runs

AROUND = 12
"""Words that are shown around a change."""
MOST_CHARS = 1_500
LONGEST = 1_000_000
"""A longer text is shown as all old and all new."""
FEW = 8
"""Fewer words and spaces than this between two changes are part of them."""
_EACH = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_WORDS = re.compile(rf"\s+|[{_EACH}]|(?:(?![{_EACH}])[^\W_])+|.", re.DOTALL)
"""Spaces, words, and what stands alone: a sign, or a letter of a script without spaces."""
_PROMPTS = ("messages", "prompt", "completion")
_ANSWERS = {
    "chosen": "", "preferred_output": "",
    "rejected": "rejected", "non_preferred_output": "rejected",
}  # fmt: skip


def turns_of(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Role and text of each turn, whatever the profile; calls and tools as their JSON.

    The worse answer of a pair has the role `rejected`. A record of another shape is its texts.
    """
    given = record.get("input")
    whole = record | given if isinstance(given, dict) else record
    found = [_turn(turn) for name in _PROMPTS for turn in _turns(whole.get(name))]
    for name, role in _ANSWERS.items():
        for turn in _turns(whole.get(name)):
            own, text = _turn(turn)
            found.append((role or own, text))
    if not found:
        return [(name, text) for name, text in record.items() if isinstance(text, str)]
    if whole.get("tools"):
        found.append(("tools", _json(whole["tools"])))
    return found


def _turns(turns: Any) -> Sequence[Any]:
    return turns if isinstance(turns, list) else ()


def _turn(turn: Any) -> tuple[str, str]:
    if not isinstance(turn, dict):
        return "", turn if isinstance(turn, str) else _json(turn)
    said = turn.get("content")
    text = said if isinstance(said, str) else "" if said is None else _json(said)
    if turn.get("tool_calls"):
        text += _json(turn["tool_calls"])
    role = turn.get("role")
    return role if isinstance(role, str) else "", text


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def turn_diffs(before: dict[str, Any], after: dict[str, Any]) -> tuple[TurnDiff, ...]:
    """The turns that changed, word by word; a turn that only one side has is all old or all new."""
    a, b = turns_of(before), turns_of(after)
    found: list[TurnDiff] = []
    for run in runs([role for role, _ in a], [role for role, _ in b]):
        old, new = a[run.start : run.end], b[run.first : run.last]
        if run.same:
            pairs = zip(old, new, strict=True)
            found += [
                TurnDiff(r, words(was, now)) for (r, was), (_, now) in pairs if was != now
            ]
        else:
            found += [TurnDiff(role, (Word("-", _cut(text)),)) for role, text in old]
            found += [TurnDiff(role, (Word("+", _cut(text)),)) for role, text in new]
    return tuple(found)


def words(before: str, after: str) -> tuple[Word, ...]:
    """A word-level diff, what is far from a change left out as `…`."""
    if max(len(before), len(after)) > LONGEST:
        whole = (Word("-", _cut(before)), Word("+", _cut(after)))
        return tuple(word for word in whole if word.text)
    a, b = _WORDS.findall(before), _WORDS.findall(after)
    found = [
        one for was, now, same in _settled(a, b, runs(a, b)) for one in _ops(was, now, same)
    ]
    last = len(found) - 1
    return tuple(
        Word(op, _around(text, at == 0, at == last) if op == "=" else _cut(text))
        for at, (op, text) in enumerate(found)
    )


def _settled(
    a: Sequence[str], b: Sequence[str], found: Sequence[Run]
) -> Iterator[tuple[str, str, bool]]:
    """Runs of both texts. A few words that happen to be the same between two changes are none."""
    was = now = ""
    for at, run in enumerate(found):
        inside = 0 < at < len(found) - 1
        old, new = "".join(a[run.start : run.end]), "".join(b[run.first : run.last])
        if run.same and not (inside and run.end - run.start < FEW):
            if was or now:
                yield was, now, False
            yield old, new, True
            was = now = ""
        else:
            was, now = was + old, now + new
    if was or now:
        yield was, now, False


def _ops(was: str, now: str, same: bool) -> list[tuple[str, str]]:  # noqa: FBT001 - of one run
    if same:
        return [("=", was)]
    return [(op, text) for op, text in (("-", was), ("+", now)) if text]


def _around(text: str, first: bool, last: bool) -> str:  # noqa: FBT001 - two ends of one text
    """What stands next to a change, of a text that did not change."""
    pieces = _WORDS.findall(text)
    if len(pieces) <= 4 * AROUND:
        return text
    head = [] if first else pieces[: 2 * AROUND]
    tail = [] if last else pieces[-2 * AROUND :]
    return _cut("".join([*head, " … " if head and tail else "…", *tail]))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARS else text[:MOST_CHARS] + "…"
