"""Packs: every sample once, none too full, as full as can be, and the same whatever the order they come in."""

from itertools import pairwise
import json
import os
from pathlib import Path

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from sftspec.ports.samples import Report
from sftspec.stages.pack import pack, report

steady = settings(deadline=None, derandomize=True, max_examples=200)
LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=120)
DATA = Path(os.environ.get("SFTSPEC_REAL_DATA", ""))


def keys_of(count, of=0):
    return np.random.default_rng(of).integers(0, 1 << 64, count, dtype=np.uint64)


def packed(lengths, keys=None, window=40, seed=7, most=0):
    lengths = np.array(lengths, np.int32)
    keys = keys_of(len(lengths)) if keys is None else keys
    return pack(lengths, keys, window, seed=seed, most=most)


def listed(packs):
    """The sample numbers of each pack."""
    order = packs.order.tolist()
    return [order[start:end] for start, end in pairwise(packs.bounds.tolist())]


def best_fit(lengths, window, most):
    """Best-fit decreasing, one sample after the other: the free space of each pack."""
    free, room = [], []
    for length in sorted(lengths, reverse=True):
        fits = [at for at, space in enumerate(free) if space >= length and room[at]]
        if fits:
            at = min(fits, key=lambda at: free[at])
            free[at] -= length
            room[at] -= 1
        else:
            free.append(window - length)
            room.append(most - 1)
    return free


def fill(lengths, packs, window):
    """The least number of packs that the tokens need, over the packs that there are."""
    return -(-int(lengths.sum(dtype=np.int64)) // window) / (len(packs.bounds) - 1)


# ---- what a pack is


@steady
@given(LENGTHS, st.integers(0, 9), st.integers(0, 2**64 - 1))
def test_every_sample_is_in_one_pack_that_has_room_for_it(lengths, most, seed):
    packs = packed(lengths, seed=seed, most=most)
    assert list(range(len(lengths))) == sorted(packs.order.tolist())
    assert (np.int64, np.int64) == (packs.order.dtype, packs.bounds.dtype)
    for samples in listed(packs):
        assert 1 <= len(samples) <= (most or len(lengths))
        assert sum(lengths[one] for one in samples) <= 40


@steady
@given(LENGTHS)
def test_packs_are_as_full_as_those_of_plain_best_fit_decreasing(lengths):
    free = [40 - sum(lengths[one] for one in samples) for samples in listed(packed(lengths))]
    assert sorted(best_fit(lengths, 40, len(lengths))) == sorted(free)


@steady
@given(LENGTHS, st.integers(1, 9))
def test_a_cap_costs_at_most_one_pack_more_than_plain_best_fit_with_it(lengths, most):
    assert len(listed(packed(lengths, most=most))) <= len(best_fit(lengths, 40, most)) + 1


@pytest.mark.parametrize("window", [1, 511, 512, 513, 1024, 5000])
def test_best_fit_is_found_across_the_blocks_of_free_spaces(window):
    lengths = np.random.default_rng(window).integers(1, window + 1, 400).tolist()
    packs = packed(lengths, window=window)
    free = [window - sum(lengths[one] for one in samples) for samples in listed(packs)]
    assert sorted(best_fit(lengths, window, 400)) == sorted(free)


@pytest.mark.parametrize(
    ("lengths", "window", "most", "want"),
    [
        ([], 8, 0, 0),
        ([8], 8, 0, 1),
        ([1], 131_072, 0, 1),
        ([4, 4, 4], 8, 0, 2),
        ([1] * 100, 8, 0, 13),
        ([1] * 100, 8, 3, 34),
        ([5] * 7, 8, 0, 7),
        ([1, 1, 1], 8, 1, 3),
        ([131_072, 1, 131_071], 131_072, 0, 2),
    ],
)
def test_so_many_packs_are_needed(lengths, window, most, want):
    packs = packed(lengths, window=window, most=most)
    assert want == len(packs.bounds) - 1
    assert (0, len(lengths)) == (packs.bounds[0], packs.bounds[-1])


@pytest.mark.parametrize("wrong", [0, -1, 41])
def test_a_sample_that_no_pack_can_hold_is_our_mistake(wrong):
    with pytest.raises(ValueError, match="1 to 40 tokens"):
        packed([3, wrong])


# ---- what it depends on


@steady
@given(LENGTHS, st.integers(0, 9), st.randoms(use_true_random=False))
def test_the_order_that_samples_come_in_changes_nothing(lengths, most, shuffle):
    keys, moved = keys_of(len(lengths)), list(range(len(lengths)))
    shuffle.shuffle(moved)
    once = packed(lengths, keys, most=most)
    again = packed([lengths[one] for one in moved], keys[moved], most=most)
    assert once.bounds.tolist() == again.bounds.tolist()
    assert once.order.tolist() == [moved[one] for one in again.order.tolist()]


@steady
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3)), min_size=1, max_size=60))
def test_equal_keys_change_nothing_that_can_be_told_apart(pairs):
    def seen(pairs):
        keys = np.array([key for _, key in pairs], np.uint64)
        packs = packed([length for length, _ in pairs], keys)
        return [[pairs[one] for one in samples] for samples in listed(packs)]

    assert seen(pairs) == seen(sorted(pairs)) == seen(pairs[::-1])


def test_of_equal_samples_the_first_comes_first():
    packs = packed([5] * 64, np.zeros(64, np.uint64))
    assert [sorted(samples) for samples in listed(packs)] == listed(packs)


