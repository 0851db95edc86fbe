A part is gone.
-- first edit small.sft --
total = 24
=>
total = 24
  shortfall = shrink
..
  dev 20%
=>
  dev 20%
  test 10%
-- edit small.sft --
  test 10%
=>
-- want --
changes
  major part-removed  split test: is gone
records  2 added, 22 same
  2 added  reply/asks  not_chosen → train
      because split test: is gone
facets
  train layer of 17 → 19 moved 309 bp: domain 12 → 14
  train shelf of 17 → 19 moved 309 bp: 
  train source of 17 → 19 moved 309 bp: asks 12 → 14
  train template of 17 → 19 moved 309 bp: reply 12 → 14
  train topic of 17 → 19 moved 92 bp: law 10 → 11, money 7 → 8
  train license of 17 → 19 moved 0 bp: CC0-1.0 17 → 19
  train origin of 17 → 19 moved 0 bp: human 17 → 19
lengths
  train prompt: total 578 → 659
  train response: total 229 → 262
funnel
  not chosen: 19 → 17
  chosen: 22 → 24
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
