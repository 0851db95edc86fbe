Rows are grouped by something else, so they fall into other parts; what was held out may be in train.
-- first edit small.sft --
total = 24
=>
total = 24
  shortfall = shrink
-- edit small.sft --
  group   = book
=>
  group   = topic
-- want --
changes
  minor source-reading  source asks: group changed
      - book
      + topic
  major moved-into-train  split dev: 2 records of dev are in train now
records  4 removed, 2 moved, 18 same
  2 removed  reply/asks  dev → not_chosen
      because source asks: group changed
  2 removed  reply/asks  train → not_chosen
      because source asks: group changed
  2 moved  reply/asks  dev → train
      because source asks: group changed
facets
  dev layer of 5 → 1 moved 8000 bp: domain 4 → 0
  dev shelf of 5 → 1 moved 8000 bp: 
  dev source of 5 → 1 moved 8000 bp: asks 4 → 0
  dev template of 5 → 1 moved 8000 bp: reply 4 → 0
  dev topic of 5 → 1 moved 4000 bp: law 3 → 1, money 2 → 0
  dev license of 5 → 1 moved 0 bp: CC0-1.0 5 → 1
  dev origin of 5 → 1 moved 0 bp: human 5 → 1
lengths
  dev prompt: max 43 → 15, p50 41 → 15, p95 43 → 15, total 179 → 15
  dev response: max 17 → 7, p50 16 → 7, p95 17 → 7, total 72 → 7
  train prompt: total 659 → 662
funnel
  not chosen: 17 → 21
  chosen: 24 → 20
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
