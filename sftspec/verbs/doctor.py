"""Say whether this machine can do the work: libraries, solver, disk, memory, and Ray with --ray.

Each line is `ok`, `warn` (it works, and something is slower or smaller than it could be) or `fail`,
with the mend. Nothing is left behind; Ray is started only with --ray.
"""

import argparse
from collections.abc import Callable, Iterator
import os
from pathlib import Path
import re
import sys
from typing import Any, NamedTuple

from sftspec.verbs.base import add_root

OK, WARN, FAIL = "ok", "warn", "fail"
MODULES = {"google-re2": "re2"}  # where the module is not called as its package is
GIB = 1 << 30
LEAST_FREE, LITTLE_FREE = 64 << 20, GIB
LITTLE_MEMORY = GIB
REINSTALL = "install sftspec again: `pip install --force-reinstall sftspec`"
MISSING = "install the library that is missing"
OTHER_STORE = "name another place with `--store DIR` or `SFTSPEC_STORE`"
SHARED = "put the project on a local file system, or one that has what is missing"


class Check(NamedTuple):
    """A line of the answer: what was looked at, how it is, what was found and how to mend it."""

    name: str
    state: str
    found: str
    mend: str = ""


class Place(NamedTuple):
    """Where the work would be done."""

    root: Path
    store: Path
    ray: bool


Probe = Callable[[Place], Iterator[Check]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    add_root(parser)
    parser.add_argument(
        "--store", type=Path, metavar="DIR", help="where results are kept (.sftspec/v1)"
    )
    parser.add_argument(
        "--ray", action="store_true", help="start or join Ray, and run a task on every node"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Every check, whatever the one before it came to; 3 where one fails."""
    root = args.root or _root()
    store = args.store or os.environ.get("SFTSPEC_STORE") or root / ".sftspec" / "v1"
    place = Place(Path(root).absolute(), Path(store).absolute(), args.ray)
    checks = [check for name, probe in PROBES.items() for check in _asked(name, probe, place)]
    failed = any(check.state == FAIL for check in checks)
    _print(_json(checks, failed=failed) if args.format == "json" else _text(checks))
    return 3 if failed else 0


def _root() -> Path:
    try:
        from sftspec.ir.resolve import root_of
    except ImportError:
        return Path.cwd()
    return root_of(Path.cwd() / "x")


def _asked(name: str, probe: Probe, place: Place) -> Iterator[Check]:
    """The probe's lines; one that breaks off is a failure with its reason."""
    try:
        yield from probe(place)
    except Exception as error:  # noqa: BLE001 - whatever it is, the next line is wanted too
        words = getattr(error, "strerror", None) or str(error)
        kind = "" if hasattr(error, "slug") else f"{type(error).__name__}: "
        mend = getattr(error, "hint", "") or MENDS.get(name, REINSTALL)
        mend = MISSING if isinstance(error, ImportError) else mend
        yield Check(name, FAIL, f"{kind}{words}", mend)


# the interpreter and the libraries


def _python(_: Place) -> Iterator[Check]:
    found = ".".join(map(str, sys.version_info[:3]))
    least = _project()[0]
    state = OK if _numbers(found) >= _numbers(least) else FAIL
    yield Check("python", state, f"{found}, at least {least}", "" if state == OK else "upgrade")


def _libraries(_: Place) -> Iterator[Check]:
    for package, least in _project()[1].items():
        yield _library(package, least)


def _library(package: str, least: str) -> Check:
    from importlib import import_module, metadata

    mend = f"`pip install '{package}>={least}'`"
    try:
        found = metadata.version(package)
        import_module(MODULES.get(package, package))
    except metadata.PackageNotFoundError:
        state, said = FAIL, f"not installed, at least {least}"
    except Exception as error:  # noqa: BLE001 - a library that is broken may raise anything
        state, said = FAIL, f"does not load: {error}"
    else:
        state = OK if _numbers(found) >= _numbers(least) else FAIL
        said = f"{found}, at least {least}"
    if package == "ray" and state == FAIL:
        state, mend = WARN, f"{mend}, or always build with `--engine local`"
    return Check(package, state, said, "" if state == OK else mend)


def _project() -> tuple[str, dict[str, str]]:
    """The least Python and the least version of each library, by the checkout or the install."""
    import sftspec

    path = Path(sftspec.__path__[0]).parent / "pyproject.toml"
    if path.is_file():
        import tomllib

        project = tomllib.loads(path.read_text("utf-8")).get("project", {})
        if project.get("name") == "sftspec":
            return project["requires-python"].lstrip(">="), _least(project["dependencies"])
    from importlib import metadata

    python = metadata.metadata("sftspec")["Requires-Python"]
    return python.lstrip(">="), _least(metadata.requires("sftspec") or [])


def _least(requirements: list[str]) -> dict[str, str]:
    plain = [line for line in requirements if "extra ==" not in line]
    found = [re.match(r"([\w.-]+)\s*>=\s*([\d.]+)", line) for line in plain]
    return {match[1]: match[2] for match in found if match}


def _numbers(version: str) -> tuple[int, ...]:
    start = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, start[0].split("."))) if start else ()


