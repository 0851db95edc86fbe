The order of values that compare is turned round: conditions on it mean something else.
-- first edit small.sft --
facet shelf optional {
  high "up there"
  low  "down here"
=>
facet shelf optional ordered {
  low  "down here"
  high "up there"
..
  from terms as row
=>
  from terms as row where row.shelf <= high
-- edit small.sft --
  low  "down here"
  high "up there"
=>
  high "up there"
  low  "down here"
-- want --
changes
  major facet-order  facet shelf: its order is high, low now
      - low, high
  minor template-text  template sense: rows has the same words and another meaning
      - from terms as row where row.shelf <= high
      + from terms as row where row.shelf <= high
records  3 added, 3 removed, 21 same
  3 added  reply/asks  not_chosen → train
      because template sense: rows has the same words and another meaning
      because facet shelf: its order is high, low now
  3 removed  sense/terms  train → absent
      because template sense: rows has the same words and another meaning
      because facet shelf: its order is high, low now
facets
  train layer of 19 moved 1578 bp: domain 14 → 17, skill 5 → 2
  train shelf of 19 moved 1578 bp: low 3 → 0
  train source of 19 moved 1578 bp: asks 14 → 17, terms 5 → 2
  train template of 19 moved 1578 bp: reply 14 → 17, sense 5 → 2
lengths
  train prompt: total 659 → 735
  train response: total 262 → 290
funnel
  candidates: 44 → 38
  not chosen: 17 → 11
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
