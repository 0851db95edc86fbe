"""`explain` and its catalogue: each slug of the code has a section, each section a slug."""

from pathlib import Path
import re
import runpy
from types import SimpleNamespace

import pytest

from sftspec.cli import main
from sftspec.verbs.explain import sections

slugs = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "slugs.py")))
SAID = slugs.said(slugs.sources())


def explain(capsys, *words):
    code = main(["explain", *words])
    out, err = capsys.readouterr()
    return code, out, err


def undocumented(said, documented):
    return sorted({one.slug for one in said} - set(documented))


def test_every_slug_of_the_code_has_a_section():
    assert [] == undocumented(SAID, sections())


def test_every_section_is_of_a_slug_of_the_code():
    assert [] == sorted(set(sections()) - {one.slug for one in SAID})


@pytest.mark.parametrize(
    "code",
    [
        'report.error("brand-new", span, "…")',
        'self.report.warn("brand-new", span, "…")',
        'say = report.warn if late else report.error\nsay("brand-new", span, "…")',
        'found = [Blocker("brand-new", "…", hint="…")]',
        'raise Malformed("brand-new", "…", 1, 2)',
        'raise Fault("brand-new" if disk else "io-error", "…")',
        'world.get("brand_new", name, span)\nreport.error(f"unknown-{kind}", span, "…")',
        'cand.fail(index, "validate", "brand_new", "…")',
        'sys.stderr.write(f"error[brand-new]: {name}")',
    ],
)
def test_a_slug_without_a_section_is_seen(code):
    (slug,) = undocumented(slugs.said({"sftspec/ir/a.py": code}), sections())
    assert "brand" in slug


def test_a_slug_that_cannot_be_read_is_refused():
    with pytest.raises(ValueError, match="no slug can be read off"):
        slugs.said({"sftspec/ir/a.py": "report.error(choose(), span, '…')"})


@pytest.mark.parametrize("slug", sections())
def test_a_section_says_what_and_why_shows_an_example_and_mends(slug):
    text = sections()[slug]
    assert text[0].isupper() or text[0] in "`{"
    assert re.search(r"(?m)^    \S", text), "an example, indented"
    assert re.search(r"(?m)^Mend: \S.*", text)
    assert re.search(r"[.!]$", text.strip()), "it ends in a full stop"
    assert all(len(line) <= 100 for line in text.splitlines())


def test_sections_are_in_order():
    names = list(sections())
    groups = [i for i in range(1, len(names)) if names[i] < names[i - 1]]
    assert 4 == 1 + len(groups)  # diagnostics, rejections, faults, findings
    assert len(names) == len(set(names))


def test_a_slug_is_explained(capsys):
    code, out, _ = explain(capsys, "share-over-100")
    assert 0 == code
    assert out.startswith("share-over-100\n\nPercentages of a share")
    assert "\nMend: take the points away" in out


BLOCK = """\
table NAME by FACET {  a text per value of a facet, read as `{{ name[row.field] }}`
  VALUE TEXT           a value and its text

Words in lower case stand as they are, `a|b` is a choice, CAPITALS stand for what is said,
`[ … ]` may be left out, `{` opens a body: the lines below it, indented.
"""


def test_a_block_is_shown_with_its_lines(capsys):
    assert (0, BLOCK, "") == explain(capsys, "table")


def test_nested_lines_are_indented_and_what_is_not_built_is_marked(capsys):
    _, out, _ = explain(capsys, "source")
    assert "\n    FIELD: TYPE [{ … }] " in out
    assert re.search(r"\n  key = KEY .*\(needed\)\n", out)
    _, out, _ = explain(capsys, "template")
    assert re.search(r"\n  extra = LIST .*\(not built yet\)\n", out)


def test_lines_that_several_forms_share_are_shown_once(capsys):
    _, out, _ = explain(capsys, "screen")
    assert 1 == out.count("drop duplicate exact")


MEASURE = """\
repetition(TEXT, n = 4)   a measure of one record

Share of the text's word n-grams that occurred before in it (0% where there are none).

The duplicate n-gram share of Rae et al. 2021 (Gopher, table A1), counted in n-grams.
"""


def test_a_measure_is_shown_with_its_usage(capsys):
    assert (0, MEASURE, "") == explain(capsys, "repetition")


@pytest.mark.parametrize(
    ("word", "head"),
    [
        ("rate", "rate(COND)   a tally over many records: a percentage\n"),
        ("tests", "tests()   a tally over many records: a percentage\n"),
        ("indent", "{{ VALUE | indent([INT]) }}   a filter of bodies\n"),
        ("json_schema", "{{ SCHEMA | json_schema }}   a filter of bodies\n"),
        ("valid", "valid(response)   a measure of one record\n"),
        ("rubric", "`rubric` blocks are not built yet.\n"),
        ("leave", "in `source NAME`\n"),
    ],
)
def test_other_words(word, head, capsys):
    code, out, _ = explain(capsys, word)
    assert 0 == code
    assert out.startswith(head)
    assert word == "rubric" or len(out) > len(head) + 10


def test_a_word_with_two_meanings_shows_both(capsys):
    _, out, _ = explain(capsys, "coverage")
    assert "coverage NAME {" in out
    assert "coverage(NAME)   a tally" in out


def test_an_unknown_word_is_usage_with_what_was_meant(capsys):
    code, out, err = explain(capsys, "sorce")
    assert (2, "") == (code, out)
    assert "nothing is called `sorce`; did you mean `source`?\n" in err


def test_without_a_word_everything_is_listed(capsys):
    code, out, _ = explain(capsys)
    assert 0 == code
    words = set(out.split())
    assert {
        "source",
        "repetition",
        "rate",
        "bullet",
        "share-over-100",
        "duplicate-key",
    } <= words


def test_every_word_of_the_list_is_explained(capsys):
    _, out, _ = explain(capsys)
    titles = {"blocks", "measures", "tallies", "filters", "slugs"}
    for word in set(out.split()) - titles:
        code, text, _ = explain(capsys, word)
        assert (0, True) == (code, len(text) > 30), word
