"""Candidates: rows and variants, tags, contracts, expectations; their turns, digests and ids."""

import hashlib
import json

from hypothesis import given, settings, strategies as st
import numpy as np
import pyarrow as pa
import pytest

from sftspec.build import read
from sftspec.ground.record import turns_type
from sftspec.ports.emitters import jsonl
from sftspec.stages.bodies import Texts
from sftspec.stages.chunk import Chunk
from sftspec.stages.prepare import prepare
from sftspec.stages.render import ids, render_candidates, what_table, who_table
from sftspec.stages.turns import (
    RenderedPart,
    RenderedTurn,
    content_digests,
    message_of,
    turns_array,
)

steady = settings(deadline=None, derandomize=True, max_examples=100)
SPEC = """edition 2026
dataset d v1.0.0 {{ seed = 1, license = "X" }}
facet risk ordered {{ low "a", high "b" from ["HIGH"] }}
facet topic optional {{ law "a", money "b" }}
facet skill many {{ read "a", write "b" }}
schema Free {{
  risk: facet risk
  skills: [facet skill]
  verdict: "yes" | "maybe" | null
}}
schema Terms {{
  amount: number(min = 0) | null
  note: string(pattern = "^[a-z]") optional
  due: record optional {{ days: integer, from: "start" | "end" }}
  require amount != null when note == "paid"
}}
source s {{
  path = "data/in.jsonl", origin = human, license = "X", key = id
  fields {{
    id: integer
    text: string
    risk: facet risk
    topic: facet topic optional
    skills: [facet skill]
    terms: Terms
    verdict: "yes" | "maybe" | null
    free: Free optional
  }}
}}
phrasing ask {{ "Say {{{{ row.text }}}}.", "Tell me.", "{{{{ row.text }}}}?" }}
prompt desk v1.0.0 {{ text "You are a desk." }}
template t v1.2.0 {{
  layer = skill
  from s as row {where}
  vary ask = ask
  samples = {samples}
  tags {{
    {tags}
  }}
  {turns}
  {lines}
}}
emit {{ jsonl }}
"""
TAGS = """risk = row.risk
    topic by row.verdict { yes law, maybe money }
    skill = row.skills"""
TURNS = """system desk
  user { instruction "{{ ask }}", context "{{ row.text }}" }
  assistant untrained "Wait."
  user "Go on."
  assistant json Terms = row.terms"""


def render(stage, prepared):
    """Who the candidates are and what became of them, side by side."""
    cand = render_candidates(stage, prepared)
    table = who_table(cand)
    for name, column in zip((what := what_table(cand)).column_names, what.columns, strict=True):
        table = table.append_column(name, column)
    return table


def row(number, **given):
    return {
        "id": number, "text": f"text {number}", "risk": "low", "skills": [],
        "terms": {"amount": 1}, "verdict": None, **given,
    }  # fmt: skip


@pytest.fixture
def candidates(tmp_path):
    """The candidates of the template over some rows."""

    def of(rows, *lines, samples=1, where="", turns=TURNS, tags=TAGS, more=""):
        (tmp_path / "pyproject.toml").touch()
        spec = tmp_path / "spec.sft"
        said = SPEC.format(
            lines="\n  ".join(lines), samples=samples, where=where, turns=turns, tags=tags
        )
        spec.write_text(said + more, encoding="utf-8")
        stage = read(spec)[0].renders["t"]
        data = "".join(json.dumps(one) + "\n" for one in rows).encode()
        prepared = prepare(stage.source, Chunk("in", 0, len(data), 1, ""), data, b"", {})
        assert [] == prepared.rejects
        return render_candidates(stage, prepared)

    return of


def reasons(cand):
    return [fate and fate[1] for fate in cand.fates]


# ------------------------------------------------------------------ rows and variants


@pytest.mark.parametrize("samples", [1, 2, 3])
@pytest.mark.parametrize("taken", [[0, 1, 2, 3], [1, 3], [3], [0, 2], [2, 3], []])
def test_every_candidate_reads_its_own_row(candidates, samples, taken):
    rows = [row(n, risk="high" if n in taken else "low") for n in range(4)]
    turns = 'user "{{ row.text }}"\n  assistant "{{ row.id }}"'
    cand = candidates(rows, samples=samples, where="where row.risk == high", turns=turns)
    wanted = [n for n in taken for _ in range(samples)]
    assert wanted == cand.rows
    assert list(range(samples)) * len(taken) == cand.variants
    assert [f"text {n}" for n in wanted] == cand.turns[0].message
    assert [str(n) for n in wanted] == cand.turns[1].message
    assert ["high"] * len(wanted) == list(cand.get(("risk",)))


