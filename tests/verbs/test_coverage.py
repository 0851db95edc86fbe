"""`sftspec coverage` against plain loops over the index, and what it says where there is none."""

from collections import Counter
import csv
import io
from itertools import combinations, product
import json
from pathlib import Path
import runpy
import shutil
from types import SimpleNamespace

import pytest

from sftspec import cli
from sftspec.ground.render import escape
from sftspec.snapshot.covered import Cell, Covered, Report, report
from sftspec.snapshot.opened import open_folder
from sftspec.snapshot.reached import routes
from sftspec.verbs import coverage as verb

projects = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "projects.py")))
MORE = """coverage topics {
  over [topic, risk]
  need 6 each
}
coverage corners {
  over [topic, shelf, skill]
  need 1 each
}
coverage hard {
  over [level]
  where risk == high and topic == law
  need 90 each
}
coverage long {
  over [skill]
  where chars(response) > 20
  need 30 each
}
coverage easy {
  over [layer]
  need 1 each
  except layer == system
}
gate freeze {"""
OLD = projects.TINY[
    projects.TINY.index("coverage topics") : projects.TINY.index("gate freeze {")
]
SPEC = (
    projects.TINY.replace(OLD, "")
    .replace("shortfall = repeat(2)", "shortfall = shrink")
    .replace("chars(response) > 2", "chars(response) > 17")
    .replace("gate freeze {", MORE)
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("coverage")
    projects.built(projects.tiny(folder, spec=SPEC))
    return folder


@pytest.fixture(scope="module")
def snapshot(root):
    return open_folder(root / "compiled" / "tiny" / "0.1.0", "tiny")


@pytest.fixture(scope="module")
def found(snapshot):
    names = [part.name for part in snapshot.graph.judge.coverages]
    return report(snapshot, names, 1_000, wide=True)


@pytest.fixture(scope="module")
def bare(root, tmp_path_factory):
    """The committed papers alone."""
    folder = tmp_path_factory.mktemp("bare")
    shutil.copytree(root, folder, dirs_exist_ok=True)
    home = folder / "compiled" / "tiny" / "0.1.0"
    for path in home.iterdir():
        if path.name not in {"MANIFEST.json", "plan.json", "README.md"}:
            path.unlink()
    return folder


def run(folder, capsys, *words):
    code = cli.main(["coverage", *words, "--root", str(folder)])
    out = capsys.readouterr()
    return code, out.out, out.err


def candidates(snapshot):
    """Every candidate of the index that is no repeat, as its facets (lists), state and place."""
    rows = projects.index(snapshot.folder).values()
    samples = {n: one.template.samples for n, one in snapshot.graph.templates().items()}
    for row in rows:
        if row.variant >= samples[row.template]:
            continue
        facets = {"source": [row.source], "template": [row.template]}
        for name, value in vars(row).items():
            if name.startswith("tag."):
                several = value if isinstance(value, list) else [value]
                facets[name[4:]] = [one for one in several if one is not None]
        state = "rejected" if row.fate.startswith("rejected:") else "not chosen"
        state = state if row.position is None else "chosen"
        yield SimpleNamespace(facets=facets, state=state, row=row)


def measured(snapshot, name):
    """Whether a coverage's `where`, which is one measure, holds of a candidate."""
    node = next(part.where for part in snapshot.graph.judge.coverages if part.name == name)
    column = f"measure.{node.parts[0].removeprefix('@m')}"
    return lambda one: getattr(one.row, column)


def test_each_cell_has_the_candidates_that_a_plain_loop_finds(snapshot, found):
    limits = {
        "hard": lambda one: (one.facets["risk"], one.facets["topic"]) == (["high"], ["law"]),
        "long": measured(snapshot, "long"),
    }
    every = list(candidates(snapshot))
    checked = 0
    for one in found.coverages:
        there = [c for c in every if limits.get(one.name, lambda _: True)(c)]
        for cell in one.cells:
            wanted = list(zip(one.over, cell.values, strict=True))
            mine = [c for c in there if all(v in c.facets.get(f, ()) for f, v in wanted)]
            states = Counter(c.state for c in mine)
            assert (states["chosen"] + states["not chosen"], states["chosen"]) == (
                cell.have, cell.chosen
            ), (one.name, cell.values)  # fmt: skip
            if cell.state == "met":
                assert () == cell.ways
                continue
            for way in cell.ways:
                at = (way.route.template, way.route.source)
                own = [c for c in mine if (c.row.template, c.row.source) == at]
                fates = Counter()
                for fate in way.fates:
                    fates[fate.fate] += fate.candidates
                assert Counter(c.state for c in own) == fates
                assert len({c.row.key for c in own}) == way.rows
                reasons = Counter(c.row.fate[9:] for c in own if c.state == "rejected")
                told = Counter()
                for fate in way.fates:
                    told[fate.reason] += fate.candidates if fate.reason else 0
                assert reasons == +told
                checked += len(own)
    assert checked > 100


def test_what_a_template_makes_it_is_known_to_reach(snapshot):
    """The static proof errs on the side of yes: no candidate is where no way leads."""
    graph = snapshot.graph
    for one in candidates(snapshot):
        facets = {name: values[0] for name, values in one.facets.items() if values}
        ways = routes(graph, facets)
        assert one.row.template in {way.template for way in ways}, facets


@pytest.mark.parametrize(
    ("wanted", "templates"),
    [
        ({"shelf": "top", "risk": "low"}, {"card"}),
        ({"shelf": "top", "risk": "mid"}, set()),
        ({"level": "hard", "risk": "mid"}, {"reply"}),
        ({"level": "hard", "risk": "high"}, {"reply", "amount"}),
        ({"skill": "format", "risk": "low"}, {"reply"}),
        ({"skill": "format"}, {"reply", "amount"}),
        ({"layer": "system"}, set()),
        ({"source": "cards", "layer": "generic", "origin": "synthetic"}, {"card"}),
        ({"license": "other"}, set()),
    ],
)
def test_what_templates_reach(snapshot, wanted, templates):
    assert templates == {way.template for way in routes(snapshot.graph, wanted)}


def test_a_way_says_what_the_row_must_say(snapshot):
    (reply, amount) = sorted(
        routes(snapshot.graph, {"level": "hard", "risk": "high"}), key=lambda w: -len(w.needs)
    )
    assert [("row.level", ("hard",)), ("row.risk", ("high",))] == sorted(
        (need.path, need.values) for need in reply.needs
    )
    assert [("row.risk", ("high",))] == [(need.path, need.values) for need in amount.needs]
    assert "row.amount != null" in amount.where


def test_the_line_that_set_candidates_aside_is_told(found):
    lines = {
        (fate.reason, fate.line)
        for one in found.coverages
        for cell in one.cells
        for way in cell.ways
        for fate in way.fates
    }
    assert ("expect", "expect chars(response) > 17") in lines
    assert ("", "") in lines
    assert {line for reason, line in lines if reason in {"rule", "duplicate"}} == {""}


# ---------------------------------------------------------------- pairs


def looped_pairs(snapshot):
    """Every pair of values of two facets that each occur and never meet, by plain loops."""
    every = list(candidates(snapshot))
    chosen = [one.facets for one in every if one.state == "chosen"]
    counts = Counter((f, v) for one in chosen for f, values in one.items() for v in values)
    for a, b in combinations(snapshot.graph.judge.facets, 2):
        met = {pair for one in chosen for pair in product(one.get(a, ()), one.get(b, ()))}
        ones, twos = ([v for f, v in counts if f == name] for name in (a, b))
        for v, w in product(ones, twos):
            if (v, w) in met:
                continue
            both = [one.state for one in every if v in one.facets[a] and w in one.facets[b]]
            states = Counter(both)
            product_ = counts[a, v] * counts[b, w]
            yield (
                -product_, (a, b), (v, w), (counts[a, v], counts[b, w]),
                (2 * product_ + len(chosen)) // (2 * len(chosen)),
                states["not chosen"], states["rejected"],
            )  # fmt: skip


def test_pairs_that_never_meet_are_those_of_a_plain_loop(snapshot, found):
    told = [
        (-p.counts[0] * p.counts[1], p.facets, p.values, p.counts, p.expected, p.not_chosen, p.rejected)
        for p in found.pairs
    ]  # fmt: skip
    wanted = sorted(looped_pairs(snapshot))
    assert len(wanted) > 40
    assert wanted == told


@pytest.mark.parametrize("most", [0, 1, 3, 7])
def test_the_first_pairs_are_the_first_of_all(snapshot, found, most):
    few = report(snapshot, [], most, wide=True)
    assert found.pairs[:most] == few.pairs


def test_pairs_of_built_in_facets_are_left_out_unless_asked_for(snapshot):
    few = report(snapshot, [], 1_000, wide=False)
    named = {name for pair in few.pairs for name in pair.facets}
    assert named <= {"topic", "risk", "level", "skill", "shelf"}
    assert not set(few.over) & {"layer", "source", "template", "origin", "license"}


# ---------------------------------------------------------------- the verb


def test_a_matrix_marks_what_is_short(root, capsys):
    code, out, _ = run(root, capsys, "tiny", "topics", "--pairs", "0")
    assert 0 == code
    assert "coverage topics: 6 of 12 cells met (50%), need 6 each" in out
    assert "    topic \\ risk  low    mid     high\n" in out
    assert "    money         8/17   6/14    6/21\n" in out
    assert "    mail          10/21  3/10 !  1/10 !\n" in out
    assert "never together" not in out
    assert not [line for line in out.split("\n") if line.endswith(" ")]


def test_a_short_cell_says_what_would_fill_it(root, capsys):
    _, out, _ = run(root, capsys, "tiny", "topics", "--pairs", "0")
    about = out[out.index("topic=mail risk=high:") :].split("\n\n")[0]
    assert """\
topic=mail risk=high: need 6, have 10, chosen 1
      9 candidates there and not chosen; the mixture has `share topic { mail 20% }`, \
`share risk where layer == domain { high 25% }`, `at most 2 per source_row`, `total = 70`
      template reply makes it of rows of asks with row.topic = mail, row.risk = high: 7 such rows, \
14 candidates, 1 chosen, 9 not chosen, 2 rejected by empty_turn, \
2 rejected by `expect chars(response) > 17`""" == about.replace('"domain"', "domain")


def test_cells_that_no_template_reaches_stand_together(root, capsys):
    _, out, _ = run(root, capsys, "tiny", "corners", "--pairs", "0")
    assert "    no template reaches 16 cells\n      topic=law shelf=top skill=format\n" in out
    _, out, _ = run(root, capsys, "tiny", "hard", "--pairs", "0")
    assert "90 more candidates needed at least" in out
    assert "row.level = hard: there is none; of 118 rows read 29 were rejected" in out


def test_json_has_every_cell_and_pair(root, capsys, found):
    code, out, _ = run(root, capsys, "tiny", "--pairs", "4", "--wide", "--format", "json")
    told = json.loads(out)
    assert (0, "ok", True) == (code, told["verdict"], told["index"])
    assert [one.name for one in found.coverages] == [one["name"] for one in told["coverages"]]
    first = told["coverages"][0]
    assert (6, 12) == (first["met"], first["of"])
    assert {"met", "short"} == {cell["state"] for cell in first["cells"]}
    short = next(cell for cell in first["cells"] if cell["state"] == "short")
    assert "total = 70" in short["bounds"]
    assert {"route", "rows", "fates"} == set(short["ways"][0])
    assert [list(pair.values) for pair in found.pairs[:4]] == [
        p["values"] for p in told["pairs"]
    ]


def test_csv_has_a_line_per_cell_and_pair(root, capsys, found):
    _, out, _ = run(root, capsys, "tiny", "--pairs", "3", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    cells = [row for row in rows if row["kind"] == "cell"]
    assert sum(len(one.cells) for one in found.coverages) == len(cells)
    assert {"topics", "corners", "hard", "long", "easy"} == {row["coverage"] for row in cells}
    assert {"", *map(str, range(1, 200))} >= {row["expected"] for row in rows}
    assert 3 == sum(row["kind"] == "pair" for row in rows)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_csv_is_a_formula(start, snapshot):
    cell = Cell(("a",), 1, 1, 1)
    odd = Covered(f"{start}HYPERLINK(1)", (f"{start}x",), 1, (cell,))
    _, line = verb._csv(snapshot, Report((odd,), (), (), 0, index=True)).splitlines()
    assert 2 == line.count(f"'{escape(start)}")


def test_without_the_index_there_are_the_cells_and_the_mixtures_facets(root, bare, capsys):
    _, full, _ = run(root, capsys, "tiny", "topics", "--pairs", "0")
    code, out, _ = run(bare, capsys, "tiny", "topics", "--pairs", "5")
    assert 0 == code
    assert "the index is not here" in out
    matrix = full[full.index("    topic \\") : full.index("    chosen/")]
    assert matrix in out
    assert "of 118 rows read 29 were rejected" in out
    assert "such rows" not in out
    assert "records, of the mixture's facets (" in out
    told = json.loads(run(bare, capsys, "tiny", "--format", "json")[1])
    assert (False, {None}) == (told["index"], {pair["rejected"] for pair in told["pairs"]})


def test_a_damaged_index_is_a_fault(root, tmp_path, capsys):
    shutil.copytree(root, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "compiled" / "tiny" / "0.1.0" / "index.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    code, _, err = run(tmp_path, capsys, "tiny")
    assert 3 == code
    assert "fault[snapshot-damaged]" in err


def test_a_coverage_that_is_not_there_is_a_misuse(root, capsys):
    code, _, err = run(root, capsys, "tiny", "topic")
    assert 2 == code
    assert "tiny 0.1.0 has no coverage `topic`" in err
    assert "did you mean `topics`?" in err


def test_options_may_stand_before_the_name(root, capsys):
    after = run(root, capsys, "tiny", "topics", "--pairs", "1")
    assert after == run(root, capsys, "tiny", "--pairs", "1", "topics")
    assert 0 == after[0]


def test_a_spec_without_a_coverage_has_pairs_all_the_same(tmp_path, capsys):
    spec = SPEC.replace(MORE, "gate freeze {").replace(
        "  require coverage(topics) >= 20%\n", ""
    )
    projects.built(projects.tiny(tmp_path, spec=spec))
    code, out, _ = run(tmp_path, capsys, "tiny", "--pairs", "2")
    assert 0 == code
    assert "the spec has no coverage" in out
    assert "never together in" in out
