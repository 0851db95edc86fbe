"""`preview`: samples as a build renders them, from as little of the source as it takes."""

import gc
import json

import pytest

from sftspec.cli import main

SPEC = """edition 2026
dataset shop v0.1.0 { seed = 3, license = "X" }
facet topic { pay "money", ship "goods" }
facet skill many { read "a", write "b" }
schema Answer { sum: number | null, unit: "EUR" | "USD" }
source orders {
  path = ["data/a.jsonl", "data/b.jsonl"], key = id, origin = human, license = "X"
  fields { id: string, ask: string, note: string, topic: facet topic, shop: string, answer: Answer }
  where ask != ""
  join shops on shop missing drop
}
source shops {
  path = "data/shops.csv", key = id, role = reference, license = "X"
  fields { id: string, name: string }
}
phrasing ask { "{{ row.ask }} Please.", "At {{ row.shops.name }}: {{ row.ask }}" }
prompt clerk v1.0.0 { text "You are a clerk." }
template pay v1.0.0 {
  layer = skill
  from orders as row where row.topic == pay
  vary ask = ask
  samples = 2
  tags { topic = row.topic, skill = [read, write] }
  system clerk
  user { instruction "{{ ask }}", context "{{ row.note }}" }
  assistant untrained "One moment."
  user "Well?"
  assistant json Answer = row.answer
}
template chat v2.0.0 {
  layer = generic
  from orders as row
  tags { topic = row.topic }
  user "{{ row.ask }}"
  assistant "Of course: {{ row.note }}."
  expect chars(response) < 40
}
screen { drop matches(user, "spam") }
emit { jsonl }
"""
ROWS = [
    {"id": "k1", "ask": "How much is \u6f22?", "note": "", "topic": "pay"},
    {"id": "k2", "ask": "", "topic": "pay"},
    {
        "id": "k3",
        "ask": "Evil \x1b[31m\u202e {{ row.id }}",
        "note": "two\nlines\t",
        "topic": "ship",
    },
    {"id": "k4", "ask": "Bad sum", "topic": "pay", "answer": {"sum": "3", "unit": "EUR"}},
    {"id": "k1", "ask": "Again", "topic": "pay"},
    {"id": "k5", "ask": "No shop", "shop": "nowhere", "topic": "pay"},
    {"id": "k6", "ask": "spam", "topic": "ship"},
    {"id": "k7", "ask": "Long", "note": "x" * 40, "topic": "ship"},
]
FILLED = {"note": "-", "shop": "s1", "answer": {"unit": "EUR", "sum": 10}}


@pytest.fixture(autouse=True)
def _collected():
    """The verb stops the collector; here it goes on."""
    yield
    gc.enable()


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "pyproject.toml").touch()
    lines = [json.dumps({**FILLED, **row}) + "\n" for row in ROWS]
    (tmp_path / "data" / "a.jsonl").write_text("".join(lines[:3]), encoding="utf-8")
    (tmp_path / "data" / "b.jsonl").write_text(
        "{oops\n\n" + "".join(lines[3:]), encoding="utf-8"
    )
    (tmp_path / "data" / "shops.csv").write_text(
        "id,name\ns1,Corner \u00fc\n", encoding="utf-8"
    )
    (tmp_path / "shop.sft").write_text(SPEC, encoding="utf-8")
    return tmp_path


@pytest.fixture
def preview(project, capsys):
    def run(*words):
        code = main(["preview", str(project / "shop.sft"), *words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


PAY = """\
pay v1.0.0  data/a.jsonl:1  key k1  variant 1 of 2
  skill [read, write], topic pay

  system
  │ You are a clerk.

  user instruction
  │ At Corner ü: How much is 漢?

  assistant
  │ One moment.

  user
  │ Well?

  assistant  trained
  ┃ {"sum":10,"unit":"EUR"}

pay v1.0.0  data/a.jsonl:1  key k1  variant 2 of 2
  skill [read, write], topic pay

  system
  │ You are a clerk.

  user instruction
  │ How much is 漢? Please.

  assistant
  │ One moment.

  user
  │ Well?

  assistant  trained
  ┃ {"sum":10,"unit":"EUR"}

pay v1.0.0  data/b.jsonl:3  key k4  variant 1 of 2
  skill [read, write], topic pay
  rejected type_error (validate): sum: wanted number | null, found a string

  system
  │ You are a clerk.

  user instruction
  │ At Corner ü: Bad sum

  user context
  │ -

  assistant
  │ One moment.

  user
  │ Well?

  assistant  trained
  ┃ {"sum":"3","unit":"EUR"}

of 9 rows read, rejected: invalid_json 1, unjoined 1, where 1
"""


def test_samples_are_shown_with_roles_training_and_reasons(preview):
    assert (0, PAY, "") == preview("pay")


def test_control_characters_of_the_data_are_escaped_and_its_braces_stay(preview):
    code, out, _ = preview("chat", "--key", "k3")
    assert 0 == code
    assert "│ Evil \\u{1b}[31m\\u{202e} {{ row.id }}\n" in out
    assert "┃ Of course: two\n  ┃ lines\\u{9}.\n" in out
    assert "\x1b" not in out


def test_of_each_template_one_sample_is_shown_where_none_is_named(preview):
    code, out, _ = preview()
    assert 0 == code
    heads = [line for line in out.splitlines() if " key " in line and line[0] != " "]
    assert [
        "pay v1.0.0  data/a.jsonl:1  key k1  variant 1 of 2",
        "chat v2.0.0  data/a.jsonl:1  key k1",
    ] == heads


def test_only_as_much_is_read_as_is_asked_for(preview):
    assert "of 3 rows read, rejected: where 1" in preview("chat", "-n", "2")[1]
    assert "of 9 rows read" in preview("chat", "-n", "20")[1]


def test_a_later_row_of_the_same_key_and_what_a_screen_drops_say_so(preview):
    _, out, _ = preview("chat", "-n", "20")
    assert "data/b.jsonl:4  key k1\n  topic pay\n  rejected duplicate-key (ingest)" in out
    assert 'rejected screened (screen): drop matches(user, "spam")' in out
    assert "rejected expect (validate): expect chars(response) < 40" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pay", "--key", "k9"], "no row of source `orders` has this key"),
        (["pay", "--key", "k3"], "template `pay` does not take this row of `orders`"),
        (
            ["pay", "--key", "k2"],
            "data/a.jsonl:2 is rejected, where: the source's `where` does not",
        ),
        (
            ["chat", "--key", "k5"],
            "data/b.jsonl:5 is rejected, unjoined: shops has no row with this",
        ),
        (["--key", "k9"], "no row of source `orders` has this key"),
    ],
)
def test_a_key_without_a_sample_says_why(preview, words, said):
    code, out, _ = preview(*words)
    assert 1 == code
    assert said in out


