"""The catalogue of bad inputs, cases 1 to 15, 17 to 29, 32, 33 and 35 to 40: slug, place and reason.

Each case is a spec (or the shipped one with a part replaced) or data, checked and built as a user
would. What is refused writes nothing.
"""

import gzip
import json
import os
from pathlib import Path
import socket
import zipfile

import pyarrow.parquet as pq
import pytest
import zstandard

from sftspec.engine import inputs
from sftspec.engine.local import LocalEngine
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


# ------------------------------------------------------------------ what stands in the data

BUILD = ("build", "m.sft", "--engine", "local", "--log", "none", "--workers", "1")
ROWS = SPEC.replace("terms: Terms\n", "terms: Terms\n    n: any optional\n").replace(
    "{{ row.text }}", "{{ row.text }} {{ row.n | json }}"
)  # `n` is any JSON value, and is said


def good(at, **changes):
    return json.dumps(row(id=f"good {at}", **changes), ensure_ascii=False)


def with_n(text):
    """A row whose `n` is written so."""
    return good("bad").replace('"good bad"', '"bad"')[:-1] + f', "n": {text}}}'


def jsonl(lines):
    return "".join(line + "\n" for line in lines).encode()


def json_array(lines):
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


def json_map(lines):
    pairs = (f'"{at}": {line}' for at, line in enumerate(lines))
    return ("{\n" + ",\n".join(pairs) + "\n}\n").encode()


WRITERS = {  # a file's name, what writes lines of JSON into it, and the line of the first
    "rows.jsonl": (jsonl, 1),
    "rows.json": (json_array, 2),
    "map.json": (json_map, 2),
    "rows.jsonl.gz": (lambda lines: gzip.compress(jsonl(lines)), 1),
    "rows.json.zst": (lambda lines: zstandard.compress(json_array(lines)), 2),
}


def written(project, name, lines):
    project.write(f"data/{name}", WRITERS[name][0](lines))
    project.write("m.sft", ROWS.replace("rows.jsonl", name))


def aside(project):
    """Line, reason and evidence of each row that the build set aside."""
    done = project.run(*BUILD)
    assert (done.code, done.err) == (0, "")
    found = project.snapshot()
    counts = found.counts
    assert counts["rows_read"] == counts["rows_used"] + counts["rows_rejected"]
    return found, [(one["line"], one["reason"], one["evidence"]) for one in found.rejects]


def test_29_a_file_that_changes_between_the_scan_and_the_task(tmp_path, monkeypatch):
    project = Project(tmp_path)
    honest = LocalEngine.map

    def meddling(engine, tasks):
        project.write("data/rows.jsonl", lines_of(row(), row(id="2")))
        return honest(engine, tasks)

    monkeypatch.setattr(LocalEngine, "map", meddling)
    done = project.run(*BUILD)
    assert (done.code, done.out) == (3, "")
    assert "fault[source-changed]: " in done.err
    assert "`data/rows.jsonl` changed while it was read" in done.err
    assert project.sealed() == UNTOUCHED


@pytest.mark.parametrize("name", ["rows.jsonl.gz", "rows.json.zst"])
def test_29_a_packed_file_that_changes_while_it_is_decoded(tmp_path, monkeypatch, name):
    project = Project(tmp_path)
    written(project, name, [good(1)])
    honest = inputs.unpack

    def meddling(descriptor, path, *rest):
        found = honest(descriptor, path, *rest)
        with (tmp_path / path).open("ab") as stream:
            stream.write(b"\0")
        return found

    monkeypatch.setattr(inputs, "unpack", meddling)
    done = project.run(*BUILD)
    assert (done.code, done.out) == (3, "")
    assert (
        f"fault[source-changed]: source `rows`: `data/{name}` changed while it was read"
        in done.err
    )
    assert project.sealed() == UNTOUCHED


