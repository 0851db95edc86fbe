"""The catalogue of bad inputs, cases 48 to 50: names that become files, and what a manifest lists.

Case 47 (cells of a CSV report) has nothing to look at: no report is written as CSV.
"""

import json

import pytest

from sftspec.ground.canon import canonical, digest
from sftspec.snapshot.manifest import encode
from tests.bad_input.kit import SPEC, UNTOUCHED, Project, lines_of, place_of, refused, row

LONG = "a" * 256
PLACES = {  # a name of the language, and where it stands
    "dataset": ("dataset d", "dataset {}"),
    "part": ("mixture {", "split {{ {} 10% }}\nmixture {{"),
    "phase": ("mixture {", "curriculum by topic {{ {} 100% {{ pay 100% }} }}\nmixture {{"),
    "value": ('pay "money"', '{} "money"'),
}
NO_NAMES = {  # what is no name at all, wherever it stands
    ".": "unexpected-token",
    "..": "unexpected-token",
    "a/b": "no-arithmetic",
    "../b": "unexpected-token",
    "-rf": "no-arithmetic",
    "1a": "touching-words",
    "~": "unexpected-character",
    "a\\b": "unexpected-character",
    "é": "non-ascii-name",
    "\u0430": "non-ascii-name",
    "a\u202eb": "bidi-character",
    "a\x1bb": "invisible-character",
    "a\x00b": "invisible-character",
    "a\rb": "line-break",
}


def spec_of(place, name):
    old, new = PLACES[place]
    return SPEC.replace(old, new.format(name))


def slugs_of(done):
    return [one["slug"] for one in json.loads(done.out)["diagnostics"]]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("name", "slug"), NO_NAMES.items(), ids=map(ascii, NO_NAMES))
def test_48_what_is_no_name(tmp_path, place, name, slug):
    project = Project(tmp_path, spec_of(place, name))
    done = project.run("check", "m.sft", "--format", "json")
    assert (1, slug) == (done.code, slugs_of(done)[0])
    assert 1 == project.run("build", "m.sft", "--log", "none").code
    assert project.sealed() == UNTOUCHED


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["a\nb", '"a\\nb"', '""', "a b", '"a"'])
def test_48_a_name_is_one_word_and_no_text(tmp_path, place, name):
    project = Project(tmp_path, spec_of(place, name))
    done = project.run("check", "m.sft", "--format", "json")
    assert 1 == done.code
    assert {"malformed-line", "unknown-line", "unknown-facet-value"} & set(slugs_of(done))
    assert project.sealed() == UNTOUCHED


@pytest.mark.parametrize("place", ["dataset", "part"])
@pytest.mark.parametrize("name", ["CON", "nul", "Aux", "com1", "LPT9", LONG])
def test_48_names_that_are_no_files_on_some_system(tmp_path, place, name):
    spec = spec_of(place, name)
    at = place_of(spec, f"dataset {name}" if place == "dataset" else f"{name} 10%")
    refused(Project(tmp_path, spec), "unportable-name", f"{place} `{name[:20]}", at)


def test_48_a_version_of_a_hundred_digits(tmp_path):
    spec = SPEC.replace("v0.1.0 { seed", f"v0.1.{'1' * 100} {{ seed")
    refused(Project(tmp_path, spec), "unportable-name", "version `0.1.", (2, 1))


def test_48_parts_that_case_alone_tells_apart(tmp_path):
    spec = SPEC.replace("mixture {", "split { A 10%, a 10% }\nmixture {")
    words = "only case tells part `a` from part `A`"
    refused(Project(tmp_path / "b", spec), "unportable-name", words, place_of(spec, "a 10%"))
    spec = SPEC.replace("mixture {", "split { TRAIN 10% }\nmixture {")
    words = "only case tells part `TRAIN` from part `train`"
    refused(
        Project(tmp_path / "c", spec), "unportable-name", words, place_of(spec, "TRAIN 10%")
    )


def test_48_a_part_called_as_the_file_of_the_rejected_rows(tmp_path):
    spec = SPEC.replace("mixture {", "split { rejected 10% }\nmixture {")
    at = place_of(spec, "rejected 10%")
    refused(Project(tmp_path, spec), "duplicate-name", "the file of the rows", at)


def test_48_datasets_that_case_alone_tells_apart(tmp_path):
    project = Project(tmp_path)
    assert project.run("build", "m.sft", "--log", "none").code == 0
    before = project.sealed()
    project.write("m.sft", SPEC.replace("dataset d", "dataset D"))
    done = project.run("build", "m.sft", "--log", "none")
    assert done.code == 3
    assert "fault[case-twin]: `d` is there, the same name as `D` but for case" in done.err
    assert before == project.sealed()


def test_48_a_name_that_becomes_no_file_may_be_any(tmp_path):
    """Phases and tag values are words in files, and no names of them."""
    spec = SPEC.replace("pay", "con").replace("law", "CON")
    spec = spec.replace(
        "mixture {", f"curriculum by topic {{ {LONG} 100% {{ con 50%, CON 50% }} }}\nmixture {{"
    )
    project = Project(tmp_path, spec)
    rows = (row(id=str(at), topic=("con", "CON")[at % 2]) for at in range(4))
    project.write("data/rows.jsonl", lines_of(*rows))
    assert project.run("build", "m.sft", "--log", "none").code == 0
    assert 4 == len(project.snapshot().users)
    assert project.run("verify", "d").code == 0


