"""Forms: what a line of the language may look like, and finding the one that a line is.

A form's `usage` is its pattern and its help at once. Words in lower case stand as they are,
`a|b` is a choice of words, CAPITALS are slots, `[ … ]` may be left out, `=` begins the value,
`: TYPE` a type, `{` a body whose lines are the `inner` forms. Every atom of a line must be
taken by its form. The same table serves the checker, its hints, `explain` and the reference.
"""

from collections.abc import Iterable, Sequence
from functools import cache
import re

from msgspec import Struct

from sftspec.ground.report import Label, Report, did_you_mean, listing
from sftspec.ground.text import Span
from sftspec.syntax import tree
from sftspec.syntax.format_columns import one_line


class Form(Struct, frozen=True):
    """One kind of line.

    `once`: a block has it at most once. `needed`: a block must have it. `later`: known, and
    not built yet.
    """

    usage: str
    help: str = ""
    once: bool = False
    needed: bool = False
    later: bool = False
    inner: tuple["Form", ...] = ()

    @property
    def shown(self) -> str:
        """The usage as people read it: slots without numbers, what repeats once."""
        usage = re.sub(r"(?<=[A-Z])\d+", "", self.usage).replace(" :", ":")
        words = re.findall(r"\[[^\]]*\]|\S+", usage.replace("[{]", "[{ … }]"))
        kept = [word for at, word in enumerate(words) if at == 0 or words[at - 1] != word]
        return " ".join(kept)

    @property
    def head(self) -> str:
        """The words it begins with."""
        return _head(self.usage)


@cache
def _head(usage: str) -> str:
    words = []
    for word in usage.split(" [", maxsplit=1)[0].split():
        if not word.replace("|", "").replace("_", "").isalpha() or not word.islower():
            break
        words.append(word)
    return " ".join(words)


class Line(Struct, frozen=True):
    """An entry and the form it has; `slots` by name in lower case, words as `True`."""

    form: Form
    entry: tree.Entry
    slots: dict[str, tree.Expr]
    words: frozenset[str]

    @property
    def span(self) -> Span:
        """The whole line with its body."""
        return self.entry.span

    @property
    def quoted(self) -> str:
        """Its phrase as people are shown it, however the author spaced it."""
        return one_line(self.entry.head.source)

    def name(self, slot: str) -> str:
        """A slot that is one name."""
        node = self.slots[slot]
        return node.name if isinstance(node, tree.Ref) else ""

    def text(self, slot: str = "text") -> tree.Text:
        """A slot that is a text."""
        node = self.slots[slot]
        assert isinstance(node, tree.Text)  # noqa: S101 - the form admits nothing else
        return node

    def whole(self, slot: str = "int") -> int:
        """A slot that is a whole number."""
        node = self.slots[slot]
        return node.value if isinstance(node, tree.Int) else 0

    def bp(self, slot: str = "percent") -> int:
        """A slot that is a percentage, in basis points."""
        node = self.slots[slot]
        return node.bp if isinstance(node, tree.Percent) else 0

    def items(self, slot: str = "list") -> tuple[tree.Expr, ...]:
        """A slot that is a list; a single value counts as a list of one."""
        node = self.slots[slot]
        if isinstance(node, tree.List):
            return tuple(item for item in node.items if not isinstance(item, tree.Body))
        return (node,)

    def body(self) -> tree.Body:
        """Its body, empty where it has none."""
        return self.entry.body or tree.Body(entries=(), span=self.entry.span)


_KINDS: dict[str, tuple[type, ...]] = {
    "TEXT": (tree.Text,),
    "INT": (tree.Int,),
    "PERCENT": (tree.Percent,),
    "VERSION": (tree.Version,),
    "LIST": (tree.List,),
    "PATH": (tree.Ref,),
    "CALL": (tree.Call,),
    "COND": (tree.Ref, tree.Call, tree.Compare, tree.Both, tree.Either, tree.Negate),
    "COUNT": (tree.Int, tree.Ref),
    "KEY": (tree.Ref, tree.List),
    "NAMES": (tree.Ref, tree.List),
    "TEXTS": (tree.Text, tree.List),
    "AMOUNT": (tree.Percent, tree.Int, tree.Ref),
    "EXPR": (object,),
}
_WORDS = {
    "TEXT": "a text in quotes", "INT": "a whole number", "PERCENT": "a percentage",
    "VERSION": "a version such as v1.0.0", "LIST": "a list", "COND": "a condition",
    "CALL": "a call", "AMOUNT": "a percentage or parts", "TEXTS": "a text in quotes",
}  # fmt: skip


class _Token(Struct, frozen=True):
    kind: str
    value: str = ""
    inner: tuple["_Token", ...] = ()


