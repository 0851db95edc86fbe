More records are wanted: what was left over is taken.
-- edit small.sft --
total = 24
=>
total = 28
-- want --
changes
  minor total  mixture total: 24 → 28
records  4 added, 24 same
  2 added  reply/asks  not_chosen → train
      because mixture total: 24 → 28
  1 added  reply/asks  not_chosen → dev
      because mixture total: 24 → 28
  1 added  sense/terms  not_chosen → train
      because mixture total: 24 → 28
facets
  dev topic of 5 → 6 moved 666 bp: law 3 → 4
  dev layer of 5 → 6 moved 333 bp: domain 4 → 5
  dev shelf of 5 → 6 moved 333 bp: 
  dev source of 5 → 6 moved 333 bp: asks 4 → 5
  dev template of 5 → 6 moved 333 bp: reply 4 → 5
  train shelf of 19 → 22 moved 239 bp: low 3 → 4
  train topic of 19 → 22 moved 119 bp: law 11 → 13, money 8 → 9
  train layer of 19 → 22 moved 95 bp: domain 14 → 16, skill 5 → 6
  train source of 19 → 22 moved 95 bp: asks 14 → 16, terms 5 → 6
  train template of 19 → 22 moved 95 bp: reply 14 → 16, sense 5 → 6
  dev license of 5 → 6 moved 0 bp: CC0-1.0 5 → 6
  dev origin of 5 → 6 moved 0 bp: human 5 → 6
  train license of 19 → 22 moved 0 bp: CC0-1.0 19 → 22
  train origin of 19 → 22 moved 0 bp: human 19 → 22
lengths
  dev prompt: p50 41 → 39, total 179 → 218
  dev response: total 72 → 88
  train prompt: p50 41 → 40, total 659 → 757
  train response: total 262 → 301
funnel
  not chosen: 17 → 13
  chosen: 24 → 28
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
