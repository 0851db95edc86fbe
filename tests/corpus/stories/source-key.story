Another key gives every record of a source another id.
-- edit small.sft --
  key     = auto
  origin  = human
  license = "CC0-1.0"
  fields { term
=>
  key     = term
  origin  = human
  license = "CC0-1.0"
  fields { term
-- want --
changes
  major source-reading  source terms: key changed
      - auto
      + term
records  7 added, 7 removed, 17 same
  6 added  sense/terms  absent → train
      because source terms: key changed
  1 added  sense/terms  absent → dev
      because source terms: key changed
  5 removed  sense/terms  train → absent
      because source terms: key changed
  1 removed  reply/asks  train → not_chosen
      because source terms: key changed
  1 removed  sense/terms  dev → absent
      because source terms: key changed
facets
  dev shelf of 5 moved 2000 bp: high 1 → 0, low 0 → 1
  train layer of 19 moved 526 bp: domain 14 → 13, skill 5 → 6
  train shelf of 19 moved 526 bp: low 3 → 4
  train source of 19 moved 526 bp: asks 14 → 13, terms 5 → 6
  train template of 19 moved 526 bp: reply 14 → 13, sense 5 → 6
lengths
  train prompt: total 659 → 636
  train response: total 262 → 254
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
