"""The files that a source names, and their format."""

from pathlib import PurePosixPath

from sftspec.ground.report import Report
from sftspec.ground.text import Span
from sftspec.ir.forms.base import Line
from sftspec.ir.paths import path_problem
from sftspec.ports.base import format_by_name, packing
from sftspec.syntax import tree


def read_paths(item: Line, report: Report) -> tuple[str, ...] | None:
    """The paths and globs of a `path` line, or None where one cannot be."""
    found: list[str] = []
    for node in item.items("texts"):
        if not isinstance(node, tree.Text):
            report.error("type-mismatch", node.span, "a path is a text in quotes")
            return None
        problem = path_problem(node.value, node.span)
        if problem:
            report.error(problem[0], node.span, problem[1], hint=problem[2])
            return None
        found.append(node.value)
    return tuple(found)


def read_format(given: str, paths: tuple[str, ...], span: Span, report: Report) -> str:
    """The format of a source: as given, or what all its files' names say."""
    kinds = {format_by_name(path) or "" for path in paths}
    packed = any(packing(path) for path in paths)
    if given or (len(kinds) == 1 and "" not in kinds):
        kind = given or kinds.pop()
        if not (packed and kind in {"parquet", "arrow", "hf"}):
            return kind
    ending = ", ".join(
        sorted({"".join(PurePosixPath(path).suffixes[-2:]) or path for path in paths})
    )
    hint = "write `format = jsonl` (or json, csv, tsv, text, parquet, hf)"
    if "" in kinds:
        message = f"the format of `{ending}` is not known"
    elif packed and len(kinds) < 2:
        message, hint = "a table file has its compression inside", "name the plain file"
    else:
        message = f"the files of a source have one format, these are `{ending}`"
    report.error("unknown-format", span, message, hint=hint)
    return "jsonl"
