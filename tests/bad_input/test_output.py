"""The catalogue of bad inputs, cases 44 to 46: what is shown obeys nobody but the reader.

44: terminal escapes, C1 codes, carriage returns and bidi marks in names, tags and rows. 45: lines
that a CI system takes for commands. 46: HTML and links in the card of a snapshot, which is the
one page there is; there are no HTML reports. `kit.clean` looks at all that any verb prints.
"""

import json
import os
from types import SimpleNamespace

from hypothesis import HealthCheck, example, given, settings, strategies as st
import pytest

from tests.bad_input.kit import SPEC, Project, clean, lines_of, row

FORMS = ("text", "json", "github", "sarif")
PAYLOADS = {
    "clipboard": "\x1b]52;c;ZWNobyBo\x07",
    "link": "\x1b]8;;http://evil.example\x1b\\text\x1b]8;;\x1b\\",
    "clear": "\x1b[2J\x1b[H",
    "C1": "\x9b31mred\x9b0m",
    "overwrite": "all is well\rERROR",
    "backspace": "abc\x08\x08\x08xyz",
    "bidi": "\u202egnp.exe\u202c",
    "isolate": "\u2066a\u2069",
    "invisible": "a\u200bb\u2060c\ufeff\U000e0041",
    "lines": "a\u2028b\u2029c\x85d",
    "NUL and DEL": "a\x00b\x7fc",
    "command": "::error file=x::gone",
    "mask": "x\n::add-mask::secret",
    "blank command": "  ::stop-commands::x",
    "old command": "##[add-path]/tmp ##vso[task.setvariable variable=x]y",
}
payloads = pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)


def quoted(text):
    """A text of a spec, every odd character written as an escape."""
    return json.dumps(text)


def swapped(*pairs):
    spec = SPEC
    for old, new in pairs:
        assert old in spec
        spec = spec.replace(old, new)
    return spec


def spec_of(text):
    """The spec with a text wherever the language takes one that a snapshot shows."""
    said = quoted(text)
    about = f'license = {said}, allow = ["CC0-1.0"], notes = {said}, limitations = {said}'
    given = f"text = {said}, maybe = null, items = [], topic = pay, terms = {{ note = {said}, days = 1 }}"
    more = f"""test t {said} {{
  given row {{ id = "1", {given} }}
  expect response == {said}
}}
screen {{ drop user == {quoted(text + " ")} }}
gate g {{ require rate(user == {said}) > 50% }}
"""
    return swapped(
        ('license = "CC0-1.0" }\nfacet', about + " }\nfacet"),
        ('pay "money"', f"pay {said} from [{quoted(text + 'x')}]"),
        ('pay "Amounts."', f"pay {said}"),
        ('"data/rows.jsonl"', '"data/*.jsonl"'),
        ("mixture {", more + "mixture {"),
    )


def rows_of(text):
    """Rows that say a text, are refused for it, and cannot be read."""
    return (
        lines_of(
            row(id=text, text=text, items=[text], terms={"note": text, "days": 1}),
            row(id="2", topic=text + "x"),
            row(id="3" + text, topic="no " + text),
            row(id="4", terms={"note": text, "days": text}),
            row(id="5", terms={text: 1}),
            row(id=text),
        )
        + text.replace("\n", " ")
        + "\n"
    )


def run_all(project, text):
    """Every verb that shows something, in every format that it has."""
    seen, text = [], text.replace("\0", "")  # no word of a command line holds one
    for words in (
        *(("check", "m.sft", "--format", form) for form in FORMS),
        ("test", "m.sft"), ("test", "m.sft", "--format", "json"),
        ("preview", "m.sft"), ("preview", "m.sft", "t", "-n", "5"), ("preview", "m.sft", "--key", text),
        ("preview", "m.sft", "--format", "json"), ("preview", "m.sft", text),
        ("plan", "m.sft", "--cells"), ("plan", "m.sft", "--format", "json", "--log", "json"),
        ("build", "m.sft", "--log", "plain"), ("build", "m.sft", "--log", "json", "--format", "json"),
        ("build", "m.sft", "--gate", text), ("build", "m.sft", "--gate", "g"),
        ("verify", "d"), ("verify", "d", "--format", "json"), ("verify", text), ("verify", "./" + text),
        ("verify", "d", "--expect", text), ("explain", text), (text,), ("check", text), ("check", "m.sft", "--format", text),
    ):  # fmt: skip
        done = project.run(*words)
        assert done.code in {0, 1, 2, 3}, (words, done)
        seen.append((words[0], done.code))
    return seen


