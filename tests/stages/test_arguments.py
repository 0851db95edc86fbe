"""Arguments against a tool's JSON Schema: the same verdict as the `jsonschema` package, and a reason."""

from hypothesis import given, settings, strategies as st
import pytest

from sftspec.stages.arguments import broken_arguments, chosen_arguments

steady = settings(deadline=None, derandomize=True, max_examples=400)


def shape(properties=None, required=(), **more):
    return {
        "type": "object",
        "properties": properties or {},
        "required": list(required),
        **more,
    }


def of(schema):
    """A schema with one argument `x`."""
    return shape({"x": schema})


FINE = [  # a schema of `x`, and values that keep it
    ({}, [None, 1, "a", [], {}, True]),
    (True, [None, 1]),
    ({"type": "string"}, ["", "a"]),
    ({"type": "integer"}, [0, -5, 10**30, 5.0]),
    ({"type": "number"}, [0, 0.5, 10**30]),
    ({"type": ["string", "null"]}, ["a", None]),
    ({"type": "array", "items": {"type": "integer"}}, [[], [1, 2]]),
    ({"type": "array", "minItems": 1, "maxItems": 2}, [[1], [1, 2]]),
    ({"type": "object"}, [{}, {"any": 1}]),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, [{"any": 1}]),
    ({"enum": ["a", 1, None]}, ["a", 1, 1.0, None]),
    ({"const": {"a": [1]}}, [{"a": [1]}]),
    ({"minimum": 1, "exclusiveMaximum": 3}, [1, 2.9, "no number"]),
    ({"minLength": 1, "maxLength": 2}, ["a", "\U0001f600\u00e9", 7]),
    ({"pattern": "^a+$"}, ["a", "aa", 7]),
    ({"pattern": "(?=a)"}, ["no lookahead in RE2: it says nothing"]),
    ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, ["a", 1]),
    ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, ["a", 1]),
    ({"allOf": [{"minimum": 1}, {"maximum": 3}]}, [1, 3]),
    ({"format": "date", "title": "x", "default": 3, "examples": []}, ["no date", 3]),
]
BROKEN = [  # a schema of `x`, a value that breaks it, and why
    (False, 1, "extra_argument"),
    ({"type": "string"}, 1, "type_error"),
    ({"type": "string"}, None, "type_error"),
    ({"type": "integer"}, 1.5, "type_error"),
    ({"type": "integer"}, True, "type_error"),
    ({"type": "integer"}, "1", "type_error"),
    ({"type": "number"}, False, "type_error"),
    ({"type": "boolean"}, 1, "type_error"),
    ({"type": "null"}, 0, "type_error"),
    ({"type": ["string", "null"]}, 1, "type_error"),
    ({"type": "array", "items": {"type": "integer"}}, [1, "a"], "type_error"),
    ({"type": "array"}, {}, "type_error"),
    ({"minItems": 1}, [], "out_of_range"),
    ({"maxItems": 1}, [1, 2], "out_of_range"),
    (shape({"y": {}}, ["y"]), {}, "missing_argument"),
    (shape({"y": {}}, additionalProperties=False), {"z": 1}, "extra_argument"),
    ({"additionalProperties": {"type": "integer"}}, {"z": "a"}, "type_error"),
    ({"enum": ["a", 1]}, "b", "invalid_enum"),
    ({"enum": ["a", 1]}, True, "invalid_enum"),
    ({"enum": [True]}, 1, "invalid_enum"),
    ({"const": 0}, False, "invalid_enum"),
    ({"const": [1]}, [True], "invalid_enum"),
    ({"const": None}, 0, "invalid_enum"),
    ({"minimum": 1}, 0.9, "out_of_range"),
    ({"maximum": 1}, 10**30, "out_of_range"),
    ({"exclusiveMinimum": 1}, 1, "out_of_range"),
    ({"exclusiveMaximum": 1}, 1.0, "out_of_range"),
    ({"minLength": 2}, "\U0001f600", "out_of_range"),
    ({"maxLength": 1}, "ab", "out_of_range"),
    ({"pattern": "^a$"}, "ab", "pattern"),
    ({"anyOf": [{"type": "string"}, {"minimum": 3}]}, 2, "out_of_range"),
    ({"oneOf": [{"type": "string"}]}, 2, "type_error"),
    ({"allOf": [{"minimum": 1}, {"maximum": 3}]}, 4, "out_of_range"),
]


