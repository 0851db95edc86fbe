"""Where the rows of an entry are, seen from the spec: paths that it may name, and how to get the rest."""

from collections.abc import Callable, Sequence
import os
from pathlib import Path
import re
import shlex
import stat

from msgspec import Struct

from sftspec.ground.report import Fault
from sftspec.ports.base import FORMATS, format_by_name
from sftspec.ports.files import expand
from sftspec.ports.foreign.base import Desk, Entry, Place
from sftspec.ports.hub import hub_files

_UNFIT = re.compile(
    r"[\x00-\x1f\x7f\\\ud800-\udfff]|^~|^[A-Za-z]:|(?:^|/)(?:con|prn|aux|nul|com\d|lpt\d)(?:\.[^/]*)?(?:/|$)",
    re.IGNORECASE,
)
_HUBS = {"hf": "Hugging Face", "modelscope": "ModelScope", "openmind": "openMind"}
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INSIDE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")


class Spot(Struct):
    """An entry's rows as the spec names them.

    `there`: files below the root that can be looked at. `fetch`: the command that brings what is
    not there. `todo`: what somebody has to see to.
    """

    paths: list[str] = []
    format: str = ""
    split: str = ""
    there: list[str] = []
    fetch: str = ""
    todo: str = ""


class Ground(Struct, frozen=True):
    """The project's root, the spec's folder below it, and the configuration's folder."""

    root: Path
    home: Path
    config: Path

    def below(self, path: Path) -> str | None:
        """A path from the root; None where it is not below it, or cannot be written in a spec."""
        whole = os.path.normpath(path)
        shown = os.path.relpath(whole, self.root)
        if shown.startswith("..") or _UNFIT.search(shown) or len(shown) > 1_000:
            return None
        return Path(shown).as_posix()

    def said(self, path: str) -> str:
        """A path from the root as the spec says it."""
        return Path(os.path.relpath(self.root / path, self.home)).as_posix()


def spot_of(entry: Entry, name: str, ground: Ground, desk: Desk) -> Spot:
    """Where the entry's rows are. `name`: the source's, which names a folder for what is fetched."""
    place = entry.place
    found = None if place.elsewhere else _local(place, ground)
    if found is not None:
        _slice(entry, found, desk, wanted=place.split)
        return found
    if place.elsewhere:
        return _absent(f"put the rows of {place.elsewhere} there", name, ground)
    if place.hub:
        return _of_hub(entry, name, ground, desk)
    return _missing(entry, name, ground, desk)


# files that are there


def _local(place: Place, ground: Ground) -> Spot | None:
    """The files, where they are; a name counts from the configuration's folder, else from the root."""
    for base in dict.fromkeys((ground.config, ground.root)):
        known = [ground.below(base / name) for name in place.files]
        inside = [path for path in known if path is not None]
        if not inside or len(inside) < len(known):
            continue
        if all(
            _is(ground.root / path, stat.S_ISREG, stat.S_ISDIR) or _matches(path, ground)
            for path in inside
        ):
            return _spot(inside, place, ground)
    return None


