"""What a tokenizer is to us: text to ids, control tokens by name, ids back to bytes."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
import re
from typing import Any, Protocol

from sftspec.ground.report import Fault

_PIECES = re.compile(r"\.model(\.v[0-9]+(m[0-9]+)?)?$")
PARTS = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


class Tokenizer(Protocol):
    """A loaded tokenizer. Text never becomes a control token, whatever it spells."""

    controls: dict[str, int]
    """Every control token by its spelling: special ones, and those that the template names."""

    begin: str | None
    """The spelling of its BOS token."""

    end: str | None
    """The spelling of its EOS token."""

    size: int
    """Ids are below this."""

    libraries: tuple[str, ...]
    """The libraries at work, whose versions enter the keys of what is encoded."""

    def encode(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """Each text by itself: ids one behind the other (int32), and where each text's begin (int64, n + 1)."""

    def spell(self, ids: Any, offsets: Any) -> list[bytes]:
        """The bytes that each run of ids stands for, control tokens by their spelling."""

    def normal(self, texts: Sequence[str]) -> list[bytes]:
        """The bytes that a text's ids stand for: what its normaliser makes of it."""


def load_tokenizer(path: Path, controls: Sequence[str]) -> Tokenizer:
    """The tokenizer of a file or folder. `controls`: what the chat template names.

    Raises Fault where it cannot be read (`tokenizer-unreadable`), where a control token is none of
    its tokens (`control-token-missing`), or where the library is not installed.
    """
    module = import_module(f"sftspec.ports.tokenizers.{format_of(path)}")
    found: Tokenizer = module.load(path, tuple(controls))
    return found


def format_of(path: Path) -> str:
    """The format of a tokenizer by its files: huggingface, sentencepiece or tekken.

    Raises Fault where it is none of them, or several.
    """
    names = files_of(path)
    found = {
        kind
        for name in names
        for kind, fits in (
            ("huggingface", name == "tokenizer.json"),
            ("sentencepiece", _PIECES.search(name) is not None),
            ("tekken", name.startswith("tekken")),
        )
        if fits
    }
    if not path.is_dir():
        found = found or ({"huggingface"} if path.suffix == ".json" else set())
    elif "huggingface" in found:  # many folders have the model's own file beside it
        found = {"huggingface"}
    if len(found) != 1:
        what = "no file of one" if not found else f"files of {' and '.join(sorted(found))}"
        raise Fault(
            "tokenizer-unreadable", f"`{path.name}` has {what}", path=str(path),
            hint="name a tokenizer.json, a SentencePiece *.model or a tekken.json",
        )  # fmt: skip
    return found.pop()


def files_of(path: Path) -> list[str]:
    """The names of the files that a tokenizer is read from, of a folder; sorted."""
    if not path.is_dir():
        return [path.name]
    return sorted(
        one.name
        for one in path.iterdir()
        if one.is_file()
        and (one.name in PARTS or _PIECES.search(one.name) or one.name.startswith("tekken"))
    )
