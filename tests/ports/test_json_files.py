"""JSON files: arrays and maps of rows, however they are spaced, cut anywhere, one bad row apart."""

import json
import re

from hypothesis import given, settings, strategies as st
import pytest

from sftspec.engine.inputs import cut
from sftspec.ports import jsontext
from sftspec.ports.base import MAP_KEY, MAP_VALUE, Problem
from sftspec.ports.sources import json as form

steady = settings(deadline=None, derandomize=True, max_examples=150)


def runs(data, target):
    """The chunks of a file: the number of their first line, and their bytes."""
    head = form.head_end(data, len(data))
    line = 1 + data[:head].count(b"\n")
    for start, end in cut(data, form.row_ends(data, head, len(data)), head, target):
        yield line, data[start:end], data[:head]
        line += data[start:end].count(b"\n")


def rows(data, target=1 << 20):
    """Line and value of every row; a problem as its reason and evidence."""
    found = []
    for line, piece, head in runs(data, target):
        for one in form.rows(piece, head):
            value = one.value
            bad = isinstance(value, Problem)
            found.append((line + one.line, (value.reason, value.evidence) if bad else value))
    return found


def values(data, target=1 << 20):
    return [value for _, value in rows(data, target)]


# ------------------------------------------------------------------ arrays

ARRAYS = [
    (b"[]", []),
    (b" [ \n ] \n", []),
    (b'[{"a":1}]', [{"a": 1}]),
    (b'[{"a":1},{"a":2}]\n', [{"a": 1}, {"a": 2}]),
    (b'\n[\r\n\t{"a" : 1}\r\n ,\n{ "a":2 } ]\n\n', [{"a": 1}, {"a": 2}]),
    (b'[{"a":"],[{},"},{"a":"\\"]"},{"a":"\\\\"}]', [{"a": "],[{},"}, {"a": '"]'}, {"a": "\\"}]),
    (b'[{"a":[[1,[2]],{"b":{}}]},{}]', [{"a": [[1, [2]], {"b": {}}]}, {}]),
    (b'[{"a":18446744073709551616}]', [{"a": 2**64}]),
    (b'[{"a":' + b"9" * 400 + b"}]", [{"a": int("9" * 400)}]),
    ('[{"a":"x\u2028y\u2029z\x85"}]'.encode(), [{"a": "x\u2028y\u2029z\x85"}]),
    (b'[{"a":"{{ x }}\\u0000\\r\\n"}]', [{"a": "{{ x }}\0\r\n"}]),
]  # fmt: skip


@pytest.mark.parametrize("target", [1, 1 << 20])
@pytest.mark.parametrize(("data", "wanted"), ARRAYS, ids=lambda x: ascii(x)[:40])
def test_an_array_is_its_elements(data, wanted, target):
    assert wanted == values(data, target)


BAD_ROWS = [  # an element, and why it is set aside
    (b'{"a":NaN}', "invalid_json", "NaN and Infinity are not JSON"),
    (b'{"a":[1,-Infinity]}', "invalid_json", "NaN and Infinity are not JSON"),
    (b'{"a":1e999}', "out_of_range", "too large"),
    (b'{"a":"\\ud800"}', "invalid_json", "half of a surrogate pair"),
    (b'{"a":1,"\\u0061":2}', "duplicate_field", 'key "a" stands twice'),
    (b'{"a":{"b":1,"b":2}}', "duplicate_field", 'key "b" stands twice'),
    (b'{"a":"\xff"}', "invalid_utf8", "byte 6 of the row is not UTF-8"),
    (b'{"a":"\n"}', "invalid_json", ""),
    (b'{"a":01}', "invalid_json", ""),
    (b'{"a" 1}', "invalid_json", ""),
    (b'{"a":1,}', "invalid_json", ""),
    (b'{"a":[1}]', "invalid_json", ""),
    (b'{"a":' + b"[" * 200 + b"]" * 200 + b"}", "invalid_json", "nested more than 128 deep"),
    (b'{"a":' + b"[" * 9_999 + b"]" * 9_999 + b"}", "invalid_json", "nested more than 128"),
    (b'{"a":' + b"9" * 5_000 + b"}", "out_of_range", "too large"),
    (b"17", "type_error", "the row is not an object"),
    (b'"]"', "type_error", "the row is not an object"),
    (b"[{}]", "type_error", "the row is not an object"),
    (b"null", "type_error", "the row is not an object"),
    (b"nul", "invalid_json", ""),
]


