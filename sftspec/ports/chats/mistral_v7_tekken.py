"""Mistral's generation v7 with tekken (Small 3 and 3.1). Source: mistral-common, v7."""

from sftspec.ports import mistral_kit as kit
from sftspec.ports.segments import Options, Segment, Talk

CONTROLS = kit.LATER_CONTROLS
BEGIN = kit.BEGIN
KEEPS = False


def segments(talk: Talk, options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """The conversation. Raises CannotSay."""
    return kit.laid_out(talk, kit.V7)


def prompt(options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """Nothing: the model answers behind `[/INST]` or `[/TOOL_RESULTS]`."""
    return []
