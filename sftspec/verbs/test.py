"""Run a spec's own `test` blocks."""

import argparse
import sys
from typing import Any

from sftspec.verbs.base import add_spec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    add_spec(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Each test: its row through its template, and what was expected."""
    from sftspec.build import read
    from sftspec.stages.unit import run_test

    graph, _, _ = read(args.spec, args.root)
    known = graph.templates()
    answers = [run_test(known[test.template], test) for test in graph.tests]
    failed = sum(not answer.passed for answer in answers)
    if args.format == "json":
        from sftspec.ground.render import answer as as_answer

        sys.stdout.write(as_answer("failed" if failed else "ok", tests=answers))
    else:
        for answer in answers:
            _show(answer)
        sys.stdout.write(f"{len(answers) - failed} passed, {failed} failed\n")
    return 1 if failed else 0


def _show(answer: Any) -> None:
    from sftspec.ground.render import escape

    mark = "ok    " if answer.passed else "FAILED"
    sys.stdout.write(f"{mark} {answer.template}: {escape(answer.title)}\n")
    if answer.passed:
        return
    for text in answer.failed:
        sys.stdout.write(f"       {escape(text)}\n")
    if answer.rejected:
        sys.stdout.write(
            f"       rejected {answer.rejected}: {escape(answer.evidence or '')}\n"
        )
    sys.stdout.write(f"       response: {escape(answer.response)[:300]}\n")
