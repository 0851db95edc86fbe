"""What stands in the way of a tokenizer, in one wording for every format."""

from pathlib import Path

from sftspec.ground.report import Fault


def missing_library(name: str) -> Fault:
    """A library that is not installed."""
    return Fault(
        "missing-library", f"this tokenizer needs the library `{name}`",
        hint="run `pip install 'sftspec[tokens]'`",
    )  # fmt: skip


def missing_control(name: str, path: Path | None = None) -> Fault:
    """A control token of the chat template that the tokenizer has not."""
    return Fault(
        "control-token-missing",
        f"the chat template needs the token `{name}`, which the tokenizer has not",
        path=str(path) if path else "", hint="name the template that this tokenizer was made for",
    )  # fmt: skip


def unreadable(what: str, error: Exception, path: Path) -> Fault:
    """A file that is not what it should be."""
    return Fault(
        "tokenizer-unreadable", f"this is no {what}: {error}"[:300], path=str(path),
        hint="is it a pointer of Git LFS, or cut off? fetch it again",
    )  # fmt: skip


def file_in(path: Path, name: str, pattern: str, what: str) -> Path:
    """A file, or in a folder the one of that name, else the only one of the pattern. Raises Fault."""
    if not path.is_dir():
        return path
    found = sorted(path.glob(pattern))
    if len(found) != 1 and path / name not in found:
        names = ", ".join(one.name for one in found) or "none"
        raise Fault(
            "tokenizer-unreadable", f"which file is the {what}? there is {names}", path=str(path),
            hint="name the file and not its folder",
        )  # fmt: skip
    return found[0] if len(found) == 1 else path / name
