"""A typed expression as the language writes it: read again, it means the same."""

from hypothesis import given, settings, strategies as st
import pytest

from sftspec.expr import nodes as ex, types
from sftspec.expr.check import Checker, Scope
from sftspec.expr.show import percent, quoted, show, show_tally
from sftspec.ground.report import Report
from sftspec.syntax.parse import parse
from sftspec.syntax.read import check_text

steady = settings(deadline=None, derandomize=True, max_examples=400)
RISK = types.Facet("risk", ("low", "medium", "high"), ordered=True)
TOPIC = types.Facet("topic", ("payment", "and", "null", "late fees"))
INNER = types.Record((types.Field("s", types.Text(), optional=True), types.Field("risk", RISK)))
NAMES = {
    "s": types.union([types.Text(), types.Null()]), "t": types.Text(), "n": types.Int(),
    "flag": types.Bool(), "risk": RISK, "grave": RISK, "topic": TOPIC,
    "topics": types.List(TOPIC), "list": types.List(types.Text()), "row": INNER,
    "response": types.Response(None), "calls": types.Int(), "and_so": types.Bool(),
}  # fmt: skip
FACETS = {("risk",), ("grave",), ("topic",), ("topics",), ("row", "risk")}


def read(text):
    """The typed expression that a text means."""
    report = Report()
    spec = check_text(f"x = {text}\n".encode(), "x.sft", report)
    assert spec is not None, [item.message for item in report.items]
    (entry,) = parse(spec, report).entries
    result = Checker(Scope(NAMES, "a record"), report).value(entry.value[0])
    assert result is not None, (text, [item.message for item in report.items])
    return result.node


def paths(*names):
    return st.sampled_from([ex.Path(tuple(name.split("."))) for name in names])


def lists(items):
    return st.lists(items, max_size=3).map(ex.Const)


words = st.text(max_size=8) | st.sampled_from(["", "low", 'a "b" \\ {{', "not", "\u202e\ufe0f"])
texts = words
said = paths("s", "t", "row.s", "response")
counted = st.builds(
    lambda name, arg: ex.Apply(name, (arg,)), st.sampled_from(["chars", "words"]), said
)
counted |= st.builds(lambda a, b: ex.Apply("occurrences", (a, b)), texts.map(ex.Const), said)
shares = st.builds(
    lambda arg, n: ex.Apply("repetition", (arg, ex.Const(n))), said, st.integers(1, 5)
)
sums = paths("n", "calls") | counted
figures = (
    sums | st.integers(-9, 99).map(ex.Const) | st.sampled_from(["0.5", "-2.50"]).map(ex.Decimal)
)
parts = shares | st.integers(-300, 12_345).map(ex.Const)
stated = st.builds(lambda arg: ex.Apply("numbers", (arg,)), said) | paths("list")
risks = paths("risk", "grave", "row.risk")
grades = st.sampled_from(RISK.values).map(ex.Const)
topics = st.sampled_from(TOPIC.values)
order, equal = st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from(["==", "!="])
among, inside = st.sampled_from(["in", "not in"]), st.sampled_from(["within", "not within"])


def rank(of):
    return ex.Rank(of, RISK.values)


def compared(op, left, right, *, guard=True):
    return st.builds(lambda o, a, b: ex.Cmp(o, a, b, guard=guard), op, left, right)