def test_29_a_packed_file_that_changes_later_gives_the_rows_that_were_decoded(
    tmp_path, monkeypatch
):
    """What was hashed is what is parsed: the tasks read what was decoded, not the file again."""
    project = Project(tmp_path)
    written(project, "rows.jsonl.gz", [good(1, text="first")])
    honest = LocalEngine.map

    def meddling(engine, tasks):
        written(project, "rows.jsonl.gz", [good(1, text="second")])
        return honest(engine, tasks)

    monkeypatch.setattr(LocalEngine, "map", meddling)
    found, _ = aside(project)
    assert "first" in found.users[0]


def refused_packed(project, slug, words):
    done = project.run_apart(*BUILD, memory=0)
    assert (done.code, done.out) == (3, ""), done.err
    assert f"fault[{slug}]: " in done.err
    assert words in done.err
    assert "data/rows.jsonl." in done.err
    assert project.sealed() == UNTOUCHED


@pytest.mark.parametrize("name", ["rows.jsonl.gz", "rows.jsonl.zst"])
def test_32_a_bomb(tmp_path, name):
    """A gzip file that grows by 1:1,028, and a zstd file that grows by far more."""
    project = Project(tmp_path, SPEC.replace("rows.jsonl", name))
    row_of = b'{"id":"1","text":"' + bytes(100 << 20) + b'"}\n'
    packed = (
        gzip.compress(row_of, 9) if name.endswith(".gz") else zstandard.compress(row_of, 19)
    )
    assert len(row_of) > 1_000 * len(packed)
    project.write(f"data/{name}", packed)
    refused_packed(project, "decompression-bomb", "grows more than 200 times as it is decoded")


def test_32_an_archive_is_no_source(tmp_path):
    project = Project(tmp_path, SPEC.replace("rows.jsonl", "rows.zip"))
    with zipfile.ZipFile(
        tmp_path / "data/rows.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9
    ) as archive:
        archive.writestr("rows.jsonl", bytes(50 << 20))
    assert (tmp_path / "data/rows.zip").stat().st_size < 60_000
    spec = (tmp_path / "m.sft").read_text()
    refused(
        project,
        "unknown-format",
        "the format of `.zip` is not known",
        at(spec, "path ="),
    )
    renamed = Project(tmp_path / "renamed", SPEC.replace("rows.jsonl", "rows.jsonl.gz"))
    renamed.write("data/rows.jsonl.gz", (tmp_path / "data/rows.zip").read_bytes())
    refused_packed(renamed, "bad-compression", "this is no gzip data")


def test_32_an_archive_inside_of_another_is_not_opened(tmp_path):
    spec = SPEC.replace("rows.jsonl", "rows.jsonl.gz.gz")
    refused(
        Project(tmp_path / "a", spec),
        "unknown-format",
        "is not known",
        at(spec, "path ="),
    )
    project = Project(tmp_path / "b")
    written(project, "rows.jsonl.gz", [good(1)])
    twice = gzip.compress(gzip.compress(jsonl([good(2)]), mtime=0), mtime=0)
    project.write("data/rows.jsonl.gz", twice)
    done = project.run(*BUILD)
    assert (done.code, "no record is chosen" in done.err) == (1, True)
    assert "invalid_" in done.err


def test_32_a_million_members(tmp_path):
    project = Project(tmp_path, SPEC.replace("rows.jsonl", "rows.jsonl.gz"))
    project.write("data/rows.jsonl.gz", gzip.compress(b"{}\n") * 1_000_000)
    refused_packed(project, "bad-compression", "something stands behind the end")


