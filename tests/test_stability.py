"""A small change of input is a small change of output: 1 % new rows move at most 3 % of the chosen records."""

import json
from pathlib import Path
import random
import runpy
from types import SimpleNamespace

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from sftspec.snapshot.compare.diff import diff
from sftspec.snapshot.opened import open_folder

projects = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("projects.py"))))
SPEC = """edition 2026

dataset stable v0.1.0 {
  seed    = SEED
  license = "CC0-1.0"
}
facet topic { law, money, mail, code }
facet risk ordered { low, mid, high }
facet level ordered { easy, mid, hard }
source rows {
  path    = "data/*.jsonl"
  key     = id
  group   = owner
  origin  = human
  license = "CC0-1.0"
  fields {
    id: string
    owner: string
    topic: facet topic
    risk: facet risk
    level: facet level
    ask: string
    reply: string
  }
}
template one v1.0.0 {
  layer = domain
  from rows as row
  tags { topic = row.topic, risk = row.risk, level = row.level }
  user "{{ row.ask }}"
  assistant "{{ row.reply }}"
}
template two v1.0.0 {
  layer = skill
  from rows as row where row.risk != low
  tags { topic = row.topic, risk = row.risk, level = row.level }
  user "Shortly: {{ row.ask }}"
  assistant "{{ row.reply }}"
}
screen {
  drop duplicate exact
  drop chars(response) < 10
}
mixture {
  total = TOTAL
  share topic { law 32%, money 27%, mail 22%, code 19% }
  share risk { low 35%, mid 35%, high 30% }
  at most 1 per source_row
  shortfall = shrink
}
curriculum by level {
  first 40% { easy 60%, mid 25%, hard 15% }
  last  60% { easy 25%, mid 35%, hard 40% }
}
split { dev 10% stratify by [topic] }
gate freeze { require count() > 0 }
emit { jsonl }
"""
ROWS = 3_000
NEW = ROWS // 100
MOST = 0.03


def row(number, draw):
    topic = draw.choices(("law", "money", "mail", "code"), (30, 30, 20, 20))[0]
    return {
        "id": f"r{number}", "owner": f"o{draw.randrange(ROWS // 3)}", "topic": topic,
        "risk": draw.choice(("low", "mid", "high")), "level": draw.choice(("easy", "mid", "hard")),
        "ask": f"What of {topic} {draw.randrange(10**9)}?",
        "reply": "-" * draw.choice((5, 20, 40)) + f" {draw.randrange(10**9)}",
    }  # fmt: skip


def made(root, rows, seed, total):
    root.mkdir(parents=True, exist_ok=True)
    (root / "pyproject.toml").touch()
    text = SPEC.replace("SEED", str(seed)).replace("TOTAL", total)
    (root / "stable.sft").write_text(text, encoding="utf-8")
    projects.lines_to(root / "data" / "rows.jsonl", map(json.dumps, rows))
    return open_folder(projects.built(root / "stable.sft").folder)


def compared(one, other):
    """The parts of the chosen records that came or went, and that stand in another phase."""
    found = diff(one, other, texts=False)
    totals = found.totals
    assert found.before.chosen == sum(
        totals[how] for how in ("removed", "modified", "retagged", "moved", "same")
    )
    assert found.after.chosen == found.before.chosen - totals["removed"] + totals["added"]
    assert 0 == totals["modified"] == totals["retagged"]
    for group in found.groups:
        assert any("source rows: other bytes" in cause for cause in group.causes), group
        stays = {group.was.split()[0], group.now.split()[0]}
        assert group.how != "moved" or 1 == len(stays), "a record changed its part"
    came_or_went = max(totals["added"], totals["removed"])
    return came_or_went / found.before.chosen, totals["moved"] / found.before.chosen


@pytest.mark.parametrize("total", ["1_200", "600", "all"])
@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**40), at_end=st.booleans())
def test_one_percent_new_rows_move_at_most_three_percent(tmp_path_factory, total, seed, at_end):
    draw = random.Random(seed)
    before = [row(number, draw) for number in range(ROWS)]
    after = list(before)
    for number in range(ROWS, ROWS + NEW):
        place = len(after) if at_end else draw.randrange(len(after) + 1)
        after.insert(place, row(number, draw))
    root = tmp_path_factory.mktemp("stable")
    one = made(root / "a", before, seed, total)
    other = made(root / "b", after, seed, total)
    came_or_went, in_another_phase = compared(one, other)
    assert came_or_went <= MOST
    assert in_another_phase <= MOST


def test_a_wording_of_one_template_moves_no_record_of_another(tmp_path):
    draw = random.Random(5)
    rows = [row(number, draw) for number in range(600)]
    made(tmp_path / "a", rows, 1, "200")
    projects.edit(tmp_path / "a" / "stable.sft", "Shortly: ", "In short: ")
    other = open_folder(projects.built(tmp_path / "a" / "stable.sft").folder)
    found = diff(made(tmp_path / "b", rows, 1, "200"), other, texts=False)
    assert {"two"} == {group.template for group in found.groups}
    assert {"modified"} == {group.how for group in found.groups}
    assert {("template two: turn 1 (user) changed",)} == {
        group.causes for group in found.groups
    }
