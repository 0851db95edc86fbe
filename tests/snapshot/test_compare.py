"""The diff's parts against plain models of them: the join, the words, the policy, the gates; and papers nobody wrote."""

from collections import Counter
import copy
from fractions import Fraction
import hashlib
import itertools
import json
from pathlib import Path
import runpy
import shutil
from types import SimpleNamespace

from hypothesis import HealthCheck, given, settings, strategies as st
import msgspec
from msgspec.structs import replace
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sftspec.expr import nodes as ex
from sftspec.ground.report import Fault
from sftspec.ground.semver import LEVELS
from sftspec.plan import graph as g
from sftspec.snapshot.compare import gates, texts
from sftspec.snapshot.compare.base import Change, Word
from sftspec.snapshot.compare.diff import diff
from sftspec.snapshot.compare.edits import MOST_EDITS, runs
from sftspec.snapshot.compare.lines import records
from sftspec.snapshot.compare.names import compared
from sftspec.snapshot.compare.policy import judged
from sftspec.snapshot.compare.records import Both
from sftspec.snapshot.compare.told import told
from sftspec.snapshot.manifest import (
    MANIFEST,
    PLAN,
    FileEntry,
    Manifest,
    checked,
    decode,
    encode,
)  # fmt: skip
from sftspec.snapshot.opened import INDEX, open_folder

HERE = Path(__file__).resolve().parents[1]
small = SimpleNamespace(**runpy.run_path(str(HERE / "small.py")))
projects = SimpleNamespace(**runpy.run_path(str(HERE / "projects.py")))
QUIET = settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
HOWS = ("added", "removed", "modified", "retagged", "moved", "same")


def built(root, spec=small.SPEC):
    return open_folder(projects.built(small.make(root, spec=spec) / "small.sft").folder)


@pytest.fixture(scope="session")
def one(tmp_path_factory):
    return built(tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="session")
def other(tmp_path_factory):
    spec = small.SPEC.replace("law 60%, money 40%", "law 45%, money 55%").replace(
        "What is {{ row.term }}?", "What does {{ row.term }} mean?"
    )
    return built(tmp_path_factory.mktemp("other"), spec.replace("v0.1.0", "v0.2.0"))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Two versions of a spec that has a little of everything."""
    root = tmp_path_factory.mktemp("tiny")
    spec = projects.TINY.replace("easy 90%, hard 10%", "easy 80%, hard 20%").replace(
        "v0.1.0", "v0.2.0"
    )
    folders = (
        projects.built(projects.tiny(root / "a")).folder,
        projects.built(projects.tiny(root / "b", spec=spec, rows=96)).folder,
    )
    return tuple(map(open_folder, folders))


# ---------------------------------------------------------------- the join


PARTS = ("train", "dev")
FATES = (*PARTS, "not_chosen", "rejected:expect", "rejected:duplicate")
FACETS = {"topic": ("law", "money"), "skill": ("recall", "count")}
WORDS = {
    "source": ("asks", "terms"), "template": ("reply", "sense"),
    "file": ("data/asks-1.jsonl", "data/asks-2.jsonl"),
}  # fmt: skip
a_record = st.fixed_dictionaries(
    {
        "content": st.sampled_from([bytes(32), b"\1" * 32, bytes(31) + b"\1"]),
        "fate": st.sampled_from(FATES),
        "phase": st.sampled_from((None, "start", "finish")),
        "tag.topic": st.sampled_from((None, *FACETS["topic"])),
        "tag.skill": st.none()
        | st.lists(st.sampled_from(FACETS["skill"]), max_size=2, unique=True),
        "variant": st.integers(0, 1),
        **{name: st.sampled_from(words) for name, words in WORDS.items()},
    }
)
an_id = st.builds(
    lambda a, b: bytes([*[0] * 7, a]) + bytes([b, *[0] * 7]), *[st.integers(0, 3)] * 2
)
an_index = st.dictionaries(an_id, a_record, max_size=12)


def write_index(path, rows, group_size):
    """An index as a build writes it, of rows by id."""
    ordered = sorted(rows.items())
    words = pa.dictionary(pa.int32(), pa.string())
    kinds = {
        "content": pa.binary(32), "source": words, "file": words, "template": words,
        "variant": pa.int16(), "tag.topic": words, "tag.skill": pa.list_(pa.string()),
        "fate": words, "phase": words,
    }  # fmt: skip
    columns = {"id": pa.array([key for key, _ in ordered], pa.binary(16))}
    columns |= {
        name: pa.array([row[name] for _, row in ordered], kind) for name, kind in kinds.items()
    }
    parts = [row["fate"] if row["fate"] in PARTS else None for _, row in ordered]
    columns |= {
        "key": pa.array([key.hex() for key, _ in ordered], pa.string()),
        "line": pa.array(range(len(ordered)), pa.int64()),
        "chars.prompt": pa.array([1] * len(ordered), pa.int32()),
        "chars.response": pa.array([row["content"][31] for _, row in ordered], pa.int32()),
        "group": pa.array([None] * len(ordered), pa.string()),
        "cell": pa.array([str(row["tag.topic"]) for _, row in ordered], words),
        "part": pa.array(parts, words),
        "position": pa.array([None if part is None else 0 for part in parts], pa.int64()),
    }
    table = pa.table(columns)
    with pq.ParquetWriter(
        path, table.schema, store_schema=False, write_statistics=False
    ) as writer:
        writer.write_table(table, row_group_size=group_size)


def indexed(base, folder, rows, group_size=3):
    """A snapshot whose index holds these rows, with two facets and two phases."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / INDEX
    write_index(path, rows, group_size)
    data = path.read_bytes()
    entry = FileEntry(INDEX, hashlib.sha256(data).hexdigest(), len(data), len(rows))
    files = tuple(entry if file.name == INDEX else file for file in base.manifest.files)
    judge = replace(base.graph.judge, facets=("source", "template", *FACETS), many=("skill",))
    graph = replace(
        base.graph, judge=judge, mix=replace(base.graph.mix, parts=(("train", 1), ("dev", 1)))
    )
    plan = replace(base.plan, graph=graph)
    manifest = replace(base.manifest, files=files)
    return replace(base, folder=folder, manifest=manifest, plan=plan)


