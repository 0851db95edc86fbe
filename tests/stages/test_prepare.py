"""Rows of a source: typed, mended, keyed, filtered, joined; what is not taken says why."""

import csv
import io
import json

from hypothesis import given, settings, strategies as st
import pytest

from sftspec.build import read
from sftspec.ports.base import source_format
from sftspec.stages.chunk import Chunk, LookupTable, note_rows
from sftspec.stages.prepare import prepare

steady = settings(deadline=None, derandomize=True, max_examples=150)
SPEC = """edition 2026
dataset d v1.0.0 {{ seed = 1, license = "X" }}
facet risk ordered {{
  low  "a retry" from ["LOW", "l"]
  high "harm"    from ["HIGH", "sev-1"]
}}
schema Terms {{
  amount: number | null
  note: string
}}
source s {{
  path = "{path}", origin = human, license = "X"
  key = {key}
  fields {{
{fields}
  }}
{lines}
}}
{more}
template t v1.0.0 {{
  layer = generic
  from s as row
  tags {{ risk = low }}
  user "a"
  assistant "b"
}}
emit {{ jsonl }}
"""


@pytest.fixture
def source(tmp_path):
    """The source of a spec: its fields, and the lines below them."""

    def of(fields, *lines, key="auto", path="data/in.jsonl", more="", name="s"):
        (tmp_path / "pyproject.toml").touch()
        spec = tmp_path / "spec.sft"
        spec.write_text(
            SPEC.format(fields=fields, lines="\n".join(lines), key=key, path=path, more=more),
            encoding="utf-8",
        )
        graph, _, _ = read(spec)
        return graph.sources[name].source

    return of


def rows_of(part, rows, *, path="data/in.jsonl", lookups=None):
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    return prepare(part, Chunk(path, 0, len(data), 1, ""), data, b"", lookups or {})


def cells_of(part, names, rows, *, path="data/in.csv", delimiter=","):
    sheet = io.StringIO()
    csv.writer(sheet, delimiter=delimiter, lineterminator="\n").writerows([names, *rows])
    data = sheet.getvalue().encode()
    head = source_format(part.format).head_end(data, len(data))
    chunk = Chunk(path, head, len(data) - head, 2, "", head)
    return prepare(part, chunk, data[head:], data[:head], {})


def why(prepared):
    return [(reject.line, reject.reason) for reject in prepared.rejects]


# ------------------------------------------------------------------ types, from JSON

TAKEN = [  # a type, values it takes as they are
    ("string", ["", "a", "ü😀", " x "]),
    ('string(pattern = "^[A-Z]")', ["A", "Zz"]),
    ("string(min_chars = 2, max_chars = 3)", ["ab", "äöü"]),
    ("integer", [0, -5, 10**30]),
    ("integer(min = 0, max = 3)", [0, 3]),
    ("number", [0, 1.5, -1e300, 10**30]),
    ("number(min = 0.1, max = 0.3)", [0.1, 0.2, 0.3]),
    ("boolean", [True, False]),
    ("null", [None]),
    ("any", [None, 1, "a", [], {"a": [1]}]),
    ('"yes" | "no"', ["yes", "no"]),
    ('"yes" | integer | null', ["yes", 4, None]),
    ("facet risk", ["low", "high"]),
    ("[integer]", [[], [1, 2]]),
    ("[string] | [integer]", [["a"], [1]]),
    ("[facet risk]", [["low", "high"]]),
    ("Terms", [{}, {"amount": "odd", "else": 1}]),
    ("Terms | null", [None, {"note": 3}]),
]
REFUSED = [  # a type, a value that it refuses, and the reason
    ("string", 1, "type_error"),
    ("string", None, "type_error"),
    ('string(pattern = "^[A-Z]")', "a", "pattern"),
    ("string(max_chars = 3)", "äöüß", "out_of_range"),
    ("string(min_chars = 2)", "ä", "out_of_range"),
    ("integer", 1.0, "type_error"),
    ("integer", True, "type_error"),
    ("integer(min = 0)", -1, "out_of_range"),
    ("integer(max = 3)", 4, "out_of_range"),
    ("number", "1", "type_error"),
    ("number(max = 0.3)", 0.30000000000000004, "out_of_range"),
    ("boolean", 0, "type_error"),
    ("null", "", "type_error"),
    ('"yes" | "no"', "maybe", "invalid_enum"),
    ("facet risk", "medium", "invalid_enum"),
    ("facet risk", 1, "type_error"),
    ("[integer]", [1, "a"], "type_error"),
    ("[facet risk]", ["low", "medium"], "invalid_enum"),
    ("Terms", [], "type_error"),
    ("Terms", None, "type_error"),
]


