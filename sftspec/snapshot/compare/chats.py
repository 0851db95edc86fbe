"""What becomes tokens, before and after: tokenizers by their bytes, and the formats of tokens."""

from collections.abc import Iterator, Mapping
from typing import Any

from sftspec.snapshot.compare.base import Change
from sftspec.snapshot.compare.names import Compared

MAJOR, MINOR = "major", "minor"
ENCODED = frozenset(("too_long", "turns_not_kept", "unproven", "unrenderable"))
"""The reasons for which an encoding sets a candidate aside."""


def tokenizers(two: Compared) -> Iterator[Change]:
    """Other bytes of a tokenizer give every record other tokens."""
    a, b = (_files(side.manifest.chats or {}) for side in (two.before, two.after))
    for chat in b:
        if chat in a and a[chat] != b[chat]:
            names = sorted(
                name
                for name in {**a[chat], **b[chat]}
                if a[chat].get(name) != b[chat].get(name)
            )
            yield Change(
                "tokenizer", MAJOR, "tokenizer", chat, f"other bytes in {', '.join(names)}"
            )


def _files(chats: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The digest of each file of each chat's tokenizer."""
    return {
        chat: {
            one["path"].rpartition("/")[2]: one["digest"] for one in about["tokenizer"]["files"]
        }
        for chat, about in chats.items()
    }


def token_formats(two: Compared) -> Iterator[Change]:
    """Formats of tokens that came, went, lie elsewhere or are packed otherwise."""
    a, b = (
        {(one.emit.format, one.pack.chat): one for one in graph.token_emits}
        for graph in two.graphs
    )
    for key, was in a.items():
        name = " ".join(key)
        now = b.get(key)
        if now is None:
            yield Change("format-removed", MAJOR, "emit", name, "is gone")
            continue
        if was.folder != now.folder:
            what = f"lies in {now.folder}, it lay in {was.folder}"
            yield Change("record-shape", MAJOR, "emit", name, what)
        packs = (_said(was.pack), _said(now.pack))
        if packs[0] != packs[1]:
            yield Change("packing", MINOR, "emit", name, f"{packs[0]} → {packs[1]}", *packs)
    for key in b:
        if key not in a:
            yield Change("format-added", MINOR, "emit", " ".join(key), "is new")


def _said(pack: Any) -> str:
    if not pack.packed:
        return "each sample alone"
    return (
        f"packs of at most {pack.most} samples"
        if pack.most
        else "packs of any number of samples"
    )