@pytest.mark.parametrize(("schema", "values"), FINE, ids=str)
def test_arguments_that_keep_the_schema(schema, values):
    for value in values:
        assert broken_arguments({"x": value}, of(schema)) is None, value


@pytest.mark.parametrize(("schema", "value", "reason"), BROKEN, ids=str)
def test_arguments_that_break_the_schema_say_why(schema, value, reason):
    found = broken_arguments({"x": value}, of(schema))
    assert reason == found.reason
    assert found.evidence.startswith("x")
    assert found.evidence.isprintable()


def test_an_argument_that_is_not_declared_is_refused_unless_the_schema_takes_more():
    assert "extra_argument" == broken_arguments({"y": 1}, of({})).reason
    assert "extra_argument" == broken_arguments({"y": 1}, {"type": "object"}).reason
    assert broken_arguments({"y": 1}, of({}) | {"additionalProperties": True}) is None
    more = of({}) | {"additionalProperties": {"type": "string"}}
    assert ("type_error", None) == (
        broken_arguments({"y": 1}, more).reason, broken_arguments({"y": "a"}, more),
    )  # fmt: skip


def test_a_required_argument_must_be_there_and_may_be_null_only_if_it_says_so():
    schema = shape({"x": {"type": "string"}, "y": {"type": ["string", "null"]}}, ["x", "y"])
    assert ("missing_argument", "y") == (
        (found := broken_arguments({"x": "a"}, schema)).reason, found.path,
    )  # fmt: skip
    assert broken_arguments({"x": "a", "y": None}, schema) is None
    assert "type_error" == broken_arguments({"x": None, "y": None}, schema).reason


def test_the_evidence_says_where():
    schema = of(shape({"list": {"items": shape({"n": {"type": "integer"}})}}))
    found = broken_arguments({"x": {"list": [{"n": 1}, {"n": "a"}]}}, schema)
    assert "x.list[1].n: wanted integer, found a string" == found.evidence


def test_references_are_followed_and_end():
    tree = {
        "type": "object", "additionalProperties": False,
        "properties": {"v": {"type": "integer"}, "of": {"$ref": "#/$defs/tree"}},
    }  # fmt: skip
    schema = shape({"x": {"$ref": "#/$defs/tree"}}, **{"$defs": {"tree": tree}})
    assert broken_arguments({"x": {"v": 1, "of": {"v": 2}}}, schema) is None
    assert "x.of.of" == broken_arguments({"x": {"of": {"of": 3}}}, schema).path
    loop = shape({"x": {"$ref": "#/$defs/a"}}, **{"$defs": {"a": {"$ref": "#/$defs/a"}}})
    assert broken_arguments({"x": 1}, loop) is None
    assert broken_arguments({"x": 1}, of({"$ref": "#/nowhere"})) is None
    assert broken_arguments({"x": 1}, of({"$ref": "https://example.org/a.json"})) is None


def test_a_value_nested_very_deep_is_no_crash():
    value = 1
    for _ in range(200):
        value = [value]
    schema = {"$ref": "#/$defs/a"}
    defs = {
        "a": {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"$ref": "#/$defs/a"}}]}
    }
    assert broken_arguments({"x": value}, shape({"x": schema}, **{"$defs": defs})) is None


ODD = [None, True, 7, "x", [], ["x", 3], {}, {"x": 3}, [[]], {"type": {}}]
WORDS = [
    "type", "enum", "const", "properties", "required", "items", "additionalProperties", "anyOf", "oneOf", "allOf",
    "minimum", "exclusiveMaximum", "minLength", "maxItems", "pattern", "$ref", "$defs",
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_a_schema_that_is_none_says_nothing_or_refuses_and_never_crashes(word):
    """Schemas stand in rows: nobody has looked at them."""
    for odd in ODD:
        for schema in ({word: odd}, of({word: odd}), of({"type": "object", word: odd})):
            for value in ODD:
                found = broken_arguments({"x": value}, schema)
                assert found is None or found.evidence.isprintable()
                chosen_arguments({"x": [value], "y": ["", 3]}, schema)


# ------------------------------------------------------------------ against another judge

names = st.sampled_from(["x", "y", "z"])
plain = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.5, 1.0, 2.5]),
    st.sampled_from(["", "a", "ab", "\u00e9"]),
)  # fmt: skip
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=5
)  # fmt: skip
kinds = st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object"])


