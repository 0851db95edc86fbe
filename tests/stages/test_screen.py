"""Lines of the screen that compare records: who yields to whom, and who is never compared."""

import json
from pathlib import Path
import random
import runpy
from types import SimpleNamespace

import pytest

from sftspec.build import EmptyDataset
from sftspec.plan.graph import GatherLine, Screen
from sftspec.stages.candidates import ALIVE
from sftspec.stages.screen import screen

HERE = Path(__file__).parent
pools = SimpleNamespace(**runpy.run_path(str(HERE / "pools.py")))
projects = SimpleNamespace(**runpy.run_path(str(HERE.parent / "projects.py")))
row, block = pools.row, pools.block


def duplicate(at=0):
    return GatherLine(at, "duplicate", (), "drop duplicate exact")


def conflict(*prefer, at=0):
    return GatherLine(at, "conflict", prefer, "drop conflict on [user]")


def lost(pool, *lines):
    """(key, variant) of each candidate that was dropped, and the key it yields to."""
    tables, meta = screen(Screen(lines), pool)
    found = tables["dropped"].to_pylist()
    assert len(found) == meta["dropped"]
    keys, variants = pool.arrow("key").to_pylist(), pool.numbers("variant").tolist()
    by_id = dict(zip(pool.ids(), keys, strict=True))
    return {
        (keys[one["place"]], variants[one["place"]]): (one["reason"], by_id.get(one["of"]))
        for one in found
    }


def lowest(pool, *keys):
    """Which of some rows has the lowest id."""
    return min(
        zip(pool.ids(), pool.arrow("key").to_pylist(), strict=True),
        key=lambda pair: (pair[1] not in keys, pair[0]),
    )[1]


# -------------------------------------------------------------------------------- duplicates


def test_of_equal_conversations_the_lowest_id_lives():
    pool = pools.pool(block(*(row(key, content="same") for key in "abcde"), row("f")))
    first = lowest(pool, *"abcde")
    wanted = {(k, 0): ("duplicate", first) for k in "abcde" if k != first}
    assert wanted == lost(pool, duplicate())


def test_who_lives_does_not_depend_on_chunks_or_order():
    rows = [row(f"k{n}", content=f"c{n % 7}") for n in range(60)]
    whole = lost(pools.pool(block(*rows)), duplicate())
    assert 53 == len(whole)
    for seed in range(5):
        mixed = rows.copy()
        random.Random(seed).shuffle(mixed)
        cut = [block(*mixed[at : at + 1 + seed * 7]) for at in range(0, 60, 1 + seed * 7)]
        assert whole == lost(pools.pool(*cut), duplicate())


def test_variants_of_one_row_are_never_compared():
    rows = [row("a", v, content="same") for v in range(3)]
    assert {} == lost(pools.pool(block(*rows, samples=3)), duplicate())


def test_variants_of_one_row_yield_together_to_another_row():
    rows = [row(key, v, content="same") for key in "ab" for v in range(2)]
    pool = pools.pool(block(*rows, samples=2))
    first = lowest(pool, "a", "b")
    other = "b" if first == "a" else "a"
    assert {(other, v): ("duplicate", first) for v in range(2)} == lost(pool, duplicate())


def test_one_row_under_two_templates_is_one_row():
    same = [block(row("a", content="same"), template=name) for name in ("t", "u")]
    assert {} == lost(pools.pool(*same), duplicate())


def test_rows_of_two_sources_are_compared():
    same = [block(row("a", content="same"), source=name) for name in ("s", "z")]
    assert 1 == len(lost(pools.pool(*same), duplicate()))


@pytest.mark.parametrize(("at", "count"), [(-1, 0), (0, 0), (1, 1), (ALIVE, 1)])
def test_what_an_earlier_line_dropped_is_not_compared(at, count):
    pool = pools.pool(block(row("a", content="same", at=at), row("b", content="same")))
    found = lost(pool, duplicate(at=0))
    assert count == len(found)


def test_a_repeat_shares_the_fate_of_what_it_repeats():
    rows = [
        row(key, v, content=f"{key if v == 1 else 'same'} {v % 2}")
        for key in "ab"
        for v in range(6)
    ]
    pool = pools.pool(block(*rows, samples=2))
    first = lowest(pool, "a", "b")
    other = "b" if first == "a" else "a"
    assert {(other, v) for v in (0, 2, 4)} == set(lost(pool, duplicate()))


# --------------------------------------------------------------------------------- conflicts


def asked(key, answer, ask="why", **more):
    return row(key, ask=ask, answer=answer, **more)


def test_with_nothing_preferred_all_sides_of_a_conflict_go():
    pool = pools.pool(
        block(asked("a", "x"), asked("b", "y"), asked("c", "x"), asked("d", "x", "how"))
    )
    assert {(key, 0): ("conflict", None) for key in "abc"} == lost(pool, conflict())


