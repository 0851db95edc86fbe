"""What a sweep of the store takes and leaves, and whom it waits for."""

import errno
import fcntl
import gzip
import json
import os
from pathlib import Path
import random
import shutil
import signal
import subprocess

import pytest

from sftspec.build import Settings, plan
from sftspec.engine.lease import GATE, InUse, Lease, alone, lease_of, leased, leases
from sftspec.engine.log import Log
from sftspec.engine.roots import read_roots
from sftspec.engine.store import Store
from sftspec.engine.sweep import UNUSED, survey, sweep
from sftspec.ground.report import Fault
from sftspec.snapshot.leftovers import standing
from sftspec.snapshot.verify import verify

CHUNK = 512  # bytes: several chunks a file


def objects(store):
    return {path.name for path in (store / "objects").rglob("*") if path.is_file()}


def roots(store):
    """Each record of roots as it was written."""
    return [read_roots(Store(store).record("roots", path.stem)) for path in (store / "roots").iterdir()]  # fmt: skip


def look(home, store):
    with alone(store, lease_of("gc", "", home)):
        return survey(store, home, standing(home / "compiled"))


def swept(home, store):
    """What a sweep took, by kind."""
    found = {}
    with alone(store, lease_of("gc", "", home)):
        for one in sweep(survey(store, home, standing(home / "compiled")).dead):
            found.setdefault(one.kind, []).append(one)
    return found


def reasons(found, kind="objects"):
    return {one.why for one in found.dead if one.kind == kind}


def edit(home, old, new):
    text = (home / "small.sft").read_text("utf-8")
    assert old in text
    (home / "small.sft").write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def twice(builder):
    """A project that was built, edited and built again."""
    builder(chunk_bytes=CHUNK)
    edit(builder.home, "What is", "Tell me, what is")
    builder(chunk_bytes=CHUNK)
    return builder


# ---- what is marked


def on_ray(root, store):
    from sftspec.engine.ray import RayEngine

    return RayEngine(root, store, workers=2)


HOWS = [
    {}, {"chunk_bytes": CHUNK}, {"chunk_bytes": CHUNK, "workers": 2},
    pytest.param({"chunk_bytes": CHUNK, "engine": on_ray}, marks=pytest.mark.ray),
]  # fmt: skip


@pytest.mark.parametrize("how", HOWS)
def test_every_object_that_a_build_made_is_among_its_roots(builder, how):
    built = builder(**how)
    (first,) = roots(builder.store)
    assert objects(builder.store) == set(first.keys)
    assert ("small", "0.1.0", built.id) == (first.dataset, first.version, first.snapshot)
    builder(**how)
    (again,) = roots(builder.store)
    assert set(first.keys) == set(again.keys)


def test_what_compressed_files_were_unpacked_to_is_among_the_roots(builder):
    edit(builder.home, "asks-*.jsonl", "asks-*.jsonl.gz")
    for path in sorted((builder.home / "data").glob("asks-*")):
        Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    builder(chunk_bytes=CHUNK)
    assert objects(builder.store) == set(roots(builder.store)[0].keys)
    assert {} == swept(builder.home, builder.store)


def test_what_only_the_replaced_snapshot_needed_goes(twice):
    both, (old, new) = (
        objects(twice.store),
        sorted(roots(twice.store), key=lambda one: one.used),
    )
    if new.snapshot not in standing(twice.home / "compiled").values():
        old, new = new, old
    taken = swept(twice.home, twice.store)
    assert {"objects", "roots"} == set(taken)
    assert set(new.keys) == objects(twice.store)
    assert both - set(new.keys) == {one.path.name for one in taken["objects"]}
    assert {f"small 0.1.0 ({old.snapshot[7:19]}) was replaced"} == {
        one.why for several in taken.values() for one in several
    }
    assert [new] == roots(twice.store)


