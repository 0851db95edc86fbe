"""A compiler for supervised fine-tuning data.

Six names: `check`, `plan`, `build`, `verify`, `load` and `SpecError`. What they need is imported as
they are called. Mistakes in a spec come in a report; what the world refuses is raised as a `Fault`.
"""

from pathlib import Path
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sftspec.build import Built, Planned
    from sftspec.ground.report import Report, SpecError
    from sftspec.snapshot.load import Loaded
    from sftspec.snapshot.verify import Verdict

__all__ = ["SpecError", "build", "check", "load", "plan", "verify"]


def check(
    spec: str | Path, *, root: str | Path | None = None, locked: bool = False
) -> "Report":
    """What is wrong with a spec, without a look at its data; `report.failed` where it has errors.

    `locked`: its lock must be there and up to date.
    """
    from sftspec.ground.report import Report
    from sftspec.ir.resolve import load as resolve, root_of
    from sftspec.plan.lockfile import judge_lock, lock_path
    from sftspec.plan.lower import lower

    path, report = Path(spec), Report()
    loaded = resolve(path, _path(root) or root_of(path), report)
    if loaded is not None and (locked or lock_path(path).exists()):
        judge_lock(path, loaded[0], lower(*loaded), report, locked=locked)
    return report


def plan(
    spec: str | Path, *, root: str | Path | None = None, store: str | Path | None = None,
    engine: str = "auto", workers: int = 0, rehash: bool = False, locked: bool = False,
) -> "Planned":  # fmt: skip
    """What a build would come to: its nodes and the mixture. Raises SpecError or Fault."""
    from sftspec.build import Settings, plan as run
    from sftspec.engine.log import Log

    how = Settings(
        root=_path(root), store=_path(store), engine=engine, workers=workers, rehash=rehash,
        locked=locked,
    )  # fmt: skip
    return run(Path(spec), how, Log())


def build(
    spec: str | Path, *, root: str | Path | None = None, store: str | Path | None = None,
    engine: str = "auto", workers: int = 0, rehash: bool = False, locked: bool = False,
) -> "Built":  # fmt: skip
    """The snapshot of a spec, sealed; no setting changes a byte of it.

    Raises SpecError or Fault, and ShortMixture or EmptyDataset of `sftspec.build`.
    """
    from sftspec.build import Settings, build as run
    from sftspec.engine.log import Log

    how = Settings(
        root=_path(root), store=_path(store), engine=engine, workers=workers, rehash=rehash,
        locked=locked,
    )  # fmt: skip
    return run(Path(spec), how, Log())


def verify(name: str | Path, *, root: str | Path | None = None) -> "Verdict":
    """Whether a snapshot holds what it says: `verdict.good`. Raises Fault where there is none."""
    from sftspec.snapshot.load import folder_of
    from sftspec.snapshot.verify import verify as run

    return run(folder_of(name, _path(root)))


def load(
    name: str | Path, root: str | Path | None = None, *, expect: str | None = None
) -> "Loaded":
    """A snapshot opened for training, by its name or folder; `.loader(rank, world_size)` reads it.

    `expect`: the id that it must have. Raises Fault where there is none, or it is another.
    """
    from sftspec.snapshot.load import load as run

    return run(name, root, expect=expect)


def _path(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)


def __getattr__(name: str) -> Any:
    if name == "SpecError":
        from sftspec.ground.report import SpecError

        return SpecError
    raise AttributeError(f"module `sftspec` has no `{name}`")


class _Front(ModuleType):
    """Keeps `build` and `plan` the functions, where the import of a room would put the room."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Front
