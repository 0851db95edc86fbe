"""A build after an edit: what is run again, what is not, what `plan` says of it, and the result.

Whatever the store holds, the files are those of a build from nothing.
"""

import json
import os
from pathlib import Path
import runpy
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

HERE = Path(__file__).parent
projects = SimpleNamespace(**runpy.run_path(str(HERE / "projects.py")))
SMALL = 2048  # bytes a chunk: several chunks a file


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A tiny project that was built once, with small chunks."""
    spec = projects.tiny(tmp_path_factory.mktemp("first"))
    return SimpleNamespace(spec=spec, built=projects.built(spec, chunk_bytes=SMALL))


@pytest.fixture
def project(first, tmp_path):
    """A copy of it, store and all."""
    root = tmp_path / "project"
    shutil.copytree(first.spec.parent, root)
    return SimpleNamespace(root=root, spec=root / "tiny.sft", built=first.built)


def rebuilt(project):
    return projects.built(project.spec, chunk_bytes=SMALL)


def planned(project):
    return projects.planned(project.spec, chunk_bytes=SMALL)


def stale(done):
    """Node to (chunks run, chunks, why) of what was not reused."""
    return {n.node: (n.stale, n.total, n.cause) for n in done.nodes if n.stale}


def ran(done):
    return {node: count for node, (count, _, _) in stale(done).items()}


def mtimes(folder):
    return {
        path: path.stat().st_mtime_ns for path in sorted(folder.rglob("*")) if path.is_file()
    }


def from_nothing(project):
    """What a build of the same project without a store comes to."""
    root = project.root.parent / "clean"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(project.root, root, ignore=shutil.ignore_patterns(".sftspec", "compiled"))
    return projects.listed(projects.built(root / "tiny.sft").folder)


# --------------------------------------------------------------------------------- nothing to do


def test_a_build_with_nothing_to_do_runs_and_writes_nothing(project):
    snapshot = project.root / "compiled"
    rebuilt(project)  # the copy's stat records are new
    before = mtimes(snapshot)
    objects = mtimes(project.root / ".sftspec" / "v1" / "objects")
    again = rebuilt(project)
    assert {} == stale(again)
    assert not again.fresh
    assert again.id == project.built.id
    assert before == mtimes(snapshot)
    assert objects == mtimes(project.root / ".sftspec" / "v1" / "objects")


def test_the_first_build_runs_every_node_as_new(first):
    nodes = first.built.nodes
    assert {"new"} == {node.cause for node in nodes}
    assert all(node.stale == node.total for node in nodes)
    names = [node.node for node in nodes]
    assert len(names) == len(set(names))


# ----------------------------------------------------------------------------------- small edits

RENDERS = {"render reply", "render amount", "render card"}
GATHERS = {"screen", "split", "mix", "gates", "index", "rejected"}
MIXED = {"mix", "gates", "emit jsonl", "index"}
ALL = {*RENDERS, *GATHERS, "emit jsonl"}
# the text, what it becomes, and the nodes that run
EDITS = {
    "a comment": ("edition 2026", "# said twice\nedition 2026", {}),
    "notes": ("A little of everything.", "Other words.", {}),
    "owners": ('["the tests"]', '["somebody"]', {}),
    "the version": ("tiny v0.1.0", "tiny v0.1.1", {}),
    "a facet's help": ("about the law", "about laws", {}),
    "a unit test": ('expect context == "From 1990."', 'expect context != ""', {}),
    "a gate": ("(chars(response)) <= 100", "(chars(response)) <= 90", {"gates"}),
    "a coverage": ("need 1 each", "need 2 each", {"gates"}),
    "a coverage's facets": ("over [topic, risk]", "over [topic, level, risk]", {"gates"}),
    "what a gate measures": ("(chars(response)) <= 100", "(words(response)) <= 100", RENDERS | GATHERS),
    "the total": ("total = 70", "total = 60", MIXED),
    "a share": ("mail 20%", "mail 15%", MIXED),
    "a phase's name": ("  start  40%", "  begin  40%", {"mix", "index"}),
    "a part's name": ("  test 10%", "  proof 10%", {"split", *MIXED}),
    "a preference": ("prefer [asks]", "prefer [cards]", {"screen", "rejected", *MIXED}),
    "an idle preference": ("prefer [asks]", "prefer [asks, cards]", {"screen", "rejected"}),
    "an idle facet": (
        "schema Amount {", 'facet bare optional { x "nothing" }\nschema Amount {', {"gates", "index"}
    ),
    "an origin": ("= synthetic", "= human", {"rows cards", "render card", "keys cards", *GATHERS}),
    "a spelling": ('["HIGH", "sev-1"]', '["HIGH", "sev-2"]', {"rows asks", "keys asks", *ALL}),
    "a table": ("Name the sum.", "Name the amount.", ALL - {"render amount", "render card"}),
    "a tag": ("level = easy, skill = recall", "level = easy, skill = format", ALL - {"render reply", "render amount"}),
    "the seed": ("seed    = 11", "seed    = 14", ALL),
    "a screen": ('matches(response, "TODO")', 'matches(response, "Page 1 ")', ALL),
    "a rule": ("when amount != null", "when notes != []", ALL - {"render reply", "render card"}),
    "no duplicates": ("  drop duplicate exact\n", "", ALL),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_runs_what_depends_on_it_and_comes_to_a_build_from_nothing(project, edit):
    old, new, nodes = EDITS[edit]
    projects.edit(project.spec, old, new)
    done = rebuilt(project)
    assert set(stale(done)) <= set(nodes)
    assert not nodes or stale(done)
    clean = projects.built(project.spec, project.root.parent / "store")
    assert not clean.fresh, wrong(done.manifest, clean.manifest)


def wrong(manifest, clean):
    """Which files and facts of a rebuilt snapshot are not those of a build from nothing."""
    files = {file.name: file.sha256 for file in clean.files}
    facts = [n for n in manifest.__struct_fields__ if getattr(manifest, n) != getattr(clean, n)]
    return facts, [file.name for file in manifest.files if files.get(file.name) != file.sha256]


def test_a_template_renders_its_own_chunks_again_and_no_other(project):
    projects.edit(project.spec, "expect chars(response) > 2", "expect chars(response) > 3")
    done = stale(rebuilt(project))
    total = next(n.total for n in project.built.nodes if n.node == "render reply")
    assert total > 5
    assert (total, total, "template reply, its expectations changed") == done["render reply"]
    assert not {"render amount", "render card"} & set(done)
    assert not any(node.startswith(("rows", "keys", "lookup")) for node in done)


def test_a_comment_changes_no_byte(project):
    projects.edit(project.spec, "edition 2026", "# said twice\nedition 2026")
    assert project.built.id == rebuilt(project).id


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("A little of everything.", "Other words.", "notes"),
        ('["the tests"]', '["somebody"]', "owners"),
    ],
)
def test_notes_and_owners_change_what_tells_them_alone(project, old, new, name):
    projects.edit(project.spec, old, new)
    before, after = project.built.manifest, rebuilt(project).manifest
    changed = {n for n in before.__struct_fields__ if getattr(before, n) != getattr(after, n)}
    assert {"about", "meaning", "files"} == changed - {"checksum"}
    assert {name} == {key for key in before.about if before.about[key] != after.about[key]}
    files = {file.name for file in set(before.files) ^ set(after.files)}
    assert files <= {"README.md", "plan.json"}


# ------------------------------------------------------------------------------------ more rows


def grown(project, where):
    """A row more in the first file of asks; what is run again."""
    path = project.root / "data" / "asks-1.jsonl"
    lines = path.read_text("utf-8").splitlines()
    lines.insert({"top": 0, "end": len(lines)}[where], json.dumps(projects.ask_row(507)))
    projects.lines_to(path, lines)
    return rebuilt(project)


@pytest.mark.parametrize("where", ["top", "end"])
def test_a_row_more_runs_the_chunks_that_it_touches(project, where):
    done = grown(project, where)
    found = stale(done)
    for node in ("rows asks", "render reply", "render amount"):
        count, total, why = found[node]
        assert 1 <= count <= 3
        assert total > 9
        assert "source asks: data/asks-1.jsonl changed" == why
    assert not {"rows cards", "render card", "rows books", "lookup books"} & set(found)
    clean = projects.built(project.spec, project.root.parent / "store")
    assert not clean.fresh, wrong(done.manifest, clean.manifest)


def test_a_row_of_a_joined_source_runs_those_who_join(project):
    path = project.root / "data" / "books.csv"
    path.write_text(path.read_text() + "b77,Book 77,1977\n")
    found = stale(rebuilt(project))
    assert "source books: data/books.csv changed" == found["lookup books"][2]
    assert "source books: data/books.csv changed" == found["render reply"][2]
    assert "render card" not in found


def test_edits_of_the_data_one_after_another_come_to_a_build_from_nothing(project):
    data = project.root / "data"
    one, two, books = data / "asks-1.jsonl", data / "asks-2.jsonl", data / "books.csv"
    files = {path: path.read_text("utf-8").splitlines() for path in (one, two, books)}

    def edit(number):
        lines = files[two]
        match number:
            case 0:
                del lines[3]
            case 1:
                lines.insert(2, lines[30])
            case 2:
                lines[1], lines[40] = lines[40], lines[1]
            case 3:
                files[one].insert(0, lines.pop(5))
            case 4:
                lines.insert(7, "[")
            case 5:
                files[books].pop()

    for number in range(6):
        edit(number)
        for path, lines in files.items():
            projects.lines_to(path, lines)
        done = rebuilt(project)
        assert done.fresh, number
        clean = projects.built(project.spec, project.root.parent / f"store {number}")
        assert not clean.fresh, (number, wrong(done.manifest, clean.manifest))


# -------------------------------------------------------------------------------- small changes


def fates(built):
    return projects.index(built.folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("total = 70", "total = 40"),
        ("mail 20%", "mail 15%"),
        ("at most 2 per source_row", "at most 3 per source_row"),
        ("start  40% { easy 90%, hard 10% }", "start  40% { easy 75%, hard 25% }"),
    ],
)
def test_the_mixture_never_moves_a_record_between_parts(project, old, new):
    before = projects.chosen(project.built.folder)
    projects.edit(project.spec, old, new)
    after = projects.chosen(rebuilt(project).folder)
    both = before.keys() & after.keys()
    assert len(both) > 20
    assert before != after
    assert {one: before[one] for one in both} == {one: after[one] for one in both}


WIDE = """edition 2026
dataset wide v0.1.0 { seed = 3, license = "CC0-1.0" }
facet kind { a "an a", b "a b" }
source rows {
  path = "data/*.jsonl", key = id, origin = human, license = "CC0-1.0"
  fields { id: integer, kind: facet kind }
}
phrasing how { "One {{ row.id }}?", "Two {{ row.id }}?", "Three {{ row.id }}?" }
template say v1.0.0 {
  layer = domain
  from rows as row
  vary ask = how
  tags { kind = row.kind }
  user "{{ ask }}"
  assistant "{{ row.id }}."
}
mixture {
  total = 500
  share kind { a 50%, b 50% }
}
split { dev 20% }
emit { jsonl }
"""


def wide(root, rows=1000):
    root.mkdir()
    (root / "pyproject.toml").touch()
    (root / "wide.sft").write_text(WIDE)
    lines = [json.dumps({"id": n, "kind": "ab"[n % 2]}) for n in range(rows)]
    projects.lines_to(root / "data" / "rows.jsonl", lines)
    return root / "wide.sft"


def test_one_more_phrasing_moves_one_in_so_many(tmp_path):
    spec = wide(tmp_path / "wide")
    before = fates(projects.built(spec))
    projects.edit(spec, '"Three {{ row.id }}?"', '"Three {{ row.id }}?", "Four {{ row.id }}?"')
    after = fates(projects.built(spec))
    moved = [one for one in before if before[one].content != after[one].content]
    assert before.keys() == after.keys()
    assert 200 < len(moved) < 300
    assert {one: before[one].part for one in before} == {one: after[one].part for one in after}


def test_a_few_more_rows_change_little_of_what_is_chosen(tmp_path):
    spec = wide(tmp_path / "wide")
    before = projects.chosen(projects.built(spec).folder)
    more = [json.dumps({"id": 5000 + n, "kind": "ab"[n % 2]}) for n in range(10)]
    projects.lines_to(spec.parent / "data" / "more.jsonl", more)
    done = projects.built(spec)
    after = projects.chosen(done.folder)
    assert (1, 2, "source rows: data/more.jsonl is new") == stale(done)["render say"]
    assert len(after) == len(before) == 500
    assert 1 <= len(before.keys() - after.keys()) <= 12
    assert all(before[one] == after[one] for one in before.keys() & after.keys())


# ----------------------------------------------------------------------------- what `plan` says

CAUSES = {
    "render reply": [
        ("The template", "From {{ row.books.year }}.", "In {{ row.books.year }}.", "template reply, its turn 2 (user) changed"),
        ("its wordings", '"{{ row.ask }}"\n', '"{{ row.ask }}!"\n', "template reply, its wordings of `ask` changed"),
        ("its tags", "skill = row.skills }", "skill = [recall] }", "template reply, its tags changed"),
        ("its head", "template reply v1.0.0", "template reply v1.0.1", "template reply, its head changed"),
        ("a table", "Name the sum.", "Name the amount.", "table focus changed"),
        ("the source", '"N/A"', '"N/B"', "the definition of source asks changed"),
        ("the screen", "> 40\n", "> 41\n", "the screen changed"),
        ("the seed", "seed    = 11", "seed    = 14", "the seed changed"),
        ("repeats", "repeat(2)", "repeat(3)", "the number of repeats changed"),
    ],
    "render amount": [
        ("its where", "row.risk >= mid", "row.risk >= high", "template amount, its where changed, template amount, its tags changed"),
        ("a schema", "number(min = 0)", "number(min = 1)", "the definition of source asks changed, template amount, its turn 1 (user) changed, template amount, its turn 2 (assistant) changed"),
    ],
    "screen": [("the screen", "prefer [asks]", "prefer [cards]", "the screen changed")],
    "split": [("the split", "dev  20%", "dev  25%", "the split changed")],
    "mix": [
        ("the shares", "mail 20%", "mail 15%", "the shares changed"),
        ("the total", "total = 70", "total = 60", "the total changed"),
        ("the caps", "at most 2 per", "at most 3 per", "the caps changed"),
        ("the bounds", "count at least 20%", "count at least 25%", "the bounds changed"),
        ("the curriculum", "start  40%", "begin  40%", "the curriculum changed"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("node", "case"), [(node, case) for node in CAUSES for case in CAUSES[node]], ids=lambda x: x[0] if isinstance(x, tuple) else x
)  # fmt: skip
def test_plan_names_what_changed(project, node, case):
    _, old, new, why = case
    projects.edit(project.spec, old, new)
    if node == "render amount" and "where" in case[0]:
        projects.edit(project.spec, "mid easy, high hard", "high hard")
    assert why == stale(planned(project))[node][2]


def test_plan_says_what_a_build_would_run_and_keeps_the_work(project):
    assert {} == stale(planned(project))
    path = project.root / "data" / "asks-2.jsonl"
    path.write_text(path.read_text() + "\n")
    projects.edit(
        project.spec, 'data/asks-1.jsonl", ', 'data/asks-1.jsonl", "data/asks-3.jsonl", '
    )
    projects.lines_to(path.with_name("asks-3.jsonl"), [json.dumps(projects.ask_row(600))])
    found = stale(planned(project))
    why = "source asks: data/asks-2.jsonl changed, data/asks-3.jsonl is new"
    assert why == found["rows asks"][2] == found["keys asks"][2]
    assert "the candidates changed" == found["screen"][2]
    assert {} == stale(planned(project))
    assert {"gates", "index", "rejected", "emit jsonl"} >= set(stale(rebuilt(project)))


def test_plan_names_a_library_and_a_lost_result(project, monkeypatch):
    from sftspec.engine import keys

    real = keys.library
    monkeypatch.setattr(keys, "library", lambda n: "highspy 0" if n == "highspy" else real(n))
    monkeypatch.setattr("sftspec.engine.causes.library", keys.library)
    assert {"mix": (1, 1, "library highspy changed")} == stale(planned(project))
    monkeypatch.undo()
    shutil.rmtree(project.root / ".sftspec" / "v1" / "objects")
    assert {"not in the store"} == {why for _, _, why in stale(planned(project)).values()}


def test_the_command_prints_the_causes(project):
    projects.edit(project.spec, "Name the sum.", "Name the amount.")
    done = projects.command(project.spec, "plan", "--chunk-bytes", SMALL, "--log", "none")
    lines = [line.split(None, 4) for line in done.stdout.decode().splitlines() if line.strip()]
    found = {
        " ".join(words[:2]): words[2:] for words in lines if words[0] in {"render", "rows"}
    }
    count = found["render reply"][0]
    assert [count, count, "table focus changed"] == found["render reply"]
    assert [count, "0", "reused"] == found["rows asks"]


# ------------------------------------------------------------------------------- what is loaded

LOADS = """
import sys
from sftspec.cli import main
code = main(sys.argv[1:])
assert code == 0, code
heavy = {"ray", "pyarrow", "numpy", "highspy", "re2", "zstandard"}
sys.stderr.write("loaded " + " ".join(sorted(heavy & set(sys.modules))))
"""


@pytest.mark.parametrize(
    "words", ["check", "plan", "preview", "test", "build --engine local", "build"]
)
def test_a_verb_loads_what_it_needs(first, words, tmp_path):
    verb, *more = words.split()
    if verb in {"plan", "build"}:
        more += ["--store", str(tmp_path / "store"), "--log", "none"]
    env = {k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"}
    done = subprocess.run(
        [sys.executable, "-c", LOADS, verb, str(first.spec), *more],
        env=env | {"PYTHONPATH": str(projects.REPO)}, capture_output=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr
    loaded = set(done.stderr.decode().rpartition("loaded ")[2].split())
    assert "ray" not in loaded
    if verb == "check":
        assert loaded <= {"re2"}  # the spec has patterns, and they are looked at
    if verb in {"plan", "build"}:
        assert {"numpy", "pyarrow", "highspy"} <= loaded


def test_check_loads_nothing_heavy_where_there_is_no_pattern(tmp_path):
    spec = wide(tmp_path / "wide")
    env = os.environ | {"PYTHONPATH": str(projects.REPO)}
    words = [sys.executable, "-c", LOADS, "check", str(spec)]
    done = subprocess.run(words, env=env, capture_output=True, check=False)
    assert (0, "") == (done.returncode, done.stderr.decode().rpartition("loaded ")[2])
