"""Mixtures through the stage: pools written by hand, and small ones against brute force."""

from collections import Counter
from fractions import Fraction
from itertools import product
import json
from pathlib import Path
import runpy
from types import SimpleNamespace

from hypothesis import given, settings, strategies as st
import numpy as np
import pyarrow as pa
import pytest

from sftspec.cli import main
from sftspec.expr import nodes as ex
from sftspec.ground.canon import draw
from sftspec.plan.graph import BoundPart, CapPart, PhasePart, SharePart
from sftspec.snapshot.shortfall import explain_shortfall
from sftspec.stages.mix import mix

HERE = Path(__file__).parent
pools = SimpleNamespace(**runpy.run_path(str(HERE / "pools.py")))
projects = SimpleNamespace(**runpy.run_path(str(HERE.parent / "projects.py")))
row, block, mixture = pools.row, pools.block, pools.mixture
PARTS = (("train", 8_000), ("dev", 2_000))


def is_(facet, value):
    return ex.Cmp("==", ex.Path((facet,)), ex.Const(value))


def has(facet, value):
    return ex.Cmp("in", ex.Const(value), ex.Path((facet,)), guard=True)


def share(facet, where=None, **quotas):
    return SharePart(facet, where, tuple(quotas.items()))


def rows_of(count, start=0, **tags):
    return [row(f"k{n:04}", **tags) for n in range(start, start + count)]


def run(stage, pool, *, parts=None, alive=None):
    """The result, and the chosen places of each part in order."""
    parts = np.zeros(pool.size, np.int8) if parts is None else np.array(parts, np.int8)
    alive = np.ones(pool.size, bool) if alive is None else np.array(alive, bool)
    tables, result = mix(stage, pool, alive, parts)
    position = tables["chosen"]["position"].to_numpy()
    found = []
    for number in range(len(stage.parts)):
        mine = np.flatnonzero((parts == number) & (position >= 0))
        order = mine[np.argsort(position[mine])]
        assert position[order].tolist() == list(range(len(order)))
        found.append(order.tolist())
    return SimpleNamespace(result=result, parts=found, table=tables["chosen"], pool=pool)


def counts(found, *facets, part=0):
    columns = [found.pool.facet(name) for name in facets]
    values = [tuple(column[at] for column in columns) for at in found.parts[part]]
    return dict(Counter(one[0] if len(facets) == 1 else one for one in values))


# --------------------------------------------------------------------------------------- shares


def test_without_shares_all_there_is_is_taken():
    found = run(mixture(), pools.pool(block(*rows_of(9))))
    assert 9 == len(found.parts[0])
    assert not found.result.short


def test_a_total_is_taken_in_the_pools_proportions():
    pool = pools.pool(block(*rows_of(30, t="a"), *rows_of(60, 30, t="b")))
    found = run(mixture(total=30, strata=("t",)), pool)
    assert {"a": 10, "b": 20} == counts(found, "t")


def test_a_share_is_met_exactly_by_largest_remainder():
    pool = pools.pool(
        block(*(r for n, t in enumerate("abc") for r in rows_of(20, 20 * n, t=t)))
    )
    found = run(mixture(total=10, shares=(share("t", a=3_333, b=3_333, c=3_334),)), pool)
    assert {"a": 3, "b": 3, "c": 4} == counts(found, "t")
    found = run(mixture(total=10, shares=(share("t", a=1, b=1, c=1),)), pool)
    assert {"a": 4, "b": 3, "c": 3} == counts(found, "t")


def test_a_value_with_nothing_of_the_share_is_not_taken():
    pool = pools.pool(block(*rows_of(5, t="a"), *rows_of(5, 5, t="b"), *rows_of(5, 10)))
    found = run(mixture(total=5, shares=(share("t", a=10_000, b=0),)), pool)
    assert {"a": 5} == counts(found, "t")


def test_every_part_meets_the_shares_by_itself():
    rows = [row(f"k{n:04}", t="ab"[n % 2]) for n in range(200)]
    parts = [int(n >= 150) for n in range(200)]
    stage = mixture(total=50, parts=PARTS, shares=(share("t", a=7_500, b=2_500),))
    found = run(stage, pools.pool(block(*rows)), parts=parts)
    assert {"a": 30, "b": 10} == counts(found, "t")
    assert {"a": 8, "b": 2} == counts(found, "t", part=1)