def test_chunks_that_are_put_together_are_packed_as_one():
    lengths, keys = np.arange(1, 41, dtype=np.int32).repeat(30), keys_of(1200)
    once = packed(lengths, keys)
    for count in (2, 7, 64):
        again = packed(
            np.concatenate(np.array_split(lengths, count)),
            np.concatenate(np.array_split(keys, count)),
        )
        assert once.order.tobytes() == again.order.tobytes()


def test_another_seed_deals_otherwise_and_makes_no_other_shapes():
    lengths = np.random.default_rng(3).integers(1, 41, 500)
    shapes, deals = set(), set()
    for seed in (1, 2, 3):
        packs = listed(packed(lengths, seed=seed))
        shapes.add(tuple(sorted(tuple(sorted(lengths[one] for one in p)) for p in packs)))
        deals.add(frozenset(frozenset(samples) for samples in packs))
    assert (1, 3) == (len(shapes), len(deals))


def test_neither_packs_nor_samples_stand_by_length():
    lengths = np.random.default_rng(3).integers(1, 41, 4000)
    packs = listed(packed(lengths))
    first = np.array([lengths[samples[0]] for samples in packs if len(samples) > 1])
    last = np.array([lengths[samples[-1]] for samples in packs if len(samples) > 1])
    assert abs(first.mean() - last.mean()) < 1.5
    longest = np.array([max(lengths[one] for one in samples) for samples in packs])
    assert abs(np.corrcoef(np.arange(len(packs)), longest)[0, 1]) < 0.05


def test_the_deal_is_this_one():
    packs = packed([1, 2, 3, 4, 5, 6, 7, 8], np.arange(8, dtype=np.uint64), window=9)
    assert [[5, 2], [6, 1], [3, 4], [7, 0]] == listed(packs)


# ---- how full


def lognormal(rng, count, mean, spread):
    return np.exp(rng.normal(np.log(mean) - spread**2 / 2, spread, count))


def one_source(rng):
    return lognormal(rng, 100_000, 545, 0.9)


def two_sources(rng):
    return np.concatenate([lognormal(rng, 70_000, 250, 0.5), lognormal(rng, 30_000, 1670, 0.4)])


def two_sources_shuffled(rng):
    return rng.permutation(two_sources(rng))


@pytest.mark.parametrize("made", [one_source, two_sources, two_sources_shuffled])
def test_packs_are_full(made):
    lengths = np.clip(made(np.random.default_rng(11)), 4, 4096).astype(np.int32)
    assert fill(lengths, packed(lengths, window=4096), 4096) >= 0.9995


@pytest.mark.parametrize(
    ("window", "most", "least"), [(4_096, 16, 0.95), (16_384, 64, 0.99), (131_072, 256, 0.99)]
)
def test_a_cap_does_not_leave_the_short_samples_for_last(window, most, least):
    lengths = np.clip(one_source(np.random.default_rng(11)), 4, window).astype(np.int32)
    packs = packed(lengths, window=window, most=most)
    assert most >= np.diff(packs.bounds).max()
    assert fill(lengths, packs, window) >= least


def real_lengths():
    """About as many tokens as the texts of the shared data have: four characters each, and a frame."""
    rows = json.loads((DATA / "general/alpaca_5000.json").read_text("utf-8"))
    found = [sum(len(str(text)) for text in row.values()) for row in rows]
    for name in ("general/dolly_hhrlhf_small.jsonl", "multiturn/tau_airline_gpt4o.jsonl"):
        found += [len(line) for line in (DATA / name).read_text("utf-8").split("\n") if line]
    return np.array([20 + size // 4 for size in found], np.int32)


@pytest.mark.real
@pytest.mark.skipif(
    not (DATA / "general/alpaca_5000.json").is_file(),
    reason="real data not found: set SFTSPEC_REAL_DATA to the folder that holds general/",
)
def test_packs_of_real_texts_are_full():
    lengths = real_lengths()
    lengths = lengths[lengths <= 4096]
    assert len(lengths) > 5_000
    packs = packed(lengths, window=4096)
    assert fill(lengths, packs, 4096) >= 0.999
    again = packed(lengths[::-1], keys_of(len(lengths))[::-1], window=4096)
    assert packs.order.tolist() == (len(lengths) - 1 - again.order).tolist()


# ---- the report


def test_the_report_counts_samples_packs_and_squares():
    lengths = [3, 5, 8, 2]
    packs = packed(lengths, window=8)
    want = Report(
        packs=3,
        samples=4,
        tokens=18,
        trained=9,
        longest=8,
        most=2,
        squares=102,
        window=8,
        widest=8,
        fed=1,
    )
    assert want == report(lengths, packs, 8, trained=9)


def test_the_report_of_nothing_is_all_zero():
    want = Report(
        packs=0,
        samples=0,
        tokens=0,
        trained=0,
        longest=0,
        most=0,
        squares=0,
        window=8,
        widest=0,
        fed=0,
    )
    assert want == report([], packed([], window=8), 8, trained=0)


def test_long_samples_do_not_overflow_the_sum_of_squares():
    lengths = np.full(200_000, 131_072, np.int32)
    packs = packed(lengths, window=131_072)
    assert 200_000 * 131_072**2 == report(lengths, packs, 131_072, trained=0).squares
