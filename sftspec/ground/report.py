"""What is said to the author, and to whoever runs the machine.

A `Diagnostic` is the author's to mend: it is returned in a `Report`, never raised inside the
compiler. A `Fault` is the world's: a path, a disk, a cluster; it is raised and ends in exit 3. A `Misuse` is
of whoever wrote the command line; it ends in exit 2.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from sftspec.ground.text import Span

MOST = 200
MAX_KNOWN = 500


class Label(Struct, frozen=True):
    """Another place that explains a diagnostic: "because of what else?"."""

    span: Span
    text: str


class Mend(Struct, frozen=True):
    """A machine-applicable fix: put `text` where `span` is."""

    span: Span
    text: str


class Diagnostic(Struct, frozen=True):
    """One thing the author should know, with its place, reason and mend."""

    slug: str
    severity: str
    message: str
    span: Span | None = None
    labels: tuple[Label, ...] = ()
    hint: str | None = None
    mend: Mend | None = None
    path: str | None = None

    @property
    def place(self) -> tuple[str, int]:
        """What diagnostics are sorted by: file, then offset."""
        if self.span is None:
            return (self.path or "", 0)
        return (self.span.text.path, self.span.start)


class Enough(Exception):  # noqa: N818 - a way out, not an error
    """Raised where a spec has more errors than are of use; `Report` holds the first of them."""


class Report:
    """Diagnostics gathered so far. A pass adds to it and returns None where it could not go on."""

    def __init__(self) -> None:
        self.items: list[Diagnostic] = []
        self._counts = {"error": 0, "warning": 0}

    def error(self, slug: str, span: Span | None, message: str, **more: object) -> None:
        """Say that the spec cannot be built. `more`: labels, hint, mend, path.

        Raises Enough behind the last one that is taken.
        """
        self._add(Diagnostic(slug, "error", message, span, **more))  # type: ignore[arg-type]
        if self._counts["error"] > MOST:
            raise Enough

    def warn(self, slug: str, span: Span | None, message: str, **more: object) -> None:
        """Say something that does not stop a build."""
        self._add(Diagnostic(slug, "warning", message, span, **more))  # type: ignore[arg-type]

    def _add(self, item: Diagnostic) -> None:
        self._counts[item.severity] += 1
        if self._counts[item.severity] <= MOST:
            self.items.append(item)
        elif self._counts[item.severity] == MOST + 1:
            word = "errors" if item.severity == "error" else "warnings"
            text = f"more than {MOST} {word}; the rest are not shown"
            self.items.append(Diagnostic(f"too-many-{word}", item.severity, text, item.span))

    @property
    def failed(self) -> bool:
        """Whether any error was said."""
        return any(item.severity == "error" for item in self.items)

    def sorted(self) -> list[Diagnostic]:
        """In the order of the files and lines, each once."""
        seen: dict[tuple[object, ...], Diagnostic] = {}
        for item in self.items:
            seen.setdefault((item.place, item.slug, item.message), item)
        return sorted(seen.values(), key=lambda item: (item.place, item.slug, item.message))

    def count(self, severity: str) -> int:
        """How many distinct diagnostics there are of a severity."""
        return sum(item.severity == severity for item in self.sorted())


class SpecError(Exception):
    """Raised by the public functions only: the spec has errors; `report` holds them."""

    def __init__(self, report: Report) -> None:
        super().__init__("; ".join(d.message for d in report.items if d.severity == "error"))
        self.report = report


class Fault(Exception):  # noqa: N818 - the field's word is the fault, not the error
    """The world is in the way: a file, a disk, a cluster. Finished work is kept."""

    def __init__(
        self, slug: str, message: str, *, path: str = "", stage: str = "", hint: str = ""
    ) -> None:
        super().__init__(message)
        self.slug = slug
        self.message = message
        self.path = path
        self.stage = stage
        self.hint = hint


class Misuse(Exception):  # noqa: N818 - in the words of the command line, not of the code
    """The command line asks for what there is not."""

    def __init__(self, slug: str, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.slug = slug
        self.message = message
        self.hint = hint


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint that names the nearest known word, or None."""
    words = sorted(set(known))
    if len(words) > MAX_KNOWN:
        words = [other for other in words if other[:2] == word[:2]][:MAX_KNOWN]
    from difflib import get_close_matches

    near = get_close_matches(word[:100], words, n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else None


def there_are(words: Sequence[str], most: int = 8) -> str | None:
    """A hint that lists the known words, or None where there are none."""
    if not words:
        return None
    return f"there {'is' if len(words) == 1 else 'are'} {listing(words, most)}"


def listing(words: Sequence[str], most: int = 8) -> str:
    """Words in backticks, a long list cut short."""
    shown = ", ".join(f"`{word}`" for word in words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most} more"