@pytest.mark.parametrize(("kind", "values"), TAKEN, ids=[kind for kind, _ in TAKEN])
def test_a_value_of_the_type_is_taken_as_it_is(source, kind, values):
    prepared = rows_of(source(f"f: {kind}"), [{"f": value} for value in values])
    assert [] == why(prepared)
    assert values == prepared.columns["f"]
    assert [type(value) for value in values] == [type(v) for v in prepared.columns["f"]]


@pytest.mark.parametrize(("kind", "value", "reason"), REFUSED)
def test_another_value_is_rejected_with_its_reason(source, kind, value, reason):
    part = source(f"id: integer\nf: {kind}", key="id")
    good = next(values for known, values in [*TAKEN, *GOOD] if known == kind)[0]
    rows = [{"id": 1, "f": good}, {"id": 2, "f": value}, {"id": 3, "f": good}]
    prepared = rows_of(part, rows)
    assert [(1, reason)] == why(prepared)
    assert "2" == prepared.rejects[0].key
    assert prepared.rejects[0].evidence.startswith("f")
    assert [1, 3] == prepared.columns["id"]
    assert [0, 2] == prepared.lines


GOOD = [
    ("string(max_chars = 3)", ["äöü"]),
    ("string(min_chars = 2)", ["äö"]),
    ("integer(min = 0)", [0]),
    ("integer(max = 3)", [3]),
    ("number(max = 0.3)", [0.3]),
]


def test_a_field_that_is_missing_is_null_only_where_it_is_optional(source):
    part = source("id: integer\nneeded: string | null\nmaybe: integer optional", key="id")
    prepared = rows_of(part, [{"id": 1, "needed": None}, {"id": 2, "maybe": 3}])
    assert [(1, "missing_field")] == why(prepared)
    assert "needed: missing" == prepared.rejects[0].evidence
    assert {"id": [1], "needed": [None], "maybe": [None]} == prepared.columns


def test_the_datas_spellings_of_a_facet_are_put_right(source):
    part = source("risk: facet risk\nall: [facet risk]\nmaybe: facet risk optional")
    rows = [
        {"risk": "LOW", "all": ["sev-1", "low"], "maybe": "l"},
        {"risk": "high", "all": [], "maybe": None},
    ]
    prepared = rows_of(part, rows)
    assert ["low", "high"] == prepared.columns["risk"]
    assert [["high", "low"], []] == prepared.columns["all"]
    assert ["low", None] == prepared.columns["maybe"]


def test_a_field_reads_its_column_or_the_files_name(source):
    part = source(
        'a: string from "Clause Text"\nstem: string from file_stem\nname: string from file_name'
    )
    prepared = rows_of(part, [{"Clause Text": "x", "a": "y"}], path="data/north.v2.jsonl")
    assert {"a": ["x"], "stem": ["north.v2"], "name": ["north.v2.jsonl"]} == prepared.columns


def test_a_facet_can_stand_in_the_files_name(source):
    part = source("risk: facet risk from file_stem")
    assert ["high"] == rows_of(part, [{}], path="data/sev-1.jsonl").columns["risk"]
    assert [(0, "invalid_enum")] == why(rows_of(part, [{}], path="data/odd.jsonl"))


