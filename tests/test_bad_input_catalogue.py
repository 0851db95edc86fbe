"""The catalogue of bad inputs, cases 1 to 15 and 17 to 28: slug, place and reason, and nothing written.

Each case is a spec (or the shipped one with a part replaced), checked and built as a user would.
"""

import os
from pathlib import Path
import socket

import pytest

from tests.bad_input.kit import (
    SPEC,
    UNTOUCHED,
    USER,
    Project,
    lines_of,
    place_of,
    refused,
    row,
    with_body,
)


def at(text, needle):
    return place_of(text, needle)


def spec_with(old, new):
    assert old in SPEC
    return SPEC.replace(old, new)


@pytest.mark.parametrize("code", [*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
@pytest.mark.parametrize("where", ["comment", "string", "name"])
def test_1_bidirectional_characters(tmp_path, code, where):
    char = chr(code)
    spec = {
        "comment": SPEC + f"# a{char}b\n",
        "string": spec_with('"money"', f'"mo{char}ney"'),
        "name": spec_with("phrasing ask", f"phrasing as{char}k"),
    }[where]
    refused(Project(tmp_path, spec), "bidi-character", f"U+{code:04X}", at(spec, char))


@pytest.mark.parametrize("code", [0x200B, 0xFEFF, 0x00AD, 0x2060, 0xE0041, 0xFE0F])
def test_2_and_3_invisible_characters(tmp_path, code):
    spec = spec_with('"money"', f'"mo{chr(code)}ney"')
    refused(
        Project(tmp_path, spec), "invisible-character", f"U+{code:04X}", at(spec, chr(code))
    )


@pytest.mark.parametrize("name", ["\u0430sk", "\uff41sk", "\ufb01n"])
def test_4_letters_that_look_like_ascii(tmp_path, name):
    spec = spec_with("phrasing ask", f"phrasing {name}")
    refused(Project(tmp_path, spec), "non-ascii-name", f"U+{ord(name[0]):04X}", at(spec, name))


@pytest.mark.parametrize("digit", ["\u0661", "\uff11"])
def test_5_digits_of_other_scripts(tmp_path, digit):
    spec = spec_with("seed = 1", f"seed = {digit}")
    refused(Project(tmp_path, spec), "non-ascii-digit", f"U+{ord(digit):04X}", at(spec, digit))


@pytest.mark.parametrize("code", [0x0D, 0x85, 0x2028, 0x2029, 0x0C, 0x0B])
def test_6_line_ends_that_are_not_lf(tmp_path, code):
    spec = SPEC + f"# hidden{chr(code)}mixture\n"
    refused(Project(tmp_path, spec), "line-break", f"U+{code:04X}", at(spec, chr(code)))


def test_6_a_byte_order_mark_and_a_nul(tmp_path):
    refused(
        Project(tmp_path / "a", "\ufeff" + SPEC), "byte-order-mark", "byte order mark", (1, 1)
    )
    spec = spec_with('"money"', '"mo\0ney"')
    refused(Project(tmp_path / "b", spec), "invisible-character", "U+0000", at(spec, "\0"))


def test_7_a_name_that_is_not_composed(tmp_path):
    spec = spec_with("phrasing ask", "phrasing ase\u0301k")
    refused(Project(tmp_path, spec), "not-nfc", "U+0301", at(spec, "ase\u0301k"))


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (SPEC.encode().replace(b"money", b"mo\xffney"), SPEC.encode().index(b"money") + 2),
        (SPEC.encode("utf-16"), 0),
        (SPEC.encode().replace(b"money", b"mo\xc0\xafney"), SPEC.encode().index(b"money") + 2),
        (
            SPEC.encode().replace(b"money", b"mo\xed\xa0\x80ney"),
            SPEC.encode().index(b"money") + 2,
        ),
    ],
)
def test_8_bytes_that_are_not_utf8(tmp_path, data, offset):
    project = Project(tmp_path)
    project.write("m.sft", data)
    done = project.run("check", "m.sft")
    assert done.code == 1
    assert f"error[not-utf8]: byte {offset} " in done.err
    assert project.sealed() == UNTOUCHED


def test_9_a_spec_of_a_hundred_megabytes(tmp_path):
    project = Project(tmp_path)
    with (tmp_path / "m.sft").open("wb") as stream:
        stream.truncate(100 * 1024 * 1024)
    done = project.run_apart("check", "m.sft")
    assert done.code == 1
    assert "error[file-too-large]" in done.err


