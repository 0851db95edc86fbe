"""Every definition that has bytes in the dataset, with its version and a digest of its own text.

The digest covers what stands in the definition itself: what it uses is in it by name. So a new
wording of a phrasing is a change of that phrasing alone, and a template's version speaks for
the template.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sftspec.expr import nodes as ex
from sftspec.expr.show import show
from sftspec.ground.canon import canonical, digest, raw_digest
from sftspec.ir import body as b, nodes, outputs
from sftspec.ir.bodies import BODIES, printed_schemas, tables_of
from sftspec.ir.show import show_body, show_type
from sftspec.plan.graph import Definition

KINDS = ("prompt", "phrasing", "schema", "table", "template", "tool", "chat")
VERSIONED = ("prompt", "template")
First = Callable[[str, str], str]
Part = tuple[Any, str]
"""A part's meaning, and the part as text."""
_SHORT = 12


def first_name(kind: str, name: str, spec: nodes.Spec) -> str:
    """What a definition was called before it moved for the first time; empty where it never did."""
    back = {move.new: move.old for move in spec.moves if move.kind == kind}
    first = name
    for _ in back:
        first = back.get(first, first)
    return "" if first == name else first


def definitions(spec: nodes.Spec) -> dict[str, dict[str, Definition]]:
    """Each definition by kind and name."""
    return {
        "prompt": {
            name: _of("prompt", {"text": (p.text, p.text)}, p.version)
            for name, p in sorted(spec.prompts.items())
        },
        "phrasing": {
            name: _of("phrasing", _texts("wording", p)) for name, p in sorted(spec.phrasings.items())
        },
        "schema": {
            name: _of("schema", _schema(s)) for name, s in sorted(spec.schemas.items())
        },
        "table": {
            name: _of("table", {f"text of {value}": (text, text) for value, text in t.texts})
            for name, t in sorted(spec.tables.items())
        },
        "template": {
            name: _template(t, spec) for name, t in sorted(spec.templates.items())
        },
        "tool": {name: _of("tool", _tool(t)) for name, t in sorted(spec.tools.items())},
        **(
            {"chat": {name: _of("chat", _chat(c)) for name, c in sorted(spec.chats.items())}}
            if spec.chats else {}
        ),
    }  # fmt: skip


def _of(
    kind: str, parts: Mapping[str, Part], version: str = "",
    uses: Mapping[str, Sequence[str]] | None = None,
) -> Definition:  # fmt: skip
    """A definition of these parts. Their order counts: it is that of the file."""
    return Definition(
        digest(kind, canonical([[name, part] for name, (part, _) in parts.items()])),
        version,
        {name: _short(part) for name, (part, _) in parts.items()},
        {name: said for name, (_, said) in parts.items()},
        {used: tuple(sorted(set(names))) for used, names in (uses or {}).items() if names},
    )


def _short(part: Any) -> str:
    return raw_digest("part", canonical(part)).hex()[:_SHORT]


def _texts(word: str, phrasing: nodes.Phrasing) -> dict[str, Part]:
    return {
        f"{word} {number}": (option.value, option.value)
        for number, option in enumerate(phrasing.options, 1)
    }


def _schema(schema: nodes.Schema) -> dict[str, Part]:
    fields = {
        f"field {field.name}": (field, show_type(field.type) + (" optional" * field.optional))
        for field in schema.record.fields
    }
    rules = {
        f"rule {number}": ([rule.require, rule.when], rule.text)
        for number, rule in enumerate(schema.rules, 1)
    }
    return {**fields, **rules}


def _chat(chat: outputs.Chat) -> dict[str, Part]:
    """The template by its text where it is a file's; the tokenizer's bytes are pinned by themselves."""
    said = f'builtin("{chat.builtin}")' if chat.builtin else chat.source
    words = {
        "tokenizer": chat.tokenizer, "window": str(chat.window), "loss": chat.loss,
        "overflow": chat.overflow, "calls": "trained" if chat.calls else "untrained",
        "thinking": "on" if chat.thinking else "off", "date": chat.date,
    }  # fmt: skip
    return {"template": (said, said), **{name: (word, word) for name, word in words.items()}}


def _tool(tool: nodes.Tool) -> dict[str, Part]:
    return {"schema": (tool.schema, canonical(tool.schema).decode())}