def fields(inner):
    """Schemas of the words that tools are declared in."""
    some = {
        "type": kinds | st.lists(kinds, min_size=1, max_size=2, unique=True),
        "enum": st.lists(values, min_size=1, max_size=3),
        "const": values,
        "properties": st.dictionaries(names, inner, max_size=3),
        "required": st.lists(names, max_size=2, unique=True),
        "items": inner,
        "additionalProperties": inner,
        "anyOf": st.lists(inner, min_size=1, max_size=2),
        "allOf": st.lists(inner, min_size=1, max_size=2),
        "minimum": st.integers(-2, 2), "maximum": st.integers(-2, 2),
        "exclusiveMinimum": st.integers(-2, 2), "exclusiveMaximum": st.integers(-2, 2),
        "minLength": st.integers(0, 2), "maxLength": st.integers(0, 2),
        "minItems": st.integers(0, 2), "maxItems": st.integers(0, 2),
        "pattern": st.sampled_from(["^a", "b$", "."]),
    }  # fmt: skip
    return st.fixed_dictionaries({}, optional=some).map(
        lambda whole: dict(list(whole.items())[:4])
    )


schemas = st.recursive(
    st.booleans() | kinds.map(lambda kind: {"type": kind}), fields, max_leaves=6
)


@steady
@given(
    st.dictionaries(names, schemas, max_size=3),
    st.lists(names, max_size=1),
    st.dictionaries(names, values, max_size=3),
)
def test_the_verdict_is_that_of_the_jsonschema_package(properties, required, arguments):
    jsonschema = pytest.importorskip("jsonschema")
    schema = shape(properties, required)
    strict = {**schema, "additionalProperties": False}
    wanted = jsonschema.Draft202012Validator(strict).is_valid(arguments)
    assert wanted == (broken_arguments(arguments, schema) is None), broken_arguments(
        arguments, schema
    )


# ------------------------------------------------------------------ of accepted values

CHOSEN = [  # accepted values of `x`, its schema, and what is written
    ([1, 2], {"type": "integer"}, {"x": 1}),
    (["1", 1], {"type": "integer"}, {"x": 1}),
    (["a", "b"], {"type": "integer"}, {"x": "a"}),
    (["", "a"], {"type": "string"}, {}),
    (["a", ""], {"type": "string"}, {"x": "a"}),
    (["", 3], {"type": "integer"}, {}),
    ([""], {"type": "string"}, {}),
    ([], {"type": "string"}, {"x": None}),
    ([{"k": 1}], {"type": "object"}, {"x": {"k": 1}}),
    ([None], {}, {"x": None}),
]


@pytest.mark.parametrize(("accepted", "schema", "wanted"), CHOSEN, ids=str)
def test_the_first_accepted_value_that_keeps_the_schema_is_chosen(accepted, schema, wanted):
    assert wanted == chosen_arguments({"x": accepted}, of(schema))


def test_what_no_schema_declares_is_left_out_where_it_may_be():
    accepted = {"x": [1], "y": ["a", ""], "z": [3]}
    assert {"x": 1, "z": 3} == chosen_arguments(accepted, of({}))
    more = of({}) | {"additionalProperties": True}
    assert {"x": 1, "y": "a", "z": 3} == chosen_arguments(accepted, more)


def test_what_is_required_is_never_left_out():
    schema = shape({"x": {"type": "string"}}, ["x"])
    assert {"x": "a"} == chosen_arguments({"x": ["", "a"]}, schema)
    assert {"x": ""} == chosen_arguments({"x": [""]}, schema)
