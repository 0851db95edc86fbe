"""Whether a dataset has to be built again: its spec against the papers that the base holds of it.

By meaning and never by text: a comment changes nothing. What was not changed is not built, so the
bytes of its sources are hashed here and held against the papers.
"""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from sftspec.engine.guard import pins_of
from sftspec.engine.inputs import Reading, read_inputs
from sftspec.engine.store import Store, store_of
from sftspec.ground.canon import canonical, digest
from sftspec.plan.graph import Graph
from sftspec.plan.pins import FilePin, Files, Lock
from sftspec.snapshot.ci.base import HEAD, Base, committed, listed
from sftspec.snapshot.content import compiler
from sftspec.snapshot.manifest import MANIFEST, Manifest, Unreadable, decode
from sftspec.snapshot.opened import git

NEW, MEANING, LIBS, SOURCES, PAPERS = "new", "meaning", "compiler", "sources", "papers"
MANY = 100


class Looked(Struct, frozen=True):
    """What of a dataset is not as the base has it; nothing where `why` is empty."""

    why: tuple[str, ...]
    notes: tuple[str, ...] = ()


def look(graph: Graph, lock: Lock | None, base: Base, store: Path | None = None) -> Looked:
    """A spec, lowered, against the papers of its version. Raises Fault where a source is in the way."""
    folder = f"compiled/{graph.dataset}/{graph.version}"
    there = committed(base.home, base.revision, folder, (MANIFEST,))
    if not there:
        return Looked((NEW,))
    try:
        manifest = decode(there[MANIFEST])
    except Unreadable:
        return Looked((PAPERS,))
    pins = _pins(manifest)
    same = {
        MEANING: manifest.meaning == digest("meaning", canonical(graph)),
        LIBS: manifest.compiler == compiler(),
        SOURCES: lock is None or lock.sources == pins,
        PAPERS: not git(base.home, "diff", "--name-only", base.revision, "--", f"./{folder}"),
    }
    why = tuple(word for word, so in same.items() if not so)
    return Looked(why) if why else _sources(graph, pins, base, store)


def _pins(manifest: Manifest) -> Files:
    return {
        name: {one["path"]: FilePin(one["bytes"], one["digest"]) for one in about["files"]}
        for name, about in manifest.sources.items()
    }


def _sources(graph: Graph, pins: Files, base: Base, store: Path | None) -> Looked:
    """The bytes that lie here against those of the papers, whatever the lock says."""
    gone = [
        path for files in pins.values() for path in files if not (base.home / path).is_file()
    ]
    if gone:
        if _tracked(gone, base):
            return Looked((SOURCES,))
        some = f"`{gone[0]}`" + (f" and {len(gone) - 1} more" if len(gone) > 1 else "")
        return Looked((), (f"not here: {some}; so its sources were not compared",))
    kept = Store(store_of(base.home, store))
    kept.prepare()
    now = pins_of(read_inputs(graph, Reading(base.home, kept, rehash=True, hashed=True)))
    return Looked(() if now == pins else (SOURCES,))


def _tracked(paths: Sequence[str], base: Base) -> bool:
    """Whether git has some of the files: then they were taken away, and not left where they are."""
    return any(
        listed(base.home, revision, *paths[at : at + MANY])
        for at in range(0, len(paths), MANY)
        for revision in dict.fromkeys((base.revision, HEAD))
    )
