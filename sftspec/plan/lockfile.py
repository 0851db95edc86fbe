"""`NAME.lock` beside a spec: found, read, written; and what it says against the spec, as diagnostics."""

from collections.abc import Sequence
from contextlib import suppress
import os
from pathlib import Path

from sftspec.ground.report import Report
from sftspec.ground.text import Span
from sftspec.ir import nodes
from sftspec.plan.definitions import VERSIONED
from sftspec.plan.graph import Graph
from sftspec.plan.pins import (
    BEHIND,
    BUMPED,
    CHANGED,
    GONE,
    LOWERED,
    MAX_BYTES,
    MOVED,
    NEW,
    OTHER_IDS,
    REFUSED,
    BadLock,
    Drift,
    Lock,
    decode_lock,
    drifts,
    encode_lock,
)  # fmt: skip

SUFFIX = ".lock"
MOST = 6
_PLURAL = {
    "prompt": "prompts", "phrasing": "phrasings", "schema": "schemas", "table": "tables",
    "template": "templates", "tool": "tools", "source": "sources",
    "chat": "chats", "tokenizer": "chats",
}  # fmt: skip


def lock_path(spec: Path) -> Path:
    """Where the lock of a spec stands."""
    return spec.with_suffix(SUFFIX)


def read_lock(spec: Path, report: Report) -> Lock | None:
    """The lock of a spec, or None where there is none; an error where it cannot be read."""
    path = lock_path(spec)
    try:
        return decode_lock(_bytes(path))
    except FileNotFoundError:
        return None
    except (OSError, BadLock) as error:
        report.error(
            "bad-lock", None, f"{path.name}: {error}", path=str(path),
            hint="take the committed one back, or make it anew: delete it and run `sftspec lock`",
        )  # fmt: skip
        return None


def _bytes(path: Path) -> bytes:
    """What stands in a lock's file, as much as is needed to tell that it is too much."""
    if path.exists() and not path.is_file():  # a pipe would keep us waiting
        raise BadLock("it is no regular file")
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def write_lock(spec: Path, lock: Lock) -> None:
    """Put the lock in its place at once."""
    path = lock_path(spec)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("xb") as stream:
            stream.write(encode_lock(lock))
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(path)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise


def judge_lock(
    spec_path: Path, spec: nodes.Spec, graph: Graph, report: Report, *, locked: bool
) -> Lock | None:
    """The lock, compared with the definitions of a spec. `locked`: it must be there and up to date."""
    before = report.failed
    lock = read_lock(spec_path, report)
    if lock is None:
        if not before and not report.failed:
            say = report.error if locked else report.warn
            say(
                "unlocked", spec.dataset.span, f"there is no {lock_path(spec_path).name}",
                hint=f"`sftspec lock {spec_path}` pins the sources and the texts",
            )  # fmt: skip
        return None
    if is_of_other(lock, spec_path, spec, report):
        return lock
    found = drifts(lock, graph)
    say_refused(found, spec_path, spec, report)
    say_stale(found, spec_path, spec, report, locked=locked)
    return lock


def is_of_other(lock: Lock, path: Path, spec: nodes.Spec, report: Report) -> bool:
    """Whether the lock is of another dataset, which is an error: nothing in it can be compared."""
    if lock.dataset == spec.dataset.name:
        return False
    report.error(
        "stale-lock", spec.dataset.span, f"the lock is of dataset `{lock.dataset}`",
        hint=f"delete {lock_path(path).name} and run `sftspec lock {path}`",
    )  # fmt: skip
    return True


def say_refused(found: Sequence[Drift], path: Path, spec: nodes.Spec, report: Report) -> None:
    """What changed under the lock and nobody accepted: an error each."""
    for drift in found:
        if drift.how == OTHER_IDS:
            _ids_changed(drift, path, spec, report)
        elif drift.how == CHANGED and drift.kind in {"source", "tokenizer"}:
            _source_changed(drift, path, spec, report)
        elif drift.how == CHANGED:
            _text_changed(drift, path, spec, report)


def _text_changed(drift: Drift, path: Path, spec: nodes.Spec, report: Report) -> None:
    own = drift.kind in VERSIONED
    under = f"v{drift.version}" if own else f"{spec.dataset.name} v{drift.version}"
    raised = "it" if own else "the dataset"
    report.error(
        "locked-text-changed", span_of(drift, spec),
        f"{drift.kind} `{drift.name}` is locked under {under} with other text: {_some(drift.what)}",
        hint=f"raise {raised} to v{drift.least}, or {_accept('text', drift, path)}",
    )  # fmt: skip


def _source_changed(drift: Drift, path: Path, spec: nodes.Spec, report: Report) -> None:
    report.error(
        "locked-source-changed" if drift.kind == "source" else "locked-tokenizer-changed",
        span_of(drift, spec),
        f"{_called(drift)} is not as locked: {_some(drift.what)}",
        hint=f"{_accept('rows' if drift.kind == 'source' else 'bytes', drift, path)}, or put the file back",
    )  # fmt: skip


def _called(drift: Drift) -> str:
    return (
        f"the tokenizer of chat `{drift.name}`"
        if drift.kind == "tokenizer"
        else f"source `{drift.name}`"
    )


def _ids_changed(drift: Drift, path: Path, spec: nodes.Spec, report: Report) -> None:
    back = f"write `moved {drift.kind} {drift.before} to {drift.name}`"
    mend = back if drift.before != drift.name else "take the `moved` line away"
    report.error(
        "locked-ids-changed", span_of(drift, spec),
        f"the records of {drift.kind} `{drift.name}` would get other ids: {_some(drift.what)}",
        hint=f"{mend}, or {_accept('ids', drift, path)}",
    )  # fmt: skip


def _accept(what: str, drift: Drift, path: Path) -> str:
    return f"accept the {what} with `sftspec lock {path} --upgrade {drift.name}`"


def say_stale(
    found: Sequence[Drift], path: Path, spec: nodes.Spec, report: Report, *, locked: bool
) -> None:
    """What the lock does not know yet, or knows and is no more; an error where it must be up to date."""
    late = [drift for drift in found if drift.how not in REFUSED]
    if not late:
        return
    words = [f"{drift.kind} `{drift.name}` {_how(drift)}" for drift in late]
    perhaps = next((one for one in late if one.how == NEW and one.before), None)
    moved = f"moved {perhaps.kind} {perhaps.before} to {perhaps.name}" if perhaps else ""
    say = report.error if locked else report.warn
    say(
        "stale-lock", spec.dataset.span, f"the lock is behind the spec: {_some(words)}",
        hint=(f"if it has another name now, write `{moved}`; " if moved else "")
        + f"run `sftspec lock {path}`",
    )  # fmt: skip


def _how(drift: Drift) -> str:
    if drift.how == MOVED:
        return f"was called `{drift.before}`"
    if drift.how == BUMPED and drift.kind not in {*VERSIONED, "dataset"}:
        return "has other text"
    return _HOW[drift.how]


_HOW = {
    NEW: "is new", GONE: "is gone", BUMPED: "has another version", LOWERED: "has a lower version",
    BEHIND: "is pinned otherwise",
}  # fmt: skip


def _some(words: Sequence[str]) -> str:
    more = f" and {len(words) - MOST} more" if len(words) > MOST else ""
    return ", ".join(words[:MOST]) + more if words else "its digest differs"


def span_of(drift: Drift, spec: nodes.Spec) -> Span | None:
    """Where the definition stands."""
    if drift.kind not in _PLURAL:
        return spec.dataset.span
    known = getattr(spec, _PLURAL[drift.kind])
    return known[drift.name].span if drift.name in known else spec.dataset.span
