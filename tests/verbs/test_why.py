"""`why`: a record's way from its source to its place, and why a row is not there."""

from collections import Counter, defaultdict
import gc
import json
from pathlib import Path
import runpy
import shutil
from types import SimpleNamespace

from msgspec.structs import replace
import pytest

from sftspec.cli import main
from sftspec.ground.report import Misuse
from sftspec.snapshot.dealt import Dealer
from sftspec.snapshot.lineage import Tracer
from sftspec.snapshot.opened import open_folder
from sftspec.snapshot.whynot import meant
from sftspec.verbs.why import _without

projects = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "projects.py")))
FOLDER = Path("compiled") / "tiny" / "0.1.0"


@pytest.fixture(autouse=True)
def _collected():
    """The verb stops the collector; here it goes on."""
    yield
    gc.enable()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The tiny project, built once and only looked at."""
    root = tmp_path_factory.mktemp("tiny")
    projects.built(projects.tiny(root))
    return root


@pytest.fixture
def copy(home, tmp_path):
    """The project and its snapshot, to be spoilt."""
    shutil.copytree(home, tmp_path / "tiny", ignore=shutil.ignore_patterns(".sftspec"))
    return tmp_path / "tiny"


def tracer_of(root):
    return Tracer(open_folder(root / FOLDER), root)


def every(tracer):
    rows = tracer.all.rows(range(tracer.all.size))
    return [tracer.trace(place, row) for place, row in enumerate(rows)]


@pytest.fixture(scope="module")
def traced(home):
    """The lineage of every candidate."""
    return every(tracer_of(home))


@pytest.fixture
def why(home, capsys):
    def run(*words, root=home):
        code = main(["why", str(root / FOLDER), *words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def lines_of(root):
    text = (root / FOLDER / "rejected.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


# what is worked out anew is what the build did


def test_every_record_is_rendered_again_as_it_was_built(traced):
    assert {"same"} == {one.now for one in traced}


def test_the_draw_of_a_group_says_its_part(traced):
    chosen = [one for one in traced if one.part]
    assert {"train", "dev", "test"} == {one.part for one in chosen}
    assert [one.part for one in chosen] == [one.parted.part for one in chosen]
    for one in chosen:
        low, high = next((a, z) for part, a, z in one.parted.ranges if part == one.part)
        assert low <= one.parted.draw < high


def test_a_group_is_in_one_part_chosen_or_not(traced):
    parts = defaultdict(set)
    for one in traced:
        if one.parted is not None:
            parts[one.group or one.key].add(one.parted.part)
    assert {1} == {len(found) for found in parts.values()}


def test_caps_hold_back_as_many_as_they_did(home, traced):
    held = Counter(one.parted.part for one in traced if one.mixed and one.mixed.cap)
    result = open_folder(home / FOLDER).plan.mixture
    assert {part.part: part.capped for part in result.parts} == dict(held)
    assert min(held.values()) > 0


def test_who_holds_a_capped_one_back_is_of_its_row_and_was_not_capped(traced):
    known = {one.id: one for one in traced}
    for one in traced:
        if one.mixed and one.mixed.cap:
            before = [known[name] for name in one.mixed.before]
            assert 2 == len(before)
            assert {(one.source, one.key)} == {(other.source, other.key) for other in before}
            assert all(other.mixed.cap is None for other in before)


def test_the_lowest_of_a_cell_are_those_it_took(home, traced):
    cells = defaultdict(list)
    for one in traced:
        if one.mixed and one.mixed.cap is None:
            cells[one.parted.part, tuple(one.mixed.cell.items())].append(one)
    counts = {
        (part.part, cell.values): cell.chosen
        for part in open_folder(home / FOLDER).plan.mixture.parts
        for cell in part.cells
    }
    checked = 0
    for (part, cell), fellows in cells.items():
        if len({one.mixed.of for one in fellows}) > 1:
            continue  # cells that the conditions of shares tell apart look alike here
        ranks = {one.mixed.rank: one for one in fellows}
        if len(ranks) < len(fellows):
            continue
        taken = counts[part, tuple(str(value) for _, value in cell)]
        assert [*range(1, len(fellows) + 1)] == sorted(ranks)
        assert {taken} == {one.mixed.taken for one in fellows}
        assert {len(fellows)} == {one.mixed.of for one in fellows}
        assert [at <= taken for at in sorted(ranks)] == [
            ranks[at].part is not None for at in sorted(ranks)
        ]
        checked += 1
    assert checked > 15


def test_of_a_large_cell_no_more_is_looked_at_than_is_needed(tmp_path, monkeypatch):
    from sftspec.snapshot import dealt

    spec = projects.TINY.replace(
        "shortfall = repeat(2)", "at most 9 per level\n  shortfall = shrink"
    )
    projects.built(projects.tiny(tmp_path, spec=spec))
    tracer = tracer_of(tmp_path)
    rows = tracer.all.rows(range(tracer.all.size))
    dealer = Dealer(tracer.snapshot, tracer.all)
    some = [
        (place, row, dealer.mixed(row, place))
        for place, row in enumerate(rows)
        if not row["fate"].startswith("rejected")
    ]
    held = Counter(dealer.parted(row).part for _, row, mixed in some if mixed.cap)
    assert held == {part.part: part.capped for part in tracer.snapshot.plan.mixture.parts}
    assert {None, "at most 2 per source_row", "at most 9 per level"} == {
        m.cap for *_, m in some
    }
    monkeypatch.setattr(dealt, "FEW", 0)
    for place, row, mixed in some:
        few = dealer.mixed(row, place)
        assert (mixed.rank, mixed.taken, mixed.last) == (few.rank, few.taken, few.last)
        assert few.of in {None, mixed.of}
        assert mixed.cap or mixed.of >= mixed.rank


def test_the_quotas_a_record_counts_in_are_those_of_its_tags_and_conditions(home, traced):
    result = open_folder(home / FOLDER).plan.mixture
    for part in result.parts:
        mine = [one for one in traced if one.part == part.part]
        found = Counter(limit.label for one in mine for limit in one.mixed.limits)
        wanted = {quota.label: quota.chosen for quota in part.quotas if quota.chosen}
        assert wanted == dict(found)


def test_a_record_stands_where_its_place_says(home, traced):
    for one in traced:
        if one.part:
            (place,) = one.places
            text = (home / FOLDER / place.file).read_text("utf-8").splitlines()[place.line - 1]
            last = json.loads(text)["messages"][-1]["content"]
            length = next(v for k, v in one.measures.items() if k == "characters trained on")
            assert length == len(last)


# the lines


def test_the_line_that_set_a_candidate_aside_is_the_one_that_fails(traced):
    kinds = {"expect": "expect", "screened": "drop"}
    for one in traced:
        failed = [line for line in one.lines if line.outcome == "fails"]
        if one.rejected is None:
            assert [] == failed
            continue
        reason = one.rejected.reason
        (line,) = failed
        assert (
            kinds.get(reason, reason if reason in {"duplicate", "conflict"} else "contract")
            == line.kind
        )
        if line.kind == "drop":
            assert one.rejected.evidence == ": ".join(
                [line.text, *([", ".join(line.facts)] if "words" in line.text else [])]
            )
        after = one.lines[one.lines.index(line) + 1 :]
        assert {"later"} >= {other.outcome for other in after}


def test_lines_are_told_with_what_they_measured(traced):
    one = next(one for one in traced if one.template == "reply" and one.part)
    told = {line.text: line.facts for line in one.lines}
    chars = one.measures["chars(response)"]
    assert (f"chars(response) is {chars}",) == told["expect chars(response) > 2"]
    assert told["drop words(response) > 40"][0].startswith("words(response) is ")


def test_a_double_names_the_record_it_yields_to_and_that_one_names_it(traced):
    known = {one.id: one for one in traced}
    doubles = [one for one in traced if one.rejected and one.rejected.reason == "duplicate"]
    assert doubles
    for one in doubles:
        first = known[one.rejected.of]
        assert one.content == first.content
        assert one.id in {other.id for other in first.yielding}


def test_the_wording_drawn_is_the_one_that_was_rendered(home, traced):
    import pyarrow.parquet as pq  # noqa: F401 - the project is built with it

    chosen = [one for one in traced if one.template == "reply" and one.part]
    assert {(1, 3), (2, 3), (3, 3)} == {
        (one.wordings[0].option, one.wordings[0].of) for one in chosen
    }
    for one in chosen:
        place = one.places[0]
        text = (home / FOLDER / place.file).read_text("utf-8").splitlines()[place.line - 1]
        said = json.loads(text)["messages"][1]["content"]
        assert said.startswith("In Book") == (one.wordings[0].option == 1)
        (table,) = one.tables
        assert ("focus", one.tags["topic"]) == (table.table, table.value)
        assert table.text in said


# what was asked for


def test_an_id_its_beginning_a_key_and_a_line_mean_the_same(home, traced):
    tracer = tracer_of(home)
    one = next(one for one in traced if one.template == "card" and one.part)
    (place,) = meant(tracer, one.id).places
    assert one.id == tracer.all.rows([place])[0]["id"]
    for word in (one.id[:9], one.key, f"{one.file}:{one.line}", f"./{one.file}:{one.line}"):
        assert place in meant(tracer, word).places
    assert place in meant(tracer, f"cards.csv:{one.line}").places
    assert place in meant(tracer, one.key, "cards").places
    assert meant(tracer, one.key, "asks").nothing
    with pytest.raises(Misuse, match="no source is called `card`"):
        meant(tracer, one.key, "card")


def test_the_beginning_of_several_ids_means_none_of_them(home, traced, monkeypatch):
    from sftspec.snapshot import whynot

    monkeypatch.setattr(whynot, "LEAST_ID", 1)
    heads = Counter(one.id[:2] for one in traced)
    many = next(head for head, count in heads.items() if count > 1 and not head.isdecimal())
    with pytest.raises(Misuse, match="beginning of several ids"):
        meant(tracer_of(home), many)


def test_a_key_goes_before_the_beginning_of_an_id(home, traced, monkeypatch):
    from sftspec.snapshot import whynot

    monkeypatch.setattr(whynot, "LEAST_ID", 1)
    keys = {one.key for one in traced if one.source == "asks"}
    word = next(one.id[:2] for one in traced if one.id[:2] in keys)
    found = meant(tracer_of(home), word)
    assert {word} == {row["key"] for row in tracer_of(home).all.rows(found.places)}
    assert found.also.startswith(word)


def test_every_row_that_was_set_aside_is_found_by_key_and_line(home):
    tracer = tracer_of(home)
    rows = [one for one in lines_of(home) if "id" not in one]
    assert {"invalid_json", "left_out", "where", "duplicate-key", "unjoined"} <= {
        one["reason"] for one in rows
    }
    for one in rows:
        found = meant(tracer, f"{one['file']}:{one['line']}")
        assert [one["reason"]] == [row.reason for row in found.rows]
        if "key" in one:
            by_key = meant(tracer, one["key"]).rows
            assert (one["file"], one["line"], one["reason"]) in {
                (row.file, row.line, row.reason) for row in by_key
            }


def test_each_line_of_a_source_is_a_candidate_a_rejected_row_or_no_row(home):
    tracer = tracer_of(home)
    for number, text in enumerate((home / "data" / "asks-1.jsonl").read_text().splitlines(), 1):
        found = meant(tracer, f"asks-1.jsonl:{number}")
        assert not found.nothing, text


# the words


RECORD = """\
{template} v1.0.0  {layer}{variant}  {id}
  in {part}, at position {position}, {place}

  row         data/{file}:{line}  source {source}  key {key}