def test_lines_that_are_no_rows_say_why_and_the_rest_is_read(source):
    part = source("a: integer")
    data = b'{"a":1}\n\n{"a":\n[1]\n{"a":1,"a":2}\n{"a":"\xff"}\n{"a":NaN}\n{"a":7}\n'
    prepared = prepare(part, Chunk("x.jsonl", 0, len(data), 1, ""), data, b"", {})
    reasons = ["invalid_json", "type_error", "duplicate_field", "invalid_utf8", "invalid_json"]
    assert list(zip([2, 3, 4, 5, 6], reasons, strict=True)) == why(prepared)
    assert [1, 7] == prepared.columns["a"]
    assert [0, 7] == prepared.lines
    assert 7 == prepared.read


# ------------------------------------------------------------------ types, from cells

CELLS = [  # a type, and cells with what they say
    ("string", {"": "", "a": "a", "7": "7"}),
    ("string | null", {"": None, "a": "a"}),
    ("string optional", {"": "", "a": "a"}),
    ("integer", {"7": 7, "-7": -7, "0": 0, "1" * 30: int("1" * 30)}),
    ("integer | null", {"": None, "7": 7}),
    ("integer optional", {"": None, "7": 7}),
    ("number", {"7": 7, "7.50": 7.5, "1e3": 1000.0}),
    ("boolean", {"true": True, "false": False}),
    ("boolean | null", {"": None, "true": True}),
    ("integer | boolean", {"7": 7, "true": True}),
    ('"n/a" | "7"', {"n/a": "n/a", "7": "7"}),
    ('"n/a" | integer', {"n/a": "n/a", "7": 7}),
    ('integer | "7" | null', {"7": "7", "8": 8, "": None}),
    ("string | integer", {"7": "7"}),
    ("facet risk", {"HIGH": "high", "low": "low"}),
    ("facet risk | null", {"": None, "l": "low"}),
    ("any", {"7": "7"}),
]
BAD_CELLS = [
    ("integer", "", "type_error"),
    ("integer", "7.0", "type_error"),
    ("integer", "07", "type_error"),
    ("integer", " 7", "type_error"),
    ("integer", "\u0667", "type_error"),
    ("integer(max = 6)", "7", "out_of_range"),
    ("number", "1e999", "type_error"),
    ("number", "NaN", "type_error"),
    ("boolean", "True", "type_error"),
    ("facet risk", "", "invalid_enum"),
    ("facet risk", "Low", "invalid_enum"),
    ('"n/a" | integer', "x", "invalid_enum"),
    ("[string]", "[]", "type_error"),
]


@pytest.mark.parametrize(("kind", "cells"), CELLS, ids=[kind for kind, _ in CELLS])
@pytest.mark.parametrize("delimiter", [",", "\t"], ids=["csv", "tsv"])
def test_a_cell_is_what_the_type_makes_of_it(source, kind, cells, delimiter):
    path = f"data/in.{'csv' if delimiter == ',' else 'tsv'}"
    part = source(f"id: integer\nf: {kind}", key="id", path=path)
    rows = list(enumerate(cells))
    prepared = cells_of(part, ["id", "f"], rows, path=path, delimiter=delimiter)
    assert [] == why(prepared)
    assert list(cells.values()) == prepared.columns["f"]
    assert list(map(type, cells.values())) == list(map(type, prepared.columns["f"]))


@pytest.mark.parametrize(("kind", "cell", "reason"), BAD_CELLS)
def test_another_cell_is_rejected_with_its_reason(source, kind, cell, reason):
    part = source(f"id: integer\nf: {kind}", key="id", path="data/in.csv")
    assert [(0, reason)] == why(cells_of(part, ["id", "f"], [[1, cell]]))


def test_quoted_cells_hold_line_ends_and_lines_are_counted(source):
    part = source("a: string\nb: string", path="data/in.csv")
    prepared = cells_of(part, ["a", "b"], [["x\ny", 'say "hi"'], ["z", ""], ["only"]])
    assert {"a": ["x\ny", "z"], "b": ['say "hi"', ""]} == prepared.columns
    assert [0, 2] == prepared.lines
    assert [(3, "invalid_csv")] == why(prepared)


def test_a_text_file_is_one_row(source):
    part = source("text: string", path="data/in.md", key="auto")
    prepared = prepare(part, Chunk("data/in.md", 0, 5, 1, ""), b"a\n\nb\n", b"", {})
    assert {"text": ["a\n\nb\n"]} == prepared.columns


