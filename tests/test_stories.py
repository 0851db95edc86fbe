"""Stories: two versions of a small project go in, and what their diff says comes out, for people to read.

A file of `corpus/stories` begins with why it is there. What follows makes the second version out of
the first, which is the project of `small.py`:

    -- NAME --            the file of that name, new or instead of what was there
    -- edit NAME --       `old`, a line `=>`, `new`, each less its last line end; several between lines `..`
    -- drop NAME --       no such file
    -- move NAME NAME2 -- the file under another name
    -- forge --           what no spec can do: see `FORGERIES`
    -- want --            what the diff comes to

`-- first … --` does the same to the first version, before. The second version is v0.2.0 where the story
says nothing else. Written anew by `python tests/test_stories.py [NAME …]`; read what it writes.
"""

import hashlib
from pathlib import Path
import re
import runpy
import shutil
import sys
import tempfile
from types import SimpleNamespace

from msgspec.structs import replace
import pytest

from sftspec.expr.show import percent
from sftspec.snapshot.compare.diff import diff
from sftspec.snapshot.manifest import MANIFEST, PLAN, checked, decode, encode
from sftspec.snapshot.opened import INDEX, open_folder

HERE = Path(__file__).parent
STORIES = HERE / "corpus" / "stories"
SECTION = re.compile(r"(?m)^-- (?!-)(.+) --\n")
DATASET = re.compile(r"dataset \w+ v\S+")
HOWS = ("added", "removed", "modified", "retagged", "moved", "same")
small = SimpleNamespace(**runpy.run_path(str(HERE / "small.py")))
projects = SimpleNamespace(**runpy.run_path(str(HERE / "projects.py")))


# a story


def sections_of(text):
    """Why, and the sections in order: their heads and what they hold."""
    why, *rest = SECTION.split(text)
    return why, list(zip(rest[::2], rest[1::2], strict=True))


def apply(root, head, body):
    """Do to a project what a section says."""
    match head.split():
        case ["edit", name]:
            for one in re.split(r"(?m)^\.\.\n", body):
                old, arrow, new = one.partition("=>\n")
                assert arrow, one
                projects.edit(root / name, old.removesuffix("\n"), new.removesuffix("\n"))
        case ["drop", name]:
            (root / name).unlink()
        case ["move", name, other]:
            (root / other).parent.mkdir(parents=True, exist_ok=True)
            (root / name).rename(root / other)
        case [name]:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(body, encoding="utf-8")
        case _:
            raise AssertionError(head)


class Workshop:
    """Where stories are built. What two of them have in common is built once."""

    def __init__(self, root):
        self.root = root

    def laid_out(self, name, doings, start=None):
        root = self.root / name
        if not root.exists():
            if start is None:
                small.make(root)
            else:
                shutil.copytree(start, root, ignore=shutil.ignore_patterns("compiled"))
            for head, body in doings:
                apply(root, head, body)
        return root

    def told(self, name, text):
        """What the diff of a story comes to."""
        _, sections = sections_of(text)
        first = [
            (h.removeprefix("first "), body) for h, body in sections if h.startswith("first ")
        ]
        then = [
            (h, body) for h, body in sections if not h.startswith(("first ", "want", "forge"))
        ]
        forged = [line for h, body in sections if h == "forge" for line in body.splitlines()]
        key = hashlib.sha256(repr(first).encode()).hexdigest()[:12]
        one = self.laid_out(f"first-{key}", first)
        other = self.laid_out(f"then-{name}", then, one)
        spec = other / "small.sft"
        known, now = (
            DATASET.search(one.read_text("utf-8"))[0] for one in (one / "small.sft", spec)
        )
        if known == now:
            projects.edit(spec, known, later(known))
        folders = [self.built(one), self.built(other)]
        if forged:
            folders = forge(self.root / f"forged-{name}", folders, forged)
        sides = [open_folder(folder, f"small@{folder.name}") for folder in folders]
        return "\n".join(lines_of(diff(*sides))) + "\n"

    def built(self, root):
        there = sorted(root.glob("compiled/*/*/MANIFEST.json"))
        if there:
            return there[0].parent
        return projects.built(root / "small.sft", self.root / "store").folder


def later(line):
    """The line of a dataset, its version a minor one on."""
    head, major, minor = re.fullmatch(r"(.* v)(\d+)\.(\d+)\.\d+", line).groups()
    return f"{head}{major}.{int(minor) + 1}.0"


# forgeries


def reseal(folder, change):
    """Write a manifest anew, its checksum sound."""
    path = folder / MANIFEST
    path.write_bytes(encode(checked(change(decode(path.read_bytes())))))


def another_compiler(folders):
    """The second was built by a compiler of the next revision, with another library."""

    def change(manifest):
        libraries = [*manifest.compiler["libraries"][1:], "zeal 1.0"]
        revision = manifest.compiler["revision"] + 1
        return replace(
            manifest,
            compiler={**manifest.compiler, "revision": revision, "libraries": libraries},
        )

    reseal(folders[1], change)


