Two datasets have no record in common.
-- edit small.sft --
dataset small v0.1.0
=>
dataset other v0.2.0
-- want --
changes
  major record-ids  dataset other: was called small
records  24 added, 24 removed
  17 added  reply/asks  absent → train
      because dataset other: was called small
  4 added  reply/asks  absent → dev
      because dataset other: was called small
  2 added  sense/terms  absent → train
      because dataset other: was called small
  1 added  sense/terms  absent → dev
      because dataset other: was called small
  14 removed  reply/asks  train → absent
      because dataset other: was called small
  5 removed  sense/terms  train → absent
      because dataset other: was called small
  4 removed  reply/asks  dev → absent
      because dataset other: was called small
  1 removed  sense/terms  dev → absent
      because dataset other: was called small
facets
  train layer of 19 moved 1578 bp: domain 14 → 17, skill 5 → 2
  train shelf of 19 moved 1578 bp: high 2 → 1, low 3 → 1
  train source of 19 moved 1578 bp: asks 14 → 17, terms 5 → 2
  train template of 19 moved 1578 bp: reply 14 → 17, sense 5 → 2
lengths
  dev prompt: max 43 → 45, p95 43 → 45, total 179 → 183
  dev response: total 72 → 73
  train prompt: total 659 → 735
  train response: total 262 → 289
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
note  these are two datasets: no record of one is a record of the other