def fared(was, now):
    """How a record fared, said the long way round."""
    chosen = [one is not None and one["fate"] in PARTS for one in (was, now)]
    if chosen == [False, False]:
        return None
    if chosen != [True, True]:
        return "added" if chosen[1] else "removed"
    if was["content"] != now["content"]:
        return "modified"
    if any((was[f"tag.{name}"] or None) != (now[f"tag.{name}"] or None) for name in FACETS):
        return "retagged"
    return "same" if stands(was) == stands(now) else "moved"


def stands(one, *, phase=True):
    if one is None:
        return "absent"
    return f"{one['fate']} {one['phase'] or ''}".strip() if phase else one["fate"]


def modelled(before, after):
    """Totals, and records by how they fared, of what, and from where to where."""
    totals, groups = Counter(), Counter()
    for key in {**before, **after}:
        was, now = before.get(key), after.get(key)
        how = fared(was, now)
        if how is None:
            continue
        totals[how] += 1
        if how != "same":
            phase = how not in {"modified", "retagged"}
            last = now or was
            groups[
                how,
                last["template"],
                last["source"],
                stands(was, phase=phase),
                stands(now, phase=phase),
            ] += 1
    return {how: totals[how] for how in HOWS}, dict(groups)


def joined(base, folder, before, after, group_size=3):
    sides = [
        indexed(base, folder / name, rows, group_size)
        for name, rows in (("before", before), ("after", after))
    ]
    return Both(compared(*sides), (told(sides[0]), told(sides[1])))


def counted(both):
    found = Counter()
    for group in both.groups():
        found[group.how, group.template, group.source, group.was, group.now] += group.count
    return dict(found)


@QUIET
@given(before=an_index, after=an_index, group_size=st.integers(1, 5))
def test_the_join_is_that_of_two_dicts(one, tmp_path_factory, before, after, group_size):
    both = joined(one, tmp_path_factory.mktemp("join"), before, after, group_size)
    totals, groups = modelled(before, after)
    assert totals == both.totals()
    assert groups == counted(both)


@QUIET
@given(before=an_index, after=an_index)
def test_totals_add_up_on_both_sides(one, tmp_path_factory, before, after):
    totals = joined(one, tmp_path_factory.mktemp("sum"), before, after).totals()
    stay = sum(totals[how] for how in ("modified", "retagged", "moved", "same"))
    for rows, alone in ((before, "removed"), (after, "added")):
        assert sum(row["fate"] in PARTS for row in rows.values()) == stay + totals[alone]