# what the libraries do for us


def _grammar(_: Place) -> Iterator[Check]:
    from sftspec.syntax.tables import folder, saved

    if saved() is None:
        said = (
            f"the tables in {folder()} are not those of the grammar; each start makes them anew"
        )
        yield Check(
            "grammar", WARN, said, "`python -m sftspec.syntax.grammar`, or install again"
        )
    else:
        yield Check("grammar", OK, "its tables are those of the grammar")


def _re2(_: Place) -> Iterator[Check]:
    import re2

    found = re2.compile(r"(\d+) (days|weeks)").search("within 30 days")
    good = found is not None and found[1] == "30"
    yield Check("re2", OK if good else FAIL, "finds a pattern", "" if good else REINSTALL)


def _highs(_: Place) -> Iterator[Check]:
    """A relaxation whose vertex is not whole, and then the whole point."""
    from sftspec.stages.limits import Row
    from sftspec.stages.lp import Model, least, relaxed

    model = Model(caps=(5,), costs=(-1,), rows=(Row(((0, 2),), None, 7),))
    good = relaxed(model) == (3_500_000,) and least(model) == (3,)
    said = "solves a linear and an integer program" if good else "gives a wrong optimum"
    yield Check("highs", OK if good else FAIL, said, "" if good else REINSTALL)


def _parquet(_: Place) -> Iterator[Check]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"id": ["a", "b", None], "count": [1, 2, 3]})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=3)
    good = pq.read_table(pa.BufferReader(sink.getvalue())).equals(table)
    said = "is written and read" if good else "is not read as it was written"
    yield Check("parquet", OK if good else FAIL, said, "" if good else REINSTALL)


# the disk


def _store(place: Place) -> Iterator[Check]:
    from sftspec.engine.machine import keeps_files, trial

    with trial(place.store) as folder:
        keeps_files(folder)
    closed = [inner for inner in _inner(place.store) if not os.access(inner, os.W_OK | os.X_OK)]
    if closed:
        yield Check("store", FAIL, f"{closed[0]} cannot be written", OTHER_STORE)
    else:
        later = "" if place.store.is_dir() else ", and is made by the first build"
        yield Check("store", OK, f"{place.store} can be written{later}")
    yield from _format(place.store)
    yield _free("store-space", place.store)


def _format(store: Path) -> Iterator[Check]:
    from sftspec.engine.store import FORMAT

    mark = store / "FORMAT"
    found = mark.read_bytes()[:40].decode("utf-8", "replace").strip() if mark.exists() else ""
    if found and found != str(FORMAT):
        said = f"the store has format {found}, this compiler writes {FORMAT}"
        yield Check("store-format", FAIL, said, OTHER_STORE)


def _inner(store: Path) -> list[Path]:
    return sorted(path for path in store.iterdir() if path.is_dir()) if store.is_dir() else []


def _compiled(place: Place) -> Iterator[Check]:
    from sftspec.engine.machine import keeps_files, refuses_links, trial

    compiled = place.root / "compiled"
    with trial(compiled) as folder:
        keeps_files(folder)
        yield Check("compiled", OK, f"{compiled} can be written")
        yield _swap(folder)
        good = refuses_links(folder)
    said = "openat and O_NOFOLLOW work" if good else "a symbolic link is not refused"
    yield Check("links", OK if good else FAIL, said, "" if good else SHARED)
    yield _free("compiled-space", compiled)


def _swap(folder: Path) -> Check:
    from sftspec.snapshot.disk import EXCHANGE, rename2

    for name in ("one", "other"):
        (folder / name).mkdir()
    (folder / "one" / "mark").touch()
    try:
        rename2(folder / "one", folder / "other", EXCHANGE)
        if (folder / "other" / "mark").exists():
            return Check("swap", OK, "one rename puts a snapshot in the place of another")
        reason = "it did nothing"
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    said = f"two folders are not swapped at once ({reason}); two renames do it, less safely"
    return Check("swap", WARN, said, SHARED)


