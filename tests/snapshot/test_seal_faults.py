"""A seal that fails, or dies, at any of its operations: the old snapshot or the new one, whole.

How many operations a seal has is found out, not written down here. Every one of them is hit, in
every state a target can be in, with and without a system that can exchange two folders at once,
for snapshots of files alone and of files in folders.
"""

import errno
import hashlib
import itertools
import json
import os
from pathlib import Path
import random
import runpy
import shutil
from types import SimpleNamespace

import pytest

from sftspec.ground.report import Fault
from sftspec.snapshot import disk as disks
from sftspec.snapshot.disk import Disk
from sftspec.snapshot.manifest import ASIDE, FREEZE, MANIFEST, STAGING
from sftspec.snapshot.names import find
from sftspec.snapshot.seal import seal
from sftspec.snapshot.verify import verify

small = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "small.py")))
STATES = ("nothing", "older", "clone", "frozen")
MODES = ("death", "ENOSPC", "EIO for good", "interrupt")
KILLED = 77

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


@pytest.fixture
def swaps(request, monkeypatch):
    """Whether the system exchanges two folders at once. Syncing real disks is not what is tested."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    if request.param == "renames":

        def unsupported(*_):
            raise OSError(errno.ENOSYS, "no renameat2")

        monkeypatch.setattr(disks, "rename2", unsupported)
    return request.param


both_ways = pytest.mark.parametrize("swaps", ["exchanges", "renames"], indirect=True)


class Dead(BaseException):
    """Nothing works any more: what death looks like to a disk, without the cost of a process."""


class Desk:
    """A target in one of the states, and what is to be sealed over it."""

    def __init__(self, home, state, old, new):
        self.compiled = home / "compiled"
        self.target = self.compiled / "small" / "0.1.0"
        self.staging = self.compiled / STAGING / "small"
        self.state, self.old, self.new = state, old, new
        listed = json.loads(new[MANIFEST])["files"]
        self.files = {
            entry["name"]: (lambda data=new[entry["name"]]: data, entry["sha256"])
            for entry in listed
        }
        self.before = {
            "nothing": None,
            "older": old,
            "clone": {n: old[n] for n in (MANIFEST, "plan.json", "README.md")},
            "frozen": {n: new[n] for n in (MANIFEST, "plan.json", "README.md")}
            | {FREEZE: freeze_of(new)},
        }[state]
        self.after = new | ({FREEZE: freeze_of(new)} if state == "frozen" else {})

    def lay(self):
        """The state anew."""
        shutil.rmtree(self.compiled, ignore_errors=True)
        self.compiled.mkdir(parents=True)
        if self.before is not None:
            put(self.target, self.before)
        return self

    def seal(self, disk=None, version="0.1.0"):
        new = self.new
        return seal(
            self.compiled, "small", version, self.files, new[MANIFEST], new["receipt.json"],
            disk=disk,
        )  # fmt: skip

    def now(self):
        return tree(self.target) if self.target.exists() else None

    def is_whole(self):
        """Old or new and no mix of them; between two renames the old one may lie aside."""
        found = self.now()
        if found == self.after:
            assert verify(self.target).good
            return True
        aside = self.staging / f"0.1.0{ASIDE}"
        if found is None and self.before is not None:
            return tree(aside) == self.before
        return found == self.before

    def ends_well(self):
        """Another try: the new snapshot is there, and nothing else is left."""
        self.seal()
        assert self.after == self.now()
        assert [] == list(self.staging.iterdir())
        return True


def freeze_of(new):
    return small.freeze_of(new[MANIFEST])


def put(folder, files):
    folder.mkdir(parents=True)
    for name, data in files.items():
        if data is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(data)


def tree(folder):
    """Each file and its bytes; None for a folder, which comes before what is in it."""
    return {
        path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture(params=["flat", "deep"])
def desk_of(request, tmp_path):
    deep = request.param == "deep"
    names = ("old_deep_snapshot", "deep_snapshot") if deep else ("old_snapshot", "new_snapshot")
    old, new = (tree(request.getfixturevalue(name)) for name in names)
    assert old[MANIFEST] != new[MANIFEST]
    assert (["pairs", "parquet"] if deep else []) == [n for n in new if new[n] is None]
    return lambda state: Desk(tmp_path, state, old, new)


def operations(desk):
    """What a seal that nothing disturbs does, in order."""
    log = []
    desk.lay().seal(Disk(before=lambda name, path: log.append((name, path))))
    return log


def failing_at(k, mode):
    """A hook that lets `k` operations pass and then does harm."""
    count = itertools.count()

    def hook(*_):
        at = next(count)
        if at < k or (at > k and not mode.endswith(("for good", "death"))):
            return
        if mode == "kill":
            os._exit(KILLED)
        if mode == "death":
            raise Dead
        if mode == "interrupt":
            raise KeyboardInterrupt
        code = errno.ENOSPC if mode.startswith("ENOSPC") else errno.EIO
        raise OSError(code, os.strerror(code))

    return Disk(before=hook)


def in_a_child(work):
    """Run `work` in a process of its own, which does not come back from being killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def outcome_of(work):
    """How it ended: the fault's slug, or a word."""
    try:
        work()
    except Fault as fault:
        return fault.slug
    except KeyboardInterrupt:
        return "interrupt"
    except Dead:
        return "death"
    return "sealed"


