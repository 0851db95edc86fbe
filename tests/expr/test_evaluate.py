"""Compiled expressions against an interpreter that walks the tree, value by value."""

from hypothesis import given, settings, strategies as st
import pytest

from sftspec.expr import base, nodes as ex
from sftspec.expr.evaluate import VALID, compile_vector
from sftspec.ir.schema import reach

steady = settings(deadline=None, derandomize=True, max_examples=250)
ORDER = ("low", "medium", "high")

# ------------------------------------------------------------------ the interpreter


def walk(node, row):
    match node:
        case ex.Const(value=value):
            return value
        case ex.Decimal(text=text):
            return float(text)
        case ex.Path(parts=parts):
            return reach(row, parts)
        case ex.Valid():
            return row[VALID[0]]
        case ex.Rank(of=of, order=order):
            value = walk(of, row)
            return order.index(value) if isinstance(value, str) and value in order else None
        case ex.Apply(name=name, args=args):
            return measured(name, [walk(arg, row) for arg in args])
        case ex.And(left=left, right=right):
            return truth(left, row) and truth(right, row)
        case ex.Or(left=left, right=right):
            return truth(left, row) or truth(right, row)
        case ex.Not(of=of):
            return not truth(of, row)
        case ex.Cmp(op=op, left=left, right=right):
            return compared(op, walk(left, row), walk(right, row))


def truth(node, row):
    return bool(walk(node, row))


def measured(name, args):
    """A measure of a null, or of a value of another kind, is null."""
    measure = base.measures()[name]
    for arg, (_, kind, _) in zip(args, measure.params, strict=True):
        if not isinstance(arg, int if type(kind).__name__ == "Int" else str):
            return None
    return measure.function(*args)


def compared(op, a, b):
    match op:
        case "==":
            return a == b
        case "!=":
            return a != b
        case "in":
            return isinstance(b, list) and a in b
        case "not in":
            return isinstance(b, list) and a not in b
        case "within" | "not within":
            there = isinstance(a, list) and isinstance(b, list) and all(x in b for x in a)
            return there is (op == "within")
    if a is None or b is None:
        return False
    try:
        return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]
    except TypeError:
        return False


# ------------------------------------------------------------------ random expressions and rows

numbers = st.none() | st.integers(-3, 3) | st.sampled_from([0.5, 2.5, 10**30])
texts = st.none() | st.sampled_from(["", "a", "a b a b", "low", "1,000 and 2", "b"])
lists = st.none() | st.lists(st.sampled_from(["a", "b", "low", "1000", "2"]), max_size=3)
odd = st.sampled_from([None, "a", 3, 2.5, True, [], ["a"], [["a"]], {"x": 1}, [{"x": 1}]])
row_of = st.fixed_dictionaries(
    {
        "n": numbers, "m": numbers, "s": texts, "t": texts, "flag": st.none() | st.booleans(),
        "risk": st.none() | st.sampled_from(ORDER), "tags": lists, "list": lists,
        "o": st.fixed_dictionaries({"n": odd, "s": odd, "l": odd}) | odd,
        VALID[0]: st.booleans(),
    }
)  # fmt: skip


def paths(*names):
    return st.sampled_from([ex.Path(tuple(name.split("."))) for name in names])


