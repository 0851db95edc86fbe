"""What a loader gives: packs as they lie in the store, to any ranks in one order, from any state."""

from itertools import pairwise
import json
import os
from pathlib import Path
import pickle
import runpy
import subprocess
import sys
import tracemalloc
from types import SimpleNamespace

from hypothesis import given, settings, strategies as st
import msgspec
import numpy as np
import pytest

import sftspec
from sftspec.ground.report import Fault
from sftspec.snapshot import stored
from sftspec.snapshot.manifest import MANIFEST, checked, decode, encode
from sftspec.snapshot.order import Order

REPO = Path(__file__).parents[2]
stores = SimpleNamespace(**runpy.run_path(str(REPO / "tests" / "stores.py")))
COUNT = 47
PHASES = (("foundation", 20), ("build", 0), ("push", 27))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("snapshot")
    parts = {
        "train": (stores.packs_of(COUNT), PHASES),
        "dev": (stores.packs_of(5), ()),
        "regression": ([], ()),
    }
    return stores.snapshot(home, parts, shards=3)


@pytest.fixture(scope="module")
def loaded(folder):
    return sftspec.load(folder)


def order(epoch=0, seed=0):
    return Order([count for _, count in PHASES], seed, epoch).at(np.arange(COUNT)).tolist()


def dealt(loaders, steps=None):
    """The packs that ranks read, step by step, in the order of places."""
    found = []
    running = [iter(loader) for loader in loaders]
    while steps is None or len(found) < steps:
        batches = [next(one, None) for one in running]
        if batches[0] is None:
            assert all(batch is None for batch in batches)
            break
        columns = [stores.numbers(batch) for batch in batches]
        found.append([number for row in zip(*columns, strict=True) for number in row])
    return found


def ranks(loaded, world, **how):
    return [loaded.loader(rank, world, **how) for rank in range(world)]


def flat(steps):
    return [number for step in steps for number in step]


def fault(slug, call, *args, **kwargs):
    """The message and hint of a fault that must come."""
    with pytest.raises(Fault) as caught:
        call(*args, **kwargs)
    assert slug == caught.value.slug
    return f"{caught.value.message} {caught.value.hint}"


# packs


def test_each_pack_is_as_it_was_written(loaded):
    packs = stores.packs_of(COUNT)
    places = loaded.loader(shuffle=False).packs
    assert COUNT == len(places)
    for number, samples in enumerate(packs):
        item = places[number]
        ids = [token for sample in samples for token in sample]
        sizes = [len(sample) for sample in samples]
        assert ids == item["input_ids"].tolist()
        assert [label for sample in samples for label in [-100, *sample[1:]]] == item[
            "labels"
        ].tolist()
        assert [at for size in sizes for at in range(size)] == item["position_ids"].tolist()
        assert sizes == item["seq_lengths"].tolist()
        assert [sum(sizes[:n]) for n in range(len(sizes) + 1)] == item["cu_seqlens"].tolist()
        assert max(sizes) == item["max_seqlen"]
        kinds = {value.dtype for name, value in item.items() if name != "max_seqlen"}
        assert {np.dtype(np.int32)} == kinds


def test_what_is_given_may_be_written_in(loaded):
    place = loaded.loader(shuffle=False).packs
    item = place[1]
    before = item["input_ids"].tolist()
    for name in ("input_ids", "labels", "seq_lengths", "position_ids"):
        item[name][:] = 0
    assert before == place[1]["input_ids"].tolist()


def test_a_batch_is_its_packs_one_behind_the_other(loaded):
    loader = loaded.loader(batch_size=3, shuffle=False)
    batch, packs = next(iter(loader)), [loader.packs[place] for place in range(3)]
    again = loader.collate(packs)
    assert list(batch) == list(again)
    for name, value in batch.items():
        assert np.array_equal(value, again[name])
    assert [0, 1, 2] == stores.numbers(batch)
    assert sum(len(pack["input_ids"]) for pack in packs) == batch["cu_seqlens"][-1]
    assert [at for pack in packs for at in pack["position_ids"].tolist()] == batch[
        "position_ids"
    ].tolist()


