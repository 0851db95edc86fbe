"""CSV and TSV that hold bad rows or a bad head, and cells that are kept to the byte."""

import json

import pytest

from sftspec.ports import cells
from sftspec.ports.base import Problem, source_format
from tests.bad_input.kit import UNTOUCHED, Project

SPEC = """edition 2026
dataset d v0.1.0 { seed = 1, license = "CC0-1.0" }
facet topic { pay "money", law "rules" }
source rows {
  path = "data/rows.csv"
  key = id
  license = "CC0-1.0"
  fields { id: string, text: string from "Text", n: integer optional }
}
template t v1.0.0 {
  layer = domain
  from rows as row
  tags { topic = pay }
  user "[{{ row.text }}]"
  assistant "Row {{ row.id }}."
}
mixture { total = all }
emit { jsonl }
"""


def read(raw, kind="csv"):
    shape = source_format(kind)
    data = raw if isinstance(raw, bytes) else raw.encode()
    head = shape.head_end(data, len(data))
    ends = list(shape.row_ends(data, head, len(data)))
    assert ends == sorted(ends)
    assert not ends or ends[-1] == len(data)
    found = [one.value for one in shape.rows(data[head:], data[:head])]
    return [
        (v.reason, v.evidence) if isinstance(v, Problem) else tuple(v.values()) for v in found
    ]


NEVER = ("invalid_csv", "a quoted cell is never closed")
BEHIND = ("invalid_csv", "text stands behind a closing quote")
RETURN = ("invalid_csv", "a carriage return stands outside quotes")
ROWS = [
    ('a,b\n1,"x\ny"\n2,z\n', [("1", "x\ny"), ("2", "z")]),
    ('a,b\r\n1,"x\r\ny"\r\n2,z\r\n', [("1", "x\r\ny"), ("2", "z")]),
    ('a,b\n1,"x ""y"" z"\n', [("1", 'x "y" z')]),
    ('a,b\n1," x "\n2, y \n', [("1", " x "), ("2", " y ")]),
    ("a,b\n1,x\n\n2,y\n\r\n", [("1", "x"), ("2", "y")]),
    ("a,b\n1,x", [("1", "x")]),
    ("\ufeffa,b\n1,x\n", [("1", "x")]),
    ("a,b\n1,x\u2028\u2029\x85\x0b\x0c\x1c\n2,y\n", [("1", "x\u2028\u2029\x85\x0b\x0c\x1c"), ("2", "y")]),
    ("a,b\n1,x\0y\n", [("1", "x\0y")]),
    ("a,b\n1,x,y\n2\n3,z\n", [("invalid_csv", "3 cells where the head names 2"), ("invalid_csv", "1 cells where the head names 2"), ("3", "z")]),
    (b"a,b\n1,\xff\n2,y\n", [("invalid_utf8", "a cell is not UTF-8"), ("2", "y")]),
    ('a,b\n1,"x\n2,y\n', [NEVER]),
    ('a,b\n1,"x"y\n2,z\n', [BEHIND, ("2", "z")]),
    ("a,b\n1,x\ry\n2,z\n", [RETURN, ("2", "z")]),
    ('a,b\n1,x"y"\n', [("1", 'x"y"')]),
    ("a,b\n", []), ("a,b", []), ("", []),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "rows"), ROWS, ids=lambda x: ascii(x)[:40])
def test_a_file_of_cells_is_read_to_the_byte(raw, rows):
    assert rows == read(raw)
    if isinstance(raw, str) and "," in raw:
        tabs = [(a.replace(",", "\t"), b) if a == "invalid_csv" else (a, b) for a, b in rows]
        assert tabs == read(raw.replace(",", "\t"), "tsv")


def test_a_huge_cell_is_set_aside(monkeypatch):
    monkeypatch.setattr(cells, "MAX_CELL", 1_000)
    found = read("a,b\n1," + "x" * 1_001 + "\n2,y\n")
    assert "invalid_csv" == found[0][0]
    assert ("2", "y") == found[1]


def project_of(tmp_path, data, spec=SPEC):
    return Project(tmp_path, spec, {"data/rows.csv": data})


def built(tmp_path, data, *words):
    project = project_of(tmp_path, data)
    done = project.run("build", "m.sft", "--log", "none", "--format", "json", *words)
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["verdict"] == "ok"
    found = project.snapshot()
    counts = found.counts
    assert counts["rows_read"] == counts["rows_used"] + counts["rows_rejected"]
    assert counts["rows_rejected"] == sum(r["stage"] == "ingest" for r in found.rejects)
    return found


