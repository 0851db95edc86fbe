Rows whose key stands in another source are left out; then that source has one more.
-- first edit small.sft --
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
-- first data/held.csv --
id
2
3
-- data/held.csv --
id
2
3
6
7
-- want --
changes
  minor source-rows  source held: other bytes in data/held.csv; rows 2 → 4
records  1 added, 1 removed, 23 same
  1 added  reply/asks  not_chosen → train
      because source held: other bytes in data/held.csv; rows 2 → 4
  1 removed  reply/asks  train → absent
      because source held: other bytes in data/held.csv; rows 2 → 4
lengths
  train prompt: total 635 → 638
funnel
  rows read: 59 → 61
  rows rejected: 11 → 13
  candidates: 42 → 40
  not chosen: 16 → 14
  rows of asks left_out: 2 → 4
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