@pytest.mark.parametrize("target", [1, 1 << 20])
@pytest.mark.parametrize(("row", "reason", "evidence"), BAD_ROWS, ids=lambda x: ascii(x)[:40])
def test_a_bad_element_sets_only_itself_aside(row, reason, evidence, target):
    data = b'[\n{"a":1},\n' + row + b',\n{"a":2}\n]\n'
    (first, one), (at, (found, said)), (last, two) = rows(data, target)
    assert ({"a": 1}, {"a": 2}, reason) == (one, two, found)
    assert evidence in said
    assert said.isprintable()
    assert (2, 3, 4 + row.count(b"\n")) == (first, at, last)


def test_a_row_of_too_many_bytes_sets_only_itself_aside(monkeypatch):
    monkeypatch.setattr(jsontext, "MAX_ROW", 100)
    data = b'[{"a":1},{"a":"' + b"x" * 100 + b'"},{"a":2}]'
    assert [{"a": 1}, ("row_too_long", "more than 0 MiB"), {"a": 2}] == values(data)


BAD_FILES = [  # a file, and why none of it can be read
    (b'[{"a":1}', "byte 8: the file ends where `]` or a comma is due"),
    (b'[{"a":1},', "byte 9: the file ends where `]` or a comma is due"),
    (b"[", "byte 1: the file ends where `]` or a comma is due"),
    (b'[{"a":1}}', "byte 8: something else stands where `]` or a comma is due"),
    (b'[{"a":1} {"a":2}]', "byte 9: something else stands where `]` or a comma is due"),
    (b'[{"a":1},]', "byte 8: a comma stands behind the last element"),
    (b'[{"a":1},,{"a":2}]', "byte 9: something else stands"),
    (b"[,]", "byte 1: something else stands where `]` or a comma is due"),
    (b'[{"a":1}] []', "byte 10: something stands behind the end of the JSON value"),
    (b'[{"a":1}]\0', "byte 9: something stands behind the end"),
    (b'[{"a":"x]', "byte 1: something else stands where `]` or a comma is due"),
    (b'{"a":{}', "byte 7: the file ends where `}` or a comma is due"),
    (b'{"a":{}]', "byte 7: something else stands where `}` or a comma is due"),
    (b'[{"a":"x},{"b":1}]', "byte 1: something else stands where `]` or a comma is due"),
    (b'{"a" {}}', "byte 1: something else stands where `}` or a comma is due"),
    (b"{a:{}}", "byte 1: something else stands where `}` or a comma is due"),
    (b'\xef\xbb\xbf[{"a":1}]', "the file begins with a byte order mark"),
    (b'{"a":1}\n{"a":2}\n', "byte 8: something stands behind the end of the JSON value"),
    (b"a,b\n1,2\n", "the file is no JSON array and no JSON map"),
    (b'"text"', "the file is no JSON array and no JSON map"),
    (b" \n", "the file is no JSON array and no JSON map"),
    ("[]".encode("utf-16"), "the file is no JSON array and no JSON map"),
]


@pytest.mark.parametrize(("data", "why"), BAD_FILES, ids=lambda x: ascii(x)[:40])
def test_brackets_that_are_not_those_of_an_array_or_map_refuse_the_file(data, why):
    with pytest.raises(ValueError, match=re.escape(why)):
        rows(data)


def test_one_value_has_an_end(monkeypatch):
    monkeypatch.setattr(form, "MAX_FILE", 1 << 20)
    with pytest.raises(ValueError, match="more than 1 MiB in one JSON value"):
        rows(b"[" + b" " * (1 << 20) + b"]")


@pytest.mark.parametrize("damage", [b'{"a":NaN},', b""])
def test_a_text_of_many_escapes_costs_neither_memory_nor_time(damage):
    text = b"\\n\\u00e9" * 500_000
    data = b"[" + damage + b'{"a":"' + text + b'"}]'
    assert "\n\u00e9" * 500_000 == values(data)[-1]["a"]


# ------------------------------------------------------------------ maps

MAPS = [
    (b"{}", []),
    (b'{ "k" : {"a":1} }', [{MAP_KEY: "k", "a": 1}]),
    (b'{"k":{"a":1},\n"k":{"a":2}}', [{MAP_KEY: "k", "a": 1}, {MAP_KEY: "k", "a": 2}]),
    (b'{"k\\u00e9\\"":{}, "":{}}', [{MAP_KEY: 'k\u00e9"'}, {MAP_KEY: ""}]),
    (b'{"a":1,"b":null}', [{MAP_KEY: "a", MAP_VALUE: 1}, {MAP_KEY: "b", MAP_VALUE: None}]),
    (b'{"a":"x","b":[{}]}', [{MAP_KEY: "a", MAP_VALUE: "x"}, {MAP_KEY: "b", MAP_VALUE: [{}]}]),
    (b'{"map_key":{"map_key":"x"}}', [{MAP_KEY: "map_key", "map_key": "x"}]),
    (b'{"a":NaN,"b":1}', [("invalid_json", "NaN and Infinity are not JSON"), {MAP_KEY: "b", MAP_VALUE: 1}]),
    (b'{"a":{"x":1,"x":2},"b":1}', [("duplicate_field", 'key "x" stands twice'), {MAP_KEY: "b", MAP_VALUE: 1}]),
    (b'{"\\ud800":{},"b":1}', [("invalid_json", "the key is no text"), {MAP_KEY: "b", MAP_VALUE: 1}]),
]  # fmt: skip