def test_variants_of_a_row_draw_different_wordings_and_the_row_decides_which(candidates):
    rows = [row(n) for n in range(30)]
    cand = candidates(rows, samples=3, turns='user "{{ ask }}"\n  assistant "b"')
    said = cand.turns[0].message
    for n in range(30):
        wordings = {f"Say text {n}.", "Tell me.", f"text {n}?"}
        assert wordings == set(said[3 * n : 3 * n + 3])
    again = candidates([rows[7]], samples=3, turns='user "{{ ask }}"\n  assistant "b"')
    assert said[21:24] == again.turns[0].message
    one = candidates(rows, samples=1, turns='user "{{ ask }}"\n  assistant "b"')
    assert said[::3] == one.turns[0].message


# ------------------------------------------------------------------ tags


def test_tags_are_constants_fields_and_mappings(candidates):
    rows = [row(1, skills=["read", "write"], verdict="yes"), row(2, risk="HIGH", verdict="maybe"),
            row(3)]  # fmt: skip
    cand = candidates(rows)
    assert ["low", "high", "low"] == list(cand.get(("risk",)))
    assert ["law", "money", None] == list(cand.get(("topic",)))
    assert [["read", "write"], [], []] == list(cand.get(("skill",)))


def test_a_tag_from_inside_a_contract_is_a_value_of_its_facet_or_rejected(candidates):
    values = ["low", "odd", 7, ["low"], None, "HIGH", "high"]
    rows = [row(n, free={"risk": value, "all": [value]}) for n, value in enumerate(values)]
    tags = "risk = row.free.risk\n    skill = row.free.skills\n    topic by row.free.verdict { yes law, maybe money }"
    cand = candidates(rows, turns='user "a"\n  assistant "b"', tags=tags)
    wanted = [None, "invalid_enum", "type_error", "type_error", None, "invalid_enum", None]
    assert wanted == reasons(cand)
    assert ["low", None, None, None, None, None, "high"] == list(cand.get(("risk",)))
    assert "row.free.risk: 'odd' is no value of facet risk" == cand.fates[1][2]
    assert render(cand.stage, cand.prepared)["tag.risk"].to_pylist() == list(
        cand.get(("risk",))
    )
    lists = [[], ["read"], ["read", "odd"], "read", [7], None, [None]]
    verdicts = ["yes", None, "odd", ["yes"], 3, "yes", "yes"]
    rows = [
        row(n, free={"risk": "low", "skills": skills, "verdict": verdict})
        for n, (skills, verdict) in enumerate(zip(lists, verdicts, strict=True))
    ]
    cand = candidates(rows, turns='user "a"\n  assistant "b"', tags=tags)
    wanted = [None, None, "invalid_enum", None, "type_error", None, "type_error"]
    assert wanted == reasons(cand)
    assert [[], ["read"], [], ["read"], [], [], []] == list(cand.get(("skill",)))
    assert ["law", None, None, None, None, "law", "law"] == list(cand.get(("topic",)))
    assert 7 == render(cand.stage, cand.prepared).num_rows


# ------------------------------------------------------------------ contracts


def test_a_contracts_json_is_in_field_order_and_numbers_keep_their_value(candidates):
    rows = [
        row(1, terms={"due": {"from": "end", "days": 10**30}, "note": "x", "amount": 0.1}),
        row(2, terms={"amount": 10**25}), row(3, terms={"amount": 7}), row(4, terms={"amount": 7.0}),
    ]  # fmt: skip
    cand = candidates(rows)
    wanted = [
        '{"amount":0.1,"note":"x","due":{"days":1' + "0" * 30 + ',"from":"end"}}',
        '{"amount":1' + "0" * 25 + "}", '{"amount":7}', '{"amount":7.0}',
    ]  # fmt: skip
    assert wanted == cand.get(("response",))
    assert [None] * 4 == reasons(cand)
    assert [True] * 4 == list(cand.valid)


