"""Gates against a plain loop: every tally, with and without `where`, of each population."""

from fractions import Fraction
import operator

from hypothesis import given, settings, strategies as st
import numpy as np
import pyarrow as pa
import pytest

from sftspec.expr import nodes as ex
from sftspec.plan.graph import CoveragePart, GateLinePart, GatePart, Judge
from sftspec.stages.counted import RowCount
from sftspec.stages.judge import MOST_LISTED, Judged, judge, shown
from sftspec.stages.pool import Block, Pool

steady = settings(deadline=None, derandomize=True, max_examples=80)
OPS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
UNITS = {
    "count": "count", "rate": "percent", "mean": "number", "p95": "number",
    "coverage": "percent", "tests": "percent",
}  # fmt: skip
KINDS = pa.list_(pa.string())


def same(path, value):
    return ex.Cmp("==", ex.Path((path,)), ex.Const(value))


def line(tally, op, wanted, **more):
    """A line of a gate; `wanted` in per cent where the tally is a share."""
    of, arg = more.pop("of_node", None), more.pop("arg", None)
    plain = {"require": True, "where": None, "of": "chosen", "unit": UNITS[tally], "text": "t"}
    return GateLinePart(
        tally=ex.Tally(tally, of, arg), op=op, wanted=str(wanted), **plain | more
    )


def record(number, topic="law", *, chosen=True, reason=None, stage=None, size=1, **more):
    return {
        "id": bytes([number]) * 16, "topic": topic, "chosen": chosen and reason is None,
        "reason": reason, "stage": stage or ("screen" if reason else None), "size": size,
        "variant": more.get("variant", 0), "kinds": more.get("kinds"),
    }  # fmt: skip


def pool(records):
    """The records as candidates of one template."""
    columns = {
        "id": pa.array([r["id"] for r in records], pa.binary(16)),
        "variant": pa.array([r["variant"] for r in records], pa.int16()),
        "reason": pa.array([r["reason"] for r in records], pa.string()),
        "stage": pa.array([r["stage"] for r in records], pa.string()),
        "tag.topic": pa.array([r["topic"] for r in records], pa.string()),
        "tag.kinds": pa.array([r["kinds"] for r in records], KINDS),
        "m.0": pa.array([r["size"] for r in records], pa.int64()),
    }
    table = pa.table(columns)
    block = Block(lambda: table, "t", "faq", "human", "CC0-1.0", "domain", 1)
    return Pool([block], [np.zeros(0, np.int32)])


def judged(records, *lines, coverages=(), **beside):
    stage = Judge((GatePart("freeze", lines),), tuple(coverages), ("topic",), ("kinds",))
    chosen = np.array([r["chosen"] for r in records], bool)
    reasons = [r["reason"] for r in records]
    return judge(stage, pool(records), chosen, reasons, Judged(**beside))


def answer(records, *args, **more):
    (found,) = judged(records, line(*args, **more)).answers
    return found


# ---------------------------------------------------------------- the plain loop

CONDITIONS = {
    "law": (same("topic", "law"), lambda r: r["topic"] == "law"),
    "expect": (same("rejected", "expect"), lambda r: r["reason"] == "expect"),
    "big": (
        ex.Cmp(">", ex.Path(("@m0",)), ex.Const(3), guard=True),
        lambda r: r["size"] is not None and r["size"] > 3,
    ),
    "both": (
        ex.And(same("topic", "law"), ex.Not(same("rejected", None))),
        lambda r: r["topic"] == "law" and r["reason"] is not None,
    ),
    "either": (
        ex.Or(same("topic", "tax"), same("topic", "law")),
        lambda r: r["topic"] in {"law", "tax"},
    ),
}
TERMS = {
    "both": [CONDITIONS["law"][1], lambda r: r["reason"] is not None],
    "either": [lambda r: r["topic"] == "tax", lambda r: r["topic"] == "law"],
}
RECORDS = st.lists(
    st.builds(
        record,
        number=st.integers(1, 250),
        topic=st.sampled_from(["law", "tax", None]),
        chosen=st.booleans(),
        reason=st.sampled_from([None, None, "expect", "rule"]),
        stage=st.sampled_from([None, "render", "screen"]),
        size=st.none() | st.integers(-5, 9),
        variant=st.integers(0, 1),
    ),
    max_size=12,
    unique_by=lambda r: r["id"],
)


