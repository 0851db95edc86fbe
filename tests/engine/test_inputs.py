"""What a build trusts of its sources: stat records, chunks, heads, and files that change meanwhile."""

import json
import os
from pathlib import Path
import random
import shutil

import msgspec
import pytest

from sftspec.engine import inputs, work
from sftspec.engine.inputs import DEFAULT_CHUNK, Reading, cut, read_inputs
from sftspec.engine.local import LocalEngine
from sftspec.engine.log import Log
from sftspec.engine.run import Run
from sftspec.engine.store import Store
from sftspec.ground.report import Fault
from sftspec.ports.base import source_format

SECOND = 1_000_000_000


class Reader:
    """Reads the inputs of a project again and again; counts the files that were gone through."""

    def __init__(self, home, monkeypatch):
        from sftspec.build import read

        self.graph, _, self.root = read(home / "small.sft")
        self.store = Store(home / ".sftspec" / "v1")
        self.store.prepare()
        self.scanned = []
        scan = inputs._scan

        def counting(part, path, *rest, **more):
            self.scanned.append(path)
            return scan(part, path, *rest, **more)

        monkeypatch.setattr(inputs, "_scan", counting)
        self.patch = monkeypatch

    def at(self, seconds):
        """Read so long after the newest file was written: what was found, what was gone through."""
        files = (self.root / "data").iterdir()
        now = max(max(s.st_mtime_ns, s.st_ctime_ns) for s in map(os.stat, files))
        self.patch.setattr(inputs.time, "time_ns", lambda: now + int(seconds * SECOND))
        return self.read()

    def read(self, **how):
        """The files as they are known once the tasks have hashed what they read."""
        self.scanned.clear()
        reading = Reading(self.root, self.store, **how)
        engine = LocalEngine(self.root, self.store)
        run = Run(self.graph, read_inputs(self.graph, reading), reading, engine, Log())
        run.chunk_work()
        return run.inputs, sorted(self.scanned)


ALL = ["data/asks-1.jsonl", "data/asks-2.jsonl", "data/books.csv", "data/terms.csv"]


@pytest.fixture
def reader(builder, monkeypatch):
    return Reader(builder.home, monkeypatch)


# ---- stat records


def test_a_record_vouches_only_for_a_file_that_had_been_still(reader):
    for seconds in (0, 1, 1.9):
        assert ALL == reader.at(seconds)[1]
    first, scanned = reader.at(2.1)
    assert ALL == scanned
    assert (first, []) == reader.at(2.1)
    assert (first, []) == reader.at(10**9)


def test_a_record_of_the_future_vouches_for_nothing(reader):
    reader.at(-(10**6))
    assert ALL == reader.at(-(10**6))[1]


def test_rehash_reads_all_the_same(reader):
    found, _ = reader.at(10)
    assert (found, []) == reader.read()
    assert (found, ALL) == reader.read(rehash=True)


def test_rehash_finds_what_a_stat_hides(reader, monkeypatch):
    """Other bytes under an equal stat, as a bad disk or a file system without fine times has them."""
    known, _ = reader.at(10)
    path = reader.root / "data" / "terms.csv"
    sign = {path.stat().st_ino: known["terms"][0].sign}
    path.write_bytes(path.read_bytes().replace(b"term 3", b"term X"))
    honest = inputs.signature
    for module in (inputs, work):
        monkeypatch.setattr(
            module, "signature", lambda d: sign.get(os.fstat(d).st_ino) or honest(d)
        )
    assert (known, []) == reader.read()
    found, _ = reader.read(rehash=True)
    assert known["terms"] != found["terms"]
    assert {n: f for n, f in known.items() if n != "terms"} == {
        n: f for n, f in found.items() if n != "terms"
    }


def rewritten(path):
    path.write_bytes(path.read_bytes().replace(b"term 3", b"term X"))


