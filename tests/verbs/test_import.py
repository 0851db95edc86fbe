"""`import`: configurations of other trainers become specs that check, and nothing is lost in silence.

The goldens below `tests/golden/import` are a configuration and its rows, the spec that comes of
them, and what is said beside it; `python tests/verbs/test_import.py` writes them anew.
"""

import contextlib
import gc
import io
import json
from pathlib import Path
import shutil
import signal
import sys
import tempfile

import pytest

from sftspec.cli import main
from sftspec.ports.foreign.fields import identifier, quoted, unique

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "import"
CASES = {
    "llamafactory": ["data/dataset_info.json"],
    "llamafactory_hub": ["dataset_info.json", "--name", "hub"],
    "axolotl": ["config.yaml", "--name", "chats"],
    "axolotl_pairs": ["config.yml"],
    "openinstruct": ["mixer.yaml"],
    "openinstruct_hub": ["mixer.json"],
}
ALPACA = {"instruction": "Add.", "input": "1 + 1", "output": "2"}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A project to work in; the verbs stop the collector, here it goes on."""
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SFTSPEC_STORE", raising=False)
    (tmp_path / ".sftroot").touch()
    yield tmp_path
    signal.signal(signal.SIGTERM, before)
    gc.enable()


@pytest.fixture
def said(capsys):
    def run(*words):
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def write(path, content):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def write_rows(path, rows):
    write(path, "".join(json.dumps(row) + "\n" for row in rows))


def slugs(err):
    return [line.split("[")[1].split("]")[0] for line in err.splitlines() if line.startswith(("warning[", "error["))]  # fmt: skip


def built(said, spec):
    """The records of each file that a build of a spec wrote."""
    code, out, err = said("build", spec, "--log", "none", "--format", "json")
    assert 0 == code, err
    folder = Path(json.loads(out)["snapshot"])
    return {
        file.relative_to(folder).with_suffix("").as_posix(): [
            json.loads(line) for line in file.read_text("utf-8").split("\n")[:-1]
        ]
        for file in sorted(folder.rglob("*.jsonl"))
        if file.name != "rejected.jsonl"
    }


def conversations(records):
    return sorted(
        [(m["role"], m.get("content") or m.get("tool_calls")) for m in record["messages"]]
        for record in records
    )


# what becomes of a configuration


def imported(case, words, folder):
    """Run a case in a folder of its own; the spec, and what was said."""
    shutil.copytree(GOLDEN / case, folder, dirs_exist_ok=True)
    (folder / ".sftroot").touch()
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = main(["import", *words, "--out", "specs/got.sft"])
    spec = (folder / "specs/got.sft").read_text("utf-8") if code == 0 else ""
    return code, spec, out.getvalue() + "\n" + err.getvalue()


@pytest.mark.parametrize("case", CASES)
def test_a_configuration_becomes_this_spec(case, here):
    code, spec, told = imported(case, CASES[case], here / case)
    assert 0 == code, told
    assert (GOLDEN / case / "want.sft").read_text("utf-8") == spec
    assert (GOLDEN / case / "want.txt").read_text("utf-8") == told


def test_every_case_is_run():
    assert sorted(CASES) == sorted(path.name for path in GOLDEN.iterdir())


@pytest.mark.parametrize("case", CASES)
def test_the_spec_checks_and_is_laid_out(case, said, here, monkeypatch):
    imported(case, CASES[case], here / case)
    monkeypatch.chdir(here / case)
    assert (0, "", "specs/got.sft: no problems\n") == said("check", "specs/got.sft")
    assert 0 == said("fmt", "--check", "specs/got.sft")[0]


# what the records are


def test_records_are_what_the_trainer_reads_of_the_rows(said, here):
    names = ["identity", "orca_mini", "weather_tools", "chatml", "liked"]
    shutil.copytree(GOLDEN / "llamafactory/data", here / "data")
    assert 0 == said("import", "data/dataset_info.json", "--entry", *names, "--name", "all")[0]
    call = [
        {"type": "function", "function": {"name": "weather", "arguments": '{"city":"Bern"}'}}
    ]
    wanted = [
        [("user", "Who are you?"), ("assistant", "A program.")],
        [("user", "And what can you do?"), ("assistant", "Answer.")],
        [("system", "Be short."), ("user", "What is 2 + 2?"), ("assistant", "4")],
        [("user", "Name a colour."), ("assistant", "Blue {{ not a template }}")],
        [("user", "Thanks."), ("assistant", "You are welcome.")],
        [("system", "Own."), ("user", "One?"), ("assistant", "One.")],
        [("system", "Column."), ("user", "Two?"), ("assistant", "Two.")],
        [("user", "Sing."), ("assistant", "La la.")],
    ]
    records = built(said, "specs/all.sft")["train"]
    talks = conversations([r for r in records if len(r["messages"]) < 4])
    assert sorted(wanted) == talks
    (tools,) = [r for r in records if len(r["messages"]) == 4]
    roles = [message["role"] for message in tools["messages"]]
    assert ["user", "assistant", "tool", "assistant"] == roles
    (got,) = tools["messages"][1]["tool_calls"]
    assert call[0]["function"]["name"] == got["function"]["name"]
    assert "weather" in json.dumps(tools["tools"])


def test_instruction_and_input_are_joined_where_both_are_there(said):
    cells = ("", "a"), ("b", ""), ("c", "d"), ("e", None), ("f", "g\n")
    rows = [{"instruction": ask, "input": more, "output": "x"} for ask, more in cells]
    write_rows("rows.jsonl", rows)
    write_rows("whole.jsonl", rows[1:])
    info = {name: {"file_name": f"{name}.jsonl"} for name in ("rows", "whole")}
    write("dataset_info.json", info)
    wanted = {"rows": ["a", "b", "c\nd", "e", "f\ng\n"], "whole": ["b", "c\nd", "e", "f\ng\n"]}
    for name, texts in wanted.items():
        assert 0 == said("import", "dataset_info.json", "--entry", name)[0]
        talks = conversations(built(said, f"specs/{name}.sft")["train"])
        assert texts == [talk[0][1] for talk in talks]


def test_pairs_keep_the_better_and_the_worse_answer(said, here):
    shutil.copytree(GOLDEN / "llamafactory/data", here / "data")
    said("import", "data/dataset_info.json", "--entry", "pairs", "dpo", "--name", "pairs")
    pairs = built(said, "specs/pairs.sft")["pairs/train"]
    found = sorted(
        (pair["prompt"][-1]["content"], pair["chosen"][-1]["content"], pair["rejected"][-1]["content"])
        for pair in pairs
    )  # fmt: skip
    assert [
        ("Hi.", "Hello!", "What?"), ("Say no,\nplease.", "No.", "Maybe."), ("Say yes.", "Yes.", "No."),
    ] == found  # fmt: skip


def test_a_history_comes_before_the_question(said, here):
    shutil.copytree(GOLDEN / "llamafactory/data", here / "data")
    said("import", "data/dataset_info.json", "--entry", "multi-turn")
    talks = conversations(built(said, "specs/multi_turn.sft")["train"])
    first = [("user", "Say hello."), ("assistant", "Hello.")]
    assert [
        [*first, ("user", "And in French?"), ("assistant", "Bonjour.")],
        [("user", "Translate.\n\ncat"), ("assistant", "chat")],
    ] == talks


def test_an_axolotl_configuration_builds(said, here):
    shutil.copytree(GOLDEN / "axolotl", here, dirs_exist_ok=True)
    names = ["data/chats.jsonl", "data/calls.jsonl", "data/own"]
    assert 0 == said("import", "config.yaml", "--entry", *names, "--name", "a")[0]
    files = built(said, "specs/a.sft")
    records = files["train"] + files.get("dev", [])
    assert [
        [("system", "Answer in {one} word."), ("user", "Capital of France?"), ("assistant", "Paris")],
        [("system", "Answer in {one} word."), ("user", "Capital of Italy?\n\nEurope"), ("assistant", "Rome")],
        [("system", "Be kind."), ("user", "q"), ("assistant", "a")],
        [("user", "q2"), ("assistant", "a2")],
    ] == conversations([r for r in records if len(r["messages"]) < 4])  # fmt: skip


def test_a_mixer_takes_so_many_of_each(said, here):
    shutil.copytree(GOLDEN / "openinstruct", here, dirs_exist_ok=True)
    said("import", "mixer.yaml", "--entry", "data/messages.jsonl", "data/qa.jsonl")
    assert 4 == len(built(said, "specs/mixer.sft")["train"])


# where rows are


def test_an_array_in_a_file_of_lines_is_read_as_what_it_is(said):
    write("data/a.jsonl", [ALPACA])
    write("data/b.json", json.dumps(ALPACA) + "\n" + json.dumps({**ALPACA, "input": ""}) + "\n")
    write("data/c", json.dumps(ALPACA) + "\n" + json.dumps(ALPACA) + "\n")
    info = {name: {"file_name": name} for name in ("a.jsonl", "b.json", "c")}
    write("data/dataset_info.json", info)
    assert (0, []) == (said("import", "data/dataset_info.json")[0], [])
    spec = Path("specs/dataset_info.sft").read_text("utf-8")
    formats = [line.split()[2] for line in spec.splitlines() if "format" in line.split()]
    assert ["json", "jsonl", "jsonl"] == formats
    assert "Add.\n1 + 1" in json.dumps(built(said, "specs/dataset_info.sft")).replace(
        "\\n", "\n"
    )


def test_tables_and_packed_files_are_looked_into(said):
    import gzip

    import pyarrow as pa
    import pyarrow.parquet as pq

    Path("data").mkdir()
    pq.write_table(
        pa.table({"instruction": ["a", "b"], "output": ["c", "d"]}), "data/a.parquet"
    )
    Path("data/b.jsonl.gz").write_bytes(gzip.compress(json.dumps(ALPACA).encode() + b"\n"))
    info = {"a": {"file_name": "a.parquet"}, "b": {"file_name": "b.jsonl.gz"}}
    write("data/dataset_info.json", info)
    code, _, err = said("import", "data/dataset_info.json")
    assert (0, "") == (code, err)
    spec = Path("specs/dataset_info.sft").read_text("utf-8")
    assert "  fields {\n    instruction: string\n    output: string\n  }" in spec
    assert "# The types are those of the first 1 rows." in spec
    assert 3 == len(built(said, "specs/dataset_info.sft")["train"])


def test_a_fetched_dataset_of_a_hub_is_looked_into(said):
    write("dataset_info.json", {"one": {"hf_hub_url": "org/one", "split": "validation"}})
    _, out, _ = said("import", "dataset_info.json")
    fetch = "hf download org/one --repo-type dataset --local-dir specs/data/one"
    assert f"    {fetch}\n" in out
    write_rows("specs/data/one/validation-00000-of-00001.jsonl", [ALPACA])
    write_rows("specs/data/one/train-00000-of-00001.jsonl", [{"other": 1}])
    code, out, err = said("import", "dataset_info.json", "--force")
    assert (0, "") == (code, err)
    assert "hf download" not in out + Path("specs/one.sft").read_text("utf-8")
    assert [[("user", "Add.\n1 + 1"), ("assistant", "2")]] == conversations(
        built(said, "specs/one.sft")["train"]
    )


@pytest.mark.parametrize("name", ["../away.jsonl", "/etc/passwd", "../../x.csv", "C:\\x.json"])
def test_rows_outside_of_the_project_get_a_place_inside(said, here, name):
    write_rows(here.parent / "away.jsonl", [ALPACA])
    write("dataset_info.json", {"one": {"file_name": name}})
    code, _, err = said("import", "dataset_info.json")
    assert (0, ["rows-outside-root"]) == (code, slugs(err))
    path = next(
        x for x in Path("specs/one.sft").read_text("utf-8").splitlines() if " path " in x
    )
    assert path.split(" = ")[1].startswith('"data/one.')


def test_a_link_is_not_followed(said, here):
    write_rows(here / "rows.jsonl", [ALPACA])
    (here / "link.jsonl").symlink_to(here / "rows.jsonl")
    write("dataset_info.json", {"one": {"file_name": "link.jsonl"}})
    code, _, err = said("import", "dataset_info.json")
    assert (0, ["rows-not-read"]) == (code, slugs(err))


def test_a_project_without_a_mark_has_its_root_where_the_spec_is(said, here):
    (here / ".sftroot").unlink()
    write_rows("rows.jsonl", [ALPACA])
    write("dataset_info.json", {"one": {"file_name": "rows.jsonl"}})
    _, _, err = said("import", "dataset_info.json")
    assert "`.sftroot` marks the folder of a project" in err
    assert (0, "") == said("import", "dataset_info.json", "--root", ".", "--force")[::2]


# names, and what is there already


def test_nothing_is_overwritten_unless_it_is_said(said):
    write("dataset_info.json", {"one": {"hf_hub_url": "org/one"}})
    write("specs/one.sft", "mine")
    code, _, err = said("import", "dataset_info.json")
    assert (3, "mine") == (code, Path("specs/one.sft").read_text("utf-8"))
    assert "fault[existing-files]" in err
    assert 0 == said("import", "dataset_info.json", "--force")[0]
    assert Path("specs/one.sft").read_text("utf-8").startswith("# Imported from")
    assert [Path("specs/one.sft")] == list(Path("specs").iterdir())


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        (["--name", "9x"], "bad-name"), (["--name", "con"], "bad-name"),
        (["--name", "not"], "bad-name"), (["--out", "../x.sft", "--root", "."], "bad-arguments"),
        (["--out", "specs/x.txt"], "bad-arguments"), (["--entry", "tow"], "unknown-entry"),
    ],
)  # fmt: skip
def test_words_that_cannot_be_meant_are_misuse(said, words, slug):
    write("dataset_info.json", {"two": {"hf_hub_url": "org/one"}})
    code, _, err = said("import", "dataset_info.json", *words)
    assert 2 == code
    assert err.startswith(f"error[{slug}]: ")
    assert slug != "unknown-entry" or "did you mean `two`?" in err
    assert not Path("specs").exists()


def test_the_answer_in_json_says_what_there_is_to_do(said):
    info = {
        "a b": {"hf_hub_url": "org/one"},
        "c4": {"file_name": "c.jsonl", "columns": {"prompt": "text"}},
    }
    write("dataset_info.json", info)
    code, out, err = said("import", "dataset_info.json", "--format", "json")
    answer = json.loads(out)
    assert (0, "", "ok", "dataset_info") == (code, err, answer["verdict"], answer["name"])
    assert [("a_b", "a b", None), ("c4", "c4", "texts without turns")] == [
        (one["name"], one["entry"], one["excluded"]) for one in answer["sources"]
    ]
    text = Path(answer["spec"]).read_text("utf-8")
    assert text.count("# TODO") == answer["todo"]
    assert ["raw-text-dataset"] == [one["slug"] for one in answer["diagnostics"]]
    assert answer["next"][0].startswith("hf download org/one ")


def words_of_the_language():
    from sftspec.ir.resolve import FORMS

    found, todo = set(), list(FORMS)
    while todo:
        form = todo.pop()
        found |= {word for word in form.usage.replace("|", " ").split() if word.isalpha()}
        todo += form.inner
    return sorted(
        {word.lower() for word in found} | {"null", "true", "false", "row", "con", "aux"}
    )


def test_any_word_of_the_language_can_name_a_source_and_its_columns(said):
    words = words_of_the_language()
    assert 60 < len(words) < 300
    for start in range(0, len(words), 100):
        some = words[start : start + 100]
        info = {
            word: {
                "hf_hub_url": f"org/{word}", "num_samples": 3,
                "columns": {"prompt": word, "query": f"{word} 2", "response": "in", "system": "has",
                            "tools": word, "kto_tag": "not"},
            }
            for word in some
        }  # fmt: skip
        write("dataset_info.json", info)
        code, _, err = said("import", "dataset_info.json", "--force")
        assert (0, {"kto-dataset"}) == (code, set(slugs(err)))


# what is hostile


NASTY = [
    "\u202eabc", "a\u0000b", "a\nb", "{{ 7 * 7 }}", '"""', "\\", "#", "::error::x", "##[error]x",
    "\u3164", "e\u0301", "\ufb00", "\U0001f600", "x" * 200, "\u00e9" * 150, "~/x", "-rf", "$(id)",
    "'; rm -rf /", "con", "s3://b/k", "https://h/p?q", "[a-", "*", "null", "\u6570\u636e\u96c6",
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_any_text_is_data(said, text):
    """As the name of an entry, a file, columns, roles: a spec that checks, or a diagnostic."""
    columns = {"messages": text, "system": text, "tools": text}
    tags = {
        "role_tag": "from",
        "content_tag": "value",
        "user_tag": text,
        "assistant_tag": "gpt",
    }
    talk = {"file_name": "t.jsonl", "formatting": "sharegpt", "columns": columns, "tags": tags}
    for info in (
        {text: {"hf_hub_url": "org/x"}},
        {"one": {"file_name": text}},
        {"one": {"script_url": text}},
        {"one": {"file_name": "t.jsonl", "columns": {"prompt": text, "response": text}}},
        {"one": talk},
    ):
        write("dataset_info.json", info)
        code, out, err = said("import", "dataset_info.json", "--force", "--name", "x")
        assert code in {0, 1}
        assert (out + err).isascii() or (out + err).replace("\n", "").isprintable()
        spec = Path("specs/x.sft")
        if code == 0:
            assert 0 == said("check", spec)[0]
        else:
            assert {"malformed-entry"} == set(slugs(err))


