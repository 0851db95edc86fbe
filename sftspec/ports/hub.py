"""Local Hugging Face dataset folders: which of their files hold the rows of a split."""

from pathlib import Path
import re

import msgspec
from msgspec import Struct

from sftspec.ground.report import Fault, did_you_mean, listing
from sftspec.ports.base import FORMATS, format_by_name
from sftspec.ports.files import expand, read_start

_STATE = 16 * 1024 * 1024


class _File(Struct):
    filename: str


class _State(Struct, rename={"files": "_data_files", "split": "_split"}):
    files: list[_File]
    split: str | None = None


def hub_files(root: Path, folder: str, split: str | None) -> list[str]:
    """The data files of a folder that `save_to_disk` wrote, or of a hub repository's copy.

    Raises Fault where there are none, or where there are several splits and none is named.
    """
    inside = expand(root, f"{folder}/**/*")
    inside = [path for path in inside if path != folder]
    names = {path.removeprefix(f"{folder}/") for path in inside}
    if not names:
        raise Fault(
            "source-not-found", f"there is no folder `{folder}` with files in it", path=folder,
            hint="paths are relative to the spec file that names them",
        )  # fmt: skip
    if "state.json" in names:
        return _saved(root, folder, split)
    splits = sorted(name.partition("/")[0] for name in names if name.endswith("/state.json"))
    if splits:
        return _saved(root, f"{folder}/{_one_of(splits, split, folder)}")
    data = sorted(name for name in names if format_by_name(name) in set(FORMATS.values()))
    data = [name for name in data if Path(name).suffix not in {".md", ".txt"}]
    data = [name for name in data if Path(name).name not in {"dataset_infos.json", "dataset_info.json"}]  # fmt: skip
    by_split: dict[str, list[str]] = {}
    for name in data:
        by_split.setdefault(_split_of(name), []).append(name)
    if not by_split:
        raise Fault(
            "source-not-found", f"folder `{folder}` has no data files", path=folder,
            hint="it has neither state.json nor files of Parquet, Arrow, JSON or CSV",
        )  # fmt: skip
    wanted = _one_of(sorted(by_split), split, folder)
    return [f"{folder}/{name}" for name in by_split[wanted]]


def _saved(root: Path, folder: str, split: str | None = None) -> list[str]:
    """The files that a `state.json` names, in its order. `split`: the one that it must be of."""
    path = f"{folder}/state.json"
    try:
        state = msgspec.json.decode(read_start(root, path, _STATE), type=_State)
    except msgspec.MsgspecError as error:
        raise Fault("bad-head", f"`{path}`: {error}", path=path) from None
    if split is not None and state.split is not None:
        _one_of([state.split], split, folder)
    for one in state.files:
        if "/" in one.filename or one.filename in {"", ".", ".."}:
            raise Fault("bad-head", f"`{path}` names a file outside of its folder", path=path)
    return [f"{folder}/{one.filename}" for one in state.files]


def _split_of(name: str) -> str:
    """The split that a file's name or folder says, as the hub reads it.

    `data/train_sft-00000-of-00003.parquet` is of `train_sft`, whatever words that is made of.
    """
    path = Path(name)
    sharded = _SHARD.match(path.name)
    parts = [sharded[1] if sharded else path.name.split(".")[0], *reversed(path.parts[:-1])]
    for part in parts:
        words = {part.lower()} if sharded else set(_WORD.findall(part.lower()))
        found = next((split for split, known in _SPLITS.items() if words & known), None)
        if found is not None:
            return found
    if sharded and not sharded[1].isdecimal():
        return sharded[1]
    return "train" if len(path.parts) == 1 or path.parts[0] == "data" else parts[0]


_SHARD = re.compile(r"(.+?)-\d{5}-of-\d{5}\b")
_WORD = re.compile(r"[a-z0-9]+")
_SPLITS = {
    "train": {"train", "training"},
    "validation": {"validation", "valid", "val", "dev"},
    "test": {"test", "testing", "eval", "evaluation"},
}


def _one_of(splits: list[str], split: str | None, folder: str) -> str:
    if split is None and len(splits) == 1:
        return splits[0]
    if split in splits:
        return str(split)
    if split is None and "train" in splits:
        return "train"
    raise Fault(
        "unknown-split", f"folder `{folder}` has no split `{split}`" if split
        else f"folder `{folder}` has several splits", path=folder,
        hint=(did_you_mean(split or "", splits) or f"it has {listing(splits)}"),
    )  # fmt: skip
