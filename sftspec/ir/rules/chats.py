"""Chats that cannot train what they ask for."""

from sftspec.ir import nodes
from sftspec.ir.show import show_body
from sftspec.ir.world import World
from sftspec.ports.segments import chat_template


def kept(spec: nodes.Spec, world: World) -> None:
    """All turns asked of a template that lays earlier turns out anew: those would be trained wrong."""
    several = next((t for t in spec.templates.values() if _several(t)), None)
    if several is None:
        return
    used = {emit.chat for emit in spec.emits}
    for chat in spec.chats.values():
        asked = chat.name in used and chat.loss == "all_assistant_turns" and chat.builtin
        if asked and not chat_template(chat.builtin).KEEPS:
            world.report.error(
                "turns-not-kept", chat.span,
                f"`{chat.builtin}` lays earlier turns out anew when a turn follows, so training on all "
                f"of them is not what the model sees; template `{several.name}` may have several",
                hint="write `loss = expand`, a sample for each turn, or `loss = last_assistant_turn`",
            )  # fmt: skip


def spelled(spec: nodes.Spec, world: World) -> None:
    """A template's own text that spells a control token: it is text to the model, as data would be."""
    used = {emit.chat for emit in spec.emits}
    names = {
        name: chat.name
        for chat in spec.chats.values()
        if chat.name in used and chat.builtin
        for name in chat_template(chat.builtin).CONTROLS
        if not name.startswith("\0")
    }
    for template in spec.templates.values():
        said = "\n".join(show_body(part.body) for turn in template.turns for part in turn.parts)
        for name, chat in names.items():
            if name in said:
                world.report.warn(
                    "spelled-control-token", template.span,
                    f"template `{template.name}` spells `{name}`, which chat `{chat}` takes as text",
                    hint="the chat template sets control tokens; leave it out",
                )  # fmt: skip


def _several(template: nodes.Template) -> bool:
    """Whether its records may have more than one trained turn, or one that others follow."""
    turns = template.turns
    trained = [at for at, turn in enumerate(turns) if turn.role == "assistant" and turn.train]
    rows = any(turn.messages is not None for turn in turns)
    return rows or bool(trained and trained != [len(turns) - 1])


RULES = (kept, spelled)
