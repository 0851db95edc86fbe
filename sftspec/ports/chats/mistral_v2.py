"""Mistral's second generation (Mistral Small and Large 2402). Source: mistral-common, v2.

Calls and results before the user's last turn are left out; calls have no ids, and one is answered.
"""

from sftspec.ports import mistral_kit as kit
from sftspec.ports.segments import CannotSay, Message, Options, Segment, Talk

CONTROLS = kit.CONTROLS
BEGIN = kit.BEGIN
KEEPS = False


def segments(talk: Talk, options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """The conversation. Raises CannotSay, where a turn's calls have several results too."""
    out = kit.laid_out(talk, _RULES)
    before = ""
    for at in range(len(talk.messages) - 1, -1, -1):
        role = talk.messages[at].role
        if role == before == "tool":
            raise CannotSay("several-results", f"turn {at + 2} is a second answer to one turn")
        if role == "user":
            break
        before = role
    return out


def prompt(options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """Nothing: the model answers behind `[/INST]` or `[/TOOL_RESULTS]`."""
    return []


def _result(message: Message, at: int) -> list[Segment]:
    given = {"name": message.name, "content": kit.result_value(message, at)}
    return kit.results([given], at)


_RULES = kit.Rules(_result, history=False, ids=False)
