"""Why a stage runs: what it depends on as named facts, and which of them are not what they were.

A fact is a name that an author knows and a digest. What a node depended on is kept after each
build, so that the next one, or `plan`, can say what changed since.
"""

from collections.abc import Mapping, Sequence
from typing import Any
import unicodedata

from sftspec.engine.keys import COMPILER, LIBRARIES, library
from sftspec.ground.canon import canonical, raw_digest
from sftspec.plan import graph as g

MOST = 4


def facts_of(stage: g.Stage) -> dict[str, str]:
    """The parts of a stage and the tools that it uses, by name."""
    tag = str(stage.__struct_config__.tag)
    compiler = [COMPILER, tag, stage.revision, unicodedata.unidata_version]
    return {
        **{name: _digest(part) for name, part in _parts(stage).items()},
        **{f"library {name}": library(name) for name in LIBRARIES[tag]},
        "the compiler": _digest(compiler),
    }


def _digest(part: Any) -> str:
    return raw_digest("fact", canonical(part)).hex()[:32]


def _parts(stage: g.Stage) -> dict[str, Any]:
    match stage:
        case g.Rows(source=source) | g.Lookup(source=source):
            return {f"the definition of source {source.name}": source}
        case g.Render():
            return _render(stage)
        case g.Who():
            return {f"who is in template {stage.template}": stage}
        case g.Settle():
            return {f"the key of source {stage.source}": stage.reason}
        case g.Screen():
            return {"the screen": stage.lines}
        case g.Split():
            return {"the seed": stage.seed, "the split": [stage.parts, stage.together]}
        case g.Mix():
            return {
                "the seed": stage.seed, "the total": stage.total, "the split": stage.parts,
                "the shares": stage.shares, "the bounds": stage.bounds, "the caps": stage.caps,
                "the shortfall": [stage.shortfall, stage.repeat], "the strata": stage.strata,
                "the curriculum": [stage.curriculum, stage.phases],
            }  # fmt: skip
        case g.Judge():
            return {
                **{f"gate {gate.name}": gate for gate in stage.gates},
                **{f"coverage {one.name}": one for one in stage.coverages},
                "the list of facets": [stage.facets, stage.many],
            }
        case g.Encode() | g.Pack():
            return {f"chat {stage.chat}": stage}
        case g.Emit() | g.EmitTokens():
            return {"the format": stage}


def _render(stage: g.Render) -> dict[str, Any]:
    template = stage.template
    name = f"template {template.name}"
    return {
        "the dataset's name": stage.dataset,
        "the seed": stage.seed,
        f"the definition of source {stage.source.name}": stage.source,
        f"{name}, its head": [
            template.version,
            template.layer,
            template.alias,
            template.samples,
        ],
        f"{name}, its where": template.where,
        **{f"{name}, its wordings of `{one.name}`": one.options for one in template.vary},
        f"{name}, its tags": template.tags,
        **{
            f"{name}, its turn {number} ({turn.role})": turn
            for number, turn in enumerate(template.turns, 1)
        },
        f"{name}, its expectations": template.expects,
        **{f"table {table}": texts for table, texts in template.tables},
        "the screen": [stage.drops, stage.conflicts],
        "what gates and shares measure": stage.measures,
        "the number of repeats": stage.repeats,
    }


def because(
    known: Mapping[str, str], facts: Mapping[str, str], details: Mapping[str, str]
) -> str:
    """What is not as it was, in words. `details`: what to say of a fact instead of its name."""
    said = [
        details.get(name) or f"{name} {'changed' if name in known else 'is new'}"
        for name in facts
        if known.get(name) != facts[name]
    ]
    said += [f"{name} is gone" for name in known if name not in facts]
    return listed(said)


def files_changed(source: str, known: Mapping[str, str], files: Mapping[str, str]) -> str:
    """Which files of a source are not as they were; empty where all are."""
    said = [
        f"{path} {'changed' if path in known else 'is new'}"
        for path, digest in files.items()
        if known.get(path) != digest
    ]
    said += [f"{path} is gone" for path in known if path not in files]
    return f"source {source}: {listed(said)}" if said else ""


def listed(said: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = f", and {len(said) - MOST} more" if len(said) > MOST else ""
    return ", ".join(said[:MOST]) + more
