"""A snapshot opened for reading: its papers checked against the manifest, its data where they are.

A name is one of `snapshot.names`, or `git:REV:NAME`, which reads the committed papers of a revision.
"""

import hashlib
from pathlib import Path
import subprocess
from typing import Any

import msgspec
from msgspec import Struct

from sftspec.ground.report import Fault
from sftspec.plan.graph import Graph
from sftspec.snapshot.frozen import BadFreeze, Freeze, decode_freeze
from sftspec.snapshot.manifest import (
    COMMITTED,
    FREEZE,
    MANIFEST,
    PLAN,
    Manifest,
    Unreadable,
    decode,
    snapshot_id,
)  # fmt: skip
from sftspec.snapshot.names import by_version, find, project_root
from sftspec.stages.joint import MixResult

GIT = "git:"
INDEX = "index.parquet"
REJECTED = "rejected.jsonl"
BLOCK = 8 * 1024 * 1024


class Plan(Struct, frozen=True):
    """plan.json: the meaning that was built, and how the mixture came out."""

    format_version: int
    graph: Graph
    mixture: MixResult


class Snapshot(Struct, frozen=True):
    """A snapshot. `name`: as it was asked for. `folder`: None where it comes out of git."""

    name: str
    folder: Path | None
    id: str
    manifest: Manifest
    plan: Plan
    freeze: Freeze | None

    @property
    def graph(self) -> Graph:
        """The meaning that was built."""
        return self.plan.graph

    @property
    def label(self) -> str:
        """`legal 0.1.0`."""
        return f"{self.manifest.dataset} {self.manifest.version}"

    def has(self, name: str) -> bool:
        """Whether a listed file is there, by its name and size."""
        return self.path(name) is not None

    def path(self, name: str) -> Path | None:
        """Where a listed file is; None where it is not there in its size (data are not committed)."""
        entry = next((one for one in self.manifest.files if one.name == name), None)
        if entry is None or self.folder is None:
            return None
        path = self.folder / name
        whole = path.is_file() and not path.is_symlink() and path.stat().st_size == entry.bytes
        return path if whole else None

    def need(self, name: str) -> Path:
        """The path of a listed file. Raises Fault where it is not there."""
        path = self.path(name)
        if path is None:
            raise Fault(
                "no-data", f"{self.label} has no `{name}` here", path=str(self.folder or self.name),
                hint="data are not committed; build the spec to fill them in",
            )  # fmt: skip
        return path

    def checked(self, name: str) -> Path:
        """As `need`, its bytes re-hashed. Raises Fault where they are not those that were sealed."""
        path = self.need(name)
        entry = next(one for one in self.manifest.files if one.name == name)
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != entry.sha256:
            raise _damaged(self.name, name)
        return path

    def index(self, columns: list[str] | None = None) -> Any:
        """Columns of the index of all candidates, sorted by id, as an Arrow table.

        Raises Fault where it is not there, or not as it was sealed.
        """
        import pyarrow.parquet as pq

        return pq.read_table(self.checked(INDEX), columns=columns, memory_map=True)

    def shards(self, part: str) -> list[str]:
        """The names of a part's JSONL files in the order of positions, by the manifest."""
        names = [one.name for one in self.manifest.files if one.name.endswith(".jsonl")]
        return sorted(
            name for name in names if name == f"{part}.jsonl" or name.startswith(f"{part}-")
        )


def open_snapshot(name: str, root: Path | None = None) -> Snapshot:
    """The snapshot of a name. Raises Fault where there is none, or its papers are damaged."""
    if name.startswith(GIT):
        return _from_git(name, project_root(root))
    folder = find(name, root)
    return open_folder(folder, name)


def open_folder(folder: Path, name: str = "") -> Snapshot:
    """The snapshot in a folder. Raises Fault where its papers are missing or damaged."""
    papers: dict[str, bytes] = {}
    for paper in (MANIFEST, PLAN, FREEZE):
        path = folder / paper
        if path.is_file():
            papers[paper] = path.read_bytes()
    return _read(name or str(folder), folder, papers)


