Another seed draws everything anew: parts, wordings, and what is chosen.
-- edit small.sft --
seed    = 7
=>
seed    = 8
-- want --
changes
  minor seed  seed: 7 → 8
  major moved-into-train  split dev: 3 records of dev are in train now
records  8 added, 8 removed, 4 modified, 4 moved, 8 same
  3 added  reply/asks  not_chosen → train
      because seed: 7 → 8
  3 added  sense/terms  not_chosen → train
      because seed: 7 → 8
  1 added  reply/asks  not_chosen → dev
      because seed: 7 → 8
  1 added  sense/terms  not_chosen → dev
      because seed: 7 → 8
  5 removed  reply/asks  train → not_chosen
      because seed: 7 → 8
  2 removed  reply/asks  dev → not_chosen
      because seed: 7 → 8
  1 removed  sense/terms  train → not_chosen
      because seed: 7 → 8
  2 modified  reply/asks  train
      because seed: 7 → 8
      data/asks-2.jsonl:14 user: [-In Book 3: -]What does page 10 say of money?{+ (See Book 3.)+}
  1 modified  reply/asks  dev → train
      because seed: 7 → 8
      data/asks-1.jsonl:2 user: [-In Book 1: -]What does page 1 say of money?{+ (See Book 1.)+}
  1 modified  reply/asks  train → dev
      because seed: 7 → 8
      data/asks-1.jsonl:16 user: {+In Book 0: +}What does page 15 say of money?[- (See Book 0.)-]
  1 moved  reply/asks  dev → train
      because seed: 7 → 8
  1 moved  reply/asks  train → dev
      because seed: 7 → 8
  1 moved  sense/terms  dev → train
      because seed: 7 → 8
  1 moved  sense/terms  train → dev
      because seed: 7 → 8
facets
  dev layer of 5 moved 2000 bp: domain 4 → 3, skill 1 → 2
  dev shelf of 5 moved 2000 bp: low 0 → 1
  dev source of 5 moved 2000 bp: asks 4 → 3, terms 1 → 2
  dev template of 5 moved 2000 bp: reply 4 → 3, sense 1 → 2
  train layer of 19 moved 1052 bp: domain 14 → 12, skill 5 → 7
  train shelf of 19 moved 1052 bp: high 2 → 4
  train source of 19 moved 1052 bp: asks 14 → 12, terms 5 → 7
  train template of 19 moved 1052 bp: reply 14 → 12, sense 5 → 7
lengths
  dev prompt: max 43 → 45, p50 41 → 39, p95 43 → 45, total 179 → 156
  dev response: p50 16 → 14, total 72 → 62
  train prompt: total 659 → 611
  train response: total 262 → 246
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
