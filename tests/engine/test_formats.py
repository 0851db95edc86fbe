"""The same rows give the same records, whatever file they stand in; and what is no such file says so."""

import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from sftspec.build import Settings, build
from sftspec.engine.log import Log
from sftspec.ground.report import Fault

SPEC = """edition 2026
dataset d v0.1.0 { seed = 1, license = "CC0-1.0" }
source rows {
  path = "data/rows.jsonl"
  key = id
  license = "CC0-1.0"
  fields {
    id: string
    text: string from "Odd.Name, \\"so\\""
    note: string | null
    n: integer
    tags: [string]
  }
}
template t v1.0.0 {
  layer = domain
  from rows as row
  user "{{ row.n }} {{ row.text }}{% for tag in row.tags %} #{{ tag }}{% endfor %}"
  assistant "{{ row.note | default(\\"-\\") }}"
}
emit { jsonl }
"""
ODD = 'Odd.Name, "so"'
TEXTS = [
    "plain", "{{ row.id }} {% raw %}", "a\u2028b\u2029c\x85", "two\r\nlines\n", '"quoted", \'so\'', "\ttab ", "\U0001f600\u00e9e\u0301",
    "\ufeffmark", "-1", "=HYPERLINK()", "null", "1e5", " ",
]  # fmt: skip
ROWS = [
    {"id": f"r{at}", ODD: text, "note": (None, "x", "N/A")[at % 3], "n": at * 10**at, "tags": ["a b", "c"][: at % 3]}
    for at, text in enumerate(TEXTS)
]  # fmt: skip


def jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def sheet(rows, delimiter):
    out = io.StringIO()
    lines = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, lineterminator="\r\n")
    lines.writeheader()
    lines.writerows(
        {**row, "tags": json.dumps(row["tags"]), "note": row["note"] or ""} for row in rows
    )
    return out.getvalue().encode()


def table(rows):
    kinds = {
        "id": pa.string(),
        ODD: pa.large_string(),
        "note": pa.string(),
        "n": pa.int64(),
        "tags": pa.list_(pa.string()),
    }
    return pa.table(
        {name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()}
    )


def parquet(rows, **how):
    sink = pa.BufferOutputStream()
    pq.write_table(table(rows), sink, **how)
    return sink.getvalue().to_pybytes()


def stream(rows):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table(rows).schema) as out:
        out.write_table(table(rows), max_chunksize=4)
    return sink.getvalue().to_pybytes()


def mapped(rows):
    return {
        row["id"]: {name: value for name, value in row.items() if name != "id"} for row in rows
    }


