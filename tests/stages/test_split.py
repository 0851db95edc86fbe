"""Parts by group: where a group goes depends on the seed and the group, and on nothing else."""

from collections import Counter
from pathlib import Path
import runpy
from types import SimpleNamespace

import pytest

from sftspec.plan.graph import Split
from sftspec.stages.split import split

pools = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("pools.py"))))
THREE = (("dev", 2_000), ("test", 1_000))
BOTH = ("source_row", "group")


def parts_of(pool, parts=THREE, together=BOTH, seed=pools.SEED):
    tables, _ = split(Split(seed, parts, together), pool)
    return tables["parts"]["part"].to_pylist()


def many(count, *, groups=0, samples=1, source="s"):
    rows = [
        pools.row(f"k{n}", variant, group=f"g{n % groups}" if groups else None)
        for n in range(count)
        for variant in range(samples)
    ]
    return pools.block(*rows, samples=samples, source=source)


def by_key(pool, parts):
    return dict(zip(pool.arrow("key").to_pylist(), parts, strict=True))


def test_parts_take_about_what_they_ask_for():
    found = Counter(parts_of(pools.pool(many(5_000))))
    assert abs(found[1] - 1_000) < 100
    assert abs(found[2] - 500) < 80


def test_all_variants_of_a_row_are_in_one_part():
    pool = pools.pool(many(200, samples=4))
    keys = pool.arrow("key").to_pylist()
    assert 200 == len(set(zip(keys, parts_of(pool), strict=True)))


def test_a_group_is_in_one_part_across_sources():
    pool = pools.pool(many(300, groups=40), many(200, groups=40, source="other"))
    groups = pool.arrow("group").to_pylist()
    assert 40 == len(set(zip(groups, parts_of(pool), strict=True)))


def test_rows_without_a_group_are_groups_of_their_own():
    alone = parts_of(pools.pool(many(400)))
    assert len(set(alone)) == 3
    assert alone == parts_of(pools.pool(many(400)), together=("source_row",))


def test_a_group_that_is_not_kept_together_may_be_split():
    pool = pools.pool(many(300, groups=1))
    assert 1 == len(set(parts_of(pool)))
    assert 3 == len(set(parts_of(pool, together=("source_row",))))


def test_more_rows_move_no_row():
    small, large = pools.pool(many(300)), pools.pool(many(900))
    known, grown = by_key(small, parts_of(small)), by_key(large, parts_of(large))
    assert known == {key: grown[key] for key in known}


def test_another_part_at_the_end_takes_from_train_alone():
    pool = pools.pool(many(900))
    before, after = parts_of(pool), parts_of(pool, (*THREE, ("late", 1_500)))
    moved = Counter(pair for pair in zip(before, after, strict=True) if pair[0] != pair[1])
    assert {(0, 3)} == set(moved)


def test_a_larger_part_keeps_what_it_had():
    pool = pools.pool(many(900))
    before, after = parts_of(pool, (("dev", 500),)), parts_of(pool, (("dev", 900),))
    assert all(b >= a for a, b in zip(before, after, strict=True))


def test_the_order_of_candidates_and_chunks_moves_nothing():
    whole = many(100, groups=13).load().to_pylist()
    pool = pools.pool(many(100, groups=13))
    known = by_key(pool, parts_of(pool))
    pieces = [
        pools.block(*(pools.row(r["key"], group=r["group"]) for r in whole[at::3]))
        for at in range(3)
    ]
    cut = pools.pool(*reversed(pieces))
    assert known == by_key(cut, parts_of(cut))


def test_another_seed_is_another_split():
    pool = pools.pool(many(300))
    assert parts_of(pool) != parts_of(pool, seed=pools.SEED + 1)


@pytest.mark.parametrize("parts", [(), (("dev", 9_999),)])
def test_the_ends(parts):
    found = Counter(parts_of(pools.pool(many(2_000)), parts))
    assert ({0: 2_000} == found) if not parts else found[1] >= 1_990


def test_an_empty_pool_has_no_parts():
    assert [] == parts_of(pools.pool())
    assert [] == parts_of(pools.pool(many(0)))
