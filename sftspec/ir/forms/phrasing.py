"""`phrasing`: equivalent wordings, drawn per record."""

from sftspec.ground.report import Label
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.nodes import Phrasing
from sftspec.ir.world import World
from sftspec.syntax import tree

KIND = "phrasing"
FORM = Form(
    "phrasing NAME {",
    "equivalent wordings, drawn per record, so that no cliché is taught",
    inner=(Form("TEXT", "a wording; a template body that may read the row"),),
)


def lower(line: Line, world: World) -> Phrasing | None:
    """The wordings; the bodies are read where a template draws them."""
    name = line.name("name")
    found = lines(
        f"phrasing `{name}`", line.entry.head, line.entry.body, FORM.inner, world.report
    )
    first: dict[str, tree.Text] = {}
    for item in found:
        text = item.text()
        if text.value in first:
            world.report.error(
                "duplicate-name", text.span, f"phrasing `{name}` has this wording twice",
                labels=(Label(first[text.value].span, "first here"),),
            )  # fmt: skip
        first.setdefault(text.value, text)
    if not line.body().entries:
        world.report.error("empty-block", line.entry.head, f"phrasing `{name}` has no wordings")
    if not first:
        return None
    return Phrasing(name=name, options=tuple(first.values()), span=line.entry.head)