def test_the_layouts_say_the_same(loaded):
    flat_one = next(iter(loaded.loader(batch_size=2)))
    rows = next(iter(loaded.loader(batch_size=2, layout="transformers")))
    packs = next(iter(loaded.loader(batch_size=2, layout="packs")))
    for name in ("input_ids", "labels", "position_ids"):
        assert (1, len(flat_one[name])) == rows[name].shape
        assert np.array_equal(flat_one[name], rows[name][0])
        assert np.array_equal(flat_one[name], np.concatenate([one[name] for one in packs]))
    for end in ("q", "k"):
        assert np.array_equal(flat_one["cu_seqlens"], rows[f"cu_seq_lens_{end}"])
        assert flat_one["max_seqlen"] == rows[f"max_length_{end}"]
    # a mask of ones or a cache would let samples see each other
    assert "attention_mask" not in rows
    assert rows["use_cache"] is False


def test_places_are_those_of_a_sequence(loaded):
    packs = loaded.loader().packs
    assert order() == [stores.numbers(packs[place])[0] for place in range(COUNT)]
    assert stores.numbers(packs[-1]) == stores.numbers(packs[COUNT - 1])
    assert order() == flat(stores.numbers(one) for one in packs)  # ends by IndexError
    packs.set_epoch(4)
    assert order(4)[:3] == flat(stores.numbers(one) for one in packs.__getitems__([0, 1, 2]))
    with pytest.raises(IndexError):
        packs[COUNT]


# the order


