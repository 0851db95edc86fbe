"""Contracts: the quick way, the slow way and the JSON Schema shown in prompts say the same."""

from decimal import Decimal
import json
import re

from hypothesis import example, given, settings, strategies as st
import msgspec
import pytest

from sftspec.expr import nodes as ex, types
from sftspec.ir.json_schema import json_schema
from sftspec.ir.schema import REASONS, Contract, check, codec

steady = settings(deadline=None, derandomize=True, max_examples=250)
TEXT, INT, NULL = types.Text(), types.Int(), types.Null()
RISK = types.Facet("risk", ("low", "high"), spellings=(("HIGH", "high"),))


def record(**fields):
    """A record; a name that ends in `_` is an optional field."""
    return types.Record(
        tuple(
            types.Field(name.rstrip("_"), kind, name.endswith("_"))
            for name, kind in fields.items()
        ),
        "S",
    )


def judged(value, kind, rules=()):
    """The text of a value by the quick way, or its reason; the slow way must say the same."""
    contract = Contract(kind, rules)
    texts, broken = codec(contract).render([value])
    slow = check(value, contract)
    assert (0 in broken) == (texts[0] is None) == (slow is not None), (kind, value)
    if slow is None:
        return texts[0]
    assert slow == broken[0]
    assert slow.reason in REASONS
    return slow


def reason(value, kind, rules=()):
    found = judged(value, kind, rules)
    return None if isinstance(found, str) else found.reason


# ------------------------------------------------------------------ a validator of JSON Schema


def accepts(schema, value):
    """JSON Schema (2020-12) as far as ours goes; 1.0 is no integer, which is stricter."""
    rules = {
        "type": lambda names: any(is_a(name, value) for name in always_list(names)),
        "enum": lambda items: any(same(item, value) for item in items),
        "const": lambda item: same(item, value),
        "anyOf": lambda options: any(accepts(one, value) for one in options),
        "minimum": lambda low: not numeric(value) or value >= low,
        "maximum": lambda high: not numeric(value) or value <= high,
        "minLength": lambda low: not isinstance(value, str) or len(value) >= low,
        "maxLength": lambda high: not isinstance(value, str) or len(value) <= high,
        "pattern": lambda p: not isinstance(value, str) or bool(re.search(p, value)),
        "items": lambda one: not isinstance(value, list) or all(accepts(one, v) for v in value),
        "required": lambda names: not isinstance(value, dict) or set(names) <= set(value),
        "properties": lambda known: (
            not isinstance(value, dict)
            or all(accepts(known[name], value[name]) for name in known.keys() & value.keys())
        ),
        "additionalProperties": lambda more: (
            not isinstance(value, dict)
            or more is not False
            or value.keys() <= schema["properties"].keys()
        ),
    }
    return all(rules[word](said) for word, said in schema.items())


def always_list(names):
    return names if isinstance(names, list) else [names]


def numeric(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(a, b):
    return type(a) is type(b) and a == b


def is_a(name, value):
    match name:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return numeric(value)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)


# ------------------------------------------------------------------ random contracts and values

small = st.none() | st.integers(-2, 4)
bounds = st.none() | st.sampled_from(["0", "1", "-2", "0.1", "2.5", "-0.3", str(10**19)])
simple = st.one_of(
    st.builds(types.Text, st.sampled_from([None, "^[a-z]", "b", "\\d+$"]), small, small),
    st.just(TEXT),
    st.builds(types.Int, small | st.just(-(10**20)), small | st.just(10**20)),
    st.builds(types.Number, bounds, bounds),
    st.sampled_from([types.Bool(), NULL, types.Any(), RISK]),
    st.sampled_from(["a", "b", "low"]).map(types.Literal),
)
names = st.sampled_from(["a", "b", "class", "f_a", "keys"])


@st.composite
def records(draw, inner):
    fields = draw(st.lists(st.tuples(names, inner, st.booleans()), max_size=3,
                           unique_by=lambda one: one[0]))  # fmt: skip
    return types.Record(
        tuple(types.Field(*one) for one in fields), draw(st.none() | st.just("S"))
    )


kinds = st.recursive(
    simple,
    lambda inner: st.one_of(
        inner.map(types.List),
        records(inner),
        st.lists(inner, min_size=2, max_size=4).map(types.union),
    ),
    max_leaves=6,
)
contracts = records(kinds)
floats = st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    st.sampled_from([None, True, False, 0, 1, -3, 0.1, 2.5, 1.0, "", "a", "b", "low", "HIGH", "7"])
    | st.integers(-(10**21), 10**21) | floats | st.text("ab7\u00fc", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=4,
)  # fmt: skip


