"""`moved`: a definition under another name gives the bytes that it gave under the old one."""

import json
from pathlib import Path
import runpy
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from sftspec.build import read

projects = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "projects.py")))
DATA = ("train.jsonl", "dev.jsonl", "test.jsonl")
# the names sort otherwise than the old ones
TEMPLATES = {"reply": "z_answer", "card": "a_flash"}
SOURCES = {"asks": "z_questions", "cards": "a_deck", "held": "a_rest"}
MENTIONS = {
    "reply": ("template reply v1.0.0", "test reply "),
    "card": ("template card v1.0.0",),
    "asks": ("source asks {", "from asks as", "prefer [asks]"),
    "cards": ("source cards {", "from cards as", "source == cards"),
    "held": ("source held {", "leave out held on"),
    "helper": ("prompt helper ", "system helper"),
    "wording": ("phrasing wording {", "vary ask = wording"),
    "Amount": ("schema Amount {", "amount: Amount ", "{{ Amount |", "json Amount ="),
    "focus": ("table focus ", "{{ focus["),
    "topics": ("coverage topics {", "coverage(topics)"),
    "freeze": ("gate freeze {",),
}


def under(names, spec=projects.TINY):
    """The spec with other names wherever the old ones are meant."""
    for old, new in names.items():
        for mention in MENTIONS[old]:
            assert mention in spec, mention
            spec = spec.replace(mention, mention.replace(old, new))
    return spec


def moved(names, kind=""):
    """The lines that say so, in no order that helps."""
    return "".join(f"moved {kind} {old} to {new}\n" for old, new in sorted(names.items()))


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return built(tmp_path_factory.mktemp("first"), projects.TINY)


def built(root, spec):
    return projects.built(projects.tiny(root, spec=spec)).folder


def candidates(snapshot):
    """Every candidate as the index has it, by id."""
    rows = pq.read_table(snapshot / "index.parquet").to_pylist()
    return {row["id"]: row for row in rows}


def with_old_names(row, names):
    back = {new: old for old, new in names.items()}
    named = {
        word: back.get(row[word], row[word]) for word in ("template", "source") if word in row
    }
    return row | named


def rejected(snapshot, names):
    """What was set aside and why, without the evidence, which says names as the spec has them."""
    found = (snapshot / "rejected.jsonl").read_text("utf-8").splitlines()
    rows = [with_old_names(json.loads(line), names) | {"evidence": None} for line in found]
    return sorted(map(json.dumps, rows))


def assert_same(first, other, names):
    """The two hold the same, but for what templates and sources are called."""
    for name in DATA:
        assert (first / name).read_bytes() == (other / name).read_bytes(), name
    ours = {one: with_old_names(row, names) for one, row in candidates(other).items()}
    assert candidates(first) == ours
    assert rejected(first, {}) == rejected(other, names)
    assert projects.manifest(first)["root"] == projects.manifest(other)["root"]


@pytest.mark.parametrize(
    ("names", "kind"),
    [(TEMPLATES, "template"), (SOURCES, "source"), (TEMPLATES | SOURCES, "")],
    ids=["templates", "sources", "both"],
)
def test_what_moved_keeps_its_ids_words_draws_and_places(names, kind, first, tmp_path):
    spec = under(names) + moved(names, kind)
    assert_same(first, built(tmp_path / "other", spec), names)


def test_a_name_that_moved_on_and_on_is_still_the_first_one(first, tmp_path):
    chain = {"z_answer": "b_said", "z_questions": "asks_of_2026", "b_said": "reply_again"}
    spec = under({"reply": "reply_again", "asks": "asks_of_2026"})
    spec += moved(chain) + moved({"reply": "z_answer", "asks": "z_questions"})
    names = {"reply": "reply_again", "asks": "asks_of_2026"}
    assert_same(first, built(tmp_path / "other", spec), names)


@pytest.mark.parametrize(
    ("names", "word"), [({"card": "a_flash"}, "template"), ({"cards": "a_deck"}, "source")]
)
def test_without_the_line_every_id_is_another(names, word, tmp_path):
    ((old, new),) = names.items()
    spec = projects.TINY.replace("shortfall = repeat(2)", "shortfall = shrink")
    first = candidates(built(tmp_path / "first", spec))
    other = candidates(built(tmp_path / "other", under(names, spec)))
    before = {one for one, row in first.items() if row[word] == old}
    after = {one for one, row in other.items() if row[word] == new}
    assert (len(before), set()) == (len(after), before & after)
    assert set(first) - before == set(other) - after
    assert len(before) > 30


def test_what_has_no_records_of_its_own_needs_no_line_for_its_bytes(first, tmp_path):
    names = {
        "helper": "z_clerk", "wording": "a_words", "Amount": "Sum", "focus": "z_look",
        "topics": "a_all", "freeze": "z_good",
    }  # fmt: skip
    assert_same(first, built(tmp_path / "other", under(names)), {})


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        *(({old: new}, "template") for old, new in TEMPLATES.items()),
        *(({old: new}, "source") for old, new in SOURCES.items()),
        ({"helper": "z_clerk"}, "prompt"),
        ({"wording": "a_words"}, "phrasing"),
        ({"Amount": "Sum"}, "schema"),
    ],
)
def test_what_moved_has_the_text_that_it_had(names, kind, tmp_path):
    first, _, _ = read(projects.tiny(tmp_path / "first"))
    spec = under(names) + moved(names, kind)
    other, _, _ = read(projects.tiny(tmp_path / "other", spec=spec))
    for group, before in first.definitions.items():
        after = other.definitions[group]
        digests = {names.get(name, name): one.digest for name, one in before.items()}
        assert digests == {name: one.digest for name, one in after.items()}, group
    ((old, new),) = names.items()
    assert ((kind, old, new),) == other.moves
