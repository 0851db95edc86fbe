"""Mistral's third generation with tekken (Nemo, Pixtral 12B, Ministral). Source: mistral-common, v3."""

from sftspec.ports import mistral_kit as kit
from sftspec.ports.segments import Options, Segment, Talk

CONTROLS = kit.CONTROLS
BEGIN = kit.BEGIN
KEEPS = False


def segments(talk: Talk, options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """The conversation. Raises CannotSay."""
    return kit.laid_out(talk, kit.V3)


def prompt(options: Options) -> list[Segment]:  # noqa: ARG001 - the shelf's shape
    """Nothing: the model answers behind `[/INST]` or `[/TOOL_RESULTS]`."""
    return []
