"""Specs that mean to use up time or memory: each is answered within the limits of another process.

What is too large or too deep is said; what is merely large is read.
"""

import json

import pytest

from tests.bad_input.kit import SPEC, USER, Project, place_of, refused, with_body

TEMPLATE = SPEC[SPEC.index("template t") : SPEC.index("mixture")]
MIB = 1 << 20


def test_the_limit_of_a_file_is_a_mebibyte_to_the_byte(tmp_path):
    room = MIB - len(SPEC.encode()) - 2
    project = Project(tmp_path, SPEC + "#" * room + "\n\n"[:1])
    project.write("m.sft", SPEC + "#" * (room + 1) + "\n")
    assert project.run("check", "m.sft").code == 0
    project.write("m.sft", SPEC + "#" * (room + 2) + "\n")
    refused(project, "file-too-large", "at most 1 MiB", (None, None))


def many(form, count):
    return SPEC + "".join(form.replace("%", str(at)) for at in range(count))


TOO_LARGE = {
    "pairs": SPEC + "a = 1\n" * 150_000,
    "words": SPEC + "a " * 400_000 + "\n",
    "newlines": SPEC + "\n" * 900_000,
    "commas": SPEC + "," * 900_000,
    "names": SPEC + "facet g { " + ", ".join(f"v{at}" for at in range(90_000)) + " }\n",
    "not": SPEC + "gate g { require " + "not " * 200_000 + "valid(response) }\n",
}


@pytest.mark.parametrize("spec", TOO_LARGE.values(), ids=TOO_LARGE)
def test_too_many_words_and_signs(tmp_path, spec):
    project = Project(tmp_path, spec)
    refused(project, "file-too-large", "words and signs", (None, None), apart=True)


