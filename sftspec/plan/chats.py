"""The chats of a spec as stages: what each encodes, and which formats of tokens are written."""

from msgspec import UNSET, UnsetType

from sftspec.ir import nodes, outputs
from sftspec.plan import graph as g
from sftspec.ports.segments import Options


def encoding_of(spec: nodes.Spec) -> g.Encoding | UnsetType:
    """The chats that are used, their tokenizers, and what is written of them."""
    used = {emit.chat for emit in spec.emits} | {share.chat for share in spec.mixture.shares}
    chats = {name: chat for name, chat in spec.chats.items() if name in used}
    if not chats:
        return UNSET
    return g.Encoding(
        {name: encode_part(chat) for name, chat in chats.items()},
        {name: chat.tokenizer for name, chat in chats.items()},
        tuple(_emits(spec)),
    )


def encode_part(chat: outputs.Chat) -> g.Encode:
    """What encoding depends on, but for the tokenizer's bytes."""
    default = Options()
    return g.Encode(
        chat=chat.name,
        builtin=chat.builtin,
        source=chat.source,
        window=chat.window,
        loss=chat.loss,
        overflow=chat.overflow,
        calls=chat.calls,
        options=Options(chat.date or default.date, chat.thinking),
    )


def _emits(spec: nodes.Spec) -> list[g.TokenEmit]:
    """What is written: the first chat of a format in its folder, others in folders of theirs."""
    found = []
    folders: dict[str, str] = {}
    for emit in spec.emits:
        if not emit.chat:
            continue
        window = spec.chats[emit.chat].window
        first = folders.setdefault(emit.format, emit.chat)
        found.append(
            g.TokenEmit(
                emit.format if first == emit.chat else f"{emit.format}-{emit.chat}",
                g.Pack(emit.chat, spec.dataset.seed, window, emit.packed, emit.most),
                g.EmitTokens(emit.format, window),
            )
        )
    return found
