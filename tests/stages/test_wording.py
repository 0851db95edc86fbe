"""Wordings: every combination once before any twice, and one more option moves few records."""

from itertools import product
from math import prod

from hypothesis import given, settings, strategies as st
import pytest

from sftspec.ir import body as b
from sftspec.plan.parts import TemplatePart, Vary
from sftspec.stages.wording import draw_wordings, walk_combinations

steady = settings(deadline=None, derandomize=True, max_examples=150)
RIDS = [index.to_bytes(16, "big") for index in range(4_000)]


def template(**vary):
    return TemplatePart(
        name="t", version="1.0.0", layer="skill", alias="row", where=None, samples=1, tags=(),
        vary=tuple(Vary(name, tuple(map(b.plain, options))) for name, options in vary.items()),
        turns=(), expects=(), tables=(),
    )  # fmt: skip


def drawn(rids, step=1, seed=1, **vary):
    found = draw_wordings(template(**vary), seed, rids, step)
    return {
        name: [one.options[index].pieces[0].text for index in one.choice]
        for name, one in found.items()
    }


@steady
@given(st.lists(st.integers(1, 6), max_size=4))
def test_every_combination_is_met_once_before_any_is_met_again(sizes):
    whole = prod(sizes)
    walk = [walk_combinations(variant, sizes) for variant in range(2 * whole)]
    everything = set(product(*map(range, sizes)))
    assert everything == set(walk[:whole])
    assert whole == len(set(walk[:whole]))
    assert everything == set(walk[whole:])


def test_the_first_variants_differ_in_every_part_where_they_can():
    assert [(0, 0), (1, 1), (2, 2), (0, 1)] == [walk_combinations(v, [3, 3]) for v in range(4)]


@steady
@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(0, 10**6))
def test_variants_of_a_row_never_share_a_combination(sizes, seed):
    vary = {f"v{at}": [f"{at}.{n}" for n in range(size)] for at, size in enumerate(sizes)}
    step = prod(sizes)
    found = drawn(RIDS[:5], step, seed, **vary)
    for row in range(5):
        mine = list(zip(*(column[row * step : (row + 1) * step] for column in found.values()),
                        strict=True))  # fmt: skip
        assert step == len(set(mine))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_one_more_option_moves_its_share_of_the_records_and_no_others(size):
    options = [f"option {n}" for n in range(size)]
    before = drawn(RIDS, ask=options)["ask"]
    after = drawn(RIDS, ask=[*options, "new"])["ask"]
    moved = [new for old, new in zip(before, after, strict=True) if old != new]
    assert {"new"} == set(moved)
    wanted = len(RIDS) / (size + 1)
    assert abs(len(moved) - wanted) < 5 * wanted**0.5


def test_options_are_drawn_evenly_and_their_order_means_nothing():
    options = ["a", "b", "c", "d"]
    found = drawn(RIDS, ask=options)["ask"]
    assert all(abs(found.count(one) - 1_000) < 150 for one in options)
    assert found == drawn(RIDS, ask=options[::-1])["ask"]


def test_a_draw_is_of_seed_template_name_and_row_alone():
    base = drawn(RIDS, ask=["a", "b"])["ask"]
    assert base[100:200] == drawn(RIDS[100:200], ask=["a", "b"])["ask"]
    assert base == drawn(RIDS, ask=["a", "b"], more=["c", "d"])["ask"]
    assert base != drawn(RIDS, seed=2, ask=["a", "b"])["ask"]
    assert base != drawn(RIDS, other=["a", "b"])["other"]


def test_the_first_variant_is_the_one_drawn_alone():
    alone = drawn(RIDS[:50], ask=["a", "b", "c"])["ask"]
    assert alone == drawn(RIDS[:50], 3, ask=["a", "b", "c"])["ask"][::3]
    assert {} == drawn(RIDS[:3], 2)
