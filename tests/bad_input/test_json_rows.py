"""JSON Lines that hold bad rows: each is rejected with file, line, key and reason; none stops a build."""

import json

import pytest

from sftspec.ports import jsontext
from sftspec.ports.base import Problem
from sftspec.ports.sources import jsonl
from tests.bad_input.kit import SPEC, UNTOUCHED, Project, lines_of, row

PLAIN = """edition 2026
dataset d v0.1.0 { seed = 1, license = "CC0-1.0" }
facet topic { pay "money", law "rules" }
source rows {
  path = "data/rows.jsonl"
  key = id
  license = "CC0-1.0"
  fields { id: string, text: string, n: number optional, topic: facet topic optional }
}
template t v1.0.0 {
  layer = domain
  from rows as row
  tags { topic = pay }
  user "Say it."
  assistant "{{ row.text }}"
}
mixture { total = all }
emit { jsonl }
"""


def read(raw):
    """The values of a file, a problem as its reason and evidence."""
    found = [one.value for one in jsonl.rows(raw, b"")]
    return [(v.reason, v.evidence) if isinstance(v, Problem) else v for v in found]


NOT_NUMBERS = "NaN and Infinity are not JSON"
LARGE = "a number is too large to be kept"
HALF = "half of a surrogate pair (\\uD800 to \\uDFFF)"
DEEP = "nested more than 128 deep"
BAD = [
    (b'{"a":NaN}', "invalid_json", NOT_NUMBERS),
    (b'{"a":[-Infinity]}', "invalid_json", NOT_NUMBERS),
    (b'{"a":Infinity}', "invalid_json", NOT_NUMBERS),
    (b'{"a":1e999}', "out_of_range", LARGE),
    (b'{"a":-1e400}', "out_of_range", LARGE),
    (b'{"a":1,"a":2}', "duplicate_field", 'key "a" stands twice'),
    (b'{"a":1,"\\u0061":2}', "duplicate_field", 'key "a" stands twice'),
    (b'{"a" :1,"a"\t:2}', "duplicate_field", 'key "a" stands twice'),
    (b'{"b":[{"a":1,"x":{"y":1,"\\u0079":2}}]}', "duplicate_field", 'key "y" stands twice'),
    (b'{"":1,"":2}', "duplicate_field", 'key "" stands twice'),
    (b'{"k\\":":1,"k\\":":1}', "duplicate_field", 'key "k\\":" stands twice'),
    (b'{"a":1,"a":2,"n":' + b"9" * 4_300 + b"}", "duplicate_field", 'key "a" stands twice'),
    (b'{"a":1,"a":2,"b":' + b"[" * 100 + b"]" * 100 + b"}", "duplicate_field", "stands twice"),
    (b'{"a":"\\ud800"}', "invalid_json", HALF),
    (b'{"\\ud800x":1}', "invalid_json", ""),
    (b'{"a":"\\udc00\\ud800"}', "invalid_json", "surrogate"),
    (b'{"a":"\xff"}', "invalid_utf8", "byte 6 of the row is not UTF-8"),
    (b'{"a":"\xed\xa0\x80"}', "invalid_utf8", "byte 6 of the row is not UTF-8"),
    (b'{"a":"\xc0\x80"}', "invalid_utf8", "byte 6 of the row is not UTF-8"),
    ('{"a":1}'.encode("utf-16"), "invalid_utf8", "byte 0 of the row is not UTF-8"),
    (b'{"a":' + b"[" * 200 + b"]" * 200 + b"}", "invalid_json", DEEP),
    (b'{"a":' * 200 + b"1" + b"}" * 200, "invalid_json", DEEP),
    (b'{"a":' + b"[" * 995 + b"]" * 995 + b"}", "invalid_json", DEEP),
    (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "invalid_json", DEEP),
    (b'{"a":' + b"9" * 5_000 + b"}", "out_of_range", LARGE),
    (b'\xef\xbb\xbf{"a":1}', "invalid_json", "the row begins with a byte order mark"),
    (b'{"a":"x\x00y"}', "invalid_json", "invalid character"),
    (b'{"a":1}\x00', "invalid_json", "trailing characters"),
    (b'{"a":1} {"b":2}', "invalid_json", "trailing characters"),
    (b'{"a":1', "invalid_json", "truncated"),
    (b'{"a":01}', "invalid_json", "invalid number"),
    (b"[1]", "type_error", "the row is not an object"),
    (b"null", "type_error", "the row is not an object"),
    (b'"x"', "type_error", "the row is not an object"),
]