# ------------------------------------------------------------------ set, where


def test_mends_are_made_in_order_and_before_rows_are_chosen(source):
    part = source(
        "a: string\nb: string\nn: integer optional",
        '  set a = "" when a in ["N/A", "None"]',
        '  set b = a when b == ""',
        '  set a = "gone" when a == "" and b == ""',
        "  set n = 0 when n == null",
        '  where b != "drop"',
        "  where n < 5",
    )
    rows = [
        {"a": "N/A", "b": "x"}, {"a": "keep", "b": "", "n": 4}, {"a": "None", "b": ""},
        {"a": "x", "b": "drop"}, {"a": "x", "b": "y", "n": 5},
    ]  # fmt: skip
    prepared = rows_of(part, rows)
    assert ["", "keep", "gone"] == prepared.columns["a"]
    assert ["x", "keep", ""] == prepared.columns["b"]
    assert [0, 4, 0] == prepared.columns["n"]
    assert [(3, "where"), (4, "where")] == why(prepared)


def test_an_order_with_null_is_false_and_a_measure_of_null_is_null(source):
    part = source("n: integer optional\nt: string optional", "  where n >= 1 or chars(t) > 1")
    rows = [{}, {"n": 1}, {"t": "a"}, {"t": "ab"}, {"n": 0, "t": None}]
    assert [0, 2, 4] == [reject.line for reject in rows_of(part, rows).rejects]


def test_a_facet_is_compared_in_its_order(source):
    part = source("risk: facet risk optional", "  where risk >= high")
    prepared = rows_of(part, [{"risk": "l"}, {"risk": "sev-1"}, {}])
    assert ["high"] == prepared.columns["risk"]


def test_a_value_of_the_wrong_kind_inside_a_contract_is_no_crash(source):
    part = source(
        "terms: Terms", "  where terms.amount > 5", '  set terms = terms when terms.note == "x"',
        "  where chars(terms.note) >= 0",
    )  # fmt: skip
    rows = [{"terms": {"amount": amount, "note": note}} for amount, note in
            [(6, "a"), ("6", "a"), ([], "a"), (6, 3), (6, {}), (True, "x")]]  # fmt: skip
    prepared = rows_of(part, rows)
    assert [0] == prepared.lines


# ------------------------------------------------------------------ keys and groups


def test_one_text_is_its_own_key_and_other_keys_are_canonical_json(source):
    assert ["k 1", ""] == rows_of(source("k: string", key="k"), [{"k": "k 1"}, {"k": ""}]).keys
    assert ["5", "-1"] == rows_of(source("k: integer", key="k"), [{"k": 5}, {"k": -1}]).keys
    part = source("a: string\nb: number", key="[a, b]")
    keys = rows_of(part, [{"a": 'x"', "b": 1}, {"a": "x", "b": 1.5}]).keys
    assert ['["x\\"",1]', '["x",1.5]'] == keys


def test_a_row_without_its_key_is_rejected(source):
    part = source("a: string | null\nb: integer", key="[a, b]")
    prepared = rows_of(part, [{"a": "x", "b": 1}, {"a": None, "b": 2}])
    assert [(1, "missing_key")] == why(prepared)
    assert prepared.rejects[0].key is None


def test_a_mend_may_make_the_key(source):
    part = source("a: string | null\nb: string", "  set a = b when a == null", key="a")
    assert ["y", "z"] == rows_of(part, [{"a": None, "b": "y"}, {"a": "z", "b": "y"}]).keys


def test_an_automatic_key_is_of_the_raw_row_and_of_what_the_file_name_says(source):
    plain = source("a: integer")
    rows = [{"a": 1}, {"a": 1}, {"a": 1, "b": 2}]
    one, two, three = rows_of(plain, rows).keys
    assert one == two != three
    assert [one] == rows_of(plain, rows[:1], path="data/else.jsonl").keys
    named = source("a: integer\nf: string from file_stem")
    here = rows_of(named, rows[:1], path="data/here.jsonl").keys
    assert here != rows_of(named, rows[:1], path="data/there.jsonl").keys
    assert here == rows_of(named, rows[:1], path="other/here.jsonl").keys


