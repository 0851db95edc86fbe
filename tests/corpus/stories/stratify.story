A part keeps the pool's proportions of another facet.
-- edit small.sft --
  dev 20%
=>
  dev 20% stratify by [layer]
-- want --
changes
  minor split  split stratify: nothing → layer
records  1 added, 1 removed, 23 same
  1 added  sense/terms  not_chosen → train
      because split stratify: nothing → layer
  1 removed  reply/asks  train → not_chosen
      because split stratify: nothing → layer
facets
  train layer of 19 moved 526 bp: domain 14 → 13, skill 5 → 6
  train shelf of 19 moved 526 bp: low 3 → 4
  train source of 19 moved 526 bp: asks 14 → 13, terms 5 → 6
  train template of 19 moved 526 bp: reply 14 → 13, sense 5 → 6
lengths
  train prompt: total 659 → 635
  train response: total 262 → 253
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
