Rows are left out by a source that is new.
-- edit small.sft --
source asks {
=>
source held {
  path    = "data/held.csv"
  key     = id
  role    = reference
  origin  = human
  license = "CC0-1.0"
  fields { id: integer }
}
source asks {
..
  join books on book missing drop
=>
  join books on book missing drop
  leave out held on id
-- data/held.csv --
id
2
3
6
-- want --
changes
  minor source-added  source held: is new
  minor source-reading  source asks: joins changed
      - join books on book missing drop
      + join books on book missing drop⏎leave out held on id
records  1 added, 1 removed, 23 same
  1 added  sense/terms  not_chosen → train
      because source asks: joins changed
  1 removed  reply/asks  train → absent
      because source asks: joins changed
facets
  train layer of 19 moved 526 bp: domain 14 → 13, skill 5 → 6
  train shelf of 19 moved 526 bp: low 3 → 4
  train source of 19 moved 526 bp: asks 14 → 13, terms 5 → 6
  train template of 19 moved 526 bp: reply 14 → 13, sense 5 → 6
lengths
  train prompt: total 659 → 635
  train response: total 262 → 253
funnel
  rows read: 57 → 60
  rows rejected: 9 → 12
  candidates: 44 → 41
  rejected: 3 → 2
  not chosen: 17 → 15
  rejected validate:expect: 3 → 2
  rows of asks left_out: - → 3
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
