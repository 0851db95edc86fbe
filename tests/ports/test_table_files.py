"""Parquet and Arrow: the rows of a table in its order, whatever groups, batches and pieces it has."""

import datetime as dt
from decimal import Decimal
import json
import os

from hypothesis import given, settings, strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sftspec.engine.inputs import mapped
from sftspec.ports.base import Problem
from sftspec.ports.sources import arrow, parquet

steady = settings(deadline=None, derandomize=True, max_examples=60)
SHAPES = {"parquet": parquet, "arrow": arrow}
BIG = 1 << 30


def written(path, table, size=1000, **how):
    """The table in a file of the format that its name says, `size` rows a group or batch."""
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=size, **how)
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as out:
            out.write_table(table, max_chunksize=size)
    return path


def rows(path, target=BIG):
    """Number and value of every row; a problem as its reason and evidence."""
    shape = SHAPES[path.suffix[1:]]
    descriptor = os.open(path, os.O_RDONLY)
    found = []
    try:
        with mapped(descriptor) as data:
            for piece in shape.pieces(data, target):
                fetched = shape.fetch(data, piece)
                for at, one in enumerate(shape.rows(fetched, b"")):
                    assert one.line == at
                    bad = isinstance(one.value, Problem)
                    value = (one.value.reason, one.value.evidence) if bad else one.value
                    found.append((piece.line + at, value))
    finally:
        os.close(descriptor)
    return found


def head(path):
    shape = SHAPES[path.suffix[1:]]
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with mapped(descriptor) as data:
            return shape.columns(shape.head(data))
    finally:
        os.close(descriptor)


@pytest.fixture(params=SHAPES)
def place(request, tmp_path):
    return tmp_path / f"rows.{request.param}"


# ------------------------------------------------------------------ groups, batches, pieces


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
@pytest.mark.parametrize("target", [1, 500, 5_000, BIG])
def test_rows_are_numbered_through_whatever_pieces_they_are_read_in(place, size, target):
    table = pa.table(
        {"id": range(300), "text": [f"row {n} " + "x" * (n % 50) for n in range(300)]}
    )
    written(place, table, size)
    wanted = [(n + 1, value) for n, value in enumerate(table.to_pylist())]
    assert wanted == rows(place, target)


def test_a_large_row_group_is_read_in_up_to_sixteen_pieces(tmp_path):
    path = written(tmp_path / "rows.parquet", pa.table({"id": range(1000)}), size=1000)
    with path.open("rb") as stream, mapped(stream.fileno()) as data:
        pieces = parquet.pieces(data, 1)
        assert 16 == len(pieces)
        assert [(0, 62), (62, 63)] == [(p.skip, p.take) for p in pieces[:2]]
        assert 1000 == sum(piece.take for piece in pieces)
        assert 1 == len(parquet.pieces(data, BIG))


def test_small_batches_are_put_together(tmp_path):
    path = written(tmp_path / "rows.arrow", pa.table({"id": range(1000)}), size=10)
    with path.open("rb") as stream, mapped(stream.fileno()) as data:
        assert 100 == len(arrow.pieces(data, 1))
        assert 1 == len(arrow.pieces(data, BIG))
        assert 5 <= len(arrow.pieces(data, 5_000)) <= 10


def test_a_table_without_rows_has_no_pieces(place):
    written(place, pa.table({"id": pa.array([], pa.string())}))
    assert ([], ["id"]) == (rows(place), head(place))


@pytest.mark.parametrize(
    "how",
    [
        {"compression": "zstd"},
        {"compression": "none", "use_dictionary": False},
        {"data_page_version": "2.0"},
        {"data_page_size": 64},
    ],
    ids=str,
)
def test_a_parquet_file_is_read_however_it_was_written(tmp_path, how):
    table = pa.table({"id": range(500), "word": ["a", "b", None, "\u00e9"] * 125})
    path = written(tmp_path / "rows.parquet", table, size=200, **how)
    assert table.to_pylist() == [value for _, value in rows(path, 100)]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
leaves = st.sampled_from(
    [(pa.string(), texts), (pa.int64(), st.integers(-(2**63), 2**63 - 1)), (pa.bool_(), st.booleans()),
     (pa.float64(), st.floats(allow_nan=False, allow_infinity=False)), (pa.large_string(), texts)]
)  # fmt: skip


def listed(inner):
    return inner.map(lambda one: (pa.list_(one[0]), st.lists(st.none() | one[1], max_size=3)))


def struct(inner):
    return st.dictionaries(texts, inner, min_size=1, max_size=3).map(
        lambda fields: (
            pa.struct([pa.field(name, kind) for name, (kind, _) in fields.items()]),
            st.fixed_dictionaries(
                {name: st.none() | some for name, (_, some) in fields.items()}
            ),
        )
    )


kinds = st.recursive(leaves, lambda inner: listed(inner) | struct(inner), max_leaves=4)


@st.composite
def tables(draw):
    names = draw(st.lists(texts, min_size=1, max_size=3, unique=True))
    chosen = [draw(kinds) for _ in names]
    count = draw(st.integers(0, 12))
    columns = [
        pa.array(draw(st.lists(st.none() | some, min_size=count, max_size=count)), kind)
        for kind, some in chosen
    ]
    return pa.table(columns, names=names)


@steady
@given(tables(), st.sampled_from(sorted(SHAPES)), st.integers(1, 5), st.sampled_from([1, BIG]))
def test_any_table_is_read_as_it_was_written(tmp_path_factory, table, name, size, target):
    path = written(tmp_path_factory.getbasetemp() / f"any.{name}", table, size)
    assert table.to_pylist() == [value for _, value in rows(path, target)]
    assert table.column_names == head(path)


# ------------------------------------------------------------------ values