@QUIET
@given(rows=an_index)
def test_an_index_and_itself_differ_in_nothing(one, tmp_path_factory, rows):
    both = joined(one, tmp_path_factory.mktemp("same"), rows, copy.deepcopy(rows))
    assert [] == both.groups()
    assert {"same"} >= {how for how, count in both.totals().items() if count}
    assert {} == both.leaks()


@QUIET
@given(before=an_index, after=an_index)
def test_turned_round_what_came_has_gone(one, tmp_path_factory, before, after):
    there, back = (
        joined(one, tmp_path_factory.mktemp("turn"), *pair)
        for pair in ((before, after), (after, before))
    )
    swap = {"added": "removed", "removed": "added"}
    assert there.totals() == {how: back.totals()[swap.get(how, how)] for how in HOWS}
    # a group is named by what is there last
    mirrored = Counter(
        (swap.get(g.how, g.how), g.now, g.was) for g in there.groups() for _ in range(g.count)
    )
    assert mirrored == Counter(
        (g.how, g.was, g.now) for g in back.groups() for _ in range(g.count)
    )


@QUIET
@given(before=an_index, after=an_index)
def test_a_leak_is_a_record_that_was_held_out_and_is_trained_on(
    one, tmp_path_factory, before, after
):
    leaks = joined(one, tmp_path_factory.mktemp("leak"), before, after).leaks()
    held = {key for key, row in before.items() if row["fate"] == "dev"}
    train = {key for key, row in after.items() if row["fate"] == "train"}
    said = {before[key]["content"][:8] for key in held}
    said -= {row["content"][:8] for row in before.values() if row["fate"] == "train"}
    again = sum(after[key]["content"][:8] in said for key in train - held)
    wanted = (len(held & train), again)
    assert ({"dev": wanted} if any(wanted) else {}) == leaks


@QUIET
@given(before=an_index, after=an_index)
def test_each_sample_is_a_record_of_its_group(one, tmp_path_factory, before, after):
    both = joined(one, tmp_path_factory.mktemp("sample"), before, after)
    ids = [sorted(before), sorted(after)]
    for group in both.groups():
        for left, right in group.rows:
            was, now = (
                None if at < 0 else ids[side][at] for side, at in enumerate((left, right))
            )
            assert was is None or now is None or was == now
            assert group.how == fared(before.get(was or now), after.get(now or was))


ROW = {"content": bytes(32), "fate": "train", "variant": 0, "phase": None, "tag.topic": None,
       "tag.skill": None, **{name: words[0] for name, words in WORDS.items()}}  # fmt: skip
ODD = {
    "an id twice": lambda table: pa.concat_tables([table, table]),
    "no fate": lambda table: table.drop_columns(["fate"]),
    "no cell": lambda table: table.drop_columns(["cell"]),
    "no facet": lambda table: table.drop_columns(["tag.topic"]),
    "a fate that is null": lambda table: put(table, "fate", pa.array([None], pa.string())),
    "a template that is a number": lambda table: put(
        table, "template", pa.array([1], pa.int64())
    ),
    "a short id": lambda table: put(table, "id", pa.array([bytes(8)], pa.binary(8))),
}


def put(table, name, column):
    return table.set_column(table.schema.get_field_index(name), name, column)


@pytest.mark.parametrize("name", ODD)
def test_an_index_that_no_compiler_writes_is_a_fault(one, tmp_path, name):
    sound = indexed(one, tmp_path / "sound", {bytes(16): ROW})
    path = tmp_path / INDEX
    pq.write_table(ODD[name](pq.read_table(sound.folder / INDEX)), path)
    data = path.read_bytes()
    entry = FileEntry(INDEX, hashlib.sha256(data).hexdigest(), len(data), 1)
    files = tuple(entry if file.name == INDEX else file for file in sound.manifest.files)
    odd = replace(sound, folder=tmp_path, manifest=replace(sound.manifest, files=files))
    with pytest.raises(Fault) as fault:
        diff(odd, sound)
    assert "other-compiler" == fault.value.slug


def test_an_index_whose_bytes_changed_is_damaged(one, tmp_path):
    sound = indexed(one, tmp_path, {bytes(16): ROW})
    data = (tmp_path / INDEX).read_bytes()
    (tmp_path / INDEX).write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])
    with pytest.raises(Fault) as fault:
        diff(sound, one)
    assert "snapshot-damaged" == fault.value.slug


# ---------------------------------------------------------------- whole snapshots