@pytest.mark.parametrize("target", [1, 1 << 20])
@pytest.mark.parametrize(("data", "wanted"), MAPS, ids=lambda x: ascii(x)[:40])
def test_a_map_is_its_values_with_their_keys(data, wanted, target):
    assert wanted == values(data, target)


def test_the_key_of_a_map_is_part_of_the_raw_row():
    """Two keys with equal values are two rows, also where a row is known by its bytes."""
    data = b'{"one":{"a":1}, "two" : {"a":1}}'
    raws = [row.raw for _, piece, head in runs(data, 1 << 20) for row in form.rows(piece, head)]
    assert 2 == len(set(raws))


# ------------------------------------------------------------------ any chunk, any spacing

texts = st.text(st.sampled_from('ab,:"\\[]{}\n\r\t \u00e9\u2028\U0001f600\0'), max_size=8)
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
objects = st.dictionaries(texts, trees, max_size=3)
blanks = st.text(" \t\r\n", max_size=3)


@st.composite
def spaced(draw, opening, closing, elements):
    """Elements between brackets, white space wherever it may stand, and the line of each."""
    out, lines = draw(blanks) + opening, []
    for number, element in enumerate(elements):
        out += ("," if number else "") + draw(blanks)
        lines.append(1 + (out + element.rpartition("\0")[0]).count("\n"))
        out += element.replace("\0", "") + draw(blanks)
    return (out + draw(blanks) * (not elements) + closing + draw(blanks)).encode(), lines


def text_of(value, style):
    return json.dumps(value, ensure_ascii=style[0], indent=style[1], separators=style[2])


styles = st.tuples(
    st.booleans(), st.sampled_from([None, 0, 2]), st.sampled_from([(",", ":"), (" , ", " : ")])
)


@steady
@given(st.data(), st.lists(objects, max_size=6), styles, st.integers(1, 200))
def test_rows_of_an_array_are_those_of_the_standard_library(data, wanted, style, target):
    elements = [text_of(one, style) for one in wanted]
    raw, lines = data.draw(spaced("[", "]", elements))
    assert json.loads(raw) == wanted
    assert list(zip(lines, wanted, strict=True)) == rows(raw, target)


@steady
@given(
    st.data(), st.dictionaries(texts, objects | trees, max_size=6), styles, st.integers(1, 200)
)
def test_rows_of_a_map_are_those_of_the_standard_library(data, wanted, style, target):
    elements = [
        f"{json.dumps(key)}{data.draw(blanks)}:{data.draw(blanks)}\0{text_of(value, style)}"
        for key, value in wanted.items()
    ]
    raw, lines = data.draw(spaced("{", "}", elements))
    assert json.loads(raw) == wanted
    found = [
        {MAP_KEY: key, **value} if isinstance(value, dict) else {MAP_KEY: key, MAP_VALUE: value}
        for key, value in wanted.items()
    ]
    assert list(zip(lines, found, strict=True)) == rows(raw, target)


@steady
@given(st.lists(objects, min_size=1, max_size=4), st.data())
def test_what_is_cut_off_is_never_a_shorter_file(wanted, data):
    raw = json.dumps(wanted).encode()
    end = data.draw(st.integers(1, len(raw) - 1))
    with pytest.raises(ValueError, match="byte"):
        rows(raw[:end])


@steady
@given(
    st.binary(max_size=40) | st.text('[]{},:"\\ 1a\n', max_size=30).map(str.encode),
    st.integers(1, 50),
)
def test_any_bytes_are_rows_or_a_reason(raw, target):
    found, said = [], ""
    try:
        found = rows(raw, target)
    except ValueError as error:
        said = str(error)
    assert said.isprintable()
    try:
        wanted = json.loads(raw)
    except (ValueError, RecursionError):
        assert said or any(isinstance(value, tuple) for _, value in found)
    else:
        plain = isinstance(wanted, list | dict)
        assert bool(said) != plain
        assert not isinstance(wanted, list) or len(found) == len(wanted)