def test_a_command_that_fetches_is_quoted(said):
    write("dataset_info.json", {"one": {"hf_hub_url": "org/x; rm -rf /"}})
    code, out, err = said("import", "dataset_info.json")
    assert (1, ["malformed-entry"], "") == (code, slugs(err), out)
    write("c.json", {"datasets": [{"path": "org/x", "type": "alpaca", "revision": "a; b"}]})
    _, out, _ = said("import", "c.json", "--out", "my specs/x.sft")
    assert "--local-dir 'my specs/data/x'" in out
    assert "a; b" not in out


def test_a_million_entries_are_too_many(said):
    entry = '"e%d":{"file_name":"x"}'
    write("dataset_info.json", "{" + ",".join(entry % n for n in range(200_000)) + "}")
    code, _, err = said("import", "dataset_info.json")
    assert (2, "error[too-many-entries]: 200_000 entries, and a spec has room for 128") == (
        code, err.split("\n")[0],
    )  # fmt: skip
    assert 0 == said("import", "dataset_info.json", "--entry", "e77")[0]
    write("dataset_info.json", "{" + ",".join(entry % n for n in range(1_000_000)) + "}")
    code, _, err = said("import", "dataset_info.json")
    assert (1, ["unreadable-config"]) == (code, slugs(err))