def test_a_snapshot_and_itself_differ_in_nothing(one, tiny):
    for side in (one, *tiny):
        found = diff(side, side)
        assert ((), (), (), (), (), (), ()) == (
            found.changes, found.groups, found.facets, found.lengths, found.funnel, found.gates,
            found.notes,
        )  # fmt: skip
        assert found.before.chosen == found.totals["same"] == sum(found.totals.values())
        assert found.same
        assert found.versions[0].enough


def test_a_diff_is_the_same_each_time(tiny):
    assert msgspec.json.encode(diff(*tiny)) == msgspec.json.encode(diff(*tiny))


def test_turned_round_a_diff_counts_the_other_way(one, other, tiny):
    swap = {"added": "removed", "removed": "added"}
    for a, b in ((one, other), tiny):
        there, back = diff(a, b), diff(b, a)
        assert there.totals == {how: back.totals[swap.get(how, how)] for how in HOWS}
        assert [(f.part, f.facet, f.moved_bp) for f in there.facets] == [
            (f.part, f.facet, f.moved_bp) for f in back.facets
        ]
        assert {(m.name, m.before, m.after) for m in there.funnel} == {
            (m.name, m.after, m.before) for m in back.funnel
        }


def test_groups_add_up_to_the_totals_and_all_have_causes(one, other, tiny):
    for pair in ((one, other), (other, one), tiny, tiny[::-1], (one, tiny[0])):
        found = diff(*pair)
        sums = Counter()
        for group in found.groups:
            sums[group.how] += group.count
            assert group.causes
            assert not group.causes[0].startswith("unknown"), group
        assert {how: sums[how] for how in HOWS[:-1]} == {
            how: count for how, count in found.totals.items() if how != "same"
        }


def test_without_texts_nothing_but_the_words_is_missing(one, other):
    whole, bare = diff(one, other), diff(one, other, texts=False)
    assert any(sample.turns for group in whole.groups for sample in group.samples)
    assert not any(sample.turns for group in bare.groups for sample in group.samples)
    plain = [
        replace(group, samples=tuple(replace(one, turns=()) for one in group.samples))
        for group in whole.groups
    ]
    assert plain == list(bare.groups)


# ---------------------------------------------------------------- words


tokens = st.lists(
    st.sampled_from(["a", "b", "c,", "法", "院", "\n", "é", " ", "  "]), max_size=40
)


def said(words, *ops):
    return "".join(word.text for word in words if word.op in ops)


@given(before=tokens.map("".join), after=tokens.map("".join))
def test_words_give_back_both_texts(before, after):
    words = texts.words(before, after)
    assert before == said(words, "=", "-")
    assert after == said(words, "=", "+")
    assert all(word.text for word in words)
    assert all(one.op != two.op for one, two in itertools.pairwise(words))


@given(before=st.text(), after=st.text())
def test_words_of_any_text_begin_and_end_as_it_does(before, after):
    words = texts.words(before, after)
    for text, ops in ((before, "=-"), (after, "=+")):
        for piece in said(words, *ops).replace("…", "\0").split("\0"):
            assert piece in text.replace("…", "\0")


def test_what_is_far_from_a_change_is_left_out():
    around = "one two three four five six seven eight nine ten "
    words = texts.words(around * 30 + "old" + around * 30, around * 30 + "new" + around * 30)
    assert ("=", "-", "+", "=") == tuple(word.op for word in words)
    assert (Word("-", "old" + "one"), Word("+", "new" + "one")) == words[1:3]
    assert words[0].text.startswith("…")
    assert words[3].text.endswith("…")


def test_scripts_without_spaces_are_compared_sign_by_sign():
    words = texts.words("合同应当在十日内支付。", "合同应当在三十日内支付。")
    assert (Word("=", "合同应当在"), Word("+", "三"), Word("=", "十日内支付。")) == words


def test_texts_that_repeat_themselves_are_compared_at_once():
    before, after = "a " * 20_000, "a b " * 10_000
    words = texts.words(before, after)
    assert {"-", "+"} <= {word.op for word in words}
    assert max(len(word.text) for word in words) <= texts.MOST_CHARS + 1


items = st.lists(st.sampled_from("abc"), max_size=9)


def common(a, b):
    """The most items that two lists have in common, in order."""
    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in reversed(range(len(a))):
        for k in reversed(range(len(b))):
            same = a[i] == b[k]
            best[i][k] = best[i + 1][k + 1] + 1 if same else max(best[i + 1][k], best[i][k + 1])
    return best[0][0]


