"""Imported sources as the text of a spec. What no configuration says is a line that ends in a TODO."""

from collections.abc import Sequence
import re
import textwrap

from sftspec.ports.foreign.base import Asked, Imported, Talked, sound
from sftspec.ports.foreign.fields import (
    RESERVED,
    Field,
    declared,
    fields_of,
    identifier,
    quoted,
    unique,
)
from sftspec.ports.foreign.mixture import Mixture
from sftspec.ports.foreign.settle import Source

UNKNOWN = "NOASSERTION"  # how SPDX says that nobody knows
_WIDTH = 96
_SHOWN = 12


def spec_text(
    name: str, config: str, imported: Imported, sources: list[Source], mix: Mixture
) -> str:
    """The text of the spec, not yet laid out."""
    taken = [source for source in sources if not source.excluded]
    names = unique([source.name for source in taken])
    plain = dict(
        zip(names, unique([*names, *(f"{n}_plain" for n in names)])[len(names) :], strict=True)
    )
    blocks = [[_note(f"Imported from {config} ({imported.trainer})."), "edition 2026"]]
    blocks.append(_dataset(name, imported))
    for source in sources:
        fields = fields_of(source)
        blocks.append(_source(source, fields))
        if source in taken:
            blocks += _Templates(source, fields, plain[source.name]).blocks()
    if imported.deduplicate:
        blocks.append(["screen { drop duplicate exact }"])
    blocks.append(_mixture(mix))
    if imported.dev:
        blocks.append([f"split {{ dev {imported.dev / 100:g}% }}"])
    pairs = any(source.shape is not None and source.shape.rejected for source in taken)
    blocks.append([f"emit {{ jsonl{', pairs' if pairs else ''} }}"])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _note(text: str) -> str:
    """A comment; what is not plain ASCII in it stands as an escape."""
    lines = textwrap.wrap(_plain(text), _WIDTH, break_on_hyphens=False) or [""]
    return "\n".join(f"# {line}" for line in lines)


def _plain(text: str) -> str:
    plain = text.encode("ascii", "backslashreplace").decode()
    return "".join(char if char.isprintable() else "?" for char in plain)


def _dataset(name: str, imported: Imported) -> list[str]:
    seed = "seed = 1   # TODO: any number; every draw depends on it"
    if imported.seed is not None:
        seed = f"seed = {imported.seed}   # the configuration's"
    return [
        f"dataset {name} v0.1.0 {{",
        seed,
        f'license = "{UNKNOWN}"   # TODO: the licence of the dataset (SPDX)',
        'owners = ["unknown"]   # TODO: who answers for it',
        "}",
    ]


def _mixture(mix: Mixture) -> list[str]:
    total = "all" if mix.total is None else f"{mix.total:_}"
    lines = ["mixture {", f"total = {total}"]
    if mix.todo:
        lines.insert(1, _note(f"TODO: {mix.todo}."))
    if mix.parts:
        lines += ["share source {", *(f"{name} {part:_}" for name, part in mix.parts), "}"]
    if mix.repeat > 1:
        lines.append(f"shortfall = repeat({mix.repeat})")
    elif mix.parts or mix.total is not None:
        lines.append("shortfall = shrink")
    return [*lines, "}"]


# sources


def _source(source: Source, fields: dict[str, Field]) -> list[str]:
    spot, shape = source.spot, source.shape
    paths = [quoted(path) for path in spot.paths]
    lines = [*_remarks(source, fields), f"source {source.name} {{"]
    lines.append(f"path = {paths[0] if len(paths) == 1 else '[' + ', '.join(paths) + ']'}")
    if spot.format:
        lines.append(f"format = {spot.format}")
    if spot.split:
        lines.append(f"split = {spot.split}")
    lines += [
        "key = auto   # TODO: a field that identifies a row",
        "origin = unknown   # TODO: licensed, human, synthetic, public or other",
        f'license = "{UNKNOWN}"   # TODO: the licence of the rows (SPDX)',
    ]
    if source.excluded:
        lines.append(f"excluded = {quoted(source.excluded)}")
    lines += [
        "fields {",
        *(map(declared, fields.values()) if fields else ["text: any optional"]),
        "}",
    ]
    tools = fields.get("tools")
    if tools and tools.type == "string" and tools.empty:
        lines.append(f'set {tools.name} = null when {tools.name} == ""')
    if shape is not None and shape.wanted:
        lines.append(f"where {fields['wanted'].name} == true")
    return [*lines, "}"]


def _any(source: Source, fields: dict[str, Field]) -> list[str]:
    """Fields of a source of which nothing is taken: its columns, as far as they are known."""
    if fields:
        return []
    columns = [name for name in source.seen.columns if sound(name)] if source.seen else []
    if not columns:
        return ["text: any optional   # TODO: its columns"]
    names = unique(identifier(name, "column") for name in columns[:_SHOWN])
    some = [
        Field(name, column, "any", optional=True)
        for name, column in zip(names, columns, strict=False)
    ]
    return [declared(field) for field in some]


def _remarks(source: Source, fields: dict[str, Field]) -> list[str]:
    """What to know of a source before one reads its lines."""
    said = [_note(f"Entry `{source.entry.name}`.")]
    if source.spot.todo:
        said.append(_note(f"TODO: {source.spot.todo}."))
    if source.spot.fetch:
        said.append(f"#   {_plain(source.spot.fetch)}")
    if source.seen is None:
        unseen = "TODO: compare the fields with the rows; none were there to be read."
        return said if source.excluded else [*said, _note(unseen)]
    if not source.seen.whole:
        said.append(_note(f"The types are those of the first {source.seen.rows:_} rows."))
    used = {field.column for field in fields.values()}
    others = [name for name in source.seen.columns if name not in used and name.isprintable()]
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        said.append(
            _note(f"Other columns: {', '.join(name[:40] for name in others[:_SHOWN])}{more}.")
        )
    return said


