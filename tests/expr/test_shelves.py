"""Every measure and tally keeps the shelf's contract, whoever adds it; and the values they give."""

from copy import deepcopy
from fractions import Fraction
from importlib import import_module
from inspect import getdoc

from hypothesis import given, settings, strategies as st
import msgspec
import pytest

from sftspec.expr import base, types

steady = settings(deadline=None, derandomize=True, max_examples=60)
MEASURES, TALLIES = sorted(base.measures()), sorted(base.tallies())
text = st.text("ab 1,.\n\u00fc\U0001f600", max_size=30)
ARGS = {
    types.Text: text, types.Int: st.integers(1, 5), types.Bp: st.integers(0, 10_000),
    types.Bool: st.booleans(), types.List: st.lists(text, max_size=4),
}  # fmt: skip


def keeps(kind, value):
    match kind:
        case types.Int():
            return type(value) is int
        case types.Bp():
            return type(value) is int and 0 <= value <= 10_000
        case types.Bool():
            return type(value) is bool
        case types.List():
            return type(value) is list and all(type(item) is str for item in value)
        case types.Text():
            return type(value) is str
    return False


# ------------------------------------------------------------------ measures


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_is_documented_and_typed(name):
    measure = base.measures()[name]
    assert getdoc(import_module(f"sftspec.expr.measures.{name}"))
    assert measure.help.splitlines()[0].endswith((".", ").")) or "\n" in measure.help
    assert measure.usage.startswith(f"{name}(")
    assert measure.params
    assert {known for known, _ in measure.defaults} == {
        p for p, _, free in measure.params if free
    }


@pytest.mark.parametrize("name", MEASURES)
@steady
@given(data=st.data())
def test_a_measure_is_pure_and_gives_its_type(name, data):
    measure = base.measures()[name]
    args = []
    for param, kind, _ in measure.params:
        pattern = param in measure.patterns
        strategy = st.sampled_from(["a", "^b+", "[0-9]"]) if pattern else ARGS[type(kind)]
        args.append(data.draw(strategy))
    before = deepcopy(args)
    value = measure.function(*args)
    assert before == args
    assert value == measure.function(*deepcopy(args))
    assert keeps(measure.result, value)


@pytest.mark.parametrize(
    ("name", "args", "wanted"),
    [
        ("chars", ["a\u00fc\U0001f600"], 3),
        ("chars", [""], 0),
        ("words", [" two\u3000words\n"], 2),
        ("words", [""], 0),
        ("occurrences", ["aa", "aaaa a"], 2),
        ("occurrences", ["", "aaaa"], 0),
        ("matches", ["one 2", "[0-9]$"], True),
        ("matches", ["one 2 ", "^[0-9]"], False),
        ("repetition", ["a b c d a b c d", 4], 2_000),
        ("repetition", ["a a a a", 1], 7_500),
        ("repetition", ["a b c", 4], 0),
        ("repetition", ["", 1], 0),
        ("numbers", ["pay 4,500.00 in 05 days, or 1.50%"], ["4500", "5", "1.5"]),
        ("numbers", ["USD1,000 or $2,000,000.50"], ["1000", "2000000.5"]),
        ("numbers", ["1,2345 and 12,34"], ["1", "2345", "12", "34"]),
        ("numbers", ["0 00 0.0 1234.5600"], ["0", "0", "0", "1234.56"]),
        ("numbers", ["v1.2.3"], ["1.2", "3"]),
        ("numbers", ["\u0663"], []),
        ("numbers", ["none"], []),
    ],
)
def test_a_measures_value(name, args, wanted):
    assert wanted == base.measures()[name].function(*args)


def test_a_pattern_takes_linear_time():
    assert base.measures()["matches"].function("a" * 50_000 + "!", "^(a+)+$") is False


# ------------------------------------------------------------------ tallies

CONDITIONS = st.lists(st.none() | st.booleans(), max_size=8)
NUMBERS = st.lists(
    st.none() | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False, width=32), max_size=8,
)  # fmt: skip
VALUES = {
    "condition": CONDITIONS, "nothing": CONDITIONS, "coverage": CONDITIONS, "number": NUMBERS,
}  # fmt: skip


@pytest.mark.parametrize("name", TALLIES)
def test_a_tally_is_documented_and_typed(name):
    tally = base.tallies()[name]
    assert getdoc(import_module(f"sftspec.expr.tallies.{name}"))
    assert getdoc(type(tally))
    assert name == tally.__struct_config__.tag
    assert tally.__struct_config__.frozen
    assert tally.takes in VALUES
    assert tally.result in {"count", "percent", "number"}
    assert tally == msgspec.json.decode(msgspec.json.encode(tally), type=type(tally))


@pytest.mark.parametrize("name", TALLIES)
@steady
@given(data=st.data())
def test_a_tally_merges_in_any_order_and_grouping(name, data):
    tally = base.tallies()[name]
    a, b, c = (data.draw(VALUES[tally.takes]) for _ in range(3))
    one, two, three = tally.of(a), tally.of(b), tally.of(c)
    assert tally.merge(one, two) == tally.merge(two, one)
    assert tally.merge(one, tally.merge(two, three)) == tally.merge(
        tally.merge(one, two), three
    )
    assert tally.merge(tally.start(), one) == one == tally.of(list(a))
    assert tally.merge(one, two) == tally.of([*a, *b])
    value = tally.value(tally.merge(one, two))
    assert value is None or isinstance(value, int | Fraction)


@pytest.mark.parametrize(
    ("name", "values", "wanted"),
    [
        ("count", [True, False, None, True], 2),
        ("count", [], 0),
        ("rate", [True, False, None, True], Fraction(1, 2)),
        ("rate", [], None),
        ("coverage", [True, True, False], Fraction(2, 3)),
        ("coverage", [], None),
        ("tests", [True, False], Fraction(1, 2)),
        ("tests", [], None),
        ("mean", [1, 2, None], Fraction(3, 2)),
        ("mean", [0.1, 0.2], (Fraction(0.1) + Fraction(0.2)) / 2),
        ("mean", [None], None),
        ("p95", list(range(1, 101)), 95),
        ("p95", list(range(1, 21)), 19),
        ("p95", [3, None, 1], 3),
        ("p95", [7], 7),
        ("p95", [0.5], Fraction(1, 2)),
        ("p95", [], None),
    ],
)
def test_a_tallys_value(name, values, wanted):
    tally = base.tallies()[name]
    assert wanted == tally.value(tally.of(values))


@steady
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=60))
def test_p95_is_the_least_value_that_enough_records_do_not_pass(values):
    tally = base.tallies()["p95"]
    found = tally.value(tally.of(values))

    def enough(limit):
        return 100 * sum(value <= limit for value in values) >= 95 * len(values)

    assert found in values
    assert enough(found)
    assert not any(enough(value) for value in values if value < found)