def _is(path: Path, *kinds: Callable[[int], bool]) -> bool:
    """Whether something of these kinds is there; a name that can be none is not."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return any(kind(mode) for kind in kinds)


def _matches(path: str, ground: Ground) -> bool:
    if not re.search(r"[*?\[]", path):
        return False
    try:
        return bool(expand(ground.root, path))
    except OSError:  # a part that is too long for a name
        return False


def _spot(paths: Sequence[str], place: Place, ground: Ground) -> Spot:
    """Files as they are; a folder by the files in it."""
    if len(paths) == 1 and _is(ground.root / paths[0], stat.S_ISDIR):
        return _folder(paths[0], place, ground)
    there = [one for path in paths for one in expand(ground.root, path)]
    return Spot([ground.said(path) for path in paths], _format(paths, place), "", there)


def _folder(path: str, place: Place, ground: Ground) -> Spot:
    split = place.split.split("[")[0]
    split = split if _WORD.fullmatch(split) else ""
    try:
        there = hub_files(ground.root, path, split or None)
    except Fault:
        there = []
    return Spot([ground.said(path)], "hf", split, there)


def _format(paths: Sequence[str], place: Place) -> str:
    """The format where the names of the files do not say it."""
    said = {format_by_name(path) for path in paths}
    if len(said) == 1 and None not in said:
        return ""
    known = {*FORMATS.values()}
    return place.format if place.format in known else "json"


# what is not there


def _absent(todo: str, name: str, ground: Ground, ending: str = "jsonl") -> Spot:
    home = os.path.relpath(ground.home, ground.root)
    path = Path(os.path.normpath(f"{home}/data/{name}.{ending}")).as_posix()
    there = [path] if _is(ground.root / path, stat.S_ISREG) else []
    return Spot([ground.said(path)], "", "", there, todo=todo)


def _missing(entry: Entry, name: str, ground: Ground, desk: Desk) -> Spot:
    """A file that is not there, or not in the project: its place, or one to put it at."""
    place = entry.place
    known = [ground.below(ground.config / file) for file in place.files]
    inside = [path for path in known if path is not None]
    if inside and len(inside) == len(known):
        spot = _spot(inside, place, ground)
        spot.there, spot.todo = [], "put the file there"
        return spot
    desk.warn(
        "rows-outside-root", f"`{place.files[0]}` is not in the project, and a spec names no files outside of it",
        "copy it to the `path` that the source has; `.sftroot` marks the folder of a project",
    )  # fmt: skip
    suffix = Path(place.files[0]).suffix.lower().removeprefix(".")
    ending = suffix if f".{suffix}" in FORMATS else "jsonl"
    return _absent(f"copy {place.files[0]} there", name, ground, ending)


def _of_hub(entry: Entry, name: str, ground: Ground, desk: Desk) -> Spot:
    place = entry.place
    home = os.path.relpath(ground.home, ground.root)
    folder = Path(os.path.normpath(f"{home}/data/{name}")).as_posix()
    spot = Spot([ground.said(folder)], "hf")
    if _is(ground.root / folder, stat.S_ISDIR):
        spot = _folder(folder, place, ground)
    else:
        spot.fetch = _command(place, folder)
        spot.todo = f"fetch {place.dataset} from {_HUBS.get(place.hub, place.hub)} to {folder}"
    if place.within and not entry.excluded:
        desk.warn(
            "dataset-slice", f"`{place.dataset}`: `{place.within}` alone is meant, and the path is the whole dataset's",
            "let `path` name the folder or the files of it, once they are there",
        )  # fmt: skip
    _slice(entry, spot, desk, wanted=place.split)
    return spot


def _command(place: Place, folder: str) -> str:
    """What fetches a dataset of a hub; empty where it is not known."""
    if place.hub == "hf":
        words = [
            "hf",
            "download",
            place.dataset,
            "--repo-type",
            "dataset",
            "--local-dir",
            folder,
        ]
        if place.revision and _INSIDE.fullmatch(place.revision):
            words += ["--revision", place.revision]
    elif place.hub == "modelscope":
        words = ["modelscope", "download", "--dataset", place.dataset, "--local_dir", folder]
    else:
        return ""
    return shlex.join(words)


def _slice(entry: Entry, spot: Spot, desk: Desk, *, wanted: str) -> None:
    """A split that is part of another, or that single files do not have."""
    split = wanted.split("[", maxsplit=1)[0]
    if "[" in wanted or "+" in wanted or (wanted and not _WORD.fullmatch(split)):
        desk.warn(
            "dataset-slice", f"`{entry.name[:60]}`: `{wanted}` alone is meant, and the source has all of it",
            "say the rows that are meant with `where`, or how many with `total`",
        )  # fmt: skip
    if spot.format == "hf" and _WORD.fullmatch(split):
        spot.split = split
    elif split not in {"", "train"}:
        desk.warn(
            "dataset-slice", f"`{entry.name[:60]}`: a split `{split[:60]}` is named, and single files have none",
            "name the files of the split in `path`",
        )  # fmt: skip
