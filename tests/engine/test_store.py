"""Objects of the store that are damaged, missing, forged or in the way; builds that meet there."""

import errno
import itertools
import json
import os
from pathlib import Path
import random
import shutil
import subprocess
import sys

import pytest

from sftspec.engine import inputs
from sftspec.engine.store import FORMAT, Corrupt, Store
from sftspec.ground.report import Fault
from sftspec.snapshot.verify import verify

KEY = "ab" * 32
UNREAD = {
    ("what", "measures", "turns", "why"): {"why"}
}  # evidence is read where something was rejected


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "store")
    made.prepare()
    return made


def objects(root):
    return sorted(path for path in (root / "objects").rglob("*") if path.is_file())


def header_of(path):
    header = Store(path.parents[2]).header(path.name)
    assert header is not None
    return header


# ---- one object


def test_what_is_put_is_found(store):
    header = store.put(KEY, {"one": b"first", "none": b"", "two": b"second"}, {"rows": 3})
    fresh = Store(store.root)
    assert header == fresh.header(KEY)
    assert [b"first", b"", b"second"] == [
        bytes(fresh.buffer(KEY, name)) for name in ("one", "none", "two")
    ]
    assert [] == list((store.root / "tmp").iterdir())


@pytest.mark.parametrize("parts", [{"one": b"first" * 30, "two": b"second" * 20}, {}])
def test_any_flipped_byte_is_found_or_lies_between_the_parts(store, parts):
    """An object without parts is all header; between the parts there is nothing to read."""
    store.put(KEY, parts, {"rows": 3})
    (path,) = objects(store.root)
    data = path.read_bytes()
    header = store.header(KEY)
    inside = {
        at for part in header.parts for at in range(part.offset, part.offset + part.length)
    }
    text_end = 44 + int.from_bytes(data[8:12], "little")
    for at in range(len(data)):
        for bit in (0, 5, 7):
            wrong = bytearray(data)
            wrong[at] ^= 1 << bit
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(wrong)
            fresh, heard = Store(store.root), []
            fresh.tell = heard.append
            found = fresh.header(KEY)
            if found is None:
                assert [KEY] == heard
                assert not path.exists()
                continue
            assert found == header
            try:
                for part in header.parts:
                    assert fresh.buffer(KEY, part.name).to_pybytes() == parts[part.name]
            except Corrupt:
                assert at in inside
                assert not path.exists()
            else:
                assert text_end <= at
                assert at not in inside


@pytest.mark.parametrize("parts", [{"one": b"first", "two": b"second"}, {"one": b""}, {}])
def test_lengths_tell(store, parts):
    store.put(KEY, parts, {"rows": 3})
    (path,) = objects(store.root)
    data = path.read_bytes()
    for wrong in (*(data[:size] for size in range(len(data))), data + b"\0", data + data):
        path.write_bytes(wrong)
        assert Store(store.root).header(KEY) is None
        assert not path.exists()
    assert len(data) + 2 == len(list((store.root / "quarantine").iterdir()))


def test_an_object_under_another_key_is_none_of_ours(store):
    store.put(KEY, {"one": b"first"}, {})
    other = "ab" + "cd" * 31
    objects(store.root)[0].rename(store.root / "objects" / "ab" / other)
    assert store.header(KEY) is None
    assert Store(store.root).header(other) is None
    with pytest.raises(Corrupt):
        store.buffer(KEY, "one")


def test_other_bytes_under_one_key_are_refused(store):
    first = store.put(KEY, {"one": b"first"}, {"rows": 1})
    assert first == store.put(KEY, {"one": b"first"}, {"rows": 1})
    for parts, meta in (
        ({"one": b"FIRST"}, {"rows": 1}),
        ({"one": b"first"}, {"rows": 2}),
        ({"ein": b"first"}, {"rows": 1}),
        ({"one": b"first", "two": b""}, {"rows": 1}),
    ):
        with pytest.raises(Fault) as caught:
            store.put(KEY, parts, meta)
        assert "nondeterministic-stage" == caught.value.slug
    assert b"first" == bytes(store.buffer(KEY, "one"))
    assert [] == list((store.root / "quarantine").iterdir())