def _read(name: str, folder: Path | None, papers: dict[str, bytes]) -> Snapshot:
    missing = next((one for one in (MANIFEST, PLAN) if one not in papers), None)
    if missing is not None:
        raise Fault(
            "snapshot-not-found", f"`{name}` has no {missing}", path=str(folder or name),
            hint="build the spec, or fetch the committed papers",
        )  # fmt: skip
    try:
        manifest = decode(papers[MANIFEST])
    except Unreadable as error:
        raise _damaged(name, MANIFEST, str(error)) from None
    entry = next((one for one in manifest.files if one.name == PLAN), None)
    if entry is None or hashlib.sha256(papers[PLAN]).hexdigest() != entry.sha256:
        raise _damaged(name, PLAN)
    try:
        plan = msgspec.json.decode(papers[PLAN], type=Plan)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Fault(
            "other-compiler", f"the plan of `{name}` is of another version of sftspec: {error}",
            path=str(folder or name), hint="build it again with this one, or read it with that one",
        ) from None  # fmt: skip
    return Snapshot(
        name, folder, snapshot_id(papers[MANIFEST]), manifest, plan, _freeze(name, papers)
    )


def _freeze(name: str, papers: dict[str, bytes]) -> Freeze | None:
    if FREEZE not in papers:
        return None
    try:
        freeze = decode_freeze(papers[FREEZE])
    except BadFreeze as error:
        raise _damaged(name, FREEZE, str(error)) from None
    if freeze.manifest != snapshot_id(papers[MANIFEST]):
        raise _damaged(name, FREEZE, "it froze another manifest")
    return freeze


def _damaged(
    name: str, file: str, why: str = "its bytes are not those that were sealed"
) -> Fault:
    return Fault(
        "snapshot-damaged", f"{file} of `{name}`: {why}", path=name,
        hint=f"{'take the committed one back with git' if file in COMMITTED else 'build the spec again'}; "
        "`sftspec verify` says what else is wrong",
    )  # fmt: skip


# out of git


def _from_git(name: str, root: Path) -> Snapshot:
    revision, _, what = name.removeprefix(GIT).rpartition(":")
    dataset, _, version = what.partition("@")
    odd = not revision or revision.startswith("-") or not dataset or "/" in what
    if odd:
        raise Fault(
            "bad-snapshot-name", f"`{name}` names no snapshot of a revision", path=name,
            hint="write `git:REVISION:NAME` or `git:REVISION:NAME@VERSION`",
        )  # fmt: skip
    home = f"compiled/{dataset}"
    known_revision(root, revision)
    listed = (
        git(root, "ls-tree", "-r", "--name-only", revision, "--", home).decode().splitlines()
    )
    files = {tuple(path.removeprefix(f"{home}/").split("/", 1)) for path in listed}
    found = sorted((one[0] for one in files if one[1:] == (MANIFEST,)), key=by_version)
    if version == "frozen":
        found = [one for one in found if (one, FREEZE) in files]
    elif version:
        found = [one for one in found if one == version]
    if not found:
        raise Fault(
            "snapshot-not-found", f"there is no snapshot `{what}` in revision `{revision}`", path=name,
            hint="commit MANIFEST.json and plan.json of each version",
        )  # fmt: skip
    papers = {
        paper: git(root, "show", f"{revision}:./{home}/{found[-1]}/{paper}")
        for paper in (MANIFEST, PLAN, FREEZE)
        if (found[-1], paper) in files
    }
    found_in_git = _read(name, None, papers)
    here = root / home / found[-1]
    same = (here / MANIFEST).is_file() and (here / MANIFEST).read_bytes() == papers[MANIFEST]
    return msgspec.structs.replace(found_in_git, folder=here) if same else found_in_git


def known_revision(root: Path, revision: str) -> None:
    """Raises Fault where git has no such commit here."""
    git(root, "rev-parse", "--git-dir")
    try:
        git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except Fault:
        raise Fault(
            "unknown-revision", f"there is no commit `{revision}` here", path=str(root),
            hint="is it fetched? In CI check out with the full history",
        ) from None  # fmt: skip


def git(root: Path, *words: str) -> bytes:
    """What git says in the project. Raises Fault where it cannot."""
    call = ["git", "-C", str(root), *words]
    try:
        done = subprocess.run(call, capture_output=True, check=False)  # noqa: S603 - no shell
    except OSError as error:
        raise Fault("no-git", f"git cannot be run: {error}", hint="install git") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        outside = any("not a git repository" in line for line in said)
        raise Fault(
            "git-failed", f"git {words[0]}: {said[-1] if said else 'it failed'}", path=str(root),
            hint="the project is in no git repository" if outside
            else "is the revision fetched? In CI check out with the full history",
        )  # fmt: skip
    return done.stdout
