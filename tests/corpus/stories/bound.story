A bound on a condition on the text of records is tighter.
-- first edit small.sft --
total = 24
=>
total = 20
  shortfall = shrink
  at most 60% where chars(user) > 40
-- edit small.sft --
at most 60% where
=>
at most 40% where
-- want --
changes
  minor mixture  mixture bounds: `at most 40% where chars(user) > 40` was 60%
      - at most 60% where chars(user) > 40
records  2 added, 3 removed, 17 same
  1 added  reply/asks  not_chosen → train
      because mixture bounds: `at most 40% where chars(user) > 40` was 60%
  1 added  sense/terms  not_chosen → train
      because mixture bounds: `at most 40% where chars(user) > 40` was 60%
  2 removed  reply/asks  train → not_chosen
      because mixture bounds: `at most 40% where chars(user) > 40` was 60%
  1 removed  reply/asks  dev → not_chosen
      because mixture bounds: `at most 40% where chars(user) > 40` was 60%
facets
  dev topic of 4 → 3 moved 1666 bp: money 2 → 1
  dev layer of 4 → 3 moved 833 bp: domain 3 → 2
  dev shelf of 4 → 3 moved 833 bp: 
  dev source of 4 → 3 moved 833 bp: asks 3 → 2
  dev template of 4 → 3 moved 833 bp: reply 3 → 2
  train layer of 16 moved 625 bp: domain 11 → 10, skill 5 → 6
  train shelf of 16 moved 625 bp: low 3 → 4
  train source of 16 moved 625 bp: asks 11 → 10, terms 5 → 6
  train template of 16 moved 625 bp: reply 11 → 10, sense 5 → 6
  dev license of 4 → 3 moved 0 bp: CC0-1.0 4 → 3
  dev origin of 4 → 3 moved 0 bp: human 4 → 3
lengths
  dev prompt: total 136 → 95
  dev response: total 55 → 39
  train prompt: p50 40 → 39, total 536 → 506
  train response: p50 16 → 15, total 212 → 203
funnel
  not chosen: 21 → 22
  chosen: 20 → 19
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
