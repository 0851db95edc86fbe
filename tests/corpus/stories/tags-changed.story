A template tags its records otherwise: those that stay are retagged, and cells fill otherwise.
-- edit small.sft --
tags { topic = law, shelf = row.shelf }
=>
tags { topic = money, shelf = row.shelf }
-- want --
changes
  minor template-text  template sense: tags changed
      - shelf = row.shelf⏎topic = law
      + shelf = row.shelf⏎topic = money
records  6 added, 6 removed, 5 retagged, 13 same
  5 added  reply/asks  not_chosen → train
      because template sense: tags changed
  1 added  reply/asks  not_chosen → dev
      because template sense: tags changed
  5 removed  reply/asks  train → not_chosen
      because template sense: tags changed
  1 removed  sense/terms  dev → not_chosen
      because template sense: tags changed
  5 retagged  sense/terms  train
      because template sense: tags changed
      data/terms.csv:5 topic: law → money
facets
  dev layer of 5 moved 2000 bp: domain 4 → 5, skill 1 → 0
  dev shelf of 5 moved 2000 bp: high 1 → 0
  dev source of 5 moved 2000 bp: asks 4 → 5, terms 1 → 0
  dev template of 5 moved 2000 bp: reply 4 → 5, sense 1 → 0
lengths
  dev prompt: p5 15 → 39, total 179 → 203
  dev response: p5 7 → 16, total 72 → 81
  train prompt: p50 41 → 40, total 659 → 652
  train response: total 262 → 263
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
