"""What verbs share: their options, their way of reporting, and the shape of a verb.

A verb is a module with `add_arguments(parser)` and `run(args) -> exit code`; its docstring is
its help. Heavy modules are imported where they are used.
"""

import argparse
from collections.abc import Sequence
import os
from pathlib import Path
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # `doctor` shall speak even where a library is missing
    from sftspec.ground.report import Report

KNOBS = ("root", "store", "engine", "workers", "chunk_bytes", "memory", "rehash", "locked")
_DIGITS = 15


def add_spec(parser: argparse.ArgumentParser) -> None:
    """The spec file and the project root."""
    parser.add_argument("spec", type=Path, help="the spec file (.sft)")
    add_root(parser)


def add_root(parser: argparse.ArgumentParser) -> None:
    """The project root."""
    what = "project root (else the nearest .sftroot, pyproject.toml or .git)"
    parser.add_argument("--root", type=Path, metavar="DIR", help=what)


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """How the work is run; none of it changes a byte of the result."""
    parser.add_argument("--engine", choices=("auto", "local", "ray"), default="auto")
    parser.add_argument(
        "--workers", type=natural, default=0, metavar="N", help="Ray: processes at once"
    )
    parser.add_argument(
        "--chunk-bytes", type=positive, metavar="N", help="bytes of source per task (16 MiB)"
    )
    parser.add_argument(
        "--memory", type=natural, default=0, metavar="N", help="Ray: bytes for its objects"
    )
    parser.add_argument(
        "--store", type=Path, metavar="DIR", help="where results are kept (.sftspec/v1)"
    )
    parser.add_argument(
        "--rehash", action="store_true", help="read every source again, trust no stat"
    )
    parser.add_argument(
        "--locked", action="store_true", help="the lock must be there and up to date (for CI)"
    )
    parser.add_argument("--log", choices=("auto", "plain", "json", "none"), default="auto",
                        help="progress on stderr")  # fmt: skip


def natural(text: str) -> int:
    """A whole number that is not negative, for argparse."""
    if not re.fullmatch(r"-?\d+", text):
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number")
    if not text.isdecimal() or len(text) > _DIGITS:
        edge = f"0 to {10**_DIGITS - 1}"
        raise argparse.ArgumentTypeError(f"`{text}` is out of range ({edge})")
    return int(text)


def positive(text: str) -> int:
    """A whole number above 0, for argparse."""
    if natural(text) == 0:
        raise argparse.ArgumentTypeError("it must be above 0")
    return int(text)


def settings_of(args: argparse.Namespace) -> Any:
    """The build settings in the arguments."""
    from sftspec.build import Settings

    store = args.store or os.environ.get("SFTSPEC_STORE")
    given: dict[str, Any] = {name: getattr(args, name) for name in KNOBS}
    given["store"] = Path(store).absolute() if store else None
    return Settings(**{name: value for name, value in given.items() if value is not None})


def log_of(args: argparse.Namespace) -> Any:
    """The log in the arguments: progress on a terminal, plain lines elsewhere."""
    from sftspec.engine.log import Log, Progress, json_sink, plain_sink

    form = args.log
    if form == "auto":
        form = "progress" if sys.stderr.isatty() and not os.environ.get("CI") else "plain"
    sinks: dict[str, Any] = {"progress": Progress, "plain": plain_sink, "json": json_sink}
    return Log(sinks[form]()) if form in sinks else Log()


def colours(stream: Any) -> bool:
    """Whether to paint: a terminal, and nobody said NO_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(stream.isatty() or os.environ.get("FORCE_COLOR"))


def show_report(report: "Report", form: str = "text") -> int:
    """Print the diagnostics; 1 where there is an error.

    Text goes to stderr; the other formats are the answer and go to stdout.
    """
    from sftspec.ground.render import render

    items = report.sorted()
    out = sys.stderr if form == "text" else sys.stdout
    out.write(render(items, form, colour=form == "text" and colours(out)))
    return 1 if report.failed else 0


def table(rows: Sequence[tuple[str, ...]], *, right: frozenset[int] = frozenset()) -> str:
    """Rows as aligned columns, safe to show."""
    from sftspec.ground.render import escape

    rows = [tuple(map(escape, row)) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines) + "\n" if lines else ""
