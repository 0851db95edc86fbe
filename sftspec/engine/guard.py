"""Sources held against the lock: their sizes before any work is done, their bytes once they were read."""

from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from sftspec.engine.inputs import SourceFile
from sftspec.ground.report import Report, SpecError
from sftspec.ir import nodes
from sftspec.plan.graph import Graph
from sftspec.plan.lockfile import say_refused, say_stale
from sftspec.plan.pins import FilePin, Files, Lock, source_drifts, tokenizer_drifts


@frozen(kw_only=True, eq=False, repr=False)
class Guard:
    """What a build's sources are held against; no `lock`, nothing is."""

    lock: Lock | None
    path: Path
    spec: nodes.Spec
    graph: Graph
    report: Report
    locked: bool = False

    def check(
        self, inputs: Mapping[str, tuple[SourceFile, ...]], tokenizers: Files | None = None
    ) -> None:
        """Raises SpecError where a source, or a tokenizer, is not as it is locked."""
        if self.lock is None:
            return
        found = source_drifts(self.lock, pins_of(inputs), self.graph)
        if tokenizers is not None:
            found += tokenizer_drifts(self.lock, tokenizers)
        say_refused(found, self.path, self.spec, self.report)
        say_stale(found, self.path, self.spec, self.report, locked=self.locked)
        if self.report.failed:
            raise SpecError(self.report)


def pins_of(inputs: Mapping[str, tuple[SourceFile, ...]]) -> Files:
    """Sources as a lock has them."""
    return {
        name: {file.path: FilePin(file.size, file.digest) for file in files}
        for name, files in inputs.items()
    }
