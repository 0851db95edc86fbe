"""A query answers what a plain loop over the index and the files of records answers.

The snapshot is cut up: its index into small row groups, its train part into several files.
"""

from collections import Counter
import hashlib
import json
from pathlib import Path
import runpy
import shutil
from types import SimpleNamespace

from hypothesis import example, given, settings, strategies as st
import msgspec
from msgspec.structs import replace
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sftspec.ground.report import Fault, SpecError
from sftspec.ports.dialogue import Call, Said
from sftspec.ports.emitters import jsonl
from sftspec.snapshot import index, matches
from sftspec.snapshot.asked import SPOKEN, ask, lone_expression
from sftspec.snapshot.hashing import Hashing
from sftspec.snapshot.index import Index
from sftspec.snapshot.manifest import MANIFEST, FileEntry, checked, decode, encode
from sftspec.snapshot.matches import Search
from sftspec.snapshot.opened import open_snapshot
from sftspec.snapshot.talks import Talk
from sftspec.stages.spoken import talks_array
from sftspec.stages.talk import talked

projects = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "projects.py")))
RISKS, LEVELS = ("low", "mid", "high"), ("easy", "hard")
FACETS = {
    "topic": projects.TOPICS, "risk": RISKS, "level": LEVELS, "shelf": ("top", "bottom"),
    "layer": ("generic", "skill", "domain", "system"), "source": ("asks", "cards"),
    "template": ("reply", "amount", "card"), "origin": ("human", "synthetic"),
    "part": ("train", "dev", "test"), "phase": ("start", "finish"),
    "fate": ("train", "dev", "test", "not_chosen"),
}  # fmt: skip
SKILLS = ("recall", "format", "count")
ORDERS = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}  # fmt: skip


class Data(SimpleNamespace):
    """A snapshot and its rows, which a failing test does not print."""

    def __repr__(self):
        return "data"


