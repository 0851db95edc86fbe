A facet has one value less: rows that have it are set aside.
-- edit small.sft --
facet shelf optional {
  high "up there"
  low  "down here"
}
=>
facet shelf optional {
  low  "down here"
}
-- want --
changes
  major facet-value-removed  facet shelf: value high is gone
records  3 added, 3 removed, 21 same
  1 added  reply/asks  not_chosen → dev
      because facet shelf: value high is gone
  1 added  reply/asks  not_chosen → train
      because facet shelf: value high is gone
  1 added  sense/terms  not_chosen → train
      because facet shelf: value high is gone
  2 removed  sense/terms  train → absent
      because facet shelf: value high is gone
  1 removed  sense/terms  dev → absent
      because facet shelf: value high is gone
facets
  dev layer of 5 moved 2000 bp: domain 4 → 5, skill 1 → 0
  dev shelf of 5 moved 2000 bp: high 1 → 0
  dev source of 5 moved 2000 bp: asks 4 → 5, terms 1 → 0
  dev template of 5 moved 2000 bp: reply 4 → 5, sense 1 → 0
  train shelf of 19 moved 1052 bp: high 2 → 0, low 3 → 4
  train layer of 19 moved 526 bp: domain 14 → 15, skill 5 → 4
  train source of 19 moved 526 bp: asks 14 → 15, terms 5 → 4
  train template of 19 moved 526 bp: reply 14 → 15, sense 5 → 4
lengths
  dev prompt: p5 15 → 39, total 179 → 203
  dev response: p5 7 → 16, total 72 → 81
  train prompt: total 659 → 683
  train response: total 262 → 271
funnel
  rows rejected: 9 → 15
  rows used: 48 → 42
  candidates: 44 → 38
  not chosen: 17 → 11
  rows of terms invalid_enum: - → 6
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