def _template(template: nodes.Template, spec: nodes.Spec) -> Definition:
    """What it names is in its digest by the first name, so that a rename is no change."""

    def first(kind: str, name: str) -> str:
        return first_name(kind, name, spec) or name

    worse = template.rejected
    parts: dict[str, Part] = {
        "layer": (template.layer, template.layer),
        "rows": _rows(template, first),
        "samples": (template.samples, str(template.samples)),
        "wordings": (
            [[name, first("phrasing", of)] for name, of in template.phrasings],
            "\n".join(f"vary {name} = {of}" for name, of in template.phrasings),
        ),
        "tags": _tags(template, first),
        "tools": _tools(template.tools),
        **{
            f"turn {number} ({turn.role})": (_turn(turn, first), say_turn(turn))
            for number, turn in enumerate(template.turns, 1)
        },
        "rejected": ([_turn(worse.turn, first), worse.when], say_turn(worse.turn))
        if worse
        else (None, ""),
        "expectations": (
            [expect.node for expect in template.expects],
            "\n".join(expect.text for expect in template.expects),
        ),
    }
    uses = {
        "prompt": template.prompts,
        "phrasing": [phrasing for _, phrasing in template.phrasings],
        "schema": [*template.schemas, *printed_schemas(template)],
        "table": list(tables_of(template)),
        "tool": template.tools.names if template.tools else (),
    }
    kept = {name: part for name, part in parts.items() if part[0]}
    return _of("template", kept, template.version, uses)


def _rows(template: nodes.Template, first: First) -> Part:
    where = f" where {show(template.where)}" if template.where is not None else ""
    sources = [first("source", name) for name in template.sources]
    said = f"from {', '.join(template.sources)} as {template.alias}{where}"
    return [sources, template.alias, template.where], said


def _tags(template: nodes.Template, first: First) -> Part:
    tags = sorted(template.tags.items())
    named = [
        [first("facet", name), tag.values if tag.path is None else (), tag.path, tag.mapping]
        for name, tag in tags
    ]
    part = sorted(named, key=lambda one: str(one[0]))
    return part, "\n".join(f"{name} = {_said_tag(tag)}" for name, tag in tags)


def _said_tag(tag: nodes.Tag) -> str:
    if tag.path is None:
        return ", ".join(tag.values)
    mapping = ", ".join(f"{value} {word}" for value, word in tag.mapping)
    return ".".join(tag.path) + (f" {{ {mapping} }}" if mapping else "")


def _tools(tools: nodes.Tools | None) -> Part:
    if tools is None:
        return None, ""
    row = tools.of_row
    names = ", ".join(tools.names) or "inferred" * tools.inferred
    said = f"of {'.'.join(row.path)} as {row.dialect}" if row else names
    return [tools.names, [row.path, row.dialect] if row else None, tools.inferred], said


def say_turn(turn: nodes.Turn) -> str:
    """What a turn says, as text: a prompt and a contract by name."""
    said = [turn.prompt] if turn.prompt else [show_body(part.body) for part in turn.parts]
    if turn.schema or (turn.value is not None):
        value = show(turn.value) if turn.value is not None else ""
        said.append(f"json {turn.schema or ''} = {value}")
    for call in turn.calls:
        args = ", ".join(f"{name} = {_said_argument(value)}" for name, value in call.args)
        said.append(f"call {call.tool} {{ {args} }}")
    rows = [row for row in (turn.row_calls, turn.messages) if row is not None]
    said += [f"{'.'.join(row.path)} as {row.dialect}" for row in rows]
    return "\n".join(said)


def _said_argument(value: ex.Typed | b.Body) -> str:
    return show_body(value) if isinstance(value, BODIES) else show(value)


def _turn(turn: nodes.Turn, first: First) -> list[Any]:
    said, row = turn.messages, turn.row_calls
    texts = [[part.element, _body(part.body)] for part in turn.parts]
    return [
        turn.role, turn.train, [first("prompt", turn.prompt)] if turn.prompt else texts,
        turn.schema and first("schema", turn.schema), turn.value, turn.tool,
        [[call.tool, [[name, _argument(value)] for name, value in call.args]] for call in turn.calls],
        [row.path, row.dialect] if row else None,
        [said.path, said.dialect, said.roles, said.cut, said.merge, said.system] if said else None,
    ]  # fmt: skip


def _argument(value: ex.Typed | b.Body) -> Any:
    return _body(value) if isinstance(value, BODIES) else value


def _body(body: b.Body) -> Any:
    """A body, the contracts that it prints being named."""
    if isinstance(body, b.Choice):
        return [body.path, [[value, _body(one)] for value, one in body.bodies]]
    if isinstance(body, b.Program):
        return [body.source, body.alias, body.bound, [name for name, _ in body.schemas]]
    return body