@pytest.mark.parametrize(
    "rows",
    [
        b"", b"[", b"{", b"\xff\xfe", b"\xef\xbb\xbf{}", b'null\n1\n"x"\n', b"[" * 100_000,
        b'{"conversations": {"from": 1}}\n', b'{"conversations": [1, [], {"from": null}]}\n',
        b'{"conversations": [{"from": "' + b"x" * 5000 + b'"}]}\n', b'{"tools": 1e400}\n',
        b"{" + b",".join(b'"c%d":0' % n for n in range(5000)) + b"}\n", b'{"a":1,"a":2}\n',
    ],
    ids=lambda rows: ascii(rows[:20]),
)  # fmt: skip
def test_rows_that_are_none_never_stop_an_import(said, rows):
    columns = {"messages": "conversations", "tools": "tools", "system": "a"}
    info = {
        "talk": {"file_name": "r.jsonl", "formatting": "sharegpt", "columns": columns},
        "asks": {"file_name": "r.jsonl"},
    }
    Path("r.jsonl").write_bytes(rows)
    write("dataset_info.json", info)
    assert 0 == said("import", "dataset_info.json")[0]


@pytest.mark.parametrize(
    ("config", "slug"),
    [
        ({}, "unknown-config"), ({"a": 1}, "unknown-config"), ([], "unreadable-config"),
        ({"dataset": "alpaca_en", "stage": "sft"}, "unknown-config"),
        ({"one": {"file_name": "x"}, "two": 3}, "malformed-entry"),
        ({"one": {"file_name": 3}}, "malformed-entry"),
        ({"one": {"file_name": "x", "formatting": "odd"}}, "malformed-entry"),
        ({"one": {"file_name": "x", "columns": []}}, "malformed-entry"),
        ({"one": {"file_name": "x", "columns": {"prompt": ["a"]}}}, "malformed-entry"),
        ({"one": {"file_name": "x", "num_samples": -1}}, "malformed-entry"),
        ({"one": {"file_name": "x", "formatting": "sharegpt", "tags": {"user_tag": "a", "assistant_tag": "a"}}}, "malformed-entry"),
        ({"datasets": [{"path": "x", "type": "alpaca"}, 1]}, "malformed-entry"),
        ({"datasets": [{"path": ["x"]}]}, "malformed-entry"),
        ({"datasets": [{"path": "x", "type": "alpaca"}], "val_set_size": "x"}, "malformed-entry"),
        ({"datasets": [{"path": "x", "type": "alpaca", "roles": 3}], "seed": -1}, "malformed-entry"),
        ({"dataset_mixer_list": ["a"]}, "malformed-entry"),
        ({"dataset_mixer_list": "a 1.0"}, "malformed-entry"),
        ({"dataset_mixer_list": ["a", "x"]}, "malformed-entry"),
        ({"dataset_mixer_list": ["a", True]}, "malformed-entry"),
        ({"dataset_mixer_list": ["a", "1e999999"]}, "malformed-entry"),
        ({"dataset_mixer": {"a": -0.5}}, "malformed-entry"),
        ({"dataset_mixer": [1]}, "malformed-entry"),
        ({"dataset_mixer_list": ["a", "1.0"], "dataset_mixer_list_splits": ["x", "y"]}, "malformed-entry"),
        ({"one": {"file_name": "x", "columns": {"prompt": "text"}}}, "nothing-imported"),
    ],
    ids=lambda value: ascii(value)[:60],
)  # fmt: skip
def test_what_cannot_be_meant_is_said(said, config, slug):
    write("config.json", config)
    code, out, err = said("import", "config.json")
    assert (1, "") == (code, out)
    assert slug in slugs(err)
    assert not Path("specs").exists()