@given(a=items, b=items)
def test_an_edit_is_a_shortest_one(a, b):
    found = runs(a, b)
    assert a == [x for run in found for x in a[run.start : run.end]]
    assert b == [x for run in found for x in b[run.first : run.last]]
    assert all(a[r.start : r.end] == b[r.first : r.last] for r in found if r.same)
    assert common(a, b) == sum(run.end - run.start for run in found if run.same)
    assert all(one.same != two.same for one, two in itertools.pairwise(found))


def test_what_has_too_little_in_common_is_one_run():
    a, b = list(range(MOST_EDITS)), list(range(10_000, 10_000 + MOST_EDITS))
    assert [(False, 0, MOST_EDITS, 0, MOST_EDITS)] == [tuple(run) for run in runs(a, b)]
    assert [True, False, True] == [run.same for run in runs(["x", *a, "y"], ["x", *b, "y"])]


# ---------------------------------------------------------------- records of every profile


CALLS = small.SPEC.replace(
    "template sense v1.0.0 {",
    """tool look_up {
  description = "Look a term up."
  parameters { term: string }
  returns string
}
template sense v1.0.0 {""",
).replace(
    '  assistant "{{ row.sense }}"\n',
    """  tools = [look_up]
  assistant call look_up { term = row.term }
  tool look_up = row.sense
  assistant "{{ row.sense }}"
""",
)
PAIRS = small.SPEC.replace("  from terms as row\n", '  from terms as row\n  rejected "No."\n')
EMITS = {
    "jsonl": small.SPEC, "jsonl { profile = openai }": CALLS, "jsonl { profile = mistral }": CALLS,
    "jsonl { profile = hf }": CALLS, "jsonl { profile = plain }": small.SPEC, "parquet": CALLS,
    "jsonl, parquet": small.SPEC, "jsonl, pairs": PAIRS, "parquet, pairs { profile = openai }": PAIRS,
}  # fmt: skip


def emitted(root, emit, spec):
    """A snapshot in a profile, and one whose template of terms says something else."""
    spec = spec.replace("emit { jsonl }", f"emit {{ {emit} }}")
    return [
        built(root / str(number), spec.replace("What is", said_))
        for number, said_ in enumerate(("What is", "Say what is"))
    ]


@pytest.mark.parametrize("emit", EMITS)
def test_the_words_that_changed_are_found_in_every_profile(tmp_path, emit):
    found = diff(*emitted(tmp_path, emit, EMITS[emit]))
    assert () == found.notes
    assert (True, True) == (found.before.texts, found.after.texts)
    turns = [
        turn for group in found.groups for sample in group.samples for turn in sample.turns
    ]
    assert turns
    assert {"user"} == {turn.role for turn in turns}
    assert {"What", "Say what"} == {turn.words[i].text for turn in turns for i in (0, 1)}


@pytest.mark.parametrize("profile", ["hf", "openai", "mistral"])
def test_calls_and_tools_are_turns(tmp_path, profile):
    side, _ = emitted(tmp_path, f"jsonl {{ profile = {profile} }}", CALLS)
    lines = (side.folder / "train.jsonl").read_bytes().splitlines()
    line = next(line for line in lines if b"look_up" in line)
    turns = texts.turns_of(msgspec.json.decode(line))
    assert ["user", "assistant", "tool", "assistant", "tools"] == [role for role, _ in turns]
    assert "look_up" in turns[1][1]
    assert turns[2][1] == turns[3][1]