@pytest.mark.parametrize("chunk", [16, 1 << 20])
def test_bad_rows_are_set_aside_with_file_line_key_and_reason(tmp_path, chunk):
    data = (
        "id,Text,n,more\r\n"
        'one,"a\r\n\r\nb",1,\r\n'
        "two,x,1.5,\r\n"
        "three,y\r\n"
        'four,"quo""te",18446744073709551616,\r\n'
        ",no key is a key too,,\r\n"
        "one,again,,\r\n"
        'six,"never closed,,\r\n'
        "seven,swallowed,,\r\n"
    )
    found = built(tmp_path, data, "--chunk-bytes", str(chunk))
    assert [
        (5, "two", "type_error"), (6, None, "invalid_csv"), (9, "one", "duplicate-key"), (10, None, "invalid_csv"),
    ] == [(r["line"], r.get("key"), r["reason"]) for r in found.rejects]  # fmt: skip
    assert {"data/rows.csv"} == {r["file"] for r in found.rejects}
    assert sorted(["[a\r\n\r\nb]", '[quo"te]', "[no key is a key too]"]) == sorted(found.users)


@pytest.mark.parametrize("data", ["", "id,Text\n", "id,Text", "\ufeffid,Text\r\n\r\n"])
def test_a_file_without_rows_makes_no_dataset(tmp_path, data):
    project = project_of(tmp_path, data)
    done = project.run("build", "m.sft", "--log", "none", "--format", "json")
    answer = json.loads(done.out)
    assert (1, "empty", {"rows": 0}) == (done.code, answer["verdict"], answer["rows_read"])
    assert UNTOUCHED == project.sealed()


HEADS = [
    ("id,Txt\n1,a\n", "missing-column", "has no column `Text`", "did you mean"),
    ("id\n1\n", "missing-column", "has no column `Text`", "it has `id`"),
    ("text,id\na,1\n", "missing-column", "has no column `Text`", "`text`"),
    ("\nid,Text\n1,a\n", "missing-column", "has no column `id`", "it has none"),
    ("id;Text\n1;a\n", "missing-column", "has no column `id`", "`id;Text`"),
    ("id,Text,Text\n1,a,b\n", "duplicate-column", "2 columns `Text`", ""),
    ("id,Text,n,n\n1,a,1,2\n", "duplicate-column", "2 columns `n`", ""),
    (b"id,Text\xff\n1,a\n", "bad-head", "byte 7 is not UTF-8", ""),
    ('"id,Text\n1,a\n2,b\n', "bad-head", "a quoted cell is never closed", ""),
    ("id,Text\r1,a\r2,b\r", "bad-head", "a carriage return stands outside quotes", ""),
    ('id,"Text\n' + "1,a\n" * 300_000, "bad-head", "has more than 1 MiB", "never closed"),
    ("id\x1b[2J\u202e,Txt\n1,a\n", "missing-column", "has no column `id`", ""),
]


@pytest.mark.parametrize(("data", "slug", "words", "hint"), HEADS, ids=lambda x: ascii(x)[:30])
def test_a_bad_head_is_a_fault_that_names_source_file_and_columns(tmp_path, data, slug, words, hint):  # fmt: skip
    project = project_of(tmp_path, data)
    for again in (False, True):  # the second time a stat record stands in for the file
        done = project.run("build", "m.sft", "--log", "none")
        assert (done.code, done.out) == (3, ""), again
        first, _, rest = done.err.partition("\n")
        assert first.startswith(f"fault[{slug}]: source `rows`: ")
        assert "`data/rows.csv`" in first
        assert words in first
        assert hint in rest
    assert project.sealed() == UNTOUCHED


def test_a_column_that_may_be_absent_or_is_not_asked_for_is_no_matter(tmp_path):
    found = built(tmp_path, "x,Text,x,id\n,a,,1\n")
    assert ["[a]"] == found.users


def test_a_field_that_comes_later_finds_its_column_missing_too(tmp_path):
    data = "id,Text\n1,a\n"
    project = project_of(tmp_path, data)
    assert project.run("build", "m.sft", "--log", "none").code == 0
    project.write("m.sft", SPEC.replace("n: integer optional", "n: integer"))
    assert project.run("build", "m.sft", "--log", "none").code == 3


def test_a_text_file_has_one_column(tmp_path):
    spec = SPEC.replace("rows.csv", "*.txt").replace("key = id", "key = auto")
    spec = spec.replace(", n: integer optional", "").replace("id: string, ", "id: string from file_stem, ")  # fmt: skip
    project = Project(tmp_path, spec, {"data/a.txt": b"x\r\ny\0\n", "data/b.txt": b"\xff"})
    done = project.run("build", "m.sft", "--log", "none")
    assert done.code == 3
    assert "fault[missing-column]: source `rows`: `data/a.txt` has no column `Text`" in done.err
    project.write("m.sft", spec.replace(' from "Text"', ""))
    assert project.run("build", "m.sft", "--log", "none").code == 0
    found = project.snapshot()
    assert ["[x\r\ny\0\n]"] == found.users
    assert [("data/b.txt", 1, "invalid_utf8")] == [(r["file"], r["line"], r["reason"]) for r in found.rejects]  # fmt: skip