@cache
def _pattern(usage: str) -> tuple[_Token, ...]:
    words = re.findall(r"\[|\]|[^\s\[\]]+", usage)
    stack: list[list[_Token]] = [[]]
    for word in words:
        if word == "[":
            stack.append([])
        elif word == "]":
            inner = tuple(stack.pop())
            stack[-1].append(_Token("maybe", inner=inner))
        elif word in {"{", ":", "TYPE"}:
            continue
        elif word == "=":
            stack[-1].append(_Token("equal"))
        elif word.isupper():
            stack[-1].append(_Token("slot", word))
        else:
            stack[-1].append(_Token("word", word))
    return tuple(stack[0])


class _Equal(Struct, frozen=True):
    span: Span


class _Match:
    """Matching one line against one form, remembering how far it came."""

    def __init__(self, atoms: Sequence[object]) -> None:
        self.atoms = atoms
        self.furthest = 0
        self.wanted = ""
        self.slots: dict[str, tree.Expr] = {}
        self.words: set[str] = set()

    def run(self, tokens: Sequence[_Token], at: int) -> int | None:
        """Match the tokens from atom `at`; the atom after them, or None."""
        for index, token in enumerate(tokens):
            if token.kind == "maybe":
                inside = self.run([*token.inner, *tokens[index + 1 :]], at)
                if inside is not None:
                    return inside
                continue
            if not self._one(token, at):
                return None
            at += 1
        if at < len(self.atoms):
            if at > self.furthest or not self.wanted:
                self.furthest, self.wanted = at, "nothing"
            return None
        return at

    def _one(self, token: _Token, at: int) -> bool:
        if at > self.furthest:
            self.furthest, self.wanted = at, ""
        if at < len(self.atoms) and self._fits(token, self.atoms[at]):
            return True
        if at == self.furthest and not self.wanted:
            self.wanted = _say(token)
        return False

    def _fits(self, token: _Token, atom: object) -> bool:
        if token.kind == "equal":
            return isinstance(atom, _Equal)
        if isinstance(atom, _Equal):
            return False
        if token.kind == "word":
            if isinstance(atom, tree.Ref) and atom.name in token.value.split("|"):
                self.words.add(atom.name)
                return True
            return False
        kind = token.value.rstrip("0123456789")
        wanted = _KINDS.get(kind)
        good = (
            isinstance(atom, tree.Ref) and len(atom.parts) == 1 if wanted is None
            else isinstance(atom, wanted)
        )  # fmt: skip
        if good:
            self.slots[token.value.lower()] = atom  # type: ignore[assignment]
        return good


def _say(token: _Token) -> str:
    if token.kind == "equal":
        return "`=`"
    if token.kind == "word":
        words = [f"`{word}`" for word in token.value.split("|")]
        return " or ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
    slot = token.value.rstrip("0123456789")
    return _WORDS.get(slot, f"a {slot.lower()}")


def match(entry: tree.Entry, forms: Sequence[Form]) -> tuple[Line | None, _Match, Form]:
    """The entry's line by the first form that takes all of it, else the nearest try."""
    atoms: list[object] = list(entry.phrase)
    if entry.value is not None:
        atoms.append(_Equal(entry.head))
        atoms.extend(entry.value)
    best: tuple[_Match, Form] | None = None
    taken: tuple[Line, _Match, Form] | None = None
    for form in forms:
        attempt = _Match(atoms)
        if attempt.run(_pattern(form.usage), 0) is not None:
            line = Line(form, entry, attempt.slots, frozenset(attempt.words))
            if (entry.body is None or "{" in form.usage) and (
                entry.body is not None or not form.usage.endswith("{")
            ):
                return line, attempt, form
            taken = taken or (line, attempt, form)
        if best is None or attempt.furthest > best[0].furthest:
            best = (attempt, form)
    if taken is not None:
        return taken
    assert best is not None  # noqa: S101 - every block has forms
    return None, best[0], best[1]


def lines(
    owner: str, head: Span, body: tree.Body | None, forms: Sequence[Form], report: Report
) -> list[Line]:
    """The lines of a body by their forms; what fits none is reported, as is what is missing."""
    found: list[Line] = []
    first: dict[str, tree.Entry] = {}
    once: dict[str, tree.Entry] = {}
    for entry in body.entries if body else ():
        line = read(owner, entry, forms, report)
        if line is None:
            continue
        if line.form.later:
            report.error(
                "not-built-yet", entry.head, f"`{_later(line, forms)}` is not built yet"
            )
            first.setdefault(line.form.usage, entry)
            continue
        if line.form.once and line.form.head in once:
            report.error(
                "duplicate-line", entry.head, f"`{line.form.head}` stands twice in {owner}",
                labels=(Label(once[line.form.head].head, "first here"),),
            )  # fmt: skip
            continue
        if line.form.once:
            once[line.form.head] = entry
        first.setdefault(line.form.usage, entry)
        found.append(line)
    for form in forms:
        if form.needed and not any(other in first for other in _alternatives(form, forms)):
            failed = any(
                entry.word(0) == form.head.split()[0]
                for entry in (body.entries if body else ())
            )
            if not failed:
                report.error(
                    "missing-line", head, f"{owner} needs `{form.head}`",
                    hint=f"write `{form.shown}`",
                )  # fmt: skip
    return found