def test_what_breaks_a_contract_is_set_aside_with_its_reason_and_is_no_crash(candidates):
    broken = {
        "missing_field": {}, "extra_field": {"amount": 1, "more": 1},
        "type_error": {"amount": "1", "note": 3}, "out_of_range": {"amount": -1},
        "pattern": {"amount": 1, "note": "A"}, "rule": {"amount": None, "note": "paid"},
        "invalid_enum": {"amount": 1, "due": {"days": 1, "from": "middle"}},
    }  # fmt: skip
    lines = (
        "expect response.amount >= 0", "expect response.due.days < 5 when response.due != null",
        "expect chars(response.note) < 10 when response.note != null",
        'expect response.note in ["a", "b"] when response.amount > 90',
    )  # fmt: skip
    cand = candidates([row(n, terms=terms) for n, terms in enumerate(broken.values())], *lines)
    assert list(broken) == reasons(cand)
    assert [False] * len(broken) == list(cand.valid)
    assert "response" not in cand.fates[0][2]


def test_a_tag_or_text_from_inside_a_broken_contract_is_no_crash(candidates):
    turns = 'user "{{ row.terms.due.days | json }}"\n  assistant "{{ row.terms.note | default("-") }}"'
    rows = [row(1, terms={"due": {"days": 3}, "note": []}), row(2, terms={"due": 4})]
    turns = 'user "{{ row.terms.amount | json }}"\n  assistant \'{{ row.terms.note | default("-") }}\''
    turns = turns.replace("'", '"').replace('default("-")', 'default(\\"-\\")')
    cand = candidates(rows, turns=turns)
    assert ["type_error", None] == reasons(cand)


# ------------------------------------------------------------------ expectations and screens


def test_an_expectation_reads_the_row_and_the_finished_sample(candidates):
    rows = [row(1), row(2, text="unlike"), row(3, risk="high")]
    cand = candidates(
        rows, "expect turns == 5", "expect row.text == context", 'expect matches(user, "Go on.")',
        'expect matches(context, "text") when risk == low', "expect layer == skill",
        'expect occurrences("Wait.", text) == 1',
    )  # fmt: skip
    assert [None, "expect", None] == reasons(cand)
    line = 'expect matches(context, "text") when risk == low'
    assert f"{line}: risk is low, matches(…) is false" == cand.fates[1][2]


def test_lists_are_compared_as_lists(candidates):
    rows = [row(1), row(2, skills=["read"])]
    assert ["expect", None] == reasons(candidates(rows, "expect row.skills == [read]"))
    assert [None, "expect"] == reasons(candidates(rows, "expect row.skills == []"))
    assert ["expect", None] == reasons(candidates(rows, "expect skill has read"))
    assert [None, None] == reasons(candidates(rows, "expect skill in [read, write]"))


def test_a_turn_that_says_nothing_is_no_turn(candidates):
    turns = 'user "{{ row.text }}"\n  assistant "b"'
    cand = candidates([row(1, text=" \n"), row(2)], turns=turns)
    assert ["empty_turn", None] == reasons(cand)
    assert ("validate", "empty_turn", "turn 1 (user) is empty") == cand.fates[0]


def test_the_first_reason_stays_and_a_screen_says_its_line(candidates):
    more = "screen {\n  drop turns > 9\n  drop risk == low\n}\n"
    cand = candidates([row(1), row(2, risk="high"), row(3, text="")], more=more)
    assert ["screened", None, "screened"] == reasons(cand)
    assert [1, 32767, 1] == cand.at.tolist()
    assert "drop risk == low: risk is low" == cand.fates[0][2]


# ------------------------------------------------------------------ the table


def test_an_id_is_of_dataset_template_source_key_and_variant(candidates):
    cand = candidates([row(1), row(2)], samples=2)
    table = render(cand.stage, cand.prepared)
    wanted = [
        hashlib.sha256(b"sftspec/record/1\0" + said.encode()).digest()[:16]
        for said in ('["d","t","s","1",0]', '["d","t","s","1",1]', '["d","t","s","2",0]',
                     '["d","t","s","2",1]')
    ]  # fmt: skip
    assert wanted == table["id"].to_pylist()
    odd = 'k"\u00fc\n'
    said = json.dumps(["d", "t", "s", odd, 0], ensure_ascii=False, separators=(",", ":"))
    one = hashlib.sha256(b"sftspec/record/1\0" + said.encode()).digest()[:16]
    assert [one] == ids(cand.stage, [odd], [0])