def test_a_folder_where_an_object_should_be_is_a_fault(store):
    (store.root / "objects" / "ab" / KEY).mkdir(parents=True)
    with pytest.raises(Fault, match="directory"):
        store.header(KEY)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_write_that_fails_leaves_nothing(store, monkeypatch, code):
    fail_writes(monkeypatch, 0, code)
    with pytest.raises(Fault) as caught:
        store.put(KEY, {"one": b"first"}, {})
    assert ("disk-full" if code == errno.ENOSPC else "io-error") == caught.value.slug
    assert [] == list((store.root / "tmp").iterdir())
    assert store.header(KEY) is None


def fail_writes(monkeypatch, after, code):
    """Writes to objects fail, half done, once `after` of them went well."""
    opened, count = Path.open, itertools.count()

    class Failing:
        def __init__(self, stream):
            self.stream = stream

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.stream.close()

        def __getattr__(self, name):
            return getattr(self.stream, name)

        def write(self, data):
            if next(count) >= after:
                self.stream.write(memoryview(data)[: len(data) // 2])
                raise OSError(code, os.strerror(code))
            return self.stream.write(data)

    def replaced(path, mode="r", *args, **named):
        stream = opened(path, mode, *args, **named)
        return Failing(stream) if mode == "xb" else stream

    monkeypatch.setattr(Path, "open", replaced)


# ---- whole builds over a damaged store


def flip(at):
    def deed(data, _):
        wrong = bytearray(data)
        wrong[at(len(data))] ^= 4
        return bytes(wrong)

    return deed


DEEDS = {
    "header": flip(lambda _: 60),
    "cut by one": lambda data, _: data[:-1],
    "empty": lambda *_: b"",
    "one byte more": lambda data, _: data + b"\0",
    "another object": lambda _, other: other,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory, builder_of):
    """A finished build to copy."""
    builder = builder_of(tmp_path_factory.mktemp("made") / "home")
    built = builder()
    shutil.rmtree(builder.home / "compiled")
    return builder, built.id


def damaged(made, tmp_path, name, change):
    """Only the named object is left, and it is damaged; nothing is sealed."""
    source, _ = made
    home = Path(shutil.copytree(source.home, tmp_path / "home"))
    builder = type(source)(home)
    others = [path for path in objects(builder.store) if path.name != name]
    (path,) = (path for path in objects(builder.store) if path.name == name)
    path.write_bytes(change(path.read_bytes(), others[0].read_bytes()))
    for other in others:
        other.unlink()
    return builder, path


def kinds(made):
    """One object of each shape: parts and totals."""
    found = {}
    for path in objects(made[0].store):
        header = header_of(path)
        names = tuple(part.name for part in header.parts)
        found.setdefault((names, tuple(header.meta)), path.name)
    return found


def test_every_kind_of_object_is_there(made):
    parts = {names for names, _ in kinds(made)}
    assert {
        ("rows",),
        ("what", "measures", "turns", "why"),
        ("doubles",),
        ("file",),
        (),
    } <= parts
    assert len(kinds(made)) >= 10


@pytest.mark.parametrize("deed", DEEDS)
def test_a_damaged_object_is_warned_of_set_aside_and_made_again(made, tmp_path, deed):
    for number, name in enumerate(kinds(made).values()):
        builder, path = damaged(made, tmp_path / str(number), name, DEEDS[deed])
        wrong = path.read_bytes()
        built = builder()
        assert made[1] == built.id
        assert 1 == len(builder.warnings), (name, deed)
        assert name[:12] in builder.warnings[0]
        (aside,) = (builder.store / "quarantine").iterdir()
        assert wrong == aside.read_bytes()
        assert verify(built.folder).good
    builder()
    assert ([], {}) == (builder.warnings, builder.ran)


def test_every_part_is_hashed_when_it_is_read(made, tmp_path):
    rng = random.Random(20261121)
    for number, ((parts, _), name) in enumerate(kinds(made).items()):
        header = header_of(made[0].store / "objects" / name[:2] / name)
        for part in header.parts:
            if not part.length:
                continue
            place = part.offset + rng.randrange(part.length)
            home = tmp_path / f"{number}-{part.name}"
            builder, _ = damaged(made, home, name, flip(lambda _, place=place: place))
            assert made[1] == builder().id
            if part.name not in UNREAD.get(parts, set()):
                assert 1 == len(builder.warnings), (parts, part.name)
                assert 1 == len(list((builder.store / "quarantine").iterdir()))


@pytest.mark.parametrize("deed", ["header", "last byte", "empty"])
def test_a_store_damaged_all_over_is_mended_in_one_build(made, tmp_path, deed):
    """However many objects are bad, a few walks find them all."""
    home = Path(shutil.copytree(made[0].home, tmp_path / "home"))
    builder = type(made[0])(home)
    change = DEEDS.get(deed) or flip(lambda size: size - 1)
    bad = objects(builder.store)
    for path in bad:
        path.write_bytes(change(path.read_bytes(), b""))
    assert made[1] == builder().id
    assert builder.warnings
    assert len(list((builder.store / "quarantine").iterdir())) <= len(bad)
    for path in objects(builder.store):
        assert header_of(path)
    builder()
    assert {} == builder.ran


def test_a_disk_that_gives_other_bytes_for_ever_is_a_fault(builder, monkeypatch):
    """Not an endless loop, and not our mistake."""
    whole = Store.put

    def put(self, key, parts, meta):
        header = whole(self, key, parts, meta)
        path = self._path(key)
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        self.verified.clear()
        return header

    monkeypatch.setattr(Store, "put", put)
    with pytest.raises(Fault) as caught:
        builder()
    assert "store-damaged" == caught.value.slug


def test_damaged_records_cost_time_and_nothing_else(builder, monkeypatch):
    """A record of a file's state, or of the last build, is whole or does not count."""
    monkeypatch.setattr(inputs, "STILL_NS", -1)
    wanted = builder().id
    rng = random.Random(5)
    for path in sorted([*builder.store.glob("stat/*"), *builder.store.glob("builds/*")]):
        data = path.read_bytes()
        for _ in range(8):
            wrong = bytearray(data)
            wrong[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            path.write_bytes(wrong)
            assert wanted == builder().id
        for wrong in (b"", data[:-1], b"\xff", b"7", b"[" * 5000):
            path.write_bytes(wrong)
            assert wanted == builder().id


# ---- places that cannot be used


@pytest.mark.parametrize("mark", [f"{FORMAT + 1}\n", "", "one", "\0", b"\xff\xfe"])
def test_a_store_of_another_format_is_left_alone(project, tmp_path, mark):
    home = project.make(tmp_path / "home")
    place = tmp_path / "store"
    place.mkdir()
    (place / "FORMAT").write_bytes(mark if isinstance(mark, bytes) else mark.encode())
    before = project.tree(place)
    done = project.sftspec(home, "build", "small.sft", "--store", place, "--log", "none")
    assert 3 == done.returncode
    assert done.stderr.startswith("fault[store-format]: ")
    assert before == project.tree(place)
    assert not (home / "compiled").exists()


def test_a_store_that_cannot_be_made_is_a_fault(project, tmp_path):
    home = project.make(tmp_path / "home")
    (tmp_path / "file").touch()
    done = project.sftspec(home, "build", "small.sft", "--store", tmp_path / "file" / "store")
    assert (3, True) == (done.returncode, done.stderr.startswith("fault[io-error]: "))


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_store_that_cannot_be_written_is_a_fault_before_any_work(builder, monkeypatch, code):
    def refuse(path, *_, **__):
        raise OSError(code, os.strerror(code), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refuse)
        with pytest.raises(Fault) as caught:
            builder()
    assert "store-not-writable" == caught.value.slug
    assert "--store" in caught.value.hint
    builder()
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_: False)  # folders are there, and read-only
        with pytest.raises(Fault) as caught:
            builder()
    assert "store-not-writable" == caught.value.slug
    assert [] == builder.events


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_store_is_a_fault(project, tmp_path):
    home = project.make(tmp_path / "home")
    assert 0 == project.sftspec(home, "build", "small.sft").returncode
    (home / ".sftspec" / "v1" / "tmp").chmod(0o555)
    done = project.sftspec(home, "build", "small.sft")
    assert (3, True) == (done.returncode, "store-not-writable" in done.stderr)


def test_a_full_disk_keeps_finished_work(builder, monkeypatch):
    """Wherever it fills up: a fault, nothing half written, and the next build goes on from there."""
    after, done = 1, []
    while True:
        with monkeypatch.context() as patch:
            fail_writes(patch, after, errno.ENOSPC)
            try:
                built = builder()
            except Fault as fault:
                done.append(fault.slug)
            else:
                break
        assert [] == list((builder.store / "tmp").iterdir())
        assert not list((builder.home / "compiled").glob("small/*/*"))
        after += 5
    assert {"disk-full"} == set(done)
    assert len(done) < len(objects(builder.store))  # each try got further
    assert verify(built.folder).good
    monkeypatch.undo()
    other = type(builder)(Path(shutil.copytree(builder.home, builder.home.parent / "other")))
    shutil.rmtree(other.store)
    shutil.rmtree(other.home / "compiled")
    assert built.id == other().id


# ---- several builds at once


def together(project, home, specs):
    """Start a build of each spec at once; exit codes and ids."""
    running = [
        subprocess.Popen(
            **project.command(home, "build", spec, "--log", "none", "--format", "json",
                              "--chunk-bytes", 500 + 400 * number),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for number, spec in enumerate(specs)
    ]  # fmt: skip
    ended = [process.communicate(timeout=120) for process in running]
    for process, (_, stderr) in zip(running, ended, strict=True):
        assert 0 == process.returncode, stderr
        assert "" == stderr
    return [json.loads(stdout)["id"] for stdout, _ in ended]


def test_builds_of_one_spec_at_once_agree(project, tmp_path):
    home = project.make(tmp_path / "home", rows=200)
    ids = together(project, home, ["small.sft"] * 3)
    assert 1 == len(set(ids))
    verdict = verify(home / "compiled" / "small" / "0.1.0")
    assert (True, ids[0]) == (verdict.good, verdict.id)
    assert [] == list((home / "compiled" / ".staging" / "small").iterdir())
    assert [] == list((home / ".sftspec" / "v1" / "tmp").iterdir())
    assert [] == list((home / ".sftspec" / "v1" / "quarantine").iterdir())


def test_builds_of_two_specs_of_one_version_leave_one_of_them_whole(project, tmp_path):
    home = project.make(tmp_path / "home", rows=200)
    other = project.SPEC.replace("total = 24", "total = 20")
    (home / "other.sft").write_text(other, encoding="utf-8")
    ids = together(project, home, ["small.sft", "other.sft"] * 2)
    assert (ids[0], ids[1]) == (ids[2], ids[3])
    assert ids[0] != ids[1]
    verdict = verify(home / "compiled" / "small" / "0.1.0")
    assert verdict.good
    assert verdict.id in ids
    assert [] == list((home / "compiled" / ".staging" / "small").iterdir())


def test_puts_at_once_leave_one_whole_object(store):
    code = f"""
import sys
from pathlib import Path
from sftspec.engine.store import Store
store = Store(Path({str(store.root)!r}))
for n in range(200):
    store.put(f"{{n:064x}}", {{"one": bytes([n]) * 5000}}, {{"rows": n}})
"""
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [0, 0, 0] == [process.wait(timeout=60) for process in running]
    for n in range(200):
        assert bytes([n]) * 5000 == store.buffer(f"{n:064x}", "one").to_pybytes()
    assert [] == list((store.root / "tmp").iterdir())
