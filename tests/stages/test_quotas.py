from fractions import Fraction

from hypothesis import given, settings, strategies as st
import pytest

from sftspec.stages.quotas import largest_remainder

steady = settings(deadline=None, derandomize=True, max_examples=200)
weights = st.lists(st.integers(0, 10_000), max_size=8)


def test_a_total_is_split_by_basis_points():
    assert (25, 45, 30) == largest_remainder(100, [2_500, 4_500, 3_000])


def test_what_is_left_goes_to_the_larger_remainder():
    assert (2, 1, 4) == largest_remainder(7, [2, 1, 4])
    assert (0, 3, 7) == largest_remainder(10, [1, 9, 21])


def test_equal_remainders_go_to_the_one_declared_first():
    assert (4, 3, 3) == largest_remainder(10, [1, 1, 1])
    assert (1, 1, 0, 0) == largest_remainder(2, [5, 5, 5, 5])


def test_a_weight_of_zero_gets_nothing():
    assert (0, 3, 0) == largest_remainder(3, [0, 7, 0])


def test_no_weight_at_all_leaves_every_part_empty():
    assert (0, 0) == largest_remainder(5, [0, 0])
    assert () == largest_remainder(5, [])


def test_huge_totals_stay_exact():
    assert (10**30, 2 * 10**30) == largest_remainder(3 * 10**30, [1, 2])


@pytest.mark.parametrize("wrong", [(-1, [1]), (1, [2, -1])])
def test_a_negative_number_is_our_mistake(wrong):
    with pytest.raises(ValueError, match="never negative"):
        largest_remainder(*wrong)


@steady
@given(st.integers(0, 10**7), weights)
def test_parts_sum_to_the_total_and_stray_less_than_a_record(total, weights):
    parts = largest_remainder(total, weights)
    assert len(weights) == len(parts)
    assert (total if any(weights) else 0) == sum(parts)
    if any(weights):
        shares = [Fraction(total * weight, sum(weights)) for weight in weights]
        assert all(abs(part - share) < 1 for part, share in zip(parts, shares, strict=True))


@steady
@given(st.integers(0, 1_000), weights)
def test_no_part_that_was_rounded_down_had_a_larger_remainder(total, weights):
    parts = largest_remainder(total, weights)
    rests = [(total * weight) % (sum(weights) or 1) for weight in weights]
    ups = [
        part > total * weight // (sum(weights) or 1)
        for part, weight in zip(parts, weights, strict=True)
    ]
    raised = [(-rest, at) for at, (rest, up) in enumerate(zip(rests, ups, strict=True)) if up]
    kept = [(-rest, at) for at, (rest, up) in enumerate(zip(rests, ups, strict=True)) if not up]
    assert not raised or not kept or max(raised) < min(kept)
