"""`query`: what is asked of a snapshot, in each way of saying it."""

import csv
import gc
import io
import json
from pathlib import Path
import runpy
import shutil
from types import SimpleNamespace

import pytest

from sftspec.cli import main

projects = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "projects.py")))
EXAMPLE = "scenario == legal and ability has evidence_use"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A project with the shipped legal and support specs, and a tiny one beside it, built."""
    folder = tmp_path_factory.mktemp("query")
    home = folder / "shipped"
    for name in ("legal", "support"):
        spec = projects.shipped(home, name) if name == "legal" else home / "specs/support.sft"
        projects.built(spec)
    projects.built(projects.tiny(folder / "tiny"))
    return folder


@pytest.fixture
def query(root, capfd):
    """Run a query in the shipped project, or in another; code, stdout and stderr."""

    def run(*words, project="shipped"):
        code = main(["query", *map(str, words), "--root", str(root / project)])
        out, err = capfd.readouterr()
        return code, out, err

    yield run
    gc.enable()


def rows_of(text):
    return [json.loads(line) for line in text.splitlines()]


# the way of the showroom


def test_the_example_of_the_docs_answers(query):
    code, out, err = query("legal", EXAMPLE, "--limit", 20)
    head, names, *lines, tail = out.splitlines()
    assert (0, "") == (code, err)
    matched = int(head.removeprefix("legal 0.1.0: ").split()[0])
    assert f"legal 0.1.0: {matched} of 277 chosen records match" == head
    assert ["id", "part", "template", "key", "scenario", "ability"] == names.split()
    assert 20 == len(lines)
    assert all("legal" in line and "evidence_use" in line for line in lines)
    assert tail.startswith(f"  {matched - 20} more records")
    assert f"{matched}\n" == query("legal", EXAMPLE, "--count")[1]


def test_no_condition_asks_for_all(query):
    assert "legal 0.1.0: 277 chosen records" == query("legal", "--limit", 1)[1].splitlines()[0]
    assert "754\n" == query("legal", "--of", "candidates", "--count")[1]
    head = query("legal", "", "--of", "rejected")[1].splitlines()[0]
    assert "legal 0.1.0: 23 rejected candidates" == head


def test_options_may_stand_before_the_condition(query):
    condition = 'rejected == "expect"'
    after = query("legal", condition, "--of", "rejected", "--count")
    assert (0, "3\n", "") == after
    assert after == query("legal", "--of", "rejected", condition, "--count")
    assert after == query("--count", "legal", "--of", "rejected", condition)


def test_rows_are_no_candidates_and_that_is_said(query):
    out = query("legal", "--of", "rejected", "--limit", 1)[1]
    assert "\n  note: 14 rows were set aside before any template saw them; such rows" in out
    _, out, err = query("legal", 'rejected == "invalid_json"', "--of", "rejected", "--count")
    assert "0\n" == out
    assert err.startswith(
        "note: 1 row was set aside as `invalid_json` too; such rows stand in "
    )
    code, _, err = query("legal", 'rejected == "left_out"', "--of", "rejected")
    assert (1, True) == (code, "error[wrong-population]: `left_out` sets rows aside" in err)


@pytest.mark.parametrize("way", [(), ("--by", "topic"), ("--format", "json")])
def test_a_note_stands_beside_every_answer(way, query):
    said = "no chosen record has the fate `not_chosen`; write `--of candidates`"
    code, out, err = query("legal", "fate == not_chosen", *way)
    assert (0, "") == (code, err)
    if "json" in way:
        assert [said] == json.loads(out)["notes"]
    else:
        assert out.endswith(f"\n  note: {said}\n")


def test_a_note_is_no_line_of_data(query):
    _, out, err = query("legal", "fate == not_chosen", "--format", "jsonl")
    assert ("", True) == (out, err.startswith("note: no chosen record"))


def test_one_is_not_many(query):
    out = query("legal", "--limit", 276)[1]
    assert "\n  1 more record; `--limit 0`" in out


def test_the_columns_say_what_became_of_a_candidate(query):
    told = {
        of: query("legal", "topic == payment", "--of", of, "--format", "csv")[1].split("\n")[0]
        for of in ("chosen", "candidates", "rejected")
    }
    assert "id,part,template,key,topic" == told["chosen"]
    assert "id,fate,template,key,topic" == told["candidates"]
    assert "id,rejected,template,key,topic" == told["rejected"]


def test_pages_join_to_the_whole(query):
    whole = query("legal", EXAMPLE, "--limit", 0, "--format", "jsonl")[1]
    pages = [
        query("legal", EXAMPLE, "--limit", 70, "--offset", at, "--format", "jsonl")[1]
        for at in (0, 70, 140, 210)
    ]
    assert whole == "".join(pages)
    assert whole.count("\n") > 70
    assert "" == query("legal", EXAMPLE, "--offset", 1000, "--format", "jsonl")[1]


def test_what_is_cut_off_is_told_beside_the_lines(query):
    code, out, err = query("legal", "--limit", 2, "--format", "jsonl")
    assert (0, 2) == (code, len(rows_of(out)))
    assert err.startswith("275 more records")
    assert "" == query("legal", "--limit", 0, "--format", "csv")[2]


def test_json_says_it_all_at_once(query):
    code, out, _ = query("legal", EXAMPLE, "--format", "json", "--limit", 3)
    answer = json.loads(out)
    assert (0, "ok", EXAMPLE, "chosen") == (
        code, answer["verdict"], answer["expression"], answer["of"],
    )  # fmt: skip
    assert (277, True, 3) == (answer["asked"], answer["whole"], len(answer["records"]))
    assert answer["matched"] == answer["more"] + 3
    assert {"dataset", "version", "id"} == answer["snapshot"].keys()
    assert "evidence_use" in answer["records"][0]["ability"]
    count = json.loads(query("legal", EXAMPLE, "--format", "json", "--count")[1])
    assert answer["matched"] == count["matched"]
    assert "records" not in count


@pytest.mark.parametrize(
    ("form", "wanted"),
    [("text", "277\n"), ("csv", "matched\n277\n"), ("jsonl", '{"matched":277}\n')],
)
def test_a_count_is_a_number_and_nothing_else(form, wanted, query):
    assert wanted == query("legal", "--count", "--format", form)[1]


def test_fields_are_those_asked_for(query):
    out = query("legal", "--fields", "key,ability,key,position", "--format", "jsonl")[1]
    assert ["key", "ability", "position"] == list(rows_of(out)[0])


def test_texts_can_be_fields(query):
    out = query(
        "support", "calls > 0", "--fields", "id,calls,turns,response", "--format", "jsonl"
    )[1]
    assert 20 == len(rows_of(out))
    assert all(
        row["calls"] > 0 and row["turns"] > 3 and row["response"] for row in rows_of(out)
    )


# spread


def test_values_are_counted(query):
    code, out, _ = query("legal", "topic != null", "--by", "difficulty")
    head, names, *lines = out.splitlines()
    total = int(head.split()[2])
    counts = [int(line.split()[1]) for line in lines]
    assert (0, ["difficulty", "count", "share"]) == (code, names.split())
    assert {"easy", "medium", "hard"} == {line.split()[0] for line in lines}
    assert total == sum(counts)
    assert sorted(counts, reverse=True) == counts
    assert f"{100 * counts[0] / total:.2f}%" == lines[0].split()[2]


def test_a_record_counts_under_each_of_its_values(query):
    answer = json.loads(query("legal", "--by", "ability,risk", "--format", "json")[1])
    assert ["ability", "risk"] == answer["by"]
    assert {"cell", "count", "share_bp"} == answer["cells"][0].keys()
    assert ["ability", "risk"] == list(answer["cells"][0]["cell"])
    assert answer["matched"] < sum(row["count"] for row in answer["cells"])
    lines = query("legal", "--by", "ability,risk", "--format", "jsonl", "--limit", 3)[1]
    assert answer["cells"][:3] == rows_of(lines)
    assert "under each value of ability" in query("legal", "--by", "risk,ability")[1]


def test_few_values_of_many_are_shown(query):
    code, out, err = query("legal", "--by", "key", "--limit", 2, "--format", "csv")
    assert (0, "key,count,share_bp") == (code, out.splitlines()[0])
    assert 3 == len(out.splitlines())
    assert err.endswith("`--offset` those behind\n")
    assert " more values" in err


def test_nothing_is_counted_where_nothing_matches(query):
    answer = json.loads(query("legal", "false", "--by", "topic", "--format", "json")[1])
    assert (0, []) == (answer["matched"], answer["cells"])
    assert 2 == len(query("legal", "false", "--by", "topic")[1].splitlines())


# conversations


def test_conversations_are_shown(query, root):
    out = query("legal", "template == clarify_first", "--show", "--limit", 1)[1]
    first = json.loads(
        query(
            "legal", "template == clarify_first", "--show", "--limit", 1, "--format", "jsonl"
        )[1]
    )
    said = {line.removeprefix("  │").strip() for line in out.splitlines()}
    assert ["system", "user", "assistant", "user", "assistant"] == [
        turn["role"] for turn in first["messages"]
    ]
    for turn in first["messages"]:
        assert {line.strip() for line in turn["content"].split("\n")} <= said
    lines = (root / "shipped/compiled/legal/0.1.0/train.jsonl").read_text("utf-8").splitlines()
    assert first["messages"] in [json.loads(line)["messages"] for line in lines]


def test_a_terminal_is_painted(query, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = query("legal", "--show", "--limit", 1)[1]
    assert "  \x1b[1;34massistant\x1b[0m\n  \x1b[2m│\x1b[0m " in out


def test_long_cells_are_cut(query):
    out = query("legal", "chars(user) > 100", "--fields", "user,key", "--limit", 1)[1]
    cell = out.splitlines()[2][2:62]
    assert (60, "…") == (len(cell), cell[-1])


def test_calls_are_shown(query):
    words = ("support", "calls > 0", "--show", "--limit", 1)
    turns = json.loads(query(*words, "--format", "jsonl")[1])["messages"]
    calling = next(turn for turn in turns if "calls" in turn)
    assert {"name", "arguments"} == calling["calls"][0].keys()
    assert isinstance(json.loads(calling["calls"][0]["arguments"]), dict)
    out = query(*words)[1]
    assert f"  assistant calls\n  │ {calling['calls'][0]['name']} {{" in out


def test_candidates_that_were_not_chosen_have_no_conversation(query):
    out = query("legal", "fate == not_chosen", "--of", "candidates", "--show", "--limit", 1)[1]
    assert "its text is in no file" in out
    words = ("legal", "--of", "rejected", "--show", "--limit", 1, "--format", "jsonl")
    assert None is json.loads(query(*words)[1])["messages"]


def test_reading_texts_stops_early_and_says_so(query, monkeypatch):
    from sftspec.snapshot import matches

    monkeypatch.setattr(matches, "BATCH", 10)
    out = query("legal", "words(user) > 1", "--limit", 5)[1]
    assert out.startswith("legal 0.1.0: at least ")
    assert "  at least " in out.splitlines()[-1]
    assert "277\n" == query("legal", "words(user) > 1", "--count")[1]


# cells


def test_cells_are_safe_in_a_spreadsheet(root, query):
    """What a spreadsheet would work out, and what a terminal would obey."""
    home = root / "odd"
    spec = projects.tiny(home)
    rows = (home / "data/asks-1.jsonl").read_text("utf-8").splitlines()
    asked = '=HYPERLINK("http://x", 1)\n\x1b[31m::error::'
    rows[0] = json.dumps(
        json.loads(rows[0]) | {"reply": asked, "ask": "@SUM(A1)", "book": "b1"}
    )
    (home / "data/asks-1.jsonl").write_text("".join(f"{row}\n" for row in rows), "utf-8")
    projects.edit(spec, "total = 70", "total = all")
    projects.edit(spec, "  at most 45% where source == cards\n", "")
    text = spec.read_text("utf-8")
    start, end = text.index("mixture {"), text.index("split {")
    spec.write_text(text[:start] + "mixture { total = all }\n" + text[end:], "utf-8")
    projects.built(spec)
    words = ("tiny", 'matches(response, "^=")', "--fields", "key,response", "--format", "csv")
    code, out, _ = query(*words, project="odd")
    cells = list(csv.reader(io.StringIO(out)))
    assert 0 == code
    assert ["key", "response"] == cells[0]
    assert '\'=HYPERLINK("http://x", 1)\n\\u{1b}[31m::error::' == cells[1][1]
    assert "\x1b" not in out
    shown = query("tiny", 'matches(response, "^=")', "--show", project="odd")[1]
    assert "\x1b" not in shown
    assert "\\u{1b}[31m" in shown


# what is refused


def test_an_unknown_name_is_told_as_in_a_spec(query):
    code, out, err = query("legal", "scenario == legal and abilty has evidence_use")
    assert (1, "") == (code, out)
    assert "error[unknown-name]: `abilty` is no name of a record\n  <expression>:1:23\n" in err
    assert "\n      |                       ^^^^^^\n  hint: did you mean `ability`?\n" in err
    code, out, _ = query("legal", "scenario == lega", "--format", "json")
    (said,) = json.loads(out)["diagnostics"]
    assert (1, "unknown-facet-value", "<expression>", 13) == (
        code, said["slug"], said["path"], said["column"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "slug", "hint"),
    [
        (("--fields", "ide"), "unknown-column", "did you mean `id`"),
        (("--by", "topik"), "unknown-column", "did you mean `topic`"),
        (("--by", "response"), "unknown-column", "texts are printed with `--fields`"),
        (("--fields", "text", "--of", "candidates"), "unknown-column", "of chosen records"),
        (("--fields", "id,,key"), "bad-arguments", "--help"),
        (("--show", "--format", "csv"), "bad-arguments", "jsonl"),
        (("--show", "--count"), "bad-arguments", "--help"),
        (("--limit", "-1"), "bad-arguments", "`-1` is out of range (0 to 999999999999999)"),
        (("--limit", "9" * 20), "bad-arguments", "is out of range"),
        (("--limit", "1.5"), "bad-arguments", "`1.5` is not a whole number"),
    ],
)
def test_what_there_is_not_is_a_misuse(words, slug, hint, query):
    code, out, err = query("legal", "", *words)
    assert (2, "") == (code, out)
    assert f"error[{slug}]" in err
    assert hint in err


def test_a_damaged_index_is_told(root, query, tmp_path):
    folder = tmp_path / "0.1.0"
    shutil.copytree(root / "tiny/compiled/tiny/0.1.0", folder)
    data = bytearray((folder / "index.parquet").read_bytes())
    data[len(data) // 2] ^= 255
    (folder / "index.parquet").write_bytes(data)
    code, out, err = query(folder, "topic == law")
    assert (3, "") == (code, out)
    assert "fault[snapshot-damaged]" in err
    (folder / "index.parquet").unlink()
    code, out, err = query(folder, "topic == law")
    assert (3, "") == (code, out)
    assert "fault[no-data]" in err