def test_a_snapshot_that_stands_is_built_again_without_work(twice):
    snapshot = twice.home / "compiled" / "small" / "0.1.0"
    before = verify(snapshot)
    swept(twice.home, twice.store)
    assert before == verify(snapshot)
    built = twice(chunk_bytes=CHUNK)
    assert (False, before.id, {}) == (built.fresh, built.id, twice.ran)
    assert not look(twice.home, twice.store).dead


def test_a_version_that_is_removed_takes_what_no_other_needs_and_can_be_built_again(builder):
    first = builder(chunk_bytes=CHUNK)
    edit(builder.home, "v0.1.0 {", "v0.2.0 {")
    edit(builder.home, "What is", "Tell me, what is")
    builder(chunk_bytes=CHUNK)
    assert not look(builder.home, builder.store).dead
    shutil.rmtree(first.folder)
    found = look(builder.home, builder.store)
    assert {f"small 0.1.0 ({first.id[7:19]}) is not in compiled/"} == reasons(found)
    assert ["0.2.0"] == [one.version for one in found.kept]
    swept(builder.home, builder.store)
    builder(chunk_bytes=CHUNK)
    assert {} == builder.ran
    edit(builder.home, "v0.2.0 {", "v0.1.0 {")
    edit(builder.home, "Tell me, what is", "What is")
    assert first.id == builder(chunk_bytes=CHUNK).id
    assert verify(first.folder).good
    assert not look(builder.home, builder.store).dead


def test_work_that_came_to_no_snapshot_goes(builder):
    plan(builder.home / "small.sft", Settings(engine="local", chunk_bytes=CHUNK), Log())
    assert objects(builder.store)
    assert {UNUSED} == reasons(look(builder.home, builder.store))
    swept(builder.home, builder.store)
    assert set() == objects(builder.store)


def test_a_store_from_before_roots_were_kept_is_marked_by_the_next_build(builder):
    builder(chunk_bytes=CHUNK)
    for name in ("roots", "leases"):
        shutil.rmtree(builder.store / name)
    (builder.store / GATE).unlink()
    found = look(builder.home, builder.store)
    assert (("small", "0.1.0"),) == found.unmarked
    assert {UNUSED} == reasons(found)
    assert objects(builder.store) == {one.path.name for one in found.dead}
    builder(chunk_bytes=CHUNK)
    assert {} == builder.ran
    found = look(builder.home, builder.store)
    assert ((), ()) == (found.dead, found.unmarked)


def test_a_build_that_was_killed_before_it_sealed_leaves_the_old_snapshot_its_work(builder):
    """Roots of the new one are written first; those of the one that stands are not touched."""
    built = builder(chunk_bytes=CHUNK)
    kept = shutil.copytree(built.folder, builder.home / "kept")
    edit(builder.home, "What is", "Tell me, what is")
    builder(chunk_bytes=CHUNK)
    shutil.rmtree(built.folder)
    shutil.copytree(kept, built.folder)  # as if the new one had never stood
    taken = swept(builder.home, builder.store)
    assert taken["objects"]
    edit(builder.home, "Tell me, what is", "What is")
    assert built.id == builder(chunk_bytes=CHUNK).id
    assert {} == builder.ran


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_missing_is_made_again(twice, seed):
    """A sweep that is wrong, or cut off, costs work and no byte."""
    wanted = standing(twice.home / "compiled")["small", "0.1.0"]
    shutil.rmtree(twice.home / "compiled")
    rng = random.Random(seed)
    for path in sorted((twice.store / "objects").rglob("*")):
        if path.is_file() and rng.random() < (seed + 1) / 8:
            path.unlink()
    built = twice(chunk_bytes=CHUNK)
    assert wanted == built.id
    assert verify(built.folder).good
    assert not [text for text in twice.warnings if "damaged" in text]


# ---- snapshots that are hard to read


