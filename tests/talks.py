"""A project of conversations, tools and files of every kind: what `projects.tiny` has not.

Every source holds, among good rows, those that can be wrong in its own way.
"""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

SPEC = """edition 2026

dataset talks v0.1.0 {
  seed    = 5
  license = "CC0-1.0"
}
facet topic { bank "money", post "letters" }
facet skill many { call "a tool is used", talk "it is said" }
schema Place {
  name: string
  open: boolean
}
tool look_up {
  description = "Look a place up."
  parameters {
    place: string { description = "its name" }
    note: string optional
    topic: facet topic optional
  }
  returns Place
}
tool close { description = "Close a place.", parameters { at: integer(min = 0) } }
source base_of {
  path    = "data/none.jsonl"
  key     = id
  origin  = human
  license = "CC0-1.0"
  fields { id: string, topic: facet topic }
}
source chats {
  like base_of
  path   = ["data/chats-1.jsonl.gz", "data/chats-2.jsonl"]
  group  = person
  fields { person: string | null, messages: any, tools: any optional }
}
source calls {
  path    = "data/calls.json"
  key     = id
  origin  = synthetic
  license = "CC0-1.0"
  fields { id: string, question: any, function: any, ground_truth: any }
}
source notes {
  path    = "data/notes.json.zst"
  key     = name
  origin  = human
  license = "CC0-1.0"
  fields { name: string from map_key, text: string from map_value }
}
source tickets {
  path    = "data/tickets-*.parquet"
  key     = id
  origin  = human
  license = "CC0-1.0"
  fields {
    id: integer
    file: string from file_stem
    topic: facet topic
    when: string from "Opened At"
    lines: [record] { ask: string, reply: string, worse: string | null }
    found: Place | null
  }
  each lines as line
  where line.ask != ""
}
source old_tickets { like tickets, path = "data/old.parquet", origin = synthetic }
source saved {
  path    = "data/saved"
  format  = hf
  split   = train_sft
  key     = auto
  origin  = human
  license = "CC0-1.0"
  fields { instruction: string, input: string | null, output: string, topic: facet topic }
}
source sheet {
  like base_of
  path   = "data/sheet.csv.gz"
  fields { talk: [any] from "Odd.Talk" from json }
}
prompt desk v1.0.0 { text "You are a desk." }
phrasing asking { "Please: {{ row.line.ask }}", "{{ row.line.ask }}" }
table tone by topic { bank "Be exact.", post "Be quick." }

template chat v1.0.0 {
  layer = domain
  from chats as row
  tags { topic = row.topic, skill = [talk, call] }
  tools = row.tools as openai
  system desk
  messages = row.messages as openai { system kept, cut after last assistant }
  expect turns > 1
}
template benchmark v1.0.0 {
  layer = skill
  from calls as row
  tags { topic = bank, skill = call }
  tools = row.function as bfcl
  messages = row.question as bfcl
  assistant calls = row.ground_truth as bfcl
}
template note v1.0.0 {
  layer = domain
  from notes as row
  tags { topic = post, skill = talk }
  messages = row.text as transcript { role Doctor = assistant, role Patient = user, role Nurse = drop, merge }
}
template ticket v1.0.0 {
  layer = domain
  from [tickets, old_tickets] as row
  vary ask = asking
  samples = 2
  tags { topic = row.topic, skill = call }
  tools = [look_up, close]
  system "{{ tone[row.topic] }} It is {{ row.when }}."
  user "{{ ask }}"
  assistant calls {
    call look_up { place = row.file, note = "{{ ask }}", topic = row.topic }
    call close { at = row.id }
  }
  tool close "Closed {{ row.id }}."
  tool look_up = row.found
  assistant "{{ row.line.reply }}"
  rejected "{{ row.line.worse }}" when row.line.worse != null
}
template lesson v1.0.0 {
  layer = generic
  from saved as row
  tags { topic = row.topic, skill = talk }
  messages = row as alpaca
}
template story v1.0.0 {
  layer = generic
  from sheet as row
  tags { topic = row.topic, skill = [talk, call] }
  tools = inferred from row.talk
  messages = row.talk as sharegpt { role narrator = user }
  user "And then?"
  assistant untrained "That was all."
}
test ticket "the place is looked up and closed" {
  given row { id = 3, file = "f", topic = bank, when = "noon", line = { ask = "Where?", reply = "Here." }, found = { name = "F", open = true } }
  expect calls == 2 and turns == 6
  expect valid(calls)
}
screen {
  drop chars(response) > 400
  drop duplicate exact
  drop conflict on [user]
}
mixture {
  total = all
  at most 3 per source_row
}
split {
  dev 25% stratify by [topic]
  keep together [source_row, group]
}
gate freeze {
  require tests() == 100%
  require rate(not valid(calls)) <= 40%
  require count(calls > 1) >= 5
  warn    mean(calls) <= 1
}
emit {
  jsonl { profile = openai }
  parquet
  pairs
}
"""
TOPICS = ("bank", "post")
SPEAKS = {"u": "user", "a": "assistant", "s": "system"}
LOOK = {
    "name": "look", "description": None,
    "parameters": {"type": "object", "properties": {"at": {"type": "string"}, "n": {"type": "integer"}}, "required": ["at"]},
}  # fmt: skip
KIT = [{"type": "function", "function": LOOK}]


