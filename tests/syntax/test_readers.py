"""Three readers of one grammar give one tree: the fast one, Lark's saved tables, Lark made anew.

The last is made in strict mode, which proves that the grammar has no conflict and that no two
terminals of equal priority take the same text.
"""

from functools import cache
from pathlib import Path
import random
import re

from lark import Lark
from lark.exceptions import GrammarError, LarkError, UnexpectedInput, VisitError
import msgspec
import pytest

from sftspec.ground.report import Report
from sftspec.ground.text import Span, SpecText
from sftspec.syntax import fast, grammar, tables
from sftspec.syntax.build import Builder, Malformed
from sftspec.syntax.parse import parse
from sftspec.syntax.tree import Node

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "corpus"
FOLDERS = (ROOT / "specs", ROOT / "tests" / "real", CORPUS / "with", CORPUS / "examples")
FILES = sorted(path for folder in FOLDERS for path in folder.rglob("*.sft"))
CHUNKS = [
    chunk
    for path in sorted(CORPUS.glob("*/*.sft"))
    for chunk in re.split(r"(?m)^(?:---|-- \S+ --)\n", path.read_text("utf-8"))
]
EDITS = 500
PIECES = [
    *'{}()[],=:|"#\n.', "==", "..", '"""', "and", "or", "not", "in", "has", "not in", "30%",
    "0.5", "1_000", "v1.2.0", "row.a", "f(x)", "n = 4", '"text"', " ", "x", "é", "!", "-1",
]  # fmt: skip


@cache
def lark(kind):
    builder = Builder()
    if kind == "saved":
        return grammar.load(builder), builder
    strict = grammar.make(strict=True, transformer=builder, postlex=grammar.Newlines())
    return strict, builder


def read_by(kind, text):
    """The entries by a reader of Lark's; None where it refuses the text."""
    parser, builder = lark(kind)
    builder.spec = text
    try:
        return parser.parse(text.text)
    except (UnexpectedInput, VisitError, Malformed):
        return None


def read_fast(text):
    try:
        return fast.read(text)
    except Malformed:
        return None


def shape(value):
    """A tree as plain values, places included."""
    if isinstance(value, Node):
        return type(value).__name__, *(
            (name, shape(getattr(value, name))) for name in value.__struct_fields__
        )
    if isinstance(value, Span):
        return value.start, value.end
    return tuple(map(shape, value)) if isinstance(value, tuple) else value


def test_the_saved_tables_are_of_the_grammar_as_it_stands():
    """Mend: `python -m sftspec.syntax.grammar`. (Lark numbers its tokens anew in every run.)"""
    saved = msgspec.json.decode((tables.folder() / "tables.json").read_bytes())
    fresh = msgspec.json.decode(grammar.tables())
    assert saved["digest"] == fresh["digest"]
    assert set(saved) == set(fresh)
    assert len(saved["memo"]) == len(fresh["memo"])


def test_tables_of_another_grammar_are_not_used(tmp_path, monkeypatch):
    for path in tables.folder().iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(tables, "folder", lambda: tmp_path)
    assert tables.saved() is not None
    with (tmp_path / "terminals.lark").open("a") as file:
        file.write("// another line\n")
    assert tables.saved() is None


def test_the_grammar_is_free_of_conflicts():
    assert lark("strict")[0].options.strict


@pytest.mark.parametrize(
    "planted",
    ["start: one | two\none: A\ntwo: A\nA: /a/", "start: (A | B)+\nA: /[a-c]/\nB: /[b-d]/"],
    ids=["conflict", "collision"],
)
def test_strict_mode_sees_a_planted_conflict(planted):
    with pytest.raises((GrammarError, LarkError)):
        Lark(planted, parser="lalr", strict=True)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_readers_agree_on_files(path):
    text = SpecText(path.name, path.read_text("utf-8"))
    entries = read_fast(text)
    assert entries
    assert shape(entries) == shape(read_by("saved", text)) == shape(read_by("strict", text))


def test_a_tree_that_differs_is_seen():
    one, other = SpecText("a", 'facet a { b "c" }\n'), SpecText("a", 'facet a {  b "c" }\n')
    assert read_fast(one) == read_fast(other)
    assert shape(read_fast(one)) != shape(read_fast(other))


def edits():
    draw = random.Random(20260424)
    for _ in range(EDITS):
        text = draw.choice(CHUNKS)
        start = draw.randrange(len(text) + 1)
        end = min(len(text), start + draw.choice([0, 0, 1, 1, 2, 8]))
        piece = draw.choice(["", *PIECES])
        yield text[:start] + piece + text[end:]


def test_the_readers_agree_on_edited_texts():
    """What the fast one reads is what Lark reads; what Lark refuses is reported, inside the file."""
    sound = 0
    for source in edits():
        text = SpecText("a.sft", source)
        entries = read_fast(text)
        wanted = read_by("strict", text)
        assert entries is None or shape(entries) == shape(wanted), source
        report = Report()
        parsed = parse(text, report)
        assert report.failed == (wanted is None), source
        assert wanted is None or shape(parsed.entries) == shape(wanted)
        places = [item.span for item in report.items if item.span]
        assert all(0 <= span.start <= span.end <= len(source) for span in places), source
        sound += wanted is not None
    assert EDITS * 0.1 < sound < EDITS * 0.9
