"""Names of snapshots: `legal`, `legal@0.2.0`, `legal@frozen`; a word with `/` is a path."""

from pathlib import Path

from sftspec.ground.report import Fault, did_you_mean
from sftspec.ground.semver import Version, version_of
from sftspec.snapshot.manifest import ASIDE, FREEZE, MANIFEST, STAGING


def find(name: str, root: Path | None = None) -> Path:
    """The folder of a snapshot. Raises Fault where there is none."""
    if name.startswith("git:"):
        raise Fault(
            "bad-snapshot-name", f"`{name}` is of a revision, which has papers and no folder", path=name,
            hint="name the version in the working tree, or check the revision out",
        )  # fmt: skip
    if "/" in name or name in {".", ".."}:
        folder = Path(name)
        if not folder.is_dir():
            raise Fault("snapshot-not-found", f"`{name}` is no folder", path=name)
        return folder
    compiled = project_root(root) / "compiled"
    dataset, _, version = name.partition("@")
    home = compiled / dataset
    there = versions = versions_of(home)
    if version == "frozen":
        versions = [one for one in versions if (home / one / FREEZE).exists()]
    elif version:
        versions = [one for one in versions if one == version]
    if not versions:
        known = (
            [path.name for path in compiled.iterdir() if path.is_dir()]
            if compiled.is_dir()
            else []
        )
        raise Fault(
            "snapshot-not-found", f"there is no snapshot `{name}`", path=str(compiled),
            hint=_cut_off(compiled / STAGING / dataset)
            or _versions_there(version, there)
            or did_you_mean(dataset, known)
            or "build one with `sftspec build`",
        )  # fmt: skip
    return home / versions[-1]


def _versions_there(asked: str, there: list[str]) -> str | None:
    """What to say of a dataset that is there, in other versions."""
    if not there:
        return None
    return (
        "none of its versions is frozen"
        if asked == "frozen"
        else f"there is {', '.join(there[-8:])}"
    )


def project_root(root: Path | None = None) -> Path:
    """The root given, else that of the working folder."""
    from sftspec.ir.resolve import root_of

    return root or root_of(Path.cwd() / "x")


def _cut_off(staging: Path) -> str | None:
    """Where a build died between two renames, what to do about it."""
    aside = sorted(staging.glob(f"*{ASIDE}"))
    if not aside:
        return None
    version = aside[0].name.removesuffix(ASIDE)
    return f"a build died as it replaced {version}; the next `sftspec build` puts it back"


def versions_of(home: Path) -> list[str]:
    """The versions under a dataset's folder, lowest first."""
    if not home.is_dir():
        return []
    names = [path.name for path in home.iterdir() if (path / MANIFEST).exists()]
    return sorted(names, key=by_version)


def by_version(name: str) -> Version:
    """What folders of versions are sorted by."""
    return version_of(name)
