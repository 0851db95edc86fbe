"""What a change is judged against: a commit, and the papers that it holds. What became of each spec."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sftspec.ground.report import Diagnostic, Fault, Label
from sftspec.ground.text import Span, SpecText
from sftspec.snapshot.compare.base import Diff
from sftspec.snapshot.opened import git

HEAD = "HEAD"
UNCHANGED, BUILT, REFUSED, UNBUILT, FAULT = "unchanged", "built", "refused", "unbuilt", "fault"
OK, ERRORS, FAILED = "ok", "errors", "failed"
SHORT = 12


class Base(Struct, frozen=True):
    """The commit that a change goes out from. `given`: as it was asked for, if it was.

    `folder`: where the project stands in its repository, with `/` at the end, or empty.
    """

    home: Path
    given: str
    revision: str
    head: str
    folder: str

    @property
    def name(self) -> str:
        """What people know it by."""
        return f"{self.given or HEAD} ({self.revision[:SHORT]})"


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one spec.

    `state`: unchanged; built; refused, it has errors; unbuilt, no snapshot comes of its data; or
    fault. `why`: what of it changed, so that it was built. `behind`: the papers that git has not as
    they were built. `lines`: what speaks against it, safe to show. `notes`: what could not be
    looked at.
    """

    spec: str
    dataset: str = ""
    version: str = ""
    state: str = REFUSED
    why: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    snapshot: str = ""
    id: str = ""
    counts: dict[str, Any] = {}
    gates: dict[str, Any] = {}
    behind: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    diff: Diff | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    fault: dict[str, str | None] | None = None

    @property
    def label(self) -> str:
        """`legal 0.2.0`, or the spec where it is not known."""
        return f"{self.dataset} {self.version}" if self.dataset else self.spec


class Round(Struct, frozen=True):
    """A change judged: what became of each spec, and what is wrong with none of them alone."""

    base: str
    outcomes: tuple[Outcome, ...]
    diagnostics: tuple[Diagnostic, ...] = ()

    def said(self) -> list[Diagnostic]:
        """Everything that was said, once: errors first, then by file and line."""
        seen: dict[tuple[object, ...], Diagnostic] = {}
        for one in (*self.diagnostics, *(d for o in self.outcomes for d in o.diagnostics)):
            seen.setdefault((one.place, one.slug, one.message), one)
        return sorted(
            seen.values(),
            key=lambda one: (one.severity != "error", one.place, one.slug, one.message),
        )

    @property
    def verdict(self) -> str:
        """In a word: a fault before errors of specs, those before findings."""
        states = {one.state for one in self.outcomes}
        if FAULT in states:
            return FAULT
        if REFUSED in states:
            return ERRORS
        return FAILED if any(one.severity == "error" for one in self.said()) else OK


# git


def base_of(home: Path, given: str) -> Base:
    """Where HEAD and a revision part; without one HEAD itself. Raises Fault where that is not known."""
    folder = git(home, "rev-parse", "--show-prefix").decode("utf-8", "surrogateescape")[:-1]
    head = _commit(home, HEAD)
    if head is None:
        raise Fault(
            "unknown-revision", "there is no commit yet", path=str(home),
            hint="commit the spec, its lock and its papers first",
        )  # fmt: skip
    revision = _parting(home, head, given) if given else head
    return Base(home, given, revision, head, folder)


def _parting(home: Path, head: str, given: str) -> str:
    other = None if given.startswith("-") else _commit(home, given)
    if other is None:
        raise Fault(
            "unknown-revision", f"there is no commit `{given}` here", path=str(home),
            hint=_fetch(home) or "is it fetched? A branch of the other side is `origin/NAME` here",
        )  # fmt: skip
    try:
        return git(home, "merge-base", head, other).decode().split()[0]
    except Fault:
        raise Fault(
            "unrelated-revision", f"HEAD and `{given}` have no commit in common here", path=str(home),
            hint=_fetch(home) or "name the branch that HEAD goes out from",
        ) from None  # fmt: skip


def _commit(home: Path, revision: str) -> str | None:
    try:
        return (
            git(home, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
            .decode()
            .strip()
        )
    except Fault:
        return None


def _fetch(home: Path) -> str | None:
    """What to do about a clone that lacks its history."""
    if git(home, "rev-parse", "--is-shallow-repository").strip() != b"true":
        return None
    return "this clone is shallow: check out with the full history (`fetch-depth: 0`), or `git fetch --unshallow`"


def listed(home: Path, revision: str, *paths: str) -> list[str]:
    """The files of a revision below some paths, from the project's root."""
    if not paths:
        return []
    found = git(
        home,
        "--literal-pathspecs",
        "ls-tree",
        "-r",
        "-z",
        "--name-only",
        revision,
        "--",
        *paths,
    )
    return [path for path in found.decode("utf-8", "surrogateescape").split("\0") if path]


def committed(home: Path, revision: str, folder: str, names: Iterable[str]) -> dict[str, bytes]:
    """Those of the files of a folder that a revision has."""
    there = listed(home, revision, folder)
    return {
        name: git(home, "cat-file", "blob", f"{revision}:./{folder}/{name}")
        for name in names
        if f"{folder}/{name}" in there
    }


# places


def moved(item: Diagnostic, folder: str) -> Diagnostic:
    """The diagnostic with its places from the repository's root, as CI systems want them."""
    if not folder:
        return item
    return replace(
        item,
        span=item.span and _span(item.span, folder),
        labels=tuple(Label(_span(one.span, folder), one.text) for one in item.labels),
        mend=item.mend and replace(item.mend, span=_span(item.mend.span, folder)),
        path=item.path and folder + item.path,
    )


def _span(span: Span, folder: str) -> Span:
    return Span(SpecText(folder + span.text.path, span.text.text), span.start, span.end)
