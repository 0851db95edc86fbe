"""`emit`: the formats to write."""

from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.nodes import Emit
from sftspec.ir.world import World

KIND = "emit"
FORM = Form(
    "emit {",
    "the formats to write",
    inner=(
        Form("jsonl", "one conversation a line: `messages`", once=True),
        Form("jsonl {", "with a profile", later=True),
        Form("parquet", "", later=True),
        Form("pairs", "", later=True),
        Form("tokens NAME [{]", "", later=True),
        Form("packed NAME [{]", "", later=True),
        Form("nemo NAME [{]", "", later=True),
        Form("store NAME [{]", "", later=True),
    ),
)


def lower(line: Line, world: World) -> tuple[Emit, ...]:
    """The formats."""
    found = lines("emit", line.entry.head, line.entry.body, FORM.inner, world.report)
    return tuple(Emit(format=item.form.head, span=item.entry.head) for item in found)
