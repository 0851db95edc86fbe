"""Conversations, tools and files of every kind, built whole: the same bytes however, and again after edits."""

from collections import Counter
import gzip
import json
from pathlib import Path
import runpy
import shutil
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest
import zstandard

HERE = Path(__file__).parent
projects = SimpleNamespace(**runpy.run_path(str(HERE / "projects.py")))
engines = SimpleNamespace(**runpy.run_path(str(HERE / "engines.py")))
talks = SimpleNamespace(**runpy.run_path(str(HERE / "talks.py")))


def listed(built):
    return projects.listed(built.folder)


def lines(folder, name):
    """The records of a file; their lines end with LF alone."""
    return [json.loads(one) for one in (folder / name).read_bytes().decode().split("\n") if one]


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """The project, built once."""
    spec = talks.make(tmp_path_factory.mktemp("talks"))
    return SimpleNamespace(spec=spec, built=projects.built(spec, chunk_bytes=2048))


@pytest.fixture
def project(first, tmp_path):
    """A copy of it, store and all."""
    root = tmp_path / "project"
    shutil.copytree(first.spec.parent, root)
    return SimpleNamespace(root=root, spec=root / first.spec.name, built=first.built)


def rebuilt(project):
    return projects.built(project.spec, chunk_bytes=2048)


# ------------------------------------------------------------------ what comes out

REASONS = {
    "conflict", "duplicate-key", "duplicate_call_id", "duplicate_field", "empty_list", "empty_turn", "extra_argument",
    "invalid_call", "invalid_json", "invalid_tool", "missing_argument", "missing_field", "nothing_trained", "out_of_range",
    "rejected_equals_answer", "role_order", "type_error", "undeclared_tool", "unknown_call_id", "unknown_role",
    "unsupported_part", "where",
}  # fmt: skip


def test_every_way_to_be_no_conversation_is_counted(first):
    rejects = lines(first.built.folder, "rejected.jsonl")
    assert REASONS == {one["reason"] for one in rejects}
    counts = first.built.manifest.counts
    assert counts["rows_read"] == counts["rows_used"] + counts["rows_rejected"]
    assert counts["rows_rejected"] == sum("template" not in one for one in rejects)
    assert counts["rejected"] == sum("template" in one for one in rejects)
    assert counts["candidates"] == counts["chosen"] + counts["not_chosen"] + counts["rejected"]
    chats = {
        one.get("key"): one["reason"]
        for one in rejects
        if one["file"].endswith("chats-1.jsonl.gz")
    }
    assert ("role_order", "duplicate_call_id", "missing_field") == (
        chats["bad-0"],
        chats["bad-8"],
        chats["null"],
    )
    assert {"data/tickets-1.parquet", "data/notes.json.zst", "data/sheet.csv.gz", "data/old.parquet"} <= {one["file"] for one in rejects}  # fmt: skip


def test_each_template_gives_records(first):
    chosen = [row for row in projects.index(first.built.folder).values() if row.part]
    found = Counter((row.template, row.source) for row in chosen)
    assert {
        ("chat", "chats"), ("benchmark", "calls"), ("note", "notes"), ("ticket", "tickets"), ("ticket", "old_tickets"),
        ("lesson", "saved"), ("story", "sheet"),
    } == set(found)  # fmt: skip
    assert min(found.values()) >= 10


def test_rows_of_a_list_and_rows_of_a_group_are_in_one_part(first):
    parts = {}
    for row in projects.index(first.built.folder).values():
        if row.part and row.template == "ticket":
            parts.setdefault((row.source, row.key.partition("[")[0]), set()).add(row.part)
    assert any("[1]" in row.key for row in projects.index(first.built.folder).values())
    assert {1} == {len(found) for found in parts.values()}
    assert {"train", "dev"} == set.union(*parts.values())


def test_parquet_says_what_the_lines_say(first):
    for part in ("train", "dev"):
        rows = pq.read_table(
            first.built.folder / f"parquet/{part}-00000-of-00001.parquet"
        ).to_pylist()
        wanted = lines(first.built.folder, f"{part}.jsonl")
        assert len(wanted) == len(rows) > 20
        for row, line in zip(rows, wanted, strict=True):
            messages = [json.loads(one) for one in row["messages"]]
            told = [message["role"] for message in line["messages"]]
            assert told == [message["role"] for message in messages]
            assert (row["tools"] is None) == ("tools" not in line)
            for message, other in zip(messages, line["messages"], strict=True):
                for call, spelled in zip(
                    message.get("tool_calls", ()), other.get("tool_calls", ()), strict=True
                ):
                    assert call["function"]["arguments"] == json.loads(
                        spelled["function"]["arguments"]
                    )


