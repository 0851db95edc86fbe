"""What may not stand in a spec at all: what the corpus cannot hold, because it cannot be seen."""

import pytest

from sftspec.ground.report import Report
from sftspec.ground.text import SpecText
from sftspec.ir.resolve import load
from sftspec.syntax.parse import parse
from sftspec.syntax.read import MAX_BYTES, check_text

HEAD = "edition 2026\nfacet topic { law }\n"


def said(data):
    report = Report()
    check_text(data if isinstance(data, bytes) else data.encode(), "a.sft", report)
    return [
        (item.slug, item.span.text.position(item.span.start) if item.span else None)
        for item in report.sorted()
    ]


@pytest.mark.parametrize(
    ("text", "slug", "place"),
    [
        ("facet a { b }  # granted\u202e", "bidi-character", (1, 25)),
        ('facet a { b "\u2066x\u2069" }', "bidi-character", (1, 14)),
        ("facet a\u200b { b }", "invisible-character", (1, 8)),
        ("# \ue000", "invisible-character", (1, 3)),
        ("# \x1b[2J", "invisible-character", (1, 3)),
        ("# soft\u00adhyphen", "invisible-character", (1, 7)),
        ("x\ufeff", "invisible-character", (1, 2)),
        ("\ufeffedition 2026", "byte-order-mark", (1, 1)),
        ("edition 2026\r\nx", "line-break", (1, 13)),
        ("a\u2028b", "line-break", (1, 2)),
        ("a\x0cb", "line-break", (1, 2)),
        ("(" * 65 + ")" * 65, "too-deep", (1, 65)),
        (b"edition 2026\n\n# caf\xe9\n", "not-utf8", (3, 6)),
        (b"#" * (MAX_BYTES + 1), "file-too-large", None),
    ],
)
def test_it_is_refused_at_its_place(text, slug, place):
    assert (slug, place) in said(text)


@pytest.mark.parametrize(
    "text",
    [
        '# tabs\tare seen\nfacet a { b "Zähler, 数字, \U0001f600" }',
        'facet a { b "an escape is text: \\u202e" }',
        "(" * 64 + ")" * 64,
        '# brackets in text are text\n"' + "(" * 70 + '"',
    ],
)
def test_it_is_let_through(text):
    assert [] == said(text)


def test_a_file_that_is_not_utf8_says_on_which_line():
    report = Report()
    check_text(b"edition 2026\n\n# caf\xe9\n", "a.sft", report)
    (item,) = report.items
    assert ("a.sft:3:6", "byte 19 (0xe9) is not UTF-8") == (item.span.where, item.message)


def errors(text):
    report = Report()
    parse(SpecText("a.sft", text), report)
    return [(item.slug, item.span.where) for item in report.sorted()]


def test_a_file_may_not_end_in_the_middle_of_a_line():
    assert [("unexpected-end", "a.sft:3:9")] == errors(f"{HEAD}facet a:")
    assert [("unexpected-token", "a.sft:3:9")] == errors(f"{HEAD}facet a:\n")


def test_a_file_of_another_kind_ends_in_one_last_error():
    found = errors(HEAD + "a ?\n" * 200)
    assert 50 < len(found) < 110
    assert "too-many-errors" in [slug for slug, _ in found]


def loaded(folder, text):
    (folder / "spec.sft").write_text(text, "utf-8")
    report = Report()
    load(folder / "spec.sft", folder, report)
    return [(item.slug, item.span.where if item.span else None) for item in report.sorted()]


def test_a_contract_has_its_limit(tmp_path):
    fields = "\n".join(f"  f{i}: string | integer | null" for i in range(700))
    spec = f"edition 2026\nschema A {{\n{fields}\n}}\n"
    assert ("too-large", "spec.sft:503:3") in loaded(tmp_path, spec)


def test_imports_have_their_depth(tmp_path):
    for i in range(40):
        (tmp_path / f"f{i}.sft").write_text(f'edition 2026\nimport "f{i + 1}.sft"\n')
    assert "too-deep" in [
        slug for slug, _ in loaded(tmp_path, 'edition 2026\nimport "f0.sft"\n')
    ]


def test_a_coverage_has_its_limit(tmp_path):
    values = ", ".join(f"v{i}" for i in range(30))
    facets = "\n".join(f"facet a{i} {{ {values} }}" for i in range(3))
    spec = f"""edition 2026
dataset d v0.1.0 {{ seed = 1, license = "CC0-1.0" }}
{facets}
source s {{ path = "s.csv", key = id, license = "CC0-1.0", fields {{ id: string }} }}
template t v1.0.0 {{ layer = domain, from s as row, user "{{{{ row.id }}}}", assistant "x" }}
coverage all {{ over [a0, a1, a2], need 1 each }}
emit {{ jsonl }}
"""
    assert ("too-many-cells", "spec.sft:8:1") in loaded(tmp_path, spec)
