"""What a template body may not hold, wherever a body stands, and the files that bodies come from."""

import os

import pytest

from tests.bad_input.kit import SPEC, USER, Project, lines_of, place_of, refused, row, with_body

CONSTRUCT, FILTER, NAME = "template-construct", "unknown-filter", "unknown-name"
FIELD, SYNTAX, TYPE = "unknown-field", "template-syntax", "type-mismatch"
FORBIDDEN = [  # body, slug, where in it
    ("{{ row.__class__ }}", FIELD, "__class"),
    ("{{ row.text.__class__ }}", FIELD, "__class"),
    ("{{ row['__class__'] }}", FIELD, "__class"),
    ("{{ '{0.__class__}'.format(row) }}", CONSTRUCT, "(row"),
    ("{{ '{x}'.format_map(row) }}", CONSTRUCT, "(row"),
    ("{{ row.text() }}", CONSTRUCT, "()"),
    ("{{ self }}", NAME, "self"),
    ("{{ loop.index }}", NAME, "loop"),
    ("{% if false %}{{ 'A' * 1000000000 }}{% endif %}", CONSTRUCT, "false"),
    ("{{ [1] * 1000000000 }}", CONSTRUCT, "[1"),
    ("{{ 9 ** (9 ** 8) }}", CONSTRUCT, "9"),
    ("{% if row.text == 9 ** 9 ** 9 %}x{% endif %}", CONSTRUCT, "** 9 %}"),
    ("{{ -row.text }}", CONSTRUCT, "-row"),
    ("{{ '{:>1000000000}'.format(1) }}", CONSTRUCT, "(1"),
    ("{{ 'a'.zfill(1000000000) }}", CONSTRUCT, "(1"),
    ("{{ '\\t'.expandtabs(1000000000) }}", CONSTRUCT, "(1"),
    ("{{ row.text | indent(1000000000) }}", "out-of-range", "indent"),
    ("{{ row.text | indent(row.terms.days) }}", "wrong-arguments", "indent"),
    ("{{ row.text | replace(*row.items) }}", "wrong-arguments", "replace"),
    ("{{ row.text | wordwrap(1) }}", FILTER, "wordwrap"),
    ("{% for i in [1, 2] %}x{% endfor %}", CONSTRUCT, "[1"),
    ("{% for i in row.text %}x{% endfor %}", TYPE, "row.text"),
    ("{% for i in row.items if i %}x{% endfor %}", CONSTRUCT, "for"),
    ("{% for i in row.items recursive %}{{ loop(i) }}{% endfor %}", CONSTRUCT, "for"),
    ("{% for a, b in row.items %}x{% endfor %}", CONSTRUCT, "for"),
    ("{% set ns = namespace(s='a') %}", CONSTRUCT, "set"),
    ("{% set s %}x{% endset %}", CONSTRUCT, "set"),
    ("{% call f() %}x{% endcall %}", CONSTRUCT, "call"),
    ("{% filter upper %}x{% endfilter %}", CONSTRUCT, "filter"),
    ("{% with a = 1 %}{{ a }}{% endwith %}", CONSTRUCT, "with"),
    ("{% block a %}x{% endblock %}", CONSTRUCT, "block"),
    ("{% autoescape true %}x{% endautoescape %}", CONSTRUCT, "% autoescape"),
    ("{% debug %}", SYNTAX, "debug"),
    ("{{ row.text.upper }}", FIELD, "upper"),
    ("{{ row }}", "not-printable", "row"),
    ("{{ row.terms }}", "not-printable", "row.terms"),
    ("{{ row.items.items }}", FIELD, "items }"),
    ("{{ row.maybe }}", "nullable-in-text", "row.maybe"),
    ("{{ none }}", CONSTRUCT, "none"),
    ("{{ row.text is string }}", CONSTRUCT, "is string"),
    ("{{ row.text if row.text else 'x' }}", CONSTRUCT, "row.text"),
    ("{{ row.text[1:] }}", CONSTRUCT, "1:"),
    ("{{ {'a': row.nope} }}", CONSTRUCT, "{'a"),
    ("{{ focus[row.text] }}", TYPE, "row.text"),
    ("{% from 'x' import y %}", CONSTRUCT, "from"),
    ("{% include row.text %}", CONSTRUCT, "include"),
    ("{{ r\u043ew.text }}", "non-ascii-name", "r\u043ew"),
    ("{{ row.t\u0435xt }}", "non-ascii-name", "t\u0435xt"),
    ("{{ row.\ufb01 }}", "non-ascii-name", "\ufb01"),
    ("{% for \ufb01 in row.items %}x{% endfor %}", "non-ascii-name", "\ufb01"),
    ("{{ '\\ud800' }}", SYNTAX, "'"),
    ("{{ " + "9" * 5000 + " }}", SYNTAX, "{{"),
    ("{{ row.text", SYNTAX, "{{"),
    ("{% raw %}x", SYNTAX, "x"),
    ("{{ 'a'" + " | replace('a', 'aaaaaaaaaa')" * 9 + " }}", "too-large", None),
    ("{% for loop in row.items %}x{% endfor %}", "duplicate-name", "loop"),
]


