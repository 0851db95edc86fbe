Rows are added to a source: some are taken, and push out others of their cell.
-- data/terms.csv --
term,sense,shelf
term 0,sense 0,high
term 1,sense 1,low
term 2,sense 2,high
term 3,sense 3,low
term 4,sense 4,high
term 5,sense 5,low
term 6,sense 6,high
term 7,sense 7,low
term 8,sense 8,high
term 9,sense 9,low
term 10,sense 10,high
term 11,sense 11,low
term 12,sense 12,high
term 13,sense 13,low
term 14,sense 14,high
term 15,sense 15,low
term 16,sense 16,high
-- want --
changes
  minor source-rows  source terms: other bytes in data/terms.csv; rows 12 → 17
records  2 added, 2 removed, 22 same
  1 added  sense/terms  absent → dev
      because source terms: other bytes in data/terms.csv; rows 12 → 17
  1 added  sense/terms  absent → train
      because source terms: other bytes in data/terms.csv; rows 12 → 17
  1 removed  reply/asks  dev → not_chosen
      because source terms: other bytes in data/terms.csv; rows 12 → 17
  1 removed  reply/asks  train → not_chosen
      because source terms: other bytes in data/terms.csv; rows 12 → 17
facets
  dev layer of 5 moved 2000 bp: domain 4 → 3, skill 1 → 2
  dev shelf of 5 moved 2000 bp: low 0 → 1
  dev source of 5 moved 2000 bp: asks 4 → 3, terms 1 → 2
  dev template of 5 moved 2000 bp: reply 4 → 3, sense 1 → 2
  train layer of 19 moved 526 bp: domain 14 → 13, skill 5 → 6
  train shelf of 19 moved 526 bp: high 2 → 3
  train source of 19 moved 526 bp: asks 14 → 13, terms 5 → 6
  train template of 19 moved 526 bp: reply 14 → 13, sense 5 → 6
lengths
  dev prompt: total 179 → 156
  dev response: total 72 → 64
  train prompt: total 659 → 636
  train response: total 262 → 254
funnel
  rows read: 57 → 62
  rows used: 48 → 53
  candidates: 44 → 49
  not chosen: 17 → 22
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
