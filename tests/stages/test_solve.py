"""The solver against brute force on small mixtures, and in words on a few that can be read."""

from collections import Counter
from itertools import permutations, product

from hypothesis import given, settings, strategies as st
import pytest

from sftspec.stages.fitting import MICRO, fit
from sftspec.stages.forced import forced_counts
from sftspec.stages.limits import Row
from sftspec.stages.lp import Model, least
from sftspec.stages.quotas import largest_remainder
from sftspec.stages.rounding import round_fit
from sftspec.stages.solve import (
    AtLeast,
    AtMost,
    Exact,
    Portion,
    PortionAtLeast,
    PortionAtMost,
    Problem,
    Slack,
    Solution,
    deal,
    feasible,
    largest_total,
    solve,
)

COUNTED = (Exact, AtLeast, AtMost)
SHARED = (Portion, PortionAtLeast, PortionAtMost)
SEED = 7


def steady(examples):
    return settings(deadline=None, derandomize=True, max_examples=examples)


def problem_of(available, total, *limits, pool=None):
    keys = tuple(f"cell={at}" for at in range(len(available)))
    return Problem(keys, tuple(available), tuple(pool or available), total, limits)


# ------------------------------------------------------------------ brute force, by the definitions


def off(limit, point):
    """By how many records a limit is off: short and over."""
    got = sum(point[cell] for cell in limit.cells)
    if isinstance(limit, COUNTED):
        short, over = max(0, limit.count - got), max(0, got - limit.count)
    else:
        beyond = 10_000 * got - limit.share_bp * sum(point[cell] for cell in limit.of)
        short, over = (
            next(k for k in range(100) if sign * beyond <= 9_999 + 10_000 * k)
            for sign in (-1, 1)
        )
    short *= not isinstance(limit, AtMost | PortionAtMost)
    over *= not isinstance(limit, AtLeast | PortionAtLeast)
    return short, over


def points_of(problem):
    return product(*(range(available + 1) for available in problem.available))


def slack_vector(problem, point):
    slacks = [sum(off(limit, point)) for limit in problem.limits]
    overs = [off(limit, point)[1] for limit in problem.limits]
    return (sum(slacks), *slacks, problem.total - sum(point), *overs)


def least_slack(problem):
    points = (point for point in points_of(problem) if sum(point) <= problem.total)
    return min(slack_vector(problem, point) for point in points)


def has_point(problem):
    whole = (point for point in points_of(problem) if sum(point) == problem.total)
    return any(not any(slack_vector(problem, point)) for point in whole)


# --------------------------------------------------------------------------------- small mixtures


@st.composite
def limits_over(draw, cells, most):
    some = st.sets(st.sampled_from(range(cells)), min_size=1).map(
        lambda found: tuple(sorted(found))
    )
    kind = draw(st.sampled_from(COUNTED + SHARED))
    label = draw(st.sampled_from("abcdef"))
    part = draw(some)
    if kind in COUNTED:
        return kind(label, part, draw(st.integers(0, most)))
    whole = tuple(sorted({*part, *draw(some)}))
    shares = st.sampled_from([0, 1_000, 2_500, 3_333, 5_000, 6_667, 9_000, 10_000])
    return kind(label, part, whole, draw(shares | st.integers(0, 10_000)))


@st.composite
def small_problems(draw):
    available = draw(st.lists(st.integers(0, 4), min_size=1, max_size=5))
    total = draw(st.integers(0, sum(available) + 2))
    limits = draw(st.lists(limits_over(len(available), 8), max_size=4))
    pool = draw(st.none() | st.lists(st.integers(0, 6), min_size=5, max_size=5))
    return problem_of(available, total, *limits, pool=pool and pool[: len(available)])


@st.composite
def small_feasible_problems(draw):
    """Built around a point, so that it exists: no draw is thrown away."""
    available = draw(st.lists(st.integers(0, 4), min_size=1, max_size=5))
    point = [draw(st.integers(0, most)) for most in available]
    limits = []
    for limit in draw(st.lists(limits_over(len(available), 8), max_size=4)):
        got = sum(point[cell] for cell in limit.cells)
        of = sum(point[cell] for cell in getattr(limit, "of", ()))
        if isinstance(limit, COUNTED):
            limits.append(type(limit)(limit.label, limit.cells, got))
        else:
            share = 10_000 * got // of if of else limit.share_bp
            limits.append(type(limit)(limit.label, limit.cells, limit.of, share))
    return problem_of(available, sum(point), *limits)


