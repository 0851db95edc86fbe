"""torch's own DataLoader reads our loader: each pack once, in one order, with any workers."""

import json
import os
from pathlib import Path
import runpy
import subprocess
import sysconfig
from types import SimpleNamespace

import pytest

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
CLIENTS = os.environ.get("SFTSPEC_CLIENTS", "")
COUNT = 39
stores = SimpleNamespace(**runpy.run_path(str(REPO / "tests" / "stores.py")))

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not CLIENTS, reason="SFTSPEC_CLIENTS names no Python: `make clients`"),
]


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    home = tmp_path_factory.mktemp("torch")
    folder = stores.one_part(home / "snapshot", COUNT, (("one", 10), ("two", 29)), shards=3)
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    done = subprocess.run(
        [CLIENTS, str(HERE / "torch_reads.py"), str(folder), sysconfig.get_path("purelib")],
        capture_output=True, text=True, check=False, timeout=600,
        env=env | {"HOME": str(home), "PYTHONPATH": str(REPO)},
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_torch_is_loaded_for_whom_asks_for_tensors(answer):
    assert answer["alone"]
    assert answer["numpy"]
    longs = dict.fromkeys(("input_ids", "labels", "position_ids"), "torch.int64")
    ints = dict.fromkeys(("seq_lengths", "cu_seqlens"), "torch.int32")
    assert longs | ints | {"max_seqlen": "int"} == answer["kinds"]
    assert answer["loss"]


def test_rows_for_transformers_have_one_row(answer):
    tokens = answer["rows"]["input_ids"][1]
    assert [1, tokens] == answer["rows"]["labels"] == answer["rows"]["position_ids"]
    assert answer["rows"]["cu_seq_lens_q"] == answer["rows"]["cu_seq_lens_k"]


@pytest.mark.parametrize("how", ["workers", "by_hand"])
def test_any_workers_read_each_pack_once_and_in_order(answer, how):
    straight = answer["straight"]
    assert [9, 9] == [len(epoch) for epoch in straight]
    for read, state in answer[how]:
        assert straight == read
        assert answer["state"][0] == state


def test_workers_give_arrays_too(answer):
    assert COUNT == len(answer["arrays"])
    assert set(range(COUNT)) == {ids[0] // stores.BASE for ids in answer["arrays"]}


def test_a_damaged_shard_is_named_by_workers(answer):
    assert "train-00001-of-00003.labels.bin" in answer["damaged"]


def test_workers_that_live_on_read_the_next_epoch(answer):
    for read in answer["kept"]:
        assert answer["straight"] == read


def test_an_epoch_goes_on_with_other_workers(answer):
    wanted = [number for step in answer["straight"][0] for number in step]
    for read in answer["cut_off"]:
        assert wanted == read[:36]
        assert 38 == len(read)  # two more, as smaller batches leave less out


def test_places_are_a_map_style_dataset(answer):
    for read in answer["places"]:
        assert answer["straight"][0] == read


def test_the_distributed_sampler_deals_as_the_loader_does(answer):
    for theirs, ours in answer["sampled"]:
        assert 6 == len(ours)
        assert theirs == ours


def test_spawned_workers_open_the_files_anew(answer):
    assert answer["straight"][0] == answer["spawned"]


def test_a_stateful_data_loader_resumes(answer):
    if answer["stateful"][0] is None:
        pytest.skip("the clients have no torchdata")
    for found in answer["stateful"]:
        for read in found[:-1]:
            assert answer["straight"][0] == read


def test_the_trainer_of_transformers_takes_places_in_their_order(answer):
    places, losses = answer["trained"]
    assert list(range(8)) == places
    assert 2 == len(losses)
    assert all(0 < loss < 20 for loss in losses)


def test_the_samples_of_a_batch_do_not_see_each_other(answer):
    assert answer["apart"] < 1e-5


def test_the_state_of_one_worker_is_no_state_of_a_loader(answer):
    assert "Fault other-state" == answer["worker_state"]