def test_a_training_configuration_of_llama_factory_says_which_file_is_meant(said):
    write("train.yaml", "stage: sft\ndataset: identity,alpaca_en\n")
    _, _, err = said("import", "train.yaml")
    assert "import that file, and say which with `--entry`" in err


def test_a_file_that_is_not_there_is_a_fault(said):
    assert 3 == said("import", "none.json")[0]
    Path("folder.json").mkdir()
    assert 3 == said("import", "folder.json")[0]


def test_yaml_without_its_library_is_a_fault_with_the_mend(said, monkeypatch):
    write("c.yaml", "datasets: [{path: x, type: alpaca}]\n")
    monkeypatch.setitem(sys.modules, "yaml", None)
    code, _, err = said("import", "c.yaml")
    assert 3 == code
    assert "fault[missing-library]" in err
    assert "pip install 'sftspec[import]'" in err
    write("c.json", {"datasets": [{"path": "x.jsonl", "type": "alpaca"}]})
    assert 0 == said("import", "c.json")[0]


# the small things


def test_names_are_made_of_any_text():
    assert ["a_b", "x_9", "x", "in_", "con_"] == [
        identifier(text, "x") for text in ("a b", "9", "\u6570", "in", "con")
    ]
    assert ["a", "b", "a_2", "a_2_2"] == unique(["a", "b", "a", "a_2"])
    assert r'"\"\\\u202e\ud83d\ude00{\n' + '\u6570"' == quoted('"\\\u202e\U0001f600{\n\u6570')


def regold():
    """Write what each case comes to."""
    for case, words in CASES.items():
        for name in ("want.sft", "want.txt"):
            (GOLDEN / case / name).unlink(missing_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            _, spec, told = imported(case, words, Path(folder) / case)
        (GOLDEN / case / "want.sft").write_text(spec, "utf-8")
        (GOLDEN / case / "want.txt").write_text(told, "utf-8")


if __name__ == "__main__":
    regold()