@settings(deadline=None)
@given(
    st.integers(1, 9), st.integers(1, 5), st.integers(0, 3), st.sampled_from(["drop", "pad"])
)
def test_any_ranks_read_one_order(loaded, world, size, epoch, last):
    step = world * size
    found = dealt(ranks(loaded, world, batch_size=size, epoch=epoch, last=last, seed=9))
    wanted = order(epoch, 9)
    whole = COUNT // step if last == "drop" else -(-COUNT // step)
    repeated = (wanted * (1 + step // COUNT + 1))[: whole * step]
    assert repeated == flat(found)
    assert whole == len(found) == len(loaded.loader(0, world, batch_size=size, last=last))


def test_phases_come_in_their_order(loaded):
    loader = loaded.loader()
    phases = []
    for _ in range(COUNT):
        phases.append(loader.phase)
        next(iter(loader))
    assert ["foundation"] * 20 + ["push"] * 27 == phases


def test_epochs_follow_each_other_and_differ(loaded):
    loader = loaded.loader(batch_size=4)
    passes = [flat(stores.numbers(batch) for batch in loader) for _ in range(3)]
    assert [order(epoch)[:44] for epoch in range(3)] == passes
    assert (3, 0) == (loader.epoch, loader.consumed)
    assert 3 == len({tuple(one) for one in passes})


def test_set_epoch_keeps_the_epoch_that_is_under_way(loaded):
    loader = loaded.loader()
    first = [stores.numbers(next(iter(loader))) for _ in range(5)]
    loader.set_epoch(0)
    assert 5 == loader.consumed
    loader.set_epoch(7)
    assert (7, 0, COUNT) == (loader.epoch, loader.consumed, loader.left)
    assert order(7)[:1] == stores.numbers(next(iter(loader)))
    loader.set_epoch(0)
    assert first == [stores.numbers(next(iter(loader))) for _ in range(5)]
    loader.rewind()
    assert order()[:1] == stores.numbers(next(iter(loader)))


def test_ranks_of_one_number_read_the_same(loaded):
    # tensor, context and pipeline ranks share the number of their data-parallel rank
    one, other = (loaded.loader(2, 3, batch_size=2) for _ in range(2))
    assert [stores.numbers(batch) for batch in one] == [
        stores.numbers(batch) for batch in other
    ]


def test_a_sampler_deals_places_as_the_loader_does(loaded):
    # torch's DistributedSampler(shuffle=False, drop_last=True): rank, rank + world_size, ...
    world, size = 3, 2
    packs = loaded.loader().packs
    for rank in range(world):
        places = list(range(rank, COUNT // world * world, world))
        mine = flat(
            stores.numbers(batch) for batch in loaded.loader(rank, world, batch_size=size)
        )
        assert mine == flat(stores.numbers(packs[place]) for place in places)[: len(mine)]
        assert len(places) - len(mine) < size


# states


@settings(deadline=None)
@given(st.data())
def test_a_run_goes_on_with_any_ranks(loaded, data):
    """However often it is cut off and with how many ranks it goes on, the order is one."""
    read, state, epoch, how = [], None, 0, {"seed": 3, "last": "pad"}
    while epoch == 0:
        world, size = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 3))
        loaders = ranks(loaded, world, batch_size=size, **how)
        for loader in loaders if state else []:
            loader.load_state_dict(json.loads(json.dumps(state)))
        read += flat(dealt(loaders, data.draw(st.integers(1, 8))))
        states = [loader.state_dict() for loader in loaders]
        assert all(one == states[0] for one in states)
        state, epoch = states[0], loaders[0].epoch
    wanted = order(0, 3)
    assert wanted == read[:COUNT]
    repeated = read[COUNT:]
    assert wanted[: len(repeated)] == repeated
    spans = state["spans"]
    assert [(0, COUNT, len(repeated))] == [
        (spans[0]["start"], spans[-1]["stop"], spans[-1].get("repeated", 0))
    ]
    assert all(one["stop"] == other["start"] for one, other in pairwise(spans))


@pytest.mark.parametrize("worlds", [(2, 3), (4, 6), (6, 3), (8, 1), (3, 16)])
def test_other_ranks_take_over_where_the_first_stopped(loaded, worlds):
    before, after = worlds
    first = ranks(loaded, before)
    read = flat(dealt(first, 2))
    second = ranks(loaded, after)
    for loader in second:
        loader.load_state_dict(first[0].state_dict())
    read += flat(dealt(second))
    assert order()[: len(read)] == read
    assert COUNT - len(read) < after


def test_a_killed_process_goes_on_from_its_last_state(folder, tmp_path):
    script = (
        "import json, os, sys, sftspec\n"
        "loader = sftspec.load(sys.argv[1]).loader(batch_size=4)\n"
        "for number, batch in enumerate(loader):\n"
        "    print(int(batch['input_ids'][0]), flush=True)\n"
        "    if number == 2:\n"
        "        open(sys.argv[2], 'w').write(json.dumps(loader.state_dict()))\n"
        "    if number == 4:\n"
        "        os.kill(os.getpid(), 9)\n"
    )
    saved = tmp_path / "state.json"
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), str(saved)],
        env=os.environ | {"PYTHONPATH": str(REPO)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert -9 == done.returncode, done.stderr
    loader = sftspec.load(folder).loader(batch_size=4)
    loader.load_state_dict(json.loads(saved.read_text()))
    assert 12 == loader.consumed
    lost = [int(batch["input_ids"][0]) for _, batch in zip(range(2), loader, strict=False)]
    assert [int(line) for line in done.stdout.split()][3:] == lost


def test_snapshot_and_consumed_are_state_enough(loaded):
    loader = loaded.loader(seed=5, batch_size=2)
    loader.load_state_dict({"snapshot": loaded.id, "consumed": 13})
    assert order(0, 5)[13:15] == stores.numbers(next(iter(loader)))


def test_the_state_of_an_epochs_end_begins_the_next(loaded):
    loader = loaded.loader(batch_size=8)
    for _ in loader:
        state = loader.state_dict()
    assert (1, 0) == (state["epoch"], state["consumed"])
    again = loaded.loader(batch_size=1)
    again.load_state_dict(state)
    assert order(1)[:1] == stores.numbers(next(iter(again)))


def test_too_few_packs_for_the_new_ranks_end_the_epoch(loaded):
    first = loaded.loader(batch_size=9)
    assert 4 == len(dealt([first], 4))
    state = first.state_dict()
    second = loaded.loader(batch_size=20)
    second.load_state_dict(state)
    assert (1, 0) == (second.epoch, second.consumed)
    assert {"consumed": 36, "epoch": 0} == {name: state[name] for name in ("consumed", "epoch")}
    assert 11 == second.receipt()["spans"][-1]["dropped"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"snapshot": "sha256:" + "0" * 64}, "snapshot"),
        ({"chat": "qwen3"}, "chat"),
        ({"part": "dev"}, "part"),
        ({"seed": 1}, "seed"),
        ({"shuffle": False}, "shuffle"),
        ({"last": "pad"}, "last"),
    ],
)
def test_the_state_of_another_training_is_refused(loaded, change, said):
    loader = loaded.loader()
    next(iter(loader))
    message = fault(
        "other-state", loaded.loader().load_state_dict, loader.state_dict() | change
    )
    assert f"its {said} is {next(iter(change.values()))!r}" in message


