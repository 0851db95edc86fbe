"""Projects for tests: `tiny`, generated, meets all that the language has; `legal` is the showroom's.

A build in this process goes through `built`, one in another process through `command`.
"""

import contextlib
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys
from types import SimpleNamespace

from sftspec.build import Settings, build, plan
from sftspec.engine.log import Log

REPO = Path(__file__).resolve().parents[1]
TOPICS = ("law", "money", "mail", "code")
TINY = """edition 2026

dataset tiny v0.1.0 {
  seed    = 11
  license = "CC0-1.0"
  owners  = ["the tests"]
  notes   = "A little of everything."
}
facet topic {
  law   "about the law"
  money "about money"
  mail  "about the post"
  code  "about programs"
}
facet risk ordered {
  low  "a wrong answer costs a retry"
  mid  "a wrong answer costs a day"
  high "a wrong answer may do harm" from ["HIGH", "sev-1"]
}
facet level ordered {
  easy "one step"
  hard "several steps"
}
facet skill many {
  recall "what is known"
  format "the shape is kept"
  count  "numbers are right"
}
facet shelf optional {
  top    "up there"
  bottom "down here"
}
schema Amount {
  amount: number(min = 0) | null
  unit:   "kg" | "m" | null
  notes:  [string]

  require unit != null when amount != null
}
source books {
  path    = "data/books.csv"
  key     = code
  role    = reference
  origin  = human
  license = "CC0-1.0"
  fields { code: string, title: string, year: integer | null }
}
source held {
  path    = "data/held.csv"
  key     = id
  role    = reference
  origin  = human
  license = "CC0-1.0"
  fields { id: integer }
}
source asks {
  path    = ["data/asks-1.jsonl", "data/asks-2.jsonl"]
  key     = id
  group   = book
  origin  = human
  license = "CC0-1.0"
  fields {
    id: integer
    book: string
    file: string from file_stem
    topic: facet topic
    risk: facet risk
    level: facet level
    skills: [facet skill]
    ask: string
    reply: string
    amount: Amount optional
    tags: [string] optional
  }
  set reply = "" when reply in ["N/A"]
  where ask != ""
  join books on book missing drop
  leave out held on id
}
source cards {
  path    = "data/cards.csv"
  key     = auto
  origin  = synthetic
  license = "CC0-1.0"
  fields { topic: facet topic, shelf: facet shelf | null, front: string, back: string }
}
prompt helper v1.0.0 { text "You help." }
phrasing wording {
  "In {{ row.books.title }}: {{ row.ask }}"
  "{{ row.ask }} (See {{ row.books.title }}.)"
  "{{ row.ask }}"
}
table focus by topic {
  law   "Name the paragraph."
  money "Name the sum."
  mail  "Name the sender."
  code  "Name the file."
}
template reply v1.0.0 {
  layer = domain
  from asks as row
  vary ask = wording
  samples = 2
  tags { topic = row.topic, risk = row.risk, level = row.level, skill = row.skills }
  system helper
  user {
    instruction "{{ ask }} {{ focus[row.topic] }}"
    context     "{% if row.books.year %}From {{ row.books.year }}.{% endif %}{% if row.tags %}{% for tag in row.tags %} #{{ tag }}{% endfor %}{% endif %}"
  }
  assistant "{{ row.reply }}"
  expect chars(response) > 2
}
template amount v1.0.0 {
  layer = skill
  from asks as row where row.amount != null and row.risk >= mid
  tags {
    topic = row.topic
    risk  = row.risk
    level by row.risk { mid easy, high hard }
    skill = [format, count]
  }
  user {
    instruction "Give the amount. {{ Amount | json_schema }}"
    context     "{{ row.reply }}"
  }
  assistant json Amount = row.amount
}
template card v1.0.0 {
  layer = generic
  from cards as row
  tags { topic = row.topic, risk = low, level = easy, skill = recall, shelf = row.shelf }
  user file("prompts/{topic}.txt", front = row.front)
  assistant "{{ row.back }}"
}
test reply "the year is told where it is known" {
  given row {
    ask = "Why?", reply = "Because.", topic = law, risk = low, level = easy
    books = { title = "Laws", year = 1990 }
  }
  expect context == "From 1990."
}
test amount "an amount needs a unit" {
  given row { reply = "2", amount = { amount = 2, notes = [] }, topic = law, risk = high }
  expect rejected == "rule"
}
screen {
  drop words(response) > 40
  drop matches(response, "TODO")
  drop duplicate exact
  drop conflict on [user] prefer [asks]
}
mixture {
  total = 70
  share topic { law 30%, money 30%, mail 20%, code rest }
  share risk where layer == domain { low 2, mid 1, high 1 }
  share skill { count at least 20% }
  at most 45% where source == cards
  at most 2 per source_row
  shortfall = repeat(2)
}
curriculum by level {
  start  40% { easy 90%, hard 10% }
  finish 60% { easy 40%, hard 60% }
}
split {
  dev  20% stratify by [topic]
  test 10%
  keep together [source_row, group]
}
coverage topics {
  over [topic, risk]
  need 1 each
  except risk == mid
}
gate freeze {
  require tests() == 100%
  require coverage(topics) >= 20%
  require rate(not valid(response)) <= 30% where layer == skill
  require count(rejected == "expect") <= 20
  warn    p95(repetition(text, n = 2)) <= 1%
  warn    mean(chars(response)) <= 100
}
emit { jsonl }
"""