@both_ways
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.usefixtures("swaps")
def test_a_seal_that_fails_anywhere_leaves_old_or_new(mode, state, desk_of):
    desk = desk_of(state)
    steps = operations(desk)
    assert len(steps) > 4 * len(desk.files)
    for k, step in enumerate(steps):
        disk = failing_at(k, mode)
        desk.lay()
        slug = outcome_of(lambda disk=disk: desk.seal(disk))
        expected = {"ENOSPC": "disk-full", "EIO for good": "io-error"}.get(mode, mode)
        assert slug == expected or (slug == "sealed" and desk.now() == desk.after), step
        assert desk.is_whole(), step
        assert desk.ends_well(), step


@both_ways
@pytest.mark.usefixtures("swaps")
def test_a_process_that_dies_anywhere_leaves_old_or_new(desk_of):
    """As above, with real processes: the kernel lets go of the lock too."""
    desk = desk_of("older")
    for k, step in enumerate(operations(desk)):
        disk = failing_at(k, "kill")
        desk.lay()
        assert KILLED == in_a_child(lambda disk=disk: desk.seal(disk)), step
        assert desk.is_whole(), step
        assert desk.ends_well(), step


@both_ways
@pytest.mark.usefixtures("swaps")
@pytest.mark.parametrize("state", STATES)
def test_a_fault_that_passes_leaves_nothing_behind(state, desk_of):
    """An error once, and not for good: the seal itself takes its staging away."""
    desk = desk_of(state)
    for k, (name, path) in enumerate(operations(desk)):
        if name in {"unlink", "rmdir"}:
            continue
        desk.lay()
        with pytest.raises(Fault):
            desk.seal(failing_at(k, "EIO"))
        left = sorted(desk.staging.iterdir()) if desk.staging.exists() else []
        assert [] == left, (name, path)
        assert desk.now() in (desk.before, desk.after), (name, path)


@pytest.mark.parametrize("swaps", ["exchanges"], indirect=True)
@pytest.mark.usefixtures("swaps")
@pytest.mark.parametrize("state", STATES)
def test_short_writes_are_carried_on(state, desk_of, monkeypatch):
    desk = desk_of(state)
    whole = os.write
    writes = sum(name == "write" for name, _ in operations(desk))
    for short in range(writes):
        count = itertools.count()

        def write(descriptor, data, count=count, short=short):
            some = len(data) // 2 or 1 if next(count) == short else len(data)
            return whole(descriptor, data[:some])

        monkeypatch.setattr(os, "write", write)
        desk.lay().seal()
        assert desk.after == desk.now()
    monkeypatch.setattr(os, "write", lambda descriptor, data: whole(descriptor, data[:97]))
    desk.lay().seal()
    assert desk.after == desk.now()


