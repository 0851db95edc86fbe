"""A line of a gate drawn with its values below it."""

from hypothesis import given, settings, strategies as st
import pytest

from sftspec.snapshot.gatetext import cell_text, explain_line, said

steady = settings(deadline=None, derandomize=True, max_examples=100)
ID = "0e7076c6378e60a1d5977d247d9b8850"


def line(text, measured="7.41%", **more):
    plain = {
        "text": text, "require": True, "holds": False, "measured": measured, "of": "rendered",
        "parts": {"matched": 38, "of": 513}, "population": 513, "whole": 900,
        "records": [], "why": None,
    }  # fmt: skip
    return plain | more


def drawn(found):
    return "\n".join(explain_line(found))


RATE = line("require rate(not valid(response)) <= 4% where output_format == json", records=[ID])
CONDITIONS = line(
    "require rate(not valid(response) and (risk == high or risk == low)) <= 4% where"
    " topic == law and layer == skill of rendered where calls > 2",
    why={"conditions": [41, 120, 12], "where": [605, 211, 700]},
)
MEAN = line(
    "warn 10 >= mean(chars(response))", "16.86", of="chosen", parts={"sum": "354", "of": 21},
    population=21, whole=21, records=[ID, ID[::-1]], why={"values": ["45", "44"]},
)  # fmt: skip
P95 = line(
    "require p95(repetition(text)) <= 0%", "5.26%", of="rendered", population=244, whole=244,
    parts={"rank": 232, "of": 244, "least": "0%", "most": "8.69%"},
)  # fmt: skip
ROWS = line(
    "require count(rejected != null) <= 2 of rows", "8", of="rows", whole=118, population=118,
    parts={"matched": 8, "of": 118},
    why={
        "rows": [
            {"source": "asks", "rejected": "duplicate-key", "rows": 5},
            {"source": "asks", "rejected": None, "rows": 3},
        ]
    },
)  # fmt: skip
COVERAGE = line(
    "require coverage(topics) >= 95%", "62.5%", of="chosen", parts={"met": 5, "of": 8},
    population=8, whole=8,
    why={
        "over": ["topic", "risk"],
        "cells": [{"cell": ["law", "high"], "need": 10, "have": 4, "chosen": 2}],
        "more": 2,
    },
)  # fmt: skip
TESTS = line(
    "require tests() == 100%", "50%", of="chosen", parts={"passed": 1, "of": 2},
    population=2, whole=2, why={"tests": ["amount: an amount needs a unit"]},
)  # fmt: skip
DRAWN = [
    (
        RATE,
        """\
require rate(not valid(response)) <= 4% where output_format == json
        |                            |  |
        7.41%, 38 of 513 rendered    |  513 of 900
                                     wanted
  record 0e7076c6378e60a1d5977d247d9b8850""",
    ),
    (
        CONDITIONS,
        """\
require rate(not valid(response) and (risk == high or risk == low)) <= 4% where topic == law and layer == skill of rendered where calls > 2
        |    |                        |               |                |  |     |                |                                |
        |    41                       120             12               |  |     605              211                              700
        7.41%, 38 of 513 rendered                                      |  513 of 900
                                                                       wanted""",
    ),
    (
        MEAN,
        """\
warn 10 >= mean(chars(response))
     |     |
     |     16.86, 354 over 21 chosen
     wanted
  record 0e7076c6378e60a1d5977d247d9b8850  45
  record 0588b9d742d7795d1a06e8736c6707e0  44""",
    ),
    (
        P95,
        """\
require p95(repetition(text)) <= 0%
        |                        |
        |                        wanted
        5.26%, place 232 of 244 rendered, from 0% to 8.69%""",
    ),
    (
        ROWS,
        """\
require count(rejected != null) <= 2 of rows
        |                          |
        8 of 118 rows              wanted
  asks: 5 rows duplicate-key
  asks: 3 rows used""",
    ),
    (
        COVERAGE,
        """\
require coverage(topics) >= 95%
        |                   |
        |                   wanted
        62.5%, 5 of 8 cells
  topic=law risk=high: need 10, have 4, chosen 2
  and 2 more""",
    ),
    (
        TESTS,
        """\
require tests() == 100%
        |          |
        |          wanted
        50%, 1 of 2 tests
  failed: amount: an amount needs a unit""",
    ),
]