def test_a_group_is_the_text_of_its_field(source):
    part = source("k: string\ng: string optional", "  group = g", key="k")
    assert ["x", None] == rows_of(part, [{"k": "a", "g": "x"}, {"k": "b"}]).groups
    part = source("k: string\ng: integer", "  group = g", key="k")
    assert ["7"] == rows_of(part, [{"k": "a", "g": 7}]).groups


def test_a_rows_identity_is_of_source_and_key(source):
    part = source("k: string\nv: integer", key="k")
    here = rows_of(part, [{"k": "a", "v": 1}], path="data/x.jsonl").rids
    assert here == rows_of(part, [{"k": "a", "v": 2}], path="data/y.jsonl").rids
    assert here != rows_of(part, [{"k": "b", "v": 1}]).rids
    assert 16 == len(here[0])


# ------------------------------------------------------------------ joins, leave out

OTHER = """source other {
  path = "data/other.jsonl", key = id, role = reference, license = "X"
  fields { id: string, title: string }
}
"""


def lookup(**titles):
    return LookupTable(
        {key: at for at, key in enumerate(titles)},
        [json.dumps({"id": key, "title": title}).encode() for key, title in titles.items()],
    )


@pytest.mark.parametrize(
    ("missing", "reason"),
    [("error", "missing_join"), ("drop", "unjoined"), ("null", None)],
)
def test_a_row_is_joined_by_the_others_key(source, missing, reason):
    part = source(
        "k: string\nof: string optional", f"  join other on of missing {missing}", key="k",
        more=OTHER,
    )  # fmt: skip
    rows = [{"k": "a", "of": "x"}, {"k": "b", "of": "nowhere"}, {"k": "c"}]
    prepared = rows_of(part, rows, lookups={"other": lookup(x="Title X")})
    found = {"id": "x", "title": "Title X"}
    if reason:
        assert [(1, reason), (2, reason)] == why(prepared)
        assert ["b", "c"] == [reject.key for reject in prepared.rejects]
        assert [found] == prepared.columns["other"]
    else:
        assert [found, None, None] == prepared.columns["other"]


def test_rows_whose_key_stands_in_another_source_are_left_out(source):
    part = source("k: string\nof: string", "  leave out other on of", key="k", more=OTHER)
    rows = [{"k": "a", "of": "x"}, {"k": "b", "of": "y"}]
    prepared = rows_of(part, rows, lookups={"other": lookup(x="")})
    assert [(0, "left_out")] == why(prepared)
    assert ["b"] == prepared.keys


def test_of_equal_keys_of_a_referenced_source_the_first_stays(source):
    part = source("k: string\nv: integer", key="k")
    index = {}
    note_rows(index, ["k", "v"], rows_of(part, [{"k": "a", "v": 1}, {"k": "a", "v": 2}]))
    note_rows(index, ["k", "v"], rows_of(part, [{"k": "a", "v": 3}, {"k": "b", "v": 4}]))
    assert {"a": b'{"k":"a","v":1}', "b": b'{"k":"b","v":4}'} == index


# ------------------------------------------------------------------ JSON in a column, maps


@pytest.mark.parametrize("path", ["data/in.jsonl", "data/in.csv"])
def test_json_in_a_column_is_read(source, path):
    part = source(
        'id: string\nlist: [any] from "Odd.Name" from json\nmaybe: Terms | null from json optional', key="id", path=path
    )  # fmt: skip
    texts = ['[1, 2.0, "\\u00e9"]', " [] ", '[{"a":1,"b":null}]']
    maybe = ["null", '{"amount":1}', ""]
    rows = list(enumerate(zip(texts, maybe, strict=True)))
    if path.endswith("csv"):
        prepared = cells_of(part, ["id", "Odd.Name", "maybe"], [(n, *two) for n, two in rows])
    else:
        prepared = rows_of(
            part, [{"id": str(n), "Odd.Name": a, "maybe": b} for n, (a, b) in rows]
        )
    assert [] == why(prepared)
    assert [[1, 2.0, "\u00e9"], [], [{"a": 1, "b": None}]] == prepared.columns["list"]
    assert [None, {"amount": 1}, None] == prepared.columns["maybe"]


