"""A small project that meets every kind of stage, and the command run in it."""

import json
import os
from pathlib import Path
import subprocess
import sys

REPO = Path(__file__).resolve().parents[1]
SPEC = """edition 2026

dataset small v0.1.0 {
  seed    = 7
  license = "CC0-1.0"
}
facet topic {
  law   "about the law"
  money "about money"
}
facet shelf optional {
  high "up there"
  low  "down here"
}
source books {
  path    = "data/books.csv"
  key     = code
  role    = reference
  origin  = human
  license = "CC0-1.0"
  fields { code: string, title: string }
}
source asks {
  path    = "data/asks-*.jsonl"
  key     = id
  group   = book
  origin  = human
  license = "CC0-1.0"
  fields {
    id: integer
    book: string
    topic: facet topic
    ask: string
    reply: string
  }
  join books on book missing drop
}
source terms {
  path    = "data/terms.csv"
  key     = auto
  origin  = human
  license = "CC0-1.0"
  fields { term: string, sense: string, shelf: facet shelf }
}
phrasing wording {
  "In {{ row.books.title }}: {{ row.ask }}"
  "{{ row.ask }} (See {{ row.books.title }}.)"
}
template reply v1.0.0 {
  layer = domain
  from asks as row
  vary ask = wording
  tags { topic = row.topic }
  user "{{ ask }}"
  assistant "{{ row.reply }}"
  expect chars(response) > 2
}
template sense v1.0.0 {
  layer = skill
  from terms as row
  tags { topic = law, shelf = row.shelf }
  user "What is {{ row.term }}?"
  assistant "{{ row.sense }}"
}
test sense "the term stands in the question" {
  given row { term = "a deed", sense = "a paper", shelf = low }
  expect response == "a paper"
}
screen { drop duplicate exact }
mixture {
  total = 24
  share topic { law 60%, money 40% }
}
split {
  dev 20%
  keep together [source_row, group]
}
coverage topics {
  over [topic]
  need 2 each
}
gate freeze {
  require tests() == 100%
  require coverage(topics) >= 50%
}
emit { jsonl }
"""


def rows_of(start, count):
    """Rows of asks: some are refused, some are doubled."""
    topics = ("law", "money")
    for n in range(start, start + count):
        yield {
            "id": n,
            "book": f"b{n % 5}",
            "topic": topics[n % 2],
            "ask": f"What does page {n % 23} say of {topics[n % 2]}?",
            "reply": "no" if n % 11 == 3 else f"Page {n % 23} says {n * 7919 % 1000}.",
        }


def write_rows(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def make(root, *, spec=SPEC, rows=40):
    """Lay the project out in a folder."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "pyproject.toml").touch()
    (root / "small.sft").write_text(spec, encoding="utf-8")
    write_rows(root / "data" / "asks-1.jsonl", rows_of(0, rows // 2))
    write_rows(root / "data" / "asks-2.jsonl", [*rows_of(rows // 2, rows // 2), {"id": 1}])
    books = "".join(f"b{n},Book {n}\n" for n in range(4))
    (root / "data" / "books.csv").write_text("code,title\n" + books, encoding="utf-8")
    terms = "".join(f"term {n},sense {n},{('high', 'low')[n % 2]}\n" for n in range(12))
    (root / "data" / "terms.csv").write_text("term,sense,shelf\n" + terms, encoding="utf-8")
    return root


def freeze_of(manifest, **other):
    """FREEZE.json for the bytes of a manifest."""
    from sftspec.snapshot.frozen import Freeze, encode_freeze
    from sftspec.snapshot.manifest import decode, snapshot_id

    about = decode(manifest)
    given = {
        "format_version": 1, "dataset": about.dataset, "version": about.version,
        "manifest": snapshot_id(manifest), "gates": {}, "approver": "A. N.",
        "reason": "all is well", "previous": None,
    }  # fmt: skip
    return encode_freeze(Freeze(**(given | other)))


def command(root, *words):
    """The words that run a verb, and where and with what environment."""
    env = os.environ | {"PYTHONPATH": str(REPO), "PYTHONDONTWRITEBYTECODE": "1"}
    env.pop("SFTSPEC_STORE", None)
    return {
        "args": [sys.executable, "-m", "sftspec", *map(str, words)],
        "cwd": root,
        "env": env,
        "text": True,
        "encoding": "utf-8",
    }


def sftspec(root, *words):
    """Run a verb; no run may end in a traceback."""
    done = subprocess.run(**command(root, *words), capture_output=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in {0, 1, 2, 3, 130}, done
    return done


def tree(folder):
    """Each file below a folder and its bytes; None for a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }
