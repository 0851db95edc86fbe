"""Where each version stands: exploration, candidate, frozen or superseded, and what blocks the next freeze."""

import argparse
from pathlib import Path
import sys
from typing import Any

from sftspec.verbs.base import add_root, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    parser.add_argument(
        "what", nargs="*", metavar="NAME", help="datasets, or spec files (.sft); else all under compiled/"
    )  # fmt: skip
    add_root(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """The life of each dataset."""
    from sftspec.snapshot.life import life
    from sftspec.snapshot.names import project_root

    found: list[dict[str, Any]] = []
    root = project_root(args.root)
    for what in args.what or _all(root):
        spec = _spec(Path(what), args.root) if what.endswith(".sft") else None
        name = spec["dataset"] if spec else what
        home = (spec["root"] if spec else root) / "compiled" / name
        _check_there(home, name, spec=spec is not None)
        declared = spec["version"] if spec else None
        found.append({"life": life(home, declared), "spec": spec})
    if args.format == "json":
        from sftspec.ground.render import answer

        shown = [{**_plain(one["life"]), "spec": _told(one["spec"])} for one in found]
        sys.stdout.write(answer("ok", datasets=shown))
    else:
        sys.stdout.write("\n".join(map(_text, found)) or "nothing is compiled yet\n")
    return 0


def _all(root: Path) -> list[str]:
    compiled = root / "compiled"
    if not compiled.is_dir():
        return []
    return sorted(
        p.name for p in compiled.iterdir() if p.is_dir() and not p.name.startswith(".")
    )


def _check_there(home: Path, name: str, *, spec: bool) -> None:
    if spec or home.is_dir():
        return
    from sftspec.ground.report import Fault, did_you_mean

    known = _all(home.parent.parent)
    raise Fault(
        "snapshot-not-found", f"there is no dataset `{name}`", path=str(home),
        hint=did_you_mean(name, known) or "build one with `sftspec build`",
    )  # fmt: skip


def _plain(one: Any) -> dict[str, Any]:
    import msgspec

    shown: dict[str, Any] = msgspec.to_builtins(one)
    return shown


def _told(spec: dict[str, Any] | None) -> dict[str, Any] | None:
    return {word: spec[word] for word in ("path", "version", "state", "lock")} if spec else None


def _spec(path: Path, root: Path | None) -> dict[str, Any]:
    """What a spec file adds: the version that it declares, whether that is built, and its lock."""
    from sftspec.build import Settings, read_locked
    from sftspec.ground.canon import canonical, digest
    from sftspec.ground.report import SpecError

    lock = "up to date"
    try:
        graph, guard, home = read_locked(path, Settings(root=root))
        slugs = {item.slug for item in guard.report.items}
        lock = "missing" if "unlocked" in slugs else "behind" if "stale-lock" in slugs else lock
    except SpecError as error:
        slugs = {item.slug for item in error.report.items if item.severity == "error"}
        if not slugs <= {"locked-text-changed", "locked-ids-changed"}:
            raise
        from sftspec.build import read

        graph, _, home = read(path, root)
        lock = "text changed under a locked version"
    folder = home / "compiled" / graph.dataset / graph.version
    state = _built(folder, digest("meaning", canonical(graph)))
    return {
        "path": str(path), "root": home, "dataset": graph.dataset, "version": graph.version,
        "state": state, "lock": lock,
    }  # fmt: skip


def _built(folder: Path, meaning: str) -> str:
    from sftspec.snapshot.opened import open_folder

    if not (folder / "MANIFEST.json").exists():
        return "exploration: not built yet"
    same = open_folder(folder).manifest.meaning == meaning
    return "built" if same else "changed since it was built"


def _text(found: dict[str, Any]) -> str:
    from sftspec.ground.render import escape

    one, spec = found["life"], found["spec"]
    rows = [("version", "state", "records", "gates", ""), *map(_row, one.versions)]
    out = [f"{escape(one.dataset)}\n"]
    out.append(
        table(rows, right=frozenset({2})) if one.versions else "  nothing is built yet\n"
    )
    if spec:
        said = (
            f"{spec['path']} declares v{spec['version']}, {spec['state']}; lock {spec['lock']}"
        )
        out.append(escape(f"  {said}") + "\n")
    return "".join([*out, _next(one)])


def _row(stand: Any) -> tuple[str, ...]:
    if not stand.id:
        return (f"v{stand.version}", stand.state, "", "", stand.reason or "not built yet")
    said = [f"by {stand.approver}: {stand.reason}"] if stand.approver else []
    said += [] if stand.data else ["data not here"]
    gates = f"{', '.join(stand.gates)} fails" if stand.gates else "hold"
    return (f"v{stand.version}", stand.state, str(stand.chosen), gates, "; ".join(said))


def _next(one: Any) -> str:
    from sftspec.ground.render import escape
    from sftspec.snapshot.blockers import told

    if not one.next:
        return ""
    version = escape(one.next)
    if not one.blockers:
        return f"  nothing is in the way of freezing v{version}\n"
    lines = told(one.blockers).splitlines()
    return "".join(
        [f"  in the way of freezing v{version}\n", *(f"  {line}\n" for line in lines)]
    )