def test_equal_answers_are_no_conflict():
    assert {} == lost(pools.pool(block(asked("a", "x"), asked("b", "x"))), conflict())


def test_the_preferred_sources_answer_stays_and_so_do_those_who_agree():
    pool = pools.pool(
        block(asked("a", "x"), asked("b", "y"), source="s"),
        block(asked("c", "x"), source="good"),
        block(asked("d", "z"), source="best"),
    )
    assert {"a", "b", "c"} == {key for key, _ in lost(pool, conflict("best", "good"))}
    found = lost(pool, conflict("good"))
    assert {"b", "d"} == {key for key, _ in found}
    assert {("conflict", lowest(pool, "c"))} == set(found.values())


def test_a_preferred_source_that_is_not_there_helps_nobody():
    pool = pools.pool(block(asked("a", "x"), asked("b", "y")))
    assert {"a", "b"} == {key for key, _ in lost(pool, conflict("absent"))}


def test_a_preferred_source_that_contradicts_itself_helps_nobody():
    pool = pools.pool(
        block(asked("a", "x"), asked("b", "y"), source="good"),
        block(asked("c", "x"), source="s"),
    )
    assert {"a", "b", "c"} == {key for key, _ in lost(pool, conflict("good", "s"))}


def test_variants_of_one_row_do_not_contradict_each_other():
    rows = [row("a", v, ask="why", answer=f"x{v}") for v in range(2)]
    assert {} == lost(pools.pool(block(*rows, samples=2)), conflict())


def test_records_without_the_named_parts_are_not_compared():
    assert {} == lost(
        pools.pool(block(asked("a", "x", None), asked("b", "y", None))), conflict()
    )


def test_lines_work_in_the_order_written():
    pool = pools.pool(
        block(
            asked("a", "x", content="1"),
            asked("b", "x", content="1"),
            asked("c", "y", content="2"),
        )
    )
    first = lowest(pool, "a", "b")
    other = "b" if first == "a" else "a"
    assert {(other, 0): "duplicate", (first, 0): "conflict", ("c", 0): "conflict"} == {
        who: why for who, (why, _) in lost(pool, duplicate(0), conflict(at=1)).items()
    }
    assert {"conflict"} == {why for why, _ in lost(pool, conflict(at=0), duplicate(1)).values()}


def test_a_screen_of_an_empty_pool():
    assert {} == lost(pools.pool(), duplicate(), conflict(at=1))


# ----------------------------------------------------------------------------- what is equal

SPEC = """edition 2026
dataset d v0.1.0 { seed = 1, license = "CC0-1.0" }
source clauses {
  path = "clauses.jsonl", key = id, origin = human, license = "CC0-1.0"
  fields { id: string, clause: string, answer: string }
}
template pay v1.0.0 {
  layer = domain
  from clauses as row
  user { instruction "Who pays?", context "{{ row.clause }}" }
  assistant "{{ row.answer }}"
}
template court v1.0.0 {
  layer = domain
  from clauses as row
  user { instruction "Which court?", context "{{ row.clause }}" }
  assistant "{{ row.answer }}"
}
screen { drop duplicate exact, drop conflict on [instruction, context] }
mixture { total = all }
emit { jsonl }
"""


def test_an_equal_clause_under_another_question_is_another_record(tmp_path):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "d.sft").write_text(SPEC)
    rows = [
        ("a", "A pays.", "A"),
        ("b", "A pays.", "A"),
        ("c", "B pays.", "B"),
        ("d", "B pays.", "X"),
    ]
    projects.lines_to(
        tmp_path / "clauses.jsonl",
        [json.dumps(dict(zip(("id", "clause", "answer"), one, strict=True))) for one in rows],
    )
    found = projects.index(projects.built(tmp_path / "d.sft").folder).values()
    fates = sorted((one.template, one.key, one.fate) for one in found)
    for template in ("pay", "court"):
        mine = {key: fate for name, key, fate in fates if name == template}
        assert ["rejected:duplicate", "train"] == sorted([mine["a"], mine["b"]])
        assert ["rejected:conflict"] * 2 == [mine["c"], mine["d"]]


@pytest.mark.parametrize("lines", [[], ['{"id": "a"}']])
def test_a_source_without_a_good_row_makes_no_dataset(lines, tmp_path):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "d.sft").write_text(SPEC)
    projects.lines_to(tmp_path / "clauses.jsonl", lines)
    with pytest.raises(EmptyDataset) as caught:
        projects.built(tmp_path / "d.sft")
    assert {"clauses": len(lines)} == caught.value.read
    assert len(lines) == sum(caught.value.taken.values())
