Rows change in place under their keys: the same records say something else, or are of another facet value.
-- edit data/asks-1.jsonl --
Page 7 says 433.
=>
Page 7 says 434.
..
"id": 2, "book": "b2", "topic": "law"
=>
"id": 2, "book": "b2", "topic": "money"
-- want --
changes
  minor source-rows  source asks: other bytes in data/asks-1.jsonl; rows 41 → 41
records  1 added, 1 removed, 1 modified, 1 retagged, 21 same
  1 added  sense/terms  not_chosen → train
      because source asks: other bytes in data/asks-1.jsonl; rows 41 → 41
  1 removed  reply/asks  train → not_chosen
      because source asks: other bytes in data/asks-1.jsonl; rows 41 → 41
  1 modified  reply/asks  train
      because source asks: other bytes in data/asks-1.jsonl; rows 41 → 41
      data/asks-1.jsonl:8 assistant: Page 7 says [-433-]{+434+}.
  1 retagged  reply/asks  train
      because source asks: other bytes in data/asks-1.jsonl; rows 41 → 41
      data/asks-1.jsonl:3 topic: law → money
facets
  train layer of 19 moved 526 bp: domain 14 → 13, skill 5 → 6
  train shelf of 19 moved 526 bp: low 3 → 4
  train source of 19 moved 526 bp: asks 14 → 13, terms 5 → 6
  train template of 19 moved 526 bp: reply 14 → 13, sense 5 → 6
lengths
  train prompt: p50 41 → 40, total 659 → 632
  train response: total 262 → 252
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
