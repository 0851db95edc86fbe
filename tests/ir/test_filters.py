"""The filters of bodies: each gives what its typing says, is pure, and what it gives."""

from copy import deepcopy

from hypothesis import given, settings, strategies as st
import pytest

from sftspec.expr import types
from sftspec.ir.filters import FILTERS, apply, show
from sftspec.ir.schema import explain

steady = settings(deadline=None, derandomize=True, max_examples=60)
text = st.text("ab \n\r.!?\u3002\"')\u00fc\U0001f600", max_size=16)
TEXT, NULL = types.Text(), types.Null()
KINDS = {
    "text": (TEXT, text),
    "literal": (types.Literal("a. b"), st.just("a. b")),
    "facet": (types.Facet("risk", ("low", "high")), st.sampled_from(["low", "high"])),
    "integer": (types.Int(), st.integers()),
    "number": (types.Number(), st.integers() | st.floats(allow_nan=False, allow_infinity=False)),
    "boolean": (types.Bool(), st.booleans()),
    "null": (NULL, st.none()),
    "maybe text": (types.Union((TEXT, NULL)), st.none() | text),
    "texts": (types.List(TEXT), st.lists(text, max_size=3)),
    "numbers": (types.List(types.Int()), st.lists(st.integers(), max_size=3)),
    "lists": (types.List(types.List(TEXT)), st.lists(st.lists(text, max_size=2), max_size=2)),
    "record": (
        types.Record((types.Field("x", TEXT),)), st.fixed_dictionaries({"x": text}),
    ),
    "any": (types.Any(), st.sampled_from([None, 1, "a", [], {}])),
}  # fmt: skip
ARGS = {str: text, int: st.integers(0, 80)}


@pytest.mark.parametrize("name", sorted(FILTERS))
@pytest.mark.parametrize("kind", KINDS)
@steady
@given(data=st.data())
def test_a_filter_is_pure_and_gives_what_its_typing_says(name, kind, data):
    one = FILTERS[name]
    given_type, values = KINDS[kind]
    result = one.typing(given_type)
    if result is None or (types.nullable(given_type) and not one.null_ok):
        return
    value = data.draw(values)
    count = data.draw(st.integers(one.least, one.most))
    args = tuple(data.draw(ARGS[one.takes]) for _ in range(count))
    before = deepcopy(value)
    found = apply(value, name, args)
    assert before == value
    assert found == apply(deepcopy(value), name, args)
    assert explain(found, result, "") is None


@pytest.mark.parametrize(
    ("name", "value", "args", "wanted"),
    [
        ("lower", "\u00c4B", (), "\u00e4b"),
        ("upper", "\u00e4b", (), "\u00c4B"),
        ("trim", "\u3000 a b\n", (), "a b"),
        ("replace", "aaa", ("a", "b"), "bbb"),
        ("join", ["a", 1, 2.5], (", ",), "a, 1, 2.5"),
        ("join", ["a", "b"], (), "ab"),
        ("first", ["a", "b"], (), "a"),
        ("first", [], (), None),
        ("last", ["a", "b"], (), "b"),
        ("last", [], (), None),
        ("length", "a\U0001f600", (), 2),
        ("length", ["a"], (), 1),
        ("default", None, ("-",), "-"),
        ("default", "", ("-",), ""),
        ("default", 0, ("-",), 0),
        ("first_sentence", "One. Two.", (), "One."),
        ("first_sentence", "No end", (), "No end"),
        ("first_sentence", "", (), ""),
        ("sentences", " One.  Two!\nThree? 4.5 is a number", (), ["One.", "Two!", "Three?", "4.5 is a number"]),
        ("sentences", 'He said "Go." Then (he left.) So.', (), ['He said "Go."', "Then (he left.)", "So."]),
        ("sentences", "\u4e00\u3002 \u4e8c\uff01", (), ["\u4e00\u3002", "\u4e8c\uff01"]),
        ("sentences", "", (), []),
        ("lines", "a\r\n\n b \rc\u2028d", (), ["a", " b ", "c\u2028d"]),
        ("indent", "a\nb\n", (), "a\n    b\n    "),
        ("indent", "a\nb", (2,), "a\n  b"),
        ("indent", "a\nb", (1_000,), "a\n" + " " * 64 + "b"),
        ("bullet", ["a", "b"], (), "- a\n- b"),
        ("bullet", [], (), ""),
        ("json", {"b": 1, "a": [None, 10**30, 0.1]}, (), '{"b":1,"a":[null,1' + "0" * 30 + ",0.1]}"),
        ("json", "<\u00fc&'", (), '"<\u00fc&\'"'),
        ("json", None, (), "null"),
    ],
)  # fmt: skip
def test_what_a_filter_gives(name, value, args, wanted):
    assert wanted == apply(value, name, args)


@steady
@given(text)
def test_sentences_and_lines_lose_nothing_but_white_space(given_text):
    squeezed = "".join(given_text.split())
    assert squeezed == "".join("".join(apply(given_text, "sentences", ())).split())
    assert squeezed == "".join("".join(apply(given_text, "lines", ())).split())


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("a", "a"),
        (7, "7"),
        (10**30, "1" + "0" * 30),
        (0.1, "0.1"),
        (1.0, "1.0"),
        (-0.5, "-0.5"),
    ],
)
def test_a_value_shows_as_json_has_it(value, wanted):
    assert wanted == show(value)


@pytest.mark.parametrize("value", [None, True, [], {}, ["a"]])
def test_what_has_no_plain_form_says_so(value):
    with pytest.raises(ValueError, match="no plain form"):
        show(value)