"""


def test_a_chosen_record_is_told_from_its_source_to_its_place(why, traced):
    one = next(one for one in traced if one.template == "amount" and one.phase)
    code, out, err = why(one.id)
    assert (0, "") == (code, err)
    place = f"{one.places[0].file}:{one.places[0].line}"
    head = RECORD.format(
        template="amount", layer="skill", variant=f"  variant {one.variant} of 2" + ", a repeat" * one.repeat,
        id=one.id, part=one.part, position=one.position, place=place, file=one.file.split("/")[1],
        line=one.line, source="asks", key=one.key,
    )  # fmt: skip
    assert out.startswith(head)
    order = [line.split()[0] for line in out.splitlines()[3:] if line[2] != " "]
    assert [
        "row",
        "tags",
        "measured",
        "lines",
        "split",
        "cell",
        "cap",
        "quota",
        "phase",
        "place",
    ] == order
    assert "  lines       ok    every turn is there, json Amount kept\n" in out
    assert f"  phase       {one.phase}, " in out
    assert "  cap         at most 2 per source_row\n" in out
    assert f"              {place}\n" in out


def test_one_that_was_not_chosen_says_what_its_cell_took(why, traced):
    one = next(
        one for one in traced
        if one.mixed and not one.part and not one.mixed.cap and not one.repeat and one.mixed.taken > 1
    )  # fmt: skip
    code, out, _ = why(one.id[:10])
    assert 0 == code
    assert (
        f"  not chosen for {one.parted.part}: its cell took {one.mixed.taken}, and it drew the "
        in out
    )
    assert f" lowest of {one.mixed.of}; it took {one.mixed.taken}, the last at 0." in out


def test_one_that_a_cap_held_back_says_behind_whom(why, traced):
    one = next(one for one in traced if one.mixed and one.mixed.cap)
    _, out, _ = why(one.id)
    held = (
        f"  not chosen for {one.parted.part}: `at most 2 per source_row` held it back before "
    )
    assert held in out
    behind = ", ".join(name[:12] for name in one.mixed.before)
    assert f"  cap         at most 2 per source_row: held it back, behind {behind}\n" in out


def test_one_that_a_cap_held_back_says_what_its_draw_would_have_done(why, traced):
    one = next(
        one for one in traced
        if one.mixed and one.mixed.cap and one.mixed.taken < one.mixed.of - 1
    )  # fmt: skip
    _, out, _ = why(one.id)
    taken, of = one.mixed.taken, one.mixed.of
    assert f" lowest, would not have been taken: the cell took {taken}\n" in out
    assert ", which would be the " in out
    assert f" lowest of {of}; it took {taken}" in out


@pytest.mark.parametrize(
    ("rank", "of", "taken", "said"),
    [
        (2, 9, 3, "its draw, the 2nd lowest, would have been taken: the cell took 3"),
        (3, 3, 2, "the cell took all 2 that were left"),
        (2, 3, 2, "its draw, the 2nd lowest, would have been taken: the cell took 2"),
        (1, 1, 0, "the cell had no other"),
        (3, None, 2, "its draw would be the 3rd lowest, and the cell took 2"),
        (4, None, 2, "its draw, the 4th lowest, would not have been taken: the cell took 2"),
    ],
)
def test_no_more_is_said_of_a_draw_than_is_known(traced, rank, of, taken, said):
    mixed = next(one.mixed for one in traced if one.mixed and one.mixed.cap)
    assert said == _without(replace(mixed, rank=rank, of=of, taken=taken))


def test_the_draw_of_one_held_back_is_ranked_among_those_that_no_cap_held(traced):
    free = defaultdict(list)
    for one in traced:
        if one.mixed and one.mixed.cap is None:
            free[one.parted.part, tuple(one.mixed.cell.items())].append(one)
    checked = 0
    for one in traced:
        if one.mixed is None or one.mixed.cap is None:
            continue
        fellows = free[one.parted.part, tuple(one.mixed.cell.items())]
        if one.repeat or any(other.repeat for other in fellows):
            continue  # those that repeat a row come after all others, whatever they drew
        if one.mixed.of != len(fellows) + 1:
            continue  # cells that the conditions of shares tell apart look alike here
        lower = sum(other.mixed.drawn < one.mixed.drawn for other in fellows)
        assert 1 + lower == one.mixed.rank
        checked += 1
    assert checked


def test_a_rejected_candidate_says_the_line_and_its_values(why, traced):
    one = next(one for one in traced if one.fate == "rejected:rule")
    code, out, _ = why(one.id)
    assert 0 == code
    assert f"  rejected rule (validate): {one.rejected.evidence}\n" in out
    assert "  lines       FAILS every turn is there, json Amount kept\n" in out
    assert "              -     4 more lines were not asked\n" in out


def test_of_several_candidates_each_has_its_reason_and_all_tells_them(why, traced):
    counts = Counter(one.key for one in traced if one.source == "asks")
    key = next(key for key, count in counts.items() if count > 4)
    code, out, _ = why(key, "--source", "asks")
    assert (0, True) == (code, out.startswith(f"{counts[key]} candidates of data/asks-"))
    assert counts[key] == sum(
        line.startswith("  ") and " v1.0.0" in line for line in out.splitlines()
    )
    assert out.endswith("  hint: name one by its id, or `--all`, for every step of its way\n")
    _, whole, _ = why(key, "--source", "asks", "--all")
    assert counts[key] == whole.count("\n  row         ")


def test_a_row_that_was_set_aside_says_why(why, home):
    held = next(one for one in lines_of(home) if one["reason"] == "left_out")
    code, out, _ = why(f"{held['file']}:{held['line']}")
    assert (
        f"{held['file']}:{held['line']}  source asks  key {held['key']}\n"
        "  rejected left_out (ingest): its id is a key of held\n"
        "  hint: `sftspec explain left_out` says more\n"
    ) == out
    assert 0 == code


def test_a_row_that_no_template_takes_says_what_each_asks_for(tmp_path, why):
    spec = projects.TINY.replace(
        "from asks as row\n", "from asks as row where row.level == easy\n"
    )
    projects.built(
        projects.tiny(
            tmp_path, spec=spec.replace("shortfall = repeat(2)", "shortfall = shrink")
        )
    )
    row = next(
        r
        for r in map(projects.ask_row, range(90))
        if (r["level"], r["risk"]) == ("hard", "low") and "amount" not in r
    )
    code, out, _ = why(str(row["id"]), root=tmp_path)
    assert 0 == code
    assert out.endswith(
        f"  source asks  key {row['id']}\n"
        "  no candidate: no template takes it\n\n"
        "  where       amount: row.amount != null and row.risk >= mid\n"
        '                row.amount is null, row.risk is "low"\n'
        '              reply: row.level == "easy"\n'
        '                row.level is "hard"\n'
    )


def test_a_row_that_is_only_looked_up_says_by_whom(why):
    code, out, _ = why("b3", "--source", "books")
    assert 0 == code
    assert (
        "data/books.csv:5  source books  key b3\n"
        "  no candidate: its source is only looked up\n\n"
        "  used by     asks\n"
    ) == out


def test_what_never_was_names_what_was_searched_and_what_is_near(why):
    code, out, err = why("1000O")
    assert (1, "") == (code, err)
    assert (
        "`1000O` is no record, key or line of tiny 0.1.0\n  searched    asks, books, cards, held\n"
        in out
    )
    assert out.endswith("\n  hint: did you mean `10079`?\n")
    code, out, _ = why("data/cards.csv:9999")
    assert (1, True) == (code, "hint: no row begins on line 9999 of `data/cards.csv`" in out)


@pytest.mark.parametrize("word", ["", " ", "fab", "FABED"])
def test_what_is_too_short_for_an_id_is_told_how_long_one_is(word, why):
    code, out, _ = why(word)
    assert 1 == code
    assert out.endswith(
        "\n  hint: write a record's id or its first six digits or more, a row's key, or FILE:LINE\n"
    )


def test_a_key_of_another_source_is_pointed_out(why, traced):
    key = next(one.key for one in traced if one.source == "asks")
    code, out, _ = why(key, "--source", "cards")
    assert (1, True) == (code, out.endswith("  hint: it is a key of `asks`\n"))


def test_what_data_say_is_safe_on_a_terminal(copy, why):
    projects.edit(copy / "data" / "books.csv", "b2,Book 2", "b\x1b[31m2\u202e,Book 2")
    code, out, _ = why("b\x1b[31m2\u202e", root=copy)
    assert (0, True) == (code, "key b\\u{1b}[31m2\\u{202e}\n" in out)
    _, out, _ = why("::error::\x1b", root=copy)
    assert "\x1b" not in out


def test_json_holds_the_whole_way(why, traced):
    one = next(one for one in traced if one.part)
    code, out, err = why(one.id, "--format", "json")
    found = json.loads(out)
    assert (0, "", 1, "ok") == (code, err, found["format_version"], found["verdict"])
    (record,) = found["records"]
    assert (one.id, one.part, one.mixed.rank) == (
        record["id"], record["part"], record["mixed"]["rank"],
    )  # fmt: skip
    assert {"ok", "unknown"} == {
        json.loads(why(word, "--format", "json")[1])["verdict"] for word in (one.key, "nowhere")
    }


# what is no longer there


def spoilt(copy, old, new, name="asks-1.jsonl"):
    path = copy / "data" / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return every(tracer_of(copy))


def test_a_source_that_is_gone_leaves_what_the_index_holds(copy, traced, why):
    (copy / "data" / "cards.csv").unlink()
    found = every(tracer_of(copy))
    assert {"cards": "absent", "asks": "same"} == {one.source: one.now for one in found}
    for was, now in zip(traced, found, strict=True):
        assert [(line.text, line.outcome) for line in was.lines] == [
            (line.text, line.outcome) for line in now.lines
        ]
        assert (was.mixed, was.parted, was.wordings) == (now.mixed, now.parted, now.wordings)
    one = next(one for one in found if one.source == "cards")
    _, out, _ = why(one.id, root=copy)
    assert "its source is not there, so what its lines measured is not known: " in out


def test_a_row_that_changed_is_told_apart_from_a_file_that_did(copy, traced):
    one = next(one for one in traced if one.file == "data/asks-1.jsonl" and one.part)
    row = projects.ask_row(int(one.key))
    found = spoilt(copy, f"{row['reply'][:12]}", "Another page")
    states = Counter((now.now, now.key == one.key) for now in found if now.file == one.file)
    assert states["row-changed", True] > 0
    assert states["file-changed", False] > 0
    assert states["same", True] == states["row-changed", False] == 0


def test_a_row_that_moved_to_another_line_is_another_row(copy):
    path = copy / "data" / "asks-1.jsonl"
    path.write_text("\n" + path.read_text("utf-8"), encoding="utf-8")
    found = every(tracer_of(copy))
    assert {"row-changed"} == {one.now for one in found if one.file == "data/asks-1.jsonl"}
    assert "no row with this key stands there now" in {one.note for one in found}


def test_a_row_that_the_template_takes_now_is_told(copy, why):
    path = copy / "data" / "asks-2.jsonl"
    line = json.dumps(projects.ask_row(4) | {"id": 777})
    path.write_text(path.read_text("utf-8") + line + "\n", encoding="utf-8")
    code, out, _ = why("777", root=copy)
    assert 0 == code
    assert "  no candidate: as it is now it would be one; the source has changed since\n" in out
    assert "amount: row.amount != null and row.risk >= mid\n" in out


def test_a_damaged_index_is_a_fault_whatever_it_says(copy, why):
    path = copy / FOLDER / "index.parquet"
    data = bytearray(path.read_bytes())
    for at in (5, len(data) // 2, len(data) - 20):
        data[at] ^= 1
        path.write_bytes(data)
        code, out, err = why("1", root=copy)
        assert (3, "") == (code, out)
        assert "fault[snapshot-damaged]" in err
    path.unlink()
    code, _, err = why("1", root=copy)
    assert (3, True) == (code, "fault[no-data]" in err)