def test_a_snapshot_of_other_bytes_is_another(loaded, tmp_path):
    other = stores.one_part(tmp_path / "other", COUNT + 1)
    state = loaded.loader().state_dict()
    assert "snapshot" in fault(
        "other-state", sftspec.load(other).loader().load_state_dict, state
    )


@pytest.mark.parametrize(
    "change",
    [
        {"consumed": COUNT + 1}, {"consumed": -1}, {"consumed": "3"}, {"epoch": -1}, {"more": 1},
        {"format_version": 2}, {"worker": [1]},
    ],
)  # fmt: skip
def test_what_is_no_state_is_refused(loaded, change):
    loader = loaded.loader()
    fault("bad-state", loader.load_state_dict, loader.state_dict() | change)
    fault("bad-state", loader.load_state_dict, [])
    fault("bad-state", loader.load_state_dict, {"consumed": 3})
    assert (0, 0) == (loader.epoch, loader.consumed)


def test_steps_taken_elsewhere_count(loaded):
    one, other = loaded.loader(batch_size=5), loaded.loader(batch_size=5)
    for _ in range(12):
        next(iter(one))
    other.advance(5)
    other.advance(7)
    assert one.state_dict() == other.state_dict()
    assert (1, 15) == (other.epoch, other.consumed)


# receipts


def test_a_receipt_says_what_was_read(loaded, tmp_path):
    loader = loaded.loader(0, 2, batch_size=4, seed=8, last="pad")
    for _ in loader:
        pass
    next(iter(loader))
    later = loaded.loader(1, 3, batch_size=1, seed=8, last="pad")
    later.load_state_dict(loader.state_dict())
    next(iter(later))
    receipt = later.receipt()
    assert [
        {"epoch": 0, "start": 0, "stop": 47, "world_size": 2, "batch_size": 4, "repeated": 1,
         "dropped": 0},
        {"epoch": 1, "start": 0, "stop": 8, "world_size": 2, "batch_size": 4, "repeated": 0,
         "dropped": 0},
        {"epoch": 1, "start": 8, "stop": 11, "world_size": 3, "batch_size": 1, "repeated": 0,
         "dropped": 0},
    ] == receipt["spans"]  # fmt: skip
    assert (loaded.id, "small", "0.1.0", "llama3", "train", 8, "pad") == tuple(
        receipt[name]
        for name in ("snapshot", "dataset", "version", "chat", "part", "seed", "last")
    )
    assert [{"name": name, "packs": packs} for name, packs in PHASES] == receipt["phases"]
    assert (1, 11) == (receipt["epoch"], receipt["consumed"])
    assert "at" not in receipt
    later.write_receipt(tmp_path / "receipt.json")
    assert receipt == json.loads((tmp_path / "receipt.json").read_bytes())
    assert encode(receipt) == (tmp_path / "receipt.json").read_bytes()
    later.write_receipt(str(tmp_path / "receipt.json"), at="2026-11-21T18:00:00Z")
    assert "2026-11-21T18:00:00Z" == json.loads((tmp_path / "receipt.json").read_text())["at"]
    assert ["receipt.json"] == [one.name for one in tmp_path.iterdir()]


