"""Workers of a DataLoader, played in one process: each has a copy of the loader, and they take turns.

That torch does so too is tested with torch itself, in tests/clients.
"""

from contextlib import contextmanager
from pathlib import Path
import pickle
import runpy
import sys
from types import SimpleNamespace

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

import sftspec
from sftspec.ground.report import Fault
from sftspec.snapshot.order import Order

stores = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "stores.py")))
COUNT = 31
NAME = "torch.utils.data"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    home = tmp_path_factory.mktemp("snapshot")
    return sftspec.load(stores.one_part(home, COUNT, (("one", 12), ("two", 19)), shards=3))


@contextmanager
def being(worker, workers):
    """In here the process is that worker."""
    before = sys.modules.get(NAME)
    info = SimpleNamespace(id=worker, num_workers=workers)
    sys.modules[NAME] = SimpleNamespace(get_worker_info=lambda: info)
    try:
        yield
    finally:
        del sys.modules[NAME]
        if before is not None:
            sys.modules[NAME] = before


class Workers:
    """Copies of a loader that give their batches in turn, until the first has none."""

    def __init__(self, loader, count, states=None):
        self.count = count
        self.copies = [pickle.loads(pickle.dumps(loader)) for _ in range(count)]
        for copy, state in zip(self.copies, states or [], strict=bool(states)):
            copy.load_state_dict(state)

    def epoch(self, first=0):
        running = []
        for number, copy in enumerate(self.copies):
            with being(number, self.count):
                running.append(iter(copy))
        turn, done = first, set()
        while len(done) < self.count:
            with being(turn, self.count):
                batch = next(running[turn], None)
            if batch is None:
                done.add(turn)
            else:
                assert not done, "a worker had more than those before it"
                yield stores.numbers(batch)
            turn = (turn + 1) % self.count

    def states(self):
        found = []
        for number, copy in enumerate(self.copies):
            with being(number, self.count):
                found.append(copy.state_dict())
        return found


def order(epoch, seed=0):
    return Order([12, 19], seed, epoch).at(np.arange(COUNT)).tolist()


def flat(steps):
    return [number for step in steps for number in step]


@settings(deadline=None)
@given(
    st.integers(1, 6), st.integers(1, 4), st.integers(1, 3), st.sampled_from(["drop", "pad"]),
    st.integers(0, COUNT),
)  # fmt: skip
def test_any_workers_of_any_ranks_read_one_order(loaded, workers, world, size, last, begin):
    step = world * size
    state = {"snapshot": loaded.id, "consumed": begin}
    columns = []
    for rank in range(world):
        loader = loaded.loader(rank, world, batch_size=size, last=last)
        loader.load_state_dict(state)
        wanted = (loader.epoch, loader.consumed)
        columns.append(list(Workers(loader, workers).epoch()))
    steps = [flat(zip(*together, strict=True)) for together in zip(*columns, strict=True)]
    rest = COUNT - wanted[1]
    whole = rest // step if last == "drop" else -(-rest // step)
    assert whole == len(steps)
    repeated = (order(wanted[0])[wanted[1] :] + order(wanted[0]) * step)[: whole * step]
    assert repeated == flat(steps)


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(1, 3))
def test_workers_that_live_on_read_epoch_after_epoch(loaded, workers, size):
    running = Workers(loaded.loader(batch_size=size, epoch=2), workers)
    whole = COUNT // size * size
    for epoch in (2, 3, 4):
        assert order(epoch)[:whole] == flat(running.epoch())


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(0, 30), st.integers(1, 3))
def test_each_worker_goes_on_from_a_state_of_its_own(loaded, workers, stop, size):
    loader = loaded.loader(batch_size=size)
    first = Workers(loader, workers)
    reading = first.epoch()
    read = [step for _, step in zip(range(stop), reading, strict=False)]
    second = Workers(loaded.loader(batch_size=size), workers, first.states())
    read += second.epoch(first=len(read) % workers)
    assert order(0)[: COUNT // size * size] == flat(read)
    assert order(1)[: COUNT // size * size] == flat(second.epoch())


def test_what_a_worker_stands_at_is_not_for_another(loaded):
    first = Workers(loaded.loader(), 3)
    reading = first.epoch()
    assert order(0)[:4] == flat(next(reading) for _ in range(4))
    states = first.states()
    with pytest.raises(Fault) as caught:
        list(Workers(loaded.loader(), 3, [states[1], states[0], states[2]]).epoch())
    assert "other-state" == caught.value.slug
    alone = loaded.loader()
    alone.load_state_dict(states[1])
    with pytest.raises(Fault, match="another worker"):
        list(alone)


def test_no_workers_need_no_torch(loaded):
    loader = loaded.loader()
    assert order(0) == flat(stores.numbers(batch) for batch in loader.workers(0))
    assert (1, 0) == (loader.epoch, loader.consumed)