@pytest.mark.parametrize("profile", ["hf", "openai"])
def test_a_pair_is_its_prompt_and_both_answers(tmp_path, profile):
    side, _ = emitted(tmp_path, f"pairs {{ profile = {profile} }}", PAIRS)
    line = (side.folder / "pairs" / "train.jsonl").read_bytes().splitlines()[0]
    turns = texts.turns_of(msgspec.json.decode(line))
    assert ["user", "assistant", "rejected"] == [role for role, _ in turns]
    assert "No." == turns[2][1]


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["messages", "role", "content", "tool_calls", "tools", "input", "chosen", "x"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(one=st.dictionaries(st.sampled_from(["messages", "prompt", "input", "rejected", "tools"]), any_json),
       two=st.dictionaries(st.sampled_from(["messages", "prompt", "input", "chosen", "y"]), any_json))  # fmt: skip
def test_a_record_of_any_shape_is_turns_of_texts(one, two):
    for record in (one, two):
        assert all(isinstance(x, str) for turn in texts.turns_of(record) for x in turn)
    found = texts.turn_diffs(one, two)
    assert () == texts.turn_diffs(one, one)
    assert all(word.text or len(turn.words) == 1 for turn in found for word in turn.words)


@QUIET
@given(junk=st.binary(max_size=60), at=st.integers(0, 400))
def test_lines_that_are_no_records_are_left_out(one, other, tmp_path_factory, junk, at):
    folder = Path(shutil.copytree(one.folder, tmp_path_factory.mktemp("junk") / "0.1.0"))
    for path in folder.glob("*.jsonl"):
        data = path.read_bytes()
        path.write_bytes(
            (data[:at] + junk + data[at + len(junk) :])[: len(data)].ljust(len(data))
        )
    odd = open_folder(folder)
    assert diff(one, other).totals == diff(odd, other).totals


def test_a_position_that_no_file_holds_is_no_record(one):
    found = records(one, [("train", 0), ("train", 10**9), ("train", -1), ("nowhere", 0)])
    assert [("train", 0)] == list(found)


def test_records_are_read_by_position_over_all_files_of_a_part(tmp_path, one):
    lines = [b'{"messages":[{"role":"user","content":"%d"}]}\n' % n for n in range(7)]
    entries = []
    for number, some in enumerate((lines[:3], lines[3:4], lines[4:])):
        name = f"train-{number:05}-of-00003.jsonl"
        (tmp_path / name).write_bytes(b"".join(some))
        entries.append(FileEntry(name, "", len(b"".join(some)), len(some)))
    side = replace(one, folder=tmp_path, manifest=replace(one.manifest, files=tuple(entries)))
    found = records(side, [("train", n) for n in range(9)])
    assert {("train", n): str(n) for n in range(7)} == {
        place: record["messages"][0]["content"] for place, record in found.items()
    }


# ---------------------------------------------------------------- the policy


VERSIONS = st.builds("{}.{}.{}".format, *[st.integers(0, 3)] * 3)
some_changes = st.lists(
    st.builds(Change, st.sampled_from(["a", "b"]), st.sampled_from(LEVELS), st.just("x"),
              st.sampled_from(["m", "n"]), st.just("changed")), max_size=4,
)  # fmt: skip


def key(version):
    return tuple(map(int, version.split(".")))


@given(before=VERSIONS, declared=VERSIONS, changes=some_changes, more=some_changes)
def test_more_changes_never_ask_for_less(before, declared, changes, more):
    few = judged("x", before, declared, changes)
    many = judged("x", before, declared, [*changes, *more])
    assert key(few.least) <= key(many.least)
    assert LEVELS.index(few.asked) <= LEVELS.index(many.asked)
    assert many.enough <= few.enough


@given(before=VERSIONS, declared=VERSIONS, changes=some_changes)
def test_what_was_known_never_fails(before, declared, changes):
    found = judged("x", before, declared, changes, changes)
    assert found.enough
    assert () == found.breaks
    alone = judged("x", before, declared, changes)
    assert len(alone.breaks) == found.known
    assert alone.enough == (found.known == 0)


@given(before=VERSIONS, declared=VERSIONS, changes=some_changes)
def test_it_is_enough_where_the_least_is_declared(before, declared, changes):
    found = judged("x", before, declared, changes)
    if key(declared) >= key(found.least):
        assert found.enough
    if changes and key(declared) < key(found.least):
        assert not found.enough


@pytest.mark.parametrize(
    ("before", "level", "least"),
    [
        ("0.3.1", "none", "0.3.1"), ("0.3.1", "patch", "0.3.2"), ("0.3.1", "minor", "0.4.0"),
        ("0.3.1", "major", "0.4.0"), ("1.3.1", "none", "1.3.1"), ("1.3.1", "patch", "1.3.2"),
        ("1.3.1", "minor", "1.4.0"), ("1.3.1", "major", "2.0.0"),
    ],
)  # fmt: skip
def test_what_a_level_asks_for_before_and_after_1_0(before, level, least):
    change = Change("rule", level, "x", "", "changed")
    assert least == judged("x", before, least, [change]).least
    assert judged("x", before, least, [change]).enough


# ---------------------------------------------------------------- gates


OPS = ("<", "<=", ">", ">=", "==", "!=")
UNITS = {
    "count": [Fraction(n) for n in range(8)],
    "percent": [Fraction(n, 2) * 2_500 for n in range(9)],
    "points": [Fraction(n, 2) * 2_500 for n in range(9)],
    "number": [Fraction(n, 2) for n in range(-4, 20)],
}
"""Answers that can be measured: all that thresholds out of the same units tell apart."""
HOLDS = {
    "<": lambda v, t: v < t, "<=": lambda v, t: v <= t, ">": lambda v, t: v > t,
    ">=": lambda v, t: v >= t, "==": lambda v, t: v == t, "!=": lambda v, t: v != t,
}  # fmt: skip


def threshold(unit):
    if unit in {"count", "number"}:
        return st.integers(0, 6).map(str)
    return st.sampled_from(["0", "2500", "5000", "7500", "10000"])


def lines_of(unit, most=3):
    one = st.tuples(st.sampled_from(OPS), threshold(unit), st.booleans())
    return st.lists(one, max_size=most)


def gated(graph, unit, lines, name="freeze", tally="count"):
    parts = tuple(
        g.GateLinePart(require, ex.Tally(tally), op, wanted, unit, None, "chosen",
                       f"{'require' if require else 'warn'} {op} {wanted}")
        for op, wanted, require in lines
    )  # fmt: skip
    return replace(
        graph, judge=replace(graph.judge, gates=(g.GatePart(name, parts),), coverages=())
    )


def passing(unit, lines):
    required = [(op, Fraction(wanted)) for op, wanted, require in lines if require]
    return {v for v in UNITS[unit] if all(HOLDS[op](v, wanted) for op, wanted in required)}


@given(data=st.data(), unit=st.sampled_from(list(UNITS)))
def test_a_gate_is_weaker_exactly_where_more_passes(one, data, unit):
    was, now = data.draw(lines_of(unit)), data.draw(lines_of(unit))
    before, after = gated(one.graph, unit, was), gated(one.graph, unit, now)
    weak = gates.weaknesses(before, after)
    assert bool(passing(unit, now) - passing(unit, was)) == bool(weak)
    rules = [change.rule for change in gates.gate_changes(before, after)]
    assert len(weak) == rules.count("gate-weaker")
    lost = passing(unit, was) - passing(unit, now)
    assert lost or "gate-stricter" not in rules
    assert weak or bool(lost) == ("gate-stricter" in rules)


@given(data=st.data(), unit=st.sampled_from(list(UNITS)))
def test_a_gate_that_stands_elsewhere_is_as_strict(one, data, unit):
    lines = data.draw(lines_of(unit))
    before = gated(one.graph, unit, lines)
    assert [] == gates.weaknesses(before, gated(one.graph, unit, lines, name="release"))


def test_a_gate_that_counts_something_else_is_another_one(one):
    lines = [(">=", "3", True)]
    before, after = (
        gated(one.graph, "count", lines),
        gated(one.graph, "count", lines, tally="mean"),
    )
    assert ["`require >= 3` is gone"] == [weak.why for weak in gates.weaknesses(before, after)]


def test_a_threshold_that_cannot_be_read_lets_anything_through(one):
    before = gated(one.graph, "count", [("<", "3", True)])
    for op, wanted in (("<", "1/0"), ("<", "three"), ("~", "3")):
        assert gates.weaknesses(before, gated(one.graph, "count", [(op, wanted, True)]))


def test_a_gate_on_a_list_of_values_is_compared_too(one):
    where = ex.Cmp("in", ex.Path(("layer",)), ex.Const(["skill", "domain"]))
    before, after = (gated(one.graph, "count", [(">=", wanted, True)]) for wanted in "32")
    listed = [
        replace(side, judge=replace(side.judge, gates=tuple(
            replace(gate, lines=tuple(replace(line, where=where) for line in gate.lines))
            for gate in side.judge.gates
        )))
        for side in (before, after)
    ]  # fmt: skip
    assert ["gate-weaker"] == [change.rule for change in gates.gate_changes(*listed)]


# ---------------------------------------------------------------- papers that nobody wrote


JUNK = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        10**30,
        "",
        "x",
        "@m99",
        "not_chosen",
        [],
        {},
        [[]],
        1.5,
        "1/0",
        ["law"],
    ]
)


