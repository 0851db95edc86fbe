"""A report as text, JSON, GitHub annotations and SARIF."""

import json

import pytest

from sftspec.ground.render import FORMATS, as_text, escape, render
from sftspec.ground.report import Label, Mend, Report
from sftspec.ground.text import Span, SpecText

SHARES = "  share risk { low 50%,\tmedium 40%, high 20% }\n"
TEXT = SpecText("specs/a,b.sft", f"edition 2026\nmixture {{\n{SHARES}}}\nfacet 数字 {{ a }}\n")
OTHER = SpecText("common/x.sft", "facet topic { law }\n")


def span(words, text=TEXT):
    start = text.text.index(words)
    return Span(text, start, start + len(words))


def report():
    found = Report()
    found.error(
        "share-over-100", span("risk"), "shares of `risk` add up to 110%",
        labels=(Label(span("50%"), "50%"), Label(span("40%"), "40%"), Label(span("20%"), "20%")),
        hint="take 10 points away",
    )  # fmt: skip
    found.error("unclosed", span("{\n  share"), "50% of it,\nsaid: twice\x1b[2J")
    found.error(
        "duplicate-name", span("facet 数字"), "facet `topic` is defined twice",
        labels=(Label(span("facet topic", OTHER), "first here"),),
        mend=Mend(span("数字"), "digits"),
    )  # fmt: skip
    found.warn("unused", span("a }"), "value `a` is never used")
    found.error(
        "missing-block", None, "the spec has no dataset", path="specs/a.sft", hint="write"
    )
    found.error("not-utf8", None, "byte 19 is not UTF-8", path="specs/b.sft:3")
    return found.sorted()


GOLDEN = """\
error[unclosed]: 50% of it,\\u{a}said: twice\\u{1b}[2J
  specs/a,b.sft:2:9
    2 | mixture {
      |         ^^

error[share-over-100]: shares of `risk` add up to 110%
  specs/a,b.sft:3:9
    3 |   share risk { low 50%,    medium 40%, high 20% }
      |         ^^^^       ^^^            ^^^       ^^^ 50%; 40%; 20%
  hint: take 10 points away

error[duplicate-name]: facet `topic` is defined twice
  specs/a,b.sft:5:1
    5 | facet 数字 { a }
      | ^^^^^^^^^^
  common/x.sft:1:1: first here
    1 | facet topic { law }
      | ^^^^^^^^^^^

warning[unused]: value `a` is never used
  specs/a,b.sft:5:12
    5 | facet 数字 { a }
      |              ^^^

error[missing-block]: the spec has no dataset
  specs/a.sft
  hint: write

error[not-utf8]: byte 19 is not UTF-8
  specs/b.sft:3

5 errors, 1 warning
"""


def test_the_text_shows_lines_marks_labels_and_hints():
    assert GOLDEN == render(report(), "text")


def test_colour_changes_nothing_but_colour():
    painted = render(report(), "text", colour=True)
    assert "\x1b[1;31merror[" in painted
    for code in ("\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"):
        painted = painted.replace(code, "")
    assert GOLDEN == painted


def test_json_has_the_verdict_places_labels_and_mends():
    content = json.loads(render(report(), "json"))
    assert (1, "errors") == (content["format_version"], content["verdict"])
    by_slug = {item["slug"]: item for item in content["diagnostics"]}
    shares = by_slug["share-over-100"]
    place = {"path": "specs/a,b.sft", "line": 3, "column": 9, "end_line": 3, "end_column": 13}
    assert place.items() <= shares.items()
    assert ["50%", "40%", "20%"] == [label["text"] for label in shares["labels"]]
    assert (5, 7, "digits") == tuple(
        by_slug["duplicate-name"]["mend"][key] for key in ("line", "column", "text")
    )
    assert "specs/a.sft" == by_slug["missing-block"]["path"]
    assert "line" not in by_slug["missing-block"]


def test_json_of_warnings_alone_is_ok():
    warnings = [item for item in report() if item.severity == "warning"]
    assert "ok" == json.loads(render(warnings, "json"))["verdict"]
    assert "ok" == json.loads(render([], "json"))["verdict"]