def near(kind):
    """Values that are mostly of the type."""
    match kind:
        case types.Union(arms=arms):
            return st.one_of(*map(near, arms))
        case types.List(of=of):
            return st.lists(near(of), max_size=3)
        case types.Record(fields=fields):
            known = {field.name: near(field.type) for field in fields if not field.optional}
            maybe = {field.name: near(field.type) for field in fields if field.optional}
            whole = st.fixed_dictionaries(known, optional=maybe)
            turned = whole.map(lambda one: dict(reversed(one.items())))
            return whole | turned | turned | st.dictionaries(names, anything, max_size=3)
        case types.Literal(value=value):
            return st.just(value)
        case types.Facet():
            return st.sampled_from(["low", "high", "HIGH"])
        case types.Int():
            return st.integers(-4, 6) | st.integers()
        case types.Number():
            return st.integers(-4, 6) | st.sampled_from([0.1, 2.5, -0.3, 1e19, 1e-7]) | floats
        case types.Text():
            return st.text("ab7\u00fc", max_size=5)
        case types.Bool():
            return st.booleans()
        case types.Null():
            return st.none()
        case _:
            return anything


pairs = contracts.flatmap(lambda kind: st.tuples(st.just(kind), near(kind) | anything))
NUMBERS = record(n=types.Number("0.1", "0.3"))
PATTERNED = record(n=types.Number("0.1", "0.3"), t_=types.Text("^a"))


def ordered_like(value, kind):
    """Whether the keys stand in the contract's order (unions aside)."""
    if isinstance(kind, types.Record):
        wanted = [field.name for field in kind.fields if field.name in value]
        return wanted == list(value) and all(
            ordered_like(value[field.name], field.type)
            for field in kind.fields
            if field.name in value
        )
    if isinstance(kind, types.List):
        return all(ordered_like(item, kind.of) for item in value)
    return True


def exactly(value):
    """A value with its numbers as what their shortest text says, and their kind."""
    if isinstance(value, dict):
        return {name: exactly(item) for name, item in value.items()}
    if isinstance(value, list):
        return [exactly(item) for item in value]
    if isinstance(value, float):
        return ("float", Decimal(repr(value)))
    return (type(value).__name__, value)


@steady
@given(pairs)
@example((NUMBERS, {"n": 0.1}))
@example((NUMBERS, {"n": 0.30000000000000004}))
@example((PATTERNED, {"n": 0.1}))
@example((PATTERNED, {"n": 0.3}))
@example((record(a=types.Union((types.List(TEXT), types.List(INT)))), {"a": [1]}))
@example((record(a=types.Union((types.Int(max=0), types.Int(min=3)))), {"a": 4}))
@example((record(a=types.Union((types.Int(max=0), types.Number("3")))), {"a": 4}))
@example((record(a=types.Int(min=10**30)), {"a": 10**30}))
@example((record(a=types.Number(max=str(10**30))), {"a": 5}))
@example((record(a=types.Text(min_chars=-1)), {"a": ""}))
@example((record(a=types.Union((types.Bool(), types.Bool()))), {"a": True}))
def test_the_quick_way_the_slow_way_and_the_schema_shown_agree(pair):
    kind, value = pair
    found = judged(value, kind)
    shown = json.loads(json_schema(kind))
    assert accepts(shown, value) == isinstance(found, str), (json_schema(kind), value)
    if isinstance(found, str):
        read = json.loads(found, parse_float=lambda text: ("float", Decimal(text)))
        assert ordered_like(json.loads(found), kind)
        wanted = exactly(value)
        assert wanted == marked(read)
        assert found == found.strip()