@steady(150)
@given(small_problems())
def test_feasible_is_what_brute_force_finds(problem):
    assert has_point(problem) == feasible(problem)


@steady(300)
@given(small_problems())
def test_slack_is_the_least_in_all_then_in_file_order(problem):
    solution = solve(problem, SEED)
    assert least_slack(problem) == slack_vector(problem, solution.counts)


@steady(150)
@given(small_problems())
def test_slacks_name_every_limit_that_is_off_and_no_other(problem):
    solution = solve(problem, SEED)
    named = [(slack.label, abs(slack.want - slack.got)) for slack in solution.slacks]
    wrong = [(limit.label, sum(off(limit, solution.counts))) for limit in problem.limits]
    wrong.append(("total", problem.total - sum(solution.counts)))
    assert [pair for pair in wrong if pair[1]] == named
    got = {sum(solution.counts[cell] for cell in limit.cells) for limit in problem.limits}
    assert {slack.got for slack in solution.slacks} <= got | {sum(solution.counts)}


@steady(200)
@given(small_feasible_problems())
def test_a_mixture_that_can_be_met_is_met_exactly(problem):
    solution = solve(problem, SEED)
    assert () == solution.slacks
    assert not any(slack_vector(problem, solution.counts))
    assert all(
        0 <= got <= most for got, most in zip(solution.counts, problem.available, strict=True)
    )


