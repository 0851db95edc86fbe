"""`dataset`: the governance of a snapshot."""

from typing import Any

from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.nodes import Dataset
from sftspec.ir.world import World
from sftspec.syntax import tree

KIND = "dataset"
FORM = Form(
    "dataset NAME VERSION {",
    "who owns the data, under which licence, from which seed",
    inner=(
        Form("seed = INT", "what every draw depends on", once=True, needed=True),
        Form("license = TEXT", "the licence of the dataset (SPDX)", once=True, needed=True),
        Form("allow = TEXTS", "licences of sources that may be mixed in", once=True),
        Form("languages = LIST", "languages of the records", once=True),
        Form("owners = LIST", "who answers for it", once=True),
        Form("sensitivity = NAME", "how it may be shared", once=True),
        Form("retention = TEXT", "until when it may be kept", once=True),
        Form("limitations = TEXT", "what it is not for", once=True),
        Form("notes = TEXT", "what this version is about", once=True),
    ),
)
_ABOUT = {"owners", "sensitivity", "retention", "limitations", "notes"}


def lower(line: Line, world: World) -> Dataset | None:
    """The dataset, or None where a needed line is missing."""
    name = line.name("name")
    version = line.slots["version"]
    found = lines(
        f"dataset `{name}`", line.entry.head, line.entry.body, FORM.inner, world.report
    )
    seed, license_ = 0, ""
    allow: tuple[str, ...] | None = None
    languages: tuple[str, ...] = ()
    about: dict[str, Any] = {}
    for item in found:
        word = item.entry.word(0)
        if word == "seed":
            seed = item.whole()
        elif word == "license":
            license_ = item.text().value
        elif word == "allow":
            allow = tuple(_word(node) for node in item.items("texts"))
        elif word == "languages":
            languages = tuple(_word(node) for node in item.items())
        elif word in _ABOUT:
            about[word] = _about(item)
    return Dataset(
        name=name,
        version=version.value if isinstance(version, tree.Version) else "",
        seed=seed,
        languages=languages,
        license=license_,
        allow=allow if allow is not None else (license_,),
        about=about,
        span=line.entry.head,
    )


def _word(node: tree.Expr) -> str:
    return node.value if isinstance(node, tree.Text) else node.span.source


def _about(item: Line) -> str | list[str]:
    if "list" in item.slots:
        return [_word(node) for node in item.items()]
    if "text" in item.slots:
        return item.text().value
    return item.name("name")
