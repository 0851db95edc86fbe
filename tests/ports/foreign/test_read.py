"""Configuration files: JSON and the plainest YAML, and what is refused of the rest."""

import json
import time

import pytest

from sftspec.ground.report import Report
from sftspec.ports.foreign.base import Desk
from sftspec.ports.foreign.read import read_config


def read(text, name="c.yaml"):
    report = Report()
    data = text if isinstance(text, bytes) else text.encode()
    return read_config(data, Desk(report, name)), [item.message for item in report.items]


PLAIN = """
# a comment
base_model: org/model
seed: 42
val_set_size: 0.05
rate: 2e-4
empty:
off: no
quoted: "no"
hex: 0x1F
date: 2024-01-01
datasets:
  - path: data/a.jsonl   # which is a file
    type: chat_template
    roles: {user: [human, "User"], assistant: ['gpt']}
  - {path: org/b, split: "train[:5%]"}
text: |
  two
  lines
weights: [a, 1, b, 1.0, c, "1.0"]
"""


def test_the_values_of_plain_yaml_are_those_that_the_trainers_read():
    assert {
        "base_model": "org/model", "seed": 42, "val_set_size": 0.05, "rate": "2e-4",
        "empty": None, False: False, "quoted": "no", "hex": 31, "date": "2024-01-01",
        "datasets": [
            {"path": "data/a.jsonl", "type": "chat_template",
             "roles": {"user": ["human", "User"], "assistant": ["gpt"]}},
            {"path": "org/b", "split": "train[:5%]"},
        ],
        "text": "two\nlines\n", "weights": ["a", 1, "b", 1.0, "c", "1.0"],
    } == read("x:\n" + "".join(f"  {line}\n" for line in PLAIN.splitlines()))[0]["x"]  # fmt: skip


def test_a_name_that_is_no_text_stands_deep_inside_alone():
    assert (None, 1) == (read("no: 1\n")[0], len(read("no: 1\n")[1]))


def test_where_pyyaml_has_no_c_the_values_are_the_same(monkeypatch):
    import yaml

    wanted = read(PLAIN.replace("off:", "o:"))
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert wanted == read(PLAIN.replace("off:", "o:"))
    assert wanted[0] is not None


REFUSED = [
    ("a: &x [1]\nb: *x\n", "line 2: an alias (`*name`) stands here"),
    ("a: !!python/object/apply:os.system [id]\n", "line 1: a tag (`tag:yaml.org,2002:python"),
    ("a: !!set {b}\n", "a tag"),
    ("a: !mine 1\n", "line 1: a tag (`!mine`)"),
    ("a: 1\nb: 2\na: 3\n", "line 3: `a` stands twice"),
    ("a: 1\n---\nb: 2\n", "line 2: a second document begins"),
    ("a: " + "[" * 40 + "]" * 40 + "\n", "nested more than 32 deep"),
    ("<<: {a: 1}\n", "line 1: this can be no name of a setting"),
    ("? [a]\n: 1\n", "line 1: this can be no name of a setting"),
    ("a: " + "9" * 5000 + "\n", "line 1: this is no number"),
    ("a: [1\n", "line 2: "),
    ("\ta: 1\n", "line 1: "),
    (b"a: \xff\n", "byte 3 is not UTF-8"),
    ("a: \x07\n", ""),
    ("", "it is no object with names and values"),
    ("- 1\n", "it is no object with names and values"),
    ("a: b\n" + "# \n" * 400_000, "more than 1 MiB"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=lambda value: ascii(value)[:40])
def test_what_is_refused_of_yaml(text, said):
    found, messages = read(text)
    assert (None, 1) == (found, len(messages))
    assert said in messages[0]


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{c}: &{c} [{','.join('*' + b for _ in range(9))}]\n"
    for b, c in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [BOMB, "[" * 200_000, "{a: " * 100_000, "- " * 300_000, "a: " + "[x, " * 100_000, "? " * 200_000],
    ids=["laughs", "brackets", "braces", "dashes", "lists", "keys"],
)  # fmt: skip
def test_a_text_that_grows_is_refused_at_once(text):
    start = time.monotonic()
    assert read(text)[0] is None
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "a": 2}', "key"), ("[]", "no object"), ("{", ""), ("{}x", ""),
        (b'{"a": "\xff"}', "not UTF-8"), ("\ufeff{}", ""), ('{"a": NaN}', "NaN"),
        ('{"a": ' + "[" * 200_000 + "]" * 200_000 + "}", "nested"),
    ],
    ids=lambda value: ascii(value)[:20],
)  # fmt: skip
def test_what_is_refused_of_json(text, said):
    found, messages = read(text, "c.json")
    assert (None, 1) == (found, len(messages))
    assert said in messages[0]


def test_json_is_json_whatever_case_its_name_has():
    value = {"a": [1, {"b": None}], "\u6570": "x"}
    assert (value, []) == read(json.dumps(value), "C.JSON")
    assert (value, []) == read(json.dumps(value), "c.yaml")