def mutated(draw, tree):
    """Papers with some values that are others, gone, or twice there."""
    for _ in range(draw(st.integers(1, 3))):
        node, walked = tree, []
        while isinstance(node, dict | list) and node:
            keys = sorted(node) if isinstance(node, dict) else range(len(node))
            walked.append((node, draw(st.sampled_from(keys))))
            node = walked[-1][0][walked[-1][1]]
            if draw(st.integers(0, 7)) == 0:
                break
        if walked:
            holder, at = walked[-1]
            if draw(st.booleans()):
                holder[at] = copy.deepcopy(draw(JUNK))
            elif isinstance(holder, list):
                holder.append(copy.deepcopy(holder[at]))
            else:
                del holder[at]
    return tree


@settings(QUIET, max_examples=300)
@given(data=st.data())
def test_papers_that_nobody_wrote_are_a_fault_or_a_diff(tiny, tmp_path_factory, data):
    side = data.draw(st.integers(0, 1))
    folder = Path(shutil.copytree(tiny[side].folder, tmp_path_factory.mktemp("odd") / "0.1.0"))
    manifest = json.loads((folder / MANIFEST).read_bytes())
    if data.draw(st.booleans()):
        plan = encode(mutated(data.draw, json.loads((folder / PLAN).read_bytes())))
        (folder / PLAN).write_bytes(plan)
        entry = next(file for file in manifest["files"] if file["name"] == PLAN)
        entry |= {"sha256": hashlib.sha256(plan).hexdigest(), "bytes": len(plan)}
    else:
        files = manifest["files"]
        manifest = mutated(data.draw, manifest) | {"files": files}
    try:
        sealed = encode(checked(msgspec.convert(manifest, Manifest)))
        decode(sealed)
    except Exception:  # noqa: BLE001 - no manifest at all, which is refused before anything is read
        return
    (folder / MANIFEST).write_bytes(sealed)
    sides = [one.folder for one in tiny]
    sides[side] = folder
    assert outcome(*sides) in {"a diff", "other-compiler", "snapshot-damaged"}


