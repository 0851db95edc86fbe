"""A spec's own tests: a row rendered by its template, and what is expected of the sample."""

from typing import Any

from msgspec import Struct, structs

from sftspec.expr import nodes as ex
from sftspec.expr.evaluate import compile_vector
from sftspec.plan.graph import Render, TestPart
from sftspec.stages.candidates import Candidates
from sftspec.stages.chunk import Prepared
from sftspec.stages.render import render_candidates


class TestAnswer(Struct, frozen=True):
    """A test: whether it passed, the expectations that failed, and what was rendered."""

    template: str
    title: str
    passed: bool
    failed: tuple[str, ...]
    response: str
    rejected: str | None
    evidence: str | None


def run_test(stage: Render, test: TestPart) -> TestAnswer:
    """The test's row through the template (its `where` set aside), judged."""
    cand = one_row(stage, test.row)
    failed = [
        expect.text
        for expect in test.expects
        if not compile_vector(expect.node).over(cand.get, cand.count)[0]
    ]
    fate = cand.fates[0]
    expects_rejection = any(("rejected",) in ex.paths(e.node) for e in test.expects)
    if fate and not expects_rejection:
        failed.append(f"the sample is rejected: {fate[1]}")
    return TestAnswer(
        template=test.template, title=test.title, passed=not failed, failed=tuple(failed),
        response=cand.get(("response",))[0], rejected=fate[1] if fate else None,
        evidence=fate[2] if fate else None,
    )  # fmt: skip


def one_row(stage: Render, row: dict[str, Any]) -> Candidates:
    """The candidate of one row given as plain values; fields left out are null."""
    part = stage.source
    names = [field.name for field in part.fields] + [join.source for join in part.joins]
    names += [part.each[1]] if part.each else []
    columns = {name: [row.get(name)] for name in names}
    prepared = Prepared([0], ["test"], [bytes(16)], [None], columns, [], 1, [0])
    template = structs.replace(stage.template, where=None, samples=1)
    return render_candidates(structs.replace(stage, template=template, repeats=1), prepared)