@pytest.mark.parametrize(("body", "slug", "at"), FORBIDDEN, ids=lambda x: str(x)[:40])
def test_it_may_not_stand_in_a_body(tmp_path, body, slug, at):
    spec = with_body(body)
    done = Project(tmp_path, spec).run("check", "m.sft")
    assert done.code == 1
    assert f"error[{slug}]" in done.err
    if at is not None:
        line, column = place_of(spec, at, spec.index(body[:9]) + body.index(at))
        assert f"  m.sft:{line}:{column}\n" in done.err


DEEP = {
    "parentheses": "{{ " + "(" * 80 + "row.text" + ")" * 80 + " }}",
    "lists": "{{ " + "[" * 2000 + "]" * 2000 + " }}",
    "filters": "{{ row.text" + " | lower" * 5000 + " }}",
    "nots": "{% if " + "not " * 5000 + "row.text %}x{% endif %}",
    "ands": "{% if row.text" + " and row.text" * 300 + " %}x{% endif %}",
    "ifs": "{% if row.text %}" * 120 + "x" + "{% endif %}" * 120,
    "many ifs": "{% if row.text %}" * 5000 + "x" + "{% endif %}" * 5000,
    "elifs": "{% if row.text %}x" + "{% elif row.text %}y" * 3000 + "{% endif %}",
    "braces": "{" * 100_000,
}


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
def test_what_jinja_or_python_would_choke_on_is_too_deep(tmp_path, body):
    done = Project(tmp_path, with_body(body)).run_apart("check", "m.sft")
    assert done.code == 1, done.err[-500:]
    assert "error[too-deep]: a body is nested too deep" in done.err
    assert len(done.err) < 1000


BODY = "{{ row.text.__class__ }}{% include '/etc/passwd' %}"
PLACES = {
    "phrasing": SPEC.replace('"Do it."', f'"{BODY}"'),
    "system": SPEC.replace(USER, f'  system "{BODY}"\n{USER}'),
    "instruction": SPEC.replace(USER, f'  user {{ instruction "{BODY}", context "x" }}\n'),
    "context": SPEC.replace(USER, f'  user {{ instruction "x", context "{BODY}" }}\n'),
    "assistant": SPEC.replace("assistant json Terms = row.terms", f'assistant "{BODY}"'),
    "block text": with_body(BODY),
}


@pytest.mark.parametrize("spec", PLACES.values(), ids=PLACES)
def test_a_body_is_judged_wherever_it_stands(tmp_path, spec):
    refused(
        Project(tmp_path, spec), "unknown-field", "`__class__`", place_of(spec, "__class__")
    )
    refused(Project(tmp_path, spec), CONSTRUCT, "`include`", place_of(spec, "include"))


def test_what_is_no_body_is_text(tmp_path):
    spec = SPEC.replace('"Amounts."', '"{{ 9 ** 9 }}"')
    project = Project(tmp_path, spec)
    assert project.run("build", "m.sft", "--log", "none").code == 0
    assert "{{ 9 ** 9 }}" in project.snapshot().users[0]


# prompt files

FILE = SPEC.replace(USER, '  user file("p/x.txt", text = row.text)\n')
CHOICE = SPEC.replace(USER, '  user file("p/{topic}.txt", text = row.text)\n')
AT_PATH = place_of(FILE, '"p/x.txt"')


@pytest.mark.parametrize(
    ("data", "slug", "words", "place"),
    [
        ("a\n{{ text.__class__ }}", "unknown-field", "`__class__`", (2, 9)),
        ("{{ 'A' * 1000000000 }}", CONSTRUCT, "arithmetic", (1, 4)),
        ("{% include '/etc/passwd' %}", CONSTRUCT, "`include`", (1, 4)),
        ("{{ row.text }}", "unbound-name", "`row`", (1, 4)),
        ("{{ lipsum() }}", CONSTRUCT, "a call", (1, 10)),
        ("{{ " + "(" * 80 + "text" + ")" * 80 + " }}", "too-deep", "nested", (1, 1)),
        ("a \u202eb", "bidi-character", "U+202E", (1, 3)),
        ("a\u200bb", "invisible-character", "U+200B", (1, 2)),
        ("\ufeffa", "byte-order-mark", "byte order mark", (1, 1)),
        ("a\r\nb", "line-break", "U+000D", (1, 2)),
        (b"a\n\xff", "not-utf8", "byte 2 (0xff)", (2, 1)),
        (b"x" * (1 << 20) + b"y", "file-too-large", "1 MiB", (None, None)),
    ],
    ids=lambda x: ascii(x)[:24],
)
def test_a_prompt_file_is_judged_at_its_own_lines(tmp_path, data, slug, words, place):
    project = Project(tmp_path, FILE, {"p/x.txt": data})
    refused(project, slug, words, place, "p/x.txt")