def test_10_brackets_five_thousand_deep(tmp_path):
    spec = spec_with("seed = 1", "seed = 1, languages = " + "[" * 5_000 + "]" * 5_000)
    found = refused(
        Project(tmp_path, spec),
        "too-deep",
        "64 deep",
        place_of(spec, "[", _nth(spec, 65)),
        apart=True,
    )
    assert len(found) >= 1


def _nth(text, count):
    """Where the bracket stands that is one too deep: `{` of the dataset is the first."""
    return text.index("[" * 5_000) + count - 2


def test_11_an_unterminated_string_of_a_megabyte(tmp_path):
    spec = (
        SPEC.replace("prompt", "prompt") + 'table x by topic { pay "' + "a" * 900_000 + "\n}\n"
    )
    refused(
        Project(tmp_path, spec),
        "unterminated-string",
        "no closing",
        at(spec, '"aaaa'),
        apart=True,
    )


def test_12_doubled_unknown_circular_and_outside(tmp_path):
    spec = SPEC + 'phrasing ask { "Again." }\n'
    refused(
        Project(tmp_path / "a", spec), "duplicate-name", "defined twice", (spec.count("\n"), 1)
    )
    spec = spec_with("seed = 1,", "seed = 1, sead = 2,")
    refused(Project(tmp_path / "b", spec), "unknown-line", "sead", at(spec, "sead"))
    spec = spec_with("facet topic", 'import "b.sft"\nfacet topic')
    files = {"b.sft": 'edition 2026\nimport "m.sft"\n'}
    refused(
        Project(tmp_path / "c", spec, files),
        "import-cycle",
        "m.sft → b.sft → m.sft",
        (2, 8),
        "b.sft",
    )
    spec = spec_with("facet topic", 'import "../../x.sft"\nfacet topic')
    refused(
        Project(tmp_path / "d", spec), "path-outside-root", "leads out", at(spec, '"../../x')
    )


@pytest.mark.parametrize(
    ("amount", "slug"),
    [
        ("NaN", "type-mismatch"), ("inf", "type-mismatch"), ("-10%", "out-of-range"),
        ("1" * 5_000 + "%", "number-too-long"), ("99%", "share-under-100"), ("101%", "out-of-range"),
        ("33.333%", "too-precise"),
    ],
)  # fmt: skip
def test_13_ratios_that_are_none(tmp_path, amount, slug):
    spec = spec_with("total = all", f"total = all, share topic {{ pay {amount}, law 0% }}")
    done = Project(tmp_path, spec).run("check", "m.sft", "--format", "json")
    assert done.code == 1
    assert f'"slug": "{slug}"' in done.out


BODIES = [
    (14, "{{ ''.__class__.__mro__ }}", "template-construct", "__class__"),
    (14, "{{ cycler.__init__.__globals__ }}", "unknown-name", "cycler"),
    (14, "{{ row.text | attr('x') }}", "unknown-filter", "attr"),
    (14, "{{ '%s' | format(row.text) }}", "unknown-filter", "format"),
    (15, "{{ 'A' * 1000000000 }}", "template-construct", "'A'"),
    (15, "{% if row.maybe %}{{ 'A' * 1000000000 }}{% endif %}", "template-construct", "'A'"),
    (17, "{{ '%1000000000d' % 1 }}", "template-construct", "'%1"),
    (17, "{{ row.text | center(1000000000) }}", "unknown-filter", "center"),
    (17, "{{ row.text.ljust(1000000000) }}", "template-construct", "(1000"),
    (18, "{% for i in range(99999) %}x{% endfor %}", "template-construct", "(99999"),
    (19, "{% set s = row.text %}", "template-construct", "set s"),
    (19, "{{ row.text ~ row.text }}", "template-construct", "row.text ~"),
    (20, "{% macro f(n) %}{{ f(n) }}{% endmacro %}", "template-construct", "macro"),
    (22, "{{ row.items | random }}", "unknown-filter", "random"),
    (22, "{{ lipsum() }}", "template-construct", "()"),
    (22, "{{ row.items }}", "not-printable", "row.items"),
    (22, "{{ row.items | map('string') }}", "unknown-filter", "map"),
    (23, "{{ row.txet }}", "unknown-field", "txet"),
    (23, "{{ [row.missing] }}", "template-construct", "[row"),
    (24, "{% include '/etc/passwd' %}", "template-construct", "include"),
    (24, "{% import 'x' as y %}", "template-construct", "import"),
    (24, "{% extends 'x' %}", "template-construct", "extends"),
]