def rewritten_with_its_old_time(path):
    times = path.stat()
    rewritten(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def replaced_by_another(path):
    copy = path.with_suffix(".new")
    shutil.copyfile(path, copy)
    shutil.copystat(path, copy)
    copy.rename(path)


def longer(path):
    with path.open("ab") as stream:
        stream.write(b"term 99,sense 99,low\n")


@pytest.mark.parametrize(
    "change", [rewritten, rewritten_with_its_old_time, replaced_by_another, longer, Path.touch]
)
def test_a_file_that_was_touched_is_read_again(reader, change):
    reader.at(10)
    change(reader.root / "data" / "terms.csv")
    assert ["data/terms.csv"] == reader.at(10)[1]
    assert [] == reader.at(10)[1]


def test_a_record_for_other_chunks_is_none(reader):
    reader.at(10)
    assert ALL == reader.read(chunk_bytes=500)[1]
    assert [] == reader.read(chunk_bytes=500)[1]


def test_a_record_of_another_kind_is_none(reader):
    found, _ = reader.at(10)
    for path in (reader.store.root / "stat").iterdir():
        record = reader.store.record("stat", path.stem)
        for change in (
            {"scan": 0},
            {"file": {}},
            {"file": record["file"] | {"still": False}},
            {"chunk_bytes": "many"},
        ):
            reader.store.note("stat", path.stem, record | change)
            again, scanned = reader.read()
            assert (found, 1) == (again, len(scanned))
            reader.store.note("stat", path.stem, record)


# ---- sources that change while they are read


class Meddling(LocalEngine):
    """An engine before whose first task somebody writes to a source."""

    deed = None

    def map(self, tasks):
        if type(self).deed:
            deed, type(self).deed = type(self).deed, None
            deed()
        return super().map(tasks)


def clean_id(builder, tmp_path):
    """The id that a build from nothing comes to."""
    home = tmp_path / "clean"
    shutil.copytree(builder.home / "data", home / "data")
    for name in ("small.sft", "pyproject.toml"):
        shutil.copyfile(builder.home / name, home / name)
    return type(builder)(home)().id


@pytest.mark.parametrize("name", ["terms.csv", "asks-1.jsonl", "books.csv"])
@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(path.read_bytes().replace(b"e", b"i")),
        lambda path: path.write_bytes(path.read_bytes() + b"\n"),
        lambda path: path.write_bytes(path.read_bytes()[:-10]),
        lambda path: path.write_bytes(b""),
        replaced_by_another,
    ],
    ids=["same size", "longer", "shorter", "empty", "replaced"],
)
def test_a_source_that_changes_before_its_task_is_a_fault(builder, tmp_path, name, change):
    path = builder.home / "data" / name
    before = path.read_bytes()
    Meddling.deed = lambda: change(path)
    with pytest.raises(Fault) as caught:
        builder(Meddling)
    assert ("source-changed", f"data/{name}") == (caught.value.slug, caught.value.path)
    assert not (builder.home / "compiled").exists()
    path.write_bytes(before)
    assert clean_id(builder, tmp_path) == builder().id


def test_a_source_that_is_gone_before_its_task_is_a_fault(builder):
    Meddling.deed = (builder.home / "data" / "terms.csv").unlink
    with pytest.raises(Fault) as caught:
        builder(Meddling)
    assert "file-not-found" == caught.value.slug


@pytest.mark.parametrize("module", [inputs, work])
def test_a_source_that_changes_in_the_middle_of_a_read_is_a_fault(builder, monkeypatch, module):
    """Between the first look at the file's state and the last."""
    path = builder.home / "data" / "terms.csv"
    honest, seen = module.signature, []

    def meddle(descriptor):
        found = honest(descriptor)
        if os.fstat(descriptor).st_ino == path.stat().st_ino:
            seen.append(found)
            if len(seen) == 1:
                rewritten_with_its_old_time(path)
        return found

    monkeypatch.setattr(module, "signature", meddle)
    with pytest.raises(Fault) as caught:
        builder()
    assert ("source-changed", "data/terms.csv") == (caught.value.slug, caught.value.path)


def test_what_was_made_of_a_source_that_changed_is_not_used_for_it(builder, tmp_path):
    """A build that ended in `source-changed` leaves nothing wrong in the store."""
    path = builder.home / "data" / "asks-1.jsonl"
    other = path.read_bytes().replace(b"Page", b"Leaf")
    Meddling.deed = lambda: path.write_bytes(other)
    with pytest.raises(Fault, match="changed"):
        builder(Meddling, chunk_bytes=300)
    assert path.read_bytes() == other
    wanted = clean_id(builder, tmp_path)
    assert wanted == builder(chunk_bytes=300).id
    assert wanted == builder().id


# ---- heads


@pytest.mark.parametrize("chunk_bytes", [1, 60, DEFAULT_CHUNK])
def test_a_head_that_names_the_columns_otherwise_makes_other_rows(
    builder, tmp_path, chunk_bytes
):
    """Equal rows under a head of equal length are not the same rows."""
    path = builder.home / "data" / "terms.csv"
    first = builder(chunk_bytes=chunk_bytes).id
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("term,sense,", "sense,term,", 1), encoding="utf-8")
    second = builder(chunk_bytes=chunk_bytes).id
    assert first != second
    assert clean_id(builder, tmp_path) == second


