"""A row that is sought by its line or key is the row that a walk over the whole source meets there."""

import gzip
import json

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sftspec.build import read
from sftspec.engine import seek
from sftspec.engine.glimpse import Reader
from sftspec.engine.seek import Seeker, line_start, unchanged
from sftspec.ground.report import Fault

SPEC = """edition 2026
dataset d v0.1.0 {{ seed = 3, license = "X" }}
facet t {{ a "a", b "b" }}
source asks {{
  path = "data/{file}", key = {key}, origin = human, license = "X"
  fields {{ id: {kind}, ask: string, shop: string, t: facet t }}
  where ask != ""
  join shops on shop missing drop
  leave out gone on id
}}
source shops {{
  path = "data/shops.csv", key = code, role = reference, origin = human, license = "X"
  fields {{ code: string, name: string }}
}}
source gone {{
  path = "data/gone.jsonl", key = id, role = reference, origin = human, license = "X"
  fields {{ id: {kind} }}
}}
template x v1.0.0 {{ layer = skill, from asks as row, tags {{ t = row.t }}
  user "{{{{ row.ask }}}}", assistant "{{{{ row.shops.name }}}}" }}
emit {{ jsonl }}
"""
FILES = ("asks.jsonl", "asks.csv", "asks.json", "asks.parquet", "asks.jsonl.gz")


def rows_of(count):
    for n in range(count):
        yield {
            "id": f"k-{n:03d}", "ask": "" if n % 9 == 4 else f'one, "two"{chr(10) * (n % 9 == 0)}of {n}\u00e9',
            "shop": f"s{n % 4}", "t": "zz" if n % 7 == 3 else "ab"[n % 2],
        }  # fmt: skip


def write(path, rows):
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    match path.suffix:
        case ".json":
            path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
        case ".csv":
            quoted = ([one.replace('"', '""') for one in row.values()] for row in rows)
            body = "".join(",".join(f'"{one}"' for one in row) + "\n" for row in quoted)
            path.write_text("id,ask,shop,t\n" + body, encoding="utf-8")
        case ".parquet":
            pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=7)
        case _:
            whole = "\n".join([lines[0], "", "{broken", *lines[1:]]).encode()
            path.write_bytes(gzip.compress(whole) if path.suffix == ".gz" else whole)


def make(root, file, *, key="id", kind="string"):
    data = root / "data"
    data.mkdir()
    write(data / file, list(rows_of(40)))
    (data / "shops.csv").write_text(
        'code,name\ns0,"A\nB"\ns1,C\ns3,D\ns1,E\n', encoding="utf-8"
    )
    (data / "gone.jsonl").write_text('{"id": "k-011"}\n{"id": "k-012"}\n', encoding="utf-8")
    spec = root / "d.sft"
    spec.write_text(SPEC.format(file=file, key=key, kind=kind), encoding="utf-8")
    (root / "pyproject.toml").touch()
    graph, _, home = read(spec)
    return graph, home


@pytest.fixture(params=["small", "large"])
def size(request, monkeypatch):
    """Files are small; for the ways of large ones the bounds are lowered."""
    if request.param == "large":
        monkeypatch.setattr(seek, "FILTER_FROM", 0)
        monkeypatch.setattr(seek, "NEAR", 400)
        monkeypatch.setattr(seek, "BLOCK", 64)


def walked(graph, home):
    """Every row by its line: key and values of the good ones, the reason of others."""
    good, bad = {}, {}
    for chunk, prepared in Reader(graph, home).pieces("asks"):
        for at, line in enumerate(prepared.lines):
            values = {name: column[at] for name, column in prepared.columns.items()}
            good[chunk.line + line] = (prepared.keys[at], prepared.rids[at], values)
        for one in prepared.rejects:
            bad[chunk.line + one.line] = (one.key, one.reason)
    return good, bad


def told(row):
    values = {name: column[0] for name, column in row.prepared.columns.items()}
    return row.prepared.keys[0], row.prepared.rids[0], values


