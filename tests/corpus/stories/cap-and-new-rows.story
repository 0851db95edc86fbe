A cap per group, and new rows of that group in another cell: the record that gave way did so because of them.
-- first edit small.sft --
  total = 24
  share topic { law 60%, money 40% }
=>
  total = all
  at most 3 per group
-- edit data/asks-1.jsonl --
{"id": 0, "book": "b0"
=>
{"id": 200, "book": "b0", "topic": "money", "ask": "New?", "reply": "New."}
{"id": 201, "book": "b0", "topic": "money", "ask": "Newer?", "reply": "Newer."}
{"id": 202, "book": "b0", "topic": "money", "ask": "Newest?", "reply": "Newest."}
{"id": 0, "book": "b0"
-- want --
changes
  minor source-rows  source asks: other bytes in data/asks-1.jsonl; rows 41 → 44
records  1 added, 1 removed, 23 same
  1 added  reply/asks  absent → train
      because source asks: other bytes in data/asks-1.jsonl; rows 41 → 44
  1 removed  reply/asks  train → not_chosen
      because source asks: other bytes in data/asks-1.jsonl; rows 41 → 44
lengths
  train prompt: p50 16 → 15, total 540 → 514
  train response: p5 7 → 4, p50 8 → 7, total 223 → 211
funnel
  rows read: 57 → 60
  rows used: 48 → 51
  candidates: 44 → 47
  not chosen: 17 → 20
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