PACKED = {"rows.jsonl.gz": gzip.compress, "rows.jsonl.zst": zstandard.compress}


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data, _: data[: len(data) // 2], "the compressed data break off"),
        (lambda data, _: data[:-1], "the compressed data break off"),
        (lambda data, _: data + bytes(512), "something stands behind the end"),
        (lambda data, pack: data + pack(jsonl([good(9)])), "something stands behind the end"),
        (lambda _, __: b"", "the compressed data break off"),
    ],
    ids=["half", "a byte less", "NULs behind", "a second member", "no byte"],
)
def test_33_a_packed_file_that_is_torn_or_has_more_behind(tmp_path, name, damage, words):
    project = Project(tmp_path, SPEC.replace("rows.jsonl", name))
    pack = PACKED[name]
    project.write(f"data/{name}", damage(pack(jsonl(good(at) for at in range(500))), pack))
    refused_packed(project, "bad-compression", words)


@pytest.mark.parametrize("change", ["level", "rows"])
def test_33_the_digest_is_over_the_packed_and_the_unpacked_bytes(tmp_path, change):
    ids, users = [], []
    for at in range(2):
        project = Project(tmp_path / str(at))
        written(project, "rows.jsonl.gz", [])
        lines = jsonl([good(1, text="other" if change == "rows" and at else "text")])
        level = 9 if change == "level" and at else 1
        project.write("data/rows.jsonl.gz", gzip.compress(lines, level, mtime=0))
        done = project.run(*BUILD, "--format", "json")
        assert done.code == 0, done.err
        manifest = json.loads((project.home / "compiled/d/0.1.0/MANIFEST.json").read_bytes())
        ids.append(manifest["sources"]["rows"]["files"][0]["digest"])
        users.append(project.snapshot().users)
    assert ids[0] != ids[1]
    assert (users[0] == users[1]) == (change == "level")


VALUES_35 = [
    ("NaN", "invalid_json", "NaN and Infinity are not JSON"),
    ("[-Infinity]", "invalid_json", "NaN and Infinity are not JSON"),
    ("1e999", "out_of_range", "a number is too large to be kept"),
    ("-1e999", "out_of_range", "a number is too large to be kept"),
    ('{"a":1,"a":2}', "duplicate_field", 'key "a" stands twice'),
    ('{"a":1,"\\u0061":2}', "duplicate_field", 'key "a" stands twice'),
    ('1, "n": 2', "duplicate_field", 'key "n" stands twice'),
    ('1, "\\u006e": 2', "duplicate_field", 'key "n" stands twice'),
]
VALUES_36 = [
    ('"\\ud800"', "invalid_json", "half of a surrogate pair (\\\\uD800 to \\\\uDFFF)"),
    ('{"a":["\\udfff!"]}', "invalid_json", "surrogate"),
    ('"\\ud83d"', "invalid_json", "half of a surrogate pair"),
]


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(("text", "reason", "evidence"), [*VALUES_35, *VALUES_36])
def test_35_and_36_a_row_with_what_json_has_not(tmp_path, name, text, reason, evidence):
    project = Project(tmp_path)
    written(project, name, [good(1), with_n(text), good(2)])
    found, rejects = aside(project)
    ((line, why, said),) = rejects
    assert (WRITERS[name][1] + 1, reason) == (line, why)
    assert evidence.replace("\\\\", "\\") in said.replace("\\\\", "\\")
    assert 2 == len(found.users)


def test_35_and_36_in_a_column_of_json_and_in_arguments(tmp_path):
    bad = [text for text, _, _ in [*VALUES_35[:6], *VALUES_36]]
    spec = ROWS.replace("n: any optional", "n: any from json")
    project = Project(tmp_path / "a", spec)
    lines = [row(id=f"bad {at}", n=text) for at, text in enumerate(bad)]
    project.write("data/rows.jsonl", lines_of(*lines, row(id="good", n="[1]")))
    found, rejects = aside(project)
    assert [
        (at + 1, reason) for at, (_, reason, _) in enumerate([*VALUES_35[:6], *VALUES_36])
    ] == [(line, reason) for line, reason, _ in rejects]
    assert 1 == len(found.users)
    call = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": ""}}]}
    talks = []
    for text in bad:
        call["tool_calls"][0]["function"]["arguments"] = f'{{"x":{text}}}'
        talks.append(json.loads(json.dumps([{"role": "user", "content": "x"}, call])))
    project = Project(tmp_path / "b", TALK.replace("TOOLS", "tools = inferred from row.talk"))
    project.write("data/rows.jsonl", lines_of(*({"id": str(at), "talk": t} for at, t in enumerate(talks)), {"id": "ok", "talk": TALKS["sound"]}))  # fmt: skip
    done = project.run(*BUILD)
    assert done.code == 0, done.err
    reasons = [
        one["reason"] for one in sorted(project.snapshot().rejects, key=lambda one: one["line"])
    ]
    assert [reason for _, reason, _ in [*VALUES_35[:6], *VALUES_36]] == reasons


