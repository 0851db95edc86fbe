"""Samples of tokens for the emitters' tests, and what was put into them as plain Python has it."""

from hypothesis import settings, strategies as st
import numpy as np

from sftspec.ports.samples import Report, Samples

steady = settings(deadline=None, derandomize=True, max_examples=60)
SAMPLE = st.lists(st.tuples(st.integers(0, 2**31 - 1), st.booleans()), min_size=1, max_size=9)
PACKS = st.lists(st.lists(SAMPLE, min_size=1, max_size=4), max_size=8)
TWO = [[[(11, False), (12, True), (13, True)], [(21, False), (22, False)]], [[(31, False)]]]
REPORT = Report(
    packs=4, samples=9, tokens=3_600, trained=1_200, longest=1_000, most=3, squares=1_500_000,
    window=1_024, widest=600, fed=700,
)  # fmt: skip


def labels_of(sample):
    """A sample's labels: its first token has none, whatever was drawn."""
    return [-100, *(number if trained else -100 for number, trained in sample[1:])]


def ids_of(sample):
    return [number for number, _ in sample]


def samples_of(packs, window=36):
    """The same as `Samples`."""
    flat = [sample for pack in packs for sample in pack]
    ids = [number for sample in flat for number in ids_of(sample)]
    trained = [label != -100 for sample in flat for label in labels_of(sample)]
    return Samples(
        ids=np.array(ids, np.int32),
        trained=np.array(trained, bool),
        offsets=np.cumsum([0, *map(len, flat)], dtype=np.int64),
        packs=np.cumsum([0, *map(len, packs)], dtype=np.int64),
        window=window,
    )