@pytest.mark.usefixtures("size")
@pytest.mark.parametrize("file", FILES)
def test_a_row_on_a_line_is_the_row_that_a_walk_meets_there(tmp_path, file):
    graph, home = make(tmp_path, file)
    good, bad = walked(graph, home)
    assert {"missing_field", "invalid_enum", "where", "unjoined", "left_out"} >= {
        reason for _, reason in bad.values() if reason != "invalid_json"
    }
    assert len(good) > 10
    for line in range(max([*good, *bad]) + 3):
        found = Seeker(graph, home).at("asks", f"data/{file}", line)
        there = {one.line: told(one) for one in found if not one.reject}
        aside = {one.line: (one.key, one.reject.reason) for one in found if one.reject}
        assert {at: row for at, row in good.items() if at == line} == there
        assert {at: why for at, why in bad.items() if at == line} == aside


@pytest.mark.usefixtures("size")
@pytest.mark.parametrize("file", FILES)
def test_a_row_of_a_key_is_the_row_that_a_walk_meets(tmp_path, file):
    graph, home = make(tmp_path, file)
    seeker = Seeker(graph, home)
    good, bad = walked(graph, home)
    for line, (key, *rest) in good.items():
        found = seeker.find("asks", key)
        assert (line, (key, *rest)) == (found.line, told(found))
        near = seeker.of("asks", f"data/{file}", line, key, 40)
        assert (line, (key, *rest)) == (near.line, told(near))
    keys = [key for key, _ in bad.values() if key is not None]
    assert [None] * len(keys) == [seeker.find("asks", key) for key in keys]


@pytest.mark.usefixtures("size")
def test_a_row_that_is_not_near_its_line_is_found_on_it(tmp_path):
    graph, home = make(tmp_path, "asks.jsonl")
    good, _ = walked(graph, home)
    line, (key, *_) = max(good.items())
    assert key == Seeker(graph, home).of("asks", "data/asks.jsonl", line, key, 10**9).key
    assert Seeker(graph, home).of("asks", "data/asks.jsonl", line, "k-999", 40) is None


@pytest.mark.usefixtures("size")
def test_keys_that_a_file_does_not_spell_are_found_all_the_same(tmp_path):
    graph, home = make(tmp_path, "asks.jsonl", key="auto")
    good, _ = walked(graph, home)
    seeker = Seeker(graph, home)
    assert all(line == seeker.find("asks", key).line for line, (key, *_) in good.items())
    assert seeker.find("asks", "k-001") is None


def test_a_line_begins_where_the_lines_before_it_end():
    data = b"a\n\nbc\n" + b"d" * 100 + b"\ne"
    starts = [line_start(data, line) for line in range(1, 8)]
    assert [0, 2, 3, 6, 107, len(data), len(data)] == starts


def test_a_file_is_unchanged_by_its_size_and_digest(tmp_path):
    from sftspec.engine.inputs import Reading, read_inputs
    from sftspec.engine.store import Store

    graph, home = make(tmp_path, "asks.jsonl")
    store = Store(tmp_path / "store")
    store.prepare()
    (file,) = read_inputs(graph, Reading(home, store, hashed=True))["asks"]
    entry = {"path": file.path, "bytes": file.size, "digest": file.digest}
    assert unchanged(graph, "asks", entry, home)
    path = home / file.path
    path.write_bytes(path.read_bytes().replace(b"k-001", b"k-00l"))
    assert not unchanged(graph, "asks", entry, home)
    assert not unchanged(graph, "asks", entry | {"bytes": 1}, home)
    path.unlink()
    with pytest.raises(Fault, match="no such file"):
        unchanged(graph, "asks", entry, home)


def test_a_key_of_several_fields_is_found(tmp_path):
    graph, home = make(tmp_path, "asks.csv", key="[id, shop]")
    good, _ = walked(graph, home)
    keys = [key for key, *_ in good.values()]
    assert all(isinstance(msgspec.json.decode(key), list) for key in keys)
    assert keys == [Seeker(graph, home).find("asks", key).key for key in keys]