def ask_row(n):
    """A row of asks; some are refused by the schema, some by an expectation, some are doubled."""
    topic = TOPICS[n % 4]
    row = {
        "id": n,
        "book": f"b{n // 3 % 17}",
        "topic": topic,
        "risk": ("low", "mid", "low", "high", "sev-1")[n // 4 % 5],
        "level": ("easy", "hard")[n // 2 % 2],
        "skills": [["recall"], ["recall", "count"], []][n % 3],
        "ask": f"What does page {n % 53} say of {topic}, \u00e9t\u00e9 \U0001f40c?",
        "reply": "N/A" if n % 31 == 7 else f"Page {n % 53} says {n * 7919 % 1000} \u4e00.",
    }
    if n % 41 == 40:
        row["reply"] = "TODO"
    if n % 2:
        unit = None if n % 13 == 0 else ("kg", "m")[n // 2 % 2]
        row["amount"] = {
            "amount": n if n % 4 == 1 else n / 4,
            "unit": unit,
            "notes": ["a"] * (n % 3),
        }
        if n % 17 == 0:
            row["amount"] = {"amount": None, "unit": None, "notes": []}
    if n % 5 == 0:
        row["tags"] = [f"t{n % 7}", "{{ x }}"]
    return row


def ask_lines(start, count):
    """Lines of asks, and among them all that can be wrong with a line."""
    for n in range(start, start + count):
        yield json.dumps(ask_row(n), ensure_ascii=n % 2 == 0)
        if n % 20 == 19:
            yield from (
                '{"id": 1, ',
                json.dumps({"id": n}),
                json.dumps(ask_row(n) | {"id": None}),
                json.dumps(ask_row(n) | {"id": 9000 + n, "risk": "none"}),
                json.dumps(ask_row(n)),
                json.dumps(ask_row(n) | {"id": 10000 + n, "book": "b3"}),
                json.dumps(ask_row(n) | {"id": 20000 + n, "ask": ""}),
            )


def lines_to(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def tiny(root, *, spec=TINY, rows=90):
    """Lay out the generated project, and give back its spec file."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "pyproject.toml").touch()
    (root / "tiny.sft").write_text(spec, encoding="utf-8")
    data = root / "data"
    lines_to(data / "asks-1.jsonl", ask_lines(0, rows // 2))
    lines_to(data / "asks-2.jsonl", ask_lines(rows // 2, rows - rows // 2))
    books = (f"b{n},Book {n},{1900 + n if n % 2 else ''}" for n in range(16))
    lines_to(data / "books.csv", ("code,title,year", *books))
    lines_to(data / "held.csv", ("id", "3", "14"))
    cards = [
        f'{TOPICS[n % 4]},{("top", "bottom", "")[n % 3]},"front {n % 28}, ""so""\nor so","back {n % 26}"'
        for n in range(36)
    ]
    lines_to(data / "cards.csv", ("topic,shelf,front,back", *cards, "law,top,short", cards[0]))
    for topic in TOPICS:
        lines_to(root / "prompts" / f"{topic}.txt", [f"Turn the {topic} card: {{{{ front }}}}"])
    return root / "tiny.sft"


def legal(root):
    """The shipped legal spec in a project of its own, and its spec file."""
    return shipped(root, "legal")


def shipped(root, name):
    """A shipped spec in a project of its own, and its spec file."""
    shutil.copytree(REPO / "specs", root / "specs", ignore=shutil.ignore_patterns("*.lock"))
    (root / "pyproject.toml").touch()
    return root / "specs" / f"{name}.sft"


def built(spec, store=None, *, engine=None, **settings):
    """Build here with the local engine, or with the one given."""
    chosen = Settings(store=store, **{"engine": "local", **settings})
    return build(spec, chosen, Log(), engine)


def planned(spec, store=None, **settings):
    return plan(spec, Settings(store=store, engine="local", **settings), Log())


def listed(snapshot):
    """The manifest and every file that it lists, as bytes by name."""
    names = [
        file["name"] for file in json.loads((snapshot / "MANIFEST.json").read_bytes())["files"]
    ]
    return {name: (snapshot / name).read_bytes() for name in ("MANIFEST.json", *names)}


def manifest(snapshot):
    return json.loads((snapshot / "MANIFEST.json").read_bytes())


def index(snapshot):
    """The candidates by id."""
    import pyarrow.parquet as pq

    rows = pq.read_table(snapshot / "index.parquet").to_pylist()
    return {row["id"].hex(): SimpleNamespace(**row) for row in rows}


def chosen(snapshot):
    """Id to part of the chosen records."""
    return {one: row.part for one, row in index(snapshot).items() if row.part}


def edit(path, old, new, count=1):
    """Change a text; what is to be changed must be there."""
    text = path.read_text("utf-8")
    assert count == text.count(old), (old, text.count(old))
    path.write_text(text.replace(old, new), encoding="utf-8")


def command(spec, *words, env=(), cwd=None, python=()):
    """Run a verb in another process; `cwd` is the spec's folder where none is given."""
    environ = {k: v for k, v in os.environ.items() if k not in {"SFTSPEC_STORE", "RAY_ADDRESS"}}
    environ |= {"PYTHONPATH": str(REPO), "PYTHONDONTWRITEBYTECODE": "1", **dict(env)}
    done = subprocess.run(
        [sys.executable, *python, "-m", "sftspec", words[0], str(spec), *map(str, words[1:])],
        cwd=cwd or spec.parent, env=environ, capture_output=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr
    return done


@contextlib.contextmanager
def umask(mask):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)