def test_a_receipt_that_cannot_be_written_leaves_nothing(loaded, tmp_path):
    (tmp_path / "receipt.json").mkdir()
    fault("io-error", loaded.loader().write_receipt, tmp_path / "receipt.json")
    assert ["receipt.json"] == [one.name for one in tmp_path.iterdir()]


# what is there, and what is not


def test_a_snapshot_says_what_it_has(loaded, folder):
    parts = loaded.parts()
    assert {"train": COUNT, "dev": 5, "regression": 0} == {
        name: part.packs for name, part in parts.items()
    }
    assert "<small 0.1.0 sha256:" in repr(loaded)
    assert 5 == len(loaded.loader(part="dev"))
    assert loaded.id == sftspec.load(str(folder), expect=loaded.id).id
    assert loaded.id == sftspec.load(folder, expect=loaded.id.removeprefix("sha256:")).id


def test_a_name_is_found_in_the_project(loaded, tmp_path, folder):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "compiled" / "small").mkdir(parents=True)
    (tmp_path / "compiled" / "small" / "0.1.0").symlink_to(folder)
    assert loaded.id == sftspec.load("small", tmp_path).id
    assert loaded.id == sftspec.load("small@0.1.0", str(tmp_path)).id
    assert "small" in fault("snapshot-not-found", sftspec.load, "smal", tmp_path)


def test_several_chats_are_told_apart(tmp_path):
    parts = {"train": (stores.packs_of(4), ())}
    two = sftspec.load(stores.snapshot(tmp_path / "two", parts, chats=("llama3", "qwen3")))
    assert "`llama3` and `qwen3`" in fault("not-in-store", two.loader).replace(", ", " and ")
    assert 4 == len(two.loader(chat="qwen3"))
    assert "did you mean `qwen3`" in fault("not-in-store", two.loader, chat="qwen")


def test_what_is_not_there_is_named(loaded):
    assert "`dev`, `train`" in fault("not-in-store", loaded.loader, part="test")
    assert "regression" in fault("not-in-store", loaded.loader, part="regression")


def test_a_snapshot_without_tokens_is_opened_and_has_no_loader(tmp_path):
    none = sftspec.load(stores.one_part(tmp_path / "none", 2, files=()))
    fault("snapshot-damaged", none.loader)
    manifest = decode((tmp_path / "none" / MANIFEST).read_bytes())
    bare = msgspec.structs.replace(manifest, chats=msgspec.UNSET)
    (tmp_path / "none" / MANIFEST).write_bytes(encode(checked(bare)))
    assert "emit { store" in fault("not-in-store", sftspec.load(tmp_path / "none").loader)


def test_another_snapshot_than_expected_is_refused(folder):
    fault("other-snapshot", sftspec.load, folder, expect="sha256:" + "0" * 64)


