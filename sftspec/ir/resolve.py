"""Files to a spec: imports read, blocks found by their forms, names resolved, everything typed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sftspec.ground.report import Enough, Report, did_you_mean, listing
from sftspec.ground.text import Span
from sftspec.ir import goals, nodes
from sftspec.ir.forms import (
    chat,
    coverage,
    curriculum,
    dataset,
    emit,
    facet,
    gate,
    mixture,
    moved,
    phrasing,
    prompt,
    schema,
    screen,
    source,
    split,
    table,
    template,
    test,
    tool,
)  # fmt: skip
from sftspec.ir.forms.base import Form, Line, match, read
from sftspec.ir.paths import path_problem, resolve
from sftspec.ir.rules.shares import adds_up
from sftspec.ir.world import World
from sftspec.syntax import tree
from sftspec.syntax.parse import parse
from sftspec.syntax.read import check_text

EDITIONS = (2026,)
MARKS = (".sftroot", "pyproject.toml", ".git")
MAX_CHAIN = 32
BLOCKS: dict[str, Any] = {
    module.KIND: module
    for module in (
        dataset, facet, schema, tool, source, prompt, phrasing, table, template, test, screen,
        mixture, curriculum, split, coverage, gate, chat, emit, moved,
    )
}  # fmt: skip
LATER = ("rubric", "reviews", "failures", "model", "generate")
_SINGLE = ("dataset", "mixture", "curriculum", "split", "emit")
_EDITION = Form("edition INT", "the edition of the language", once=True)
_IMPORT = Form("import TEXT", "another file, from this file's folder")
_LATER_FORMS = tuple(Form(f"{word} {rest}", later=True) for word in LATER for rest in (
    "NAME {", "NAME VERSION {", "NAME VERSION from NAME2 {",
))  # fmt: skip
FORMS: tuple[Form, ...] = (
    _EDITION,
    _IMPORT,
    *(module.FORM for module in BLOCKS.values()),
    facet.EXTEND,
    screen.CALLED,
    *_LATER_FORMS,
)


def load(path: Path, root: Path, report: Report) -> tuple[nodes.Spec, World] | None:
    """The spec at `path`, inside the project at `root`; None where it has errors."""
    real = path.resolve()
    if not real.is_relative_to(root.resolve()):
        report.error(
            "path-outside-root", None, f"{path} is not inside the project root {root}", path=str(path)
        )  # fmt: skip
        return None
    shown = real.relative_to(root.resolve()).as_posix()
    world = World(root, report)
    seen: dict[str, list[str]] = {}
    try:
        _read_file(shown, None, world, seen, [])
        spec = None if world.broken else _lower(shown, world)
    except Enough:
        return None
    return None if spec is None else (spec, world)


def _read_file(
    shown: str, span: Span | None, world: World, seen: dict[str, list[str]], chain: list[str]
) -> None:
    """Read a file and what it imports; note its blocks."""
    if shown in chain:
        world.report.error(
            "import-cycle", span, f"imports in a circle: {' → '.join([*chain, shown])}"
        )
        return
    if shown in seen:
        return
    seen[shown] = chain
    before = len(world.report.items)
    data = world.read(shown, span)
    text = None if data is None else check_text(data, shown, world.report)
    if text is None:
        world.broken = True
        return
    file = parse(text, world.report)
    _edition(file, world)
    world.broken = world.broken or len(world.report.items) > before
    for entry in file.entries:
        line = _block(entry, world.report)
        if line is None:
            world.broken = world.broken or world.report.items[-1].slug != "not-built-yet"
            continue
        if line.form is _IMPORT:
            _import(line, world, seen, [*chain, shown])
        elif line.form is not _EDITION:
            _declare(line, world)
        elif entry is not file.entries[0]:
            world.report.error(
                "duplicate-line", entry.head, "`edition` stands once, as the first line"
            )


def _import(line: Line, world: World, seen: dict[str, list[str]], chain: list[str]) -> None:
    text = line.text()
    problem = path_problem(text.value, text.span)
    if problem:
        world.report.error(problem[0], text.span, problem[1], hint=problem[2])
        return
    shown = resolve(Path(text.span.text.path).parent, text.value) or text.value
    if len(chain) > MAX_CHAIN:
        world.report.error(
            "too-deep", text.span, f"more than {MAX_CHAIN} files import one another in a row"
        )
        return
    _read_file(shown, text.span, world, seen, chain)


def _edition(file: tree.SpecFile, world: World) -> None:
    first = file.entries[0] if file.entries else None
    if first is None and any(item.severity == "error" for item in world.report.items):
        return
    number = (
        first.phrase[1]
        if first and first.word(0) == "edition" and len(first.phrase) > 1
        else None
    )
    if number is None:
        begins = file.text.text.lstrip().startswith("edition")
        if not begins:
            span = Span(file.text, 0, 0) if first is None else first.head
            world.report.error(
                "missing-edition", span, "a file begins with its edition",
                hint=f"write `edition {EDITIONS[-1]}` as the first line",
            )  # fmt: skip
    elif isinstance(number, tree.Int) and number.value not in EDITIONS:
        world.report.error(
            "unknown-edition", number.span, f"edition `{number.span.source}` is not known",
            hint=f"this compiler knows {listing([str(e) for e in EDITIONS])}",
        )  # fmt: skip


def _block(entry: tree.Entry, report: Report) -> Line | None:
    """A top-level entry as a block, or a diagnostic."""
    word = entry.word(0) or (
        entry.phrase[0].name if isinstance(entry.phrase[0], tree.Call) else None
    )
    known = ["edition", "import", "extend", *BLOCKS, *LATER]
    if word not in known:
        shown = (word or entry.phrase[0].span.source).splitlines()[0][:40]
        report.error(
            "unknown-block", entry.phrase[0].span, f"no block is called `{shown}`",
            hint=did_you_mean(shown, known) or f"there are {listing(sorted(known), 30)}",
        )  # fmt: skip
        return None
    if word in LATER:
        report.error("not-built-yet", entry.head, f"`{word}` blocks are not built yet")
        return None
    forms = [form for form in FORMS if form.usage.split()[0] == word]
    if (
        match(entry, forms)[0] is None
        and entry.body is None
        and len(entry.phrase) == 1
        and len(forms) == 1
    ):
        report.error(
            "malformed-line",
            entry.head,
            f"`{word}` is not whole",
            hint=f"write `{forms[0].shown}`",
        )
        return None
    return read("the file", entry, forms, report)


def _declare(line: Line, world: World) -> None:
    kind = line.entry.word(0) or ""
    if line.form is facet.EXTEND:
        world.extensions.setdefault(line.name("name"), []).append(line)
        return
    module = BLOCKS[kind]
    call = line.slots.get("call")
    name = call.name if isinstance(call, tree.Call) else _name_of(kind, line)
    if kind == "dataset":
        world.home["dataset", "dataset"] = line.span.text.path
        name = "dataset"
    world.declare(kind, name, line, module.lower)


def _name_of(kind: str, line: Line) -> str:
    if kind == "test":
        return f"{line.name('template')} {line.text().value}"
    if kind == "moved":  # of each kind of its own
        return " ".join(
            [*(word for word in moved.KINDS if word in line.words), line.name("name")]
        )
    if "name" in line.slots:
        return line.name("name")
    return kind


def _lower(shown: str, world: World) -> nodes.Spec | None:
    """Everything lowered, kind by kind, so that one run shows every error."""
    report = world.report
    _check_extensions(world)
    found = {kind: world.all(kind) for kind in BLOCKS}
    if "dataset" not in world.names("dataset"):
        span = None
        report.error(
            "missing-block", span, "the spec has no dataset", path=shown,
            hint='write `dataset NAME v0.1.0 { seed = …, license = "…" }`',
        )  # fmt: skip
    mix = found["mixture"].get("mixture") or goals.Mixture(
        total=None, shares=(), bounds=(), caps=(), shortfall="error", repeat=1, span=None
    )
    if report.failed:
        _judge_mixture(mix, world)
        return None
    split_ = found["split"].get("split") or goals.Split(
        parts=(), stratify=(), together=(), span=None
    )
    spec = nodes.Spec(
        path=shown,
        root=str(world.root),
        dataset=found["dataset"]["dataset"],
        facets=found["facet"],
        schemas=found["schema"],
        tools=found["tool"],
        sources=found["source"],
        prompts=found["prompt"],
        phrasings=found["phrasing"],
        tables=found["table"],
        templates=found["template"],
        tests=tuple(found["test"].values()),
        screen=found["screen"].get("screen") or (),
        mixture=mix,
        curriculum=found["curriculum"].get("curriculum"),
        split=split_,
        coverages=found["coverage"],
        gates=found["gate"],
        chats=found["chat"],
        emits=found["emit"].get("emit") or (),
        moves=tuple(found["moved"].values()),
    )
    _judge(spec, world)
    broken: bool = report.failed
    return None if broken else spec


def _judge_mixture(mix: goals.Mixture, world: World) -> None:
    """The sums of a mixture that is right in itself, where something else in the spec is not."""
    if mix.span is None:
        return
    block = world.pending["mixture", "mixture"][0].span
    inside = [
        item.span
        for item in world.report.items
        if item.span is not None and item.span.text is block.text
    ]
    if not any(block.start <= span.start < block.end for span in inside):
        for share in mix.shares:
            adds_up(share, world)


def _check_extensions(world: World) -> None:
    for name, added in world.extensions.items():
        if ("facet", name) not in world.pending:
            for line in added:
                world.facet(name, line.slots["name"].span)


def _judge(spec: nodes.Spec, world: World) -> None:
    from sftspec.ir.check import run_rules

    run_rules(spec, world)


def root_of(path: Path) -> Path:
    """The project root of a spec: the nearest parent that has one of `MARKS`, else its folder."""
    path = path.resolve()
    for parent in path.parents:
        if any((parent / mark).exists() for mark in MARKS):
            return parent
    return path.parent


def single(kind: str) -> bool:
    """Whether a spec has at most one block of a kind."""
    return kind in _SINGLE


def statements(kind: str) -> Sequence[Form]:
    """The lines that a block of a kind may have."""
    form: Form = BLOCKS[kind].FORM
    return form.inner
