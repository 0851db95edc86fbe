"""Why a condition came out as it did: the values that decided it, and no others."""

from hypothesis import given, settings, strategies as st
import pytest

from sftspec.expr import types
from sftspec.expr.check import Checker, Scope
from sftspec.ground.report import Report
from sftspec.ground.text import SpecText
from sftspec.ir import world
from sftspec.stages.chunk import shorten
from sftspec.stages.evidence import RECORD, Facts, evidence, written
from sftspec.syntax.parse import parse

FACET = types.Facet("risk", ("low", "medium", "high"), ordered=True)
SKILL = types.Facet("skill", ("read", "write", "count"))
ROW = types.Record(
    (types.Field("note", types.Text(), optional=True), types.Field("list", types.List(types.Text())))
)  # fmt: skip
NAMES = {
    "response": types.Response(None), "user": types.Text(), "risk": FACET, "turns": types.Int(),
    "skill": types.List(SKILL), "row": ROW,
}  # fmt: skip
HERE = {
    "response": "It is 45 or 60.", "user": "Is it 60?", "risk": "medium", "turns": 2,
    "skill": ["read"], "@valid": True, "row.note": None, "row.list": ["a", "b", "c", "d", "e" * 30],
}  # fmt: skip


def typed(text, **params):
    report = Report()
    (entry,) = parse(SpecText("x.sft", f"x = {text}\n"), report).entries
    given_ = {name: typed_tree(value) for name, value in params.items()}
    node = Checker(Scope(NAMES, "a record", given_), report).condition(entry.value[0])
    assert node is not None, [item.message for item in report.items]
    return node


def typed_tree(text):
    (entry,) = parse(SpecText("x.sft", f"x = {text}\n"), Report()).entries
    return entry.value[0]


def over(**more):
    values = {**HERE, **more}
    return lambda path: [values[".".join(path)]]


def facts(text, **more):
    return Facts(typed(text), over(**more), 1).of(0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("chars(response) < 12", ["chars(response) is 15"]),
        ("numbers(response) in numbers(user)", ["45 is not in numbers(user)"]),
        ("numbers(user) in numbers(response)", ["each of numbers(user) is in numbers(response)"]),
        ('numbers(response) in ["1"]', ['45, 60 are not in ["1"]']),
        ("skill has [count, write, read]", ["count, write are not in skill"]),
        ("skill has count", ["skill is [read]"]),
        ('row.list has "z"', ["row.list is [a, b, c and 2 more]"]),
        ("row.note == null", ["row.note is null"]),
        ("risk >= high", ["risk is medium"]),
        ("repetition(response, n = 1) > 60%", ["repetition(response, n = 1) is 0%"]),
        ("valid(response) and turns > 1", ["valid(response) is true", "turns is 2"]),
        ("not (risk == high or turns == 2)", ["turns is 2"]),
        ("risk == high or turns == 3", ["risk is medium", "turns is 2"]),
        ("turns == 2 or turns == 3", ["turns is 2"]),
        ("chars(response) < 12 and chars(response) > 3", ["chars(response) is 15"]),
        ('response == "no"', ['response is "It is 45 or 60."']),
        ('matches(response, "^[A-Z][a-z]+ .*(this|that|those) [a-z]+")', ["matches(…) is false"]),
    ],
)  # fmt: skip
def test_a_condition_is_told_by_the_values_that_decided_it(text, told):
    assert told == facts(text)


def test_the_names_that_are_no_facets_are_those_of_the_language():
    assert set(world.RECORD) == RECORD


def test_a_long_text_is_told_by_its_length_alone():
    assert ["response is a text of 400 characters"] == facts(
        'response == "x"', response="y" * 400
    )


def test_evidence_is_the_line_and_its_values():
    line = "drop chars(response) < 16"
    assert [f"{line}: chars(response) is 15"] == evidence(typed(line[5:]), line, over(), 1)


def test_of_a_line_that_asks_but_one_thing_there_is_no_more_to_tell():
    line = 'drop matches(response, "or")'
    assert [line] == evidence(typed(line[5:]), line, over(), 1)


def test_a_parameter_of_a_screen_is_told_by_its_value():
    line = "drop chars(response) < least unless risk in [low, high]"
    node = typed("chars(response) < least and not risk in [low, high]", least="20")
    assert "drop chars(response) < 20 unless risk in [low, high]" == written(line, node)


@pytest.mark.parametrize(
    "line",
    [
        "drop repetition(response, n = 1) > 60%",
        "drop repetition(response, n = 4) > 60%",
        'drop matches(response, "least of all")',
        "drop chars(response) < 1_000 where risk == low",
    ],
)
def test_a_line_without_parameters_stands_as_its_author_wrote_it(line):
    condition = line[5:].replace(" where ", " and ")
    assert line == written(line, typed(condition))


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=300), st.text(max_size=300))
def test_evidence_fits_and_keeps_its_facts(note, word):
    node = typed('row.note == null or user == "a" or risk == high')
    found = evidence(node, "drop " + word, over(**{"row.note": note, "user": word}), 1)[0]
    said = shorten(found)
    assert len(said) <= 200
    assert said.isprintable()
    assert note not in said or len(note) <= 24 or note in "drop " + word
