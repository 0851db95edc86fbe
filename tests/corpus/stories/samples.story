A template makes two samples of each row: the second ones are new.
-- edit small.sft --
  vary ask = wording
=>
  vary ask = wording
  samples = 2
-- want --
changes
  minor template-text  template reply: samples changed
      - 1
      + 2
records  10 added, 10 removed, 14 same
  7 added  reply/asks  absent → train
      because template reply: samples changed
  3 added  reply/asks  absent → dev
      because template reply: samples changed
  6 removed  reply/asks  train → not_chosen
      because template reply: samples changed
  2 removed  reply/asks  dev → not_chosen
      because template reply: samples changed
  1 removed  sense/terms  dev → not_chosen
      because template reply: samples changed
  1 removed  sense/terms  train → not_chosen
      because template reply: samples changed
facets
  dev layer of 5 moved 2000 bp: domain 4 → 5, skill 1 → 0
  dev shelf of 5 moved 2000 bp: high 1 → 0
  dev source of 5 moved 2000 bp: asks 4 → 5, terms 1 → 0
  dev template of 5 moved 2000 bp: reply 4 → 5, sense 1 → 0
  train layer of 19 moved 526 bp: domain 14 → 15, skill 5 → 4
  train shelf of 19 moved 526 bp: high 2 → 1
  train source of 19 moved 526 bp: asks 14 → 15, terms 5 → 4
  train template of 19 moved 526 bp: reply 14 → 15, sense 5 → 4
lengths
  dev prompt: p5 15 → 40, p50 41 → 42, total 179 → 208
  dev response: p5 7 → 16, p50 16 → 17, total 72 → 83
  train prompt: p50 41 → 42, total 659 → 700
  train response: total 262 → 270
funnel
  candidates: 44 → 76
  rejected: 3 → 6
  not chosen: 17 → 46
  rejected validate:expect: 3 → 6
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