@steady(150)
@given(small_feasible_problems())
def test_no_floor_or_ceiling_of_the_fit_is_nearer(problem):
    fitted = fit(problem, (0,) * len(problem.limits))
    windows = [{amount // MICRO, -(-amount // MICRO)} for amount in fitted]
    nearby = [point for point in product(*windows) if not any(slack_vector(problem, point))]
    counts = solve(problem, SEED).counts

    def distance(point):
        return sum(
            (got * MICRO - amount) ** 2 for got, amount in zip(point, fitted, strict=True)
        )

    # a draw is worth less than a 200th of a record, and each cell has one
    assert not nearby or counts in nearby
    assert not nearby or distance(counts) <= min(map(distance, nearby)) + 5 * MICRO**2 // 200


@steady(100)
@given(small_problems())
def test_the_order_of_the_cells_changes_nothing(problem):
    last = len(problem.keys) - 1

    def turned(cells):
        return tuple(last - cell for cell in cells)

    limits = [
        type(limit)(limit.label, turned(limit.cells), limit.count)
        if isinstance(limit, COUNTED)
        else type(limit)(limit.label, turned(limit.cells), turned(limit.of), limit.share_bp)
        for limit in problem.limits
    ]
    other = Problem(
        problem.keys[::-1],
        problem.available[::-1],
        problem.pool[::-1],
        problem.total,
        tuple(limits),
    )
    before, after = solve(problem, SEED), solve(other, SEED)
    assert (before.counts, before.slacks) == (after.counts[::-1], after.slacks)


@steady(60)
@given(small_problems(), st.integers(0, 2**64 - 1))
def test_the_answer_is_the_same_every_time(problem, seed):
    assert solve(problem, seed) == solve(problem, seed)


@steady(100)
@given(small_problems(), st.integers(0, 5))
def test_a_cell_without_records_changes_nothing(problem, at):
    at = min(at, len(problem.keys))

    def insert(values, value):
        return (*values[:at], value, *values[at:])

    def moved(cells):
        return (*(cell + (cell >= at) for cell in cells), at)

    limits = [
        type(limit)(limit.label, moved(limit.cells), limit.count)
        if isinstance(limit, COUNTED)
        else type(limit)(limit.label, moved(limit.cells), moved(limit.of), limit.share_bp)
        for limit in problem.limits
    ]
    wider = Problem(
        insert(problem.keys, "empty"),
        insert(problem.available, 0),
        insert(problem.pool, 3),
        problem.total,
        tuple(limits),
    )
    before, after = solve(problem, SEED), solve(wider, SEED)
    assert (insert(before.counts, 0), before.slacks) == (after.counts, after.slacks)


# --------------------------------------------------------------------------------- in plain words


def test_without_limits_the_pool_is_scaled():
    problem = problem_of((30, 60, 90), 60)
    assert Solution((10, 20, 30), ()) == solve(problem, SEED)


def test_proportions_come_from_the_pool_and_caps_from_what_is_there():
    problem = problem_of((10, 100, 100), 90, pool=(50, 50, 50))
    assert (10, 40, 40) == solve(problem, SEED).counts


def test_what_has_no_part_in_the_pool_comes_last_and_in_proportion_to_what_is_there():
    problem = problem_of((10, 10, 100, 300), 60, pool=(10, 10, 0, 0))
    assert (10, 10, 10, 30) == solve(problem, SEED).counts
    problem = problem_of((10, 10, 100, 300), 20, pool=(10, 10, 0, 0))
    assert (10, 10, 0, 0) == solve(problem, SEED).counts


def test_a_share_keeps_the_proportions_within_it():
    # law (short, long) 40 : 20, tax (short, long) 30 : 10; half of 24 is law
    problem = problem_of((40, 20, 30, 10), 24, Exact("law", (0, 1), 12))
    assert (8, 4, 9, 3) == solve(problem, SEED).counts


def test_a_bound_that_holds_by_itself_moves_nothing():
    free = problem_of((30, 60), 30)
    bound = problem_of((30, 60), 30, AtLeast("a", (0,), 5), AtMost("b", (1,), 25))
    assert solve(free, SEED) == solve(bound, SEED)


def test_a_bound_that_does_not_hold_is_met_and_no_more():
    problem = problem_of((30, 60), 30, AtMost("b", (1,), 12))
    assert (18, 12) == solve(problem, SEED).counts
    problem = problem_of((30, 60), 30, AtLeast("a", (0,), 15))
    assert (15, 15) == solve(problem, SEED).counts


def test_a_bound_lets_go_when_another_limit_takes_over():
    # at most 35 of a and b binds until a is held to 10; b then has its part of the pool again
    problem = problem_of((100, 100, 800), 200, AtMost("ab", (0, 1), 35), Exact("a", (0,), 10))
    assert (10, 21, 169) == solve(problem, SEED).counts


def test_a_conditional_share_is_of_the_records_there_are():
    problem = problem_of((50, 50, 100), 40, Portion("high", (0,), (0, 1), 2_500))
    assert (5, 15, 20) == solve(problem, SEED).counts


def test_a_conditional_share_strays_less_than_a_record():
    problem = problem_of((50, 50), 7, Portion("high", (0,), (0, 1), 2_500))
    assert solve(problem, SEED).counts in {(1, 6), (2, 5)}


@pytest.mark.parametrize(
    ("limit", "counts"),
    [
        (PortionAtLeast("high", (0,), (0, 1), 2_500), (10, 10)),
        (PortionAtLeast("high", (0,), (0, 1), 7_500), (15, 5)),
        (PortionAtMost("high", (0,), (0, 1), 7_500), (10, 10)),
        (PortionAtMost("high", (0,), (0, 1), 2_500), (5, 15)),
    ],
)
def test_a_conditional_bound_binds_one_side_only(limit, counts):
    assert counts == solve(problem_of((50, 50), 20, limit), SEED).counts


def test_a_share_without_rows_is_short_by_what_is_missing():
    problem = problem_of((3, 50), 10, Exact("fr", (0,), 5), Exact("en", (1,), 5))
    slacks = (Slack("fr", 5, 3), Slack("total", 10, 8))
    assert Solution((3, 5), slacks) == solve(problem, SEED)


def test_of_two_shares_that_cannot_both_be_met_the_later_gives():
    first = problem_of((9, 9), 9, Exact("a", (0, 1), 9), Exact("b", (0, 1), 5))
    assert (Slack("b", 5, 9),) == solve(first, SEED).slacks
    other = problem_of((9, 9), 9, Exact("b", (0, 1), 5), Exact("a", (0, 1), 9))
    assert (Slack("a", 9, 5), Slack("total", 9, 5)) == solve(other, SEED).slacks


def test_a_total_beyond_what_is_there_is_named_when_no_share_says_so():
    assert Solution((2, 3), (Slack("total", 9, 5),)) == solve(problem_of((2, 3), 9), SEED)


def test_nothing_wanted_of_nothing_is_met():
    assert Solution((), ()) == solve(problem_of((), 0), SEED)
    assert Solution((0,), (Slack("a", 2, 0), Slack("total", 2, 0))) == solve(
        problem_of((0,), 2, Exact("a", (0,), 2)), SEED
    )


def test_limits_that_only_halves_of_records_meet_are_not_met():
    # three pairs of three cells, each to hold one: half a record each would do
    pairs = [
        Exact(name, cells, 1)
        for name, cells in zip("abc", [(0, 1), (1, 2), (0, 2)], strict=True)
    ]
    problem = problem_of((4, 4, 4), 2, *pairs)
    assert not feasible(problem)
    assert (Slack("c", 1, 2),) == solve(problem_of((4, 4, 4), 2, *pairs), SEED).slacks


@pytest.mark.parametrize("order", [*permutations(range(4))])
def test_of_short_and_over_by_as_much_it_is_short(order):
    first, second, third, _ = order
    pairs = (("a", (first, second)), ("b", (second, third)), ("c", (first, third)))
    limits = [Exact(name, cells, 1) for name, cells in pairs]
    assert (Slack("c", 1, 0),) == solve(problem_of((9, 9, 9, 9), 5, *limits), SEED).slacks


def test_a_vertex_that_only_rounds_to_a_point_is_not_taken_for_the_best():
    # the vertex is (3.1, 1.35); (3, 1) is worth 19 and (4, 0) is worth 20
    rows = (Row(((0, 6), (1, 4)), None, 24), Row(((0, 10), (1, 20)), None, 58))
    assert (4, 0) == least(Model(caps=(9, 9), costs=(-5, -4), rows=rows))


def test_only_cells_without_a_choice_are_forced():
    limits = (AtLeast("a", (0, 1), 5), AtMost("c", (2,), 0), AtLeast("de", (3, 4), 5))
    problem = problem_of((2, 3, 4, 3, 3), 10, *limits)
    assert {0: 2, 1: 3, 2: 0} == forced_counts(problem, (0, 0, 0))


def test_what_one_limit_forces_forces_the_next():
    problem = problem_of((2, 3, 4), 5, Exact("a", (0,), 0), AtLeast("ab", (0, 1), 3))
    assert {0: 0, 1: 3} == forced_counts(problem, (0, 0))


def test_where_no_floor_or_ceiling_fits_the_fewest_records_move():
    problem = problem_of((9, 9, 9), 9, Exact("a", (0,), 5))
    fitted = (2 * MICRO, 3 * MICRO + MICRO // 4, 3 * MICRO + MICRO * 3 // 4)
    narrow = round_fit(problem, (0,), fitted, seed=SEED, wide=False)
    assert narrow is None
    assert (5, 2, 2) == round_fit(problem, (0,), fitted, seed=SEED, wide=True)


def test_a_seed_decides_among_equals_and_nothing_else_does():
    problem = problem_of((10,) * 5, 2)
    counts = [solve(problem, seed).counts for seed in range(30)]
    assert {2} == {sum(found) for found in counts}
    assert 5 == len({at for found in counts for at in range(5) if found[at]})
    assert counts == [solve(problem, seed).counts for seed in range(30)]


def test_three_facets_of_many_values_are_met_exactly():
    cells = list(product(range(6), range(5), range(4)))
    available = [7 * (a + 2 * b + 3 * c) % 23 for a, b, c in cells]
    limits = [
        Exact(
            f"{facet}={value}",
            tuple(at for at, cell in enumerate(cells) if cell[facet] == value),
            count,
        )
        for facet, values in enumerate((6, 5, 4))
        for value, count in enumerate(largest_remainder(500, [*range(9, 9 + values)]))
    ]
    problem = problem_of(available, 500, *limits)
    solution = solve(problem, SEED)
    assert () == solution.slacks
    assert not any(slack_vector(problem, solution.counts))


# -------------------------------------------------------------------------------- the largest total


@st.composite
def scaled_problems(draw):
    available = draw(st.lists(st.integers(0, 4), min_size=2, max_size=5))
    cells = range(len(available))
    facets = [
        (
            [draw(st.integers(0, 2)) for _ in cells],
            draw(st.lists(st.integers(1, 9), min_size=3, max_size=3)),
        )
        for _ in range(draw(st.integers(1, 2)))
    ]
    fixed = draw(st.lists(limits_over(len(available), 8), max_size=1))

    def problem_at(total):
        limits = []
        for values, weights in facets:
            named = [weight * (value in values) for value, weight in enumerate(weights)]
            for value, count in enumerate(largest_remainder(total, named)):
                mine = tuple(cell for cell in cells if values[cell] == value)
                limits.append(Exact(str(value), mine, count))
        return problem_of(available, total, *limits, *fixed)

    return problem_at, sum(available) + draw(st.integers(-3, 20))


@steady(120)
@given(scaled_problems())
def test_the_largest_total_is_what_brute_force_finds(scaled):
    problem_at, upper = scaled
    found = next((total for total in range(upper, 0, -1) if has_point(problem_at(total))), 0)
    assert found == largest_total(problem_at, upper)


def test_the_largest_total_is_found_without_trying_each():
    asked = Counter()

    def problem_at(total):
        asked[total] += 1
        counts = largest_remainder(total, [1, 99])
        limits = (Exact("rare", (0,), counts[0]), Exact("common", (1,), counts[1]))
        return problem_of((1_000, 10**9), total, *limits)

    # a hundredth of 100,050 is 1,000.5, and of equal remainders the first is rounded up
    assert 100_049 == largest_total(problem_at, 10**9)
    assert 1_000 > asked.total()


@pytest.mark.parametrize("every", range(2, 12))
def test_a_count_that_jitters_by_a_record_is_not_passed_over(every):
    def problem_at(total):
        rare = total // 100 + (total % every == 0)
        return problem_of((10, 10**9), total, Exact("rare", (0,), rare))

    fits = [total for total in range(2_000) if total // 100 + (total % every == 0) <= 10]
    assert fits[-1] == largest_total(problem_at, 10**6)


def test_no_total_at_all_is_zero():
    def problem_at(total):
        return problem_of((0, 5), total, Exact("none", (0,), max(1, total // 2)))

    assert 0 == largest_total(problem_at, 100)


# ------------------------------------------------------------------------------------------- phases


@st.composite
def dealings(draw):
    cells = draw(st.integers(1, 8))
    counts = draw(st.lists(st.integers(0, 12), min_size=cells, max_size=cells))
    members = draw(st.lists(st.integers(0, 2), min_size=cells, max_size=cells))
    phases = draw(st.integers(1, 4))
    quotas = [[0] * 3 for _ in range(phases)]
    for value in range(3):
        left = sum(
            count for count, member in zip(counts, members, strict=True) if member == value
        )
        for phase in range(phases - 1):
            quotas[phase][value] = draw(st.integers(0, left))
            left -= quotas[phase][value]
        quotas[-1][value] = left
    return counts, members, quotas


@steady(300)
@given(dealings(), st.integers(0, 9))
def test_a_deal_has_exact_sums_and_entries_next_to_their_part(dealing, seed):
    counts, members, quotas = dealing
    dealt = deal(counts, members, quotas, seed, [f"cell={at}" for at in range(len(counts))])
    assert tuple(counts) == tuple(map(sum, dealt))
    for phase, value in product(range(len(quotas)), range(3)):
        mine = [cell for cell, member in enumerate(members) if member == value]
        assert quotas[phase][value] == sum(dealt[cell][phase] for cell in mine)
        whole = sum(quota[value] for quota in quotas)
        for cell in mine:
            part = counts[cell] * quotas[phase][value]
            assert not whole or part // whole <= dealt[cell][phase] <= -(-part // whole)


def test_a_deal_in_proportion_needs_no_draw():
    dealt = deal([4, 8, 5], [0, 0, 1], [[3, 5], [9, 0]], SEED, "abc")
    assert ((1, 3), (2, 6), (5, 0)) == dealt


def test_a_deal_favours_no_cell_in_the_long_run():
    # one record of three like cells goes to the first phase: each is taken by about a third
    dealt = [deal([1, 1, 1], [0, 0, 0], [[1], [2]], seed, "abc") for seed in range(300)]
    first = Counter(cell for table in dealt for cell in range(3) if table[cell][0])
    assert 300 == first.total()
    assert all(70 < first[cell] < 130 for cell in range(3))


def test_a_deal_ignores_cells_without_records():
    one = deal([3, 2], [0, 0], [[2], [3]], SEED, "ac")
    other = deal([3, 0, 2], [0, 0, 0], [[2], [3]], SEED, "abc")
    assert one == (other[0], other[2])
    assert (0, 0) == other[1]


def test_phases_that_take_what_is_not_chosen_are_our_mistake():
    with pytest.raises(ValueError, match="the phases take 4 of value 0"):
        deal([3], [0], [[2], [2]], SEED, "a")