# templates


class _Templates:
    """The templates of one source: two where only some of its rows have a system prompt."""

    def __init__(self, source: Source, fields: dict[str, Field], plain: str) -> None:
        self.source = source
        self.fields = fields
        self.plain = plain
        self.prompt = ""

    def blocks(self) -> list[list[str]]:
        shape = self.source.shape
        found: list[list[str]] = []
        if isinstance(shape, Asked) and shape.preamble:
            self.prompt = f"{self.source.name}_system"
            found.append(
                [f"prompt {self.prompt} v1.0.0 {{", f"text {quoted(shape.preamble)}", "}"]
            )
            if re.search(
                r"\{[{%#]", shape.preamble
            ):  # a prompt is no body, so it is said in one
                self.prompt = quoted(shape.preamble.replace("{", "{{ '{' }}"))
                found.clear()
        system = self.fields.get("system")
        if system is None or (isinstance(shape, Asked) and shape.history):
            return [*found, self._template(self.source.name, [], self.prompt)]
        path, spoken = f"row.{system.name}", f'"{{{{ row.{system.name} }}}}"'
        if not (system.empty or system.lacks):
            return [*found, self._template(self.source.name, [], spoken)]
        there, none = f'{path} != ""', f'{path} == ""'
        if system.lacks:
            there, none = f"{path} != null and {there}", f"{path} == null or {none}"
            none = f"({none})" if self._needed() else none
        found.append(self._template(self.source.name, [there], spoken))
        return [*found, self._template(self.plain, [none], self.prompt)]

    def _template(self, name: str, where: list[str], system: str) -> list[str]:
        shape = self.source.shape
        turns = self._asked(shape, system) if isinstance(shape, Asked) else []
        if isinstance(shape, Talked):
            turns = self._talked(shape, system)
        where = [*where, *self._needed()]
        cond = f" where {' and '.join(where)}" if where else ""
        tools = self.fields.get("tools")
        return [
            f"template {name} v1.0.0 {{",
            "layer = generic   # TODO: generic, skill, domain or system",
            f"from {self.source.name} as row{cond}",
            *([f"tools = row.{tools.name} as openai"] if tools else []),
            *turns,
            "}",
        ]

    def _needed(self) -> list[str]:
        """What must not be null, so that a row has its turns."""
        if "history" in self.fields:
            return []
        uses = ["instruction", "output"]
        if isinstance(self.source.shape, Talked):
            uses = ["chosen", "rejected"]
        used = [self.fields.get(use) for use in uses]
        return [f"row.{field.name} != null" for field in used if field and field.lacks]

    def _asked(self, shape: Asked, system: str) -> list[str]:
        worse = self.fields.get("rejected")
        rejected = []
        if worse is not None:
            when = f" when row.{worse.name} != null" if worse.lacks else ""
            rejected = [f'rejected "{{{{ row.{worse.name} }}}}"{when}']
        if shape.history:
            return ["messages = row as alpaca", *rejected]
        first = [f"system {system}"] if system else []
        answer = f'assistant "{{{{ row.{self.fields["output"].name} }}}}"'
        return [*first, *self._user(shape), answer, *rejected]

    def _user(self, shape: Asked) -> Sequence[str]:
        ask, more = self.fields["instruction"], self.fields.get("input")
        asked = f"{{{{ row.{ask.name} }}}}"
        if more is None:
            return [f'user "{asked}"']
        path = f"row.{more.name}"
        if shape.joint is None:
            default = " | default('')" if more.lacks else ""
            context = f'context "{{{{ {path}{default} }}}}"'
            return ["user {", f'instruction "{asked}"', context, "}"]
        added = f"{{{{ {path} }}}}"
        both = f"{asked}{quoted(shape.joint)[1:-1]}{added}"
        if ask.empty:  # what is not there takes no newline with it
            more_or_none = f"{{{{ {path} | default('') }}}}" if more.lacks else added
            test, other = f"row.{ask.name} and {path}", f"{asked}{more_or_none}"
        elif more.empty or more.lacks:
            test, other = path, asked
        else:
            return [f'user "{both}"']
        return [f'user "{{% if {test} %}}{both}{{% else %}}{other}{{% endif %}}"']

    def _talked(self, shape: Talked, system: str) -> list[str]:
        rule = "dropped" if shape.drops_system else "kept"
        roles = [_role(name, meaning) for name, meaning in shape.roles]
        roles += [
            f"{_role(name, meaning)}   # TODO: the configuration does not name it"
            for name, meaning in self.source.extra_roles
        ]
        messages = f"messages = row.{self.fields['messages'].name} as {self.source.dialect} {{"
        lines = [f"system {system}"] if system and not shape.drops_system else []
        lines += [messages, *roles, f"system {rule}", "}"]
        if shape.rejected:
            better, worse = (
                f"row.{self.fields[use].name}.{shape.keys[1]}" for use in ("chosen", "rejected")
            )
            lines += [f'assistant "{{{{ {better} }}}}"', f'rejected "{{{{ {worse} }}}}"']
        return lines


def _role(name: str, meaning: str) -> str:
    plain = name.isascii() and name.isidentifier() and name not in RESERVED
    return f"role {name if plain else quoted(name)} = {meaning}"