def test_an_old_plan_is_of_another_compiler(one, tmp_path):
    folder = Path(shutil.copytree(one.folder, tmp_path / "0.1.0"))
    plan = json.loads((folder / PLAN).read_bytes())
    del plan["graph"]["definitions"]
    reseal(folder, encode(plan))
    with pytest.raises(Fault) as fault:
        open_folder(folder)
    assert "other-compiler" == fault.value.slug


def reseal(folder, plan):
    """The plan replaced, the manifest sound."""
    (folder / PLAN).write_bytes(plan)
    manifest = decode((folder / MANIFEST).read_bytes())
    entry = FileEntry(PLAN, hashlib.sha256(plan).hexdigest(), len(plan))
    files = tuple(entry if file.name == PLAN else file for file in manifest.files)
    (folder / MANIFEST).write_bytes(encode(checked(replace(manifest, files=files))))


@pytest.mark.parametrize("depth", [*range(100, 1_100, 50), 10_000])
def test_however_deep_a_plan_is_it_is_a_fault_or_a_diff(one, tmp_path, depth):
    folder = Path(shutil.copytree(one.folder, tmp_path / "0.1.0"))
    plan = json.loads((folder / PLAN).read_bytes())
    plan["graph"]["judge"]["coverages"][0]["where"] = "HERE"
    deep = '{"type":"not","of":' * depth + '{"type":"path","parts":["topic"]}' + "}" * depth
    reseal(folder, json.dumps(plan).replace('"HERE"', deep).encode())
    assert outcome(one.folder, folder) in {"a diff", "other-compiler"}


def outcome(*folders):
    """What comes of two folders: a diff that can be written and read, or the slug of a fault."""
    try:
        found = diff(*map(open_folder, folders))
    except Fault as fault:
        return fault.slug
    assert found == msgspec.json.decode(msgspec.json.encode(found), type=type(found))
    return "a diff"


def test_a_measure_that_nobody_here_knows_is_shown_as_it_is(one, tmp_path):
    folder = Path(shutil.copytree(one.folder, tmp_path / "0.1.0"))
    plan = json.loads((folder / PLAN).read_bytes())
    drop = {
        "at": 7,
        "node": {"type": "measure", "name": "sparkle", "args": []},
        "text": "drop sparkle()",
    }
    for render in plan["graph"]["renders"].values():
        render["drops"] = [drop]
    reseal(folder, encode(plan))
    found = diff(one, open_folder(folder))
    assert "`drop sparkle()` is new" in [change.what for change in found.changes]


def test_snapshots_of_two_datasets_have_no_record_in_common(one, tiny):
    found = diff(one, tiny[0])
    assert 0 == sum(found.totals[how] for how in ("modified", "retagged", "moved", "same"))
    assert {("dataset tiny: was called small",)} == {group.causes for group in found.groups}
    assert any("two datasets" in note for note in found.notes)
