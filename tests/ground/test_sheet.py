"""Rows of CSV: read back as they were, and nothing that a spreadsheet or a terminal obeys."""

import csv
import io

from hypothesis import given, strategies as st
import pytest

from sftspec.ground.render import escape
from sftspec.ground.sheet import csv_line


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM", "'@SUM"),
        ("\tx", "'\\u{9}x"),
        ("\r=1", "'\\u{d}=1"),
        ("a=1", "a=1"),
        (-1, "-1"),
        (True, "true"),
        (None, ""),
        (["a", "b"], "a b"),
        (["=a", "b"], "'=a b"),
        ('say "so", twice\nthen', '"say ""so"", twice\nthen"'),
        ("\x1b[31m", "\\u{1b}[31m"),
        ("a\n::error::b", '"a\n\\u{3a}:error::b"'),
    ],
)
def test_a_cell_is_safe(value, cell):
    assert f"{cell},x\n" == csv_line([value, "x"])


@given(rows=st.lists(st.lists(st.text(), min_size=2, max_size=4), min_size=1))
def test_lines_are_read_back_as_they_are_shown(rows):
    text = "".join(map(csv_line, rows))
    read = list(csv.reader(io.StringIO(text, newline="")))
    shown = [["\n".join(map(escape, cell.split("\n"))) for cell in row] for row in rows]
    assert shown == [
        [cell.removeprefix("'") if one[:1] in {*"=+-@\t\r"} else cell
         for cell, one in zip(line, row, strict=True)]
        for line, row in zip(read, rows, strict=True)
    ]  # fmt: skip
    assert not any(cell[:1] in {*"=+-@\t\r"} for line in read for cell in line if cell)