def the_first_plan(folders):
    """The second says of itself that it has the plan of the first: as if the compiler did the rest."""
    data = (folders[0] / PLAN).read_bytes()
    (folders[1] / PLAN).write_bytes(data)

    def change(manifest):
        sha256 = hashlib.sha256(data).hexdigest()
        files = [
            replace(one, sha256=sha256, bytes=len(data)) if one.name == PLAN else one
            for one in manifest.files
        ]
        return replace(manifest, files=tuple(files))

    reseal(folders[1], change)


FORGERIES = {
    "another compiler": another_compiler,
    "the plan of the first": the_first_plan,
    "no index of the first": lambda folders: (folders[0] / INDEX).unlink(),
    "no data of the first": lambda folders: [f.unlink() for f in folders[0].glob("*.jsonl")],
}


def forge(root, folders, lines):
    """Copies of two snapshots, tampered with."""
    copies = [
        Path(shutil.copytree(folder, root / str(number) / folder.name))
        for number, folder in enumerate(folders)
    ]
    for line in lines:
        FORGERIES[line](copies)
    return copies


# what a diff says, briefly


def lines_of(found):
    yield "changes"
    yield from (f"  {line}" for one in found.changes for line in change_lines(one))
    yield "records  " + ", ".join(
        f"{found.totals[how]} {how}" for how in HOWS if found.totals.get(how)
    )
    yield from (f"  {line}" for one in found.groups for line in group_lines(one))
    if found.facets:
        yield "facets"
        yield from (f"  {shift_line(one)}" for one in found.facets)
    if found.lengths:
        yield "lengths"
        yield from (f"  {length_line(one)}" for one in found.lengths)
    if found.funnel:
        yield "funnel"
        yield from (
            f"  {one.name}: {one.before or '-'} → {one.after or '-'}" for one in found.funnel
        )
    if found.gates:
        yield "gates"
        yield from (f"  {one.name}: {answer(one.before, one.held)} → {answer(one.after, one.holds)}"
                    for one in found.gates)  # fmt: skip
    for one in found.versions:
        enough = (
            "enough" if one.enough else f"too small: {', '.join(c.rule for c in one.breaks)}"
        )
        yield f"version  {one.before} → {one.declared}, asks {one.asked}, {one.least} at least: {enough}"
    yield from (f"note  {note}" for note in found.notes)


def change_lines(one):
    may = " (may break a reader)" if one.possible else ""
    yield f"{one.bump} {one.rule}  {one.subject or '-'}: {one.what}{may}"
    for sign, text in (("-", one.before), ("+", one.after)):
        if text and text not in one.what:
            yield f"    {sign} {text}".replace("\n", "⏎")


def group_lines(one):
    way = one.was if one.was == one.now else f"{one.was} → {one.now}"
    yield f"{one.count} {one.how}  {one.template}/{one.source}  {way}"
    yield from (f"    because {cause}" for cause in one.causes)
    for sample in one.samples[:1]:
        place = f"{sample.file}:{sample.line}"
        yield from (
            f"    {place} {facet}: {was or '-'} → {now or '-'}"
            for facet, was, now in sample.tags
        )
        for turn in sample.turns:
            words = "".join(word_text(word) for word in turn.words).replace("\n", "⏎")
            yield f"    {place} {turn.role}: {words}"


def word_text(word):
    return {"=": word.text, "-": f"[-{word.text}-]", "+": f"{{+{word.text}+}}"}[word.op]


def shift_line(one):
    values = (
        f"{v.value} {v.before} → {v.after}{quota_text(v)}"
        for v in one.values
        if v.before != v.after
    )
    records = " → ".join(map(str, dict.fromkeys(one.records)))
    return f"{one.part} {one.facet} of {records} moved {one.moved_bp} bp: {', '.join(values)}"


def quota_text(value):
    quotas = [
        "none" if q is None else percent(q) for q in (value.quota_before, value.quota_after)
    ]
    return "" if quotas[0] == quotas[1] else f" (asked {quotas[0]} → {quotas[1]})"


def length_line(one):
    names = dict.fromkeys([*one.before, *one.after])
    moved = (n for n in names if one.before.get(n) != one.after.get(n))
    said = (f"{n} {one.before.get(n, '-')} → {one.after.get(n, '-')}" for n in moved)
    return f"{one.part} {one.of}: {', '.join(said)}"


def answer(text, holds):
    return "-" if text is None else f"{text} ({'holds' if holds else 'fails'})"


# the tests


@pytest.fixture(scope="session")
def workshop(tmp_path_factory):
    return Workshop(tmp_path_factory.mktemp("stories"))


FILES = sorted(STORIES.glob("*.story"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_story_is_told_as_it_says(path, workshop):
    text = path.read_text("utf-8")
    wanted = sections_of(text)[1][-1]
    assert "want" == wanted[0]
    assert wanted[1] == workshop.told(path.stem, text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_story_says_why_and_what_has_no_cause(path):
    why, sections = sections_of(path.read_text("utf-8"))
    assert why.strip()
    assert "unknown" in why or "because unknown" not in sections[-1][1]


def regold(names):
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder))
        for path in FILES:
            if not names or path.stem in names:
                head, _, _ = path.read_text("utf-8").partition("-- want --\n")
                path.write_text(
                    f"{head}-- want --\n{workshop.told(path.stem, head)}", encoding="utf-8"
                )


if __name__ == "__main__":
    regold(sys.argv[1:])
