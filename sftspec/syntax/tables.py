"""Where the grammar is, and the tables that were made from it and saved beside it."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec


def folder() -> Path:
    """Where the grammar is: in the wheel beside the package's rooms, else in the checkout."""
    package = Path(__file__).resolve().parent.parent
    shipped = package / "grammar"
    return shipped if shipped.is_dir() else package.parent / "grammar"


def saved() -> dict[str, Any] | None:
    """The saved tables, or None where there are none of the grammar as it stands."""
    home = folder()
    try:
        found: dict[str, Any] = msgspec.json.decode((home / "tables.json").read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None
    return found if found.get("digest") == grammar_digest(home) else None


def grammar_digest(home: Path) -> str:
    """The digest of the grammar files."""
    state = hashlib.sha256()
    for name in ("sft.lark", "terminals.lark"):
        state.update((home / name).read_bytes())
    return state.hexdigest()