@pytest.mark.parametrize(("case", "body", "slug", "needle"), BODIES)
def test_14_to_24_what_a_body_may_not_hold(tmp_path, case, body, slug, needle):
    spec = with_body(body)
    done = Project(tmp_path, spec).run_apart("check", "m.sft", "--format", "json")
    assert done.code == 1, (case, done.err)
    assert f'"slug": "{slug}"' in done.out, (case, done.out)
    line, column = at(spec, needle)
    assert f'"line": {line},' in done.out
    assert f'"column": {column},' in done.out, (case, column, done.out)


def test_21_eighty_parentheses(tmp_path):
    spec = with_body("{{ " + "(" * 80 + "row.text" + ")" * 80 + " }}")
    done = Project(tmp_path, spec).run_apart("check", "m.sft")
    assert done.code == 1
    assert "error[too-deep]" in done.err


PATTERNS = ["(?=a)b", r"(a*)\1b", "(?<!x)y", "((a{1,1000}){1,1000}){1,1000}", "a" * 1_025, "("]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_25_patterns_that_re2_refuses(tmp_path, pattern):
    written = pattern.replace("\\", "\\\\")
    spec = spec_with("emit {", f'screen {{ drop matches(response, "{written}") }}\nemit {{')
    done = Project(tmp_path, spec).run_apart("check", "m.sft")
    assert done.code == 1
    line, _ = at(spec, "drop matches")
    assert "error[bad-pattern]" in done.err
    assert f"m.sft:{line}:" in done.err


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", r"\s+$"])
def test_25_patterns_that_other_engines_die_of_run_in_linear_time(tmp_path, pattern):
    written = pattern.replace("\\", "\\\\")
    spec = spec_with("emit {", f'screen {{ drop matches(user, "{written}b") }}\nemit {{')
    project = Project(tmp_path, spec)
    project.write("data/rows.jsonl", lines_of(row(text="a" * 50_000 + " " * 50_000)))
    done = project.run_apart("build", "m.sft", "--engine", "local", "--log", "none", memory=0)
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    "path",
    ["../../etc/passwd", "/etc/shadow", "~/.ssh/id", "file:///etc/passwd", "http://169.254.169.254/", "CON", "a//b.jsonl"],
)  # fmt: skip
def test_26_paths_out_of_the_root(tmp_path, path):
    spec = spec_with('"data/rows.jsonl"', f'"{path}"')
    slug = "bad-path" if "a//b" in path else "path-outside-root"
    words = "shorter" if slug == "bad-path" else ""
    refused(Project(tmp_path, spec), slug, words, at(spec, f'"{path}"'))


def fault(project, slug):
    done = project.run_apart("build", "m.sft", "--engine", "local", "--log", "none", memory=0)
    assert done.code == 3, done.err
    assert f"fault[{slug}]" in done.err
    assert "data/" in done.err
    assert project.sealed() == UNTOUCHED


def test_27_symbolic_links_on_the_way(tmp_path):
    project = Project(tmp_path / "a")
    (tmp_path / "a/data/rows.jsonl").rename(tmp_path / "a/data/real.jsonl")
    (tmp_path / "a/data/rows.jsonl").symlink_to("real.jsonl")
    fault(project, "symlink-in-path")
    project = Project(tmp_path / "b")
    (tmp_path / "b/data").rename(tmp_path / "b/elsewhere")
    (tmp_path / "b/data").symlink_to("elsewhere")
    fault(project, "symlink-in-path")


@pytest.mark.parametrize("kind", ["fifo", "socket", "folder", "missing"])
def test_28_what_is_no_regular_file(tmp_path, kind):
    project = Project(tmp_path)
    path = tmp_path / "data/rows.jsonl"
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        here = Path.cwd()
        os.chdir(path.parent)
        try:
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(path.name)
        finally:
            os.chdir(here)
    fault(project, "file-not-found" if kind == "missing" else "not-a-file")


def test_the_project_of_these_tests_is_sound(tmp_path):
    assert USER in SPEC
    done = Project(tmp_path).run_apart("check", "m.sft")
    assert done.code == 0, done.err