@pytest.mark.parametrize(("raw", "reason", "evidence"), BAD, ids=lambda x: ascii(x)[:40])
def test_a_row_that_cannot_be_read_says_why(raw, reason, evidence):
    (found,) = read(raw)
    assert reason == found[0]
    assert evidence in found[1]
    assert found[1].isprintable()


GOOD = [
    (b'{"a":18446744073709551616}', {"a": 2**64}),
    (b'{"a":-' + b"9" * 400 + b"}", {"a": -int("9" * 400)}),
    (b'{"a":"\\ud83d\\ude00"}', {"a": "\U0001f600"}),
    (b'{"a":"x\\u0000y"}', {"a": "x\0y"}),
    ('{"a":"x\u2028y\u2029z\x85"}'.encode(), {"a": "x\u2028y\u2029z\x85"}),
    (b'{"a":"NaN, \\"a\\":1"}', {"a": 'NaN, "a":1'}),
    (b'{"a":{"x":1},"b":{"x":1}}', {"a": {"x": 1}, "b": {"x": 1}}),
    (b'{"a":' + b"[" * 120 + b"]" * 120 + b"}", None),
    (b"{}", {}),
]


@pytest.mark.parametrize(("raw", "value"), GOOD, ids=lambda x: ascii(x)[:40])
def test_a_row_that_can_be_read_is_kept_exactly(raw, value):
    (found,) = read(raw)
    assert value is None or (value, list(map(type, value.values()))) == (
        found, list(map(type, found.values())),
    )  # fmt: skip


def test_lines_end_with_lf_or_cr_lf_and_blank_lines_are_no_rows():
    raw = b'{"a":1}\r\n\r\n  \n{"a":2}\n\n{"a":3}'
    assert [(0, {"a": 1}), (3, {"a": 2}), (5, {"a": 3})] == [
        (one.line, one.value) for one in jsonl.rows(raw, b"")
    ]


def test_a_bad_row_hides_no_doubled_key_of_its_neighbours():
    lines = [
        b'{"a":1,"a":2}',
        b'{"b":"\\":"',
        b'{"c":"\\":\\":"}',
        b'{"d":{"e":1,"e":2}}',
        b'{"f":1}',
    ]
    reasons = [
        found[0] if isinstance(found, tuple) else found for found in read(b"\n".join(lines))
    ]
    assert ["duplicate_field", "invalid_json", {"c": '":":'}, "duplicate_field", {"f": 1}] == reasons  # fmt: skip


# whole builds


def built(tmp_path, data, spec=PLAIN, *words):
    project = Project(tmp_path, spec, {"data/rows.jsonl": data})
    done = project.run("build", "m.sft", "--log", "none", "--format", "json", *words)
    assert done.code == 0, done.err
    assert done.err == ""
    found = project.snapshot()
    answer = json.loads(done.out)
    assert answer["verdict"] == "ok"
    counts = found.counts
    assert counts["rows_read"] == counts["rows_used"] + counts["rows_rejected"]
    assert counts["rows_rejected"] == sum(r["stage"] == "ingest" for r in found.rejects)
    return found


def test_bad_rows_are_set_aside_with_file_line_and_reason(tmp_path):
    good = [b'{"id":"good %d","text":"t %d"}' % (at, at) for at in range(len(BAD) + 1)]
    data = b"".join(line + b"\n" for pair in zip(good, [raw for raw, _, _ in BAD], strict=False) for line in pair)  # fmt: skip
    found = built(tmp_path, data)
    assert [("data/rows.jsonl", 2 * (at + 1), reason) for at, (_, reason, _) in enumerate(BAD)] == [
        (r["file"], r["line"], r["reason"]) for r in found.rejects
    ]  # fmt: skip
    assert len(BAD) == found.counts["rows_used"]
    assert all(len(r["evidence"]) <= 200 for r in found.rejects)