def test_a_key_shows_its_row_in_every_template_that_takes_it(preview):
    code, out, _ = preview("--key", "k3")
    assert 0 == code
    assert "key k3" in out
    assert "does not take" not in out


def test_an_unknown_template_is_a_matter_of_usage(preview):
    code, out, err = preview("pya")
    assert (2, "") == (code, out)
    assert "error[unknown-template]: no template is called `pya`" in err
    assert "did you mean `pay`?" in err
    code, out, err = preview("pay", "-n", "0")
    assert (2, "") == (code, out)
    assert "error[bad-arguments]: argument -n: at least one\n" in err


def test_colour_marks_trained_turns_and_what_is_data(preview, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    _, out, _ = preview("pay", "-n", "2")
    assert "\x1b[36mHow much is 漢?\x1b[0m Please." in out
    assert "At \x1b[36mCorner ü\x1b[0m: \x1b[36mHow much is 漢?\x1b[0m\n" in out
    assert "\x1b[1;32mtrained\x1b[0m\n  \x1b[1;32m┃\x1b[0m \x1b[36m{" in out
    assert "\x1b[2m│\x1b[0m One moment.\n" in out
    bare = out
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[36m", "\x1b[1;32m", "\x1b[1;34m"):
        bare = bare.replace(code, "")
    monkeypatch.setenv("NO_COLOR", "1")
    assert bare == preview("pay", "-n", "2")[1]


def test_json_holds_every_turn_and_which_bytes_are_data(preview):
    code, out, _ = preview("pay", "-n", "1", "--format", "json")
    assert 0 == code
    found = json.loads(out)
    assert (1, "ok") == (found["format_version"], found["verdict"])
    (one,) = found["templates"]
    (sample,) = one["samples"]
    assert ("k1", "data/a.jsonl", 1, 0, None) == tuple(
        sample[name] for name in ("key", "path", "line", "variant", "rejected")
    )
    assert {"skill": ["read", "write"], "topic": "pay"} == sample["tags"]
    assert [False, False, False, False, True] == [turn["train"] for turn in sample["turns"]]
    (part,) = sample["turns"][1]["parts"]
    said = part["text"].encode()
    spans = part["data_spans"]
    assert ["Corner ü", "How much is 漢?"] == [
        said[a:z].decode() for a, z in zip(spans[::2], spans[1::2], strict=True)
    ]
    code, out, _ = preview("pay", "--key", "k9", "--format", "json")
    assert (1, "no-sample") == (code, json.loads(out)["verdict"])


def test_a_preview_is_what_the_build_writes(preview, project, capsys):
    assert 0 == main(["build", str(project / "shop.sft"), "--log", "none"])
    capsys.readouterr()
    written = (project / "compiled" / "shop" / "0.1.0" / "train.jsonl").read_text("utf-8")
    lines = [json.loads(line)["messages"] for line in written.splitlines()]
    shown = json.loads(preview("-n", "99", "--format", "json")[1])
    good = [
        [
            {"role": turn["role"], "content": "\n\n".join(p["text"] for p in turn["parts"])}
            for turn in sample["turns"]
        ]
        for one in shown["templates"]
        for sample in one["samples"]
        if sample["rejected"] is None
    ]
    key = json.dumps
    assert sorted(map(key, lines)) == sorted(map(key, good))


def test_no_store_is_made_and_ray_is_not_loaded(project):
    import subprocess
    import sys

    code = (
        "import sys; from sftspec.cli import main; "
        "assert main(['preview', 'shop.sft', 'pay']) == 0; "
        "assert not {'ray', 'highspy'} & set(sys.modules), 'heavy'"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False,
        encoding="utf-8", env={"PYTHONIOENCODING": "utf-8", "PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert (0, "") == (done.returncode, done.stderr)
    assert PAY == done.stdout
    assert {"data", "pyproject.toml", "shop.sft"} == {path.name for path in project.iterdir()}
