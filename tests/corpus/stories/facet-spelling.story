Data may spell a value in one more way: rows that were set aside come in.
-- first data/terms.csv --
term,sense,shelf
term 0,sense 0,high
term 1,sense 1,low
term 2,sense 2,HIGH
term 3,sense 3,low
term 4,sense 4,HIGH
term 5,sense 5,low
term 6,sense 6,high
term 7,sense 7,low
term 8,sense 8,high
term 9,sense 9,low
term 10,sense 10,high
term 11,sense 11,low
-- edit small.sft --
  high "up there"
  low
=>
  high "up there" from ["HIGH"]
  low
-- want --
changes
  minor facet-spelling  facet shelf: `HIGH` in data is read as high, was nothing
records  1 added, 1 removed, 23 same
  1 added  sense/terms  absent → train
      because facet shelf: `HIGH` in data is read as high, was nothing
  1 removed  sense/terms  train → not_chosen
      because facet shelf: `HIGH` in data is read as high, was nothing
facets
  train shelf of 19 moved 526 bp: high 1 → 2, low 4 → 3
funnel
  rows rejected: 11 → 9
  rows used: 46 → 48
  candidates: 42 → 44
  not chosen: 15 → 17
  rows of terms invalid_enum: 2 → -
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