def test_pairs_are_of_the_records_that_have_a_worse_answer(first):
    pairs = [
        one
        for part in ("train", "dev")
        for one in lines(first.built.folder, f"pairs/{part}.jsonl")
    ]
    chosen = {json.dumps(one["chosen"]) for one in pairs}
    answers = {
        json.dumps(one["messages"][-1:]) for part in ("train", "dev") for one in lines(first.built.folder, f"{part}.jsonl")
    }  # fmt: skip
    assert chosen <= answers
    assert all(one["rejected"] != one["chosen"] for one in pairs)
    assert all(one["rejected"][0]["content"].startswith("Worse ") for one in pairs)
    files = {file.name: file.records for file in first.built.manifest.files}
    assert len(pairs) == files["pairs/train.jsonl"] + files["pairs/dev.jsonl"] > 10


def test_arguments_and_texts_are_kept_to_the_letter(first):
    text = "".join(
        (first.built.folder / f"{part}.jsonl").read_text("utf-8") for part in ("train", "dev")
    )
    assert '"arguments":"{\\"n\\":1,\\"at\\":\\"p\\\\u00e9\\"}"' in text
    assert '"arguments":"{\\"at\\":\\"p10\\",\\"n\\":10}"' in text
    assert "Question 10 \u00e9\u2029?" in text
    assert "{{ x }}" in text
    assert "\\r\\n{{ y }}" in text
    assert "null" not in text
    assert '"tools":[]' not in text


# ------------------------------------------------------------------ the same bytes


@pytest.mark.parametrize("size", [1, 300, 1 << 24])
def test_chunks_of_any_size(first, size, tmp_path):
    built = projects.built(talks.make(tmp_path / "talks"), chunk_bytes=size)
    assert listed(first.built) == listed(built)
    if size == 1:
        total = {node.node: node.total for node in built.nodes}
        assert total["rows chats"] > 80
        assert total["rows notes"] == 43


def test_tasks_in_any_order_each_done_twice(first, tmp_path):
    def scrambled(root, store):
        return engines.ScrambledEngine(root, store, seed=9)

    built = projects.built(talks.make(tmp_path / "talks"), chunk_bytes=200, engine=scrambled)
    assert listed(first.built) == listed(built)


def test_two_processes(first, tmp_path):
    built = projects.built(talks.make(tmp_path / "talks"), chunk_bytes=500, workers=2)
    assert listed(first.built) == listed(built)


@pytest.mark.ray
def test_ray(first, tmp_path):
    spec = talks.make(tmp_path / "talks")
    words = (
        "--engine",
        "ray",
        "--workers",
        "2",
        "--chunk-bytes",
        "2048",
        "--format",
        "json",
        "--log",
        "none",
    )
    done = projects.command(spec, "build", *words)
    assert listed(first.built) == projects.listed(Path(json.loads(done.stdout)["snapshot"]))