def _free(name: str, place: Path) -> Check:
    import shutil

    from sftspec.engine.machine import standing

    free = shutil.disk_usage(standing(place)).free
    state = FAIL if free < LEAST_FREE else WARN if free < LITTLE_FREE else OK
    return Check(name, state, f"{_size(free)} free", "" if state == OK else "free some space")


# the machine


def _machine(_: Place) -> Iterator[Check]:
    from sftspec.engine.machine import cores, memory

    count = cores()
    yield Check("cores", OK, f"{count} of {os.cpu_count()}")
    size = memory()
    few = size < LITTLE_MEMORY
    mend = "give this process more, or use a smaller `--chunk-bytes`" if few else ""
    yield Check("memory", WARN if few else OK, f"{_size(size)} for this process", mend)


def _encoding(_: Place) -> Iterator[Check]:
    names = sys.getfilesystemencoding()
    out = sys.__stdout__.encoding if sys.__stdout__ is not None else "utf-8"
    state = OK if _utf8(out) else WARN
    state = state if _utf8(names) else FAIL
    mend = "" if state == OK else "set `PYTHONUTF8=1`, or a locale like `LC_ALL=C.UTF-8`"
    yield Check("encoding", state, f"file names {names}, output {out}", mend)


def _utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in {"utf-8", "utf8"}


def _ray(place: Place) -> Iterator[Check]:
    address = os.environ.get("RAY_ADDRESS")
    where = f"RAY_ADDRESS is {address}" if address else "RAY_ADDRESS is not set: Ray runs here"
    if not place.ray:
        yield Check("ray-address", OK, f"{where}; `--ray` tries it")
        return
    _knock(address or "")
    from sftspec.engine.machine import trial
    from sftspec.engine.ray import RayEngine
    from sftspec.engine.store import Store

    with trial(place.store) as folder:  # on a cluster all nodes must see the store's place
        store = Store(folder / "v1")
        store.prepare()
        engine = RayEngine(place.root, store, workers=1)
        try:
            engine._start()  # noqa: SLF001 - a task on each node: sees it the store, is it of our revision?
            nodes = len(engine.ray.nodes())
        finally:
            engine.close()
    yield Check("ray-task", OK, f"{where}; {nodes} node{'s' * (nodes != 1)} did a task")


def _knock(address: str) -> None:
    """Raises OSError where nobody listens at an address; Ray itself would wait for minutes."""
    import socket

    named = re.fullmatch(r"(?:ray://)?([^/]+):(\d+)", address)
    if named:
        socket.create_connection((named[1].strip("[]"), int(named[2])), timeout=5).close()


PROBES: dict[str, Probe] = {
    "python": _python, "libraries": _libraries, "grammar": _grammar, "re2": _re2,
    "highs": _highs, "parquet": _parquet, "store": _store, "compiled": _compiled,
    "machine": _machine, "encoding": _encoding, "ray-task": _ray,
}  # fmt: skip
MENDS = {
    "store": OTHER_STORE, "compiled": "make the project's folder writable",
    "ray-task": "build with `--engine local`, or check RAY_ADDRESS",
}  # fmt: skip


# what is said


def _text(checks: list[Check]) -> str:
    wide = max(len(check.name) for check in checks)
    out = []
    for check in checks:
        out.append(f"  {check.state:<4}  {check.name:<{wide}}  {_seen(check.found)}")
        if check.mend:
            out.append(f"  {'':<4}  {'':<{wide}}  mend: {_seen(check.mend)}")
    count = {state: sum(check.state == state for check in checks) for state in (OK, WARN, FAIL)}
    out.append(f"{count[OK]} ok, {count[WARN]} to note, {count[FAIL]} failed")
    return "\n".join(out) + "\n"


def _seen(text: str) -> str:
    """As `ground.render.escape`, which needs a library."""
    return "".join(
        char if char == " " or char.isprintable() else f"\\u{{{ord(char):x}}}" for char in text
    )


def _json(checks: list[Check], *, failed: bool) -> str:
    import json  # noqa: TID251 - the other codec may be what is missing

    rows: list[dict[str, Any]] = [
        {**check._asdict(), "found": _seen(check.found), "mend": _seen(check.mend) or None}
        for check in checks
    ]
    content = {"format_version": 1, "verdict": "failed" if failed else "ok", "checks": rows}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _print(text: str) -> None:
    """Also where the output cannot hold every character, which is one of the things to say."""
    form = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(form, "backslashreplace").decode(form))


def _size(count: int) -> str:
    return f"{count / GIB:.1f} GiB" if count >= GIB else f"{count >> 20} MiB"
