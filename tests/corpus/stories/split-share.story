A part held out is smaller: what was in it is in train, so nothing measured on it before is comparable.
-- first edit small.sft --
dataset small v0.1.0
=>
dataset small v1.0.0
..
  total = 24
  share topic { law 60%, money 40% }
=>
  total = all
-- edit small.sft --
dev 20%
=>
dev 10%
-- want --
changes
  minor part-share  split dev: 20% → 10%
  major moved-into-train  split dev: 1 record of dev is in train now
records  1 moved, 40 same
  1 moved  sense/terms  dev → train
      because split dev: 20% → 10%
facets
  dev layer of 8 → 7 moved 1250 bp: skill 1 → 0
  dev shelf of 8 → 7 moved 1250 bp: high 1 → 0
  dev source of 8 → 7 moved 1250 bp: terms 1 → 0
  dev template of 8 → 7 moved 1250 bp: sense 1 → 0
  dev topic of 8 → 7 moved 714 bp: law 4 → 3
  train shelf of 33 → 34 moved 249 bp: high 5 → 6
  train layer of 33 → 34 moved 196 bp: skill 11 → 12
  train source of 33 → 34 moved 196 bp: terms 11 → 12
  train template of 33 → 34 moved 196 bp: sense 11 → 12
  train topic of 33 → 34 moved 89 bp: law 23 → 24
  dev license of 8 → 7 moved 0 bp: CC0-1.0 8 → 7
  dev origin of 8 → 7 moved 0 bp: human 8 → 7
  train license of 33 → 34 moved 0 bp: CC0-1.0 33 → 34
  train origin of 33 → 34 moved 0 bp: human 33 → 34
lengths
  dev prompt: p5 15 → 39, total 308 → 293
  dev response: p5 7 → 16, total 122 → 115
  train prompt: total 1084 → 1099
  train response: total 438 → 445
version  1.0.0 → 1.1.0, asks major, 2.0.0 at least: too small: moved-into-train