def test_a_manifest_that_cannot_be_read_keeps_its_work(builder):
    built = builder(chunk_bytes=CHUNK)
    path = built.folder / "MANIFEST.json"
    data = path.read_bytes()
    for wrong in (b"", data[:-2], b"<<<<<<< HEAD\n" + data):
        path.write_bytes(wrong)
        found = look(builder.home, builder.store)
        assert () == found.dead
        assert ["it stands, with a manifest that cannot be read"] == [
            one.why for one in found.kept
        ]
    path.unlink()
    path.mkdir()
    assert () == look(builder.home, builder.store).dead


def test_a_folder_of_snapshots_that_hides_stops_the_sweep(builder, monkeypatch):
    builder(chunk_bytes=CHUNK)
    whole = Path.iterdir

    def hidden(path):
        if path.name == "small":
            raise PermissionError(errno.EACCES, "permission denied", str(path))
        return whole(path)

    monkeypatch.setattr(Path, "iterdir", hidden)
    with pytest.raises(PermissionError):
        look(builder.home, builder.store)


def test_a_snapshot_that_a_dead_build_set_aside_stands(builder):
    """The next build puts it back, so its work is needed; unless there is another in its place."""
    built = builder(chunk_bytes=CHUNK)
    aside = builder.home / "compiled" / ".staging" / "small" / "0.1.0.old"
    built.folder.rename(aside)
    assert () == look(builder.home, builder.store).dead
    (aside / "MANIFEST.json").rename(aside / "other")
    assert reasons(look(builder.home, builder.store))
    (aside / "other").rename(aside / "MANIFEST.json")
    built.folder.mkdir()
    assert reasons(look(builder.home, builder.store))


# ---- roots that are hard to read


def bad(data):
    """Ways in which a record of roots can be none."""
    text = data.partition(b"\n")[2]
    later = json.loads(text) | {"format": 2}
    yield from (b"", data[:-1], b"\xff", text, data.replace(b"small", b"smell"))
    yield from (signed(later), signed(7), signed(json.loads(text) | {"used": "AAAA"}))


def signed(value):
    """A record as the store writes it."""
    import hashlib

    text = json.dumps(value).encode()
    return hashlib.sha256(text).hexdigest().encode() + b"\n" + text


def test_roots_that_cannot_be_read_keep_every_object(twice):
    """Nobody knows what they name. Once the spec is built again they say so."""
    now = standing(twice.home / "compiled")["small", "0.1.0"]
    (path,) = (
        path for path in (twice.store / "roots").iterdir() if now.encode() in path.read_bytes()
    )
    data, there = path.read_bytes(), objects(twice.store)
    for wrong in bad(data):
        path.write_bytes(wrong)
        (twice.store / "tmp" / "left").touch()
        found = look(twice.home, twice.store)
        assert (path.name,) == found.unreadable
        assert {"tmp"} == set(swept(twice.home, twice.store))
        assert (there, len(there)) == (objects(twice.store), found.objects)
        assert 2 == len(list((twice.store / "roots").iterdir()))
    twice(chunk_bytes=CHUNK)
    found = look(twice.home, twice.store)
    assert () == found.unreadable
    assert {"objects", "roots"} == {one.kind for one in found.dead}


def test_a_strange_file_among_the_roots_keeps_every_object(twice):
    (twice.store / "roots" / "notes.txt").touch()
    found = look(twice.home, twice.store)
    assert ((), ("notes.txt",)) == (found.dead, found.unreadable)


# ---- projects


def two_projects(builder_of, tmp_path):
    store = tmp_path / "store"
    one, other = (builder_of(tmp_path / name) for name in ("one", "other"))
    edit(other.home, "seed    = 7", "seed    = 8")
    ids = [builder(store=store, chunk_bytes=CHUNK).id for builder in (one, other)]
    assert ids[0] != ids[1]
    return one, other, store


def test_what_another_project_needs_stays(builder_of, tmp_path):
    one, other, store = two_projects(builder_of, tmp_path)
    shutil.rmtree(one.home / "compiled")
    taken = swept(one.home, store)
    assert {"objects", "roots"} == set(taken)
    other(store=store, chunk_bytes=CHUNK)
    assert {} == other.ran
    one(store=store, chunk_bytes=CHUNK)
    assert not look(other.home, store).dead