TOO_MUCH = {  # spec, slug, what its place begins with
    "bidi flood": (SPEC + "# " + "\u202e" * 20_000, "bidi-character", "\u202e"),
    "controls": (SPEC + "# " + "\x1b" * 900_000, "invisible-character", "\x1b"),
    "blocks with an error": (SPEC + "x =\n" * 20_000, "missing-value", None),
    "one error, many blocks": (
        SPEC + "x ]\n" + "".join(f'facet g{at} {{ a "x" }}\n' for at in range(9_000)),
        "unopened-bracket",
        "]\nfacet",
    ),
    "escapes never closed": (SPEC + 'facet z { a "' + '\\"' * 400_000, "unterminated-string", '"\\'),
    "a string never closed": (SPEC + 'facet z { a "' + "x" * 900_000, "unterminated-string", '"xx'),
    "a text never closed": (
        SPEC + 'facet z { a """\n' + "x\n" * 30_000, "unterminated-text", '"""\nx',
    ),
    "texts": (SPEC + 'facet z { a """\n' * 20_000, "too-deep", None),
    "quotes": (SPEC + "facet z { a " + '"' * 90_000, "text-layout", '"""'),
    "ands": (
        SPEC + "gate g { require rate(" + "topic == pay and " * 15_000 + "topic == pay) > 1% }\n",
        "too-deep", "rate(",
    ),
    "nots": (SPEC + "gate g { require rate(" + "not " * 5_000 + "topic == pay) > 1% }\n", "too-deep", "rate("),
    "braces": (SPEC + "a {" * 5_000 + "}" * 5_000, "too-deep", None),
    "parentheses": (SPEC + "a (" * 5_000 + ")" * 5_000, "too-deep", None),
    "a list of types": (
        SPEC + "schema Q { x: " + "[" * 5_000 + "string" + "]" * 5_000 + " }\n", "too-deep", None,
    ),
    "billion laughs": (
        SPEC + "schema A0 { x: string }\n"
        + "".join(f"schema A{n} {{ x: A{n - 1}, y: A{n - 1} }}\n" for n in range(1, 31)),
        "too-large", "y: A9",
    ),
    "a chain of schemas": (
        SPEC + "".join(f"schema A{n} {{ x: A{n + 1} }}\n" for n in range(3_000)) + "schema A3000 { x: string }\n",
        "too-deep", "A32 }",
    ),
    "a chain of joins": (
        SPEC + "".join(
            f'source q{n} {{ path = "a.csv", key = id, license = "CC0-1.0", fields {{ id: string }}\n join q{n + 1} on id }}\n'
            for n in range(2_000)
        ),
        "too-deep", None,
    ),
    "unknown facets": (SPEC.replace("tags { ", "tags { " + "".join(f"zz{n} = a, " for n in range(15_000))), "unknown-facet", "zz0"),
    "unknown fields": (with_body(" ".join(f"{{{{ row.texx{n} }}}}" for n in range(20_000))), "unknown-field", "texx0"),
    "unknown fields, escaped": (
        SPEC.replace(USER, '  user "' + "\\u0041{{ row.texx }}" * 30_000 + '"\n'), "unknown-field", "texx",
    ),
    "doubled blocks": (SPEC + 'phrasing ask { "x" }\n' * 15_000, "duplicate-name", 'phrasing ask { "x'),
    "imports": (SPEC + 'import "x.sft"\n' * 30_000, "file-not-found", '"x.sft"'),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "slug", "at"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_an_attack_is_answered_soon_and_in_few_words(tmp_path, spec, slug, at):
    done = Project(tmp_path, spec).run_apart("check", "m.sft")
    assert done.code == 1, (done.code, done.err[-500:])
    assert f"error[{slug}]" in done.err, done.err[:500]
    assert len(done.err) < 300_000
    if at is not None:
        line, column = place_of(spec, at)
        assert f"  m.sft:{line}:{column}\n" in done.err, done.err[:1000]


LARGE = {
    "tests": many('test t "%" { given row { text = "a" }, expect response != "a" }\n', 4_000),
    "tables": many('table q% by topic { pay "P", law "L" }\n', 6_000),
    "sources": many(
        'source q% { path = "a.csv", key = id, license = "CC0-1.0", fields { id: string } }\n',
        3_000,
    ),
    "templates and schemas": SPEC
    + "".join(TEMPLATE.replace("template t", f"template t{at}") for at in range(700))
    + "".join(f"schema A{at} {{ x: string, y: string }}\n" for at in range(2_500)),
    "literals": SPEC.replace(
        "text: string", "text: " + " | ".join(f'"{at}"' for at in range(40_000))
    ),
    "a list": SPEC.replace(
        "key = id", "key = id\n  where id in [" + ", ".join(f'"{at}"' for at in range(40_000)) + "]"
    ),
    "loops": with_body("{% for x in row.items %}{{ x }}{% endfor %}" * 15_000),
    "paths": with_body("{{ row.text }} " * 40_000),
    "one text": SPEC.replace('"money"', '"' + "\\u0041" * 150_000 + '"'),
}  # fmt: skip


@pytest.mark.parametrize("spec", LARGE.values(), ids=LARGE)
def test_a_large_spec_that_is_sound_is_read(tmp_path, spec):
    done = Project(tmp_path, spec).run_apart("check", "m.sft", "--format", "json")
    assert done.code == 0, (done.code, done.err[-500:], done.out[:500])
    assert len(json.loads(done.out)["diagnostics"]) <= 201


def test_the_files_of_a_spec_have_a_limit_together(tmp_path):
    filler = "# " + "x" * (MIB - 100) + "\n"
    files = {f"f{at}.sft": "edition 2026\n" + filler for at in range(17)}
    spec = SPEC + "".join(f'import "{name}"\n' for name in files)
    refused(
        Project(tmp_path, spec, files), "file-too-large", "at most 16 MiB",
        place_of(spec, '"f16.sft"'), apart=True,
    )  # fmt: skip


def test_a_chain_of_imports_has_a_limit(tmp_path):
    files = {f"f{at}.sft": f'edition 2026\nimport "f{at + 1}.sft"\n' for at in range(1_500)}
    spec = SPEC + 'import "f0.sft"\n'
    refused(Project(tmp_path, spec, files), "too-deep", "import one another", (2, 8), "f31.sft", apart=True)  # fmt: skip


def test_a_hundred_errors_are_shown_and_no_more(tmp_path):
    spec = with_body(" ".join(f"{{{{ row.texx{n} }}}}" for n in range(1_000)))
    done = Project(tmp_path, spec).run("check", "m.sft", "--format", "json")
    found = json.loads(done.out)["diagnostics"]
    assert 200 == sum(one["slug"] == "unknown-field" for one in found)
    assert 1 == sum(one["slug"] == "too-many-errors" for one in found)


def test_a_long_line_is_cut_around_what_is_wrong(tmp_path):
    spec = SPEC + "# " + "x" * 5_000 + "\u202e" + "y" * 5_000 + "\n"
    done = Project(tmp_path, spec).run("check", "m.sft")
    line = next(one for one in done.err.split("\n") if "\\u{202e}" in one)
    assert len(line) < 200
    assert "…x" in line
    assert line.endswith("…")
    assert "^^^^^^^^" in done.err