def whole_of(records, of):
    if of == "chosen":
        return [r for r in records if r["chosen"]]
    return [r for r in records if r["stage"] != "render" and r["variant"] == 0]


def looped(records, tally, of_name):
    """The value, and who would have to go for it to be lower or higher."""
    if tally in {"count", "rate"}:
        test = CONDITIONS[of_name][1] if of_name else lambda _: True
        held = [r for r in records if test(r)]
        rest = [r for r in records if not test(r)]
        value = len(held) if tally == "count" else None
        if tally == "rate" and records:
            value = Fraction(len(held), len(records))
        by_id = [sorted(several, key=lambda r: r["id"]) for several in (held, rest)]
        return value, *by_id
    known = [r for r in records if r["size"] is not None]
    sizes = sorted(r["size"] for r in known)
    value = None
    if sizes:
        value = sizes[-(-95 * len(sizes) // 100) - 1] if tally == "p95" else Fraction(sum(sizes), len(sizes))  # fmt: skip
    low = sorted(known, key=lambda r: (r["size"], r["id"]))
    high = sorted(known, key=lambda r: (-r["size"], r["id"]))
    return value, high, low


@pytest.mark.parametrize("of", ["chosen", "rendered"])
@pytest.mark.parametrize("tally", ["count", "rate", "mean", "p95"])
@steady
@given(
    records=RECORDS, cond=st.sampled_from([*CONDITIONS]), where=st.sampled_from([None, *CONDITIONS]),
    op=st.sampled_from([*OPS]), wanted=st.integers(0, 6), require=st.booleans(),
)  # fmt: skip
def test_a_line_is_what_a_plain_loop_says(tally, of, records, cond, where, op, wanted, require):
    share = tally in {"count", "rate"}
    threshold = wanted * 1_500 if tally == "rate" else wanted
    found = answer(
        records, tally, op, threshold, of=of, require=require,
        of_node=CONDITIONS[cond][0] if share else ex.Path(("@m0",)),
        where=CONDITIONS[where][0] if where else None,
    )  # fmt: skip
    whole = whole_of(records, of)
    there = [r for r in whole if where is None or CONDITIONS[where][1](r)]
    value, lower, higher = looped(there, tally, cond)
    limit = Fraction(threshold, 10_000) if tally == "rate" else threshold
    holds = value is None or OPS[op](value, limit)
    assert (len(whole), len(there)) == (found.whole, found.population)
    assert holds == found.holds
    assert require == found.require
    assert (None if value is None else shown(value, UNITS[tally])) == found.measured
    if holds:
        assert ((), None) == (found.records, found.why)
        return
    down = op in {"<", "<="} or (op == "==" and value > limit) or (op == "!=" and value > 0)
    against = (lower if down else higher)[:5]
    assert tuple(r["id"].hex() for r in against) == found.records
    why = found.why
    terms = TERMS.get(cond, []) if share else []
    assert [sum(map(term, there)) for term in terms] == list(why.conditions if why else [])
    asked = TERMS.get(where, [])
    assert [sum(map(term, whole)) for term in asked] == list(why.where if why else [])
    if not share:
        assert tuple(str(r["size"]) for r in against) == why.values


@steady
@given(records=RECORDS, order=st.randoms(use_true_random=False))
def test_answers_do_not_depend_on_the_order_of_candidates(records, order):
    lines = [
        line("count", "==", 99, of_node=CONDITIONS["law"][0], of="rendered"),
        line("rate", "<", 0, of_node=CONDITIONS["either"][0]),
        line("mean", ">", 99, of_node=ex.Path(("@m0",))),
        line("p95", "<", -99, of_node=ex.Path(("@m0",)), of="rendered"),
    ]
    before = judged(records, *lines)
    mixed = list(records)
    order.shuffle(mixed)
    assert before == judged(mixed, *lines)


# ---------------------------------------------------------------- rows

FATES = [None, "duplicate-key", "invalid_json"]
COUNTS = st.lists(
    st.builds(
        RowCount,
        source=st.sampled_from(["faq", "acts"]),
        origin=st.sampled_from(["human", "public"]),
        license=st.sampled_from(["CC0-1.0", ""]),
        rejected=st.sampled_from(FATES),
        rows=st.integers(1, 2_000_000),
    ),
    max_size=6,
    unique_by=lambda one: (one.source, one.rejected),
)
ROW_CONDITIONS = {
    "doubled": (same("rejected", "duplicate-key"), lambda r: r.rejected == "duplicate-key"),
    "used": (same("rejected", None), lambda r: r.rejected is None),
    "faq": (same("source", "faq"), lambda r: r.source == "faq"),
    "human": (same("origin", "human"), lambda r: r.origin == "human"),
    "free": (same("license", "CC0-1.0"), lambda r: r.license == "CC0-1.0"),
}


@pytest.mark.parametrize("tally", ["count", "rate"])
@steady
@given(
    counts=COUNTS, cond=st.sampled_from([None, *ROW_CONDITIONS]),
    where=st.sampled_from([None, *ROW_CONDITIONS]),
    op=st.sampled_from([*OPS]), wanted=st.integers(0, 4),
)  # fmt: skip
def test_rows_are_counted_as_a_plain_loop_counts_them(tally, counts, cond, where, op, wanted):
    if tally == "rate":
        cond = cond or "used"
    found = judged(
        [record(1)],
        line(
            tally, op, wanted * 2_500, of="rows",
            of_node=ROW_CONDITIONS[cond][0] if cond else None,
            where=ROW_CONDITIONS[where][0] if where else None,
        ),
        rows=tuple(counts),
    ).answers[0]  # fmt: skip
    there = [r for r in counts if where is None or ROW_CONDITIONS[where][1](r)]
    held = [r for r in there if cond is None or ROW_CONDITIONS[cond][1](r)]
    size, matched = (sum(r.rows for r in several) for several in (there, held))
    value = matched if tally == "count" else Fraction(matched, size) if size else None
    limit = wanted * 2_500 if tally == "count" else Fraction(wanted * 2_500, 10_000)
    assert (sum(r.rows for r in counts), size) == (found.whole, found.population)
    assert {"matched": matched, "of": size} == found.parts
    assert (value is None or OPS[op](value, limit)) == found.holds
    assert () == found.records
    if not found.holds:
        down = op in {"<", "<="} or (op == "==" and value > limit) or (op == "!=" and value > 0)
        guilty = held if down else [r for r in there if r not in held]
        told = found.why.rows if found.why else ()
        assert sorted((-r.rows, r.source, r.rejected or "") for r in guilty) == [
            (-r.rows, r.source, r.rejected or "") for r in told
        ]


# ---------------------------------------------------------------- cells and tests


def coverage(over, cells, need=1, where=None):
    return CoveragePart("cells", over, where, need, tuple(cells))


def test_a_coverage_that_is_short_lists_the_cells_that_miss_records():
    records = [record(1), record(2, chosen=False), record(3, "tax", reason="expect")]
    part = coverage(("topic",), [("law",), ("tax",), ("mail",)], need=2)
    found = judged(records, line("coverage", ">=", 9_000, arg="cells"), coverages=[part])
    (one,) = found.answers
    assert ("0%", {"met": 0, "of": 3}, 3, 3) == (
        one.measured,
        one.parts,
        one.population,
        one.whole,
    )
    assert ("topic",) == one.why.over
    cells = [(cell.cell, cell.need, cell.have, cell.chosen) for cell in one.why.cells]
    assert [(("law",), 2, 2, 1), (("tax",), 2, 0, 0), (("mail",), 2, 0, 0)] == cells
    assert one.why.cells == found.coverages[0].cells


def test_a_record_with_many_values_is_in_several_cells_and_one_without_is_in_none():
    records = [record(1, kinds=["a", "b"]), record(2, kinds=[]), record(3, kinds=None)]
    part = coverage(("topic", "kinds"), [("law", "a"), ("law", "b")])
    found = judged(records, line("coverage", "==", 10_000, arg="cells"), coverages=[part])
    assert [1, 1] == [cell.chosen for cell in found.coverages[0].cells]
    assert found.answers[0].holds


def test_a_coverages_where_and_its_cells_leave_repeats_out():
    records = [record(1), record(2, variant=1), record(3, size=9)]
    part = coverage(("topic",), [("law",)], need=2, where=CONDITIONS["big"][0])
    found = judged(records, coverages=[part])
    assert (1, 1) == (found.coverages[0].cells[0].have, found.coverages[0].cells[0].chosen)


def test_of_many_cells_the_first_are_listed_and_the_rest_counted():
    cells = [(f"t{n:02}",) for n in range(MOST_LISTED + 7)]
    part = coverage(("topic",), cells)
    why = judged([], line("coverage", ">", 0, arg="cells"), coverages=[part]).answers[0].why
    assert (cells[:MOST_LISTED], 7) == ([cell.cell for cell in why.cells], why.more)


def test_tests_that_fail_are_named():
    tests = (("reply: one", True), ("reply: two", False), ("sense: three", False))
    found = judged([], line("tests", "==", 10_000), tests=tests).answers[0]
    assert ("33.33%", {"passed": 1, "of": 3}) == (found.measured, found.parts)
    assert (("reply: two", "sense: three"), 0) == (found.why.tests, found.why.more)


def test_no_tests_and_no_cells_are_nothing_to_measure():
    part = coverage(("topic",), [])
    lines = [line("tests", "==", 10_000), line("coverage", "==", 10_000, arg="cells")]
    for found in judged([], *lines, coverages=[part]).answers:
        assert (None, True, 0, None) == (
            found.measured, found.holds, found.population, found.why
        )  # fmt: skip


# ---------------------------------------------------------------- the rest


@pytest.mark.parametrize("of", ["chosen", "rendered", "rows"])
def test_of_nothing_a_count_is_0_and_a_rate_is_nothing(of):
    none = answer([], "count", ">=", 1, of=of)
    assert ("0", False, (), None) == (none.measured, none.holds, none.records, none.why)
    rate = answer([], "rate", ">=", 10_000, of=of, of_node=same("rejected", None))
    assert (None, True) == (rate.measured, rate.holds)


@pytest.mark.parametrize("tally", ["mean", "p95"])
def test_of_nulls_a_number_is_nothing(tally):
    found = answer([record(1, size=None)], tally, "<", -9, of_node=ex.Path(("@m0",)))
    assert (None, True, 1, 0) == (
        found.measured, found.holds, found.population, found.parts["of"]
    )  # fmt: skip


def test_a_count_without_a_condition_is_of_all():
    found = answer([record(1), record(2)], "count", "==", 2)
    assert ("2", True) == (found.measured, found.holds)


def test_basis_points_are_compared_and_shown_as_percentages():
    records = [record(n, size=100 * n) for n in range(1, 4)]
    node = ex.Path(("@m0",))
    good = answer(records, "mean", "<=", 200, unit="points", of_node=node)
    assert ("2%", True, "6%") == (good.measured, good.holds, good.parts["sum"])
    bad = answer(records, "p95", "<=", 299, unit="points", of_node=node)
    assert ("3%", False, ("3%", "2%", "1%")) == (bad.measured, bad.holds, bad.why.values)
    assert {"rank": 3, "of": 3, "least": "1%", "most": "3%"} == bad.parts


def test_five_records_at_most_are_named_the_most_extreme_first_and_ties_by_id():
    records = [record(n, size=size) for n, size in enumerate([5, 9, 9, 1, 5, 7, 0], 1)]
    high = answer(records, "mean", "<", 0, of_node=ex.Path(("@m0",)))
    assert ["02", "03", "06", "01", "05"] == [one[:2] for one in high.records]
    low = answer(records, "mean", ">", 99, of_node=ex.Path(("@m0",)))
    assert ["07", "04", "01", "05", "06"] == [one[:2] for one in low.records]
    assert ("0", "1", "5", "5", "7") == low.why.values


def test_answers_keep_their_order_and_gate():
    stage = Judge(
        (
            GatePart("a", (line("count", ">", 9, text="x"), line("count", ">", 0, text="y"))),
            GatePart("b", (line("count", ">", 9, require=False, text="z"),)),
        ),
        (), (), (),
    )  # fmt: skip
    found = judge(stage, pool([record(1)]), np.array([True]), [None])
    wanted = [("a", "x", True, False), ("a", "y", True, True), ("b", "z", False, False)]
    assert wanted == [(a.gate, a.text, a.require, a.holds) for a in found.answers]
