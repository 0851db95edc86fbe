"""What a manifest says of chats: template, tokenizer, what is trained, the proof, and what was written."""

from typing import Any

import msgspec

from sftspec.engine.finish import Outcome
from sftspec.ground.canon import digest
from sftspec.plan.graph import Graph
from sftspec.ports.samples import Report


def chat_entries(graph: Graph, outcome: Outcome, counts: dict[str, Any]) -> dict[str, Any]:
    """Each chat by name. `counts`: what the index counted of it."""
    return {name: _chat(name, graph, outcome, counts[name]) for name in graph.chats}


def _chat(name: str, graph: Graph, outcome: Outcome, counts: dict[str, Any]) -> dict[str, Any]:
    stage, vocabulary = graph.chats[name], outcome.vocabularies[name]
    template = (
        {"builtin": stage.builtin}
        if stage.builtin
        else {"digest": digest("chat-template", stage.source.encode())}
    )
    outputs = [one for one in outcome.outputs if one.chat == name]
    return {
        "template": template,
        "tokenizer": {
            "path": vocabulary.path,
            "files": [
                {"path": path, "digest": one.digest, "bytes": one.bytes}
                for path, one in vocabulary.files.items()
            ],
            "libraries": list(vocabulary.libraries),
        },
        "window": stage.window,
        "loss": stage.loss,
        "overflow": stage.overflow,
        "calls": "trained" if stage.calls else "untrained",
        "options": msgspec.structs.asdict(stage.options),
        **counts,
        "outputs": {
            one.format: {
                "folder": one.folder,
                "packed": one.packed,
                "segments": one.most,
                "parts": {
                    part.part: {
                        **_report(part.report),
                        "phases": [list(p) for p in part.phases],
                    }
                    for part in one.parts
                },
            }
            for one in outputs
        },
    }


def _report(report: Report) -> dict[str, Any]:
    """A report; `fill`: tokens of what the packs could hold, in basis points."""
    room = report.packs * report.window
    return {**msgspec.to_builtins(report), "fill": 10_000 * report.tokens // max(room, 1)}
