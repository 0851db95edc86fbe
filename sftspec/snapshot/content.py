"""What goes into a snapshot's papers: manifest, plan and card, from the graph and the outcome."""

from importlib.metadata import version
from typing import Any

import msgspec
from msgspec import UNSET

from sftspec.engine.finish import Outcome
from sftspec.engine.inputs import SourceFile
from sftspec.engine.keys import COMPILER, LIBRARIES, library
from sftspec.ground.canon import canonical, digest
from sftspec.plan.graph import Graph
from sftspec.snapshot.chat_entries import chat_entries
from sftspec.snapshot.manifest import (
    FORMAT_VERSION,
    FileEntry,
    Manifest,
    checked,
    encode,
    refusal,
)  # fmt: skip
from sftspec.snapshot.markdown import one_line, plain


def plan_bytes(graph: Graph, outcome: Outcome) -> bytes:
    """plan.json: the meaning that was built, and the counts per mixture cell."""
    content = {
        "format_version": FORMAT_VERSION,
        "graph": graph,
        "mixture": outcome.mixture,
    }
    return encode(content)


def manifest_of(
    graph: Graph,
    inputs: dict[str, tuple[SourceFile, ...]],
    outcome: Outcome,
    files: list[FileEntry],
) -> Manifest:
    """The manifest of an outcome. `files`: every listed file.

    Raises ValueError where no reader would take it: before anything is written.
    """
    refused = refusal([entry.name for entry in files])
    if refused is not None:
        raise ValueError(f"a snapshot cannot hold {refused}")
    counts = dict(outcome.counts)
    distribution = counts.pop("distribution", {})
    lengths = counts.pop("lengths", {})
    per_source = counts.pop("sources", {})
    chats = counts.pop("chats", {})
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        dataset=graph.dataset,
        version=graph.version,
        about=graph.about,
        compiler=compiler(),
        meaning=digest("meaning", canonical(graph)),
        definitions=_definitions(graph),
        sources=_sources(graph, inputs, per_source),
        counts=counts,
        distribution=distribution,
        lengths=lengths,
        chats=chat_entries(graph, outcome, chats) if chats else UNSET,
        mixture=_mixture(outcome),
        coverages=_coverages(outcome),
        gates=_gates(outcome),
        tests={
            "passed": sum(test.passed for test in outcome.tests),
            "failed": [f"{t.template}: {t.title}" for t in outcome.tests if not t.passed],
        },
        files=tuple(sorted(files, key=lambda entry: entry.name)),
        root=outcome.root,
    )
    return checked(manifest)


def compiler() -> dict[str, Any]:
    """The compiler at work, as a manifest has it."""
    libraries = sorted({library(name) for names in LIBRARIES.values() for name in names})
    return {
        "name": "sftspec", "version": version("sftspec"), "revision": COMPILER,
        "libraries": libraries,
    }  # fmt: skip


def _definitions(graph: Graph) -> dict[str, dict[str, Any]]:
    """Version and digest of each definition; what they are made of is in the plan."""
    return {
        kind: {
            name: {"digest": one.digest, **({"version": one.version} if one.version else {})}
            for name, one in found.items()
        }
        for kind, found in graph.definitions.items()
    }


def _sources(
    graph: Graph, inputs: dict[str, tuple[SourceFile, ...]], counts: dict[str, Any]
) -> dict[str, Any]:
    return {
        name: {
            "origin": graph.sources[name].source.origin,
            "license": graph.sources[name].source.license,
            "files": [
                {"path": file.path, "digest": file.digest, "bytes": file.size} for file in files
            ],
            **counts.get(name, {"read": 0, "rejected": {}}),
        }
        for name, files in inputs.items()
    }


def _mixture(outcome: Outcome) -> dict[str, Any]:
    return {
        "facets": list(outcome.mixture.facets),
        "parts": {
            part.part: {
                "wanted": part.wanted,
                "available": part.available,
                "chosen": part.chosen,
                "capped": part.capped,
                "feasible_total": part.feasible_total,
                "quotas": [
                    {
                        "label": q.label,
                        "wanted": q.wanted,
                        "available": q.there,
                        "chosen": q.chosen,
                    }
                    for q in part.quotas
                ],
            }
            for part in outcome.mixture.parts
        },
    }


def _coverages(outcome: Outcome) -> dict[str, Any]:
    return {
        one.name: {
            "over": list(one.over),
            "cells": [
                {"cell": list(c.cell), "need": c.need, "have": c.have, "chosen": c.chosen}
                for c in one.cells
            ],
        }
        for one in outcome.judgement.coverages
    }


def _gates(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for answer in outcome.judgement.answers:
        gate = found.setdefault(answer.gate, {"holds": True, "lines": []})
        if answer.require and not answer.holds:
            gate["holds"] = False
        gate["lines"].append(
            {k: v for k, v in msgspec.to_builtins(answer).items() if k != "gate"}
        )
    return found


def card(manifest_about: dict[str, Any], graph: Graph, outcome: Outcome) -> bytes:
    """README.md of the snapshot: a card for people."""
    counts = outcome.counts
    lines = [f"# {graph.dataset} {graph.version}", ""]
    for word in ("notes", "limitations"):
        if manifest_about.get(word):
            lines += [plain(str(manifest_about[word])), ""]
    lines += [
        f"Licence {one_line(str(manifest_about['license']))}. Seed {manifest_about['seed']}.", "",
        "| part | records |", "| --- | --- |",
        *(f"| {part.part} | {part.chosen} |" for part in outcome.mixture.parts if part.chosen),
        "",
        (
            f"{counts['rows_read']} rows read, {counts['rows_rejected']} rejected; "
            f"{counts['candidates']} candidates, {counts['chosen']} chosen."
        ),
        "",
        "| gate | holds |", "| --- | --- |",
        *(f"| {name} | {'yes' if gate['holds'] else 'no'} |" for name, gate in _gates(outcome).items()),
        "",
    ]  # fmt: skip
    return "\n".join(lines).encode()