def marked(value):
    if isinstance(value, dict):
        return {name: marked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [marked(item) for item in value]
    return value if isinstance(value, tuple) else (type(value).__name__, value)


# ------------------------------------------------------------------ in words


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"a": 1}, None),
        ({"a": 10**40, "t": "x"}, None),
        ({}, "missing_field"),
        ({"a": 1, "z": 1}, "extra_field"),
        ({"a": 1.0}, "type_error"),
        ({"a": True}, "type_error"),
        ({"a": None}, "type_error"),
        ([], "type_error"),
        (None, "type_error"),
        ({"a": -1}, "out_of_range"),
        ({"a": 1, "t": "long one"}, "out_of_range"),
        ({"a": 1, "p": "A"}, "pattern"),
        ({"a": 1, "c": "GBP"}, "invalid_enum"),
        ({"a": 1, "c": 3}, "type_error"),
        ({"a": 1, "r": "medium"}, "invalid_enum"),
        ({"a": 1, "r": "HIGH"}, "invalid_enum"),
        ({"a": 1, "l": [{"x": "1"}]}, None),
        ({"a": 1, "l": [{"x": 1}]}, "type_error"),
    ],
)
def test_each_reason_has_its_class(value, wanted):
    kind = record(
        a=types.Int(min=0), t_=types.Text(max_chars=3), p_=types.Text("^[a-z]"), r_=RISK,
        c_=types.Union((types.Literal("USD"), types.Literal("EUR"), NULL)),
        l_=types.List(record(x=TEXT)),
    )  # fmt: skip
    assert wanted == reason(value, kind)


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (record(a=types.List(record(b=INT))), {"a": [{"b": 1}, {"b": "x"}]},
         "a[1].b: wanted integer, found a string"),
        (record(c=types.Union((types.Literal("USD"), NULL))), {"c": "X"}, "c: wanted USD"),
        (record(r=types.Union((RISK, NULL))), {"r": "X"}, "r: wanted facet risk"),
        (record(r=types.Union((RISK, types.Literal("none")))), {"r": "X"}, "r: wanted none | facet risk"),
        (record(a=types.Union((INT, NULL))), {"a": []}, "a: wanted integer | null, found a list"),
        (record(a=INT), {"a": 1, "b": 1}, "b: not in the contract"),
        (record(a=INT), 3, "wanted S, found an integer"),
    ],
)  # fmt: skip
def test_the_evidence_says_where_and_what(kind, value, said):
    assert said == judged(value, kind).evidence


def path(*parts):
    return ex.Path(parts)


def test_a_rule_between_fields_holds_where_its_condition_does():
    there = ex.Cmp("!=", path("amount"), ex.Const(None))
    known = ex.Cmp("!=", path("currency"), ex.Const(None))
    rules = ((known, there, "require currency != null when amount != null"),)
    maybe = types.Union((TEXT, NULL))
    kind = record(amount=types.Union((INT, NULL)), currency_=maybe)
    assert reason({"amount": None}, kind, rules) is None
    assert reason({"amount": 1, "currency": "USD"}, kind, rules) is None
    broken = judged({"amount": 1}, kind, rules)
    assert ("rule", rules[0][2]) == (broken.reason, broken.evidence)
    assert "type_error" == reason({"amount": "1"}, kind, rules)


def test_a_rule_compares_records_and_lists_by_their_values():
    inner = record(x=INT)
    kind = record(a=inner, b=inner, l=types.List(TEXT))
    same = ((ex.Cmp("==", path("a"), path("b")), None, "equal"),)
    assert reason({"a": {"x": 1}, "b": {"x": 1}, "l": []}, kind, same) is None
    assert "rule" == reason({"a": {"x": 1}, "b": {"x": 2}, "l": []}, kind, same)
    deep = ((ex.Cmp(">", path("a", "x"), ex.Const(3), guard=True), None, "deep"),)
    assert reason({"a": {"x": 4}, "b": {"x": 1}, "l": []}, kind, deep) is None
    empty = ((ex.Cmp("==", path("l"), ex.Const([])), None, "empty"),)
    assert reason({"a": {"x": 4}, "b": {"x": 1}, "l": []}, kind, empty) is None
    assert "rule" == reason({"a": {"x": 4}, "b": {"x": 1}, "l": ["x"]}, kind, empty)


def test_many_values_are_judged_each_for_itself():
    kind = record(a=types.Int(max=5))
    odd = ((ex.Cmp("!=", path("a"), ex.Const(3)), None, "not three"),)
    values = [{"a": 1}, {"a": "x"}, {"a": 3}, {"a": 9}, {"a": 5}]
    texts, broken = codec(Contract(kind, odd)).render(values)
    assert ['{"a":1}', None, None, None, '{"a":5}'] == texts
    assert {1: "type_error", 2: "rule", 3: "out_of_range"} == {
        at: why.reason for at, why in broken.items()
    }
    assert ([], {}) == codec(Contract(kind, odd)).render([])


def test_a_contract_survives_being_written_down():
    contract = Contract(PATTERNED, ((ex.Cmp("==", path("n"), ex.Decimal("0.2")), None, "r"),))
    again = msgspec.json.decode(msgspec.json.encode(contract), type=Contract)
    assert contract == again
    assert codec(contract) is codec(again)


def test_the_schema_shown_is_in_field_order_on_one_line():
    kind = record(
        b=types.Union((types.Literal("x"), NULL)), a_=types.Number("0.5"), r=types.Union((RISK, NULL)),
    )  # fmt: skip
    assert (
        '{"type":"object","properties":{"b":{"enum":["x",null]},"a":{"type":"number",'
        '"minimum":0.5},"r":{"anyOf":[{"enum":["low","high"]},{"type":"null"}]}},'
        '"required":["b","r"],"additionalProperties":false}'
    ) == json_schema(kind)