# ---- 49 and 50: the manifest


@pytest.fixture
def sealed(tmp_path):
    """A project with a snapshot, and a function that writes its manifest anew, checksum and all."""
    project = Project(tmp_path)
    assert project.run("build", "m.sft", "--log", "none").code == 0
    path = tmp_path / "compiled/d/0.1.0/MANIFEST.json"

    def rewrite(change):
        fields = json.loads(path.read_bytes())
        fields = change(fields) or fields
        fields["checksum"] = digest("manifest-fields", canonical(fields | {"checksum": ""}))
        path.write_bytes(encode(fields))

    project.manifest, project.rewrite = path, rewrite
    return project


def said(project):
    """What `verify` says of the manifest, and that it says nothing else."""
    done = project.run("verify", "d@0.1.0")
    assert (1, "") == (done.code, done.err)
    head = "unreadable: MANIFEST.json: "
    assert done.out.startswith(head)
    assert 1 == done.out.count("\n")
    return done.out.removeprefix(head).rstrip("\n")


def listing(name):
    def change(fields):
        fields["files"].append(fields["files"][0] | {"name": name})

    return change


STRANGE = ["../secret", "/etc/passwd", "..", "a/../../secret", "a/b/c", "a//b", "a/", "CON", LONG, "x\nunreadable: y"]  # fmt: skip
DOUBLED = {
    "README.md": "`README.md` and `README.md`", "readme.md": "`readme.md` and `README.md`",
    "train.jsonl/x": "`train.jsonl` and `train.jsonl`", "MANIFEST.json": "`MANIFEST.json` and `MANIFEST.json`",
    "Freeze.json": "`Freeze.json` and `FREEZE.json`",
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_49_a_manifest_lists_what_is_no_file_of_its_folder(sealed, name):
    sealed.write("compiled/d/secret", b"")
    sealed.write("compiled/secret", b"")
    sealed.rewrite(listing(name))
    assert f"it lists {name[:60]!r}, which is not a name on every system" == said(sealed)


@pytest.mark.parametrize(("name", "words"), DOUBLED.items())
def test_49_a_manifest_lists_a_name_twice(sealed, name, words):
    sealed.rewrite(listing(name))
    assert f"it lists {words}, which are one name" == said(sealed)


def test_49_terminal_escapes_in_a_name_are_shown_as_such(sealed):
    sealed.rewrite(listing("::error::\x1b]52;c;x\x07\u202e##[group]"))
    assert r"it lists '::error::\x1b]52;c;x\x07\u202e\u{23}#[group]', which is" in said(sealed)


CHANGES = {
    "a field more": (lambda f: f | {"note": "x"}, "Object contains unknown field `note`"),
    "a field more of a file": (
        lambda f: f["files"][0].update(note="x"), "its bytes are not canonical",
    ),
    "a field less": (lambda f: f.pop("root") and None, "Object missing required field `root`"),
    "a later format": (
        lambda f: f.update(format_version=2), "its format is 2, this compiler knows 1",
    ),
    "a format that is no number": (
        lambda f: f.update(format_version="1"), "its format is '1', this compiler knows 1",
    ),
    "a field of another type": (
        lambda f: f.update(dataset=7), "Expected `str`, got `int` - at `$.dataset`",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), CHANGES.values(), ids=CHANGES)
def test_50_a_manifest_of_other_fields_or_another_format(sealed, change, words):
    sealed.rewrite(change)
    assert words == said(sealed)


BYTES = {
    "a space more": lambda data: data.replace(b'": ', b'":  ', 1),
    "a line more": lambda data: data + b"\n",
    "no line at the end": lambda data: data[:-1],
    "CRLF": lambda data: data.replace(b"\n", b"\r\n"),
    "an escape for a letter": lambda data: data.replace(b'"dataset"', b'"dat\\u0061set"', 1),
    "a field twice": lambda data: data.replace(b'"root"', b'"root": "x",\n  "root"', 1),
    "fields in another order": lambda data: (
        json.dumps(dict(reversed(json.loads(data).items())), indent=2).encode() + b"\n"
    ),
}


@pytest.mark.parametrize("change", BYTES.values(), ids=BYTES)
def test_50_a_manifest_whose_bytes_are_not_those_that_are_written(sealed, change):
    data = sealed.manifest.read_bytes()
    assert change(data) != data
    sealed.manifest.write_bytes(change(data))
    assert "its bytes are not canonical" == said(sealed)


def test_50_one_digit_of_a_count_is_seen(sealed):
    data = sealed.manifest.read_bytes()
    sealed.manifest.write_bytes(data.replace(b'"rows_read": 1', b'"rows_read": 2', 1))
    assert "its fields do not add up to its checksum" == said(sealed)


def test_50_a_build_puts_a_manifest_right_that_it_can_build(sealed):
    data = sealed.manifest.read_bytes()
    sealed.rewrite(listing("../secret"))
    assert sealed.run("build", "m.sft", "--log", "none").code == 0
    assert data == sealed.manifest.read_bytes()