tests = st.one_of(
    compared(order, sums, figures), compared(order, figures, sums),
    compared(order, shares, parts), compared(order, parts, shares),
    compared(order, risks.map(rank), (risks | grades).map(rank)),
    compared(order, grades.map(rank), risks.map(rank)),
    compared(equal, said, texts.map(ex.Const), guard=False),
    compared(equal, paths("s", "row.s"), st.just(ex.Const(None)), guard=False),
    compared(equal, paths("topic"), topics.map(ex.Const), guard=False),
    compared(equal, shares, parts, guard=False), compared(equal, figures, sums, guard=False),
    compared(equal, paths("flag"), st.booleans().map(ex.Const), guard=False),
    compared(among, said, lists(texts)), compared(among, said, stated),
    compared(among, paths("topic"), lists(topics)), compared(among, topics.map(ex.Const), paths("topics")),
    compared(among, texts.map(ex.Const), stated),
    compared(inside, stated, stated | lists(texts)), compared(inside, lists(topics), paths("topics")),
    compared(inside, paths("topics"), lists(topics)),
    st.builds(lambda text, of: ex.Apply("matches", (of, ex.Const(text))), st.sampled_from(["^a", "\\bb"]), said),
    st.just(ex.Valid()), st.just(ex.ValidCalls()), paths("flag", "and_so"),
)  # fmt: skip
conditions = st.recursive(
    tests,
    lambda inner: (
        st.builds(ex.And, inner, inner)
        | st.builds(ex.Or, inner, inner)
        | st.builds(ex.Not, inner)
        | compared(equal, inner, st.booleans().map(ex.Const), guard=False)
    ),
    max_leaves=7,
)


@steady
@given(conditions, st.booleans())
def test_a_condition_that_is_shown_reads_as_it_was(node, known):
    assert node == read(show(node, FACETS if known else ()))


@steady
@given(figures | shares | stated | said | lists(texts))
def test_a_value_that_is_shown_reads_as_it_was(node):
    assert node == read(show(node))


@steady
@given(texts)
def test_a_text_in_quotes_shows_all_its_signs(text):
    assert quoted(text).isprintable()
    assert ex.Const(text) == read(quoted(text))


@pytest.mark.parametrize(
    "text",
    [
        "not (flag and and_so) or flag and not (flag or and_so)",
        "flag or (flag or and_so)",
        "flag and (flag and and_so)",
        "(flag and and_so) == true",
        "not not flag",
        "chars(response) < 12 and not topic == payment",
        "topics has payment",
        'topics has [payment, "late fees", "and"]',
        "payment not in topics",
        'topic in [payment, "null"]',
        "medium < risk",
        "row.risk >= grave",
        "repetition(response, n = 3) > 12.5%",
        "repetition(response) in [1%, -0.05%]",
        "numbers(response) in numbers(t)",
        'numbers(response) has "45"',
        "list == []",
        'matches(response, "\\\\bTODO\\\\b")',
        "valid(response) or valid(calls)",
        "n > 0.50",
        "s != null",
    ],
)  # fmt: skip
def test_what_is_written_plainly_is_shown_as_it_was_written(text):
    assert text == show(read(text), FACETS)


def test_a_value_of_a_facet_that_is_not_known_to_be_one_stands_in_quotes():
    assert 'topic == "payment"' == show(read("topic == payment"))


def test_an_argument_that_is_what_it_would_be_anyway_is_left_out():
    assert "repetition(response) > 60%" == show(read("repetition(response, n = 4) > 60%"))


def test_a_text_that_would_hide_signs_shows_them():
    assert '"a\\u202eb\\u00a0\\udb40\\udc01"' == quoted("a\u202eb\xa0\U000e0001")


@pytest.mark.parametrize(
    ("bp", "text"),
    [(0, "0%"), (5, "0.05%"), (1250, "12.5%"), (-150, "-1.5%"), (10_000, "100%")],
)
def test_a_percentage_has_no_more_digits_than_it_needs(bp, text):
    assert text == percent(bp)


@pytest.mark.parametrize(
    ("tally", "text"),
    [
        (ex.Tally("tests"), "tests()"),
        (ex.Tally("coverage", arg="tasks"), "coverage(tasks)"),
        (ex.Tally("rate", of=ex.Not(ex.Valid())), "rate(not valid(response))"),
    ],
)
def test_a_tally_is_shown_with_what_it_looks_at(tally, text):
    assert text == show_tally(tally)
