"""`test`: a spec's own tests, what they say when they fail; and the specs that are shipped."""

import gc
import json
from pathlib import Path

import pytest

from sftspec.cli import main

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.sft"))
SPEC = """edition 2026
dataset d v1.0.0 {{ seed = 1, license = "X" }}
facet topic {{ pay "a", ship "b" }}
schema Answer {{
  sum: integer(min = 0) | null
  unit: "EUR" | "USD"
}}
table focus by topic {{ pay "The sum counts.", ship "The goods count." }}
source s {{
  path = "x.jsonl", key = id, origin = human, license = "X"
  fields {{ id: string, text: string, topic: facet topic, answer: Answer }}
}}
template t v1.0.0 {{
  layer = skill
  from s as row where row.topic == pay
  tags {{ topic = row.topic }}
  user "{{{{ row.text }}}} {{{{ focus[row.topic] }}}}"
  assistant json Answer = row.answer
  expect numbers(response) in numbers(user)
}}
{tests}
emit {{ jsonl }}
"""
TESTS = """
test t "a sum that is stated" {
  given row { text = "It is 7.", topic = pay, answer = { sum = 7, unit = "EUR" } }
  expect response.sum == 7
  expect response.unit != "USD"
  expect topic == pay
}
test t "rows that the template leaves out can be tested" {
  given row { text = "It is 7.", topic = ship, answer = { sum = null, unit = "EUR" } }
  expect matches(user, "goods")
  expect response.sum == null
}
test t "a sum below zero breaks the contract" {
  given row { text = "-1", topic = pay, answer = { sum = -1, unit = "EUR" } }
  expect rejected == "out_of_range"
}
test t "a sum from nowhere is refused" {
  given row { text = "?", topic = pay, answer = { sum = 5, unit = "EUR" } }
  expect rejected == "expect"
}
"""
FAILING = """
test t "wrong on\\u0020purpose" {
  given row { text = "It is 7.", topic = pay, answer = { sum = 7, unit = "EUR" } }
  expect response.sum == 8
  expect response.unit == "EUR"
  expect turns == 3
}
test t "refused and not said so" {
  given row { text = "?", topic = pay, answer = { sum = 5, unit = "EUR" } }
  expect response.unit == "EUR"
}
test t "expected to be refused" {
  given row { text = "7", topic = pay, answer = { sum = 7, unit = "EUR" } }
  expect rejected == "rule"
}
test t "a table without its facet" {
  given row { text = "7", answer = { sum = 7, unit = "EUR" } }
  expect response.sum == 7
}
test t "the word alone proves nothing" {
  given row { text = "?", topic = pay, answer = { sum = 5, unit = "EUR" } }
  expect response != "rejected"
}
"""
SAID = """\
FAILED t: wrong on purpose
       expect response.sum == 8
       expect turns == 3
       response: {"sum":7,"unit":"EUR"}
FAILED t: refused and not said so
       the sample is rejected: expect
       rejected expect: expect numbers(response) in numbers(user): 5 is not in numbers(user)
       response: {"sum":5,"unit":"EUR"}
FAILED t: expected to be refused
       expect rejected == "rule"
       response: {"sum":7,"unit":"EUR"}
FAILED t: a table without its facet
       the sample is rejected: missing_field
       rejected missing_field: row.topic: null or missing
       response: {"sum":7,"unit":"EUR"}
FAILED t: the word alone proves nothing
       the sample is rejected: expect
       rejected expect: expect numbers(response) in numbers(user): 5 is not in numbers(user)
       response: {"sum":5,"unit":"EUR"}
0 passed, 5 failed
"""


@pytest.fixture
def spec(tmp_path):
    def write(tests):
        (tmp_path / "pyproject.toml").touch()
        path = tmp_path / "d.sft"
        path.write_text(SPEC.format(tests=tests), encoding="utf-8")
        return str(path)

    yield write
    gc.enable()


def test_what_passes_is_a_line_each(spec, capsys):
    assert 0 == main(["test", spec(TESTS)])
    assert (
        "ok     t: a sum that is stated\n"
        "ok     t: rows that the template leaves out can be tested\n"
        "ok     t: a sum below zero breaks the contract\n"
        "ok     t: a sum from nowhere is refused\n"
        "4 passed, 0 failed\n"
    ) == capsys.readouterr().out


def test_what_fails_says_what_was_expected_and_what_came(spec, capsys):
    assert 1 == main(["test", spec(FAILING)])
    assert SAID == capsys.readouterr().out


def test_the_answers_are_there_as_json(spec, capsys):
    assert 1 == main(["test", spec(TESTS + FAILING), "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    assert (1, "failed") == (found["format_version"], found["verdict"])
    assert [True] * 4 + [False] * 5 == [one["passed"] for one in found["tests"]]
    assert ["expect response.sum == 8", "expect turns == 3"] == found["tests"][4]["failed"]


def test_a_spec_without_tests_passes(spec, capsys):
    assert 0 == main(["test", spec("")])
    assert "0 passed, 0 failed\n" == capsys.readouterr().out


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_shipped_spec_has_no_problems_and_passes_its_tests(path, capsys):
    try:
        assert 0 == main(["check", str(path)])
        assert capsys.readouterr().err.endswith("no problems\n")
        assert 0 == main(["test", str(path)])
        assert " 0 failed\n" in capsys.readouterr().out
    finally:
        gc.enable()