@pytest.mark.parametrize(
    "how",
    [
        {"rank": 2, "world_size": 2}, {"rank": -1}, {"world_size": 0}, {"batch_size": 0},
        {"batch_size": True}, {"batch_size": 1.0}, {"epoch": -1}, {"seed": 2**63}, {"seed": "7"},
        {"last": "keep"}, {"format": "jax"}, {"layout": "rows"}, {"check": "always"},
        {"batch_size": COUNT + 1},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(loaded, how):
    fault("bad-loader", loaded.loader, **how)


@pytest.mark.parametrize("epoch", [-1, "1", 1.0])
def test_an_epoch_that_cannot_be_is_refused(loaded, epoch):
    fault("bad-loader", loaded.loader().set_epoch, epoch)


def test_a_part_smaller_than_a_step_can_be_padded(loaded):
    loader = loaded.loader(part="dev", batch_size=12, last="pad")
    assert 1 == len(loader)
    (batch,) = list(loader)
    assert 12 == len(stores.numbers(batch))
    assert {0, 1, 2, 3, 4} == set(stores.numbers(batch))


# bytes


def test_a_changed_byte_is_found_when_its_shard_is_touched(tmp_path):
    for kind in ("tokens.bin", "labels.bin", "tokens.idx"):
        home = stores.one_part(tmp_path / kind, 8, shards=2)
        name = f"store/train-00001-of-00002.{kind}"
        data = bytearray((home / name).read_bytes())
        data[-1] ^= 1
        (home / name).write_bytes(data)
        packs = sftspec.load(home).loader(shuffle=False).packs
        assert [0] == stores.numbers(packs[0])
        assert [3] == stores.numbers(packs[3])
        assert name in fault("snapshot-damaged", packs.__getitem__, 4)
        assert name in fault("snapshot-damaged", packs.__getitem__, 4)  # and it stays found
        assert name in fault("snapshot-damaged", sftspec.load(home).loader, check="open")


def test_an_unchecked_store_is_read_as_it_is(tmp_path):
    home = stores.one_part(tmp_path / "x", 4, shards=1)
    name = home / "store" / "train-00000-of-00001.tokens.bin"
    data = bytearray(name.read_bytes())
    data[0] = 99
    name.write_bytes(data)
    item = sftspec.load(home).loader(shuffle=False, check="never").packs[0]
    assert 99 == item["input_ids"][0]


def test_an_unchecked_index_that_lies_is_found(tmp_path):
    home = stores.one_part(tmp_path / "x", 4, shards=1)
    name = home / "store" / "train-00000-of-00001.tokens.idx"
    whole = name.read_bytes()
    for place, value in ((-8, 1000), (-16, -5), (34, 2**30), (34, -40)):
        data = bytearray(whole)
        size = 4 if place > 0 else 8
        at = place % len(data)
        data[at : at + size] = value.to_bytes(size, "little", signed=True)
        name.write_bytes(data)
        loader = sftspec.load(home).loader(shuffle=False, check="never")
        with pytest.raises(Fault, match=r"\.idx"):
            list(loader)


def test_a_file_that_is_gone_or_cut_is_named_at_once(tmp_path):
    for number, kind in enumerate(("tokens.bin", "tokens.idx", "labels.bin", "labels.idx")):
        home = stores.one_part(tmp_path / str(number), 4)
        path = home / "store" / f"train-00001-of-00002.{kind}"
        data = path.read_bytes()
        path.write_bytes(data[:-4])
        assert path.name in fault("snapshot-damaged", sftspec.load(home).loader)
        path.unlink()
        assert path.name in fault("no-data", sftspec.load(home).loader)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"X" + data[1:],
        lambda data: data[:9] + b"\x02" + data[10:],
        lambda data: data[:17] + b"\x08" + data[18:],
        lambda data: data[:18] + b"\x07" + data[19:],
        lambda data: data[:20],
    ],
)
def test_an_index_that_is_none_is_refused(tmp_path, change):
    def both(files):
        return {
            name: change(data) if name.endswith(".idx") else data
            for name, data in files.items()
        }

    loaded = sftspec.load(stores.one_part(tmp_path / "x", 3, shards=1, change=both))
    assert "tokens.idx" in fault("snapshot-damaged", loaded.loader)


def without(end):
    return lambda files: {name: data for name, data in files.items() if not name.endswith(end)}


@pytest.mark.parametrize(
    "change",
    [
        without("00001-of-00002.labels.idx"),
        without("00001-of-00002.tokens.bin"),
        without("00000-of-00002.tokens.bin"),
        without(".tokens.bin"),
        lambda files: files | {"store/train-00001-of-00002.labels.idx": b"other"},
        lambda files: files | {"store/train-00001-of-00002.labels.bin": b"1234"},
        lambda files: files | {"store/train-00001-of-00002.tokens.bin": b""},
    ],
)
def test_shards_that_do_not_fit_are_refused(tmp_path, change):
    loaded = sftspec.load(stores.one_part(tmp_path / "x", 6, change=change))
    assert "train-0" in fault("snapshot-damaged", loaded.loader)