GITHUB = """\
::error file=specs/a%2Cb.sft,line=2,endLine=3,title=unclosed::50%25 of it,%0Asaid: twice\\u{1b}[2J
::error file=specs/a%2Cb.sft,line=3,endLine=3,title=share-over-100,col=9,endColumn=13::\
shares of `risk` add up to 110%25%0Ahint: take 10 points away
::error file=specs/a%2Cb.sft,line=5,endLine=5,title=duplicate-name,col=1,endColumn=9::\
facet `topic` is defined twice
::warning file=specs/a%2Cb.sft,line=5,endLine=5,title=unused,col=12,endColumn=15::\
value `a` is never used
::error file=specs/a.sft,title=missing-block::the spec has no dataset%0Ahint: write
::error file=specs/b.sft,line=3,title=not-utf8::byte 19 is not UTF-8
"""


def test_github_annotations_are_escaped_and_have_no_column_over_several_lines():
    assert GITHUB == render(report(), "github")


def test_sarif_has_the_structure_that_scanners_read():
    content = json.loads(render(report(), "sarif"))
    assert "2.1.0" == content["version"]
    assert content["$schema"].endswith("sarif-2.1.0.json")
    (run,) = content["runs"]
    assert "unicodeCodePoints" == run["columnKind"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert "sftspec" == run["tool"]["driver"]["name"]
    assert sorted(set(rules)) == rules
    assert len(report()) == len(run["results"])
    for result in run["results"]:
        assert result["ruleId"] in rules
        assert result["level"] in {"error", "warning"}
        assert result["message"]["text"]
        (place,) = result["locations"]
        where = place["physicalLocation"]
        assert ":" not in where["artifactLocation"]["uri"]
        region = where.get("region", {"startLine": 1, "startColumn": 1})
        assert min(region.values()) >= 1


def test_sarif_fingerprints_stay_when_lines_move():
    moved = SpecText(TEXT.path, "# a line more\n" + TEXT.text)
    prints = []
    for text in (TEXT, moved):
        found = Report()
        found.error("share-over-100", span("risk", text), "shares add up to 110%")
        (result,) = json.loads(render(found.items, "sarif"))["runs"][0]["results"]
        prints.append(result["partialFingerprints"])
    assert prints[0] == prints[1]


def test_a_diagnostic_is_shown_once():
    twice = Report()
    for _ in range(2):
        twice.error("unused", span("risk"), "again")
    assert 1 == len(twice.sorted()) == twice.count("error")


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_is_a_report_too(form):
    out = render([], form)
    assert not out or json.loads(out)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("数字 é", "数字 é"),
        ("\x1b[2J", "\\u{1b}[2J"),
        ("a\u202eb\u200b", "a\\u{202e}b\\u{200b}"),
        ("a\u2028b\u00a0", "a\\u{2028}b\\u{a0}"),
        ("a\x9b2Jb\x7f\r", "a\\u{9b}2Jb\\u{7f}\\u{d}"),
        ("\udcff\U000e0041", "\\u{dcff}\\u{e0041}"),
        ("::error::x", "\\u{3a}:error::x"),
        ("   ::add-mask::x", "   \\u{3a}:add-mask::x"),
        ("\t::x", "\\u{9}::x"),
        ("std::string and a ::", "std::string and a ::"),
        ("##[group]x", "\\u{23}#[group]x"),
        ("a ##vso[task.x]", "a \\u{23}#vso[task.x]"),
        ("###[x]", "#\\u{23}#[x]"),
        ("## a [heading]", "## a [heading]"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_an_escape(text, shown):
    assert shown == escape(text)


def test_json_says_the_same_and_shows_nothing_raw():
    hostile = 'x\x1b\x9b\x7f\u202e\u2028\U000e0041\n"\\\\##[group]\\##vso[x]數é'
    content = {"##[a]": hostile, "list": [hostile, "::error::"]}
    for indent, lines in ((2, 7), (-1, 1)):
        text = as_text(content, indent)
        assert content == json.loads(text)
        assert lines == text.count("\n")
        assert all(char == "\n" or char.isprintable() for char in text)
        assert "##" not in text
        assert "數é" in text


def test_what_is_no_text_has_an_escape_in_json_and_sarif_too():
    found = Report()
    found.error("file-not-found", None, "`\udcff` is not there", path="\udcff.sft")
    for form in FORMATS:
        assert "dcff" in render(found.items, form)


def test_a_command_in_the_text_of_a_spec_is_marked_where_it_stands():
    text = SpecText("::error::x.sft", "facet a { ##[group] ##vso[x] here }\n")
    found = Report()
    found.error("unused", span("here", text), "::warning::")
    assert EXCERPT == render(found.items, "text")


EXCERPT = """\
error[unused]: \\u{3a}:warning::
  \\u{3a}:error::x.sft:1:30
    1 | facet a { \\u{23}#[group] \\u{23}#vso[x] here }
      |                                        ^^^^

1 error
"""