consts = st.sampled_from([0, 1, -2]).map(ex.Const) | st.sampled_from(["0.5", "2.5"]).map(
    ex.Decimal
)
said = paths("s", "t", "o.s") | st.sampled_from(["a", "", "b a"]).map(ex.Const)
members = st.lists(st.sampled_from(["a", "low", "2"]) | st.none(), max_size=3).map(ex.Const)
patterns = st.sampled_from(["a", "^b", "[0-9]+$"]).map(ex.Const)
counted = st.one_of(
    st.builds(lambda arg: ex.Apply("chars", (arg,)), said),
    st.builds(lambda arg: ex.Apply("words", (arg,)), said),
    st.builds(
        lambda arg, n: ex.Apply("repetition", (arg, ex.Const(n))), said, st.integers(1, 3)
    ),
    st.builds(lambda a, b: ex.Apply("occurrences", (a, b)), said, said),
)
stated = st.builds(lambda arg: ex.Apply("numbers", (arg,)), said)
sums = paths("n", "m", "o.n") | consts | counted
listed = paths("tags", "list", "o.l") | stated
ordering = st.sampled_from(["<", "<=", ">", ">="])
equal = st.sampled_from(["==", "!="])
ranks = paths("risk", "o.s").map(lambda of: ex.Rank(of, ORDER))
pointed = ranks | st.sampled_from(ORDER).map(lambda word: ex.Rank(ex.Const(word), ORDER))
tests = st.one_of(
    st.builds(lambda op, a, b: ex.Cmp(op, a, b, guard=True), ordering, sums, sums),
    st.builds(lambda op, a, b: ex.Cmp(op, a, b, guard=True), ordering, pointed, ranks),
    st.builds(ex.Cmp, equal, sums | paths("risk", "s") | st.just(ex.Const(None)), sums | said),
    st.builds(ex.Cmp, equal, listed, listed | members),
    st.builds(ex.Cmp, equal, paths("o", "o.l"), paths("o", "o.n") | st.just(ex.Const(None))),
    st.builds(
        lambda op, a, b: ex.Cmp(op, a, b, guard=True),
        st.sampled_from(["in", "not in"]), paths("s", "risk", "o.s", "o.l"), listed | members,
    ),
    st.builds(
        lambda op, a, b: ex.Cmp(op, a, b, guard=True),
        st.sampled_from(["within", "not within"]), listed | members, listed | members,
    ),
    st.builds(lambda text, what: ex.Apply("matches", (text, what)), said, patterns),
    st.just(ex.Valid()), paths("flag"), st.booleans().map(ex.Const),
)  # fmt: skip
conditions = st.recursive(
    tests,
    lambda inner: (
        st.builds(ex.And, inner, inner)
        | st.builds(ex.Or, inner, inner)
        | st.builds(ex.Not, inner)
    ),
    max_leaves=6,
)


def columns(rows):
    return lambda path: [reach(row, path) for row in rows]


@steady
@given(conditions, st.lists(row_of, max_size=5))
def test_a_compiled_condition_says_what_its_tree_says(node, rows):
    found = compile_vector(node).over(columns(rows), len(rows))
    assert [truth(node, row) for row in rows] == [bool(value) for value in found]


@steady
@given(counted | stated | pointed | sums, st.lists(row_of, max_size=4))
def test_a_compiled_value_is_what_its_tree_gives(node, rows):
    assert [walk(node, row) for row in rows] == compile_vector(node).over(
        columns(rows), len(rows)
    )


@steady
@given(conditions)
def test_an_expression_reads_the_paths_that_stand_in_it(node):
    wanted = set(ex.paths(node)) | ({VALID} if "valid" in repr(node).lower() else set())
    assert wanted == set(compile_vector(node).paths)


def evaluated(node, **row):
    return compile_vector(node).over(columns([row]), 1)[0]


@pytest.mark.parametrize("op", ["<", "<=", ">", ">="])
@pytest.mark.parametrize(("n", "m"), [(None, 1), (1, None), (None, None)])
def test_an_order_with_a_null_is_false_both_ways(op, n, m):
    assert (
        evaluated(ex.Cmp(op, ex.Path(("n",)), ex.Path(("m",)), guard=True), n=n, m=m) is False
    )


def test_null_is_equal_to_null_and_to_nothing_else():
    null = ex.Cmp("==", ex.Path(("n",)), ex.Const(None))
    assert [True, False, False] == [evaluated(null, n=value) for value in (None, 0, "")]


def test_a_null_is_in_no_list_and_nothing_is_in_a_null():
    here = ex.Cmp("in", ex.Path(("s",)), ex.Const(["a"]), guard=True)
    gone = ex.Cmp("not in", ex.Path(("s",)), ex.Path(("l",)), guard=True)
    assert evaluated(here, s=None) is False
    assert [False, True] == [evaluated(gone, s="a", l=whole) for whole in (None, [])]


def test_whole_numbers_compare_exactly_at_any_size():
    over = ex.Cmp(">", ex.Path(("n",)), ex.Path(("m",)), guard=True)
    assert evaluated(over, n=10**40 + 1, m=10**40) is True
    assert evaluated(over, n=2**53 + 1, m=float(2**53)) is True


def test_no_text_of_a_spec_becomes_code():
    sly = '")] or __import__("os") #'
    assert evaluated(ex.Cmp("==", ex.Path(("s",)), ex.Const(sly)), s=sly) is True
    assert evaluated(ex.Cmp("==", ex.Path((sly,)), ex.Const(1)), **{sly: 1}) is True