def test_two_shares_are_met_together():
    rows = [row(f"k{n:04}", t="ab"[n % 2], u="xyz"[n % 3]) for n in range(120)]
    stage = mixture(
        total=20, shares=(share("t", a=2_500, b=7_500), share("u", x=5_000, y=3_000, z=2_000))
    )
    found = run(stage, pools.pool(block(*rows)))
    assert {"a": 5, "b": 15} == counts(found, "t")
    assert {"x": 10, "y": 6, "z": 4} == counts(found, "u")


def test_a_conditional_share_is_of_the_records_where_it_holds():
    rows = [row(f"k{n:04}", t="ab"[n % 2], u="xy"[n // 2 % 2]) for n in range(120)]
    stage = mixture(
        total=40,
        shares=(share("t", a=5_000, b=5_000), share("u", is_("t", "a"), x=7_500, y=2_500)),
    )
    found = counts(run(stage, pools.pool(block(*rows))), "t", "u")
    assert (15, 5) == (found["a", "x"], found["a", "y"])
    assert 20 == found["b", "x"] + found["b", "y"]


def test_an_even_share_of_many_records_where_it_holds_can_be_met():
    rows = [row(f"k{n}", t="abc"[n % 3]) for n in range(45_000)]
    where = ex.Cmp("==", ex.Path(("layer",)), ex.Const("domain"))
    stage = mixture(total=40_000, shares=(share("t", where, a=1, b=1, c=1),))
    found = run(stage, pools.pool(block(*rows)))
    assert not found.result.short
    assert all(abs(count - 40_000 / 3) < 5 for count in counts(found, "t").values())


@pytest.mark.parametrize(("most", "bp", "wanted"), [(False, 6_000, 12), (True, 1_500, 3)])
def test_a_facet_that_is_many_is_bounded(most, bp, wanted):
    rows = [row(f"k{n:04}", s=["p", "q"] if n % 3 == 0 else ["q"]) for n in range(90)]
    bound = BoundPart(most, bp, has("s", "p"), "s p")
    found = run(mixture(total=20, bounds=(bound,)), pools.pool(block(*rows)))
    assert wanted == sum("p" in found.pool.facet("s")[at] for at in found.parts[0])


def test_bounds_round_to_the_safe_side():
    rows = [row(f"k{n:04}", t="ab"[n % 2]) for n in range(40)]
    least = BoundPart(most=False, bp=6_500, where=is_("t", "a"), text="least")
    most = BoundPart(most=True, bp=3_500, where=is_("t", "a"), text="most")
    for bound, wanted in ((least, 5), (most, 2)):
        found = run(mixture(total=7, bounds=(bound,)), pools.pool(block(*rows)))
        assert wanted == counts(found, "t")["a"]


def test_a_stratum_keeps_the_pools_proportion_in_every_part():
    rows = [row(f"k{n:04}", t="aaab"[n % 4], u="xy"[n % 2]) for n in range(400)]
    parts = [int(n % 10 == 0 or n % 10 == 3) for n in range(400)]
    stage = mixture(total=100, parts=PARTS, strata=("t",))
    found = run(stage, pools.pool(block(*rows)), parts=parts)
    assert {"a": 60, "b": 20} == counts(found, "t")
    assert {"a": 15, "b": 5} == counts(found, "t", part=1)


def test_a_share_governs_its_facet_and_no_stratum_does():
    rows = [row(f"k{n:04}", t="ab"[n % 2]) for n in range(100)]
    stage = mixture(
        total=20, parts=PARTS, strata=("t",), shares=(share("t", a=9_000, b=1_000),)
    )
    found = run(stage, pools.pool(block(*rows)), parts=[int(n >= 60) for n in range(100)])
    assert not found.result.short
    assert {"a": 4} == counts(found, "t", part=1)


def test_the_dead_are_not_taken():
    rows = rows_of(10)
    found = run(mixture(), pools.pool(block(*rows)), alive=[n % 2 for n in range(10)])
    assert [1, 3, 5, 7, 9] == sorted(found.parts[0])


# ------------------------------------------------------------------------- ranks, caps and order


def rank(pool, at, purpose="mix"):
    return draw(pools.SEED, purpose, pool.ids()[at])


def test_the_lowest_ranks_of_a_cell_are_taken():
    pool = pools.pool(block(*rows_of(50, t="a"), *rows_of(50, 50, t="b")))
    found = run(mixture(total=20, shares=(share("t", a=5_000, b=5_000),)), pool)
    for cell in (range(50), range(50, 100)):
        wanted = sorted(cell, key=lambda at: rank(pool, at))[:10]
        assert sorted(wanted) == sorted(set(found.parts[0]) & set(cell))


def test_a_larger_total_keeps_what_a_smaller_took():
    pool = pools.pool(block(*rows_of(60)))
    small, large = (run(mixture(total=total), pool).parts[0] for total in (20, 30))
    assert set(small) < set(large)


def test_records_are_in_the_order_of_their_draws():
    pool = pools.pool(block(*rows_of(40)))
    found = run(mixture(), pool).parts[0]
    assert found == sorted(range(40), key=lambda at: rank(pool, at, "order"))


def capped(per, count, *blocks, **more):
    pool = pools.pool(*blocks)
    return run(mixture(caps=(CapPart(count, per),), shortfall="shrink", **more), pool)


def test_a_cap_per_row_keeps_the_lowest_ranks():
    rows = [row(f"k{n}", v) for n in range(20) for v in range(4)]
    found = capped("source_row", 2, block(*rows, samples=4))
    assert 40 == len(found.parts[0])
    assert 40 == found.result.parts[0].capped
    for n in range(20):
        mine = range(4 * n, 4 * n + 4)
        wanted = sorted(mine, key=lambda at: rank(found.pool, at))[:2]
        assert set(wanted) == set(mine) & set(found.parts[0])


def test_a_cap_per_row_counts_over_templates():
    rows = rows_of(10)
    found = capped("source_row", 1, block(*rows, template="t"), block(*rows, template="u"))
    keys = [key for key, _ in pools.names(found.pool, found.parts[0])]
    assert sorted(set(keys)) == keys
    assert 10 == len(keys)


def test_a_cap_per_group_leaves_rows_without_one_alone():
    rows = [row(f"k{n}", group=None if n < 4 else f"g{n % 3}") for n in range(30)]
    found = capped("group", 2, block(*rows))
    groups = Counter(found.pool.arrow("group").to_pylist()[at] for at in found.parts[0])
    assert {None: 4, "g0": 2, "g1": 2, "g2": 2} == groups


def test_a_cap_per_facet():
    rows = [row(f"k{n}", t="abc"[n % 3]) for n in range(30)]
    assert {"a": 4, "b": 4, "c": 4} == counts(capped("t", 4, block(*rows)), "t")


def test_a_cap_per_facet_that_is_many_counts_every_value():
    rows = [row(f"k{n}", s=[["p"], ["q"], ["p", "q"], []][n % 4]) for n in range(40)]
    found = capped("s", 3, block(*rows))
    values = Counter(v for at in found.parts[0] for v in found.pool.facet("s")[at])
    assert max(values.values()) <= 3
    assert 10 == sum(not found.pool.facet("s")[at] for at in found.parts[0])


def test_caps_hold_in_each_part_by_itself():
    rows = [row(f"k{n}", t="a") for n in range(30)]
    found = capped(
        "t", 4, block(*rows), parts=PARTS
    )  # all are in train as the helper puts them
    assert [4, 0] == [len(part) for part in found.parts]


# ------------------------------------------------------------------------------------ shortfalls


def two_cells(a, b):
    return block(*rows_of(a, t="a"), *rows_of(b, a, t="b"))


HALVES = (share("t", a=5_000, b=5_000),)


def test_an_error_says_what_is_short_and_what_could_be_had():
    found = run(mixture(total=20, shares=HALVES), pools.pool(two_cells(4, 50)))
    part = found.result.parts[0]
    assert found.result.short
    assert [("t a", 10, 4), ("total", 20, 14)] == [
        (s.label, s.want, s.got) for s in part.slacks
    ]
    assert 8 == part.feasible_total
    text = explain_shortfall(found.result, {"`screened` on template `t`": 6})
    assert "part `train` cannot be met at 20 records" in text
    assert "t a: 4 of 10 wanted (6 short, 4 there)" in text
    assert "`screened` on template `t` took 6 candidates" in text
    assert "with every share as declared: 8 records" in text


def test_shrink_takes_the_largest_total_at_which_all_holds():
    found = run(
        mixture(total=20, shares=HALVES, shortfall="shrink"), pools.pool(two_cells(4, 50))
    )
    assert {"a": 4, "b": 4} == counts(found, "t")
    assert not found.result.short
    assert (20, 8) == (found.result.parts[0].wanted, found.result.parts[0].chosen)


def test_shrink_rounds_the_shares_anew():
    # 9 records are 5 and 4 by largest remainder, and 4 of the second are there
    found = run(
        mixture(total=20, shares=HALVES, shortfall="shrink"), pools.pool(two_cells(50, 4))
    )
    assert {"a": 5, "b": 4} == counts(found, "t")


def repeats(keys, samples, levels, **tags):
    """Candidates of `samples` variants each, with repeats up to `levels` times."""
    variants = range(samples * levels)
    return block(*(row(k, v, **tags) for k in keys for v in variants), samples=samples)


def test_repeat_takes_other_wordings_before_it_takes_more_of_one():
    pool = pools.pool(repeats(["k0", "k1", "k2"], 1, 3, t="a"))
    found = run(mixture(total=5, shortfall="repeat", repeat=3), pool)
    assert not found.result.short
    per_row = Counter(key for key, _ in pools.names(pool, found.parts[0]))
    assert [1, 2, 2] == sorted(per_row.values())
    assert {(key, 0) for key in per_row} <= set(pools.names(pool, found.parts[0]))
    assert all(
        {v for k, v in pools.names(pool, found.parts[0]) if k == key} == set(range(count))
        for key, count in per_row.items()
    )


def test_repeat_takes_no_repeat_where_there_is_enough():
    pool = pools.pool(repeats([f"k{n}" for n in range(9)], 2, 2, t="a"))
    found = run(mixture(total=18, shortfall="repeat", repeat=2), pool)
    assert {0, 1} == {v for _, v in pools.names(pool, found.parts[0])}


def test_repeat_never_exceeds_its_number():
    pool = pools.pool(repeats(["k0", "k1"], 1, 3, t="a"))
    found = run(mixture(total=7, shortfall="repeat", repeat=3), pool)
    assert found.result.short
    assert 6 == len(found.parts[0])
    assert [("total", 7, 6)] == [(s.label, s.want, s.got) for s in found.result.parts[0].slacks]


def test_repeat_minds_the_cap_per_row():
    pool = pools.pool(repeats(["k0", "k1", "k2"], 1, 4, t="a"))
    stage = mixture(total=9, shortfall="repeat", repeat=4, caps=(CapPart(2, "source_row"),))
    found = run(stage, pool)
    assert {"k0": 2, "k1": 2, "k2": 2} == Counter(
        k for k, _ in pools.names(pool, found.parts[0])
    )


# ------------------------------------------------------------------------------------ curriculum

PHASES = (
    PhasePart("start", 4_000, (("easy", 9_000), ("hard", 1_000))),
    PhasePart("finish", 6_000, (("easy", 2_500), ("hard", 7_500))),
)


def test_phases_are_exact_and_in_order():
    rows = [
        row(f"k{n:04}", level=("easy", "hard")[n % 2], t="ab"[n // 2 % 2]) for n in range(200)
    ]
    stage = mixture(total=50, curriculum="level", phases=PHASES, shares=HALVES)
    found = run(stage, pools.pool(block(*rows)))
    phase = found.table["phase"].to_pylist()
    order = found.parts[0]
    assert [0] * 20 + [1] * 30 == [phase[at] for at in order]
    levels = found.pool.facet("level")
    assert {"easy": 18, "hard": 2} == Counter(levels[at] for at in order[:20])
    assert {"easy": 8, "hard": 22} == Counter(levels[at] for at in order[20:])
    assert {"a": 25, "b": 25} == counts(found, "t")
    for one in (order[:20], order[20:]):
        assert one == sorted(one, key=lambda at: rank(found.pool, at, "order"))


def test_the_curriculum_is_of_train_alone():
    rows = [row(f"k{n:04}", level=("easy", "hard")[n % 2]) for n in range(200)]
    stage = mixture(total=50, parts=PARTS, curriculum="level", phases=PHASES)
    found = run(stage, pools.pool(block(*rows)), parts=[int(n >= 150) for n in range(200)])
    phase = found.table["phase"].to_pylist()
    assert {-1} == {phase[at] for at in found.parts[1]}
    assert {0, 1} == {phase[at] for at in found.parts[0]}


def test_a_record_without_a_level_is_in_no_phase():
    rows = [row(f"k{n:04}", level=("easy", "hard", None)[n % 3]) for n in range(90)]
    found = run(mixture(total=30, curriculum="level", phases=PHASES), pools.pool(block(*rows)))
    assert not found.result.short
    assert {"easy", "hard"} == set(counts(found, "level"))


def test_a_curriculum_that_cannot_be_met_is_a_shortfall():
    rows = [row(f"k{n:04}", level="easy" if n else "hard") for n in range(90)]
    found = run(mixture(total=30, curriculum="level", phases=PHASES), pools.pool(block(*rows)))
    assert "level hard (curriculum)" in {s.label for s in found.result.parts[0].slacks}
    assert -1 == max(found.table["phase"].to_pylist())


# ---------------------------------------------------------------------- the order of candidates


def test_chunks_and_their_order_choose_the_same_records():
    rows = [
        row(f"k{n:04}", t="ab"[n % 2], level=("easy", "hard")[n // 3 % 2]) for n in range(120)
    ]
    stage = mixture(total=40, shares=HALVES, curriculum="level", phases=PHASES)
    whole = run(stage, pools.pool(block(*rows)))
    cut = [block(*rows[at::7]) for at in range(7)]
    other = run(stage, pools.pool(*reversed(cut)))
    ids, others = whole.pool.ids(), other.pool.ids()
    assert [ids[at] for at in whole.parts[0]] == [others[at] for at in other.parts[0]]
    assert whole.result == other.result


# ------------------------------------------------------------------------------------ brute force


def halves_up(total, weights):
    """Largest remainder, by the definition."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    rests = [
        Fraction(total * weight, whole) - part
        for weight, part in zip(weights, parts, strict=True)
    ]
    for at in sorted(range(len(weights)), key=lambda at: -rests[at])[: total - sum(parts)]:
        parts[at] += 1
    return parts


def keeps(stage, cells, point, total):
    """Whether counts per cell are a mixture of `total` records, by the words of the language."""
    if sum(point) != total:
        return False
    for one in stage.shares:
        weights = [weight for _, weight in one.quotas]
        exact = halves_up(total, weights)
        inside = [one.where is None or dict(c)["t"] == "a" for c in cells]
        whole = sum(n for n, here in zip(point, inside, strict=True) if here)
        for (value, weight), count in zip(one.quotas, exact, strict=True):
            got = sum(
                n
                for n, c, here in zip(point, cells, inside, strict=True)
                if here and dict(c)[one.facet] == value
            )
            if one.where is None and got != count:
                return False
            if one.where is not None and abs(got - Fraction(whole * weight, sum(weights))) >= 1:
                return False
    for bound in stage.bounds:
        got = sum(n for n, c in zip(point, cells, strict=True) if "p" in dict(c)["s"])
        if bound.most and got * 10_000 > bound.bp * total:
            return False
        if not bound.most and got * 10_000 < bound.bp * total:
            return False
    return True


@st.composite
def small_mixtures(draw):
    """A pool of a few cells and a mixture over it."""
    kinds = draw(
        st.lists(
            st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.booleans()),
            min_size=1, max_size=4, unique=True,
        )
    )  # fmt: skip
    rows, number = [], 0
    for t, u, p in kinds:
        for _ in range(draw(st.integers(0, 3))):
            variants = draw(st.integers(1, 2))
            rows.extend(
                row(f"k{number}", v, t=t, u=u, s=["p"] if p else []) for v in range(variants)
            )
            number += 1
    weights = st.integers(0, 4)
    shares, bounds = [], []
    if draw(st.booleans()):
        mixed = {value: draw(weights) for value in "abc"}
        shares += [share("t", **mixed)] if sum(mixed.values()) else []
    if draw(st.booleans()):
        x = draw(st.sampled_from([0, 2_500, 3_300, 5_000, 10_000]))
        where = is_("t", "a") if draw(st.booleans()) else None
        shares.append(share("u", where, x=x, y=10_000 - x))
    if draw(st.booleans()):
        bp = draw(st.sampled_from([0, 2_000, 3_333, 5_000, 10_000]))
        bounds.append(BoundPart(draw(st.booleans()), bp, has("s", "p"), "p"))
    caps = (CapPart(1, "source_row"),) if draw(st.booleans()) else ()
    total = draw(st.integers(0, 9))
    return rows, mixture(total=total, shares=tuple(shares), bounds=tuple(bounds), caps=caps)


def after_caps(stage, pool):
    """The places that caps leave, lowest rank first."""
    order = sorted(range(pool.size), key=lambda at: (rank(pool, at), pool.ids()[at]))
    if not stage.caps:
        return order
    seen, kept = set(), []
    rids = pool.arrow("rid").to_pylist()
    for at in order:
        if rids[at] not in seen:
            seen.add(rids[at])
            kept.append(at)
    return kept


def cell_of(pool, at):
    return (
        ("t", pool.facet("t")[at]),
        ("u", pool.facet("u")[at]),
        ("s", tuple(pool.facet("s")[at])),
    )


@settings(deadline=None, derandomize=True, max_examples=150)
@given(small_mixtures())
def test_small_mixtures_are_what_brute_force_finds(drawn):
    rows, stage = drawn
    if not rows:
        return
    pool = pools.pool(block(*rows, samples=2))
    kept = after_caps(stage, pool)
    there = Counter(cell_of(pool, at) for at in kept)
    cells = list(there)

    def possible(total):
        points = product(*(range(there[cell] + 1) for cell in cells))
        return any(keeps(stage, cells, point, total) for point in points)

    found = run(stage, pool)
    taken = Counter(cell_of(pool, at) for at in found.parts[0])
    assert possible(stage.total) == (not found.result.short)
    assert found.result.short != keeps(
        stage, cells, [taken[cell] for cell in cells], stage.total
    )
    for cell in cells:
        mine = [at for at in kept if cell_of(pool, at) == cell]
        assert set(mine[: taken[cell]]) == set(mine) & set(found.parts[0])
    if found.result.short:
        best = max((t for t in range(stage.total + 1) if possible(t)), default=0)
        assert best == found.result.parts[0].feasible_total
        shrunk = run(mixture(**{**vars_of(stage), "shortfall": "shrink"}), pool)
        assert best == len(shrunk.parts[0])


def vars_of(stage):
    return {name: getattr(stage, name) for name in stage.__struct_fields__}


# ----------------------------------------------------------------------------- through the words

SPEC = """edition 2026
dataset d v0.1.0 { seed = 1, license = "CC0-1.0" }
facet t { a "an a", b "a b", c "a c" }
source rows {
  path = "rows.jsonl", key = id, origin = human, license = "CC0-1.0"
  fields { id: integer, t: facet t }
}
phrasing how { "Say {{ row.id }}.", "Tell {{ row.id }}.", "Write {{ row.id }}." }
template say v1.0.0 {
  layer = domain
  from rows as row
  vary ask = how
  tags { t = row.t }
  user "{{ ask }}"
  assistant "{{ row.id }} it is"
}
screen { drop chars(response) < 7 }
mixture {
  total = 20
  share t { MIX }
}
emit { jsonl }
"""


def project(folder, mix, shortfall="error", rows=60):
    (folder / "pyproject.toml").touch()
    text = SPEC.replace("MIX", mix).replace(
        "total = 20\n", f"total = 20\n  shortfall = {shortfall}\n"
    )
    (folder / "d.sft").write_text(text)
    lines = [json.dumps({"id": n, "t": "aab"[n % 3] if n < 50 else "c"}) for n in range(rows)]
    projects.lines_to(folder / "rows.jsonl", lines)
    return folder / "d.sft"


def train_of(spec):
    built = projects.built(spec)
    return built, Counter(
        row.__dict__["tag.t"] for row in projects.index(built.folder).values() if row.part
    )


@pytest.mark.parametrize(
    ("mix", "wanted"),
    [
        ("a 50%, b 25%, c 25%", {"a": 10, "b": 5, "c": 5}),
        ("a 62.5%, c rest, b 0%", {"a": 13, "c": 7}),
        ("a 2, b 1, c 1", {"a": 10, "b": 5, "c": 5}),
        ("even", {"a": 7, "b": 7, "c": 6}),
    ],
)
def test_shares_as_they_are_written(mix, wanted, tmp_path):
    assert wanted == train_of(project(tmp_path, mix))[1]


def test_an_error_names_the_culprit(tmp_path, capsys):
    spec = project(tmp_path, "a 10%, b 10%, c 80%")
    assert 1 == main(["build", str(spec), "--engine", "local", "--log", "none"])
    said = capsys.readouterr().err
    assert "error[shortfall]: the shares of part `train` cannot be met at 20 records" in said
    assert "t c: 10 of 16 wanted (6 short, 10 there)" in said
    assert "`screened` on template `say` took 10 candidates" not in said
    assert not (tmp_path / "compiled" / "d").exists()
    projects.edit(spec, "< 7", "< 8")
    assert 1 == main(["build", str(spec), "--engine", "local", "--log", "none"])
    assert "`screened` on template `say` took 10 candidates" in capsys.readouterr().err


def test_shrink_as_it_is_written(tmp_path):
    built, found = train_of(project(tmp_path, "a 10%, b 10%, c 80%", "shrink"))
    assert {"a": 1, "b": 1, "c": 10} == found
    part = built.manifest.mixture["parts"]["train"]
    assert (20, 12, 12) == (part["wanted"], part["chosen"], part["feasible_total"])


def test_repeat_draws_other_wordings_first(tmp_path):
    built, found = train_of(project(tmp_path, "a 10%, b 10%, c 80%", "repeat(3)"))
    assert {"a": 2, "b": 2, "c": 16} == found
    lines = (built.folder / "train.jsonl").read_text().splitlines()
    assert len(lines) == len(set(lines)) == 20
    rows = Counter(row.key for row in projects.index(built.folder).values() if row.part)
    assert max(rows.values()) == 2


# shares of tokens


def weighed(count=600, bound=100, quotas=(("a", 5000), ("b", 5000)), total=200, **given):
    """A pool in which records of `b` are four times as long, and lengths vary."""
    rows = [row(f"k{i}", topic="ab"[i % 2]) for i in range(count)]
    made = block(*rows)
    sizes = [(10 + i % 7) * (4 if i % 2 else 1) for i in range(count)]
    table = made.load().append_column("tokens.c", pa.array(sizes, pa.int32()))
    from msgspec.structs import replace

    stage = mixture(
        total=total, shares=(SharePart("topic", None, quotas, "c", bound),), **given
    )
    some = pools.pool(replace(made, load=lambda: table))
    tables, result = mix(stage, some, np.ones(count, bool), np.zeros(count, np.int8))
    chosen = np.flatnonzero(tables["chosen"]["position"].to_numpy() >= 0)
    tokens = np.array(sizes)[chosen]
    return [int(tokens[chosen % 2 == side].sum()) for side in (0, 1)], len(chosen), result


@pytest.mark.parametrize("bound", [100, 50, 300])
def test_a_share_of_tokens_is_met_within_its_bound(bound):
    (a, b), count, result = weighed(bound=bound)
    assert 200 == count
    assert abs(a - b) * 10_000 <= 2 * bound * (a + b)
    assert not result.short


def test_an_uneven_share_of_tokens_is_met_too():
    (a, b), _, result = weighed(quotas=(("a", 2), ("b", 1)))
    assert abs(a - 2 * b) * 100 <= 3 * (a + b)
    assert not result.short


def test_a_share_of_tokens_says_what_it_came_to():
    (a, b), _, result = weighed()
    said = {quota.label: quota for quota in result.parts[0].quotas}
    assert a == said["topic a (tokens)"].chosen
    assert (a + b) // 2 == said["topic b (tokens)"].wanted


def test_a_share_of_tokens_that_cannot_be_met_is_a_shortfall():
    _, _, result = weighed(count=100, total=100)
    assert result.short


def test_a_share_of_tokens_shrinks_where_that_is_allowed():
    (a, b), count, result = weighed(count=100, total=100, shortfall="shrink")
    assert count < 100
    assert abs(a - b) * 100 <= 2 * (a + b)
    assert not result.short