def test_another_projects_snapshots_are_not_judged_from_here(builder_of, tmp_path):
    """Where they are removed, a sweep of that project lets their work go."""
    one, other, store = two_projects(builder_of, tmp_path)
    shutil.rmtree(other.home / "compiled")
    found = look(one.home, store)
    assert () == found.dead
    assert {"it stands", f"of {other.home}, another project"} == {k.why for k in found.kept}
    assert {"objects", "roots"} == set(swept(other.home, store))


def test_a_project_that_is_gone_needs_nothing(builder_of, tmp_path):
    one, other, store = two_projects(builder_of, tmp_path)
    shutil.rmtree(other.home)
    found = look(one.home, store)
    assert {f"of {other.home}, a project that is gone"} == reasons(found)
    swept(one.home, store)
    one(store=store, chunk_bytes=CHUNK)
    assert {} == one.ran


def test_a_project_that_cannot_be_looked_at_keeps_its_work(builder_of, tmp_path, monkeypatch):
    one, other, store = two_projects(builder_of, tmp_path)
    whole = Path.stat

    def hidden(path, **how):
        if path == other.home:
            raise PermissionError(errno.EACCES, "permission denied")
        return whole(path, **how)

    monkeypatch.setattr(Path, "stat", hidden)
    assert () == look(one.home, store).dead


def test_a_project_that_is_moved_with_its_store_is_the_same(twice):
    swept(twice.home, twice.store)
    home = twice.home.rename(twice.home.parent / "elsewhere")
    assert () == look(home, home / ".sftspec" / "v1").dead


def test_a_project_is_the_same_by_whatever_link_it_is_reached(builder, tmp_path):
    (tmp_path / "link").symlink_to(builder.home)
    store = tmp_path / "store"
    builder(store=store, chunk_bytes=CHUNK)
    found = look(tmp_path / "link", store)
    assert ((), ["it stands"]) == (found.dead, [one.why for one in found.kept])


def test_the_name_of_a_projects_folder_need_not_be_utf8(builder_of, tmp_path):
    builder = builder_of(tmp_path / os.fsdecode(b"h\xe9 %20"))
    store = tmp_path / "store"
    builder(store=store, chunk_bytes=CHUNK)
    found = look(builder.home, store)
    assert ((), [str(builder.home)]) == (found.dead, [one.project for one in found.kept])
    with leased(store, lease_of("build", "small", builder.home), Log()):
        ((_, lease),) = leases(store)
    assert f"{tmp_path}/h\\xe9 %20" == lease.project


# ---- what is no object


def test_what_dead_writers_and_damage_left_goes(builder):
    builder(chunk_bytes=CHUNK)
    store = builder.store
    (store / "tmp" / "12-ab").write_bytes(b"half")
    (store / "leases" / "12-ab.json").write_bytes(b"{}")
    path = next(path for path in (store / "objects").rglob("*") if path.is_file())
    path.write_bytes(b"")
    builder(chunk_bytes=CHUNK)
    assert 1 == len(list((store / "quarantine").iterdir()))
    taken = swept(builder.home, store)
    assert {"tmp": 1, "quarantine": 1, "leases": 1} == {k: len(v) for k, v in taken.items()}
    for name in ("tmp", "quarantine", "leases"):
        assert [] == list((store / name).iterdir())
    assert not look(builder.home, store).dead


def test_stat_records_of_files_that_are_gone_go(builder_of, tmp_path):
    """Whose a record is it does not say, so a file of any project of the store counts."""
    one, other, store = two_projects(builder_of, tmp_path)
    (one.home / "data" / "asks-2.jsonl").unlink()
    assert "stat" not in swept(one.home, store)
    (other.home / "data" / "asks-2.jsonl").unlink()
    records = sorted((store / "stat").iterdir())
    (gone,) = (path for path in records if b"asks-2" in path.read_bytes())
    torn = next(path for path in records if path != gone)
    torn.write_bytes(b"")
    assert {torn, gone} == {dead.path for dead in swept(one.home, store)["stat"]}