def said(words):
    """Messages: `u …`, `a …`, `s …`, or a message as it is."""
    return [
        {"role": SPEAKS[one[0]], "content": one[2:]} if isinstance(one, str) else one
        for one in words
    ]


def calling(arguments, number, name="look"):
    function = {"name": name, "arguments": arguments}
    call = {"id": number, "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def gave(text, number):
    return {"role": "tool", "content": text, "tool_call_id": number}


def chat_rows(start, count):
    for n in range(start, start + count):
        words = [f"u Question {n % 71} \u00e9\u2029?", f"a Answer {n} {{{{ x }}}}."]
        if n % 3 == 1:
            given = ({"at": f"p{n}", "n": n}, f'{{"n": {n}, "at":"p\\u00e9"}}')[n % 2]
            words[1:1] = [calling(given, "c1"), gave(f"seen {n}", "c1"), calling({"at": "x"}, "c1"), gave("", "c1")]  # fmt: skip
        if n % 5 == 0:
            words.insert(0, f"s Own system {n}.")
        if n % 7 == 3:
            words.append("u And?")
        yield {
            "id": f"chat-{n}", "person": f"p{n // 4}" if n % 8 else None, "topic": TOPICS[n % 2], "messages": said(words),
            **({"tools": KIT} if n % 2 or n % 3 == 1 else {}),
        }  # fmt: skip


def bad_chats():
    """A chat for each way to be none."""
    wrong = [
        ["a First."], ["u x", "u y", "a z"], ["u x", "a "], ["s a", "s b", "u x", "a y"],
        ["u x", {"role": "narrator", "content": "y"}, "a z"], ["u x", {"role": "assistant", "content": "y", "weight": 0}],
        ["u x", calling({"at": "x"}, "c1"), "a y"], ["u x", calling({"at": "x"}, "c1"), gave("1", "c2"), "a y"],
        ["u x", {**calling({"at": "x"}, "c1"), "tool_calls": calling({"at": "x"}, "c1")["tool_calls"] * 2}, gave("1", "c1"), "a y"],
        ["u x", calling({"at": "x"}, "c1"), "u z", "a y"], ["u x", calling({"at": 1}, "c1")], ["u x", calling({}, "c1")],
        ["u x", calling({"at": "x", "m": 1}, "c1")], ["u x", calling({"at": "x"}, "c1", "find")], ["u x", calling("[1]", "c1")],
        ["u x", calling('{"at":"x","at":"y"}', "c1")], ["u x", {"role": "user", "content": [{"type": "image"}]}, "a y"],
        ["u x", calling('{"at":NaN}', "c1")], [],
    ]  # fmt: skip
    for n, words in enumerate(wrong):
        row = {
            "id": f"bad-{n}",
            "person": f"q{n}",
            "topic": "bank",
            "messages": said(words),
            "tools": KIT,
        }
        yield json.dumps(row)
    row = {
        "id": "kit",
        "person": "q",
        "topic": "bank",
        "messages": said(["u x", "a y"]),
        "tools": [LOOK, LOOK],
    }
    yield from (
        json.dumps(row),
        json.dumps({**row, "id": "kit-2", "tools": [{"name": 3}]}),
        "{oops",
    )
    yield json.dumps({**row, "id": "null", "messages": None})


def call_rows(count):
    function = {"name": "sum.up", "parameters": {"type": "dict", "properties": {
        "a": {"type": "integer"}, "b": {"type": "float"}, "c": {"type": "string"}}, "required": ["a"]}}  # fmt: skip
    for n in range(count):
        given = {"a": [n, str(n)], "b": ["", n / 4], **({"c": ["x", "y"]} if n % 3 else {})}
        yield {
            "id": f"call-{n}", "question": [[{"role": "user", "content": f"Add {n}."}]], "function": [function],
            "ground_truth": [{"sum.up": given}] * (1 + n % 2),
        }  # fmt: skip
    yield {"id": "lost", "question": [[{"role": "user", "content": "x"}]], "function": [function], "ground_truth": [{"lost": {}}]}  # fmt: skip
    yield {"id": "short", "question": [[{"role": "user", "content": "x"}]], "function": [function], "ground_truth": [{"sum.up": {}}]}  # fmt: skip


def note_map(count):
    notes = {}
    for n in range(count):
        lines = [
            f"Patient: It hurts {n}.",
            "Here,",
            "and here.",
            "Nurse: (writes)",
            f"Patient: Help {n}!",
            f"Doctor: Rest {n}.",
        ]
        notes[f"note \u00e9 {n}"] = "\n".join(lines[4 * (n % 2) :])
    return {**notes, "odd": 3, "guest": "Patient: a\nGuest: b", "nobody": "Hello."}


def ticket_rows(start, count):
    for n in range(start, start + count):
        lines = [
            {"ask": f"Ask {n}.{at}?", "reply": f"Reply {n}.{at}.", "worse": (None, f"Worse {n}.", f"Reply {n}.{at}.")[(n + at) % 9 // 4]}
            for at in range(n % 4)
        ]  # fmt: skip
        if n % 6 == 5:
            lines[0]["ask"] = ""
        yield {
            "id": n - (n % 13 == 7) * 100, "topic": TOPICS[n % 2], "lines": lines,
            "found": {"name": f"Place {n}", "open": n % 3 == 0} if n % 9 else None,
        }  # fmt: skip


def ticket_table(rows):
    rows = list(rows)
    made = pa.Table.from_pylist(rows)
    opened = pa.array([n * 3_600_000_000 for n in range(len(rows))], pa.timestamp("us"))
    return made.append_column("Opened At", opened)


def lesson_rows(count):
    for n in range(count):
        yield {
            "instruction": f"Teach {n % 37}.", "input": ("", None, f"Book {n}.")[n % 3], "output": f"Lesson {n}.\r\n{{{{ y }}}}",
            "topic": TOPICS[n % 2],
        }  # fmt: skip
    yield {"instruction": "Mute.", "input": None, "output": " ", "topic": "bank"}


def sheet_cells(count):
    for n in range(count):
        talk = [
            {"from": "human", "value": f"Tell {n}."},
            {"from": "gpt", "value": f"Once {n}."},
        ]
        if n % 3 == 0:
            call = json.dumps(
                [{"name": "ink", "arguments": {"drops": n}}, {"name": "pen", "arguments": {}}]
            )
            talk[1:1] = [{"from": "function_call", "value": call}, {"from": "observation", "value": "1"}, {"from": "observation", "value": "2"}]  # fmt: skip
        yield f"story-{n}", TOPICS[n % 2], json.dumps(talk)
    yield from [
        ("torn", "bank", "[{"),
        ("short", "bank", "[]"),
        ("odd", "bank", '[{"from": "gp", "value": "x"}]'),
    ]


def arrow(path, table, size):
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table, max_chunksize=size)


def make(root, *, spec=SPEC, rows=40):
    """Lay the project out, and give back its spec file."""
    data = root / "data"
    data.mkdir(parents=True)
    (root / "pyproject.toml").touch()
    (root / "talks.sft").write_text(spec, encoding="utf-8")
    first = "".join(json.dumps(row) + "\n" for row in chat_rows(0, rows)) + "\n".join(
        bad_chats()
    )
    (data / "chats-1.jsonl.gz").write_bytes(gzip.compress(first.encode(), mtime=0))
    second = "".join(
        json.dumps(row, ensure_ascii=False) + "\r\n" for row in chat_rows(rows - 2, rows)
    )
    (data / "chats-2.jsonl").write_bytes(second.encode())
    (data / "calls.json").write_text(json.dumps(list(call_rows(rows)), indent=1))
    notes = json.dumps(note_map(rows), ensure_ascii=False).encode()
    (data / "notes.json.zst").write_bytes(zstandard.ZstdCompressor().compress(notes))
    pq.write_table(
        ticket_table(ticket_rows(0, rows)), data / "tickets-1.parquet", row_group_size=7
    )
    pq.write_table(ticket_table(ticket_rows(rows, rows)), data / "tickets-2.parquet")
    pq.write_table(ticket_table(ticket_rows(3 * rows, 12)), data / "old.parquet")
    table = pa.Table.from_pylist(list(lesson_rows(rows)))
    saved = data / "saved" / "train_sft"
    arrow(saved / "data-00000-of-00002.arrow", table.slice(0, 25), 4)
    arrow(saved / "data-00001-of-00002.arrow", table.slice(25), 100)
    names = [{"filename": f"data-0000{n}-of-00002.arrow"} for n in range(2)]
    (saved / "state.json").write_text(json.dumps({"_data_files": names, "_split": "train_sft"}))
    arrow(data / "saved" / "test_sft" / "data-00000-of-00001.arrow", table, 9)
    (data / "saved" / "test_sft" / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}))  # fmt: skip
    cells = [("id", "topic", "Odd.Talk"), *sheet_cells(rows)]
    sheet = "".join(
        ",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n" for row in cells
    )
    (data / "sheet.csv.gz").write_bytes(gzip.compress(sheet.encode(), mtime=0))
    return root / "talks.sft"