NUMBERS = [
    str(2**64),
    str(-(2**63) - 1),
    "9" * 400,
    "-" + "1" * 400,
    str(2**53 + 1),
    "0.1",
    "1e22",
    "-0.0",
    "1.0",
    "1",
]


def exact(text):
    """A number's type and value: 1 and 1.0 are two."""
    return repr(json.loads(text))


@pytest.mark.parametrize("name", WRITERS)
def test_37_numbers_of_any_size_are_kept_exactly(tmp_path, name):
    project = Project(tmp_path)
    written(
        project,
        name,
        [with_n(text).replace('"bad"', f'"{n}"') for n, text in enumerate(NUMBERS)],
    )
    found, rejects = aside(project)
    assert [] == rejects
    told = [user.split(" a text ")[1].split(" ")[0] for user in found.users]
    assert sorted(map(exact, NUMBERS)) == sorted(map(exact, told))


def test_37_a_number_that_cannot_be_kept_is_set_aside_and_never_a_float(tmp_path):
    project = Project(tmp_path)
    written(project, "rows.jsonl", [with_n("9" * 5_000), good(1)])
    _, ((line, reason, _),) = aside(project)
    assert (1, "out_of_range") == (line, reason)


def test_37_numbers_in_arguments_and_in_parquet_are_kept_as_they_were_written(tmp_path):
    texts = [*NUMBERS, "1E+2", "0.10"]
    arguments = "{" + ",".join(f'"a{at}":{text}' for at, text in enumerate(texts)) + "}"
    talk = [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": arguments}}]}]  # fmt: skip
    spec = TALK.replace("TOOLS", "tools = inferred from row.talk").replace(
        "{ jsonl }", "{ jsonl, parquet }"
    )
    project = Project(tmp_path, spec)
    project.write("data/rows.jsonl", lines_of({"id": "1", "talk": talk}))
    assert project.run(*BUILD).code == 0
    folder = tmp_path / "compiled/d/0.1.0"
    assert f'"arguments":{arguments}}}' in (folder / "train.jsonl").read_text()
    table = pq.read_table(folder / "parquet/train-00000-of-00001.parquet")
    assert f'"arguments":{arguments}}}' in table["messages"].to_pylist()[0][1]


def test_38_a_row_of_two_hundred_megabytes(tmp_path):
    project = Project(tmp_path)
    with (tmp_path / "data/rows.jsonl").open("wb") as stream:
        stream.write(b'{"id":"big","text":"')
        for _ in range(200):
            stream.write(b"x" * 1_000_000)
        stream.write(b'"}\n' + jsonl([good(1)]))
    done = project.run_apart(*BUILD, memory=2 << 30)
    assert done.code == 0, done.err
    (reject,) = project.snapshot().rejects
    assert (1, "row_too_long", "more than 64 MiB") == (
        reject["line"],
        reject["reason"],
        reject["evidence"],
    )
    assert 1 == len(project.snapshot().users)


def test_38_a_json_value_of_more_than_half_a_gibibyte(tmp_path):
    project = Project(tmp_path, SPEC.replace("rows.jsonl", "rows.json"))
    with (tmp_path / "data/rows.json").open("wb") as stream:
        stream.write(b"[")
        stream.truncate(600 << 20)
    done = project.run_apart(*BUILD, memory=0)
    assert (done.code, done.out) == (3, "")
    assert "fault[bad-file]: " in done.err
    assert "more than 512 MiB in one JSON value; convert it to JSON Lines" in done.err


@pytest.mark.parametrize("name", WRITERS)
def test_38_an_array_a_hundred_thousand_deep(tmp_path, name):
    project = Project(tmp_path)
    written(project, name, [good(1), with_n("[" * 100_000 + "]" * 100_000), good(2)])
    found, rejects = aside(project)
    assert [(WRITERS[name][1] + 1, "invalid_json", "nested more than 128 deep")] == rejects
    assert 2 == len(found.users)


@pytest.mark.parametrize("name", WRITERS)
def test_38_a_nul_that_json_writes_is_text_and_a_raw_one_is_not_json(tmp_path, name):
    """`\\u0000` is a character like others: it is kept, into the file and back."""
    project = Project(tmp_path)
    kept = good(1, text="a\0b")
    assert "\\u0000" in kept
    written(project, name, [kept, kept.replace("good 1", "bad").replace("\\u0000", "\0")])
    found, ((line, reason, _),) = aside(project)
    assert (WRITERS[name][1] + 1, "invalid_json") == (line, reason)
    assert ["a\0b"] == [user[user.index("a\0") :][:3] for user in found.users]
    text = (tmp_path / "compiled/d/0.1.0/train.jsonl").read_bytes()
    assert (b"\\u0000" in text, b"\0" in text) == (True, False)


def test_38_a_nul_in_a_cell_and_in_a_text_file_is_kept(tmp_path):
    fields = "fields { text: string }\n"
    head = SPEC[: SPEC.index("source rows")]
    spec = head + 'source rows { path = "PATH", key = auto, license = "CC0-1.0", ' + fields + '}\ntemplate t v1.0.0 { layer = domain, from rows as row, user "Say it.", assistant "{{ row.text }}" }\nemit { jsonl }\n'  # fmt: skip
    for name, data in {"rows.csv": b"text\na\0b\n", "rows.txt": b"a\0b"}.items():
        project = Project(tmp_path / name, spec.replace("PATH", f"data/{name}"))
        project.write(f"data/{name}", data)
        found, _ = aside(project)
        assert ["a\0b"] == found.answers


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_38_line_ends_of_any_kind_and_a_missing_one(tmp_path, end, last):
    project = Project(tmp_path)
    lines = [good(at, text="in\r\nside\r") for at in range(3)]
    project.write("data/rows.jsonl", end.join(lines) + end * last)
    project.write("m.sft", ROWS)
    found, rejects = aside(project)
    assert ([], 3) == (rejects, len(found.users))
    assert all("in\r\nside\r" in user for user in found.users)
    written_ = (tmp_path / "compiled/d/0.1.0/train.jsonl").read_bytes()
    assert (3, b"\r" in written_, True) == (
        written_.count(b"\n"),
        False,
        written_.endswith(b"}\n"),
    )


def test_38_line_ends_in_cells_are_text(tmp_path):
    spec = SPEC.replace("rows.jsonl", "rows.csv").replace("items: [string]", "items: [string] from json").replace("terms: Terms", "terms: Terms from json")  # fmt: skip
    project = Project(tmp_path, spec)
    cells = 'id,text,maybe,items,topic,terms\r\n1,"a\r\nb\nc",,[],pay,"{""note"":null,""days"":1}"\r\n'
    project.write("data/rows.csv", cells)
    found, rejects = aside(project)
    assert ([], True) == (rejects, " a\r\nb\nc " in found.users[0])


EMPTY = {
    "no byte": "",
    "no row": "\n\n",
    "all filtered": lines_of(row(text="no"), row(id="2", text="no")),
    "all bad": "{\n[1]\n",
}


@pytest.mark.parametrize("case", EMPTY)
def test_39_a_source_without_rows_is_no_empty_snapshot(tmp_path, case):
    spec = SPEC.replace("  key = id\n", '  key = id\n  where text != "no"\n')
    project = Project(tmp_path, spec, {"data/rows.jsonl": EMPTY[case]})
    done = project.run(*BUILD)
    assert (done.code, done.out) == (1, "")
    assert "error[empty-dataset]: no record is chosen" in done.err
    assert project.sealed() == UNTOUCHED


TWO = SPEC.replace(
    "table focus",
    'source more {\n  like rows\n  path = "data/more.jsonl"\n  leave out rows on id\n}\ntable focus',
).replace("from rows as row", "from [rows, more] as row")


def test_39_a_source_that_has_no_row_left_is_counted_and_a_gate_says_if_it_may(tmp_path):
    gate = "gate freeze { require count(source == more) >= 1, require count(source == rows) >= 3 }\n"
    lines = lines_of(*(row(id=str(number)) for number in range(3)))
    files = {"data/rows.jsonl": lines, "data/more.jsonl": lines}
    project = Project(tmp_path, TWO + gate, files)
    done = project.run(*BUILD, "--gate", "freeze", "--format", "json")
    answer = json.loads(done.out)
    assert (1, "gate-failed") == (done.code, answer["verdict"])
    assert [False, True] == [line["holds"] for line in answer["gates"]["freeze"]["lines"]]
    manifest = json.loads((tmp_path / "compiled/d/0.1.0/MANIFEST.json").read_bytes())
    assert {"left_out": 3} == manifest["sources"]["more"]["rejected"]


TALK = """edition 2026
dataset d v0.1.0 { seed = 1, license = "CC0-1.0" }
source rows {
  path = "data/rows.jsonl"
  key = id
  license = "CC0-1.0"
  fields { id: string, talk: any }
}
template t v1.0.0 {
  layer = domain
  from rows as row
  TOOLS
  messages = row.talk as openai
}
gate freeze { require rate(rejected == "role_order") <= 10%, require count(rejected == "unknown_role") == 0 }
emit { jsonl }
"""


def said(*turns):
    return [{"role": role, "content": text} for role, text in turns]


TALKS = {
    "sound": said(("system", "S"), ("user", "U"), ("assistant", "A")),
    "unknown_role": said(("user", "U"), ("bot", "A")),
    "role_order": said(("assistant", "A"), ("user", "U"), ("assistant", "B")),
    "empty_turn": said(("user", "U"), ("assistant", " ")),
    "two systems": said(("system", "S"), ("system", "T"), ("user", "U"), ("assistant", "A")),
}


def test_40_conversations_that_are_none_are_set_aside_with_counts_and_the_gate_decides(
    tmp_path,
):
    project = Project(tmp_path, TALK.replace("  TOOLS\n", ""))
    project.write("data/rows.jsonl", lines_of(*({"id": name, "talk": talk} for name, talk in TALKS.items())))  # fmt: skip
    done = project.run(*BUILD)
    assert done.code == 0, done.err
    found = project.snapshot()
    wanted = {
        name: "role_order" if name == "two systems" else name
        for name in TALKS
        if name != "sound"
    }
    assert wanted == {one["key"]: one["reason"] for one in found.rejects}
    assert {f"validate:{reason}": list(wanted.values()).count(reason) for reason in wanted.values()} == found.counts["rejected_by_reason"]  # fmt: skip
    assert ["A"] == found.answers
    done = project.run(*BUILD, "--gate", "freeze")
    assert done.code == 1
    failed = [line.split() for line in done.out.splitlines() if "FAILS" in line]
    assert [["FAILS", "40%", "require"], ["FAILS", "1", "require"]] == [
        words[:3] for words in failed
    ]