# ---- chunks


def chunks_of(data, name, target):
    shape = source_format(name)
    head = shape.head_end(data, len(data))
    edges = cut(data, shape.row_ends(data, head, len(data)), head, target)
    assert [head, *(end for _, end in edges)] == [*(start for start, _ in edges), len(data)]
    return [data[start:end] for start, end in edges]


def rows(count, seed=1):
    rng = random.Random(seed)
    return [
        json.dumps({"id": n, "text": "x" * rng.randrange(200)}).encode() + b"\n"
        for n in range(count)
    ]


@pytest.mark.parametrize("target", [1_000, 4_096, 20_000])
def test_chunks_have_the_size_asked_for(target):
    data = b"".join(rows(3_000))
    sizes = [len(chunk) for chunk in chunks_of(data, "jsonl", target)]
    assert all(target // 4 <= size <= target * 4 + 250 for size in sizes[:-1])
    assert target / 2 < sum(sizes) / len(sizes) < target * 2


@pytest.mark.parametrize("at", [0, 1, 700, 1_499, 1_500])
@pytest.mark.parametrize("change", ["insert", "delete", "edit"])
def test_a_row_that_changes_moves_a_chunk_or_two_and_not_all(at, change):
    lines = rows(1_500)
    before = chunks_of(b"".join(lines), "jsonl", 2_000)
    new = json.dumps({"id": -1, "text": "new"}).encode() + b"\n"
    at = min(at, len(lines) - (change != "insert"))
    lines[at : at + (change != "insert")] = [] if change == "delete" else [new]
    after = chunks_of(b"".join(lines), "jsonl", 2_000)
    assert len(before) > 50
    assert len(set(after) - set(before)) <= 3
    if at == 0:
        assert before[4:] == after[-len(before[4:]) :]


def test_a_chunk_never_ends_inside_a_quoted_cell():
    body = b'"a\nb",1\n' * 300
    chunks = chunks_of(b"text,n\n" + body, "csv", 1)
    assert [b'"a\nb",1\n'] * 300 == chunks


@pytest.mark.parametrize("name", ["jsonl", "csv"])
def test_one_byte_a_chunk_is_one_row_a_chunk(name):
    lines = [b"a,b\n"] * (name == "csv") + [b"1,2\n", b"\n", b"3\n", b"4,55555", b"\n", b"6,7"]
    data = b"".join(lines)
    wanted = [b"1,2\n", b"\n", b"3\n", b"4,55555\n", b"6,7"]
    found = chunks_of(data, name, 1)
    assert b"".join(wanted) == b"".join(found)
    assert wanted == found or name == "csv"  # an empty line of a table may go with the next


def test_the_size_of_chunks_does_not_matter(builder, tmp_path):
    wanted = builder().id
    for size in (1, 97, 500, 4_000, 10**9):
        home = Path(
            shutil.copytree(builder.home / "data", tmp_path / str(size) / "data")
        ).parent
        for name in ("small.sft", "pyproject.toml"):
            shutil.copyfile(builder.home / name, home / name)
        other = type(builder)(home)
        assert wanted == other(chunk_bytes=size).id
        rendered = next(e for e in other.events if e.get("node") == "render reply")
        assert (41 if size == 1 else rendered["total"]) == rendered["total"]


@pytest.mark.parametrize("data", [b"", b"term,sense,shelf", b"term,sense,shelf\n"])
def test_a_table_without_rows_has_no_rows(builder, data):
    (builder.home / "data" / "terms.csv").write_bytes(data)
    built = builder()
    assert 0 == built.manifest.sources["terms"]["read"]


def test_a_row_at_the_top_lets_the_rest_be_reused(builder, project):
    path = builder.home / "data" / "asks-1.jsonl"
    project.write_rows(path, project.rows_of(100, 400))
    builder(chunk_bytes=600)
    total = builder.ran["render reply"]
    project.write_rows(path, [*project.rows_of(900, 1), *project.rows_of(100, 400)])
    builder(chunk_bytes=600)
    assert total > 40
    assert builder.ran["render reply"] <= 3


def test_records_are_plain_json(reader):
    reader.at(10)
    for path in (reader.store.root / "stat").iterdir():
        assert msgspec.json.decode(path.read_bytes().partition(b"\n")[2])["file"]["still"]
