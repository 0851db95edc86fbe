"""Templates whose conversations differ from row to row: their turns, tools, calls and worse answers."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from sftspec.expr.evaluate import compile_vector
from sftspec.ir.schema import check, codec, ordered
from sftspec.plan.parts import CallPart, TemplatePart, TurnPart
from sftspec.ports.dialogue import Call, Misshapen, Said, dialect
from sftspec.stages.bodies import Frame, Texts, render_body
from sftspec.stages.candidates import Candidates, plain_turn
from sftspec.stages.talk import (
    Column,
    call_column,
    joined,
    messages_column,
    order_problem,
    said_column,
    spoken,
)  # fmt: skip
from sftspec.stages.tools import (
    NONE,
    Kit,
    broken_calls,
    choose,
    declared_kit,
    inferred_kit,
    row_kit,
    settle_calls,
)
from sftspec.stages.turns import RenderedPart, RenderedTurn


def row_by_row(template: TemplatePart) -> bool:
    """Whether a template's conversations differ from row to row, or know tools or worse answers."""
    return (
        template.tools is not None
        or template.rejected is not None
        or any(t.messages or t.calls or t.row_calls or t.tool for t in template.turns)
    )


def talk_through(cand: Candidates, frame: Frame) -> None:
    """The conversation of each candidate, its tools and its worse answer."""
    turns = cand.template.turns
    last = max((i for i, t in enumerate(turns) if t.role == "assistant"), default=-1)
    columns = [_column(part, frame, cand, last=at == last) for at, part in enumerate(turns)]
    talks = joined(turns, columns, cand.count)
    kit_of = _kits(cand)
    cand.talks = []
    for row, talk in enumerate(talks):
        if isinstance(talk, tuple):
            cand.fail(row, "validate", *talk)
            cand.talks.append([])
        else:
            cand.talks.append(talk)
            _judge(row, talk, kit_of(row), cand)
    _worse(cand, frame)


def _judge(row: int, talk: list[Said], kit: "Kit | tuple[str, str]", cand: Candidates) -> None:
    """Whether a conversation is one, and its calls keep to its tools."""
    if isinstance(kit, tuple):
        cand.fail(row, "validate", *kit)
        return
    choose(talk, kit)
    failure = order_problem(talk) or settle_calls(talk)
    if failure is not None:
        cand.fail(row, "validate", *failure)
        return
    tools = cand.template.tools
    if tools is not None and tools.inferred:
        kit = inferred_kit(talk)
    cand.tools[row] = kit.text
    broken = broken_calls(talk, kit)
    if broken is not None:
        cand.valid_calls[row] = False
        cand.fail(row, "validate", *broken)


def _kits(cand: Candidates) -> Callable[[int], "Kit | tuple[str, str]"]:
    """The tools of each candidate."""
    part = cand.template.tools
    if part is None or part.inferred:
        return lambda _: NONE
    if part.of_row is None:
        kit = declared_kit(part)
        return lambda _: kit
    name = part.of_row.dialect
    values = _values(part.of_row.path, cand)
    return lambda row: row_kit(values[row], name)