def test_what_is_not_ours_is_left_alone(builder, tmp_path):
    builder(chunk_bytes=CHUNK)
    (tmp_path / "mine").write_text("mine")
    link = builder.store / "tmp" / "link"
    link.symlink_to(tmp_path / "mine")
    (builder.store / "tmp" / "folder").mkdir()
    left = [
        builder.store / "objects" / "ab" / "notes",
        builder.store / "objects" / "ff" / ("00" * 32),
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    assert {link} == {one.path for several in swept(builder.home, builder.store).values() for one in several}  # fmt: skip
    assert "mine" == (tmp_path / "mine").read_text()
    assert all(path.exists() for path in left)
    assert (builder.store / "tmp" / "folder").is_dir()


def test_a_thing_that_cannot_be_taken_away_is_a_fault(twice, monkeypatch):
    def refuse(path, **_):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with alone(twice.store, Lease("gc")):
        dead = survey(twice.store, twice.home, standing(twice.home / "compiled")).dead
        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", refuse)
            with pytest.raises(Fault) as caught:
                list(sweep(dead))
    assert "store-not-writable" == caught.value.slug


def test_a_store_that_cannot_be_read_is_a_fault(twice, monkeypatch):
    def refuse(path):
        raise OSError(errno.EIO, "Input/output error", str(path))

    with alone(twice.store, Lease("gc")), monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        with pytest.raises(Fault) as caught:
            survey(twice.store, twice.home, {})
    assert "io-error" == caught.value.slug


# ---- a sweep that is cut off

SWEEP = """
import os, signal, sys
from pathlib import Path
from sftspec.engine.lease import Lease, alone
from sftspec.engine.sweep import survey, sweep
from sftspec.snapshot.leftovers import standing
home, last = Path(sys.argv[1]), int(sys.argv[2])
store = home / ".sftspec" / "v1"
with alone(store, Lease("gc")):
    dead = survey(store, home, standing(home / "compiled")).dead
    for count, _ in enumerate(sweep(dead)):
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("last", [0, 1, 5, 13, -1])
def test_a_sweep_that_is_killed_is_taken_up_by_the_next(twice, project, last):
    """Objects are gone in part: what stands is whole, and the rest still says whose it was."""
    store = twice.store
    found = look(twice.home, store)
    wanted = {one.path for one in found.dead}
    command = project.command(twice.home)
    command["args"] = [command["args"][0], "-c", SWEEP, twice.home, str(last % len(wanted))]
    done = subprocess.run(**command, check=False)
    assert -signal.SIGKILL == done.returncode
    left = {one.path for one in look(twice.home, store).dead}
    dead_lease = {path for path in left if path.parent.name == "leases"}
    assert 1 == len(dead_lease)
    assert last % len(wanted) + 1 == len(wanted - left)
    assert reasons(found) >= reasons(look(twice.home, store))
    swept(twice.home, store)
    assert objects(store) == set(roots(store)[0].keys)
    twice(chunk_bytes=CHUNK)
    assert {} == twice.ran


# ---- leases


class Running:
    """A verb in a process of its own, and what it says."""

    def __init__(self, project, home, *words):
        words = (*words, "--log", "json", "--chunk-bytes", 2048)
        self.process = subprocess.Popen(
            **project.command(home, *words),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=1,
        )  # fmt: skip

    def until(self, reached):
        """Read what it says until an event is `reached`."""
        for line in self.process.stderr:
            if line.startswith("{") and reached(json.loads(line)):
                return self
        raise AssertionError(f"it ended before, with {self.process.wait()}")

    def end(self, number=None):
        """Its exit code, and its last words."""
        if number is not None:
            self.process.send_signal(number)
        _, stderr = self.process.communicate(timeout=120)
        return self.process.returncode, stderr


def at_work(event):
    return event["event"] == "chunk" and event["node"] == "asks" and event["done"] >= 10


@pytest.fixture
def large(project, tmp_path):
    """A project whose build takes a while."""
    home = project.make(
        tmp_path / "home", spec=project.SPEC.replace("total = 24", "total = 300")
    )
    project.write_rows(home / "data" / "asks-1.jsonl", project.rows_of(0, 1500))
    project.write_rows(home / "data" / "asks-2.jsonl", [])
    return home


@pytest.mark.parametrize("verb", ["build", "plan"])
def test_nothing_is_taken_while_somebody_is_at_work(project, large, verb):
    running = Running(project, large, verb, "small.sft", "--workers", "2").until(at_work)
    running.process.send_signal(signal.SIGSTOP)
    try:
        before = project.tree(large / ".sftspec")
        done = project.sftspec(large, "gc", "--yes")
        again = project.sftspec(large, "gc")
        after = project.tree(large / ".sftspec")
    finally:
        running.process.send_signal(signal.SIGCONT)
    assert (1, "") == (done.returncode, done.stdout)
    assert (done.returncode, done.stderr) == (again.returncode, again.stderr)
    head, who, hint = done.stderr.splitlines()
    assert "error[store-in-use]: the store is in use, so nothing is removed" == head
    assert f"  `{verb}` of small in {large}, process {running.process.pid} on {os.uname().nodename}" == who  # fmt: skip
    assert hint.startswith("  hint: wait until it is through")
    names = {name for name in before if name.startswith("v1/objects/")}
    assert names
    assert {name: before[name] for name in names} == {name: after[name] for name in names}
    assert 0 == running.end()[0]
    assert 0 == project.sftspec(large, "gc", "--yes").returncode


def test_a_build_that_is_killed_holds_nothing(project, large):
    """Not even while its workers end what they were at."""
    running = Running(project, large, "build", "small.sft", "--workers", "2").until(at_work)
    store = large / ".sftspec" / "v1"
    assert objects(store)
    assert -signal.SIGKILL == running.end(signal.SIGKILL)[0]
    done = project.sftspec(large, "gc", "--yes", "--format", "json")
    assert 0 == done.returncode, done.stderr
    kinds = {one["kind"]: one["count"] for one in json.loads(done.stdout)["dead"]}
    assert 1 == kinds["leases"]
    assert kinds["objects"] >= 10
    assert 0 == project.sftspec(large, "build", "small.sft").returncode
    assert verify(large / "compiled" / "small" / "0.1.0").good
    assert [] == list(leases(store))


def held(event):
    return event["event"] == "warning" and "waiting" in event["text"]


def test_a_build_that_starts_during_a_sweep_waits_for_its_end(project, builder):
    built = builder(chunk_bytes=2048)
    before = project.tree(builder.home)
    with alone(builder.store, Lease("gc")):
        running = Running(project, builder.home, "build", "small.sft").until(held)
        with pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(0.3)
        now = project.tree(builder.home)
        for one in sweep(survey(builder.store, builder.home, {}).dead):
            assert one.path.relative_to(builder.home).as_posix() in before
    assert {name: now[name] for name in before} == before
    assert 0 == running.end()[0]
    assert built.id == verify(built.folder).id
    assert not look(builder.home, builder.store).dead


def test_builds_and_sweeps_side_by_side_do_each_other_no_harm(project, builder):
    """Whoever comes first: a sweep waits for nobody, a build for the sweep, and all end well."""
    wanted = builder().id
    for _ in range(2):
        shutil.rmtree(builder.home / "compiled")
        builds = [
            Running(project, builder.home, "build", "small.sft", "--rehash") for _ in range(3)
        ]
        codes = set()
        while any(one.process.poll() is None for one in builds):
            done = project.sftspec(builder.home, "gc", "--yes")
            assert "store-in-use" in done.stderr or not done.stderr
            codes.add(done.returncode)
        assert codes <= {0, 1}
        assert [0] * 3 == [one.end()[0] for one in builds]
        assert wanted == verify(builder.home / "compiled" / "small" / "0.1.0").id
        assert 0 == project.sftspec(builder.home, "gc", "--yes").returncode
    builder(chunk_bytes=2048)
    assert {} == builder.ran


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_waits_for_a_sweep_can_be_interrupted(project, builder, number):
    builder(chunk_bytes=2048)
    with alone(builder.store, Lease("gc")):
        running = Running(project, builder.home, "build", "small.sft").until(held)
        assert (130, "interrupted; finished work is kept\n") == running.end(number)
        ((_, holder),) = leases(builder.store)
    assert "gc" == holder.verb


def test_builds_share_the_store_and_a_sweep_does_not(builder):
    builder()
    with leased(builder.store, Lease("build"), Log()):
        with leased(builder.store, Lease("plan"), Log()), pytest.raises(InUse) as caught:
            look(builder.home, builder.store)
        assert {"build", "plan"} == {one.verb for one in caught.value.leases}
        builder()
    with alone(builder.store, Lease("gc")), pytest.raises(InUse) as caught:
        look(builder.home, builder.store)
    assert [Lease("gc")] == caught.value.leases
    assert [] == list((builder.store / "leases").iterdir())


def test_a_lease_that_is_not_written_yet_counts(builder):
    builder()
    path = builder.store / "leases" / "new.json"
    with path.open("wb") as stream, leased(builder.store, Lease("plan"), Log()):
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(InUse) as caught:
            look(builder.home, builder.store)
    assert ["build", "plan"] == sorted(one.verb for one in caught.value.leases)


def test_a_build_that_fails_holds_nothing(builder):
    edit(builder.home, "data/terms.csv", "data/none.csv")
    with pytest.raises(Fault):
        builder()
    look(builder.home, builder.store)
    assert [] == list(leases(builder.store))


def test_a_folder_that_is_no_store_is_left_alone(project, tmp_path):
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "thesis.doc").touch()
    before = project.tree(tmp_path)
    with pytest.raises(Fault) as caught:
        look(tmp_path, tmp_path)
    assert "not-a-store" == caught.value.slug
    assert before == project.tree(tmp_path)


def test_a_store_of_another_format_is_not_swept(builder, project):
    builder()
    (builder.store / "FORMAT").write_text("2\n")
    before = project.tree(builder.store)
    with pytest.raises(Fault) as caught:
        look(builder.home, builder.store)
    assert ("store-format", before) == (caught.value.slug, project.tree(builder.store))


@pytest.mark.parametrize("after", [0, 1])
def test_a_file_system_without_locks_is_a_fault(builder, monkeypatch, after):
    """So no build works there unseen, and no sweep believes to be alone."""
    builder()
    taken = []

    def flock(_, kind):
        taken.append(kind)
        if len(taken) > after:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    for doing in (builder, lambda: look(builder.home, builder.store)):
        taken.clear()
        with monkeypatch.context() as patch:
            patch.setattr(fcntl, "flock", flock)
            with pytest.raises(Fault) as caught:
                doing()
        assert "io-error" == caught.value.slug
        assert "no locks" in caught.value.message
        assert [] == list((builder.store / "leases").iterdir())


def test_a_lease_on_a_full_disk_is_a_fault(builder, monkeypatch):
    whole = Path.open

    def refuse(path, *args, **how):
        if path.parent.name == "leases":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return whole(path, *args, **how)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(Fault) as caught:
        builder()
    assert "disk-full" == caught.value.slug


@pytest.mark.parametrize("name", ["leases", GATE])
def test_a_lease_that_cannot_be_taken_is_a_fault(builder, name):
    builder()
    path = builder.store / name
    path.rename(builder.home / "away")
    path.symlink_to("no/where")
    with pytest.raises(Fault) as caught:
        builder()
    assert "io-error" == caught.value.slug