@pytest.mark.parametrize(("found", "wanted"), DRAWN, ids=range(len(DRAWN)))
def test_each_value_stands_below_its_part(found, wanted):
    assert wanted == drawn(found)


def test_a_bar_stands_below_the_part_whatever_its_width():
    text = 'require count(occurrences("合同", text) == 0 and risk == high) == 3'
    first, bars, *_ = explain_line(line(text, "18", why={"conditions": [70, 20]}))
    assert text == first
    wide = len("合同")  # each of the two takes two columns
    assert text.index("risk") + wide == bars.index(
        "|", bars.index("|", bars.index("|") + 1) + 1
    )


def test_a_count_of_conditions_that_does_not_fit_the_text_is_left_out():
    found = line("require count(risk == high) == 3", "18", why={"conditions": [1, 2, 3]})
    assert 4 == len(explain_line(found))


def test_a_line_that_cannot_be_read_is_told_from_its_start():
    assert ["require ((", "|", "7.41%, 38 of 513 rendered"] == explain_line(line("require (("))
    assert ["", "|", "7.41%, 38 of 513 rendered"] == explain_line(line(""))


def test_a_line_of_an_older_manifest_is_drawn_from_what_it_has():
    old = {"text": "require count() == 3", "measured": "4", "of": "chosen", "population": 4}
    old |= {"require": True, "holds": False, "records": [ID]}
    assert f"""\
require count() == 3
        |          |
        |          wanted
        4 of 4 chosen
  record {ID}""" == drawn(old)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (line("t", None, population=0, parts={"matched": 0, "of": 0}), "nothing to measure, of 0 rendered"),
        (line("t", "0", parts={"matched": 0, "of": 9}), "0 of 9 rendered"),
        (line("t", "100%", parts={"met": 4, "of": 4}), "100%, 4 of 4 cells"),
    ],
)  # fmt: skip
def test_a_value_is_said_with_what_it_is_of(found, wanted):
    assert wanted == said(found)


def test_what_a_terminal_or_a_ci_system_obeys_is_escaped():
    text = 'require count(matches(text, "\x1b[2J##[error]\u202e")) == 0'
    found = line(
        text, "1", records=[ID],
        why={"tests": ["::error::x\nb"], "rows": [{"source": "\x07", "rejected": "a", "rows": 1}]},
    )  # fmt: skip
    for shown in explain_line(found):
        assert shown.isprintable()
        assert "##[" not in shown
        assert not shown.lstrip().startswith("::")


@steady
@given(
    text=st.text('abc ()"合=<\n\x1b#,%3', max_size=40),
    counts=st.lists(st.integers(0, 9), max_size=3),
    measured=st.sampled_from(["3", "100%", None]),
)
def test_any_text_is_drawn_safely(text, counts, measured):
    whys = {"conditions": counts, "where": counts}
    for head in ("", "require count(", "require rate(risk == high) <= 3% where "):
        found = explain_line(line(head + text, measured, why=whys))
        assert len(found) >= 3
        assert all(one.isprintable() for one in found)


def test_a_cell_is_told_by_its_facets():
    cell = {"cell": ["law", "high"], "need": 3, "have": 2, "chosen": 1}
    assert "topic=law risk=high: need 3, have 2, chosen 1" == cell_text(["topic", "risk"], cell)


GATE = """gate freeze {
  require count(rejected == "duplicate-key") == 0 of rows
  warn    rate(topic == law and layer == skill) <= 10% where source != books
"""
FAILED = """\
  gate freeze: does not hold
    ok     0     require count(rejected == "duplicate-key") == 0 of rows
"""
WARNED = """
    warn rate(topic == law and layer == skill) <= 10% where source != books
         |    |                |                  |   |
"""
SHORT = """
    require coverage(topics) >= 50%
            |                   |
            0%, 0 of 2 cells    wanted
      topic=law: need 99,"""


def test_build_draws_each_line_that_does_not_hold_below_its_gate(tmp_path, project):
    spec = project.SPEC.replace("gate freeze {\n", GATE).replace("need 2 each", "need 99 each")
    root = project.make(tmp_path, spec=spec)
    done = project.sftspec(root, "build", "small.sft", "--log", "none")
    assert 0 == done.returncode, done.stderr
    for wanted in (FAILED, WARNED, SHORT):
        assert wanted in done.stdout
    assert "require tests() == 100%\n            |" not in done.stdout