def link(home):
    (home / "p").mkdir()
    (home / "p/x.txt").symlink_to("/etc/passwd")


def parent(home):
    (home / "q").mkdir()
    (home / "q/x.txt").write_text("x")
    (home / "p").symlink_to("q")


def fifo(home):
    (home / "p").mkdir()
    os.mkfifo(home / "p/x.txt")


def folder(home):
    (home / "p/x.txt").mkdir(parents=True)


@pytest.mark.parametrize(
    ("make", "slug"),
    [
        (link, "symlink-in-path"), (parent, "symlink-in-path"), (fifo, "not-a-file"),
        (folder, "not-a-file"), (lambda _: None, "file-not-found"),
    ],
)  # fmt: skip
def test_a_prompt_file_is_a_file_of_the_project(tmp_path, make, slug):
    project = Project(tmp_path, FILE)
    make(tmp_path)
    refused(project, slug, "`p/x.txt`", AT_PATH, apart=True)


@pytest.mark.parametrize("spelling", ["../../../../etc/passwd", "/etc/passwd", "a\\\\b"])
def test_a_spelling_of_the_data_leads_no_prompt_file_astray(tmp_path, spelling):
    spec = CHOICE.replace('pay "money"', f'pay "money" from ["{spelling}"]')
    spec = spec.replace('"p/{topic}.txt"', '"{topic}"')
    project = Project(tmp_path, spec, {"law": "x"})
    done = project.run("check", "m.sft")
    assert done.code == 1
    assert "error[path-outside-root]" in done.err or "error[bad-path]" in done.err


@pytest.mark.parametrize("name", ["self", "loop"])
def test_a_name_that_jinja_keeps_for_itself_is_refused(tmp_path, name):
    spec = SPEC.replace(USER, f'  user file("p/x.txt", {name} = row.text)\n')
    project = Project(tmp_path, spec, {"p/x.txt": "{% if " + name + " %}x{% endif %}"})
    refused(project, "reserved-name", f"`{name}`", (1, 7), "p/x.txt")


# at run time

BOMB = " | replace('a', 'aaaaaaaaaa')" * 9
LONG = "the text is longer than 16 MiB"


@pytest.mark.parametrize(
    "body",
    [
        "{{ row.text" + BOMB + " }}",
        "{% if row.text %}{{ row.text" + BOMB + " }}{% endif %}",
        "{{ row.text" + " | json" * 40 + " }}",
        "{{ row.items | join('" + "x" * 500_000 + "') | length }}",
        " ".join(["{{ row.text }}"] * 3000),
    ],
    ids=["replace", "replace in jinja", "json", "join", "pieces"],
)
def test_a_row_whose_text_would_be_huge_is_rejected(tmp_path, body):
    rows = [row(id="2", text="a" * 10_000 + '"', items=["x"] * 1000), row(text="b", items=[])]
    project = Project(tmp_path, with_body(body), {"data/rows.jsonl": lines_of(*rows)})
    done = project.run_apart("build", "m.sft", "--log", "none", memory=4 << 30)
    if done.code == 1:  # the other row's text is too long too
        assert "error[empty-dataset]" in done.err
        assert "`type_error` on template `t` took 2" in done.err
        return
    assert done.code == 0, done.err
    found = project.snapshot()
    assert {(r["key"], r["stage"], r["reason"]) for r in found.rejects} >= {
        ("2", "render", "type_error")
    }
    assert all(LONG in r["evidence"] for r in found.rejects)


@pytest.mark.parametrize("name", ["how", "focus[row.topic]"])
def test_an_authors_text_that_filters_make_huge_is_a_fault(tmp_path, name):
    body = "{{ " + name + " | replace('o', 'oooooooooo')" * 9 + " }} {{ row.text }}"
    project = Project(tmp_path, with_body(body))
    done = project.run_apart("build", "m.sft", "--log", "none", memory=4 << 30)
    assert (done.code, done.out) == (3, "")
    assert "fault[text-too-long]" in done.err
    assert LONG in done.err