def test_a_manifest_that_counts_otherwise_is_refused(tmp_path):
    def load(name, **other):
        home = stores.one_part(tmp_path / name, 6, **other)
        manifest = decode((home / MANIFEST).read_bytes())
        part = manifest.chats["llama3"]["outputs"]["store"]["parts"]["train"]
        part["packs"] += name == "packs"
        part["tokens"] += name == "tokens"
        if name == "chats":
            manifest.chats["llama3"]["outputs"] = 7
        (home / MANIFEST).write_bytes(encode(checked(manifest)))
        return sftspec.load(home).loader

    assert "count otherwise" in fault("snapshot-damaged", load("packs"))
    assert "count otherwise" in fault("snapshot-damaged", load("tokens"))
    assert "phases" in fault("snapshot-damaged", load("phases", phases=(("one", 5),)))
    fault("other-compiler", load, "chats")


def test_a_manifest_that_is_none_is_refused(tmp_path):
    home = stores.one_part(tmp_path / "x", 2)
    data = (home / MANIFEST).read_bytes()
    (home / MANIFEST).write_bytes(data.replace(b"small", b"smell"))
    assert MANIFEST in fault("snapshot-damaged", sftspec.load, home)
    (home / MANIFEST).unlink()
    assert MANIFEST in fault("snapshot-not-found", sftspec.load, home)
    fault("snapshot-not-found", sftspec.load, home / "none")


# processes and memory


def test_what_is_pickled_goes_on_where_it_stood(loaded):
    loader = loaded.loader(batch_size=2)
    next(iter(loader))
    again = pickle.loads(pickle.dumps(loader))
    assert loader.state_dict() == again.state_dict()
    assert [stores.numbers(batch) for batch in loader] == [
        stores.numbers(batch) for batch in again
    ]
    packs = pickle.loads(pickle.dumps(loader.packs))
    assert stores.numbers(loader.packs[3]) == stores.numbers(packs[3])
    assert len(pickle.dumps(loader)) < 60_000


def test_more_shards_than_may_be_open_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "most_mapped", lambda: 2)
    loaded = sftspec.load(stores.one_part(tmp_path / "x", 30, shards=10))
    loader = loaded.loader()
    assert list(range(30)) == sorted(flat(stores.numbers(batch) for batch in loader))
    assert 2 == len(loader.store._mapped)


def test_no_map_outlives_its_shard(tmp_path):
    loader = sftspec.load(stores.one_part(tmp_path / "x", 30, shards=10)).loader()
    batch = next(iter(loader))
    loader.store._mapped.clear()
    assert len(batch["input_ids"]) == batch["cu_seqlens"][-1]  # a copy, so that no map is held


def test_an_epoch_does_not_grow_the_memory(tmp_path):
    packs = [[list(range(number, number + 2000))] for number in range(400)]
    home = stores.snapshot(tmp_path / "x", {"train": (packs, ())}, shards=8)
    loader = sftspec.load(home).loader(batch_size=4)
    for _ in loader:  # what is made once is made now
        pass
    tracemalloc.start()
    try:
        for _ in range(3):
            for batch in loader:
                assert 8000 == len(batch["input_ids"])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 600_000  # a few batches of 8,000 tokens in three columns; an epoch has 9.6 MB


def test_opening_maps_nothing_and_orders_nothing(folder):
    script = (
        "import sys, sftspec\n"
        "loader = sftspec.load(sys.argv[1]).loader()\n"
        "print(len(loader.store._mapped), loader._drawn)\n"
        "print(sorted({'torch', 'pyarrow', 'ray', 'lark', 'attrs'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        env=os.environ | {"PYTHONPATH": str(REPO)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "0 None\n[]\n" == done.stdout, done.stderr


@pytest.mark.skipif("torch" in sys.modules, reason="torch is there")
def test_tensors_want_torch(loaded):
    try:
        import torch  # noqa: F401
    except ImportError:
        assert "torch" in fault("missing-library", loaded.loader, format="torch")
