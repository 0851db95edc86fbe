Rows change in one file, and the template takes fewer rows: of a file that stayed it can only be the template.
-- edit small.sft --
  from asks as row
=>
  from asks as row where row.id != 32 and row.id != 2
-- edit data/asks-1.jsonl --
Page 7 says 433.
=>
Page 7 says 434.
-- want --
changes
  minor template-text  template reply: rows changed
      - from asks as row
      + from asks as row where row.id != 32 and row.id != 2
  minor source-rows  source asks: other bytes in data/asks-1.jsonl; rows 41 → 41
records  2 added, 2 removed, 1 modified, 21 same
  1 added  reply/asks  not_chosen → train
      because template reply: rows changed
      because source asks: other bytes in data/asks-1.jsonl; rows 41 → 41
  1 added  sense/terms  not_chosen → train
      because template reply: rows changed
      because source asks: other bytes in data/asks-1.jsonl; rows 41 → 41
  1 removed  reply/asks  train → absent
      because template reply: rows changed
  1 removed  reply/asks  train → absent
      because template reply: rows changed
      because source asks: other bytes in data/asks-1.jsonl; rows 41 → 41
  1 modified  reply/asks  train
      because source asks: other bytes in data/asks-1.jsonl; rows 41 → 41
      data/asks-1.jsonl:8 assistant: Page 7 says [-433-]{+434+}.
facets
  train layer of 19 moved 526 bp: domain 14 → 13, skill 5 → 6
  train shelf of 19 moved 526 bp: low 3 → 4
  train source of 19 moved 526 bp: asks 14 → 13, terms 5 → 6
  train template of 19 moved 526 bp: reply 14 → 13, sense 5 → 6
lengths
  train prompt: p50 41 → 40, total 659 → 632
  train response: total 262 → 253
funnel
  candidates: 44 → 42
  not chosen: 17 → 15
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