def cut_up(whole, folder):
    """A copy of a snapshot with the same content in other pieces."""
    shutil.copytree(whole, folder)
    table = pq.read_table(folder / "index.parquet")
    pq.write_table(table, folder / "index.parquet", row_group_size=37, store_schema=False)
    lines = (folder / "train.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "train.jsonl").unlink()
    pieces = [lines[:9], lines[9:10], lines[10:]]
    for at, piece in enumerate(pieces):
        (folder / f"train-{at:05d}-of-00003.jsonl").write_bytes(b"".join(piece))
    manifest = decode((folder / MANIFEST).read_bytes())
    known = {
        entry.name: entry.records for entry in manifest.files if entry.name != "train.jsonl"
    }
    known |= {f"train-{at:05d}-of-00003.jsonl": len(p) for at, p in enumerate(pieces)}
    entries = []
    for name, records in sorted(known.items()):
        data = (folder / name).read_bytes()
        entries.append(FileEntry(name, hashlib.sha256(data).hexdigest(), len(data), records))
    (folder / MANIFEST).write_bytes(encode(checked(replace(manifest, files=tuple(entries)))))
    return open_snapshot(str(folder))


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    root = tmp_path_factory.mktemp("tiny")
    built = projects.built(projects.tiny(root / "project", rows=180))
    return cut_up(built.folder, root / "cut")


@pytest.fixture(scope="module", autouse=True)
def _few_are_many():
    """Columns of more than ten values are looked up as those of thousands are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "SINGLE", 10)
        yield


@pytest.fixture(scope="module")
def rows(snapshot):
    """The candidates as plain values, by the documented names."""
    lines = {
        part: [
            json.loads(line)
            for name in snapshot.shards(part)
            for line in (snapshot.folder / name).read_text("utf-8").splitlines()
        ]
        for part in ("train", "dev", "test")
    }
    versions = {name: s.template.version for name, s in snapshot.graph.templates().items()}
    found = []
    for row in pq.read_table(snapshot.folder / "index.parquet").to_pylist():
        one = {name.removeprefix("tag."): value for name, value in row.items()}
        one["id"] = row["id"].hex()
        one["version"] = versions[row["template"]]
        one["rejected"] = row["fate"].partition(":")[2] or None
        if row["part"]:
            said = lines[row["part"]][row["position"]]["messages"]
            one["turns"] = len(said)
            one["response"] = said[-1]["content"]
            one["user"] = said[-2]["content"]
            one["text"] = "\n\n".join(turn["content"] for turn in said)
        found.append(one)
    return found


@pytest.fixture(scope="module")
def data(snapshot, rows):
    return Data(snapshot=snapshot, rows=rows)


def search(snapshot, text, of="chosen"):
    return Search(Hashing(snapshot), ask(snapshot, text, of))


def ids(snapshot, text, of="chosen", want=None):
    one = search(snapshot, text, of)
    found = one.find(want)
    return one.values(["id"], found.places)["id"]


def asked_of(rows, of):
    wanted = {
        "chosen": lambda row: row["part"] is not None,
        "candidates": lambda _: True,
        "rejected": lambda row: row["rejected"] is not None,
    }
    return [row for row in rows if wanted[of](row)]


def in_files(row):
    return ("train", "dev", "test").index(row["part"]), row["position"]


# conditions as text, and as functions of a row


def compared(name, op, value):
    return lambda row: row[name] is not None and ORDERS[op](row[name], value)


@st.composite
def of_facets(draw):
    name = draw(st.sampled_from(sorted(FACETS)))
    some = draw(st.lists(st.sampled_from(FACETS[name]), min_size=1, max_size=3))
    one = some[0]
    return draw(
        st.sampled_from(
            [
                (f"{name} == {one}", lambda row: row[name] == one),
                (f'"{one}" != {name}', lambda row: row[name] != one),
                (f"{name} in [{', '.join(some)}]", lambda row: row[name] in some),
                (f'{name} not in ["{one}"]', lambda row: row[name] != one),
            ]
        )
    )


@st.composite
def of_orders(draw):
    name, values = draw(st.sampled_from([("risk", RISKS), ("level", LEVELS)]))
    op, value = draw(st.sampled_from(sorted(ORDERS))), draw(st.sampled_from(values))
    return (
        f"{name} {op} {value}",
        lambda row: (
            row[name] is not None and ORDERS[op](values.index(row[name]), values.index(value))
        ),
    )


@st.composite
def of_lists(draw):
    some = draw(st.lists(st.sampled_from(SKILLS), min_size=1, max_size=2))
    one = some[0]
    return draw(
        st.sampled_from(
            [
                (f"skill has {one}", lambda row: one in (row["skill"] or [])),
                (
                    f"skill has [{', '.join(some)}]",
                    lambda row: row["skill"] is not None and {*some} <= {*row["skill"]},
                ),
                (f"{one} in skill", lambda row: one in (row["skill"] or [])),
                ("skill == null", lambda row: row["skill"] is None),
                (f"skill == [{', '.join(some)}]", lambda row: row["skill"] == some),
            ]
        )
    )


@st.composite
def of_numbers(draw):
    name = draw(st.sampled_from(["line", "variant", "position"]))
    op, value = draw(st.sampled_from([*sorted(ORDERS), "==", "!="])), draw(st.integers(0, 60))
    if op == "==":
        return f"{name} == {value}", lambda row: row[name] == value
    if op == "!=":
        return f"{value} != {name}", lambda row: row[name] != value
    return f"{name} {op} {value}", compared(name, op, value)


WORDS = [
    ('rejected == "expect"', lambda row: row["rejected"] == "expect"),
    ("rejected != null", lambda row: row["rejected"] is not None),
    ("group == null", lambda row: row["group"] is None),
    ('group in ["b3", "b4", "nobody"]', lambda row: row["group"] in {"b3", "b4"}),
    ('group in ["b3", null]', lambda row: row["group"] in {"b3", None}),
    ('group not in ["b3", null]', lambda row: row["group"] not in {"b3", None}),
    ('group != "b4"', lambda row: row["group"] != "b4"),
    ('version == "1.0.0"', lambda _: True),
    ('matches(file, "asks-1")', lambda row: "asks-1" in row["file"]),
    ('key in ["5", "6", "60", "x"]', lambda row: row["key"] in {"5", "6", "60"}),
    ('key != "5"', lambda row: row["key"] != "5"),
    ('matches(id, "^[0-7]")', lambda row: row["id"][0] in "01234567"),
    ("true", lambda _: True),
]
TEXTS = [
    ("chars(response) > 20", lambda row: len(row["response"]) > 20),
    ("words(user) <= 12", lambda row: len(row["user"].split()) <= 12),
    ("turns == 3", lambda row: row["turns"] == 3),
    ('matches(text, "[0-9]{3}")', lambda row: any(map(str.isdigit, row["text"]))
     and any(row["text"][at : at + 3].isascii() and row["text"][at : at + 3].isdigit()
             and len(row["text"][at : at + 3]) == 3 for at in range(len(row["text"])))),
    ("calls == 0", lambda _: True),
    ("valid(response)", lambda _: True),
    ("not valid(calls)", lambda _: False),
    ('user != "" and risk == low', lambda row: row["risk"] == "low"),
]  # fmt: skip


def joined(inner):
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(
            lambda p: (f"({p[0][0]}) and ({p[1][0]})", lambda r: p[0][1](r) and p[1][1](r))
        ),
        pairs.map(
            lambda p: (f"({p[0][0]}) or ({p[1][0]})", lambda r: p[0][1](r) or p[1][1](r))
        ),
        inner.map(lambda p: (f"not ({p[0]})", lambda r: not p[1](r))),
    )


INSIDE = st.one_of(of_facets(), of_orders(), of_lists(), of_numbers(), st.sampled_from(WORDS))
CONDITIONS = st.recursive(INSIDE, joined, max_leaves=6)
TOLD = st.recursive(st.one_of(INSIDE, st.sampled_from(TEXTS)), joined, max_leaves=5)


@settings(max_examples=150, deadline=None)
@given(condition=CONDITIONS, of=st.sampled_from(["chosen", "candidates", "rejected"]))
def test_conditions_on_the_index_find_what_a_loop_finds(condition, of, data):
    text, holds = condition
    wanted = [row["id"] for row in asked_of(data.rows, of) if holds(row)]
    assert wanted == ids(data.snapshot, text, of), text


@settings(max_examples=80, deadline=None)
@given(condition=TOLD)
def test_conditions_on_texts_find_what_a_loop_finds(condition, data):
    text, holds = condition
    wanted = [row for row in asked_of(data.rows, "chosen") if holds(row)]
    if ask(data.snapshot, text).told:
        wanted.sort(key=in_files)
    assert [row["id"] for row in wanted] == ids(data.snapshot, text), text


def test_the_strategies_find_some_and_not_all(snapshot, rows):
    asked = asked_of(rows, "candidates")
    assert 0 < len(ids(snapshot, "skill has count and risk >= mid", "candidates")) < len(asked)
    assert 0 < len(ids(snapshot, "words(user) <= 12 or topic == law")) < len(asked)
    assert 5 < Index(snapshot.need("index.parquet"), snapshot.graph).plain.num_row_groups


def test_no_condition_finds_all(snapshot, rows):
    assert [row["id"] for row in asked_of(rows, "chosen")] == ids(snapshot, "")
    assert [row["id"] for row in rows] == ids(snapshot, " # nothing\n", "candidates")


def test_records_are_found_by_their_ids(snapshot, rows):
    some = [rows[5]["id"], rows[80]["id"], "00", "zz" * 16, rows[90]["id"].upper()]
    wanted = {rows[5]["id"], rows[80]["id"]}
    asked = f"id in [{', '.join(map(json.dumps, some))}]"
    assert sorted(wanted) == ids(snapshot, asked, "candidates")
    others = [row["id"] for row in rows if row["id"] not in wanted]
    assert others == ids(snapshot, f"not ({asked})", "candidates")
    assert others == ids(snapshot, asked.replace(" in ", " not in "), "candidates")
    assert [some[1]] == ids(snapshot, f'"{some[1]}" == id', "candidates")


def test_reading_stops_once_there_are_enough(snapshot, rows, monkeypatch):
    monkeypatch.setattr(matches, "BATCH", 4)
    one = search(snapshot, "words(user) > 2")
    found, whole = one.find(6), one.find()
    assert not found.whole
    assert whole.whole
    assert 7 <= len(found.places) <= 10 < len(whole.places)
    assert whole.places[: len(found.places)].tolist() == found.places.tolist()
    assert len(asked_of(rows, "chosen")) == found.of == whole.of


@settings(max_examples=40, deadline=None)
@given(
    condition=INSIDE,
    names=st.lists(
        st.sampled_from(["topic", "skill", "shelf", "part", "rejected", "variant", "key"]),
        min_size=1, max_size=3, unique=True,
    ),
)  # fmt: skip
def test_the_spread_is_that_of_a_loop(condition, names, data):
    text, holds = condition
    counts = Counter()
    for row in data.rows:
        cells = [()]
        for name in names:
            value = row[name]
            options = (value or [None]) if name == "skill" else [value]
            cells = [(*cell, option) for cell in cells for option in options]
        counts.update(cells if holds(row) else [])
    one = search(data.snapshot, text, "candidates")
    found = one.spread(one.find(), names)
    assert counts == dict(found)
    assert sorted(counts.values(), reverse=True) == [count for _, count in found]


def test_values_and_conversations_are_those_of_the_records(snapshot, rows):
    one = search(snapshot, "", "candidates")
    places = one.find().places
    names = ["topic", "skill", "id", "version", "rejected", "position"]
    values = one.values(names, places)
    assert [[row[name] for name in names] for row in rows] == [
        list(row) for row in zip(*values.values(), strict=True)
    ]
    told = one.told(places)
    assert [row.get("text") for row in rows] == [talk and talk.value("text") for talk in told]
    some = one.values(["key"], places[::-30])["key"]  # few are read one by one
    assert [row["key"] for row in rows][::-30] == some


def unmeasured(snapshot, turns=lambda turns: turns):
    """The snapshot as if no gate had measured anything; and with other turns in its plan."""
    renders = {
        name: replace(
            stage, measures=(),
            template=replace(stage.template, turns=turns(stage.template.turns)),
        )
        for name, stage in snapshot.graph.renders.items()
    }  # fmt: skip
    graph = replace(snapshot.graph, renders=renders)
    return replace(snapshot, plan=replace(snapshot.plan, graph=graph))


@pytest.mark.parametrize("change", [lambda whole: whole, unmeasured])
def test_lengths_of_answers_are_in_the_index(change, snapshot, rows):
    asked = change(snapshot)
    text = "chars(response) < 20"
    assert not ask(asked, text, "candidates").told
    wanted = [row["id"] for row in asked_of(rows, "chosen") if len(row["response"]) < 20]
    found = ids(asked, text, "candidates")
    chosen = {row["id"] for row in asked_of(rows, "chosen")}
    assert wanted == [one for one in found if one in chosen] == ids(asked, text)
    assert set(found) - chosen


def test_several_answers_have_no_length_of_one(snapshot):
    several = unmeasured(snapshot, lambda turns: (*turns, turns[-1]))
    assert ask(several, "chars(response) < 20").told


def test_chosen_records_kept_their_contracts(snapshot, rows):
    bare = unmeasured(snapshot)
    assert [row["id"] for row in asked_of(rows, "chosen")] == ids(bare, "valid(response)")
    assert [] == ids(bare, "not valid(response) or valid(calls) == false")
    with pytest.raises(SpecError, match="kept their contract"):
        ask(bare, "not valid(response)", "rejected")


WORD = st.sampled_from([f"w{at}" for at in range(40)])


@settings(max_examples=60, deadline=None)
@given(
    lists=st.lists(st.one_of(st.none(), st.lists(WORD, max_size=14)), min_size=1, max_size=20),
    size=st.integers(1, 20),
)
@example(lists=[[f"w{at}" for at in range(20)], None, [], ["w3"] * 20], size=4)
def test_coded_lists_are_the_lists(lists, size, tmp_path_factory):
    path = tmp_path_factory.mktemp("lists") / "index.parquet"
    column = pa.array(lists, pa.list_(pa.string()))
    pq.write_table(pa.table({"tag.f": column}), path, row_group_size=size, store_schema=False)
    read = Index(path, SimpleNamespace(facets={"f": ()}, templates=dict))
    coded = [group.coded("f") for group in read.groups(["f"])]
    assert lists == [one.values[code] for one in coded for code in one.codes]


def test_a_joint_of_many_columns_is_all_of_them(tmp_path):
    columns = {f"tag.f{n}": [f"{n} {at // (n + 1)}" for at in range(900)] for n in range(12)}
    pq.write_table(pa.table(columns), tmp_path / "index.parquet")
    names = [name.removeprefix("tag.") for name in columns]
    read = Index(
        tmp_path / "index.parquet", SimpleNamespace(facets=dict.fromkeys(names), templates=dict)
    )
    (group,) = read.groups(names)
    for some in (names, names[:3], names[:1]):
        codes, values = group.joint(some)
        assert list(zip(*(columns[f"tag.{name}"] for name in some), strict=True)) == [
            tuple(column[code] for column in values) for code in codes
        ]


# conversations

CALL = st.builds(
    Call,
    st.text(max_size=5),
    st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=2).map(
        lambda value: msgspec.json.encode(value).decode()
    ),
    st.just("call-1"),
)
SAID = st.one_of(
    st.builds(Said, st.sampled_from(["system", "user", "assistant"]), st.text(min_size=1)),
    st.builds(Said, st.just("assistant"), st.text(), st.booleans(), st.lists(CALL, min_size=1)),
    st.builds(Said, st.just("tool"), st.text(), name=st.just("t"), call_id=st.just("call-1")),
)


@settings(max_examples=60, deadline=None)
@given(
    talk=st.lists(SAID, min_size=1, max_size=5),
    profile=st.sampled_from(["hf", "openai", "mistral"]),
)
def test_conversations_are_read_back_as_they_were_measured(talk, profile):
    table = pa.table({"turns": talks_array([talk])})
    (line,) = jsonl.lines(table, profile)
    read = msgspec.json.decode(line, type=Talk)
    for name in SPOKEN:
        assert talked(talk, name) == read.value(name), name
    assert [[(c.name, c.arguments) for c in said.calls] for said in talk] == [
        turn.calls for turn in read.messages
    ]


# what is refused


@pytest.mark.parametrize(
    ("text", "of", "slug", "column", "words"),
    [
        ("scenario == law", "chosen", "unknown-name", 1, "`scenario` is no name"),
        ("topc == law", "chosen", "unknown-name", 1, "did you mean `topic`"),
        ("topic == lwa", "chosen", "unknown-facet-value", 10, "did you mean `law`"),
        ('part == "trian"', "chosen", "unknown-facet-value", 9, "did you mean `train`"),
        ("topic > law", "chosen", "unordered-facet", 1, "no order"),
        ("topic", "chosen", "not-a-condition", 1, "facet topic"),
        ("topic = law", "chosen", "malformed-line", 9, "`==`"),
        ("topic == law risk == low", "chosen", "malformed-line", 14, "`and`"),
        ("topic == law, risk == low", "chosen", "malformed-line", 15, "`and`"),
        ("topic == law { }", "chosen", "malformed-line", 14, "nothing more"),
        ("topic == \u202elaw", "chosen", "bidi-character", 10, "other than it is"),
        ("not valid(response, user)", "chosen", "wrong-arguments", 5, "`valid` takes"),
        ("topic ==", "chosen", "unexpected-end", 9, "expression ends too early"),
        ("chars(response", "chosen", "unclosed-bracket", 6, "never closed"),
        ("count(topic == law) > 1", "chosen", "tally-outside-gate", 1, "many records"),
        ("words(instruction) > 1", "chosen", "not-in-snapshot", 7, "`user`"),
        ('topic == law and context == ""', "chosen", "not-in-snapshot", 18, "`context`"),
        ('rejected == "expcet"', "rejected", "unknown-reason", 13, "did you mean `expect`"),
        ('rejected in ["expect", "no"]', "chosen", "unknown-reason", 24, "rejected as `no`"),
        ('rejected == "left_out"', "rejected", "wrong-population", 13, "`rejected.jsonl`"),
        ('not ("left_out" == rejected)', "candidates", "wrong-population", 6, "sets rows aside"),
        ("turns > 1", "candidates", "not-in-snapshot", 1, "not chosen"),
        ("not valid(calls)", "rejected", "not-in-snapshot", 5, "in no file"),
    ],
)  # fmt: skip
def test_a_wrong_condition_is_refused_at_its_place(text, of, slug, column, words, snapshot):
    with pytest.raises(SpecError) as caught:
        ask(snapshot, text, of)
    first = caught.value.report.sorted()[0]
    assert (slug, f"<expression>:1:{column}") == (first.slug, first.span.where)
    assert words in f"{first.message} {first.hint}"


@pytest.mark.parametrize(
    ("text", "of", "words"),
    [
        ("fate == not_chosen", "chosen", "no chosen record has the fate `not_chosen`"),
        ("topic == law and fate in [train, not_chosen]", "chosen", "`--of candidates`"),
        ("fate == train", "rejected", "no rejected candidate has the fate `train`"),
        ("part == train", "rejected", "no rejected candidate is in a part"),
        ('rejected == "expect"', "chosen", "no chosen record is rejected"),
        ('id == "d58595010fc5"', "candidates", "`sftspec why SNAPSHOT d58595010fc5`"),
        ('id == "it"', "chosen", "`sftspec why SNAPSHOT ID`"),
    ],
)  # fmt: skip
def test_what_nothing_asked_can_meet_is_a_note(text, of, words, snapshot):
    (note,) = ask(snapshot, text, of).notes
    assert words in note


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("fate == not_chosen", "candidates"),
        ("fate == train", "chosen"),
        ("not fate == not_chosen", "chosen"),
        ('rejected == "rule"', "rejected"),
        ("part == train", "candidates"),
        (f'id == "{"0a" * 16}"', "chosen"),
        ("", "chosen"),
    ],
)
def test_what_can_be_met_has_no_note(text, of, snapshot):
    assert () == ask(snapshot, text, of).notes


def test_what_a_gate_measured_can_be_asked_of_all(snapshot, rows):
    broken = {"missing_field", "rule", "type_error", "invalid_enum"}
    found = ids(snapshot, "not valid(response)", "rejected")
    assert found
    assert {row["rejected"] for row in rows if row["id"] in found} <= broken


def test_texts_need_json_lines(snapshot):
    graph = replace(snapshot.graph, emits=())
    bare = replace(snapshot, plan=replace(snapshot.plan, graph=graph))
    with pytest.raises(SpecError, match="JSON Lines"):
        ask(bare, "turns > 1")
    assert not ask(bare, "topic == law").told


def test_an_expression_may_stand_over_lines_in_brackets(snapshot):
    text = "(topic == law\n  and risk == low)"
    assert ids(snapshot, "topic == law and risk == low") == ids(snapshot, text)


def test_errors_beyond_number_are_errors(snapshot):
    many = " or ".join(f"chars(x{at}) > y{at}" for at in range(60))
    with pytest.raises(SpecError):
        ask(snapshot, f"({many}) and ({many}) and ({many})")


def test_nothing_is_no_expression():
    from sftspec.ground.report import Report

    report = Report()
    assert lone_expression("\n", report) is None
    assert not report.failed


# damage


def damaged(snapshot, name, folder):
    shutil.copytree(snapshot.folder, folder)
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    data[-3] ^= 1
    (folder / name).write_bytes(data)
    return open_snapshot(str(folder))


def test_a_damaged_index_is_not_read(snapshot, tmp_path):
    with pytest.raises(Fault) as caught:
        search(damaged(snapshot, "index.parquet", tmp_path / "x"), "topic == law").find()
    assert "snapshot-damaged" == caught.value.slug


def test_damaged_records_matter_where_they_are_read(snapshot, tmp_path):
    bad = damaged(snapshot, "train-00002-of-00003.jsonl", tmp_path / "x")
    assert search(bad, "topic == law").find().whole
    assert search(bad, "words(user) > 1 and part == dev").find().whole
    with pytest.raises(Fault) as caught:
        search(bad, "words(user) > 1").find()
    assert "snapshot-damaged" == caught.value.slug


def test_records_that_no_file_holds_are_missed(snapshot):
    files = tuple(f for f in snapshot.manifest.files if "00002" not in f.name)
    short = replace(snapshot, manifest=replace(snapshot.manifest, files=files))
    with pytest.raises(Fault, match="all of `train`"):
        search(short, "words(user) > 1").find()


def test_committed_papers_alone_hold_no_records(snapshot):
    bare = replace(snapshot, folder=None)
    with pytest.raises(Fault) as caught:
        search(bare, "topic == law")
    assert "no-data" == caught.value.slug
