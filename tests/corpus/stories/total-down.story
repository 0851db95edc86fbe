Fewer records are wanted.
-- edit small.sft --
total = 24
=>
total = 20
-- want --
changes
  minor total  mixture total: 24 → 20
records  4 removed, 20 same
  3 removed  reply/asks  train → not_chosen
      because mixture total: 24 → 20
  1 removed  reply/asks  dev → not_chosen
      because mixture total: 24 → 20
facets
  dev topic of 5 → 4 moved 1000 bp: law 3 → 2
  dev layer of 5 → 4 moved 500 bp: domain 4 → 3
  dev shelf of 5 → 4 moved 500 bp: 
  dev source of 5 → 4 moved 500 bp: asks 4 → 3
  dev template of 5 → 4 moved 500 bp: reply 4 → 3
  train layer of 19 → 16 moved 493 bp: domain 14 → 11
  train shelf of 19 → 16 moved 493 bp: 
  train source of 19 → 16 moved 493 bp: asks 14 → 11
  train template of 19 → 16 moved 493 bp: reply 14 → 11
  train topic of 19 → 16 moved 460 bp: law 11 → 10, money 8 → 6
  dev license of 5 → 4 moved 0 bp: CC0-1.0 5 → 4
  dev origin of 5 → 4 moved 0 bp: human 5 → 4
  train license of 19 → 16 moved 0 bp: CC0-1.0 19 → 16
  train origin of 19 → 16 moved 0 bp: human 19 → 16
lengths
  dev prompt: total 179 → 140
  dev response: total 72 → 56
  train prompt: p50 41 → 40, total 659 → 536
  train response: total 262 → 212
funnel
  not chosen: 17 → 21
  chosen: 24 → 20
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