BAD_JSON = [
    ("[1", "invalid_json"), ("[NaN]", "invalid_json"), ('[{"a":1,"a":2}]', "duplicate_field"), ("[1] [2]", "invalid_json"),
    ('"x"', "type_error"), ("null", "type_error"), ("", "invalid_json"), ('1, "b": 2', "invalid_json"), (None, "type_error"),
    ("[" * 200 + "]" * 200, "invalid_json"), ('["\\ud800"]', "invalid_json"), ("[1e999]", "out_of_range"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), BAD_JSON, ids=lambda x: str(x)[:20])
def test_a_column_that_holds_no_json_sets_its_row_aside(source, text, reason):
    part = source("id: string\nlist: [any] from json", key="id")
    prepared = rows_of(part, [{"id": "a", "list": "[]"}, {"id": "b", "list": text}, {"id": "c", "list": []}])  # fmt: skip
    assert [(1, reason)] == why(prepared)
    assert ["b", "list"] == [prepared.rejects[0].key, prepared.rejects[0].evidence[:4]]
    assert [[], []] == prepared.columns["list"]


def map_of(part, text):
    data = text.encode()
    shape = source_format(part.format)
    head = shape.head_end(data, len(data))
    chunk = Chunk("data/in.json", head, len(data) - head, 1, "", head)
    return prepare(part, chunk, data[head:], data[:head], {})


@pytest.mark.parametrize("key", ["name", "auto"])
def test_a_maps_keys_and_values_are_fields(source, key):
    part = source(
        "name: string from map_key\nsize: number from map_value", key=key, path="data/in.json"
    )
    prepared = map_of(part, '{"a": 1, "b": 1,\n "c": "x", "d": 2.5}')
    assert {"name": ["a", "b", "d"], "size": [1, 1, 2.5]} == prepared.columns
    assert [(1, "type_error")] == why(prepared)
    assert 3 == len(set(prepared.keys))


def test_a_map_of_objects_has_their_fields_and_its_key(source):
    part = source("name: string from map_key\na: integer", key="name", path="data/in.json")
    prepared = map_of(part, '{"x": {"a": 1, "name": "inner"}, "y": {"b": 2}, "z": 3}')
    assert {"name": ["x"], "a": [1]} == prepared.columns
    assert [(0, "missing_field"), (0, "missing_field")] == why(prepared)
    assert ["y", "z"] == [reject.key for reject in prepared.rejects]


# ------------------------------------------------------------------ elements as rows

EACH = "id: string\ntags: [string] | null"


def test_each_element_is_a_row_with_its_place_in_the_key(source):
    part = source(EACH, "  each tags as tag", '  where tag != "no"', key="id")
    rows = [{"id": "a", "tags": ["x", "no", "y"]}, {"id": "b", "tags": []}, {"id": "c", "tags": None}, {"id": "d", "tags": ["z"]}]  # fmt: skip
    prepared = rows_of(part, rows)
    assert {"id": ["a", "a", "d"], "tag": ["x", "y", "z"]} == prepared.columns
    assert ["a[0]", "a[2]", "d[0]"] == prepared.keys
    assert [0, 0, 3] == prepared.lines
    assert [(1, "empty_list"), (2, "empty_list"), (0, "where")] == why(prepared)
    assert ["b", "c", "a[1]"] == [reject.key for reject in prepared.rejects]
    assert 6 == prepared.read == len(prepared.keys) + len(prepared.rejects)