@pytest.mark.parametrize(
    "env",
    [{"PYTHONHASHSEED": "1"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
)
def test_another_process(first, env, tmp_path):
    done = projects.command(
        talks.make(tmp_path / "talks"), "build", "--format", "json", "--log", "none", env=env
    )
    assert listed(first.built) == projects.listed(Path(json.loads(done.stdout)["snapshot"]))


def test_a_preview_reads_every_kind_of_file(first):
    done = projects.command(first.spec, "preview", "--format", "json", "-n", "2")
    answer = json.loads(done.stdout)
    assert {"chat", "benchmark", "note", "ticket", "lesson", "story"} == {
        one["template"] for one in answer["templates"]
    }
    assert all(one["samples"] for one in answer["templates"])


def test_a_preview_of_calls_and_pairs_says_them(first):
    out = projects.command(first.spec, "preview", "ticket", "-n", "12").stdout.decode()
    assert "look_up" in out
    assert "\n  rejected\n  │ Worse 122.\n" in out


# ------------------------------------------------------------------ again after edits

EDITS = {  # the text, what it becomes, and the templates that are rendered again
    "a tool's description": ("Look a place up.", "Look places up.", {"ticket tickets", "ticket old_tickets"}),
    "a parameter's line": ("its name", "the name of it", {"ticket tickets", "ticket old_tickets"}),
    "a parameter's bound": ("integer(min = 0)", "integer(min = 1)", {"ticket tickets", "ticket old_tickets"}),
    "what a call says": ('note = "{{ ask }}"', "note = row.line.ask", {"ticket tickets", "ticket old_tickets"}),
    "what a tool gave": ('"Closed {{ row.id }}."', '"It is closed."', {"ticket tickets", "ticket old_tickets"}),
    "a worse answer": ('rejected "{{ row.line.worse }}"', 'rejected "{{ row.line.worse }}!"', {"ticket tickets", "ticket old_tickets"}),
    "its condition": ("when row.line.worse != null", "when row.line.worse != null and row.topic == bank", {"ticket tickets", "ticket old_tickets"}),
    "a cut": ("cut after last assistant", "cut after first assistant", {"chat"}),
    "a system turn": ("system kept", "system replaced", {"chat"}),
    "a role": ("role Nurse = drop", "role Nurse = text", {"note"}),
    "no merging": ("role Nurse = drop, merge", "role Nurse = drop", {"note"}),
    "whose tools": ("tools = row.function as bfcl", "tools = inferred from row.function", {"benchmark"}),
    "a table of a call's text": ("Be exact.", "Be very exact.", {"ticket tickets", "ticket old_tickets"}),
    "the profile": ("profile = openai", "profile = mistral", set()),
    "no pairs": ("  pairs\n", "", set()),
    "a gate on calls": ("<= 40%", "<= 41%", set()),
}  # fmt: skip


def stale(done):
    return {
        node.node: (node.stale, node.total, node.cause) for node in done.nodes if node.stale
    }


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_renders_what_it_means_and_comes_to_a_build_from_nothing(project, edit):
    old, new, renders = EDITS[edit]
    projects.edit(project.spec, old, new)
    done = rebuilt(project)
    ran = {node.removeprefix("render ") for node in stale(done) if node.startswith("render ")}
    assert renders == ran
    assert done.id != project.built.id or edit == "a gate on calls"
    clean = projects.built(project.spec, project.root.parent / "store")
    assert not clean.fresh
    assert done.id == clean.id


def test_a_profile_writes_one_format_again(project):
    projects.edit(project.spec, "profile = openai", "profile = mistral")
    assert {"emit jsonl"} == set(stale(rebuilt(project)))


def repack(path, data):
    packed = gzip.compress(data, 1, mtime=0) if path.suffix == ".gz" else zstandard.ZstdCompressor(level=19).compress(data)  # fmt: skip
    assert packed != path.read_bytes()
    path.write_bytes(packed)


def unpacked(path):
    data = path.read_bytes()
    return (
        gzip.decompress(data)
        if path.suffix == ".gz"
        else zstandard.ZstdDecompressor().decompress(data)
    )


@pytest.mark.parametrize(
    ("source", "name"),
    [("chats", "chats-1.jsonl.gz"), ("notes", "notes.json.zst"), ("sheet", "sheet.csv.gz")],
)
def test_the_same_rows_packed_otherwise_are_another_file_and_no_other_work(
    project, source, name
):
    path = project.root / "data" / name
    repack(path, unpacked(path))
    done = rebuilt(project)
    assert not [node for node in stale(done) if node.startswith(("rows", "render", "emit"))]
    assert done.id != project.built.id
    before, after = project.built.manifest.sources[source], done.manifest.sources[source]
    assert [one["path"] for one in before["files"]] == [one["path"] for one in after["files"]]
    assert before["files"][0]["digest"] != after["files"][0]["digest"]
    assert listed(project.built)["train.jsonl"] == listed(done)["train.jsonl"]


def test_a_row_more_in_a_packed_file_renders_a_chunk_or_two(project):
    path = project.root / "data" / "chats-1.jsonl.gz"
    row = json.dumps(next(talks.chat_rows(990, 1))).encode() + b"\n"
    repack(path, row + unpacked(path))
    done = rebuilt(project)
    count, total, why = stale(done)["render chat"]
    assert (1 <= count <= 3, total > 5) == (True, True)
    assert "source chats: data/chats-1.jsonl.gz changed" == why
    assert done.id == projects.built(project.spec, project.root.parent / "store").id


@pytest.mark.parametrize(
    ("name", "old", "new", "node"),
    [
        ("calls.json", '"Add 7."', '"Add seven."', "render benchmark"),
        ("calls.json", '"id": "call-3"', '"id": "call-three"', "render benchmark"),
    ],
)
def test_an_element_that_changes_renders_its_chunk(project, name, old, new, node):
    projects.edit(project.root / "data" / name, old, new)
    done = rebuilt(project)
    count, total, _ = stale(done)[node]
    assert (1, True) == (count, total > 3)
    assert done.id == projects.built(project.spec, project.root.parent / "store").id


def test_a_build_with_nothing_to_do_does_nothing(project):
    rebuilt(project)
    again = rebuilt(project)
    assert ({}, False, project.built.id) == (stale(again), again.fresh, again.id)


def test_a_missing_column_is_told_also_where_the_file_is_known(project, monkeypatch):
    """What a stat record vouches for is still held against the fields that are read today."""
    from sftspec.engine import inputs
    from sftspec.ground.report import Fault

    monkeypatch.setattr(inputs, "STILL_NS", -(10**18))
    rebuilt(project)
    projects.edit(project.spec, '"Odd.Talk"', '"Odd.Tale"')
    with pytest.raises(Fault) as caught:
        rebuilt(project)
    assert ("missing-column", "data/sheet.csv.gz") == (caught.value.slug, caught.value.path)
    projects.edit(project.spec, '"Odd.Tale"', '"Odd.Talk"')
    projects.edit(project.spec, '"Opened At"', '"Opened"')
    with pytest.raises(Fault) as caught:
        rebuilt(project)
    assert ("missing-column", "data/tickets-1.parquet") == (
        caught.value.slug,
        caught.value.path,
    )


def test_a_packed_table_without_rows_is_read_again_and_again(project, monkeypatch):
    from sftspec.engine import inputs

    monkeypatch.setattr(inputs, "STILL_NS", -(10**18))
    path = project.root / "data" / "sheet.csv.gz"
    path.write_bytes(gzip.compress(b"id,topic,Odd.Talk\r\n", mtime=0))
    assert rebuilt(project).id == rebuilt(project).id
