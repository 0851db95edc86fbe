"""`prompt`: a system prompt with its own version."""

from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.nodes import Prompt
from sftspec.ir.world import World
from sftspec.syntax import tree

KIND = "prompt"
FORM = Form(
    "prompt NAME VERSION {",
    "a system prompt with its own version; it is text, not a template body",
    inner=(Form("text TEXT", "what it says", once=True, needed=True),),
)


def lower(line: Line, world: World) -> Prompt | None:
    """The prompt."""
    name = line.name("name")
    found = lines(
        f"prompt `{name}`", line.entry.head, line.entry.body, FORM.inner, world.report
    )
    version = line.slots["version"]
    if not found:
        return None
    text = found[0].text()
    if "{{" in text.value or "{%" in text.value:
        at = min(i for i in (text.value.find("{{"), text.value.find("{%")) if i >= 0)
        world.report.error(
            "template-construct", text.at(at, at + 2), "a prompt is text, not a template body",
            hint="write the system turn in the template where it reads the row",
        )  # fmt: skip
    return Prompt(
        name=name,
        version=version.value if isinstance(version, tree.Version) else "",
        text=text.value,
        span=line.entry.head,
    )