@payloads
def test_44_and_45_every_verb_escapes_what_it_shows(tmp_path, payload):
    project = Project(tmp_path, spec_of(payload))
    project.write("data/rows.jsonl", rows_of(payload))
    seen = run_all(project, payload)
    assert ("build", 0) in seen, seen
    assert ("verify", 0) in seen
    assert ("preview", 0) in seen
    folder = tmp_path / "compiled/d/0.1.0"
    for line in (folder / "rejected.jsonl").read_bytes().decode().split("\n")[:-1]:
        evidence = json.loads(line).get("evidence") or ""
        assert all(char.isprintable() for char in evidence), line
    card = (folder / "README.md").read_text("utf-8")
    assert all(char == "\n" or char.isprintable() for char in card)


WORDS = st.one_of(
    st.sampled_from([*PAYLOADS.values(), *"\x1b\x9b\r\n\t \x00[]#:%`", "::", "##", "##[", "##vso[", "::error::", "\n::", "é數"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
)  # fmt: skip
QUICK = settings(
    max_examples=12, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@QUICK
@given(st.lists(WORDS, max_size=5).map("".join))
@example("#")
@example(":")
def test_44_and_45_any_text_in_a_spec_and_its_rows(tmp_path_factory, text):
    text = text.replace("{", "(")  # else it is a body of its own
    project = Project(tmp_path_factory.mktemp("any"), spec_of(text))
    project.write("data/rows.jsonl", rows_of(text))
    run_all(project, text)


def file_name(text):
    """A text as the name of a file, as near as there is one."""
    return text.replace("/", "|").replace("\0", "")[:60]


@payloads
def test_44_and_45_names_of_files(tmp_path, payload):
    """Of the project, a spec, a source and what lies in a snapshot."""
    name = file_name(payload)
    tmp_path = tmp_path / name
    project = Project(tmp_path, SPEC.replace("data/rows.jsonl", "data/*.jsonl"))
    project.write(f"data/{name}.jsonl", lines_of(row(id="1" + payload)) + "no json\n")
    snapshot = f"../{name}/compiled/d/0.1.0"
    for words in (
        ("preview", "m.sft", "-n", "9"),
        ("build", "m.sft"),
        ("verify", "d"),
        ("verify", snapshot),
    ):
        assert project.run(*words).code == 0, words
    assert project.run("check", "m.sft", "--root", "data").code == 1
    rejected = (tmp_path / "compiled/d/0.1.0/rejected.jsonl").read_bytes()
    lines = [json.loads(line) for line in rejected.split(b"\n")[:-1]]
    assert [(f"data/{name}.jsonl", 2)] == [(one["file"], one["line"]) for one in lines]
    project.write(f"data/{name}.jsonl", lines_of(row(id="2" + payload)))
    assert project.run("build", "m.sft", "--log", "plain").code == 0
    project.write(f"compiled/d/0.1.0/{name}", b"")
    for form in ("text", "json"):
        assert project.run("verify", "d", "--format", form).code == 1
    project.write(f"{name}.sft", SPEC + "x\n")
    (tmp_path / f"{name}2.sft").write_bytes(SPEC.replace("facet", "facte").encode())
    for form in FORMS:
        for spec in (f"{name}.sft", f"./{name}2.sft", f"./no {name}"):
            done = project.run("check", "--format", form, "--", spec)
            assert done.code == 1, (spec, done)


def test_44_a_name_that_is_not_utf8(tmp_path):
    project = Project(tmp_path)
    odd = os.fsdecode(b"x\xff\x9b.sft")
    (tmp_path / odd).write_text(SPEC + "x\n")
    for form in FORMS:
        assert project.run("check", odd, "--format", form).code == 1
        assert project.run("check", "no" + odd, "--format", form).code == 1
    (tmp_path / "compiled/d/0.0.1" / odd).touch()
    assert project.run("verify", "d").code == 1


# ---- what is shown, to the letter

SAID_AS_TEXT = """\
error[unknown-block]: no block is called `x`
  \\u{3a}:error::\\u{1b}[2J\\u{23}#[group].sft:33:1
   33 | x
      | ^
  hint: there are"""
SAID_TO_GITHUB = (
    "::error file=\\u{3a}%3Aerror%3A%3A\\u{1b}[2J\\u{23}#[group].sft,line=33,endLine=33,"
    "title=unknown-block,col=1,endColumn=2::no block is called `x`%0Ahint: there are"
)


def test_45_a_spec_whose_name_is_a_command(tmp_path):
    name = "::error::\x1b[2J##[group].sft"
    project = Project(tmp_path, files={name: SPEC + "x\n"})
    done = project.run("check", name)
    assert ("", SAID_AS_TEXT) == (done.out, done.err[: len(SAID_AS_TEXT)])
    done = project.run("check", name, "--format", "github")
    assert ("", SAID_TO_GITHUB) == (done.err, done.out[: len(SAID_TO_GITHUB)])
    assert 1 == done.out.count("\n")
    (said,) = json.loads(project.run("check", name, "--format", "json").out)["diagnostics"]
    assert name == said["path"]


PREVIEW = """\
t v1.0.0  data/rows.jsonl:1  key \\u{3a}:debug::\\u{9b}2J
  topic pay

  user
  │ Do it. \\u{23}#[group]a\\u{d}b
  │ \\u{3a}:error::c Amounts.

  assistant  trained
  ┃ {"note":"x","days":3}
"""


def test_44_and_45_a_sample_whose_row_is_a_command(tmp_path):
    """Half of the command is the spec's, half the row's."""
    spec = SPEC.replace("{{ how }} {{ row.text }}", "{{ how }} #{{ row.text }}")
    project = Project(tmp_path, spec)
    project.write("data/rows.jsonl", lines_of(row(id="::debug::\x9b2J", text="#[group]a\rb\n::error::c")))  # fmt: skip
    done = project.run("preview", "m.sft")
    assert PREVIEW == done.out


def test_45_the_check_of_these_tests_can_fail():
    for text in ("  ::error::x\n", "a\n::add-mask::x\n", "a ##[group]\n", "\x1b[2J", "\u202e"):
        for said in ({"out": text, "err": ""}, {"out": "", "err": text}):
            with pytest.raises(AssertionError):
                clean(SimpleNamespace(code=0, **said))
            with pytest.raises(AssertionError):
                clean(SimpleNamespace(code=0, **said), github=True)


# ---- 46: the card


CARD = """# d 0.1.0

&#35; About &lt;img src=x onerror=alert(1)&gt;
&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; &amp;lt;
&#91;click&#93;(javascript:alert(1)) !&#91;x&#93;(http://evil.example/x.png)
https://good.example/a_b&#92;&lt;a href=x&gt; stays an address
- a list stays, and snake_case&#95; with C0 &#92;u{1b}&#91;2J too
&#124; gate &#124; holds &#124;
&#124; --- &#124; --- &#124;
&#124; g &#124; yes &#124;
&#96;&#96;&#96;
&#45;--

&#91;evil&#93;: http://evil.example

Licence CC0-1.0 &lt;b&gt;&#92;u{a}# x. Seed 1.
"""


def test_46_the_card_of_a_snapshot_says_the_words_of_a_spec_and_no_more(tmp_path):
    notes = """
# About <img src=x onerror=alert(1)>
</script><script>alert(1)</script> & &lt;
[click](javascript:alert(1)) ![x](http://evil.example/x.png)
https://good.example/a_b\\<a href=x> stays an address
- a list stays, and snake_case_ with C0 \x1b[2J too
| gate | holds |
| --- | --- |
| g | yes |
```
---"""[1:]
    spec = SPEC.replace(
        'license = "CC0-1.0" }\nfacet',
        f'license = {quoted("CC0-1.0 <b>" + chr(10) + "# x")}, allow = ["CC0-1.0"], notes = {quoted(notes)}, '
        f"limitations = {quoted('[evil]: http://evil.example')} }}\nfacet",
    )
    project = Project(tmp_path, spec)
    assert project.run("build", "m.sft", "--log", "none").code == 0
    card = (tmp_path / "compiled/d/0.1.0/README.md").read_text("utf-8")
    assert CARD == card[: len(CARD)]