def test_the_table_holds_each_candidate_and_its_fate(candidates):
    cand = candidates([row(1), row(2, terms={})])
    table = render(cand.stage, cand.prepared)
    assert ["1", "2"] == table["key"].to_pylist()
    assert [0, 1] == table["line"].to_pylist()
    assert [None, "missing_field"] == table["reason"].to_pylist()
    assert [True, False] == table["valid"].to_pylist()
    assert ["low", "low"] == table["tag.risk"].to_pylist()
    assert [[], []] == table["tag.skill"].to_pylist()
    assert table["turns"].type == turns_type()


# ------------------------------------------------------------------ turns, digests, the file

texts = st.text('ab \n\u00fc\U0001f600"\\\x00\u2028', max_size=6)


@st.composite
def conversations(draw):
    """Turns over some records: each turn's role, whether it is trained, its parts' texts."""
    count = draw(st.integers(0, 4))
    turns = []
    for _ in range(draw(st.integers(1, 4))):
        parts = []
        for _ in range(draw(st.integers(1, 3))):
            constant = draw(st.none() | texts)
            if constant is not None:
                parts.append((None, [constant] * count, constant))
            else:
                element = draw(st.sampled_from(["instruction", "context", None]))
                column = draw(st.lists(texts, min_size=count, max_size=count))
                parts.append((element, column, None))
        if not all(any(column[at] for _, column, _ in parts) for at in range(count)):
            parts.append((None, ["said"] * count, "said"))
        role = draw(st.sampled_from(["system", "user", "assistant"]))
        turns.append((role, draw(st.booleans()), parts))
    return count, turns, draw(st.booleans())


def built(count, turns, matrix):
    out = []
    for role, train, parts in turns:
        done = []
        for element, column, constant in parts:
            spans = [[0, len(text.encode())] for text in column]
            if constant is not None:
                spans = np.zeros((count, 0), np.int32)
            elif matrix:
                spans = np.array(spans, np.int32).reshape(count, 2)
            done.append(RenderedPart(element, Texts(column, spans, constant=constant)))
        message, constant = message_of(done)
        out.append(RenderedTurn(role, train, done, message, constant))
    return out


def plain_message(parts, at):
    return "\n\n".join(column[at] for _, column, _ in parts if column[at])


@steady
@given(conversations())
def test_turns_go_through_arrow_and_into_the_file_unchanged(conversation):
    count, turns, matrix = conversation
    array = turns_array(built(count, turns, matrix), count)
    assert array.type == turns_type()
    array.validate(full=True)
    wanted = [
        [
            {
                "role": role,
                "train": train,
                "parts": [
                    {
                        "kind": "text", "element": element, "text": column[at],
                        "data_spans": [] if constant is not None else [0, len(column[at].encode())],
                    }
                    for element, column, constant in parts
                    if column[at] or len(parts) == 1
                ],
            }
            for role, train, parts in turns
        ]
        for at in range(count)
    ]  # fmt: skip
    assert wanted == array.to_pylist()
    lines = [
        json.loads(line)
        for line in b"".join(jsonl.lines(pa.table({"turns": array}), "hf")).splitlines()
    ]
    assert [
        {"messages": [{"role": r, "content": plain_message(p, at)} for r, _, p in turns]}
        for at in range(count)
    ] == lines


@steady
@given(conversations())
def test_a_content_digest_is_of_what_the_turns_say(conversation):
    count, turns, matrix = conversation
    wanted = []
    for at in range(count):
        said = [
            {"role": role, "text": plain_message(parts, at), "calls": [], "train": train}
            for role, train, parts in turns
        ]
        bytes_ = json.dumps(
            {"turns": said, "tools": []}, sort_keys=True, ensure_ascii=False,
            separators=(",", ":"),
        ).encode()  # fmt: skip
        wanted.append(hashlib.sha256(b"sftspec/content/1\0" + bytes_).digest())
    assert wanted == content_digests(built(count, turns, matrix), count)
