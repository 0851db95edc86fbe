"""Tokenizers as a build reads them: which files they are, what those hash to, and loaded once a process."""

from collections import OrderedDict
from collections.abc import Mapping
import hashlib
import os
from pathlib import Path
from typing import Any

from msgspec import Struct

from sftspec.engine.keys import library
from sftspec.ground.canon import canonical, digest
from sftspec.ground.report import Fault
from sftspec.plan.graph import Encode, Graph
from sftspec.plan.pins import FilePin, Files
from sftspec.ports.files import reading
from sftspec.ports.token_faults import missing_library
from sftspec.ports.vocabulary import Tokenizer, files_of, format_of, load_tokenizer

LIBRARIES = {
    "huggingface": ("tokenizers",),
    "sentencepiece": ("sentencepiece",),
    "tekken": ("tiktoken",),
}
KEPT = 4
_loaded: OrderedDict[str, Tokenizer] = OrderedDict()


class Vocabulary(Struct, frozen=True):
    """A chat's tokenizer: its path from the root, each file's bytes, and the libraries at work."""

    path: str
    files: dict[str, FilePin]
    libraries: tuple[str, ...]

    @property
    def digest(self) -> str:
        """One digest of files and libraries, by the files' own names."""
        names = {Path(path).name: one.digest for path, one in self.files.items()}
        return digest("tokenizer", canonical([names, self.libraries]))


def read_vocabulary(root: Path, path: str) -> Vocabulary:
    """What a tokenizer is made of. Raises Fault where it is not there or is none."""
    whole = root / path
    if not whole.exists():
        raise Fault(
            "tokenizer-not-found", f"there is no tokenizer at `{path}`", path=path,
            hint="paths are relative to the spec file that names them",
        )  # fmt: skip
    kind = format_of(whole)
    names = [f"{path}/{name}" if whole.is_dir() else path for name in files_of(whole)]
    return Vocabulary(
        path,
        {name: _pin(root, name) for name in names},
        tuple(_library(name) for name in LIBRARIES[kind]),
    )


def _library(name: str) -> str:
    from importlib.metadata import PackageNotFoundError

    try:
        return library(name)
    except PackageNotFoundError:
        raise missing_library(name) from None


def read_vocabularies(root: Path, graph: Graph) -> dict[str, Vocabulary]:
    """The tokenizer of every chat. Raises Fault where one is not there."""
    return {chat: read_vocabulary(root, path) for chat, path in graph.tokenizers.items()}


def tokenizer_pins(found: Mapping[str, Vocabulary]) -> Files:
    """Tokenizers as a lock has them."""
    return {chat: one.files for chat, one in found.items()}


def _pin(root: Path, path: str) -> FilePin:
    with reading(root, path) as descriptor, os.fdopen(os.dup(descriptor), "rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return FilePin(stream.tell(), f"sha256:{sha256}")


def template_of(stage: Encode, tokenizer: Tokenizer) -> Any:
    """The chat template of a stage."""
    from sftspec.ports.segments import chat_template

    if stage.builtin:
        return chat_template(stage.builtin)
    from sftspec.ports.foreign_chat import foreign_template

    return foreign_template(stage.source, tokenizer)


def controls_of(stage: Encode) -> tuple[str, ...]:
    """The control tokens that a built-in template names."""
    if not stage.builtin:
        return ()
    from sftspec.ports.segments import chat_template

    found: tuple[str, ...] = chat_template(stage.builtin).CONTROLS
    return found


def loaded(root: Path, one: Vocabulary, stage: Encode) -> Tokenizer:
    """The tokenizer, read where this process does not have it. Raises Fault where its files are not those."""
    names = tuple(name for name in controls_of(stage) if not name.startswith("\0"))
    key = canonical([one.digest, names]).decode()
    if key not in _loaded:
        tokenizer = load_tokenizer(root / one.path, names)
        if any(_pin(root, path) != pin for path, pin in one.files.items()):
            raise Fault(
                "source-changed", "the tokenizer changed while it was read", path=one.path,
                hint="build again",
            )  # fmt: skip
        _loaded[key] = tokenizer
        while len(_loaded) > KEPT:
            _loaded.popitem(last=False)
    _loaded.move_to_end(key)
    return _loaded[key]