def _values(path: tuple[str, ...], cand: Candidates) -> Sequence[Any]:
    """A column of the row, or the rows themselves."""
    if len(path) > 1:
        return cand.get(path)
    names = list(cand.prepared.columns)
    columns = [cand.get((*path, name)) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


# turns


def _column(part: TurnPart, frame: Frame, cand: Candidates, *, last: bool) -> Column:
    if part.messages is not None:
        return messages_column(part.messages, _values(part.messages.path, cand))
    if part.calls:
        return call_column(part.train, _calls(part.calls, frame, cand))
    if part.row_calls is not None:
        return _row_calls(part, _values(part.row_calls.path, cand))
    if part.tool is not None and part.value is not None:
        return said_column(_observation(part, cand), tool=part.tool)
    return said_column(plain_turn(part, frame, cand, last=last), tool=part.tool)


def _calls(parts: Sequence[CallPart], frame: Frame, cand: Candidates) -> list[list[Call]]:
    """The calls of one turn, for each candidate."""
    found: list[list[Call]] = [[] for _ in range(cand.count)]
    for part in parts:
        columns: list[tuple[str, Sequence[Any]]] = []
        for name, node, body in part.args:
            if node is not None:
                columns.append((name, compile_vector(node).over(cand.get, cand.count)))
            elif body is not None:
                texts = render_body(body, frame)
                for row, (reason, evidence) in texts.failures.items():
                    cand.fail(row, "render", reason, evidence)
                columns.append((name, texts.texts))
        optional = set(part.optional)
        for row in range(cand.count):
            given = {
                name: values[row]
                for name, values in columns
                if values[row] is not None or name not in optional
            }
            found[row].append(Call(part.tool, msgspec.json.encode(given).decode()))
    return found


def _row_calls(part: TurnPart, values: Sequence[Any]) -> Column:
    """The calls that stand in the row."""
    assert part.row_calls is not None  # noqa: S101 - the caller looked
    read = dialect(part.row_calls.dialect).calls
    found: Column = []
    for value in values:
        try:
            calls = read(value) if value is not None else []
        except Misshapen as error:
            found.append((error.reason, error.evidence))
            continue
        if calls:
            found.append([Said("assistant", "", part.train, calls)])
        else:
            found.append(("missing_field", f"{'.'.join(part.row_calls.path)}: no calls"))
    return found


def _observation(part: TurnPart, cand: Candidates) -> RenderedTurn:
    """What a tool gave: a text as it is, all else as JSON, in its contract's order where it has one."""
    assert part.value is not None  # noqa: S101 - the caller looked
    values = compile_vector(part.value).over(cand.get, cand.count)
    if part.contract is not None:
        values = [_kept(row, v, part, cand) for row, v in enumerate(values)]
    texts = [
        value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for value in values
    ]
    lengths = np.array([len(text.encode()) for text in texts], np.int32)
    spans = np.stack([np.zeros(cand.count, np.int32), lengths], axis=1)
    return RenderedTurn(
        "tool", train=False, parts=[RenderedPart(None, Texts(texts, spans))], message=texts
    )


def _kept(row: int, value: Any, part: TurnPart, cand: Candidates) -> Any:
    """What a tool gave in its contract's order; where it breaks it, the candidate is set aside."""
    assert part.contract is not None  # noqa: S101 - the caller looked
    broken = check(value, part.contract)
    if broken is not None:
        cand.fail(row, "validate", broken.reason, f"what {part.tool} gave: {broken.evidence}")
        return value
    return ordered(value, part.contract.record)


# the worse answer


def _worse(cand: Candidates, frame: Frame) -> None:
    """The rejected answer of each candidate that has one; it must not be the answer itself."""
    part = cand.template.rejected
    if part is None:
        return
    rows = list(range(cand.count))
    if part.when is not None:
        hits = compile_vector(part.when).over(cand.get, cand.count)
        rows = [row for row, hit in enumerate(hits) if hit]
    texts, failures = _answers(part.turn, rows, frame)
    for place, row in enumerate(rows):
        if place in failures:
            cand.fail(row, "render", *failures[place])
        elif texts[place].strip():
            cand.worse[row] = texts[place]
            talk = cand.talks[row] if cand.talks else []
            if talk and spoken(talk[-1]) == texts[place]:
                cand.fail(
                    row,
                    "validate",
                    "rejected_equals_answer",
                    "the rejected answer is the answer",
                )


def _answers(
    part: TurnPart, rows: list[int], frame: Frame
) -> tuple[list[str], dict[int, tuple[str, str]]]:
    some = frame.take(rows)
    if part.value is not None:
        values = compile_vector(part.value).over(some.get, len(rows))
        return _as_json(values, part), {}
    texts = render_body(part.parts[0].body, some)
    return texts.texts, texts.failures


def _as_json(values: Sequence[Any], part: TurnPart) -> list[str]:
    """Worse answers in their contract's order where they keep it, else as they are; null is none."""
    ordered_: Sequence[str | None] = [None] * len(values)
    if part.contract is not None:
        ordered_ = codec(part.contract).render(values)[0]
    return [
        "" if value is None else text or msgspec.json.encode(value).decode()
        for value, text in zip(values, ordered_, strict=True)
    ]