LIST = "tags: [string] from json"
FORMATS = {  # the path and further lines of the source, a field's other type, and the files
    "lines": ('"rows.jsonl"', {}, {"rows.jsonl": jsonl(ROWS)}),
    "two files": ('"rows-*.jsonl"', {}, {"rows-1.jsonl": jsonl(ROWS[:5]), "rows-2.jsonl": jsonl(ROWS[5:])}),
    "CR LF": ('"rows.jsonl"', {}, {"rows.jsonl": jsonl(ROWS).replace(b"\n", b"\r\n")[:-2]}),
    "gzip": ('"rows.jsonl.gz"', {}, {"rows.jsonl.gz": gzip.compress(jsonl(ROWS))}),
    "packed or not": ('"*.jsonl*", format = jsonl', {}, {"a.jsonl.zst": zstandard.compress(jsonl(ROWS[:3])), "b.jsonl": jsonl(ROWS[3:])}),
    "an array": ('"rows.json"', {}, {"rows.json": json.dumps(ROWS, indent=2).encode()}),
    "a map": ('"rows.json"', {"id: string": "id: string from map_key"}, {"rows.json": json.dumps(mapped(ROWS)).encode()}),
    "a packed map": ('"rows.json.zst"', {"id: string": "id: string from map_key"}, {"rows.json.zst": zstandard.compress(json.dumps(mapped(ROWS), ensure_ascii=False).encode())}),
    "another name": ('"rows.data", format = json', {}, {"rows.data": json.dumps(ROWS).encode()}),
    "CSV": ('"rows.csv"', {"tags: [string]": LIST}, {"rows.csv": sheet(ROWS, ",")}),
    "TSV, packed": ('"rows.tsv.gz"', {"tags: [string]": LIST}, {"rows.tsv.gz": gzip.compress(sheet(ROWS, "\t"))}),
    "Parquet": ('"rows.parquet"', {}, {"rows.parquet": parquet(ROWS, row_group_size=3)}),
    "Parquet, otherwise": ('"rows", format = parquet', {}, {"rows": parquet(ROWS, compression="zstd", use_dictionary=False)}),
    "Arrow": ('"rows.arrow"', {}, {"rows.arrow": stream(ROWS)}),
    "a hub folder": ('"hub", format = hf', {}, {"hub/data/train-00000-of-00002.parquet": parquet(ROWS[:4]), "hub/data/train-00001-of-00002.parquet": parquet(ROWS[4:]), "hub/README.md": b"x", "hub/data/test-00000-of-00001.parquet": parquet(ROWS[:1])}),
    "another split": ('"hub", format = hf, split = validation', {}, {"hub/dev.jsonl.gz": gzip.compress(jsonl(ROWS)), "hub/train.jsonl": b"{}\n"}),
    "a saved folder": ('"hub", format = hf, split = train_sft', {}, {
        "hub/train_sft/data-00000-of-00001.arrow": stream(ROWS), "hub/train_sft/state.json": b'{"_data_files":[{"filename":"data-00000-of-00001.arrow"}],"_split":"train_sft"}',
        "hub/test/data-00000-of-00001.arrow": b"", "hub/test/state.json": b'{"_data_files":[{"filename":"data-00000-of-00001.arrow"}]}',
    }),
}  # fmt: skip


def laid(home, path, changes, files):
    spec = SPEC.replace('"data/rows.jsonl"', path.replace('"', '"data/', 1))
    for old, new in changes.items():
        assert old in spec
        spec = spec.replace(old, new)
    home.mkdir(parents=True, exist_ok=True)
    (home / "pyproject.toml").touch()
    (home / "d.sft").write_text(
        spec.replace(", format", "\n  format").replace(", split", "\n  split")
    )
    for name, data in files.items():
        place = home / "data" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return home / "d.sft"


def built(spec, **more):
    return build(spec, Settings(**{"engine": "local", **more}), Log())


@pytest.fixture(scope="module")
def wanted(tmp_path_factory):
    found = built(laid(tmp_path_factory.mktemp("lines"), *FORMATS["lines"]))
    text = (found.folder / "train.jsonl").read_bytes()
    users = [json.loads(line)["messages"][0]["content"] for line in text.splitlines()]
    assert sorted(f"{row['n']} {row[ODD]}{''.join(f' #{tag}' for tag in row['tags'])}" for row in ROWS) == sorted(users)  # fmt: skip
    return text


@pytest.mark.parametrize("chunk", [1, 1 << 24])
@pytest.mark.parametrize("name", FORMATS)
def test_equal_rows_are_equal_records_in_any_format(wanted, tmp_path, name, chunk):
    done = built(laid(tmp_path, *FORMATS[name]), chunk_bytes=chunk)
    assert wanted == (done.folder / "train.jsonl").read_bytes()
    assert {"rows": len(ROWS)} == {
        key: one["read"] for key, one in done.manifest.sources.items()
    }


def test_rows_that_a_table_has_not_count_from_one(tmp_path):
    rows = [*ROWS[:2], {**ROWS[2], "note": None, "id": None}, ROWS[3]]
    spec = laid(
        tmp_path, '"rows.parquet"', {}, {"rows.parquet": parquet(rows, row_group_size=2)}
    )
    done = built(spec)
    (reject,) = [
        json.loads(line) for line in (done.folder / "rejected.jsonl").read_bytes().splitlines()
    ]
    assert ("data/rows.parquet", 3, "type_error") == (
        reject["file"],
        reject["line"],
        reject["reason"],
    )