def _later(line: Line, forms: Iterable[Form]) -> str:
    """How to name a line that is not built yet: its words, or all of it where a like is built."""
    head = line.form.head
    if any(form.head == head and not form.later for form in forms):
        return line.form.shown
    return " ".join(line.entry.word(at) or "" for at in range(len(head.split())))


def _alternatives(form: Form, forms: Iterable[Form]) -> list[str]:
    return [other.usage for other in forms if other.head == form.head]


def read(owner: str, entry: tree.Entry, forms: Sequence[Form], report: Report) -> Line | None:
    """One entry as a line of `owner`, or a diagnostic."""
    line, attempt, form = match(entry, forms)
    if line is not None:
        return line if _shape(line, report) else None
    word = entry.word(0)
    heads = sorted({head for item in forms for head in item.head.split()[:1] if head})
    if attempt.furthest == 0 or (
        word is not None and heads and word not in _first_words(forms) and not _open(forms)
    ):
        _unknown(owner, entry, forms, report)
        return None
    atoms = [*entry.phrase, *(entry.value or ())]
    offset = attempt.furthest - (
        1 if entry.value is not None and attempt.furthest > len(entry.phrase) else 0
    )
    near = [(attempt.wanted, form)]
    for other in forms:
        _, tried, _ = match(entry, (other,))
        if tried.furthest == attempt.furthest and tried.wanted and not other.later:
            near.append((tried.wanted, other))
    wanted = " or ".join(dict.fromkeys(word for word, _ in near if word != "nothing"))
    span = atoms[min(offset, len(atoms) - 1)].span
    message = f"{wanted} is wanted here" if wanted else "nothing more can stand here"
    if offset >= len(atoms):
        end = entry.head.end if entry.value is None else atoms[-1].span.end
        span, message = span.part(end - 1, end), f"{wanted} is missing here"
    usages = dict.fromkeys(f"`{other.shown}`" for _, other in near)
    report.error("malformed-line", span, message, hint=f"write {' or '.join([*usages][:3])}")
    return None


def _first_words(forms: Sequence[Form]) -> set[str]:
    return {
        word for form in forms for part in form.head.split()[:1] for word in part.split("|")
    }


def _open(forms: Sequence[Form]) -> bool:
    return any(not form.head for form in forms)


def _unknown(owner: str, entry: tree.Entry, forms: Sequence[Form], report: Report) -> None:
    first = entry.phrase[0]
    word = first.span.source
    if word in {"and", "unless", "when", "where"}:
        report.error(
            "stray-condition", first.span, f"a line of {owner} cannot begin with `{word}`",
            hint="a condition stands on the line that it limits",
        )  # fmt: skip
        return
    known = sorted(_first_words(forms))
    usage = " or ".join(f"`{form.shown}`" for form in forms[:3])
    report.error(
        "unknown-line", first.span, f"{owner} has no line `{word.splitlines()[0][:40]}`",
        hint=did_you_mean(word, known) or (f"it has {listing(known, 20)}" if known else f"write {usage}"),
    )  # fmt: skip


def _shape(line: Line, report: Report) -> bool:
    """Whether a body and a type stand where the form has them, and nowhere else."""
    usage, shown, entry = line.form.usage, line.form.shown, line.entry
    may_body = "{" in usage
    if entry.body is not None and not may_body:
        report.error(
            "unexpected-body", entry.body.span, "this line has no body", hint=f"write `{shown}`"
        )
        return False
    must = usage.rstrip().endswith("{")
    if entry.body is None and must:
        report.error(
            "missing-body", entry.head, "a body is missing", hint=f"write `{shown} … }}`"
        )
        return False
    if (entry.type is not None) != ("TYPE" in usage):
        message = "a type is missing" if entry.type is None else "this line has no type"
        report.error("malformed-line", entry.head, message, hint=f"write `{shown}`")
        return False
    return all(_percent(node, report) for node in line.slots.values())


def _percent(node: tree.Expr, report: Report) -> bool:
    """Whether a percentage of a line is one that can be met."""
    if not isinstance(node, tree.Percent):
        return True
    if not node.exact:
        report.error("too-precise", node.span, "a percentage has at most two decimals")
        return False
    if not 0 <= node.bp <= 10_000:
        report.error("out-of-range", node.span, "a share is between 0% and 100%")
        return False
    return True
