"""Show what a build would do: each node reused or why not, and the mixture, declared and met."""

import argparse
import sys
from typing import Any

from sftspec.verbs.base import add_engine_options, add_spec, log_of, settings_of, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    add_spec(parser)
    add_engine_options(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--cells", action="store_true", help="every joint cell of the mixture too"
    )


def run(args: argparse.Namespace) -> int:
    """Everything up to the mixture; the work is kept for the build."""
    import gc

    from sftspec.build import plan
    from sftspec.verbs.base import show_report

    gc.disable()  # what a build makes has no cycles worth looking for
    planned = plan(args.spec, settings_of(args), log_of(args))
    if args.format == "json":
        sys.stdout.write(_json(planned))
    else:
        show_report(planned.report)
        sys.stdout.write(
            nodes_text(planned.nodes) + mixture_text(planned.mixture, cells=args.cells)
        )
        if planned.mixture.short:
            from sftspec.snapshot.shortfall import explain_shortfall

            sys.stdout.write(explain_shortfall(planned.mixture, planned.rejected))
    return 1 if planned.mixture.short else 0


def _json(planned: Any) -> str:
    from sftspec.ground.render import answer
    from sftspec.snapshot.shortfall import as_rows

    mixture = planned.mixture
    short = {"shortfall": as_rows(mixture), "rejected": planned.rejected}
    return answer(
        "shortfall" if mixture.short else "ok",
        nodes=planned.nodes,
        mixture=mixture,
        **(short if mixture.short else {}),
    )


def nodes_text(nodes: Any) -> str:
    """Each node: reused, or what of it is run and why."""
    rows = [("node", "chunks", "run", "why")]
    rows += [(n.node, str(n.total), str(n.stale), n.cause or "reused") for n in nodes]
    return table(rows, right=frozenset({1, 2})) + "\n"


def mixture_text(result: Any, *, cells: bool = False) -> str:
    """What each part wants, has and takes; shortfalls with the nearest mixture that can be."""
    out = []
    for part in result.parts:
        if not part.wanted and not part.available:
            continue
        capped = f", {part.capped} over a cap" if part.capped else ""
        out.append(
            f"  {part.part}: {part.chosen} of {part.wanted} wanted, {part.available} there{capped}\n"
        )
        rows = [("", "quota", "wanted", "there", "taken")]
        rows += [
            (
                "",
                q.label,
                str(q.wanted) if q.wanted >= 0 else "its part",
                str(q.there),
                str(q.chosen),
            )
            for q in part.quotas
        ]
        if part.quotas:
            out.append(table(rows, right=frozenset({2, 3, 4})))
        if cells:
            lines = [("", " ".join(result.facets), "there", "taken")]
            lines += [
                ("", " ".join(c.values), str(c.available), str(c.chosen)) for c in part.cells
            ]
            out.append(table(lines, right=frozenset({2, 3})))
        out.append("\n")
    return "".join(out)