NOON = dt.datetime.fromisoformat("2024-02-29T12:30:00.250000")
VALUES = [  # an array of one value, and what JSON has for it
    (pa.array([NOON], pa.timestamp("us")), "2024-02-29 12:30:00.250000"),
    (pa.array([NOON], pa.timestamp("ms", "Europe/Berlin")), "2024-02-29 13:30:00.250+0100"),
    (pa.array([NOON.date()]), "2024-02-29"),
    (pa.array([NOON.time()], pa.time32("ms")), "12:30:00.250"),
    (pa.array([Decimal("1.50")]), "1.50"),
    (pa.array([Decimal("123456789012345678901234567890.5")]), "123456789012345678901234567890.5"),
    (pa.array([2**64 - 1], pa.uint64()), 2**64 - 1),
    (pa.array([1.5], pa.float32()), 1.5),
    (pa.array(["x"]).dictionary_encode(), "x"),
    (pa.array([7]).dictionary_encode(), 7),
    (pa.array(["x"], pa.large_string()), "x"),
    (pa.array(["x"], pa.string_view()), "x"),
    (pa.array([[1, 2]], pa.list_(pa.int8(), 2)), [1, 2]),
    (pa.array([[[("a", 1)]]], pa.list_(pa.map_(pa.string(), pa.int64()))), [{"a": 1}]),
    (pa.array([[("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int64())), [["a", 1], ["a", 2]]),
    (pa.array([[(1, NOON)]], pa.map_(pa.int64(), pa.timestamp("ms"))), [[1, "2024-02-29 12:30:00.250"]]),
    (pa.array([[]], pa.map_(pa.string(), pa.int64())), {}),
    (pa.array([{"at": [NOON], "sum": Decimal("2.0"), "no": None}]), {"at": ["2024-02-29 12:30:00.250000"], "sum": "2.0", "no": None}),
    (pa.array(["a\u2028b\u2029\x85\r\n\0{{ x }}"]), "a\u2028b\u2029\x85\r\n\0{{ x }}"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value"), VALUES, ids=lambda x: str(getattr(x, "type", ""))[:30]
)
def test_a_value_is_what_json_has_for_it_and_null_stays_null(place, column, value):
    both = pa.concat_arrays([column, pa.nulls(1, column.type)])
    written(place, pa.table({"v": both}))
    found = [row["v"] for _, row in rows(place)]
    assert [value, None] == found
    assert value == json.loads(json.dumps(found[0]))
    assert type(value) is type(found[0])


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize(
    "nest",
    [lambda x: x, lambda x: [0.5, x], lambda x: {"a": {"b": [x]}}],
    ids=["bare", "list", "struct"],
)
def test_a_number_that_json_has_not_sets_only_its_row_aside(place, odd, nest):
    written(place, pa.table({"id": [1, 2, 3], "score": [nest(0.5), nest(odd), nest(1.5)]}))
    (_, one), (line, why), (_, three) = rows(place)
    assert (2, ("invalid_number", "score: NaN and infinity are not JSON")) == (line, why)
    assert [{"id": 1, "score": nest(0.5)}, {"id": 3, "score": nest(1.5)}] == [one, three]


def test_a_text_that_is_not_utf8_sets_its_row_aside_in_parquet_and_refuses_a_stream(tmp_path):
    bad = pa.array([b"one", b"t\xffo", b"three"], pa.binary()).view(pa.string())
    table = pa.table({"id": [1, 2, 3], "text": bad, "more": [{"b": 0.5}, None, {"b": 1.5}]})
    found = rows(written(tmp_path / "rows.parquet", table))
    assert (2, ("invalid_utf8", "text: a text is not UTF-8")) == found[1]
    assert ["one", "three"] == [found[0][1]["text"], found[2][1]["text"]]
    with pytest.raises(ValueError, match="Invalid UTF8 sequence"):
        rows(written(tmp_path / "rows.arrow", table))


def test_columns_are_named_as_they_are(place):
    names = ["a.b", "Clause Text", "", "\u00fc\U0001f600", "{{ x }}", "__index_level_0__"]
    written(place, pa.table([[1]] * len(names), names=names))
    assert (names, dict.fromkeys(names, 1)) == (head(place), rows(place)[0][1])


# ------------------------------------------------------------------ what is no table

JUNK = [b"x", b"a,b\n1,2\n", b'{"id":1}\n' * 50, b"PAR1" + bytes(64) + b"PAR1", b"ARROW1\0\0" + bytes(64), b"\xff" * 4 + b"\x10\0\0\0" + bytes(64)]  # fmt: skip


@pytest.mark.parametrize("data", JUNK, ids=lambda x: ascii(x)[:16])
def test_what_is_no_table_says_so(place, data):
    place.write_bytes(data)
    with pytest.raises(ValueError, match=r"^this is no (Parquet file|Arrow stream): [ -~]+$"):
        rows(place)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_table_that_breaks_off_says_so(place, part):
    written(place, pa.table({"id": range(5000)}), size=500)
    data = place.read_bytes()
    place.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(ValueError, match=r"^[ -~]+$"):
        rows(place)


@steady
@given(st.sampled_from(sorted(SHAPES)), st.binary(min_size=1, max_size=8), st.data())
def test_any_damage_is_a_reason_or_other_rows(tmp_path_factory, name, junk, draw):
    path = tmp_path_factory.getbasetemp() / f"damaged.{name}"
    written(path, pa.table({"id": range(50), "text": ["word"] * 50}), size=20)
    data = bytearray(path.read_bytes())
    at = draw.draw(st.integers(0, len(data) - 1))
    data[at : at + len(junk)] = junk
    path.write_bytes(data)
    try:
        rows(path)
    except ValueError as error:
        said = str(error)
        assert "\n" not in said