def test_elements_of_a_row_are_of_one_group(source):
    part = source(EACH, "  each tags as tag", key="id")
    one, two, three = rows_of(part, [{"id": "a", "tags": ["x", "y"]}, {"id": "b", "tags": ["x"]}]).groups  # fmt: skip
    assert one == two != three
    part = source(f"{EACH}\nof: string | null", "  each tags as tag\n  group = of", key="id")
    rows = [
        {"id": "a", "tags": ["x", "y"], "of": "g"},
        {"id": "b", "tags": ["x", "y"], "of": None},
    ]
    groups = rows_of(part, rows).groups
    assert ["g", "g"] == groups[:2]
    assert groups[2] == groups[3] != None  # noqa: E711 - a group, and the same


def test_an_element_may_be_a_record_and_its_field_a_mend(source):
    part = source(
        "id: integer\nlist: [any]", "  each list as one", "  where one.n == 2", key="id"
    )
    prepared = rows_of(part, [{"id": 1, "list": [{"n": 1}, {"n": 2}, 7, None]}])
    assert [{"n": 2}] == prepared.columns["one"]
    assert ["1[1]"] == prepared.keys


@pytest.mark.parametrize("value", [{"a": 1}, "text", 7, True])
def test_what_is_no_list_has_no_elements(source, value):
    part = source("id: string\nlist: any", "  each list as one", key="id")
    prepared = rows_of(part, [{"id": "a", "list": value}, {"id": "b", "list": [1]}])
    assert [(0, "type_error")] == why(prepared)
    assert (["b[0]"], "a") == (prepared.keys, prepared.rejects[0].key)


def test_an_automatic_key_of_elements_is_of_the_row_and_the_place(source):
    part = source(EACH, "  each tags as tag")
    prepared = rows_of(part, [{"id": "a", "tags": ["x", "x"]}])
    assert 2 == len(set(prepared.keys))
    assert [key.partition("[")[2] for key in prepared.keys] == ["0]", "1]"]
    assert 1 == len({key.partition("[")[0] for key in prepared.keys})


def test_a_row_of_another_source_brings_its_own_path_along(tmp_path):
    """`like` in another folder: the path is from the file that says it."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "more").mkdir()
    text = SPEC.format(fields="id: string", lines="", key="id", path="in.jsonl", more="")
    first, _, rest = text.partition("source s")
    source_block, brace, tail = rest.partition("\n}\n")
    (tmp_path / "more" / "base.sft").write_text(
        f"edition 2026\nsource base{source_block}{brace}"
    )
    text = f"{first}source s {{ like base }}\n{tail}".replace("edition 2026\n", 'edition 2026\nimport "more/base.sft"\n')  # fmt: skip
    (tmp_path / "spec.sft").write_text(text)
    assert {"s": ("more/in.jsonl",)} == read(tmp_path / "spec.sft")[0].paths


# ------------------------------------------------------------------ nothing is lost

values = st.sampled_from(
    [None, 0, 7, 2.5, True, "", "a", "low", "HIGH", [], ["low"], {}, {"x": 1}]
)
rows = st.lists(
    st.dictionaries(st.sampled_from(["id", "a", "risk", "n"]), values, max_size=4), max_size=12
)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "pyproject.toml").touch()
    fields = "id: integer\na: string | null\nrisk: facet risk\nn: number(max = 5) optional"
    lines = '  set a = "b" when a == null\n  where n != 2.5'
    text = SPEC.format(fields=fields, lines=lines, key="id", path="data/in.jsonl", more="")
    (folder / "spec.sft").write_text(text, encoding="utf-8")
    return read(folder / "spec.sft")[0].sources["s"].source


@steady
@given(rows)
def test_every_row_is_either_taken_or_rejected_once(mixed, rows):
    prepared = rows_of(mixed, rows)
    aside = [reject.line for reject in prepared.rejects]
    assert list(range(len(rows))) == sorted([*aside, *prepared.lines])
    assert len(rows) == prepared.read
    assert {len(prepared.lines)} == {
        len(prepared.keys), len(prepared.rids), len(prepared.groups),
        *map(len, prepared.columns.values()),
    }  # fmt: skip
    for line, risk, n in zip(
        prepared.lines, prepared.columns["risk"], prepared.columns["n"], strict=True
    ):
        assert {"low": "low", "HIGH": "high"}[rows[line]["risk"]] == risk
        assert rows[line].get("n") == n