# ------------------------------------------------------------------ what cannot be read

JUNK = {
    "rows.json": [(b"", "it is empty"), (b"[{}", "the file ends where"), (jsonl(ROWS), "something stands behind")],
    "rows.parquet": [(b"", "it is empty"), (jsonl(ROWS), "no Parquet file"), (parquet(ROWS)[:-9], "no Parquet file")],
    "rows.arrow": [(b"", "it is empty"), (parquet(ROWS), "no Arrow stream"), (stream(ROWS)[:-300], "")],
}  # fmt: skip


@pytest.mark.parametrize(("name", "at"), [(name, at) for name in JUNK for at in range(3)])
def test_a_file_that_is_none_of_its_format_is_a_fault(tmp_path, name, at):
    data, why = JUNK[name][at]
    with pytest.raises(Fault) as caught:
        built(laid(tmp_path, f'"{name}"', {}, {name: data}))
    assert ("bad-file", f"data/{name}") == (caught.value.slug, caught.value.path)
    assert f"source `rows`: `data/{name}` cannot be read: " in caught.value.message
    assert why in caught.value.message
    assert "is it whole" in caught.value.hint


def test_a_page_that_is_damaged_is_a_fault_and_no_change(tmp_path):
    data = bytearray(parquet(ROWS, compression="zstd"))
    data[60:90] = bytes(30)
    with pytest.raises(Fault) as caught:
        built(laid(tmp_path, '"rows.parquet"', {}, {"rows.parquet": bytes(data)}))
    assert ("bad-file", "data/rows.parquet") == (caught.value.slug, caught.value.path)


@pytest.mark.parametrize(
    ("change", "slug", "words"),
    [
        ({"note: string | null": 'note: string | null from "nope"'}, "missing-column", "`data/rows.parquet` has no column `nope`"),
        ({"note: string | null": 'note: string | null from "not"'}, "missing-column", "did you mean `note`?"),
        ({"note: string | null": "note: string | null\n    more: string optional"}, None, ""),
        ({'from "Odd.Name': 'from "Odd_Name'}, "missing-column", "no column `Odd_Name"),
    ],
)  # fmt: skip
def test_columns_of_a_table_are_held_against_the_fields(tmp_path, change, slug, words):
    spec = laid(tmp_path, '"rows.parquet"', change, {"rows.parquet": parquet(ROWS)})
    if slug is None:
        assert built(spec).manifest.counts["rows_used"] == len(ROWS)
        return
    with pytest.raises(Fault) as caught:
        built(spec)
    assert slug == caught.value.slug
    assert words in f"{caught.value.message} {caught.value.hint}"


def test_a_column_that_stands_twice_is_a_fault_where_a_field_reads_it(tmp_path):
    twice = table(ROWS)
    twice = pa.Table.from_arrays(
        [*twice.columns, twice["note"], twice["n"]], [*twice.column_names, "note", "idle"]
    )
    sink = pa.BufferOutputStream()
    pq.write_table(twice.rename_columns([*twice.column_names[:-2], "note", "idle"]), sink)
    with pytest.raises(Fault) as caught:
        built(
            laid(tmp_path, '"rows.parquet"', {}, {"rows.parquet": sink.getvalue().to_pybytes()})
        )
    assert "duplicate-column" == caught.value.slug
    assert "`data/rows.parquet` has 2 columns `note`" in caught.value.message


def test_a_split_that_is_not_there_is_a_fault(tmp_path):
    path, _, files = FORMATS["a hub folder"]
    with pytest.raises(Fault) as caught:
        built(laid(tmp_path, path + ", split = tests", {}, files))
    assert ("unknown-split", "data/hub") == (caught.value.slug, caught.value.path)
    assert "did you mean `test`?" == caught.value.hint


def test_a_folder_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(Fault) as caught:
        built(laid(tmp_path, '"nowhere", format = hf', {}, {}))
    assert "source-not-found" == caught.value.slug