@both_ways
@pytest.mark.usefixtures("swaps")
@pytest.mark.parametrize("state", STATES)
def test_a_disk_that_is_full_in_the_middle_of_a_write(state, desk_of, monkeypatch):
    """The system writes some bytes, then has no room: half a file is never in the target."""
    desk = desk_of(state)
    whole = os.write
    total = sum(len(data) for data in desk.after.values() if data is not None)
    for room in range(0, total, 1 + total // 15):
        left = [room]

        def write(descriptor, data, left=left):
            if left[0] <= 0:
                raise OSError(errno.ENOSPC, "no space left on device")
            done = whole(descriptor, data[: left[0]])
            left[0] -= done
            return done

        desk.lay()
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(Fault, match="full"):
            desk.seal()
        monkeypatch.setattr(os, "write", whole)
        assert desk.now() == desk.before
        assert [] == list(desk.staging.iterdir())
    assert desk.ends_well()


# ---- what reached the medium


@both_ways
@pytest.mark.parametrize("state", STATES)
def test_all_is_synced_before_the_swap_and_the_parents_after(swaps, state, desk_of):
    desk = desk_of(state)
    steps = operations(desk)
    fresh = desk.staging / "0.1.0.new"
    renames = [at for at, (name, _) in enumerate(steps) if name in {"rename", "exchange"}]
    assert renames
    inner = [name for name, data in desk.after.items() if data is None]
    for name in desk.after.keys() - set(inner):
        mine = [(at, op) for at, (op, path) in enumerate(steps) if path == fresh / name]
        wrote = [at for at, op in mine if op in {"create", "write"} and at < renames[0]]
        synced = [at for at, op in mine if op == "fsync"]
        assert max(wrote) < min(synced) < renames[0], name
    sealed = steps.index(("create", fresh / MANIFEST))
    for name in inner:
        listed = steps.index(("fsync-folder", fresh / name))
        written = enumerate(steps[: renames[0]])
        held = [at for at, (_, path) in written if path.parent == fresh / name]
        assert steps.index(("mkdir", fresh / name)) < min(held) < max(held) < listed < sealed
    listed = steps.index(("fsync-folder", fresh))
    assert max(at for at, (op, _) in enumerate(steps) if op == "create") < listed < renames[0]
    for parent in (desk.target.parent, desk.compiled):
        assert renames[-1] < steps.index(("fsync-folder", parent)), swaps
    removed = [at for at, (op, _) in enumerate(steps) if op in {"unlink", "rmdir"}]
    assert all(at > steps.index(("fsync-folder", desk.target.parent)) for at in removed)


@both_ways
@pytest.mark.usefixtures("swaps")
@pytest.mark.parametrize("state", ["older", "frozen"])
def test_writes_that_power_loss_took_never_reach_the_target(state, desk_of):
    """What is not synced when the power goes is lost, in any combination: files are empty or not
    there, and of a folder whose names were not synced any may be gone."""
    desk = desk_of(state)
    rng = random.Random(20261121)
    log = []
    disk = Disk(before=lambda name, path: log.append((name, path)))
    desk.lay().seal(disk)
    for k in range(len(log)):
        synced = {path for name, path in log[:k] if name.startswith("fsync")}
        made = {path for name, path in log[:k] if name == "create"}
        lost = sorted(path for path in made if not {path, path.parent} <= synced)
        swapped = any(name in {"rename", "exchange"} for name, _ in log[:k])
        assert not (swapped and lost)
        desk.lay()
        with pytest.raises(Dead):
            desk.seal(failing_at(k, "death"))
        for path in rng.sample(lost, rng.randint(0, len(lost))):
            if path not in synced and rng.random() < 0.5:
                path.write_bytes(b"")
            else:
                path.unlink()
        assert desk.is_whole()
        assert desk.ends_well()


# ---- between two renames


def die_between(desk):
    """Kill a seal after the old snapshot was moved aside and before the new one took its place."""
    steps = operations(desk)
    moves = [at for at, (name, _) in enumerate(steps) if name == "rename"]
    desk.lay()
    with pytest.raises(Dead):
        desk.seal(failing_at(moves[-1], "death"))
    assert not desk.target.exists()
    return desk


renames_only = pytest.mark.parametrize("swaps", ["renames"], indirect=True)


@renames_only
@pytest.mark.usefixtures("swaps")
@pytest.mark.parametrize("state", ["older", "clone", "frozen"])
def test_what_was_set_aside_goes_back_even_if_the_next_seal_fails(state, desk_of):
    desk = die_between(desk_of(state))

    def never():
        raise Fault("some-fault", "the next build gets nowhere")

    desk.files = dict.fromkeys(desk.files, (never, "0" * 64))
    with pytest.raises(Fault, match="nowhere"):
        desk.seal()
    assert desk.before == desk.now()


@renames_only
@pytest.mark.usefixtures("swaps")
@pytest.mark.parametrize("state", ["older", "frozen"])
def test_what_was_set_aside_goes_back_when_another_version_is_sealed(state, desk_of):
    desk = die_between(desk_of(state))
    desk.seal(version="0.2.0")
    assert desk.before == desk.now()
    assert desk.new.keys() == tree(desk.compiled / "small" / "0.2.0").keys()
    assert [] == list(desk.staging.iterdir())


@renames_only
@pytest.mark.usefixtures("swaps")
def test_a_name_looked_up_meanwhile_says_how_it_comes_back(desk_of):
    desk = die_between(desk_of("older"))
    with pytest.raises(Fault) as caught:
        find("small", desk.compiled.parent)
    assert "snapshot-not-found" == caught.value.slug
    assert "0.1.0" in caught.value.hint


# ---- what is no snapshot, and what is not what was made


@pytest.mark.parametrize("swaps", ["exchanges"], indirect=True)
@pytest.mark.usefixtures("swaps")
def test_a_folder_of_someone_else_is_left_alone(desk_of):
    desk = desk_of("nothing").lay()
    put(desk.target, {"thesis.tex": b"ten years of work"})
    with pytest.raises(Fault) as caught:
        desk.seal()
    assert "target-in-use" == caught.value.slug
    assert {"thesis.tex": b"ten years of work"} == desk.now()
    assert [] == list(desk.staging.iterdir())


@pytest.mark.parametrize("swaps", ["exchanges"], indirect=True)
@pytest.mark.usefixtures("swaps")
@pytest.mark.parametrize("state", STATES)
def test_bytes_that_are_not_those_that_were_made_are_not_sealed(state, desk_of):
    desk = desk_of(state).lay()
    data, digest = desk.new["train.jsonl"], desk.files["train.jsonl"][1]
    assert hashlib.sha256(data).hexdigest() == digest
    desk.files["train.jsonl"] = (lambda: data[:-1] + b" ", digest)
    with pytest.raises(Fault) as caught:
        desk.seal()
    assert "damaged-result" == caught.value.slug
    assert desk.before == desk.now()
    assert [] == list(desk.staging.iterdir())


# ---- whole builds


@pytest.mark.parametrize("swaps", ["exchanges", "renames"], indirect=True)
@pytest.mark.usefixtures("swaps")
def test_a_build_whose_seal_fails_is_built_again_to_the_same_id(
    tmp_path, project, new_snapshot
):
    """Through the front door, at a few of the operations."""
    from sftspec.build import Settings, build
    from sftspec.engine.log import Log

    home = project.make(tmp_path / "home")
    spec = Path(home / "small.sft")
    log = SimpleNamespace(steps=[])
    disk = Disk(before=lambda *step: log.steps.append(step))
    wanted = build(spec, Settings(engine="local"), Log(), disk=disk).id
    assert verify(new_snapshot).id == wanted
    for k in sorted(random.Random(7).sample(range(len(log.steps)), 8)):
        shutil.rmtree(home / "compiled")
        if k % 2:
            old = spec.read_text(encoding="utf-8").replace("total = 24", "total = 20")
            spec.write_text(old, encoding="utf-8")
            build(spec, Settings(engine="local"), Log())
            spec.write_text(project.SPEC, encoding="utf-8")
        disk = failing_at(k, "EIO for good")
        slug = outcome_of(
            lambda disk=disk: build(spec, Settings(engine="local"), Log(), disk=disk)
        )
        assert slug in {"io-error", "sealed"}
        built = build(spec, Settings(engine="local"), Log())
        assert wanted == built.id
        assert verify(built.folder).good
