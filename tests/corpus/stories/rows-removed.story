Rows are taken out of a source.
-- data/terms.csv --
term,sense,shelf
term 0,sense 0,high
term 1,sense 1,low
term 4,sense 4,high
term 5,sense 5,low
term 6,sense 6,high
term 7,sense 7,low
term 8,sense 8,high
term 9,sense 9,low
term 10,sense 10,high
term 11,sense 11,low
-- want --
changes
  minor source-rows  source terms: other bytes in data/terms.csv; rows 12 → 10
records  2 added, 2 removed, 22 same
  1 added  reply/asks  not_chosen → train
      because source terms: other bytes in data/terms.csv; rows 12 → 10
  1 added  sense/terms  not_chosen → train
      because source terms: other bytes in data/terms.csv; rows 12 → 10
  2 removed  sense/terms  train → absent
      because source terms: other bytes in data/terms.csv; rows 12 → 10
facets
  train layer of 19 moved 526 bp: domain 14 → 15, skill 5 → 4
  train shelf of 19 moved 526 bp: high 2 → 1
  train source of 19 moved 526 bp: asks 14 → 15, terms 5 → 4
  train template of 19 moved 526 bp: reply 14 → 15, sense 5 → 4
lengths
  train prompt: total 659 → 683
  train response: total 262 → 271
funnel
  rows read: 57 → 55
  rows used: 48 → 46
  candidates: 44 → 42
  not chosen: 17 → 15
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
