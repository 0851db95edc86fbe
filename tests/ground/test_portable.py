"""Names that are file names everywhere, and names that are one where case does not count."""

import pytest

from sftspec.ground.portable import portable, twins


@pytest.mark.parametrize(
    "name",
    [
        "train.jsonl",
        "a",
        "A-b_c.1",
        "a b",
        "console",
        "com",
        "comma.txt",
        "0.1.0",
        "x" * 255,
        "-",
    ],
)
def test_a_plain_name_is_portable(name):
    assert portable(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".x", "x.", "x ", " x", "a/b", "a\\b", "a:b", "a\nb", "a\0b", "a\x7f", "é", "a\u200b",
     "con", "CON", "Nul.txt", "aux.tar.gz", "com1", "LPT9.x", "con .txt", "x" * 256, "a*", "a?", '"', "<", ">", "|"],
)  # fmt: skip
def test_any_other_is_not(name):
    assert not portable(name)


def test_twins_are_equal_but_for_case():
    assert twins(["a", "b", "ab"]) is None
    assert ("a", "A") == twins(["a", "b", "A"])
    assert ("a", "a") == twins(["a", "a"])