def test_bad_values_are_set_aside_with_their_key(tmp_path):
    data = lines_of(
        {"id": "a", "text": 1}, {"id": "b"}, {"id": "c", "text": None}, {"text": "no key"},
        {"id": "e", "text": "t", "n": "1"}, {"id": "f", "text": "t", "n": True},
        {"id": "g", "text": "t", "topic": "pai"}, {"id": "h\u202e\x1b", "text": []},
        {"id": "good", "text": "t"}, {"id": "good", "text": "u"}, {"id": 5, "text": "t"},
    )  # fmt: skip
    found = built(tmp_path, data)
    assert [
        (1, "a", "type_error"), (2, "b", "missing_field"), (3, "c", "type_error"),
        (4, None, "missing_field"), (5, "e", "type_error"), (6, "f", "type_error"),
        (7, "g", "invalid_enum"), (8, "h\u202e\x1b", "type_error"),
        (10, "good", "duplicate-key"), (11, "5", "type_error"),
    ] == [(r["line"], r.get("key"), r["reason"]) for r in found.rejects]  # fmt: skip
    assert all(r["evidence"].isprintable() for r in found.rejects)


def test_numbers_of_any_size_are_written_as_they_came(tmp_path):
    numbers = [2**64, -(2**63) - 1, int("9" * 400), 0.1, -0.0, 1e300, 5e-324]
    rows = [row(id=str(at), n=n) for at, n in enumerate(numbers)]
    spec = SPEC.replace("terms: Terms\n", "terms: Terms\n    n: number\n")
    spec = spec.replace("{{ how }} {{ row.text }}", "{{ row.n }}")
    found = built(tmp_path, lines_of(*rows), spec)
    assert sorted(map(repr, numbers)) == sorted(
        repr(json.loads(user.split(" ")[0])) for user in found.users
    )


def test_text_is_kept_to_the_character(tmp_path):
    texts = [
        "a\0b",
        "\u2028\u2029\x85",
        "\u202e\x1b[2J",
        "a\r\nb\n",
        " x ",
        "\ufeff",
        "e\u0301",
        "\U000e0041",
    ]
    spec = SPEC.replace("{{ how }} {{ row.text }} {{ focus[row.topic] }}", "[{{ row.text }}]")
    found = built(
        tmp_path, lines_of(*(row(id=str(at), text=t) for at, t in enumerate(texts))), spec
    )
    assert sorted(f"[{text}]" for text in texts) == sorted(found.users)


def test_a_row_of_many_mebibytes_is_set_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(jsontext, "MAX_ROW", 1 << 20)
    data = lines_of({"id": "big", "text": "x" * (1 << 20)}, {"id": "good", "text": "t"})
    found = built(tmp_path, data)
    assert [(1, "row_too_long")] == [(r["line"], r["reason"]) for r in found.rejects]
    assert "x" * 100 not in found.rejects[0]["evidence"]


@pytest.mark.parametrize("data", ["", "\n", "\n \n\t\n", "\r\n"])
def test_a_file_without_rows_makes_no_dataset(tmp_path, data):
    project = Project(tmp_path, PLAIN, {"data/rows.jsonl": data})
    done = project.run("build", "m.sft", "--log", "none", "--format", "json")
    answer = json.loads(done.out)
    assert (1, "empty", {"rows": 0}) == (done.code, answer["verdict"], answer["rows_read"])
    assert UNTOUCHED == project.sealed()


def test_rows_that_are_all_set_aside_make_no_dataset(tmp_path):
    """What took them is said, and a snapshot that was there stays."""
    project = Project(tmp_path, PLAIN, {"data/rows.jsonl": lines_of({"id": "1", "text": "t"})})
    assert 0 == project.run("build", "m.sft", "--log", "none").code
    before = project.sealed()
    project.write("data/rows.jsonl", lines_of({"id": 1}, {"id": "2"}, {"id": "3"}))
    done = project.run("build", "m.sft", "--log", "none")
    assert 1 == done.code
    assert "error[empty-dataset]" in done.err
    assert "`missing_field` on source `rows` took 2" in done.err
    assert before == project.sealed()


@pytest.mark.parametrize("chunk", [16, 64, 1 << 20])
def test_line_numbers_hold_in_small_chunks(tmp_path, chunk):
    data = b"".join(
        b"{bad\n" if at % 7 == 3 else b"\n" if at % 5 == 2 else b'{"id":"%d","text":"t"}\n' % at
        for at in range(200)
    )
    found = built(tmp_path, data, PLAIN, "--chunk-bytes", str(chunk))
    assert [at + 1 for at in range(200) if at % 7 == 3] == [r["line"] for r in found.rejects]
