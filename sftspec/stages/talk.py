"""Conversations that differ from row to row: the template's turns and the row's own, put together.

A template without tools and without the row's own messages has the same turns for all rows and is
rendered column by column (`stages.turns`). All others come through here, row by row.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sftspec.ground.record import message_text
from sftspec.plan.parts import MessagesPart, TurnPart
from sftspec.ports.dialogue import Call, Misshapen, Said, dialect
from sftspec.stages.turns import RenderedTurn

Failure = tuple[str, str]
Column = list["list[Said] | Failure"]


def said_column(turn: RenderedTurn, *, tool: str | None = None) -> Column:
    """A turn that was rendered column by column, row by row."""
    parts = [(part.element, part.texts.texts, _edges(part.texts.spans)) for part in turn.parts]
    found: Column = []
    for row, message in enumerate(turn.message):
        said = Said(turn.role, message, turn.train, name=tool)
        said.parts = [
            (element, texts[row], list(spans[row])) for element, texts, spans in parts
        ]
        found.append([said])
    return found


def _edges(spans: Any) -> Sequence[Sequence[int]]:
    edges: Sequence[Sequence[int]] = spans.tolist() if isinstance(spans, np.ndarray) else spans
    return edges


def call_column(train: bool, calls: list[list[Call]]) -> Column:  # noqa: FBT001 - a fact of the turn
    """An assistant turn that calls, row by row."""
    return [[Said("assistant", "", train, list(row))] for row in calls]


def messages_column(part: MessagesPart, values: Sequence[Any]) -> Column:
    """The row's own conversations, or why one cannot be taken."""
    read = dialect(part.dialect).messages
    roles = dict(part.roles)
    found: Column = []
    for value in values:
        if value is None:
            found.append(("missing_field", f"{'.'.join(part.path)}: null or missing"))
            continue
        try:
            found.append(_shaped(read(value, roles), part))
        except Misshapen as error:
            found.append((error.reason, error.evidence))
    return found


def _shaped(talk: list[Said], part: MessagesPart) -> list[Said]:
    """The conversation as its `messages` line wants it."""
    talk = [said for said in talk if said.role != "drop"]
    if part.merge:
        talk = _merged(talk)
    for edge, which, role in part.cut:
        talk = _cut(talk, edge, which, role)
    for said in talk:
        if not said.parts:
            said.parts = [(None, said.text, [0, len(said.text.encode())] if said.text else [])]
    return talk


def _merged(talk: list[Said]) -> list[Said]:
    """Neighbours of one role as one turn; calls and observations stay what they are."""
    out: list[Said] = []
    for said in talk:
        last = out[-1] if out else None
        plain = not said.calls and not said.parts and said.role != "tool"
        if last and plain and last.role == said.role and not last.calls and not last.parts:
            last.text = message_text([last.text, said.text])
            last.train = last.train and said.train
        else:
            out.append(said)
    return out


def _cut(talk: list[Said], edge: str, which: str, role: str) -> list[Said]:
    """What is left behind or before a turn; all where there is no such turn. A system turn stays."""
    places = [at for at, said in enumerate(talk) if said.role == role]
    if not places:
        return talk
    at = places[0] if which == "first" else places[-1]
    if edge == "after":
        return talk[: at + 1]
    head = [said for said in talk[:at] if said.role == "system" and role != "system"]
    return [*head, *talk[at:]]


def joined(
    parts: Sequence[TurnPart], columns: Sequence[Column], count: int
) -> list["list[Said] | Failure"]:
    """All turns of each row's conversation, in order, the right system turn among them."""
    out: list[list[Said] | Failure] = []
    for row in range(count):
        cells = [column[row] for column in columns]
        bad = next((cell for cell in cells if isinstance(cell, tuple)), None)
        if bad is not None:
            out.append(bad)
            continue
        talk: list[Said] = []
        for part, cell in zip(parts, cells, strict=True):
            _append(talk, part.messages, cell)  # type: ignore[arg-type]
        out.append(talk)
    return out


def _append(talk: list[Said], part: MessagesPart | None, more: list[Said]) -> None:
    """Put turns behind those there are; of two system turns the one that is wanted stays."""
    if part is None:
        talk.extend(more)
        return
    mine = [said for said in more if said.role == "system"]
    if part.system == "dropped" or (part.system == "replaced" and talk):
        more = [said for said in more if said.role != "system"]
    elif mine and talk and talk[0].role == "system":
        talk.pop(0)
    talk.extend(more)


# what must hold of a conversation


def order_problem(talk: Sequence[Said]) -> Failure | None:
    """Why a conversation is none, or None.

    One system turn, first; then the user and the assistant by turns, the assistant last. Turns of
    `tool` stand behind a turn that calls, and answer its calls.
    """
    last = ""
    for at, said in enumerate(talk, 1):
        if said.role == "system" and at > 1:
            return "role_order", f"turn {at}: a system turn that is not the first"
        if said.role not in _AFTER[last]:
            return (
                "role_order",
                f"turn {at}: {said.role} after {last.replace('calls', 'a call') or 'the beginning'}",
            )
        if not said.calls and not said.text.strip() and said.role != "tool":
            return "empty_turn", f"turn {at} ({said.role}) is empty"
        last = "calls" if said.calls else said.role
    if last not in {"assistant", "calls"}:
        return "role_order", "the last turn is not the assistant's"
    if not any(said.train for said in talk):
        return "nothing_trained", "no turn is trained on"
    return None


_AFTER = {
    "": ("system", "user"), "system": ("user",), "user": ("assistant",),
    "assistant": ("user",), "calls": ("tool",), "tool": ("tool", "assistant"),
}  # fmt: skip


def spoken(said: Said) -> str:
    """What a turn says, as a text: its words, or its calls as JSON."""
    return said.text if said.text or not said.calls else plain_calls(said.calls)


def plain_calls(calls: Sequence[Call]) -> str:
    """Calls as JSON text without their ids."""
    import msgspec

    words = (
        f'{{"name":{msgspec.json.encode(c.name).decode()},"arguments":{c.arguments}}}'
        for c in calls
    )
    return f"[{','.join(words)}]"


TALKED = frozenset(
    ["system", "user", "instruction", "context", "response", "text", "turns", "calls"]
)


def talked(talk: Sequence[Said], name: str) -> Any:
    """A conversation as conditions name it: a text, or a number of turns or calls."""
    match name:
        case "turns":
            return len(talk)
        case "calls":
            return sum(len(said.calls) for said in talk)
        case "response":
            return next(
                (spoken(said) for said in reversed(talk) if said.role == "assistant"), ""
            )
        case "text":
            return message_text([spoken(said) for said in talk])
        case "instruction" | "context":
            parts = (part for said in talk for part in said.parts)
            return message_text([text for element, text, _ in parts if element == name])
        case _:
            return message_text([said.text for said in talk if said.role == name])
